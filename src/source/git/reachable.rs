//! Which objects can be got at from some of them, and which of those are not here.

use std::collections::BTreeSet;

use gix::objs::Kind;

use super::{
    object::{self, EntryKind},
    store::{Inventory, Num, Reader, Store},
};
use crate::{blob::ObjectId, coverage::Coverage};

/// What a walk met.
pub(super) struct Reached<'s> {
    store: &'s Store,
    inventory: &'s Inventory,
    /// Which objects were met, by number.
    pub(super) marked: Vec<bool>,
    /// Named and not here.
    pub(super) missing: BTreeSet<ObjectId>,
}

impl<'s> Reached<'s> {
    /// Walks from these objects to all that they lead to. `cut` are commits whose parents a shallow clone left out.
    pub(super) fn walk(
        (store, inventory): (&'s Store, &'s Inventory),
        tips: impl IntoIterator<Item = ObjectId>,
        cut: &BTreeSet<ObjectId>,
        coverage: &mut Coverage,
    ) -> Self {
        let mut walk = Self { store, inventory, marked: vec![false; store.len()], missing: BTreeSet::new() };
        let mut reader = Reader::new(store);
        let mut buffer = Vec::new();
        let mut waiting = Vec::new();
        tips.into_iter().for_each(|tip| walk.meet(tip.as_bytes(), &mut waiting));
        while let Some(num) = waiting.pop() {
            match reader.read(num, &mut buffer) {
                Ok(kind) => {
                    if !walk.enter(num, (kind, &buffer), cut, &mut waiting) {
                        coverage.fail(format!("object {}", store.id(num)), "malformed tree");
                    }
                }
                Err(error) => coverage.fail(format!("object {}", store.id(num)), super::error::chain(&error)),
            }
        }
        walk
    }

    fn meet(&mut self, id: &[u8], waiting: &mut Vec<Num>) {
        match self.store.num(id) {
            None => drop(self.missing.insert(ObjectId::new(id))),
            Some(num) if !self.marked[num as usize] => {
                self.marked[num as usize] = true;
                if self.inventory.kind(num) != Some(Kind::Blob) {
                    waiting.push(num);
                }
            }
            Some(_) => {}
        }
    }

    /// Meets what an object names; says whether that makes sense.
    fn enter(
        &mut self,
        num: Num,
        (kind, bytes): (Kind, &[u8]),
        cut: &BTreeSet<ObjectId>,
        waiting: &mut Vec<Num>,
    ) -> bool {
        match kind {
            Kind::Blob => {}
            Kind::Tag => {
                object::Tag::parse(bytes).target.iter().for_each(|id| self.meet(id.as_bytes(), waiting));
            }
            Kind::Commit => {
                let commit = object::Commit::parse(bytes);
                commit.tree.iter().for_each(|id| self.meet(id.as_bytes(), waiting));
                let is_cut = !cut.is_empty() && cut.contains(&self.store.id(num));
                for id in commit.parents.iter().filter(|id| !is_cut || self.store.num(id.as_bytes()).is_some()) {
                    self.meet(id.as_bytes(), waiting);
                }
            }
            Kind::Tree => {
                for entry in object::entries(bytes, self.store.id_len()) {
                    match entry {
                        Ok(entry) if entry.kind == EntryKind::Submodule => {}
                        Ok(entry) => self.meet(entry.id, waiting),
                        Err(_) => return false,
                    }
                }
            }
        }
        true
    }
}
