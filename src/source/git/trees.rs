//! What of every tree matters: its folders, entries that lead to objects of interest, and entries that lead nowhere.
//!
//! All trees are decoded once, along their deltas, and of each only the entries are parsed that its base does not have. What a
//! tree holds is kept as a change of what its base holds, too: versions of a folder mostly differ in one entry.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use gix::objs::Kind;

use super::{
    interner::Interner,
    object::{self, EntryKind},
    store::{self, Inventory, Num, Nums, Object, ReadError, Store, Walker},
};
use crate::{
    blob::{ObjectId, Shared},
    coverage::Coverage,
};

/// A name's number.
pub(super) type NameIx = u32;

/// An entry that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) name: NameIx,
    /// What it leads to: two bits for the kind and thirty for the number. There are millions of these.
    target: u32,
}

impl Mark {
    fn new(name: NameIx, what: What) -> Self {
        let (kind, number) = match what {
            What::Folder(num) => (0, num),
            What::Hit(number) => (1, number),
            What::Missing(number) => (2, number),
        };
        debug_assert!(number <= NUMBER, "a thousand million objects");
        Self { name, target: kind << NUMBER_BITS | number & NUMBER }
    }

    /// What it leads to.
    pub(super) fn what(self) -> What {
        let number = self.target & NUMBER;
        match self.target >> NUMBER_BITS {
            0 => What::Folder(number),
            1 => What::Hit(number),
            _ => What::Missing(number),
        }
    }
}

/// How many bits of a target are its number.
const NUMBER_BITS: u32 = 30;
const NUMBER: u32 = (1 << NUMBER_BITS) - 1;
/// The kind of target that stands for marks of the base.
const KEEP: u32 = 3;

/// What an entry leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Folder(Num),
    /// An object of interest, by its number among those.
    Hit(u32),
    /// An object that is not here, by its number among those.
    Missing(u32),
}

/// How a tree's marks are made from those of its base: by a new one, or by some of the base's, the first of which stands in place of the
/// name, and the end in place of the number.
#[derive(Clone, Copy, Debug)]
struct Step(Mark);

impl Step {
    /// Marks of the base.
    fn keep(from: usize, to: usize) -> Self {
        let number = |at| u32::try_from(at).unwrap_or(NUMBER);
        Self(Mark { name: number(from), target: KEEP << NUMBER_BITS | number(to) })
    }

    /// Which marks of the base these are.
    fn kept(self) -> Option<std::ops::Range<usize>> {
        let is_kept = self.0.target >> NUMBER_BITS == KEEP;
        is_kept.then_some(self.0.name as usize..(self.0.target & NUMBER) as usize)
    }
}

/// One tree.
#[derive(Clone, Copy, Debug)]
struct Record {
    num: Num,
    base: Num,
    /// Where its steps begin; they end where those of the next record do.
    steps: u32,
}

/// No tree, no record.
const NONE: u32 = u32::MAX;

/// What matters of every tree.
pub(super) struct Trees {
    records: Vec<Record>,
    steps: Vec<Step>,
    /// Each tree's record, by number.
    places: Vec<u32>,
    /// Names of marked entries.
    pub(super) names: Interner<u8>,
    /// Objects that trees name and that are not here.
    pub(super) missing: Vec<ObjectId>,
}

impl Trees {
    /// Reads every tree. Of interest are objects among `hits`. Trees that cannot be read or make no sense are noted.
    pub(super) fn read(
        (store, inventory): (&Store, &Inventory),
        hits: &HashMap<ObjectId, u32>,
        coverage: &mut Coverage,
    ) -> Self {
        let (names, missing) = (Mutex::default(), Mutex::default());
        let readers = {
            let hits = &Hits::new(hits);
            let common = Common { store, hits, names: &names, missing: &missing };
            let wants = |_, kind| kind == Some(Kind::Tree);
            let readers = store::walk((store, inventory), wants, || TreeReader::new(common));
            readers.into_iter().map(|reader| (reader.records, reader.steps, reader.notes)).collect::<Vec<_>>()
        };
        let mut trees = Self {
            records: Vec::new(),
            steps: Vec::new(),
            places: vec![NONE; store.len()],
            names: names.into_inner().unwrap_or_else(PoisonError::into_inner),
            missing: Vec::new(),
        };
        for (records, steps, notes) in readers {
            coverage.add(notes);
            let (first, shift) = (len(&trees.records), len(&trees.steps));
            for (at, record) in (first..).zip(&records) {
                trees.places[record.num as usize] = at;
            }
            trees.records.extend(records.into_iter().map(|one| Record { steps: one.steps + shift, ..one }));
            if trees.steps.is_empty() {
                trees.steps = steps;
            } else {
                trees.steps.extend(steps);
            }
        }
        let missing = missing.into_inner().unwrap_or_else(PoisonError::into_inner);
        trees.missing = missing.values().iter().map(|id| ObjectId::new(id)).collect();
        trees
    }

