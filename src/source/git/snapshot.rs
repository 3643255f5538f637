//! What a repository holds, remembered so that a later run can tell which objects are new.
//!
//! An object is new unless it is known to have been here: it lies in a pack that was here, was a loose object, or, where packs
//! are gone because they were packed anew, can be reached from what was named then. In doubt it is new. Where a snapshot is
//! kept is for others.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Repository,
    reachable::{Reached, Way},
};
use crate::{blob::ObjectId, coverage::Coverage};

/// What a repository held. It stands for objects that were all read, and everything that its tips lead to was here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// How its ids are made: `sha1` or `sha256`.
    format: String,
    /// How many objects each pack lists, by the checksum of its index.
    packs: BTreeMap<String, u32>,
    loose: BTreeSet<ObjectId>,
    /// What refs, HEADs and the stash named, of what was here. Names of refs are not kept: one may be a secret.
    tips: BTreeSet<ObjectId>,
    /// Commits whose parents a shallow clone left out.
    cut: BTreeSet<ObjectId>,
}

/// What is new in a repository since a [`Snapshot`].
#[derive(Debug)]
pub struct News {
    /// Which objects are new, by number.
    pub(super) new: Vec<bool>,
    /// How many these are.
    count: usize,
    /// Whether objects and tips are those of the snapshot, but for names that are gone.
    unchanged: bool,
}

impl Snapshot {
    /// How ids are made: `sha1` or `sha256`.
    pub fn format(&self) -> &str {
        &self.format
    }

    /// Whether `then` had the same objects, and named all that this one names.
    fn adds_nothing_to(&self, then: &Self) -> bool {
        let same = (&self.packs, &self.loose, &self.cut) == (&then.packs, &then.loose, &then.cut);
        same && self.tips.is_subset(&then.tips)
    }
}

impl News {
    /// Whether no object is new.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether the repository is as it was: nothing in it is new, gone, or named that was not named before.
    pub fn is_unchanged(&self) -> bool {
        self.unchanged
    }

    /// Whether there is nothing that is not new.
    pub fn is_everything(&self) -> bool {
        self.new.iter().all(|&new| new)
    }
}

impl Repository {
    /// What it holds.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            format: self.format.hash.to_string(),
            packs: self.store.packs().collect(),
            loose: self.store.loose_ids().collect(),
            tips: self.named().filter(|&id| self.holds(id)).collect(),
            cut: self.cut.clone(),
        }
    }

    /// What refs, HEADs and the stash name.
    fn named(&self) -> impl Iterator<Item = ObjectId> {
        let refs = self.refs();
        let named = refs.refs.iter().map(|one| one.id).chain(refs.head);
        named.chain(refs.heads.iter().chain(&refs.stash).copied())
    }

    /// What is new since `then`.
    pub fn news(&self, then: &Snapshot) -> News {
        let unchanged = self.snapshot().adds_nothing_to(then) && self.named().all(|id| self.holds(id));
        let mut news = News { new: vec![false; self.store.len()], count: 0, unchanged };
        if unchanged {
            return news;
        }
        let mut unknown = self.store.outside(&then.packs);
        unknown.retain(|&num| !then.loose.contains(&self.store.id(num)));
        if !unknown.is_empty() && self.lacks_packs_of(then) {
            let reached = self.reached_from(then);
            unknown.retain(|&num| !reached[num as usize]);
        }
        for num in unknown {
            news.count += usize::from(!news.new[num as usize]);
            news.new[num as usize] = true;
        }
        news
    }

    /// Whether packs are gone: where they are not, every object that was in one of them still is.
    fn lacks_packs_of(&self, then: &Snapshot) -> bool {
        let here: BTreeMap<_, _> = self.store.packs().collect();
        then.packs.iter().any(|(checksum, objects)| here.get(checksum) != Some(objects))
    }

    /// What can be reached from what was named then, by number. What a shallow clone left out then was not here, whatever is by now.
    fn reached_from(&self, then: &Snapshot) -> Vec<bool> {
        let (objects, tips) = ((&self.store, self.inventory()), then.tips.iter().copied());
        // What is missing or broken by now is told by those who look at all of the history.
        Reached::walk(objects, tips, Way::Sure(&then.cut), &mut Coverage::default()).marked
    }
}
