//! A running endpoint looked at from outside.
//!
//! An [`Endpoint`] is asked as a browser without a session would ask: its redirects on the same host are followed, its cookies graded, the headers around them read; if that is wanted, fresh
//! session ids are gathered and judged ([`samples`]), and an id of its own is offered ([`fixation`]). Nothing is logged in, and no credential is sent. Sockets and pace are [`crate::net`]'s, cookies are
//! [`crate::cookie`]'s to read and judge, and reports are [`crate::report`]'s.

mod answer;
mod fixation;
mod jar;
mod origin;
pub mod samples;
mod visit;

use std::{borrow::Cow, collections::BTreeMap};

use ureq::http::{HeaderMap, Uri, header};

pub use self::visit::MOST_REQUESTS;
use self::{
    answer::LEAST_BITS,
    samples::Sample,
    visit::{Answer, Ended, Visitor, Walk},
};
use crate::{
    cookie::{Refused, SetCookie, session::Role, weak},
    coverage::Coverage,
    net::{Net, Reply},
    secret::Secret,
    session::{Fixation, Session},
    weakness::{Place, Weakness},
};

/// Of at most so many sessions ids are offered and gathered.
const MOST_SESSIONS: usize = 8;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'e> {
    /// The address, as the user named it.
    pub uri: &'e Uri,
    /// Whether its host may have a private address.
    pub private: bool,
    /// How many requests its host got in this run already.
    pub asked: u32,
    /// How many fresh session ids are gathered.
    pub samples: usize,
    /// The present, in seconds since 1970.
    pub now: i64,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// What is weak.
    pub weaknesses: Vec<Weakness>,
    /// Each cookie that was set.
    pub cookies: Vec<Session>,
    /// How many requests were sent.
    pub requests: u32,
    /// What could not be looked at.
    pub coverage: Coverage,
}

/// A cookie that carries a session, and the address that set it.
struct Given {
    address: Uri,
    cookie: SetCookie,
}

