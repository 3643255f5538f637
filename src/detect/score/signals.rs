//! What speaks for and against an unknown value, and how much.
//!
//! A value's weight is the sum of the signals that hold, as in logistic regression: above zero it is more likely a secret than not.
//! The weights were fitted by regularised logistic regression to the labelled candidates of a public benchmark of real code
//! (`CredData`), each repository weighted by the root of its number of candidates so that none rules, and rounded. Fitted to the
//! repositories of one half, they hold as well on the other. Three are set by hand, because the benchmark has people's passwords replaced by
//! random letters and counts no UUIDs,
//! which a plain key has for names of things: `a person's mixture` and the two of UUIDs. What one weight means depends on the others: change them by fitting
//! anew, not one by one.

use super::{context::Context, shape, shape::Shape};
use crate::{detect::words, rule::Rule};

/// What the signals look at.
pub(super) struct Seen<'a> {
    rule: &'a str,
    value: &'a [u8],
    shape: Shape,
    context: Context,
    password: bool,
    names_a_secret: bool,
    random: bool,
}

/// Parts of names of what belongs to a secret without being one.
const ABOUT: &[&str] = &[
    "policy",
    "type",
    "algorithm",
    "label",
    "field",
    "placeholder",
    "hint",
    "message",
    "error",
    "name",
    "path",
    "file",
    "url",
    "uri",
    "length",
    "class",
    "_id",
    "within",
    "_at",
    "expir",
    "timeout",
    "column",
    "prompt",
    "title",
    "text",
    "format",
    "pattern",
    "regex",
    "min_",
    "max_",
    "count",
    "reset",
];

