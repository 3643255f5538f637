//! One place where a session or a token can be stolen, guessed, fixed or kept alive: what `harden` and `probe` find.
//!
//! A weakness is never an incident: nothing has leaked, so there is no verdict and no playbook. Which weaknesses exist is data
//! (`weaknesses/`); finding them and printing them are other modules'.

use crate::{
    blob::PathName,
    location::Location,
    rule::{Confidence, Severity, Text},
};

/// What can be done to a session or a token at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// The check that found it: lower-case words with hyphens.
    pub check: Text,
    /// What is wrong here, in one line.
    pub title: Text,
    /// How much it gives away.
    pub severity: Severity,
    /// How sure it is that this code or answer is what it seems to be.
    pub confidence: Confidence,
    /// What an attacker does with it, in a sentence or two.
    pub attack: Text,
    /// What to write instead, for this very framework or server.
    pub remedy: Text,
    /// Where it is demanded not to be so; never empty.
    pub standards: Vec<Citation>,
    /// Where it is.
    pub place: Place,
    /// What was seen there, secrets masked, in one line; nothing where what is wrong is that something is missing.
    pub evidence: Option<String>,
}

/// A section of a standard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// The standard with its version: `OWASP ASVS 5.0.0`, `RFC 8725`.
    pub standard: Text,
    /// The section or requirement within it: `3.3.1`.
    pub section: Text,
    /// Where it can be read.
    pub url: Text,
}

/// Where a weakness is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file.
    File {
        /// The file, as it was named or found below what was named.
        path: PathName,
        /// What to look at there.
        location: Location,
        /// Its first column and one past its last, in UTF-16 code units, from 1: SARIF counts so. Nothing where its line was not at hand.
        columns: Option<[u64; 2]>,
    },
    /// In an answer of a running server.
    Answer {
        /// The address that was asked, without its query.
        url: Text,
        /// The header or cookie it is about, as `Set-Cookie: NAME`.
        part: Text,
    },
}

/// Puts what was found in the order in which it is read: worst first, then by place.
pub fn sort(weaknesses: &mut [Weakness]) {
    weaknesses.sort_by(|a, b| {
        let worst = b.severity.cmp(&a.severity);
        worst.then_with(|| (&a.place, &a.check, &a.title).cmp(&(&b.place, &b.check, &b.title)))
    });
}
