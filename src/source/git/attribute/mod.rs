//! Where in the history the objects are in which something was found: paths, commits and refs.
//!
//! Every commit and every tree is looked at once, whatever the number of hits; see the modules below. What the secrets
//! are is none of its business: to it they are numbers.

mod contain;
mod dirs;
mod history;
mod keys;
mod missing;
mod place;
mod sets;
mod tips;

use std::collections::{BTreeMap, HashSet};

use gix::objs::Kind;

pub(super) use self::missing::fail_missing;
use self::{
    dirs::Dirs,
    history::History,
    keys::{Hits, Keys, Paths},
    place::Placing,
    sets::{Dir, EMPTY, Hit},
    tips::Tips,
};
use super::{
    Refs, Repository, error,
    graph::Graph,
    index, parallel,
    store::Num,
    trees::{NameIx, Trees, What},
};
use crate::{
    blob::{ObjectId, PathName},
    coverage::Coverage,
    incident::GitPlace,
};

/// One secret at one path, over all versions of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which secret, as the caller numbers them.
    pub secret: u32,
    /// The path, `commit message`, `tag NAME`, `note`, or nothing for blobs that no tree names.
    pub path: Option<PathName>,
    /// What the history says of it.
    pub git: GitPlace,
}

/// What is asked of the history.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Commits that were not picked say nothing; where the rest can be reached from is said of all refs.
    pub refs: &'a Refs,
    /// Whether the ids of all blobs at a path are wanted.
    pub all_versions: bool,
    /// Whether it is a failure that something reachable leads to an object that is not here, and that a tree makes no sense.
    pub complete: bool,
}

/// What is looked at, and as seen from which refs.
#[derive(Clone, Copy)]
struct View<'a> {
    hits: &'a Hits,
    dirs: &'a Dirs<'a>,
    /// What each commit's tree holds.
    roots: &'a [Dir],
    tips: &'a Tips,
    /// Which commits count.
    picked: &'a [bool],
    /// Whether what nothing names has a place.
    strays: bool,
}

impl Repository {
    /// Where the secrets are that `hits` says the objects hold: one [`Place`] for each secret and path, one for each commit
    /// whose message has a secret.
    ///
    /// Places come by secret, path and object, whatever the order of packs and threads.
    pub fn attribute(
        &self,
        hits: &BTreeMap<ObjectId, Vec<u32>>,
        scope: Scope<'_>,
        coverage: &mut Coverage,
    ) -> Vec<Place> {
        if hits.is_empty() && !scope.complete {
            return Vec::new();
        }
        let hits = Hits::new(hits);
        coverage.add(self.commits().notes.clone());
        let tips = Tips::of(self, self.refs(), scope.refs);
        let mut notes = Coverage::default();
        let trees = Trees::read((&self.store, self.inventory()), &hits.numbers, &mut notes);
        if scope.complete {
            coverage.add(notes);
            self.note_missing(&trees, &tips, coverage);
        }
        if hits.ids.is_empty() { Vec::new() } else { self.places(&hits, (&trees, &tips), scope, coverage) }
    }

    /// The same for each of these namespaces (gitnamespaces(7)), as if it were a repository of its own: its refs and its HEAD alone. What
    /// they do not lead to has no place. What is missing anywhere is a failure.
    pub fn attribute_namespaces(
        &self,
        hits: &BTreeMap<ObjectId, Vec<u32>>,
        namespaces: &[&str],
        all_versions: bool,
        coverage: &mut Coverage,
    ) -> Vec<Vec<Place>> {
        let hits = Hits::new(hits);
        coverage.add(self.commits().notes.clone());
        let trees = Trees::read((&self.store, self.inventory()), &hits.numbers, coverage);
        let everything = Tips::of(self, self.refs(), &Refs::All);
        self.note_missing(&trees, &everything, coverage);
        if hits.ids.is_empty() {
            return vec![Vec::new(); namespaces.len()];
        }
        let dirs = Dirs::new(&trees, self.store.len());
        let roots = self.look_at_trees(&dirs, &everything, coverage);
        let mut places = |namespace: &&str| {
            let tips = Tips::of(self, &self.refs().within(namespace), &Refs::All);
            let picked = self.commits().graph.ancestry(tips.ref_commits.iter().copied());
            let view = View { hits: &hits, dirs: &dirs, roots: &roots, tips: &tips, picked: &picked, strays: false };
            self.places_in(&view, (&[], &[]), all_versions, coverage)
        };
        namespaces.iter().map(&mut places).collect()
    }

    fn places(
        &self,
        hits: &Hits,
        (trees, tips): (&Trees, &Tips),
        scope: Scope<'_>,
        coverage: &mut Coverage,
    ) -> Vec<Place> {
        let dirs = Dirs::new(trees, self.store.len());
        let roots = self.look_at_trees(&dirs, tips, coverage);
        let (mut staged, mut unnamed) = Default::default();
        if matches!(scope.refs, Refs::All) {
            staged = self.staged_hits(&dirs, hits, coverage);
            unnamed = self.look_at_unnamed(&dirs, hits, &staged, coverage);
        }
        let graph = &self.commits().graph;
        let picked = match scope.refs {
            Refs::All => vec![true; graph.len()],
            Refs::Matching(_) => graph.ancestry(tips.picked_commits.iter().copied()),
        };
        let view = View { hits, dirs: &dirs, roots: &roots, tips, picked: &picked, strays: true };
        self.places_in(&view, (&staged, &unnamed), scope.all_versions, coverage)
    }

