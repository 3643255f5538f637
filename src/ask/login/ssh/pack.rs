//! The data types that SSH messages and keys are made of, taken apart and put together.
//!
//! <https://www.rfc-editor.org/rfc/rfc4251#section-5>. What the messages say is left to those who send and receive them.

/// Takes bytes apart. Each part is nothing where the bytes are too few for it, or are something else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// One that begins at the first of `bytes`.
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes.
    pub(super) fn raw(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    /// A byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.raw(1)?.first().copied()
    }

    /// A yes or no.
    pub(super) fn flag(&mut self) -> Option<bool> {
        self.byte().map(|byte| byte != 0)
    }

    /// A number of 32 bits.
    pub(super) fn number(&mut self) -> Option<u32> {
        self.raw(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Bytes after their length.
    pub(super) fn string(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.raw(usize::try_from(length).ok()?)
    }

    /// Text after its length: a name, or names with commas between them.
    pub(super) fn text(&mut self) -> Option<&'b str> {
        str::from_utf8(self.string()?).ok()
    }

    /// A whole number above zero, without the zero bytes that it may begin with.
    pub(super) fn integer(&mut self) -> Option<&'b [u8]> {
        magnitude(self.string()?)
    }

    /// Nothing, unless all bytes are read.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// What is left of a whole number in two's complement without its leading zeros; nothing where it is zero or negative.
pub(super) fn magnitude(integer: &[u8]) -> Option<&[u8]> {
    let is_negative = integer.first().is_some_and(|byte| byte & 0x80 != 0);
    let start = integer.iter().position(|byte| *byte != 0)?;
    (!is_negative).then(|| &integer[start..])
}

/// Puts bytes together.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A message of the kind `number`.
    pub(super) fn message(number: u8) -> Self {
        Self(vec![number])
    }

    /// Adds bytes as they are.
    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a byte.
    pub(super) fn byte(self, byte: u8) -> Self {
        self.raw(&[byte])
    }

    /// Adds a number of 32 bits.
    pub(super) fn number(self, number: u32) -> Self {
        self.raw(&number.to_be_bytes())
    }

    /// Adds bytes after their length, of which there are never 4 GiB.
    pub(super) fn string(self, bytes: &[u8]) -> Self {
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// Adds a whole number, given without its sign.
    pub(super) fn integer(self, unsigned: &[u8]) -> Self {
        let start = unsigned.iter().position(|byte| *byte != 0).unwrap_or(unsigned.len());
        let digits = &unsigned[start..];
        if digits.first().is_some_and(|byte| byte & 0x80 != 0) {
            return self.string(&[&[0], digits].concat());
        }
        self.string(digits)
    }

    /// Adds names with commas between them.
    pub(super) fn names(self, names: &[&str]) -> Self {
        self.string(names.join(",").as_bytes())
    }

    /// What was put together.
    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 4251, section 5, but for the negative ones.
    #[test]
    fn numbers_are_written_as_in_the_rfc() {
        let written = |number: &[u8]| Writer::default().integer(number).done();
        assert_eq!(written(&[0]), [0, 0, 0, 0]);
        assert_eq!(
            written(&[0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]),
            [0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]
        );
        assert_eq!(written(&[0x80]), [0, 0, 0, 2, 0, 0x80]);
        assert_eq!(Writer::default().names(&["zlib", "none"]).done(), *b"\0\0\0\x09zlib,none");
    }

    #[test]
    fn what_is_written_is_read() {
        let written =
            Writer::message(7).byte(1).number(9).string(b"text").integer(&[0, 0x81, 2]).names(&["a", "b"]).done();
        let mut reader = Reader::new(&written);
        assert_eq!((reader.byte(), reader.flag(), reader.number()), (Some(7), Some(true), Some(9)));
        assert_eq!((reader.string(), reader.integer()), (Some(&b"text"[..]), Some(&[0x81, 2][..])));
        assert_eq!((reader.text(), reader.end()), (Some("a,b"), Some(())));
    }

    #[test]
    fn too_few_bytes_are_nothing() {
        let string = Writer::default().string(b"text").done();
        for length in 0..string.len() {
            assert_eq!(Reader::new(&string[..length]).string(), None);
        }
        assert_eq!(Reader::new(&[0xff; 8]).string(), None);
        assert_eq!(Reader::new(&[0, 0, 0, 1, 0xff]).text(), None);
        assert_eq!(Reader::new(&string).end(), None);
    }

    #[test]
    fn only_what_is_above_zero_is_an_integer() {
        assert_eq!(magnitude(&[0, 0, 1, 0]), Some(&[1, 0][..]));
        assert_eq!((magnitude(&[]), magnitude(&[0]), magnitude(&[0x80])), (None, None, None));
    }
}
