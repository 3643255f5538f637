//! Finds anchors: every place where a rule's keyword occurs.
//!
//! Contract (law 1): it reports every occurrence of every keyword (of its first 16 bytes) that begins in the range asked for, overlapping
//! ones too, and nothing else. Whether an occurrence comes to anything is [`super::anchor`]'s to say.
//!
//! An automaton over hundreds of keywords reads one byte after the other, each step waiting for the one before, at some 0.4 GB/s. Here every second
//! position is looked at instead, each on its own: three bytes, folded to one case and hashed, ask a table whether any
//! keyword has them where it must, with the byte behind them. Of each keyword two neighbouring windows of three bytes are in the table, so that
//! one of them lies at an even place wherever the keyword begins; they are the two that source text holds least. A keyword of three bytes has but
//! one: at odd places a small table knows it by its first three bytes, and so it does those of four bytes whose first three are rarer than the others. What passes is
//! compared with the few keywords that it can be.

use std::{collections::BTreeMap, fmt, ops::Range};

use super::frequency;
use crate::rule::{Rule, RuleIx};

/// Of a longer keyword only so many bytes are looked for: the rule's pattern has all of it, and what an edit can have changed is less
/// the shorter the keywords are.
const LONGEST: usize = 16;
/// How many bytes are hashed together.
const WINDOW: usize = 3;
/// How many entries the gate has: of 32 bits, one for each value of the lowest bits of the byte behind a window. With 128 KiB it does not
/// fit the first cache, but a smaller one lets so much pass that it takes longer.
const GATE: usize = 1 << HASH_BITS;
/// How many bits of a hash are used.
const HASH_BITS: u32 = 15;
/// How many pairs of bytes there are, of each its lowest bits.
const PAIRS: usize = 1 << 10;
/// How many bytes one load brings.
const LOAD: usize = 8;
/// How far the next load is: three windows, two bytes apart.
const STRIDE: usize = 6;

/// All keywords of a set of rules, ready to be searched for at once, whatever their ASCII case.
pub(super) struct Prefilter {
    keywords: Vec<Keyword>,
    /// By a window's hash, which bytes may follow it.
    gate: Box<[u32; GATE]>,
    /// By the first two bytes of a short keyword, which may be the third.
    beginnings: Box<[u32; PAIRS]>,
    /// By a window's hash, where its entries begin in `entries`; they end where the next hash's begin.
    starts: Box<[u16]>,
    entries: Vec<Entry>,
    /// How far behind a keyword's first byte a window of it can lie.
    farthest: usize,
    /// How long the longest keyword is.
    longest: usize,
}

/// Where a keyword may be: in these bytes, and begin in this range of them.
struct Within<'h> {
    bytes: &'h [u8],
    range: Range<usize>,
}

/// A keyword in lower case, and the rules that it anchors.
struct Keyword {
    text: Vec<u8>,
    rules: Vec<RuleIx>,
    /// Whether its first three bytes give it away at odd places.
    short: bool,
}

/// A window of a keyword.
#[derive(Clone, Copy)]
struct Entry {
    /// Its three bytes, the first lowest.
    window: u32,
    around: Around,
    keyword: u16,
    /// Where the keyword begins, counted backwards from the window.
    back: u8,
    /// Whether the keyword is short.
    short: bool,
}

/// Which bytes may stand before and behind a window, by their lowest bits.
#[derive(Clone, Copy)]
struct Around {
    before: u32,
    behind: u32,
}

impl Around {
    /// Where a window of `keyword`, `back` bytes into it, has its neighbours in the keyword, they are those; else any byte may stand there.
    fn of(keyword: &[u8], back: usize) -> Self {
        let mask = |at: Option<usize>| {
            let byte = at.and_then(|at| keyword.get(at));
            byte.map_or(u32::MAX, |byte| 1 << (byte & 31))
        };
        Self { before: mask(back.checked_sub(1)), behind: mask(Some(back + WINDOW)) }
    }

    /// Whether a window at `at` has such bytes around it.
    #[inline]
    fn is_at(self, at: usize, bytes: &[u8]) -> bool {
        let holds = |mask: u32, byte: Option<&u8>| byte.is_none_or(|byte| mask >> (byte & 31) & 1 == 1);
        holds(self.behind, bytes.get(at + WINDOW))
            && holds(self.before, at.checked_sub(1).and_then(|before| bytes.get(before)))
    }
}

impl fmt::Debug for Prefilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefilter({} keywords)", self.keywords.len())
    }
}

