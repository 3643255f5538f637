//! A repository as a forge lists it: the noun that all parts of a sweep share.
//!
//! How lists are had is [`super::forge`]'s, what was learned of a repository [`super::state`]'s.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What tells a repository from all others for good, whatever it is called by now: the forge's host and its number there
/// (`github.com/1296269`), for what no forge lists its address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(String);

impl RepositoryId {
    /// The repository that the forge at `host` gave this number or name for good.
    pub fn new(host: &str, number: impl fmt::Display) -> Self {
        Self(format!("{host}/{number}"))
    }

    /// The repository at this address, which no forge lists.
    pub fn of_address(address: &Address) -> Self {
        Self(address.to_string())
    }

    /// As it was written before.
    pub fn known(text: String) -> Self {
        Self(text)
    }

    /// As it is kept and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name for it that git takes in a ref and every system in a file's name: 32 hexadecimal digits.
    pub fn namespace(&self) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(self.0.as_bytes())[..16])
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a repository is had from. It holds no credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// What git clones from: `https://…`, `ssh://…`, `git://…`, `user@host:path`.
    Remote(String),
    /// A repository on this machine, scanned where it is.
    Local(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(url) => f.write_str(url),
            Self::Local(path) => path.display().fmt(f),
        }
    }
}

/// Who may see a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Everybody in the company.
    Internal,
    /// Those who were asked in.
    Private,
}

/// What a repository is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Code.
    #[default]
    Code,
    /// The wiki of one that is for code. It is there from its first page on, so one that is missing is empty.
    Wiki,
    /// A gist or snippet.
    Snippet,
    /// What a forge keeps beside the code of one: issues, reviews, releases, logs. There is nothing to fetch.
    Texts,
}

/// A repository as a forge lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What it is for good.
    pub id: RepositoryId,
    /// What people call it: `owner/name`.
    pub name: String,
    /// Where it is had from.
    pub address: Address,
    /// Its page, for people.
    pub web: Option<String>,
    /// The repository that its fork network began with, or the next one towards it that is known; nothing for one that is no fork.
    pub parent: Option<RepositoryId>,
    /// Whether it is a fork, whatever of.
    pub is_fork: bool,
    /// Whether it is read-only by now.
    pub is_archived: bool,
    /// Who may see it, where the forge says so.
    pub visibility: Option<Visibility>,
    /// Its size in bytes, as the forge counts it.
    pub size: Option<u64>,
    /// Its main language, as the forge calls it.
    pub language: Option<String>,
    /// What it is filed under.
    pub topics: Vec<String>,
    /// When somebody last pushed to it, in seconds since 1970 UTC.
    pub pushed_at: Option<i64>,
    /// A text that changes whenever its refs may have changed; nothing where the forge's list does not tell.
    pub stamp: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub kind: Kind,
    /// Whether the forge lists it, but gives it to nobody.
    #[serde(default)]
    pub is_disabled: bool,
    /// Which list names it; the forge does not fill it in.
    #[serde(default)]
    pub source: String,
}

impl Listed {
    /// The texts beside its code, which are kept as a repository of their own: they change when it does not.
    #[must_use]
    pub fn texts(&self) -> Self {
        let id = RepositoryId(format!("{}/texts", self.id));
        let (parent, size, stamp) = (None, None, None);
        Self { id, parent, size, stamp, is_fork: false, kind: Kind::Texts, ..self.clone() }
    }

    /// One of which nothing else is known.
    pub fn at(id: RepositoryId, name: String, address: Address) -> Self {
        Self {
            id,
            name,
            address,
            web: None,
            parent: None,
            is_fork: false,
            is_archived: false,
            visibility: None,
            size: None,
            language: None,
            topics: Vec::new(),
            pushed_at: None,
            stamp: None,
            kind: Kind::Code,
            is_disabled: false,
            source: String::new(),
        }
    }
}
