//! A session cookie of a running server, as it was seen from outside: its grade, what samples of its ids show, and whether an id of somebody else's is adopted.
//!
//! What is weak about it is a [`crate::weakness::Weakness`]; how it is looked at is [`crate::probe`]'s, how it is written [`crate::report`]'s. Nothing here holds an id.

use crate::cookie::session::Role;

/// A cookie that a server set.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The address that set it, without its query.
    pub url: String,
    /// Its name, as it was sent.
    pub name: String,
    /// The header, its value masked.
    pub shown: String,
    /// `A` to `F`.
    pub grade: char,
    /// The part that it has in a session.
    pub role: Role,
    /// What samples of its ids show, where some were taken.
    pub ids: Option<Ids>,
    /// What the server does with an id that it did not give out, where one was offered.
    pub fixation: Option<Fixation>,
}

/// What samples of ids show. All of it is an upper bound: samples show that ids are weak, never that they are strong.
#[derive(Clone, Debug, PartialEq)]
pub struct Ids {
    /// How many there were.
    pub samples: usize,
    /// What they are made like.
    pub form: Form,
    /// The lengths of the shortest and the longest id, in bytes.
    pub lengths: (usize, usize),
    /// How many characters those that change are taken from, at least.
    pub alphabet: Option<u32>,
    /// How many bits an id has at most: what is fixed or foretold does not count. Nothing where the ids are signed content, or differ in length.
    pub bits_at_most: Option<f64>,
    /// How many bits each character seems to have, by how often its values are there; 0 where it is fixed or foretold. Empty where there are no bits to be told.
    pub positions: Vec<f64>,
    /// What can be foretold.
    pub signs: Vec<Sign>,
    /// Whether anything speaks against them.
    pub weak: bool,
    /// What so many samples can show, and what not.
    pub limits: String,
}

/// What ids are made like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Digits.
    Decimal,
    /// Hexadecimal digits, with hyphens or without.
    Hex,
    /// The letters, digits and marks of base64.
    Base64,
    /// Anything else.
    Text,
    /// An id and a signature; what is judged is the id.
    Signed,
    /// A JWT: it is what its signature is worth.
    Jwt,
    /// Signed or encrypted content, of the kind that Flask, Django, Rack and Rails keep sessions in.
    Content,
}

/// Something of an id that can be foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// So many ids are there several times.
    Repeated(usize),
    /// A number, in the characters from..to, that grows by a little each time.
    Counter(usize, usize),
    /// The time in this unit, in the characters from..to.
    Timestamp(Unit, usize, usize),
    /// So many characters are always the same.
    Fixed(usize),
    /// This character, counted from 0, is one of its values far too often.
    Biased(usize),
    /// This character, counted from 0, follows from the id before.
    Correlated(usize),
}

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// Ticks of 100 ns since 1582, as UUIDs of the versions 1 and 6 have them (RFC 9562, sections 5.1 and 5.6).
    Ticks,
}

/// What a server does with an id that it did not give out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixation {
    /// It goes on with it: whoever plants an id in a browser before login has the session after it, unless the id changes then.
    Adopted,
    /// It gives out another one.
    Refused,
    /// Its answers do not show it.
    CannotTell,
}

impl Form {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Text => "text",
            Self::Signed => "signed id",
            Self::Jwt => "JWT",
            Self::Content => "signed content",
        }
    }

    /// Whether it holds the session itself rather than an id of it: then guessing it is forging a signature.
    pub fn is_content(self) -> bool {
        matches!(self, Self::Jwt | Self::Content)
    }
}

impl Sign {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Repeated(_) => "repeated",
            Self::Counter(..) => "counter",
            Self::Timestamp(..) => "timestamp",
            Self::Fixed(_) => "fixed",
            Self::Biased(_) => "biased",
            Self::Correlated(_) => "correlated",
        }
    }

    /// The characters that it is about, counted from 0, the second one left out.
    pub fn characters(self) -> Option<(usize, usize)> {
        match self {
            Self::Counter(from, to) | Self::Timestamp(_, from, to) => Some((from, to)),
            Self::Biased(at) | Self::Correlated(at) => Some((at, at + 1)),
            Self::Repeated(_) | Self::Fixed(_) => None,
        }
    }

    /// It in words, for people.
    pub fn words(self) -> String {
        let span = |from: usize, to: usize| format!("the characters {from} to {}", to.saturating_sub(1).max(from));
        match self {
            Self::Repeated(ids) => format!("{ids} ids are there several times"),
            Self::Counter(from, to) => format!("{} count up", span(from, to)),
            Self::Timestamp(unit, from, to) => format!("{} are the time in {}", span(from, to), unit.name()),
            Self::Fixed(1) => "1 character is always the same".to_owned(),
            Self::Fixed(characters) => format!("{characters} characters are always the same"),
            Self::Biased(at) => format!("the character {at} is one of its values far too often"),
            Self::Correlated(at) => format!("the character {at} follows from the id before"),
        }
    }
}

impl Unit {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Ticks => "ticks of 100 ns",
        }
    }

    /// How many bits are left to whoever knows the second.
    pub fn bits_within_a_second(self) -> f64 {
        let per_second: f64 = match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Ticks => 1e7,
        };
        per_second.log2()
    }
}

impl Fixation {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Refused => "refused",
            Self::CannotTell => "cannot tell",
        }
    }
}

impl Ids {
    /// The bits of the characters, rounded, as runs: `0–7: 0, 8–31: 4`. Nothing where none are told.
    pub fn runs(&self) -> Option<String> {
        let mut runs: Vec<(usize, usize, f64)> = Vec::new();
        for (at, bits) in self.positions.iter().map(|bits| bits.round()).enumerate() {
            match runs.last_mut() {
                Some((_, to, same)) if (*same - bits).abs() < 0.5 => *to = at,
                _ => runs.push((at, at, bits)),
            }
        }
        let run = |(from, to, bits): &(usize, usize, f64)| {
            let span = if from == to { from.to_string() } else { format!("{from}–{to}") };
            format!("{span}: {bits:.0}")
        };
        (!runs.is_empty()).then(|| runs.iter().map(run).collect::<Vec<_>>().join(", "))
    }
}
