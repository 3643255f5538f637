//! Asks forges, with manners: no faster than they want, again where they fail, and only for what changed.
//!
//! Every wait is measured by a clock that does not jump, and ends when the run does. What is read out of an answer is each forge's.

use std::time::{Duration, Instant};

use serde::{Serialize, de::DeserializeOwned};
use ureq::http::{HeaderMap, HeaderValue, header};

use super::{
    api::Api,
    error::{Error, Why},
    limits::{Judged, judge},
    pages::Page,
};
use crate::{
    ask::Endpoint,
    net::{Call, Failure, Limits, Net, Reply},
};

/// How often the wait for a forge looks whether the run was stopped.
const TICK: Duration = Duration::from_millis(25);
/// The longest pause between two tries.
const MOST_PAUSE: Duration = Duration::from_mins(1);
/// How many redirections are followed, all within one host.
const MOST_REDIRECTIONS: usize = 3;

/// What answers came to, kept from one run to the next. It is never handed a token, nor a text that somebody wrote.
pub trait Answers {
    /// The entity tag of the last answer at `url`, and what that answer came to.
    fn get(&self, url: &str) -> Option<(String, Vec<u8>)>;
    /// Remembers both in place of what was there.
    fn put(&mut self, url: &str, tag: &str, came_to: &[u8]);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgetful;

impl Answers for Forgetful {
    fn get(&self, _: &str) -> Option<(String, Vec<u8>)> {
        None
    }

    fn put(&mut self, _: &str, _: &str, _: &[u8]) {}
}

/// How long a forge is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until its rate limit lets it answer one question.
    pub limited: Duration,
    /// While it fails to answer one question.
    pub failing: Duration,
    /// After its first failure; each further pause is twice as long, up to a minute.
    pub pause: Duration,
}

impl Default for Patience {
    /// Limits that are counted by the hour are waited for.
    fn default() -> Self {
        Self { limited: Duration::from_mins(65), failing: Duration::from_mins(5), pause: Duration::from_secs(1) }
    }
}

/// How fast forges are asked, and how much of an answer is read: GitHub takes 15 requests a second from one user.
/// <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits>
pub fn limits() -> Limits {
    Limits {
        per_second: 12.0,
        burst: 60,
        request: Duration::from_mins(1),
        total: Duration::from_hours(24 * 365),
        most_read: 64 << 20,
        most_failures: u32::MAX,
    }
}

/// Asks forges for one run.
pub struct Client<'c> {
    net: &'c Net,
    answers: &'c mut dyn Answers,
    stopped: &'c (dyn Fn() -> bool + Sync),
    patience: Patience,
    not_before: Option<Instant>,
    requests: u64,
}

impl<'c> Client<'c> {
    /// One that asks over `net`, which keeps to [`limits`], remembers in `answers`, and ends when `stopped` says so.
    pub fn new(net: &'c Net, answers: &'c mut dyn Answers, stopped: &'c (dyn Fn() -> bool + Sync)) -> Self {
        Self { net, answers, stopped, patience: Patience::default(), not_before: None, requests: 0 }
    }

    /// The same with other patience.
    #[must_use]
    pub fn waiting(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// How many requests it sent.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The page at `url`, which may be one that is remembered: then it costs a question, but no limit. `subject` is what it is, for people.
    pub(super) fn page<T: Serialize + DeserializeOwned>(
        &mut self,
        api: &Api,
        url: &str,
        subject: &str,
        read: impl Fn(&Reply) -> Option<Page<T>>,
    ) -> Result<Page<T>, Error> {
        let kept = self.answers.get(url).and_then(|(tag, came_to)| {
            Some((HeaderValue::from_str(&tag).ok()?, serde_json::from_slice::<Page<T>>(&came_to).ok()?))
        });
        let mut call = api.get(url).map_err(|why| why.of(subject))?;
        if let Some((tag, _)) = &kept {
            call.headers.insert(header::IF_NONE_MATCH, tag.clone());
        }
        let reply = self.ask(api, call, subject)?;
        if reply.status == 304 {
            return kept.map(|(_, page)| page).ok_or_else(|| Why::Status(304).of(subject));
        }
        let page = read(&reply).ok_or_else(|| Why::Unreadable.of(subject))?;
        let tag = reply.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        if let (Some(tag), Ok(came_to)) = (tag, serde_json::to_vec(&page)) {
            self.answers.put(url, tag, &came_to);
        }
        Ok(page)
    }

    /// What is remembered under `name`, which is no address.
    pub(super) fn recall<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.answers.get(name).and_then(|(_, came_to)| serde_json::from_slice(&came_to).ok())
    }

    /// Remembers `fact` under `name`.
    pub(super) fn remember<T: Serialize>(&mut self, name: &str, fact: &T) {
        if let Ok(came_to) = serde_json::to_vec(fact) {
            self.answers.put(name, "", &came_to);
        }
    }