    fn record(&self, num: Num) -> Option<&Record> {
        self.records.get(self.places[num as usize] as usize)
    }

    fn steps(&self, num: Num) -> &[Step] {
        let place = self.places[num as usize] as usize;
        let Some(record) = self.records.get(place) else { return &[] };
        let end = self.records.get(place + 1).map_or(self.steps.len(), |next| next.steps as usize);
        &self.steps[record.steps as usize..end]
    }
}

fn len<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// One thread's way to the marks of trees: remembers those of trees that it was lately asked for, from which the next are made.
pub(super) struct Marks<'t> {
    trees: &'t Trees,
    slots: Vec<(Num, Vec<Mark>)>,
    chain: Vec<Num>,
}

/// How many trees are remembered.
const SLOTS: usize = 1 << 10;

impl<'t> Marks<'t> {
    pub(super) fn new(trees: &'t Trees) -> Self {
        Self { trees, slots: vec![(NONE, Vec::new()); SLOTS], chain: Vec::new() }
    }

    /// The marks of a tree; none of what is no tree.
    pub(super) fn of(&mut self, tree: Num, out: &mut Vec<Mark>) {
        out.clear();
        self.chain.clear();
        let mut at = tree;
        loop {
            let (known, marks) = &self.slots[at as usize % SLOTS];
            if *known == at {
                out.extend_from_slice(marks);
                break;
            }
            let Some(record) = self.trees.record(at) else { break };
            self.chain.push(at);
            if record.base == NONE {
                break;
            }
            at = record.base;
        }
        let mut made = Vec::new();
        while let Some(at) = self.chain.pop() {
            made.clear();
            for step in self.trees.steps(at) {
                match step.kept() {
                    Some(kept) => made.extend_from_slice(&out[kept]),
                    None => made.push(step.0),
                }
            }
            std::mem::swap(out, &mut made);
            let slot = &mut self.slots[at as usize % SLOTS];
            slot.0 = at;
            slot.1.clone_from(out);
        }
    }
}

/// What all threads share.
#[derive(Clone, Copy)]
struct Common<'a> {
    store: &'a Store,
    hits: &'a Hits<'a>,
    names: &'a Mutex<Interner<u8>>,
    missing: &'a Mutex<Interner<u8>>,
}

/// One thread's share of the trees.
struct TreeReader<'a> {
    common: Common<'a>,
    nums: Nums,
    /// Names that this thread has lately met, with their numbers: versions of a tree have mostly the same.
    names: Vec<(Vec<u8>, NameIx)>,
    records: Vec<Record>,
    steps: Vec<Step>,
    notes: Coverage,
}

/// A parsed tree, for those made from it.
#[derive(Clone)]
struct Parsed {
    num: Num,
    /// Where each entry begins, and one more for the end.
    starts: Vec<u32>,
    /// Where each marked entry begins, and what it is.
    marks: Vec<(u32, Mark)>,
}

/// How many names a thread remembers.
const NAMES: usize = 1 << 12;
/// How many more entries a tree may have than its base before lists of them have to grow.
const MORE_ENTRIES: usize = 4;

impl Walker for TreeReader<'_> {
    type Trace = Parsed;

    fn take(&mut self, object: &Object<'_>, base: Option<(&Parsed, &[Shared])>) -> Option<Parsed> {
        if object.kind != Kind::Tree || u32::try_from(object.bytes.len()).is_err() {
            return None;
        }
        let empty = Parsed { num: NONE, starts: Vec::new(), marks: Vec::new() };
        let (base, shared) = base.unwrap_or((&empty, &[]));
        self.records.push(Record { num: object.num, base: base.num, steps: len(&self.steps) });
        let parsed = Parsed {
            num: object.num,
            starts: Vec::with_capacity(base.starts.len() + MORE_ENTRIES),
            marks: Vec::with_capacity(base.marks.len() + MORE_ENTRIES),
        };
        let mut parsing = Parsing { reader: self, bytes: object.bytes, parsed };
        if parsing.run(base, shared) {
            let Parsing { mut parsed, .. } = parsing;
            parsed.starts.push(len(object.bytes));
            return object.has_children.then_some(parsed);
        }
        self.note(object.num, "malformed tree".to_owned());
        None
    }

    fn take_large(&mut self, _: Num, _: u64, _: &mut dyn std::io::Read) {}

    fn fail(&mut self, num: Num, error: &ReadError) {
        self.note(num, format!("tree cannot be read {error}"));
    }

    fn is_done(&self) -> bool {
        false
    }
}

impl<'a> TreeReader<'a> {
    fn new(common: Common<'a>) -> Self {
        let (records, steps, notes) = Default::default();
        // Interned like any other, so that an empty slot is right about the empty name, which only forgery makes.
        let empty = lock(common.names).number(b"");
        Self { common, nums: Nums::new(), names: vec![(Vec::new(), empty); NAMES], records, steps, notes }
    }

