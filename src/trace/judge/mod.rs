//! Tells from a token's uses whether others used it: events in, a judgement out, and no file is touched.
//!
//! Before the leak a profile is learnt; after it every user, known by network and program, is followed and compared with the profile. Signs speak for others (`signs`), and are weighed (`weigh`). What the
//! logs cannot tell is said (`missing`), and no verdict is given for it.

mod actor;
mod clocks;
mod follow;
mod missing;
mod profile;
mod sign;
mod signs;
mod tally;
mod usage;
mod weigh;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use self::{
    actor::Acting,
    follow::{Last, Turns},
    profile::Profile,
    sign::Shown,
    usage::{Use, Who},
    weigh::Known,
};
pub use self::{
    missing::Missing,
    sign::{Evidence, Kind, Sign},
    tally::Timeline,
    weigh::Finding,
};
use super::{
    event::{Event, Token},
    log::Log,
    places::{Block, Network, Place, Places},
};
use crate::rule::{Confidence, names};

/// How many users of one token are told apart; those behind are seen as one.
const MOST_ACTORS: usize = 500;
/// How many of them are told of: those taken for others first.
const MOST_TOLD: usize = 100;
/// How many networks of before the leak are named.
const MOST_NETWORKS: usize = 1_000;
/// How many addresses, endpoints and objects of each are named.
const MOST_NAMED: usize = 20;

/// Whether others used a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Others did.
    UsedByOthers,
    /// Nobody did but those who did before it leaked.
    OnlyAsBefore,
    /// Nobody did since it leaked, in logs that span the exposure.
    NoUse,
    /// These logs do not tell.
    CannotTell,
}

names!(Verdict {
    UsedByOthers = "used by others",
    OnlyAsBefore = "only as before",
    NoUse = "no use in these logs",
    CannotTell = "cannot tell",
});

/// What is known besides the events.
#[derive(Clone, Copy)]
pub struct Case<'c> {
    /// The token.
    pub token: &'c Token,
    /// The logs that were read.
    pub logs: &'c [Log],
    /// What knows where addresses are.
    pub places: &'c dyn Places,
    /// The networks that the user says are theirs.
    pub own: &'c [Block],
    /// The present, in microseconds since 1970 UTC.
    pub now: i64,
}

/// What was found out of one token. Strings are as the logs have them, not escaped.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Whether others used it.
    pub verdict: Verdict,
    /// How sure that is.
    pub sure: Confidence,
    /// What the logs leave open.
    pub missing: Vec<Missing>,
    /// Uses before the leak, and on how many days.
    pub before: (u64, usize),
    /// Who used it: others first, then who was not told apart from them, then by uses; at most 100.
    pub actors: Vec<Actor>,
    /// How many more there were.
    pub more_actors: usize,
    /// The first use after the leak.
    pub first: Option<Evidence>,
    /// Uses after it was revoked, and how many of them were refused.
    pub after_revocation: (u64, u64),
    /// Uses at no known time.
    pub untimed: u64,
    /// Where it was used most before the leak.
    pub networks: Vec<Network>,
}

/// Somebody who used a token, before the leak or after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    /// Where from.
    pub network: Option<Network>,
    /// With what program, without its version.
    pub family: Option<String>,
    /// Where the network was at the first use.
    pub place: Place,
    /// Whether an address of the internet is known of every use after the leak: behind a machine of a private network or a proxy, or where no log names an address, anybody may be.
    pub is_placed: bool,
    /// What they are taken for.
    pub finding: Finding,
    /// How sure that is.
    pub sure: Confidence,
    /// Uses before the leak and after it.
    pub uses: (u64, u64),
    /// How many of those after it were allowed, and refused.
    pub outcomes: (u64, u64),
    /// Bytes that were answered after the leak.
    pub bytes: u64,
    /// The first use after the leak, and the time of the last.
    pub first: Option<Evidence>,
    /// In microseconds since 1970 UTC.
    pub last: Option<i64>,
    /// The addresses that they used after the leak most, and how often.
    pub addresses: Vec<(IpAddr, u64)>,
    /// How many more there were, of those told apart.
    pub more_addresses: usize,
    /// In whose name they used it after the leak most, and how often.
    pub principals: Vec<(Arc<str>, u64)>,
    /// The endpoints that they called after the leak most, and how often.
    pub endpoints: Vec<(String, u64)>,
    /// The objects that they touched after the leak most, and how often.
    pub objects: Vec<(String, u64)>,
    /// What they left behind.
    pub left: Vec<Evidence>,
    /// What speaks for their being others.
    pub signs: Vec<Sign>,
    /// All their uses.
    pub timeline: Timeline,
}

