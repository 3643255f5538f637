//! States that earlier versions made: they stay readable.

use std::{fs, path::Path};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{
    samples::{THEN, listed, rules},
    *,
};
use crate::{
    incident::{Reach, SourceKind, Status as Life},
    verdict::Verdict,
};

const KEY: &str = "a key of the tests, long enough";

/// A folder with a state that this makes.
fn made_by(sql: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(KEY_FILE), format!("{KEY}\n")).unwrap();
    let database = Connection::open(dir.path().join(DATABASE)).unwrap();
    database.execute_batch(sql).unwrap();
    let key = IdentityKey::new(KEY.as_bytes());
    let insert = "INSERT INTO meta VALUES ('key', ?1), ('origin', x'0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f')";
    database.execute(insert, [key.id().as_bytes()]).unwrap();
    dir
}

fn check(state: &State) {
    let recalled = state.incidents(&Filter::default(), &rules()).unwrap();
    let [incident] = &recalled.incidents[..] else { panic!("{recalled:?}") };
    assert_eq!(incident.id.to_string(), "000102030405060708090a0b0c0d0e0f");
    assert_eq!((incident.secret.masked().as_str(), &incident.verdict), ("ghp_…0001", &Verdict::Active));
    let life = incident.life.unwrap();
    assert_eq!((life.status, life.first_seen), (Life::Open, THEN));
    let [place] = &incident.occurrences[..] else { panic!("one place") };
    assert_eq!((place.repository.as_deref(), place.source, place.location.line), (Some("acme/r1"), SourceKind::Git, 3));
    assert_eq!(place.path.as_ref().unwrap().as_bytes(), b"deploy/.env");
    let git = place.git.as_ref().unwrap();
    assert_eq!((git.in_head, git.reach, git.refs.len(), git.refs_count, git.versions), (true, Reach::Head, 2, 5, 12));
    assert_eq!((git.introduced.as_ref().unwrap().author.as_str(), git.last.is_none()), ("Ada", true));
    let known = state.repositories().unwrap().remove(0);
    assert!(known.is_complete && known.covers(&listed(1)));
    assert_eq!((known.tips.as_deref(), known.coverage.unwrap().blobs), (Some("tips"), 10));
    assert_eq!(state.cursor("net1").unwrap().unwrap(), b"cursor");
    assert_eq!(state.answer("hash").unwrap().unwrap(), ("\"1\"".to_owned(), b"[]".to_vec()));
    assert!(state.pending(&rules()).unwrap().0.notices.is_empty(), "it was told");
    assert_eq!((state.active().unwrap(), state.status().unwrap().done), (1, 1));
}

fn version_of(dir: &Path) -> i64 {
    let database = Connection::open(dir.join(DATABASE)).unwrap();
    database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_state_of_the_first_version_is_read_and_gone_on_with() {
    let dir = made_by(include_str!("version_1.sql"));
    check(&State::open_for_reading(dir.path()).unwrap());
    assert_eq!(version_of(dir.path()), schema::VERSION);
    let mut state = State::open(dir.path(), Wait::No).unwrap();
    check(&state);
    let sweep = state.begin(THEN + 60).unwrap();
    state.note_unchanged(sweep, &listed(1), "tips").unwrap();
    check(&state);
    drop(state);
    let into = tempfile::tempdir().unwrap();
    let path = into.path().join("state");
    let mut into = State::open_with_key(&path, &dir.path().join(KEY_FILE), Wait::No).unwrap();
    into.merge(dir.path(), Wait::No).unwrap();
    check(&into);
}
