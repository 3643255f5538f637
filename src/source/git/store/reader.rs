//! Reads single objects: what each thread has of its own, its cache of delta bases above all.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::PathBuf,
};

use gix::{
    objs::Kind,
    odb::pack::{
        cache::{DecodeEntry, lru::MemoryCappedHashmap},
        data::entry::Header,
    },
};

use super::{
    Num, Store,
    bytes::Bytes,
    decoder::{Corrupt, Decoder},
    pack::Pack,
};
use crate::{
    blob::{ObjectId, Window},
    source::windows::Windows,
};

/// How much memory all threads together spend on delta bases.
const CACHE: usize = 32 << 20;
/// The least that is of use to one.
const LEAST_CACHE: usize = 2 << 20;
/// Chains of deltas longer than this are not followed: git makes none over 4,095.
const MOST_DEPTH: usize = 1 << 16;
/// How often a chain may lead from one pack to another.
const MOST_HOPS: usize = 64;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::source::git) enum ReadError {
    /// Its pack entry makes no sense.
    #[error("in {}: {reason}", pack.display())]
    Packed {
        /// The pack.
        pack: PathBuf,
        /// The cause.
        reason: String,
    },
    /// Its file makes no sense.
    #[error("in its own file: {0}")]
    Loose(io::Error),
    /// It is too large for memory, and the temporary file is of no use.
    #[error("in a temporary file: {0}")]
    Io(#[from] io::Error),
}

/// One thread's way to the objects of a [`Store`].
pub(in crate::source::git) struct Reader<'s> {
    store: &'s Store,
    decoder: Decoder,
    cache: MemoryCappedHashmap,
    /// Entries known to be unreadable, so that what is made of them fails at once.
    broken: HashSet<(usize, u64)>,
    /// What begins where, in packs of which something could not be read.
    places: HashMap<usize, HashMap<u64, u32>>,
}

/// Where a chain of deltas ends.
enum Base {
    Cached(Kind, Vec<u8>),
    Whole(Kind, u64),
    Elsewhere(ObjectId),
}

impl<'s> Reader<'s> {
    /// A reader that is one of as many as there are threads.
    pub(in crate::source::git) fn new(store: &'s Store) -> Self {
        let cache = (CACHE / rayon::current_num_threads().max(1)).max(LEAST_CACHE);
        let (decoder, cache) = (Decoder::for_thread(), MemoryCappedHashmap::new(cache));
        Self { store, decoder, cache, broken: HashSet::new(), places: HashMap::new() }
    }

