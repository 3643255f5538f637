//! How far the clocks of logs are apart, measured by requests that two of them hold.
//!
//! A request is known by an id that proxies and servers pass on, or by what it looks like: the same token, address, program and path. It counts where each of two logs
//! holds it exactly once within a stretch of time: several of a kind cannot be told apart. Times are never put right by what comes of it: it is told, and nothing is said to
//! come before or after by less.
//!
//! Sightings are sampled by a hash of what they are of, so that a request is kept with all logs that hold it, or in none; memory is bounded whatever the logs hold.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    agent,
    event::Event,
    log::{Log, Skew},
};

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;
/// How many sightings are kept.
const MOST: usize = 1 << 16;
/// How many of one kind in one log are.
const MOST_ALIKE: usize = 256;
/// More logs than this hold no request together.
const MOST_LOGS: usize = 4;
/// Fewer requests measure nothing.
const FEWEST: usize = 3;
/// Requests that measure the same do so to this: some logs write when one begins and some when it ends, in microseconds.
const AGREE: i64 = 5_000_000;
/// With how many others a log is compared, those that it shares most requests with.
const MOST_SKEWS: usize = 16;

/// How a request is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum By {
    Id,
    Looks,
}

/// One that is seen no further apart is one and the same, in microseconds: a day with any zone; where others look the same at other times, a zone that is off by two hours.
const FAR: i64 = 26 * 60 * MINUTE;
const NEAR: i64 = 150 * MINUTE;

/// A request in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    key: u64,
    by: By,
    at: i64,
}

impl Sighting {
    /// What `event` can be known again by in another log, where its record names the request so.
    pub(super) fn of(event: &Event, request: Option<&str>) -> impl Iterator<Item = Self> {
        let at = event.at;
        let by_id = request.map(|id| (key(id), By::Id));
        let family = event.agent.as_deref().and_then(agent::family);
        let by_looks = event.source().0.map(|address| (key((event.token, address, &event.action, family)), By::Looks));
        [by_id, by_looks].into_iter().flatten().filter_map(move |(key, by)| Some(Self { key, by, at: at? }))
    }
}