impl Prefilter {
    /// # Panics
    /// If there are more than 32,767 keywords.
    pub(super) fn new(rules: &[Rule]) -> Self {
        let keywords = keywords(rules);
        let mut entries = Vec::with_capacity(2 * keywords.len());
        let mut beginnings = Box::new([0; PAIRS]);
        let mut gate: Box<[u32; GATE]> = vec![0; GATE].try_into().expect("as many entries as it has");
        for (keyword, ix) in keywords.iter().zip(0..) {
            for (back, [a, b, c]) in windows(keyword) {
                let window = u32::from_le_bytes([a, b, c, 0]) | 0x20_2020;
                let around = Around::of(&keyword.text, back);
                gate[hash(window)] |= around.behind;
                let back = u8::try_from(back).expect("less than the longest");
                entries.push(Entry { window, around, keyword: ix, back, short: keyword.short });
            }
            if keyword.short {
                let &[a, b, c] = keyword.text.first_chunk::<WINDOW>().expect("keywords have three bytes at least");
                beginnings[pair(u64::from_le_bytes([a, b, 0, 0, 0, 0, 0, 0]))] |= 1 << (c & 31);
            }
        }
        entries.sort_unstable_by_key(|entry| (hash(entry.window), entry.keyword, entry.back));
        Self {
            farthest: entries.iter().map(|entry| usize::from(entry.back)).max().unwrap_or(0),
            longest: keywords.iter().map(|keyword| keyword.text.len()).max().unwrap_or(0),
            keywords,
            gate,
            beginnings,
            starts: starts(&entries),
            entries,
        }
    }

    /// How long the longest keyword is, in bytes.
    pub(super) fn longest_keyword(&self) -> usize {
        self.longest
    }

    /// Calls `found` with every rule and place of an anchor that begins in `range`, in no particular order.
    pub(super) fn anchors(&self, bytes: &[u8], range: Range<usize>, mut found: impl FnMut(RuleIx, usize)) {
        let end = (range.end + self.farthest + 1).min(bytes.len());
        let mut at = range.start;
        let within = Within { bytes, range };
        while at < end {
            let Some(load) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LOAD>) else { break };
            let folded = u64::from_le_bytes(*load) | 0x2020_2020_2020_2020;
            if self.may_pass(folded) {
                self.look(folded, at, &within, &mut found);
            }
            at += STRIDE;
        }
        while at < end {
            let mut load = [0; LOAD];
            let rest = &bytes[at..bytes.len().min(at + LOAD)];
            load[..rest.len()].copy_from_slice(rest);
            self.look(u64::from_le_bytes(load) | 0x2020_2020_2020_2020, at, &within, &mut found);
            at += STRIDE;
        }
    }

    /// Whether one of the three windows of a load may be a keyword's.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn may_pass(&self, folded: u64) -> bool {
        let passes = |folded| self.begins(folded) | self.begins_behind(folded);
        (passes(folded) | passes(folded >> 16) | passes(folded >> 32)) & 1 == 1
    }

    /// Whether the first window may be a keyword's, in the lowest bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn begins(&self, folded: u64) -> u32 {
        self.gate[hash(low(folded))] >> (folded >> 24 & 31)
    }

    /// Whether a short keyword may begin with the first window's second byte, in the lowest bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn begins_behind(&self, folded: u64) -> u32 {
        self.beginnings[pair(folded >> 8)] >> (folded >> 24 & 31)
    }

    /// Looks at the three windows of a load, which begins at `at`.
    #[cold]
    #[inline(never)]
    fn look(&self, folded: u64, at: usize, within: &Within<'_>, found: &mut impl FnMut(RuleIx, usize)) {
        for skipped in [0, 2, 4] {
            let window = folded >> (8 * skipped);
            if self.begins(window) & 1 == 1 {
                for entry in self.entries(low(window)) {
                    self.report(entry, at + skipped, within, found);
                }
            }
            if self.begins_behind(window) & 1 == 1 {
                for entry in self.entries(low(window >> 8)).filter(|entry| entry.short) {
                    self.report(entry, at + skipped + 1, within, found);
                }
            }
        }
    }

    /// The keywords that have this window.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "most often there are none")]
    fn entries(&self, window: u32) -> impl Iterator<Item = &Entry> {
        let hash = hash(window);
        let entries = usize::from(self.starts[hash])..usize::from(self.starts[hash + 1]);
        self.entries[entries].iter().filter(move |entry| entry.window == window)
    }

    /// Reports the rules of the keyword of `entry`, whose window is at `at`, if all of it is there.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "most often it ends at its first question")]
    fn report(&self, entry: &Entry, at: usize, within: &Within<'_>, found: &mut impl FnMut(RuleIx, usize)) {
        if !entry.around.is_at(at, within.bytes) {
            return;
        }
        let Some(start) = at.checked_sub(usize::from(entry.back)) else { return };
        let Keyword { text, rules, .. } = &self.keywords[usize::from(entry.keyword)];
        let here = within.range.contains(&start)
            && within.bytes.get(start..start + text.len()).is_some_and(|here| here.eq_ignore_ascii_case(text));
        if here {
            for &rule in rules {
                found(rule, start);
            }
        }
    }
}

/// Where the entries of each hash begin, and behind all where the last ones end; `entries` are in the order of their hashes.
fn starts(entries: &[Entry]) -> Box<[u16]> {
    let mut starts = vec![0; GATE + 1];
    for entry in entries {
        starts[hash(entry.window) + 1] += 1;
    }
    let mut sum: u16 = 0;
    for start in &mut starts {
        sum = sum.checked_add(*start).expect("two entries for each keyword");
        *start = sum;
    }
    starts.into_boxed_slice()
}

