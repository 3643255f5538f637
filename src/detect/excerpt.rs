//! Cuts out the line around a secret, every candidate in it masked (law 3).
//!
//! A reported secret's neighbours are masked too, whatever became of them: what was not sure enough to be reported may be a secret
//! all the same.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::{Candidate, PUBLIC};
use crate::{finding::Excerpt, location::utf16_len};

/// How much of the line is kept on each side of a secret, in bytes.
pub(super) const REACH: usize = 120;

/// Everything in a window that must not be printed: the secrets of all candidates, and their parts that are not public.
pub(super) struct Hidden {
    /// In order, none touching the next.
    ranges: Vec<Range<usize>>,
}

impl Hidden {
    pub(super) fn of(candidates: &[Candidate]) -> Self {
        let private = |(name, _): &&(String, Range<usize>)| !PUBLIC.contains(&name.as_str());
        let parts = candidates
            .iter()
            .flat_map(|candidate| candidate.parts.iter().filter(private).map(|(_, range)| range.clone()));
        let mut all: Vec<_> = candidates.iter().map(|candidate| candidate.secret.clone()).chain(parts).collect();
        all.sort_by_key(|range| (range.start, range.end));
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for range in all.into_iter().filter(|range| !range.is_empty()) {
            match ranges.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => ranges.push(range),
            }
        }
        Self { ranges }
    }

    /// Those that share a byte with `range`.
    fn within(&self, range: &Range<usize>) -> &[Range<usize>] {
        let first = self.ranges.partition_point(|hidden| hidden.end <= range.start);
        let behind = self.ranges.partition_point(|hidden| hidden.start < range.end);
        &self.ranges[first..behind.max(first)]
    }
}

/// The excerpt for the secret at `secret`, whose masked form is `mask`.
pub(super) fn cut(bytes: &[u8], secret: &Range<usize>, mask: String, hidden: &Hidden) -> Excerpt {
    let floor = secret.start.saturating_sub(REACH);
    let line = memrchr(b'\n', &bytes[floor..secret.start]).map(|line| floor + line + 1);
    let start = line.unwrap_or(floor);
    let ceiling = (secret.end + REACH).min(bytes.len());
    let line_end = memchr(b'\n', &bytes[secret.end..ceiling]).map(|line| secret.end + line);
    let end = line_end.unwrap_or(ceiling);
    let before = &bytes[start..secret.start];
    Excerpt {
        before: masked(bytes, start..secret.start, hidden),
        masked: mask,
        after: masked(bytes, secret.end..end, hidden).trim_end_matches('\r').to_owned(),
        cut_before: line.is_none() && start > 0 && bytes[start - 1] != b'\n',
        cut_after: line_end.is_none() && bytes.get(end).is_some_and(|&byte| byte != b'\n'),
        wide: before.len() as u64 - utf16_len(before),
    }
}

/// The text of `range`, an ellipsis in place of each run of hidden bytes.
pub(super) fn masked(bytes: &[u8], range: Range<usize>, hidden: &Hidden) -> String {
    let mut text = String::new();
    let mut at = range.start;
    for hidden in hidden.within(&range) {
        if hidden.start > at {
            text.push_str(&String::from_utf8_lossy(&bytes[at..hidden.start]));
        }
        text.push('…');
        at = hidden.end.min(range.end);
    }
    text.push_str(&String::from_utf8_lossy(&bytes[at..range.end]));
    text
}
