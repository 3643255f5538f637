//! Objects in files of their own. They are read, never mapped: what may be rewritten must not end the process.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use gix::{
    objs::Kind,
    zlib::{Decompress, FlushDecompress, Status},
};

use super::{
    bytes::{Bytes, MOST_IN_ONE_PIECE},
    decoder::MOST_EXPANSION,
};
use crate::{blob::ObjectId, coverage::Coverage};

/// The loose objects of one object directory.
pub(super) struct LooseStore {
    dir: PathBuf,
}

/// `commit 18446744073709551615\0` and some.
const HEADER: usize = 64;

impl LooseStore {
    pub(super) fn at(objects: &Path) -> Self {
        Self { dir: objects.to_owned() }
    }

    /// The file that holds an object if it is here.
    pub(super) fn path(&self, id: &ObjectId) -> PathBuf {
        let hex = id.to_string();
        self.dir.join(&hex[..2]).join(&hex[2..])
    }

    /// Reads an object, unless it is not here. A blob larger than `most_in_memory` goes through a file.
    pub(super) fn read(&self, id: &ObjectId, most_in_memory: u64) -> Result<Option<(Kind, Bytes)>, io::Error> {
        if let Some((size, mut input)) = self.large_blob(id, most_in_memory + 1) {
            let bytes = Bytes::spill(|out| io::copy(&mut input.by_ref().take(size + 1), out))?;
            return if bytes.len() == size {
                Ok(Some((Kind::Blob, bytes)))
            } else {
                Err(corrupt("it is not as large as it says"))
            };
        }
        let mut out = Vec::new();
        let kind = self.read_in_memory(id, &mut out)?;
        Ok(kind.map(|kind| (kind, Bytes::Memory(out))))
    }

    fn read_in_memory(&self, id: &ObjectId, out: &mut Vec<u8>) -> Result<Option<Kind>, io::Error> {
        let compressed = match super::super::layout::read_regular(&self.path(id), u64::MAX) {
            Ok(compressed) => compressed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (kind, size, header_len, mut inflate) = header(&compressed, out)?;
        if size > (compressed.len() as u64).saturating_mul(MOST_EXPANSION) {
            return Err(corrupt("it cannot be as large as it says"));
        }
        let size = usize::try_from(size).ok().filter(|&size| size as u64 <= MOST_IN_ONE_PIECE);
        let size = size.ok_or_else(|| corrupt("it is too large for memory"))?;
        let whole = size + header_len;
        let have = out.len();
        out.try_reserve(whole.saturating_sub(have)).map_err(io::Error::other)?;
        out.resize(whole.max(have), 0);
        finish(&mut inflate, &compressed, out, have)?;
        if inflate.total_out() != whole as u64 {
            return Err(corrupt("it is not as large as it says"));
        }
        out.truncate(whole);
        out.drain(..header_len);
        Ok(Some(kind))
    }

    /// What an object is, from its first bytes.
    pub(super) fn kind(&self, id: &ObjectId) -> Result<Kind, io::Error> {
        let path = self.path(id);
        if !fs::metadata(&path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut start = [0; 128];
        let mut len = 0;
        let mut file = fs::File::open(&path)?;
        while len < start.len() {
            match file.read(&mut start[len..])? {
                0 => break,
                more => len += more,
            }
        }
        Ok(header(&start[..len], &mut Vec::new())?.0)
    }
}

impl LooseStore {
    /// How large an object is and what it is made of, if it is a blob and here.
    pub(super) fn large_blob(&self, id: &ObjectId, least: u64) -> Option<(u64, impl io::Read + use<>)> {
        let path = self.path(id);
        let metadata = fs::metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len().saturating_mul(MOST_EXPANSION) < least {
            return None;
        }
        let file = io::BufReader::new(fs::File::open(&path).ok()?);
        let mut inflated = super::stream::Inflated::new(file);
        let mut start = Vec::new();
        // The header ends with a zero byte.
        while start.last() != Some(&0) && start.len() < HEADER {
            let mut byte = [0];
            inflated.read_exact(&mut byte).ok()?;
            start.push(byte[0]);
        }
        let (kind, size, _) = gix::objs::decode::loose_header(&start).ok()?;
        (kind == Kind::Blob && size >= least).then_some((size, inflated))
    }
}

/// Inflates the beginning of an object into `out`: what it is, how large, and where it begins.
fn header(compressed: &[u8], out: &mut Vec<u8>) -> Result<(Kind, u64, usize, Decompress), io::Error> {
    let mut inflate = Decompress::new();
    out.clear();
    out.resize(HEADER, 0);
    inflate.decompress(compressed, out, FlushDecompress::None).map_err(|error| corrupt(&error.to_string()))?;
    out.truncate(usize::try_from(inflate.total_out()).unwrap_or(HEADER));
    let (kind, size, len) = gix::objs::decode::loose_header(out).map_err(|error| corrupt(&error.to_string()))?;
    Ok((kind, size, len, inflate))
}

/// Inflates the rest of an object, of which `have` bytes are there.
fn finish(inflate: &mut Decompress, compressed: &[u8], out: &mut [u8], have: usize) -> Result<(), io::Error> {
    let mut at = have;
    // One byte more than there should be tells a stream that goes on from one that ends.
    let mut beyond = [0; 1];
    loop {
        let read = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
        let rest = compressed.get(read..).unwrap_or_default();
        let target = if at < out.len() { &mut out[at..] } else { &mut beyond[..] };
        let before = (inflate.total_in(), inflate.total_out());
        let status =
            inflate.decompress(rest, target, FlushDecompress::None).map_err(|error| corrupt(&error.to_string()))?;
        if status == Status::StreamEnd {
            return Ok(());
        }
        if before == (inflate.total_in(), inflate.total_out()) {
            return Err(corrupt("it ends early"));
        }
        at = usize::try_from(inflate.total_out()).unwrap_or(usize::MAX);
        if at > out.len() {
            return Err(corrupt("it is larger than it says"));
        }
    }
}

fn corrupt(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// All loose objects, each with the first of the stores that has it. Folders that cannot be listed are noted.
pub(super) fn list(stores: &[LooseStore], id_len: usize) -> (Vec<(ObjectId, u16)>, Coverage) {
    let (mut listed, mut notes) = (Vec::new(), Coverage::default());
    for (at, store) in (0u16..).zip(stores) {
        for first in 0..=255u8 {
            let dir = store.dir.join(format!("{first:02x}"));
            match fs::read_dir(&dir) {
                Ok(files) => listed.extend(files.flatten().filter_map(|file| {
                    // Temporary files and the like have other names.
                    let hex = format!("{first:02x}{}", file.file_name().to_string_lossy());
                    let id = super::super::object::parse_id(hex.as_bytes())?;
                    (id.as_bytes().len() == id_len).then_some((id, at))
                })),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => notes.fail(super::shown(&dir), error.to_string()),
            }
        }
    }
    listed.sort_unstable();
    listed.dedup_by_key(|(id, _)| *id);
    (listed, notes)
}
