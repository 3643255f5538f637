//! Whether pages of any site may read answers that carry the user's session (CORS; the Fetch standard, section 3.2).

use ureq::http::{HeaderMap, HeaderValue, header};

use super::{
    answer::{Check, part},
    visit::{Ended, Visitor},
};
use crate::{
    rule::{Confidence, Severity},
    weakness::Weakness,
};

/// An origin that answers should not trust: a name that nobody can have (RFC 6761).
const FOREIGN: &str = "https://stanch-probe.invalid";
/// What a browser says for pages without an origin of their own: a frame that any site makes with `sandbox`, a file, a `data:` address.
const NOBODY: &str = "null";

const REFLECTED: Check = Check(
    "cors-credentials",
    "every site may read answers that carry the user's session",
    Severity::High,
    [
        "A page of any site asks in the user's name, with their cookies, and reads the answer.",
        "Allow credentials only to origins on a list, compared whole; never send back the origin that asked.",
    ],
    ["3.4.2", super::answer::FRONTEND],
);
const NULL: Check = Check(
    "cors-null-origin",
    "pages without an origin, which any site can make, may read answers that carry the user's session",
    Severity::High,
    [
        "A page of any site puts its script into a frame with `sandbox`, whose origin is `null`; it asks in the user's name, with their cookies, and reads the answer.",
        "Take `null` off the list of origins that are allowed, and compare origins whole.",
    ],
    ["3.4.2", super::answer::FRONTEND],
);

/// Asks `visitor`'s host as pages of other origins do, and says what those may read; and why an answer is missing.
pub(super) fn look(visitor: &mut Visitor<'_>, start: &ureq::http::Uri) -> (Vec<Weakness>, Option<Ended>) {
    let mut found: Vec<Weakness> = Vec::new();
    for (origin, check) in [(FOREIGN, REFLECTED), (NOBODY, NULL)] {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        let walk = visitor.walk(start, &headers);
        let trusting = walk.answers.iter().filter(|answer| {
            let says = |name| answer.reply.headers.get(name).map(HeaderValue::as_bytes);
            says(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) == Some(b"true")
                && says(header::ACCESS_CONTROL_ALLOW_ORIGIN) == Some(origin.as_bytes())
        });
        found.extend(trusting.map(|answer| {
            let evidence = Some(format!("Access-Control-Allow-Origin: {origin}"));
            check.weakness(Confidence::High, part(answer, "Access-Control-Allow-Origin"), evidence)
        }));
        if let Err(ended) = walk.end {
            return (found, Some(ended));
        }
        if !found.is_empty() {
            // Who sends back any origin sends back this one, too.
            break;
        }
    }
    (found, None)
}
