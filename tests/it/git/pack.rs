//! Packs made by hand, with what git does not write. Nothing is checked here, so that anything can be said in them.

use std::{collections::BTreeMap, fs, path::Path};

use gix::{
    ObjectId,
    hash::{Kind as Hash, hasher},
    objs::{Kind, compute_hash},
};
use libdeflater::{CompressionLvl, Compressor};

/// A pack in the making.
pub struct Pack {
    bytes: Vec<u8>,
    offsets: BTreeMap<ObjectId, usize>,
    compressor: Compressor,
}

/// The types of entries that are deltas.
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

impl Pack {
    pub fn new() -> Self {
        let bytes = [&b"PACK"[..], &2u32.to_be_bytes(), &[0; 4]].concat();
        Self { bytes, offsets: BTreeMap::new(), compressor: Compressor::new(CompressionLvl::new(1).unwrap()) }
    }

    /// Adds an object as it is.
    pub fn whole(&mut self, kind: Kind, bytes: &[u8]) -> ObjectId {
        let id = id_of(kind, bytes);
        let stream = self.compressed(bytes);
        self.raw(id, kind_number(kind), bytes.len() as u64, &stream);
        id
    }

    /// Adds a blob as it is.
    pub fn blob(&mut self, bytes: impl AsRef<[u8]>) -> ObjectId {
        self.whole(Kind::Blob, bytes.as_ref())
    }

    /// Adds a delta of an object in this pack.
    pub fn delta(&mut self, id: ObjectId, base: ObjectId, delta: &[u8]) {
        let mut distance = self.bytes.len() - self.offsets[&base];
        let mut encoded = vec![u8::try_from(distance & 0x7f).unwrap()];
        while distance > 0x7f {
            distance = (distance >> 7) - 1;
            encoded.insert(0, u8::try_from(distance & 0x7f).unwrap() | 0x80);
        }
        self.add_delta((id, OFS_DELTA), &encoded, delta);
    }

    /// Adds a delta of an object that may be anywhere.
    pub fn delta_of_id(&mut self, id: ObjectId, base: ObjectId, delta: &[u8]) {
        self.add_delta((id, REF_DELTA), base.as_slice(), delta);
    }

    fn add_delta(&mut self, (id, kind): (ObjectId, u8), base: &[u8], delta: &[u8]) {
        let stream = [base, &self.compressed(delta)].concat();
        self.raw(id, kind, delta.len() as u64, &stream);
    }

    /// Adds an entry that says that it is of this type and size.
    pub fn raw(&mut self, id: ObjectId, kind: u8, size: u64, stream: &[u8]) {
        self.offsets.insert(id, self.bytes.len());
        let mut byte = kind << 4 | u8::try_from(size & 0xf).unwrap();
        let mut rest = size >> 4;
        while rest > 0 {
            self.bytes.push(byte | 0x80);
            byte = u8::try_from(rest & 0x7f).unwrap();
            rest >>= 7;
        }
        self.bytes.push(byte);
        self.bytes.extend_from_slice(stream);
    }

