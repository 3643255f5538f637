//! How sure a match is, by its bytes and the words around it.
//!
//! One function, [`judge`], decides for all rules: a checksum that fails, too little entropy or a placeholder end the matter; a documented
//! format is otherwise what its rule says, and an unknown value is weighed. Paths are not seen here.

use std::ops::Range;

use super::words;
use crate::rule::{Confidence, Rule, SCORE_REACH};

/// Why a match is not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// Its checksum does not fit.
    Checksum,
    /// Its characters are too uniform for its format.
    Entropy,
    /// It says of itself that it is no secret.
    Placeholder,
    /// It is one of the provider's documented examples.
    Example,
    /// It reads like code or prose rather than a secret.
    Ordinary,
}

impl Rejection {
    /// Why, as a part of a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Checksum => "its checksum does not fit",
            Self::Entropy => "its characters are too uniform",
            Self::Placeholder => "it is a placeholder",
            Self::Example => "it is one of the provider's own examples",
            Self::Ordinary => "it reads like code or prose",
        }
    }
}

/// Judges the match `matched` of `rule` with the secret at `secret`; `checksum` says whether its checksum fits, where it has one.
pub(super) fn judge(
    rule: &Rule,
    bytes: &[u8],
    matched: &Range<usize>,
    secret: &Range<usize>,
    checksum: Option<bool>,
) -> Result<Confidence, Rejection> {
    let detect = &rule.detect;
    let value = &bytes[secret.clone()];
    if checksum == Some(false) {
        return Err(Rejection::Checksum);
    }
    let lower = value.to_ascii_lowercase();
    if detect.reject.iter().any(|example| words::contains(&lower, example.as_bytes())) {
        return Err(Rejection::Example);
    }
    if entropy::shannon_entropy(value) < detect.entropy {
        return Err(Rejection::Entropy);
    }
    let prefix = detect
        .keywords
        .iter()
        .filter(|keyword| lower.starts_with(keyword.as_bytes()))
        .map(|keyword| keyword.len())
        .max();
    let own = &value[prefix.filter(|_| !detect.generic).unwrap_or(0)..];
    if detect.words && words::is_placeholder(own, !detect.generic && !rule.class.is_password()) {
        return Err(Rejection::Placeholder);
    }
    let confidence = if detect.generic { weigh(rule, bytes, matched, secret)? } else { rule.confidence };
    if checksum == Some(true) {
        return Ok(Confidence::High.min(rule.confidence.max(confidence)));
    }
    if says_example(&bytes[matched.start.saturating_sub(SCORE_REACH)..matched.start]) {
        return Ok(lowered(confidence));
    }
    Ok(confidence)
}

fn lowered(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}

/// Whether the line so far speaks of an example.
fn says_example(before: &[u8]) -> bool {
    let line = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]).to_ascii_lowercase();
    ["example", "dummy", "fake", "placeholder", "sample"].iter().any(|word| words::contains(&line, word.as_bytes()))
}

/// What an unknown value looks like.
struct Shape {
    length: usize,
    lower: bool,
    upper: bool,
    digits: usize,
    symbols: usize,
    entropy: f32,
    wordiness: f32,
}

impl Shape {
    fn of(value: &[u8]) -> Self {
        let count = |test: fn(&u8) -> bool| value.iter().filter(|byte| test(byte)).count();
        Self {
            length: value.len(),
            lower: value.iter().any(u8::is_ascii_lowercase),
            upper: value.iter().any(u8::is_ascii_uppercase),
            digits: count(u8::is_ascii_digit),
            symbols: count(|byte| !byte.is_ascii_alphanumeric()),
            entropy: entropy::shannon_entropy(value),
            wordiness: words::wordiness(value),
        }
    }

    fn classes(&self) -> usize {
        [self.lower, self.upper, self.digits > 0, self.symbols > 0].into_iter().filter(|&class| class).count()
    }
}

