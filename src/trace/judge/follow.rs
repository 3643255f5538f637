//! What has to be followed from use to use: rates, turns of networks, jumps between places, and probing.

use std::collections::HashMap;

use super::{
    sign::{Evidence, Shown},
    tally::Tally,
    usage::{Use, Who},
};
use crate::trace::{
    event::Outcome,
    places::{Coordinates, Network},
};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
/// How many endpoints of an hour are told apart.
const MOST_ENDPOINTS: usize = 10_000;
/// Faster than any aircraft that carries passengers, in kilometres an hour.
const FASTEST: f64 = 1_000.0;
/// Nearer places say nothing: databases are that wrong.
const NEAREST: f64 = 500.0;
/// How soon turns follow each other.
const TURN: i64 = 30 * MINUTE;
/// So many refusals are no slip.
const REFUSALS: u64 = 3;

/// The most that happened within one hour of the clock.
#[derive(Debug)]
pub(super) struct Rate {
    pub(super) uses: u64,
    pub(super) bytes: u64,
    pub(super) endpoints: usize,
    hour: i64,
    now: (u64, u64),
    seen: Tally<String>,
}

impl Default for Rate {
    fn default() -> Self {
        Self { uses: 0, bytes: 0, endpoints: 0, hour: i64::MIN, now: (0, 0), seen: Tally::new(MOST_ENDPOINTS) }
    }
}

impl Rate {
    pub(super) fn add(&mut self, found: &Use<'_>) {
        let hour = found.at.div_euclid(HOUR);
        if hour != self.hour {
            (self.hour, self.now) = (hour, (0, 0));
            self.seen.clear();
        }
        self.now.0 += 1;
        self.now.1 = self.now.1.saturating_add(found.event.bytes.unwrap_or(0));
        self.seen.add(found.endpoint.clone());
        self.uses = self.uses.max(self.now.0);
        self.bytes = self.bytes.max(self.now.1);
        self.endpoints = self.endpoints.max(self.seen.len());
    }
}

/// Networks that take turns, in each log by itself: clocks of two need not agree.
#[derive(Debug, Default)]
pub(super) struct Turns(HashMap<u32, [Option<Turn>; 2]>);

/// Who was last seen in a network, and when.
type Turn = (Who, Network, i64);

impl Turns {
    /// Who was between this use and an earlier one from its network, if anybody was.
    pub(super) fn takes(&mut self, found: &Use<'_>) -> Option<Who> {
        let network = found.who.network.clone()?;
        let log = self.0.entry(found.event.origin.log).or_default();
        let here = Some((found.who.clone(), network.clone(), found.at));
        if log[1].as_ref().is_some_and(|last| last.1 == network) {
            log[1] = here;
            return None;
        }
        let is_back =
            log[0].as_ref().is_some_and(|(_, before, at)| *before == network && found.at.saturating_sub(*at) <= TURN);
        log.swap(0, 1);
        log[1] = here;
        // One device may have an address of each version at the same time.
        let between = log[0].as_ref().filter(|between| is_back && is_v4(&between.1) == is_v4(&network));
        between.map(|between| between.0.clone())
    }
}

/// Whether a network is one of IPv4; a system is of both.
fn is_v4(network: &Network) -> Option<bool> {
    match network {
        Network::System(..) => None,
        Network::Block(address) => Some(address.is_ipv4()),
    }
}

/// Jumps between places.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    pub(super) shown: Shown,
    /// The furthest: kilometres and minutes.
    pub(super) furthest: Option<(f64, i64)>,
}

impl Jumps {
    fn add(&mut self, kilometres: f64, minutes: i64, evidence: [Evidence; 2]) {
        let [from, to] = evidence;
        if self.shown.first.len() < 4 {
            self.shown.first.push(from);
        }
        self.shown.add(|| to);
        if self.furthest.is_none_or(|(furthest, _)| kilometres > furthest) {
            self.furthest = Some((kilometres, minutes));
        }
    }
}

/// The last use at a known place.
#[derive(Debug)]
pub(super) struct Last {
    at: i64,
    pub(super) log: u32,
    point: Coordinates,
    pub(super) who: Who,
    evidence: Evidence,
}

impl Last {
    pub(super) fn of(found: &Use<'_>) -> Option<Self> {
        let evidence = found.evidence();
        let point = found.place.at?;
        Some(Self { at: found.at, log: found.event.origin.log, point, who: found.who.clone(), evidence })
    }

    /// Counts the way from here to `next` in `jumps`, if nobody gets there in that time, which may be wrong by `slack` microseconds.
    pub(super) fn jump(&self, next: &Self, slack: i64, jumps: &mut Jumps) {
        let kilometres = self.point.surely_apart(&next.point);
        let micros = next.at.saturating_sub(self.at);
        let minutes = micros / MINUTE;
        #[expect(clippy::cast_precision_loss, reason = "a time that long is no jump")]
        let hours = micros.saturating_add(slack) as f64 / HOUR as f64;
        if kilometres >= NEAREST && kilometres > hours * FASTEST {
            jumps.add(kilometres, minutes, [self.evidence.clone(), next.evidence.clone()]);
        }
    }
}

/// A small call, then refusals, then success, within an hour.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// What was seen so far, since when.
    now: Option<(i64, Shown)>,
    pub(super) refused: u64,
    /// The first time that all of it was seen.
    pub(super) shown: Option<Shown>,
    /// Whether one log tells of all of it: the order of what two tell is not known to the minute.
    pub(super) is_of_one_log: bool,
    log: u32,
}

impl Probe {
    pub(super) fn add(&mut self, found: &Use<'_>) {
        if self.shown.is_some() {
            return;
        }
        let is_denied = found.event.outcome == Outcome::Denied;
        let is_late = self.now.as_ref().is_none_or(|(since, _)| found.at.saturating_sub(*since) > HOUR);
        if is_late || !is_denied && self.refused == 0 {
            (self.now, self.refused) = (Some((found.at, Shown::default())), 0);
        }
        let log = found.event.origin.log;
        let Some((_, shown)) = &mut self.now else { return };
        self.is_of_one_log = shown.count == 0 || self.is_of_one_log && self.log == log;
        self.log = log;
        shown.add(|| found.evidence());
        self.refused += u64::from(is_denied);
        if found.event.outcome == Outcome::Allowed && self.refused >= REFUSALS {
            self.shown = self.now.take().map(|(_, shown)| shown);
        } else if found.event.outcome == Outcome::Allowed {
            (self.now, self.refused) = (Some((found.at, Shown { count: 1, first: vec![found.evidence()] })), 0);
            self.is_of_one_log = true;
        }
    }
}
