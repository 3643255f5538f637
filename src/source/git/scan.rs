//! Pushes every blob, commit message and tag text to visitors, in the order in which packs hold them.

use std::{collections::BTreeSet, io::Read};

use gix::objs::Kind;

use super::{
    Refs, Repository, WINDOW, error,
    graph::{Graph, Records},
    index,
    object::{self, EntryKind},
    reachable::Reached,
    store::{self, Cut, Num, Nums, Object, ReadError, Store, Walker},
};
use crate::{
    blob::{ObjectId, Origin, Shared, VersionVisitor, Visitor, Window},
    coverage::{Coverage, History},
};

/// How many missing objects are named one by one.
const MOST_MISSING: usize = 100;

impl Repository {
    /// Pushes what there is to be scanned, each object once, as [`Origin::Git`]: every blob, every commit's message (with
    /// the tags that it merged behind it) and every annotated tag's text. It runs on the threads of the current rayon pool,
    /// each with a visitor of its own; the first also gets what is to be said of the repository as a whole.
    ///
    /// A blob that is too large for memory comes in several windows, each with `margin` bytes on both sides. All others come whole,
    /// right after the blob that they are stored as a change of where that can be had.
    ///
    /// What cannot be read is a failure in the coverage of the visitor that it was for, and so is what is named by something
    /// reachable and is not here. The rest is pushed all the same.
    pub fn scan<V: VersionVisitor + Send>(
        &self,
        selection: &Refs,
        margin: usize,
        make_visitor: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        let mut about = Coverage::default();
        let selected = match selection {
            Refs::All => Selected { wanted: None, needed: None },
            Refs::Matching(_) => self.reachable_from(selection, &mut about),
        };
        let worker = || Worker {
            store: &self.store,
            selected: &selected,
            cut: Cut { own: WINDOW, margin },
            visitor: make_visitor(),
            records: Records::default(),
            nums: Nums::new(),
            missing: BTreeSet::new(),
        };
        let workers = store::walk((&self.store, self.inventory()), |num, _| selected.needs(num), worker);
        let (mut visitors, mut records, mut missing) = (Vec::new(), Vec::new(), BTreeSet::new());
        for worker in workers {
            visitors.push(worker.visitor);
            missing.extend(worker.missing);
            records.push(worker.records);
        }
        self.describe(selection, &mut about);
        if matches!(selection, Refs::All) {
            missing.extend(self.missing_parents(&records));
            self.note_missing(&missing, &mut about);
            // What could not be read was just said.
            let _ = self.graph.set((Graph::new(records), Coverage::default()));
        }
        match visitors.first_mut() {
            Some(first) => first.coverage().add(about),
            None => debug_assert!(false, "a pool has threads"),
        }
        visitors
    }

    /// Everything reachable from the refs that the user picked.
    fn reachable_from(&self, selection: &Refs, about: &mut Coverage) -> Selected {
        let tips = self.refs().refs.iter().filter(|one| selection.wants(&one.name)).map(|one| one.id);
        let reached = Reached::walk((&self.store, self.inventory()), tips, &self.cut, about);
        fail_missing(&reached.missing, about);
        let needed = self.inventory().with_bases(&reached.marked);
        Selected { wanted: Some(reached.marked), needed: Some(needed) }
    }

    /// Notes what is to be said of the repository as a whole.
    fn describe(&self, selection: &Refs, about: &mut Coverage) {
        about.add(self.layout.notes.clone());
        about.add(self.format.notes.clone());
        about.add(self.store.notes());
        about.add(self.refs().notes.clone());
        let refs = &self.refs().refs;
        about.refs = refs.iter().filter(|one| selection.wants(&one.name)).count() as u64;
        for one in refs.iter().filter(|one| self.store.num(one.id.as_bytes()).is_none()) {
            about.fail(one.name.clone(), format!("it names {}, which is missing", one.id));
        }
        about.history = match selection {
            _ if self.is_shallow() => History::Shallow,
            Refs::All => History::Full,
            Refs::Matching(_) => History::Selected,
        };
        if self.is_shallow() {
            about.notes.push("the clone is shallow: earlier history is not here".to_owned());
        }
        if about.refs == 0 && matches!(selection, Refs::Matching(_)) {
            about.fail("refs", "none matches");
        }
    }

    /// Parents and trees that commits name and that are not here, but for where a shallow clone ends.
    fn missing_parents(&self, records: &[Records]) -> BTreeSet<ObjectId> {
        let named = records.iter().flat_map(|records| &records.missing);
        named.filter(|(_, by)| !self.cut.contains(&self.store.id(*by))).map(|&(id, _)| id).collect()
    }

