//! Repositories fetched: bare mirrors in a cache of bounded size, a git directory for each fork network.
//!
//! The system's `git` does it, because it speaks every transport, and nothing but what this module says steers it. What the
//! mirrors hold is [`crate::source::git`]'s to read; which repositories make a network, and when, is decided elsewhere.

mod address;
mod cache;
pub mod credential;
mod disk;
mod error;
mod network;
mod program;
mod refs;
mod run;
mod said;
mod tidy;
mod transfer;
mod undo;

use std::time::Duration;

pub use cache::Cache;
pub use credential::Credentials;
pub use error::{Error, Kind};
pub use network::Network;
pub use refs::{Head, Tips};

use super::repository::Address;

/// A repository of a network, to be fetched.
#[derive(Clone, Copy, Debug)]
pub struct Member<'m> {
    /// Its name among git's namespaces of the network: ASCII letters and digits, as
    /// [`RepositoryId::namespace`](super::repository::RepositoryId::namespace) gives it.
    pub namespace: &'m str,
    /// Where it is had from.
    pub address: &'m Address,
    /// What to show there, where anything is to be shown. It goes to the host it was made for alone.
    pub credentials: Option<&'m Credentials>,
}

/// How far a fetch may go.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most that one fetch may add on disk, in bytes.
    pub most_bytes: Option<u64>,
    /// How long git may show no progress.
    pub stalled: Duration,
    /// How often a fetch is tried where the failure is one that passes, the first time counted.
    pub attempts: u32,
    /// The pause before the second attempt; each further one is twice as long.
    pub pause: Duration,
    /// Whether `http://` may be asked beyond this machine: where the user named such an endpoint.
    pub plain_http: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most_bytes: None,
            stalled: Duration::from_mins(5),
            attempts: 4,
            pause: Duration::from_secs(2),
            plain_http: false,
        }
    }
}

/// What a fetch came to; nothing, by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Whether any ref or HEAD is another than before.
    pub changed: bool,
    /// Where the server's HEAD leads; nothing where there is none or it leads nowhere yet.
    pub head: Option<Head>,
    /// Every ref of the member, as the server calls it, with what it leads to.
    pub tips: Tips,
    /// How many bytes of packed objects came.
    pub bytes: u64,
    /// Whether the network's history is cut off, because a server itself has no more.
    pub shallow: bool,
    /// Refs that the server offers and git could not store: at most a hundred of them.
    pub unstored: Vec<String>,
}