impl Endpoint<'_> {
    /// Looks at it; `stopped` is asked whether the run is over.
    pub fn look(&self, net: &Net, stopped: &(dyn Fn() -> bool + Sync)) -> Seen {
        let mut visitor = Visitor { net, public: !self.private, requests: self.asked, now: self.now, stopped };
        let mut seen = Seen::default();
        let walk = visitor.walk(self.uri, &HeaderMap::new());
        walk.answers.iter().for_each(|answer| self.judge(answer, &mut seen));
        if self.goes_on(walk.end.as_ref(), &mut seen) {
            self.look_closer(&mut visitor, &walk, &mut seen);
        }
        seen.requests = visitor.requests - self.asked;
        seen.coverage.sort();
        seen
    }

    /// Notes how a walk ended; whether another one may come further.
    fn goes_on(&self, end: Result<&(), &Ended>, seen: &mut Seen) -> bool {
        let Err(ended) = end else { return true };
        seen.coverage.fail(shown(self.uri), ended.to_string());
        !ended.is_lasting()
    }

    /// Asks again: as pages of other origins, with ids of its own, and for fresh ids.
    fn look_closer(&self, visitor: &mut Visitor<'_>, walk: &Walk, seen: &mut Seen) {
        let (found, ended) = origin::look(visitor, self.uri);
        seen.weaknesses.extend(found);
        if !self.goes_on(ended.as_ref().map_or(Ok(&()), Err), seen) {
            return;
        }
        let mut sessions = self.sessions(walk);
        let Some(start) = sessions.first().map(|session| session.address.clone()) else { return };
        sessions.sort_by_key(|session| match session.cookie.role() {
            Role::Named(_) => 0,
            Role::Likely => 1,
            Role::Possible | Role::Other => 2,
        });
        if sessions.len() > MOST_SESSIONS {
            let note = format!("{}: only {MOST_SESSIONS} of {} sessions were tried", shown(self.uri), sessions.len());
            seen.coverage.notes.push(note);
            sessions.truncate(MOST_SESSIONS);
        }
        if sessions.iter().all(|session| self.offer(visitor, session, seen)) {
            self.gather(visitor, &start, &sessions, seen);
        }
    }

    /// Judges one answer: its headers, and each cookie that it sets.
    fn judge(&self, answer: &Answer, seen: &mut Seen) {
        let url = shown(&answer.uri);
        let (cookies, refused): (Vec<_>, Vec<_>) =
            set_cookies(&answer.reply, self.now).into_iter().partition(Result::is_ok);
        let cookies: Vec<SetCookie> = cookies.into_iter().flatten().collect();
        for why in refused.into_iter().filter_map(Result::err) {
            seen.coverage.notes.push(format!("{url}: browsers take no notice of a cookie: {why}"));
        }
        if answer.reply.cut {
            let kilobytes = answer.reply.body.len() >> 10;
            seen.coverage.notes.push(format!("{url}: the page is longer than the {kilobytes} KiB that were read"));
        }
        let encrypted = answer.uri.scheme_str() == Some("https");
        let host = answer.uri.host().map(str::to_ascii_lowercase);
        let setter = weak::Setter { host: host.as_deref(), encrypted: Some(encrypted) };
        let mut by_name: BTreeMap<&str, Vec<SetCookie>> = BTreeMap::new();
        for cookie in &cookies {
            by_name.entry(&cookie.name).or_default().push(cookie.clone());
            let found = weak::of(cookie, setter, &place(&answer.uri, &cookie.name));
            if !cookie.deletes() {
                seen.cookies.push(graded(url.clone(), cookie, &found));
            }
            seen.weaknesses.extend(found);
        }
        let several = by_name.iter().filter_map(|(name, several)| weak::of_several(several, &place(&answer.uri, name)));
        seen.weaknesses.extend(several);
        seen.weaknesses.extend(answer::judge(answer, &cookies));
    }

    /// The session cookies of a walk, each name once, in the order in which they were set.
    fn sessions(&self, walk: &Walk) -> Vec<Given> {
        let mut sessions: Vec<Given> = Vec::new();
        for answer in &walk.answers {
            for cookie in set_cookies(&answer.reply, self.now).into_iter().flatten() {
                let is_new = sessions.iter().all(|known| known.cookie.name != cookie.name);
                if is_new && cookie.role() != Role::Other && !cookie.deletes() {
                    sessions.push(Given { address: answer.uri.clone(), cookie });
                }
            }
        }
        sessions
    }

    /// Offers an id of its own in the place of `session`'s; whether the host answers on.
    fn offer(&self, visitor: &mut Visitor<'_>, session: &Given, seen: &mut Seen) -> bool {
        let Given { address, cookie } = session;
        let fixation = match fixation::offer(visitor, address, cookie) {
            Ok(fixation) => fixation,
            Err(ended) => return self.goes_on(Err(&ended), seen),
        };
        if fixation == Fixation::Adopted {
            seen.weaknesses.push(answer::adopted(cookie, place(address, &cookie.name)));
        }
        seen.of(session).for_each(|seen| seen.fixation = Some(fixation));
        true
    }

    /// Gathers fresh ids of `sessions` by walks from `start`, which set all of them, and judges them.
    fn gather(&self, visitor: &mut Visitor<'_>, start: &Uri, sessions: &[Given], seen: &mut Seen) {
        if self.samples == 0 {
            return;
        }
        let mut samples: Vec<Vec<Sample>> = sessions.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.samples {
            let walk = visitor.walk(start, &HeaderMap::new());
            let at = jiff::Timestamp::now().as_second();
            for (session, samples) in sessions.iter().zip(&mut samples) {
                samples.extend(self.fresh(&walk, &session.cookie.name).map(|id| Sample { id, at }));
            }
            if !self.goes_on(walk.end.as_ref(), seen) {
                break;
            }
        }
        for (session, samples) in sessions.iter().zip(&samples) {
            let ids = samples::judge(samples, LEAST_BITS);
            let place = place(&session.address, &session.cookie.name);
            seen.weaknesses.extend(answer::guessable(&ids, &session.cookie, &place));
            seen.of(session).for_each(|seen| seen.ids = Some(ids.clone()));
        }
    }

    /// The last id that a walk was given for the cookie `name`.
    fn fresh(&self, walk: &Walk, name: &str) -> Option<Secret> {
        let set = walk.answers.iter().flat_map(|answer| set_cookies(&answer.reply, self.now)).flatten();
        set.filter(|cookie| cookie.name == name && !cookie.deletes()).last().map(|cookie| cookie.value)
    }
}

impl Seen {
    /// Adds what was seen of another endpoint.
    pub fn add(&mut self, other: Self) {
        self.weaknesses.extend(other.weaknesses);
        self.cookies.extend(other.cookies);
        self.requests += other.requests;
        self.coverage.add(other.coverage);
        self.coverage.sort();
    }

    /// What was seen of `session`, wherever it was set.
    fn of(&mut self, session: &Given) -> impl Iterator<Item = &mut Session> {
        self.cookies.iter_mut().filter(move |seen| seen.name == session.cookie.name)
    }
}

fn graded(url: String, cookie: &SetCookie, found: &[Weakness]) -> Session {
    Session {
        url,
        name: cookie.name.clone(),
        shown: cookie.masked(),
        grade: weak::grade(found),
        role: cookie.role(),
        ids: None,
        fixation: None,
    }
}

/// The cookies that `reply` sets, and why browsers take no notice of others.
fn set_cookies(reply: &Reply, now: i64) -> Vec<Result<SetCookie, Refused>> {
    let headers = reply.headers.get_all(header::SET_COOKIE).iter();
    headers.map(|value| SetCookie::parse(value.as_bytes(), now)).collect()
}

/// `uri` without its query, which may hold a session id; nor the part of a path that servlets put one in.
fn shown(uri: &Uri) -> String {
    let path = uri.path().split(';').next().unwrap_or_default();
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    format!("{}://{authority}{path}", uri.scheme_str().unwrap_or_default())
}

