//! Looks at a blob that is made from another only where the two differ.
//!
//! A [`Trace`] remembers every anchor of a blob and what became of it, before overlaps are settled. In a blob made from it, an outcome
//! still holds where its whole reach lies in one stretch that both share (law 2), and touches the blob's first or last byte only
//! where it did before; all others are tried again. New anchors are looked for in what is not shared and around the seams.
//! What is found is what [`Detector::tokens`] finds in the whole blob; a property test holds it to that.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::{Candidate, Detector, Rejection, Scratch, Token, settle};
use crate::{
    blob::{LineStart, Shared, Window},
    rule::{Bounds, Confidence, Rule, RuleIx, SCORE_REACH},
};

/// What became of the anchors of one blob.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// How long the blob is.
    len: usize,
    /// By place.
    anchors: Vec<Anchor>,
    /// What came of those anchors that came to something, and where they are.
    hits: Vec<(u32, Arc<Hit>)>,
}

/// An anchor.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    at: u32,
    rule: u16,
    /// One more than the index of its hit, 0 for none.
    hit: u16,
}

/// What an anchor came to, the same wherever a blob has it.
#[derive(Debug)]
struct Hit {
    /// Where its anchor was when it was tried.
    anchor: usize,
    /// Ranges count from the first byte of the blob that it was tried in.
    candidate: Candidate,
    /// How sure it is; the bytes that decide are in the anchor's reach.
    verdict: OnceLock<Result<Confidence, Rejection>>,
}

/// How far around an anchor of a rule the bytes decide what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// That it comes to nothing.
    miss: Sides,
    /// What it comes to, and how sure that is.
    hit: Sides,
}

#[derive(Clone, Copy, Debug)]
struct Sides {
    before: usize,
    after: usize,
}

impl Around {
    pub(super) fn of(rule: &Rule) -> Self {
        let Bounds { lead_max, longest, .. } = rule.detect.bounds;
        let within = rule.detect.parts.iter().map(|part| part.within).max().unwrap_or(0);
        // One byte more on each side decides whether a match begins or ends at a word, and around a secret whether it is quoted.
        let sides = |around: usize| Sides { before: lead_max + around + 2, after: longest + around + 2 };
        Self { miss: sides(within), hit: sides(within.max(SCORE_REACH)) }
    }
}

/// A blob with more anchors than this, or than one in [`LEAST_APART`] bytes, leaves no trace: it would be as large as the blob.
const MOST_ANCHORS: usize = 1 << 17;
const LEAST_APART: usize = 8;
/// The same for hits, which are larger.
const MOST_KEPT_HITS: usize = 1 << 13;
/// A blob with more hits than this is looked at in parts, so that memory stays bounded.
const MOST_HITS: usize = u16::MAX as usize - 1;
/// How much of a blob is looked at before its anchors are tried, or with too many hits before they are settled.
const PART: usize = 64 << 10;

/// How many more anchors a blob may have than the one that it is made from before its list of them has to grow.
const MORE_ANCHORS: usize = 8;
/// Shorter stretches are looked at as if they were new: next to no outcome has its whole reach in one.
const LEAST_SHARED: usize = 64;

impl Detector {
    /// The tokens of a whole blob. `base` is the trace of the blob that it is made from, and what they share in the order of this one.
    /// With `keep`, gives the trace of this one too, unless that would be too large.
    pub fn tokens_of_version<'b>(
        &self,
        bytes: &'b [u8],
        base: Option<(&Trace, &[Shared])>,
        keep: bool,
        scratch: &mut Scratch,
    ) -> (Vec<Token<'b>>, Option<Trace>) {
        let fits = u32::try_from(bytes.len()).is_ok() && u16::try_from(self.rules.len()).is_ok();
        if !fits {
            return (self.tokens_in_parts(bytes, scratch), None);
        }
        scratch.begin_window();
        let like = if keep { base.map_or(0, |(base, _)| base.anchors.len() + MORE_ANCHORS) } else { 0 };
        let trace = Trace { len: bytes.len(), anchors: Vec::with_capacity(like), hits: Vec::new() };
        let mut tracing = Tracing { detector: self, bytes, scratch, trace, keep, found: Vec::new() };
        match base {
            Some((base, shared)) => tracing.follow(base, shared),
            None => tracing.look(0..bytes.len()),
        }
        let Tracing { trace, keep, .. } = tracing;
        if trace.hits.len() > MOST_HITS {
            return (self.tokens_in_parts(bytes, scratch), None);
        }
        (self.settled(bytes, &trace), keep.then_some(trace))
    }

    fn tokens_in_parts<'b>(&self, bytes: &'b [u8], scratch: &mut Scratch) -> Vec<Token<'b>> {
        let (mut tokens, margin) = (Vec::new(), self.margin());
        for from in (0..bytes.len()).step_by(PART) {
            let to = (from + PART).min(bytes.len());
            let seen = from.saturating_sub(margin)..(to + margin).min(bytes.len());
            let owned = from - seen.start..to - seen.start;
            let ends = seen.end == bytes.len();
            let start = seen.start as u64;
            // Nobody asks for the lines of tokens.
            let window = Window::part(&bytes[seen], start, owned, ends, LineStart::FIRST);
            tokens.extend(self.tokens(&window, scratch));
        }
        tokens
    }

    /// Settles the overlaps of what a trace holds, and judges what is left.
    fn settled<'b>(&self, bytes: &'b [u8], trace: &Trace) -> Vec<Token<'b>> {
        if trace.hits.is_empty() {
            return Vec::new();
        }
        let mut placed: Vec<_> = trace.hits.iter().map(|(at, hit)| (hit.candidate_at(*at as usize), &**hit)).collect();
        placed.sort_by(|(one, _), (other, _)| settle::order(one, other));
        placed.dedup_by(|(one, _), (other, _)| one == other);
        let (candidates, hits): (Vec<_>, Vec<_>) = placed.into_iter().unzip();
        let survivors = settle::survivors(&candidates, &self.rules).into_iter();
        let token = |at: usize| {
            let candidate = &candidates[at];
            let judge = || self.judge(bytes, candidate).map(|sure| sure.confidence);
            let confidence = (*hits[at].verdict.get_or_init(judge)).ok()?;
            Some(Token { rule: candidate.rule, secret: &bytes[candidate.secret.clone()], confidence })
        };
        survivors.filter(|&at| !self.rule(&candidates[at]).hidden).filter_map(token).collect()
    }
}

