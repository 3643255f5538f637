//! All commits with their parents, numbered so that parents come before children.

use gix::objs::Kind;

use super::{
    lists::Lists,
    object,
    store::{self, Inventory, Num, Object, ReadError, Store, Walker},
};
use crate::{
    blob::{ObjectId, Shared},
    coverage::Coverage,
};

/// A commit's place in a [`Graph`].
pub(super) type CommitIx = u32;

/// A commit as it was read.
#[derive(Clone, Copy, Debug)]
struct Record {
    num: Num,
    tree: Option<Num>,
    time: i64,
    /// Where its parents are among those of all.
    parents: (u32, u32),
}

/// Commits read by one thread.
#[derive(Debug, Default)]
pub(super) struct Records {
    commits: Vec<Record>,
    parents: Vec<Num>,
    /// Parents and trees that are not here, each with the commit that names it.
    missing: Vec<(ObjectId, Num)>,
}

impl Records {
    /// Takes a commit.
    pub(super) fn add(&mut self, store: &Store, num: Num, object: &[u8]) {
        let commit = object::Commit::parse(object);
        let mut look = |id: &ObjectId| {
            let found = store.num(id.as_bytes());
            if found.is_none() {
                self.missing.push((*id, num));
            }
            found
        };
        let tree = commit.tree.as_ref().and_then(&mut look);
        let start = len(&self.parents);
        self.parents.extend(commit.parents.iter().filter_map(&mut look));
        let parents = (start, len(&self.parents));
        self.commits.push(Record { num, tree, time: commit.time, parents });
    }

    /// All of these together, by number.
    fn together(all: impl IntoIterator<Item = Self>) -> Self {
        let mut together = Self::default();
        for records in all {
            let shift = len(&together.parents);
            together.parents.extend(records.parents);
            together.commits.extend(records.commits.into_iter().map(|record| {
                let (start, end) = record.parents;
                Record { parents: (start + shift, end + shift), ..record }
            }));
        }
        together.commits.sort_unstable_by_key(|record| record.num);
        together
    }

    fn parents(&self, record: &Record) -> &[Num] {
        &self.parents[record.parents.0 as usize..record.parents.1 as usize]
    }

    /// The place of each commit's record, by number.
    fn places(&self) -> Vec<u32> {
        let mut places = vec![NONE; self.commits.last().map_or(0, |last| last.num as usize + 1)];
        for (place, record) in (0..).zip(&self.commits) {
            places[record.num as usize] = place;
        }
        places
    }
}

/// The commits that are here, and what is to be said of them.
#[derive(Debug)]
pub(super) struct Commits {
    pub(super) graph: Graph,
    /// Parents and trees that are not here, each with the commit that names it.
    pub(super) missing: Vec<(ObjectId, Num)>,
    /// Commits that could not be read.
    pub(super) notes: Coverage,
}

impl Commits {
    /// Those of these records.
    pub(super) fn new(records: Vec<Records>, notes: Coverage) -> Self {
        let missing = records.iter().flat_map(|records| &records.missing).copied().collect();
        Self { graph: Graph::new(records), missing, notes }
    }

    /// Reads every commit.
    pub(super) fn load(store: &Store, inventory: &Inventory) -> Self {
        let wants = |_, kind| kind == Some(Kind::Commit);
        let read = store::walk((store, inventory), wants, || CommitReader {
            store,
            records: Records::default(),
            notes: Coverage::default(),
        });
        let mut notes = Coverage::default();
        let records = read.into_iter().map(|reader| {
            notes.add(reader.notes);
            reader.records
        });
        let records = records.collect();
        Self::new(records, notes)
    }
}

/// One thread's share of the commits.
struct CommitReader<'s> {
    store: &'s Store,
    records: Records,
    notes: Coverage,
}

impl Walker for CommitReader<'_> {
    type Trace = ();

    fn take(&mut self, object: &Object<'_>, _: Option<(&(), &[Shared])>) -> Option<()> {
        if object.kind == Kind::Commit {
            self.records.add(self.store, object.num, object.bytes);
        }
        None
    }

    fn take_large(&mut self, _: Num, _: u64, _: &mut dyn std::io::Read) {}

    fn fail(&mut self, num: Num, error: &ReadError) {
        self.notes.fail(format!("object {}", self.store.id(num)), super::error::chain(error));
    }

    fn is_done(&self) -> bool {
        false
    }
}

