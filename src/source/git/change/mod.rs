//! What a change adds: the index, or a range of commits.
//!
//! Files are named that no parent has as they are, with what each parent has in their place; whether a secret is new in
//! them is for the stages above, which read both.

mod compare;
mod folder;
mod push;
mod range;
mod rename;
mod revision;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use self::push::{There, Tip};
use self::{
    compare::{Comparer, New},
    folder::Folder,
    range::{Member, Range},
};
use super::{Error, Repository, find, index, layout, object, parallel, store::Reader};
use crate::{
    blob::{ObjectId, PathName},
    coverage::{Coverage, History},
    incident::CommitInfo,
};

/// Which change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What the index adds to HEAD, and to what is being merged into it.
    Staged {
        /// The index to read in place of the repository's own (`GIT_INDEX_FILE`), relative to the work tree's top.
        index_file: Option<PathBuf>,
    },
    /// What the index adds to HEAD and to the commits that are about to be merged into it.
    Merged {
        /// As for [`Change::Staged`].
        index_file: Option<PathBuf>,
        /// Those commits, which the repository does not name yet.
        heads: Vec<ObjectId>,
    },
    /// What a push brings that the other side does not have: commits with their messages, and tags with their texts.
    Pushed {
        /// What is pushed.
        tips: Vec<Tip>,
        /// What the other side has.
        there: There,
    },
    /// What all branches, tags and HEAD would bring if they were pushed to a remote.
    Unpushed {
        /// The remote by its name, or its address where it has none.
        remote: String,
    },
    /// What the commits after this revision add, up to HEAD.
    Since(String),
    /// What the commits of `A..B` add; of `A...B`, those that only one of the two has.
    Range(String),
}

/// A version of a file that a change brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The commit that brings it; nothing for the index.
    pub commit: Option<Arc<CommitInfo>>,
    /// Its path, or `commit message`.
    pub path: PathName,
    /// The blob, or the commit whose message it is.
    pub blob: ObjectId,
    /// What each parent has in its place, renames followed. None of them is `blob`.
    pub before: Vec<Option<ObjectId>>,
}

impl Repository {
    /// What a change adds, merges included: each file of it that differs from every parent's, and each commit's message.
    /// Commits come oldest first, their files by path. A change that is empty adds nothing.
    ///
    /// [`Coverage::commits`] counts the commits; what the caller then reads is the caller's to count.
    pub fn changes(&self, change: &Change, coverage: &mut Coverage) -> Result<Vec<Changed>, Error> {
        coverage.add(self.layout.notes.clone());
        coverage.add(self.format.notes.clone());
        coverage.add(self.store.pack_notes().clone());
        coverage.history = History::Selected;
        match change {
            Change::Staged { index_file } => self.staged_changes(index_file.as_deref(), &[], coverage),
            Change::Merged { index_file, heads } => self.staged_changes(index_file.as_deref(), heads, coverage),
            Change::Pushed { tips, there } => self.pushed_changes(tips, there, coverage),
            Change::Unpushed { remote } => {
                let there = There::Remote { name: remote.clone(), ids: Vec::new() };
                self.pushed_changes(&self.own_tips(), &there, coverage)
            }
            Change::Since(rev) => self.range_changes(&Range::since(rev), coverage),
            Change::Range(text) => self.range_changes(&Range::parse(text)?, coverage),
        }
    }

    /// The paths whose staged version is neither HEAD's nor that of what is being merged, moved files among them.
    pub fn staged_paths(&self, index_file: Option<&Path>, coverage: &mut Coverage) -> Result<Vec<PathName>, Error> {
        let paths = self.staged((index_file, &[]), coverage, |new, parents, reader, coverage| {
            Comparer { reader, coverage }.new_files(new, parents)
        })?;
        Ok(paths.into_iter().map(|new| PathName::new(new.path)).collect())
    }

    fn staged_changes(
        &self,
        index_file: Option<&Path>,
        heads: &[ObjectId],
        coverage: &mut Coverage,
    ) -> Result<Vec<Changed>, Error> {
        let found = self.staged((index_file, heads), coverage, compare)?;
        Ok(found.into_iter().map(|new| changed(None, new)).collect())
    }

