//! Numbers in ids that can be foretold: counters, and the time.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

use crate::session::{Form, Sign, Unit};

/// How far the clocks of both ends may be apart, in seconds: a day.
pub(super) const APART: u64 = 86_400;
/// A counter uses at most this share of its range while samples are taken.
const SHARE: u64 = 256;

/// Ids as digits of one base; a window of them is a number.
struct Digits {
    base: u64,
    /// Of each id.
    rows: Vec<Vec<u8>>,
    /// How many characters of the id a hundred digits are.
    scale: usize,
    /// Which widths, in digits, are looked at.
    widths: &'static [usize],
    step: usize,
}

/// Counters and times in `ids`, which were given out at `times`; all have one length.
pub(super) fn find(ids: &[&[u8]], times: &[i64], form: Form) -> Vec<Sign> {
    let written = [Some(decimal(ids)), Some(hex(ids)), (form == Form::Base64).then(|| base64(ids)).flatten()];
    let mut found: Vec<Sign> = Vec::new();
    let all = || written.iter().flatten();
    found.extend(all().filter_map(|digits| digits.times(times)));
    if found.is_empty() {
        found.extend(all().find_map(Digits::counter));
    }
    found.dedup();
    found
}

fn rows(ids: &[&[u8]], radix: u32) -> Vec<Vec<u8>> {
    // What is no digit is one that no number has.
    let digit =
        |byte: &u8| char::from(*byte).to_digit(radix).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(u8::MAX);
    ids.iter().map(|id| id.iter().map(digit).collect()).collect()
}

fn decimal(ids: &[&[u8]]) -> Digits {
    Digits { base: 10, rows: rows(ids, 10), scale: 100, widths: &[16, 13, 10, 8, 6, 5, 4, 3], step: 1 }
}

fn hex(ids: &[&[u8]]) -> Digits {
    Digits { base: 16, rows: rows(ids, 16), scale: 100, widths: &[13, 11, 8, 6, 4], step: 1 }
}

fn base64(ids: &[&[u8]]) -> Option<Digits> {
    let decode = |id: &&[u8]| {
        let end = id.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
        BASE64URL_NOPAD.decode(&id[..end]).or_else(|_| BASE64_NOPAD.decode(&id[..end])).ok()
    };
    let bytes = ids.iter().map(decode).collect::<Option<Vec<_>>>()?;
    let nibbles = |bytes: Vec<u8>| bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let rows = bytes.into_iter().map(nibbles).collect();
    Some(Digits { base: 16, rows, scale: 67, widths: &[14, 12, 8, 6, 4], step: 2 })
}

impl Digits {
    /// Windows of `widths`: where they begin, their width, and the number of each id.
    fn windows<'d>(
        &'d self,
        widths: impl Iterator<Item = &'d usize>,
    ) -> impl Iterator<Item = (usize, usize, Vec<u64>)> {
        let length = self.rows.iter().map(Vec::len).min().unwrap_or(0);
        let places = widths.flat_map(move |&width| {
            (0..(length + 1).saturating_sub(width)).step_by(self.step).map(move |from| (from, width))
        });
        places.filter_map(|(from, width)| {
            let number = |row: &Vec<u8>| {
                let add = |number: u64, digit: &u8| {
                    (u64::from(*digit) < self.base).then(|| number * self.base + u64::from(*digit))
                };
                row[from..from + width].iter().try_fold(0, add)
            };
            let numbers = self.rows.iter().map(number).collect::<Option<Vec<_>>>()?;
            Some((from, width, numbers))
        })
    }

    /// The characters that these digits are.
    fn span(&self, from: usize, width: usize) -> (usize, usize) {
        (from * self.scale / 100, ((from + width) * self.scale).div_ceil(100))
    }

    /// The first window that is the time of each id.
    fn times(&self, times: &[i64]) -> Option<Sign> {
        self.windows(self.widths.iter()).find_map(|(from, width, numbers)| {
            let units = [(Unit::Microseconds, 1_000_000), (Unit::Milliseconds, 1000), (Unit::Seconds, 1)];
            let near = |per: u64| {
                numbers.iter().zip(times).all(|(number, at)| (number / per).abs_diff(at.unsigned_abs()) <= APART)
            };
            // A window with room for more is a time that has zeros before it, which is met again further on.
            let tight = |per: u64| {
                let most = numbers.iter().max().copied().unwrap_or(0);
                most / per > 0
                    && u32::try_from(width - self.step).is_ok_and(|digits| most >= self.base.saturating_pow(digits))
            };
            let unit = units.into_iter().find(|(_, per)| near(*per) && tight(*per))?.0;
            let (from, to) = self.span(from, width);
            Some(Sign::Timestamp(unit, from, to))
        })
    }

    /// The narrowest window that grows by a little from id to id.
    fn counter(&self) -> Option<Sign> {
        self.windows(self.widths.iter().rev()).find_map(|(from, width, numbers)| {
            let range = u32::try_from(width).map_or(u64::MAX, |width| self.base.saturating_pow(width));
            let grows = numbers.windows(2).all(|pair| pair[0] < pair[1]);
            let little = numbers.last()?.saturating_sub(*numbers.first()?) <= (range / SHARE).max(1);
            let (from, to) = self.span(from, width);
            (grows && little).then_some(Sign::Counter(from, to))
        })
    }
}
