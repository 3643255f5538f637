//! JSON Web Tokens, decoded (RFC 7519): how they are signed, for whom, until when, and whether anybody could have signed them.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

use super::Assessment;
use crate::{incident::Claims, rule::Severity};

/// Longer than this, in seconds, a session should not live.
const DAY: i64 = 24 * 60 * 60;

/// How much of a claim is reported, in characters.
const LONGEST_CLAIM: usize = 200;
/// How many audiences are.
const MOST_AUDIENCES: usize = 8;

/// Keys that tutorials, templates and libraries' own documentation sign with.
const COMMON_KEYS: &[&str] = &[
    "",
    "secret",
    "Secret",
    "SECRET",
    "secret123",
    "secret1234",
    "secretkey",
    "secretKey",
    "secret_key",
    "secret-key",
    "SECRET_KEY",
    "mysecret",
    "my-secret",
    "my_secret",
    "mySecret",
    "mysecretkey",
    "my-secret-key",
    "my_secret_key",
    "supersecret",
    "super-secret",
    "super_secret",
    "super_secret_key",
    "super-secret-key",
    "supersecretkey",
    "topsecret",
    "top-secret",
    "verysecret",
    "very-secret",
    "notsosecret",
    "shhhhh",
    "shhhhhared-secret",
    "shared-secret",
    "keyboard cat",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "your-secret",
    "your_secret",
    "your-secret-key",
    "your_secret_key",
    "your_jwt_secret",
    "your-jwt-secret",
    "jwt",
    "jwtsecret",
    "jwtSecret",
    "jwt-secret",
    "jwt_secret",
    "jwt_secret_key",
    "jwt-secret-key",
    "JWT_SECRET",
    "jwtkey",
    "jwt-key",
    "token",
    "tokensecret",
    "token-secret",
    "access_token_secret",
    "key",
    "private",
    "privatekey",
    "private_key",
    "signingkey",
    "signing-key",
    "hmackey",
    "example",
    "example_key",
    "example-secret",
    "password",
    "Password",
    "password1",
    "password123",
    "passw0rd",
    "pass",
    "changeme",
    "change-me",
    "changeit",
    "default",
    "test",
    "testing",
    "test123",
    "test-secret",
    "testsecret",
    "test_secret",
    "dev",
    "dev-secret",
    "dev_secret",
    "development",
    "debug",
    "local",
    "demo",
    "sample",
    "admin",
    "administrator",
    "root",
    "user",
    "guest",
    "api",
    "app",
    "auth",
    "auth_secret",
    "auth-secret",
    "session",
    "hello",
    "helloworld",
    "hello world",
    "foo",
    "foobar",
    "bar",
    "abc",
    "abc123",
    "abcdef",
    "letmein",
    "qwerty",
    "asdf",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "123123",
    "111111",
    "000000",
    "null",
    "undefined",
    "none",
    "nil",
    "true",
    "xxx",
    "ThisIsMySecret",
    "thisisasecret",
    "this-is-a-secret",
    "this_is_a_secret",
    "thisismysecret",
    "thisisasecretkey",
    "somesecret",
    "some-secret",
    "some_secret",
    "random",
    "insecure",
    "node",
    "express",
    "nestjs",
    "django-insecure",
    "laravel",
    "spring",
    "flask",
    "golang",
    "docker",
];

/// A token whose header and claims can be read.
pub(super) struct Token<'a> {
    /// What is signed: the first two segments.
    signed: &'a [u8],
    signature: Vec<u8>,
    algorithm: Option<String>,
    claims: Value,
}

