//! What a version has that none of its parents has, and what one parent has that it lacks.

use super::{
    super::store::Reader,
    folder::{Folder, Listing, Node},
};
use crate::{blob::ObjectId, coverage::Coverage};

/// A file that no parent has at its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct New {
    pub(super) path: Vec<u8>,
    pub(super) blob: ObjectId,
    /// What each parent has there.
    pub(super) before: Vec<Option<ObjectId>>,
}

/// A file with its path.
pub(super) type File = (Vec<u8>, ObjectId);

/// Reads folders of several versions side by side.
pub(super) struct Comparer<'a, 'r> {
    pub(super) reader: &'a mut Reader<'r>,
    pub(super) coverage: &'a mut Coverage,
}

impl Comparer<'_, '_> {
    fn list<'i>(&mut self, folder: Option<&Folder<'i>>) -> Listing<'i> {
        folder.map_or_else(Listing::new, |folder| folder.list(self.reader, self.coverage))
    }

    /// Every file of `new` that differs from all parents' at its path. A folder that some parent has as it is holds none.
    pub(super) fn new_files(&mut self, new: &Folder<'_>, parents: &[Folder<'_>]) -> Vec<New> {
        let mut found = Vec::new();
        let mut waiting = vec![(Vec::new(), new.clone(), parents.iter().cloned().map(Some).collect::<Vec<_>>())];
        while let Some((path, new, parents)) = waiting.pop() {
            let id = new.id();
            if id.is_some() && parents.iter().flatten().any(|parent| parent.id() == id) {
                continue;
            }
            let listings: Vec<_> = parents.iter().map(|parent| self.list(parent.as_ref())).collect();
            for (name, node) in self.list(Some(&new)) {
                let in_parents = listings.iter().map(|listing| get(listing, &name));
                match node {
                    Node::Other => {}
                    Node::Folder(folder) => {
                        let folders = in_parents.map(|node| node.and_then(folder_of)).collect();
                        waiting.push((join(&path, &name), folder, folders));
                    }
                    Node::Blob(blob) => {
                        let before: Vec<_> = in_parents.map(|node| node.and_then(blob_of)).collect();
                        if !before.contains(&Some(blob)) {
                            found.push(New { path: join(&path, &name), blob, before });
                        }
                    }
                }
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// The files that only `new` has by name, and those that only `old` has.
    pub(super) fn added_and_deleted(&mut self, new: &Folder<'_>, old: &Folder<'_>) -> (Vec<File>, Vec<File>) {
        let (mut added, mut deleted) = (Vec::new(), Vec::new());
        let mut waiting = vec![(Vec::new(), Some(new.clone()), Some(old.clone()))];
        while let Some((path, new, old)) = waiting.pop() {
            let id = |folder: &Option<Folder<'_>>| folder.as_ref().and_then(Folder::id);
            if id(&new).is_some() && id(&new) == id(&old) {
                continue;
            }
            let (new, old) = (self.list(new.as_ref()), self.list(old.as_ref()));
            for (name, node) in &new {
                match (node, get(&old, name)) {
                    (Node::Blob(blob), None | Some(Node::Folder(_))) => added.push((join(&path, name), *blob)),
                    (Node::Blob(_) | Node::Other, _) => {}
                    (Node::Folder(folder), was) => {
                        let was = was.and_then(folder_of);
                        waiting.push((join(&path, name), Some(folder.clone()), was));
                    }
                }
            }
            for (name, node) in &old {
                match (node, get(&new, name)) {
                    (Node::Blob(blob), None | Some(Node::Folder(_))) => deleted.push((join(&path, name), *blob)),
                    (Node::Folder(folder), None | Some(Node::Blob(_) | Node::Other)) => {
                        waiting.push((join(&path, name), None, Some(folder.clone())));
                    }
                    _ => {}
                }
            }
        }
        added.sort();
        deleted.sort();
        (added, deleted)
    }
}

fn get<'l, 'i>(listing: &'l Listing<'i>, name: &[u8]) -> Option<&'l Node<'i>> {
    let at = listing.binary_search_by(|(other, _)| other.as_slice().cmp(name)).ok()?;
    Some(&listing[at].1)
}

fn blob_of(node: &Node<'_>) -> Option<ObjectId> {
    match node {
        Node::Blob(id) => Some(*id),
        _ => None,
    }
}

fn folder_of<'i>(node: &Node<'i>) -> Option<Folder<'i>> {
    match node {
        Node::Folder(folder) => Some(folder.clone()),
        _ => None,
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, name].join(&b'/') }
}
