//! Cuts out the line around a secret, every candidate in it masked (law 3).
//!
//! A reported secret's neighbours are masked too, whatever became of them: what was not sure enough to be reported may be a secret
//! all the same.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::{Candidate, PUBLIC, shown};
use crate::{finding::Excerpt, location::utf16_len, rule::Rule, secret};

/// How much of the line is kept on each side of a secret, in bytes.
pub(super) const REACH: usize = 120;

/// The excerpt for the candidate at `at`.
pub(super) fn cut(bytes: &[u8], candidates: &[Candidate], at: usize, rules: &[Rule]) -> Excerpt {
    let secret = &candidates[at].secret;
    let floor = secret.start.saturating_sub(REACH);
    let line = memrchr(b'\n', &bytes[floor..secret.start]).map(|line| floor + line + 1);
    let start = line.unwrap_or(floor);
    let ceiling = (secret.end + REACH).min(bytes.len());
    let line_end = memchr(b'\n', &bytes[secret.end..ceiling]).map(|line| secret.end + line);
    let end = line_end.unwrap_or(ceiling);
    let before = &bytes[start..secret.start];
    let rule = &rules[candidates[at].rule.0 as usize];
    let hidden = hidden(candidates, start..end);
    Excerpt {
        before: masked(bytes, start..secret.start, &hidden),
        masked: secret::mask(&bytes[secret.clone()], shown(rule, &bytes[secret.clone()])),
        after: masked(bytes, secret.end..end, &hidden).trim_end_matches('\r').to_owned(),
        cut_before: line.is_none() && start > 0 && bytes[start - 1] != b'\n',
        cut_after: line_end.is_none() && bytes.get(end).is_some_and(|&byte| byte != b'\n'),
        wide: before.len() as u64 - utf16_len(before),
    }
}

/// Everything in `range` that must not be printed: the secrets of all candidates, and their parts that are not public.
fn hidden(candidates: &[Candidate], range: Range<usize>) -> Vec<Range<usize>> {
    let private = |candidate: &Candidate| {
        let parts =
            candidate.parts.iter().filter(|(name, _)| !PUBLIC.contains(&name.as_str())).map(|(_, range)| range.clone());
        parts.chain([candidate.secret.clone()]).collect::<Vec<_>>()
    };
    let mut hidden: Vec<_> = candidates.iter().flat_map(private).collect();
    hidden.retain(|hidden| hidden.start < range.end && range.start < hidden.end);
    hidden.sort_by_key(|range| (range.start, range.end));
    hidden
}

/// The text of `range`, an ellipsis in place of each run of hidden bytes.
fn masked(bytes: &[u8], range: Range<usize>, hidden: &[Range<usize>]) -> String {
    let mut text = String::new();
    let mut at = range.start;
    for hidden in hidden.iter().filter(|hidden| hidden.start < range.end && range.start < hidden.end) {
        if hidden.start > at {
            text.push_str(&String::from_utf8_lossy(&bytes[at..hidden.start]));
        }
        if hidden.end > at {
            text.push('…');
            at = hidden.end.min(range.end);
        }
    }
    text.push_str(&String::from_utf8_lossy(&bytes[at..range.end]));
    text
}
