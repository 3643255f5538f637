//! Pushes every blob, commit message and tag text to visitors, in the order in which packs hold them.

use std::{borrow::Cow, collections::BTreeSet};

use gix::objs::Kind;

use super::{
    Refs, Repository, error, graph,
    graph::{Graph, Records},
    index,
    object::{self, EntryKind},
    parallel,
    reachable::Reached,
    store::{Cut, Num, Nums, Reader, Store},
};
use crate::{
    blob::{ObjectId, Origin, Visitor, Window},
    coverage::{Coverage, History},
};

/// Blobs of this size are shown in windows.
const LARGE: u64 = 64 << 20;
/// How much each window owns.
const OWN: usize = 8 << 20;
/// How many missing objects are named one by one.
const MOST_MISSING: usize = 100;

impl Repository {
    /// Pushes what there is to be scanned, each object once, as [`Origin::Git`]: every blob, every commit's message (with
    /// the tags that it merged behind it) and every annotated tag's text. It runs on the threads of the current rayon pool,
    /// each with a visitor of its own; the first also gets what is to be said of the repository as a whole.
    ///
    /// A blob of 64 MiB or more that is not stored as a delta comes in several windows, each with `margin` bytes on both
    /// sides; git itself stores nothing larger than 512 MB as a delta.
    ///
    /// What cannot be read is a failure in the coverage of the visitor that it was for, and so is what is named by something
    /// reachable and is not here. The rest is pushed all the same.
    pub fn scan<V: Visitor + Send>(
        &self,
        selection: &Refs,
        margin: usize,
        make_visitor: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        let mut about = Coverage::default();
        let wanted = match selection {
            Refs::All => Cow::Borrowed(self.inventory().order()),
            Refs::Matching(_) => Cow::Owned(self.reachable_from(selection, &mut about)),
        };
        let state = || Worker::new(&self.store, margin, make_visitor());
        let workers = parallel::share(&wanted, state, |worker, &num| worker.take(num, self.inventory().kind(num)));
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
    fn reachable_from(&self, selection: &Refs, about: &mut Coverage) -> Vec<Num> {
        let tips = self.refs().refs.iter().filter(|one| selection.wants(&one.name)).map(|one| one.id);
        let reached = Reached::walk((&self.store, self.inventory()), tips, &self.cut, about);
        fail_missing(&reached.missing, about);
        self.inventory().order().iter().copied().filter(|&num| reached.contains(num)).collect()
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
    reader: Reader<'s>,
    cut: Cut,
    visitor: V,
    buffer: Vec<u8>,
    records: graph::Records,
    nums: Nums,
    /// Named by trees.
    missing: BTreeSet<ObjectId>,
}

impl<'s, V: Visitor> Worker<'s, V> {
    fn new(store: &'s Store, margin: usize, visitor: V) -> Self {
        Self {
            reader: Reader::new(store),
            cut: Cut { own: OWN, margin },
            visitor,
            buffer: Vec::new(),
            records: Records::default(),
            nums: Nums::new(),
            missing: BTreeSet::new(),
        }
    }

    fn take(&mut self, num: Num, kind: Option<Kind>) {
        if kind == Some(Kind::Blob) && self.take_large(num) {
            return;
        }
        let store = self.reader.store();
        let fail = |visitor: &mut V, why: String| visitor.coverage().fail(format!("object {}", store.id(num)), why);
        let kind = match self.reader.read(num, &mut self.buffer) {
            Ok(kind) => kind,
            Err(error) => {
                let what = kind.map_or_else(String::new, |kind| format!("{kind} "));
                return fail(&mut self.visitor, format!("{what}cannot be read {error}"));
            }
        };
        match kind {
            Kind::Tree if !self.take_tree() => fail(&mut self.visitor, "malformed tree".to_owned()),
            Kind::Tree => {}
            Kind::Commit => {
                self.records.add(store, num, &self.buffer);
                self.visitor.coverage().commits += 1;
            }
            Kind::Blob => self.visitor.coverage().blobs += 1,
            Kind::Tag => self.visitor.coverage().tags += 1,
        }
        if let Some(text) = object::text(kind, &self.buffer) {
            self.visitor.coverage().bytes += text.len() as u64;
            self.visitor.visit(&Origin::Git(store.id(num)), &Window::whole(&text));
        }
    }

    /// Shows a blob in windows if it is large; says whether it is.
    fn take_large(&mut self, num: Num) -> bool {
        let id = self.reader.store().id(num);
        let (origin, visitor) = (Origin::Git(id), &mut self.visitor);
        let shown = self.reader.show_large(num, LARGE, self.cut, &mut |window| visitor.visit(&origin, window));
        match shown {
            None => return false,
            Some(Ok(size)) => {
                self.visitor.coverage().blobs += 1;
                self.visitor.coverage().bytes += size;
            }
            Some(Err(error)) => {
                self.visitor.coverage().fail(format!("object {id}"), format!("blob cannot be read to its end {error}"));
            }
        }
        true
    }

    /// Looks whether what a tree names is here; says whether the tree makes sense.
    fn take_tree(&mut self) -> bool {
        let store = self.reader.store();
        for entry in object::entries(&self.buffer, store.id_len()) {
            let Ok(entry) = entry else { return false };
            if entry.kind != EntryKind::Submodule && self.nums.get(store, entry.id).is_none() {
                self.missing.insert(ObjectId::new(entry.id));
            }
        }
        true
    }
}