/// The cookie `name` of an answer of `uri`.
fn place(uri: &Uri, name: &str) -> Place {
    Place::Answer { url: Cow::Owned(shown(uri)), part: Cow::Owned(format!("Set-Cookie: {name}")) }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
        time::Duration,
    };

    use super::*;
    use crate::net::Limits;

    /// What is seen of a server that answers the request with this text, with what it is asked.
    fn seen(samples: usize, answer: impl Fn(&str, usize) -> String + Send + 'static) -> Seen {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri: Uri = format!("http://{}/start?x=1", listener.local_addr().unwrap()).parse().unwrap();
        thread::spawn(move || {
            for (nth, mut stream) in listener.incoming().flatten().enumerate() {
                let mut asked = vec![0; 4096];
                let read = stream.read(&mut asked).unwrap_or(0);
                let _ = stream.write_all(answer(&String::from_utf8_lossy(&asked[..read]), nth).as_bytes());
            }
        });
        let limits =
            Limits { burst: 200, request: Duration::from_millis(700), most_failures: 100, ..Limits::default() };
        let endpoint = Endpoint { uri: &uri, private: true, asked: 0, samples, now: 1_767_323_045 };
        endpoint.look(&Net::new(limits), &|| false)
    }

    fn with(headers: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n{headers}\r\nok")
    }

    fn checks(seen: &Seen) -> Vec<&str> {
        seen.weaknesses.iter().map(|weakness| &*weakness.check).collect()
    }

    #[test]
    fn a_careless_server_is_told_so() {
        let seen = seen(0, |asked, _| {
            let origin = asked.lines().find_map(|line| line.strip_prefix("origin: ")).unwrap_or("").to_owned();
            with(&format!(
                "Set-Cookie: PHPSESSID=7\r\nAccess-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n"
            ))
        });
        assert_eq!((seen.cookies.len(), seen.cookies[0].grade), (1, 'F'));
        for check in ["cookie-not-secure", "session-cached", "cors-credentials", "session-over-http"] {
            assert!(checks(&seen).contains(&check), "{check}: {:?}", checks(&seen));
        }
        assert!(seen.coverage.complete());
    }

    #[test]
    fn fixation_has_three_answers() {
        let cookie = |asked: &str| {
            let line = asked.lines().find_map(|line| line.strip_prefix("cookie: PHPSESSID="));
            line.map(str::to_owned)
        };
        let fixation = |seen: &Seen| seen.cookies[0].fixation.unwrap();
        let refuses = seen(0, |_, nth| with(&format!("Set-Cookie: PHPSESSID=abc{nth}\r\n")));
        assert_eq!(fixation(&refuses), Fixation::Refused);
        let adopts = seen(0, move |asked, nth| match cookie(asked) {
            Some(id) if id != "!" => with(""),
            _ => with(&format!("Set-Cookie: PHPSESSID=abc{nth}\r\n")),
        });
        assert_eq!(fixation(&adopts), Fixation::Adopted);
        assert!(checks(&adopts).contains(&"session-fixation"));
        let silent = seen(0, move |asked, _| match cookie(asked) {
            Some(_) => with(""),
            None => with("Set-Cookie: PHPSESSID=abc\r\n"),
        });
        assert_eq!(fixation(&silent), Fixation::CannotTell);
    }

    #[test]
    fn samples_are_gathered_within_the_budget() {
        let seen = seen(150, |_, nth| with(&format!("Set-Cookie: PHPSESSID={}\r\n", 10_000 + nth)));
        assert_eq!(seen.requests, MOST_REQUESTS);
        assert!(checks(&seen).contains(&"session-id-weak") && !seen.coverage.complete());
        assert!(!format!("{seen:?}").contains("10000"), "ids stay masked");
    }

    #[test]
    fn hostile_servers_end_in_coverage() {
        let fails = |answer: &'static str| {
            let seen = seen(0, move |_, _| answer.to_owned());
            assert!(!seen.coverage.complete(), "{answer:?}");
            seen.coverage.failed[0].reason.clone()
        };
        fails("");
        fails("garbage\r\n\r\n");
        fails("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        let round = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n";
        assert!(fails(round).contains("more than 10 times"));
        let away =
            "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: http://evil.example/\r\n\r\n";
        assert!(fails(away).contains("evil.example"));
        let endless: &'static str =
            Box::leak(format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(60_000)).into_boxed_str());
        fails(endless);
    }

    #[test]
    fn a_private_address_is_refused() {
        let uri: Uri = "http://127.0.0.1:9/".parse().unwrap();
        let endpoint = Endpoint { uri: &uri, private: false, asked: 0, samples: 0, now: 0 };
        let seen = endpoint.look(&Net::new(Limits::default()), &|| false);
        assert_eq!(seen.coverage.failed[0].reason, "its host has a private address");
    }
}
