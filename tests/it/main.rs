//! The integration tests: one binary, a module for each stage or command.
// Clippy's leave for tests does not cover the helpers beside them.
#![allow(clippy::unwrap_used, missing_docs)]

#[cfg(feature = "git")]
mod git;
#[cfg(feature = "git")]
mod repo;
