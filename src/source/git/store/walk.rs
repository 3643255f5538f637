//! Walks objects along their deltas, depth first: each is decoded once, from its base, which is then at hand.
//!
//! What is kept while something below an object is decoded is the object itself if it has more children, and nothing where
//! that is the last: [`Inventory`] puts the child with most below it last. Threads that run out of work are given
//! objects whose children wait by those that have some.

use std::{
    io::Read,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use gix::objs::Kind;

use super::{
    Inventory, Num, ReadError, Reader, Store,
    bytes::Bytes,
    decoder::{self, Decoder},
    stream::Inflated,
};
use crate::blob::Shared;

/// Takes the objects of a walk; each thread has one.
pub(in crate::source::git) trait Walker: Send {
    /// What is remembered of an object for those made from it.
    type Trace: Clone + Send;

    /// Takes an object. `base` is what is remembered of the object that it was made from, and what the two share; what is
    /// returned goes to those made from this one, if there are any.
    fn take(&mut self, object: &Object<'_>, base: Option<(&Self::Trace, &[Shared])>) -> Option<Self::Trace>;

    /// Takes a blob that is too large for memory, as what it is read from.
    fn take_large(&mut self, num: Num, size: u64, input: &mut dyn Read);

    /// Takes note of an object that cannot be read.
    fn fail(&mut self, num: Num, error: &ReadError);

    /// Whether to end the walk early.
    fn is_done(&self) -> bool;
}

/// A decoded object.
pub(in crate::source::git) struct Object<'a> {
    pub(in crate::source::git) num: Num,
    pub(in crate::source::git) kind: Kind,
    pub(in crate::source::git) bytes: &'a [u8],
    /// Whether others are made from it.
    pub(in crate::source::git) has_children: bool,
}

/// How many roots a thread takes at a time.
const CHUNK: usize = 16;

/// Walks the objects of which `wants` says yes, by number and kind: where it says no to an object, nothing below is looked at.
/// Each thread of the current rayon pool takes its part with a walker of its own.
pub(in crate::source::git) fn walk<W: Walker>(
    (store, inventory): (&Store, &Inventory),
    wants: impl Fn(Num, Option<Kind>) -> bool + Sync,
    walker: impl Fn() -> W + Sync,
) -> Vec<W> {
    let roots = AtomicUsize::new(0);
    let exchange = Exchange::new(rayon::current_num_threads());
    rayon::broadcast(|_| {
        let mut walk = Walk::new(store, inventory, &wants, walker());
        let _leaving = Leaving(&exchange);
        walk.take_roots(&roots, &exchange);
        while let Some(frame) = exchange.receive() {
            walk.stack.push(frame);
            walk.empty_stack(&exchange);
        }
        walk.walker
    })
}

/// An object whose children wait to be decoded.
struct Frame<T> {
    num: Num,
    kind: Kind,
    /// Which of its children wait.
    children: std::ops::Range<usize>,
    bytes: Bytes,
    trace: Option<T>,
}

/// One thread's part of a walk.
struct Walk<'s, W: Walker, F> {
    store: &'s Store,
    inventory: &'s Inventory,
    wants: &'s F,
    walker: W,
    decoder: Decoder,
    reader: Reader<'s>,
    stack: Vec<Frame<W::Trace>>,
    /// Objects whose bases cannot be read.
    orphans: Vec<Num>,
    shared: Vec<Shared>,
    memory: u64,
}

impl<'s, W: Walker, F: Fn(Num, Option<Kind>) -> bool> Walk<'s, W, F> {
    fn new(store: &'s Store, inventory: &'s Inventory, wants: &'s F, walker: W) -> Self {
        Self {
            store,
            inventory,
            wants,
            walker,
            decoder: Decoder::for_thread(),
            reader: Reader::new(store),
            stack: Vec::new(),
            orphans: Vec::new(),
            shared: Vec::new(),
            memory: decoder::share_of_memory(),
        }
    }

