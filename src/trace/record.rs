//! Records that hold something that is looked for, read in their format and made events of.
//!
//! A token makes a use of it wherever it stands in a record, unless the format has a place for the credential that was used: elsewhere
//! it is then what something was done to. Events that are asked for by principal or address are
//! kept only if their own principal or peer is one of those.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    clock::Sighting,
    event::{Event, Format, Matched, Origin},
    find::Hit,
    format::{self, Reading, Said},
    read::{Document, Place, Records},
    search::Search,
};
use crate::escape::cut;

/// How much of a long record's beginning is kept, in bytes.
const HEAD: usize = 64 << 10;
/// No field of an event is longer, in characters: whoever sends requests decides how long they are.
const LONGEST_TEXT: usize = 2_000;

/// What looking through a block came to.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) seen: Seen,
    /// How many lines end in the block.
    pub(super) lines: u64,
    /// In a part of a long record, what was found.
    found: Vec<usize>,
    /// In such a part, where the kept beginning ends: no needle is cut in two.
    head: usize,
}

/// What records of a block say.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) events: Vec<Event>,
    pub(super) formats: BTreeMap<Format, u64>,
    /// Times of records that are no events, too.
    pub(super) times: Vec<i64>,
    /// What uses of tokens can be known again by in other logs.
    pub(super) sightings: Vec<Sighting>,
    pub(super) unparsed: u64,
    pub(super) unparsed_at: Vec<u64>,
    pub(super) without_zone: u64,
    pub(super) mentioned: u64,
    pub(super) announced: u64,
    pub(super) cut: u64,
    /// Whether lines are counted from the block's first.
    pub(super) relative: bool,
}

/// A record that holds something.
struct Record<'r> {
    bytes: &'r [u8],
    line: u64,
    nth: u32,
    cut: bool,
    /// Whether it is a line, which may be a document of its own.
    is_line: bool,
}

/// A record too long to be kept, as far as it is.
pub(super) struct Long {
    head: Vec<u8>,
    line: u64,
    found: Vec<usize>,
}

