//! How far times can be relied on: by as much as clocks disagree, nothing is said to come before or after.

use super::{Case, usage::Use};
use crate::trace::{event::Matched, log::Log};

/// Microseconds in a minute, and in an hour.
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
/// Within a log the clock counts to the minute.
const WITHIN: i64 = MINUTE;
/// How far clocks of two logs may be apart that were not compared: an hour, as with a zone that is off.
const BETWEEN: i64 = HOUR;
/// How much sooner than its issuer's clock says another clock may see a token used.
const ISSUED: i64 = 5 * MINUTE;
/// Times that go back by more in a log say nothing of its clocks.
const DAY: i64 = 24 * HOUR;

impl Case<'_> {
    fn log(&self, log: u32) -> Option<&Log> {
        self.logs.get(log as usize)
    }

    /// By how much the times of a log may be wrong, in microseconds.
    pub(super) fn doubt(&self, log: u32) -> i64 {
        self.log(log).map_or(0, Log::doubt)
    }

    /// Whether the order of events within a log is known.
    pub(super) fn is_in_order(&self, log: u32) -> bool {
        self.log(log).is_none_or(Log::is_in_order)
    }

    /// By how much the time between an event of one log and one of another may be wrong, in microseconds.
    pub(super) fn slack(&self, one: u32, two: u32) -> i64 {
        if one == two {
            let disorder = self.log(one).filter(|log| !log.is_in_order()).map(|log| log.backwards.min(DAY));
            return disorder.map_or(WITHIN, |disorder| disorder.max(WITHIN));
        }
        let measured = self.log(one).into_iter().flat_map(|log| &log.skews).find(|skew| skew.other == two);
        let apart = measured.map(|skew| skew.ahead.saturating_abs().saturating_add(MINUTE).min(DAY));
        apart.unwrap_or_else(|| self.doubt(one).max(self.doubt(two))).max(BETWEEN)
    }

    /// Whether `found` is before the leak, whatever the clocks.
    pub(super) fn is_before(&self, found: &Use<'_>) -> bool {
        self.token.leaked_at.is_some_and(|leaked| found.at < leaked.saturating_sub(found.doubt))
    }

    /// Whether clocks leave open if `found` is before the leak or after it.
    pub(super) fn is_near_leak(&self, found: &Use<'_>) -> bool {
        let apart = self.token.leaked_at.map(|leaked| found.at.saturating_sub(leaked).saturating_abs());
        found.doubt > 0 && apart.is_some_and(|apart| apart <= found.doubt)
    }

    /// Whether `found` is after the revocation, whatever the clocks.
    pub(super) fn is_revoked(&self, found: &Use<'_>) -> bool {
        self.token.revoked_at.is_some_and(|revoked| found.at > revoked.saturating_add(found.doubt))
    }

    /// Whether `found` is at a time when there was no such token.
    pub(super) fn is_too_early(&self, found: &Use<'_>) -> bool {
        let soonest = self.token.issued_at.map(|at| at.saturating_sub(found.doubt.max(ISSUED)));
        // A user's other tokens, and a session's, are older.
        let is_it = !matches!(found.event.matched, Some(Matched::Subject | Matched::SessionId));
        is_it && soonest.is_some_and(|soonest| found.at < soonest)
    }
}
