//! Reads objects: what each thread has of its own, its cache of delta bases above all.

use std::{io, path::PathBuf};

use gix::{
    objs::Kind,
    odb::pack::{cache::lru::MemoryCappedHashmap, data::decode::entry::ResolvedBase},
    zlib::Inflate,
};

use super::{Cut, Num, Store, pack::Pack, stream};
use crate::blob::{ObjectId, Window};

/// How much memory all threads together spend on delta bases.
const CACHE: usize = 32 << 20;
/// The least that is of use to one.
const LEAST_CACHE: usize = 2 << 20;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::source::git) enum ReadError {
    /// Its pack entry makes no sense.
    #[error("in {}: {reason}", pack.display())]
    Packed {
        /// The pack.
        pack: PathBuf,
        /// The cause, as the library words it.
        reason: String,
    },
    /// Its file makes no sense.
    #[error("in its own file: {0}")]
    Loose(#[from] io::Error),
}

/// One thread's way to the objects of a [`Store`].
pub(in crate::source::git) struct Reader<'s> {
    store: &'s Store,
    inflate: Inflate,
    cache: MemoryCappedHashmap,
}

impl<'s> Reader<'s> {
    /// A reader that is one of as many as there are threads.
    pub(in crate::source::git) fn new(store: &'s Store) -> Self {
        let cache = (CACHE / rayon::current_num_threads().max(1)).max(LEAST_CACHE);
        Self { store, inflate: Inflate::default(), cache: MemoryCappedHashmap::new(cache) }
    }

    /// The objects that it reads.
    pub(in crate::source::git) fn store(&self) -> &'s Store {
        self.store
    }

    /// Reads an object into `out`. Where one copy of it cannot be read, another may do.
    pub(in crate::source::git) fn find(&mut self, id: &ObjectId, out: &mut Vec<u8>) -> Result<Option<Kind>, ReadError> {
        if id.as_bytes().len() != self.store.id_len() {
            return Ok(None);
        }
        let mut failure = None;
        for pack in &self.store.packs {
            if let Some(at) = pack.lookup(id.as_bytes()) {
                match self.read_packed(pack, at, out) {
                    Ok(kind) => return Ok(Some(kind)),
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
        }
        for loose in &self.store.loose {
            match loose.read(id, out) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => failure = failure.or(Some(error.into())),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    /// Reads the object with this number into `out`.
    pub(in crate::source::git) fn read(&mut self, num: Num, out: &mut Vec<u8>) -> Result<Kind, ReadError> {
        let missing = || ReadError::Loose(io::Error::from(io::ErrorKind::NotFound));
        let Some(pack) = self.store.pack_of(num) else {
            return self.find(&self.store.id(num), out)?.ok_or_else(missing);
        };
        match self.read_packed(pack, num - pack.first(), out) {
            Ok(kind) => Ok(kind),
            Err(_) => self.find(&self.store.id(num), out)?.ok_or_else(missing),
        }
    }

    /// Shows the object with this number in windows, if it is a blob of this size or more that is not stored as a delta.
    /// Gives its size.
    pub(in crate::source::git) fn show_large(
        &self,
        num: Num,
        least: u64,
        cut: Cut,
        each: &mut dyn FnMut(&Window<'_>),
    ) -> Option<Result<u64, ReadError>> {
        if let Some(pack) = self.store.pack_of(num) {
            let (size, input) = pack.large_blob(num - pack.first(), least)?;
            let failed =
                |error: io::Error| ReadError::Packed { pack: pack.path().to_owned(), reason: error.to_string() };
            return Some(stream::show(input, size, cut, each).map(|()| size).map_err(failed));
        }
        let id = self.store.id(num);
        let (size, input) = self.store.loose.iter().find_map(|loose| loose.large_blob(&id, least))?;
        Some(stream::show(input, size, cut, each).map(|()| size).map_err(ReadError::Loose))
    }

    fn read_packed(&mut self, pack: &Pack, at: u32, out: &mut Vec<u8>) -> Result<Kind, ReadError> {
        let failed = |error: gix::Error| ReadError::Packed { pack: pack.path().to_owned(), reason: reason(&error) };
        let entry = pack.entry(pack.offset(at)).map_err(failed)?;
        let resolve = |base: &gix::oid, _: &mut Vec<u8>| {
            let at = pack.lookup(base.as_bytes());
            at.map(|at| pack.entry(pack.offset(at)).map(ResolvedBase::InPack)).transpose()
        };
        out.clear();
        let outcome = pack.data().decode_entry(entry, out, &mut self.inflate, &resolve, &mut self.cache);
        // The outcome's size is no use: of an object found in the cache it is its delta's.
        Ok(outcome.map_err(failed)?.kind)
    }
}

/// An error of the library with its causes, on one line.
pub(super) fn reason(error: &gix::Error) -> String {
    let text = super::super::error::chain(error);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
