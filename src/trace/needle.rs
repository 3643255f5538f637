//! What a token looks like in logs: its value as it is and as logs encode it, its hashes, and what it says of itself.
//!
//! Encodings are those that logs are documented or known to use: percent-encoding (URLs, form bodies, cookies), the escapes of JSON, the
//! base64 of basic authentication, whatever stands before the token in it. The SHA-256, in base64 or hex, is how audit logs name
//! a token without holding it (`hashed_token`, <https://docs.github.com/en/enterprise-cloud@latest/admin/monitoring-activity-in-your-enterprise/reviewing-audit-logs-for-your-enterprise/identifying-audit-log-events-performed-by-an-access-token>).
//! The claims `jti`, `sub` (RFC 7519, 4.1) and `sid` (OpenID Connect Back-Channel Logout 1.0, 2.4) are read from the token itself, unchecked.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    event::{Matched, Needle},
    time,
};
use crate::secret::{Secret, Shown};

/// What is shorter is found everywhere by chance, in bytes.
pub const SHORTEST: usize = 8;

/// All that `value` looks like in logs; nothing if it is too short to be told from chance.
pub fn of(value: &[u8]) -> Vec<Needle> {
    let mut needles = Needles::default();
    if value.len() < SHORTEST {
        return needles.0;
    }
    for bytes in [value.to_vec(), percent(value, false), percent(value, true), json(value)] {
        needles.add(&bytes, Matched::Value);
    }
    escaped(value).for_each(|bytes| needles.add(&bytes, Matched::Value));
    for skip in 0..3 {
        let core = |encoded: String| within_base64(encoded, skip, value.len());
        let padded = [&[0; 2][..skip], value].concat();
        needles.add(core(BASE64_NOPAD.encode(&padded)).as_bytes(), Matched::Value);
        needles.add(core(BASE64URL_NOPAD.encode(&padded)).as_bytes(), Matched::Value);
    }
    add_hash(&Sha256::digest(value), &mut needles);
    claims(value, &mut needles);
    needles.0
}

/// All that a token looks like of which nothing but its SHA-256 is known.
pub fn of_hash(hash: &[u8]) -> Vec<Needle> {
    let mut needles = Needles::default();
    add_hash(hash, &mut needles);
    needles.0
}

fn add_hash(hash: &[u8], needles: &mut Needles) {
    needles.add(HEXLOWER.encode(hash).as_bytes(), Matched::Hash);
    let hash = BASE64.encode(hash);
    let bare = hash.trim_end_matches('=').as_bytes();
    for bytes in escaped(bare).chain([bare.to_vec(), percent(bare, false)]) {
        needles.add(&bytes, Matched::Hash);
    }
}

/// An id that names a token and is no secret.
pub fn of_id(id: &str) -> Option<Needle> {
    let mut needles = Needles::default();
    needles.add(id.as_bytes(), Matched::KeyId);
    needles.0.pop()
}

#[derive(Default)]
struct Needles(Vec<Needle>);

impl Needles {
    fn add(&mut self, bytes: &[u8], matched: Matched) {
        let known = self.0.iter().any(|needle| needle.bytes.expose() == bytes);
        if bytes.len() >= SHORTEST && !known {
            self.0.push(Needle { bytes: Secret::new(bytes, Shown::Nothing), matched });
        }
    }
}

/// Everything but what URLs never escape (RFC 3986, 2.3).
fn percent(value: &[u8], lower: bool) -> Vec<u8> {
    let escape = |&byte: &u8| match byte {
        b'-' | b'.' | b'_' | b'~' => vec![byte],
        byte if byte.is_ascii_alphanumeric() => vec![byte],
        byte if lower => format!("%{byte:02x}").into_bytes(),
        byte => format!("%{byte:02X}").into_bytes(),
    };
    value.iter().flat_map(escape).collect()
}

/// As a JSON string must have it.
fn json(value: &[u8]) -> Vec<u8> {
    let text = serde_json::to_string(&String::from_utf8_lossy(value)).unwrap_or_default();
    text.trim_matches('"').as_bytes().to_vec()
}

/// What encoders of JSON escape beyond what they must: PHP's; Gson's; .NET's; all of it.
const ESCAPES: [&[(char, &str)]; 4] = [
    &[('/', "\\/")],
    &[('&', "\\u0026"), ('=', "\\u003d"), ('<', "\\u003c"), ('>', "\\u003e"), ('\'', "\\u0027")],
    &[('&', "\\u0026"), ('+', "\\u002B"), ('<', "\\u003C"), ('>', "\\u003E"), ('\'', "\\u0027")],
    &[('/', "\\/"), ('&', "\\u0026"), ('=', "\\u003d"), ('+', "\\u002b")],
];

