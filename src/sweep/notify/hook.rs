//! Where messages go, how they are signed, and how often it is tried.
//!
//! Headers and signature are those of Standard Webhooks 1.0.0, so that receivers find a library that checks them.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::{
    collections::BTreeSet,
    fmt,
    net::IpAddr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use data_encoding::{BASE64, BASE64_NOPAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use ureq::http::{HeaderMap, HeaderValue, Method, Uri, header};
use zeroize::Zeroizing;

use super::{Guard, Pending, payload, slack};
use crate::{
    detect::Detector,
    net::{Call, Failure, Limits, Net, Reply, header_name, sensitive},
};

/// How often a message is sent, as long as it does not arrive.
const MOST_TRIES: u32 = 3;
/// How long the first wait is; each later one is four times as long.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// How often a wait looks whether the run was stopped.
const TICK: Duration = Duration::from_millis(25);
/// What a written secret begins with.
const SECRET_PREFIX: &str = "whsec_";
/// How long a secret is at least, in bytes.
const SHORTEST_SECRET: usize = 24;

/// How fast, and for how long, a webhook is asked.
pub fn limits() -> Limits {
    Limits { request: Duration::from_secs(20), total: Duration::from_mins(3), ..Limits::default() }
}

/// What messages look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For programs.
    #[default]
    Stanch,
    /// For people, by an incoming webhook of Slack.
    Slack,
}

/// Where messages go. The address is a secret, too: whoever has it can write there.
pub struct Hook {
    uri: Uri,
    public: bool,
    format: Format,
    /// One, or two while it is being replaced.
    secrets: Vec<Zeroizing<Vec<u8>>>,
    first_wait: Duration,
}

/// Why nothing can be sent there. What it says names no more than the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is no address.
    #[error("the webhook's address is none: it has to be https://HOST/…")]
    Malformed,
    /// It would go in clear.
    #[error("the webhook's address has to begin with https:// (http:// is for this machine alone)")]
    Clear,
    /// It names who asks.
    #[error("the webhook's address may hold no user or password before {host}")]
    Named {
        /// The host.
        host: String,
    },
    /// A secret cannot be read.
    #[error("the webhook's signing secret begins with {SECRET_PREFIX}, but what follows is not base64")]
    NoBase64,
    /// A secret could be guessed.
    #[error("the webhook's signing secret has {length} bytes, and needs {SHORTEST_SECRET}")]
    ShortSecret {
        /// How long it is.
        length: usize,
    },
    /// There is none.
    #[error("the webhook's signing secret is empty")]
    NoSecret,
}

/// A message that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its id.
    pub id: String,
    /// How many incidents it tells of, those that it only counts included.
    pub incidents: u64,
    /// How often it was sent.
    pub tries: u32,
}

/// Why a message did not arrive, or nobody can tell that it did. What it told of is still pending.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Nobody answered.
    #[error("could not notify {host}: {failure}; tried {tries} times, and again by the next sweep")]
    Failed {
        /// The host.
        host: String,
        /// Why.
        failure: Failure,
        /// How often it was sent.
        tries: u32,
    },
    /// The answer was not that it arrived.
    #[error("could not notify {host}: it answered {status}; tried {tries} times, and again by the next sweep")]
    Refused {
        /// The host.
        host: String,
        /// Its answer.
        status: u16,
        /// How often it was sent.
        tries: u32,
    },
    /// It could not be written.
    #[error("could not write the message for {host}")]
    Unwritten {
        /// The host.
        host: String,
    },
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({}, {:?}, {} secrets)", self.host(), self.format, self.secrets.len())
    }
}

impl Hook {
    /// The webhook at `address`, which is never shown. Hosts of `private`, with their port or without, may have private addresses; others may not.
    ///
    /// # Errors
    /// Where it is no address, or one that would be asked in clear from another machine.
    pub fn new(address: &str, format: Format, private: &BTreeSet<String>) -> Result<Self, Unusable> {
        let uri: Uri = address.trim().parse().map_err(|_| Unusable::Malformed)?;
        let authority = uri.authority().ok_or(Unusable::Malformed)?;
        let (host, full) = (authority.host().to_ascii_lowercase(), authority.as_str().to_ascii_lowercase());
        if host.is_empty() {
            return Err(Unusable::Malformed);
        }
        match uri.scheme_str() {
            _ if full.contains('@') => return Err(Unusable::Named { host }),
            Some("https") => {}
            Some("http") if is_loopback(&host) => {}
            Some("http") => return Err(Unusable::Clear),
            _ => return Err(Unusable::Malformed),
        }
        let public = !private.contains(&host) && !private.contains(&full);
        Ok(Self { uri, public, format, secrets: Vec::new(), first_wait: FIRST_WAIT })
    }

