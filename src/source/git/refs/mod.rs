//! Refs, reflogs and the pseudo refs of all worktrees: what keeps objects alive, and under which name.
//!
//! Only refs are read; whether the objects named are there is for others to say. A broken ref is noted and the rest read
//! on. Files and tables give the same: what one git directory has is [`Found`], and what all of them have together is a
//! [`RefTable`].

mod files;
mod lookup;
mod reftable;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use globset::GlobSet;

pub(super) use self::lookup::Lookup;
use super::{config::RefStorage, layout::Layout};
use crate::{
    blob::{ObjectId, PathName},
    coverage::Coverage,
};

/// Which history to read.
#[derive(Clone, Debug, Default)]
pub enum Refs {
    /// Every object there is, reachable or not.
    #[default]
    All,
    /// What is reachable from the refs that match, by their full name (`refs/heads/main`) or the usual short one (`main`,
    /// `v1.0`, `origin/main`).
    Matching(GlobSet),
}

impl Refs {
    /// Whether the ref is among those asked for.
    pub(super) fn wants(&self, name: &str) -> bool {
        let Self::Matching(globs) = self else { return true };
        let short = ["refs/heads/", "refs/tags/", "refs/remotes/"].iter().find_map(|kind| name.strip_prefix(kind));
        globs.is_match(name) || short.is_some_and(|short| globs.is_match(short))
    }
}

/// A ref and what it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref {
    /// `refs/heads/main`.
    pub(super) name: String,
    pub(super) id: ObjectId,
}

/// Everything that points into the history.
#[derive(Debug, Default)]
pub(super) struct RefTable {
    /// The branch that HEAD is on, born or not.
    pub(super) branch: Option<String>,
    /// What HEAD names.
    pub(super) head: Option<ObjectId>,
    /// All refs under `refs/` by name, the stash aside.
    pub(super) refs: Vec<Ref>,
    /// What other worktrees' HEADs name, and refs of theirs alone.
    pub(super) heads: BTreeSet<ObjectId>,
    /// The stash and its reflog.
    pub(super) stash: BTreeSet<ObjectId>,
    /// What reflogs and the likes of `ORIG_HEAD` name.
    pub(super) reflog: BTreeSet<ObjectId>,
    /// Of these, what reflogs of notes name.
    pub(super) old_notes: BTreeSet<ObjectId>,
    /// The branches that HEADs of namespaces are on, by the namespaces' names (gitnamespaces(7)).
    branches: BTreeMap<String, String>,
    /// What could not be read.
    pub(super) notes: Coverage,
}

/// Where the refs of namespaces are.
const NAMESPACES: &str = "refs/namespaces/";
const HEAD: &[u8] = b"HEAD";
/// The stash, the one ref whose reflog holds what users still want.
const STASH: &[u8] = b"refs/stash";
/// Kinds of refs that each worktree has for itself.
const OWN: [&str; 3] = ["refs/bisect", "refs/rewritten", "refs/worktree"];
/// A symbolic ref to a symbolic ref to … ends here, as in git.
const MOST_HOPS: usize = 5;
/// Larger logs and lists of refs than this are not git's.
const LARGE: u64 = 1 << 30;

/// What one git directory has, before symbolic refs are resolved.
#[derive(Debug, Default)]
struct Found {
    /// HEAD and refs by their full names, and the pseudo refs that are stored as refs are.
    targets: BTreeMap<Vec<u8>, Target>,
    /// Reflogs by the full names of their refs.
    logs: BTreeMap<Vec<u8>, Log>,
    /// What pseudo refs name that are files of their own kind, `FETCH_HEAD` above all.
    pseudo: BTreeSet<ObjectId>,
    notes: Coverage,
}

/// What a ref says.
#[derive(Clone, Debug)]
enum Target {
    Object(ObjectId),
    Symbolic(Vec<u8>),
}

/// A reflog: its updates in their order, oldest first.
type Log = BTreeMap<u64, Update>;

/// What a ref named before and after a change; nothing where it did not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Update {
    pub(super) old: Option<ObjectId>,
    pub(super) new: Option<ObjectId>,
}

impl Update {
    fn names_something(self) -> bool {
        self.old.is_some() || self.new.is_some()
    }
}

impl Found {
    /// Reads what is in one git directory of a repository whose ids have `id_len` bytes.
    fn read(git_dir: &Path, layout: &Layout, storage: RefStorage, id_len: usize) -> Self {
        let mut found = match storage {
            RefStorage::Files => files::read(git_dir, *git_dir == layout.common_dir, id_len),
            RefStorage::Tables => reftable::read(git_dir, id_len),
        };
        found.pseudo = files::read_pseudo_refs(git_dir, id_len);
        found
    }
}

