//! A cookie as an answer sets it: its `Set-Cookie` header, read as browsers read it (RFC 6265bis, sections 5.6 and 5.7).
//!
//! A [`SetCookie`] keeps what a browser would keep, what it would ignore, and why it would refuse the whole. Whether a cookie carries a session is [`session`]'s to tell, and
//! what is weak about it is [`weak`]'s. Nothing here asks anybody.

mod date;
pub mod session;
pub mod weak;

use crate::{
    escape,
    secret::{Secret, Shown},
};

/// Name and value together have at most so many bytes (section 5.6).
const MOST_PAIR: usize = 4096;
/// An attribute's value has at most so many bytes (section 5.6).
const MOST_ATTRIBUTE: usize = 1024;
/// Browsers keep no cookie longer than this, in seconds: 400 days (section 5.5).
pub const LONGEST_KEPT: i64 = 400 * DAY;
/// The seconds of a day.
pub const DAY: i64 = 24 * 60 * 60;

/// A `Set-Cookie` header. Its value is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The name, as it was sent; bytes that are no UTF-8 are replaced. May be empty.
    pub name: String,
    /// The value.
    pub value: Secret,
    /// Whether it is sent over TLS alone.
    pub secure: bool,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// On which requests of other sites it is sent; what an unknown word says is nothing.
    pub same_site: Option<SameSite>,
    /// The domain whose hosts all get it, in lower case and without a dot before it; without one, the host that set it alone.
    pub domain: Option<String>,
    /// The path below which it is sent, where a valid one is named.
    pub path: Option<String>,
    /// In how many seconds it ends, at most [`LONGEST_KEPT`] where it is ahead; without one, with the browser's session.
    pub lifetime: Option<i64>,
    /// Attributes that are there several times, with values that differ; the last one counts.
    pub contradictions: Vec<Attribute>,
    /// Attributes that a browser ignores, for their value is none.
    pub ignored: Vec<Attribute>,
}

/// On which requests of other sites a cookie is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// On none.
    Strict,
    /// Where the user follows a link.
    Lax,
    /// On all.
    None,
}

/// An attribute that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// When it ends.
    Expires,
    /// How long it is kept; outranks `Expires`.
    MaxAge,
    /// The domain.
    Domain,
    /// The path.
    Path,
    /// Over TLS alone.
    Secure,
    /// Not for scripts.
    HttpOnly,
    /// With other sites' requests or not.
    SameSite,
}

/// Why a browser takes no notice of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It holds a control character.
    #[error("it holds a control character")]
    Control,
    /// It has neither a name nor a value.
    #[error("it has neither a name nor a value")]
    Empty,
    /// Name and value have more than 4096 bytes.
    #[error("its name and value have more than 4096 bytes")]
    TooLarge,
}

/// What a name promises of its cookie (section 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `__Secure-`: that it is sent over TLS alone.
    Secure,
    /// `__Host-`: that, too, and by the very host that set it, for all of its paths.
    Host,
}

impl SetCookie {
    /// Reads the value of a `Set-Cookie` header; `now` is when it was sent, in seconds since 1970.
    ///
    /// # Errors
    /// Where a browser takes no notice of it.
    pub fn parse(header: &[u8], now: i64) -> Result<Self, Refused> {
        if header.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(Refused::Control);
        }
        let mut parts = header.split(|&byte| byte == b';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = split(pair).unwrap_or((b"", trim(pair)));
        match name.len() + value.len() {
            0 => return Err(Refused::Empty),
            length if length > MOST_PAIR => return Err(Refused::TooLarge),
            _ => {}
        }
        let mut read = Read::new(name, value);
        parts.for_each(|part| read.attribute(part, now));
        Ok(read.finish())
    }

    /// What its name promises. Browsers do not mind the case.
    pub fn prefix(&self) -> Option<Prefix> {
        prefix(self.name.as_bytes()).map(|(prefix, _)| prefix)
    }

    /// Its name without what that promises.
    pub fn bare_name(&self) -> &str {
        let length = prefix(self.name.as_bytes()).map_or(0, |(_, length)| length);
        self.name.get(length..).unwrap_or_default()
    }

