//! Files read whole, up to a size: what a tree brings may be endless, such as a link to `/dev/zero`.
//!
//! What is too large for what, and whether a link may be followed, is for those to say who read.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// Reads the file at `path`, wherever that leads, if it has at most `most` bytes.
///
/// # Errors
/// Where it cannot be read, or has more.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("it has more than {most} bytes"));
    let file = File::open(path)?;
    if file.metadata()?.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// The same for a file that has to be text.
///
/// # Errors
/// Where it cannot be read, has more than `most` bytes, or is no UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(read(path, most)?)
}

/// The same for a regular file: a pipe or a device, in whose place reading might wait for ever, is refused, a link to one too.
///
/// # Errors
/// As [`read_text`], and where it is no regular file.
pub fn read_regular_text(path: &Path, most: u64) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    read_text(path, most)
}

/// The same for a file that stands there itself: a symbolic link is refused, wherever it leads.
///
/// # Errors
/// As [`read`], and where it is no regular file.
pub fn read_unlinked(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a symbolic link, and is not followed"));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    read(path, most)
}

/// Bytes as text.
///
/// # Errors
/// Where they are no UTF-8.
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_just_the_size_is_read_and_a_larger_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"four");
        assert!(read(&path, 3).unwrap_err().to_string().contains("more than 3 bytes"));
        assert!(read_regular_text(folder.path(), 9).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_does_not_end_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("l");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        assert!(read(&link, 1 << 16).is_err());
        assert!(read_regular_text(&link, 1 << 16).unwrap_err().to_string().contains("regular"));
        assert!(read_unlinked(&link, 1 << 16).unwrap_err().to_string().contains("symbolic"));
    }
}
