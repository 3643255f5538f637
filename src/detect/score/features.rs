//! What is known of an unknown value: its own bytes, its name and what stands around it, as numbers.
//!
//! Each feature is a fact that a reader can check; what they weigh together is [`super::model`]'s. The order of [`FEATURES`] is that of the model's
//! input, which nothing but their number checks: a change here asks for a model fitted anew (`learn/README.md`).

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::{context::Context, shape, shape::Shape};
use crate::{detect::words, rule::Generic};

/// What the features look at.
pub(super) struct Seen<'a> {
    kind: Generic,
    value: &'a [u8],
    shape: Shape,
    context: Context,
    /// The value in lower case.
    lower: Vec<u8>,
    /// What the name says, a bit for each of [`Says`].
    says: u32,
    /// What stands before and behind tells of, a bit for each of [`Tells`].
    before: u32,
    behind: u32,
}

/// How much of a feature there is.
type Amount = fn(&Seen<'_>) -> f32;

/// What a name can say of its value: the parts of names that say so, by [`Says`].
const IN_NAMES: &[&[&str]] = &[
    &["pass", "pwd", "pswd"],
    &["secret", "credential"],
    &["token", "bearer"],
    &["key"],
    &["api", "app", "client"],
    &["access", "auth"],
    &["private", "encrypt", "sign", "master"],
    &["user", "admin", "root", "db", "database", "mail", "smtp", "login"],
    &["public", "pubkey", "fingerprint", "publish", "site"],
    &["hash", "salt", "digest", "crypt", "checksum", "etag", "md5", "sha"],
    &["csrf", "xsrf", "authenticity", "nonce", "page", "next", "continuation"],
    &[
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
    ],
    MADE_UP,
];

/// Words by which a name or a value says that it is made up.
const MADE_UP: &[&str] = &[
    "example",
    "sample",
    "dummy",
    "fake",
    "mock",
    "stub",
    "test",
    "demo",
    "invalid",
    "wrong",
    "bad",
    "bogus",
    "not",
    "placeholder",
    "template",
];

/// What the surroundings can say, by [`Tells`].
const AROUND: &[&[&str]] = &[
    &["user", "login", "email", "host"],
    &["assert", "expect", "test", "spec", "should", "mock"],
    &["example", "sample", "dummy", "fake", "e.g."],
    &["invalid", "error", "unauthorized", "denied", "incorrect"],
];

/// What a name says: places in [`IN_NAMES`].
#[derive(Clone, Copy)]
enum Says {
    Password,
    Secret,
    Token,
    Key,
    Interface,
    Access,
    Private,
    Person,
    Public,
    Derived,
    Request,
    About,
    MadeUp,
}

/// What the surroundings tell of: places in [`AROUND`].
#[derive(Clone, Copy)]
enum Tells {
    Person,
    Tests,
    Examples,
    Errors,
}

/// Sets of words that are looked for in one pass.
struct Vocabulary {
    automaton: AhoCorasick,
    /// The set that each word belongs to.
    sets: Vec<u8>,
}

static NAMES: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::of(IN_NAMES));
static VALUES: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::of(&[MADE_UP]));
static SURROUNDINGS: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::of(AROUND));

impl Vocabulary {
    fn of(sets: &[&[&str]]) -> Self {
        // Of the kinds of automata the quickest to build that is not the slowest to run.
        let built =
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(sets.iter().copied().flatten());
        let automaton = built.expect("a few dozen words fit an automaton");
        Self { automaton, sets: (0..).zip(sets).flat_map(|(at, set)| vec![at; set.len()]).collect() }
    }

    /// The sets of which a word is in `text`, a bit each.
    fn sets_in(&self, text: &[u8]) -> u32 {
        let found = self.automaton.find_overlapping_iter(text);
        found.fold(0, |sets, word| sets | 1 << self.sets[word.pattern().as_usize()])
    }
}

/// Signs that people and generators put into passwords, and issuers of tokens do not.
const SIGNS: &[u8] = b"!@#$%^&*?~";

