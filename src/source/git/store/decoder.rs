//! Decodes one pack entry at a time: a whole object from its zlib stream, or a delta applied to its base.

use std::io::{self, Read};

use gix::odb::pack::data::{Entry, entry::Header};

use super::{
    bytes::{Bytes, MOST_IN_ONE_PIECE},
    delta::{self, Malformed},
    pack::Pack,
    stream::Inflated,
};
use crate::blob::Shared;

/// The largest object stored as a delta that is put together at all. git stores nothing over 512 MB as one unless told to.
const MOST_DELTIFIED: u64 = 8 << 30;
/// zlib cannot make more of a byte than this.
pub(super) const MOST_EXPANSION: u64 = 1040;

/// Why an entry cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum Corrupt {
    #[error("its compressed bytes are corrupt")]
    Compressed,
    #[error("its delta makes no sense: {0}")]
    Delta(#[from] Malformed),
    #[error("its size makes no sense")]
    Size,
    #[error("it is too large for memory")]
    Large,
    #[error("its header makes no sense")]
    Header,
    #[error("what it is a delta of cannot be read")]
    Base,
    #[error("its chain of deltas is too long")]
    Depth,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// One thread's means of decoding, with buffers that are used again.
pub(super) struct Decoder {
    inflater: libdeflater::Decompressor,
    /// Inflated delta instructions.
    delta: Vec<u8>,
    spare: Vec<Vec<u8>>,
    /// Objects and deltas larger than this do not stay in memory.
    most_in_memory: u64,
}

/// How much memory all threads together spend on objects that they have decoded.
const MEMORY: u64 = 64 << 20;
/// The least that is of use to one.
const LEAST_MEMORY: u64 = 4 << 20;

/// How much of it one thread may spend.
pub(super) fn share_of_memory() -> u64 {
    let threads = rayon::current_num_threads().max(1) as u64;
    (MEMORY / threads).max(LEAST_MEMORY)
}

/// How many buffers are kept for later.
const MOST_SPARE: usize = 8;
/// Larger buffers are not kept.
const MOST_KEPT: usize = 4 << 20;

impl Decoder {
    /// The decoder of one of as many threads as there are.
    pub(super) fn for_thread() -> Self {
        // An object, its base and its delta are in memory at the same time.
        let most_in_memory = share_of_memory() / 3;
        Self { inflater: libdeflater::Decompressor::new(), delta: Vec::new(), spare: Vec::new(), most_in_memory }
    }

    /// The size of the largest object that stays in memory.
    pub(super) fn most_in_memory(&self) -> u64 {
        self.most_in_memory
    }

    /// Whether an object of this size stays in memory.
    pub(super) fn keeps(&self, size: u64) -> bool {
        size <= self.most_in_memory
    }

    /// Decodes an entry that is no delta.
    pub(super) fn whole(&mut self, pack: &Pack, entry: &Entry) -> Result<Bytes, Corrupt> {
        let input = pack.compressed(entry);
        // Trees, commits and tags are needed in one piece.
        if entry.header == Header::Blob && !self.keeps(entry.decompressed_size) {
            return spill_inflated(input, entry.decompressed_size);
        }
        if entry.decompressed_size > MOST_IN_ONE_PIECE {
            return Err(Corrupt::Large);
        }
        let mut out = self.spare.pop().unwrap_or_default();
        inflate(&mut self.inflater, input, entry.decompressed_size, &mut out)?;
        Ok(Bytes::Memory(out))
    }

    /// Decodes a delta. `shared` becomes what the object has in common with its base, where both are in memory.
    pub(super) fn apply(
        &mut self,
        pack: &Pack,
        entry: &Entry,
        base: &Bytes,
        shared: &mut Vec<Shared>,
    ) -> Result<Bytes, Corrupt> {
        shared.clear();
        let input = pack.compressed(entry);
        if !self.keeps(entry.decompressed_size) {
            return spill_applied(base, Inflated::new(input));
        }
        inflate(&mut self.inflater, input, entry.decompressed_size, &mut self.delta)?;
        let size = delta::result_size(&self.delta)?;
        match base {
            Bytes::Memory(base) if self.keeps(size) => {
                let mut out = self.spare.pop().unwrap_or_default();
                delta::apply(base, &self.delta, &mut out, shared)?;
                Ok(Bytes::Memory(out))
            }
            _ if self.keeps(size) => {
                let mut out = self.spare.pop().unwrap_or_default();
                out.clear();
                delta::apply_streaming(base, &mut &*self.delta, &mut out, size)?;
                Ok(Bytes::Memory(out))
            }
            _ => spill_applied(base, &*self.delta),
        }
    }

    /// Takes back what is no longer needed.
    pub(super) fn recycle(&mut self, bytes: Bytes) {
        if let Bytes::Memory(bytes) = bytes
            && bytes.capacity() <= MOST_KEPT
            && self.spare.len() < MOST_SPARE
        {
            self.spare.push(bytes);
        }
    }
}

fn inflate(
    inflater: &mut libdeflater::Decompressor,
    input: &[u8],
    size: u64,
    out: &mut Vec<u8>,
) -> Result<(), Corrupt> {
    if size > (input.len() as u64).saturating_mul(MOST_EXPANSION) {
        return Err(Corrupt::Size);
    }
    let size = usize::try_from(size).map_err(|_| Corrupt::Size)?;
    out.try_reserve(size.saturating_sub(out.len())).map_err(io::Error::other)?;
    out.resize(size, 0);
    match inflater.zlib_decompress(input, out) {
        Ok(written) if written == size => Ok(()),
        Ok(_) | Err(libdeflater::DecompressionError::InsufficientSpace) => Err(Corrupt::Size),
        Err(libdeflater::DecompressionError::BadData) => Err(Corrupt::Compressed),
    }
}

fn spill_inflated(input: &[u8], size: u64) -> Result<Bytes, Corrupt> {
    let bytes = Bytes::spill(|out| io::copy(&mut Inflated::new(input).take(size + 1), out))?;
    if bytes.len() == size { Ok(bytes) } else { Err(Corrupt::Size) }
}

fn spill_applied(base: &Bytes, mut delta: impl Read) -> Result<Bytes, Corrupt> {
    Ok(Bytes::spill(|out| delta::apply_streaming(base, &mut delta, out, MOST_DELTIFIED))?)
}
