//! What a git that was killed leaves in a git directory, taken away.
//!
//! Only who holds the network may do it: no other git is at work there.

use std::{fs, io, path::Path};

/// The file that stands in a git directory while git works there.
const AT_WORK: &str = "stanch-at-work";

/// Says that git is about to work in `git_dir`.
pub(super) fn begin(git_dir: &Path) -> io::Result<()> {
    fs::write(git_dir.join(AT_WORK), b"")
}

/// Says that it is done, and nothing is left.
pub(super) fn end(git_dir: &Path) -> io::Result<()> {
    fs::remove_file(git_dir.join(AT_WORK))
}

/// Takes away what is left where git did not get done: half packs, locks, and what keeps packs from being joined.
pub(super) fn tidy(git_dir: &Path) -> io::Result<()> {
    if !git_dir.join(AT_WORK).exists() {
        return Ok(());
    }
    each(git_dir, &is_lock)?;
    below(&git_dir.join("refs"), &is_lock)?;
    let objects = git_dir.join("objects");
    for entry in entries(&objects)? {
        match entry.file_name().to_string_lossy().as_ref() {
            name if name.len() == 2 => each(&entry.path(), &|name| name.starts_with("tmp_"))?,
            name if name.starts_with("tmp_") || name.starts_with("incoming-") => remove(&entry.path())?,
            _ => {}
        }
    }
    packs(&objects.join("pack"))?;
    end(git_dir)
}

fn packs(folder: &Path) -> io::Result<()> {
    let is_left = |name: &str| {
        // A pack counts from its index on, which git writes last.
        let has = |extension| folder.join(name).with_extension(extension).exists();
        let is_half = name.starts_with("pack-") && !is_lock(name) && !(has("idx") && has("pack"));
        let is_other = is_lock(name) || is_called(name, "keep") || name.starts_with(".tmp-");
        name.starts_with("tmp_") || is_other || is_half
    };
    each(folder, &is_left)
}

fn is_lock(name: &str) -> bool {
    is_called(name, "lock")
}

fn is_called(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == extension)
}

/// Removes the files of `folder` with names of this kind.
fn each(folder: &Path, is_left: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for entry in entries(folder)? {
        if is_left(&entry.file_name().to_string_lossy()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The same in all folders below, too.
fn below(folder: &Path, is_left: &dyn Fn(&str) -> bool) -> io::Result<()> {
    each(folder, is_left)?;
    let folders = entries(folder)?.into_iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).try_for_each(|path| below(&path, is_left))
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Removes a file or a folder with all that is in it, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_git_leaves_goes_and_the_rest_stays() {
        let dir = tempfile::TempDir::new().unwrap();
        let left = [
            "packed-refs.lock",
            "shallow.lock",
            "refs/namespaces/ab/refs/heads/main.lock",
            "objects/pack/tmp_pack_x",
            "objects/pack/.tmp-7-pack-a.pack",
            "objects/pack/pack-half.pack",
            "objects/pack/pack-lone.rev",
            "objects/pack/pack-whole.keep",
            "objects/ab/tmp_obj_x",
            "objects/tmp_objdir-incoming-x/file",
        ];
        let kept = [
            "HEAD",
            "refs/namespaces/ab/refs/heads/main",
            "objects/pack/pack-whole.pack",
            "objects/pack/pack-whole.idx",
            "objects/pack/pack-whole.rev",
            "objects/ab/cdef",
        ];
        for name in left.iter().chain(&kept) {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        tidy(dir.path()).unwrap();
        assert!(left.iter().all(|name| dir.path().join(name).exists()), "nobody said that git was at work");
        begin(dir.path()).unwrap();
        tidy(dir.path()).unwrap();
        let there = |names: &[&str]| names.iter().filter(|name| dir.path().join(name).exists()).count();
        assert_eq!((there(&left), there(&kept)), (0, kept.len()));
        assert!(!dir.path().join(AT_WORK).exists());
    }
}
