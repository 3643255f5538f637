//! Which objects can be got at from some of them, and which of those are not here.

use std::collections::BTreeSet;

use gix::objs::Kind;

use super::{
    object::{self, EntryKind},
    store::{Inventory, Num, Reader, Store},
};
use crate::{blob::ObjectId, coverage::Coverage};

/// Which way a walk goes.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// To whatever is named. The parents of these commits, which a shallow clone left out, may be absent.
    Any(&'a BTreeSet<ObjectId>),
    /// To what is as it is named alone, a commit's tree being a tree. The parents of these commits were left out once: whatever is
    /// here by now, the walk ends.
    Sure(&'a BTreeSet<ObjectId>),
}

impl Way<'_> {
    /// Whether to go on to a commit's parent.
    fn leads_beyond(self, commit: &ObjectId, is_here: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Any(cut) => !cut.contains(commit) || is_here(),
            Self::Sure(cut) => !cut.contains(commit),
        }
    }
}

/// What a walk met.
pub(super) struct Reached<'s> {
    store: &'s Store,
    inventory: &'s Inventory,
    way: Way<'s>,
    /// Which objects were met, by number.
    pub(super) marked: Vec<bool>,
    /// Named and not here.
    pub(super) missing: BTreeSet<ObjectId>,
}

impl<'s> Reached<'s> {
    /// Walks from these objects to all that they lead to.
    pub(super) fn walk(
        (store, inventory): (&'s Store, &'s Inventory),
        tips: impl IntoIterator<Item = ObjectId>,
        way: Way<'s>,
        coverage: &mut Coverage,
    ) -> Self {
        let mut walk = Self { store, inventory, way, marked: vec![false; store.len()], missing: BTreeSet::new() };
        let mut reader = Reader::new(store);
        let mut buffer = Vec::new();
        let mut waiting = Vec::new();
        tips.into_iter().for_each(|tip| walk.meet(tip.as_bytes(), None, &mut waiting));
        while let Some(num) = waiting.pop() {
            match reader.read(num, &mut buffer) {
                Ok(kind) => {
                    if !walk.enter(num, (kind, &buffer), &mut waiting) {
                        coverage.fail(format!("object {}", store.id(num)), "malformed tree");
                    }
                }
                Err(error) => coverage.fail(format!("object {}", store.id(num)), super::error::chain(&error)),
            }
        }
        walk
    }

    /// Meets an object, which is named as something of this kind.
    fn meet(&mut self, id: &[u8], named: Option<Kind>, waiting: &mut Vec<Num>) {
        let Some(num) = self.store.num(id) else {
            self.missing.insert(ObjectId::new(id));
            return;
        };
        let kind = self.inventory.kind(num);
        let is_odd = named.is_some() && named != kind && matches!(self.way, Way::Sure(_));
        if !is_odd && !std::mem::replace(&mut self.marked[num as usize], true) && kind != Some(Kind::Blob) {
            waiting.push(num);
        }
    }

    /// Meets what an object names; says whether that makes sense.
    fn enter(&mut self, num: Num, (kind, bytes): (Kind, &[u8]), waiting: &mut Vec<Num>) -> bool {
        match kind {
            Kind::Blob => {}
            Kind::Tag => {
                object::Tag::parse(bytes).target.iter().for_each(|id| self.meet(id.as_bytes(), None, waiting));
            }
            Kind::Commit => {
                let commit = object::Commit::parse(bytes);
                commit.tree.iter().for_each(|id| self.meet(id.as_bytes(), Some(Kind::Tree), waiting));
                let child = self.store.id(num);
                for id in &commit.parents {
                    if self.way.leads_beyond(&child, || self.store.num(id.as_bytes()).is_some()) {
                        self.meet(id.as_bytes(), Some(Kind::Commit), waiting);
                    }
                }
            }
            Kind::Tree => {
                for entry in object::entries(bytes, self.store.id_len()) {
                    match entry {
                        Ok(entry) => match entry.kind {
                            EntryKind::Blob => self.meet(entry.id, Some(Kind::Blob), waiting),
                            EntryKind::Tree => self.meet(entry.id, Some(Kind::Tree), waiting),
                            EntryKind::Submodule => {}
                        },
                        Err(_) => return false,
                    }
                }
            }
        }
        true
    }
}
