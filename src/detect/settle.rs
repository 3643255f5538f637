//! Settles overlaps: a candidate is dropped where one of higher rank contains its secret, whether or not that one is reported
//! itself (law 2).
//!
//! Of two candidates of equal rank, the one whose match contains the other's wins; of two equal matches, the one whose rule comes first. Everything that
//! decides lies within the candidates' own bytes, so settling a part of a blob gives what settling all of it would.

use std::{cmp::Ordering, ops::Range};

use super::Candidate;
use crate::rule::Rule;

/// The order in which candidates are kept: by match, the wider first, then by rule.
pub(super) fn order(a: &Candidate, b: &Candidate) -> Ordering {
    let key = |candidate: &Candidate| (candidate.matched.start, usize::MAX - candidate.matched.end, candidate.rule);
    key(a).cmp(&key(b)).then_with(|| (a.secret.start, a.secret.end).cmp(&(b.secret.start, b.secret.end)))
}

/// The indexes of those that nothing drops, of `candidates` in [`order`].
pub(super) fn survivors(candidates: &[Candidate], rules: &[Rule]) -> Vec<usize> {
    let rank = |candidate: &Candidate| rules[candidate.rule.0 as usize].rank;
    let mut covers: Vec<(usize, usize, u8)> = Vec::new();
    for candidate in candidates {
        let own = |range: &Range<usize>| (range.start, range.end, rank(candidate));
        covers.push(own(&candidate.matched));
        covers.push(own(&candidate.secret));
        covers.extend(candidate.parts.iter().map(|(_, range)| own(range)));
    }
    covers.sort_unstable();
    let mut by_secret: Vec<usize> = (0..candidates.len()).collect();
    by_secret.sort_unstable_by_key(|&at| candidates[at].secret.start);

    let mut dropped = vec![false; candidates.len()];
    let mut farthest = [0; 256];
    let mut covers = covers.into_iter().peekable();
    for at in by_secret {
        let secret = &candidates[at].secret;
        while let Some((_, end, rank)) = covers.next_if(|(start, ..)| *start <= secret.start) {
            farthest[usize::from(rank)] = end.max(farthest[usize::from(rank)]);
        }
        let higher = &farthest[usize::from(rank(&candidates[at])) + 1..];
        dropped[at] = higher.iter().any(|&end| end >= secret.end);
    }
    let mut farthest = [0; 256];
    for (at, candidate) in candidates.iter().enumerate() {
        let farthest = &mut farthest[usize::from(rank(candidate))];
        dropped[at] |= *farthest >= candidate.matched.end;
        *farthest = candidate.matched.end.max(*farthest);
    }
    (0..candidates.len()).filter(|&at| !dropped[at]).collect()
}
