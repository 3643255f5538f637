//! What is known of whether a token still works.
//!
//! Only a provider's own answer makes a verdict `active` or `inactive`; nothing asks one yet, so every incident is
//! [`Verdict::Unchecked`].

/// Whether a token still works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has asked.
    #[default]
    Unchecked,
}

impl Verdict {
    /// The word used in reports.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
        }
    }
}
