//! What else was done by those who are new to a token: from their addresses with other credentials, and in the name of its principals from elsewhere.
//!
//! Logs are read a second time for that. What the owner did where they were before is left out, and so is what came before the leak. Everything is
//! bounded: addresses and principals asked for, those told apart, and what is told of each.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use super::{
    event::{Event, Outcome, Token},
    judge::{Evidence, Finding, Judgement},
    places::{Network, Places},
    search::Wanted,
};
use crate::rule::names;

/// How many addresses are asked for, over all tokens.
const MOST_ADDRESSES: usize = 200;
/// How many principals are.
const MOST_PRINCIPALS: usize = 50;
/// How many are told apart for each token.
const MOST: usize = 50;
/// How many events of each are told, and how many things that it left behind.
const MOST_TOLD: usize = 5;

/// What somebody shares with those who used a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shared {
    /// The address of a user who is new since the leak.
    Address,
    /// The account that the token is of, from a network that did not use the token before the leak.
    Principal,
}

names!(Shared { Address = "address", Principal = "principal" });

/// What one principal did from one address, without the token. Strings are as the logs have them, not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Why it is told of.
    pub shared: Shared,
    /// Where from.
    pub address: Option<IpAddr>,
    /// In whose name.
    pub principal: Option<Arc<str>>,
    /// How many acts.
    pub acts: u64,
    /// How many were allowed, and refused.
    pub outcomes: (u64, u64),
    /// The first acts, at most five.
    pub first: Vec<Evidence>,
    /// When the last one was, in microseconds since 1970 UTC.
    pub last: Option<i64>,
    /// What it left behind, at most five.
    pub left: Vec<Evidence>,
}

/// What was done besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// By whom, of each token in the order of them.
    pub beside: Vec<Vec<Beside>>,
    /// How many acts are of those that are too many to be told apart.
    pub left_out: u64,
}

/// Who is to be asked for, of each token.
#[derive(Debug)]
pub struct Asked {
    /// All of them, for a search.
    pub wanted: Wanted,
    /// How many addresses and principals are not asked for, since there are too many.
    pub left_out: usize,
    suspects: Vec<Suspects>,
}

/// Those of one token.
#[derive(Debug, Default)]
struct Suspects {
    leaked_at: i64,
    addresses: BTreeSet<IpAddr>,
    principals: BTreeSet<Arc<str>>,
    /// Where it was used before the leak.
    known: BTreeSet<Network>,
    /// How many addresses and users a judgement does not name.
    unnamed: usize,
}

impl Asked {
    /// After what these judgements of `tokens` leave to ask.
    pub fn of(tokens: &[Token], judgements: &[Judgement]) -> Self {
        let mut asked = Self { wanted: Wanted::default(), left_out: 0, suspects: Vec::new() };
        for (token, judgement) in tokens.iter().zip(judgements) {
            let suspects = token
                .leaked_at
                .filter(|_| judgement.before.0 > 0)
                .map(|leaked_at| Suspects { leaked_at, ..Suspects::of(judgement) });
            let suspects = asked.bounded(suspects.unwrap_or_default());
            asked.suspects.push(suspects);
        }
        asked
    }

    /// As many of these as may yet be asked for.
    fn bounded(&mut self, mut suspects: Suspects) -> Suspects {
        let Self { wanted, left_out, .. } = self;
        *left_out += suspects.unnamed;
        suspects.addresses.retain(|address| {
            let is_asked = wanted.addresses.contains(address) || wanted.addresses.len() < MOST_ADDRESSES;
            *left_out += usize::from(!is_asked);
            wanted.addresses.extend(is_asked.then_some(*address));
            is_asked
        });
        suspects.principals.retain(|principal| {
            let is_asked = wanted.principals.contains(principal) || wanted.principals.len() < MOST_PRINCIPALS;
            *left_out += usize::from(!is_asked);
            wanted.principals.extend(is_asked.then(|| principal.clone()));
            is_asked
        });
        suspects
    }

