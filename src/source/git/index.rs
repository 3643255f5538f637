//! The index: what is staged.

use std::path::Path;

use gix::index::{File, decode, entry::Flags};

use super::error::Error;
use crate::blob::ObjectId;

/// Reads an index file; nothing where there is none. Split and sparse indexes are read as well.
pub(super) fn read(path: &Path, hash: gix::hash::Kind) -> Result<Option<File>, Error> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(Error::malformed(path, "index")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path, error)),
    }
    // Its checksum is not compared: git does not do so either, and of a large index it is most of the work.
    File::at(path, hash, true, decode::Options::default()).map(Some).map_err(|error| Error::Malformed {
        path: path.to_owned(),
        what: "index",
        source: Some(super::error::chain(&error).into()),
    })
}

/// The files and symbolic links in an index, all stages of a conflict included; not what was only announced
/// (`git add -N`), nor submodules, nor folders that a sparse index keeps whole.
pub(super) fn blobs(index: &File) -> impl Iterator<Item = (&[u8], ObjectId)> {
    let blobs = index.entries().iter().filter(|entry| is_blob(entry));
    blobs.map(|entry| (&**entry.path(index), ObjectId::new(entry.id.as_slice())))
}

/// Whether an entry stands for a file or a symbolic link that is really there.
pub(super) fn is_blob(entry: &gix::index::Entry) -> bool {
    !entry.flags.contains(Flags::INTENT_TO_ADD) && !entry.mode.is_submodule() && !entry.mode.is_sparse()
}
