//! Where the next run goes on: what a run that was complete has seen, and what came of it.
//!
//! A [`Cursor`] is a file of the user's. It holds ids of objects and keyed hashes, never a secret, a path or the name of a ref, and
//! whoever can write it decides what is not looked at: it is sealed under the identity key. What is new since it is for
//! [`crate::source::git`] to say, and what to do about that for `news`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Options;
use crate::{
    blob::{ObjectId, PathName},
    incident::{IdentityKey, Incident, IncidentId},
    rule::{Rule, RuleIx},
    source::git::Snapshot,
};

/// What is seen of a repository, under which circumstances, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The program's version.
    version: String,
    /// A hash of what else decides what is reported.
    terms: String,
    /// The id of the identity key.
    key: String,
    /// Fingerprints of the rules. They stand without names: a hash behind the name of a token looks like one.
    rules: BTreeSet<String>,
    pub(super) repository: Snapshot,
    pub(super) held: BTreeMap<IncidentId, Held>,
}

/// Where the objects seen hold one incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    pub(super) objects: BTreeSet<ObjectId>,
    /// Hashes of the places at which it was reported.
    pub(super) places: BTreeSet<String>,
}

/// What a cursor's file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<C> {
    schema: String,
    seal: String,
    cursor: C,
}

/// Names the format of the file.
const SCHEMA: &str = "stanch-cursor/1";
/// A larger file is no cursor, in bytes.
const MOST: u64 = 1 << 30;

/// Why a cursor cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the cursor {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the cursor {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what this program writes.
    #[error("{} is no cursor, or is damaged ({why}): delete it to begin anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In which way.
        why: String,
    },
}

impl Cursor {
    /// Reads the cursor at `path`, sealed under `key`; nothing where there is no file. A symbolic link is refused, wherever it leads.
    pub fn read(path: &Path, key: &IdentityKey) -> Result<Option<Self>, Error> {
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return check_writable(path).map(|()| None);
            }
            Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
        };
        let cursor = Self::parse(&text, key).map_err(|why| Error::Damaged { path: path.to_owned(), why })?;
        check_writable(path).map(|()| Some(cursor))
    }

    fn parse(text: &[u8], key: &IdentityKey) -> Result<Self, String> {
        let file: File<Self> = serde_json::from_slice(text).map_err(|error| place_of(&error))?;
        let cursor = file.cursor;
        if file.schema != SCHEMA {
            return Err("its format is not known".to_owned());
        }
        // What another key sealed cannot be told from what nobody did; it is not used either.
        if cursor.key == key.id() && cursor.seal(key) != file.seal {
            return Err("its seal is broken".to_owned());
        }
        Ok(cursor)
    }

    fn text(&self, key: &IdentityKey) -> Vec<u8> {
        let file = File { schema: SCHEMA.to_owned(), seal: self.seal(key), cursor: self };
        [json(&file), b"\n".to_vec()].concat()
    }

    fn seal(&self, key: &IdentityKey) -> String {
        key.hash("cursor", &json(self))
    }

    /// Puts it in the place of `path`, for its owner alone: whole, or not at all.
    pub fn write(&self, path: &Path, key: &IdentityKey) -> Result<(), Error> {
        let written = temporary_beside(path).and_then(|mut file| {
            file.write_all(&self.text(key))?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        });
        written.map(drop).map_err(|source| Error::Write { path: path.to_owned(), source })
    }

    /// A cursor that has seen what `repository` says, in a run with these options and rules.
    pub(super) fn new(options: &Options, rules: &[Rule], repository: Snapshot) -> Self {
        // What a hidden rule covered is not looked for by others: where one changes, rules that did not find more.
        let (hidden, shown): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.hidden);
        let hidden: Vec<_> = hidden.into_iter().map(fingerprint).collect();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            terms: hash(&(&options.terms, hidden)),
            key: options.key.id().to_owned(),
            rules: shown.into_iter().map(fingerprint).collect(),
            repository,
            held: BTreeMap::new(),
        }
    }

    /// Why what it has seen has to be scanned again in the run that `now` is of, if it has.
    pub(super) fn outdated(&self, now: &Self) -> Option<&'static str> {
        if self.version != now.version {
            Some("another version of the program wrote it")
        } else if self.key != now.key {
            Some("it was written under another identity key")
        } else if self.terms != now.terms {
            Some("the run that wrote it had other options or another configuration")
        } else if self.repository.format() != now.repository.format() {
            Some("it is of a repository with other ids")
        } else {
            None
        }
    }

    /// Which of `rules` it has not seen everything with, as they are.
    pub(super) fn unseen_rules(&self, rules: &[Rule]) -> Vec<RuleIx> {
        let is_unseen = |rule: &Rule| !rule.hidden && !self.rules.contains(&fingerprint(rule));
        (0..).zip(rules).filter(|(_, rule)| is_unseen(rule)).map(|(ix, _)| RuleIx(ix)).collect()
    }

    /// Remembers where these were reported.
    pub(super) fn note_reported(&mut self, incidents: &[Incident], key: &IdentityKey) {
        for incident in incidents {
            let Some(held) = self.held.get_mut(&incident.id) else { continue };
            held.places.extend(incident.occurrences.iter().map(|occurrence| {
                let blob = occurrence.git.as_ref().and_then(|git| git.blob);
                place(key, incident.id, occurrence.path.as_ref(), blob)
            }));
        }
    }
}

