//! One fork network's mirror, while it is held.

use std::{fs, fs::File, path::Path, process::Command, time::Duration};

use super::{
    Fetched, Limits, Member, cache,
    cache::Cache,
    disk,
    error::Error,
    refs::{self, Refs},
    run::{self, Ran, Watch},
    said, tidy,
    transfer::Transfer,
};

/// From how many packs on they are joined.
const MOST_PACKS: usize = 20;

/// The bare git directory of a fork network, held by this caller alone until it is dropped.
#[derive(Debug)]
pub struct Network {
    cache: Cache,
    name: String,
    path: std::path::PathBuf,
    /// Every git that works here has it as its standard input, too: nobody else gets the network before the last of them is gone.
    lock: File,
    is_new: bool,
}

impl Network {
    pub(super) fn new(cache: Cache, name: String, lock: File, is_new: bool) -> Self {
        let path = cache.path(&name);
        Self { cache, name, path, lock, is_new }
    }

    /// Its git directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was made when it was opened, so that nothing that was fetched before is there.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Brings everything that the server of `member` offers into its namespace, and takes out of it what is no longer offered.
    /// `stopped` is asked all the time whether to go on. After an error the refs are those of before.
    ///
    /// # Errors
    /// Where the member cannot be fetched; [`Error::kind`] says which kind of failure that is.
    pub fn fetch(
        &mut self,
        member: &Member<'_>,
        limits: &Limits,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Fetched, Error> {
        cache::check_name(member.namespace)?;
        Transfer::new(member, limits, stopped)?.run(self)
    }

    /// Takes a member's refs away. Its objects stay until the network goes.
    ///
    /// # Errors
    /// Where git cannot.
    pub fn drop_member(&mut self, namespace: &str) -> Result<(), Error> {
        cache::check_name(namespace)?;
        let format = "--format=delete %(refname)";
        let list = self.local(&["for-each-ref", format, &refs::prefix(namespace)], None)?;
        self.at_work(|network| network.local(&["update-ref", "--no-deref", "--stdin"], Some(list)).map(drop))
    }

    /// Whether it has no member left.
    ///
    /// # Errors
    /// Where git cannot.
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.local(&["for-each-ref", "--count=1"], None)?.is_empty())
    }

    /// Deletes the network. Whoever opens it next gets an empty one.
    ///
    /// # Errors
    /// Where it cannot be moved out of place.
    pub fn discard(self) -> Result<(), Error> {
        self.cache.remove(&self.name)
    }

    /// Whether it certainly holds no ref of a member.
    pub(super) fn lacks(&self, namespace: &str) -> bool {
        let has_files = self.path.join("refs/namespaces").join(namespace).exists();
        let packed = fs::read(self.path.join("packed-refs")).unwrap_or_default();
        !has_files && memchr::memmem::find(&packed, namespace.as_bytes()).is_none()
    }

    /// The refs of a member.
    pub(super) fn refs(&self, namespace: &str) -> Result<Refs, Error> {
        let out = self.local(&["for-each-ref", refs::FORMAT, &refs::prefix(namespace)], None)?;
        Ok(Refs::held(&out, namespace))
    }

    /// Has the HEAD of a member lead to its branch `branch`. No git is at work here: it need not be asked.
    pub(super) fn set_head(&self, namespace: &str, branch: &str) -> Result<(), Error> {
        let prefix = refs::prefix(namespace);
        let head = self.path.join(&prefix).join("HEAD");
        let lock = head.with_extension("lock");
        let written = fs::write(&lock, format!("ref: {prefix}{branch}\n")).and_then(|()| fs::rename(&lock, &head));
        written.map_err(|error| Error::io(&head, error))
    }

    /// Has the network hold objects that are named by SHA-256, or by SHA-1, if it holds none yet.
    pub(super) fn suit(&mut self, is_sha256: bool) -> Result<bool, Error> {
        let format = self.local(&["rev-parse", "--show-object-format"], None)?;
        if format.trim_ascii().ends_with(b"sha256") == is_sha256 {
            return Ok(true);
        }
        let is_empty = self.is_empty()?;
        if is_empty {
            self.cache.remake(&self.name, is_sha256)?;
            self.is_new = true;
        }
        Ok(is_empty)
    }

    /// Does something during which git may leave half of it, and takes that away where it did.
    pub(super) fn at_work<T>(&self, work: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        let failed = |error| Error::io(&self.path, error);
        tidy::begin(&self.path).map_err(failed)?;
        let done = work(self);
        let tidied = if done.is_ok() { tidy::end(&self.path) } else { tidy::tidy(&self.path) };
        let done = done?;
        tidied.map_err(failed).map(|()| done)
    }

    /// Takes away what a git left that died within [`Self::at_work`], where more is to be done.
    pub(super) fn tidied(&self) -> Result<(), Error> {
        let tidied = tidy::tidy(&self.path).and_then(|()| tidy::begin(&self.path));
        tidied.map_err(|error| Error::io(&self.path, error))
    }

    /// Keeps it fast to read, after `moved` refs moved: many small files become few large ones.
    pub(super) fn join(&self, moved: usize) -> Result<(), Error> {
        let has_many_packs = disk::packs(&self.path).0 > MOST_PACKS;
        if has_many_packs {
            self.local(&["repack", "--quiet", "--geometric=2", "-d", "--no-write-bitmap-index"], None)?;
        }
        if has_many_packs || moved > 64 {
            self.local(&["pack-refs", "--all", "--prune"], None)?;
        }
        Ok(())
    }

    /// What git prints that stays on this machine.
    pub(super) fn local(&self, arguments: &[&str], input: Option<Vec<u8>>) -> Result<Vec<u8>, Error> {
        let mut command =
            self.cache.git().local(&self.path, &self.lock).map_err(|error| Error::io(&self.path, error))?;
        // It is done soon, and half done would be worse.
        let watch = Watch { stopped: &|| false, stalled: Duration::from_hours(1), size: &|| 0, most: None };
        let ran = self.ran(command.args(arguments), input, &watch)?;
        if ran.is_fine() {
            return Ok(ran.out);
        }
        Err(Error::Mirror { path: self.path.clone(), said: said::gist(&ran.said) })
    }

    /// Git about to ask at an address, see [`super::program::Git::remote`].
    pub(super) fn remote(&self, transfer: &Transfer<'_>) -> Result<Command, Error> {
        let git = self.cache.git();
        let place = (self.path.as_path(), &self.lock);
        let (address, limits) = (transfer.address(), transfer.limits);
        let command = git.remote(place, address, transfer.member.credentials, limits.stalled);
        command.map_err(|error| Error::io(&self.path, error))
    }

    pub(super) fn ran(&self, command: &mut Command, input: Option<Vec<u8>>, watch: &Watch<'_>) -> Result<Ran, Error> {
        run::run(command, input, watch).map_err(|error| Error::io(&self.path, error))
    }
}
