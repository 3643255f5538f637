//! What each object is and which others are stored as changes of it, learned from pack entries' headers without decoding the
//! objects.

use gix::{objs::Kind, odb::pack::data::entry::Header};
use rayon::prelude::*;

use super::{super::lists::Lists, Num, Reader, Store, pack::Pack};

/// Every object of a [`Store`] once: a forest, in which each object stands below the one that it is stored as a delta of.
pub(in crate::source::git) struct Inventory {
    /// Indexed by number.
    kinds: Vec<Known>,
    /// Objects stored whole, in the order of packs; loose ones last.
    roots: Vec<Num>,
    /// The deltas of each object. The one with most below comes last, so that a walk can let go of the object itself before
    /// it goes down there: what a walk has to keep is then as deep as the logarithm of the number of objects.
    children: Lists,
    /// Objects below none of the roots: their headers make no sense, they lack a base, or are bases of each other.
    strays: Vec<Num>,
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

/// Where an object is whole, or its base is not here.
const NO_BASE: Num = Num::MAX;

impl Inventory {
    /// Looks at every object.
    pub(in crate::source::git) fn new(store: &Store) -> Self {
        store.packs.par_iter().for_each(Pack::prepare);
        let mut kinds = Vec::with_capacity(store.len());
        let (mut bases, mut roots) = (Vec::with_capacity(store.len()), Vec::new());
        for at in 0..store.packs.len() {
            add_pack(store, at, &mut kinds, &mut bases, &mut roots);
        }
        kinds.extend(loose_kinds(store));
        bases.resize(kinds.len(), NO_BASE);
        let loose = store.packed()..u32::try_from(kinds.len()).unwrap_or(Num::MAX);
        roots.extend(loose.filter(|&num| matches!(kinds[num as usize], Known::Is(_))));
        let children = children(&bases);
        let mut inventory = Self { kinds, roots, children, strays: Vec::new() };
        let lost = inventory.grow(&bases);
        if !lost.is_empty() {
            inventory.ask_for_strays(store, lost, &mut bases);
        }
        inventory
    }

    /// Marks these objects and what they are made from.
    pub(in crate::source::git) fn with_bases(&self, wanted: &[bool]) -> Vec<bool> {
        let mut needed = wanted.to_vec();
        for &num in self.behind_bases().iter().rev() {
            needed[num as usize] |= self.children(num).iter().any(|&child| needed[child as usize]);
        }
        needed
    }

    /// All objects below roots and strays, each behind its base.
    fn behind_bases(&self) -> Vec<Num> {
        let mut order = Vec::with_capacity(self.kinds.len());
        let mut waiting: Vec<Num> = self.strays.iter().chain(&self.roots).rev().copied().collect();
        while let Some(num) = waiting.pop() {
            order.push(num);
            waiting.extend(self.children(num));
        }
        order
    }

    /// Passes kinds on from the roots, orders children by what is below them, and gives what is below no root.
    fn grow(&mut self, bases: &[Num]) -> Vec<Num> {
        let order = self.behind_bases();
        for &num in &order {
            if let Some(&kind) = self.kinds.get(bases[num as usize] as usize) {
                self.kinds[num as usize] = kind;
            }
        }
        let mut weights = vec![0u32; self.kinds.len()];
        for &num in order.iter().rev() {
            let weight = weights[num as usize] + 1;
            weights[num as usize] = weight;
            if let Some(above) = weights.get_mut(bases[num as usize] as usize) {
                *above += weight;
            }
            let children = self.children.of_mut(num);
            if children.len() > 1 {
                children.sort_by_key(|&child| weights[child as usize]);
            }
        }
        let is_stray = |&num: &Num| weights[num as usize] == 0 && self.kinds[num as usize] != Known::Copy;
        (0..u32::try_from(self.kinds.len()).unwrap_or(Num::MAX)).filter(is_stray).collect()
    }

    /// Reads what is below no root: another copy may be readable. Then what is made from it grows there, and all else stands alone, so
    /// that nothing is come to twice or goes round in a circle.
    fn ask_for_strays(&mut self, store: &Store, lost: Vec<Num>, bases: &mut [Num]) {
        let mut reader = Reader::new(store);
        for num in lost {
            if let Ok((kind, _)) = reader.bytes(num) {
                self.kinds[num as usize] = Known::Is(kind);
                bases[num as usize] = NO_BASE;
                self.strays.push(num);
            }
        }
        self.children = children(bases);
        let lost = self.grow(bases);
        for &num in &lost {
            bases[num as usize] = NO_BASE;
        }
        self.children = children(bases);
        self.grow(bases);
        self.strays.extend(lost);
    }

