//! What an answer says of how often a forge wants to be asked.
//!
//! GitHub: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately>.
//! GitLab: <https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers>. Azure
//! DevOps: <https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits#api-client-experience>. All others answer 429 (RFC 6585),
//! mostly with `Retry-After` (RFC 9110, section 10.2.3).

use std::time::Duration;

use jiff::fmt::rfc2822;
use ureq::http::{HeaderMap, header};

use crate::net::Reply;

/// How long a forge is left alone that says too much, but not until when: what GitHub asks for.
const UNSAID: Duration = Duration::from_mins(1);
/// How many bytes of a refusal are looked at.
const MOST_READ: usize = 4 << 10;

/// What an answer means for when to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is an answer; the next question may come after this time.
    Answer(Duration),
    /// The same question may come again after this time.
    Limited(Duration),
    /// The forge failed, which may pass.
    Failed,
}

/// What `reply` means, the `nth` in a row that is none; `now` is in seconds since 1970 by our clock, which counts only where the forge does not say what time it is.
pub(super) fn judge(reply: &Reply, nth: u32, now: i64) -> Judged {
    let headers = &reply.headers;
    let said = retry_after(headers, now).or_else(|| used_up(headers, now));
    let unsaid = || UNSAID.saturating_mul(1 << nth.min(6));
    match reply.status {
        429 => Judged::Limited(said.unwrap_or_else(unsaid)),
        403 if said.is_some() || speaks_of_limits(&reply.body) => Judged::Limited(said.unwrap_or_else(unsaid)),
        503 => retry_after(headers, now).map_or(Judged::Failed, Judged::Limited),
        408 | 500.. => Judged::Failed,
        _ => Judged::Answer(said.unwrap_or_default()),
    }
}

/// Seconds, or the time of day (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().or_else(|| u64::try_from(date(text)? - time(headers, now)).ok());
    seconds.map(Duration::from_secs)
}

/// How long it takes until there are questions left, where there are none.
fn used_up(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let either = |one, other| number(one).or_else(|| number(other));
    if either("x-ratelimit-remaining", "ratelimit-remaining")? > 0 {
        return None;
    }
    let reset = either("x-ratelimit-reset", "ratelimit-reset")?;
    // A second more: both are rounded.
    let seconds = u64::try_from(reset.saturating_sub(time(headers, now)).saturating_add(1)).unwrap_or(1);
    Some(Duration::from_secs(seconds))
}

/// What time it is for the forge.
fn time(headers: &HeaderMap, now: i64) -> i64 {
    headers.get(header::DATE).and_then(|text| date(text.to_str().ok()?)).unwrap_or(now)
}

fn date(text: &str) -> Option<i64> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(jiff::Timestamp::as_second)
}

/// GitHub's secondary limits are a 403 that may say so in its message alone.
fn speaks_of_limits(body: &[u8]) -> bool {
    let body = &body[..body.len().min(MOST_READ)];
    body.to_ascii_lowercase().windows(10).any(|window| window == b"rate limit")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ureq::http::HeaderValue;

    use super::*;

    const NOW: i64 = 1_767_323_045;

    fn reply(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply {
        let headers = headers
            .iter()
            .map(|(name, value)| (ureq::http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        Reply { status, headers: headers.collect(), body: body.as_bytes().to_vec(), cut: false }
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn limits_are_waited_for_as_they_are_said() {
        let date = ("date", "Fri, 02 Jan 2026 03:00:00 GMT");
        let reset = |at| ("x-ratelimit-reset", at);
        let (none, some) = (("x-ratelimit-remaining", "0"), ("x-ratelimit-remaining", "12"));
        let (seven, until) = (("retry-after", "7"), ("retry-after", "Fri, 02 Jan 2026 03:00:09 GMT"));
        let gitlab = vec![("ratelimit-remaining", "0"), ("ratelimit-reset", "1767323105")];
        for (status, headers, body, expected) in [
            (200, vec![], "", Judged::Answer(seconds(0))),
            (200, vec![some, reset("1767323345")], "", Judged::Answer(seconds(0))),
            (200, vec![none, reset("1767323105")], "", Judged::Answer(seconds(61))),
            (429, vec![seven], "", Judged::Limited(seconds(7))),
            (403, vec![seven], "", Judged::Limited(seconds(7))),
            (403, vec![none, reset("1767323105")], "", Judged::Limited(seconds(61))),
            (429, gitlab, "", Judged::Limited(seconds(61))),
            // By the forge's clock, whatever ours says; and a time that has passed is one second.
            (429, vec![date, none, reset("1767322810")], "", Judged::Limited(seconds(11))),
            (429, vec![none, reset("1")], "", Judged::Limited(seconds(1))),
            (429, vec![date, until], "", Judged::Limited(seconds(9))),
            (403, vec![], "You have exceeded a secondary Rate Limit.", Judged::Limited(seconds(240))),
            (429, vec![], "", Judged::Limited(seconds(240))),
            (403, vec![], "Must have admin rights", Judged::Answer(seconds(0))),
            (503, vec![("retry-after", "3")], "", Judged::Limited(seconds(3))),
            (503, vec![], "", Judged::Failed),
            (500, vec![], "", Judged::Failed),
        ] {
            assert_eq!(judge(&reply(status, &headers, body), 2, NOW), expected, "{status} {headers:?} {body}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_harm(value in "[0-9A-Za-z:, +-]{0,40}", nth in any::<u32>()) {
            for name in ["retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset"] {
                let fixed = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9223372036854775807"), (name, &*value)];
                judge(&reply(429, &fixed, ""), nth, NOW);
            }
        }
    }
}
