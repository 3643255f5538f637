//! Folders to compare: trees, and what the index would make trees of.

use gix::index::{File, entry::Stage, extension::Tree as CachedTree};
use gix::objs::Kind;

use super::super::{
    error, find, index,
    object::{self, EntryKind},
    store::Reader,
};
use crate::{blob::ObjectId, coverage::Coverage};

/// A folder of one version.
#[derive(Clone, Debug)]
pub(super) enum Folder<'i> {
    /// As a tree has it.
    Tree(ObjectId),
    /// As the index has it.
    Staged(Staged<'i>),
}

/// A folder of the index.
#[derive(Clone, Debug)]
pub(super) struct Staged<'i> {
    index: &'i File,
    /// Its entries: those of the index from here to there.
    from: usize,
    to: usize,
    /// How long its path is, the slash behind it included.
    prefix: usize,
    /// What the index remembers of the tree that it would become.
    cached: Option<&'i CachedTree>,
}

/// What a name in a folder stands for.
#[derive(Clone, Debug)]
pub(super) enum Node<'i> {
    /// A file or a symbolic link.
    Blob(ObjectId),
    Folder(Folder<'i>),
    /// A submodule, or a path in conflict.
    Other,
}

/// Names in a folder, in order, with what they stand for.
pub(super) type Listing<'i> = Vec<(Vec<u8>, Node<'i>)>;

impl<'i> Folder<'i> {
    /// The whole index.
    pub(super) fn index(index: &'i File) -> Self {
        Self::Staged(Staged { index, from: 0, to: index.entries().len(), prefix: 0, cached: index.tree() })
    }

    /// Its tree, where that is known.
    pub(super) fn id(&self) -> Option<ObjectId> {
        match self {
            Self::Tree(id) => Some(*id),
            Self::Staged(staged) => {
                let cached = staged.cached?;
                let is_valid = cached.num_entries.is_some_and(|count| count as usize == staged.to - staged.from);
                is_valid.then(|| ObjectId::new(cached.id.as_slice()))
            }
        }
    }

    /// What is in it. A tree that cannot be read is noted, and counts as empty.
    pub(super) fn list(&self, reader: &mut Reader<'_>, coverage: &mut Coverage) -> Listing<'i> {
        match self {
            Self::Tree(id) => list_tree(*id, reader, coverage),
            Self::Staged(staged) => staged.list(coverage),
        }
    }
}

fn list_tree<'i>(id: ObjectId, reader: &mut Reader<'_>, coverage: &mut Coverage) -> Listing<'i> {
    let mut buffer = Vec::new();
    let mut listing = Listing::new();
    match find(reader, id, &mut buffer) {
        Ok(Kind::Tree) => {
            for entry in object::entries(&buffer, reader.store().id_len()) {
                let Ok(entry) = entry else {
                    coverage.fail(format!("object {id}"), "malformed tree");
                    break;
                };
                let below = ObjectId::new(entry.id);
                let node = match entry.kind {
                    EntryKind::Blob => Node::Blob(below),
                    EntryKind::Tree => Node::Folder(Folder::Tree(below)),
                    EntryKind::Submodule => Node::Other,
                };
                listing.push((entry.name.to_vec(), node));
            }
        }
        Ok(_) => coverage.fail(format!("object {id}"), "it is no tree"),
        Err(failure) => coverage.fail(format!("object {id}"), error::chain(&failure)),
    }
    // Trees order folders as if their names ended with a slash.
    listing.sort_by(|(one, _), (other, _)| one.cmp(other));
    listing.dedup_by(|(one, _), (other, _)| one == other);
    listing
}

impl<'i> Staged<'i> {
    fn list(&self, coverage: &mut Coverage) -> Listing<'i> {
        let entries = self.index.entries();
        let mut listing = Listing::new();
        let mut at = self.from;
        while at < self.to {
            let entry = &entries[at];
            let rest = entry.path(self.index).get(self.prefix..).unwrap_or_default();
            let slash = memchr::memchr(b'/', rest);
            let name = &rest[..slash.unwrap_or(rest.len())];
            let start = at;
            at += 1;
            let Some(slash) = slash else {
                if entry.stage() != Stage::Unconflicted {
                    coverage.notes.push(format!("{} is in conflict and left out", entry.path(self.index)));
                    listing.push((name.to_vec(), Node::Other));
                } else if index::is_blob(entry) {
                    listing.push((name.to_vec(), Node::Blob(ObjectId::new(entry.id.as_slice()))));
                } else if entry.mode.is_submodule() {
                    listing.push((name.to_vec(), Node::Other));
                }
                continue;
            };
            if entry.mode.is_sparse() {
                let tree = Folder::Tree(ObjectId::new(entry.id.as_slice()));
                listing.push((name.to_vec(), Node::Folder(tree)));
                continue;
            }
            let prefix = self.prefix + slash + 1;
            let head = &entry.path(self.index)[..prefix];
            at += entries[at..self.to].partition_point(|entry| entry.path(self.index).starts_with(head));
            let cached = self.cached.and_then(|tree| tree.children.iter().find(|child| child.name[..] == *name));
            let below = Self { index: self.index, from: start, to: at, prefix, cached };
            listing.push((name.to_vec(), Node::Folder(Folder::Staged(below))));
        }
        listing.sort_by(|(one, _), (other, _)| one.cmp(other));
        listing.dedup_by(|(one, _), (other, _)| one == other);
        listing
    }
}
