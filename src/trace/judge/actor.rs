//! One user of a token, known by network and program, and what was seen of it.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use super::{
    follow::{Jumps, Probe, Rate},
    profile::{self, Profile},
    sign::Shown,
    tally::{Tally, Timeline},
    usage::{Use, Who},
};
use crate::trace::{
    event::{Format, Matched, Outcome, Persistence, is_public},
    places::Place,
};

/// How many things of a kind are told apart.
const MOST: usize = 1_000;

/// In microseconds.
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Who uses it on so many days, from when those of before no more do, takes over from them.
const TAKE_OVER_DAYS: usize = 3;
/// How many principals are: a token is of one, or of few.
const MOST_PRINCIPALS: usize = 20;

/// What is followed of one user of a token.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Acting {
    pub(super) who: Who,
    pub(super) place: Place,
    pub(super) is_claimed: bool,
    /// The kind of log that tells of its first use.
    pub(super) format: Format,
    /// Whether the user says that the network is theirs.
    pub(super) is_own: bool,
    pub(super) before: u64,
    pub(super) after: Shown,
    pub(super) last: Option<i64>,
    /// The days on which it used the token, the first few.
    days: BTreeSet<i64>,
    pub(super) allowed: u64,
    pub(super) denied: u64,
    pub(super) bytes: u64,
    /// Whether clocks leave open of every use after the leak if it was before.
    pub(super) is_near_leak: bool,
    /// Whether every use after the leak is from an address of the internet, and not from a proxy's for a client that is new.
    pub(super) is_placed: bool,
    /// By how much clocks of its logs may be wrong, in microseconds.
    pub(super) doubt: i64,
    /// Whether every use was known by its subject alone, as another token's would be.
    pub(super) only_subject: bool,
    pub(super) addresses: Tally<IpAddr>,
    pub(super) principals: Tally<Arc<str>>,
    pub(super) endpoints: Tally<String>,
    pub(super) new_endpoints: Tally<String>,
    pub(super) at_new_endpoints: Shown,
    pub(super) objects: Tally<String>,
    pub(super) new_objects: Tally<String>,
    pub(super) at_new_objects: Shown,
    pub(super) hours: [u64; 24],
    pub(super) rate: Rate,
    pub(super) jumps: Jumps,
    pub(super) turns: Shown,
    /// Whether the order of all those is known.
    pub(super) are_turns_in_order: bool,
    pub(super) probe: Probe,
    pub(super) revoked: Shown,
    pub(super) refused: u64,
    pub(super) left: Shown,
    pub(super) left_kinds: BTreeSet<Persistence>,
    pub(super) timeline: Timeline,
}

impl Acting {
    pub(super) fn new(found: &Use<'_>) -> Self {
        Self {
            who: found.who.clone(),
            place: found.place.clone(),
            is_claimed: found.is_claimed,
            format: found.event.format,
            is_own: true,
            before: 0,
            after: Shown::default(),
            last: None,
            days: BTreeSet::new(),
            allowed: 0,
            denied: 0,
            bytes: 0,
            only_subject: true,
            addresses: Tally::new(MOST),
            principals: Tally::new(MOST_PRINCIPALS),
            endpoints: Tally::new(MOST),
            new_endpoints: Tally::new(MOST),
            at_new_endpoints: Shown::default(),
            objects: Tally::new(MOST),
            new_objects: Tally::new(MOST),
            at_new_objects: Shown::default(),
            hours: [0; 24],
            rate: Rate::default(),
            jumps: Jumps::default(),
            turns: Shown::default(),
            are_turns_in_order: true,
            is_near_leak: true,
            is_placed: true,
            doubt: 0,
            probe: Probe::default(),
            revoked: Shown::default(),
            refused: 0,
            left: Shown::default(),
            left_kinds: BTreeSet::new(),
            timeline: Timeline::default(),
        }
    }

    /// Takes a use from after the leak; `is_revoked`, where the token worked no more.
    pub(super) fn add(&mut self, found: &Use<'_>, profile: &Profile, is_revoked: bool) {
        let event = found.event;
        self.after.add(|| found.evidence());
        self.last = Some(found.at);
        if self.days.len() < TAKE_OVER_DAYS {
            self.days.insert(found.at.div_euclid(DAY));
        }
        self.is_own &= found.is_own;
        self.is_placed &= found.address.is_some_and(is_public) && !profile.is_passed_on_for_another(found);
        self.is_near_leak &= found.is_near_leak;
        self.doubt = self.doubt.max(found.doubt);
        self.allowed += u64::from(event.outcome == Outcome::Allowed);
        self.denied += u64::from(event.outcome == Outcome::Denied);
        self.bytes = self.bytes.saturating_add(event.bytes.unwrap_or(0));
        self.only_subject &= event.matched == Some(Matched::Subject);
        found.address.into_iter().for_each(|address| self.addresses.add(address));
        event.principal.clone().into_iter().for_each(|principal| self.principals.add(principal));
        self.hours[profile::hour(found.at)] += 1;
        self.rate.add(found);
        self.probe.add(found);
        self.touch(found, profile);
        if is_revoked {
            self.revoked.add(|| found.evidence());
            self.refused += u64::from(event.outcome == Outcome::Denied);
        }
        if let Some(kind) = event.persistence.filter(|_| event.outcome != Outcome::Denied) {
            self.left.add(|| found.evidence());
            self.left_kinds.insert(kind);
        }
    }

    /// Takes a turn with another user; whether the order within its log is known.
    pub(super) fn turn(&mut self, found: &Use<'_>, is_in_order: bool) {
        self.turns.add(|| found.evidence());
        self.are_turns_in_order &= is_in_order;
    }

    /// Whether it begins where those of before end, at `last`, and goes on for days.
    pub(super) fn takes_over(&self, last: i64) -> bool {
        let first = self.after.first.first().and_then(|first| first.at);
        let gap = first.map(|first| first.saturating_sub(last));
        self.days.len() >= TAKE_OVER_DAYS && gap.is_some_and(|gap| (-HOUR..=DAY).contains(&gap))
    }

    fn touch(&mut self, found: &Use<'_>, profile: &Profile) {
        self.endpoints.add(found.endpoint.clone());
        if !profile.endpoints.may_have(&found.endpoint) {
            self.new_endpoints.add(found.endpoint.clone());
            self.at_new_endpoints.add(|| found.evidence());
        }
        let Some(object) = found.event.object.as_deref() else { return };
        self.objects.add(object.to_owned());
        if profile.is_new_object(object) {
            self.new_objects.add(object.to_owned());
            self.at_new_objects.add(|| found.evidence());
        }
    }
}
