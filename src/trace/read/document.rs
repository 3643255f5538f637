//! Records that are no lines: objects of JSON documents, however they are laid out, and CSV records with line breaks in quotes.
//!
//! An object at the top is a record, unless it holds a list of records under one of the names that log exports give it: then the list's elements are.
//! Elements of a list at the top are records, too. What stands around such a list is handed on as its frame, but for HAR's, which describes pages. What is no JSON, between objects, is read by lines. Only
//! brackets and strings are told apart here; whether a record is one is for its format to say.

use std::{io, mem};

use serde_json::Value;

use super::{
    BLOCK,
    block::{Block, Place},
    fill,
    open::Opened,
    out::Out,
};

/// Under which names exports list their records: AWS CloudTrail, Azure, Microsoft Graph, Slack, Kubernetes.
const LISTS: [&[u8]; 5] = [b"Records", b"records", b"value", b"entries", b"items"];
/// HAR has its list one level below.
const WITHIN: &[u8] = b"log";
/// No name of a list is longer, in bytes.
const LONGEST_NAME: usize = 8;

/// Whether a log that begins so is a document, and not lines, of which the first may be a record itself.
pub(super) fn begins(first: &[u8], is_record: impl Fn(&[u8]) -> bool) -> bool {
    let first = first.trim_ascii_start();
    let first = first.strip_prefix("\u{feff}".as_bytes()).unwrap_or(first);
    match first.first() {
        Some(b'[') => matches!(first[1..].trim_ascii_start().first(), Some(b'{' | b']')),
        Some(b'{') => {
            let line = memchr::memchr(b'\n', first).map_or(first, |end| &first[..end]);
            serde_json::from_slice::<Value>(line).map_or(true, |value| lists(&value) && !is_record(line))
        }
        _ => false,
    }
}

fn lists(value: &Value) -> bool {
    let is_list = |value: &Value, name: &[u8]| str::from_utf8(name).is_ok_and(|name| value[name].is_array());
    LISTS.iter().any(|name| is_list(value, name)) || is_list(&value["log"], b"entries")
}

#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own that a byte can change")]
pub(in crate::trace) struct Document {
    out: Out,
    csv: bool,
    /// Open brackets.
    depth: u32,
    in_string: bool,
    escaped: bool,
    state: State,
    /// The last string outside of records' depths, as far as it can be a list's name.
    name: Vec<u8>,
    within: bool,
    line: u64,
    nth: u32,
    chunk: Vec<u8>,
    ended: bool,
    early: bool,
    failed: Option<io::Error>,
}

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records.
    Between,
    /// In an object at the top, which may yet turn out to hold a list.
    Top,
    /// In a list whose elements are at this depth.
    List(u32),
    /// In an element of such a list.
    Element(u32),
    /// Behind the list, in the object around it.
    Behind,
    /// In a line that is no JSON.
    Line,
}

impl Document {
    pub(super) fn new(overlap: usize) -> Self {
        Self {
            out: Out::new(overlap),
            csv: false,
            depth: 0,
            in_string: false,
            escaped: false,
            state: State::Between,
            name: Vec::new(),
            within: false,
            line: 1,
            nth: 0,
            chunk: Vec::new(),
            ended: false,
            early: false,
            failed: None,
        }
    }

    pub(super) fn of_csv(overlap: usize) -> Self {
        Self { csv: true, ..Self::new(overlap) }
    }

    /// The records of one that is in memory.
    pub(in crate::trace) fn whole(bytes: &[u8]) -> Vec<Block> {
        let mut document = Self::new(0);
        document.feed(bytes);
        document.end();
        document.out.blocks.into()
    }

    /// Whether the log ended within a record or a list.
    pub(super) fn ended_early(&self) -> bool {
        self.early
    }

    /// How many lines ended so far.
    pub(super) fn lines(&self) -> u64 {
        self.line - 1
    }

