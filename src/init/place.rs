//! Files put in place together: each is written beside its place first, so that what cannot be written stops all of them.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// A file that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where, from the top.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// Why files could not be put in place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be written. Nothing was changed.
    #[error("cannot write {}; nothing was written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not take its place, and others had by then.
    #[error("cannot put {} in its place{}", path.display(), but(placed))]
    Place {
        /// The file.
        path: PathBuf,
        /// Those that are in place.
        placed: Vec<PathBuf>,
        /// Why.
        source: io::Error,
    },
}

fn but(placed: &[PathBuf]) -> String {
    let names: Vec<String> = placed.iter().map(|path| path.display().to_string()).collect();
    if names.is_empty() { "; nothing was written".to_owned() } else { format!("; written are {}", names.join(", ")) }
}

/// Files that are written, and not yet in place. Without [`Staged::place`] they go away again.
#[derive(Debug)]
pub struct Staged {
    files: Vec<(NamedTempFile, PathBuf)>,
    /// Folders that were made for them, outer ones first.
    made: Vec<PathBuf>,
}

impl Staged {
    /// Writes `files` beside their places under `top`. A folder on the way that is a symbolic link is not followed.
    pub fn new(top: &Path, files: &[File]) -> Result<Self, Error> {
        let mut staged = Self { files: Vec::new(), made: Vec::new() };
        for file in files {
            let path = top.join(&file.path);
            let written = staged.stage(top, file).map_err(|source| Error::Write { path: path.clone(), source })?;
            staged.files.push((written, path));
        }
        Ok(staged)
    }

    fn stage(&mut self, top: &Path, file: &File) -> io::Result<NamedTempFile> {
        let mut folder = top.to_owned();
        for name in file.path.parent().into_iter().flat_map(Path::components) {
            folder.push(name);
            match folder.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Err(io::Error::other(format!("{} is no folder, and not followed", folder.display()))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&folder)?;
                    self.made.push(folder.clone());
                }
                Err(error) => return Err(error),
            }
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".stanch-");
        // They are for everybody who may read the repository.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut written = builder.tempfile_in(&folder)?;
        written.write_all(file.text.as_bytes())?;
        written.as_file().sync_all()?;
        Ok(written)
    }

    /// Puts them in place. What is there is replaced if `replaces`, a symbolic link itself rather than what it leads to; else that is an error.
    pub fn place(mut self, replaces: bool) -> Result<(), Error> {
        let mut placed = Vec::new();
        for (file, path) in std::mem::take(&mut self.files) {
            let done = if replaces { file.persist(&path) } else { file.persist_noclobber(&path) };
            if let Err(error) = done {
                return Err(Error::Place { path, placed, source: error.error });
            }
            placed.push(path);
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.files.clear();
        for folder in self.made.iter().rev() {
            // Those that hold a file stay, which is right.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> [File; 2] {
        ["a", "b/c/d"].map(|path| File { path: path.into(), text: format!("text of {path}") })
    }

    fn held(top: &Path) -> Vec<String> {
        let mut held: Vec<String> =
            fs::read_dir(top).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        held.sort();
        held
    }

    #[test]
    fn files_come_with_their_folders_and_leave_nothing_beside() {
        let top = tempfile::tempdir().unwrap();
        drop(Staged::new(top.path(), &files()).unwrap());
        assert!(held(top.path()).is_empty(), "unused, they go away");
        Staged::new(top.path(), &files()).unwrap().place(false).unwrap();
        assert_eq!((held(top.path()), held(&top.path().join("b/c"))), (vec!["a".into(), "b".into()], vec!["d".into()]));
        assert_eq!(fs::read_to_string(top.path().join("b/c/d")).unwrap(), "text of b/c/d");
    }

    #[test]
    fn what_cannot_be_written_stops_all() {
        let top = tempfile::tempdir().unwrap();
        fs::write(top.path().join("b"), "a file").unwrap();
        let error = Staged::new(top.path(), &files()).unwrap_err();
        assert!(matches!(&error, Error::Write { path, .. } if path.ends_with("b/c/d")), "{error}");
        assert_eq!(held(top.path()), ["b"]);
    }

    #[test]
    fn what_is_there_is_replaced_only_when_asked() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("b/c")).unwrap();
        fs::write(top.path().join("b/c/d"), "mine").unwrap();
        let error = Staged::new(top.path(), &files()).unwrap().place(false).unwrap_err();
        assert!(error.to_string().contains("; written are ") && held(top.path()) == ["a", "b"], "{error}");
        assert_eq!(
            (held(&top.path().join("b/c")), fs::read_to_string(top.path().join("b/c/d")).unwrap()),
            (vec!["d".to_owned()], "mine".to_owned())
        );
        Staged::new(top.path(), &files()).unwrap().place(true).unwrap();
        assert_eq!(fs::read_to_string(top.path().join("b/c/d")).unwrap(), "text of b/c/d");
    }
}