    fn note(&mut self, num: Num, why: String) {
        self.notes.fail(format!("object {}", self.common.store.id(num)), why);
    }

    /// What an entry leads to, if that matters.
    fn what(&mut self, entry: &object::Entry<'_>) -> Option<What> {
        if entry.kind == EntryKind::Submodule {
            return None;
        }
        if let Some(hit) = self.common.hits.get(entry.id) {
            return Some(What::Hit(hit));
        }
        match self.nums.get(self.common.store, entry.id) {
            None => Some(What::Missing(lock(self.common.missing).number(entry.id))),
            Some(num) if entry.kind == EntryKind::Tree => Some(What::Folder(num)),
            Some(_) => None,
        }
    }

    fn name(&mut self, name: &[u8]) -> NameIx {
        // The hash of Fowler, Noll and Vo; whoever makes names that share a slot makes it slower, not wrong.
        let hash = name.iter().fold(0x811c_9dc5u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let slot = &mut self.names[hash as usize % NAMES];
        if slot.0 != name {
            *slot = (name.to_owned(), lock(self.common.names).number(name));
        }
        slot.1
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done by a thread that panics.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tree that is being parsed.
struct Parsing<'r, 'a, 'b> {
    reader: &'r mut TreeReader<'a>,
    bytes: &'b [u8],
    parsed: Parsed,
}

impl Parsing<'_, '_, '_> {
    /// Goes over all entries; says whether they make sense.
    fn run(&mut self, base: &Parsed, shared: &[Shared]) -> bool {
        let mut shared = shared.iter().peekable();
        let mut at = 0;
        while at < self.bytes.len() {
            while shared.next_if(|stretch| stretch.to + stretch.len <= at).is_some() {}
            let taken = shared.peek().map_or(0, |stretch| self.take_over(at, base, stretch));
            let taken = if taken > 0 { taken } else { self.parse_entry(at) };
            if taken == 0 {
                return false;
            }
            at += taken;
        }
        true
    }

    /// Takes over the entries that lie within a stretch, if one of them begins at `at`. Gives how many bytes they are.
    fn take_over(&mut self, at: usize, base: &Parsed, stretch: &Shared) -> usize {
        let &Shared { from, to, len } = stretch;
        if at < to {
            return 0;
        }
        let Ok(begin) = u32::try_from(at - to + from) else { return 0 };
        let Ok(first) = base.starts.binary_search(&begin) else { return 0 };
        let last = base.starts.partition_point(|&start| start as usize <= from + len) - 1;
        let end = base.starts[last];
        if end == begin {
            return 0;
        }
        let shift = |start: u32| start.wrapping_add(self::len(&self.bytes[..at])).wrapping_sub(begin);
        self.parsed.starts.extend(base.starts[first..last].iter().map(|&start| shift(start)));
        let first = base.marks.partition_point(|&(start, _)| start < begin);
        let last = base.marks.partition_point(|&(start, _)| start < end);
        if first < last {
            self.parsed.marks.extend(base.marks[first..last].iter().map(|&(start, mark)| (shift(start), mark)));
            self.reader.steps.push(Step::keep(first, last));
        }
        (end - begin) as usize
    }

    /// Parses the entry at `at`, and gives its length, 0 if it makes no sense.
    fn parse_entry(&mut self, at: usize) -> usize {
        let mut rest = &self.bytes[at..];
        let Some(entry) = object::next_entry(&mut rest, self.reader.common.store.id_len()) else { return 0 };
        let start = len(&self.bytes[..at]);
        self.parsed.starts.push(start);
        if let Some(what) = self.reader.what(&entry) {
            let mark = Mark::new(self.reader.name(entry.name), what);
            self.parsed.marks.push((start, mark));
            self.reader.steps.push(Step(mark));
        }
        self.bytes.len() - at - rest.len()
    }
}

/// Objects of interest, behind a filter: nearly every entry of nearly every tree is none.
struct Hits<'a> {
    numbers: &'a HashMap<ObjectId, u32>,
    filter: Vec<u64>,
}

impl<'a> Hits<'a> {
    fn new(numbers: &'a HashMap<ObjectId, u32>) -> Self {
        let mut filter = vec![0; 1 << 14];
        for id in numbers.keys() {
            let bit = Self::bit(id.as_bytes());
            filter[bit >> 6] |= 1 << (bit & 63);
        }
        Self { numbers, filter }
    }

    /// Twenty bits of the id.
    fn bit(id: &[u8]) -> usize {
        (usize::from(id[0]) << 12) | (usize::from(id[1]) << 4) | usize::from(id[2] >> 4)
    }

    fn get(&self, id: &[u8]) -> Option<u32> {
        let bit = Self::bit(id);
        if self.filter[bit >> 6] >> (bit & 63) & 1 == 0 {
            return None;
        }
        self.numbers.get(&ObjectId::new(id)).copied()
    }
}