    pub(super) fn next(&mut self, opened: &mut Opened) -> io::Result<Option<Block>> {
        loop {
            if let Some(block) = self.out.blocks.pop_front() {
                return Ok(Some(block));
            }
            if self.ended {
                return self.failed.take().map_or(Ok(None), Err);
            }
            let mut chunk = mem::take(&mut self.chunk);
            chunk.clear();
            match fill(opened, &mut chunk, BLOCK) {
                Ok(read) => self.ended = read < BLOCK,
                Err(error) => (self.ended, self.failed) = (true, Some(error)),
            }
            self.feed(&chunk);
            self.chunk = chunk;
            if self.ended {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        self.early = !self.csv && (self.depth > 0 || self.in_string);
        self.out.end();
        self.out.hand_out();
    }

    fn feed(&mut self, chunk: &[u8]) {
        let mut at = 0;
        while at < chunk.len() {
            at = if self.csv {
                self.csv(chunk, at)
            } else if self.in_string {
                self.string(chunk, at)
            } else if self.state == State::Line {
                self.text(chunk, at)
            } else {
                self.json(chunk, at)
            };
        }
    }

    /// A CSV record ends at a line break outside of quotes.
    fn csv(&mut self, chunk: &[u8], at: usize) -> usize {
        if self.out.open.is_none() {
            self.out.begin(Place { start: 0, end: 0, line: self.line, nth: 0, frame: false });
        }
        let Some(found) = memchr::memchr2(b'"', b'\n', &chunk[at..]) else {
            self.out.copy(&chunk[at..]);
            return chunk.len();
        };
        let end = at + found + 1;
        self.out.copy(&chunk[at..end]);
        if chunk[end - 1] == b'"' {
            self.in_string = !self.in_string;
            return end;
        }
        self.line += 1;
        if !self.in_string {
            self.out.end();
        }
        end
    }

    /// A line that is no JSON.
    fn text(&mut self, chunk: &[u8], at: usize) -> usize {
        let end = memchr::memchr(b'\n', &chunk[at..]).map(|found| at + found + 1);
        self.out.copy(&chunk[at..end.unwrap_or(chunk.len())]);
        if end.is_some() {
            self.out.end();
            self.state = State::Between;
            self.broke_line();
        }
        end.unwrap_or(chunk.len())
    }

    fn broke_line(&mut self) {
        (self.line, self.nth) = (self.line + 1, 0);
    }

    /// The inside of a string, up to its end.
    fn string(&mut self, chunk: &[u8], at: usize) -> usize {
        if mem::take(&mut self.escaped) && chunk[at] != b'\n' {
            self.copy(&chunk[at..=at]);
            return at + 1;
        }
        let end = match memchr::memchr3(b'"', b'\\', b'\n', &chunk[at..]) {
            Some(0) => at + 1,
            Some(found) => at + found,
            None => chunk.len(),
        };
        let inside = &chunk[at..end];
        match inside {
            b"\"" => self.in_string = false,
            b"\\" => self.escaped = true,
            // No string holds one: what follows is not what it seems.
            b"\n" => return self.broken(chunk, at),
            _ if self.name.len() <= LONGEST_NAME => {
                self.name.extend_from_slice(&inside[..inside.len().min(LONGEST_NAME + 1)]);
            }
            _ => {}
        }
        self.copy(inside);
        end
    }

    /// Ends the record where a line ends that breaks the rules of JSON, and begins anew behind it.
    fn broken(&mut self, chunk: &[u8], at: usize) -> usize {
        self.copy(&chunk[at..=at]);
        self.out.end();
        (self.depth, self.in_string, self.state, self.within) = (0, false, State::Between, false);
        self.broke_line();
        at + 1
    }

    fn copy(&mut self, bytes: &[u8]) {
        if self.out.open.is_some() {
            self.out.copy(bytes);
        }
    }

    /// What is outside of strings, one byte of it.
    fn json(&mut self, chunk: &[u8], at: usize) -> usize {
        let byte = chunk[at];
        match byte {
            b'{' | b'[' => self.open(byte),
            b'"' if self.state != State::Between => {
                self.frame();
                self.in_string = true;
                self.name.clear();
                self.copy(b"\"");
            }
            b'}' | b']' => self.close(byte),
            b'\n' => {
                self.broke_line();
                self.copy(b"\n");
            }
            b',' | b' ' | b'\t' | b'\r' | 0 | 0xef | 0xbb | 0xbf => self.copy(&chunk[at..=at]),
            _ if self.state == State::Between => {
                self.state = State::Line;
                self.begin();
                return at;
            }
            _ => {
                self.frame();
                self.copy(&chunk[at..=at]);
            }
        }
        at + 1
    }

    /// Begins a record, behind any frame.
    fn begin(&mut self) {
        self.out.end();
        self.out.begin(Place { start: 0, end: 0, line: self.line, nth: self.nth, frame: false });
        self.nth += 1;
    }

    /// Begins a frame, where something stands that is in no record.
    fn frame(&mut self) {
        let is_around = matches!(self.state, State::List(_) | State::Behind) && !self.within;
        if is_around && self.out.open.is_none() {
            self.out.begin(Place { start: 0, end: 0, line: self.line, nth: self.nth, frame: true });
        }
    }

    fn open(&mut self, byte: u8) {
        match self.state {
            State::Between if byte == b'{' => {
                self.state = State::Top;
                self.begin();
            }
            State::Between => self.state = State::List(1),
            State::List(depth) if byte == b'{' && self.depth == depth => {
                self.state = State::Element(depth);
                self.begin();
            }
            State::Top if byte == b'[' && self.names_list() && !self.out.long => {
                self.out.frames(!self.within);
                self.nth = 0;
                self.state = State::List(self.depth + 1);
            }
            State::Top if byte == b'{' && self.depth == 1 && self.name == WITHIN => self.within = true,
            _ => self.frame(),
        }
        self.depth = self.depth.saturating_add(1);
        self.name.clear();
        self.copy(&[byte]);
    }

    /// Whether the list that begins here is one of records.
    fn names_list(&self) -> bool {
        (self.depth == 1 && LISTS.contains(&self.name.as_slice()))
            || (self.depth == 2 && self.within && self.name == b"entries")
    }

    fn close(&mut self, byte: u8) {
        self.copy(&[byte]);
        self.depth = self.depth.saturating_sub(1);
        match self.state {
            State::Element(depth) if self.depth <= depth => {
                self.out.end();
                self.state = State::List(depth);
            }
            State::List(depth) if self.depth < depth => self.state = State::Behind,
            State::Top if self.depth == 0 => self.out.end(),
            State::Top if self.depth == 1 => self.within = false,
            _ => {}
        }
        if self.depth == 0 {
            self.out.end();
            (self.state, self.within) = (State::Between, false);
        }
    }
}
