//! Puts values in the places of a template, encoded for where they stand.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest as _, Sha256, Sha512};
use ureq::http::Uri;
use zeroize::Zeroizing;

use crate::{
    finding::{FoundPart, PartValue},
    request::{Digest, Encoding, Value},
    rules::placeholder::{self, Filter, Piece},
    secret::Secret,
};

/// Bytes whose owner wants them wiped.
type Bytes = Zeroizing<Vec<u8>>;

/// Everything but what RFC 3986 leaves unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What can be filled in.
#[derive(Clone)]
pub struct Known<'a> {
    secret: &'a Secret,
    parts: &'a [FoundPart],
    region: Option<&'a str>,
    /// Whether what is signed with the secret is to be signed wrongly.
    spoilt: bool,
    now: Duration,
    nonce: String,
    named: BTreeMap<String, Bytes>,
}

/// Why something cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A part was not found with the secret.
    #[error("it needs `{name}`, which was not found with it")]
    Missing {
        /// Which.
        name: String,
    },
    /// A value has bytes that no header may have.
    #[error("it holds bytes that no header may have")]
    Header,
    /// A value is no text, and stands where only text may.
    #[error("it is no text")]
    Text,
    /// A value that a key is decoded from is not encoded as it should be.
    #[error("it is not encoded as it should be")]
    Encoded,
    /// A token is not signed with a key that is published.
    #[error("it is signed with a key that its issuer keeps to itself, or with none")]
    Unpublished,
    /// The address is none with the values in it.
    #[error("its address is not one")]
    Address,
}

/// Where in a request a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// In a path, a query or a form.
    Url,
    /// In a header.
    Header,
    /// In a JSON string.
    Json,
    /// In XML.
    Xml,
    /// Where every byte stands for itself.
    Raw,
}

impl<'a> Known<'a> {
    /// What is known of `secret`, found with `parts`, and asked in `region` where its provider has some. The time is the clock's.
    pub fn new(secret: &'a Secret, parts: &'a [FoundPart], region: Option<&'a str>) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { secret, parts, region, spoilt: false, now, nonce: nonce(), named: BTreeMap::new() }
    }

    /// The same with another value by this name, which goes before a part of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: &[u8]) -> Self {
        self.named.insert(name.to_owned(), Zeroizing::new(value.to_vec()));
        self
    }

    /// The same, but whatever is signed with the secret is signed as nobody could who has it: for control probes of secrets that sign.
    #[must_use]
    pub fn spoilt(self) -> Self {
        Self { spoilt: true, ..self }
    }

    pub(super) fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// The same with the values that a request computes, in their order.
    pub(super) fn with_values(&self, values: &[Value]) -> Result<Self, Unfit> {
        let mut known = self.clone();
        for value in values {
            let key = fill(&value.key, Position::Raw, &known)?;
            let key = value.key_encoding.map_or(Ok(key.clone()), |encoding| decoded(&key, encoding))?;
            let over = fill(&value.over, Position::Raw, &known)?;
            let hash = match value.hmac {
                Digest::Sha1 => keyed::<Hmac<sha1::Sha1>>(&key, &over),
                Digest::Sha256 => keyed::<Hmac<Sha256>>(&key, &over),
                Digest::Sha512 => keyed::<Hmac<Sha512>>(&key, &over),
            };
            known.named.insert(value.name.clone().into_owned(), encoded(&hash, value.encode));
        }
        Ok(known)
    }

    /// An address template with its region in it, which is not found but the pattern file's own.
    pub(super) fn with_region<'u>(&self, url: &'u str) -> Cow<'u, str> {
        self.region.map_or(Cow::Borrowed(url), |region| Cow::Owned(url.replace("${region}", region)))
    }

    /// The value of a part that was found, with the secret or elsewhere.
    pub(super) fn part(&self, name: &str) -> Result<Bytes, Unfit> {
        if let Some(value) = self.named.get(name) {
            return Ok(value.clone());
        }
        let part = self.parts.iter().find(|part| part.name == name);
        match part.map(|part| &part.value) {
            Some(PartValue::Public(text)) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
            Some(PartValue::Secret(secret)) => Ok(Zeroizing::new(secret.expose().to_vec())),
            None => Err(Unfit::Missing { name: name.to_owned() }),
        }
    }

    pub(super) fn secret(&self) -> &'a [u8] {
        self.secret.expose()
    }

    fn value(&self, name: &str, filters: &[Filter]) -> Result<Bytes, Unfit> {
        let text = |text: String| Ok(Zeroizing::new(text.into_bytes()));
        match (name, filters.first()) {
            ("secret", _) => Ok(Zeroizing::new(self.secret().to_vec())),
            ("time", Some(Filter::Ms)) => text(self.now.as_millis().to_string()),
            ("time", Some(Filter::Iso)) => text(iso(self.now)),
            ("time", Some(Filter::Date)) => text(iso(self.now).chars().take_while(|&c| c != 'T').collect()),
            ("time", Some(Filter::Http)) => text(http_date(self.now)),
            ("time", _) => text(self.now.as_secs().to_string()),
            ("nonce", _) => text(self.nonce.clone()),
            ("region", _) if self.region.is_some() => text(self.region.unwrap_or_default().to_owned()),
            _ => self.part(name),
        }
    }
}

