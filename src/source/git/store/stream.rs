//! Blobs too large for memory, inflated bit by bit and shown in windows.

use std::{
    io::{self, BufRead, Read},
    ops::Range,
};

use gix::zlib::{Decompress, FlushDecompress, Status};

use crate::blob::{LineStart, Window};

/// How a large blob is cut.
#[derive(Clone, Copy, Debug)]
pub(in crate::source::git) struct Cut {
    /// How much each window owns.
    pub(in crate::source::git) own: usize,
    /// How much it sees beyond that, on both sides.
    pub(in crate::source::git) margin: usize,
}

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

/// Shows what is read, which should be `size` bytes, in windows. However it ends, the last window ends the blob.
pub(in crate::source::git) fn show(
    mut input: impl Read,
    size: u64,
    cut: Cut,
    each: &mut dyn FnMut(&Window<'_>),
) -> Result<(), io::Error> {
    let mut buffer = Vec::new();
    let (mut start, mut owned, mut lines) = (0u64, 0, LineStart::FIRST);
    loop {
        let wanted = owned + cut.own + cut.margin;
        let missing = (wanted - buffer.len()) as u64;
        let result = (&mut input).take(missing).read_to_end(&mut buffer);
        let read = start + buffer.len() as u64;
        let ends = result.is_err() || buffer.len() < wanted || read > size;
        let range: Range<usize> = owned..if ends { buffer.len() } else { owned + cut.own };
        each(&Window::part(&buffer, start, range.clone(), ends, lines));
        if ends {
            let matches = if read == size { Ok(()) } else { Err(io::Error::other("it is not as large as it says")) };
            return result.and(matches);
        }
        let dropped = range.end.saturating_sub(cut.margin);
        lines = lines.after(&buffer[..dropped], start);
        buffer.drain(..dropped);
        start += dropped as u64;
        owned = range.end - dropped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of these bytes: the owned parts together, and how many windows.
    fn shown(bytes: &[u8], size: u64, cut: Cut) -> (Vec<u8>, usize, bool) {
        let (mut all, mut windows, mut ended) = (Vec::new(), 0, false);
        let result = show(bytes, size, cut, &mut |window| {
            assert!(!ended);
            let owned = window.owned();
            assert_eq!(window.start() + owned.start as u64, all.len() as u64);
            assert!(window.begins() || owned.start == cut.margin);
            assert!(window.ends() || window.bytes().len() - owned.end == cut.margin);
            let place = window.locate(owned.start..owned.start);
            let before = &bytes[..all.len()];
            assert_eq!(place.line, memchr::memchr_iter(b'\n', before).count() as u64 + 1);
            all.extend_from_slice(&window.bytes()[owned]);
            (windows, ended) = (windows + 1, window.ends());
        });
        assert!(ended);
        (all, windows, result.is_ok())
    }

    #[test]
    fn windows_cover_a_blob_once() {
        let bytes: Vec<u8> = (0..100u8).map(|at| if at % 7 == 0 { b'\n' } else { at }).collect();
        for len in 0..=100 {
            for cut in [Cut { own: 10, margin: 3 }, Cut { own: 3, margin: 10 }, Cut { own: 50, margin: 0 }] {
                let (all, windows, fits) = shown(&bytes[..len], len as u64, cut);
                assert!(fits && all == bytes[..len], "{len} {cut:?}");
                assert!(windows <= len / cut.own + 1);
            }
        }
    }

    #[test]
    fn a_blob_of_another_size_than_it_says_is_shown_and_refused() {
        let cut = Cut { own: 10, margin: 3 };
        assert!(!shown(&[0; 40], 41, cut).2);
        assert!(!shown(&[0; 40], 39, cut).2);
    }
}