    /// Whether it only has the browser forget a cookie of its name.
    pub fn deletes(&self) -> bool {
        self.lifetime.is_some_and(|seconds| seconds <= 0)
    }

    /// It as it may be printed, in one line: the value masked, the attributes as a browser has them.
    pub fn masked(&self) -> String {
        let mut out = format!("{}={}", escape::cut(&escape::terminal(&self.name), 80), self.value.masked());
        let mut add = |name: &str, value: Option<&str>| {
            out.push_str("; ");
            out.push_str(name);
            if let Some(value) = value {
                out.push('=');
                out.push_str(&escape::cut(&escape::terminal(value), 80));
            }
        };
        if let Some(domain) = &self.domain {
            add("Domain", Some(domain));
        }
        if let Some(path) = &self.path {
            add("Path", Some(path));
        }
        if let Some(seconds) = self.lifetime {
            add("Max-Age", Some(&seconds.to_string()));
        }
        for (is_set, name) in [(self.secure, "Secure"), (self.http_only, "HttpOnly")] {
            if is_set {
                add(name, None);
            }
        }
        if let Some(same_site) = self.same_site {
            add("SameSite", Some(same_site.name()));
        }
        out
    }
}

impl SameSite {
    /// The word of the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

impl Attribute {
    const ALL: [Self; 7] =
        [Self::Expires, Self::MaxAge, Self::Domain, Self::Path, Self::Secure, Self::HttpOnly, Self::SameSite];

    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expires => "Expires",
            Self::MaxAge => "Max-Age",
            Self::Domain => "Domain",
            Self::Path => "Path",
            Self::Secure => "Secure",
            Self::HttpOnly => "HttpOnly",
            Self::SameSite => "SameSite",
        }
    }
}

/// A header while its attributes are read.
struct Read {
    cookie: SetCookie,
    /// The attributes so far, as they were written.
    seen: Vec<(Attribute, Vec<u8>)>,
    expires: Option<i64>,
    max_age: Option<i64>,
}

impl Read {
    fn new(name: &[u8], value: &[u8]) -> Self {
        let cookie = SetCookie {
            name: String::from_utf8_lossy(name).into_owned(),
            value: Secret::new(value, Shown::Nothing),
            secure: false,
            http_only: false,
            same_site: None,
            domain: None,
            path: None,
            lifetime: None,
            contradictions: Vec::new(),
            ignored: Vec::new(),
        };
        Self { cookie, seen: Vec::new(), expires: None, max_age: None }
    }

    /// Takes the text between two semicolons for an attribute.
    fn attribute(&mut self, part: &[u8], now: i64) {
        let (name, value) = split(part).unwrap_or((trim(part), b""));
        let named = |attribute: &Attribute| name.eq_ignore_ascii_case(attribute.name().as_bytes());
        let Some(attribute) = Attribute::ALL.into_iter().find(named) else { return };
        if value.len() > MOST_ATTRIBUTE || !self.set(attribute, value, now) {
            self.cookie.ignored.push(attribute);
            return;
        }
        let value = value.to_ascii_lowercase();
        let is_flag = matches!(attribute, Attribute::Secure | Attribute::HttpOnly);
        if !is_flag && self.seen.iter().any(|(seen, before)| *seen == attribute && *before != value) {
            self.cookie.contradictions.push(attribute);
        }
        self.seen.push((attribute, value));
    }

