//! What many sweeps learned, in a folder of its own: an `SQLite` database, the key of its identities, and the lock by which sweeps take turns.
//!
//! Every step is one transaction. The database keeps a write-ahead log, so that a process that is killed loses the step that it was in, a
//! machine whose power fails the last few, and a full disk is an error that loses nothing; who only reads does not wait for a sweep that
//! runs.
//!
//! Two states made under one key can be joined ([`State::merge`]), in any order and as often as one likes. So nothing here is a
//! counter, and nothing is overwritten without a time: each row is a value that the newest wins (of one age, the greatest), the
//! least or greatest of some times, or a member of a set that only grows. What follows from those (which incident is resolved) is computed anew.
//!
//! Times within are *stamps*: milliseconds since 1970, pushed on where a clock went backwards, so that of two things that one state learned of a
//! repository the later one always has the greater stamp.
//!
//! No raw secret gets here (law 3): what was scanned is masked before it reaches SQL. What to scan is for [`super`] to say.

mod facts;
mod forget;
mod kept;
mod key;
mod merge;
mod place;
mod read;
mod reader;
mod record;
mod repositories;
mod schema;
mod settle;
mod status;
mod summary;
mod sweeps;
mod telling;
mod turn;
mod unchanged;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode};

use crate::incident::{IdentityKey, IncidentId};

pub use forget::{Forgotten, Selector};
pub use key::FILE as KEY_FILE;
pub use read::{Filter, Recalled};
pub use record::{Member, Owner, Scanned};
pub use repositories::Known;
pub use status::Status;
pub use summary::Summary;
pub use sweeps::Sweep;
pub use telling::Told;
pub use turn::{Holder, Wait};

/// The database.
const DATABASE: &str = "state.sqlite3";

/// What was learned, open for whoever has its turn, or for reading alone.
pub struct State {
    database: Connection,
    key: IdentityKey,
    dir: PathBuf,
    /// Held while it may be written to.
    turn: Option<turn::Turn>,
}

/// What a step changed about incidents, as far as somebody should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Seen for the first time, and not resolved.
    pub new: Vec<IncidentId>,
    /// Resolved before, and no more.
    pub reopened: Vec<IncidentId>,
    /// Resolved from now on.
    pub resolved: Vec<IncidentId>,
}

impl Changes {
    /// Adds what another step changed.
    pub fn add(&mut self, other: Self) {
        self.new.extend(other.new);
        self.reopened.extend(other.reopened);
        self.resolved.extend(other.resolved);
    }
}

/// Why a state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its folder or a file in it cannot be made, read or written.
    #[error("cannot use the state in {}", path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none.
    #[error("{} holds no state: it is made by the first sweep", dir.display())]
    None {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder is something else's.
    #[error("{} holds other things and no state: name a folder that the state has for itself", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },
    /// Another process has its turn.
    #[error("the state in {} is in use by {holder}", dir.display())]
    Busy {
        /// The folder.
        dir: PathBuf,
        /// Who has it.
        holder: Holder,
    },
    /// The key is gone, and identities cannot be made without it.
    #[error("the state in {} has lost its key {}: put it back, or delete the folder to begin anew", dir.display(), KEY_FILE)]
    NoKey {
        /// The folder.
        dir: PathBuf,
    },
    /// The key is too short for one.
    #[error("{} is too short for a key", path.display())]
    ShortKey {
        /// The file.
        path: PathBuf,
    },
    /// It was made under another key.
    #[error("the state in {} was made under the key `{theirs}`, not under `{ours}`", dir.display())]
    OtherKey {
        /// The folder.
        dir: PathBuf,
        /// Its key.
        theirs: String,
        /// The key that it should have.
        ours: String,
    },
    /// A later version of the program made it.
    #[error("the state in {} has version {version}, which a later stanch made; this one knows versions up to {known}", dir.display())]
    Future {
        /// The folder.
        dir: PathBuf,
        /// Its version.
        version: i64,
        /// The newest one that is known.
        known: i64,
    },
    /// It is not what this program writes.
    #[error("the state's database is damaged ({why}): put back a copy of {DATABASE}, or delete it to begin anew")]
    Damaged {
        /// In which way.
        why: String,
    },
    /// The database refuses.
    #[error("the state's database cannot be used")]
    Database(#[source] rusqlite::Error),
    /// A repository that was never listed.
    #[error("the state knows no repository {id}")]
    Unknown {
        /// Its id.
        id: String,
    },
    /// What is to be forgotten is not there.
    #[error("the state knows nothing that {what} names")]
    Nothing {
        /// What was named.
        what: String,
    },
    /// A pattern that is none.
    #[error("`{glob}` is no pattern")]
    Glob {
        /// The pattern.
        glob: String,
        /// Why.
        source: globset::Error,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        let is_damage = match &error {
            Sql::SqliteFailure(failure, _) => {
                matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch)
            }
            // The schema was checked when it was opened.
            Sql::FromSqlConversionFailure(..)
            | Sql::IntegralValueOutOfRange(..)
            | Sql::InvalidColumnType(..)
            | Sql::SqlInputError { .. }
            | Sql::QueryReturnedNoRows
            | Sql::Utf8Error(..) => true,
            _ => false,
        };
        if is_damage { Self::Damaged { why: error.to_string() } } else { Self::Database(error) }
    }
}

