//! Macaroons, decoded: who issued one, and which conditions it is bound to. Both stand in it in clear, and whoever holds it can only add conditions.
//!
//! The binary format of version 2: <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>. What a condition means is its issuer's to say, so it is shown as it stands.

use data_encoding::BASE64URL_NOPAD;

/// What the format begins with.
const VERSION: u8 = 2;
/// The kinds of fields.
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const END: u8 = 0;
/// Behind how many separators a token's own prefix may end.
const MOST_PREFIXES: usize = 2;
/// How many conditions are shown, and how much of each, in characters.
const MOST_CONDITIONS: usize = 8;
const LONGEST_CONDITION: usize = 200;

/// What a macaroon says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Macaroon {
    /// Who issued it, as far as that is said.
    pub(super) location: Option<String>,
    /// What it is bound to.
    pub(super) conditions: Vec<String>,
}

impl Macaroon {
    /// The one that `secret` is, behind a prefix that tokens of its issuer have; nothing where it is none.
    pub(super) fn read(secret: &[u8]) -> Option<Self> {
        let behind = |at: usize| secret.get(at + 1..);
        let separators = secret.iter().enumerate().filter(|(_, byte)| matches!(byte, b'-' | b'_'));
        let starts = separators.take(MOST_PREFIXES).filter_map(|(at, _)| behind(at));
        std::iter::once(secret).chain(starts).find_map(|text| Self::decode(&BASE64URL_NOPAD.decode(text).ok()?))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[VERSION])?;
        let header = section(&mut rest)?;
        header.iter().find(|(kind, _)| *kind == IDENTIFIER)?;
        let location = header.iter().find(|(kind, _)| *kind == LOCATION).and_then(|(_, text)| shown(text));
        let mut conditions = Vec::new();
        loop {
            let caveat = section(&mut rest)?;
            let Some((_, text)) = caveat.iter().find(|(kind, _)| *kind == IDENTIFIER) else { break };
            conditions.extend(shown(text));
        }
        conditions.truncate(MOST_CONDITIONS);
        Some(Self { location, conditions })
    }

    /// What a person should know of it.
    pub(super) fn note(&self) -> String {
        match self.conditions.as_slice() {
            [] => "It is a macaroon that is bound to no condition".to_owned(),
            conditions => format!("It is a macaroon that is bound to: {}", conditions.join("; ")),
        }
    }
}

/// The fields up to the end of a section, each with its kind.
fn section<'b>(rest: &mut &'b [u8]) -> Option<Vec<(u8, &'b [u8])>> {
    let mut fields = Vec::new();
    loop {
        let (kind, behind) = rest.split_first()?;
        *rest = behind;
        if *kind == END {
            return Some(fields);
        }
        let length = varint(rest)?;
        let (field, behind) = rest.split_at_checked(length)?;
        *rest = behind;
        fields.push((*kind, field));
    }
}

/// A number, seven bits a byte, the lowest first.
fn varint(rest: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in [0, 7, 14] {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A text that a person can read, cut to what is shown.
fn shown(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok().filter(|text| !text.is_empty() && !text.chars().any(char::is_control))?;
    Some(text.chars().take(LONGEST_CONDITION).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(kind: u8, text: &[u8]) -> Vec<u8> {
        let length = text.len();
        let mut bytes = vec![kind];
        if length >= 0x80 {
            bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        }
        bytes.push(u8::try_from(if length >= 0x80 { length >> 7 } else { length }).unwrap());
        bytes.extend_from_slice(text);
        bytes
    }

    fn macaroon(location: &str, conditions: &[&str]) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend([field(LOCATION, location.as_bytes()), field(IDENTIFIER, b"an id"), vec![END]].concat());
        for condition in conditions {
            bytes.extend([field(IDENTIFIER, condition.as_bytes()), vec![END]].concat());
        }
        bytes.extend([vec![END], field(6, &[7; 32])].concat());
        bytes
    }

    #[test]
    fn who_issued_it_and_what_it_is_bound_to_is_read() {
        let long = format!("[1,[\"{}\"]]", "shop".repeat(40));
        let bytes = macaroon("pypi.org", &[&long, "[3,\"someone\"]"]);
        for prefix in ["", "acme-", "acme_v2-"] {
            let token = format!("{prefix}{}", BASE64URL_NOPAD.encode(&bytes));
            let read = Macaroon::read(token.as_bytes()).unwrap();
            assert_eq!(read.location.as_deref(), Some("pypi.org"), "{prefix}");
            assert_eq!(read.conditions, [&long, "[3,\"someone\"]"]);
        }
        assert_eq!(
            Macaroon::decode(&macaroon("x", &[])).unwrap().note(),
            "It is a macaroon that is bound to no condition"
        );
    }

    #[test]
    fn what_is_none_is_none() {
        let whole = macaroon("pypi.org", &["one"]);
        // Without its signature, which nothing here looks at, it is as good as whole.
        for end in 0..whole.len() - 34 {
            assert_eq!(Macaroon::decode(&whole[..end]), None, "{end}");
        }
        assert_eq!(Macaroon::read(b"ghp_0123456789"), None);
        assert_eq!(Macaroon::decode(&[VERSION, IDENTIFIER, 0xff, 0xff, 0xff, 0xff]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            bytes.insert(0, VERSION);
            if let Some(read) = Macaroon::decode(&bytes) {
                prop_assert!(read.conditions.len() <= MOST_CONDITIONS);
            }
        }
    }
}