    /// Does what an attribute says; whether it says anything.
    fn set(&mut self, attribute: Attribute, value: &[u8], now: i64) -> bool {
        let text = || String::from_utf8_lossy(value).into_owned();
        match attribute {
            Attribute::Secure => self.cookie.secure = true,
            Attribute::HttpOnly => self.cookie.http_only = true,
            Attribute::SameSite => {
                self.cookie.same_site = same_site(value);
                return self.cookie.same_site.is_some();
            }
            Attribute::Path => {
                self.cookie.path = value.starts_with(b"/").then(text);
                return self.cookie.path.is_some();
            }
            Attribute::Domain => {
                let domain = text().to_ascii_lowercase();
                let domain = domain.strip_prefix('.').unwrap_or(&domain);
                self.cookie.domain = (!domain.is_empty()).then(|| domain.to_owned());
                return self.cookie.domain.is_some();
            }
            Attribute::Expires => {
                let Some(at) = date::parse(value) else { return false };
                self.expires = Some(at.saturating_sub(now).min(LONGEST_KEPT));
            }
            Attribute::MaxAge => {
                let Some(seconds) = max_age(value) else { return false };
                self.max_age = Some(seconds.min(LONGEST_KEPT));
            }
        }
        true
    }

    fn finish(mut self) -> SetCookie {
        self.cookie.lifetime = self.max_age.or(self.expires);
        self.cookie.contradictions.sort_unstable();
        self.cookie.contradictions.dedup();
        self.cookie.ignored.sort_unstable();
        self.cookie.ignored.dedup();
        self.cookie
    }
}

/// When a date is that a server wrote in a header, in seconds since 1970; nothing where it is none.
pub fn time(date: &[u8]) -> Option<i64> {
    date::parse(date)
}

/// What stands before and after the first `=`.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == b'=')?;
    Some((trim(&text[..at]), trim(&text[at + 1..])))
}

fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    &text[start..end]
}

fn same_site(value: &[u8]) -> Option<SameSite> {
    [SameSite::Strict, SameSite::Lax, SameSite::None]
        .into_iter()
        .find(|word| value.eq_ignore_ascii_case(word.name().as_bytes()))
}

/// The seconds of a `Max-Age`; those that no number holds are as many as one can.
fn max_age(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    if !digits.iter().all(u8::is_ascii_digit) || value.is_empty() {
        return None;
    }
    let add = |seconds: i64, digit: &u8| seconds.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    let seconds = digits.iter().fold(0, add);
    Some(if negative { -seconds } else { seconds })
}

