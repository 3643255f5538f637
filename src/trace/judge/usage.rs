//! One use of a token as it is judged: who, from where, at what.
//!
//! The address that the server saw counts. What the request says of where it came from can be forged, so it is heard only where the server saw nothing but a machine of its own network, and then the last
//! public address of the chain is taken, which that machine added; everything that rests on it is less sure.

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
        let (address, is_claimed) = source(event);
        let place = address.map(|address| places.place(address)).unwrap_or_default();
        let network = address.map(|address| Network::of(address, &place));
        let family = event.agent.as_deref().and_then(agent::family);
        Self {
            event,
            at,
            address,
            is_claimed,
            who: Who { network, family },
            place,
            endpoint: endpoint::of(&event.action),
        }
    }

    pub(super) fn evidence(&self) -> Evidence {
        Evidence::of(self.event, self.address)
    }
}

/// Where a request came from, and whether only the request says so.
fn source(event: &Event) -> (Option<IpAddr>, bool) {
    let peer = event.address.map(|peer| peer.to_canonical());
    if peer.is_some_and(is_public) {
        return (peer, false);
    }
    let claimed = event.forwarded.iter().rev().map(IpAddr::to_canonical).find(|&address| is_public(address));
    claimed.map_or((peer, false), |claimed| (Some(claimed), true))
}

/// Whether an address is one that the whole internet reaches (RFC 6890), roughly: documentation's addresses count as public.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{judge::samples::event, places::Nowhere};

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