    /// The answer to `call`, redirections on the same host followed.
    pub(super) fn ask(&mut self, api: &Api, mut call: Call, subject: &str) -> Result<Reply, Error> {
        for _ in 0..=MOST_REDIRECTIONS {
            let reply = self.send(&call, subject)?;
            if !matches!(reply.status, 301 | 302 | 307 | 308) {
                return check(reply, api).map_err(|why| why.of(subject));
            }
            let next = location(&reply.headers).and_then(|link| api.own(link));
            let next = next.ok_or_else(|| Why::Elsewhere.of(subject))?;
            call.uri = next.parse().map_err(|_| Why::Elsewhere.of(subject))?;
        }
        Err(Why::Circle.of(subject))
    }

    /// The file at `url`, which forges keep with somebody else: there it is asked for without a token.
    pub(super) fn download(&mut self, api: &Api, url: &str, subject: &str) -> Result<Vec<u8>, Error> {
        let mut call = api.get(url).map_err(|why| why.of(subject))?;
        let mut reply = self.send(&call, subject)?;
        if matches!(reply.status, 301 | 302 | 307 | 308) {
            let link = location(&reply.headers).ok_or_else(|| Why::Elsewhere.of(subject))?;
            let is_clear = api.at("").starts_with("http://");
            // Whoever is asked in clear is on this machine, and may send there, too.
            let is_fine = Endpoint::parse(link).is_ok() && (is_clear || link.starts_with("https://"));
            if !is_fine {
                return Err(Why::Elsewhere.of(subject));
            }
            call.uri = link.parse().map_err(|_| Why::Elsewhere.of(subject))?;
            (call.headers, call.public) = (HeaderMap::new(), !is_clear);
            reply = self.send(&call, subject)?;
        }
        check(reply, api).map(|reply| reply.body).map_err(|why| why.of(subject))
    }

    /// Sends `call` until there is an answer, or no patience.
    fn send(&mut self, call: &Call, subject: &str) -> Result<Reply, Error> {
        let (begun, mut tries, mut limited, mut pause) = (Instant::now(), 0, Duration::ZERO, self.patience.pause);
        loop {
            self.wait(&mut limited).map_err(|why| why.of(subject))?;
            self.requests += 1;
            tries += 1;
            let last = match self.net.send(call, self.stopped) {
                Ok(reply) => match judge(&reply, tries - 1, jiff::Timestamp::now().as_second()) {
                    Judged::Answer(rest) => {
                        self.rest(rest);
                        return Ok(reply);
                    }
                    Judged::Limited(rest) => {
                        self.rest(rest.max(TICK));
                        continue;
                    }
                    Judged::Failed => format!("the answer has the status {}", reply.status),
                },
                Err(Failure::Stopped) => return Err(Why::Stopped.of(subject)),
                Err(failure @ (Failure::Private | Failure::Tls | Failure::OutOfTime)) => {
                    return Err(Why::Net(failure).of(subject));
                }
                Err(failure) => failure.to_string(),
            };
            if begun.elapsed() + pause > self.patience.failing + limited {
                return Err(Why::Failing { last, tries, after: begun.elapsed() }.of(subject));
            }
            self.rest(pause);
            pause = (pause * 2).min(MOST_PAUSE);
        }
    }

    /// Leaves the forge alone for so long from now.
    fn rest(&mut self, rest: Duration) {
        let until = Instant::now().checked_add(rest);
        // No time is as good as one that never comes.
        self.not_before = until.or_else(|| Instant::now().checked_add(Duration::from_hours(24 * 365)));
    }

    /// Waits until the forge may be asked; `waited` is how long it was waited for already.
    fn wait(&mut self, waited: &mut Duration) -> Result<(), Why> {
        let Some(until) = self.not_before.take() else { return Ok(()) };
        let rest = until.saturating_duration_since(Instant::now());
        if *waited + rest > self.patience.limited {
            // The next question is too early as well.
            self.not_before = Some(until);
            return Err(Why::Limited { rest, most: self.patience.limited });
        }
        *waited += rest;
        loop {
            if (self.stopped)() {
                return Err(Why::Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(TICK));
        }
    }
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::LOCATION)?.to_str().ok()
}

/// What a refusal means.
fn check(reply: Reply, api: &Api) -> Result<Reply, Why> {
    let needs = api.needs;
    match reply.status {
        // Azure DevOps answers a token that is none with a page to sign in at:
        // <https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/rest/basics>
        203 | 401 if api.is_known() => Err(Why::Unauthorized { needs }),
        203 | 401 => Err(Why::Anonymous { needs }),
        // <https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#authenticating-with-a-personal-access-token>
        403 if reply.headers.contains_key("x-github-sso") => Err(Why::SignOn),
        403 => Err(Why::Forbidden { needs }),
        404 => Err(Why::NotFound { needs }),
        410 => Err(Why::Gone),
        451 => Err(Why::Blocked),
        200..=299 | 304 if reply.cut => Err(Why::TooLong),
        200..=299 | 304 => Ok(reply),
        status => Err(Why::Status(status)),
    }
}
