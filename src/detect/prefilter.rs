//! Finds anchors: every place where a rule's keyword occurs.
//!
//! Contract (law 1): it reports every occurrence of every keyword that begins in the range asked for, overlapping ones too, and nothing
//! else. Whether an occurrence comes to anything is [`super::anchor`]'s to say.

use std::{fmt, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::rule::{Rule, RuleIx};

/// All keywords of a set of rules, ready to be searched for at once, whatever their ASCII case.
pub(super) struct Prefilter {
    searcher: AhoCorasick,
    /// The rules of each keyword.
    rules: Vec<Vec<RuleIx>>,
    longest: usize,
}

impl fmt::Debug for Prefilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefilter({} keywords)", self.rules.len())
    }
}

impl Prefilter {
    /// # Panics
    /// If the keywords fill more memory than an automaton can address.
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut keywords: Vec<(&str, Vec<RuleIx>)> = Vec::new();
        for (rule, ix) in rules.iter().zip(0..) {
            for keyword in rule.detect.keywords.iter() {
                match keywords.iter_mut().find(|(known, _)| known == keyword) {
                    Some((_, rules)) => rules.push(RuleIx(ix)),
                    None => keywords.push((keyword, vec![RuleIx(ix)])),
                }
            }
        }
        let searcher = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(keywords.iter().map(|(keyword, _)| keyword))
            .expect("the keywords of thousands of rules fit an automaton");
        let longest = keywords.iter().map(|(keyword, _)| keyword.len()).max().unwrap_or(0);
        Self { searcher, rules: keywords.into_iter().map(|(_, rules)| rules).collect(), longest }
    }

    /// Calls `found` with every rule and place of an anchor that begins in `range`, in no particular order.
    pub(super) fn anchors(&self, bytes: &[u8], range: Range<usize>, mut found: impl FnMut(RuleIx, usize)) {
        let end = (range.end + self.longest.saturating_sub(1)).min(bytes.len());
        let occurrences = self.searcher.find_overlapping_iter(Input::new(bytes).span(range.start..end));
        for occurrence in occurrences.filter(|occurrence| occurrence.start() < range.end) {
            for &rule in &self.rules[occurrence.pattern().as_usize()] {
                found(rule, occurrence.start());
            }
        }
    }
}
