//! Pushes every blob, commit message and tag text to visitors, in the order in which packs hold them.

use std::io::Read;

use gix::objs::Kind;

use super::{
    Refs, Repository,
    attribute::fail_missing,
    graph::{Commits, Records},
    object,
    reachable::{Reached, Way},
    snapshot::News,
    store::{self, Num, Object, ReadError, Store, Walker},
};
use crate::{
    blob::{Origin, Shared, VersionVisitor, Visitor, Window},
    coverage::{Coverage, History},
    source::windows::Windows,
};

impl Repository {
    /// Pushes what there is to be scanned, each object once, as [`Origin::Git`]: every blob, every commit's message (with
    /// the tags that it merged behind it) and every annotated tag's text. It runs on the threads of the current rayon pool,
    /// each with a visitor of its own; the first also gets what is to be said of the repository as a whole.
    ///
    /// A blob that is too large for memory comes in several windows, each with `margin` bytes on both sides. All others come whole,
    /// right after the blob that they are stored as a change of where that can be had.
    ///
    /// What cannot be read is a failure in the coverage of the visitor that it was for; the rest is pushed all the same. Trees are
    /// not looked at.
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
        let (mut visitors, records) = self.walk_selected(&selected, margin, make_visitor);
        self.describe(selection, &mut about);
        let is_whole = matches!(selection, Refs::All) && !visitors.iter().any(Visitor::is_done);
        if is_whole {
            // What could not be read was just said.
            let _ = self.commits.set(Commits::new(records, Coverage::default()));
        }
        match visitors.first_mut() {
            Some(first) => first.coverage().add(about),
            None => debug_assert!(false, "a pool has threads"),
        }
        visitors
    }

    /// The same for the objects that are new, and nothing is said of the repository as a whole.
    pub fn scan_new<V: VersionVisitor + Send>(
        &self,
        news: &News,
        margin: usize,
        make_visitor: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        self.walk_selected(&self.selected(news.new.clone()), margin, make_visitor).0
    }

    /// The same for all objects that are not new.
    pub fn scan_seen<V: VersionVisitor + Send>(
        &self,
        news: &News,
        margin: usize,
        make_visitor: impl Fn() -> V + Sync,
    ) -> Vec<V> {
        let seen = news.new.iter().map(|new| !new).collect();
        self.walk_selected(&self.selected(seen), margin, make_visitor).0
    }

    /// What is to be said of the repository as a whole.
    pub fn describe_all(&self) -> Coverage {
        let mut about = Coverage::default();
        self.describe(&Refs::All, &mut about);
        about
    }

    /// Pushes what is selected; gives the commits that were among it, too.
    fn walk_selected<V: VersionVisitor + Send>(
        &self,
        selected: &Selected,
        margin: usize,
        make_visitor: impl Fn() -> V + Sync,
    ) -> (Vec<V>, Vec<Records>) {
        let worker = || Worker {
            store: &self.store,
            selected,
            margin,
            windows: Windows::default(),
            visitor: make_visitor(),
            records: Records::default(),
        };
        // Trees are for the attribution.
        let wants = |num, kind| kind != Some(Kind::Tree) && selected.needs(num);
        let workers = store::walk((&self.store, self.inventory()), wants, worker);
        workers.into_iter().map(|worker| (worker.visitor, worker.records)).unzip()
    }

    fn selected(&self, wanted: Vec<bool>) -> Selected {
        let needed = self.inventory().with_bases(&wanted);
        Selected { wanted: Some(wanted), needed: Some(needed) }
    }

    /// Everything reachable from the refs that the user picked.
    fn reachable_from(&self, selection: &Refs, about: &mut Coverage) -> Selected {
        let tips = self.refs().refs.iter().filter(|one| selection.wants(&one.name)).map(|one| one.id);
        let reached = Reached::walk((&self.store, self.inventory()), tips, Way::Any(&self.cut), about);
        fail_missing(&reached.missing, about);
        self.selected(reached.marked)
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
}

/// One thread's share of a scan.
struct Worker<'s, V> {
    store: &'s Store,
    selected: &'s Selected,
    /// Around windows of large blobs.
    margin: usize,
    windows: Windows,
    visitor: V,
    records: Records,
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
        let (read, outcome) = self.windows.push(&mut input.take(size + 1), self.margin, &mut |window| {
            visitor.visit(&origin, window);
            !visitor.is_done()
        });
        match outcome {
            Ok(()) if read == size => {
                self.visitor.coverage().blobs += 1;
                self.visitor.coverage().bytes += size;
            }
            Ok(()) => self.note(num, "blob is not as large as it says".to_owned()),
            Err(error) => self.note(num, format!("blob cannot be read to its end: {error}")),
        }
    }

    fn fail(&mut self, num: Num, error: &ReadError) {
        if self.selected.contains(num) {
            self.note(num, format!("cannot be read {error}"));
        }
    }

    fn is_done(&self) -> bool {
        self.visitor.is_done()
    }
}

impl<V: Visitor> Worker<'_, V> {
    fn note(&mut self, num: Num, why: String) {
        self.visitor.coverage().fail(format!("object {}", self.store.id(num)), why);
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