    /// Bytes as a zlib stream.
    pub fn compressed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = vec![0; self.compressor.zlib_compress_bound(bytes.len())];
        let len = self.compressor.zlib_compress(bytes, &mut stream).unwrap();
        stream.truncate(len);
        stream
    }

    /// Makes the entry of this object unreadable.
    pub fn hurt(&mut self, id: ObjectId) {
        let from = self.offsets[&id];
        let next = self.offsets.values().copied().filter(|&offset| offset > from).min().unwrap_or(self.bytes.len());
        // Not its header, nor where its base is.
        let middle = next - (next - from) / 3;
        self.bytes[middle..next].fill(0xff);
    }

    /// Writes the pack and its index into an object directory.
    pub fn write(mut self, objects: &Path, name: &str) {
        let count = u32::try_from(self.offsets.len()).unwrap();
        self.bytes[8..12].copy_from_slice(&count.to_be_bytes());
        let checksum = checksum(&self.bytes);
        let mut index = [&b"\xfftOc"[..], &2u32.to_be_bytes()].concat();
        let mut counts = [0u32; 256];
        self.offsets.keys().for_each(|id| counts[usize::from(id.first_byte())] += 1);
        let mut sum = 0;
        for count in counts {
            sum += count;
            index.extend(sum.to_be_bytes());
        }
        self.offsets.keys().for_each(|id| index.extend_from_slice(id.as_slice()));
        // Checksums of entries, which nobody asks for.
        index.extend(std::iter::repeat_n(0, 4 * self.offsets.len()));
        self.offsets.values().for_each(|&offset| index.extend(u32::try_from(offset).unwrap().to_be_bytes()));
        self.bytes.extend_from_slice(checksum.as_slice());
        index.extend_from_slice(checksum.as_slice());
        index.extend_from_slice(self::checksum(&index).as_slice());
        let path = objects.join("pack").join(format!("pack-{name}.pack"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &self.bytes).unwrap();
        fs::write(path.with_extension("idx"), &index).unwrap();
    }
}

/// Writes an object into a file of its own, which git does not where it has it already.
pub fn loose(objects: &Path, kind: Kind, bytes: &[u8]) {
    let header = format!("{kind} {}\0", bytes.len());
    let id = id_of(kind, bytes).to_string();
    let path = objects.join(&id[..2]).join(&id[2..]);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, Pack::new().compressed(&[header.as_bytes(), bytes].concat())).unwrap();
}

/// The id of an object.
pub fn id_of(kind: Kind, bytes: &[u8]) -> ObjectId {
    compute_hash(Hash::Sha1, kind, bytes).unwrap()
}

fn checksum(bytes: &[u8]) -> ObjectId {
    let mut hasher = hasher(Hash::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().unwrap()
}

/// The type of entries that hold an object of this kind as it is.
pub fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    }
}

/// What a delta does.
pub enum Step<'a> {
    Copy(usize, usize),
    Insert(&'a [u8]),
}

/// A delta of these steps that says that it makes `result` bytes of `base`.
pub fn delta_of(base: u64, result: u64, steps: &[Step<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for mut size in [base, result] {
        while size >= 0x80 {
            out.push(u8::try_from(size & 0x7f).unwrap() | 0x80);
            size >>= 7;
        }
        out.push(u8::try_from(size).unwrap());
    }
    for step in steps {
        match *step {
            Step::Insert(bytes) => bytes.chunks(0x7f).for_each(|bytes| {
                out.push(u8::try_from(bytes.len()).unwrap());
                out.extend_from_slice(bytes);
            }),
            Step::Copy(from, len) => copy(from, len, &mut out),
        }
    }
    out
}

fn copy(mut from: usize, mut rest: usize, out: &mut Vec<u8>) {
    while rest > 0 {
        let len = rest.min(0xff_ffff);
        let bytes =
            [&u32::try_from(from).unwrap().to_le_bytes()[..], &u32::try_from(len).unwrap().to_le_bytes()[..3]].concat();
        let bits = (0..7).filter(|&at| bytes[at] != 0);
        out.push(bits.clone().fold(0x80, |op, at| op | 1 << at));
        out.extend(bits.map(|at| bytes[at]));
        (from, rest) = (from + len, rest - len);
    }
}

/// The bytes with a stretch of them replaced, and the delta that does it.
pub fn replaced(base: &[u8], stretch: std::ops::Range<usize>, new: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let result = [&base[..stretch.start], new, &base[stretch.end..]].concat();
    let steps = [Step::Copy(0, stretch.start), Step::Insert(new), Step::Copy(stretch.end, base.len() - stretch.end)];
    let delta = delta_of(base.len() as u64, result.len() as u64, &steps);
    (result, delta)
}