    /// The objects that it reads.
    pub(in crate::source::git) fn store(&self) -> &'s Store {
        self.store
    }

    /// Reads an object into `out`. Where one copy of it cannot be read, another may do.
    pub(in crate::source::git) fn find(&mut self, id: &ObjectId, out: &mut Vec<u8>) -> Result<Option<Kind>, ReadError> {
        let Some((kind, bytes)) = self.find_bytes(id, None, 0)? else { return Ok(None) };
        let bytes = bytes.into_memory()?;
        self.decoder.recycle(Bytes::Memory(std::mem::replace(out, bytes)));
        Ok(Some(kind))
    }

    /// Reads the object with this number into `out`.
    pub(in crate::source::git) fn read(&mut self, num: Num, out: &mut Vec<u8>) -> Result<Kind, ReadError> {
        let missing = || ReadError::Loose(io::Error::from(io::ErrorKind::NotFound));
        self.find(&self.store.id(num), out)?.ok_or_else(missing)
    }

    /// The bytes of the object with this number.
    pub(super) fn bytes(&mut self, num: Num) -> Result<(Kind, Bytes), ReadError> {
        let missing = || ReadError::Loose(io::Error::from(io::ErrorKind::NotFound));
        self.find_bytes(&self.store.id(num), None, 0)?.ok_or_else(missing)
    }

    /// Shows an object, a large blob in windows with `margin` bytes on both sides; says whether it is here. What could be read before an error was
    /// shown.
    pub(in crate::source::git) fn show(
        &mut self,
        id: &ObjectId,
        margin: usize,
        each: &mut dyn FnMut(Kind, &Window<'_>),
    ) -> Result<bool, ReadError> {
        let mut show_large = |size: u64, input: &mut dyn io::Read| {
            let mut each = |window: &Window<'_>| {
                each(Kind::Blob, window);
                true
            };
            let (read, outcome) = Windows::default().push(&mut io::Read::take(input, size + 1), margin, &mut each);
            outcome?;
            if read == size { Ok(true) } else { Err(io::Error::other("it is not as large as it says").into()) }
        };
        // What there is of one that ends early is shown.
        if let Some((size, mut input)) = self.store.large_blob(id, self.decoder.most_in_memory()) {
            return show_large(size, &mut input);
        }
        let Some((kind, bytes)) = self.find_bytes(id, None, 0)? else { return Ok(false) };
        match &bytes {
            Bytes::Spilled(spilled) if kind == Kind::Blob => return show_large(bytes.len(), &mut spilled.reader()?),
            Bytes::Spilled(spilled) => each(kind, &Window::whole(&spilled.read()?)),
            Bytes::Memory(bytes) => each(kind, &Window::whole(bytes)),
        }
        self.decoder.recycle(bytes);
        Ok(true)
    }

    /// An object from wherever it can be read, but for one of the packs.
    fn find_bytes(
        &mut self,
        id: &ObjectId,
        but: Option<usize>,
        hops: usize,
    ) -> Result<Option<(Kind, Bytes)>, ReadError> {
        if id.as_bytes().len() != self.store.id_len() {
            return Ok(None);
        }
        let mut failure = None;
        for (at, pack) in self.store.packs.iter().enumerate().filter(|&(at, _)| Some(at) != but) {
            if let Some(place) = pack.lookup(id.as_bytes()) {
                match self.read_packed((at, pack), pack.offset(place), hops) {
                    Ok(found) => return Ok(Some(found)),
                    Err(reason) => {
                        let pack = pack.path().to_owned();
                        failure = failure.or(Some(ReadError::Packed { pack, reason: reason.to_string() }));
                    }
                }
            }
        }
        for loose in &self.store.loose {
            match loose.read(id, self.decoder.most_in_memory()) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => failure = failure.or(Some(ReadError::Loose(error))),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    fn read_packed(
        &mut self,
        (at, pack): (usize, &'s Pack),
        offset: u64,
        hops: usize,
    ) -> Result<(Kind, Bytes), Corrupt> {
        let mut chain = Vec::new();
        let mut base = self.follow((at, pack), offset, hops, &mut chain);
        loop {
            let error = match base.and_then(|base| self.apply((at, pack), base, &mut chain)) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            base = Ok(self.stand_in((at, pack), hops, &mut chain).ok_or(error)?);
        }
    }

    /// Applies the deltas to what the last of them is one of. Where one cannot be, it is the last that is left.
    fn apply(
        &mut self,
        (at, pack): (usize, &'s Pack),
        (kind, mut bytes): (Kind, Bytes),
        chain: &mut Vec<u64>,
    ) -> Result<(Kind, Bytes), Corrupt> {
        while let Some(&delta) = chain.last() {
            let entry = pack.entry(delta).map_err(|_| Corrupt::Size)?;
            let made = self.decoder.apply(pack, &entry, &bytes, &mut Vec::new())?;
            self.decoder.recycle(std::mem::replace(&mut bytes, made));
            if let Bytes::Memory(bytes) = &bytes {
                self.cache.put(cache_id(at), delta, bytes, kind, 0);
            }
            chain.pop();
        }
        Ok((kind, bytes))
    }

    /// Another copy of what the last entry of a chain should become, or of one further out. All that have none are remembered as broken.
    fn stand_in(&mut self, (at, pack): (usize, &'s Pack), hops: usize, chain: &mut Vec<u64>) -> Option<(Kind, Bytes)> {
        // Until it is known better, so that copies of each other do not ask for one another without end.
        self.broken.extend(chain.iter().map(|&offset| (at, offset)));
        while let Some(offset) = chain.pop() {
            // Who asked for the outermost asks for its copies, too.
            if chain.is_empty() {
                return None;
            }
            let places = self.places.entry(at);
            let places = places.or_insert_with(|| (0..pack.len()).map(|place| (pack.offset(place), place)).collect());
            let Some(&place) = places.get(&offset) else { continue };
            if let Ok(Some(found)) = self.find_bytes(&pack.id(place), Some(at), hops + 1) {
                self.broken.remove(&(at, offset));
                for &offset in &*chain {
                    self.broken.remove(&(at, offset));
                }
                return Some(found);
            }
        }
        None
    }

    /// Follows an entry to a base that can be decoded as it is; `chain` becomes the deltas on the way, the outermost first, and behind
    /// them what cannot be.
    fn follow(
        &mut self,
        (at, pack): (usize, &'s Pack),
        mut offset: u64,
        hops: usize,
        chain: &mut Vec<u64>,
    ) -> Result<(Kind, Bytes), Corrupt> {
        let base = loop {
            if self.broken.contains(&(at, offset)) {
                return Err(Corrupt::Base);
            }
            let mut cached = Vec::new();
            if let Some((kind, _)) = self.cache.get(cache_id(at), offset, &mut cached) {
                break Base::Cached(kind, cached);
            }
            if chain.len() > MOST_DEPTH || hops > MOST_HOPS {
                let mut seen = HashSet::new();
                let circle = chain.iter().position(|&offset| !seen.insert(offset));
                chain.truncate(circle.unwrap_or(chain.len()));
                return Err(Corrupt::Depth);
            }
            let Ok(entry) = pack.entry(offset) else {
                chain.push(offset);
                return Err(Corrupt::Header);
            };
            match entry.header {
                Header::OfsDelta { base_distance } => {
                    chain.push(offset);
                    offset = offset.checked_sub(base_distance).filter(|_| base_distance > 0).ok_or(Corrupt::Base)?;
                }
                Header::RefDelta { base_id } => {
                    chain.push(offset);
                    match pack.lookup(base_id.as_slice()) {
                        Some(place) => offset = pack.offset(place),
                        None => break Base::Elsewhere(ObjectId::new(base_id.as_slice())),
                    }
                }
                whole => break Base::Whole(whole.as_kind().ok_or(Corrupt::Header)?, offset),
            }
        };
        match base {
            Base::Cached(kind, bytes) => Ok((kind, Bytes::Memory(bytes))),
            Base::Whole(kind, offset) => {
                let entry = pack.entry(offset).map_err(|_| Corrupt::Header)?;
                let whole = self.decoder.whole(pack, &entry);
                let bytes = whole.inspect_err(|_| chain.push(offset))?;
                if let Bytes::Memory(bytes) = &bytes {
                    self.cache.put(cache_id(at), offset, bytes, kind, 0);
                }
                Ok((kind, bytes))
            }
            Base::Elsewhere(id) => {
                let found = self.find_bytes(&id, None, hops + 1);
                found.ok().flatten().ok_or(Corrupt::Base)
            }
        }
    }
}

/// What the cache knows a pack by.
fn cache_id(pack: usize) -> u32 {
    u32::try_from(pack).unwrap_or(u32::MAX)
}
