//! What is known of whether a token still works.
//!
//! Only a provider's own answer makes a verdict `active`. What a token says of itself can make it `inactive`: one that has expired is dead, whoever is
//! asked.

use std::borrow::Cow;

/// Whether a token still works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has asked.
    #[default]
    Unchecked,
    /// Its provider accepts it.
    Active,
    /// It works no more.
    Inactive(Why),
    /// It was asked for in vain, and why.
    Unknown(Cow<'static, str>),
}

/// Why a token works no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was good until a time that is past: in seconds since 1970.
    Expired(i64),
    /// Its provider does not accept it.
    Rejected,
}

impl Verdict {
    /// The word used in reports.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Active => "active",
            Self::Inactive(_) => "inactive",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why, in words used in reports.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unchecked | Self::Active => None,
            Self::Inactive(Why::Expired(_)) => Some("expired"),
            Self::Inactive(Why::Rejected) => Some("rejected"),
            Self::Unknown(reason) => Some(reason),
        }
    }

    /// Whether it leaves open if the token works.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Unchecked | Self::Unknown(_))
    }
}
