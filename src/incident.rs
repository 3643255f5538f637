//! All occurrences of one secret: the unit a person acts on.
//!
//! Grouping findings into incidents is [`crate::scan`]'s; a reporter finds here everything that it prints, rule and
//! playbook aside, which it looks up by [`Incident::rule`].

use std::{fmt, fmt::Write, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::Sha256;

use crate::{
    blob::{ObjectId, PathName},
    finding::{Checksum, Excerpt, FoundPart},
    location::Location,
    request::Power,
    rule::{Confidence, RuleIx, Severity, Text, names},
    secret::Secret,
    verdict::Verdict,
};

/// All occurrences of one secret, with one verdict and one playbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Its identity, which survives edits.
    pub id: IncidentId,
    /// The rule that found it; of several, the one of highest rank.
    pub rule: RuleIx,
    /// The secret.
    pub secret: Secret,
    /// How sure it is: as sure as its surest occurrence.
    pub confidence: Confidence,
    /// What its checksum said.
    pub checksum: Checksum,
    /// Shannon entropy of the secret, in bits a byte.
    pub entropy: f32,
    /// What it costs: its rule's severity, and what it says of itself.
    pub severity: Severity,
    /// Whether it still works.
    pub verdict: Verdict,
    /// What it claims, where it can be read.
    pub claims: Option<Claims>,
    /// What its provider says of it.
    pub access: Option<Access>,
    /// What a person should know of it, a sentence each.
    pub notes: Vec<Text>,
    /// Other halves and named groups found with it, at its first occurrence.
    pub parts: Vec<FoundPart>,
    /// Every place it is at, in a stable order: where it still is comes first.
    pub occurrences: Vec<Occurrence>,
    /// What became of it over many sweeps; nothing where one scan is all that is known.
    pub life: Option<Life>,
}

/// What became of an incident over many sweeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Whether somebody still has to do something.
    pub status: Status,
    /// When it was first seen anywhere, in seconds since 1970 UTC.
    pub first_seen: i64,
    /// When it was last seen anywhere, in seconds since 1970 UTC.
    pub last_seen: i64,
    /// Since when it is resolved, if it is; in seconds since 1970 UTC.
    pub resolved_at: Option<i64>,
}

/// Whether somebody still has to do something about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Yes.
    Open,
    /// Yes, and again: it was resolved, and works or has come back since.
    Reopened,
    /// No: it works no more, or is gone from every repository.
    Resolved,
}

names!(Status { Open = "open", Reopened = "reopened", Resolved = "resolved" });

/// What a token says of itself in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// How it is signed, by its name in JOSE.
    pub algorithm: Option<String>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// For whom.
    pub audience: Vec<String>,
    /// Since when it is good, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// Until when, in seconds since 1970.
    pub expires_at: Option<i64>,
}

/// What a provider says of a token: whose it is, and what it may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Of which account or organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What it may do, as the provider calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// Until when it is good, as the provider writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// What those scopes come to, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "by_name")]
    pub powers: Vec<Power>,
    /// What it was seen to reach, where that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
}

/// Things of one kind that a token reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What they are, as a plural.
    pub kind: String,
    /// How many there are, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Some of their names, at most [`Resource::MOST_NAMES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

impl Resource {
    /// How many of them are named at most.
    pub const MOST_NAMES: usize = 20;
}

/// Powers as lists of their names.
mod by_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::request::Power;

    pub(super) fn serialize<S: Serializer>(powers: &[Power], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(powers.iter().map(|power| power.name()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Power>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let power = |name: String| Power::ALL.into_iter().find(|power| power.name() == name);
        names.into_iter().map(|name| power(name).ok_or_else(|| D::Error::custom("not a power"))).collect()
    }
}

/// One secret on one path or in one message, over all versions of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// The repository that it is in, as people call it; nothing where only one is looked at.
    pub repository: Option<Arc<str>>,
    /// Whose it probably is, as sweeps guess; nothing where nobody guessed.
    pub owner: Option<Arc<str>>,
    /// Where it was read.
    pub source: SourceKind,
    /// The path, `commit message`, `tag NAME`, `note`, or nothing for a blob that no tree names.
    pub path: Option<PathName>,
    /// Where in the blob it is, in the version that `blob` names, else in the file.
    pub location: Location,
    /// The line around it.
    pub excerpt: Excerpt,
    /// How sure this occurrence is.
    pub confidence: Confidence,
    /// What allows it, if anything does.
    pub allowed_by: Option<String>,
    /// What git says of it; nothing for files outside a repository's history and for standard input.
    pub git: Option<GitPlace>,
}

