//! Counts kept in bounded memory: how often each of many things was seen, and how much happened when.

use std::collections::BTreeMap;

/// How many stretches of time a [`Timeline`] tells apart at most.
const MOST_BARS: usize = 1_000;
/// How long they are at first, in microseconds: an hour.
const HOUR: i64 = 3_600_000_000;

/// How often each thing was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tally<K> {
    counts: BTreeMap<K, u64>,
    most: usize,
    /// Whether there were more things than are kept.
    more: bool,
}

impl<K: Ord> Tally<K> {
    /// Keeps at most `most` things.
    pub(super) fn new(most: usize) -> Self {
        Self { counts: BTreeMap::new(), most, more: false }
    }

    pub(super) fn add(&mut self, thing: K) {
        let is_full = self.counts.len() >= self.most;
        if is_full && !self.counts.contains_key(&thing) {
            self.more = true;
            return;
        }
        *self.counts.entry(thing).or_default() += 1;
    }

    /// Whether `thing` may have been seen: surely not, where this is false.
    pub(super) fn may_have(&self, thing: &K) -> bool {
        self.more || self.counts.contains_key(thing)
    }

    /// Whether `thing` was seen: surely, where this is true.
    pub(super) fn has(&self, thing: &K) -> bool {
        self.counts.contains_key(thing)
    }

    /// How many things are kept.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.counts.clear();
        self.more = false;
    }
}

impl<K: Ord + Clone> Tally<K> {
    /// The `most` that were seen most often.
    pub(super) fn first(&self, most: usize) -> Vec<(K, u64)> {
        let mut all: Vec<_> = self.counts.iter().map(|(thing, &count)| (thing.clone(), count)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(most);
        all
    }
}

/// How much happened when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// How long each stretch is, in microseconds.
    pub width: i64,
    /// By its number since 1970, how much happened in it. Stretches in which nothing did are left out.
    pub counts: BTreeMap<i64, u64>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: HOUR, counts: BTreeMap::new() }
    }
}

impl Timeline {
    pub(super) fn add(&mut self, at: i64) {
        *self.counts.entry(at.div_euclid(self.width)).or_default() += 1;
        // Wider stretches, as soon as there are too many.
        while self.counts.len() > MOST_BARS {
            self.width = self.width.saturating_mul(2);
            for (stretch, count) in std::mem::take(&mut self.counts) {
                *self.counts.entry(stretch.div_euclid(2)).or_default() += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_may_have_been_seen() {
        let mut tally = Tally::new(2);
        for thing in ["b", "a", "b"] {
            tally.add(thing);
        }
        assert!(!tally.may_have(&"c"));
        tally.add("c");
        assert!(tally.may_have(&"d") && tally.len() == 2);
        assert_eq!(tally.first(1), [("b", 2)]);
    }

    #[test]
    fn long_times_have_wide_stretches() {
        let mut timeline = Timeline::default();
        (0..10_000).for_each(|hour| timeline.add(hour * HOUR));
        assert_eq!(timeline.width, 16 * HOUR);
        assert_eq!(timeline.counts.values().sum::<u64>(), 10_000);
        timeline.add(i64::MIN);
        timeline.add(i64::MAX);
    }
}