/// All features: the name, as `stanch rules explain` prints it, and how much of it a value has.
#[rustfmt::skip]
pub(super) const FEATURES: &[(&str, Amount)] = &[
    // The value's own bytes.
    ("length in bytes", |s| number(s.shape.length)),
    ("share of digits", |s| s.share(s.shape.digits)),
    ("share of capitals", |s| s.share(s.shape.upper)),
    ("share of small letters", |s| s.share(s.shape.lower)),
    ("share of signs", |s| s.share(s.shape.symbols)),
    ("entropy, bits a byte", |s| s.shape.entropy),
    ("share of distinct bytes", |s| s.share(shape::distinct(s.value))),
    ("share of word-like triples", |s| s.shape.wordy),
    ("triples of letters", |s| number(s.shape.triples)),
    ("longest stretch of letters", |s| number(shape::longest(s.value, u8::is_ascii_alphabetic))),
    ("longest stretch of digits", |s| number(shape::longest(s.value, u8::is_ascii_digit))),
    ("changes between letters and digits", |s| s.share(shape::changes(s.value, u8::is_ascii_digit))),
    ("changes between cases", |s| s.share(shape::changes(s.value, u8::is_ascii_uppercase))),
    ("alphabet", |s| number(shape::alphabet(s.value) as usize)),
    ("a password's signs", |s| number(s.count(SIGNS))),
    ("dots", |s| number(s.count(b"."))),
    ("slashes", |s| number(s.count(b"/"))),
    ("colons", |s| number(s.count(b":"))),
    ("hyphens", |s| number(s.count(b"-"))),
    ("underscores", |s| number(s.count(b"_"))),
    ("brackets", |s| number(s.count(b"()[]{}<>"))),
    ("equals signs", |s| number(s.count(b"="))),
    ("signs that no password has", |s| number(s.count(b",;|\\"))),
    ("begins with a sign", |s| flag(s.value.first().is_some_and(|byte| !byte.is_ascii_alphanumeric()))),
    ("dots that leave out", |s| flag(words::contains(s.value, b".."))),
    ("hexadecimal", |s| flag(shape::is_hex(s.value))),
    ("padded base64", |s| flag(shape::is_padded(s.value))),
    ("base64 of text", |s| flag(shape::decoded_text(s.value).is_some())),
    ("a UUID", |s| flag(s.is_uuid())),
    ("a long random stretch", |s| flag(shape::has_random_stretch(s.value))),
    ("a word and a number", |s| flag(shape::is_word_and_number(s.value))),
    ("names a secret", |s| flag(shape::names_a_secret(&s.lower))),
    ("says it is made up", |s| flag(VALUES.sets_in(&s.lower) != 0)),
    ("parts joined by _ or -", |s| flag(shape::joins(s.value, b"_-", u8::is_ascii_alphabetic))),
    ("parts joined by a dot", |s| flag(shape::joins(s.value, b".", u8::is_ascii_alphabetic))),
    ("a constant's name", |s| flag(shape::is_constant(s.value))),
    ("is in its own name", |s| flag(s.context.names(&s.lower))),
    // The name it is given.
    ("found as", |s| number(s.kind as usize)),
    ("length of the name", |s| number(s.context.name.len())),
    ("name: a password", |s| s.says(Says::Password)),
    ("name: a secret", |s| s.says(Says::Secret)),
    ("name: a token", |s| s.says(Says::Token)),
    ("name: a key", |s| s.says(Says::Key)),
    ("name: for an interface", |s| s.says(Says::Interface)),
    ("name: for access", |s| s.says(Says::Access)),
    ("name: private", |s| s.says(Says::Private)),
    ("name: of a person", |s| s.says(Says::Person)),
    ("name: public", |s| s.says(Says::Public)),
    ("name: derived", |s| s.says(Says::Derived)),
    ("name: of a request", |s| s.says(Says::Request)),
    ("name: about a secret", |s| s.says(Says::About)),
    ("name: made up", |s| s.says(Says::MadeUp)),
    ("name in capitals", |s| flag(s.context.in_capitals)),
    ("name in camel case", |s| flag(s.context.in_camel)),
    // What stands between name and value.
    ("length of the bridge", |s| number(s.context.bridge.len())),
    ("bridge: =", |s| flag(s.context.has(b"="))),
    ("bridge: :", |s| flag(s.context.has(b":"))),
    ("bridge: ,", |s| flag(s.context.has(b","))),
    ("bridge: >", |s| flag(s.context.has(b">"))),
    ("bridge: value", |s| flag(s.context.has(b"value"))),
    ("bridge: escaped", |s| flag(s.context.has(b"\\"))),
    ("given to a function", |s| flag(s.context.is_called())),
    ("looked up, translated or encoded", |s| flag(s.context.is_looked_up())),
    ("space alone between", |s| flag(s.context.is_adjoining())),
    ("a space behind what assigns", |s| flag(s.context.bridge.ends_with(b" ") || s.context.has(b" \"") || s.context.has(b" '"))),
    // What stands around both.
    ("in quotes", |s| flag(s.context.quoted)),
    ("byte behind", |s| kind_of(s.context.next)),
    ("byte before the name", |s| kind_of(s.context.byte_before_name())),
    ("in a comment", |s| flag(s.context.is_comment())),
    ("indented by", |s| number(s.context.indent())),
    ("words before it on the line", |s| number(s.context.words_before())),
    ("a user or address before it", |s| flag(s.before >> Tells::Person as u32 & 1 == 1)),
    ("a user or address behind it", |s| flag(s.behind >> Tells::Person as u32 & 1 == 1)),
    ("words of tests around it", |s| s.tells(Tells::Tests)),
    ("words of examples around it", |s| s.tells(Tells::Examples)),
    ("words of errors around it", |s| s.tells(Tells::Errors)),
    ("more of its like around it", |s| number(s.context.assignments())),
];

