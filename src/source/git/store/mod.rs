//! All object stores of a repository as one: packs and loose objects, the alternates' too.
//!
//! Every object has a [`Num`]: dense, so that what is known of objects fits into arrays. An object in several packs goes
//! by its place in the first. What the objects mean is left to others.

mod bytes;
mod decoder;
mod delta;
mod inventory;
mod loose;
mod pack;
mod reader;
mod stream;
mod walk;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

pub(super) use inventory::Inventory;
pub(super) use reader::{ReadError, Reader};
pub(super) use walk::{Object, Walker, walk};

use gix::odb::pack::data::{Entry, entry::Header};

use self::{loose::LooseStore, pack::Pack, stream::Inflated};
use crate::{blob::ObjectId, coverage::Coverage};

/// An object's place among all objects of a [`Store`].
pub(super) type Num = u32;

/// The objects of a repository.
pub(super) struct Store {
    hash: gix::hash::Kind,
    packs: Vec<Pack>,
    loose: Vec<LooseStore>,
    /// Ids of loose objects with the store that has them, sorted; listed when they are first asked for.
    listed: OnceLock<(Vec<(ObjectId, u16)>, Coverage)>,
    /// Packs that could not be opened, and the like.
    notes: Coverage,
}

impl Store {
    /// Opens the packs in these object directories. A pack that cannot be opened is noted and left out.
    pub(super) fn open(objects: &[PathBuf], hash: gix::hash::Kind) -> Self {
        let mut notes = Coverage::default();
        let mut packs = Vec::new();
        let mut first = 0;
        for dir in objects {
            for path in pack::indices(dir, &mut notes) {
                match Pack::open(&path, hash, first, &mut notes) {
                    Ok(pack) => {
                        first += pack.len();
                        packs.push(pack);
                    }
                    Err(reason) => notes.fail(path.display().to_string(), reason),
                }
            }
        }
        let loose = objects.iter().map(|dir| LooseStore::at(dir)).collect();
        Self { hash, packs, loose, listed: OnceLock::new(), notes }
    }

    /// How many bytes an id has.
    pub(super) fn id_len(&self) -> usize {
        self.hash.len_in_bytes()
    }

    /// How many objects packs list, one in several packs counted with each.
    fn packed(&self) -> u32 {
        self.packs.last().map_or(0, |pack| pack.first() + pack.len())
    }

    /// One more than the highest number.
    pub(super) fn len(&self) -> usize {
        self.packed() as usize + self.listed().len()
    }

    /// The number of an object, if it is here.
    pub(super) fn num(&self, id: &[u8]) -> Option<Num> {
        if id.len() != self.id_len() {
            return None;
        }
        if let Some(num) = self.packs.iter().find_map(|pack| Some(pack.first() + pack.lookup(id)?)) {
            return Some(num);
        }
        let at = self.listed().binary_search_by(|(listed, _)| listed.as_bytes().cmp(id)).ok()?;
        Some(self.packed() + u32::try_from(at).ok()?)
    }

    /// The id of the object with this number.
    pub(super) fn id(&self, num: Num) -> ObjectId {
        match self.pack_of(num) {
            Some(pack) => pack.id(num - pack.first()),
            None => self.listed()[(num - self.packed()) as usize].0,
        }
    }

    /// The number by which an object goes of which this is a copy.
    fn canonical(&self, num: Num) -> Num {
        if self.packs.len() == 1 { num } else { self.num(self.id(num).as_bytes()).unwrap_or(num) }
    }

    /// The pack entry that an object is, unless it is loose or its header makes no sense.
    fn packed_entry(&self, num: Num) -> Option<(&Pack, Entry)> {
        let pack = self.pack_of(num)?;
        let entry = pack.entry(pack.offset(num - pack.first())).ok()?;
        Some((pack, entry))
    }

    /// The size of a loose blob larger than `most`, and what it is read from.
    fn large_loose(&self, id: &ObjectId, most: u64) -> Option<(u64, impl std::io::Read + use<>)> {
        self.loose.iter().find_map(|loose| loose.large_blob(id, most + 1))
    }

