//! Why something was not fetched.

use std::{fmt, io, path::Path, path::PathBuf};

use super::super::repository::Address;
use crate::escape;

/// Why a repository was not fetched, or the cache could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no git.
    #[error("fetch: cannot run git, of which {oldest} or later is needed")]
    NoGit {
        /// The oldest that would do.
        oldest: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is a git that cannot do what is needed.
    #[error("fetch: this git is `{found}`, and {oldest} or later is needed")]
    OldGit {
        /// What it says of itself.
        found: String,
        /// The oldest that would do.
        oldest: &'static str,
    },
    /// Something on disk cannot be used.
    #[error("fetch: cannot use {}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process, or another part of this one, holds the network.
    #[error("fetch: {name} is in use")]
    InUse {
        /// The network.
        name: String,
    },
    /// Git cannot work in a mirror.
    #[error("fetch: git cannot use {} ({said})", path.display())]
    Mirror {
        /// Its git directory.
        path: PathBuf,
        /// What git said of it: one line, escaped.
        said: String,
    },
    /// A name that is none for a file or a ref.
    #[error("fetch: `{name}` cannot be the name of a network or a member")]
    Name {
        /// As given, escaped.
        name: String,
    },
    /// An address that git is not given.
    #[error("fetch: {address} is not fetched: {why}")]
    Refused {
        /// The address, escaped.
        address: String,
        /// Why.
        why: &'static str,
    },
    /// Git did not do it.
    #[error("fetch: {address} {kind}{}", but(said))]
    Failed {
        /// The address, escaped.
        address: String,
        /// What kind of failure it is.
        kind: Kind,
        /// What git said of it: one line, escaped, without credentials; may be empty.
        said: String,
    },
}

/// Kinds of failure, which differ in what is to be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// There is no such repository, or none that these credentials may see.
    NotFound,
    /// The credentials do not do, or there are none.
    Denied,
    /// It is at another host by now, which the credentials are not for.
    Moved,
    /// The forge keeps it from everybody: status 451, or a takedown.
    Blocked,
    /// The server or the way to it fails, and did so at every attempt.
    Unavailable,
    /// It was called off.
    Interrupted,
    /// There is no room left on the disk.
    DiskFull,
    /// It is more than the limit allows.
    TooLarge,
    /// The network's own git directory is broken: [`Network::discard`](super::Network::discard) lets it begin anew.
    Damaged,
    /// Anything else.
    Broken,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "is not there, or not for these credentials",
            Self::Denied => "needs other credentials",
            Self::Moved => "has moved to where its credentials are not shown",
            Self::Blocked => "is blocked by its forge",
            Self::Unavailable => "cannot be reached",
            Self::Interrupted => "was called off",
            Self::DiskFull => "does not fit on the disk",
            Self::TooLarge => "is larger than the limit",
            Self::Damaged => "has a damaged mirror",
            Self::Broken => "cannot be fetched",
        })
    }
}

fn but(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

impl Error {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn refused(address: &Address, why: &'static str) -> Self {
        Self::Refused { address: shown(address), why }
    }

    pub(super) fn failed(address: &Address, kind: Kind, said: impl Into<String>) -> Self {
        Self::Failed { address: shown(address), kind, said: said.into() }
    }

    /// The kind of failure, where it is the repository's and not the cache's or the address'.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Failed { kind, .. } => Some(*kind),
            _ => None,
        }
    }
}

/// An address for messages: without what stands before the host, which may be anything.
fn shown(address: &Address) -> String {
    let text = address.to_string();
    let bare = match text.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
        }
        None => text,
    };
    escape::terminal(&escape::cut(&bare, 300)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_stands_before_its_host() {
        let address = Address::Remote("https://us:er@x@example.org/a@b\u{1b}[2J".to_owned());
        let error = Error::failed(&address, Kind::Denied, "401");
        assert_eq!(error.to_string(), "fetch: https://example.org/a@b\\x1b[2J needs other credentials (401)");
    }
}
