//! Delta instructions: how an object is put together from stretches of its base and new bytes.
//!
//! The format is described in git's `gitformat-pack(5)`, "Deltified representation".

use std::io::{self, Read, Write};

use super::bytes::Bytes;
use crate::blob::Shared;

/// What a delta says before its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sizes {
    base: u64,
    result: u64,
}

/// One instruction.
enum Step {
    Copy { from: u64, len: usize },
    Insert { len: usize },
}

/// Why a delta makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the delta ends early")]
    Truncated,
    #[error("the delta is for a base of another size")]
    OtherBase,
    #[error("the delta copies from outside of its base")]
    OutsideBase,
    #[error("the delta makes an object of another size than it says")]
    OtherSize,
    #[error("the delta has an instruction that is not defined")]
    Reserved,
}

/// The size of the object that `delta` makes.
pub(super) fn result_size(delta: &[u8]) -> Result<u64, Malformed> {
    sizes(&mut &*delta).map(|sizes| sizes.result)
}

/// Puts the object together that `delta` makes of `base`, in memory. `shared` becomes the stretches that both have, in the
/// order of the object; adjoining ones are one.
pub(super) fn apply(
    base: &[u8],
    mut delta: &[u8],
    out: &mut Vec<u8>,
    shared: &mut Vec<Shared>,
) -> Result<(), Malformed> {
    out.clear();
    shared.clear();
    let sizes = sizes(&mut delta)?;
    if sizes.base != base.len() as u64 {
        return Err(Malformed::OtherBase);
    }
    let size = usize::try_from(sizes.result).map_err(|_| Malformed::OtherSize)?;
    out.reserve(size);
    while let Some(step) = next_step(&mut delta)? {
        match step {
            Step::Copy { from, len } => {
                let from = usize::try_from(from).map_err(|_| Malformed::OutsideBase)?;
                let copied = from.checked_add(len).and_then(|end| base.get(from..end));
                add_shared(shared, Shared { from, to: out.len(), len });
                extend(out, copied.ok_or(Malformed::OutsideBase)?, size)?;
            }
            Step::Insert { len } => {
                let (inserted, rest) = delta.split_at_checked(len).ok_or(Malformed::Truncated)?;
                extend(out, inserted, size)?;
                delta = rest;
            }
        }
    }
    if out.len() == size { Ok(()) } else { Err(Malformed::OtherSize) }
}

fn extend(out: &mut Vec<u8>, bytes: &[u8], size: usize) -> Result<(), Malformed> {
    if bytes.len() > size - out.len() {
        return Err(Malformed::OtherSize);
    }
    out.extend_from_slice(bytes);
    Ok(())
}

fn add_shared(shared: &mut Vec<Shared>, next: Shared) {
    match shared.last_mut() {
        Some(last) if last.from + last.len == next.from && last.to + last.len == next.to => last.len += next.len,
        _ => shared.push(next),
    }
}

/// The same for what need not fit into memory: reads the instructions from `delta` and writes the object to `out`. Gives its
/// size, at most `most`.
pub(super) fn apply_streaming(base: &Bytes, delta: &mut impl Read, out: &mut dyn Write, most: u64) -> io::Result<u64> {
    let invalid = |why: Malformed| io::Error::new(io::ErrorKind::InvalidData, why);
    let sizes = Sizes { base: read_size(delta)?, result: read_size(delta)? };
    if sizes.base != base.len() {
        return Err(invalid(Malformed::OtherBase));
    }
    if sizes.result > most {
        return Err(io::Error::other("it is too large to be put together"));
    }
    let mut written = 0u64;
    let mut piece = Vec::new();
    while let Some(op) = read_byte(delta)? {
        match read_step(op, delta)? {
            Step::Copy { from, len } => {
                let inside = from.checked_add(len as u64).is_some_and(|end| end <= base.len());
                if !inside {
                    return Err(invalid(Malformed::OutsideBase));
                }
                base.read_at(from, len, &mut piece)?;
            }
            Step::Insert { len } => {
                piece.resize(len, 0);
                delta.read_exact(&mut piece)?;
            }
        }
        written += piece.len() as u64;
        if written > sizes.result {
            return Err(invalid(Malformed::OtherSize));
        }
        out.write_all(&piece)?;
    }
    if written == sizes.result { Ok(written) } else { Err(invalid(Malformed::OtherSize)) }
}

fn read_byte(input: &mut impl Read) -> io::Result<Option<u8>> {
    let mut byte = [0];
    Ok((input.read(&mut byte)? == 1).then_some(byte[0]))
}