/// Takes the events of one token in the order of their times, and judges them.
pub struct Judge<'c> {
    case: Case<'c>,
    profile: Profile,
    actors: BTreeMap<Who, Acting>,
    turns: Turns,
    last: Option<Last>,
    after: Shown,
    revoked: (u64, u64),
    untimed: u64,
    /// Uses before there was such a token.
    early: u64,
    /// Uses of which clocks leave open whether they are before the leak, and by how much those may be wrong.
    near: (u64, i64),
    /// Uses after the leak by users that were not told apart.
    crowd: u64,
    /// The last use after the leak by who used it before.
    last_known: Option<i64>,
}

impl std::fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Judge({} actors)", self.actors.len())
    }
}

impl<'c> Judge<'c> {
    /// Of one token.
    pub fn new(case: Case<'c>) -> Self {
        Self {
            case,
            profile: Profile::default(),
            actors: BTreeMap::new(),
            turns: Turns::default(),
            last: None,
            after: Shown::default(),
            revoked: (0, 0),
            untimed: 0,
            early: 0,
            near: (0, 0),
            crowd: 0,
            last_known: None,
        }
    }

    /// Takes an event of the token. Those without a time may come whenever they like.
    pub fn add(&mut self, event: &Event) {
        let Some(at) = event.at else {
            self.untimed += 1;
            return;
        };
        let mut found = Use::new(event, at, self.case.places);
        found.is_own = found.address.is_some_and(|address| self.case.own.iter().any(|block| block.holds(address)));
        found.doubt = self.case.doubt(event.origin.log);
        found.is_near_leak = self.case.is_near_leak(&found);
        if self.case.is_too_early(&found) {
            self.early += 1;
            return;
        }
        let is_before = self.case.is_before(&found);
        if !self.actors.contains_key(&found.who) && self.actors.len() >= MOST_ACTORS {
            found.who = Who::default();
            self.crowd += u64::from(!is_before);
        }
        let acting = self.actors.entry(found.who.clone()).or_insert_with(|| Acting::new(&found));
        acting.timeline.add(at);
        if is_before {
            acting.before += 1;
            self.profile.add(&found, &mut self.turns);
        } else {
            let is_revoked = self.case.is_revoked(&found);
            acting.add(&found, &self.profile, is_revoked);
            self.after(&found, is_revoked);
        }
        self.go(&found, is_before);
    }

    fn after(&mut self, found: &Use<'_>, is_revoked: bool) {
        self.after.add(|| found.evidence());
        if found.is_near_leak {
            self.near = (self.near.0 + 1, self.near.1.max(found.doubt));
        }
        if is_revoked {
            self.revoked.0 += 1;
            self.revoked.1 += u64::from(found.event.outcome == super::event::Outcome::Denied);
        }
        if self.is_known(&found.who) && self.profile.knows_family(found.who.family.as_ref()) {
            self.last_known = Some(found.at);
        }
        let Some(between) = self.turns.takes(found) else { return };
        let who = self.newer(&between, &found.who).clone();
        let is_in_order = self.case.is_in_order(found.event.origin.log);
        self.actors.entry(who).and_modify(|acting| acting.turn(found, is_in_order));
    }

    /// Compares the place of `found` with the one before it.
    fn go(&mut self, found: &Use<'_>, is_before: bool) {
        let Some(here) = Last::of(found) else { return };
        if let Some(last) = self.last.take().filter(|_| !is_before) {
            let who = self.newer(&last.who, &here.who).clone();
            if !self.is_known(&who) {
                let slack = self.case.slack(last.log, here.log);
                self.actors.entry(who).and_modify(|acting| last.jump(&here, slack, &mut acting.jumps));
            }
        }
        self.last = Some(here);
    }

    /// The one of two users that was not known before the leak; of two such, the second.
    fn newer<'w>(&self, one: &'w Who, two: &'w Who) -> &'w Who {
        if self.is_known(two) && !self.is_known(one) { one } else { two }
    }

    fn is_known(&self, who: &Who) -> bool {
        self.profile.knows_network(who.network.as_ref())
    }

