//! Where blobs come from: every source pushes what it reads to a [`crate::blob::Visitor`] and notes in its coverage what it could not read.
//!
//! What is looked for is not a source's business.

pub mod files;
#[cfg(feature = "git")]
pub mod git;
pub mod stdin;
mod windows;
