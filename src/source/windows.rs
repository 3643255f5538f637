//! Reads a stream of any length in constant memory, and pushes it as windows.
//!
//! A short stream is one window. A long one is cut: each window owns its chunk and shows a margin on both sides, which the
//! next window reads again from memory.

use std::io::{self, Read};

use crate::blob::{LineStart, Window};

/// How many bytes of a long stream a window owns.
pub(super) const CHUNK: usize = 4 * 1024 * 1024;

/// A buffer that is used for one stream after another.
#[derive(Debug, Default)]
pub(super) struct Windows {
    buffer: Vec<u8>,
}

impl Windows {
    /// Reads `stream` to its end and shows it to `each`, with `margin` bytes around each window, until that says no. Gives the
    /// number of bytes read; what was read before an error has been shown.
    pub(super) fn push(
        &mut self,
        stream: &mut (impl Read + ?Sized),
        margin: usize,
        each: &mut dyn FnMut(&Window<'_>) -> bool,
    ) -> (u64, io::Result<()>) {
        // `buffer` holds the blob's bytes from `start`; of those, the first `seen` are the margin before the next window.
        let (mut start, mut seen, mut lines) = (0u64, 0usize, LineStart::FIRST);
        self.buffer.clear();
        loop {
            let wanted = seen + CHUNK + margin;
            let outcome = fill(stream, &mut self.buffer, wanted);
            let ends = !matches!(outcome, Ok(true));
            let owned_end = if ends { self.buffer.len() } else { self.buffer.len() - margin };
            let goes_on = each(&Window::part(&self.buffer, start, seen..owned_end, ends, lines));
            if ends {
                return (start + self.buffer.len() as u64, outcome.map(|_| ()));
            }
            if !goes_on {
                return (start + owned_end as u64, Err(io::ErrorKind::Interrupted.into()));
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
fn fill(stream: &mut (impl Read + ?Sized), buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let missing = (wanted - buffer.len()) as u64;
    stream.take(missing).read_to_end(buffer)?;
    Ok(buffer.len() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::Location;

    #[derive(Default)]
    struct Pieces {
        whole: Vec<u8>,
        ends: Vec<bool>,
        last_byte: Option<Location>,
    }

    impl Pieces {
        fn take(&mut self, window: &Window<'_>) -> bool {
            assert_eq!(window.span(window.owned()).start(), self.whole.len() as u64, "windows adjoin");
            self.whole.extend_from_slice(&window.bytes()[window.owned()]);
            self.ends.push(window.ends());
            let owned = window.owned();
            self.last_byte = (!owned.is_empty()).then(|| window.locate(owned.end - 1..owned.end)).or(self.last_byte);
            true
        }
    }

    #[test]
    fn a_long_stream_is_cut_into_adjoining_windows() {
        let line = b"0123456789\n";
        let bytes: Vec<u8> = line.iter().copied().cycle().take(2 * CHUNK + 12345).collect();
        let mut pieces = Pieces::default();
        let (read, outcome) = Windows::default().push(&mut &bytes[..], 1000, &mut |window| pieces.take(window));
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
        let mut windows = Windows::default();
        for length in [CHUNK + 5, 0, 7, 3 * CHUNK, 64 * 1024, 1] {
            let bytes = vec![b'x'; length];
            let mut pieces = Pieces::default();
            windows.push(&mut &bytes[..], 100, &mut |window| pieces.take(window)).1.unwrap();
            assert!(pieces.whole == bytes, "{length}");
        }
    }

    #[test]
    fn an_empty_stream_is_one_empty_window() {
        let mut pieces = Pieces::default();
        Windows::default().push(&mut io::empty(), 10, &mut |window| pieces.take(window)).1.unwrap();
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
        let (read, outcome) = Windows::default().push(&mut Broken(0), 10, &mut |window| pieces.take(window));
        assert!(outcome.is_err());
        assert_eq!((read, pieces.whole.as_slice()), (6, b"abcabc".as_slice()));
    }

    #[test]
    fn who_has_had_enough_is_shown_no_more() {
        let mut shown = 0;
        let mut enough = |_: &Window<'_>| {
            shown += 1;
            false
        };
        let (read, outcome) = Windows::default().push(&mut io::repeat(b'x'), 10, &mut enough);
        assert_eq!((read, outcome.unwrap_err().kind(), shown), (CHUNK as u64, io::ErrorKind::Interrupted, 1));
    }
}
