//! What a rule's patterns promise, computed from them rather than believed.
//!
//! [`bounds`] refuses a rule whose keywords a match can do without, whose matches have no greatest length, or whose work per byte
//! of input has no small bound (law 2); what it accepts, it measures: how far a match lies around its anchor and how many bytes
//! decide what becomes of it. Shared with `build.rs`.
//!
//! The questions are answered on the pattern's own automaton: all states that a match can be in after each byte, paired
//! with how much of a keyword has been seen. Look-around is taken as always true there, which can only refuse too much.

#[path = "overlap.rs"]
mod overlap;

use std::collections::BTreeSet;

use aho_corasick::{
    Anchored,
    automaton::{Automaton, StateID as KeywordState},
    dfa::DFA as KeywordAutomaton,
};
use regex_automata::{
    nfa::thompson::{self, NFA, State, WhichCaptures},
    util::primitives::StateID,
};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::rule::{Body, Bounds, COMMENT_REACH, Detection, SCORE_REACH};

/// Longest match of a pattern without its body, in bytes.
pub const LONGEST_MATCH: usize = 4096;

/// Worst number of bytes looked at per byte of input that a rule may cause.
pub const MOST_WORK: usize = 64;

/// Computes the bounds of `detect`, or says all that is wrong with its patterns.
pub fn bounds(detect: &Detection) -> Result<Bounds, Vec<String>> {
    let mut problems = Vec::new();
    let own = note(&mut problems, pattern("regex", &detect.regex));
    let ends: Vec<Option<Pattern>> = detect.body.iter().map(|body| note(&mut problems, end(body))?).collect();
    let parts: Vec<_> =
        detect.parts.iter().map(|part| note(&mut problems, pattern("a part's regex", &part.regex))).collect();
    let lead = own.as_ref().and_then(|own| note(&mut problems, lead(own, detect)));
    let (Some(own), Some(lead)) = (own, lead) else { return Err(problems) };
    if !problems.is_empty() {
        return Err(problems);
    }
    let longest_part = parts.iter().flatten().map(|part| part.longest).max().unwrap_or(0);
    let work = work(detect, &own, lead);
    if detect.parts.iter().any(|part| part.within < longest_part) {
        problems.push("a part's match can be longer than `within`".to_owned());
    }
    if work.total > MOST_WORK {
        problems.push(too_much(&work, &own));
    }
    let bounds = Bounds { work: work.total, ..reach(detect, &own, &ends, lead) };
    if problems.is_empty() { Ok(bounds) } else { Err(problems) }
}

fn note<T>(problems: &mut Vec<String>, result: Result<T, String>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

/// What closes a body, where anything does.
fn end(body: &Body) -> Result<Option<Pattern>, String> {
    if body.end.is_empty() {
        return Ok(None);
    }
    let end = pattern("the body's `end`", &body.end)?;
    if first_bytes(&end).iter().any(|&byte| body.has(byte)) {
        return Err(
            "a byte of the body's `class` can begin its `end`: where the body stops would be a guess".to_owned()
        );
    }
    Ok(Some(end))
}

/// A pattern that passed the checks which every pattern has to pass.
struct Pattern {
    nfa: NFA,
    shortest: usize,
    longest: usize,
}

fn pattern(what: &str, regex: &str) -> Result<Pattern, String> {
    let hir = parse(regex).map_err(|error| format!("{what}: {error}"))?;
    let properties = hir.properties();
    if properties.look_set().contains(Look::Start) || properties.look_set().contains(Look::End) {
        return Err(format!(
            "{what}: `^` and `$` need (?m), and `\\A` and `\\z` do not exist: a match must not depend on how a blob was cut"
        ));
    }
    let Some(longest) = properties.maximum_len() else {
        return Err(format!("{what}: every repeat needs an upper bound, such as {{1,64}} for +"));
    };
    let shortest = properties.minimum_len().unwrap_or(0);
    if shortest == 0 {
        return Err(format!("{what}: it matches nothing at all, so it matches everywhere"));
    }
    if longest > LONGEST_MATCH {
        return Err(format!(
            "{what}: a match may have {longest} bytes, more than {LONGEST_MATCH}; see `body` for long ones"
        ));
    }
    let config = thompson::Config::new().utf8(false).which_captures(WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir);
    let nfa = nfa.map_err(|error| format!("{what}: {error}"))?;
    Ok(Pattern { nfa, shortest, longest })
}

fn parse(regex: &str) -> Result<Hir, String> {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(regex).map_err(|error| error.to_string())
}

/// The bytes of a class such as `[A-Za-z]`, as 256 bits.
pub fn class(text: &str) -> Result<[u64; 4], String> {
    let hir = parse(text).map_err(|error| format!("`class`: {error}"))?;
    let mut bits = [0; 4];
    let mut add = |byte: u8| bits[usize::from(byte / 64)] |= 1 << (byte % 64);
    match hir.kind() {
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().for_each(|range| (range.start()..=range.end()).for_each(&mut add));
        }
        HirKind::Literal(literal) if literal.0.len() == 1 => add(literal.0[0]),
        _ => return Err("`class` is one class of bytes, such as [A-Za-z0-9+/=]".to_owned()),
    }
    Ok(bits)
}

