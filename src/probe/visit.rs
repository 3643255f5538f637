//! Requests to one host, one at a time and counted: an address is asked, and its redirects on the same host are followed.

use ureq::http::{HeaderMap, HeaderValue, Method, Uri, header, uri::Scheme};
use zeroize::Zeroizing;

use super::{jar::Jar, set_cookies};
use crate::net::{Call, Failure, Net, Reply};

/// At most so many requests are sent to one host.
pub const MOST_REQUESTS: u32 = 100;
/// At most so many redirects are followed from one address.
const MOST_REDIRECTS: usize = 10;

/// One host, and how often it was asked.
pub(super) struct Visitor<'v> {
    pub(super) net: &'v Net,
    /// Whether it has to have a public address.
    pub(super) public: bool,
    pub(super) requests: u32,
    /// The present, in seconds since 1970.
    pub(super) now: i64,
    pub(super) stopped: &'v (dyn Fn() -> bool + Sync),
}

/// What one address led to.
#[derive(Debug)]
pub(super) struct Walk {
    /// The answers, in order.
    pub(super) answers: Vec<Answer>,
    /// How it ended.
    pub(super) end: Result<(), Ended>,
}

/// An answer of an address.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) uri: Uri,
    pub(super) reply: Reply,
}

/// Why an address was not followed to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Ended {
    /// There is no answer.
    #[error("{0}")]
    Failed(#[from] Failure),
    /// The host was asked often enough.
    #[error("{MOST_REQUESTS} requests were sent to its host, which is the most")]
    Budget,
    /// It leads on and on.
    #[error("it redirects more than {MOST_REDIRECTS} times")]
    Redirects,
    /// It leads where nobody said that may be asked.
    #[error("it redirects to another host, {0}, which was not named")]
    Elsewhere(String),
    /// It leads to what is no address.
    #[error("it redirects to what is no address")]
    Nowhere,
}

impl Ended {
    /// Whether every other walk would end so, too, or has no time left.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, Self::Elsewhere(_) | Self::Nowhere)
    }
}

impl Visitor<'_> {
    /// Asks `start`, with these headers, and whatever it redirects to on the same host.
    pub(super) fn walk(&mut self, start: &Uri, headers: &HeaderMap) -> Walk {
        self.walk_with(start, headers, Jar::default())
    }

    /// The same with cookies of one's own; what is set on the way is sent on.
    pub(super) fn walk_with(&mut self, start: &Uri, headers: &HeaderMap, mut jar: Jar) -> Walk {
        let mut walk = Walk { answers: Vec::new(), end: Ok(()) };
        let mut uri = start.clone();
        loop {
            let mut headers = headers.clone();
            headers.extend(jar.header(&uri).map(|cookies| (header::COOKIE, cookies)));
            let reply = match self.ask(&uri, headers) {
                Ok(reply) => reply,
                Err(ended) => return Walk { end: Err(ended), ..walk },
            };
            jar.keep(&uri, set_cookies(&reply, self.now).into_iter().flatten());
            let next = next(&uri, &reply);
            walk.answers.push(Answer { uri, reply });
            match next {
                None => return walk,
                Some(Err(ended)) => return Walk { end: Err(ended), ..walk },
                Some(Ok(_)) if walk.answers.len() > MOST_REDIRECTS => {
                    return Walk { end: Err(Ended::Redirects), ..walk };
                }
                Some(Ok(next)) => uri = next,
            }
        }
    }

    fn ask(&mut self, uri: &Uri, mut headers: HeaderMap) -> Result<Reply, Ended> {
        if self.requests >= MOST_REQUESTS {
            return Err(Ended::Budget);
        }
        self.requests += 1;
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("text/html,*/*;q=0.8"));
        let body = Zeroizing::new(Vec::new());
        let uri = uri.clone();
        let call = Call { method: Method::GET, uri, headers, body, public: self.public, repeatable: false };
        Ok(self.net.send(&call, self.stopped)?)
    }
}

/// Where `reply` leads on to, if it does.
fn next(from: &Uri, reply: &Reply) -> Option<Result<Uri, Ended>> {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = reply.headers.get(header::LOCATION)?;
    let Some(to) = location.to_str().ok().and_then(|text| resolve(from, text)) else {
        return Some(Err(Ended::Nowhere));
    };
    let host = to.host().unwrap_or_default();
    let is_same = from.host().is_some_and(|from| from.eq_ignore_ascii_case(host));
    let same_port = to.port_u16() == from.port_u16() && to.scheme() == from.scheme();
    let upgrade = from.scheme() == Some(&Scheme::HTTP) && to.scheme() == Some(&Scheme::HTTPS);
    if is_same && (same_port || upgrade && to.port_u16().is_none_or(|port| port == 443)) {
        return Some(Ok(to));
    }
    Some(Err(Ended::Elsewhere(to.authority().map(ToString::to_string).unwrap_or_default())))
}

/// The address that `reference` is, seen from `base` (RFC 3986, section 5.2, without dots removed: the server does that).
fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let reference = reference.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let lower = reference.to_ascii_lowercase();
    let text = if lower.starts_with("http://") || lower.starts_with("https://") {
        reference.to_owned()
    } else if reference.starts_with("//") {
        format!("{scheme}:{reference}")
    } else if reference.starts_with('/') {
        format!("{scheme}://{authority}{reference}")
    } else if lower.split(['/', '?']).next().is_some_and(|first| first.contains(':')) {
        return None;
    } else {
        let path = base.path();
        let folder = if reference.starts_with('?') { path } else { &path[..=path.rfind('/')?] };
        format!("{scheme}://{authority}{folder}{reference}")
    };
    let uri: Uri = text.parse().ok()?;
    let clean = uri.host().is_some_and(|host| !host.is_empty()) && !uri.authority()?.as_str().contains('@');
    clean.then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(from: &str, location: &str) -> Option<Result<String, Ended>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().unwrap());
        let reply = Reply { status: 302, headers, body: Vec::new(), cut: false };
        next(&from.parse().unwrap(), &reply).map(|next| next.map(|uri| uri.to_string()))
    }

    #[test]
    fn redirects_stay_on_the_host() {
        let from = "http://shop.example.org/a/b?q";
        for (location, to) in [
            ("/x", "http://shop.example.org/x"),
            ("c?d#e", "http://shop.example.org/a/c?d"),
            ("?z", "http://shop.example.org/a/b?z"),
            ("https://SHOP.example.org/", "https://SHOP.example.org/"),
            ("//shop.example.org/y", "http://shop.example.org/y"),
        ] {
            assert_eq!(leads(from, location), Some(Ok(to.to_owned())), "{location}");
        }
    }

    #[test]
    fn other_hosts_ports_and_schemes_are_left_alone() {
        let from = "https://shop.example.org/";
        for location in [
            "https://example.org/",
            "//evil.example/",
            "http://shop.example.org/",
            "https://shop.example.org:8443/",
            "https://shop.example.org.evil.example/",
        ] {
            assert!(matches!(leads(from, location), Some(Err(Ended::Elsewhere(_)))), "{location}");
        }
        for location in ["javascript:alert(1)", "https://a@shop.example.org/", "https:///x", "file:/etc/passwd"] {
            assert_eq!(leads(from, location), Some(Err(Ended::Nowhere)), "{location}");
        }
    }
}
