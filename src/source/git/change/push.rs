//! What a push brings: the commits that the other side does not have, and the texts of the tags that lead to them.

use gix::objs::Kind;

use super::{
    super::{Repository, config, error, error::Error, object},
    Changed, changed, compare,
    folder::Folder,
};
use crate::{
    blob::{ObjectId, PathName},
    coverage::Coverage,
    source::git::store::Reader,
};

/// What one ref is to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The ref, as the other side calls it.
    pub name: String,
    /// What it is to name: a commit as a rule, a tag, or any other object.
    pub id: ObjectId,
}

/// What the other side of a push has, and all that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// What this repository knows of a remote.
    Remote {
        /// Its name, or its address where it has none.
        name: String,
        /// What it says its refs name. Those that are not here are left out.
        ids: Vec<ObjectId>,
    },
    /// The refs of this repository: it is the other side.
    Here,
}

/// A tag of a tag of … ends here.
const MOST_TAGS: usize = 64;

impl Repository {
    /// All that a push could be of: branches, tags and HEAD.
    pub(super) fn own_tips(&self) -> Vec<Tip> {
        let table = self.refs();
        let is_own = |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
        let own = table.refs.iter().filter(|one| is_own(&one.name));
        let head = table.head.map(|id| Tip { name: "HEAD".to_owned(), id });
        own.map(|one| Tip { name: one.name.clone(), id: one.id }).chain(head).collect()
    }

    /// What a push brings.
    pub(super) fn pushed_changes(
        &self,
        tips: &[Tip],
        there: &There,
        coverage: &mut Coverage,
    ) -> Result<Vec<Changed>, Error> {
        let (mut changes, mut commits) = (Vec::new(), Vec::new());
        for tip in tips {
            match self.unwrapped(tip, &mut changes, coverage) {
                Ok(commit) => commits.extend(commit),
                Err(failure) => coverage.fail(tip.name.clone(), error::chain(&failure)),
            }
        }
        let known = self.known(there)?;
        let members = self.commits_between((&known, &commits), false, coverage);
        changes.extend(self.member_changes(&members, coverage));
        Ok(changes)
    }

    /// The commit that a tip leads to. What lies on the way, and what it is instead of a commit, is added to `changes`.
    fn unwrapped(
        &self,
        tip: &Tip,
        changes: &mut Vec<Changed>,
        coverage: &mut Coverage,
    ) -> Result<Option<ObjectId>, Error> {
        let mut id = tip.id;
        for _ in 0..MOST_TAGS {
            let (kind, bytes) = self.object(id)?;
            match kind {
                Kind::Commit => return Ok(Some(id)),
                Kind::Tag => {
                    let tag = object::Tag::parse(&bytes);
                    changes.push(alone([b"tag ".as_slice(), &tag.name].concat(), id));
                    let malformed = || Error::Object { id: id.to_string(), source: "it is a tag of nothing".into() };
                    id = tag.target.ok_or_else(malformed)?;
                }
                Kind::Blob => {
                    changes.push(alone(tip.name.as_bytes().to_vec(), id));
                    return Ok(None);
                }
                Kind::Tree => {
                    let files = compare(&Folder::Tree(id), &[], &mut Reader::new(&self.store), coverage);
                    changes.extend(files.into_iter().map(|new| changed(None, new)));
                    return Ok(None);
                }
            }
        }
        Err(Error::Object { id: tip.id.to_string(), source: "too many tags of tags".into() })
    }

    /// The commits that the other side names, as far as they are here.
    fn known(&self, there: &There) -> Result<Vec<ObjectId>, Error> {
        let refs = &self.refs().refs;
        let ids: Vec<ObjectId> = match there {
            There::Here => refs.iter().map(|one| one.id).chain(self.refs().head).collect(),
            There::Remote { name, ids } => {
                let patterns = config::tracking(&self.layout, name)?;
                let followed = refs.iter().filter(|one| patterns.iter().any(|pattern| fits(pattern, &one.name)));
                followed.map(|one| one.id).chain(ids.iter().copied()).collect()
            }
        };
        Ok(ids.into_iter().filter(|&id| self.holds(id)).filter_map(|id| self.peel_to_commit(id)).collect())
    }
}

/// An object that nothing is compared with.
fn alone(path: Vec<u8>, id: ObjectId) -> Changed {
    Changed { commit: None, path: PathName::new(path), blob: id, before: Vec::new() }
}

/// Whether a name is one of a pattern's.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_one_star() {
        assert!(fits("refs/remotes/o/*", "refs/remotes/o/a/b") && fits("refs/remotes/o/x", "refs/remotes/o/x"));
        assert!(!fits("refs/remotes/o/*", "refs/remotes/other/a") && !fits("refs/remotes/o/x", "refs/remotes/o/xy"));
        assert!(fits("refs/remotes/o/*/pr", "refs/remotes/o/1/pr") && !fits("refs/remotes/o/*/pr", "refs/remotes/o/1"));
    }
}
