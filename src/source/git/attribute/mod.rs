//! Where in the history the objects are in which something was found: paths, commits and refs.
//!
//! Every commit and every tree is looked at once, whatever the number of hits; see the modules below. What the secrets
//! are is none of its business: to it they are numbers.

mod contain;
mod history;
mod keys;
mod place;
mod sets;
mod tips;
mod trees;

use std::collections::{BTreeMap, HashSet};

use gix::objs::Kind;

use self::{
    history::History,
    keys::{Hits, Keys, Paths},
    place::Placing,
    sets::{Dir, EMPTY, Hit, NameIx},
    tips::Tips,
    trees::{Eyes, Trees},
};
use super::{
    Refs, Repository, error,
    graph::Graph,
    index,
    object::{self, EntryKind},
    parallel,
    store::{Num, Reader},
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

impl Repository {
    /// Where the secrets are that `hits` says the objects hold: one [`Place`] for each secret and path, one for each commit
    /// whose message has a secret. Of `selection`, commits that were not picked say nothing; where the rest can be reached
    /// from is said of all refs. `all_versions` asks for the ids of all blobs at a path.
    ///
    /// Places come by secret, path and object, whatever the order of packs and threads.
    pub fn attribute(
        &self,
        hits: &BTreeMap<ObjectId, Vec<u32>>,
        selection: &Refs,
        all_versions: bool,
        coverage: &mut Coverage,
    ) -> Vec<Place> {
        if hits.is_empty() {
            return Vec::new();
        }
        let hits = Hits::new(hits);
        coverage.add(self.graph().1.clone());
        let tips = Tips::of(self, selection);
        let trees = Trees::new(&self.store, &hits.numbers);
        let roots = self.look_at_trees(&trees, &tips, coverage);
        let (mut staged, mut unnamed) = Default::default();
        if matches!(selection, Refs::All) {
            staged = self.staged_hits(&trees, &hits, coverage);
            unnamed = self.look_at_unnamed(&trees, &hits, &staged, coverage);
        }
        let sets = trees.sets();
        let graph = &self.graph().0;
        let notes = notes_alone(graph, &tips);
        let (paths, keys) = (Paths::new(), Keys::new(hits.ids.len()));
        let mut history = History { graph, sets: &sets, hits: &hits, roots: &roots, notes: &notes, paths, keys };
        let picked = match selection {
            Refs::All => vec![true; graph.len()],
            Refs::Matching(_) => graph.ancestry(tips.picked_commits.iter().copied()),
        };
        let commits = || graph.commits().filter(|&commit| picked[commit as usize]);
        history.note_holders(commits(), |commit| self.sort_key(graph.num(commit)));
        history.note_origins(commits());
        history.note_head(tips.head);
        history.note_staged(&staged);
        history.note_unnamed(&unnamed);
        self.note_bare(&mut history, &tips, &trees);
        Placing::new(self, history, &tips, &picked, all_versions).places(coverage)
    }

    /// Looks at the trees of all commits and at those that are named without one; gives what each commit's holds.
    fn look_at_trees<'a>(&'a self, trees: &Trees<'a>, tips: &Tips, coverage: &mut Coverage) -> Vec<Dir> {
        let graph = &self.graph().0;
        let mut nums: Vec<Num> = graph.commits().filter_map(|commit| graph.tree(commit)).collect();
        nums.extend(tips.bare.iter().filter(|(_, kind, _)| *kind == Kind::Tree).map(|&(num, _, _)| num));
        self.look_at(trees, &nums, coverage);
        let dir = |commit| graph.tree(commit).and_then(|tree| trees.known(tree)).unwrap_or(EMPTY);
        graph.commits().map(dir).collect()
    }

    fn look_at<'a>(&'a self, trees: &Trees<'a>, nums: &[Num], coverage: &mut Coverage) {
        let eyes = parallel::share(
            nums,
            || Eyes::new(&self.store),
            |eyes, &num| {
                trees.look(eyes, num);
            },
        );
        for eyes in eyes {
            coverage.add(eyes.notes);
        }
    }

    /// What decides between commits of the same time.
    fn sort_key(&self, num: Num) -> [u8; 32] {
        let mut key = [0; 32];
        let id = self.store.id(num);
        key[..id.as_bytes().len()].copy_from_slice(id.as_bytes());
        key
    }

    /// Notes what is named without a commit: a tag on a tree or on a blob.
    fn note_bare(&self, history: &mut History<'_>, tips: &Tips, trees: &Trees<'_>) {
        let of_kind = |kind| tips.bare.iter().filter(move |bare| bare.1 == kind && bare.2.picked);
        for &(num, _, by) in of_kind(Kind::Tree) {
            history.note_bare_tree(trees.known(num).unwrap_or(EMPTY), by);
        }
        // Blobs come last: what has a path by now needs none.
        for &(num, _, by) in of_kind(Kind::Blob) {
            if let Some(&hit) = history.hits.numbers.get(&self.store.id(num)) {
                history.note_bare_blob(hit, by);
            }
        }
    }

    /// What the indexes of all worktrees hold of what was found.
    fn staged_hits(&self, trees: &Trees<'_>, hits: &Hits, coverage: &mut Coverage) -> Vec<(Vec<NameIx>, Hit)> {
        let mut staged = Vec::new();
        for path in self.index_files() {
            match index::read(&path, self.format.hash) {
                Ok(index) => staged.extend(index.iter().flat_map(index::blobs).filter_map(|(path, id)| {
                    let &hit = hits.numbers.get(&id)?;
                    Some((trees.sets().number_path(path), hit))
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
        trees: &Trees<'a>,
        hits: &Hits,
        staged: &[(Vec<NameIx>, Hit)],
        coverage: &mut Coverage,
    ) -> Vec<Dir> {
        let mut placed = trees.sets().all_hits();
        placed.extend(staged.iter().map(|&(_, hit)| hit));
        let is_blob = |id: &ObjectId| {
            self.store.num(id.as_bytes()).is_some_and(|num| self.inventory().kind(num) == Some(Kind::Blob))
        };
        if !(0..).zip(&hits.ids).any(|(hit, id)| !placed.contains(&hit) && is_blob(id)) {
            return Vec::new();
        }
        let mut unnamed: Vec<_> = self.inventory().of_kind(Kind::Tree).collect();
        unnamed.retain(|&num| trees.known(num).is_none());
        self.look_at(trees, &unnamed, coverage);
        let (mut inner, mut reader, mut buffer) = (HashSet::new(), Reader::new(&self.store), Vec::new());
        for &num in &unnamed {
            if reader.read(num, &mut buffer).is_ok() {
                let entries = object::entries(&buffer, self.store.id_len()).map_while(Result::ok);
                let folders = entries.filter(|entry| entry.kind == EntryKind::Tree);
                inner.extend(folders.filter_map(|entry| self.store.num(entry.id)));
            }
        }
        let outer = unnamed.into_iter().filter(|num| !inner.contains(num));
        outer.filter_map(|num| trees.known(num)).filter(|&dir| dir != EMPTY).collect()
    }
}

/// Which commits are in the history of notes and of nothing else.
fn notes_alone(graph: &Graph, tips: &Tips) -> Vec<bool> {
    let mut notes = graph.ancestry(tips.note_commits.iter().copied());
    let plain = graph.ancestry(tips.plain_commits.iter().copied());
    notes.iter_mut().zip(plain).for_each(|(note, plain)| *note &= !plain);
    notes
}
