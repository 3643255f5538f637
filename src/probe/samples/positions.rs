//! Ids looked at character by character: what never changes, what is one value too often, what follows from the id before.

use std::collections::BTreeMap;

use crate::session::Sign;

/// How often, at most, random ids are called weak by a test over all characters.
const WRONG: f64 = 1e-4;

/// What was seen.
pub(super) struct Seen {
    /// The characters that change.
    pub(super) varying: Vec<usize>,
    /// How many bits each of them has at most.
    pub(super) bits_each: f64,
    /// How many characters they are taken from.
    pub(super) alphabet: u32,
    /// How many bits each character seems to have, those that never change included.
    pub(super) bits: Vec<f64>,
    pub(super) signs: Vec<Sign>,
}

/// Looks at ids of one length.
pub(super) fn look_at(ids: &[&[u8]]) -> Seen {
    let length = ids.first().map_or(0, |id| id.len());
    let column = |at: usize| ids.iter().map(move |id| id[at]);
    let varying: Vec<usize> = (0..length).filter(|&at| column(at).any(|byte| byte != ids[0][at])).collect();
    let size = alphabet(varying.iter().flat_map(|&at| column(at)));
    let mut signs = Vec::new();
    if length > varying.len() {
        signs.push(Sign::Fixed(length - varying.len()));
    }
    let test = Test { size, characters: varying.len() };
    for &at in &varying {
        let values: Vec<u8> = column(at).collect();
        let steps: Vec<u8> = values.windows(2).map(|pair| test.step(pair[0], pair[1])).collect();
        if test.is_biased(&values) {
            signs.push(Sign::Biased(at));
        } else if test.is_biased(&steps) {
            signs.push(Sign::Correlated(at));
        }
    }
    let bits_each = f64::from(size).log2();
    let bits = (0..length).map(|at| entropy(column(at)).min(bits_each)).collect();
    Seen { varying, bits_each, alphabet: size, bits, signs }
}

/// The entropy of `values`, in bits, with Miller's and Madow's correction for how few there are.
fn entropy(values: impl Iterator<Item = u8>) -> f64 {
    let mut times: BTreeMap<u8, u32> = BTreeMap::new();
    for value in values {
        *times.entry(value).or_default() += 1;
    }
    let count = f64::from(times.values().sum::<u32>()).max(1.0);
    let seen: f64 = times.values().map(|&times| f64::from(times) / count * (count / f64::from(times)).log2()).sum();
    let kinds = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX)).max(1.0);
    seen + (kinds - 1.0) / (2.0 * count * std::f64::consts::LN_2)
}

/// The size of the smallest usual alphabet that has all of `bytes`.
fn alphabet(bytes: impl Iterator<Item = u8>) -> u32 {
    let (mut hex, mut letters, mut upper, mut other) = (false, false, false, false);
    let mut lower = false;
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {}
            b'a'..=b'f' => (hex, lower) = (true, true),
            b'A'..=b'F' => (hex, upper) = (true, true),
            b'g'..=b'z' => (letters, lower) = (true, true),
            b'G'..=b'Z' => (letters, upper) = (true, true),
            _ => other = true,
        }
    }
    match () {
        () if other || letters && lower && upper => 64,
        () if letters => 36,
        () if hex => 16,
        () => 10,
    }
}

struct Test {
    size: u32,
    characters: usize,
}

impl Test {
    /// How far `b` is from `a`, round the alphabet where that is of digits.
    fn step(&self, a: u8, b: u8) -> u8 {
        let value = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (value(a), value(b)) {
            (Some(a), Some(b)) if self.size == 16 => b.wrapping_sub(a) & 15,
            (Some(a), Some(b)) if self.size == 10 => (b + 10 - a) % 10,
            _ => b.wrapping_sub(a),
        }
    }

    /// Whether one of `values` is there more often than Hoeffding's inequality lets a fair one be, over all characters and values.
    fn is_biased(&self, values: &[u8]) -> bool {
        let mut times: BTreeMap<u8, u32> = BTreeMap::new();
        for value in values {
            *times.entry(*value).or_default() += 1;
        }
        let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX)).max(1.0);
        let most = f64::from(times.values().copied().max().unwrap_or(0)) / count;
        let tests = f64::from(self.size) * f64::from(u32::try_from(self.characters).unwrap_or(u32::MAX)).max(1.0);
        // Two equal steps need values that lie in the alphabet's range: a step's share is at most that of a value, twice.
        let fair = 2.0 / f64::from(self.size).max(2.0);
        most - fair > ((tests / WRONG).ln() / (2.0 * count)).sqrt()
    }
}
