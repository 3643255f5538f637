//! Logs read for the use of leaked tokens: what `trace` tells a person who has to know whether a token was replayed.
//!
//! This half turns logs into [`Event`]s: files are streamed, tokens are looked for over raw blocks before any line is parsed,
//! and what holds one is read in its log's own format. Judging the events, and reporting what was judged, are the other half's.

mod agent;
mod endpoint;
pub mod event;
pub mod guide;
pub mod judge;
pub mod log;
pub mod mmdb;
pub mod places;
pub mod report;
pub mod store;

pub use event::{Event, Format, Leak, Matched, Needle, Origin, Outcome, Persistence, Token};
pub use log::Log;
