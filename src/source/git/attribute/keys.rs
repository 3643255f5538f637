//! What is being collected about each secret at each path.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    super::{graph::CommitIx, trees::NameIx},
    sets::{Hit, Sets},
};
use crate::{blob::ObjectId, incident::Reach};

/// A path's number: a node of the tree of paths.
pub(super) type PathIx = u32;
/// The top folder.
pub(super) const ROOT: PathIx = 0;
/// All of a notes tree: where in it a note is has no meaning to people.
pub(super) const NOTE: PathIx = u32::MAX;
/// Of blobs that no tree names.
pub(super) const NOWHERE: PathIx = u32::MAX - 1;

/// Paths, each its folder's number and its name's.
pub(super) struct Paths {
    nodes: Vec<(PathIx, NameIx)>,
    numbers: HashMap<(PathIx, NameIx), PathIx>,
}

impl Paths {
    pub(super) fn new() -> Self {
        Self { nodes: vec![(ROOT, 0)], numbers: HashMap::new() }
    }

    /// The path of a name in a folder.
    pub(super) fn child(&mut self, folder: PathIx, name: NameIx) -> PathIx {
        if folder >= NOWHERE {
            return folder;
        }
        *self.numbers.entry((folder, name)).or_insert_with(|| {
            self.nodes.push((folder, name));
            u32::try_from(self.nodes.len() - 1).unwrap_or(NOWHERE)
        })
    }

    /// The names that lead to a path.
    pub(super) fn names(&self, path: PathIx) -> Vec<NameIx> {
        let mut names = Vec::new();
        let mut at = path;
        while at != ROOT && at < NOWHERE {
            let (folder, name) = self.nodes[at as usize];
            names.push(name);
            at = folder;
        }
        names.reverse();
        names
    }

    /// A path's bytes.
    pub(super) fn bytes(&self, sets: &Sets, path: PathIx) -> Vec<u8> {
        let names = self.names(path);
        names.iter().map(|&name| sets.name(name)).collect::<Vec<_>>().join(&b'/')
    }
}

/// Secrets that are in exactly the same objects, which are many where a file holds many: what holds for one holds for all.
pub(super) type Class = u32;

/// The objects that were hit.
pub(super) struct Hits {
    /// By id, each with its number.
    pub(super) numbers: HashMap<ObjectId, Hit>,
    /// By number.
    pub(super) ids: Vec<ObjectId>,
    /// Which classes each object holds, ascending.
    classes: Vec<Vec<Class>>,
    /// The secrets of each class.
    pub(super) secrets: Vec<Vec<u32>>,
}

impl Hits {
    pub(super) fn new(hits: &BTreeMap<ObjectId, Vec<u32>>) -> Self {
        let ids: Vec<_> = hits.keys().copied().collect();
        let numbers = ids.iter().copied().zip(0..).collect();
        let mut held: BTreeMap<u32, Vec<Hit>> = BTreeMap::new();
        for (hit, secrets) in (0..).zip(hits.values()) {
            for &secret in secrets {
                let by = held.entry(secret).or_default();
                if by.last() != Some(&hit) {
                    by.push(hit);
                }
            }
        }
        let mut same: BTreeMap<Vec<Hit>, Vec<u32>> = BTreeMap::new();
        for (secret, by) in held {
            same.entry(by).or_default().push(secret);
        }
        let mut classes = vec![Vec::new(); ids.len()];
        for (class, by) in (0..).zip(same.keys()) {
            for &hit in by {
                classes[hit as usize].push(class);
            }
        }
        Self { numbers, ids, classes, secrets: same.into_values().collect() }
    }

    /// Which classes an object holds, ascending.
    pub(super) fn classes(&self, hit: Hit) -> &[Class] {
        &self.classes[hit as usize]
    }

    /// Whether an object holds a class.
    pub(super) fn holds(&self, hit: Hit, class: Class) -> bool {
        self.classes(hit).binary_search(&class).is_ok()
    }
}

/// A class of secrets at a path, and what is known of it.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) class: Class,
    pub(super) path: PathIx,
    /// The objects at that path that hold it.
    pub(super) versions: BTreeSet<Hit>,
    /// The newest commit that holds it.
    pub(super) last: Option<CommitIx>,
    /// What holds it at HEAD.
    pub(super) head: Option<Hit>,
    /// Commits that hold it and none of whose parents does, ascending.
    pub(super) origins: Vec<CommitIx>,
    /// The strongest reach from elsewhere than commits.
    pub(super) reach: Reach,
    /// Refs that name it without a commit, by their place among all.
    pub(super) refs: BTreeSet<usize>,
}

impl Key {
    /// Notes that something other than a commit holds it here. The versions of a path are those that commits have, where
    /// any has it.
    pub(super) fn hold(&mut self, hit: Hit, reach: Reach) {
        self.reach = self.reach.min(reach);
        if self.origins.is_empty() {
            self.versions.insert(hit);
        }
    }
}

/// All keys.
pub(super) struct Keys {
    pub(super) all: Vec<Key>,
    numbers: HashMap<(PathIx, Class), usize>,
    /// Which objects have a place, by number.
    pub(super) placed: Vec<bool>,
}

impl Keys {
    /// None yet, for as many objects.
    pub(super) fn new(hits: usize) -> Self {
        Self { all: Vec::new(), numbers: HashMap::new(), placed: vec![false; hits] }
    }

    /// What is known of a class at a path.
    pub(super) fn at(&mut self, path: PathIx, class: Class) -> &mut Key {
        let number = *self.numbers.entry((path, class)).or_insert_with(|| {
            let (versions, refs) = Default::default();
            let (last, head, origins, reach) = (None, None, Vec::new(), Reach::Unreachable);
            self.all.push(Key { class, path, versions, last, head, origins, reach, refs });
            self.all.len() - 1
        });
        &mut self.all[number]
    }

    /// The same, where an object holds it.
    pub(super) fn meet(&mut self, path: PathIx, class: Class, hit: Hit) -> &mut Key {
        self.placed[hit as usize] = true;
        self.at(path, class)
    }

    /// What is known of a class at a path, if anything is.
    pub(super) fn get(&mut self, path: PathIx, class: Class) -> Option<&mut Key> {
        self.numbers.get(&(path, class)).map(|&number| &mut self.all[number])
    }
}
