//! Where an address is, and how far two places are apart.
//!
//! What knows it implements [`Places`]: databases that the user gives (`mmdb`), or a table in a test. Judging asks through the trait alone, so it needs no file.

use std::{fmt, net::IpAddr};

/// The mean radius of the earth, in kilometres (IUGG R1).
const EARTH: f64 = 6371.009;

/// Where an address is, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The country's code of two letters (ISO 3166-1).
    pub country: Option<String>,
    /// The city's English name.
    pub city: Option<String>,
    /// Where on earth.
    pub at: Option<Coordinates>,
    /// The autonomous system that announces it.
    pub system: Option<System>,
}

/// A point on earth, as exact as its source says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// In degrees, north positive.
    pub latitude: f64,
    /// In degrees, east positive.
    pub longitude: f64,
    /// How far off it may be, in kilometres; 0 where that is not said.
    pub radius: u16,
}

/// A network that routes for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Its number (ASN).
    pub number: u32,
    /// Who runs it.
    pub organisation: Option<String>,
}

/// What knows where addresses are.
pub trait Places {
    /// Where `address` is. The same address is always at the same place.
    fn place(&self, address: IpAddr) -> Place;
}

/// Knows no place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Places for Nowhere {
    fn place(&self, _: IpAddr) -> Place {
        Place::default()
    }
}

impl Coordinates {
    /// How far `other` is along the surface, in kilometres (haversine), less what both may be off.
    pub fn surely_apart(&self, other: &Self) -> f64 {
        let off = f64::from(self.radius) + f64::from(other.radius);
        (self.apart(other) - off).max(0.0)
    }

    /// How far `other` is along the surface, in kilometres (haversine).
    pub fn apart(&self, other: &Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let north = (to - from) / 2.0;
        let east = (other.longitude - self.longitude).to_radians() / 2.0;
        let chord = north.sin().powi(2) + from.cos() * to.cos() * east.sin().powi(2);
        2.0 * EARTH * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// The part of the internet that one party gives addresses from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// An autonomous system, by its number, in one country: some span the earth.
    System(u32, Option<String>),
    /// The first 24 bits of an IPv4 address, or the first 48 of an IPv6 one, the others zero.
    Block(IpAddr),
}

impl Network {
    /// The network of `address`, which is at `place`: the autonomous system where it is known, else the /24 or /48.
    pub fn of(address: IpAddr, place: &Place) -> Self {
        let system = place.system.as_ref().map(|system| Self::System(system.number, place.country.clone()));
        system.unwrap_or_else(|| Self::block(address))
    }

    /// The /24 or /48 of `address`.
    pub fn block(address: IpAddr) -> Self {
        Self::Block(block(address))
    }
}

/// A range of addresses, as `192.0.2.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    first: IpAddr,
    length: u8,
}

impl Block {
    /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let first: IpAddr = address.parse().ok()?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(most), |length| length.parse().ok())?;
        (length <= most).then_some(Self { first, length })
    }

    /// Whether `address` is within.
    pub fn holds(&self, address: IpAddr) -> bool {
        let length = u32::from(self.length);
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(32 - length).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(128 - length).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// `address` without the bits that one customer has for itself. An IPv4 address that is written as IPv6 is the IPv4 one.
fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4((address.to_bits() & 0xffff_ff00).into()),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !0 << 80).into()),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(number, _) => write!(f, "AS{number}"),
            Self::Block(address @ IpAddr::V4(_)) => write!(f, "{address}/24"),
            Self::Block(address @ IpAddr::V6(_)) => write!(f, "{address}/48"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Coordinates {
        Coordinates { latitude, longitude, radius: 0 }
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let (berlin, sydney) = (at(52.52, 13.405), at(-33.8688, 151.2093));
        assert!((berlin.apart(&sydney) - 16_090.0).abs() < 20.0, "{}", berlin.apart(&sydney));
        assert!((at(0.0, 179.5).apart(&at(0.0, -179.5)) - 111.2).abs() < 0.1, "over the date line");
        assert!((at(90.0, 0.0).apart(&at(-90.0, 0.0)) - 20_015.1).abs() < 0.1, "pole to pole");
        assert!(berlin.apart(&berlin) < 1e-9);
    }

    #[test]
    fn what_may_be_off_is_no_distance() {
        let rough = |longitude| Coordinates { radius: 500, ..at(0.0, longitude) };
        assert!(rough(0.0).surely_apart(&rough(8.0)) < 1e-9);
        assert!((rough(0.0).surely_apart(&rough(18.0)) - 1001.5).abs() < 1.0);
    }

    #[test]
    fn ranges_hold_what_begins_alike() {
        let holds = |block: &str, address: &str| Block::parse(block).unwrap().holds(address.parse().unwrap());
        assert!(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.7", "::ffff:192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("0.0.0.0/0", "203.0.113.1") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:9::1") && !holds("2001:db8::/33", "2001:db8:8000::"));
        assert!(["", "1.2.3.4/33", "1.2.3.4/-1", "x/8", "1.2.3/24"].iter().all(|text| Block::parse(text).is_none()));
    }

    #[test]
    fn networks_are_blocks_unless_the_system_is_known() {
        let network = |address: &str| Network::of(address.parse().unwrap(), &Place::default()).to_string();
        assert_eq!(network("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:1::/48");
        let system = Some(System { number: 64500, organisation: None });
        let known = Place { system, ..Place::default() };
        assert_eq!(Network::of("192.0.2.1".parse().unwrap(), &known).to_string(), "AS64500");
    }
}