impl Search<'_> {
    /// Looks through lines.
    pub(super) fn lines(&self, bytes: &[u8], reading: &Reading) -> Looked {
        let hits = self.hits(bytes);
        let mut seen = Seen { relative: true, ..Seen::default() };
        seen.sample(bytes.split(|&byte| byte == b'\n').next(), reading);
        let (mut rest, mut counted, mut line) = (hits.as_slice(), 0, 1);
        while let Some(first) = rest.first() {
            let start = memchr::memrchr(b'\n', &bytes[..first.at]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &bytes[first.at..]).map_or(bytes.len(), |at| first.at + at);
            let held = rest.iter().take_while(|hit| hit.at < end).count();
            line += count_lines(&bytes[counted..start]);
            counted = start;
            let record = Record { bytes: &bytes[start..end], line, nth: 0, cut: false, is_line: true };
            self.record(&record, &needles(&rest[..held]), reading, &mut seen);
            rest = &rest[held..];
        }
        let last = bytes.trim_ascii_end();
        seen.sample(last.rsplit(|&byte| byte == b'\n').next(), reading);
        Looked { seen, lines: count_lines(bytes), ..Looked::default() }
    }

    /// Looks through records.
    pub(super) fn listed(&self, bytes: &[u8], places: &[Place], reading: &Reading) -> Looked {
        let hits = self.hits(bytes);
        let mut seen = Seen::default();
        let of = |place: &Place| &bytes[place.start..place.end];
        let mut records = places.iter().filter(|place| !place.frame);
        let (first, last) = (records.clone().next(), records.next_back());
        seen.sample(first.map(of), reading);
        let mut rest = hits.as_slice();
        for place in places {
            let held = rest.iter().take_while(|hit| hit.at < place.end).count();
            let needles = needles(&rest[..held]);
            let record = Record { bytes: of(place), line: place.line, nth: place.nth, cut: false, is_line: false };
            if held > 0 && place.frame {
                self.unknown(&record, &needles, &mut seen);
            } else if held > 0 {
                self.record(&record, &needles, reading, &mut seen);
            }
            rest = &rest[held..];
        }
        seen.sample(last.map(of), reading);
        Looked { seen, lines: count_lines(bytes), ..Looked::default() }
    }

    /// Looks through a part of a long record.
    pub(super) fn part(&self, bytes: &[u8]) -> Looked {
        let hits = self.hits(bytes);
        let mut head = bytes.len().min(HEAD);
        // From the last on: where one is left out, another that it overlaps may be cut, too.
        for hit in hits.iter().rev() {
            let is_cut = hit.at < head && hit.at + self.finder.len_of(hit.needle) > head;
            head = if is_cut { hit.at } else { head };
        }
        Looked { found: needles(&hits), lines: count_lines(bytes), head, ..Looked::default() }
    }

    /// Where needles are, those of ids only where they stand alone.
    fn hits(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = self.finder.find(bytes);
        hits.retain(|hit| {
            let is_value = self.sought[hit.needle].is_some_and(|(_, matched)| matched == Matched::Value);
            is_value || stands_alone(bytes, hit.at, self.finder.len_of(hit.needle))
        });
        hits
    }

    fn record(&self, record: &Record<'_>, needles: &[usize], reading: &Reading, seen: &mut Seen) {
        let Some((format, mut said)) = format::read(record.bytes, record.cut, reading) else {
            return self.unread(record, needles, reading, seen);
        };
        if let Some(at) = said.at {
            seen.times.push(at.at);
            seen.without_zone += u64::from(!at.zoned);
        }
        let tokens = self.tokens_in(needles, &said, seen);
        if said.is_announced {
            seen.announced += u64::from(!tokens.is_empty());
            return;
        }
        self.mask(&mut said);
        let request = said.request.take();
        let origin = Origin { log: 0, line: record.line, record: record.nth };
        let event = event(format, said, origin);
        let asked = event.principal.as_ref().is_some_and(|principal| self.wanted.principals.contains(principal))
            || event.source().0.is_some_and(|address| self.wanted.addresses.contains(&address));
        if tokens.is_empty() && !asked {
            return;
        }
        *seen.formats.entry(format).or_default() += 1;
        for (nth, (token, matched)) in tokens.iter().enumerate() {
            let used = Event { token: Some(*token), matched: Some(*matched), ..event.clone() };
            // A request with several tokens is one request.
            if nth == 0 {
                seen.sightings.extend(Sighting::of(&used, request.as_deref()));
            }
            seen.events.push(used);
        }
        if tokens.is_empty() {
            seen.events.push(event);
        }
    }

    /// A record in no format: a document on one line, or no event.
    fn unread(&self, record: &Record<'_>, needles: &[usize], reading: &Reading, seen: &mut Seen) {
        if record.is_line && self.document(record, reading, seen) {
            return;
        }
        self.unknown(record, needles, seen);
    }

    /// Counts what is in no format, if it holds a token: somebody's name or address is in many a line that is no event of theirs.
    fn unknown(&self, record: &Record<'_>, needles: &[usize], seen: &mut Seen) {
        if needles.iter().any(|needle| self.sought[*needle].is_some()) {
            seen.unparsed += 1;
            seen.unparsed_at.push(record.line);
        }
    }

    /// Reads the records of a document on one line; whether it is one.
    fn document(&self, record: &Record<'_>, reading: &Reading, seen: &mut Seen) -> bool {
        if !matches!(record.bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return false;
        }
        let (blocks, whole) = (Document::whole(record.bytes), record.bytes.trim_ascii().len());
        let mut listed = Vec::new();
        for block in &blocks {
            // A record that comes in parts is too long to be read so.
            let Records::Listed(places) = &block.records else { return false };
            listed.push((block, places));
        }
        if !listed.iter().any(|(_, places)| places.iter().any(|place| place.end - place.start < whole)) {
            return false;
        }
        for (block, places) in listed {
            let inner = self.listed(&block.bytes, places, reading).seen;
            seen.take_in(inner, record.line - 1);
        }
        true
    }

    /// The tokens that were used, each with the surest way it is known by.
    fn tokens_in(&self, needles: &[usize], said: &Said, seen: &mut Seen) -> BTreeMap<usize, Matched> {
        let (mut tokens, mut mentioned) = (BTreeMap::new(), false);
        for &needle in needles {
            let Some((token, matched)) = self.sought[needle] else { continue };
            // Whoever acts is known by more than the credential: a token's subject is the principal.
            let used = [said.credential.as_ref(), said.principal.as_ref()];
            let is_used = said.credential.is_none() || used.into_iter().flatten().any(|text| self.holds(text, token));
            if is_used {
                tokens.entry(token).and_modify(|known| *known = matched.min(*known)).or_insert(matched);
            } else {
                mentioned = true;
            }
        }
        seen.mentioned += u64::from(mentioned && tokens.is_empty());
        tokens
    }

    /// Whether `text` holds anything that a token is known by: what the record escapes, fields have as it is.
    fn holds(&self, text: &str, token: usize) -> bool {
        let found = self.finder.find(text.as_bytes());
        found.iter().any(|hit| self.sought[hit.needle].is_some_and(|(known, _)| known == token))
    }

    /// Puts the masked forms of tokens in place of their values (law 3), whether or not the record is of their use. Fields are looked through once more, since a value
    /// may be escaped in the record in a way that none is looked for in.
    fn mask(&self, said: &mut Said) {
        let fields = [&mut said.agent, &mut said.object, &mut said.principal].into_iter().flatten();
        for text in fields.chain([&mut said.action]) {
            // From the last on, so that those before stay where they are.
            for (start, end, token) in self.values_in(text).into_iter().rev() {
                if text.get(start..end).is_some() {
                    text.replace_range(start..end, &self.tokens[token].masked);
                }
            }
        }
    }

    /// Where values of tokens are in `text`, in order; those that overlap as one.
    fn values_in(&self, text: &str) -> Vec<(usize, usize, usize)> {
        let mut values: Vec<(usize, usize, usize)> = Vec::new();
        for hit in self.finder.find(text.as_bytes()) {
            let Some((token, Matched::Value)) = self.sought[hit.needle] else { continue };
            let end = hit.at + self.finder.len_of(hit.needle);
            match values.last_mut() {
                Some(last) if hit.at < last.1 => last.1 = last.1.max(end),
                _ => values.push((hit.at, end, token)),
            }
        }
        values
    }
}

