//! One pack with its index.

use std::{
    cmp::Ordering,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use gix::odb::pack;

use super::Num;
use crate::{blob::ObjectId, coverage::Coverage};

/// A pack and its index, both mapped.
pub(super) struct Pack {
    index: pack::index::File,
    data: pack::data::File,
    first: Num,
    /// Made when much is to be looked up.
    fan: OnceLock<Fan>,
}

/// The index files of an object directory, by name; packs that lack one are noted.
pub(super) fn indices(objects: &Path, notes: &mut Coverage) -> Vec<PathBuf> {
    let dir = objects.join("pack");
    let mut paths = Vec::new();
    match fs::read_dir(&dir) {
        Ok(listing) => paths.extend(listing.flatten().map(|entry| entry.path())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => notes.fail(super::shown(&dir), error.to_string()),
    }
    paths.sort();
    for path in &paths {
        let is_pack = path.extension().is_some_and(|extension| extension == "pack");
        // A pack still being received is called tmp_pack_XXXXXX and has no extension.
        if is_pack && !path.with_extension("idx").exists() {
            notes.fail(super::shown(path), "the pack has no index");
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "idx"));
    paths
}

/// Where ids that begin alike are in a listing, so finely that few others are with them: the listing's own table has 256 entries
/// however many ids there are.
#[derive(Debug)]
struct Fan {
    /// By how many bits an id's first four bytes are to be shifted for its place in `starts`.
    shift: u32,
    /// Where ids begin that begin so, and one more for the end.
    starts: Vec<u32>,
}

impl Fan {
    /// For ids that begin with these bytes, in order.
    fn new(leading: impl Iterator<Item = u32>, len: u32) -> Self {
        let bits = (len / PER_START).max(1).ilog2();
        let mut fan = Self { shift: u32::BITS - bits, starts: vec![0] };
        for (at, first) in (0..).zip(leading) {
            let place = fan.place(first);
            while fan.starts.len() <= place {
                fan.starts.push(at);
            }
        }
        fan.starts.resize((1 << bits) + 1, len);
        fan
    }

    fn place(&self, leading: u32) -> usize {
        leading.checked_shr(self.shift).unwrap_or(0) as usize
    }

    /// Where an id is if it is there.
    fn range(&self, id: &[u8]) -> Range<u32> {
        let place = self.place(leading(id));
        self.starts[place]..self.starts[place + 1]
    }
}

/// About how many ids share an entry of a [`Fan`].
const PER_START: u32 = 2;

/// The first four bytes of an id, as a number.
fn leading(id: &[u8]) -> u32 {
    id.first_chunk().map_or(0, |first| u32::from_be_bytes(*first))
}

impl Pack {
    /// Opens an index and its pack. A pack that ends early is noted, and what is left of it is used.
    pub(super) fn open(index: &Path, hash: gix::hash::Kind, first: Num, notes: &mut Coverage) -> Result<Self, String> {
        let data = index.with_extension("pack");
        for path in [index, &data] {
            let metadata = fs::symlink_metadata(path).map_err(|error| error.to_string())?;
            if !metadata.is_file() {
                return Err("not a regular file".to_owned());
            }
        }
        let index = pack::index::File::at(index, hash).map_err(|error| error.to_string())?;
        let path = data;
        let data = pack::data::File::at(&path, hash).map_err(|error| error.to_string())?;
        if index.pack_checksum() != data.checksum() {
            notes.fail(super::shown(&path), "the pack is truncated or belongs to another index");
        }
        Ok(Self { index, data, first, fan: OnceLock::new() })
    }

    /// The checksum of its index, which covers what the index lists and the pack's own checksum.
    pub(super) fn checksum(&self) -> String {
        self.index.index_checksum().to_string()
    }

    /// The number of its first object.
    pub(super) fn first(&self) -> Num {
        self.first
    }

    /// How many objects it lists.
    pub(super) fn len(&self) -> u32 {
        self.index.num_objects()
    }

    /// The place of an object in its listing.
    pub(super) fn lookup(&self, id: &[u8]) -> Option<u32> {
        let Some(fan) = self.fan.get() else { return self.index.lookup(gix::hash::oid::from_bytes_unchecked(id)) };
        let (mut range, wanted) = (fan.range(id), leading(id));
        while range.start < range.end {
            let middle = range.start + (range.end - range.start) / 2;
            let found = self.index.oid_at_index(middle).as_bytes();
            match leading(found).cmp(&wanted).then_with(|| found.cmp(id)) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => range.start = middle + 1,
                Ordering::Greater => range.end = middle,
            }
        }
        None
    }

    /// Prepares for many lookups.
    pub(super) fn prepare(&self) {
        let leading = (0..self.len()).map(|at| leading(self.index.oid_at_index(at).as_bytes()));
        self.fan.get_or_init(|| Fan::new(leading, self.len()));
    }

    /// The id at a place in its listing.
    pub(super) fn id(&self, at: u32) -> ObjectId {
        ObjectId::new(self.index.oid_at_index(at).as_bytes())
    }

    /// Where in the pack the object at a place in its listing begins.
    pub(super) fn offset(&self, at: u32) -> u64 {
        self.index.pack_offset_at_index(at)
    }

    /// The entry that begins at an offset.
    pub(super) fn entry(&self, offset: u64) -> Result<pack::data::Entry, gix::Error> {
        self.data.entry(offset)
    }

    /// The bytes from an entry's zlib stream on.
    pub(super) fn compressed(&self, entry: &pack::data::Entry) -> &[u8] {
        self.data.entry_slice(entry.data_offset..self.data.pack_end() as u64).unwrap_or_default()
    }

    /// The pack's file.
    pub(super) fn path(&self) -> &Path {
        self.data.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_leads_to_every_id() {
        for len in [0u32, 1, 2, 15, 16, 17, 100, 1000] {
            let ids: Vec<u32> = (0..len).map(|at| at * (u32::MAX / len)).collect();
            let fan = Fan::new(ids.iter().copied(), len);
            for (at, id) in (0..).zip(&ids) {
                let range = fan.range(&id.to_be_bytes());
                assert!(range.contains(&at) && range.len() <= 32, "{len} {at} {range:?}");
            }
        }
    }

    #[test]
    fn ids_out_of_order_lead_nowhere_wrong() {
        let ids = [9 << 28, 1 << 28, 15 << 28, 0];
        let fan = Fan::new(ids.into_iter().cycle().take(64), 64);
        for id in ids {
            assert!(fan.range(&id.to_be_bytes()).end <= 64);
        }
    }
}
