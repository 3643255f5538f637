//! What was read of one log: from when to when it tells, in which formats, what of it could not be read (law 5), and how far its times can be relied on.

use std::collections::BTreeMap;

use super::event::Format;

/// Microseconds in a second, and in a day.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * SECOND;
/// Requests are logged as they end, and clocks are set now and then: times that go back by less are in order.
const LATE: i64 = 300 * SECOND;
/// Clocks that are nearer to each other agree.
const CLOSE: i64 = 5 * SECOND;
/// Times that go back so often do so as they are written: a file put behind another makes them do so once.
const OFTEN: u64 = 3;

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
    /// Records that say that a request with a token began, which is no use of its own: another record says how it ended.
    pub announced: u64,
    /// Records with a time without zone, which were taken for UTC or for the zone that the user named.
    pub without_zone: u64,
    /// Records longer than is kept, of which a window around what was found was read.
    pub cut: u64,
    /// The earliest time seen in it, in microseconds since 1970 UTC. Times are sampled: the first and the last record of each
    /// block, and every event.
    pub first: Option<i64>,
    /// The latest time seen in it, likewise.
    pub last: Option<i64>,
    /// The time sampled last.
    pub(super) previous: Option<i64>,
    /// The furthest that its times go back from one sampled record to the next, in microseconds.
    pub backwards: i64,
    /// How often they go back by more than five minutes.
    pub falls: u64,
    /// How often they go on by more than that.
    pub rises: u64,
    /// How far its latest time was ahead of the present, if by more than five minutes, in microseconds.
    pub ahead: i64,
    /// How far its clock is from those of other logs, as far as both hold the same requests.
    pub skews: Vec<Skew>,
    /// Why it was not read to its end.
    pub failed: Option<String>,
}

/// How far the clock of a log is from that of another, by requests that both hold. Which of the two is right, they do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skew {
    /// The other log, by its place among those read.
    pub other: u32,
    /// What that one is called.
    pub name: String,
    /// By how much this log's clock is ahead of the other's, in microseconds; negative where it is behind.
    pub ahead: i64,
    /// How many requests say so.
    pub requests: u64,
    /// Whether they are known by ids that both logs give them; else they look alike, and each log holds one such at that time.
    pub by_id: bool,
}

impl Skew {
    /// Whether it is more than logs of one request are apart anyway.
    pub fn matters(&self) -> bool {
        self.ahead.saturating_abs() > CLOSE
    }
}

impl Log {
    /// Counts a sampled time in.
    pub fn saw(&mut self, at: i64) {
        if let Some(previous) = self.previous.replace(at) {
            let back = previous.saturating_sub(at);
            self.backwards = self.backwards.max(back);
            self.falls += u64::from(back > LATE);
            self.rises += u64::from(back < -LATE);
        }
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    /// Notes that it was read at the time `now`.
    pub fn read_at(&mut self, now: i64) {
        let ahead = self.last.map_or(0, |last| last.saturating_sub(now));
        self.ahead = if ahead > LATE { ahead } else { 0 };
    }

    /// Whether its times go back, and are not simply written newest first.
    pub fn goes_back(&self) -> bool {
        self.falls > 0 && !(self.falls > 1 && self.rises == 0)
    }

    /// Whether its records are in the order of their times, but for files that were put together. Where they are not, several clocks may have written it.
    pub fn is_in_order(&self) -> bool {
        !self.goes_back() || self.falls < OFTEN
    }

    /// By how much its times may be wrong, in microseconds, as far as that was measured; at most a day.
    pub fn doubt(&self) -> i64 {
        let skews = self.skews.iter().filter(|skew| skew.matters()).map(|skew| skew.ahead.saturating_abs());
        // What is further ahead than any zone is no clock that could be reckoned with.
        let ahead = if self.ahead > DAY { 0 } else { self.ahead };
        skews.chain([ahead]).max().unwrap_or(0).min(DAY)
    }

    /// Whether all of it was read and understood as far as it was asked for.
    pub fn complete(&self) -> bool {
        self.failed.is_none() && self.unparsed == 0 && self.cut == 0 && self.unfinished() == 0
    }

    /// How many requests with a token began in it, of which it does not say how they ended.
    pub fn unfinished(&self) -> u64 {
        let ended = self.formats.get(&Format::KubernetesAudit).copied().unwrap_or(0);
        self.announced.saturating_sub(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(minutes: &[i64]) -> Log {
        let mut log = Log::default();
        for minute in minutes {
            log.saw(minute * 60 * SECOND);
        }
        log
    }

    #[test]
    fn requests_that_end_a_little_late_are_in_order() {
        assert!(!log(&[0, 4, 1, 5, 9, 6]).goes_back());
    }

    #[test]
    fn two_clocks_in_one_log_are_told_from_files_put_together_and_from_newest_first() {
        let two = log(&[0, 120, 1, 121, 2, 122, 3]);
        assert_eq!((two.falls, two.backwards, two.is_in_order()), (3, 119 * 60 * SECOND, false));
        let together = log(&[1_000, 1_010, 1_020, 0, 10, 20]);
        assert_eq!((together.falls, together.goes_back(), together.is_in_order()), (1, true, true));
        let newest_first = log(&[90, 60, 30, 0]);
        assert!(!newest_first.goes_back() && newest_first.is_in_order());
    }

    #[test]
    fn a_clock_is_doubted_by_what_was_measured_and_no_forged_time_adds_to_it() {
        let mut log = log(&[600]);
        log.read_at(540 * 60 * SECOND);
        assert_eq!(log.doubt(), 60 * 60 * SECOND);
        log.saw(i64::MAX);
        log.read_at(0);
        assert_eq!((log.ahead, log.doubt()), (i64::MAX, 0));
        let skew = |ahead| Skew { other: 1, name: String::new(), ahead, requests: 3, by_id: true };
        log.skews = vec![skew(4 * SECOND), skew(-90 * SECOND)];
        assert_eq!(log.doubt(), 90 * SECOND);
        log.skews = vec![skew(i64::MIN)];
        assert_eq!(log.doubt(), DAY);
    }
}
