//! Where the parts of a repository are: its git directory, the directory shared by its worktrees, its object stores.
//!
//! A `gitdir:` file, a `commondir`, a symbolic link or an alternate may lead anywhere; [`Bounds`] decides what is
//! followed. Nothing here reads objects or refs.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use super::error::Error;
use crate::coverage::Coverage;

/// What may be read outside the root that the user named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outside {
    /// What belongs to the root's owner: for a local scan.
    #[default]
    SameOwner,
    /// Nothing: for repositories that somebody else wrote, and in CI.
    Never,
}

/// The parts of one repository, each checked against its [`Bounds`].
#[derive(Debug)]
pub(super) struct Layout {
    /// The top of the work tree, where the repository was opened by it.
    pub(super) work_tree: Option<PathBuf>,
    /// Where `HEAD` and the index are.
    pub(super) git_dir: PathBuf,
    /// Where refs, configuration and objects are: the same, except in a linked worktree.
    pub(super) common_dir: PathBuf,
    /// Object stores, the repository's own first.
    pub(super) objects: Vec<PathBuf>,
    /// Links left and links refused.
    pub(super) notes: Coverage,
}

/// Longest `gitdir:` file, `commondir`, `HEAD` or ref that git could mean.
const SMALL: u64 = 64 * 1024;
/// How many object stores alternates may add.
const MOST_ALTERNATES: usize = 64;

impl Layout {
    /// The repository whose work tree's top, git directory or `.git` file `path` is, if it is one.
    pub(super) fn at(path: &Path, outside: Outside) -> Result<Option<Self>, Error> {
        let dot_git = path.join(".git");
        let (work_tree, named) = if fs::symlink_metadata(&dot_git).is_ok() {
            (Some(path.to_owned()), dot_git)
        } else {
            (None, path.to_owned())
        };
        let root = path.canonicalize().map_err(|error| Error::io(path, error))?;
        let mut bounds = Bounds { root, outside, notes: Coverage::default(), allowed: BTreeSet::new() };
        let Some(git_dir) = bounds.git_dir(&named)? else { return Ok(None) };
        let Some(common_dir) = bounds.common_dir(&git_dir)? else { return Ok(None) };
        let objects = bounds.object_stores(&common_dir)?;
        Ok(Some(Self { work_tree, git_dir, common_dir, objects, notes: bounds.notes }))
    }

    /// Git directories of all worktrees, the repository's own first.
    pub(super) fn git_dirs(&self) -> Vec<PathBuf> {
        let mut dirs = vec![self.git_dir.clone()];
        if self.common_dir != self.git_dir {
            dirs.push(self.common_dir.clone());
        }
        let linked = fs::read_dir(self.common_dir.join("worktrees")).into_iter().flatten().flatten();
        // The one that was opened may be among them under another name of the same directory.
        let mut linked: Vec<_> = linked.filter_map(|entry| entry.path().canonicalize().ok()).collect();
        linked.retain(|dir| dir.is_dir() && dir.starts_with(&self.common_dir) && !dirs.contains(dir));
        linked.sort();
        dirs.extend(linked);
        dirs
    }
}

/// Decides what a link may lead to, and remembers what it led to.
struct Bounds {
    root: PathBuf,
    outside: Outside,
    notes: Coverage,
    allowed: BTreeSet<PathBuf>,
}

impl Bounds {
    /// The git directory that `named` is or leads to, in canonical form; nothing where it is neither.
    fn git_dir(&mut self, named: &Path) -> Result<Option<PathBuf>, Error> {
        let metadata = fs::metadata(named).map_err(|error| Error::io(named, error))?;
        let is_small_file = metadata.is_file() && metadata.len() <= SMALL;
        if !metadata.is_dir() && !is_small_file {
            return Ok(None);
        }
        let target = if metadata.is_file() {
            let Some(target) = git_file(named)? else { return Ok(None) };
            target
        } else {
            named.to_owned()
        };
        if !target.join("HEAD").is_file() && fs::symlink_metadata(target.join("HEAD")).is_err() {
            return if is_small_file { Err(Error::malformed(&target, "git directory")) } else { Ok(None) };
        }
        self.follow(named, &target).map(Some)
    }

