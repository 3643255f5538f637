//! What is known of whether a token still works.
//!
//! Only a provider's own answer makes a verdict `active`. What a token says of itself can make it `inactive`: one that has expired is dead, whoever is
//! asked.

/// Whether a token still works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has asked.
    #[default]
    Unchecked,
    /// It works no more.
    Inactive(Why),
}

/// Why a token works no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was good until a time that is past: in seconds since 1970.
    Expired(i64),
}

impl Verdict {
    /// The word used in reports.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Inactive(_) => "inactive",
        }
    }

    /// Why, in a word used in reports.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Unchecked => None,
            Self::Inactive(Why::Expired(_)) => Some("expired"),
        }
    }
}
