//! As much of DER as private keys are written in.
//!
//! <https://www.itu.int/rec/T-REC-X.690>. What a key's parts mean is left to [`super::key`].

/// The tag of a whole number.
pub(super) const INTEGER: u8 = 0x02;
/// The tag of bits.
pub(super) const BIT_STRING: u8 = 0x03;
/// The tag of bytes.
pub(super) const OCTET_STRING: u8 = 0x04;
/// The tag of a registered name.
pub(super) const OBJECT: u8 = 0x06;
/// The tag of parts in a row.
pub(super) const SEQUENCE: u8 = 0x30;
/// The tag of the first part that may be left out.
pub(super) const FIRST: u8 = 0xa0;
/// The tag of the second.
pub(super) const SECOND: u8 = 0xa1;

/// Takes a structure apart. Each part is nothing where the next is another, or has fewer bytes than it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// One that begins at the first of `bytes`.
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes of the next part, which has `tag`.
    pub(super) fn part(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (_, after_tag) = self.0.split_first().filter(|(first, _)| **first == tag)?;
        let (length, after_length) = length(after_tag)?;
        let (part, left) = after_length.split_at_checked(length)?;
        self.0 = left;
        Some(part)
    }

    /// The next part, which has `tag` and parts of its own.
    pub(super) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.part(tag).map(Self)
    }
}

/// A length of up to four bytes, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, left) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), left));
    }
    let (digits, left) = left.split_at_checked(usize::from(first & 0x7f))?;
    let fits = (1..=4).contains(&digits.len());
    fits.then(|| (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_in_turn() {
        let mut outer = Der::new(&[SEQUENCE, 7, INTEGER, 1, 5, OCTET_STRING, 2, 6, 7, 9]);
        let mut inner = outer.inside(SEQUENCE).unwrap();
        assert_eq!(inner.part(OBJECT), None);
        assert_eq!(inner.part(INTEGER), Some(&[5][..]));
        assert_eq!(inner.part(OCTET_STRING), Some(&[6, 7][..]));
        assert_eq!(inner.part(INTEGER), None);
    }

    #[test]
    fn lengths_may_be_long_but_not_longer_than_what_is_there() {
        let long = [&[INTEGER, 0x82, 1, 0][..], &[7; 256]].concat();
        assert_eq!(Der::new(&long).part(INTEGER).map(<[u8]>::len), Some(256));
        for length in 0..long.len() {
            assert_eq!(Der::new(&long[..length]).part(INTEGER), None);
        }
        for wrong in [&[INTEGER, 0x80, 0][..], &[INTEGER, 0x85, 0, 0, 0, 0, 1, 7], &[INTEGER, 0x84, 255, 255, 255, 255]]
        {
            assert_eq!(Der::new(wrong).part(INTEGER), None);
        }
    }
}