fn read_size(input: &mut impl Read) -> io::Result<u64> {
    let mut bytes = Vec::new();
    loop {
        bytes.push(read_byte(input)?.ok_or(io::ErrorKind::UnexpectedEof)?);
        if bytes.last().is_some_and(|byte| byte & 0x80 == 0) || bytes.len() > 10 {
            return varint(&mut &*bytes).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
}

fn read_step(op: u8, input: &mut impl Read) -> io::Result<Step> {
    let mut bytes = [op, 0, 0, 0, 0, 0, 0, 0];
    let more = if op & 0x80 == 0 { 0 } else { (op & 0x7f).count_ones() as usize };
    input.read_exact(&mut bytes[1..=more])?;
    let step = next_step(&mut &bytes[..=more]).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
    step.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn sizes(delta: &mut &[u8]) -> Result<Sizes, Malformed> {
    Ok(Sizes { base: varint(delta)?, result: varint(delta)? })
}

/// Seven bits a byte, the lowest first; the highest bit says that there are more.
fn varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed::Truncated)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed::OtherSize)
}

/// Takes an instruction off the front of `delta`; what an insertion inserts is left there.
#[inline]
fn next_step(delta: &mut &[u8]) -> Result<Option<Step>, Malformed> {
    let Some((&op, mut rest)) = delta.split_first() else { return Ok(None) };
    if op & 0x80 == 0 {
        *delta = rest;
        return if op == 0 { Err(Malformed::Reserved) } else { Ok(Some(Step::Insert { len: usize::from(op) })) };
    }
    // Bits 0 to 3 say which bytes of the offset are there, bits 4 to 6 which of the length.
    let mut field = |bits: std::ops::Range<u8>| {
        let first = bits.start;
        let mut value = 0u64;
        for bit in bits {
            if op >> bit & 1 == 1 {
                let (&byte, behind) = rest.split_first().ok_or(Malformed::Truncated)?;
                rest = behind;
                value |= u64::from(byte) << (8 * (bit - first));
            }
        }
        Ok(value)
    };
    let (from, len) = (field(0..4)?, field(4..7)?);
    *delta = rest;
    let len = if len == 0 { 0x1_0000 } else { usize::try_from(len).unwrap_or(usize::MAX) };
    Ok(Some(Step::Copy { from, len }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A delta of these instructions: copies as offset and length, or bytes to insert.
    fn delta(base: usize, result: usize, steps: &[Result<(u32, u32), &[u8]>]) -> Vec<u8> {
        let mut out = Vec::new();
        for mut size in [base, result] {
            while size >= 0x80 {
                out.push(u8::try_from(size & 0x7f).unwrap() | 0x80);
                size >>= 7;
            }
            out.push(u8::try_from(size).unwrap());
        }
        for step in steps {
            match step {
                Ok((from, len)) => {
                    let bytes = [&from.to_le_bytes()[..], &len.to_le_bytes()[..3]].concat();
                    let bits = (0..7).filter(|&at| bytes[at] != 0);
                    out.push(bits.clone().fold(0x80, |op, at| op | 1 << at));
                    out.extend(bits.map(|at| bytes[at]));
                }
                Err(inserted) => {
                    out.push(u8::try_from(inserted.len()).unwrap());
                    out.extend_from_slice(inserted);
                }
            }
        }
        out
    }

    fn applied(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Shared>), Malformed> {
        let (mut out, mut shared) = (Vec::new(), Vec::new());
        apply(base, delta, &mut out, &mut shared).map(|()| (out, shared))
    }

    #[test]
    fn copies_and_insertions_are_put_together() {
        let delta = delta(10, 9, &[Ok((4, 3)), Ok((7, 1)), Err(b"xy"), Ok((0, 3))]);
        let (out, shared) = applied(b"0123456789", &delta).unwrap();
        assert_eq!(out, b"4567xy012");
        let stretch = |from, to, len| Shared { from, to, len };
        assert_eq!(shared, [stretch(4, 0, 4), stretch(0, 6, 3)]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let base = b"0123456789";
        assert_eq!(applied(base, &delta(9, 1, &[Ok((0, 1))])), Err(Malformed::OtherBase));
        assert_eq!(applied(base, &delta(10, 2, &[Ok((9, 2))])), Err(Malformed::OutsideBase));
        assert_eq!(applied(base, &delta(10, 1, &[Ok((0, 2))])), Err(Malformed::OtherSize));
        assert_eq!(applied(base, &delta(10, 3, &[Ok((0, 2))])), Err(Malformed::OtherSize));
        assert_eq!(applied(base, &[10, 1, 0]), Err(Malformed::Reserved));
        assert_eq!(applied(base, &[10, 1, 5, b'x']), Err(Malformed::Truncated));
        assert_eq!(applied(base, &[10]), Err(Malformed::Truncated));
    }

    proptest! {
        /// Both ways to apply a delta agree, on anything.
        #[test]
        fn streaming_gives_the_same(
            base in prop::collection::vec(any::<u8>(), 0..40),
            steps in prop::collection::vec(any::<u8>(), 0..60),
            result in 0..60u8,
        ) {
            let delta = [&[u8::try_from(base.len()).unwrap(), result][..], &steps].concat();
            let mut out = Vec::new();
            let streamed = apply_streaming(&Bytes::Memory(base.clone()), &mut &*delta, &mut out, 60);
            match applied(&base, &delta) {
                Ok((expected, _)) => prop_assert!(streamed.is_ok() && out == expected),
                Err(_) => prop_assert!(streamed.is_err()),
            }
        }
    }
}
