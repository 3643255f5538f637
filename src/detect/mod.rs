//! Blobs become findings.
//!
//! [`prefilter`] finds the anchors, [`anchor`] decides what becomes of each by the bytes in its rule's reach alone, [`settle`] drops what a
//! stronger match contains, and [`excerpt`] cuts the masked line out; [`trace`] spares a blob that is made from another what both share. Nothing here sees a path or knows of other blobs, and nothing depends on
//! how a blob was cut into windows: the property tests at the end of this file hold it to that.

mod anchor;
mod excerpt;
mod fingerprint;
mod frequency;
mod matcher;
mod prefilter;
mod score;
mod settle;
mod trace;
mod triples;
mod words;

use std::{collections::BTreeSet, ops::Range, sync::OnceLock};

use crate::{
    blob::{Locator, Window},
    finding::{Checksum, Finding, FoundPart, PartValue},
    location::Location,
    rule::{Confidence, Rule, RuleIx},
    secret::{self, Secret, Shown},
};
use anchor::Search;
use excerpt::Hidden;
use matcher::Matcher;
use prefilter::Prefilter;
use score::{Judge, Match, Sure};
use trace::Around;

pub use matcher::Scratch;
pub use score::{Doubt, Part, Rejection, Weight, confidence_of};
pub use trace::Trace;

/// Finds tokens by a set of rules.
#[derive(Debug)]
pub struct Detector {
    rules: Vec<Rule>,
    prefilter: Prefilter,
    /// A rule's regexes are compiled when its first anchor turns up.
    matchers: Box<[OnceLock<Matcher>]>,
    reach: Reach,
    judge: Judge,
    /// By rule.
    around: Vec<Around>,
    /// By rule, once somebody asks.
    fingerprints: OnceLock<Box<[String]>>,
}

/// What a rule made of what it saw, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The rule.
    pub rule: RuleIx,
    /// Where the secret is, if it is one.
    pub location: Location,
    /// The secret, masked.
    pub masked: String,
    /// Its Shannon entropy, in bits a byte.
    pub entropy: f32,
    /// What became of it.
    pub outcome: Outcome,
    /// What it weighs, where nobody documents its format and nothing ended the matter before.
    pub weight: Option<Weight>,
}

/// What became of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is reported.
    Found(Confidence),
    /// It is not.
    Rejected(Rejection),
    /// A match of higher rank contains it.
    Dropped,
    /// It is only masked, and stands in for what it contains.
    Hidden,
}

/// What a rule made of an anchor. Ranges count from the window's first byte in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The rule.
    pub rule: RuleIx,
    /// The whole match, context and body included.
    pub matched: Range<usize>,
    /// The secret in it, or near it where another part holds the secret.
    pub secret: Range<usize>,
    /// Named groups and other halves: the name and where.
    pub parts: Vec<(String, Range<usize>)>,
    /// Whether its checksum fits, where its format has one.
    pub checksum: Option<bool>,
}

/// A secret where it was found, for those who keep none.
#[derive(Clone, Copy)]
pub struct Token<'w> {
    /// The rule that found it.
    pub rule: RuleIx,
    /// Its bytes.
    pub secret: &'w [u8],
    /// How sure it is.
    pub confidence: Confidence,
}

/// How far the rules of a detector see, in bytes.
#[derive(Clone, Copy, Debug)]
struct Reach {
    /// The farthest that an anchor looks, to either side.
    anchor: usize,
    /// How far from a secret another candidate can lie that masks a part of its excerpt, or contains it.
    neighbour: usize,
}

impl Detector {
    /// A detector for these rules; their indexes are the findings' [`RuleIx`].
    pub fn new(rules: Vec<Rule>) -> Self {
        let bounds = || rules.iter().map(|rule| rule.detect.bounds);
        let within = rules.iter().flat_map(|rule| rule.detect.parts.iter()).map(|part| part.within).max().unwrap_or(0);
        let longest = bounds().map(|bounds| bounds.longest).max().unwrap_or(0);
        let lead = bounds().map(|bounds| bounds.lead_max).max().unwrap_or(0);
        let reach = Reach {
            anchor: bounds().map(|bounds| bounds.before.max(bounds.after)).max().unwrap_or(0),
            neighbour: excerpt::REACH + 2 * (longest + within) + lead,
        };
        let matchers = rules.iter().map(|_| OnceLock::new()).collect();
        let around = rules.iter().map(Around::of).collect();
        Self {
            prefilter: Prefilter::new(&rules),
            judge: Judge::default(),
            rules,
            matchers,
            reach,
            around,
            fingerprints: OnceLock::new(),
        }
    }