impl Seen {
    /// Notes the time of a record, whatever else it says.
    fn sample(&mut self, record: Option<&[u8]>, reading: &Reading) {
        let short = record.filter(|record| record.len() <= HEAD);
        let said = short.and_then(|record| format::read(record, false, reading));
        self.times.extend(said.and_then(|(_, said)| said.at).map(|at| at.at));
    }

    /// Adds what a document on one line says; `before` lines are before it.
    fn take_in(&mut self, inner: Self, before: u64) {
        let nested = |event: Event| {
            let origin = Origin { line: event.origin.line + before, ..event.origin };
            Event { origin, ..event }
        };
        self.events.extend(inner.events.into_iter().map(nested));
        for (format, count) in inner.formats {
            *self.formats.entry(format).or_default() += count;
        }
        self.times.extend(inner.times);
        self.sightings.extend(inner.sightings);
        self.unparsed += inner.unparsed;
        self.announced += inner.announced;
        self.unparsed_at.extend(inner.unparsed_at.iter().map(|line| line + before));
        self.without_zone += inner.without_zone;
        self.mentioned += inner.mentioned;
    }
}

impl Long {
    pub(super) fn new(line: u64) -> Self {
        Self { head: Vec::new(), line, found: Vec::new() }
    }

    /// Adds its next part.
    pub(super) fn add(&mut self, bytes: &[u8], looked: &Looked) {
        if self.head.is_empty() {
            self.head.extend_from_slice(&bytes[..looked.head]);
        }
        self.found.extend_from_slice(&looked.found);
        self.found.sort_unstable();
        self.found.dedup();
    }

    /// What it says, as far as its beginning does.
    pub(super) fn seen(self, search: &Search<'_>, reading: &Reading) -> Seen {
        let mut seen = Seen::default();
        if self.found.is_empty() {
            return seen;
        }
        seen.cut = u64::from(self.found.iter().any(|needle| search.sought[*needle].is_some()));
        let record = Record { bytes: &self.head, line: self.line, nth: 0, cut: true, is_line: false };
        search.record(&record, &self.found, reading, &mut seen);
        seen
    }
}

fn event(format: Format, said: Said, origin: Origin) -> Event {
    let shared = |text: Option<String>| text.map(|text| Arc::from(&*cut(&text, LONGEST_TEXT)));
    Event {
        at: said.at.map(|at| at.at),
        origin,
        format,
        address: said.address,
        forwarded: said.forwarded.into(),
        agent: shared(said.agent),
        action: cut(&said.action, LONGEST_TEXT).into(),
        object: shared(said.object),
        outcome: said.outcome,
        status: said.status,
        bytes: said.bytes,
        principal: shared(said.principal),
        token: None,
        matched: None,
        persistence: said.persistence,
    }
}

fn needles(hits: &[Hit]) -> Vec<usize> {
    let mut needles: Vec<usize> = hits.iter().map(|hit| hit.needle).collect();
    needles.sort_unstable();
    needles.dedup();
    needles
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Whether no letter or digit touches what is at `at`.
fn stands_alone(bytes: &[u8], at: usize, len: usize) -> bool {
    let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = &bytes[..at];
    (!touches(before.last()) || ends_in_escape(before)) && !touches(bytes.get(at + len))
}

/// Whether `bytes` end in an escape of something that is no letter or digit: it ends in one itself, and parts all the same. Of URLs (`%3D`), of JSON (`\n`, `\u003d`), and of web
/// servers (`\x22`).
fn ends_in_escape(bytes: &[u8]) -> bool {
    let byte = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
    let escaped = match bytes {
        [.., b'%', high, low] | [.., b'\\', b'x', high, low] | [.., b'\\', b'u', b'0', b'0', high, low] => {
            byte(&[*high, *low])
        }
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f' | b'v'] => Some(b' '),
        _ => None,
    };
    escaped.is_some_and(|byte| !byte.is_ascii_alphanumeric())
}