fn key(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Sightings of all logs.
#[derive(Debug)]
pub(super) struct Clocks {
    seen: HashMap<(u64, By), Vec<(u32, i64)>>,
    held: usize,
    most: usize,
    /// Keys above are not kept.
    below: u64,
}

impl Default for Clocks {
    fn default() -> Self {
        Self { seen: HashMap::new(), held: 0, most: MOST, below: u64::MAX }
    }
}

impl Clocks {
    /// Takes what was seen in a log; one log after the other.
    pub(super) fn add(&mut self, log: u32, sightings: &[Sighting]) {
        for sighting in sightings.iter().filter(|sighting| sighting.key <= self.below) {
            let seen = self.seen.entry((sighting.key, sighting.by)).or_default();
            if seen.iter().rev().take_while(|(known, _)| *known == log).count() < MOST_ALIKE {
                seen.push((log, sighting.at));
                self.held += 1;
            }
        }
        while self.held > self.most && self.below > 0 {
            self.below /= 2;
            let below = self.below;
            self.seen.retain(|(key, _), _| *key <= below);
            self.held = self.seen.values().map(Vec::len).sum();
        }
    }

    /// Tells each of `logs` how far its clock is from those of the others.
    pub(super) fn compare(self, logs: &mut [Log]) {
        let mut apart: BTreeMap<(u32, u32), [Vec<i64>; 2]> = BTreeMap::new();
        for ((_, by), mut seen) in self.seen {
            seen.sort_unstable_by_key(|&(log, at)| (at, log));
            let within = if by == By::Id || is_once(&seen) { FAR } else { NEAR };
            for together in seen.chunk_by(|one, next| next.1.saturating_sub(one.1) <= within) {
                for (one, two, ahead) in pairs(together) {
                    apart.entry((one, two)).or_default()[by as usize].push(ahead);
                }
            }
        }
        for ((one, two), [by_id, by_looks]) in apart {
            let measured = offset(by_id).map(|found| (found, true)).or_else(|| Some((offset(by_looks)?, false)));
            let Some(((ahead, requests), by_id)) = measured else { continue };
            tell(logs, (one, two), (ahead, requests, by_id));
            tell(logs, (two, one), (ahead.saturating_neg(), requests, by_id));
        }
        for log in logs {
            log.skews.sort_by_key(|skew| std::cmp::Reverse(skew.requests));
            log.skews.truncate(MOST_SKEWS);
        }
    }
}

fn tell(logs: &mut [Log], (log, other): (u32, u32), (ahead, requests, by_id): (i64, u64, bool)) {
    let Some(name) = logs.get(other as usize).map(|log| log.name.clone()) else { return };
    if let Some(log) = logs.get_mut(log as usize) {
        log.skews.push(Skew { other, name, ahead, requests, by_id });
    }
}

/// The pairs of logs that hold what is seen `together`, and by how much the first is ahead; nothing where one holds it more than once.
fn pairs(together: &[(u32, i64)]) -> Vec<(u32, u32, i64)> {
    if together.len() > MOST_LOGS || !is_once(together) {
        return Vec::new();
    }
    let mut of_logs = together.to_vec();
    of_logs.sort_unstable();
    let pair = |(nth, one): (usize, &(u32, i64))| {
        let one = *one;
        of_logs[nth + 1..].iter().map(move |two| (one.0, two.0, one.1.saturating_sub(two.1))).collect::<Vec<_>>()
    };
    of_logs.iter().enumerate().flat_map(pair).collect()
}

/// Whether each log holds it at most once.
fn is_once(seen: &[(u32, i64)]) -> bool {
    let mut logs: Vec<u32> = seen.iter().map(|(log, _)| *log).collect();
    logs.sort_unstable();
    logs.windows(2).all(|two| two[0] != two[1])
}

/// What most of these agree on, and how many do; nothing where fewer than three in four do.
fn offset(mut apart: Vec<i64>) -> Option<(i64, u64)> {
    apart.sort_unstable();
    let middle = *apart.get(apart.len() / 2)?;
    let agreeing = apart.iter().filter(|one| one.saturating_sub(middle).saturating_abs() <= AGREE).count();
    (agreeing >= FEWEST && agreeing * 4 >= apart.len() * 3).then_some((middle, agreeing as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::samples::event;

    const SECOND: i64 = 1_000_000;

    fn sightings(at: i64, address: &str, action: &str, id: Option<&str>) -> Vec<Sighting> {
        let mut event = event(at * SECOND);
        event.address = Some(address.parse().unwrap());
        event.action = action.into();
        Sighting::of(&event, id).collect()
    }

    fn logs(count: usize) -> Vec<Log> {
        (0..count).map(|nth| Log { name: format!("{nth}.log"), ..Log::default() }).collect()
    }

    fn ahead(logs: &[Log]) -> Vec<Vec<(u32, i64, u64, bool)>> {
        let told = |skew: &Skew| (skew.other, skew.ahead / SECOND, skew.requests, skew.by_id);
        logs.iter().map(|log| log.skews.iter().map(told).collect()).collect()
    }

    #[test]
    fn requests_that_two_logs_hold_tell_how_far_their_clocks_are_apart() {
        let (mut clocks, mut logs) = (Clocks::default(), logs(3));
        for nth in 0..10 {
            let path = format!("GET /{nth}");
            clocks.add(0, &sightings(nth * 60 + 192, "203.0.113.9", &path, None));
        }
        for nth in 0..10 {
            let path = format!("GET /{nth}");
            clocks.add(1, &sightings(nth * 60 + nth % 2, "203.0.113.9", &path, None));
            clocks.add(2, &sightings(nth * 60, "203.0.113.10", &path, None));
        }
        clocks.compare(&mut logs);
        let told = ahead(&logs);
        assert!(matches!(told[0][..], [(1, 191 | 192, 10, false)]), "{told:?}");
        assert!(matches!(told[1][..], [(0, -192 | -191, 10, false)]), "{told:?}");
        assert!(told[2].is_empty(), "another address is another request: {told:?}");
    }

    #[test]
    fn ids_are_known_over_a_zone_and_whatever_else_a_log_says() {
        let (mut clocks, mut logs) = (Clocks::default(), logs(2));
        for nth in 0..4 {
            let id = format!("made-up-request-{nth}");
            clocks.add(0, &sightings(nth + 7 * 3600, "203.0.113.9", "GET /a", Some(&id)));
        }
        for nth in 0..4 {
            let id = format!("made-up-request-{nth}");
            clocks.add(1, &sightings(nth, "10.0.0.1", "/a", Some(&id)));
        }
        clocks.compare(&mut logs);
        assert_eq!(ahead(&logs)[0], [(1, 7 * 3600, 4, true)]);
    }

    #[test]
    fn a_zone_that_is_off_shows_by_looks_where_no_two_requests_look_the_same() {
        let (mut clocks, mut logs) = (Clocks::default(), logs(2));
        for log in 0..2 {
            for nth in 0..20 {
                let at = nth * 3 * 3600 + i64::from(log) * 5 * 3600;
                clocks.add(log, &sightings(at, "203.0.113.9", &format!("GET /{nth}"), None));
                clocks.add(log, &sightings(at, "203.0.113.9", "GET /again", None));
            }
        }
        clocks.compare(&mut logs);
        assert_eq!(ahead(&logs)[1], [(0, 5 * 3600, 20, false)]);
    }

    #[test]
    fn what_cannot_be_told_apart_or_does_not_agree_measures_nothing() {
        let (mut clocks, mut logs) = (Clocks::default(), logs(2));
        for nth in 0..50 {
            // The same each minute, in both.
            clocks.add(0, &sightings(nth * 60 + 20, "203.0.113.9", "GET /a", None));
            // Two servers, each with requests of its own.
            clocks.add(0, &sightings(nth * 36_000, "203.0.113.9", &format!("GET /{nth}"), None));
        }
        for nth in 0..50 {
            clocks.add(1, &sightings(nth * 60, "203.0.113.9", "GET /a", None));
            clocks
                .add(1, &sightings(nth * 36_000 + nth * nth * 40 % 7_000, "203.0.113.9", &format!("GET /{nth}"), None));
        }
        clocks.compare(&mut logs);
        assert_eq!(ahead(&logs), [vec![], vec![]]);
    }

    #[test]
    fn memory_is_bounded_and_what_is_kept_is_kept_in_both() {
        let (mut clocks, mut logs) = (Clocks { most: 200, ..Clocks::default() }, logs(2));
        for log in 0..2 {
            for nth in 0..5_000 {
                let at = nth * 10 + i64::from(log) * 100;
                clocks.add(log, &sightings(at, "203.0.113.9", &format!("GET /{nth}"), None));
                assert!(clocks.held <= 200);
            }
        }
        clocks.compare(&mut logs);
        let [(1, -100, requests, false)] = ahead(&logs)[0][..] else { panic!("{:?}", ahead(&logs)) };
        assert!(requests >= 3);
    }
}