/// As a JSON string may have it.
fn escaped(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let text = String::from_utf8_lossy(&json(value)).into_owned();
    ESCAPES.iter().map(move |escapes| {
        escapes.iter().fold(text.clone(), |text, (plain, escape)| text.replace(*plain, escape)).into_bytes()
    })
}

/// The characters of `encoded` that no byte before or behind the value has a share in.
fn within_base64(encoded: String, skip: usize, len: usize) -> String {
    let (from, to) = ((skip * 8).div_ceil(6), (skip + len) * 8 / 6);
    encoded.get(from..to).map(str::to_owned).unwrap_or(encoded)
}

/// When a JSON Web Token says that it was issued (`iat`, RFC 7519, 4.1.6), in microseconds since 1970 UTC.
pub(super) fn issued_at(value: &[u8]) -> Option<i64> {
    time::number(payload(value)?.get("iat")?.as_f64()?).map(|time| time.at)
}

/// What a JSON Web Token says of itself, unchecked.
fn payload(value: &[u8]) -> Option<Map<String, Value>> {
    let mut parts = value.split(|&byte| byte == b'.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload).ok()?).ok()
}

/// Adds what a JSON Web Token calls itself, its session and its user.
fn claims(value: &[u8], needles: &mut Needles) {
    let Some(claims) = payload(value) else { return };
    let names = [
        ("jti", Matched::Jti),
        ("sid", Matched::SessionId),
        ("session_state", Matched::SessionId),
        ("session_id", Matched::SessionId),
        ("sub", Matched::Subject),
    ];
    for (name, matched) in names {
        let said = claims.get(name).and_then(Value::as_str).unwrap_or_default();
        // A short number is found in times and sizes.
        if !said.bytes().all(|byte| byte.is_ascii_digit()) || said.len() >= 2 * SHORTEST {
            needles.add(said.as_bytes(), matched);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(value: &[u8], text: &str) -> Option<Matched> {
        let held = |needle: &&Needle| memchr::memmem::find(text.as_bytes(), needle.bytes.expose()).is_some();
        of(value).iter().find(held).map(|needle| needle.matched)
    }

    #[test]
    fn a_value_is_known_as_logs_encode_it() {
        let value = b"a/b+c=d&e\"f-0123456789";
        for text in
            ["a%2Fb%2Bc%3Dd%26e%22f-0123456789", "a%2fb%2bc%3dd%26e%22f-0123456789", "a/b+c=d&e\\\"f-0123456789"]
        {
            assert_eq!(found_in(value, text), Some(Matched::Value), "{text}");
        }
        for text in [
            "a\\/b\\u002bc\\u003dd\\u0026e\\\"f-0123456789",
            "a\\/b+c=d&e\\\"f-0123456789",
            "a/b+c\\u003dd\\u0026e\\\"f-0123456789",
            "a/b\\u002Bc=d\\u0026e\\\"f-0123456789",
        ] {
            assert_eq!(found_in(value, text), Some(Matched::Value), "{text}");
        }
    }

    #[test]
    fn basic_authentication_is_known_whatever_the_user_is_called() {
        for user in ["", "a", "ab", "abc", "x-access-token"] {
            let header = BASE64.encode(format!("{user}:0123456789abcdef").as_bytes());
            assert_eq!(found_in(b"0123456789abcdef", &header), Some(Matched::Value), "{user}");
        }
        assert_eq!(found_in(b"0123456789abcdef", &BASE64.encode(b"user:another9abcdef")), None);
    }

    #[test]
    fn a_hash_is_known_in_both_its_forms() {
        let hash = Sha256::digest(b"0123456789");
        assert_eq!(found_in(b"0123456789", &BASE64.encode(&hash)), Some(Matched::Hash));
        assert_eq!(found_in(b"0123456789", &HEXLOWER.encode(&hash)), Some(Matched::Hash));
    }

    #[test]
    fn a_web_token_is_known_by_its_claims() {
        let claims = BASE64URL_NOPAD.encode(br#"{"jti":"one-token-9","sid":"session-77","sub":"1234567890"}"#);
        let value = ["e30", &claims, "c2ln"].join(".");
        assert_eq!(found_in(value.as_bytes(), "one-token-9"), Some(Matched::Jti));
        assert_eq!(found_in(value.as_bytes(), "session-77"), Some(Matched::SessionId));
        assert_eq!(found_in(value.as_bytes(), "at 1234567890"), None, "a time as well as a user");
        assert_eq!(issued_at(value.as_bytes()), None);
        let claims = BASE64URL_NOPAD.encode(br#"{"iat":1767323045}"#);
        assert_eq!(issued_at(["e30", &claims, "c2ln"].join(".").as_bytes()), Some(1_767_323_045_000_000));
    }

    #[test]
    fn what_is_short_is_not_looked_for() {
        assert_eq!(of(b"hunter2"), []);
    }
}