/// Where an occurrence was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A file in the working tree.
    File,
    /// Standard input.
    Stdin,
    /// An object of a git repository.
    Git,
    /// A text that a forge keeps beside a repository's code.
    Forge,
}

impl SourceKind {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Stdin => "stdin",
            Self::Git => "git",
            Self::Forge => "forge",
        }
    }
}

/// What a repository's history says of an occurrence. Many occurrences have one commit and the same refs, so they share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitPlace {
    /// The object that holds it, in the version whose lines and columns are given.
    pub blob: Option<ObjectId>,
    /// The earliest commit by graph that has it there and none of whose parents has.
    pub introduced: Option<Arc<CommitInfo>>,
    /// The newest commit by committer time whose tree still holds it.
    pub last: Option<Arc<CommitInfo>>,
    /// Whether HEAD's tree holds it.
    pub in_head: bool,
    /// How it can still be got at.
    pub reach: Reach,
    /// Branches, tags and remote refs in whose history it is, HEAD's branch first; at most [`GitPlace::MOST_REFS`].
    pub refs: Arc<[String]>,
    /// How many refs there are in all.
    pub refs_count: u64,
    /// How many distinct blobs at that path hold it.
    pub versions: u64,
    /// Those blobs, where they were asked for.
    pub blobs: Vec<ObjectId>,
}

impl GitPlace {
    /// How many refs an occurrence names at most.
    pub const MOST_REFS: usize = 20;
}

/// A commit as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: ObjectId,
    /// Its author's name.
    pub author: String,
    /// Its author's address.
    pub email: String,
    /// Committer time, in seconds since 1970 UTC.
    pub at: i64,
}

/// How a finding can still be got at, strongest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// In the tree at HEAD.
    Head,
    /// In the history of a branch, tag, note or remote ref.
    Ref,
    /// In a stash.
    Stash,
    /// Only where a ref once pointed.
    Reflog,
    /// Only in the index.
    Index,
    /// Only in the object store.
    #[default]
    Unreachable,
}

impl Reach {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Ref => "ref",
            Self::Stash => "stash",
            Self::Reflog => "reflog",
            Self::Index => "index",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Under which identities are made. Without it an identity says nothing of the secret.
#[derive(Clone)]
pub struct IdentityKey {
    id: String,
    mac: Hmac<Sha256>,
}

impl IdentityKey {
    /// The fixed key of everybody who names none. Whoever has a report made with it can test guesses of weak passwords.
    pub fn fixed() -> Self {
        Self { id: "default".to_owned(), ..Self::new(b"stanch/1 default identity key") }
    }

    /// A key of these bytes; its id is derived from them.
    pub fn new(key: &[u8]) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        let id = hex(&mac.clone().chain_update(b"key id").finalize().into_bytes()[..4]);
        Self { id, mac }
    }

    /// What reports name the key by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The identity of `secret` as a token of `family`.
    pub fn identify(&self, family: &str, secret: &Secret) -> IncidentId {
        let mac = self.mac.clone().chain_update(b"incident\0").chain_update(family.as_bytes()).chain_update(b"\0");
        let digest = mac.chain_update(secret.expose()).finalize().into_bytes();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        IncidentId(id)
    }

    /// A keyed hash of `text`, as 32 hex digits: for `purpose` alone, which holds no zero byte and is none of this type's own.
    pub fn hash(&self, purpose: &str, text: &[u8]) -> String {
        let mac = self.mac.clone().chain_update(purpose.as_bytes()).chain_update(b"\0");
        hex(&mac.chain_update(text).finalize().into_bytes()[..16])
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.id)
    }
}

/// A keyed hash of rule family and secret: HMAC-SHA-256, its first 128 bits (law 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId([u8; 16]);

impl IncidentId {
    /// As it is kept.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// As it was kept.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for IncidentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IncidentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok();
        let id = bytes.and_then(|bytes| bytes.try_into().ok());
        id.map(Self).ok_or_else(|| D::Error::custom("not an incident's id"))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Shown;

    #[test]
    fn identity_depends_on_key_family_and_secret_alone() {
        let (a, b) = (Secret::new(b"one", Shown::Nothing), Secret::new(b"two", Shown::Nothing));
        let key = IdentityKey::fixed();
        assert_eq!(
            key.identify("f", &a),
            IdentityKey::fixed().identify("f", &Secret::new(b"one", Shown::Ends { prefix: 1 }))
        );
        assert_ne!(key.identify("f", &a), key.identify("f", &b));
        assert_ne!(key.identify("f", &a), key.identify("g", &a));
        assert_ne!(key.identify("f", &a), IdentityKey::new(b"mine").identify("f", &a));
        assert_ne!(IdentityKey::new(b"mine").id(), IdentityKey::new(b"yours").id());
    }
}
