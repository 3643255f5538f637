//! What is weak about an answer beside its cookies: HSTS, caches, session ids in addresses. What other origins may read is [`super::origin`]'s.

use std::borrow::Cow;

use ureq::http::header;

use super::{shown, visit::Answer};
use crate::{
    cookie::{SetCookie, session::Role},
    escape,
    rule::{Confidence, Severity},
    session::Ids,
    weakness::{Citation, Place, Weakness},
};

/// The least age of an HSTS policy, in seconds: a year (ASVS 3.4.1).
const YEAR: u64 = 31_536_000;
/// The least bits of an id that is referred to (ASVS 7.2.3).
pub(super) const LEAST_BITS: f64 = 128.0;
/// At most so many characters of a header are shown.
const MOST_SHOWN: usize = 200;
/// Parameters that hold session ids, as frameworks name them, in lower case with what stands before and after.
const PARAMETERS: [&str; 5] = ["jsessionid=", "phpsessid=", "sessionid=", "session_id=", "sid="];

/// A check: its id, title, severity, attack, remedy, and the requirement with its chapter.
pub(super) struct Check(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) Severity,
    pub(super) [&'static str; 2],
    pub(super) [&'static str; 2],
);

pub(super) const FRONTEND: &str = "0x12-V3-Web-Frontend-Security.md";
const SESSIONS: &str = "0x16-V7-Session-Management.md";
const DATA: &str = "0x23-V14-Data-Protection.md";

const IN_CLEAR: Check = Check(
    "session-over-http",
    "a session is given out over plain HTTP",
    Severity::High,
    [
        "Whoever can listen on the network reads the id as it is set, and is the user.",
        "Answer plain HTTP with a redirect to HTTPS alone, and set cookies there.",
    ],
    ["3.3.1", FRONTEND],
);
const NO_HSTS: Check = Check(
    "hsts-missing",
    "the host does not tell browsers to come over HTTPS alone",
    Severity::Medium,
    [
        "Somebody on the network answers the first request, which goes over plain HTTP, in the host's place.",
        "Send `Strict-Transport-Security: max-age=31536000; includeSubDomains` with every answer over HTTPS.",
    ],
    ["3.4.1", FRONTEND],
);
const SHORT_HSTS: Check = Check(
    "hsts-short",
    "what the host says of HTTPS is forgotten within a year",
    Severity::Low,
    [
        "A user who comes back later asks over plain HTTP first, and somebody on the network answers.",
        "Send a `max-age` of at least 31536000 seconds.",
    ],
    ["3.4.1", FRONTEND],
);
const HOST_HSTS: Check = Check(
    "hsts-subdomains",
    "what the host says of HTTPS does not hold for the hosts below it",
    Severity::Low,
    [
        "Somebody on the network answers for a made-up host below this one over plain HTTP, and plants cookies there that are sent to this one.",
        "Add `includeSubDomains`, once all hosts below this one answer over HTTPS.",
    ],
    ["3.4.1", FRONTEND],
);
const CACHED: Check = Check(
    "session-cached",
    "an answer that sets a session may be kept by caches",
    Severity::Medium,
    [
        "A cache between gives the same answer, with the same session, to somebody else; a shared computer keeps it.",
        "Send `Cache-Control: no-store` with answers that set sessions.",
    ],
    ["14.3.2", DATA],
);
/// Graver than the same in code: it was seen, and with a session id.
const IN_ADDRESS: Check = Check(
    "token-in-url",
    "a session id travels in an address",
    Severity::High,
    [
        "Addresses stay in histories, logs and bookmarks, and go to other sites as referrers: whoever reads one is the user; whoever sends one fixes the session.",
        "Keep session ids in cookies alone, and turn rewriting of addresses off.",
    ],
    ["14.2.1", DATA],
);
const GUESSABLE: Check = Check(
    "session-id-weak",
    "session id can be guessed",
    Severity::High,
    [
        "An attacker takes a few ids, works out those of others, and is those users.",
        "Make ids of at least 128 bits with the operating system's random generator, and put nothing else in them.",
    ],
    ["7.2.3", SESSIONS],
);
/// Less grave than the same in code: nobody logs in here, and a login may still renew the id.
const ADOPTED: Check = Check(
    "session-fixation",
    "a session id that the server did not give out is adopted",
    Severity::Medium,
    [
        "An attacker plants an id in a browser and waits for the user to log in; unless the id changes then, both have the session.",
        "Refuse ids that were not given out (PHP: `session.use_strict_mode = 1`), and give out a new one at login.",
    ],
    ["7.2.4", SESSIONS],
);

impl Check {
    pub(super) fn weakness(&self, confidence: Confidence, place: Place, evidence: Option<String>) -> Weakness {
        let Self(check, title, severity, [attack, remedy], [section, chapter]) = self;
        let url = format!("https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/en/{chapter}");
        let standard = Cow::Borrowed("OWASP ASVS 5.0.0");
        Weakness {
            check: Cow::Borrowed(check),
            title: Cow::Borrowed(title),
            severity: *severity,
            confidence,
            attack: Cow::Borrowed(attack),
            remedy: Cow::Borrowed(remedy),
            standards: vec![Citation { standard, section: Cow::Borrowed(section), url: Cow::Owned(url) }],
            place,
            evidence,
        }
    }
}

/// What is weak about `answer`, which sets `cookies`.
pub(super) fn judge(answer: &Answer, cookies: &[SetCookie]) -> Vec<Weakness> {
    let mut found = Vec::new();
    let encrypted = answer.uri.scheme_str() == Some("https");
    let sure = cookies.iter().filter(|cookie| !cookie.deletes()).filter_map(confidence).max();
    let mut add = |check: &Check, confidence, name, evidence| {
        found.push(check.weakness(confidence, part(answer, name), evidence));
    };
    if let Some(sure) = sure {
        if !encrypted {
            add(&IN_CLEAR, sure, "Set-Cookie", None);
        }
        let control = text(answer, &header::CACHE_CONTROL).to_ascii_lowercase();
        if !control.split(',').any(|word| word.trim() == "no-store") {
            let shown = escape::cut(&escape::terminal(&control), MOST_SHOWN).into_owned();
            add(&CACHED, sure, "Cache-Control", (!control.is_empty()).then_some(shown));
        }
    }
    // What an address without a name says of HTTPS, browsers do not keep (RFC 6797, section 8.1.1).
    if encrypted && has_name(answer) {
        let policy = text(answer, &header::STRICT_TRANSPORT_SECURITY);
        let shown = || Some(escape::cut(&escape::terminal(&policy), MOST_SHOWN).into_owned());
        let check = match Hsts::read(&policy) {
            None => Some((&NO_HSTS, None)),
            Some(Hsts { age, .. }) if age < YEAR => Some((&SHORT_HSTS, shown())),
            Some(Hsts { subdomains: false, .. }) => Some((&HOST_HSTS, shown())),
            Some(_) => None,
        };
        if let Some((check, evidence)) = check {
            add(check, Confidence::High, "Strict-Transport-Security", evidence);
        }
    }
    if let Some(name) = parameter(&text(answer, &header::LOCATION)) {
        add(&IN_ADDRESS, Confidence::High, "Location", Some(format!("{name}…")));
    } else if let Some(name) = links(&answer.reply.body) {
        add(&IN_ADDRESS, Confidence::Medium, "a link", Some(format!("{name}…")));
    }
    found
}

/// The part `name` of `answer`.
pub(super) fn part(answer: &Answer, name: &'static str) -> Place {
    Place::Answer { url: Cow::Owned(shown(&answer.uri)), part: Cow::Borrowed(name) }
}

/// That ids of `session` can be guessed, where samples show it.
pub(super) fn guessable(ids: &Ids, session: &SetCookie, place: &Place) -> Option<Weakness> {
    let confidence = confidence(session)?;
    ids.weak.then(|| {
        let bits = ids.bits_at_most.map(|bits| format!("at most {bits:.0} bits"));
        let signs = ids.signs.iter().map(|sign| sign.words());
        let seen = std::iter::once(format!("{} samples", ids.samples)).chain(bits).chain(signs);
        GUESSABLE.weakness(confidence, place.clone(), Some(seen.collect::<Vec<_>>().join("; ")))
    })
}

/// That an id of somebody else's is adopted for `session`.
pub(super) fn adopted(session: &SetCookie, place: Place) -> Weakness {
    let confidence = confidence(session).unwrap_or(Confidence::Low).min(Confidence::Medium);
    ADOPTED.weakness(confidence, place, None)
}

fn confidence(cookie: &SetCookie) -> Option<Confidence> {
    match cookie.role() {
        Role::Named(_) => Some(Confidence::High),
        Role::Likely => Some(Confidence::Medium),
        Role::Possible => Some(Confidence::Low),
        Role::Other => None,
    }
}

/// All values of a header, as one text.
fn text(answer: &Answer, name: &header::HeaderName) -> String {
    let values = answer.reply.headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(", ")
}

/// Whether the host of `answer` has a name, and is not just an address.
fn has_name(answer: &Answer) -> bool {
    let host = answer.uri.host().unwrap_or_default();
    !host.starts_with('[') && host.parse::<core::net::IpAddr>().is_err()
}

/// What a host says of HTTPS (RFC 6797, section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hsts {
    /// For how long, in seconds.
    age: u64,
    /// Whether it holds for the hosts below, too.
    subdomains: bool,
}

