//! One pack with its index.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gix::odb::pack;

use super::Num;
use crate::{blob::ObjectId, coverage::Coverage};

/// A pack and its index, both mapped.
pub(super) struct Pack {
    index: pack::index::File,
    data: pack::data::File,
    first: Num,
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
        Ok(Self { index, data, first })
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
        self.index.lookup(gix::hash::oid::from_bytes_unchecked(id))
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