/// What a name, or a value without a name, begins with that promises something; and how long that is.
fn prefix(name: &[u8]) -> Option<(Prefix, usize)> {
    let begins = |with: &[u8]| name.len() >= with.len() && name[..with.len()].eq_ignore_ascii_case(with);
    [(Prefix::Secure, b"__Secure-".as_slice()), (Prefix::Host, b"__Host-")]
        .into_iter()
        .find(|(_, text)| begins(text))
        .map(|(prefix, text)| (prefix, text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_767_323_045;

    fn parse(header: &str) -> SetCookie {
        SetCookie::parse(header.as_bytes(), NOW).unwrap()
    }

    #[test]
    fn a_cookie_is_read_as_browsers_read_it() {
        let cookie =
            parse(" id = a=b ;SECURE; httponly=no; SameSite = lax; Domain=.Example.ORG; path=/x; Max-Age=60; y");
        assert_eq!((cookie.name.as_str(), cookie.value.expose()), ("id", b"a=b".as_slice()));
        assert!(cookie.secure && cookie.http_only && cookie.contradictions.is_empty() && cookie.ignored.is_empty());
        assert_eq!((cookie.same_site, cookie.lifetime), (Some(SameSite::Lax), Some(60)));
        assert_eq!((cookie.domain.as_deref(), cookie.path.as_deref()), (Some("example.org"), Some("/x")));
        let nameless = parse("value; Secure");
        assert_eq!((nameless.name.as_str(), nameless.value.expose()), ("", b"value".as_slice()));
    }

    #[test]
    fn the_last_of_several_attributes_counts() {
        let cookie =
            parse("id=1; SameSite=None; samesite=Strict; Path=/a; Path=/b; Secure; Secure; Max-Age=1; Expires=x");
        assert_eq!((cookie.same_site, cookie.path.as_deref()), (Some(SameSite::Strict), Some("/b")));
        assert_eq!(cookie.contradictions, [Attribute::Path, Attribute::SameSite]);
        assert_eq!((cookie.lifetime, cookie.ignored.as_slice()), (Some(1), [Attribute::Expires].as_slice()));
    }

    #[test]
    fn what_says_nothing_is_ignored() {
        let cookie = parse("id=1; Max-Age=+5; SameSite=maybe; Path=x; Domain=.; Expires=never");
        assert_eq!(
            (cookie.lifetime, cookie.same_site, cookie.path.clone(), cookie.domain.clone()),
            (None, None, None, None)
        );
        assert_eq!(cookie.ignored.len(), 5);
        let long = format!("id=1; Path=/{}", "x".repeat(MOST_ATTRIBUTE));
        assert_eq!(parse(&long).path, None);
    }

    #[test]
    fn lifetimes_are_those_that_browsers_keep() {
        for (age, lifetime) in [
            ("0", 0),
            ("-1", -1),
            ("99999999999999999999999", LONGEST_KEPT),
            ("3600", 3600),
            ("34560001", LONGEST_KEPT),
        ] {
            assert_eq!(parse(&format!("id=1; Max-Age={age}")).lifetime, Some(lifetime), "{age}");
        }
        let expires = "id=1; Expires=Fri, 02 Jan 2026 04:04:05 GMT";
        assert_eq!(parse(expires).lifetime, Some(3600));
        assert_eq!(parse(&format!("{expires}; Max-Age=7")).lifetime, Some(7), "Max-Age outranks it");
        assert!(parse("id=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT").deletes());
    }

    #[test]
    fn what_browsers_refuse_is_none() {
        let refused = |header: &[u8]| SetCookie::parse(header, NOW).unwrap_err();
        assert_eq!(refused(b"id=a\0b"), Refused::Control);
        assert_eq!(refused(b"id=1; Path=/\r\nX: y"), Refused::Control);
        assert_eq!(refused(b" = ; Secure"), Refused::Empty);
        assert_eq!(refused(&[b'x'; MOST_PAIR + 1]), Refused::TooLarge);
        assert!(SetCookie::parse(b"id=\xff\xfe; Path=/\xff", NOW).is_ok());
    }

    #[test]
    fn prefixes_do_not_mind_the_case() {
        for (name, prefix, bare) in [
            ("__Host-id", Some(Prefix::Host), "id"),
            ("__host-id", Some(Prefix::Host), "id"),
            ("__SECURE-é", Some(Prefix::Secure), "é"),
            ("__Hostid", None, "__Hostid"),
        ] {
            let cookie = parse(&format!("{name}=1"));
            assert_eq!((cookie.prefix(), cookie.bare_name()), (prefix, bare), "{name}");
        }
    }

    proptest! {
        /// Any bytes are read or refused, and what is printed of them holds nothing of the value.
        #[test]
        fn hostile_headers_are_read(header in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(cookie) = SetCookie::parse(&header, NOW) {
                prop_assert!(!cookie.masked().contains(escape::hostile));
                prop_assert!(cookie.lifetime.is_none_or(|seconds| seconds <= LONGEST_KEPT));
            }
        }

        /// Whatever the attributes, the value stays in.
        #[test]
        fn the_value_never_prints(value in "[a-z0-9]{12,60}", attributes in "[;=A-Za-z/ ]{0,60}") {
            let cookie = parse(&format!("id=Q{value}Q;{attributes}"));
            let debug = format!("{cookie:?}");
            prop_assert!(!cookie.masked().contains(&value) && !debug.contains(&value));
        }

        /// Attributes that are written as they should be are read as they were meant.
        #[test]
        fn written_attributes_are_read(secure: bool, http_only: bool, age in -9i64..40_000_000, path in "/[a-z]{0,8}") {
            let flags = [(secure, "; Secure"), (http_only, "; HttpOnly")];
            let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, text)| *text).collect();
            let cookie = parse(&format!("id=1{flags}; Max-Age={age}; Path={path}"));
            prop_assert_eq!((cookie.secure, cookie.http_only), (secure, http_only));
            prop_assert_eq!((cookie.lifetime, cookie.path), (Some(age.min(LONGEST_KEPT)), Some(path)));
        }
    }
}
