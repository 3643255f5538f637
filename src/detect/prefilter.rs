//! Finds anchors: every place where a rule's keyword occurs.
//!
//! Contract (law 1): it reports every occurrence of every keyword (of its first 11 bytes) that begins in the range asked for, overlapping
//! ones too, and nothing else. Whether an occurrence comes to anything is [`super::anchor`]'s to say.
//!
//! An automaton over hundreds of keywords reads one byte after the other, each step waiting for the one before, at some 0.4 GB/s. Here every second
//! position is looked at instead, each on its own: three bytes, folded to one case and hashed, ask a table whether any
//! keyword has them where it must, with the byte behind them. Of each keyword two windows of three bytes are in the table, at an even and at an odd
//! distance from its first byte, so that one of them lies at an even place wherever the keyword begins. A keyword of three bytes has but
//! one: at odd places a small table knows it by its first three bytes, and so it does those of four bytes whose first three are rarer than the others.
//!
//! With thousands of keywords every eighth load passes, too many to branch at each and too few for the processor to foresee. So a batch of loads is
//! sieved first without a branch, the places of those that pass being written down; these are sieved once more, with the byte before, into
//! windows; and only what is left of those is compared with the few keywords that it can be.

use std::{array, collections::BTreeMap, fmt, ops::Range};

use super::frequency;
use crate::rule::{Rule, RuleIx};

/// Of a longer keyword only so many bytes are looked for: the rule's pattern has all of it, and what an edit can have changed is less
/// the shorter the keywords are.
const LONGEST: usize = 11;
/// How many bytes are hashed together.
const WINDOW: usize = 3;
/// How many entries the gate has: of 32 bits, one for each value of the lowest bits of the byte behind a window. With 128 KiB it does not
/// fit the first cache, but a smaller one lets so much pass that it takes longer.
const GATE: usize = 1 << HASH_BITS;
/// How many bits of a hash are used.
const HASH_BITS: u32 = 15;
/// How many pairs of bytes are told apart: by all bits of the first, and the lowest of the second.
const PAIRS: usize = 1 << 13;
/// How many bytes one load brings.
const LOAD: usize = 8;
/// How far the next load is: three windows, two bytes apart.
const STRIDE: usize = 6;
/// How many loads are sieved together. Often only the few bytes are looked at that an edit changed, and then a batch is not full.
const BATCH: usize = 64;

/// All keywords of a set of rules, ready to be searched for at once, whatever their ASCII case.
pub(super) struct Prefilter {
    keywords: Vec<Keyword>,
    /// By a window's hash, the bytes that may stand behind it, by their lowest bits.
    behind: Box<[u32; GATE]>,
    /// By a window's hash, the bytes that may stand before it.
    before: Box<[u32; GATE]>,
    /// By the first two bytes of a short keyword, those that may be the third.
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

/// A window of a keyword, and as much of the keyword around it as a load brings.
#[derive(Clone, Copy)]
struct Entry {
    /// The byte before the window lowest, then the window, then what is behind it: folded, 0 where the keyword has no byte.
    bytes: u64,
    /// All ones where the keyword has a byte.
    known: u64,
    keyword: u16,
    /// Where the keyword begins, counted backwards from the window.
    back: u8,
    /// Whether the keyword is short.
    short: bool,
}

/// The places of a batch that pass a sieve, as distances from its beginning. More than `len` of them is not to be read.
struct Places<const N: usize> {
    places: [u16; N],
    len: usize,
}

impl<const N: usize> Places<N> {
    const NONE: Self = Self { places: [0; N], len: 0 };

    /// Adds `place` if the lowest bit of `passes` is set, without a branch. There is room for as many places as are offered.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn push_if(&mut self, passes: u32, place: u16) {
        self.places[self.len % N] = place;
        self.len += (passes & 1) as usize;
    }

    fn get(&self) -> &[u16] {
        &self.places[..self.len.min(N)]
    }
}

