//! Finds anchors: every place where a rule's keyword occurs.
//!
//! Contract (law 1): it reports every occurrence of every keyword (of its first 16 bytes) that begins in the range asked for, overlapping
//! ones too, and nothing else. Whether an occurrence comes to anything is [`super::anchor`]'s to say.
//!
//! An automaton over hundreds of keywords reads one byte after the other, each step waiting for the one before, at some 0.4 GB/s. Here every second
//! position is looked at instead, each on its own: three bytes, folded to one case and hashed, ask a table whether any
//! keyword has them where it must, with the byte behind them. Of each keyword two neighbouring windows of three bytes are in the table, so that
//! one of them lies at an even place wherever the keyword begins; they are the two that source text holds least. What passes is compared
//! with the few keywords that it can be.

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
const GATE: usize = 1 << (HASH_BITS - 3);
/// How many bits of a hash are used: 2¹⁸ bits are 32 KiB.
const HASH_BITS: u32 = 18;
const WORDS: usize = 1 << (HASH_BITS - 6);
/// How many bytes one load brings.
const LOAD: usize = 8;
/// How far the next load is: three windows, two bytes apart.
const STRIDE: usize = 6;

/// All keywords of a set of rules, ready to be searched for at once, whatever their ASCII case.
pub(super) struct Prefilter {
    keywords: Vec<Keyword>,
    /// Which hashes some window of a keyword has.
    bits: Box<[u64]>,
    /// By the first bits of a window's hash, which bytes may follow it.
    gate: Box<[u32; GATE]>,
    /// How many bits are set before each word of `bits`.
    ranks: Box<[u16]>,
    /// For each set bit, where its entries begin in `entries`.
    starts: Vec<u32>,
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
}

/// A window of a keyword: where the keyword begins, counted backwards from the window.
#[derive(Clone, Copy)]
struct Entry {
    keyword: u16,
    back: i16,
}

impl fmt::Debug for Prefilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefilter({} keywords)", self.keywords.len())
    }
}

impl Prefilter {
    /// # Panics
    /// If there are more than 65,535 keywords.
    pub(super) fn new(rules: &[Rule]) -> Self {
        let keywords = keywords(rules);
        let mut entries: Vec<(u32, Entry)> = Vec::new();
        let mut gate: Box<[u32; GATE]> = vec![0; GATE].try_into().expect("as many entries as it has");
        for (keyword, ix) in keywords.iter().zip(0..) {
            for (back, window) in windows(&keyword.text) {
                entries.push((hash(window), Entry { keyword: ix, back }));
                let next = usize::try_from(back + 3).ok().and_then(|next| keyword.text.get(next));
                gate[door(hash(window))] |= next.map_or(u32::MAX, |&next| 1 << (next & 31));
            }
        }
        entries.sort_by_key(|(hash, _)| *hash);
        let mut table = Self {
            farthest: entries.iter().map(|(_, entry)| usize::try_from(entry.back).unwrap_or(0)).max().unwrap_or(0),
            longest: keywords.iter().map(|keyword| keyword.text.len()).max().unwrap_or(0),
            keywords,
            bits: vec![0; WORDS].into_boxed_slice(),
            gate,
            ranks: vec![0; WORDS].into_boxed_slice(),
            starts: Vec::new(),
            entries: entries.iter().map(|(_, entry)| *entry).collect(),
        };
        for (at, (hash, _)) in entries.iter().enumerate() {
            if at == 0 || entries[at - 1].0 != *hash {
                table.starts.push(u32::try_from(at).expect("fewer entries than keywords times 256"));
                table.bits[word(*hash)] |= bit(*hash);
            }
        }
        table.starts.push(u32::try_from(entries.len()).expect("fewer entries than keywords times 256"));
        let mut rank = 0;
        for (ranks, bits) in table.ranks.iter_mut().zip(table.bits.iter()) {
            *ranks = rank;
            rank += u16::try_from(bits.count_ones()).expect("a word has 64 bits");
        }
        table
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
        (self.passes(folded) | self.passes(folded >> 16) | self.passes(folded >> 32)) & 1 == 1
    }

