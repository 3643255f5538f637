//! A small writer of MMDB files for tests, from the format's specification (<https://maxmind.github.io/MaxMind-DB/>): a tree of 32-bit records over IPv6, in which IPv4 has the first 96 bits zero.

use core::net::IpAddr;

/// A record of a node.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    /// An offset in the data.
    Data(usize),
}

/// A database that is being written.
pub(crate) struct Written {
    kind: &'static str,
    nodes: Vec<[Record; 2]>,
    data: Vec<u8>,
}

impl Written {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, nodes: vec![[Record::Nothing; 2]], data: Vec::new() }
    }

    /// `network` is in a city; its place is latitude, longitude and how far off that may be.
    pub(crate) fn city(&mut self, network: &str, country: &str, city: &str, (lat, lon, radius): (f64, f64, u16)) {
        let location =
            [("latitude", double(lat)), ("longitude", double(lon)), ("accuracy_radius", number(5, radius.into()))];
        let value = map(&[
            ("country", map(&[("iso_code", text(country))])),
            ("city", map(&[("names", map(&[("en", text(city))]))])),
            ("location", map(&location)),
        ]);
        self.add(network, &value);
    }

    /// `network` is announced by a system.
    pub(crate) fn system(&mut self, network: &str, asn: u32, organisation: &str) {
        let value = map(&[
            ("autonomous_system_number", number(6, asn)),
            ("autonomous_system_organization", text(organisation)),
        ]);
        self.add(network, &value);
    }

    /// Networks must not lie in each other.
    fn add(&mut self, network: &str, value: &[u8]) {
        let (address, length) = network.split_once('/').unwrap();
        let length: usize = length.parse().unwrap();
        let (bits, length) = match address.parse().unwrap() {
            IpAddr::V4(address) => (u128::from(address.to_bits()), length + 96),
            IpAddr::V6(address) => (address.to_bits(), length),
        };
        let offset = self.data.len();
        self.data.extend_from_slice(value);
        let mut node = 0;
        for depth in 0..length {
            let side = usize::from(bits >> (127 - depth) & 1 == 1);
            if depth + 1 == length {
                self.nodes[node][side] = Record::Data(offset);
                return;
            }
            node = if let Record::Node(next) = self.nodes[node][side] {
                next
            } else {
                self.nodes.push([Record::Nothing; 2]);
                let next = self.nodes.len() - 1;
                self.nodes[node][side] = Record::Node(next);
                next
            };
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let mut out = Vec::new();
        for record in self.nodes.iter().flatten() {
            let number = match record {
                Record::Nothing => count,
                Record::Node(node) => *node,
                Record::Data(offset) => count + 16 + offset,
            };
            out.extend(u32::try_from(number).unwrap().to_be_bytes());
        }
        out.extend([0; 16]);
        out.extend(&self.data);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        out.extend(map(&[
            ("binary_format_major_version", number(5, 2)),
            ("binary_format_minor_version", number(5, 0)),
            ("build_epoch", long(1_767_225_600)),
            ("database_type", text(self.kind)),
            ("description", map(&[("en", text("made up for tests"))])),
            ("ip_version", number(5, 6)),
            ("languages", vec![1, 4, 0x42, b'e', b'n']),
            ("node_count", number(6, u32::try_from(count).unwrap())),
            ("record_size", number(5, 32)),
        ]));
        out
    }
}

/// A value of type `kind`, which is above 7 in the second byte.
fn head(kind: u8, size: usize) -> Vec<u8> {
    assert!(size < 29, "longer sizes are not written");
    let size = u8::try_from(size).unwrap();
    if kind > 7 { vec![size, kind - 7] } else { vec![kind << 5 | size] }
}

fn text(text: &str) -> Vec<u8> {
    if text.len() >= 29 {
        return [&[0b010_11101, u8::try_from(text.len() - 29).unwrap()], text.as_bytes()].concat();
    }
    [head(2, text.len()), text.as_bytes().to_vec()].concat()
}

fn double(value: f64) -> Vec<u8> {
    [head(3, 8), value.to_be_bytes().to_vec()].concat()
}

/// Of type 5 (16 bits) or 6 (32 bits).
fn number(kind: u8, value: u32) -> Vec<u8> {
    let size = if kind == 5 { 2 } else { 4 };
    [head(kind, size), value.to_be_bytes()[4 - size..].to_vec()].concat()
}

fn long(value: u64) -> Vec<u8> {
    [head(9, 8), value.to_be_bytes().to_vec()].concat()
}

fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries_bytes = entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat());
    head(7, entries.len()).into_iter().chain(entries_bytes).collect()
}