    /// The same, its messages signed with these secrets, which white space separates: one, or the new and the old one. `whsec_` and base64, or
    /// any other text as it stands.
    ///
    /// # Errors
    /// Where one of them is none, or too short.
    pub fn signed(mut self, secrets: &str) -> Result<Self, Unusable> {
        self.secrets = secrets.split_whitespace().map(secret).collect::<Result<_, _>>()?;
        if self.secrets.is_empty() { Err(Unusable::NoSecret) } else { Ok(self) }
    }

    /// The host, with its port where that is named: all of the address that may be shown.
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// Sends one message that tells of all of `pending`, and tries again where that may help; `stopped` is asked whether the run is over. Where nothing is
    /// pending, nothing is sent.
    ///
    /// # Errors
    /// Where it did not arrive. Then all of it is still pending.
    pub fn send(
        &self,
        net: &Net,
        pending: &Pending,
        detector: &Detector,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Delivered, Undelivered> {
        let delivered = |tries| Delivered { id: pending.id(), incidents: pending.count(), tries };
        if pending.count() == 0 {
            return Ok(delivered(0));
        }
        let guard = &mut Guard::new(detector);
        let body = match self.format {
            Format::Stanch => payload::write(pending, guard),
            Format::Slack => slack::write(pending, guard),
        };
        let host = || self.host().to_owned();
        let body = body.map_err(|_| Undelivered::Unwritten { host: host() })?;
        for tries in 1.. {
            let call =
                self.call(net, &pending.id(), body.clone()).ok_or_else(|| Undelivered::Unwritten { host: host() })?;
            let answer = net.send(&call, stopped);
            if matches!(&answer, Ok(reply) if is_success(reply)) {
                return Ok(delivered(tries));
            }
            if tries == MOST_TRIES || !may_help(&answer) || !self.wait(tries, stopped) {
                return Err(match answer {
                    Ok(reply) => Undelivered::Refused { host: host(), status: reply.status, tries },
                    Err(failure) => Undelivered::Failed { host: host(), failure, tries },
                });
            }
        }
        unreachable!("the loop ends by its last try")
    }

    /// The request, signed as of now: an answer to a late try must not look like an old message sent again.
    fn call(&self, net: &Net, id: &str, body: Vec<u8>) -> Option<Call> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header_name("webhook-id")?, HeaderValue::from_str(id).ok()?);
        headers.insert(header_name("webhook-timestamp")?, HeaderValue::from_str(&now).ok()?);
        if !self.secrets.is_empty() {
            let signatures: Vec<String> = self.secrets.iter().map(|secret| sign(secret, id, &now, &body)).collect();
            headers.insert(header_name("webhook-signature")?, sensitive(signatures.join(" ").as_bytes())?);
        }
        Some(Call {
            method: Method::POST,
            uri: self.uri.clone(),
            headers,
            body: Zeroizing::new(body),
            // Behind a proxy nobody here sees the address, and the user named the host.
            public: self.public && !net.is_proxied(&self.uri),
            // Every try is signed anew.
            repeatable: false,
        })
    }

    /// Waits before the next try; whether the run goes on.
    fn wait(&self, tries: u32, stopped: &(dyn Fn() -> bool + Sync)) -> bool {
        // Up to a quarter more, so that not all who failed at once come back at once.
        let more = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos() % 250;
        let wait = self.first_wait * 4u32.pow(tries - 1) * (1_000 + more) / 1_000;
        let until = Instant::now() + wait;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if stopped() {
                return false;
            }
            std::thread::sleep(left.min(TICK));
        }
        !stopped()
    }
}

/// Whether it arrived.
fn is_success(reply: &Reply) -> bool {
    (200..300).contains(&reply.status)
}

/// Whether another try may do better.
fn may_help(answer: &Result<Reply, Failure>) -> bool {
    match answer {
        Ok(reply) => matches!(reply.status, 408 | 425 | 429 | 500..=599),
        Err(failure) => {
            matches!(failure, Failure::NoAddress | Failure::NoConnection | Failure::Timeout | Failure::Broken)
        }
    }
}

fn secret(text: &str) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let bytes = match text.strip_prefix(SECRET_PREFIX) {
        Some(encoded) => {
            BASE64_NOPAD.decode(encoded.trim_end_matches('=').as_bytes()).map_err(|_| Unusable::NoBase64)?
        }
        None => text.as_bytes().to_vec(),
    };
    let bytes = Zeroizing::new(bytes);
    if bytes.len() < SHORTEST_SECRET { Err(Unusable::ShortSecret { length: bytes.len() }) } else { Ok(bytes) }
}

/// The signature of a message: HMAC-SHA-256 over its id, the time and its body.
fn sign(secret: &[u8], id: &str, time: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    let mac = mac.chain_update(id).chain_update(".").chain_update(time).chain_update(".").chain_update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || inner.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
