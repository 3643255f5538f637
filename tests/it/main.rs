//! The integration tests: one binary, a module for each stage or command.
// Clippy's leave for tests does not cover the helpers beside them.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[cfg(feature = "cli")]
mod cli;
#[cfg(all(feature = "cli", unix))]
mod laws;
mod layers;
#[cfg(feature = "git")]
#[allow(dead_code, reason = "what no test here needs, the tests of git need")]
mod repo;
#[cfg(feature = "cli")]
mod stanch;
#[cfg(all(feature = "cli", unix))]
mod unhappy;