impl State {
    /// Opens the state in `dir`, or makes one there, and takes its turn.
    ///
    /// # Errors
    /// Where another process has its turn and `wait` says not to wait, or the folder, the key or the database cannot be used.
    pub fn open(dir: &Path, wait: Wait<'_>) -> Result<Self, Error> {
        Self::open_under(dir, None, wait)
    }

    /// The same, but a state that is made is made under a copy of the key in `key_file`, as those with which it is joined later on.
    ///
    /// # Errors
    /// As [`State::open`], and where the state that is there has another key.
    pub fn open_with_key(dir: &Path, key_file: &Path, wait: Wait<'_>) -> Result<Self, Error> {
        Self::open_under(dir, Some(key_file), wait)
    }

    /// Opens the state in `dir` to read it, which waits for nobody.
    ///
    /// # Errors
    /// Where there is none, or it cannot be used.
    pub fn open_for_reading(dir: &Path) -> Result<Self, Error> {
        if fs::symlink_metadata(dir.join(DATABASE)).is_err() {
            return Err(Error::None { dir: dir.to_owned() });
        }
        if schema::is_old(dir)? {
            drop(Self::open(dir, Wait::No)?);
        }
        let database = schema::connect_for_reading(dir)?;
        let key = key::read(dir)?.ok_or_else(|| Error::NoKey { dir: dir.to_owned() })?;
        schema::check_key(&database, dir, &key)?;
        Ok(Self { database, key, dir: dir.to_owned(), turn: None })
    }

    fn open_under(dir: &Path, key_file: Option<&Path>, wait: Wait<'_>) -> Result<Self, Error> {
        make_private(dir)?;
        let turn = turn::Turn::take(dir, wait)?;
        let is_new = fs::symlink_metadata(dir.join(DATABASE)).is_err();
        let key = key::have(dir, key_file, is_new)?;
        let mut database = schema::connect(dir)?;
        schema::migrate(&mut database, dir, &key)?;
        Ok(Self { database, key, dir: dir.to_owned(), turn: Some(turn) })
    }

    /// The key under which its identities are made.
    pub fn key(&self) -> &IdentityKey {
        &self.key
    }

    /// Whether it may be written to.
    pub fn has_turn(&self) -> bool {
        self.turn.is_some()
    }
}

/// Makes `dir` for its owner alone. A folder that holds anything else is left as it is, and refused.
fn make_private(dir: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(failed)?;
    let is_state = || fs::symlink_metadata(dir.join(DATABASE)).is_ok();
    // Another process may be making one at this moment: the database comes before whatever else is there.
    if !is_state() && holds_others(dir).map_err(failed)? && !is_state() {
        return Err(Error::Foreign { dir: dir.to_owned() });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// Whether `dir` holds anything that a state does not have before its database.
fn holds_others(dir: &Path) -> io::Result<bool> {
    let ours = [KEY_FILE, key::PART, turn::LOCK, turn::HOLDER];
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if !ours.iter().any(|ours| name == *ours) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The one number that a query gives.
fn count(database: &Connection, select: &str, params: impl rusqlite::Params) -> Result<u64, Error> {
    let count: i64 = database.query_row(select, params, |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The stamp of what is learned at `now`, in seconds since 1970, later than `before`.
fn stamp(now: i64, before: i64) -> i64 {
    now.saturating_mul(1000).max(before.saturating_add(1))
}

/// `stamp`, or what is just later than `before`.
fn later(stamp: i64, before: i64) -> i64 {
    stamp.max(before.saturating_add(1))
}

/// The time of a stamp, in seconds since 1970.
fn seconds(stamp: i64) -> i64 {
    stamp.div_euclid(1000)
}

#[cfg(test)]
mod migrated;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
