//! The folder that mirrors are in, and how it stays within bounds.
//!
//! A network is `NAME.git`; beside it, `NAME.lock` is locked while somebody uses it and says by its time when that was last. A
//! mirror is made elsewhere and moved into place, and moved out of it before it is deleted: what is called `NAME.git` is whole.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use super::{Network, disk, error::Error, program, program::Git, tidy};
use crate::escape;

/// Where mirrors are made.
const NEW: &str = ".new";
/// Where mirrors are deleted.
const GONE: &str = ".gone";
/// The file by which a mirror is known to be one of ours, and its content.
const MARK: (&str, &[u8]) = ("stanch-mirror", b"1\n");
/// How long a network may be held by a git that outlived the program it was at work for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A folder of mirrors.
#[derive(Clone, Debug)]
pub struct Cache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    most: Option<u64>,
    git: Git,
    /// What networks take that nobody here uses, in bytes on the disk; those that were measured.
    sizes: Mutex<BTreeMap<String, u64>>,
    deletions: AtomicU64,
}

impl Cache {
    /// The cache in the folder `dir`, which is made where it is missing, for this user alone; `most` bounds what it takes on the
    /// disk, in bytes, while none of its networks is in use.
    ///
    /// # Errors
    /// Where git is missing or too old, or the folder cannot be used.
    pub fn open(dir: &Path, most: Option<u64>) -> Result<Self, Error> {
        Self::with_helper(dir, most, program::own_helper())
    }

    /// The same, with another command for git to have credentials from, as git-config(1) describes `credential.helper`.
    ///
    /// # Errors
    /// The same.
    pub fn with_helper(dir: &Path, most: Option<u64>, helper: OsString) -> Result<Self, Error> {
        let git = Git::find(helper)?;
        make_private(dir).map_err(|error| Error::io(dir, error))?;
        let dir = dir.canonicalize().map_err(|error| Error::io(dir, error))?;
        // Another process may be deleting the same, or adding to it: what stays goes the next time.
        let _ = tidy::remove(&dir.join(GONE));
        let shared = Shared { dir, most, git, sizes: Mutex::default(), deletions: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The same, its git knowing servers by the certificate authorities in this PEM file, in place of its own.
    #[must_use]
    pub fn trusting(mut self, authorities: &Path) -> Self {
        // Only while it is not shared yet, so that all who use it trust the same.
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.git.trust(authorities);
        }
        self
    }

    /// The network `name` (up to 100 ASCII letters, digits, `-`, `_` and inner dots), for this caller alone as long as it is held. An empty one is made
    /// where there is none, or none that is whole.
    ///
    /// # Errors
    /// Where it is in use, or cannot be made.
    pub fn network(&self, name: &str) -> Result<Network, Error> {
        check_name(name)?;
        let lock = self.locked_in_time(name)?;
        // The time may not be kept on some file systems, which makes the order of going out a little worse.
        let _ = lock.set_modified(SystemTime::now());
        self.sizes().remove(name);
        let path = self.path(name);
        let is_new = !is_whole(&path);
        if is_new {
            self.remake(name, false)?;
        }
        tidy::tidy(&path).map_err(|error| Error::io(&path, error))?;
        Ok(Network::new(self.clone(), name.to_owned(), lock, is_new))
    }

    /// The same, where there is one.
    ///
    /// # Errors
    /// Where it is in use, or cannot be read.
    pub fn existing(&self, name: &str) -> Result<Option<Network>, Error> {
        check_name(name)?;
        is_whole(&self.path(name)).then(|| self.network(name)).transpose()
    }

    /// Deletes networks that nobody uses, the one whose use is longest ago first, until `needed` bytes more fit within the bound. Whether they do.
    ///
    /// # Errors
    /// Where the folder cannot be read, or a network not be moved out of place.
    pub fn make_room(&self, needed: u64) -> Result<bool, Error> {
        let Some(most) = self.shared.most else { return Ok(true) };
        let networks = self.by_last_use()?;
        let mut taken: u64 = networks.iter().map(|name| self.size(name)).sum();
        for name in networks {
            if taken.saturating_add(needed) <= most {
                break;
            }
            let size = self.size(&name);
            if self.evict(&name)? {
                taken = taken.saturating_sub(size);
            }
        }
        Ok(taken.saturating_add(needed) <= most)
    }

    /// What all networks take on the disk, in bytes.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn taken(&self) -> Result<u64, Error> {
        Ok(self.by_last_use()?.iter().map(|name| self.size(name)).sum())
    }