impl Hit {
    /// What the same anchor comes to where it is at `at`.
    fn candidate_at(&self, at: usize) -> Candidate {
        let shifted = |range: &Range<usize>| range.start + at - self.anchor..range.end + at - self.anchor;
        let Candidate { rule, matched, secret, parts, checksum } = &self.candidate;
        Candidate {
            rule: *rule,
            matched: shifted(matched),
            secret: shifted(secret),
            parts: parts.iter().map(|(name, range)| (name.clone(), shifted(range))).collect(),
            checksum: *checksum,
        }
    }
}

/// A trace in the making.
struct Tracing<'d, 's> {
    detector: &'d Detector,
    bytes: &'d [u8],
    scratch: &'s mut Scratch,
    trace: Trace,
    /// Whether anchors that came to nothing are kept.
    keep: bool,
    /// Anchors that are yet to be tried.
    found: Vec<(u32, u16)>,
}

impl Tracing<'_, '_> {
    /// Takes over what still holds, and looks at the rest.
    fn follow(&mut self, base: &Trace, shared: &[Shared]) {
        let overlap = self.detector.prefilter.longest_keyword().saturating_sub(1);
        debug_assert!(overlap < LEAST_SHARED);
        let mut looked = 0;
        for stretch in shared.iter().filter(|stretch| stretch.len >= LEAST_SHARED) {
            self.look(looked..stretch.to);
            self.carry_over(base, stretch, overlap);
            looked = stretch.to + stretch.len - overlap;
        }
        self.look(looked..self.bytes.len());
    }

    /// Takes over the anchors that begin in a stretch, but for those so near its end that a keyword could cross that.
    fn carry_over(&mut self, base: &Trace, stretch: &Shared, overlap: usize) {
        let &Shared { from, to, len } = stretch;
        let begins = from == 0 && to == 0;
        let ends = from + len == base.len && to + len == self.bytes.len();
        let first = base.anchors.partition_point(|anchor| (anchor.at as usize) < from);
        for anchor in &base.anchors[first..] {
            let was = anchor.at as usize;
            if was >= from + len - overlap {
                return;
            }
            let around = &self.detector.around[usize::from(anchor.rule)];
            let sides = if anchor.hit == 0 { around.miss } else { around.hit };
            let holds = (begins || was - from >= sides.before) && (ends || was + sides.after <= from + len);
            let at = was - from + to;
            if !holds {
                self.try_anchor(anchor.rule, at);
            } else if anchor.hit == 0 {
                self.push(at, anchor.rule, None);
            } else {
                let hit = Arc::clone(&base.hits[usize::from(anchor.hit) - 1].1);
                self.push(at, anchor.rule, Some(hit));
            }
        }
    }

    /// Finds the anchors that begin in `range`, and tries them.
    fn look(&mut self, range: Range<usize>) {
        let mut from = range.start;
        while from < range.end {
            let to = (from + PART).min(range.end);
            let mut found = std::mem::take(&mut self.found);
            self.detector
                .prefilter
                .anchors(self.bytes, from..to, |rule, at| found.push((narrow(at), narrow_rule(rule))));
            found.sort_unstable();
            for (at, rule) in found.drain(..) {
                self.try_anchor(rule, at as usize);
            }
            self.found = found;
            from = to;
        }
    }

    fn try_anchor(&mut self, rule: u16, at: usize) {
        let candidate = self.detector.try_anchor(RuleIx(rule.into()), self.bytes, at, self.scratch);
        let hit = candidate.map(|candidate| Arc::new(Hit { anchor: at, candidate, verdict: OnceLock::new() }));
        self.push(at, rule, hit);
    }

    fn push(&mut self, at: usize, rule: u16, hit: Option<Arc<Hit>>) {
        let number = match hit {
            Some(hit) if self.trace.hits.len() <= MOST_HITS => {
                self.trace.hits.push((narrow(at), hit));
                self.trace.hits.len()
            }
            _ => 0,
        };
        if self.keep {
            let hit = u16::try_from(number).unwrap_or(0);
            self.trace.anchors.push(Anchor { at: narrow(at), rule, hit });
            let most = MOST_ANCHORS.min(64 + self.bytes.len() / LEAST_APART);
            if self.trace.anchors.len() > most || self.trace.hits.len() > MOST_KEPT_HITS {
                self.keep = false;
                self.trace.anchors = Vec::new();
            }
        }
    }
}

/// A place in a blob, of which it was made sure that it fits.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A rule, of which it was made sure that there are not too many.
fn narrow_rule(rule: RuleIx) -> u16 {
    u16::try_from(rule.0).unwrap_or(u16::MAX)
}
