//! Whether a secret still works: by what it says of itself, and by what its provider says.
//!
//! [`assess`] reads nothing but the secret, what was found with it and the clock. A [`Verifier`] asks, and only where the user wants that.

#[cfg(feature = "net")]
mod account;
mod expiry;
mod jwt;
mod macaroon;
#[cfg(feature = "net")]
mod online;
#[cfg(feature = "net")]
mod power;
#[cfg(feature = "net")]
mod probe;
#[cfg(feature = "net")]
mod question;
mod strength;
#[cfg(feature = "net")]
mod survey;
#[cfg(feature = "net")]
mod verdicts;

use crate::{
    finding::FoundPart,
    incident::Claims,
    rule::{Algorithm, Class, Rule, Severity, Text},
    secret::Secret,
    verdict::{Verdict, Why},
};

#[cfg(feature = "net")]
pub use online::{Asked, Plan, Verifier};
#[cfg(feature = "net")]
pub use verdicts::{Kept, Verdicts};

/// What a secret says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// Inactive where it has expired.
    pub verdict: Verdict,
    /// Its rule's, raised or lowered by what it says.
    pub severity: Severity,
    /// What it claims, where it can be read.
    pub claims: Option<Claims>,
    /// What a person should know of it, a sentence each.
    pub notes: Vec<Text>,
}

/// What is said of a secret that meets the end which ours gave a repeat without one.
const CUT: &str = "truncated: it is as long as its rule, which had no end, was made to look, and may go on";

/// What `secret`, found by `rule` together with `parts`, says of itself at the time `now` (seconds since 1970).
pub fn assess(rule: &Rule, secret: &Secret, parts: &[FoundPart], now: i64) -> Assessment {
    let mut assessment = Assessment {
        verdict: Verdict::Unchecked,
        severity: rule.severity,
        claims: None,
        notes: rule.note.iter().cloned().collect(),
    };
    if rule.may_cut(secret.expose().len()) {
        assessment.notes.push(CUT.into());
    }
    if rule.detect.checksum == Some(Algorithm::Jwt) {
        if let Some(token) = jwt::Token::read(secret.expose()) {
            token.assess(rule.class == Class::Session, now, &mut assessment);
        }
    } else if let Some(expires_at) = expiry::of(parts) {
        assessment.claims = Some(Claims { expires_at: Some(expires_at), ..Claims::default() });
    } else if let Some(macaroon) = macaroon::Macaroon::read(secret.expose()) {
        assessment.notes.push(macaroon.note().into());
        assessment.claims = Some(Claims { issuer: macaroon.location, ..Claims::default() });
    } else if rule.class == Class::Session {
        assessment.notes.extend(strength::weakness(secret.expose()));
    }
    if let Some(at) = assessment.claims.as_ref().and_then(|claims| claims.expires_at).filter(|&at| at <= now) {
        assessment.verdict = Verdict::Inactive(Why::Expired(at));
        if assessment.severity < Severity::Critical {
            assessment.severity = Severity::Low;
        }
    }
    assessment
}