/// Where the first keyword of a match lies.
#[derive(Clone, Copy)]
struct Lead {
    /// Least number of bytes before the first one.
    min: usize,
    /// Greatest number of bytes before the first one.
    max: usize,
}

/// Walks every match byte by byte until its first keyword is complete.
fn lead(pattern: &Pattern, detect: &Detection) -> Result<Lead, String> {
    let keywords = aho_corasick::dfa::Builder::new()
        .ascii_case_insensitive(true)
        .build(detect.keywords.iter().map(|keyword| keyword.as_bytes()))
        .map_err(|error| format!("keywords: {error}"))?;
    let walk = Walk { pattern, keywords, letters: letters(detect) };
    let first = walk.anchors(None).ok_or("keywords: a match need not hold any of them")?;
    // A keyword may also turn up by chance where its pattern takes any letter; if all matches hold one at the same place, only
    // that place counts.
    let fixed = [first.max, first.min].into_iter().find_map(|at| walk.anchors(Some(at)));
    Ok(fixed.unwrap_or(first))
}

/// The bytes that keywords are made of, in both cases; all others are alike to them.
fn letters(detect: &Detection) -> [bool; 256] {
    let mut letters = [false; 256];
    for byte in detect.keywords.iter().flat_map(|keyword| keyword.bytes()) {
        letters[usize::from(byte.to_ascii_lowercase())] = true;
        letters[usize::from(byte.to_ascii_uppercase())] = true;
    }
    letters
}

/// A pattern's automaton walked beside its keywords'.
struct Walk<'p> {
    pattern: &'p Pattern,
    keywords: KeywordAutomaton,
    letters: [bool; 256],
}

/// What one more byte of a match leads to.
#[derive(Default)]
struct Step {
    /// States in which no keyword has just been completed.
    open: BTreeSet<(StateID, usize)>,
    /// States in which one has.
    anchored: Vec<AnchoredState>,
    /// Whether a match could end before this byte.
    matched: bool,
}

struct AnchoredState {
    state: StateID,
    keyword: usize,
    keyword_length: usize,
}

impl Walk<'_> {
    /// Where the first keyword can lie (of those that begin `only` so many bytes into the match); nothing where a match can
    /// do without.
    fn anchors(&self, only: Option<usize>) -> Option<Lead> {
        let start = self.keywords.start_state(Anchored::No).ok()?;
        let mut layer = BTreeSet::from([(self.pattern.nfa.start_anchored(), start.as_usize())]);
        let mut lead = Lead { min: usize::MAX, max: 0 };
        for length in 0..=self.pattern.longest {
            let step = self.step(&layer);
            if step.matched {
                return None;
            }
            layer = step.open;
            for anchored in step.anchored {
                let at = length + 1 - anchored.keyword_length;
                if only.is_some_and(|only| only != at) {
                    layer.insert((anchored.state, anchored.keyword));
                    continue;
                }
                lead = Lead { min: lead.min.min(at), max: lead.max.max(at) };
            }
            if layer.is_empty() {
                break;
            }
        }
        Some(lead)
    }

    fn step(&self, layer: &BTreeSet<(StateID, usize)>) -> Step {
        let nfa = &self.pattern.nfa;
        let mut next = Step::default();
        for &(state, keyword) in layer {
            for state in closure(nfa, [state]) {
                next.matched |= matches!(nfa.state(state), State::Match { .. });
                for (first, last, target) in transitions(nfa, state) {
                    for byte in representatives(first, last, &self.letters) {
                        self.take(byte, keyword, target, &mut next);
                    }
                }
            }
        }
        next
    }

    fn take(&self, byte: u8, keyword: usize, target: StateID, next: &mut Step) {
        let moved = self.keywords.next_state(Anchored::No, KeywordState::new_unchecked(keyword), byte);
        if !self.keywords.is_match(moved) {
            next.open.insert((target, moved.as_usize()));
            return;
        }
        let lengths = (0..self.keywords.match_len(moved)).map(|at| self.keywords.match_pattern(moved, at));
        let keyword_length = lengths.map(|pattern| self.keywords.pattern_len(pattern)).max().unwrap_or(0);
        next.anchored.push(AnchoredState { state: target, keyword: moved.as_usize(), keyword_length });
    }
}

