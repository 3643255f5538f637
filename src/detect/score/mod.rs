//! How sure a match is, by its bytes and the words around it.
//!
//! One function, [`Judge::judge`], decides for all rules: a checksum that fails, too little entropy or a placeholder end the matter; a
//! documented format is otherwise what its rule says, and an unknown value is weighed: its [`shape`] and its [`context`] become
//! [`features`], and the [`model`] says what those are worth. Paths are not seen here.

mod context;
mod features;
mod formats;
mod model;
mod shape;

use std::{ops::Range, sync::OnceLock};

pub use self::model::Part;
use self::{context::Context, features::Seen, formats::Formats};
use super::words;
use crate::rule::{Confidence, Generic, Rule, SCORE_REACH};

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
    /// It is encrypted: whoever reads it has nothing.
    Encrypted,
    /// It reads like code or prose rather than a secret.
    Ordinary,
    /// It weighs too little, everything taken together.
    Light,
}

impl Rejection {
    /// Why, as a part of a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Checksum => "its checksum does not fit",
            Self::Entropy => "its characters are too uniform",
            Self::Placeholder => "it is a placeholder",
            Self::Example => "it is one of the provider's own examples",
            Self::Encrypted => "it is encrypted",
            Self::Ordinary => "it reads like code or prose",
            Self::Light => "it is more likely something else",
        }
    }
}

/// Judges matches.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// Made when the first unknown value turns up.
    formats: OnceLock<Formats>,
}

/// A match in its surroundings.
#[derive(Clone, Copy)]
pub(super) struct Match<'a> {
    /// All rules.
    pub(super) rules: &'a [Rule],
    /// The one that matched.
    pub(super) rule: &'a Rule,
    /// The bytes around it, the score's reach on both sides unless the blob ends there.
    pub(super) bytes: &'a [u8],
    /// The whole match.
    pub(super) matched: &'a Range<usize>,
    /// The secret.
    pub(super) secret: &'a Range<usize>,
    /// Whether its checksum fits, where it has one.
    pub(super) checksum: Option<bool>,
}

/// How sure a match is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sure {
    pub(super) confidence: Confidence,
    /// What it weighs, where nobody documents its format.
    pub(super) weight: Option<f32>,
}

/// What an unknown value weighs, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// The logarithm of the odds that it is a secret.
    pub total: f32,
    /// What a value weighs of which nothing is known.
    pub start: f32,
    /// What each feature adds, the greatest first.
    pub parts: Vec<Part>,
    /// How much it has of every feature, in hundredths, in the order in which the model takes them.
    pub amounts: Vec<i16>,
    /// What makes it doubtful all the same.
    pub doubt: Option<Doubt>,
}

/// Why an unknown value is not believed, whatever it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Its name says so.
    MadeUp,
    /// Its name or its place says that everybody may know it.
    Public,
    /// It begins as some issuer's tokens do, and does not have their form.
    Malformed,
    /// It is the base64 of words.
    Prose,
    /// It is named after an issuer whose tokens look otherwise: believed only if all else speaks for it.
    Unlike,
}

impl Doubt {
    /// Why, as a part of a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::MadeUp => "its name says that it is made up",
            Self::Public => "its name or its place says that it is public",
            Self::Malformed => "it begins like a documented token and does not have its form",
            Self::Prose => "it is the base64 of words",
            Self::Unlike => {
                "it is named after an issuer whose tokens look otherwise, which counts unless it weighs a lot"
            }
        }
    }
}

/// The least weights of low, medium and high confidence, for values without a documented format.
const LOW: f32 = -2.0;
const MEDIUM: f32 = 0.0;
const HIGH: f32 = 2.0;
/// The least weight at which a value is believed that does not look like the tokens of the issuer it is named after.
const ALIKE: f32 = 1.0;

impl Judge {
    /// How sure a match is, or why it is none.
    pub(super) fn judge(&self, found: Match<'_>) -> Result<Sure, Rejection> {
        let Match { rule, bytes, matched, checksum, .. } = found;
        found.check()?;
        if let Some(kind) = rule.detect.generic {
            return self.weigh(found, kind);
        }
        let said = || says_example(&bytes[matched.start.saturating_sub(SCORE_REACH)..matched.start]);
        // Where nobody documents the shape, or people choose the value, words speak against it.
        let by_name = rule.class.is_password() || !rule.documented;
        let prose = || rule.detect.words && by_name && is_prose(found.value());
        let doubtful = checksum != Some(true) && (prose() || said());
        let confidence = if doubtful { lowered(rule.confidence) } else { rule.confidence };
        Ok(Sure { confidence, weight: None })
    }

