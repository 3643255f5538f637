//! Logs read for the use of leaked tokens: what `trace` tells a person who has to know whether a token was replayed.
//!
//! This half turns logs into [`Event`]s: files are streamed, tokens are looked for over raw blocks before any line is parsed,
//! and what holds one is read in its log's own format. Judging the events, and reporting what was judged, are the other half's.

mod agent;
mod endpoint;
pub mod event;
mod find;
mod format;
pub mod guide;
pub mod judge;
pub mod log;
pub mod mmdb;
pub mod needle;
pub mod places;
mod read;
mod record;
pub mod report;
mod search;
pub mod store;
pub mod time;
mod token;

pub use event::{Event, Format, Leak, Matched, Needle, Origin, Outcome, Persistence, Token};
pub use format::{Fields, NoField, Reading};
pub use log::Log;
pub use read::{Source, sources};
pub use search::{Error, Search, Wanted};
