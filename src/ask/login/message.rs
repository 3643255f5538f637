//! What a server sent, read from its front.

use crate::net::Failure;

/// How long a message may be, in bytes.
pub(super) const MOST: usize = 64 << 10;

/// The rest of a message. Whoever reads beyond its end finds it broken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'m>(&'m [u8]);

impl<'m> Message<'m> {
    pub(super) fn new(bytes: &'m [u8]) -> Self {
        Self(bytes)
    }

    /// All that is left.
    pub(super) fn rest(self) -> &'m [u8] {
        self.0
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'m [u8], Failure> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Failure::Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Failure::Broken)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Failure> {
        self.array().map(|[byte]| byte)
    }

    /// What stands before the next zero byte, which is passed over.
    pub(super) fn text(&mut self) -> Result<&'m [u8], Failure> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(Failure::Broken)?;
        let text = self.take(end)?;
        self.take(1)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_beyond_the_end() {
        let mut message = Message::new(b"ab\0cd");
        assert_eq!(message.text(), Ok(&b"ab"[..]));
        assert_eq!(message.text(), Err(Failure::Broken));
        assert_eq!(message.array::<3>(), Err(Failure::Broken));
        assert_eq!(message.byte(), Ok(b'c'));
        assert_eq!(message.take(usize::MAX), Err(Failure::Broken));
        assert_eq!(message.rest(), b"d");
    }
}