impl<'a> Token<'a> {
    /// The token in `text`; nothing where a segment is not what the format says.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let second_dot = memchr::memrchr(b'.', text)?;
        let (signed, signature) = (&text[..second_dot], &text[second_dot + 1..]);
        let (header, claims) = signed.split_at(memchr::memchr(b'.', signed)?);
        let object = |segment: &[u8]| {
            let json = BASE64URL_NOPAD.decode(segment).ok()?;
            serde_json::from_slice::<Value>(&json).ok().filter(Value::is_object)
        };
        let header = object(header)?;
        Some(Self {
            signed,
            signature: BASE64URL_NOPAD.decode(signature).ok()?,
            algorithm: header.get("alg").and_then(Value::as_str).map(str::to_owned),
            claims: object(&claims[1..])?,
        })
    }

    /// Adds what it says to `assessment`; how long it lives matters only for a session.
    pub(super) fn assess(&self, is_session: bool, now: i64, assessment: &mut Assessment) {
        let claims = self.claims();
        let (severity, notes) = (&mut assessment.severity, &mut assessment.notes);
        if claims.algorithm.as_deref().is_some_and(|algorithm| algorithm.eq_ignore_ascii_case("none")) {
            *severity = raised(*severity);
            notes.push("unsigned (`alg` is none): where a service accepts it, anybody can write such tokens".into());
        }
        match claims.expires_at {
            None if is_session => {
                *severity = raised(*severity);
                notes.push("it has no expiry: it works until its signing key is replaced".into());
            }
            Some(end) if is_session && end > now && end.saturating_sub(claims.issued_at.unwrap_or(now)) > DAY => {
                *severity = raised(*severity);
                let days = end.saturating_sub(claims.issued_at.unwrap_or(now)) / DAY;
                notes.push(format!("it lives for {days} days: a session token should live for less than one").into());
            }
            _ => {}
        }
        if self.is_forgeable() {
            *severity = Severity::Critical;
            notes.push(
                "forgeable: it is signed with a word from a short list of common keys, so anybody can sign tokens in anyone's name; replace \
                 the key"
                    .into(),
            );
        }
        assessment.claims = Some(claims);
    }

    fn claims(&self) -> Claims {
        let audience = match self.claims.get("aud") {
            Some(Value::String(one)) => vec![printable(one)],
            Some(Value::Array(all)) => {
                all.iter().filter_map(Value::as_str).take(MOST_AUDIENCES).map(printable).collect()
            }
            _ => Vec::new(),
        };
        Claims {
            algorithm: self.algorithm.as_deref().map(printable),
            issuer: self.claims.get("iss").and_then(Value::as_str).map(printable),
            audience,
            issued_at: self.seconds("iat"),
            expires_at: self.seconds("exp"),
        }
    }

    /// A date claim, in seconds since 1970: a number, a fraction allowed (RFC 7519, section 2).
    #[allow(clippy::cast_possible_truncation, reason = "floats convert to the nearest integer there is")]
    fn seconds(&self, name: &str) -> Option<i64> {
        let number = self.claims.get(name)?;
        number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
    }

    /// Whether a common word is the key of its signature.
    fn is_forgeable(&self) -> bool {
        let signed_with = |key: &str| {
            let key = key.as_bytes();
            match self.algorithm.as_deref() {
                Some("HS256") => verifies::<Hmac<Sha256>>(key, self.signed, &self.signature),
                Some("HS384") => verifies::<Hmac<Sha384>>(key, self.signed, &self.signature),
                Some("HS512") => verifies::<Hmac<Sha512>>(key, self.signed, &self.signature),
                _ => false,
            }
        };
        COMMON_KEYS.iter().any(|key| signed_with(key))
    }
}

/// A claim as it may be reported: whoever wrote the token chose its length, and an address in it may hold credentials.
fn printable(claim: &str) -> String {
    let (scheme, rest) = claim.split_once("://").map_or(("", claim), |(scheme, rest)| (scheme, rest));
    let bare = match rest.split_once('@') {
        Some((_, host)) if !scheme.is_empty() => format!("{scheme}://…@{host}"),
        _ => claim.to_owned(),
    };
    bare.chars().take(LONGEST_CLAIM).collect()
}

fn verifies<M: Mac + KeyInit>(key: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let Ok(mac) = <M as KeyInit>::new_from_slice(key) else { return false };
    mac.chain_update(signed).verify_slice(signature).is_ok()
}

