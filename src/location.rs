//! Where in a blob something is.
//!
//! A [`Span`] counts bytes from the blob's start; a [`Location`] adds the lines and columns that people and editors use.
//! Which blob it is belongs to [`crate::blob::Origin`].

use std::ops::Range;

/// A range of bytes of a blob, counted from its first byte; never empty backwards (`start <= end`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: u64,
    end: u64,
}

impl Span {
    /// The bytes `start..end`.
    ///
    /// # Panics
    /// If `start > end`.
    pub fn new(start: u64, end: u64) -> Self {
        assert!(start <= end, "a span ends where it starts or later: {start}..{end}");
        Self { start, end }
    }

    /// The first byte.
    pub fn start(self) -> u64 {
        self.start
    }

    /// One past the last byte.
    pub fn end(self) -> u64 {
        self.end
    }

    /// How many bytes it covers.
    pub fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether every byte of `other` is one of its own.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether they share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// How many bytes lie between the two: 0 where they touch or overlap.
    pub fn gap(self, other: Self) -> u64 {
        self.start.saturating_sub(other.end).max(other.start.saturating_sub(self.end))
    }
}

impl From<Range<u64>> for Span {
    fn from(range: Range<u64>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A place as editors count it: lines and columns from 1, columns in bytes, `end_column` one past the last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The bytes themselves.
    pub span: Span,
    /// Line of the first byte, from 1.
    pub line: u64,
    /// Column of the first byte, in bytes, from 1.
    pub column: u64,
    /// Line of the last byte, from 1.
    pub end_line: u64,
    /// One past the column of the last byte, in bytes.
    pub end_column: u64,
}

/// How many UTF-16 code units `bytes` have as text; a stretch that is not UTF-8 counts one for each replacement character
/// that stands for it.
pub fn utf16_len(bytes: &[u8]) -> u64 {
    let units = |chunk: std::str::Utf8Chunk<'_>| {
        chunk.valid().encode_utf16().count() + usize::from(!chunk.invalid().is_empty())
    };
    bytes.utf8_chunks().map(units).sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_units_are_counted_as_decoders_make_them() {
        assert_eq!(utf16_len("aé€😀".as_bytes()), 5);
        assert_eq!(utf16_len(b"a\xff\xfeb"), 4);
    }
}
