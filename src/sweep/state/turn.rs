//! Whose turn it is: two sweeps of one state would undo each other's work.
//!
//! The lock is the operating system's, on a file that is always there, so it ends with the process that holds it, however that ends. Who holds
//! it is written beside it, for people.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use super::Error;

/// The file that is locked.
pub(super) const LOCK: &str = "lock";
/// The file that says by whom.
pub(super) const HOLDER: &str = "holder";

/// Whether to wait for a turn.
#[derive(Clone, Copy)]
pub enum Wait<'a> {
    /// No.
    No,
    /// Yes, once whoever waits is told for whom.
    Told(&'a dyn Fn(&Holder)),
}

/// Who has a state's turn, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    process: Option<u32>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.process {
            Some(process) => write!(f, "process {process}"),
            None => f.write_str("another process"),
        }
    }
}

/// A turn, until it is dropped.
pub(super) struct Turn {
    _lock: File,
}

impl Turn {
    pub(super) fn take(dir: &Path, wait: Wait<'_>) -> Result<Self, Error> {
        let failed = |source| Error::File { path: dir.join(LOCK), source };
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join(LOCK)).map_err(failed)?;
        match (lock.try_lock(), wait) {
            (Ok(()), _) => {}
            (Err(TryLockError::WouldBlock), Wait::No) => {
                return Err(Error::Busy { dir: dir.to_owned(), holder: holder(dir) });
            }
            (Err(TryLockError::WouldBlock), Wait::Told(told)) => {
                told(&holder(dir));
                block(&lock).map_err(failed)?;
            }
            (Err(TryLockError::Error(source)), _) => return Err(failed(source)),
        }
        fs::write(dir.join(HOLDER), std::process::id().to_string()).map_err(failed)?;
        Ok(Self { _lock: lock })
    }
}

/// Waits for the lock, whatever signals come meanwhile.
fn block(lock: &File) -> io::Result<()> {
    loop {
        match lock.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn holder(dir: &Path) -> Holder {
    let text = fs::read_to_string(dir.join(HOLDER)).unwrap_or_default();
    Holder { process: text.trim().parse().ok() }
}