fn raised(severity: Severity) -> Severity {
    match severity {
        Severity::Low => Severity::Medium,
        Severity::Medium => Severity::High,
        Severity::High | Severity::Critical => Severity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    fn token(header: &str, claims: &str, key: Option<&[u8]>) -> String {
        let signed =
            format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes()));
        let signature = key.map_or_else(Vec::new, |key| {
            let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
            mac.chain_update(signed.as_bytes()).finalize().into_bytes().to_vec()
        });
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    fn assessed(header: &str, claims: &str, key: Option<&[u8]>) -> Assessment {
        let mut assessment =
            Assessment { verdict: Verdict::Unchecked, severity: Severity::Medium, claims: None, notes: Vec::new() };
        let text = token(header, claims, key);
        Token::read(text.as_bytes()).unwrap().assess(true, 1_800_000_000, &mut assessment);
        assessment
    }

    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    const STRONG: Option<&[u8]> = Some(&[0xd1; 32]);

    #[test]
    fn claims_are_read() {
        let claims = r#"{"iss":"https://login.example.com","aud":["a","b"],"iat":1799999000,"exp":1800000600.5}"#;
        let assessment = assessed(HS256, claims, STRONG);
        let claims = assessment.claims.unwrap();
        assert_eq!(claims.algorithm.as_deref(), Some("HS256"));
        assert_eq!(claims.issuer.as_deref(), Some("https://login.example.com"));
        assert_eq!((claims.audience, claims.expires_at), (vec!["a".to_owned(), "b".to_owned()], Some(1_800_000_600)));
        assert_eq!((assessment.severity, assessment.notes), (Severity::Medium, Vec::new()));
    }

    #[test]
    fn claims_are_cut_and_hold_no_credentials() {
        let with_credentials = format!("https://admin:{}@login.example.com/a", "word");
        assert_eq!(printable(&with_credentials), "https://…@login.example.com/a");
        assert_eq!(printable("someone@example.com"), "someone@example.com");
        assert_eq!(printable(&"é".repeat(1000)).chars().count(), LONGEST_CLAIM);
    }

    #[test]
    fn a_key_may_live_long() {
        let mut key =
            Assessment { verdict: Verdict::Unchecked, severity: Severity::Low, claims: None, notes: Vec::new() };
        let text = token(HS256, r#"{"iss":"a","iat":1700000000,"exp":2000000000}"#, STRONG);
        Token::read(text.as_bytes()).unwrap().assess(false, 1_800_000_000, &mut key);
        assert_eq!((key.severity, key.notes.len()), (Severity::Low, 0));
    }

    #[test]
    fn what_lives_long_or_for_ever_costs_more() {
        let long = assessed(HS256, r#"{"iat":1799990000,"exp":1900000000}"#, STRONG);
        assert_eq!(long.severity, Severity::High);
        assert!(long.notes[0].contains("1157 days"), "{:?}", long.notes);
        let endless = assessed(HS256, r#"{"sub":"a"}"#, STRONG);
        assert!(endless.severity == Severity::High && endless.notes[0].contains("no expiry"));
    }

    #[test]
    fn words_as_keys_and_no_key_at_all_are_told() {
        let claims = r#"{"iat":1799999000,"exp":1800000600}"#;
        let forgeable = assessed(HS256, claims, Some(b"your-256-bit-secret"));
        assert!(forgeable.severity == Severity::Critical && forgeable.notes[0].contains("forgeable"));
        assert!(!forgeable.notes.iter().any(|note| note.contains("256")));
        let unsigned = assessed(r#"{"alg":"None"}"#, claims, None);
        assert!(unsigned.severity == Severity::High && unsigned.notes[0].contains("unsigned"));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        for text in ["", "a.b", "e30.e30", "e30.W10.AA", "e30.e30.A", "..", "e30.!.AA"] {
            assert!(Token::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Token::read(b"e30.e30.").is_some());
    }
}
