//! Bytes to scan, with where they came from.
//!
//! A source pushes every blob to a [`Visitor`] as one or more [`Window`]s: a small blob as a single window, a large one as
//! windows that own adjoining ranges and can see a margin around them, so that memory stays constant. What is looked
//! for in them is decided by the stages above.

use std::{
    borrow::Cow,
    fmt::{self, Write},
    ops::Range,
    sync::Arc,
};

use memchr::{memchr_iter, memrchr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{
    coverage::{Coverage, Skipped},
    location::{Location, Span},
};

/// Where a blob came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A file, or the target text of a symbolic link.
    File(PathName),
    /// Standard input.
    Stdin,
    /// An object of a git repository: a blob, a commit's message or a tag's text.
    Git(ObjectId),
    /// A text that a forge keeps beside a repository's code, by the name that it goes by in place of a path.
    Forge(PathName),
}

/// A path as reports show it: bytes, as file systems and git have them, with `/` between its parts. Clones share them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PathName(Arc<[u8]>);

impl PathName {
    /// A path made of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into().into())
    }

    /// A path of this system; on Windows its separators become `/`.
    pub fn from_path(path: &std::path::Path) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            Self(path.as_os_str().as_bytes().into())
        }
        #[cfg(not(unix))]
        {
            Self::new(path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &[u8] {
        &self.0[memrchr(b'/', &self.0).map_or(0, |at| at + 1)..]
    }

    /// As text: what is not UTF-8 is written `\xNN`, so that two paths never look the same. Control characters are the
    /// reporter's to escape.
    pub fn to_text(&self) -> Cow<'_, str> {
        if let Ok(text) = str::from_utf8(&self.0) {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        for chunk in self.0.utf8_chunks() {
            out.push_str(chunk.valid());
            for byte in chunk.invalid() {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
        Cow::Owned(out)
    }
}

impl From<Arc<[u8]>> for PathName {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_text())
    }
}

/// The id of a git object: 20 bytes (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// The id with these bytes.
    ///
    /// # Panics
    /// If there are more than 32 of them.
    pub fn new(id: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes[..id.len()].copy_from_slice(id);
        Self { bytes, len: u8::try_from(id.len()).unwrap_or(32) }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At once: a report may name millions of them.
        let mut digits = [0; 64];
        let digits = &mut digits[..2 * usize::from(self.len)];
        data_encoding::HEXLOWER.encode_mut(self.as_bytes(), digits);
        f.write_str(str::from_utf8(digits).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        match data_encoding::HEXLOWER.decode(hex.as_bytes()) {
            Ok(bytes) if matches!(bytes.len(), 20 | 32) => Ok(Self::new(&bytes)),
            _ => Err(D::Error::custom("not an object's id")),
        }
    }
}

/// A stretch of a blob that is in memory, and the part of it whose findings this window is to report.
///
/// Whoever makes windows of a larger blob keeps a margin of bytes on both sides of the owned part (or reaches the blob's
/// end), at least as wide as the stages above ask for; then what is found does not depend on how the blob was cut.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    bytes: &'a [u8],
    start: u64,
    owned: Range<usize>,
    ends: bool,
    lines: LineStart,
}

/// The line in which a window begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineStart {
    /// Its number, from 1.
    pub number: u64,
    /// The blob's offset of its first byte.
    pub offset: u64,
}

impl LineStart {
    /// A blob's first line.
    pub const FIRST: Self = Self { number: 1, offset: 0 };

    /// The line in which the byte behind `bytes` lies, where `bytes` begin at `start` in this line.
    #[must_use]
    pub fn after(self, bytes: &[u8], start: u64) -> Self {
        match memrchr(b'\n', bytes) {
            None => self,
            Some(last) => {
                Self { number: self.number + memchr_iter(b'\n', bytes).count() as u64, offset: start + last as u64 + 1 }
            }
        }
    }
}

impl<'a> Window<'a> {
    /// A whole blob.
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0, owned: 0..bytes.len(), ends: true, lines: LineStart::FIRST }
    }

    /// A part of a larger blob: `bytes` begin at `start`, of them `owned` are this window's to report, `ends` says
    /// whether the blob ends with them, and `lines` is the line in which they begin.
    ///
    /// # Panics
    /// If `owned` does not lie within `bytes`.
    pub fn part(bytes: &'a [u8], start: u64, owned: Range<usize>, ends: bool, lines: LineStart) -> Self {
        assert!(owned.start <= owned.end && owned.end <= bytes.len(), "{owned:?} lies outside the window");
        Self { bytes, start, owned, ends, lines }
    }

    /// The bytes in memory.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The blob's offset of the first byte in memory.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Which of the bytes in memory are this window's to report.
    pub fn owned(&self) -> Range<usize> {
        self.owned.clone()
    }

    /// Whether the blob begins with the first byte in memory.
    pub fn begins(&self) -> bool {
        self.start == 0
    }

    /// Whether the blob ends with the last byte in memory.
    pub fn ends(&self) -> bool {
        self.ends
    }

    /// The blob's span of a range of the bytes in memory.
    pub fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.start + range.start as u64, self.start + range.end as u64)
    }

    /// Lines and columns of a range of the bytes in memory.
    pub fn locate(&self, range: Range<usize>) -> Location {
        Locator::new(self).locate(range)
    }
}

