//! Finds needles in raw bytes: thousands at once, before any line is parsed.
//!
//! Contract: every occurrence of every needle is found exactly once, and nothing else. Whether it is a use of a token is for others to say.
//!
//! A needle of 15 bytes and more holds, wherever it begins, exactly one of the windows of eight bytes that lie eight apart,
//! in its last fifteen bytes: so only every eighth position is looked at, each on its own. The window is hashed and asked of a table
//! of bits; few pass, and what passes is compared. The last bytes are taken since tokens of a kind begin alike. Needles of eight
//! bytes and more are looked for at every position, and shorter ones (an address, a name) by an automaton.

use std::{collections::HashMap, fmt};

use aho_corasick::AhoCorasick;

/// How many bytes are hashed together.
const WINDOW: usize = 8;
/// How far windows lie apart for long needles.
const STRIDE: usize = 8;
/// Needles of so many bytes are long.
const LONG: usize = WINDOW + STRIDE - 1;
/// How many bits of a hash are used at least.
const FEWEST_BITS: u32 = 16;
/// How many bits of a hash are used at most: a table of 512 KiB, which still fits the second cache.
const MOST_BITS: u32 = 22;
/// Multiplied with, it spreads the bits of a window upwards (the golden ratio in 64 bits).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A needle at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Where it begins.
    pub(super) at: usize,
    /// Which needle.
    pub(super) needle: usize,
}

/// All needles of a search, ready to be looked for at once.
pub(super) struct Finder {
    needles: Vec<Box<[u8]>>,
    long: Option<Windows>,
    middle: Option<Windows>,
    short: Option<(AhoCorasick, Vec<usize>)>,
}

/// Where needles are looked for, and those found.
struct Within<'w> {
    bytes: &'w [u8],
    needles: &'w [Box<[u8]>],
    hits: &'w mut Vec<Hit>,
}

/// Needles known by windows of eight bytes.
struct Windows {
    stride: usize,
    bits: Vec<u64>,
    shift: u32,
    /// By a window, the needles that have it, and how far behind their first byte.
    entries: HashMap<u64, Vec<(u32, u32)>>,
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finder({} needles)", self.needles.len())
    }
}

impl Finder {
    /// Of `needles`, empty ones are never found.
    ///
    /// # Errors
    /// If the automaton of the short ones would be too large.
    pub(super) fn new(needles: Vec<Box<[u8]>>) -> Result<Self, aho_corasick::BuildError> {
        let of = |least: usize, below: usize| -> Vec<usize> {
            (0..needles.len()).filter(|&ix| (least..below).contains(&needles[ix].len())).collect()
        };
        let windows = |ixs: Vec<usize>, stride| (!ixs.is_empty()).then(|| Windows::new(&needles, &ixs, stride));
        let (long, middle) = (windows(of(LONG, usize::MAX), STRIDE), windows(of(WINDOW, LONG), 1));
        let ixs = of(1, WINDOW);
        let short =
            if ixs.is_empty() { None } else { Some((AhoCorasick::new(ixs.iter().map(|&ix| &needles[ix]))?, ixs)) };
        Ok(Self { needles, long, middle, short })
    }

    /// How long the longest needle is, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.needles.iter().map(|needle| needle.len()).max().unwrap_or(0)
    }

    /// How long a needle is, in bytes.
    pub(super) fn len_of(&self, ix: usize) -> usize {
        self.needles[ix].len()
    }

    /// Every occurrence in `bytes`, in order.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut within = Within { bytes, needles: &self.needles, hits: &mut hits };
        for windows in [&self.long, &self.middle].into_iter().flatten() {
            windows.find(&mut within);
        }
        if let Some((automaton, ixs)) = &self.short {
            for found in automaton.find_overlapping_iter(bytes) {
                hits.push(Hit { at: found.start(), needle: ixs[found.pattern().as_usize()] });
            }
        }
        hits.sort_unstable();
        hits
    }
}

impl Windows {
    fn new(needles: &[Box<[u8]>], ixs: &[usize], stride: usize) -> Self {
        let mut entries: HashMap<u64, Vec<(u32, u32)>> = HashMap::new();
        for &ix in ixs {
            let needle = &needles[ix];
            let last = needle.len() - WINDOW;
            for back in last + 1 - stride..=last {
                let window = window(&needle[back..]);
                let entry = (u32::try_from(ix).unwrap_or(u32::MAX), u32::try_from(back).unwrap_or(u32::MAX));
                entries.entry(window).or_default().push(entry);
            }
        }
        // Sixteen bits for each window let one in sixteen pass by chance, at most.
        let wanted = (entries.len() * 16).next_power_of_two().trailing_zeros();
        let shift = 64 - wanted.clamp(FEWEST_BITS, MOST_BITS);
        let mut bits = vec![0; 1 << (64 - shift - 6)];
        for &window in entries.keys() {
            let hash = hash(window, shift);
            bits[hash / 64] |= 1 << (hash % 64);
        }
        Self { stride, bits, shift, entries }
    }

    fn find(&self, within: &mut Within<'_>) {
        let bytes = within.bytes;
        let Some(end) = (bytes.len() + 1).checked_sub(WINDOW) else { return };
        if self.stride == STRIDE {
            for (eight, at) in bytes.chunks_exact(WINDOW).zip((0..).step_by(STRIDE)) {
                self.look(window(eight), at, within);
            }
        } else {
            for at in (0..end).step_by(self.stride) {
                self.look(window(&bytes[at..]), at, within);
            }
        }
    }

    #[inline]
    fn look(&self, window: u64, at: usize, within: &mut Within<'_>) {
        let hash = hash(window, self.shift);
        if self.bits[hash / 64] >> (hash % 64) & 1 == 1 {
            self.compare(window, at, within);
        }
    }

    #[cold]
    #[inline(never)]
    fn compare(&self, window: u64, at: usize, within: &mut Within<'_>) {
        for &(needle, back) in self.entries.get(&window).into_iter().flatten() {
            let (ix, back) = (needle as usize, back as usize);
            let start = at.checked_sub(back);
            if let Some(at) = start.filter(|&start| within.bytes[start..].starts_with(&within.needles[ix])) {
                within.hits.push(Hit { at, needle: ix });
            }
        }
    }
}

/// The first eight bytes as one number; all zeros where there are fewer.
#[inline]
fn window(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[inline]
fn hash(window: u64, shift: u32) -> usize {
    // Less than the table has bits.
    usize::try_from(window.wrapping_mul(SPREAD) >> shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(needles: &[Box<[u8]>], bytes: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for at in 0..bytes.len() {
            for (ix, needle) in needles.iter().enumerate().filter(|(_, needle)| !needle.is_empty()) {
                if bytes[at..].starts_with(needle) {
                    hits.push(Hit { at, needle: ix });
                }
            }
        }
        hits
    }

    proptest! {
        #[test]
        fn finds_what_trying_everywhere_finds(
            needles in prop::collection::vec(prop::collection::vec(0u8..3, 0..40), 1..12),
            noise in prop::collection::vec(prop::collection::vec(0u8..3, 0..30), 1..12),
        ) {
            let needles: Vec<Box<[u8]>> = needles.into_iter().map(Into::into).collect();
            let mut bytes = Vec::new();
            for (ix, noise) in noise.iter().enumerate() {
                bytes.extend_from_slice(noise);
                bytes.extend_from_slice(&needles[ix % needles.len()]);
            }
            let finder = Finder::new(needles.clone()).unwrap();
            prop_assert_eq!(finder.find(&bytes), naive(&needles, &bytes));
        }
    }
}