    /// What an unknown value weighs, where nothing ends the matter before it is weighed.
    pub(super) fn explain(&self, found: Match<'_>) -> Option<Weight> {
        let kind = found.rule.detect.generic?;
        found.check().ok()?;
        let seen = found.seen(kind).ok()?;
        let amounts = seen.amounts();
        let (start, parts) = model::parts(&amounts);
        Some(Weight { total: model::weight(&amounts), start, parts, amounts, doubt: self.doubt(found, &seen) })
    }

    /// How sure a value is whose format nobody documents.
    fn weigh(&self, found: Match<'_>, kind: Generic) -> Result<Sure, Rejection> {
        let seen = found.seen(kind)?;
        let weight = model::weight(&seen.amounts());
        if weight < LOW {
            return Err(Rejection::Light);
        }
        // What is doubtful stays so wherever it lies.
        let doubtful = match self.doubt(found, &seen) {
            Some(Doubt::Unlike) => weight < ALIKE,
            Some(_) => true,
            None => false,
        };
        let weight = if doubtful { weight.min(LOW) } else { weight };
        Ok(Sure { confidence: confidence_of(weight), weight: Some(weight) })
    }

    /// What makes an unknown value doubtful, whatever it weighs.
    fn doubt(&self, found: Match<'_>, seen: &Seen<'_>) -> Option<Doubt> {
        let formats = self.formats.get_or_init(|| Formats::of(found.rules));
        if seen.is_said_to_be_made_up() {
            Some(Doubt::MadeUp)
        } else if seen.is_said_to_be_public() {
            Some(Doubt::Public)
        } else if formats.claims(found.value()) {
            Some(Doubt::Malformed)
        } else if inner_text(found.value()).is_some_and(|text| is_prose(&text)) {
            Some(Doubt::Prose)
        } else {
            let for_one = !matches!(found.rule.detect.generic, Some(Generic::Password | Generic::Secret));
            (for_one && formats.names(seen.name())).then_some(Doubt::Unlike)
        }
    }
}

/// How sure a value of this weight is that is worth a mention at all.
pub fn confidence_of(weight: f32) -> Confidence {
    match weight {
        HIGH.. => Confidence::High,
        MEDIUM.. => Confidence::Medium,
        _ => Confidence::Low,
    }
}

impl<'a> Match<'a> {
    fn value(&self) -> &'a [u8] {
        &self.bytes[self.secret.clone()]
    }

    /// What ends the matter whatever the rule.
    fn check(&self) -> Result<(), Rejection> {
        let (rule, value) = (self.rule, self.value());
        let detect = &rule.detect;
        if self.checksum == Some(false) {
            return Err(Rejection::Checksum);
        }
        let lower = value.to_ascii_lowercase();
        if detect.reject.iter().any(|example| words::contains(&lower, example.as_bytes())) {
            return Err(Rejection::Example);
        }
        if detect.entropy > 0.0 && entropy::shannon_entropy(value) < detect.entropy {
            return Err(Rejection::Entropy);
        }
        let begins = detect.keywords.iter().filter(|keyword| lower.starts_with(keyword.as_bytes()));
        let prefix = begins.map(|keyword| keyword.len()).max().filter(|_| detect.generic.is_none()).unwrap_or(0);
        let random = detect.generic.is_none() && !rule.class.is_password();
        let stands_for = detect.words && words::is_placeholder(&value[prefix..], random);
        let chosen = detect.words && rule.class.is_password();
        let inside = || inner_text(value).is_some_and(|text| words::is_placeholder(&text, true));
        if stands_for || chosen && (shape::names_itself(&lower) || inside()) {
            return Err(Rejection::Placeholder);
        }
        Ok(())
    }

    /// What there is to see of an unknown value, unless it is none on the face of it.
    fn seen(&self, kind: Generic) -> Result<Seen<'a>, Rejection> {
        let value = self.value();
        let context = Context::of(self.bytes, self.matched, self.secret);
        if shape::is_encrypted(value) {
            return Err(Rejection::Encrypted);
        }
        let looked_up = context.is_from_environment() || context.is_template_path();
        let code = shape::is_expression(value, context.quoted) || looked_up || context.is_next_name();
        if code || shape::is_ordinary(value) || context.is_test_result() || context.is_user() {
            return Err(Rejection::Ordinary);
        }
        if inner_text(value).is_some_and(|text| words::is_placeholder(&text, false)) {
            return Err(Rejection::Placeholder);
        }
        Ok(Seen::new(kind, value, context))
    }
}

/// The text that a value is the base64 of, behind the user's name where it has one.
fn inner_text(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = shape::decoded_text(value)?;
    if let Some(colon) = memchr::memchr(b':', &text) {
        text.drain(..=colon);
    }
    Some(text)
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

/// Whether a value, or the text that it is the base64 of, is made of words. The few letters that stand together in hexadecimal digits say
/// nothing.
fn is_prose(text: &[u8]) -> bool {
    let (common, triples) = words::triples(text);
    3 * triples >= text.len() && triples >= 3 && words::share(common, triples) > 0.85
}
