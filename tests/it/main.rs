//! The integration tests: one binary, a module for each stage or command.
// Clippy's leave for tests does not cover the helpers beside them; and tests are to be short more than fast.
#![allow(clippy::unwrap_used, clippy::format_collect, clippy::format_push_string, missing_docs, unreachable_pub)]

#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "git")]
mod git;
#[cfg(all(feature = "cli", unix))]
mod harden;
mod hook;
#[cfg(all(feature = "cli", unix))]
mod init;
#[cfg(all(feature = "cli", unix))]
mod laws;
mod layers;
#[cfg(feature = "cli")]
mod migrate;
#[cfg(feature = "cli")]
mod probe;
#[cfg(feature = "cli")]
mod readme;
#[cfg(feature = "git")]
mod repo;
#[cfg(feature = "cli")]
mod stanch;
#[cfg(feature = "sweep")]
mod sweep;
#[cfg(feature = "cli")]
mod trace;
#[cfg(all(feature = "cli", unix))]
mod unhappy;
#[cfg(feature = "cli")]
mod verify;
