//! One use of a token as it is judged: who, from where, at what.
//!
//! A person's provider gives out other addresses every other day, so people are known by provider and country where a database says them. Programs stay where they run, and everybody rents machines of the same few
//! providers: they are known by their block of addresses.

use core::net::IpAddr;

use super::sign::Evidence;
use crate::trace::{
    agent, endpoint,
    event::Event,
    places::{Network, Place, Places},
};

/// A use at a known time.
#[derive(Debug)]
pub(super) struct Use<'e> {
    pub(super) event: &'e Event,
    /// In microseconds since 1970 UTC.
    pub(super) at: i64,
    /// Where it came from.
    pub(super) address: Option<IpAddr>,
    /// Whether the request itself is all that says so.
    pub(super) is_claimed: bool,
    /// Whether the user says that the network is theirs.
    pub(super) is_own: bool,
    /// By how much its log's clock may be wrong, in microseconds.
    pub(super) doubt: i64,
    /// Whether that leaves open if it is before the leak or after it.
    pub(super) is_near_leak: bool,
    pub(super) who: Who,
    pub(super) place: Place,
    pub(super) endpoint: String,
}

/// What one user of a token is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Who {
    pub(super) network: Option<Network>,
    /// The program, without its version.
    pub(super) family: Option<String>,
}

impl<'e> Use<'e> {
    /// What `event`, at the time `at`, is a use of.
    pub(super) fn new(event: &'e Event, at: i64, places: &dyn Places) -> Self {
        let (address, is_claimed) = event.source();
        let place = address.map(|address| places.place(address)).unwrap_or_default();
        let family = event.agent.as_deref().and_then(agent::family);
        let is_person = family.as_deref().is_some_and(agent::is_of_a_person);
        let network =
            address.map(|address| if is_person { Network::of(address, &place) } else { Network::block(address) });
        Self {
            event,
            at,
            address,
            is_claimed,
            is_own: false,
            doubt: 0,
            is_near_leak: false,
            who: Who { network, family },
            place,
            endpoint: endpoint::of(&event.action),
        }
    }

    pub(super) fn evidence(&self) -> Evidence {
        Evidence::of(self.event, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{places::Nowhere, samples::event};

    fn source_of(peer: &str, chain: &[&str]) -> (String, bool) {
        let mut event = event(0);
        event.address = Some(peer.parse().unwrap());
        event.forwarded = chain.iter().map(|address| address.parse().unwrap()).collect();
        let found = Use::new(&event, 0, &Nowhere);
        (found.address.unwrap().to_string(), found.is_claimed)
    }

    #[test]
    fn the_peer_counts_whatever_the_request_claims() {
        assert_eq!(source_of("203.0.113.9", &["198.51.100.1"]), ("203.0.113.9".to_owned(), false));
    }

    #[test]
    fn behind_a_proxy_the_address_that_the_proxy_added_counts() {
        let chain = ["192.0.2.66", "198.51.100.1", "10.0.0.3"];
        assert_eq!(source_of("10.0.0.2", &chain), ("198.51.100.1".to_owned(), true));
        assert_eq!(source_of("10.0.0.2", &["fd00::1"]), ("10.0.0.2".to_owned(), false));
        assert_eq!(source_of("100.64.3.2", &chain).0, "198.51.100.1");
    }
}
