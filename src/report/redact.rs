//! Masks the run's secrets where they stand in text that is not a code line: paths, names, refs, error messages (law 3).
//!
//! A file can be named after a token, an author after a password. Code lines come masked from the stage that saw their bytes;
//! they pass through here too, because two rules may have cut one line differently.

use std::{borrow::Cow, cmp::Ordering};

use super::Report;
use crate::{blob::PathName, finding::PartValue, incident::Incident, rule::Rule, secret::Secret};

/// Shorter secrets are not looked for: masking every `admin` in a path would tell more than it hides.
const SHORTEST: usize = 8;
/// Stands for secrets that overlap.
const MASK: &str = "…";

/// Finds the secrets of one run in short texts.
pub(crate) struct Redactor<'a> {
    /// In byte order, each once.
    secrets: Vec<&'a Secret>,
    /// For each secret, the longest other one that it begins with.
    shorter: Vec<Option<usize>>,
    /// Which pairs of bytes a secret begins with, a bit each.
    starts: Vec<u64>,
}

/// Whether what is found at `start..end` is nothing but small letters of a longer word. Then it is that word: a password `postgres` masked
/// wherever `postgresql` is written would only make paths unreadable.
fn is_part_of_word(text: &[u8], start: usize, end: usize) -> bool {
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    text[start..end].iter().all(u8::is_ascii_lowercase) && (letter(before) || letter(text.get(end)))
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(report: &Report<'a>) -> Self {
        Self::of(report.incidents, report.rules, report.named)
    }

    /// For the secrets of `incidents`, which `rules` found, and those that are `named` alone.
    pub(crate) fn of(incidents: impl IntoIterator<Item = &'a Incident>, rules: &[Rule], named: &'a [Secret]) -> Self {
        let mut secrets: Vec<&Secret> = incidents
            .into_iter()
            .filter(|incident| !rules[incident.rule.0 as usize].identifier)
            .flat_map(|incident| {
                let parts = incident.parts.iter().filter_map(|part| match &part.value {
                    PartValue::Secret(secret) => Some(secret),
                    PartValue::Public(_) => None,
                });
                parts.chain([&incident.secret])
            })
            .chain(named)
            .filter(|secret| secret.expose().len() >= SHORTEST)
            .collect();
        secrets.sort_by(|a, b| a.expose().cmp(b.expose()));
        secrets.dedup_by(|a, b| a.expose() == b.expose());
        let mut starts = vec![0; 1 << 10];
        for secret in &secrets {
            let (word, bit) = pair(secret.expose());
            starts[word] |= bit;
        }
        let shorter = prefixes(&secrets);
        Self { secrets, shorter, starts }
    }

    /// A path as text, masked.
    pub(crate) fn path<'p>(&self, path: &'p PathName) -> Cow<'p, str> {
        match self.bytes(path.as_bytes()) {
            Cow::Borrowed(_) => path.to_text(),
            Cow::Owned(bytes) => Cow::Owned(PathName::new(bytes).to_text().into_owned()),
        }
    }

    /// Texts, masked; hardly ever is there anything to mask in them.
    pub(crate) fn texts<'t>(&self, texts: &'t [String]) -> Cow<'t, [String]> {
        if texts.iter().all(|text| matches!(self.bytes(text.as_bytes()), Cow::Borrowed(_))) {
            return Cow::Borrowed(texts);
        }
        texts.iter().map(|text| self.text(text).into_owned()).collect()
    }

    /// Text, masked.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // A secret that is not text itself may have ended within a character.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Bytes, masked.
    pub(crate) fn bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if self.secrets.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::new();
        let (mut at, mut kept) = (0, 0);
        while at < text.len() {
            let Some(secret) = self.longest_at(&text[at..]) else {
                at += 1;
                continue;
            };
            let mut end = at + secret.expose().len();
            let mut mask = secret.masked();
            for inner in at + 1.. {
                if inner >= end {
                    break;
                }
                let reaches = self.longest_at(&text[inner..]).map_or(0, |other| inner + other.expose().len());
                if reaches > end {
                    end = reaches;
                    MASK.clone_into(&mut mask);
                }
            }
            if is_part_of_word(text, at, end) {
                at += 1;
                continue;
            }
            out.extend_from_slice(&text[kept..at]);
            out.extend_from_slice(mask.as_bytes());
            (at, kept) = (end, end);
        }
        if kept == 0 {
            return Cow::Borrowed(text);
        }
        out.extend_from_slice(&text[kept..]);
        Cow::Owned(out)
    }

    /// The longest secret that `text` begins with.
    fn longest_at(&self, text: &[u8]) -> Option<&'a Secret> {
        let (word, bit) = pair(text);
        if text.len() < SHORTEST || self.starts[word] & bit == 0 {
            return None;
        }
        // Whatever secret the text begins with, the last one not behind the text begins with it too; so does what they share.
        let last =
            self.secrets.partition_point(|secret| secret.expose().cmp(text) != Ordering::Greater).checked_sub(1)?;
        let pairs = self.secrets[last].expose().iter().zip(text);
        let shared = pairs.take_while(|(a, b)| a == b).count();
        let mut at = Some(last);
        while let Some(ix) = at {
            if self.secrets[ix].expose().len() <= shared {
                return Some(self.secrets[ix]);
            }
            at = self.shorter[ix];
        }
        None
    }
}