/// One byte for each way in which keywords can tell the bytes of `first..=last` apart.
fn representatives(first: u8, last: u8, letters: &[bool; 256]) -> Vec<u8> {
    let (mut bytes, mut other) = (Vec::new(), None);
    for byte in first..=last {
        if letters[usize::from(byte)] {
            bytes.push(byte);
        } else {
            other = Some(byte);
        }
    }
    bytes.extend(other);
    bytes
}

/// The states reachable from `from` without a byte, look-around taken as true.
fn closure(nfa: &NFA, from: impl IntoIterator<Item = StateID>) -> BTreeSet<StateID> {
    let mut closed = BTreeSet::new();
    let mut open: Vec<StateID> = from.into_iter().collect();
    while let Some(state) = open.pop() {
        if !closed.insert(state) {
            continue;
        }
        match nfa.state(state) {
            State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
            State::Union { alternates } => open.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => open.extend([alt1, alt2]),
            _ => {}
        }
    }
    closed
}

fn transitions(nfa: &NFA, state: StateID) -> Vec<(u8, u8, StateID)> {
    match nfa.state(state) {
        State::ByteRange { trans } => vec![(trans.start, trans.end, trans.next)],
        State::Sparse(sparse) => sparse.transitions.iter().map(|trans| (trans.start, trans.end, trans.next)).collect(),
        State::Dense(dense) => {
            (0..=255).filter_map(|byte| dense.matches_byte(byte).map(|next| (byte, byte, next))).collect()
        }
        _ => Vec::new(),
    }
}

fn first_bytes(pattern: &Pattern) -> Vec<u8> {
    let states = closure(&pattern.nfa, [pattern.nfa.start_anchored()]);
    states
        .into_iter()
        .flat_map(|state| transitions(&pattern.nfa, state))
        .flat_map(|(first, last, _)| first..=last)
        .collect()
}

/// What a rule's worst input costs, and why.
struct Work {
    /// Bytes looked at per byte of input.
    total: usize,
    /// How many starts an anchor leads to.
    starts: usize,
    /// How many bytes behind a living attempt another one can begin.
    distance: Option<usize>,
}

fn work(detect: &Detection, pattern: &Pattern, lead: Lead) -> Work {
    let starts = lead.max - lead.min + 1;
    let keyword = detect.keywords.iter().map(|keyword| keyword.len()).min().unwrap_or(1);
    // An attempt that dies soon behind its keyword costs little; of those that live longer, as many overlap as fit in. The
    // body and its end cost nothing here: where a run ends is found once for all attempts in it.
    let short = (lead.max + keyword + overlap::SHORT_LIFE).div_ceil(keyword);
    // Where one anchor leads to several starts, attempts follow one another as closely as starts do, but sets of them no more
    // closely than anchors.
    let distance = overlap::distance(pattern, detect, lead);
    let distance = distance.map(|distance| if starts > 1 { distance.max(keyword) } else { distance });
    let long = distance.map_or(1, |distance| 1 + pattern.longest / distance);
    let parts: usize = detect.parts.iter().map(|part| 2 * part.within).sum();
    Work { total: starts * long + short + parts / pattern.shortest, starts, distance }
}

