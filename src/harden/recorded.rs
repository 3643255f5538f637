//! Answers of servers that somebody recorded: the cookies in HAR files, and in texts that hold header lines.
//!
//! [`har`] and [`transcript`] find what answers set, as a file goes by in windows; here it is judged, and told once for each cookie of each
//! host of a file. Memory does not depend on the size of the file. What is weak about a cookie is [`crate::cookie`]'s to say.

mod har;
mod json;
mod transcript;

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use self::{har::Har, transcript::Transcript};
use crate::{
    blob::{PathName, Window},
    cookie::{
        SetCookie,
        weak::{self, Setter},
    },
    escape,
    location::Location,
    weakness::{Place, Weakness},
};

/// A larger file of recorded answers is not looked at, in bytes.
pub(super) const LARGEST: u64 = 1 << 30;
/// How many bytes a header may reach beyond the window that it is found in.
pub const MARGIN: usize = 16 << 10;
/// How many weaknesses of one file are told.
const MOST: usize = 2_000;
/// How many headers of one answer are looked at.
const MOST_HEADERS: usize = 200;
/// What says nothing of an answer from this very machine, where there is no TLS.
const OF_TLS: &str = "cookie-not-secure";

/// A file while it is read.
pub(super) struct Recorded {
    reader: Reader,
    cookies: Cookies,
}

enum Reader {
    Har(Har),
    Transcript(Transcript),
}

/// What one answer sets.
#[derive(Debug, Default)]
struct Answer {
    /// Who answered, in lower case and without a port.
    host: Option<String>,
    /// Whether over TLS.
    encrypted: Option<bool>,
    /// When, in seconds since 1970.
    sent: Option<i64>,
    /// Its headers: where they are, and their values.
    headers: Vec<(Location, Vec<u8>)>,
    /// Whether the headers are those of one answer for sure.
    is_one: bool,
}

/// The weaknesses of a file's cookies: each once for each name and host.
struct Cookies {
    path: PathName,
    /// What is taken for the time of an answer that does not tell it, in seconds since 1970.
    now: i64,
    found: BTreeMap<(Option<String>, String, Cow<'static, str>), Weakness>,
    any: bool,
    cut: bool,
}

/// What a file was seen to hold.
pub(super) struct Seen {
    /// What is weak about its cookies.
    pub(super) weaknesses: Vec<Weakness>,
    /// Whether any answer set anything.
    pub(super) any: bool,
    /// Why not all of it was looked at.
    pub(super) problem: Option<String>,
}

impl Recorded {
    /// One for the file at `path`, if its name says that it holds recorded answers.
    pub(super) fn new(path: &PathName, now: i64) -> Option<Self> {
        let reader = match kind(path.file_name())? {
            Kind::Har => Reader::Har(Har::default()),
            Kind::Transcript => Reader::Transcript(Transcript::default()),
        };
        let cookies = Cookies { path: path.clone(), now, found: BTreeMap::new(), any: false, cut: false };
        Some(Self { reader, cookies })
    }

    /// Takes the next window.
    pub(super) fn push(&mut self, window: &Window<'_>) {
        match &mut self.reader {
            Reader::Har(har) => har.push(window, &mut |answer| self.cookies.add(answer)),
            Reader::Transcript(transcript) => transcript.push(window, &mut |answer| self.cookies.add(answer)),
        }
    }

    /// Whether a file is worth a word where it is left out whatever it holds.
    pub(super) fn is_har(&self) -> bool {
        matches!(self.reader, Reader::Har(_))
    }

    /// What there was.
    pub(super) fn finish(mut self) -> Seen {
        let problem = match self.reader {
            Reader::Har(har) => har.finish(&mut |answer| self.cookies.add(answer)),
            Reader::Transcript(transcript) => {
                transcript.finish(&mut |answer| self.cookies.add(answer));
                None
            }
        };
        let cut = self.cookies.cut.then(|| "it sets too many cookies: the last were not looked at".to_owned());
        let weaknesses = self.cookies.found.into_values().collect();
        Seen { weaknesses, any: self.cookies.any, problem: problem.or(cut) }
    }
}

enum Kind {
    Har,
    Transcript,
}

/// Whether a file of this name holds recorded answers.
fn kind(name: &[u8]) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    let ends = |end: &[u8]| name.ends_with(end);
    // `access.log.1`
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let is_rotated = digits > 0 && name[..name.len() - digits].ends_with(b".log.");
    match () {
        () if ends(b".har") => Some(Kind::Har),
        () if is_rotated || [&b".log"[..], b".http", b".rest", b".txt"].into_iter().any(ends) => Some(Kind::Transcript),
        () => None,
    }
}

/// Whether there is anything to look at in a file of this name, which may then be as large as [`LARGEST`].
pub(super) fn is_one(path: &PathName) -> bool {
    kind(path.file_name()).is_some()
}

impl Answer {
    fn set(&mut self, location: Location, value: &[u8]) {
        if self.headers.len() < MOST_HEADERS {
            self.headers.push((location, value.to_vec()));
        }
    }
}

impl Cookies {
    fn add(&mut self, answer: Answer) {
        let now = answer.sent.unwrap_or(self.now);
        let mut set: Vec<SetCookie> = Vec::new();
        for (location, value) in answer.headers {
            self.any = true;
            let place = Place::File { path: self.path.clone(), location, columns: None };
            // Some browsers write all of an answer's cookies into one value, a line each.
            for header in value.split(|byte| *byte == b'\n') {
                let Ok(cookie) = SetCookie::parse(header, now) else { continue };
                let is_local = answer.host.as_deref().is_some_and(is_local);
                let encrypted = answer.encrypted.filter(|_| !is_local);
                let weaknesses = weak::of(&cookie, Setter { host: answer.host.as_deref(), encrypted }, &place);
                let weaknesses = weaknesses.into_iter().filter(|weakness| !(is_local && weakness.check == OF_TLS));
                weaknesses.for_each(|weakness| self.keep(answer.host.as_deref(), &cookie.name, weakness));
                set.push(cookie);
                let again = set.iter().filter(|other| other.name == set[set.len() - 1].name).count() == 2;
                if let Some(last) = set.last().filter(|_| answer.is_one && again) {
                    let same: Vec<SetCookie> = set.iter().filter(|other| other.name == last.name).cloned().collect();
                    let several = weak::of_several(&same, &place);
                    if let Some(one) = several {
                        self.keep(answer.host.as_deref(), &last.name, one);
                    }
                }
            }
        }
    }

    /// Keeps what was not yet seen of this cookie of this host.
    fn keep(&mut self, host: Option<&str>, name: &str, mut weakness: Weakness) {
        let key = (host.map(str::to_owned), name.to_owned(), weakness.check.clone());
        if self.found.contains_key(&key) {
            return;
        }
        if self.found.len() >= MOST {
            self.cut = true;
            return;
        }
        if let (Some(host), Some(evidence)) = (host, &mut weakness.evidence) {
            *evidence = format!("{}: {evidence}", escape::cut(&escape::terminal(host), 80));
        }
        self.found.insert(key, weakness);
    }
}

/// Whether `host` is the machine that asked.
fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The host of an authority, without a user before it and a port behind it, in lower case.
fn host(authority: &str) -> Option<String> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.split_once(']') {
        Some((address, _)) => &host[..=address.len()],
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty() && host.len() <= 253).then(|| host.to_ascii_lowercase())
}