    /// What the object is, if that could be found out.
    pub(in crate::source::git) fn kind(&self, num: Num) -> Option<Kind> {
        match self.kinds[num as usize] {
            Known::Is(kind) => Some(kind),
            Known::Nothing | Known::Copy => None,
        }
    }

    /// How many blobs, commits and tags there are, and objects of which it is not known what they are.
    pub(in crate::source::git) fn texts(&self) -> u64 {
        let is_text = |known: &&Known| !matches!(known, Known::Copy | Known::Is(Kind::Tree));
        self.kinds.iter().filter(is_text).count() as u64
    }

    /// All objects of a kind, by number.
    pub(in crate::source::git) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = Num> {
        (0..).zip(&self.kinds).filter(move |&(_, &known)| known == Known::Is(kind)).map(|(num, _)| num)
    }

    /// Objects stored whole.
    pub(super) fn roots(&self) -> &[Num] {
        &self.roots
    }

    /// What is stored as deltas of an object, what has most below it last.
    pub(super) fn children(&self, num: Num) -> &[Num] {
        self.children.of(num)
    }

    /// What the walk from the roots does not come to.
    pub(super) fn strays(&self) -> &[Num] {
        &self.strays
    }
}

/// Adds the objects of the pack at this place.
fn add_pack(store: &Store, at: usize, kinds: &mut Vec<Known>, bases: &mut Vec<Num>, roots: &mut Vec<Num>) {
    let (pack, earlier) = (&store.packs[at], &store.packs[..at]);
    let places = by_offset(pack);
    let is_copy = |at: u32| {
        let id = pack.id(at);
        earlier.iter().any(|pack| pack.lookup(id.as_bytes()).is_some())
    };
    let headers: Vec<_> = places
        .par_iter()
        .map(|&(offset, at)| if is_copy(at) { (Known::Copy, NO_BASE) } else { header(store, pack, offset, &places) })
        .collect();
    let first = kinds.len();
    kinds.resize(first + places.len(), Known::Nothing);
    bases.resize(first + places.len(), NO_BASE);
    for (&(_, at), (known, base)) in places.iter().zip(headers) {
        kinds[first + at as usize] = known;
        bases[first + at as usize] = base;
        if matches!(known, Known::Is(_)) {
            roots.push(pack.first() + at);
        }
    }
}

/// Offset and place in the listing of each entry, by offset.
fn by_offset(pack: &Pack) -> Vec<(u64, u32)> {
    let mut places: Vec<_> = (0..pack.len()).into_par_iter().map(|at| (pack.offset(at), at)).collect();
    places.par_sort_unstable();
    places
}

/// What the entry at an offset is, or what its base is.
fn header(store: &Store, pack: &Pack, offset: u64, places: &[(u64, u32)]) -> (Known, Num) {
    let Ok(entry) = pack.entry(offset) else { return (Known::Nothing, NO_BASE) };
    match entry.header {
        Header::OfsDelta { base_distance } => {
            let base = offset.checked_sub(base_distance);
            let place = base.and_then(|base| places.binary_search_by_key(&base, |&(offset, _)| offset).ok());
            (Known::Nothing, place.map_or(NO_BASE, |place| store.canonical(pack.first() + places[place].1)))
        }
        Header::RefDelta { base_id } => (Known::Nothing, store.num(base_id.as_slice()).unwrap_or(NO_BASE)),
        whole => (whole.as_kind().map_or(Known::Nothing, Known::Is), NO_BASE),
    }
}

fn loose_kinds(store: &Store) -> Vec<Known> {
    let kind = |&(id, at): &(crate::blob::ObjectId, u16)| {
        if store.packs.iter().any(|pack| pack.lookup(id.as_bytes()).is_some()) {
            return Known::Copy;
        }
        store.loose[usize::from(at)].kind(&id).map_or(Known::Nothing, Known::Is)
    };
    store.listed().par_iter().map(kind).collect()
}

/// What is stored as deltas of each object.
fn children(bases: &[Num]) -> Lists {
    Lists::new(bases.len(), || bases.iter().copied().zip(0..).filter(|&(base, _)| base != NO_BASE))
}