    fn common_dir(&mut self, git_dir: &Path) -> Result<Option<PathBuf>, Error> {
        let file = git_dir.join("commondir");
        let dir = match read_small(&file) {
            Ok(text) => {
                let dir = git_dir.join(path_of(text.trim_ascii()));
                self.follow(&file, &dir)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => git_dir.to_owned(),
            Err(error) => return Err(Error::io(&file, error)),
        };
        // What has a HEAD and neither of these is some other folder.
        Ok((dir.join("objects").is_dir() && dir.join("refs").is_dir()).then_some(dir))
    }

    /// The repository's object directory and its alternates, theirs included.
    fn object_stores(&mut self, common_dir: &Path) -> Result<Vec<PathBuf>, Error> {
        let own = common_dir.join("objects");
        let mut stores = vec![self.follow(common_dir, &own)?];
        let mut next = 0;
        while let Some(store) = stores.get(next).cloned() {
            next += 1;
            let file = store.join("info/alternates");
            let text = match read_regular(&file, 1 << 20) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.notes.fail(file.display().to_string(), error.to_string());
                    continue;
                }
            };
            for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#') {
                match self.follow(&file, &store.join(path_of(&unquote(line)))) {
                    Ok(found) if stores.contains(&found) => {}
                    Ok(_) if stores.len() > MOST_ALTERNATES => {
                        self.notes.fail(file.display().to_string(), "too many alternates");
                    }
                    Ok(found) => stores.push(found),
                    Err(error) => self.notes.fail(file.display().to_string(), super::error::chain(&error)),
                }
            }
        }
        Ok(stores)
    }

    /// Where `to`, named in `from`, really is, if it may be read.
    fn follow(&mut self, from: &Path, to: &Path) -> Result<PathBuf, Error> {
        let real = to.canonicalize().map_err(|error| Error::io(to, error))?;
        if real.starts_with(&self.root) || self.allowed.iter().any(|allowed| real.starts_with(allowed)) {
            return Ok(real);
        }
        let refuse = |why| Error::Refused { from: from.to_owned(), to: real.clone(), why };
        match self.outside {
            Outside::Never => Err(refuse("lies outside and is not followed")),
            Outside::SameOwner if !same_owner(&self.root, &real) => Err(refuse("belongs to somebody else")),
            Outside::SameOwner => {
                self.notes.notes.push(format!("{} leads to {}", from.display(), real.display()));
                self.allowed.insert(real.clone());
                Ok(real)
            }
        }
    }
}

#[cfg(unix)]
fn same_owner(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.uid() == other.uid(),
        _ => false,
    }
}

/// Without owners to compare, nothing is known to be the same one's.
#[cfg(not(unix))]
fn same_owner(_one: &Path, _other: &Path) -> bool {
    false
}

/// The directory that a `.git` file names; nothing if it is some other file.
fn git_file(file: &Path) -> Result<Option<PathBuf>, Error> {
    let text = read_small(file).map_err(|error| Error::io(file, error))?;
    let Some(target) = text.strip_prefix(b"gitdir:") else { return Ok(None) };
    let folder = file.parent().unwrap_or(Path::new("."));
    Ok(Some(folder.join(path_of(target.trim_ascii()))))
}

/// An alternate may be quoted as C strings are.
fn unquote(line: &[u8]) -> Vec<u8> {
    if line.first() != Some(&b'"') {
        return line.to_vec();
    }
    gix::quote::ansi_c::undo(line.into()).map_or_else(|_| line.to_vec(), |(text, _)| text.to_vec())
}

fn path_of(bytes: &[u8]) -> PathBuf {
    gix::path::from_byte_slice(bytes).map_or_else(|_| PathBuf::from("\u{fffd}"), Path::to_owned)
}

/// Reads a file that is small wherever git wrote it.
pub(super) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    read_regular(path, SMALL)
}

/// Reads a regular file of at most `most` bytes: nothing that could block or never end.
pub(super) fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if metadata.len() > most {
        return Err(io::Error::other("larger than git would write it"));
    }
    fs::read(path)
}
