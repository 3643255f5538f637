//! What each object is, learned from pack entries' headers without decoding the objects.

use std::collections::HashMap;

use gix::{objs::Kind, odb::pack::data::entry::Header};
use rayon::prelude::*;

use super::{Num, Reader, Store, pack::Pack};

/// Every object of a [`Store`] once, with what it is.
pub(in crate::source::git) struct Inventory {
    /// Indexed by number.
    kinds: Vec<Known>,
    /// By pack and along its deltas, so that an object is met soon after its base; loose objects last.
    order: Vec<Num>,
}

/// What is known of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Not yet anything, or its entry cannot be read.
    Nothing,
    /// A further copy of an object with a lower number.
    Copy,
    Is(Kind),
}

impl Inventory {
    /// Looks at every object.
    pub(in crate::source::git) fn new(store: &Store) -> Self {
        let mut kinds = Vec::with_capacity(store.len());
        let mut order = Vec::with_capacity(store.len());
        for (at, pack) in store.packs.iter().enumerate() {
            let earlier = &store.packs[..at];
            let places = by_offset(pack);
            let (mut known, bases) = pack_kinds(pack, &places);
            if !earlier.is_empty() {
                known.par_iter_mut().enumerate().for_each(|(at, known)| {
                    let id = pack.id(u32::try_from(at).unwrap_or(u32::MAX));
                    if earlier.iter().any(|pack| pack.lookup(id.as_bytes()).is_some()) {
                        *known = Known::Copy;
                    }
                });
            }
            order.extend(along_deltas(&places, &bases).into_iter().map(|at| pack.first() + at));
            kinds.extend(known);
        }
        let mut inventory = Self { kinds, order };
        inventory.add_loose(store);
        inventory.settle(store);
        let kinds = &inventory.kinds;
        inventory.order.retain(|&num| kinds[num as usize] != Known::Copy);
        inventory
    }

    fn add_loose(&mut self, store: &Store) {
        let loose: Vec<_> = store
            .listed()
            .par_iter()
            .map(|&(id, at)| {
                if store.packs.iter().any(|pack| pack.lookup(id.as_bytes()).is_some()) {
                    return Known::Copy;
                }
                store.loose[usize::from(at)].kind(&id).map_or(Known::Nothing, Known::Is)
            })
            .collect();
        self.kinds.extend(loose);
        self.order.extend(store.packed()..u32::try_from(self.kinds.len()).unwrap_or(u32::MAX));
    }

    /// Asks a reader where headers were not enough: another copy, or a base in another pack, may be readable.
    fn settle(&mut self, store: &Store) {
        let mut reader = None;
        let mut buffer = Vec::new();
        for num in 0..self.kinds.len() {
            if self.kinds[num] == Known::Nothing
                && let Ok(num) = Num::try_from(num)
                && let Ok(kind) = reader.get_or_insert_with(|| Reader::new(store)).read(num, &mut buffer)
            {
                self.kinds[num as usize] = Known::Is(kind);
            }
        }
    }

    /// What the object is, if its header could be read.
    pub(in crate::source::git) fn kind(&self, num: Num) -> Option<Kind> {
        match self.kinds[num as usize] {
            Known::Is(kind) => Some(kind),
            Known::Nothing | Known::Copy => None,
        }
    }

    /// All objects in the order in which they are best read.
    pub(in crate::source::git) fn order(&self) -> &[Num] {
        &self.order
    }

    /// All objects of a kind in the order in which they are best read.
    pub(in crate::source::git) fn of_kind(&self, kind: Kind) -> Vec<Num> {
        self.order.iter().copied().filter(|&num| self.kind(num) == Some(kind)).collect()
    }
}

/// Offset and place in the listing of each entry, by offset.
fn by_offset(pack: &Pack) -> Vec<(u64, u32)> {
    let mut places: Vec<_> = (0..pack.len()).map(|at| (pack.offset(at), at)).collect();
    places.par_sort_unstable();
    places
}

/// Where an entry is whole.
const NO_BASE: u32 = u32::MAX;

/// What each entry of a pack is, and on which other it is based, both indexed by its place in the listing.
fn pack_kinds(pack: &Pack, places: &[(u64, u32)]) -> (Vec<Known>, Vec<u32>) {
    let mut kinds = vec![Known::Nothing; places.len()];
    let mut bases = vec![NO_BASE; places.len()];
    let mut waiting = HashMap::new();
    for &(offset, at) in places {
        let Ok(entry) = pack.entry(offset) else { continue };
        let base = match entry.header {
            Header::OfsDelta { base_distance } => offset
                .checked_sub(base_distance)
                .and_then(|base| places.binary_search_by_key(&base, |&(offset, _)| offset).ok())
                .map(|place| places[place].1),
            Header::RefDelta { base_id } => pack.lookup(base_id.as_slice()),
            whole => {
                kinds[at as usize] = whole.as_kind().map_or(Known::Nothing, Known::Is);
                continue;
            }
        };
        let Some(base) = base else { continue };
        bases[at as usize] = base;
        kinds[at as usize] = kinds[base as usize];
        if kinds[at as usize] == Known::Nothing {
            // A base named by its id may come later in the pack.
            waiting.insert(at, base);
        }
    }
    settle_waiting(&mut kinds, waiting);
    (kinds, bases)
}

/// Passes kinds on from bases to what waits for them; a circle of deltas stays unknown.
fn settle_waiting(kinds: &mut [Known], mut waiting: HashMap<u32, u32>) {
    let mut path = Vec::new();
    while let Some(&start) = waiting.keys().next() {
        let mut at = start;
        // Each step forgets an entry, so that circles end and no entry is met twice.
        while let Some(base) = waiting.remove(&at) {
            path.push(at);
            at = base;
        }
        let kind = kinds[at as usize];
        for at in path.drain(..) {
            kinds[at as usize] = kind;
        }
    }
}

/// An order of a pack's entries in which each comes soon after what it is based on: depth first, and by offset.
fn along_deltas(places: &[(u64, u32)], bases: &[u32]) -> Vec<u32> {
    let mut starts = vec![0u32; bases.len() + 1];
    for &base in bases.iter().filter(|&&base| base != NO_BASE) {
        starts[base as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut filled = starts.clone();
    let mut children = vec![0u32; starts[bases.len()] as usize];
    // Backwards, so that the first child is the last put on the stack.
    for &(_, at) in places.iter().rev() {
        let base = bases[at as usize];
        if base != NO_BASE {
            children[filled[base as usize] as usize] = at;
            filled[base as usize] += 1;
        }
    }
    let (mut order, mut stack) = (Vec::with_capacity(bases.len()), Vec::new());
    for &(_, root) in places.iter().filter(|(_, at)| bases[*at as usize] == NO_BASE) {
        stack.push(root);
        while let Some(at) = stack.pop() {
            order.push(at);
            stack.extend(&children[starts[at as usize] as usize..starts[at as usize + 1] as usize]);
        }
    }
    if order.len() < places.len() {
        // Circles have no root.
        let mut met = vec![false; places.len()];
        for &at in &order {
            met[at as usize] = true;
        }
        order.extend(places.iter().map(|&(_, at)| at).filter(|&at| !met[at as usize]));
    }
    order
}
