//! Reads a stream of any length in constant memory, and pushes it as windows.
//!
//! A short stream is one window. A long one is cut: each window owns its chunk and shows a margin on both sides, which the
//! next window reads again from memory.

use std::io::{self, Read};

use crate::blob::{LineStart, Origin, Visitor, Window};

/// How many bytes of a long stream a window owns.
pub(super) const CHUNK: usize = 4 * 1024 * 1024;

/// A buffer that is used for one stream after another.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// Reads `stream` to its end and pushes it to `visitor`, with `margin` bytes around each window. Gives the
    /// number of bytes read; what was read before an error has been pushed.
    pub(super) fn push(
        &mut self,
        stream: &mut impl Read,
        origin: &Origin,
        margin: usize,
        visitor: &mut impl Visitor,
    ) -> (u64, io::Result<()>) {
        // `buffer` holds the blob's bytes from `start`; of those, the first `seen` are the margin before the next window.
        let (mut start, mut seen, mut lines) = (0u64, 0usize, LineStart::FIRST);
        self.buffer.clear();
        loop {
            let wanted = seen + CHUNK + margin;
            let outcome = fill(stream, &mut self.buffer, wanted);
            let ends = !matches!(outcome, Ok(true));
            let owned_end = if ends { self.buffer.len() } else { self.buffer.len() - margin };
            let window = Window::part(&self.buffer, start, seen..owned_end, ends, lines);
            visitor.visit(origin, &window);
            if ends {
                return (start + self.buffer.len() as u64, outcome.map(|_| ()));
            }
            let cut = owned_end.saturating_sub(margin);
            lines = lines.after(&self.buffer[..cut], start);
            self.buffer.drain(..cut);
            start += cut as u64;
            seen = owned_end - cut;
        }
    }
}

/// Reads until `buffer` holds `wanted` bytes: `true`, or the stream ends: `false`.
fn fill(stream: &mut impl Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let missing = (wanted - buffer.len()) as u64;
    stream.take(missing).read_to_end(buffer)?;
    Ok(buffer.len() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{coverage::Coverage, location::Location};

    #[derive(Default)]
    struct Pieces {
        whole: Vec<u8>,
        ends: Vec<bool>,
        last_byte: Option<Location>,
        coverage: Coverage,
    }

    impl Visitor for Pieces {
        fn visit(&mut self, _: &Origin, window: &Window<'_>) {
            assert_eq!(window.span(window.owned()).start(), self.whole.len() as u64, "windows adjoin");
            self.whole.extend_from_slice(&window.bytes()[window.owned()]);
            self.ends.push(window.ends());
            let owned = window.owned();
            self.last_byte = (!owned.is_empty()).then(|| window.locate(owned.end - 1..owned.end)).or(self.last_byte);
        }

        fn coverage(&mut self) -> &mut Coverage {
            &mut self.coverage
        }
    }

    #[test]
    fn a_long_stream_is_cut_into_adjoining_windows() {
        let line = b"0123456789\n";
        let bytes: Vec<u8> = line.iter().copied().cycle().take(2 * CHUNK + 12345).collect();
        let mut pieces = Pieces::default();
        let (read, outcome) = Reader::default().push(&mut &bytes[..], &Origin::Stdin, 1000, &mut pieces);
        assert!(outcome.is_ok());
        assert_eq!(read, bytes.len() as u64);
        assert!(pieces.whole == bytes);
        assert_eq!(pieces.ends.iter().filter(|&&ends| ends).count(), 1);
        assert!(pieces.ends.len() >= 3);
        let last = bytes.len() - 1;
        assert_eq!(pieces.last_byte, Some(Window::whole(&bytes).locate(last..last + 1)));
    }

    #[test]
    fn a_short_stream_behind_a_long_one_is_itself() {
        let mut reader = Reader::default();
        for length in [CHUNK + 5, 0, 7, 3 * CHUNK, 64 * 1024, 1] {
            let bytes = vec![b'x'; length];
            let mut pieces = Pieces::default();
            reader.push(&mut &bytes[..], &Origin::Stdin, 100, &mut pieces).1.unwrap();
            assert!(pieces.whole == bytes, "{length}");
        }
    }

    #[test]
    fn an_empty_stream_is_one_empty_window() {
        let mut pieces = Pieces::default();
        Reader::default().push(&mut io::empty(), &Origin::Stdin, 10, &mut pieces).1.unwrap();
        assert_eq!(pieces.ends, [true]);
    }

    #[test]
    fn what_was_read_before_an_error_is_pushed() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 2 {
                    return Err(io::Error::other("gone"));
                }
                buffer[..3].copy_from_slice(b"abc");
                Ok(3)
            }
        }
        let mut pieces = Pieces::default();
        let (read, outcome) = Reader::default().push(&mut Broken(0), &Origin::Stdin, 10, &mut pieces);
        assert!(outcome.is_err());
        assert_eq!((read, pieces.whole.as_slice()), (6, b"abcabc".as_slice()));
    }
}
