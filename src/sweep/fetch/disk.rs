//! What folders take on the disk.

use std::{
    fs::{self, Metadata},
    path::Path,
};

/// What the folder takes with all that is in it, in bytes of whole blocks. What cannot be looked at, or goes meanwhile, takes
/// nothing; links are not followed.
pub(super) fn taken(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |path: &Path| match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => blocks(&metadata) + taken(path),
        Ok(metadata) => blocks(&metadata),
        Err(_) => 0,
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}

#[cfg(unix)]
fn blocks(metadata: &Metadata) -> u64 {
    // POSIX leaves the unit open; every system counts in 512 bytes.
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

#[cfg(not(unix))]
fn blocks(metadata: &Metadata) -> u64 {
    metadata.len().next_multiple_of(4096)
}

/// The number of packs of a git directory, and the sum of their sizes in bytes.
pub(super) fn packs(git_dir: &Path) -> (usize, u64) {
    let entries = fs::read_dir(git_dir.join("objects/pack")).into_iter().flatten().flatten();
    let packs = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "pack"));
    let sizes = packs.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len());
    sizes.fold((0, 0), |(count, sum), size| (count + 1, sum + size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_what_its_files_take() {
        let dir = tempfile::TempDir::new().unwrap();
        let empty = taken(dir.path());
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/file"), vec![7; 100_000]).unwrap();
        assert!(taken(dir.path()) >= empty + 100_000);
        assert_eq!(taken(&dir.path().join("missing")), 0);
    }
}
