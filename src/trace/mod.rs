//! Logs read for the use of leaked tokens: what `trace` tells a person who has to know whether a token was replayed.
//!
//! Files are streamed ([`read`]), tokens are looked for over raw blocks before any line is parsed ([`search`]), and what holds one is read
//! in its log's own format ([`mod@format`]) as an [`Event`]. Events are put in order ([`store`]) and judged ([`judge`]). What those who are new did besides is looked for
//! in a second reading ([`beside`]). How far clocks of logs disagree is measured on the way (`clock`). [`report`] writes what all of it comes to, and [`guide`] puts it into playbooks.

mod agent;
pub mod beside;
#[cfg(test)]
mod chance;
mod clock;
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
#[cfg(test)]
mod samples;
mod search;
pub mod store;
pub mod time;
mod token;

pub use event::{Event, Format, Leak, Matched, Needle, Origin, Outcome, Persistence, Token};
pub use format::{Fields, NoField, Reading};
pub use log::{Log, Skew};
pub use read::{Source, sources};
pub use search::{Error, Search, Wanted};
