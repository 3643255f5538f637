//! How a token was used before it leaked: what everything after is compared with.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    follow::{Rate, Turns},
    tally::Tally,
    usage::Use,
};
use crate::trace::{
    event::{Format, Outcome, Persistence},
    places::Network,
};

/// How many networks, programs and countries are told apart.
const MOST: usize = 10_000;
/// How many endpoints, and objects, are.
const MOST_THINGS: usize = 200_000;
/// Fewer uses are no habit.
const FEWEST_USES: u64 = 20;
/// Nor are fewer days.
const FEWEST_DAYS: usize = 3;
/// A day, in microseconds.
const DAY: i64 = 24 * 3_600_000_000;

/// A token's use before it leaked.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) uses: u64,
    pub(super) denied: u64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    days: BTreeSet<i64>,
    pub(super) addresses: Tally<core::net::IpAddr>,
    pub(super) networks: Tally<Network>,
    pub(super) countries: Tally<String>,
    pub(super) families: Tally<String>,
    blocks: Tally<Network>,
    /// Networks of the machines that pass requests on, and of those that they do so for.
    proxies: Tally<Network>,
    clients: Tally<Network>,
    /// Uses that no log says the address of, or the program.
    nowhere: u64,
    nameless: u64,
    /// Kinds of logs that name programs.
    naming: BTreeSet<Format>,
    pub(super) endpoints: Tally<String>,
    objects: Tally<u64>,
    /// Uses in each hour of the day, UTC.
    pub(super) hours: [u64; 24],
    pub(super) rate: Rate,
    pub(super) turns: u64,
    /// By how much clocks of its logs may be wrong, in microseconds.
    pub(super) doubt: i64,
    pub(super) left: BTreeSet<Persistence>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            uses: 0,
            denied: 0,
            first: None,
            last: None,
            days: BTreeSet::new(),
            addresses: Tally::new(MOST),
            networks: Tally::new(MOST),
            countries: Tally::new(MOST),
            families: Tally::new(MOST),
            blocks: Tally::new(MOST),
            proxies: Tally::new(MOST),
            clients: Tally::new(MOST),
            nowhere: 0,
            nameless: 0,
            naming: BTreeSet::new(),
            endpoints: Tally::new(MOST),
            objects: Tally::new(MOST_THINGS),
            hours: [0; 24],
            rate: Rate::default(),
            turns: 0,
            doubt: 0,
            left: BTreeSet::new(),
        }
    }
}

impl Profile {
    /// Takes a use from before the leak. They come in the order of their times.
    pub(super) fn add(&mut self, found: &Use<'_>, turns: &mut Turns) {
        self.uses += 1;
        self.denied += u64::from(found.event.outcome == Outcome::Denied);
        self.first = self.first.or(Some(found.at));
        self.last = Some(found.at);
        if self.days.len() < MOST {
            self.days.insert(found.at.div_euclid(DAY));
        }
        found.address.into_iter().for_each(|address| self.addresses.add(address));
        self.who(found);
        found.place.country.clone().into_iter().for_each(|country| self.countries.add(country));
        self.endpoints.add(found.endpoint.clone());
        found.event.object.as_deref().into_iter().for_each(|object| self.objects.add(number(object)));
        self.hours[hour(found.at)] += 1;
        self.rate.add(found);
        self.doubt = self.doubt.max(found.doubt);
        self.turns += u64::from(turns.takes(found).is_some());
        self.left.extend(found.event.persistence);
    }

    fn who(&mut self, found: &Use<'_>) {
        match found.address {
            Some(address) => self.blocks.add(Network::block(address)),
            None => self.nowhere += 1,
        }
        if let Some(proxy) = found.address.filter(|_| !found.event.forwarded.is_empty()) {
            self.proxies.add(Network::block(proxy));
            found.event.forwarded.iter().for_each(|client| self.clients.add(Network::block(*client)));
        }
        found.who.network.clone().into_iter().for_each(|network| self.networks.add(network));
        if let Some(family) = &found.who.family {
            self.families.add(family.clone());
            self.naming.insert(found.event.format);
        } else {
            self.nameless += 1;
        }
    }

    /// Whether it was surely used from there. That no log says from where is a place of its own.
    pub(super) fn knows_network(&self, network: Option<&Network>) -> bool {
        network.map_or(self.nowhere > 0, |network| self.networks.has(network) || self.blocks.has(network))
    }

    /// Whether it comes from a machine that passed requests on before, and says that it does so for a client that is new. Others may claim what they like.
    pub(super) fn is_passed_on_for_another(&self, found: &Use<'_>) -> bool {
        let is_proxy = found.address.is_some_and(|address| self.proxies.has(&Network::block(address)));
        is_proxy && !found.event.forwarded.iter().all(|client| self.clients.has(&Network::block(*client)))
    }

    /// Where it was used most.
    pub(super) fn most_networks(&self, most: usize) -> Vec<Network> {
        let all = self.networks.first(most).into_iter().chain(self.blocks.first(most));
        all.map(|(network, _)| network).collect()
    }

    /// Whether it was surely not used from there.
    pub(super) fn is_new_network(&self, network: &Network) -> bool {
        !self.networks.may_have(network) && !self.blocks.may_have(network)
    }

    /// Whether it was surely used by that program. That none is named is a program of its own.
    pub(super) fn knows_family(&self, family: Option<&String>) -> bool {
        family.map_or(self.nameless > 0, |family| self.families.has(family))
    }

    /// Whether every use before named its program, in logs of this kind, too.
    pub(super) fn always_named(&self, format: Format) -> bool {
        self.nameless == 0 && self.naming.contains(&format)
    }

    /// On how many days it was used.
    pub(super) fn days(&self) -> usize {
        self.days.len()
    }

    /// Whether it says enough to call anything a habit.
    pub(super) fn is_ample(&self) -> bool {
        self.uses >= FEWEST_USES && self.days.len() >= FEWEST_DAYS
    }

    /// Whether `object` was surely not touched before.
    pub(super) fn is_new_object(&self, object: &str) -> bool {
        !self.objects.may_have(&number(object))
    }

    /// How many objects were touched.
    pub(super) fn objects(&self) -> usize {
        self.objects.len()
    }
}

/// The hour of the day in UTC.
pub(super) fn hour(at: i64) -> usize {
    usize::try_from(at.rem_euclid(DAY) / (DAY / 24)).unwrap_or(0)
}

/// A number that stands for `text`; that of two texts is the same by chance alone.
fn number(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