/// The object that a ref leads to, each name looked up in the first of these that has it; nothing where it leads to a ref
/// that is not there.
fn resolve(name: &[u8], among: &[&Found]) -> Result<Option<ObjectId>, &'static str> {
    let mut name = name;
    for _ in 0..=MOST_HOPS {
        match among.iter().find_map(|found| found.targets.get(name)) {
            Some(Target::Object(id)) => return Ok(Some(*id)),
            Some(Target::Symbolic(next)) => name = next,
            None => return Ok(None),
        }
    }
    Err("too many symbolic refs in a row")
}

fn is_below_refs(name: &[u8]) -> bool {
    name.starts_with(b"refs/")
}

impl RefTable {
    /// Reads the refs of a repository whose ids have `id_len` bytes.
    pub(super) fn read(layout: &Layout, storage: RefStorage, id_len: usize) -> Self {
        let common = Found::read(&layout.common_dir, layout, storage, id_len);
        let mut table = Self::default();
        for git_dir in layout.git_dirs() {
            let is_own = git_dir == layout.git_dir;
            if git_dir == layout.common_dir {
                table.add_worktree(&common, &common, is_own);
                continue;
            }
            let linked = Found::read(&git_dir, layout, storage, id_len);
            table.add_worktree(&linked, &common, is_own);
            let refs = linked.targets.keys().filter(|name| is_below_refs(name));
            table.heads.extend(refs.filter_map(|name| resolve(name, &[&linked, &common]).ok().flatten()));
            table.notes.add(linked.notes);
        }
        table.add_refs(&common);
        table.notes.add(common.notes);
        table
    }

    /// Adds what a worktree has apart from refs: its HEAD, its pseudo refs and its reflogs.
    fn add_worktree(&mut self, own: &Found, common: &Found, is_own: bool) {
        let among = [own, common];
        let head = match own.targets.get(HEAD) {
            Some(Target::Object(id)) => Some(*id),
            Some(Target::Symbolic(name)) => {
                if is_own {
                    self.branch = Some(PathName::new(name.as_slice()).to_text().into_owned());
                }
                resolve(name, &among).unwrap_or_default()
            }
            None => None,
        };
        if is_own {
            self.head = head;
        } else {
            self.heads.extend(head);
        }
        let pseudo = own.targets.keys().filter(|name| !is_below_refs(name) && *name != HEAD);
        self.reflog.extend(pseudo.filter_map(|name| resolve(name, &among).ok().flatten()));
        self.reflog.extend(&own.pseudo);
        for (name, log) in &own.logs {
            self.add_log(name, log);
        }
    }

    fn add_log(&mut self, name: &[u8], log: &Log) {
        let ids = log.values().flat_map(|update| [update.old, update.new]).flatten();
        if name == STASH {
            self.stash.extend(ids);
            return;
        }
        if name.starts_with(b"refs/notes/") {
            self.old_notes.extend(ids.clone());
        }
        self.reflog.extend(ids);
    }

    /// What one namespace has, named as in a repository of its own.
    pub(super) fn within(&self, namespace: &str) -> Self {
        let folder = format!("{NAMESPACES}{namespace}/");
        let mut table = Self { branch: self.branches.get(namespace).cloned(), ..Self::default() };
        for one in &self.refs {
            match one.name.strip_prefix(&folder) {
                Some("HEAD") => table.head = Some(one.id),
                Some("refs/stash") | None => {}
                Some(name) => table.refs.push(Ref { name: name.to_owned(), id: one.id }),
            }
        }
        table
    }

    /// Remembers on which branch the HEAD of a namespace is; says whether `name` is one.
    fn add_namespace_head(&mut self, name: &str, common: &Found) -> bool {
        let Some(namespace) = name.strip_prefix(NAMESPACES).and_then(|rest| rest.strip_suffix("/HEAD")) else {
            return false;
        };
        if let Some(Target::Symbolic(target)) = common.targets.get(name.as_bytes()) {
            let target = PathName::new(target.as_slice()).to_text().into_owned();
            let branch = target.strip_prefix(&format!("{NAMESPACES}{namespace}/")).unwrap_or(&target);
            self.branches.insert(namespace.to_owned(), branch.to_owned());
        }
        true
    }

    fn add_refs(&mut self, common: &Found) {
        for name in common.targets.keys().filter(|name| is_below_refs(name)) {
            let shown = PathName::new(name.as_slice()).to_text().into_owned();
            let is_head = self.add_namespace_head(&shown, common);
            match resolve(name, &[common]) {
                // That of an empty repository.
                Ok(None) if is_head => {}
                Ok(Some(id)) if name == STASH => drop(self.stash.insert(id)),
                Ok(Some(id)) => self.refs.push(Ref { name: shown, id }),
                // `origin/HEAD` often outlives the branch it names.
                Ok(None) => self.notes.notes.push(format!("{shown} is a symbolic ref to nothing")),
                Err(why) => self.notes.fail(shown, why),
            }
        }
    }
}