/// Whether a signal holds.
type Holds = fn(&Seen<'_>) -> bool;

/// How much of it there is.
type Amount = fn(&Seen<'_>) -> f32;

/// The weight of a value for which nothing below holds.
const START: f32 = 1.70;

/// What holds or does not: a name, the weight, and when it holds.
#[rustfmt::skip]
const FLAGS: &[(&str, f32, Holds)] = &[
    ("a password rather than a token", 0.80, |s| s.password),
    ("without quotes", -0.50, |s| !s.context.quoted),
    ("a header's scheme before it", 1.50, |s| s.rule == "generic-basic-auth" || s.rule == "generic-bearer"),
    ("an environment variable", 1.20, |s| s.rule == "generic-env"),
    ("under 6 bytes", -0.90, |s| s.shape.length < 6),
    ("under 8 bytes", -0.70, |s| s.shape.length < 8),
    ("16 bytes or more", 0.50, |s| s.shape.length >= 16),
    ("24 bytes or more", 0.90, |s| s.shape.length >= 24),
    ("digits only", -2.40, |s| s.shape.digits == s.shape.length),
    ("a capital", -0.60, |s| s.shape.upper > 0),
    ("a password's punctuation", 1.50, |s| s.value.iter().any(|byte| b"!@#$%^&*?~".contains(byte))),
    ("words", -0.60, |s| s.shape.triples >= 1 && s.shape.wordy >= 0.9),
    ("no words", 1.00, |s| s.shape.triples >= 3 && s.shape.wordy < 0.4),
    ("a word and a number", -1.50, |s| shape::is_word_and_number(s.value)),
    ("names a secret", -1.40, |s| s.names_a_secret),
    ("parts joined by _ or -", -0.30, |s| shape::joins(s.value, b"_-", u8::is_ascii_alphabetic)),
    ("parts joined by a dot", -0.30, |s| shape::joins(s.value, b".", u8::is_ascii_alphabetic)),
    ("a constant's name", -1.30, |s| shape::is_constant(s.value)),
    ("a camel-case name", -1.20, |s| s.is_camel()),
    ("a slash", -1.00, |s| s.value.contains(&b'/')),
    ("a colon", -1.40, |s| s.value.contains(&b':')),
    ("dots that leave out", -3.00, |s| words::contains(s.value, b"..")),
    ("a UUID", 2.00, |s| s.is_uuid() && !s.is_only_key()),
    ("a UUID that is only called a key", -5.00, |s| s.is_uuid() && s.is_only_key()),
    ("a long random stretch", -1.30, |s| s.random),
    ("a person's mixture", 2.50, |s| s.is_mixture()),
    ("hexadecimal", 1.80, |s| shape::is_hex(s.value)),
    ("padded base64", 1.90, |s| shape::is_padded(s.value)),
    ("given to a function", 0.30, |s| s.context.is_called()),
    ("looked up, translated or encoded", -1.40, |s| s.context.is_looked_up()),
    ("behind a comma", -1.10, |s| s.context.has(b",") && !s.random),
    ("behind an arrow", -0.90, |s| s.context.has(b"=>")),
    ("behind a tag", -1.10, |s| s.context.has(b">") && !s.context.has(b"=>")),
    ("behind a space alone", -0.20, |s| s.context.is_adjoining()),
    ("named as public", -5.30, |s| s.context.is_named(&["public", "pubkey", "fingerprint"])),
    ("named as derived", -2.10, |s| s.context.is_named(&["hash", "salt", "digest", "crypt", "checksum"])),
    ("named as about a secret", -0.80, |s| s.context.is_named(ABOUT)),
    ("a user or address before it", 1.10, |s| s.context.follows(&["user", "login", "email"])),
    ("before a closing parenthesis", -0.90, |s| s.context.next == Some(b')') && !s.random),
    ("before a comma", -0.20, |s| s.context.next == Some(b',')),
];

/// What there is more or less of: a name, the weight of one, and how much there is.
#[rustfmt::skip]
const AMOUNTS: &[(&str, f32, Amount)] = &[
    ("share of digits", -0.70, |s| words::share(s.shape.digits, s.shape.length)),
    ("share of symbols", -9.60, |s| if s.random || s.is_uuid() { 0.0 } else { words::share(s.shape.symbols, s.shape.length) }),
    ("share of word-like triples", -1.90, |s| s.shape.wordy),
    ("the same, the more the longer", -2.70, |s| if s.random { 0.0 } else { s.shape.wordy * words::share(s.shape.triples.min(12), 12) }),
    ("the same, without digits", -1.90, |s| if s.shape.digits == 0 { s.shape.wordy } else { 0.0 }),
    ("entropy, bits a byte", 0.40, |s| s.shape.entropy),
];

impl<'a> Seen<'a> {
    pub(super) fn new(rule: &'a Rule, value: &'a [u8], context: Context) -> Self {
        let password =
            rule.id.starts_with("generic-p") || rule.class.is_password() && rule.family == "generic-password";
        let names_a_secret = shape::names_a_secret(&value.to_ascii_lowercase());
        Self {
            rule: &rule.id,
            value,
            shape: Shape::of(value),
            context,
            password,
            names_a_secret,
            random: shape::has_random_stretch(value),
        }
    }

    /// The sum of what speaks for the value, less what speaks against it.
    pub(super) fn weight(&self) -> f32 {
        let flags = FLAGS.iter().filter(|(_, _, holds)| holds(self)).map(|(_, weight, _)| weight).sum::<f32>();
        let amounts = AMOUNTS.iter().map(|(_, weight, amount)| weight * amount(self)).sum::<f32>();
        START + flags + amounts
    }

    /// Whether it is or ends in a UUID.
    fn is_uuid(&self) -> bool {
        shape::is_uuid(&self.value[self.value.len().saturating_sub(36)..])
    }

    /// Whether nothing says more of it than that it is a key, which things are looked up by too.
    fn is_only_key(&self) -> bool {
        self.rule == "generic-key" || self.rule == "generic-key-bare"
    }

    /// Whether it is a password of letters, digits and signs, long enough for a policy.
    fn is_mixture(&self) -> bool {
        let shape = &self.shape;
        let enough = shape.length >= 8 && shape.letters() >= 4 && shape.digits > 0 && shape.upper > 0;
        self.password && enough && self.value.iter().any(|byte| b"!@#$%^&*?-_".contains(byte))
    }

    /// Whether it is letters alone that spell words, with a capital somewhere.
    fn is_camel(&self) -> bool {
        let shape = &self.shape;
        let cased = shape.upper > 0 && shape.lower > 0 && shape.letters() == shape.length;
        // Random letters of mixed case have hardly a triple to tell by.
        cased && shape.triples * 3 >= shape.length && shape.wordy > 0.7
    }
}