    /// Whether anybody is asked for.
    pub fn is_empty(&self) -> bool {
        self.wanted.addresses.is_empty() && self.wanted.principals.is_empty()
    }

    /// Whether `event`, of none of the tokens, is one that is asked for.
    pub fn wants(&self, event: &Event, places: &dyn Places) -> bool {
        event.token.is_none() && self.suspects.iter().any(|suspects| suspects.share(event, places).is_some())
    }

    /// What `events` tell. They come in the order of their times.
    ///
    /// # Errors
    /// Those of `events`.
    pub fn told<E>(&self, events: impl Iterator<Item = Result<Event, E>>, places: &dyn Places) -> Result<Told, E> {
        let mut told: Vec<BTreeMap<_, Beside>> = vec![BTreeMap::new(); self.suspects.len()];
        let mut left_out = 0;
        for event in events {
            let event = event?;
            for (suspects, told) in self.suspects.iter().zip(&mut told) {
                let Some(shared) = suspects.share(&event, places) else { continue };
                let who = (shared, event.source().0, event.principal.clone());
                if told.len() < MOST || told.contains_key(&who) {
                    told.entry(who).or_insert_with_key(Beside::new).add(&event);
                } else {
                    left_out += 1;
                }
            }
        }
        Ok(Told { beside: told.into_iter().map(|told| told.into_values().collect()).collect(), left_out })
    }
}

impl Suspects {
    fn of(judgement: &Judgement) -> Self {
        let is_new = |finding: Finding| !matches!(finding, Finding::Before | Finding::Own);
        let new: Vec<_> = judgement.actors.iter().filter(|actor| actor.uses.1 > 0 && is_new(actor.finding)).collect();
        if new.is_empty() {
            return Self::default();
        }
        let principals = judgement.actors.iter().flat_map(|actor| &actor.principals);
        // Those who are new come first: where the last of those named is, so are more behind.
        let is_last_new = judgement.actors.last().is_some_and(|actor| is_new(actor.finding));
        let unnamed: usize = new.iter().map(|actor| actor.more_addresses).sum();
        Self {
            leaked_at: 0,
            addresses: new.iter().flat_map(|actor| &actor.addresses).map(|(address, _)| *address).collect(),
            principals: principals.map(|(principal, _)| principal.clone()).collect(),
            known: judgement.networks.iter().cloned().collect(),
            unnamed: unnamed + if is_last_new { judgement.more_actors } else { 0 },
        }
    }

    /// What `event` shares with them, if it is after the leak and not the owner's as before.
    fn share(&self, event: &Event, places: &dyn Places) -> Option<Shared> {
        event.at.filter(|at| *at >= self.leaked_at)?;
        let address = event.source().0;
        if address.is_some_and(|address| self.addresses.contains(&address)) {
            return Some(Shared::Address);
        }
        event.principal.as_ref().filter(|principal| self.principals.contains(*principal))?;
        let place = |address| places.place(address);
        let is_known = |address: IpAddr| {
            self.known.contains(&Network::block(address)) || self.known.contains(&Network::of(address, &place(address)))
        };
        address.is_some_and(|address| !is_known(address)).then_some(Shared::Principal)
    }
}

impl Beside {
    fn new((shared, address, principal): &(Shared, Option<IpAddr>, Option<Arc<str>>)) -> Self {
        Self {
            shared: *shared,
            address: *address,
            principal: principal.clone(),
            acts: 0,
            outcomes: (0, 0),
            first: Vec::new(),
            last: None,
            left: Vec::new(),
        }
    }

    fn add(&mut self, event: &Event) {
        let evidence = || Evidence::of(event, event.source().0);
        self.acts += 1;
        self.outcomes.0 += u64::from(event.outcome == Outcome::Allowed);
        self.outcomes.1 += u64::from(event.outcome == Outcome::Denied);
        self.last = event.at;
        if self.first.len() < MOST_TOLD {
            self.first.push(evidence());
        }
        if event.persistence.is_some() && event.outcome != Outcome::Denied && self.left.len() < MOST_TOLD {
            self.left.push(evidence());
        }
    }
}