/// What kind of byte stands somewhere, as a number.
fn kind_of(byte: Option<u8>) -> f32 {
    let kind: u8 = match byte {
        None => 0,
        Some(b'\n' | b'\r') => 1,
        Some(b' ' | b'\t') => 2,
        Some(b',') => 3,
        Some(b';') => 4,
        Some(b')' | b']' | b'}') => 5,
        Some(b'(' | b'[' | b'{') => 6,
        Some(b'<' | b'>') => 7,
        Some(b'&' | b'?') => 8,
        Some(b'"' | b'\'' | b'`') => 9,
        Some(b'.' | b'-' | b'_' | b'/') => 10,
        Some(b'$' | b'@' | b'%' | b'#') => 11,
        Some(byte) if byte.is_ascii_alphanumeric() => 12,
        Some(_) => 13,
    };
    f32::from(kind)
}

impl<'a> Seen<'a> {
    pub(super) fn new(kind: Generic, value: &'a [u8], context: Context) -> Self {
        Self {
            kind,
            value,
            shape: Shape::of(value),
            lower: value.to_ascii_lowercase(),
            says: NAMES.sets_in(&context.name),
            before: SURROUNDINGS.sets_in(&context.before),
            behind: SURROUNDINGS.sets_in(&context.after),
            context,
        }
    }

    /// All amounts, in hundredths: what the model is fitted to.
    pub(super) fn amounts(&self) -> Vec<i16> {
        FEATURES.iter().map(|(_, amount)| hundredths(amount(self))).collect()
    }

    fn share(&self, part: usize) -> f32 {
        words::share(part, self.value.len())
    }

    fn count(&self, bytes: &[u8]) -> usize {
        self.value.iter().filter(|byte| bytes.contains(byte)).count()
    }

    /// The name it is given, in lower case.
    pub(super) fn name(&self) -> &[u8] {
        &self.context.name
    }

    /// Whether its own name says that it is no real one.
    pub(super) fn is_said_to_be_made_up(&self) -> bool {
        const SAYS: [&[u8]; 8] =
            [b"fake", b"mock", b"dummy", b"example", b"sample", b"invalid", b"placeholder", b"matching"];
        SAYS.iter().any(|word| words::contains(&self.context.name, word))
    }

    /// Whether it is named or placed as what everybody may see: `PUBLIC_API_KEY`, `publishable_key`, `badge.svg?token=`.
    pub(super) fn is_said_to_be_public(&self) -> bool {
        let named = |words: &[&[u8]]| words.iter().any(|word| words::contains(&self.context.name, word));
        let public = named(&[b"public", b"publishable"]) || self.context.is_in_badge();
        public && !named(&[b"secret", b"private", b"pass"])
    }

    fn says(&self, what: Says) -> f32 {
        flag(self.says >> what as u32 & 1 == 1)
    }

    fn tells(&self, what: Tells) -> f32 {
        flag((self.before | self.behind) >> what as u32 & 1 == 1)
    }

    /// Whether it is or ends in a UUID.
    fn is_uuid(&self) -> bool {
        shape::is_uuid(&self.value[self.value.len().saturating_sub(36)..])
    }
}

fn flag(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[allow(clippy::cast_possible_truncation, reason = "clamped to what fits")]
fn hundredths(amount: f32) -> i16 {
    (amount * 100.0).round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}