    /// Of what is missing, notes what something reachable names. What only garbage names has gone with good reason.
    fn note_missing(&self, missing: &BTreeSet<ObjectId>, about: &mut Coverage) {
        let refs = self.refs();
        let mut tips: BTreeSet<_> = refs.refs.iter().map(|one| one.id).chain(refs.head).collect();
        tips.extend(refs.heads.iter().chain(&refs.stash));
        tips.extend(self.staged(about));
        // Of those, missing ones were noted with the refs, and reflogs outlive what they name.
        let absent: BTreeSet<_> = tips.iter().filter(|id| self.store.num(id.as_bytes()).is_none()).copied().collect();
        let in_refs = |id: &ObjectId| refs.refs.iter().any(|one| one.id == *id) || refs.stash.contains(id);
        fail_missing(&absent.iter().filter(|id| !in_refs(id)).copied().collect(), about);
        if missing.is_empty() {
            return;
        }
        let tips = tips.difference(&absent).copied();
        let reached = Reached::walk((&self.store, self.inventory()), tips, &self.cut, about);
        fail_missing(&reached.missing.intersection(missing).copied().collect(), about);
        let garbage = missing.difference(&reached.missing).count();
        if garbage > 0 {
            about.notes.push(format!("{garbage} missing objects are named by unreachable ones alone"));
        }
        if self.store.promises() {
            about.notes.push("this is a partial clone: `git fetch --refetch` brings what is missing".to_owned());
        }
    }

    /// The blobs in all worktrees' indexes.
    fn staged(&self, about: &mut Coverage) -> Vec<ObjectId> {
        let mut staged = Vec::new();
        for path in self.index_files() {
            match index::read(&path, self.format.hash) {
                Ok(index) => staged.extend(index.iter().flat_map(index::blobs).map(|(_, id)| id)),
                Err(error) => about.fail(path.display().to_string(), error::chain(&error)),
            }
        }
        staged
    }
}

fn fail_missing(missing: &BTreeSet<ObjectId>, about: &mut Coverage) {
    for id in missing.iter().take(MOST_MISSING) {
        about.fail(format!("object {id}"), "missing");
    }
    if missing.len() > MOST_MISSING {
        about.fail("objects", format!("{} more are missing", missing.len() - MOST_MISSING));
    }
}

/// One thread's share of a scan.
struct Worker<'s, V> {
    store: &'s Store,
    selected: &'s Selected,
    cut: Cut,
    visitor: V,
    records: Records,
    nums: Nums,
    /// Named by trees.
    missing: BTreeSet<ObjectId>,
}

impl<V: VersionVisitor + Send> Walker for Worker<'_, V> {
    type Trace = V::Trace;

    fn take(&mut self, object: &Object<'_>, base: Option<(&V::Trace, &[Shared])>) -> Option<V::Trace> {
        let Object { num, kind, bytes, has_children } = *object;
        if !self.selected.contains(num) {
            return None;
        }
        let origin = Origin::Git(self.store.id(num));
        match kind {
            Kind::Blob => {
                self.visitor.coverage().blobs += 1;
                self.visitor.coverage().bytes += bytes.len() as u64;
                return self.visitor.visit_version(&origin, bytes, base, has_children);
            }
            Kind::Tree if !self.take_tree(bytes) => self.note(num, "malformed tree".to_owned()),
            Kind::Tree => {}
            Kind::Commit => {
                self.records.add(self.store, num, bytes);
                self.visitor.coverage().commits += 1;
            }
            Kind::Tag => self.visitor.coverage().tags += 1,
        }
        if let Some(text) = object::text(kind, bytes) {
            self.visitor.coverage().bytes += text.len() as u64;
            self.visitor.visit(&origin, &Window::whole(&text));
        }
        None
    }

    fn take_large(&mut self, num: Num, size: u64, input: &mut dyn Read) {
        if !self.selected.contains(num) {
            return;
        }
        let (origin, visitor) = (Origin::Git(self.store.id(num)), &mut self.visitor);
        match store::show(input, size, self.cut, &mut |window| visitor.visit(&origin, window)) {
            Ok(()) => {
                self.visitor.coverage().blobs += 1;
                self.visitor.coverage().bytes += size;
            }
            Err(error) => self.note(num, format!("blob cannot be read to its end: {error}")),
        }
    }

    fn fail(&mut self, num: Num, error: &ReadError) {
        if self.selected.contains(num) {
            self.note(num, format!("cannot be read {error}"));
        }
    }

    fn is_done(&self) -> bool {
        false
    }
}

impl<V: Visitor> Worker<'_, V> {
    fn note(&mut self, num: Num, why: String) {
        self.visitor.coverage().fail(format!("object {}", self.store.id(num)), why);
    }

    /// Looks whether what a tree names is here; says whether the tree makes sense.
    fn take_tree(&mut self, bytes: &[u8]) -> bool {
        for entry in object::entries(bytes, self.store.id_len()) {
            let Ok(entry) = entry else { return false };
            if entry.kind != EntryKind::Submodule && self.nums.get(self.store, entry.id).is_none() {
                self.missing.insert(ObjectId::new(entry.id));
            }
        }
        true
    }
}

/// Which objects are asked for.
struct Selected {
    /// By number; all where there is no list.
    wanted: Option<Vec<bool>>,
    /// Those, and what they are made from.
    needed: Option<Vec<bool>>,
}

impl Selected {
    fn contains(&self, num: Num) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted[num as usize])
    }

    fn needs(&self, num: Num) -> bool {
        self.needed.as_ref().is_none_or(|needed| needed[num as usize])
    }
}
