//! How a repository takes up scanning: what lies around, which files are written for it, and what a person does next.
//!
//! What is there is told by the names of its files ([`surroundings`]), and everything that is decided from that is a pure function. Files
//! are put in place together ([`place`]). Scanning, reading other scanners' files, installing hooks and printing are the caller's.

pub mod ci;
mod configuration;
pub mod known;
mod listing;
pub mod manager;
pub mod place;
mod steps;
pub mod surroundings;

pub use configuration::configuration;
pub use listing::names;
pub use steps::{Situation, Step, next};

/// Where this program's action is, as `OWNER/REPOSITORY@COMMIT`: a release is built with it, any other build does not know.
pub const ACTION: Option<&str> = option_env!("STANCH_ACTION");

/// What stands in templates for [`ACTION`].
const UNKNOWN_ACTION: &str = "OWNER/stanch@COMMIT";

/// The repository of [`ACTION`], or what stands for it.
fn repository() -> &'static str {
    let action = ACTION.unwrap_or(UNKNOWN_ACTION);
    action.split_once('@').map_or(action, |(repository, _)| repository)
}