/// For each of the sorted `secrets`, the longest one before it that it begins with.
fn prefixes(secrets: &[&Secret]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut shorter = Vec::with_capacity(secrets.len());
    for (ix, secret) in secrets.iter().enumerate() {
        while open.last().is_some_and(|&last| !secret.expose().starts_with(secrets[last].expose())) {
            open.pop();
        }
        shorter.push(open.last().copied());
        open.push(ix);
    }
    shorter
}

/// Where the bit of the first two bytes is.
fn pair(bytes: &[u8]) -> (usize, u64) {
    let first = bytes.first().copied().map_or(0, usize::from);
    let second = bytes.get(1).copied().map_or(0, usize::from);
    let at = first << 8 | second;
    (at / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{report::samples::Sample, secret::Shown};

    fn masked(secrets: &[&[u8]], text: &[u8]) -> Vec<u8> {
        let mut sample = Sample::default();
        for secret in secrets {
            sample.incidents.push(Sample::incident(Secret::new(secret, Shown::Nothing)));
        }
        Redactor::new(&sample.report()).bytes(text).into_owned()
    }

    #[test]
    fn secrets_in_paths_are_masked() {
        assert_eq!(masked(&[b"hunter-two"], b"a/hunter-two/b"), "a/…/b".as_bytes());
        assert_eq!(masked(&[b"hunter-two"], b"a/hunter-tw/b"), b"a/hunter-tw/b");
        assert_eq!(masked(&[b"admin"], b"admin/x"), b"admin/x");
    }

    #[test]
    fn secrets_that_are_no_incidents_are_masked_too() {
        let (sample, named) = (Sample::default(), [Secret::new(b"hunter-two", Shown::Nothing)]);
        let report = Report { named: &named, ..sample.report() };
        assert_eq!(Redactor::new(&report).bytes(b"a/hunter-two/b").into_owned(), "a/…/b".as_bytes());
    }

    #[test]
    fn of_overlapping_secrets_nothing_is_left() {
        let secrets: [&[u8]; 3] = [b"ABCDEFGH", b"ABCDEFGHIJ", b"GHIJKLMNOP"];
        assert_eq!(masked(&secrets, b"-ABCDEFGHIJKLMNOP-"), "-…-".as_bytes());
        assert_eq!(masked(&secrets, b"-ABCDEFGHI-"), "-…I-".as_bytes());
    }

    #[test]
    fn a_word_within_a_longer_word_is_no_secret() {
        assert_eq!(masked(&[b"elephant"], b"zoo/elephants.txt"), b"zoo/elephants.txt");
        assert_eq!(masked(&[b"elephant"], b"zoo/elephant/a"), "zoo/…/a".as_bytes());
        assert_eq!(masked(&[b"elephant7"], b"zoo/elephant7s"), "zoo/…s".as_bytes());
    }

    proptest! {
        /// No secret is left whole, and what is no secret's stays.
        #[test]
        fn nothing_is_left_whole(
            secrets in prop::collection::vec("[AB]{8,9}", 0..8),
            text in "[ABC]{0,60}",
        ) {
            let bytes: Vec<&[u8]> = secrets.iter().map(String::as_bytes).collect();
            let out = String::from_utf8(masked(&bytes, text.as_bytes())).unwrap();
            let mut hidden = vec![false; text.len()];
            for secret in &secrets {
                for at in 0..text.len() {
                    if text[at..].starts_with(secret.as_str()) {
                        hidden[at..at + secret.len()].fill(true);
                    }
                }
            }
            let kept: String = text.chars().zip(&hidden).filter(|(_, hidden)| !**hidden).map(|(c, _)| c).collect();
            prop_assert_eq!(out.replace('…', ""), kept);
        }
    }
}
