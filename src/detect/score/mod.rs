//! How sure a match is, by its bytes and the words around it.
//!
//! One function, [`judge`], decides for all rules: a checksum that fails, too little entropy or a placeholder end the matter; a documented
//! format is otherwise what its rule says, and an unknown value is weighed by its [`shape`], its [`context`] and what [`signals`] make
//! of both. Paths are not seen here.

mod context;
mod shape;
mod signals;

use std::ops::Range;

use self::{context::Context, signals::Seen};
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
    if detect.entropy > 0.0 && entropy::shannon_entropy(value) < detect.entropy {
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
    let confidence = match rule.confidence {
        _ if detect.generic => weigh(rule, bytes, matched, secret)?,
        documented if detect.words && rule.class.is_password() && is_prose(value) => lowered(documented),
        documented => documented,
    };
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

/// The least weights of low, medium and high confidence, for values without a documented format.
const LOW: f32 = -1.0;
const MEDIUM: f32 = 0.0;
const HIGH: f32 = 1.5;

/// Weighs a value whose format nobody documents.
fn weigh(rule: &Rule, bytes: &[u8], matched: &Range<usize>, secret: &Range<usize>) -> Result<Confidence, Rejection> {
    let value = &bytes[secret.clone()];
    let context = Context::of(bytes, matched, secret);
    if shape::is_expression(value, context.quoted) || shape::is_ordinary(value) || context.is_test_result() {
        return Err(Rejection::Ordinary);
    }
    let text = shape::decoded_text(value);
    let inner = text.as_deref().map(|text| text.splitn(2, |byte| *byte == b':').last().unwrap_or(text));
    if inner.is_some_and(|inner| words::is_placeholder(inner, false)) {
        return Err(Rejection::Placeholder);
    }
    let confidence = match Seen::new(rule, value, context).weight() {
        HIGH.. => Confidence::High,
        MEDIUM.. => Confidence::Medium,
        LOW.. => Confidence::Low,
        _ => return Err(Rejection::Ordinary),
    };
    Ok(if inner.is_some_and(is_prose) { Confidence::Low } else { confidence })
}

/// Whether a value, or the text that it is the base64 of, is made of words.
fn is_prose(text: &[u8]) -> bool {
    let (common, triples) = words::triples(text);
    triples >= 3 && words::share(common, triples) > 0.85
}