/// `template` with its values, as they have to be written at `position`.
pub(super) fn fill(template: &str, position: Position, known: &Known<'_>) -> Result<Bytes, Unfit> {
    let mut filled = Zeroizing::new(Vec::with_capacity(template.len() + 64));
    for piece in placeholder::pieces(template).map_err(|_| Unfit::Encoded)? {
        match piece {
            Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
            Piece::Value { name, filters } => {
                let value = filters.iter().fold(known.value(name, &filters)?, |value, filter| changed(value, *filter));
                filled.extend_from_slice(&written(value, position)?);
            }
        }
    }
    Ok(filled)
}

/// The address that `template` makes. A host that is filled in stands there as it is: whether it is one, and may be asked, is decided on the finished address.
pub(super) fn address(template: &str, known: &Known<'_>) -> Result<Uri, Unfit> {
    let host_ends = template.find("://").map_or(0, |at| at + 3);
    let host_ends = template[host_ends..].find(['/', '?', '#']).map_or(template.len(), |at| host_ends + at);
    let (host, rest) = template.split_at(host_ends);
    let mut address = fill(host, Position::Raw, known)?;
    let fine = |&byte: &u8| byte.is_ascii_alphanumeric() || b".-:[]_/".contains(&byte);
    let authority = &address["https://".len().min(address.len())..];
    if !authority.iter().all(|byte| fine(byte) && *byte != b'/') {
        return Err(Unfit::Address);
    }
    address.extend_from_slice(&fill(rest, Position::Url, known)?);
    Uri::try_from(address.as_slice()).map_err(|_| Unfit::Address)
}

pub(super) fn percent_encoded(value: &[u8]) -> Bytes {
    Zeroizing::new(percent_encode(value, ESCAPED).to_string().into_bytes())
}

fn written(value: Bytes, position: Position) -> Result<Bytes, Unfit> {
    match position {
        Position::Raw => Ok(value),
        Position::Url => Ok(percent_encoded(&value)),
        Position::Header if value.iter().all(|&byte| byte == b' ' || byte.is_ascii_graphic()) => Ok(value),
        Position::Header => Err(Unfit::Header),
        Position::Json => {
            let text = str::from_utf8(&value).map_err(|_| Unfit::Text)?;
            let quoted = Zeroizing::new(serde_json::to_vec(text).map_err(|_| Unfit::Text)?);
            Ok(Zeroizing::new(quoted[1..quoted.len() - 1].to_vec()))
        }
        Position::Xml => {
            let text = str::from_utf8(&value).map_err(|_| Unfit::Text)?;
            let mut written = Zeroizing::new(Vec::new());
            for byte in text.bytes() {
                match byte {
                    b'&' => written.extend_from_slice(b"&amp;"),
                    b'<' => written.extend_from_slice(b"&lt;"),
                    b'>' => written.extend_from_slice(b"&gt;"),
                    b'"' => written.extend_from_slice(b"&quot;"),
                    b'\'' => written.extend_from_slice(b"&#39;"),
                    other => written.push(other),
                }
            }
            Ok(written)
        }
    }
}

fn changed(value: Bytes, filter: Filter) -> Bytes {
    match filter {
        Filter::Base64 => encoded(&value, Encoding::Base64),
        Filter::Base64Url => encoded(&value, Encoding::Base64Url),
        Filter::Hex => encoded(&value, Encoding::Hex),
        Filter::Sha256 => encoded(&Sha256::digest(&*value), Encoding::Hex),
        Filter::Lower => Zeroizing::new(value.to_ascii_lowercase()),
        // The time is written so already.
        Filter::Ms | Filter::Iso | Filter::Date | Filter::Http => value,
    }
}

fn encoded(bytes: &[u8], encoding: Encoding) -> Bytes {
    let text = match encoding {
        Encoding::Hex => HEXLOWER.encode(bytes),
        Encoding::Base64 => BASE64.encode(bytes),
        Encoding::Base64Url => BASE64URL_NOPAD.encode(bytes),
    };
    Zeroizing::new(text.into_bytes())
}

