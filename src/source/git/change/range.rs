//! Which commits a range names.

use std::{
    collections::{BinaryHeap, HashMap},
    ops::BitOr,
};

use super::super::{Repository, error, error::Error, object, store::Reader};
use crate::{blob::ObjectId, coverage::Coverage};

/// A range as the user wrote it.
pub(super) struct Range<'a> {
    from: &'a str,
    to: &'a str,
    /// What either side alone has, as opposed to what `to` alone has.
    both_sides: bool,
}

impl<'a> Range<'a> {
    /// `A..B` or `A...B`; a side left out is HEAD.
    pub(super) fn parse(text: &'a str) -> Result<Self, Error> {
        let or_head = |side: &'a str| if side.is_empty() { "HEAD" } else { side };
        let (from, to, both_sides) = if let Some((from, to)) = text.split_once("...") {
            (from, to, true)
        } else if let Some((from, to)) = text.split_once("..") {
            (from, to, false)
        } else {
            return Err(Error::Revision { rev: text.to_owned(), source: Some("a range is written A..B".into()) });
        };
        Ok(Self { from: or_head(from), to: or_head(to), both_sides })
    }

    /// What came after a revision.
    pub(super) fn since(rev: &'a str) -> Self {
        Self { from: rev, to: "HEAD", both_sides: false }
    }
}

/// From which sides of a range a commit can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sides {
    from: bool,
    to: bool,
}

impl Sides {
    /// Whether such a commit is in the range.
    fn are_in(self, both_sides: bool) -> bool {
        if both_sides { self.from != self.to } else { self.to && !self.from }
    }
}

impl BitOr for Sides {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self { from: self.from || other.from, to: self.to || other.to }
    }
}

/// A commit in a range.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: ObjectId,
    pub(super) commit: object::Commit,
}

/// Walks from both ends of a range until nothing is left that could be in it.
struct Walk<'a, 'r> {
    repository: &'a Repository,
    reader: Reader<'r>,
    coverage: &'a mut Coverage,
    both_sides: bool,
    met: HashMap<ObjectId, (Sides, object::Commit)>,
    /// By time, newest first.
    waiting: BinaryHeap<(i64, ObjectId)>,
}

/// How many commits outside the range, all older than those in it, end the walk. One would do if clocks were right.
const SLACK: usize = 256;

impl Repository {
    /// The commits of a range, oldest first.
    pub(super) fn commits_in(&self, range: &Range<'_>, coverage: &mut Coverage) -> Result<Vec<Member>, Error> {
        let (from, to) = (self.resolve(range.from)?, self.resolve(range.to)?);
        Ok(self.commits_between((&[from], &[to]), range.both_sides, coverage))
    }

    /// The commits that can be reached from the second of two lists and not from the first, or from one of them alone; oldest first.
    pub(super) fn commits_between(
        &self,
        (from, to): (&[ObjectId], &[ObjectId]),
        both_sides: bool,
        coverage: &mut Coverage,
    ) -> Vec<Member> {
        let mut walk = Walk {
            repository: self,
            reader: Reader::new(&self.store),
            coverage,
            both_sides,
            met: HashMap::new(),
            waiting: BinaryHeap::new(),
        };
        for &id in from {
            walk.meet(id, Sides { from: true, to: false });
        }
        for &id in to {
            walk.meet(id, Sides { from: false, to: true });
        }
        walk.run()
    }
}

impl Walk<'_, '_> {
    /// Whether a commit is in the range as far as is known.
    fn is_in(&self, id: &ObjectId) -> bool {
        self.met.get(id).is_some_and(|(sides, _)| sides.are_in(self.both_sides))
    }

    fn run(mut self) -> Vec<Member> {
        let (mut oldest, mut outside) = (i64::MAX, 0);
        while let Some((time, id)) = self.waiting.pop() {
            let Some((sides, commit)) = self.met.get(&id) else { continue };
            let (sides, parents) = (*sides, commit.parents.clone());
            if sides.are_in(self.both_sides) {
                (oldest, outside) = (oldest.min(time), 0);
            } else if time < oldest && !self.waiting.iter().any(|(_, id)| self.is_in(id)) {
                outside += 1;
                if outside > SLACK {
                    break;
                }
            }
            let is_cut = self.repository.cut.contains(&id);
            for parent in parents {
                if !is_cut || self.repository.store.num(parent.as_bytes()).is_some() {
                    self.meet(parent, sides);
                }
            }
        }
        let both_sides = self.both_sides;
        let found = self.met.into_iter().filter(|(_, (sides, _))| sides.are_in(both_sides));
        let mut found: Vec<_> = found.map(|(id, (_, commit))| Member { id, commit }).collect();
        found.sort_unstable_by_key(|member| (member.commit.time, member.id));
        found
    }

    /// Notes that a commit can be reached from these sides, and looks at it again if that is news.
    fn meet(&mut self, id: ObjectId, sides: Sides) {
        if let Some((known, commit)) = self.met.get_mut(&id) {
            if *known | sides != *known {
                *known = *known | sides;
                self.waiting.push((commit.time, id));
            }
            return;
        }
        let mut buffer = Vec::new();
        match super::super::find(&mut self.reader, id, &mut buffer) {
            Ok(_) => {
                let commit = object::Commit::parse(&buffer);
                self.waiting.push((commit.time, id));
                self.met.insert(id, (sides, commit));
            }
            Err(failure) => self.coverage.fail(format!("object {id}"), error::chain(&failure)),
        }
    }
}