impl Entry {
    fn new(keyword: &Keyword, ix: u16, back: usize) -> Self {
        let at = |place: usize| (back + place).checked_sub(1).and_then(|at| keyword.text.get(at));
        let places = |of: &dyn Fn(Option<&u8>) -> u8| u64::from_le_bytes(array::from_fn(|place| of(at(place))));
        Self {
            bytes: places(&|byte| byte.map_or(0, |byte| byte | 0x20)),
            known: places(&|byte| byte.map_or(0, |_| 0xff)),
            keyword: ix,
            back: u8::try_from(back).expect("less than the longest"),
            short: keyword.short,
        }
    }

    fn hash(&self) -> usize {
        hash(self.bytes >> 8)
    }

    /// The lowest bits that the byte may have which stands at `place`, counted from the one before the window.
    fn may_be(&self, place: u32) -> u32 {
        let known = self.known >> (8 * place) & 1 == 1;
        if known { 1 << (self.bytes >> (8 * place) & 31) } else { u32::MAX }
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
        let table = || -> Box<[u32; GATE]> { vec![0; GATE].try_into().expect("as many entries as it has") };
        let (mut behind, mut before) = (table(), table());
        let mut beginnings: Box<[u32; PAIRS]> = vec![0; PAIRS].try_into().expect("as many entries as it has");
        for (keyword, ix) in keywords.iter().zip(0..) {
            for back in windows(keyword) {
                let entry = Entry::new(keyword, ix, back);
                behind[entry.hash()] |= entry.may_be(4);
                before[entry.hash()] |= entry.may_be(0);
                if entry.short {
                    beginnings[pair(entry.bytes >> 8)] |= entry.may_be(3);
                }
                entries.push(entry);
            }
        }
        entries.sort_unstable_by_key(|entry| (entry.hash(), entry.keyword, entry.back));
        Self {
            farthest: entries.iter().map(|entry| usize::from(entry.back)).max().unwrap_or(0),
            longest: keywords.iter().map(|keyword| keyword.text.len()).max().unwrap_or(0),
            keywords,
            behind,
            before,
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
        let within = Within { bytes, range };
        let mut at = within.range.start;
        while let Some(batch) = whole_loads(bytes, at, end) {
            let loads = self.sieve(batch);
            let windows = self.sieve_again(batch, at.checked_sub(1).map_or(0, |before| bytes[before]), &loads);
            for &place in windows.get() {
                self.look(at + usize::from(place), place % 2 == 1, &within, &mut found);
            }
            at += batch.len() / STRIDE * STRIDE;
        }
        for at in (at..end).step_by(2) {
            self.look(at, false, &within, &mut found);
            self.look(at + 1, true, &within, &mut found);
        }
    }

    /// The loads of a batch that may hold a keyword's window.
    #[inline(never)]
    fn sieve(&self, batch: &[u8]) -> Places<BATCH> {
        let mut loads = Places::NONE;
        for (load, place) in batch.windows(LOAD).step_by(STRIDE).zip((0..).step_by(STRIDE)) {
            let load = load.first_chunk().map_or(0, |load| folded(*load));
            loads.push_if(self.may_hold(load), place);
        }
        loads
    }

    /// The windows of these loads that may be a keyword's; those at odd distances may only be a short one's.
    #[inline(never)]
    fn sieve_again(&self, batch: &[u8], before: u8, loads: &Places<BATCH>) -> Places<{ 6 * BATCH }> {
        let mut windows = Places::NONE;
        for &place in loads.get() {
            let at = usize::from(place);
            let load = batch[at..].first_chunk().map_or(0, |load| folded(*load));
            let before = at.checked_sub(1).map_or(before, |at| batch[at]);
            let earlier = load << 8 | u64::from(before);
            for skip in [0, 2, 4] {
                let (here, earlier) = (load >> (8 * skip), earlier >> (8 * skip));
                let may_begin = self.begins(here) & self.before[hash(here)] >> (earlier & 31);
                windows.push_if(may_begin, place + skip);
                windows.push_if(self.begins_behind(here), place + skip + 1);
            }
        }
        windows
    }

    /// Whether one of the three windows of a load may be a keyword's, in the lowest bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn may_hold(&self, load: u64) -> u32 {
        let may_be = |here| (self.behind[hash(here)] | self.beginnings[pair(here >> 8)]) >> (here >> 24 & 31);
        may_be(load) | may_be(load >> 16) | may_be(load >> 32)
    }

