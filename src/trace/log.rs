//! What was read of one log: from when to when it tells, in which formats, and what of it could not be read (law 5).

use std::collections::BTreeMap;

use super::event::Format;

/// One log, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// As it was named or found, `-` for standard input.
    pub name: String,
    /// Bytes, once unpacked.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Records that became events, by their format.
    pub formats: BTreeMap<Format, u64>,
    /// Records that hold what was looked for, and are in no format that is known: they are no events.
    pub unparsed: u64,
    /// The lines on which the first few of those begin.
    pub unparsed_at: Vec<u64>,
    /// Records that name a token as what something was done to: they are no uses of it.
    pub mentioned: u64,
    /// Records with a time without zone, which were taken for UTC or for the zone that the user named.
    pub without_zone: u64,
    /// Records longer than is kept, of which a window around what was found was read.
    pub cut: u64,
    /// The earliest time seen in it, in microseconds since 1970 UTC. Times are sampled: the first and the last record of each
    /// block, and every event.
    pub first: Option<i64>,
    /// The latest time seen in it, likewise.
    pub last: Option<i64>,
    /// The furthest that its times go back from one sampled record to the next, in microseconds.
    pub backwards: i64,
    /// Why it was not read to its end.
    pub failed: Option<String>,
}

impl Log {
    /// Counts a sampled time in.
    pub fn saw(&mut self, at: i64) {
        if let Some(last) = self.last {
            self.backwards = self.backwards.max(last.saturating_sub(at));
        }
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    /// Whether all of it was read and understood as far as it was asked for.
    pub fn complete(&self) -> bool {
        self.failed.is_none() && self.unparsed == 0 && self.cut == 0
    }
}