impl Hsts {
    /// Reads the values of the header; the first one alone counts (section 8.1).
    fn read(policy: &str) -> Option<Self> {
        let directives = || policy.split(',').next().unwrap_or_default().split(';').map(str::trim);
        let age = directives().filter_map(|directive| directive.split_once('=')).find_map(|(name, value)| {
            let is_age = name.trim().eq_ignore_ascii_case("max-age");
            is_age.then(|| value.trim().trim_matches('"').parse().ok()).flatten()
        })?;
        let subdomains = directives().any(|directive| directive.eq_ignore_ascii_case("includeSubDomains"));
        Some(Self { age, subdomains })
    }
}

/// The parameter of `address` that holds a session id.
fn parameter(address: &str) -> Option<&'static str> {
    let lower = address.to_ascii_lowercase();
    PARAMETERS.into_iter().find(|name| {
        lower.match_indices(name).any(|(at, _)| {
            let value = lower[at + name.len()..].chars().take_while(char::is_ascii_alphanumeric).count();
            value >= 8 && lower[..at].ends_with(['?', '&', ';'])
        })
    })
}

/// The same for the links of a page.
fn links(body: &[u8]) -> Option<&'static str> {
    let page = String::from_utf8_lossy(body);
    let quoted = page.split("href=").skip(1).chain(page.split("action=").skip(1));
    let address =
        |rest: &str| rest.trim_start_matches(['"', '\'']).split(['"', '\'', '>', ' ']).next().map(str::to_owned);
    quoted.filter_map(address).find_map(|address| parameter(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_addresses_are_seen() {
        assert_eq!(parameter("/a;jsessionid=0123456789abcdef"), Some("jsessionid="));
        assert_eq!(parameter("/a?x=1&PHPSESSID=0123456789abcdef"), Some("phpsessid="));
        for address in ["/a?sid=1", "/a?inside=0123456789", "/sid=0123456789", ""] {
            assert_eq!(parameter(address), None, "{address}");
        }
        assert_eq!(links(b"<a href='/x?sid=0123456789'>"), Some("sid="));
        assert_eq!(links(b"<p>/x?sid=0123456789</p>"), None);
    }

    #[test]
    fn policies_are_read() {
        let read = |policy: &str| Hsts::read(policy).map(|Hsts { age, subdomains }| (age, subdomains));
        assert_eq!(read("max-age=31536000; includeSubDomains"), Some((YEAR, true)));
        assert_eq!(read("max-age=31536000, max-age=0; includesubdomains"), Some((YEAR, false)));
        assert_eq!((read("Max-Age=\"5\""), read(""), read("includeSubDomains")), (Some((5, false)), None, None));
    }
}
