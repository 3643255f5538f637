//! Lines, cut into blocks at line breaks.

use std::io;

use super::{
    BLOCK, LONGEST,
    block::{Block, Part, Records},
    fill,
    open::Opened,
};

pub(super) struct Lines {
    /// What was read and not handed out.
    rest: Vec<u8>,
    /// Within a line of which parts were handed out, how much of `rest` was among them.
    long: Option<usize>,
    /// How many bytes two parts share.
    overlap: usize,
    ended: bool,
    /// Buffers that were handed out and have come back: a new one costs more than what is done with it.
    spare: Vec<Vec<u8>>,
    /// An error that comes after what was read before it.
    failed: Option<io::Error>,
}

impl Lines {
    pub(super) fn new(overlap: usize) -> Self {
        Self { rest: Vec::new(), long: None, overlap, ended: false, spare: Vec::new(), failed: None }
    }

    /// Takes a buffer back.
    pub(super) fn take_back(&mut self, bytes: Vec<u8>) {
        self.spare.push(bytes);
    }

    pub(super) fn next(&mut self, opened: &mut Opened) -> io::Result<Option<Block>> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.rest);
        while !self.ended {
            let from = bytes.len();
            match fill(opened, &mut bytes, BLOCK) {
                Ok(read) => self.ended = read < BLOCK,
                Err(error) => (self.ended, self.failed) = (true, Some(error)),
            }
            if let Some(shared) = self.long {
                return Ok(Some(self.part(bytes, shared)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes[from..]) {
                self.rest = bytes.split_off(from + end + 1);
                return Ok(Some(Block { bytes, records: Records::Lines }));
            }
            if bytes.len() >= LONGEST {
                self.long = Some(0);
                return Ok(Some(self.part(bytes, 0)));
            }
        }
        if bytes.len() > self.long.unwrap_or(0) {
            if let Some(shared) = self.long {
                return Ok(Some(self.part(bytes, shared)));
            }
            return Ok(Some(Block { bytes, records: Records::Lines }));
        }
        if self.long.take().is_some() {
            let part = Part { line: None, last: true };
            return Ok(Some(Block { bytes: Vec::new(), records: Records::Part(part) }));
        }
        self.failed.take().map_or(Ok(None), Err)
    }

    /// The part of a long line that `bytes` begins with, the first `shared` of which were handed out already.
    fn part(&mut self, mut bytes: Vec<u8>, shared: usize) -> Block {
        let last = memchr::memchr(b'\n', &bytes[shared..]);
        if let Some(end) = last {
            self.rest = bytes.split_off(shared + end + 1);
            self.long = None;
        } else {
            self.rest = bytes[bytes.len().saturating_sub(self.overlap)..].to_vec();
            self.long = Some(self.rest.len());
        }
        Block { bytes, records: Records::Part(Part { line: None, last: last.is_some() }) }
    }
}
