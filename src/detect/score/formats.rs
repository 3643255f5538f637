//! What gives issuers' tokens away: the beginnings of documented formats, and the issuers' names.
//!
//! A value behind a telling name that begins as an issuer's tokens do, and that the issuer's own rule did not find, is not one of them: it is cut, made
//! up, or public. One that is named after an issuer whose tokens are known by that name, and was not found by their shape, is likely something else of the issuer's.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::rule::Rule;

/// Shorter beginnings say too little.
const SHORTEST: usize = 4;

/// The beginnings of documented formats, and the names of those who issue tokens.
#[derive(Debug)]
pub(super) struct Formats {
    prefixes: BTreeSet<Vec<u8>>,
    longest: usize,
    issuers: AhoCorasick,
}

impl Formats {
    /// Those of `rules`: the keywords with which a rule's secret begins.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let documented = rules.iter().filter(|rule| rule.documented && rule.detect.generic.is_none());
        let prefixes: BTreeSet<Vec<u8>> = documented.flat_map(prefixes).collect();
        let longest = prefixes.iter().map(Vec::len).max().unwrap_or(0);
        // A rule that has its provider's name for a keyword finds tokens by that name.
        let by_name = rules
            .iter()
            .filter(|rule| rule.provider.len() >= SHORTEST && rule.detect.keywords.contains(&rule.provider));
        let issuers: BTreeSet<&str> = by_name.map(|rule| &*rule.provider).collect();
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(issuers);
        Self { prefixes, longest, issuers: automaton.expect("a few hundred names fit an automaton") }
    }

    /// Whether a name, in lower case, has that of an issuer in it whose tokens are found by it.
    pub(super) fn names(&self, name: &[u8]) -> bool {
        self.issuers.is_match(name)
    }

    /// Whether a value begins as tokens of a documented format do.
    pub(super) fn claims(&self, value: &[u8]) -> bool {
        let lengths = SHORTEST..=self.longest.min(value.len());
        lengths.into_iter().any(|length| self.prefixes.contains(&value[..length]))
    }
}

/// The keywords that stand at the beginning of the rule's secret, in the case in which its regex has them.
fn prefixes(rule: &Rule) -> impl Iterator<Item = Vec<u8>> {
    const GROUP: &str = "(?<secret>";
    let regex = &rule.detect.regex;
    let secret = regex.find(GROUP).map_or("", |at| &regex[at + GROUP.len()..]);
    let telling = |keyword: &&str| keyword.len() >= SHORTEST && !keyword.bytes().all(|byte| byte.is_ascii_lowercase());
    let literal = move |keyword: &str| {
        let begins = secret.get(..keyword.len())?;
        (begins.eq_ignore_ascii_case(keyword) && telling(&begins)).then(|| begins.as_bytes().to_vec())
    };
    rule.detect.keywords.iter().filter_map(move |keyword| literal(keyword)).collect::<Vec<_>>().into_iter()
}