fn too_much(work: &Work, pattern: &Pattern) -> String {
    let near = work
        .distance
        .map_or("none can begin within another".to_owned(), |distance| format!("the next {distance} bytes on"));
    format!(
        "dense input would cost {} bytes of work per byte, more than {MOST_WORK} (attempts of {} bytes, {near}, {} starts each): \
         fix the length before the keyword, shorten the pattern, take longer keywords, or let a `body` take the long run",
        work.total, pattern.longest, work.starts,
    )
}

fn reach(detect: &Detection, pattern: &Pattern, ends: &[Option<Pattern>], lead: Lead) -> Bounds {
    let bodies: usize = detect.body.iter().map(|body| body.max).sum();
    let ends: usize = ends.iter().flatten().map(|end| end.longest).sum();
    let longest = pattern.longest + bodies + ends;
    let around = detect.parts.iter().map(|part| part.within).max().unwrap_or(0).max(COMMENT_REACH).max(SCORE_REACH);
    // One byte more on each side decides whether a match begins or ends at a word.
    let (before, after) = (lead.max + around + 1, longest + around + 1);
    Bounds { lead_min: lead.min, lead_max: lead.max, longest, before, after, work: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn detect(keywords: &[&str], regex: &str) -> Detection {
        let keywords: Vec<Cow<'static, str>> = keywords.iter().map(|&keyword| keyword.to_owned().into()).collect();
        Detection {
            keywords: keywords.into(),
            regex: regex.to_owned().into(),
            body: Cow::Borrowed(&[]),
            parts: Cow::Borrowed(&[]),
            entropy: 0.0,
            checksum: None,
            reject: Cow::Borrowed(&[]),
            words: true,
            generic: None,
            cut: None,
            bounds: Bounds::default(),
        }
    }

    fn refused(keywords: &[&str], regex: &str) -> String {
        bounds(&detect(keywords, regex)).unwrap_err().join("; ")
    }

    #[test]
    fn keywords_must_cover_every_match() {
        assert!(bounds(&detect(&["abc"], r"\babc[0-9]{4}\b")).is_ok());
        assert!(refused(&["abc"], "abc[0-9]{4}|def[0-9]{4}").contains("need not hold"));
        assert!(bounds(&detect(&["abc", "def"], "abc[0-9]{4}|def[0-9]{4}")).is_ok());
        assert!(bounds(&detect(&["abc"], "(?i)ABC[0-9]{4}")).is_ok());
        assert!(refused(&["abcd"], "abc[a-z]x").contains("need not hold"));
    }

    #[test]
    fn the_lead_is_what_lies_before_the_first_keyword() {
        let lead =
            |regex| bounds(&detect(&["-mark-"], regex)).map(|bounds| (bounds.lead_min, bounds.lead_max)).unwrap();
        assert_eq!(lead("-mark-[a-z]{4}"), (0, 0));
        assert_eq!(lead("[0-9a-z]{14}-mark-[a-z]{4}"), (14, 14));
        assert_eq!(lead("[0-9a-z]{0,5}-mark-[a-z]{4}"), (0, 5));
    }

    #[test]
    fn open_and_empty_patterns_are_refused() {
        assert!(refused(&["abc"], "abc[0-9]+").contains("upper bound"));
        assert!(refused(&["abc"], "(?:abc)?").contains("matches nothing"));
        assert!(refused(&["abc"], "^abc[0-9]").contains("(?m)"));
        assert!(refused(&["abc"], r"abc[0-9]\z").contains("(?m)"));
        assert!(bounds(&detect(&["abc"], "(?m:^)abc[0-9]")).is_ok());
        assert!(refused(&["abc"], "abc[0-9]{4,5000}").contains("more than 4096"));
    }

    #[test]
    fn work_is_bounded() {
        assert!(refused(&["abc"], "abc[a-z]{1,4000}").contains("bytes of work per byte"));
        assert!(
            bounds(&detect(&["abc_"], "abc_[a-z]{1,4000}")).is_ok(),
            "an anchor cannot lie within a match of another"
        );
        assert!(refused(&["abc"], "[a-z]{0,100}abc[a-z]{1,100}").contains("bytes of work per byte"));
    }

    #[test]
    fn classes_are_bytes() {
        let bits = class("[a-c]").unwrap();
        assert_eq!(bits, [0, 0b111 << (b'a' - 64), 0, 0]);
        assert!(class("ab").is_err());
    }
}