/// The part of a keyword that is looked for.
fn anchoring(keyword: &[u8]) -> &[u8] {
    &keyword[..keyword.len().min(LONGEST)]
}

fn keywords(rules: &[Rule]) -> Vec<Keyword> {
    let mut keywords: BTreeMap<&[u8], Vec<RuleIx>> = BTreeMap::new();
    for (rule, ix) in rules.iter().zip(0..) {
        for keyword in rule.detect.keywords.iter() {
            let rules: &mut Vec<_> = keywords.entry(anchoring(keyword.as_bytes())).or_default();
            // Two keywords of a rule may begin alike.
            if rules.last() != Some(&RuleIx(ix)) {
                rules.push(RuleIx(ix));
            }
        }
    }
    assert!(i16::try_from(keywords.len()).is_ok(), "too many keywords");
    keywords.into_iter().map(|(text, rules)| Keyword { short: is_short(text), text: text.to_vec(), rules }).collect()
}

/// Whether a keyword's first three bytes give it away better than its others.
fn is_short(keyword: &[u8]) -> bool {
    match *keyword {
        [a, b, c, d] => frequency::of([a, b, c], None) <= frequency::of([b, c, d], None),
        _ => keyword.len() == WINDOW,
    }
}

/// The windows by which a keyword is found: each with the number of bytes from the keyword's first to its own.
///
/// Wherever the keyword begins, one of them is at an even place and one at an odd one; a short one has but the first.
fn windows(keyword: &Keyword) -> Vec<(usize, [u8; WINDOW])> {
    let text = &keyword.text;
    let window = |at: usize| [text[at], text[at + 1], text[at + 2]];
    if keyword.short {
        return vec![(0, window(0))];
    }
    let common = |at: usize| frequency::of(window(at), text.get(at + WINDOW).copied());
    // The byte behind the second window is a keyword's own where there is one.
    let last = (text.len() - WINDOW - 1).saturating_sub(1);
    let best = (0..=last).min_by_key(|&at| common(at).max(common(at + 1))).unwrap_or(0);
    [best, best + 1].into_iter().map(|at| (at, window(at))).collect()
}

/// The three lowest bytes.
#[inline]
fn low(bytes: u64) -> u32 {
    u32::try_from(bytes & 0xff_ffff).unwrap_or(0)
}

/// The hash of a window: multiplication spreads it into the highest bits (Knuth, The Art of Computer Programming, volume 3, section 6.4).
#[inline]
fn hash(window: u32) -> usize {
    (window.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize % GATE
}

/// The lowest bits of the two lowest bytes.
#[inline]
fn pair(bytes: u64) -> usize {
    usize::try_from(bytes & 31 | bytes >> 3 & 0x3e0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Ruleset;
    use proptest::prelude::*;
    use std::{collections::BTreeSet, sync::LazyLock};

    static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::builtin);
    static PREFILTER: LazyLock<Prefilter> = LazyLock::new(|| Prefilter::new(RULES.rules()));

    fn by_comparison(bytes: &[u8], range: Range<usize>) -> BTreeSet<(RuleIx, usize)> {
        let holds = |at: usize, text: &str| {
            bytes[at..].get(..text.len()).is_some_and(|here| here.eq_ignore_ascii_case(text.as_bytes()))
        };
        let mut found = BTreeSet::new();
        for at in range {
            for (rule, ix) in RULES.rules().iter().zip(0..) {
                if rule.detect.keywords.iter().any(|keyword| holds(at, &keyword[..keyword.len().min(LONGEST)])) {
                    found.insert((RuleIx(ix), at));
                }
            }
        }
        found
    }

    fn keyword() -> impl Strategy<Value = String> {
        let all: Vec<String> =
            RULES.rules().iter().flat_map(|rule| rule.detect.keywords.iter().map(ToString::to_string)).collect();
        (prop::sample::select(all), any::<u64>()).prop_map(|(keyword, cases)| {
            let upper = |(at, c): (usize, char)| if cases >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c };
            keyword.chars().enumerate().map(upper).collect()
        })
    }

    proptest! {
        /// Law 1: every occurrence of every keyword that begins in the range, wherever it lies, and nothing else.
        #[test]
        fn finds_what_comparison_finds(
            words in prop::collection::vec(prop_oneof![3 => keyword(), 1 => "[ -~\\n]{0,4}".prop_map(String::from)], 0..12),
            seeds in (any::<usize>(), any::<usize>()),
        ) {
            let bytes = words.concat().into_bytes();
            let (a, b) = (seeds.0 % (bytes.len() + 1), seeds.1 % (bytes.len() + 1));
            let range = a.min(b)..a.max(b);
            let mut found = Vec::new();
            PREFILTER.anchors(&bytes, range.clone(), |rule, at| found.push((rule, at)));
            let set: BTreeSet<_> = found.iter().copied().collect();
            prop_assert_eq!(&set, &by_comparison(&bytes, range));
        }
    }
}