    /// How many bytes a window has to show on both sides of what it owns, unless the blob ends there.
    pub fn margin(&self) -> usize {
        self.reach.anchor + self.reach.neighbour
    }

    /// The rules, at their indexes.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// For each rule a hash of its id and of all that decides what it finds: where that changes, so does the hash.
    pub fn fingerprints(&self) -> &[String] {
        self.fingerprints.get_or_init(|| self.rules.iter().map(fingerprint::of).collect())
    }

    /// What the anchors in `range` come to, before overlaps are settled: sorted, each once.
    pub fn candidates(&self, window: &Window<'_>, range: Range<usize>, scratch: &mut Scratch) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        scratch.begin_window();
        self.prefilter.anchors(window.bytes(), range, |rule, at| {
            candidates.extend(self.try_anchor(rule, window.bytes(), at, scratch));
        });
        candidates.sort_by(settle::order);
        candidates.dedup();
        candidates
    }

    /// What becomes of the anchor of `rule` at `at` (law 2). `bytes` hold the rule's reach around it, or the blob ends where
    /// they do.
    fn try_anchor(&self, rule: RuleIx, bytes: &[u8], at: usize, scratch: &mut Scratch) -> Option<Candidate> {
        let index = rule.0 as usize;
        let matcher = self.matchers[index].get_or_init(|| Matcher::new(&self.rules[index]));
        let search = Search { ix: rule, rule: &self.rules[index], matcher, bytes };
        search.try_at(at, scratch.of(rule))
    }

    /// The findings that `window` owns, in the order of their secrets: those whose match begins in its part of the blob.
    pub fn findings(&self, window: &Window<'_>, scratch: &mut Scratch) -> Vec<Finding> {
        let candidates = self.candidates(window, self.neighbourhood(window), scratch);
        let mut owned = self.owned(window, &candidates);
        if owned.is_empty() {
            return Vec::new();
        }
        owned.sort_by_key(|(candidate, _)| candidate.secret.start);
        let (hidden, mut locator) = (Hidden::of(&candidates), Locator::new(window));
        let findings = owned.into_iter().map(|owned| self.finding(window, owned, &hidden, &mut locator));
        findings.collect()
    }

