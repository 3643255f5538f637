//! Finds the hits below every tree, each tree read once.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    super::{
        error,
        object::{self, EntryKind},
        store::{Num, Nums, Reader, Store},
    },
    sets::{Dir, EMPTY, Held, Hit, Sets},
};
use crate::{blob::ObjectId, coverage::Coverage};

/// Deeper folders than git itself would read are not entered; nor are trees within themselves, which only forgery makes,
/// for ever.
const MOST_DEPTH: usize = 2048;

/// The hits below every tree that was looked at.
pub(super) struct Trees<'a> {
    store: &'a Store,
    hits: HitIndex<'a>,
    /// By number: nothing while 0, else the folder and one.
    dirs: Vec<AtomicU32>,
    sets: Mutex<Sets>,
}

/// One thread's means to look at trees.
pub(super) struct Eyes<'a> {
    reader: Reader<'a>,
    nums: Nums,
    /// Buffers of trees not in use.
    buffers: Vec<Vec<u8>>,
    /// Trees that could not be read.
    pub(super) notes: Coverage,
}

impl<'a> Eyes<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { reader: Reader::new(store), nums: Nums::new(), buffers: Vec::new(), notes: Coverage::default() }
    }
}

impl<'a> Trees<'a> {
    pub(super) fn new(store: &'a Store, hits: &'a HashMap<ObjectId, Hit>) -> Self {
        let dirs = (0..store.len()).map(|_| AtomicU32::new(0)).collect();
        Self { store, hits: HitIndex::new(hits), dirs, sets: Mutex::new(Sets::new()) }
    }

    /// The sets that folders are.
    pub(super) fn sets(&self) -> MutexGuard<'_, Sets> {
        // Nothing is left half done in them by a thread that panics.
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hits below a tree that was looked at.
    pub(super) fn known(&self, tree: Num) -> Option<Dir> {
        self.dirs[tree as usize].load(Ordering::Relaxed).checked_sub(1)
    }

    /// Looks at a tree and all below it.
    pub(super) fn look(&self, eyes: &mut Eyes<'a>, tree: Num) -> Dir {
        self.look_below(eyes, tree, 0)
    }

    fn look_below(&self, eyes: &mut Eyes<'a>, tree: Num, depth: usize) -> Dir {
        if let Some(dir) = self.known(tree) {
            return dir;
        }
        let mut buffer = eyes.buffers.pop().unwrap_or_default();
        let dir = match eyes.reader.read(tree, &mut buffer) {
            Ok(gix::objs::Kind::Tree) if depth < MOST_DEPTH => self.dir_of(eyes, &buffer, depth),
            Ok(gix::objs::Kind::Tree) => {
                eyes.notes.fail(format!("object {}", self.store.id(tree)), "the tree lies too deep");
                EMPTY
            }
            Ok(_) => EMPTY,
            Err(error) => {
                eyes.notes.fail(format!("object {}", self.store.id(tree)), error::chain(&error));
                EMPTY
            }
        };
        eyes.buffers.push(buffer);
        self.dirs[tree as usize].store(dir + 1, Ordering::Relaxed);
        dir
    }

    fn dir_of(&self, eyes: &mut Eyes<'a>, tree: &[u8], depth: usize) -> Dir {
        let mut held = Vec::new();
        // That a tree makes no sense was noted when it was scanned.
        for entry in object::entries(tree, self.store.id_len()).map_while(Result::ok) {
            match entry.kind {
                EntryKind::Blob => held.extend(self.hits.get(entry.id).map(|hit| (entry.name, Held::Blob(hit)))),
                EntryKind::Tree => {
                    let Some(num) = eyes.nums.get(self.store, entry.id) else { continue };
                    let dir = self.look_below(eyes, num, depth + 1);
                    if dir != EMPTY {
                        held.push((entry.name, Held::Dir(dir)));
                    }
                }
                EntryKind::Submodule => {}
            }
        }
        if held.is_empty() { EMPTY } else { self.sets().dir(&held) }
    }
}

/// Hits by id, behind a filter: nearly every entry of nearly every tree is none.
struct HitIndex<'a> {
    hits: &'a HashMap<ObjectId, Hit>,
    filter: Vec<u64>,
}

impl<'a> HitIndex<'a> {
    fn new(hits: &'a HashMap<ObjectId, Hit>) -> Self {
        let mut filter = vec![0; 1 << 14];
        for id in hits.keys() {
            let bit = Self::bit(id.as_bytes());
            filter[bit >> 6] |= 1 << (bit & 63);
        }
        Self { hits, filter }
    }

    /// Twenty bits of the id.
    fn bit(id: &[u8]) -> usize {
        (usize::from(id[0]) << 12) | (usize::from(id[1]) << 4) | usize::from(id[2] >> 4)
    }

    fn get(&self, id: &[u8]) -> Option<Hit> {
        let bit = Self::bit(id);
        if self.filter[bit >> 6] >> (bit & 63) & 1 == 0 {
            return None;
        }
        self.hits.get(&ObjectId::new(id)).copied()
    }
}