    fn take_roots(&mut self, next: &AtomicUsize, exchange: &Exchange<Frame<W::Trace>>) {
        let (roots, strays) = (self.inventory.roots(), self.inventory.strays());
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            for at in start..start + CHUNK {
                if self.walker.is_done() {
                    return;
                }
                if let Some(&root) = roots.get(at) {
                    self.start(root);
                } else if let Some(&stray) = strays.get(at - roots.len()) {
                    self.start_alone(stray);
                } else {
                    return;
                }
                self.empty_stack(exchange);
            }
        }
    }

    /// Decodes what waits on the stack, and what lost its base meanwhile.
    fn empty_stack(&mut self, exchange: &Exchange<Frame<W::Trace>>) {
        loop {
            while let Some(frame) = self.stack.pop() {
                if self.walker.is_done() {
                    return self.stack.clear();
                }
                self.take_child(frame);
                if exchange.is_waiting() {
                    self.give_away(exchange);
                }
            }
            let Some(orphan) = self.orphans.pop() else { return };
            self.start_alone(orphan);
        }
    }

    /// Decodes the next child of the top of the stack.
    fn take_child(&mut self, mut frame: Frame<W::Trace>) {
        let Some(at) = frame.children.next() else { return self.decoder.recycle(frame.bytes) };
        let child = self.inventory.children(frame.num)[at];
        if !(self.wants)(child, Some(frame.kind)) {
            return self.stack.push(frame);
        }
        let decoded = self.store.packed_entry(child).map_or(Err(()), |(pack, entry)| {
            self.decoder.apply(pack, &entry, &frame.bytes, &mut self.shared).map_err(drop)
        });
        let Ok(bytes) = decoded else {
            self.stack.push(frame);
            return self.start_alone(child);
        };
        let shared = std::mem::take(&mut self.shared);
        let trace = self.show(child, frame.kind, &bytes, frame.trace.as_ref().map(|trace| (trace, &*shared)));
        self.shared = shared;
        let kind = frame.kind;
        if frame.children.is_empty() {
            self.decoder.recycle(frame.bytes);
        } else {
            self.stack.push(frame);
        }
        self.push(child, kind, bytes, trace);
    }

    /// Begins with an object that is stored whole.
    fn start(&mut self, num: Num) {
        let kind = self.inventory.kind(num);
        if !(self.wants)(num, kind) {
            return;
        }
        let is_lone_blob = kind == Some(Kind::Blob) && self.inventory.children(num).is_empty();
        let Some((pack, entry)) = self.store.packed_entry(num) else {
            if is_lone_blob
                && let Some((size, mut input)) =
                    self.store.large_loose(&self.store.id(num), self.decoder.most_in_memory())
            {
                return self.walker.take_large(num, size, &mut input);
            }
            return self.start_alone(num);
        };
        if is_lone_blob && !self.decoder.keeps(entry.decompressed_size) {
            let mut input = Inflated::new(pack.compressed(&entry));
            return self.walker.take_large(num, entry.decompressed_size, &mut input);
        }
        let Some(kind) = kind else { return self.start_alone(num) };
        match self.decoder.whole(pack, &entry) {
            Ok(bytes) => self.enter(num, kind, bytes),
            Err(_) => self.start_alone(num),
        }
    }

    /// Begins with an object whose base is not at hand.
    fn start_alone(&mut self, num: Num) {
        if !(self.wants)(num, self.inventory.kind(num)) {
            return;
        }
        match self.reader.bytes(num) {
            Ok((kind, bytes)) => self.enter(num, kind, bytes),
            Err(error) => {
                self.walker.fail(num, &error);
                self.orphans.extend(self.inventory.children(num));
            }
        }
    }

    fn enter(&mut self, num: Num, kind: Kind, bytes: Bytes) {
        let trace = self.show(num, kind, &bytes, None);
        self.push(num, kind, bytes, trace);
    }

    /// Shows an object to the walker.
    fn show(&mut self, num: Num, kind: Kind, bytes: &Bytes, base: Option<(&W::Trace, &[Shared])>) -> Option<W::Trace> {
        let has_children = !self.inventory.children(num).is_empty();
        match bytes {
            Bytes::Memory(bytes) => return self.walker.take(&Object { num, kind, bytes, has_children }, base),
            Bytes::Spilled(spilled) if kind == Kind::Blob => match spilled.reader() {
                Ok(mut input) => self.walker.take_large(num, bytes.len(), &mut input),
                Err(error) => self.walker.fail(num, &ReadError::Io(error)),
            },
            Bytes::Spilled(spilled) => match spilled.read() {
                Ok(bytes) => return self.walker.take(&Object { num, kind, bytes: &bytes, has_children }, None),
                Err(error) => self.walker.fail(num, &ReadError::Io(error)),
            },
        }
        None
    }

    /// Puts an object with children on the stack.
    fn push(&mut self, num: Num, kind: Kind, bytes: Bytes, trace: Option<W::Trace>) {
        let children = 0..self.inventory.children(num).len();
        if children.is_empty() {
            return self.decoder.recycle(bytes);
        }
        self.stack.push(Frame { num, kind, children, bytes, trace });
        self.keep_to_memory();
    }

    /// Moves objects low on the stack into files while there are too many bytes in memory.
    fn keep_to_memory(&mut self) {
        let in_memory = |frame: &Frame<_>| if let Bytes::Memory(bytes) = &frame.bytes { bytes.len() as u64 } else { 0 };
        let mut total: u64 = self.stack.iter().map(in_memory).sum();
        let top = self.stack.len() - 1;
        for frame in &mut self.stack[..top] {
            if total <= self.memory {
                return;
            }
            if let Bytes::Memory(bytes) = &frame.bytes {
                let len = bytes.len() as u64;
                // Without room on disk it stays where it is.
                if let Ok(spilled) = Bytes::spill(|out| out.write_all(bytes).map(|()| len)) {
                    frame.bytes = spilled;
                    total -= len;
                }
            }
        }
    }

    /// Gives the children that will wait longest to another thread.
    fn give_away(&mut self, exchange: &Exchange<Frame<W::Trace>>) {
        match &mut *self.stack {
            [] => {}
            [only] => {
                // Its bytes are needed on both sides.
                let (half, Bytes::Memory(bytes)) = (only.children.len() / 2, &only.bytes) else { return };
                if half > 0 {
                    let children = only.children.start..only.children.start + half;
                    only.children.start += half;
                    let (bytes, trace) = (Bytes::Memory(bytes.clone()), only.trace.clone());
                    exchange.give(Frame { num: only.num, kind: only.kind, children, bytes, trace });
                }
            }
            _ => exchange.give(self.stack.remove(0)),
        }
    }
}