    /// Whether the first window may be a keyword's, in the lowest bit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call every six bytes costs more than what it does")]
    fn passes(&self, folded: u64) -> u32 {
        self.gate[door(mix(folded))] >> ((folded >> 24) & 31)
    }

    /// Looks at the three windows of a load, which begins at `at`.
    #[cold]
    #[inline(never)]
    fn look(&self, folded: u64, at: usize, within: &Within<'_>, found: &mut impl FnMut(RuleIx, usize)) {
        for skipped in [0, 2, 4] {
            let window = folded >> (8 * skipped);
            let hash = mix(window);
            if self.passes(window) & 1 == 1 && self.bits[word(hash)] & bit(hash) != 0 {
                self.compare(hash, at + skipped, within, found);
            }
        }
    }

    /// Compares the keywords that have this hash at `at`.
    fn compare(&self, hash: u32, at: usize, within: &Within<'_>, found: &mut impl FnMut(RuleIx, usize)) {
        let before = self.bits[word(hash)] & (bit(hash) - 1);
        let slot = usize::from(self.ranks[word(hash)]) + before.count_ones() as usize;
        let entries = self.starts[slot] as usize..self.starts[slot + 1] as usize;
        for entry in &self.entries[entries] {
            let Some(start) = at.checked_add_signed(-isize::from(entry.back)) else { continue };
            let Keyword { text, rules } = &self.keywords[usize::from(entry.keyword)];
            let here = within.range.contains(&start)
                && within.bytes.get(start..start + text.len()).is_some_and(|here| here.eq_ignore_ascii_case(text));
            if here {
                for &rule in rules {
                    found(rule, start);
                }
            }
        }
    }
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
    assert!(u16::try_from(keywords.len()).is_ok(), "too many keywords");
    keywords.into_iter().map(|(text, rules)| Keyword { text: text.to_vec(), rules }).collect()
}

/// The windows by which a keyword is found: each with the number of bytes from the keyword's first to its own.
///
/// Wherever the keyword begins, one of them is at an even place and one at an odd one. A keyword of three bytes has but one window;
/// for the other places, whatever byte comes before it makes one.
fn windows(keyword: &[u8]) -> Vec<(i16, [u8; WINDOW])> {
    let window = |at: usize| [keyword[at], keyword[at + 1], keyword[at + 2]];
    if keyword.len() == WINDOW {
        let with_byte_before =
            (0..=u8::MAX).filter(|byte| byte & 0x20 != 0).map(|byte| (-1, [byte, keyword[0], keyword[1]]));
        return with_byte_before.chain([(0, window(0))]).collect();
    }
    let common = |at: usize| frequency::of(window(at)) + frequency::of(window(at + 1));
    // The byte behind the second window is a keyword's own where there is one.
    let last = (keyword.len() - WINDOW - 1).saturating_sub(1);
    let best = (0..=last.min(usize::from(u8::MAX))).min_by(|&a, &b| common(a).total_cmp(&common(b))).unwrap_or(0);
    [best, best + 1].into_iter().map(|at| (i16::try_from(at).unwrap_or(0), window(at))).collect()
}

/// The hash of a window, whatever its case.
fn hash(window: [u8; WINDOW]) -> u32 {
    let mut load = [0; LOAD];
    load[..WINDOW].copy_from_slice(&window);
    mix(u64::from_le_bytes(load) | 0x20_2020)
}

/// The hash of the three lowest bytes: multiplication spreads them into the highest bits (Knuth, The Art of Computer Programming,
/// volume 3, section 6.4).
#[inline]
fn mix(bytes: u64) -> u32 {
    let low = u32::try_from(bytes & 0xff_ffff).unwrap_or(0);
    low.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)
}

/// The gate's entry for a hash.
#[inline]
fn door(hash: u32) -> usize {
    (hash >> 3) as usize % GATE
}

#[inline]
fn word(hash: u32) -> usize {
    (hash >> 6) as usize % WORDS
}

#[inline]
fn bit(hash: u32) -> u64 {
    1 << (hash & 63)
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
