//! The anchor function: what becomes of one occurrence of a rule's keyword (law 2).
//!
//! [`Search::try_at`] looks at the bytes in the rule's reach around the anchor and at nothing else, so it gives the same answer whether a
//! blob is searched whole, in chunks, or only where it changed. It never asks where an earlier match ended: a search that skips past
//! its matches would depend on everything before.

use std::ops::Range;

use regex_automata::Match;

use super::{
    Candidate,
    matcher::{Compiled, Matcher, RuleScratch},
};
use crate::{
    rule::{Part, Rule, RuleIx},
    rules::checksum,
};

/// So few starts are tried one by one, where most fail at their first byte; a search that finds the first of them by itself takes longer
/// to get going.
const FEW_STARTS: usize = 8;

/// A keyword of a generic rule that comes so many times more, each at most so many bytes behind the one before, leaves no room for a value, and
/// only its last occurrences are tried. Trying them all would make input slow that is nothing but keywords.
const CROWD: usize = 8;
const CROWDED: usize = 12;

/// A rule, and the bytes in which its anchors are tried.
pub(super) struct Search<'a> {
    pub(super) ix: RuleIx,
    pub(super) rule: &'a Rule,
    pub(super) matcher: &'a Matcher,
    pub(super) bytes: &'a [u8],
}

