//! The folder whose configuration counts for a file that is not scanned by itself: an editor's text, or what an agent reads and writes.

use std::{
    env, io,
    path::{Component, Path, PathBuf},
};

use stanch::scan::AsFile;

/// A file, and the top of the tree that it is in.
#[derive(Debug)]
pub(super) struct Around {
    /// The work tree around the file, else the current folder.
    pub(super) top: PathBuf,
    /// The file.
    pub(super) file: AsFile,
}

impl Around {
    /// Of the file that the user calls `path`, which need not be there.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        let here = env::current_dir()?;
        let whole = plain(&here.join(path));
        let top = work_tree(whole.parent().unwrap_or(&whole)).map_or(here, Path::to_path_buf);
        let below = whole.strip_prefix(&top).unwrap_or(&whole).to_owned();
        Ok(Self { top, file: AsFile { path: below, shown: path.to_owned() } })
    }
}

/// The top of the work tree around `folder`: the nearest folder that has a `.git`. Nothing of that is read.
pub(super) fn work_tree(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok())
}

/// A path without `.` and `..`, as it is written: what is not there cannot be asked of the disk.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_go_as_they_are_written() {
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(plain(Path::new("/../a")), Path::new("/a"));
    }
}