    /// The size of a blob larger than `most` that is stored whole, and what it is read from.
    fn large_blob(&self, id: &ObjectId, most: u64) -> Option<(u64, Box<dyn std::io::Read + '_>)> {
        for pack in &self.packs {
            if let Some(entry) = pack.lookup(id.as_bytes()).and_then(|at| pack.entry(pack.offset(at)).ok()) {
                let is_large = entry.header == Header::Blob && entry.decompressed_size > most;
                return is_large
                    .then(|| (entry.decompressed_size, Box::new(Inflated::new(pack.compressed(&entry))) as _));
            }
        }
        self.large_loose(id, most).map(|(size, input)| (size, Box::new(input) as _))
    }

    /// The pack whose listing the number is from; nothing for a loose object.
    fn pack_of(&self, num: Num) -> Option<&Pack> {
        self.packs.get(self.packs.partition_point(|pack| pack.first() + pack.len() <= num))
    }

    fn listed(&self) -> &[(ObjectId, u16)] {
        &self.list().0
    }

    fn list(&self) -> &(Vec<(ObjectId, u16)>, Coverage) {
        self.listed.get_or_init(|| loose::list(&self.loose, self.id_len()))
    }

    /// The packs: the checksum of each, and how many objects it lists.
    pub(super) fn packs(&self) -> impl Iterator<Item = (String, u32)> {
        self.packs.iter().map(|pack| (pack.checksum(), pack.len()))
    }

    /// The ids of all loose objects.
    pub(super) fn loose_ids(&self) -> impl Iterator<Item = ObjectId> {
        self.listed().iter().map(|&(id, _)| id)
    }

    /// The numbers of the objects, packed and loose, that none of these packs has.
    pub(super) fn outside(&self, packs: &BTreeMap<String, u32>) -> Vec<Num> {
        let is_known = |pack: &&Pack| packs.get(&pack.checksum()) == Some(&pack.len());
        let (known, unknown): (Vec<_>, Vec<_>) = self.packs.iter().partition(is_known);
        let packed = unknown.iter().flat_map(|pack| pack.first()..pack.first() + pack.len());
        let loose = (self.packed()..).zip(self.listed()).map(|(num, _)| num);
        let is_outside = |&num: &Num| {
            let id = self.id(num);
            !known.iter().any(|pack| pack.lookup(id.as_bytes()).is_some())
        };
        packed.chain(loose).filter(is_outside).map(|num| self.canonical(num)).collect()
    }

    /// What of the packs cannot be read.
    pub(super) fn pack_notes(&self) -> &Coverage {
        &self.notes
    }

    /// What of the stores cannot be read.
    pub(super) fn notes(&self) -> Coverage {
        let mut notes = self.notes.clone();
        notes.add(self.list().1.clone());
        notes
    }

    /// Whether there is a pack that was fetched with the promise that missing objects can be had later.
    pub(super) fn promises(&self) -> bool {
        self.packs.iter().any(|pack| pack.path().with_extension("promisor").exists())
    }
}

/// Where a loose object or a pack is, for messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Numbers that were lately asked for: versions of one tree name mostly the same objects, and asking the packs for each
/// again would take most of the time.
pub(super) struct Nums {
    slots: Vec<([u8; 32], Num)>,
}

impl Nums {
    pub(super) fn new() -> Self {
        Self { slots: vec![([0; 32], Num::MAX); 1 << 16] }
    }

    /// The number of an object, if it is in the store: always the same one.
    pub(super) fn get(&mut self, store: &Store, id: &[u8]) -> Option<Num> {
        let slot = &mut self.slots[usize::from(u16::from_be_bytes([id[0], id[1]]))];
        if slot.1 == Num::MAX || !slot.0.starts_with(id) {
            slot.1 = store.num(id)?;
            slot.0[..id.len()].copy_from_slice(id);
        }
        Some(slot.1)
    }
}