    pub(super) fn git(&self) -> &Git {
        &self.shared.git
    }

    /// Where the network `name` is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.shared.dir.join(format!("{name}.git"))
    }

    /// Puts an empty mirror in the place of `name`, which the caller holds.
    pub(super) fn remake(&self, name: &str, is_sha256: bool) -> Result<(), Error> {
        let new = self.shared.dir.join(NEW).join(name);
        let failed = |error| Error::io(&new, error);
        tidy::remove(&new).map_err(failed)?;
        fs::create_dir_all(&new).map_err(failed)?;
        let output = self.git().init(&new, is_sha256).output().map_err(failed)?;
        if !output.status.success() {
            let said = super::said::gist(&String::from_utf8_lossy(&output.stderr));
            return Err(Error::Mirror { path: new, said });
        }
        fs::write(new.join(MARK.0), MARK.1).map_err(failed)?;
        self.remove(name)?;
        fs::rename(&new, self.path(name)).map_err(failed)
    }

    /// Deletes the network `name`, which the caller holds: out of place first, in one step.
    pub(super) fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name);
        if fs::symlink_metadata(&path).is_err() {
            return Ok(());
        }
        let gone = self.shared.dir.join(GONE);
        let number = self.shared.deletions.fetch_add(1, Ordering::Relaxed);
        let target = gone.join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&gone).and_then(|()| fs::rename(&path, &target)).map_err(|error| Error::io(&path, error))?;
        self.sizes().remove(name);
        let _ = tidy::remove(&target);
        Ok(())
    }

    /// Deletes a network unless somebody uses it; whether it did.
    fn evict(&self, name: &str) -> Result<bool, Error> {
        let Some(_lock) = self.locked(name)? else { return Ok(false) };
        self.remove(name).map(|()| true)
    }

    fn locked_in_time(&self, name: &str) -> Result<File, Error> {
        let start = Instant::now();
        loop {
            if let Some(lock) = self.locked(name)? {
                return Ok(lock);
            }
            if start.elapsed() >= PATIENCE {
                return Err(Error::InUse { name: name.to_owned() });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The locked lock of `name`, unless somebody else has it.
    fn locked(&self, name: &str) -> Result<Option<File>, Error> {
        let path = self.lock_path(name);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| Error::io(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io(&path, error)),
        }
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        self.shared.dir.join(format!("{name}.lock"))
    }

    /// The names of all networks, the one whose use is longest ago first.
    fn by_last_use(&self) -> Result<Vec<String>, Error> {
        let dir = &self.shared.dir;
        let entries = fs::read_dir(dir).map_err(|error| Error::io(dir, error))?;
        let mut networks = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".git")) else { continue };
            // What else is in the folder is somebody else's.
            if check_name(name).is_ok() && entry.path().join(MARK.0).exists() {
                let used = fs::metadata(self.lock_path(name)).and_then(|metadata| metadata.modified());
                networks.push((used.unwrap_or(SystemTime::UNIX_EPOCH), name.to_owned()));
            }
        }
        networks.sort();
        Ok(networks.into_iter().map(|(_, name)| name).collect())
    }

    /// What a network takes on the disk, in bytes: measured once, until it is used again.
    fn size(&self, name: &str) -> u64 {
        if let Some(&size) = self.sizes().get(name) {
            return size;
        }
        let size = disk::taken(&self.path(name));
        // One in use may grow.
        if matches!(self.locked(name), Ok(Some(_))) {
            self.sizes().insert(name.to_owned(), size);
        }
        size
    }

    fn sizes(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.shared.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a folder, where it is missing, that others cannot look into: mirrors may be of private repositories.
fn make_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Whether what is at `path` was moved there when it was done.
fn is_whole(path: &Path) -> bool {
    let is_marked = fs::read(path.join(MARK.0)).is_ok_and(|mark| mark == MARK.1);
    is_marked && path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

/// Whether `name` is a file's name everywhere, and a ref's.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_outer = |byte: &u8| byte.is_ascii_alphanumeric();
    let ends = (name.as_bytes().first(), name.as_bytes().last());
    let is_fine = name.len() <= 100 && ends.0.is_some_and(is_outer) && ends.1.is_some_and(is_outer);
    let is_reserved = name.contains("..") || [".git", ".lock"].iter().any(|end| name.ends_with(end));
    if is_fine && !is_reserved && name.bytes().all(is_inner) {
        return Ok(());
    }
    Err(Error::Name { name: escape::terminal(&escape::cut(name, 120)).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(cache: &Cache, name: &str, age: u64) {
        let network = cache.network(name).unwrap();
        fs::write(network.path().join("filler"), vec![7; 200_000]).unwrap();
        drop(network);
        let lock = OpenOptions::new().write(true).open(cache.lock_path(name)).unwrap();
        lock.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }

    fn there(cache: &Cache) -> Vec<String> {
        let mut names = cache.by_last_use().unwrap();
        names.sort();
        names
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_what_is_in_use_stays() {
        let dir = tempfile::TempDir::new().unwrap();
        let cache = Cache::open(&dir.path().join("cache"), Some(1_000_000)).unwrap();
        for (name, age) in [("a", 30), ("b", 50), ("c", 40), ("d", 10)] {
            filled(&cache, name, age);
        }
        assert!(cache.make_room(0).unwrap());
        assert_eq!(there(&cache), ["a", "b", "c", "d"]);
        let held = cache.network("b").unwrap();
        OpenOptions::new()
            .write(true)
            .open(cache.lock_path("b"))
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert!(cache.make_room(150_000).unwrap());
        assert_eq!(there(&cache), ["a", "b", "d"]);
        assert!(!cache.make_room(2_000_000).unwrap(), "more than the bound never fits");
        assert_eq!(there(&cache), ["b"]);
        assert!(held.path().join("filler").exists() && !held.is_new());
        drop(held);
        assert!(cache.make_room(1_000_000).unwrap());
        assert_eq!(cache.taken().unwrap(), 0);
    }

    #[test]
    fn a_cache_without_a_bound_keeps_all() {
        let dir = tempfile::TempDir::new().unwrap();
        let cache = Cache::open(dir.path(), None).unwrap();
        filled(&cache, "a", 9);
        assert!(cache.make_room(u64::MAX).unwrap());
        assert_eq!(there(&cache), ["a"]);
    }

    #[test]
    fn what_is_half_made_or_half_gone_begins_anew() {
        let dir = tempfile::TempDir::new().unwrap();
        let half = [dir.path().join(NEW).join("a"), dir.path().join(GONE).join("b-1-0"), dir.path().join("c.git")];
        for path in &half {
            fs::create_dir_all(path).unwrap();
            fs::write(path.join("HEAD"), "half").unwrap();
        }
        let cache = Cache::open(dir.path(), None).unwrap();
        assert!(!half[1].exists());
        for name in ["a", "c"] {
            let network = cache.network(name).unwrap();
            assert!(network.is_new());
            assert_ne!(fs::read_to_string(network.path().join("HEAD")).unwrap(), "half");
        }
        assert!(!cache.network("c").unwrap().is_new());
        assert!(!half[0].exists());
    }

    #[test]
    fn a_network_is_held_by_one_alone() {
        let dir = tempfile::TempDir::new().unwrap();
        let cache = Cache::open(dir.path(), None).unwrap();
        let held = cache.network("a").unwrap();
        let other = Cache::open(dir.path(), None).unwrap();
        assert!(matches!(other.network("a"), Err(Error::InUse { .. })));
        held.discard().unwrap();
        assert!(other.network("a").unwrap().is_new());
    }

    #[test]
    fn names_are_names_of_files() {
        for name in ["0123abcdef", "a", "github.com-1", "A_b-c"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in
            ["", ".", "..", "a/b", "-a", ".new", "a..b", "a.git", "a.lock", "a\n", "é", "a b", "a.", &"x".repeat(101)]
        {
            assert!(matches!(check_name(name), Err(Error::Name { .. })), "{name}");
        }
    }
}