    /// Of the candidates, those to report and how sure they are: that nothing drops, whose match begins in the part of the blob that
    /// `window` owns, and that the score does not reject. Scoring comes last because it costs most; it looks at the reach alone, as all before
    /// it does.
    fn owned<'c>(&self, window: &Window<'_>, candidates: &'c [Candidate]) -> Vec<(&'c Candidate, Sure)> {
        let survivors = settle::survivors(candidates, &self.rules).into_iter().map(|at| &candidates[at]);
        let reported = survivors
            .filter(|candidate| window.owned().contains(&candidate.matched.start) && !self.rule(candidate).hidden);
        reported.filter_map(|candidate| Some((candidate, self.judge(window.bytes(), candidate).ok()?))).collect()
    }

    fn judge(&self, bytes: &[u8], candidate: &Candidate) -> Result<Sure, Rejection> {
        self.judge.judge(self.matched(bytes, candidate))
    }

    fn matched<'a>(&'a self, bytes: &'a [u8], candidate: &'a Candidate) -> Match<'a> {
        let Candidate { matched, secret, checksum, .. } = candidate;
        Match { rules: &self.rules, rule: self.rule(candidate), bytes, matched, secret, checksum: *checksum }
    }

    fn rule(&self, candidate: &Candidate) -> &Rule {
        &self.rules[candidate.rule.0 as usize]
    }

    /// The secrets that `window` owns, without what a report would say of them.
    pub fn tokens<'w>(&self, window: &Window<'w>, scratch: &mut Scratch) -> Vec<Token<'w>> {
        let candidates = self.candidates(window, self.neighbourhood(window), scratch);
        let token = |(candidate, sure): (&Candidate, Sure)| {
            let secret = &window.bytes()[candidate.secret.clone()];
            Token { rule: candidate.rule, secret, confidence: sure.confidence }
        };
        self.owned(window, &candidates).into_iter().map(token).collect()
    }

    /// What every rule made of what it saw in the part of a blob that `window` owns, in the order of the blob.
    pub fn explain(&self, window: &Window<'_>, scratch: &mut Scratch) -> Vec<Explanation> {
        let candidates = self.candidates(window, self.neighbourhood(window), scratch);
        let survivors: BTreeSet<usize> = settle::survivors(&candidates, &self.rules).into_iter().collect();
        let owned = candidates.iter().enumerate().filter(|(_, found)| window.owned().contains(&found.matched.start));
        let explanation = |(at, candidate): (usize, &Candidate)| {
            let (rule, bytes) = (self.rule(candidate), &window.bytes()[candidate.secret.clone()]);
            let outcome = match self.judge(window.bytes(), candidate) {
                _ if !survivors.contains(&at) => Outcome::Dropped,
                _ if rule.hidden => Outcome::Hidden,
                Ok(sure) => Outcome::Found(sure.confidence),
                Err(rejection) => Outcome::Rejected(rejection),
            };
            Explanation {
                rule: candidate.rule,
                location: window.locate(candidate.secret.clone()),
                masked: secret::mask(bytes, shown(rule, bytes)),
                entropy: entropy::shannon_entropy(bytes),
                outcome,
                weight: self.judge.explain(self.matched(window.bytes(), candidate)),
            }
        };
        owned.map(explanation).collect()
    }

    /// The text of `range`, which counts from the window's first byte in memory, with every candidate in it masked (law 3).
    pub fn masked(&self, window: &Window<'_>, range: Range<usize>, scratch: &mut Scratch) -> String {
        let candidates = self.candidates(window, self.surroundings(window, range.clone()), scratch);
        excerpt::masked(window.bytes(), range, &Hidden::of(&candidates))
    }

    /// What a window owns, and around it as much as can lie on top of it.
    fn neighbourhood(&self, window: &Window<'_>) -> Range<usize> {
        self.surroundings(window, window.owned())
    }

    fn surroundings(&self, window: &Window<'_>, range: Range<usize>) -> Range<usize> {
        let reach = self.reach.neighbour;
        range.start.saturating_sub(reach)..(range.end + reach).min(window.bytes().len())
    }

    fn finding(
        &self,
        window: &Window<'_>,
        (candidate, sure): (&Candidate, Sure),
        hidden: &Hidden,
        locator: &mut Locator<'_, '_>,
    ) -> Finding {
        let rule = self.rule(candidate);
        let bytes = &window.bytes()[candidate.secret.clone()];
        let part = |(name, range): &(String, Range<usize>)| FoundPart {
            name: name.clone(),
            value: part_value(rule, name, &window.bytes()[range.clone()]),
            span: window.span(range.clone()),
        };
        Finding {
            rule: candidate.rule,
            secret: Secret::new(bytes, shown(rule, bytes)),
            location: locator.locate(candidate.secret.clone()),
            confidence: sure.confidence,
            weight: sure.weight,
            checksum: if candidate.checksum == Some(true) { Checksum::Valid } else { Checksum::None },
            parts: candidate.parts.iter().map(part).collect(),
            allowed_by: None,
            excerpt: excerpt::cut(window.bytes(), &candidate.secret, secret::mask(bytes, shown(rule, bytes)), hidden),
        }
    }
}

/// How much of a secret of `rule` may be shown: its ends, where the prefix that all such tokens share is public.
fn shown(rule: &Rule, secret: &[u8]) -> Shown {
    if rule.class.is_password() {
        return Shown::Nothing;
    }
    let begins = |keyword: &&str| {
        secret.len() > keyword.len() && secret[..keyword.len()].eq_ignore_ascii_case(keyword.as_bytes())
    };
    let keywords = rule.detect.keywords.iter().map(|keyword| &**keyword).filter(|_| rule.detect.generic.is_none());
    Shown::Ends { prefix: keywords.filter(begins).map(str::len).max().unwrap_or(0) }
}

/// Names under which a rule's groups and parts are public.
const PUBLIC: [&str; 10] =
    ["id", "user", "host", "port", "database", "account", "region", "expires", "issued", "lifetime"];

fn part_value(rule: &Rule, name: &str, bytes: &[u8]) -> PartValue {
    if PUBLIC.contains(&name) {
        PartValue::Public(String::from_utf8_lossy(bytes).into_owned())
    } else {
        PartValue::Secret(Secret::new(bytes, shown(rule, bytes)))
    }
}

#[cfg(test)]
mod tests;