/// Weighs the value of an assignment whose format nobody documents.
fn weigh(rule: &Rule, bytes: &[u8], matched: &Range<usize>, secret: &Range<usize>) -> Result<Confidence, Rejection> {
    let value = &bytes[secret.clone()];
    let quoted = is_quoted(bytes, secret);
    if is_expression(value, quoted) || is_ordinary(value) {
        return Err(Rejection::Ordinary);
    }
    let _ = matched;
    let shape = Shape::of(value);
    let points = if rule.class.is_password() { password_points(&shape, quoted) } else { token_points(&shape, quoted) };
    match points {
        5.. => Ok(Confidence::Medium.max(rule.confidence)),
        3..5 => Ok(Confidence::Medium.min(rule.confidence)),
        1..3 => Ok(Confidence::Low),
        _ => Err(Rejection::Ordinary),
    }
}

fn is_quoted(bytes: &[u8], secret: &Range<usize>) -> bool {
    let quote = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().filter(|byte| b"\"'`".contains(byte));
    quote(secret.start.checked_sub(1)).is_some() && quote(Some(secret.end)).is_some()
        || bytes.get(secret.end) == Some(&b'\\')
}

/// How much speaks for a token: random characters, drawn by a machine.
fn token_points(shape: &Shape, quoted: bool) -> i32 {
    let mut points = 0;
    points += i32::from(shape.length >= 16) + i32::from(shape.length >= 20) + i32::from(shape.length >= 32);
    points += if shape.digits == 0 { -2 } else { i32::from(shape.digits >= 3) + 1 };
    points += i32::from(shape.entropy >= 3.0) + i32::from(shape.entropy >= 3.6) - 2 * i32::from(shape.entropy < 2.5);
    points += if shape.wordiness > 0.75 {
        -3
    } else if shape.wordiness < 0.5 {
        1
    } else {
        0
    };
    points -= i32::from(shape.symbols * 5 > shape.length);
    points -= 2 * i32::from(shape.length < 12);
    points + i32::from(quoted) - 1
}

/// How much speaks for a password: characters of several kinds, chosen by a person.
fn password_points(shape: &Shape, quoted: bool) -> i32 {
    let mut points = i32::try_from(shape.classes()).unwrap_or(0);
    points += i32::from(shape.digits > 0) + i32::from(shape.length >= 10) + i32::from(shape.entropy >= 3.0);
    points -= i32::from(shape.wordiness > 0.8 && shape.digits == 0) * 2;
    points += if quoted { 1 } else { -1 };
    points
}

/// Whether the value is code that yields a value rather than the value itself.
fn is_expression(value: &[u8], quoted: bool) -> bool {
    let opens = [b"${".as_slice(), b"$(", b"{{", b"<%", b"%(", b"#{", b"{%", b"[[", b"@@", b"%{", b"&{"];
    if opens.iter().any(|open| words::contains(value, open)) || matches!(value, [b'$' | b'<' | b'%', ..] | [.., b'>']) {
        return true;
    }
    if quoted {
        return false;
    }
    // A name, a member of something, a call, an index: what an unquoted value is in code.
    let called = value.iter().any(|byte| b"()[]{}<>;,|".contains(byte));
    let words_only = value.iter().all(|byte| byte.is_ascii_alphabetic() || b"_.:->&*!?".contains(byte));
    called || words_only || words::contains(value, b"::") || words::contains(value, b"->")
}

/// Whether the value is a path, an address without credentials, a date, a version, an identifier or a sentence.
fn is_ordinary(value: &[u8]) -> bool {
    let has = |part: &[u8]| words::contains(value, part);
    let spaces = value.iter().filter(|&&byte| byte == b' ').count();
    let path = matches!(value, [b'/' | b'.' | b'~', ..]) && value.iter().filter(|&&byte| byte == b'/').count() >= 2;
    has(b"://")
        || has(b"\\u00")
        || spaces >= 2
        || path
        || is_identifier(value)
        || !value.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Whether the value is words joined as code and configuration join them: `camelCase`, `snake_case`, `kebab-case`, `dotted.name`.
fn is_identifier(value: &[u8]) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let joined = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/ ".contains(byte));
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    joined && digits * 8 <= value.len() && letters * 10 >= value.len() * 7 && words::wordiness(value) > 0.7
}