impl Search<'_> {
    /// Tries the anchor at `at`: of the starts that it leads to, the first whose match covers `at` wins.
    pub(super) fn try_at(&self, at: usize, scratch: &mut RuleScratch) -> Option<Candidate> {
        if self.rule.detect.generic.is_some() && self.is_crowded(at) {
            return None;
        }
        let found = self.covering(at, scratch)?;
        let matched = found.start()..self.body_end(found.end(), scratch)?;
        self.candidate(found, matched, scratch)
    }

    /// Whether the keyword at `at` comes again and again right behind. Looks no further than a match of the rule can reach.
    fn is_crowded(&self, at: usize) -> bool {
        let detect = &self.rule.detect;
        let reach = &self.bytes[at..self.bytes.len().min(at + detect.bounds.longest)];
        let begins = |bytes: &[u8], keyword: &[u8]| {
            bytes.get(..keyword.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(keyword))
        };
        let mut keywords = detect.keywords.iter().map(|keyword| keyword.as_bytes());
        let Some(keyword) = keywords.find(|keyword| begins(reach, keyword)) else { return false };
        let mut from = reach;
        for _ in 0..CROWD {
            let near = &from[1..from.len().min(1 + CROWDED)];
            let again = |&next: &usize| near[next] | 0x20 == keyword[0] | 0x20 && begins(&from[1 + next..], keyword);
            let Some(next) = (0..near.len()).find(again) else { return false };
            from = &from[1 + next..];
        }
        true
    }

    /// The match of the rule's regex that covers `at`, of those that begin in reach the first.
    fn covering(&self, at: usize, scratch: &mut RuleScratch) -> Option<Match> {
        let bounds = &self.rule.detect.bounds;
        let last = at.checked_sub(bounds.lead_min)?;
        let mut start = at.saturating_sub(bounds.lead_max);
        let end = (last + bounds.longest).min(self.bytes.len());
        let pattern = self.matcher.pattern();
        if last - start < FEW_STARTS {
            let mut starts = start..=last;
            return starts
                .find_map(|start| pattern.match_at(self.bytes, start..end, scratch).filter(|found| found.end() > at));
        }
        while start <= last {
            let found = pattern.first_match(self.bytes, start..end, scratch)?;
            if found.start() > last {
                return None;
            }
            if found.end() > at {
                return Some(found);
            }
            start = found.start() + 1;
        }
        None
    }

    /// Where the match ends that the regex brought as far as `end`: there, or behind the rule's bodies.
    fn body_end(&self, end: usize, scratch: &mut RuleScratch) -> Option<usize> {
        let Some(body) = self.rule.detect.body.first() else { return Some(end) };
        let behind = scratch.run.end_of(body, self.bytes, end);
        if behind - end < body.min {
            return None;
        }
        // Attempts that share a run share what closes it.
        if let Some((at, known)) = scratch.run.closing
            && at == behind
        {
            return known;
        }
        let closed = self.closed(behind, scratch);
        scratch.run.closing = Some((behind, closed));
        closed
    }

    /// Where the match ends whose first body has ended at `at`: behind what closes that one, and all other bodies.
    fn closed(&self, mut at: usize, scratch: &mut RuleScratch) -> Option<usize> {
        for (body, end) in self.rule.detect.body.iter().skip(1).map(Some).chain([None]).zip(self.matcher.ends()) {
            if let Some(end) = end {
                at = end.match_at(self.bytes, at..self.bytes.len(), scratch)?.end();
            }
            if let Some(body) = body {
                let run = self.bytes[at..].iter().take(body.max).take_while(|&&byte| body.has(byte)).count();
                if run < body.min {
                    return None;
                }
                at += run;
            }
        }
        Some(at)
    }

    fn candidate(&self, found: Match, matched: Range<usize>, scratch: &mut RuleScratch) -> Option<Candidate> {
        let detect = &self.rule.detect;
        let pattern = self.matcher.pattern();
        let captures = pattern.captures(self.bytes, found, scratch);
        let group = |group: Option<usize>| group.and_then(|group| captures.get(group));
        let mut secret = group(pattern.groups.secret).unwrap_or_else(|| found.range());
        if !detect.body.is_empty() {
            secret.end = matched.end;
        }
        let named = pattern.groups.named.iter();
        let mut parts: Vec<_> = named
            .filter_map(|(name, group)| Some((name.clone(), captures.get(*group)?)))
            .filter(|(_, range)| !range.is_empty())
            .collect();
        for (part, compiled) in detect.parts.iter().zip(self.matcher.parts()) {
            match self.nearest(part, compiled, &matched, scratch) {
                Some(range) if part.name == "secret" => secret = range,
                // The same value may be told by several contexts; the first that is there counts.
                Some(range) if parts.iter().all(|(name, _)| *name != part.name) => {
                    parts.push((part.name.clone().into_owned(), range));
                }
                None if part.required => return None,
                _ => {}
            }
        }
        let payload = group(pattern.groups.payload).unwrap_or_else(|| secret.clone());
        let check = group(pattern.groups.check).unwrap_or(0..0);
        let checksum = detect.checksum;
        let checksum = checksum.map(|algorithm| checksum::holds(algorithm, &self.bytes[payload], &self.bytes[check]));
        Some(Candidate { rule: self.ix, matched, secret, parts, checksum })
    }

    /// The value of the match of `part` that is nearest to the rule's own; of two equally near the later.
    fn nearest(
        &self,
        part: &Part,
        compiled: &Compiled,
        own: &Range<usize>,
        scratch: &mut RuleScratch,
    ) -> Option<Range<usize>> {
        let mut start = own.start.saturating_sub(part.within);
        let end = (own.end + part.within).min(self.bytes.len());
        let mut best: Option<(usize, Match)> = None;
        while let Some(found) = compiled.first_match(self.bytes, start..end, scratch) {
            let gap = gap(own, &found.range());
            let disjoint = found.end() <= own.start || own.end <= found.start();
            if disjoint && best.is_none_or(|(least, _)| gap <= least) {
                best = Some((gap, found));
            }
            start = found.start() + 1;
        }
        let (_, found) = best?;
        let secret = compiled.groups.secret;
        let captures = secret.map(|_| compiled.captures(self.bytes, found, scratch));
        Some(captures.zip(secret).and_then(|(captures, group)| captures.get(group)).unwrap_or_else(|| found.range()))
    }
}

fn gap(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.start.saturating_sub(b.end).max(b.start.saturating_sub(a.end))
}
