//! The tables, how they came to be, and how a database is opened.
//!
//! Texts and commits that many rows name are kept once. What is marked `register` below is a value with a stamp; the newest wins.

use std::{fs, path::Path};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::{DATABASE, Error, key};
use crate::incident::IdentityKey;

/// Says that a database is a state of this program: `stnc`.
const APPLICATION: i64 = 0x7374_6e63;

/// What makes each version out of the one before it.
const STEPS: [&str; 1] = [VERSION_1];

/// The newest version.
pub(super) const VERSION: i64 = 1;

const VERSION_1: &str = "
-- The key's id, and which state this is.
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE sweep (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    identity BLOB NOT NULL UNIQUE,
    origin BLOB NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    complete INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Paths, names, lists of refs, facts of incidents. The one numbered 0 is empty, and stands for none.
CREATE TABLE text (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;
INSERT INTO text VALUES (0, x'');

CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    object BLOB NOT NULL,
    author INTEGER NOT NULL,
    email INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (object, author, email, at)
) STRICT;

CREATE TABLE repository (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    -- register: as the forge lists it, or that it does not
    listed_at INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    listed TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    -- register: what the last scan came to; 0 for never
    scanned INTEGER NOT NULL DEFAULT 0,
    network TEXT NOT NULL DEFAULT '',
    stamp TEXT NOT NULL DEFAULT '',
    tips TEXT NOT NULL DEFAULT '',
    coverage TEXT NOT NULL DEFAULT '',
    -- the last scan that could read everything
    completed INTEGER NOT NULL DEFAULT 0,
    -- register: why it could not be scanned
    failed INTEGER NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT ''
) STRICT;

-- When a repository went, and came back.
CREATE TABLE going (
    repository INTEGER NOT NULL,
    at INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (repository, at, gone)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (network TEXT PRIMARY KEY, at INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    url TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    etag TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    identity BLOB NOT NULL UNIQUE,
    -- register
    verdict_at INTEGER NOT NULL DEFAULT 0,
    verdict TEXT NOT NULL DEFAULT '',
    -- computed from everything else
    status TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL DEFAULT 0,
    -- register: what `since` was when somebody was last told
    told INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How verdicts changed.
CREATE TABLE verdict (
    incident INTEGER NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (incident, at, verdict)
) STRICT, WITHOUT ROWID;

-- That a repository holds an incident: now, if `seen` is its last scan. register: the facts, by `seen`.
CREATE TABLE holding (
    incident INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    PRIMARY KEY (incident, repository)
) STRICT, WITHOUT ROWID;
CREATE INDEX holding_by_repository ON holding (repository);

-- When an incident left a repository, and came back.
CREATE TABLE moving (
    incident INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    at INTEGER NOT NULL,
    here INTEGER NOT NULL,
    PRIMARY KEY (incident, repository, at, here)
) STRICT, WITHOUT ROWID;

-- A place: there now, if `seen` is its repository's last scan. register: everything behind `digest`, which is a hash of it.
CREATE TABLE occurrence (
    incident INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    path INTEGER NOT NULL,
    mark BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    source INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    line INTEGER NOT NULL,
    col INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    end_col INTEGER NOT NULL,
    wide INTEGER NOT NULL,
    allowed_by INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    git INTEGER NOT NULL,
    blob BLOB,
    introduced INTEGER,
    last INTEGER,
    in_head INTEGER NOT NULL,
    reach INTEGER NOT NULL,
    refs INTEGER NOT NULL,
    refs_count INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    blobs BLOB NOT NULL,
    PRIMARY KEY (incident, repository, path, mark)
) STRICT, WITHOUT ROWID;
";

/// Opens the database in `dir`, or makes one, for its owner alone.
pub(super) fn connect(dir: &Path) -> Result<Connection, Error> {
    let path = dir.join(DATABASE);
    let failed = |source| Error::File { path: path.clone(), source };
    match fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => return Err(failed(std::io::Error::other("not a regular file"))),
        Ok(_) => {}
        Err(_) => drop(key::private(&path).map_err(failed)?),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(&path, flags)?;
    set_up(&database)?;
    // Another program's is left as it is, to the byte.
    version(&database, dir)?;
    let mode: String = database.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(failed(std::io::Error::other("its file system can share no memory between processes")));
    }
    // Of what was committed, a process that is killed loses nothing. A machine that loses its power may lose the last steps, whole: they are
    // done again. Waiting for the disk at each step would be most of what a step of a small repository takes.
    database.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;")?;
    cache(&database, FOR_STEPS)?;
    Ok(database)
}

/// Opens the database in `dir` to read it.
pub(super) fn connect_for_reading(dir: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(dir.join(DATABASE), flags)?;
    set_up(&database)?;
    version(&database, dir)?;
    cache(&database, FOR_ALL)?;
    Ok(database)
}

/// The cache, in KiB, of many small steps. `SQLite` walks through the whole of it at the end of each step that rearranged a tree: it moves pages
/// by way of the number of one that is never there, and then looks for what lies beyond the end.
pub(super) const FOR_STEPS: u32 = 4 * 1024;
/// The cache, in KiB, of what goes through everything once.
pub(super) const FOR_ALL: u32 = 64 * 1024;

/// Has the database keep so much in memory, in KiB.
pub(super) fn cache(database: &Connection, size: u32) -> Result<(), Error> {
    Ok(database.execute_batch(&format!("PRAGMA cache_size = -{size};"))?)
}

fn set_up(database: &Connection) -> Result<(), Error> {
    database.busy_timeout(std::time::Duration::from_secs(30))?;
    // Nothing in the file itself is trusted to compute.
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// Whether the database in `dir` has to be migrated before it can be read.
pub(super) fn is_old(dir: &Path) -> Result<bool, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(dir.join(DATABASE), flags)?;
    Ok(version(&database, dir)? < VERSION)
}

/// The version of a database; 0 for one that is empty.
fn version(database: &Connection, dir: &Path) -> Result<i64, Error> {
    let pragma = |name: &str| database.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if version > VERSION {
        return Err(Error::Future { dir: dir.to_owned(), version, known: VERSION });
    }
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if version < 0 || application != APPLICATION && tables > 0 {
        return Err(Error::Damaged { why: "it is no state of stanch".to_owned() });
    }
    Ok(version)
}

/// Brings a database to the newest version, in one transaction.
pub(super) fn migrate(database: &mut Connection, dir: &Path, key: &IdentityKey) -> Result<(), Error> {
    let from = version(database, dir)?;
    if from < VERSION {
        let step = database.transaction()?;
        for sql in &STEPS[usize::try_from(from).unwrap_or_default()..] {
            step.execute_batch(sql)?;
        }
        if from == 0 {
            let origin = key::random::<16>().map_err(|source| Error::File { path: dir.to_owned(), source })?;
            let insert = "INSERT INTO meta VALUES ('key', ?1), ('origin', ?2)";
            step.execute(insert, (key.id().as_bytes(), origin.as_slice()))?;
        }
        step.execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"))?;
        step.commit()?;
    }
    check_key(database, dir, key)
}

/// Refuses a database that was made under another key.
pub(super) fn check_key(database: &Connection, dir: &Path, key: &IdentityKey) -> Result<(), Error> {
    let theirs: Option<Vec<u8>> =
        database.query_row("SELECT value FROM meta WHERE name = 'key'", [], |row| row.get(0)).optional()?;
    let theirs = theirs.ok_or_else(|| Error::Damaged { why: "it names no key".to_owned() })?;
    if theirs != key.id().as_bytes() {
        let theirs = String::from_utf8_lossy(&theirs).into_owned();
        return Err(Error::OtherKey { dir: dir.to_owned(), theirs, ours: key.id().to_owned() });
    }
    Ok(())
}
