//! What makes one think that others used a token: a sign, the events that show it, and how sure it is.

use std::{net::IpAddr, sync::Arc};

use crate::{
    rule::{Confidence, names},
    trace::event::{Event, Origin, Outcome, Persistence},
};

/// How many events a sign names at most.
pub(super) const MOST_EVIDENCE: usize = 5;

/// Something that speaks for others, and the events that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// What it is.
    pub kind: Kind,
    /// How sure it is that this is what it looks like, before anything innocent is thought of.
    pub sure: Confidence,
    /// What was seen, with its numbers, as a sentence. It holds strings of the logs, not escaped.
    pub text: String,
    /// The first events that show it, at most five.
    pub evidence: Vec<Evidence>,
}

/// Kinds of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A network never seen before the leak.
    NewNetwork,
    /// A country never seen before the leak.
    NewCountry,
    /// Two places further apart than anybody gets in the time between.
    ImpossibleTravel,
    /// Two networks that take turns within minutes.
    TwoPlaces,
    /// A program never seen before the leak.
    NewAgent,
    /// Hours at which it was not used before.
    OddHours,
    /// Many more uses, or bytes, an hour than before.
    Burst,
    /// A use when it worked no more.
    AfterRevocation,
    /// Many more endpoints an hour than before.
    Breadth,
    /// Endpoints never called before.
    NewEndpoints,
    /// Objects never touched before.
    NewObjects,
    /// A small call, then denied ones, then success.
    Probing,
    /// Something left behind that outlives the token.
    Persistence,
}

names!(Kind {
    NewNetwork = "new-network",
    NewCountry = "new-country",
    ImpossibleTravel = "impossible-travel",
    TwoPlaces = "two-places",
    NewAgent = "new-agent",
    OddHours = "odd-hours",
    Burst = "burst",
    AfterRevocation = "after-revocation",
    Breadth = "breadth",
    NewEndpoints = "new-endpoints",
    NewObjects = "new-objects",
    Probing = "probing",
    Persistence = "persistence",
});

/// What a sign is about. Signs of one aspect tend to have one cause, so they count once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Aspect {
    Where,
    Who,
    When,
    What,
}

impl Kind {
    /// What it is about.
    pub(super) fn aspect(self) -> Aspect {
        match self {
            Self::NewNetwork | Self::NewCountry | Self::ImpossibleTravel | Self::TwoPlaces => Aspect::Where,
            Self::NewAgent => Aspect::Who,
            Self::OddHours | Self::Burst | Self::AfterRevocation => Aspect::When,
            Self::Breadth | Self::NewEndpoints | Self::NewObjects | Self::Probing | Self::Persistence => Aspect::What,
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::NewNetwork => "a network never seen before the leak",
            Self::NewCountry => "a country never seen before the leak",
            Self::ImpossibleTravel => "impossible travel",
            Self::TwoPlaces => "two places at once",
            Self::NewAgent => "another program",
            Self::OddHours => "hours unlike those before the leak",
            Self::Burst => "a burst",
            Self::AfterRevocation => "used after it was revoked",
            Self::Breadth => "many endpoints at once",
            Self::NewEndpoints => "endpoints never called before",
            Self::NewObjects => "objects never touched before",
            Self::Probing => "probing",
            Self::Persistence => "something left behind",
        }
    }
}

/// One event, as far as a person needs it. Strings are as the log has them, not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// When, in microseconds since 1970 UTC.
    pub at: Option<i64>,
    /// Where it was read.
    pub origin: Origin,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// The user agent.
    pub agent: Option<Arc<str>>,
    /// What was done.
    pub action: Arc<str>,
    /// What to.
    pub object: Option<Arc<str>>,
    /// What came of it.
    pub outcome: Outcome,
    /// What it leaves behind.
    pub persistence: Option<Persistence>,
}

impl Evidence {
    pub(in crate::trace) fn of(event: &Event, address: Option<IpAddr>) -> Self {
        Self {
            at: event.at,
            origin: event.origin,
            address,
            agent: event.agent.clone(),
            action: event.action.clone(),
            object: event.object.clone(),
            outcome: event.outcome,
            persistence: event.persistence,
        }
    }
}

/// The first few events that show something, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) count: u64,
    pub(super) first: Vec<Evidence>,
}

impl Shown {
    pub(super) fn add(&mut self, evidence: impl FnOnce() -> Evidence) {
        self.count += 1;
        if self.first.len() < MOST_EVIDENCE {
            self.first.push(evidence());
        }
    }
}

/// One level less sure.
pub(super) fn lowered(sure: Confidence) -> Confidence {
    match sure {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}

/// `3 uses`, `1 use`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