/// Base64 whose last character may have bits that count for nothing.
static BASE64_LENIENT: LazyLock<data_encoding::Encoding> = LazyLock::new(|| {
    let mut specification = BASE64.specification();
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or(BASE64)
});

fn decoded(text: &[u8], encoding: Encoding) -> Result<Bytes, Unfit> {
    let bytes = match encoding {
        Encoding::Hex => data_encoding::HEXLOWER_PERMISSIVE.decode(text),
        Encoding::Base64 => BASE64_LENIENT.decode(text),
        Encoding::Base64Url => BASE64URL_NOPAD.decode(text),
    };
    bytes.map(Zeroizing::new).map_err(|_| Unfit::Encoded)
}

/// The keyed hash of `text` (RFC 2104).
pub(super) fn keyed<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Bytes {
    let mac = <M as KeyInit>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    Zeroizing::new(mac.chain_update(text).finalize().into_bytes().to_vec())
}

fn iso(now: Duration) -> String {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

fn http_date(now: Duration) -> String {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A random UUID (version 4, RFC 9562).
fn nonce() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    let version = high & 0xffff_ffff_ffff_0fff | 0x4000;
    let variant = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        version >> 32,
        version >> 16 & 0xffff,
        version & 0xffff,
        variant >> 48,
        variant & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{location::Span, secret::Shown};

    fn part(name: &str, value: &str) -> FoundPart {
        FoundPart { name: name.to_owned(), value: PartValue::Public(value.to_owned()), span: Span::new(0, 1) }
    }

    fn filled(template: &str, position: Position, secret: &str) -> Result<String, Unfit> {
        let secret = Secret::new(secret.as_bytes(), Shown::Nothing);
        let filled = fill(template, position, &Known::new(&secret, &[], None))?;
        Ok(str::from_utf8(&filled).unwrap().to_owned())
    }

    #[test]
    fn values_are_encoded_for_where_they_stand() {
        let nasty = "a/b?c=\"d\" <&>\r\nX: y";
        assert_eq!(filled("/x/${secret}", Position::Url, "a/b?c#d e+").unwrap(), "/x/a%2Fb%3Fc%23d%20e%2B");
        assert_eq!(filled("Bearer ${secret}", Position::Header, nasty), Err(Unfit::Header));
        let json = filled("{\"t\":\"${secret}\"}", Position::Json, nasty).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["t"], nasty);
        assert_eq!(filled("<t>${secret}</t>", Position::Xml, "a<&\">").unwrap(), "<t>a&lt;&amp;&quot;&gt;</t>");
        assert_eq!(filled("${secret|base64}:${secret|hex|lower}", Position::Raw, "ab").unwrap(), "YWI=:6162");
    }

    #[test]
    fn a_found_host_stays_a_host() {
        let secret = Secret::new(b"x", Shown::Nothing);
        let address = |site: &str| {
            let parts = [part("site", site)];
            super::address("https://${site}.example.org/v1/${site}", &Known::new(&secret, &parts, None))
                .map(|uri| uri.to_string())
        };
        assert_eq!(address("shop").unwrap(), "https://shop.example.org/v1/shop");
        for escape in ["evil.net/", "evil.net?", "evil.net#", "u@evil.net", "a b", "evil.net\\", "%2e"] {
            assert_eq!(address(escape), Err(Unfit::Address), "{escape}");
        }
    }

    #[test]
    fn times_are_written_as_protocols_want_them() {
        // The example of RFC 9110, section 5.6.7.
        let then = Duration::from_secs(784_111_777);
        assert_eq!(
            (iso(then), http_date(then)),
            ("1994-11-06T08:49:37Z".into(), "Sun, 06 Nov 1994 08:49:37 GMT".into())
        );
    }

    #[test]
    fn values_are_computed_in_order() {
        let secret = Secret::new(b"key", Shown::Nothing);
        let value = Value {
            name: "signature".into(),
            hmac: Digest::Sha256,
            key: "${secret}".into(),
            key_encoding: None,
            over: "The quick brown fox jumps over the lazy dog".into(),
            encode: Encoding::Hex,
        };
        let known = Known::new(&secret, &[], None).with_values(&[value]).unwrap();
        // The example of <https://en.wikipedia.org/wiki/HMAC>.
        let hash = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert_eq!(*fill("${signature}", Position::Raw, &known).unwrap(), hash.as_bytes());
        let missing = fill("${id}", Position::Raw, &known);
        assert_eq!(missing.unwrap_err(), Unfit::Missing { name: "id".to_owned() });
    }
}
