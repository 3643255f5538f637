//! Logs read as they are: files, folders, globs and standard input, plain or packed, streamed in blocks of whole records.
//!
//! Memory does not depend on a log's size: a record longer than [`LONGEST`] is handed on in parts.

mod block;
mod document;
mod lines;
mod open;
mod out;
mod source;

use std::io::{self, Read};

pub(super) use block::{Block, Place, Records};
pub(super) use document::Document;
use lines::Lines;
use open::Opened;
pub use source::{Source, sources};

use super::{
    format::{self, Columns, Fields, Reading},
    time::Zone,
};

/// How many bytes are read at a time.
const BLOCK: usize = 1 << 20;
/// Longer records are read in parts, in bytes.
pub(super) const LONGEST: usize = 8 << 20;

/// One log, read block by block.
pub(super) struct Reader {
    opened: Opened,
    splitter: Splitter,
    /// The columns that the first line names.
    pub(super) columns: Option<Columns>,
}

enum Splitter {
    Lines(Lines),
    Document(Box<Document>),
}

impl Reader {
    /// Opens `source`; parts of a long record share `overlap` bytes.
    ///
    /// # Errors
    /// If it cannot be opened, or its first bytes cannot be read.
    pub(super) fn open(source: &Source, fields: &Fields, overlap: usize) -> io::Result<Self> {
        let opened = Opened::new(source)?;
        let first = opened.first();
        let columns = format::columns(first, fields);
        let quoted = columns.as_ref().is_some_and(Columns::quoted);
        let reading = Reading::new(Zone::default(), fields.clone());
        let is_record = |line: &[u8]| format::read(line, false, &reading).is_some();
        let splitter = if quoted {
            Splitter::Document(Box::new(Document::of_csv(overlap)))
        } else if document::begins(first, is_record) {
            Splitter::Document(Box::new(Document::new(overlap)))
        } else {
            Splitter::Lines(Lines::new(overlap))
        };
        Ok(Self { opened, splitter, columns })
    }

    /// The next block; nothing at the end.
    ///
    /// # Errors
    /// If the log cannot be read on: what was read before has been handed out.
    pub(super) fn next(&mut self) -> io::Result<Option<Block>> {
        match &mut self.splitter {
            Splitter::Lines(lines) => lines.next(&mut self.opened),
            Splitter::Document(document) => document.next(&mut self.opened),
        }
    }

    /// Takes a block back, so that its memory serves for the next one.
    pub(super) fn take_back(&mut self, block: Block) {
        if let (Splitter::Lines(lines), Records::Lines) = (&mut self.splitter, block.records) {
            lines.take_back(block.bytes);
        }
    }

    /// Whether it begins like text.
    pub(super) fn is_text(&self) -> bool {
        let first = self.opened.first();
        let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
        !first.contains(&0) && str::from_utf8(first).map_or_else(is_cut, |_| true)
    }

    /// How many bytes were read, unpacked.
    pub(super) fn bytes(&self) -> u64 {
        self.opened.position()
    }

    /// How many lines were read, where that is not counted block by block.
    pub(super) fn lines(&self) -> Option<u64> {
        match &self.splitter {
            Splitter::Document(document) => Some(document.lines()),
            Splitter::Lines(_) => None,
        }
    }

    /// Whether the log ended in the middle of a JSON document.
    pub(super) fn ended_early(&self) -> bool {
        matches!(&self.splitter, Splitter::Document(document) if document.ended_early())
    }
}

/// Reads up to `wanted` bytes behind `bytes`, fewer only at the end. What was read before an error is kept.
fn fill(source: &mut impl Read, bytes: &mut Vec<u8>, wanted: usize) -> io::Result<usize> {
    let from = bytes.len();
    bytes.resize(from + wanted, 0);
    let mut at = from;
    let outcome = loop {
        match source.read(&mut bytes[at..]) {
            Ok(0) => break Ok(at - from),
            Ok(read) => at += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
        if at == bytes.len() {
            break Ok(wanted);
        }
    };
    bytes.truncate(at);
    outcome
}

#[cfg(test)]
mod tests;
