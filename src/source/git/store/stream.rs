//! What is too large for memory, inflated bit by bit.

use std::io::{self, BufRead, Read};

use gix::zlib::{Decompress, FlushDecompress, Status};

/// What comes out of a zlib stream.
pub(super) struct Inflated<R> {
    input: R,
    inflate: Decompress,
    ended: bool,
}

impl<R: BufRead> Inflated<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, inflate: Decompress::new(), ended: false }
    }
}

impl<R: BufRead> Read for Inflated<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !out.is_empty() {
            let input = self.input.fill_buf()?;
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, out, FlushDecompress::None);
            let status = status.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            let after = (self.inflate.total_in(), self.inflate.total_out());
            self.ended = status == Status::StreamEnd;
            self.input.consume(usize::try_from(after.0 - before.0).unwrap_or(0));
            if after.1 > before.1 {
                return Ok(usize::try_from(after.1 - before.1).unwrap_or(0));
            }
            if after == before && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}
