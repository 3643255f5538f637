//! One secret at one place in one blob.

use std::borrow::Cow;

use crate::{
    location::{Location, Span},
    rule::{Confidence, RuleIx},
    secret::Secret,
};

/// One secret at one place in one blob.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleIx,
    /// The secret itself.
    pub secret: Secret,
    /// Where it is.
    pub location: Location,
    /// How sure it is, by its bytes and those around; the path has not been looked at.
    pub confidence: Confidence,
    /// What it weighs where nobody documents its format: the logarithm of the odds that it is a secret.
    pub weight: Option<f32>,
    /// What its checksum said.
    pub checksum: Checksum,
    /// Other halves and named groups found with it.
    pub parts: Vec<FoundPart>,
    /// The comment that allows it, as written there.
    pub allowed_by: Option<Cow<'static, str>>,
    /// The line around it, every candidate in it masked.
    pub excerpt: Excerpt,
}

/// What a secret's checksum said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checksum {
    /// Its format has none.
    None,
    /// It fits.
    Valid,
}

impl Checksum {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Valid => "valid",
        }
    }
}

/// Another half of a secret, or a named group of its match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundPart {
    /// What it is, by the rule.
    pub name: String,
    /// Its value.
    pub value: PartValue,
    /// Where it is in the blob.
    pub span: Span,
}

/// A part's value: public, or as guarded as the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartValue {
    /// An id, user, host, account or region.
    Public(String),
    /// Anything else.
    Secret(Secret),
}

/// The line around a secret, cut to what a person can read, with every candidate in it masked (law 3).
///
/// Its text may hold any character of the scanned blob: printing it safely is the reporter's.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excerpt {
    /// What stands before the secret in its line.
    pub before: String,
    /// The secret, masked.
    pub masked: String,
    /// What stands behind it.
    pub after: String,
    /// Whether the line has more in front of `before`.
    pub cut_before: bool,
    /// Whether the line has more behind `after`.
    pub cut_after: bool,
    /// How many bytes more than UTF-16 code units the blob has for `before`, as it was before anything in it was masked. With it a
    /// column in bytes becomes one in code units: exact where nothing was cut, else as if what was cut were ASCII.
    pub wide: u64,
}