    /// Whether the first window may be a keyword's, in the lowest bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn begins(&self, here: u64) -> u32 {
        self.behind[hash(here)] >> (here >> 24 & 31)
    }

    /// Whether a short keyword may begin with the first window's second byte, in the lowest bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn begins_behind(&self, here: u64) -> u32 {
        self.beginnings[pair(here >> 8)] >> (here >> 24 & 31)
    }

    /// Reports the keywords that have the window at `at`, or the short ones that begin there.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "most often it is one comparison")]
    fn look(&self, at: usize, short: bool, within: &Within<'_>, found: &mut impl FnMut(RuleIx, usize)) {
        let around = around(within.bytes, at);
        let hash = hash(around >> 8);
        let entries = usize::from(self.starts[hash])..usize::from(self.starts[hash + 1]);
        for entry in &self.entries[entries] {
            if around & entry.known == entry.bytes && (entry.short || !short) {
                self.report(entry, at, within, found);
            }
        }
    }

    /// Reports the rules of the keyword of `entry`, whose window is at `at`, if all of it is there.
    #[inline(never)]
    fn report(&self, entry: &Entry, at: usize, within: &Within<'_>, found: &mut impl FnMut(RuleIx, usize)) {
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

/// The bytes of the next loads from `at`: as many whole ones as there are before `end`, and as fit a batch.
fn whole_loads(bytes: &[u8], at: usize, end: usize) -> Option<&[u8]> {
    let most = (end.checked_sub(at + 1)? / STRIDE + 1).min(BATCH);
    let loads = most.min((bytes.len() - at).checked_sub(LOAD)? / STRIDE + 1);
    Some(&bytes[at..at + (loads - 1) * STRIDE + LOAD])
}

/// The byte before `at` and seven from there, folded; spaces where there is none.
#[inline(always)]
#[expect(clippy::inline_always, reason = "most often it is one load")]
fn around(bytes: &[u8], at: usize) -> u64 {
    match at.checked_sub(1).and_then(|before| bytes.get(before..)).and_then(<[u8]>::first_chunk) {
        Some(load) => folded(*load),
        None => folded(array::from_fn(|place| {
            (at + place).checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(0)
        })),
    }
}

/// Letters as small ones, the first byte lowest.
#[inline]
fn folded(bytes: [u8; LOAD]) -> u64 {
    u64::from_le_bytes(bytes) | 0x2020_2020_2020_2020
}

/// Where the entries of each hash begin, and behind all where the last ones end; `entries` are in the order of their hashes.
fn starts(entries: &[Entry]) -> Box<[u16]> {
    let mut starts = vec![0; GATE + 1];
    for entry in entries {
        starts[entry.hash() + 1] += 1;
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

/// The windows by which a keyword is found, as distances from its first byte: one that is even and one that is odd, so that one of them
/// lies at an even place wherever the keyword begins; a short one has but the first. They are those that source text holds least.
fn windows(keyword: &Keyword) -> Vec<usize> {
    if keyword.short {
        return vec![0];
    }
    let text = &keyword.text;
    let common = |at: &usize| frequency::of([text[*at], text[at + 1], text[at + 2]], text.get(at + WINDOW).copied());
    // The byte behind a window is a keyword's own where there is one.
    let last = (text.len() - WINDOW).saturating_sub(1).max(1);
    [0, 1].map(|first| (first..=last).step_by(2).min_by_key(common).unwrap_or(first)).into()
}

/// The hash of the three lowest bytes: multiplication spreads them into the highest bits (Knuth, The Art of Computer Programming, volume 3, section 6.4).
#[inline]
fn hash(bytes: u64) -> usize {
    ((bytes << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - HASH_BITS)) as usize % GATE
}

/// The lowest byte, and the lowest bits of the one behind it.
#[inline]
fn pair(bytes: u64) -> usize {
    (bytes & 0x1fff) as usize % PAIRS
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
