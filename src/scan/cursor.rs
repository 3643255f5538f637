//! Where the next run goes on: what a run that was complete has seen, and what came of it.
//!
//! A [`Cursor`] is a file of the user's. It holds ids of objects and keyed hashes, never a secret, a path or the name of a ref, and
//! whoever can write it decides what is not looked at: it is sealed under the identity key. What is new since it is for
//! [`crate::source::git`] to say, and what to do about that for `news`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Options;
use crate::{
    blob::{ObjectId, PathName},
    detect::Detector,
    incident::{IdentityKey, Incident, IncidentId},
    rule::RuleIx,
    sealed::Sealed,
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

impl Sealed for Cursor {
    const NAME: &'static str = "cursor";
    const SCHEMA: &'static str = "stanch-cursor/2";

    fn key(&self) -> &str {
        &self.key
    }
}

/// A hash of all that decides what is found and reported: options, rules, key and version.
pub fn terms(options: &Options, detector: &Detector) -> String {
    let Cursor { version, terms, key, rules, .. } = Cursor::new(options, detector, Snapshot::default());
    hash(&(version, terms, key, rules))
}

impl Cursor {
    /// A cursor that has seen what `repository` says, in a run with these options and this detector's rules.
    pub(super) fn new(options: &Options, detector: &Detector, repository: Snapshot) -> Self {
        // What a hidden rule covered is not looked for by others: where one changes, rules that did not find more.
        let rules = detector.rules().iter().zip(detector.fingerprints());
        let (hidden, shown): (Vec<_>, Vec<_>) = rules.partition(|(rule, _)| rule.hidden);
        let hidden: Vec<_> = hidden.into_iter().map(|(_, fingerprint)| fingerprint).collect();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            terms: hash(&(&options.terms, hidden)),
            key: options.key.id().to_owned(),
            rules: shown.into_iter().map(|(_, fingerprint)| fingerprint.clone()).collect(),
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

    /// With which rules of `detector` it has not seen everything, as they are.
    pub(super) fn unseen_rules(&self, detector: &Detector) -> Vec<RuleIx> {
        let rules = (0..).zip(detector.rules()).zip(detector.fingerprints());
        let unseen = rules.filter(|((_, rule), fingerprint)| !rule.hidden && !self.rules.contains(*fingerprint));
        unseen.map(|((ix, _), _)| RuleIx(ix)).collect()
    }

    /// What it has seen of the repository.
    pub(super) fn repository(&self) -> &Snapshot {
        &self.repository
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

fn hash(what: &impl std::fmt::Debug) -> String {
    let digest = Sha256::digest(format!("{what:?}"));
    data_encoding::HEXLOWER.encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sealed,
        secret::{Secret, Shown},
    };

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
        sealed::write(&cursor(), &path, &key()).unwrap();
        assert_eq!(sealed::read(&path, &key()).unwrap(), Some(cursor()));
    }
}