    /// What all of it comes to.
    pub fn finish(self) -> Judgement {
        let Self { case, profile, actors, after, revoked, untimed, early, near, crowd, last_known, .. } = self;
        let mut actors: Vec<Actor> = actors.into_values().map(|acting| actor(acting, &profile, last_known)).collect();
        actors.sort_by(|a, b| a.finding.cmp(&b.finding).then_with(|| b.uses.1.cmp(&a.uses.1)));
        let mut missing = missing::of(case, &profile, untimed);
        missing.extend((early > 0).then_some(Missing::Early(early)));
        missing.extend((near.0 > 0).then_some(Missing::Near(near.0, near.1)));
        missing.extend(left_open(&actors, crowd));
        let others = actors.iter().filter(|actor| actor.finding == Finding::Other).map(|actor| actor.sure).max();
        let (verdict, sure) = match others {
            Some(sure) => (Verdict::UsedByOthers, sure),
            None if missing.iter().any(|missing| missing.counts(after.count)) => (Verdict::CannotTell, Confidence::Low),
            None if after.count == 0 => (Verdict::NoUse, Confidence::High),
            None => (Verdict::OnlyAsBefore, Confidence::Medium),
        };
        let before = (profile.uses, profile.days());
        let first = after.first.into_iter().next();
        let networks = profile.most_networks(MOST_NETWORKS);
        let more_actors = actors.len().saturating_sub(MOST_TOLD);
        actors.truncate(MOST_TOLD);
        Judgement {
            verdict,
            sure,
            missing,
            before,
            actors,
            more_actors,
            first,
            after_revocation: revoked,
            untimed,
            networks,
        }
    }
}

/// What its users leave open.
fn left_open(actors: &[Actor], crowd: u64) -> impl Iterator<Item = Missing> {
    let count = |is_so: fn(Finding) -> bool| actors.iter().filter(|actor| is_so(actor.finding)).count();
    let is_hidden = |actor: &&Actor| !actor.is_placed && actor.finding == Finding::Unclear;
    let hidden: u64 = actors.iter().filter(is_hidden).map(|actor| actor.uses.1).sum();
    let unclear = count(|finding| finding == Finding::Unclear);
    let new = count(|finding| !matches!(finding, Finding::Other | Finding::Unclear | Finding::Own | Finding::Before));
    [
        (unclear > 0).then_some(Missing::Unclear(unclear)),
        (hidden > 0).then_some(Missing::Hidden(hidden)),
        (new > 0).then_some(Missing::New(new)),
        (crowd > 0).then_some(Missing::Crowd(crowd)),
    ]
    .into_iter()
    .flatten()
}

/// What a user is taken for.
fn actor(acting: Acting, profile: &Profile, last_known: Option<i64>) -> Actor {
    let Who { network, family } = acting.who.clone();
    let known = Known {
        network: profile.knows_network(network.as_ref()),
        family: profile.knows_family(family.as_ref()),
        name: family.as_deref(),
        is_own: acting.is_own,
        is_compared: profile.uses > 0,
        takes_over: last_known.is_some_and(|last| acting.takes_over(last)),
        only_subject: acting.only_subject,
        is_ample: profile.is_ample(),
        is_placed: acting.is_placed,
    };
    let signs = if acting.after.count == 0 { Vec::new() } else { signs::of(&acting, profile) };
    let (finding, sure) = match acting.after.count {
        0 => (Finding::Before, Confidence::High),
        _ => weigh::finding(known, &signs),
    };
    let sure = if acting.is_near_leak && acting.after.count > 0 { sure.min(Confidence::Medium) } else { sure };
    Actor {
        network,
        family,
        place: acting.place,
        is_placed: acting.is_placed,
        finding,
        sure,
        uses: (acting.before, acting.after.count),
        outcomes: (acting.allowed, acting.denied),
        bytes: acting.bytes,
        first: acting.after.first.into_iter().next(),
        last: acting.last,
        addresses: acting.addresses.first(MOST_NAMED),
        more_addresses: acting.addresses.len().saturating_sub(MOST_NAMED),
        principals: acting.principals.first(MOST_NAMED),
        endpoints: acting.endpoints.first(MOST_NAMED),
        objects: acting.objects.first(MOST_NAMED),
        left: acting.left.first,
        signs,
        timeline: acting.timeline,
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