/// Where threads that have work leave some for those that have none.
struct Exchange<T> {
    threads: usize,
    /// How many threads wait for work that is not there yet.
    waiting: AtomicUsize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    given: Vec<T>,
    /// Threads that wait, and threads that are gone.
    idle: usize,
}

impl<T> Exchange<T> {
    fn new(threads: usize) -> Self {
        let state = Mutex::new(State { given: Vec::new(), idle: 0 });
        Self { threads, waiting: AtomicUsize::new(0), state, changed: Condvar::new() }
    }

    /// Whether another thread could do with work.
    fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn give(&self, work: T) {
        let mut state = self.state();
        state.given.push(work);
        self.count(&state);
        self.changed.notify_one();
    }

    /// Waits for work; nothing when all threads do.
    fn receive(&self) -> Option<T> {
        let mut state = self.state();
        state.idle += 1;
        loop {
            if let Some(work) = state.given.pop() {
                state.idle -= 1;
                self.count(&state);
                return Some(work);
            }
            self.count(&state);
            if state.idle == self.threads {
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn count(&self, state: &State<T>) {
        self.waiting.store(state.idle.saturating_sub(state.given.len()), Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // What is in it is whole whenever a thread could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a thread that panics as one that waits, so that the others do not wait for it.
struct Leaving<'e, T>(&'e Exchange<T>);

impl<T> Drop for Leaving<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().idle += 1;
            self.0.changed.notify_all();
        }
    }
}