    /// What `compare` finds in the index, HEAD and what is being merged standing beside it.
    fn staged(
        &self,
        (index_file, heads): (Option<&Path>, &[ObjectId]),
        coverage: &mut Coverage,
        compare: Compare,
    ) -> Result<Vec<New>, Error> {
        let own = self.git_dir().join("index");
        let top = self.work_tree().unwrap_or(self.git_dir());
        let path = index_file.map_or(own, |file| top.join(file));
        let Some(index) = index::read(&path, self.format.hash)? else { return Ok(Vec::new()) };
        let mut reader = Reader::new(&self.store);
        let mut commits: Vec<_> = self.lookup()?.head()?.into_iter().chain(heads.iter().copied()).collect();
        if let Ok(text) = layout::read_small(&self.git_dir().join("MERGE_HEAD")) {
            commits.extend(text.split(|&byte| byte == b'\n').filter_map(object::parse_id));
        }
        let mut parents = Vec::new();
        for commit in commits {
            let mut buffer = Vec::new();
            find(&mut reader, commit, &mut buffer)?;
            parents.extend(object::Commit::parse(&buffer).tree.map(Folder::Tree));
        }
        Ok(compare(&Folder::index(&index), &parents, &mut reader, coverage))
    }

    fn range_changes(&self, range: &Range<'_>, coverage: &mut Coverage) -> Result<Vec<Changed>, Error> {
        let members = self.commits_in(range, coverage)?;
        Ok(self.member_changes(&members, coverage))
    }

    fn member_changes(&self, members: &[Member], coverage: &mut Coverage) -> Vec<Changed> {
        coverage.commits += members.len() as u64;
        let numbered: Vec<_> = members.iter().enumerate().collect();
        let state = || (Reader::new(&self.store), Coverage::default(), Vec::new());
        let workers = parallel::share(&numbered, state, |(reader, notes, found), &(at, member)| {
            found.push((at, self.commit_changes(member, reader, notes)));
        });
        let mut all = Vec::new();
        for (_, notes, found) in workers {
            coverage.add(notes);
            all.extend(found);
        }
        all.sort_by_key(|&(at, _)| at);
        all.into_iter().flat_map(|(_, changes)| changes).collect()
    }

    fn commit_changes(&self, member: &Member, reader: &mut Reader<'_>, coverage: &mut Coverage) -> Vec<Changed> {
        let mut buffer = Vec::new();
        let info = match find(reader, member.id, &mut buffer) {
            Ok(_) => Arc::new(object::commit_info(member.id, &buffer)),
            Err(error) => {
                coverage.fail(format!("object {}", member.id), super::error::chain(&error));
                return Vec::new();
            }
        };
        let message = New { path: b"commit message".to_vec(), blob: member.id, before: Vec::new() };
        let mut changes = vec![changed(Some(&info), message)];
        let Some(tree) = member.commit.tree else { return changes };
        let mut parents = Vec::new();
        for parent in &member.commit.parents {
            match find(reader, *parent, &mut buffer) {
                Ok(_) => parents.extend(object::Commit::parse(&buffer).tree.map(Folder::Tree)),
                Err(Error::Missing { .. }) if self.cut.contains(&member.id) => {}
                Err(error) => coverage.fail(format!("object {parent}"), super::error::chain(&error)),
            }
        }
        let found = compare(&Folder::Tree(tree), &parents, reader, coverage);
        changes.extend(found.into_iter().map(|new| changed(Some(&info), new)));
        changes
    }
}

/// A way to tell what a version has that its parents lack.
type Compare = fn(&Folder<'_>, &[Folder<'_>], &mut Reader<'_>, &mut Coverage) -> Vec<New>;

/// The new files of a version, renames followed; a file that only moved is not new.
fn compare(new: &Folder<'_>, parents: &[Folder<'_>], reader: &mut Reader<'_>, coverage: &mut Coverage) -> Vec<New> {
    let mut comparer = Comparer { reader, coverage };
    let mut found = comparer.new_files(new, parents);
    for (place, parent) in parents.iter().enumerate() {
        if found.iter().any(|new| new.before[place].is_none()) {
            let sides = comparer.added_and_deleted(new, parent);
            rename::follow(&mut found, place, sides, comparer.reader, comparer.coverage);
        }
    }
    found.retain(|new| !new.before.contains(&Some(new.blob)));
    found
}

fn changed(commit: Option<&Arc<CommitInfo>>, new: New) -> Changed {
    let New { path, blob, before } = new;
    Changed { commit: commit.cloned(), path: PathName::new(path), blob, before }
}