/// Locates one range after the other, in the order of where they begin: what lies before is counted once for all of them.
#[derive(Debug)]
pub struct Locator<'w, 'a> {
    window: &'w Window<'a>,
    at: usize,
    line: LineStart,
}

impl<'w, 'a> Locator<'w, 'a> {
    /// At the beginning of `window`.
    pub fn new(window: &'w Window<'a>) -> Self {
        Self { window, at: 0, line: window.lines }
    }

    /// Lines and columns of a range of the bytes in memory; none that was asked for before may begin behind it.
    ///
    /// # Panics
    /// If one did.
    pub fn locate(&mut self, range: Range<usize>) -> Location {
        let Window { bytes, start, .. } = *self.window;
        self.line = self.line.after(&bytes[self.at..range.start], start + self.at as u64);
        self.at = range.start;
        // The last byte's line: a range that ends with a line break ends in the line it breaks.
        let last_byte = range.end.saturating_sub(1).max(range.start);
        let last = self.line.after(&bytes[range.start..last_byte], start + range.start as u64);
        let span = self.window.span(range);
        Location {
            span,
            line: self.line.number,
            column: span.start() - self.line.offset + 1,
            end_line: last.number,
            end_column: span.end() - last.offset + 1,
        }
    }
}

/// A stretch that a blob has in common with the one it is stored as a change of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Where it begins in that one.
    pub from: usize,
    /// Where it begins in the blob.
    pub to: usize,
    /// How long it is, in bytes.
    pub len: usize,
}

/// Takes blobs from a source. A source makes one visitor for each of its threads.
pub trait Visitor {
    /// Takes one window of the blob that `origin` names. The windows of one blob come in order, from one thread; the blob is
    /// complete with the window that [`Window::ends`].
    fn visit(&mut self, origin: &Origin, window: &Window<'_>);

    /// Where the source notes what it read, left out and failed to read.
    fn coverage(&mut self) -> &mut Coverage;

    /// Whether to show it no more: the user has had enough.
    fn is_done(&self) -> bool {
        false
    }

    /// The most bytes that a file of this name may have to be taken, where that is not the same for all files.
    fn largest(&self, _name: &PathName) -> Option<u64> {
        None
    }

    /// Notes something left out on purpose.
    fn skip(&mut self, why: Skipped, subject: &str) {
        self.coverage().skip(why, subject);
    }
}

/// Takes blobs that are stored as changes of others, and need be looked at only where they differ.
pub trait VersionVisitor: Visitor {
    /// What is remembered of a blob for those made from it.
    type Trace: Clone + Send;

    /// Takes a whole blob. `base` is what this or another visitor remembered of the blob that it was made from, with all that the two
    /// share, in the order of this one. What is returned is handed to the visitors of those made from this blob, of which there
    /// are some if `has_versions`; for nothing they get no base.
    fn visit_version(
        &mut self,
        origin: &Origin,
        bytes: &[u8],
        base: Option<(&Self::Trace, &[Shared])>,
        has_versions: bool,
    ) -> Option<Self::Trace>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let window = Window::whole(b"ab\ncdef\ng");
        let at = window.locate(3..5);
        assert_eq!((at.line, at.column, at.end_line, at.end_column), (2, 1, 2, 3));
        let across = window.locate(1..9);
        assert_eq!((across.line, across.column, across.end_line, across.end_column), (1, 2, 3, 2));
    }

    #[test]
    fn a_range_that_ends_with_a_line_break_ends_in_that_line() {
        let at = Window::whole(b"ab\ncd").locate(0..3);
        assert_eq!((at.end_line, at.end_column), (1, 4));
    }

    #[test]
    fn a_part_counts_on_from_where_it_begins() {
        let whole = b"one\ntwo three\nfour\nfive";
        let lines = LineStart::FIRST.after(&whole[..8], 0);
        let part = Window::part(&whole[8..], 8, 0..5, true, lines);
        assert_eq!(part.locate(0..5), Window::whole(whole).locate(8..13));
        assert_eq!(part.locate(6..10), Window::whole(whole).locate(14..18));
    }

    #[test]
    fn paths_that_are_not_utf8_stay_apart() {
        assert_eq!(PathName::new(*b"a\xff/b").to_text(), "a\\xff/b");
        assert_eq!(PathName::new(*b"a/b").file_name(), b"b");
    }
}
