//! The floor under a scan of a repository's full history: decodes every blob and tree of its packs once, each delta from its
//! already decoded base, and does nothing else with them.
//!
//!     cargo run --release --example floor -- GIT_DIR
//!
//! It takes well-formed packs alone, and panics at whatever else there is: it is a yardstick.

#![expect(clippy::print_stdout, reason = "that is all it does")]

use std::{
    env,
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use gix::{
    hash::Kind::Sha1,
    odb::pack::{
        data,
        data::entry::Header::{Blob, OfsDelta, RefDelta, Tree},
        index,
    },
};
use libdeflater::Decompressor;
use rayon::prelude::*;

/// A pack's entries by offset, and for each the entries that are deltas of it.
struct Pack {
    data: data::File,
    entries: Vec<data::Entry>,
    roots: Vec<usize>,
    deltas: Vec<Vec<usize>>,
}

/// What one thread needs: buffers above all, one for each level of a chain of deltas.
struct Scratch {
    decompressor: Decompressor,
    delta: Vec<u8>,
    spare: Vec<Vec<u8>>,
}

fn main() {
    let git_dir = env::args().nth(1).expect("usage: floor GIT_DIR");
    let started = Instant::now();
    let (objects, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    for file in Path::new(&git_dir).join("objects/pack").read_dir().expect("a git directory") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "idx") {
            let pack = Pack::open(&path);
            pack.roots.par_iter().with_max_len(64).for_each_init(Scratch::new, |scratch, &root| {
                let (more_objects, more_bytes) = pack.decode(root, None, scratch);
                objects.fetch_add(more_objects, Relaxed);
                bytes.fetch_add(more_bytes, Relaxed);
            });
        }
    }
    let (objects, bytes, seconds) = (objects.into_inner(), bytes.into_inner(), started.elapsed().as_secs_f64());
    println!("{objects} blobs and trees, {bytes} bytes, {seconds:.3} seconds");
}

impl Pack {
    fn open(path: &Path) -> Self {
        let index = index::File::at(path, Sha1).expect("an index");
        let data = data::File::at(path.with_extension("pack"), Sha1).expect("a pack");
        let mut offsets: Vec<_> = (0..index.num_objects()).map(|at| index.pack_offset_at_index(at)).collect();
        offsets.par_sort_unstable();
        let entries: Vec<_> = offsets.par_iter().map(|&offset| data.entry(offset).expect("an entry")).collect();
        let place = |offset: u64| offsets.binary_search(&offset).expect("a base in this pack");
        let bases: Vec<_> = (offsets.par_iter().zip(&entries))
            .map(|(&offset, entry)| match entry.header {
                OfsDelta { base_distance } => Some(place(offset - base_distance)),
                RefDelta { base_id } => {
                    Some(place(index.pack_offset_at_index(index.lookup(base_id).expect("a base in this pack"))))
                }
                _ => None,
            })
            .collect();
        let mut deltas = vec![Vec::new(); entries.len()];
        for (at, base) in bases.iter().enumerate() {
            if let Some(base) = *base {
                deltas[base].push(at);
            }
        }
        let is_root = |&at: &usize| matches!(entries[at].header, Blob | Tree);
        let roots = (0..entries.len()).filter(is_root).collect();
        Self { data, entries, roots, deltas }
    }

    /// Decodes an entry and all below it; gives how many objects and bytes that were.
    fn decode(&self, at: usize, base: Option<&[u8]>, scratch: &mut Scratch) -> (u64, u64) {
        let mut out = scratch.spare.pop().unwrap_or_default();
        match base {
            None => self.inflate(at, &mut scratch.decompressor, &mut out),
            Some(base) => {
                self.inflate(at, &mut scratch.decompressor, &mut scratch.delta);
                apply(base, &scratch.delta, &mut out);
            }
        }
        let (mut objects, mut bytes) = (1, out.len() as u64);
        for &delta in &self.deltas[at] {
            let (more_objects, more_bytes) = self.decode(delta, Some(&out), scratch);
            (objects, bytes) = (objects + more_objects, bytes + more_bytes);
        }
        scratch.spare.push(out);
        (objects, bytes)
    }

    fn inflate(&self, at: usize, decompressor: &mut Decompressor, out: &mut Vec<u8>) {
        let entry = &self.entries[at];
        let end = self.data.pack_end() as u64;
        let compressed = self.data.entry_slice(entry.data_offset..end).expect("an entry in the pack");
        out.resize(usize::try_from(entry.decompressed_size).expect("an object that fits memory"), 0);
        decompressor.zlib_decompress(compressed, out).expect("a zlib stream");
    }
}

impl Scratch {
    fn new() -> Self {
        Self { decompressor: Decompressor::new(), delta: Vec::new(), spare: Vec::new() }
    }
}

/// Puts together what a delta makes of its base: an instruction with the highest bit set copies, all others insert.
fn apply(base: &[u8], mut delta: &[u8], out: &mut Vec<u8>) {
    take_size(&mut delta);
    let size = take_size(&mut delta);
    out.clear();
    out.reserve(size);
    while let Some((&op, rest)) = delta.split_first() {
        delta = rest;
        if op < 0x80 {
            let (inserted, rest) = delta.split_at(usize::from(op));
            out.extend_from_slice(inserted);
            delta = rest;
            continue;
        }
        let from = take_bytes(&mut delta, op, 4);
        let len = match take_bytes(&mut delta, op >> 4, 3) {
            0 => 0x1_0000,
            len => len,
        };
        out.extend_from_slice(&base[from..from + len]);
    }
}

/// A number of which `which` says what bytes are there.
fn take_bytes(delta: &mut &[u8], which: u8, most: u32) -> usize {
    let mut value = 0;
    for bit in (0..most).filter(|bit| which >> bit & 1 == 1) {
        value |= usize::from(delta[0]) << (8 * bit);
        *delta = &delta[1..];
    }
    value
}

/// Seven bits a byte, the lowest first.
fn take_size(delta: &mut &[u8]) -> usize {
    let (mut size, mut shift) = (0, 0);
    loop {
        let byte = delta[0];
        *delta = &delta[1..];
        size |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return size;
        }
    }
}
