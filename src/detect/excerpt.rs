//! Cuts out the line around a secret, every candidate in it masked (law 3).
//!
//! A reported secret's neighbours are masked too, whatever became of them: what was not sure enough to be reported may be a secret
//! all the same.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::{Candidate, shown};
use crate::{finding::Excerpt, rule::Rule, secret};

/// How much of the line is kept on each side of a secret, in bytes.
pub(super) const REACH: usize = 120;

/// The excerpt for the candidate at `at`.
pub(super) fn cut(bytes: &[u8], candidates: &[Candidate], at: usize, rules: &[Rule]) -> Excerpt {
    let secret = &candidates[at].secret;
    let floor = secret.start.saturating_sub(REACH);
    let start = memrchr(b'\n', &bytes[floor..secret.start]).map_or(floor, |line| floor + line + 1);
    let ceiling = (secret.end + REACH).min(bytes.len());
    let end = memchr(b'\n', &bytes[secret.end..ceiling]).map_or(ceiling, |line| secret.end + line);
    let rule = &rules[candidates[at].rule.0 as usize];
    let hidden = hidden(candidates, rules);
    Excerpt {
        before: masked(bytes, start..secret.start, &hidden),
        masked: secret::mask(&bytes[secret.clone()], shown(rule, &bytes[secret.clone()])),
        after: masked(bytes, secret.end..end, &hidden).trim_end_matches('\r').to_owned(),
    }
}

/// Everything that must not be printed: the secrets of all candidates, and their parts that are not public.
fn hidden(candidates: &[Candidate], rules: &[Rule]) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    for candidate in candidates {
        let _ = rules;
        hidden.push(candidate.secret.clone());
        hidden.extend(
            candidate
                .parts
                .iter()
                .filter(|(name, _)| !super::PUBLIC.contains(&name.as_str()))
                .map(|(_, range)| range.clone()),
        );
    }
    hidden.sort_by_key(|range| (range.start, range.end));
    hidden
}

/// The text of `range`, an ellipsis in place of each run of hidden bytes.
fn masked(bytes: &[u8], range: Range<usize>, hidden: &[Range<usize>]) -> String {
    let mut text = String::new();
    let mut at = range.start;
    for hidden in hidden.iter().filter(|hidden| hidden.start < range.end && hidden.end > range.start) {
        if hidden.end <= at {
            continue;
        }
        if hidden.start > at {
            text.push_str(&String::from_utf8_lossy(&bytes[at..hidden.start]));
        }
        text.push('…');
        at = hidden.end.min(range.end);
    }
    text.push_str(&String::from_utf8_lossy(&bytes[at..range.end]));
    text
}
