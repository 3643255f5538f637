//! How fast one host is asked, and when it is left alone.

use std::time::{Duration, Instant};

use super::Limits;

/// What is known of a host: a bucket of turns that fills with time, and how it went.
#[derive(Debug)]
pub(super) struct Pace {
    /// How many turns there are; below zero those that are given out in advance.
    turns: f64,
    counted: Option<Instant>,
    /// Not before this.
    after: Option<Instant>,
    failures: u32,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { turns: f64::from(limits.burst), counted: None, after: None, failures: 0 }
    }

    /// When the next request may be sent; never to a host that only fails.
    pub(super) fn turn(&mut self, now: Instant, limits: &Limits) -> Option<Instant> {
        if self.failures >= limits.most_failures {
            return None;
        }
        let passed = self.counted.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.counted = Some(now);
        self.turns = (self.turns + passed.as_secs_f64() * limits.per_second).min(f64::from(limits.burst)) - 1.0;
        let turn = if self.turns < 0.0 {
            now + Duration::try_from_secs_f64(-self.turns / limits.per_second).unwrap_or(limits.total)
        } else {
            now
        };
        Some(self.after.map_or(turn, |after| turn.max(after)))
    }

    /// How a request went, and until when the host wants to be left alone.
    pub(super) fn went(&mut self, well: bool, patience: Option<Instant>) {
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
        self.after = patience.max(self.after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_turns_a_second_apart() {
        let limits = Limits { per_second: 2.0, burst: 3, ..Limits::default() };
        let (mut pace, now) = (Pace::new(&limits), Instant::now());
        let turns: Vec<_> = (0..6).map(|_| pace.turn(now, &limits).unwrap() - now).collect();
        let halves = |n: u32| Duration::from_millis(500) * n;
        assert_eq!(turns, [halves(0), halves(0), halves(0), halves(1), halves(2), halves(3)]);
        let later = now + Duration::from_mins(1);
        assert_eq!(pace.turn(later, &limits), Some(later));
    }

    #[test]
    fn patience_is_kept_and_a_host_that_only_fails_is_left_alone() {
        let limits = Limits::default();
        let (mut pace, now) = (Pace::new(&limits), Instant::now());
        let after = now + Duration::from_secs(7);
        pace.went(false, Some(after));
        assert_eq!(pace.turn(now, &limits), Some(after));
        pace.went(true, None);
        (0..3).for_each(|_| pace.went(false, None));
        assert_eq!(pace.turn(after, &limits), None);
    }
}