/// The history: every commit that is here, reachable or not. Parents that are not here are left out.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nums: Vec<Num>,
    /// By number.
    places: Vec<CommitIx>,
    trees: Vec<Option<Num>>,
    times: Vec<i64>,
    /// Where each commit's parents begin in `parents`, and one more for the end.
    starts: Vec<u32>,
    parents: Vec<CommitIx>,
}

impl Graph {
    /// The graph of these commits.
    pub(super) fn new(records: impl IntoIterator<Item = Records>) -> Self {
        let records = Records::together(records);
        let mut places = records.places();
        let order = parents_first(&records, &places);
        for (place, &at) in (0..).zip(&order) {
            places[records.commits[at as usize].num as usize] = place;
        }
        let mut graph = Self { starts: vec![0], places, ..Self::default() };
        for record in order.iter().map(|&at| &records.commits[at as usize]) {
            graph.nums.push(record.num);
            graph.trees.push(record.tree);
            graph.times.push(record.time);
            // What a commit names as its parent may be something else.
            graph.parents.extend(records.parents(record).iter().filter_map(|&num| known(&graph.places, num)));
            graph.starts.push(len(&graph.parents));
        }
        graph
    }

    /// How many commits there are.
    pub(super) fn len(&self) -> usize {
        self.nums.len()
    }

    /// All commits, parents first.
    pub(super) fn commits(&self) -> std::ops::Range<CommitIx> {
        0..u32::try_from(self.nums.len()).unwrap_or(u32::MAX)
    }

    /// The commit that is the object with this number.
    pub(super) fn find(&self, num: Num) -> Option<CommitIx> {
        known(&self.places, num)
    }

    /// Its object's number.
    pub(super) fn num(&self, commit: CommitIx) -> Num {
        self.nums[commit as usize]
    }

    /// Its tree, if that is here.
    pub(super) fn tree(&self, commit: CommitIx) -> Option<Num> {
        self.trees[commit as usize]
    }

    /// Committer time.
    pub(super) fn time(&self, commit: CommitIx) -> i64 {
        self.times[commit as usize]
    }

    /// Those of its parents that are here.
    pub(super) fn parents(&self, commit: CommitIx) -> &[CommitIx] {
        let range = self.starts[commit as usize] as usize..self.starts[commit as usize + 1] as usize;
        &self.parents[range]
    }

    /// Marks these commits and all their ancestors.
    pub(super) fn ancestry(&self, tips: impl IntoIterator<Item = CommitIx>) -> Vec<bool> {
        let mut marked = vec![false; self.len()];
        tips.into_iter().for_each(|tip| marked[tip as usize] = true);
        for commit in self.commits().rev() {
            if marked[commit as usize] {
                self.parents(commit).iter().for_each(|&parent| marked[parent as usize] = true);
            }
        }
        marked
    }
}

fn len<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// An order of the records in which parents come first, by their places; `places` are those by number. Commits in a circle, which only
/// forgery makes, come last.
fn parents_first(records: &Records, places: &[u32]) -> Vec<u32> {
    let commits = &records.commits;
    let parents = |record| records.parents(record).iter().filter_map(|&num| known(places, num));
    let of_parents =
        || (0..).zip(commits).flat_map(|(child, record)| parents(record).map(move |parent| (parent, child)));
    let children = Lists::new(commits.len(), of_parents);
    let mut waits: Vec<_> = commits.iter().map(|record| parents(record).count()).collect();
    let mut order: Vec<u32> = (0..).zip(&waits).filter(|&(_, &waits)| waits == 0).map(|(at, _)| at).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for &child in children.of(at) {
            waits[child as usize] -= 1;
            if waits[child as usize] == 0 {
                order.push(child);
            }
        }
    }
    order.extend((0..).zip(&waits).filter(|&(_, &waits)| waits > 0).map(|(at, _)| at));
    order
}

/// Where there is no commit.
const NONE: u32 = u32::MAX;

/// The place of what has this number.
fn known(places: &[u32], num: Num) -> Option<u32> {
    places.get(num as usize).copied().filter(|&place| place != NONE)
}
