//! What is weak about an answer beside its cookies: HSTS, caches, other origins, session ids in addresses.

use std::borrow::Cow;

use ureq::http::header;

use super::{FOREIGN, samples::Judgement, shown, visit::Answer};
use crate::{
    cookie::{SetCookie, session::Role},
    rule::{Confidence, Severity},
    weakness::{Citation, Place, Weakness},
};

/// The least age of an HSTS policy, in seconds: a year (ASVS 3.4.1).
const YEAR: u64 = 31_536_000;
/// The least bits of an id that is referred to (ASVS 7.2.3).
const LEAST_BITS: f64 = 128.0;
/// Parameters that hold session ids, as frameworks name them, in lower case with what stands before and after.
const PARAMETERS: [&str; 5] = ["jsessionid=", "phpsessid=", "sessionid=", "session_id=", "sid="];

/// A check: its id, title, severity, attack, remedy, and the requirement with its chapter.
struct Check(&'static str, &'static str, Severity, [&'static str; 2], [&'static str; 2]);

const FRONTEND: &str = "0x12-V3-Web-Frontend-Security.md";
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
const REFLECTED: Check = Check(
    "cors-credentials",
    "every site may read answers that carry the user's session",
    Severity::High,
    [
        "A page of any site asks in the user's name, with their cookies, and reads the answer.",
        "Allow credentials only to origins on a list, compared whole; never send back the origin that asked.",
    ],
    ["3.4.2", FRONTEND],
);
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
    fn weakness(&self, confidence: Confidence, place: Place, evidence: Option<String>) -> Weakness {
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
    let mut add = |check: &Check, confidence, part: &'static str, evidence| {
        let place = Place::Answer { url: Cow::Owned(shown(&answer.uri)), part: Cow::Borrowed(part) };
        found.push(check.weakness(confidence, place, evidence));
    };
    if let Some(sure) = sure {
        if !encrypted {
            add(&IN_CLEAR, sure, "Set-Cookie", None);
        }
        let control = text(answer, &header::CACHE_CONTROL).to_ascii_lowercase();
        if !control.split(',').any(|word| word.trim() == "no-store") {
            add(&CACHED, sure, "Cache-Control", (!control.is_empty()).then_some(control));
        }
    }
    if encrypted {
        match hsts(&text(answer, &header::STRICT_TRANSPORT_SECURITY)) {
            None => add(&NO_HSTS, Confidence::High, "Strict-Transport-Security", None),
            Some(age) if age < YEAR => {
                add(&SHORT_HSTS, Confidence::High, "Strict-Transport-Security", Some(format!("max-age={age}")));
            }
            Some(_) => {}
        }
    }
    let credentials = text(answer, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true";
    if credentials && text(answer, &header::ACCESS_CONTROL_ALLOW_ORIGIN) == FOREIGN {
        let evidence = Some(format!("Access-Control-Allow-Origin: {FOREIGN}"));
        add(&REFLECTED, Confidence::High, "Access-Control-Allow-Origin", evidence);
    }
    if let Some(name) = parameter(&text(answer, &header::LOCATION)) {
        add(&IN_ADDRESS, Confidence::High, "Location", Some(format!("{name}…")));
    } else if let Some(name) = links(&answer.reply.body) {
        add(&IN_ADDRESS, Confidence::Medium, "a link", Some(format!("{name}…")));
    }
    found
}

/// That ids of `session` can be guessed, where samples show it.
pub(super) fn guessable(judgement: &Judgement, session: &SetCookie, place: &Place) -> Option<Weakness> {
    let confidence = confidence(session)?;
    judgement.is_weak(LEAST_BITS).then(|| {
        let bits = judgement.bits_at_most.map_or(String::new(), |bits| format!(", at most {bits:.0} bits"));
        let evidence = format!("{} samples{bits}; {:?}", judgement.samples, judgement.signs);
        GUESSABLE.weakness(confidence, place.clone(), Some(evidence))
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

/// The age of an HSTS policy, in seconds (RFC 6797, section 6.1.1).
fn hsts(policy: &str) -> Option<u64> {
    let directives = policy.split(',').next().unwrap_or_default().split(';');
    directives.filter_map(|directive| directive.split_once('=')).find_map(|(name, value)| {
        let is_age = name.trim().eq_ignore_ascii_case("max-age");
        is_age.then(|| value.trim().trim_matches('"').parse().ok()).flatten()
    })
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
        assert_eq!(hsts("max-age=31536000; includeSubDomains"), Some(YEAR));
        assert_eq!((hsts("Max-Age=\"5\""), hsts(""), hsts("includeSubDomains")), (Some(5), None, None));
    }
}