    /// Where the hits are in what `view` shows; besides, in what the index holds and in trees that no commit names.
    fn places_in(
        &self,
        view: &View<'_>,
        (staged, unnamed): (&[(Vec<NameIx>, Hit)], &[Dir]),
        all_versions: bool,
        coverage: &mut Coverage,
    ) -> Vec<Place> {
        let View { hits, dirs, roots, tips, picked, .. } = *view;
        let sets = dirs.sets();
        let graph = &self.commits().graph;
        let notes = notes_alone(graph, tips);
        let (paths, keys) = (Paths::new(), Keys::new(hits.ids.len()));
        let mut history = History { graph, sets: &sets, hits, roots, notes: &notes, paths, keys };
        let commits = || graph.commits().filter(|&commit| picked[commit as usize]);
        history.note_holders(commits(), |commit| self.sort_key(graph.num(commit)));
        history.note_origins(commits());
        history.note_head(tips.head);
        history.note_staged(staged);
        history.note_unnamed(unnamed);
        self.note_bare(&mut history, tips, dirs);
        Placing::new(self, history, view, all_versions).places(coverage)
    }

    /// Looks at the trees of all commits and at those that are named without one; gives what each commit's holds.
    fn look_at_trees<'a>(&'a self, dirs: &Dirs<'a>, tips: &Tips, coverage: &mut Coverage) -> Vec<Dir> {
        let graph = &self.commits().graph;
        // The newest first: what is older is mostly stored as changes of that.
        let mut nums: Vec<Num> = graph.commits().rev().filter_map(|commit| graph.tree(commit)).collect();
        nums.extend(tips.bare.iter().filter(|(_, kind, _)| *kind == Kind::Tree).map(|&(num, _, _)| num));
        look_at(dirs, &nums, coverage);
        let dir = |commit| graph.tree(commit).and_then(|tree| dirs.known(tree)).unwrap_or(EMPTY);
        graph.commits().map(dir).collect()
    }

    /// What decides between commits of the same time.
    fn sort_key(&self, num: Num) -> [u8; 32] {
        let mut key = [0; 32];
        let id = self.store.id(num);
        key[..id.as_bytes().len()].copy_from_slice(id.as_bytes());
        key
    }

    /// Notes what is named without a commit: a tag on a tree or on a blob.
    fn note_bare(&self, history: &mut History<'_>, tips: &Tips, dirs: &Dirs<'_>) {
        let of_kind = |kind| tips.bare.iter().filter(move |bare| bare.1 == kind && bare.2.picked);
        for &(num, _, by) in of_kind(Kind::Tree) {
            history.note_bare_tree(dirs.known(num).unwrap_or(EMPTY), by);
        }
        // Blobs come last: what has a path by now needs none.
        for &(num, _, by) in of_kind(Kind::Blob) {
            if let Some(&hit) = history.hits.numbers.get(&self.store.id(num)) {
                history.note_bare_blob(hit, by);
            }
        }
    }

    /// What the indexes of all worktrees hold of what was found.
    fn staged_hits(&self, dirs: &Dirs<'_>, hits: &Hits, coverage: &mut Coverage) -> Vec<(Vec<NameIx>, Hit)> {
        let mut staged = Vec::new();
        for path in self.index_files() {
            match index::read(&path, self.format.hash) {
                Ok(index) => staged.extend(index.iter().flat_map(index::blobs).filter_map(|(path, id)| {
                    let &hit = hits.numbers.get(&id)?;
                    Some((dirs.sets().number_path(path), hit))
                })),
                Err(error) => coverage.fail(path.display().to_string(), error::chain(&error)),
            }
        }
        staged
    }

    /// Where no commit's tree and no index holds something that was found, looks at the trees that no commit names; gives
    /// those that lie in no other.
    fn look_at_unnamed<'a>(
        &'a self,
        dirs: &Dirs<'a>,
        hits: &Hits,
        staged: &[(Vec<NameIx>, Hit)],
        coverage: &mut Coverage,
    ) -> Vec<Dir> {
        let mut placed = dirs.sets().all_hits();
        placed.extend(staged.iter().map(|&(_, hit)| hit));
        let is_blob = |id: &ObjectId| {
            self.store.num(id.as_bytes()).is_some_and(|num| self.inventory().kind(num) == Some(Kind::Blob))
        };
        if !(0..).zip(&hits.ids).any(|(hit, id)| !placed.contains(&hit) && is_blob(id)) {
            return Vec::new();
        }
        let mut unnamed: Vec<_> = self.inventory().of_kind(Kind::Tree).collect();
        unnamed.retain(|&num| dirs.known(num).is_none());
        look_at(dirs, &unnamed, coverage);
        let (mut inner, mut eyes, mut marks) = (HashSet::new(), dirs.eyes(), Vec::new());
        for &num in &unnamed {
            eyes.marks.of(num, &mut marks);
            inner.extend(
                marks.iter().filter_map(|mark| if let What::Folder(tree) = mark.what() { Some(tree) } else { None }),
            );
        }
        let outer = unnamed.into_iter().filter(|num| !inner.contains(num));
        outer.filter_map(|num| dirs.known(num)).filter(|&dir| dir != EMPTY).collect()
    }
}

/// Looks at these trees and all below.
fn look_at(dirs: &Dirs<'_>, nums: &[Num], coverage: &mut Coverage) {
    let looked = parallel::share(
        nums,
        || dirs.eyes(),
        |eyes, &num| {
            dirs.look(eyes, num);
        },
    );
    for eyes in looked {
        coverage.add(eyes.notes);
    }
}

/// Which commits are in the history of notes and of nothing else.
fn notes_alone(graph: &Graph, tips: &Tips) -> Vec<bool> {
    let mut notes = graph.ancestry(tips.note_commits.iter().copied());
    let plain = graph.ancestry(tips.plain_commits.iter().copied());
    notes.iter_mut().zip(plain).for_each(|(note, plain)| *note &= !plain);
    notes
}
