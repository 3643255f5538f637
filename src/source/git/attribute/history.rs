//! Which commits hold, bring and lose what was hit: one walk over the versions of the tree from the newest, and one over
//! the commits that compares each with its parents. Both skip what they have met.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use super::{
    super::{
        graph::{CommitIx, Graph},
        trees::NameIx,
    },
    keys::{Class, Hits, Keys, NOTE, NOWHERE, PathIx, Paths, ROOT},
    sets::{Chunk, Dir, EMPTY, Held, Hit, Sets},
    tips::Name,
};
use crate::incident::Reach;

/// The walks' common ground.
pub(super) struct History<'a> {
    pub(super) graph: &'a Graph,
    pub(super) sets: &'a Sets,
    pub(super) hits: &'a Hits,
    /// What each commit's tree holds.
    pub(super) roots: &'a [Dir],
    /// Commits of notes refs alone.
    pub(super) notes: &'a [bool],
    pub(super) paths: Paths,
    pub(super) keys: Keys,
}

impl History<'_> {
    /// Notes versions and the newest holder of every key, over these commits.
    pub(super) fn note_holders(&mut self, commits: impl Iterator<Item = CommitIx>, id: impl Fn(CommitIx) -> [u8; 32]) {
        let mut newest_first: Vec<_> = commits.filter(|&commit| self.roots[commit as usize] != EMPTY).collect();
        newest_first.sort_by_cached_key(|&commit| (Reverse(self.graph.time(commit)), id(commit)));
        let mut met = Met::default();
        for commit in newest_first {
            let (root, path) = (self.roots[commit as usize], self.root_path(commit));
            self.walk(root, path, &mut met, &mut |keys, path, class, hit| {
                let key = keys.meet(path, class, hit);
                key.last.get_or_insert(commit);
                key.versions.insert(hit);
            });
        }
    }

    /// Calls `each` for what is in a folder and below, but for what `met` says was there before.
    pub(super) fn walk(
        &mut self,
        dir: Dir,
        path: PathIx,
        met: &mut Met,
        each: &mut dyn FnMut(&mut Keys, PathIx, Class, Hit),
    ) {
        let mut waiting = vec![(dir, path)];
        while let Some((dir, path)) = waiting.pop() {
            if !met.dirs.insert((path, dir)) {
                continue;
            }
            for &chunk in self.sets.chunks(dir).iter() {
                if !met.chunks.insert((path, chunk)) {
                    continue;
                }
                for &(name, held) in self.sets.entries(chunk).iter() {
                    let below = self.paths.child(path, name);
                    match held {
                        Held::Dir(dir) => waiting.push((dir, below)),
                        Held::Blob(hit) => {
                            for &class in self.hits.classes(hit) {
                                each(&mut self.keys, below, class, hit);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Notes the commits that bring each key where none of their parents has it. `commits` come parents first.
    pub(super) fn note_origins(&mut self, commits: impl Iterator<Item = CommitIx>) {
        let mut all_classes = HashMap::new();
        for commit in commits {
            let root = self.roots[commit as usize];
            let parents: Vec<_> = self.graph.parents(commit).iter().map(|&at| self.roots[at as usize]).collect();
            if root == EMPTY || parents.contains(&root) {
                continue;
            }
            if self.notes[commit as usize] {
                self.note_origins_of_notes(commit, &parents, &mut all_classes);
                continue;
            }
            self.note_origins_below(commit, root, parents);
        }
    }

    fn note_origins_below(&mut self, commit: CommitIx, root: Dir, parents: Vec<Dir>) {
        let mut waiting = vec![(root, parents, ROOT)];
        while let Some((new, olds, path)) = waiting.pop() {
            let (&first, others) = olds.split_first().unwrap_or((&EMPTY, &[]));
            let (sets, hits, paths, keys) = (self.sets, self.hits, &mut self.paths, &mut self.keys);
            sets.diff(new, first, |name, held, was| {
                let in_others = || others.iter().map(|&other| sets.get(other, name));
                if in_others().any(|other| other == Some(held)) {
                    return;
                }
                let below = paths.child(path, name);
                match held {
                    Held::Dir(dir) => {
                        let olds = [was].into_iter().chain(in_others()).map(|old| old.map_or(EMPTY, dir_of));
                        waiting.push((dir, olds.collect(), below));
                    }
                    Held::Blob(hit) => {
                        let olds = || [was].into_iter().chain(in_others()).flatten().filter_map(blob_of);
                        for &class in hits.classes(hit) {
                            if !olds().any(|old| hits.holds(old, class)) {
                                keys.at(below, class).origins.push(commit);
                            }
                        }
                    }
                }
            });
        }
    }

    /// Notes move about in their tree as it grows, so what matters is whether a version has them at all.
    fn note_origins_of_notes(
        &mut self,
        commit: CommitIx,
        parents: &[Dir],
        known: &mut HashMap<Dir, Rc<BTreeSet<Class>>>,
    ) {
        let mut of = |dir: Dir| {
            let found = known.entry(dir).or_insert_with(|| {
                let hits = self.sets.below(dir).into_iter();
                Rc::new(hits.flat_map(|hit| self.hits.classes(hit)).copied().collect())
            });
            Rc::clone(found)
        };
        let before: Vec<_> = parents.iter().map(|&parent| of(parent)).collect();
        for &class in of(self.roots[commit as usize]).iter() {
            if !before.iter().any(|before| before.contains(&class)) {
                self.keys.at(NOTE, class).origins.push(commit);
            }
        }
    }

    /// Notes what HEAD's tree holds of what was found at the same paths.
    pub(super) fn note_head(&mut self, head: Option<CommitIx>) {
        let Some(head) = head else { return };
        self.walk(self.roots[head as usize], ROOT, &mut Met::default(), &mut |keys, path, class, hit| {
            if let Some(key) = keys.get(path, class) {
                key.head = Some(hit);
                key.last = Some(head);
            }
        });
    }

    /// Notes what the index holds at these paths.
    pub(super) fn note_staged(&mut self, staged: &[(Vec<NameIx>, Hit)]) {
        for (names, hit) in staged {
            let path = names.iter().fold(ROOT, |folder, &name| self.paths.child(folder, name));
            for &class in self.hits.classes(*hit) {
                self.keys.meet(path, class, *hit).hold(*hit, Reach::Index);
            }
        }
    }

    /// Notes what trees hold that nothing names.
    pub(super) fn note_unnamed(&mut self, trees: &[Dir]) {
        let mut met = Met::default();
        for &dir in trees {
            self.walk(dir, ROOT, &mut met, &mut |keys, path, class, hit| {
                keys.meet(path, class, hit).hold(hit, Reach::Unreachable);
            });
        }
    }

    /// Notes what a tree holds that is named without a commit.
    pub(super) fn note_bare_tree(&mut self, dir: Dir, by: Name) {
        self.walk(dir, ROOT, &mut Met::default(), &mut |keys, path, class, hit| {
            let key = keys.meet(path, class, hit);
            key.hold(hit, by.reach);
            key.refs.extend(by.place);
        });
    }

    /// Notes a blob that is named itself.
    pub(super) fn note_bare_blob(&mut self, hit: Hit, by: Name) {
        if !self.keys.placed[hit as usize] {
            self.note_nowhere(hit);
        }
        for key in self.keys.all.iter_mut().filter(|key| key.versions.contains(&hit)) {
            key.reach = key.reach.min(by.reach);
            key.refs.extend(by.place);
        }
    }

    /// Notes a blob that has no path.
    pub(super) fn note_nowhere(&mut self, hit: Hit) {
        for &class in self.hits.classes(hit) {
            self.keys.meet(NOWHERE, class, hit).hold(hit, Reach::Unreachable);
        }
    }

    /// What holds a class at a path in a commit.
    pub(super) fn version_at(&self, commit: CommitIx, path: PathIx, class: Class) -> Option<Hit> {
        let root = self.roots[commit as usize];
        if path == NOTE {
            let found = self.sets.below(root).into_iter().filter(|&hit| self.hits.holds(hit, class));
            return found.min();
        }
        find(self.sets, root, &self.paths.names(path))
    }

    /// Where a commit's tree begins: notes have no path.
    pub(super) fn root_path(&self, commit: CommitIx) -> PathIx {
        if self.notes[commit as usize] { NOTE } else { ROOT }
    }
}

/// What a walk has met at which path.
#[derive(Default)]
pub(super) struct Met {
    dirs: HashSet<(PathIx, Dir)>,
    chunks: HashSet<(PathIx, Chunk)>,
}

fn blob_of(held: Held) -> Option<Hit> {
    match held {
        Held::Blob(hit) => Some(hit),
        Held::Dir(_) => None,
    }
}

fn dir_of(held: Held) -> Dir {
    match held {
        Held::Blob(_) => EMPTY,
        Held::Dir(dir) => dir,
    }
}

/// The object that these names lead to.
fn find(sets: &Sets, root: Dir, names: &[u32]) -> Option<Hit> {
    let (&last, folders) = names.split_last()?;
    let folder = folders.iter().try_fold(root, |dir, &name| match sets.get(dir, name)? {
        Held::Dir(dir) => Some(dir),
        Held::Blob(_) => None,
    })?;
    sets.get(folder, last).and_then(blob_of)
}
