//! Stanch finds leaked tokens in files and in the full history of git repositories.
//!
//! The modules directly here are nouns that travel between stages, and do no I/O; the folders are stages, each of which turns
//! one noun into the next. A stage never uses another one: [`scan`] wires them. `docs/design.md` in the repository tells
//! the whole story.

#[cfg(feature = "net")]
pub mod ask;
pub mod blob;
pub mod bounded;
pub mod config;
pub mod cookie;
pub mod coverage;
pub mod detect;
pub mod escape;
pub mod finding;
pub mod harden;
#[cfg(feature = "git")]
pub mod hook;
pub mod incident;
#[cfg(all(feature = "git", feature = "migrate"))]
pub mod init;
pub mod known;
pub mod location;
#[cfg(feature = "migrate")]
pub mod migrate;
#[cfg(feature = "net")]
pub mod net;
pub mod playbook;
#[cfg(feature = "net")]
pub mod probe;
pub mod report;
pub mod request;
pub mod respond;
pub mod rule;
pub mod rules;
pub mod scan;
#[cfg(any(feature = "git", feature = "net"))]
pub mod sealed;
pub mod secret;
pub mod session;
pub mod source;
#[cfg(feature = "sweep")]
pub mod sweep;
pub mod text;
pub mod trace;
pub mod verdict;
pub mod verify;
pub mod weakness;
