//! What folders hold of the objects that were hit, as sets that are stored once however many versions share them.
//!
//! A [`Dir`] stands for the hits below one folder, wherever that folder is; two folders with the same hits at the same
//! names are the same `Dir`, so comparing two versions costs only what differs. A folder's entries are kept in chunks by
//! name, so that a folder of a thousand hits with one changed adds one chunk.

use std::{collections::HashSet, sync::Arc};

use super::super::{interner::Interner, trees::NameIx};

/// A folder's hits.
pub(super) type Dir = u32;
/// The folder that holds none.
pub(super) const EMPTY: Dir = 0;
/// A number of an object that was hit.
pub(super) type Hit = u32;
/// Names whose numbers agree but for their lowest five bits share a chunk.
const CHUNK_BITS: u32 = 5;

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Held {
    /// An object that was hit.
    Blob(Hit),
    /// A folder with hits below.
    Dir(Dir),
}

/// Part of a folder.
pub(super) type Chunk = u32;
type Entries = Arc<[(NameIx, Held)]>;

/// All sets.
pub(super) struct Sets {
    names: Interner<u8>,
    chunks: Interner<(NameIx, Held)>,
    dirs: Interner<Chunk>,
}

impl Sets {
    /// No set but the empty one; names have the numbers that they have in `names`.
    pub(super) fn new(names: Interner<u8>) -> Self {
        let mut dirs = Interner::default();
        dirs.number(&[]);
        Self { names, chunks: Interner::default(), dirs }
    }

    /// The folder that holds these; of entries with the same name, which only forgery makes, the first counts.
    pub(super) fn dir(&mut self, mut entries: Vec<(NameIx, Held)>) -> Dir {
        entries.sort_by_key(|&(name, _)| name);
        entries.dedup_by_key(|&mut (name, _)| name);
        let chunks = entries.chunk_by(|(one, _), (other, _)| one >> CHUNK_BITS == other >> CHUNK_BITS);
        let chunks: Vec<_> = chunks.map(|chunk| self.chunks.number(chunk)).collect();
        self.dirs.number(&chunks)
    }

    /// The numbers of a path's names.
    pub(super) fn number_path(&mut self, path: &[u8]) -> Vec<NameIx> {
        path.split(|&byte| byte == b'/').map(|name| self.names.number(name)).collect()
    }

    /// All objects in any folder.
    pub(super) fn all_hits(&self) -> HashSet<Hit> {
        let entries = self.chunks.values().iter().flat_map(|entries| entries.iter());
        let hit = |&(_, held): &(NameIx, Held)| match held {
            Held::Blob(hit) => Some(hit),
            Held::Dir(_) => None,
        };
        entries.filter_map(hit).collect()
    }

    /// A name's bytes.
    pub(super) fn name(&self, name: NameIx) -> &[u8] {
        self.names.get(name)
    }

    /// The parts of a folder.
    pub(super) fn chunks(&self, dir: Dir) -> Arc<[Chunk]> {
        Arc::clone(self.dirs.get(dir))
    }

    /// The entries of a part.
    pub(super) fn entries(&self, chunk: Chunk) -> Entries {
        Arc::clone(self.chunks.get(chunk))
    }

    /// What a name in a folder stands for.
    pub(super) fn get(&self, dir: Dir, name: NameIx) -> Option<Held> {
        let chunks = self.dirs.get(dir);
        let at = chunks.binary_search_by_key(&(name >> CHUNK_BITS), |&chunk| self.key(chunk)).ok()?;
        let entries = self.chunks.get(chunks[at]);
        let at = entries.binary_search_by_key(&name, |&(name, _)| name).ok()?;
        Some(entries[at].1)
    }

    /// All objects in a folder and below, some of them more than once.
    pub(super) fn below(&self, dir: Dir) -> Vec<Hit> {
        let (mut hits, mut waiting, mut met) = (Vec::new(), vec![dir], HashSet::new());
        while let Some(dir) = waiting.pop() {
            for chunk in self.dirs.get(dir).iter() {
                for &(_, held) in self.chunks.get(*chunk).iter() {
                    match held {
                        Held::Blob(hit) => hits.push(hit),
                        Held::Dir(dir) if met.insert(dir) => waiting.push(dir),
                        Held::Dir(_) => {}
                    }
                }
            }
        }
        hits
    }

    /// Calls `each` with what `new` holds at every name at which `old` holds something else or nothing, and with that.
    pub(super) fn diff(&self, new: Dir, old: Dir, mut each: impl FnMut(NameIx, Held, Option<Held>)) {
        let (new, old) = (self.dirs.get(new), self.dirs.get(old));
        let mut old = old.iter().peekable();
        for &chunk in new.iter() {
            let key = self.key(chunk);
            while old.next_if(|&&chunk| self.key(chunk) < key).is_some() {}
            match old.next_if(|&&chunk| self.key(chunk) == key) {
                Some(&same) if same == chunk => {}
                was => {
                    let before = was.map_or(&[][..], |&was| self.chunks.get(was));
                    for &(name, held) in self.chunks.get(chunk).iter() {
                        let at = before.binary_search_by_key(&name, |&(name, _)| name);
                        let was = at.ok().map(|at| before[at].1);
                        if was != Some(held) {
                            each(name, held, was);
                        }
                    }
                }
            }
        }
    }

    fn key(&self, chunk: Chunk) -> u32 {
        self.chunks.get(chunk).first().map_or(0, |&(name, _)| name >> CHUNK_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_folders_are_one_and_differences_are_found() {
        let mut sets = Sets::new(Interner::default());
        let entries: Vec<_> = (0..100u32).map(|at| (at, Held::Blob(at))).collect();
        let one = sets.dir(entries.clone());
        let backwards: Vec<_> = entries.iter().rev().copied().collect();
        assert_eq!(one, sets.dir(backwards));
        assert_eq!(EMPTY, sets.dir(Vec::new()));
        let mut changed = entries.clone();
        changed[70].1 = Held::Blob(7);
        changed.remove(3);
        let two = sets.dir(changed);
        let mut found = Vec::new();
        sets.diff(two, one, |name, held, was| found.push((name, held, was)));
        assert_eq!(found, [(70, Held::Blob(7), Some(Held::Blob(70)))]);
        found.clear();
        sets.diff(one, two, |name, held, was| found.push((name, held, was)));
        assert_eq!(found.len(), 2);
        assert_eq!(sets.get(one, 3), Some(Held::Blob(3)));
        assert_eq!(sets.get(two, 3), None);
    }
}
