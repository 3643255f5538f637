//! What refs, HEADs, the stash and reflogs name: commits mostly, but any object can be named.

use std::collections::{BTreeSet, HashMap};

use gix::objs::Kind;

use super::super::{
    Refs, Repository,
    graph::CommitIx,
    object,
    refs::RefTable,
    store::{Num, Reader},
};
use crate::{blob::ObjectId, incident::Reach};

/// Everything that keeps something alive.
#[derive(Debug, Default)]
pub(super) struct Tips {
    /// Every ref in the order of reports, with the commit that it names, if it names one.
    pub(super) refs: Vec<(String, Option<CommitIx>)>,
    /// Commits that refs and HEADs name.
    pub(super) ref_commits: Vec<CommitIx>,
    pub(super) stash_commits: Vec<CommitIx>,
    pub(super) reflog_commits: Vec<CommitIx>,
    /// What notes refs name, and what they named before.
    pub(super) note_commits: Vec<CommitIx>,
    /// Of `ref_commits`, those that are not notes.
    pub(super) plain_commits: Vec<CommitIx>,
    /// Refs among those that the user picked.
    pub(super) picked_commits: Vec<CommitIx>,
    pub(super) head: Option<CommitIx>,
    /// Trees and blobs that are named without a commit.
    pub(super) bare: Vec<(Num, Kind, Name)>,
    /// What annotated tags lead to and is not here.
    pub(super) missing: BTreeSet<ObjectId>,
    /// By what annotated tags are named.
    pub(super) tags: HashMap<Num, Vec<Name>>,
}

/// By what an object is named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) reach: Reach,
    /// The ref, by its place.
    pub(super) place: Option<usize>,
    /// Whether the user picked it.
    pub(super) picked: bool,
}

/// A longer chain of tags of tags is no tag.
const MOST_TAGS: usize = 64;

/// Peels what is named.
struct Peeler<'a> {
    repository: &'a Repository,
    reader: Reader<'a>,
    buffer: Vec<u8>,
    tips: Tips,
}

impl Tips {
    /// Looks up everything that `table` names in `repository`.
    pub(super) fn of(repository: &Repository, table: &RefTable, selection: &Refs) -> Self {
        let mut refs: Vec<_> = table.refs.iter().collect();
        // By name, but for the branch that HEAD is on.
        refs.sort_by_key(|one| Some(&one.name) != table.branch.as_ref());
        let reader = Reader::new(&repository.store);
        let mut peeler = Peeler { repository, reader, buffer: Vec::new(), tips: Self::default() };
        for (place, one) in refs.iter().enumerate() {
            let picked = selection.wants(&one.name);
            let commit = peeler.peel(one.id, Name { reach: Reach::Ref, place: Some(place), picked });
            let tips = &mut peeler.tips;
            tips.refs.push((one.name.clone(), commit));
            tips.ref_commits.extend(commit);
            let is_note = one.name.starts_with("refs/notes/");
            if is_note { &mut tips.note_commits } else { &mut tips.plain_commits }.extend(commit);
            if picked {
                tips.picked_commits.extend(commit);
            }
        }
        let by = |reach| Name { reach, place: None, picked: matches!(selection, Refs::All) };
        peeler.tips.head = table.head.and_then(|id| peeler.peel(id, by(Reach::Ref)));
        let heads = peeler.peel_all(&table.heads, by(Reach::Ref));
        let stash = peeler.peel_all(&table.stash, by(Reach::Stash));
        let reflog = peeler.peel_all(&table.reflog, by(Reach::Reflog));
        let notes = peeler.peel_all(&table.old_notes, by(Reach::Reflog));
        let mut tips = peeler.tips;
        let heads: Vec<_> = heads.into_iter().chain(tips.head).collect();
        tips.ref_commits.extend(&heads);
        tips.plain_commits.extend(heads.iter().chain(&stash));
        tips.note_commits.extend(notes);
        (tips.stash_commits, tips.reflog_commits) = (stash, reflog);
        tips
    }
}

impl Peeler<'_> {
    fn peel_all(&mut self, ids: &BTreeSet<ObjectId>, by: Name) -> Vec<CommitIx> {
        ids.iter().filter_map(|&id| self.peel(id, by)).collect()
    }

    /// The commit that an object is or leads to; what else it is or leads to is noted.
    fn peel(&mut self, id: ObjectId, by: Name) -> Option<CommitIx> {
        let repository = self.repository;
        let mut id = id;
        for hop in 0..MOST_TAGS {
            let Some(num) = repository.store.num(id.as_bytes()) else {
                if hop > 0 && matches!(by.reach, Reach::Ref | Reach::Stash) {
                    self.tips.missing.insert(id);
                }
                return None;
            };
            if let Some(commit) = repository.commits().graph.find(num) {
                return Some(commit);
            }
            match repository.inventory().kind(num)? {
                Kind::Commit => return None,
                kind @ (Kind::Tree | Kind::Blob) => {
                    self.tips.bare.push((num, kind, by));
                    return None;
                }
                Kind::Tag => {
                    self.tips.tags.entry(num).or_default().push(by);
                    self.reader.read(num, &mut self.buffer).ok()?;
                    id = object::Tag::parse(&self.buffer).target?;
                }
            }
        }
        None
    }
}