/// A hash of one place of an incident.
pub(super) fn place(key: &IdentityKey, id: IncidentId, path: Option<&PathName>, object: Option<ObjectId>) -> String {
    let path = path.map_or(&b""[..], PathName::as_bytes);
    // Each message is a place of its own, and they all have the same name.
    let object = object.filter(|_| path == b"commit message").map_or(String::new(), |id| id.to_string());
    key.hash("place", &[id.to_string().as_bytes(), object.as_bytes(), b"\0", path].concat())
}

/// A hash of a rule's id and of all that decides what it finds.
fn fingerprint(rule: &Rule) -> String {
    hash(&(&rule.id, &rule.family, rule.class, rule.confidence, rule.rank, rule.hidden, &rule.detect))
}

fn hash(what: &impl std::fmt::Debug) -> String {
    let digest = Sha256::digest(format!("{what:?}"));
    data_encoding::HEXLOWER.encode(&digest[..16])
}

fn json(what: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(what).unwrap_or_else(|_| unreachable!("all keys are strings, and memory does not fail"))
}

/// Where JSON makes no sense, without what stands there.
fn place_of(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "it ends early" } else { "it makes no sense" };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

fn read_text(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a symbolic link, and is not followed"));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = Vec::new();
    fs::File::open(path)?.take(MOST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MOST { Err(io::Error::other("too large for a cursor")) } else { Ok(text) }
}

/// Whether a cursor can be put in the place of `path`: asked before scanning, which may take long.
fn check_writable(path: &Path) -> Result<(), Error> {
    temporary_beside(path).map(drop).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// A file in the same folder, so that it can take the place of `path` at once; others cannot read it.
fn temporary_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Secret, Shown};

    fn key() -> IdentityKey {
        IdentityKey::new(b"a key for these tests")
    }

    fn cursor() -> Cursor {
        let id = key().identify("family", &Secret::new(b"what nobody may see", Shown::Nothing));
        let held = Held {
            objects: [ObjectId::new(&[7; 20]), ObjectId::new(&[8; 32])].into(),
            places: [place(&key(), id, Some(&PathName::new(*b"a/b")), None)].into(),
        };
        Cursor {
            version: "1.2.3".to_owned(),
            terms: "terms".to_owned(),
            key: key().id().to_owned(),
            rules: ["fingerprint".to_owned()].into(),
            repository: Snapshot::default(),
            held: [(id, held)].into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursor");
        assert_eq!(Cursor::read(&path, &key()).unwrap(), None);
        cursor().write(&path, &key()).unwrap();
        assert_eq!(Cursor::read(&path, &key()).unwrap(), Some(cursor()));
        let other = Cursor { version: "2".to_owned(), ..cursor() };
        other.write(&path, &key()).unwrap();
        assert_eq!(Cursor::read(&path, &key()).unwrap(), Some(other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_part_of_a_cursor_is_none() {
        let text = cursor().text(&key());
        for len in 0..text.len() - 1 {
            assert!(Cursor::parse(&text[..len], &key()).is_err(), "{len} of {} bytes", text.len());
        }
        Cursor::parse(&text, &key()).unwrap();
    }

    #[test]
    fn a_changed_cursor_is_none() {
        let text = cursor().text(&key());
        for at in 0..text.len() - 1 {
            let mut changed = text.clone();
            changed[at] ^= 1;
            // Under another key nothing of it counts but that it is outdated.
            let is_harmless = Cursor::parse(&changed, &key()).is_ok_and(|read| read.key != cursor().key);
            assert!(Cursor::parse(&changed, &key()).is_err() || is_harmless, "byte {at}");
        }
        for foreign in ["", "{}", "[]", "null", "PK\x03\x04", r#"{"schema":"stanch/1","tool":{}}"#] {
            assert!(Cursor::parse(foreign.as_bytes(), &key()).is_err(), "{foreign}");
        }
    }

    #[test]
    fn what_decides_what_is_found_is_in_a_fingerprint() {
        let rules = crate::rules::Ruleset::builtin();
        let rule = rules.rules()[0].clone();
        let mut other = rule.clone();
        other.name = "Another name".into();
        assert_eq!(fingerprint(&rule), fingerprint(&other));
        other.detect.entropy += 0.5;
        assert_ne!(fingerprint(&rule), fingerprint(&other));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused_and_the_file_is_the_owners_alone() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("cursor"), folder.path().join("link"));
        cursor().write(&path, &key()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        symlink(&path, &link).unwrap();
        assert!(matches!(Cursor::read(&link, &key()), Err(Error::Read { .. })));
        symlink(folder.path().join("no/such"), folder.path().join("dangling")).unwrap();
        assert!(matches!(Cursor::read(&folder.path().join("dangling"), &key()), Err(Error::Read { .. })));
        assert!(matches!(Cursor::read(folder.path(), &key()), Err(Error::Read { .. })));
        assert!(matches!(Cursor::read(&folder.path().join("no/such"), &key()), Err(Error::Write { .. })));
    }
}
