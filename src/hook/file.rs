//! Hook files on disk: whose they are, and how one takes the place of another: whole, or not at all, and nothing is lost on the way.

use std::{
    ffi::OsString,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    Error,
    script::{self, KEPT},
};

/// What is at a hook's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    /// A file that [`script`] made.
    Ours,
    /// Somebody else's: of this tool, where it can be told.
    Other(Option<&'static str>),
}

/// Tools that write hook files, with what they leave in them.
const TOOLS: [(&str, &[u8]); 3] = [("lefthook", b"lefthook"), ("pre-commit", b"pre-commit.com"), ("husky", b"husky")];
/// Nothing that is larger is read: it is somebody's program.
pub(super) const MOST: u64 = 1 << 20;

/// Whose the file at `path` is. A symbolic link is somebody else's, wherever it leads.
pub(super) fn holder(path: &Path) -> Result<Holder, Error> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(error) => return Err(Error::file("read", path, error)),
    };
    if !metadata.is_file() || metadata.len() > MOST {
        return Ok(Holder::Other(None));
    }
    let text = fs::read(path).map_err(|error| Error::file("read", path, error))?;
    if script::is_ours(&text) {
        return Ok(Holder::Ours);
    }
    let tool = TOOLS.iter().find(|(_, mark)| memchr::memmem::find(&text, mark).is_some());
    Ok(Holder::Other(tool.map(|(name, _)| *name)))
}

/// A name beside a hook's.
pub(super) fn beside(hook: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(hook);
    name.push(ending);
    name.into()
}

/// Where the hook from before is kept.
pub(super) fn kept(hook: &Path) -> PathBuf {
    beside(hook, KEPT)
}

/// Whether something is there, a dangling link included.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether the system lets it be run.
pub(super) fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    path.exists()
}

/// Gives somebody else's hook a second name, under which it stays. Where another run of ours has just done so, that is fine.
pub(super) fn keep(hook: &Path) -> Result<(), Error> {
    let kept = kept(hook);
    let failed = |error| Error::file("keep", hook, error);
    let linked = match fs::read_link(hook) {
        Ok(target) => link_to(&target, &kept),
        Err(_) => fs::hard_link(hook, &kept),
    };
    match linked {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Ours may have taken its place in the meantime.
            let is_kept = same(hook, &kept) || holder(hook)? == Holder::Ours;
            if is_kept { Ok(()) } else { Err(Error::Replaced { hook: hook.to_owned(), kept }) }
        }
        // Not every file system has links.
        Err(_) if !exists(&kept) => fs::rename(hook, &kept).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(unix)]
fn link_to(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn link_to(_target: &Path, _link: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether two names stand for the same content.
fn same(one: &Path, other: &Path) -> bool {
    match (fs::read_link(one), fs::read_link(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), Err(_)) => matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other),
        _ => false,
    }
}

/// Puts `text` in the place of `path`, for everybody to run.
pub(super) fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    write_as(path, text, 0o755)
}

/// Puts `text` in the place of `path`, with these permissions: whole, or not at all. A symbolic link is replaced, not followed.
pub(super) fn write_as(path: &Path, text: &[u8], mode: u32) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written =
        fs::create_dir_all(folder).and_then(|()| tempfile::Builder::new().prefix(".stanch-").tempfile_in(folder));
    let written = written.and_then(|mut file| {
        file.write_all(text)?;
        permit(file.as_file(), mode)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| Error::file("write", path, error))
}

fn permit(file: &fs::File, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, mode);
        Ok(())
    }
}

/// Deletes a file; that somebody else did so already is fine.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file("delete", path, error)),
        _ => Ok(()),
    }
}

/// Gives a kept hook its own name back.
pub(super) fn put_back(kept: &Path, hook: &Path) -> Result<(), Error> {
    fs::rename(kept, hook).map_err(|error| Error::file("put back", hook, error))
}
