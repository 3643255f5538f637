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
        let mut weights = Vec::with_capacity(store.len());
        let (mut bases, mut roots) = (Vec::with_capacity(store.len()), Vec::new());
        for at in 0..store.packs.len() {
            let pack = Packed::read(store, at);
            pack.add_to(&mut kinds, &mut bases, &mut weights);
            roots.extend(pack.roots(store.packs[at].first()));
        }
        kinds.extend(loose_kinds(store));
        bases.resize(kinds.len(), NO_BASE);
        weights.resize(kinds.len(), 1);
        let loose = store.packed()..u32::try_from(kinds.len()).unwrap_or(Num::MAX);
        roots.extend(loose.filter(|&num| matches!(kinds[num as usize], Known::Is(_))));
        let children = children(&bases);
        let mut inventory = Self { kinds, roots, children, strays: Vec::new() };
        inventory.put_heaviest_last(&weights);
        if inventory.kinds.contains(&Known::Nothing) {
            let lost = inventory.grow(&bases);
            if !lost.is_empty() {
                inventory.ask_for_strays(store, lost, &mut bases);
            }
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
        }
        self.put_heaviest_last(&weights);
        let is_stray = |&num: &Num| weights[num as usize] == 0 && self.kinds[num as usize] != Known::Copy;
        (0..u32::try_from(self.kinds.len()).unwrap_or(Num::MAX)).filter(is_stray).collect()
    }

    /// Orders the children of each object by how many objects are below them.
    fn put_heaviest_last(&mut self, weights: &[u32]) {
        for num in 0..u32::try_from(self.kinds.len()).unwrap_or(Num::MAX) {
            let children = self.children.of_mut(num);
            if children.len() > 1 {
                children.sort_by_key(|&child| weights[child as usize]);
            }
        }
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

/// A pack's entries by offset: bases come before what is made from them, and mostly close by.
struct Packed {
    /// Each entry's place in the listing.
    places: Vec<(u64, u32)>,
    kinds: Vec<Known>,
    bases: Vec<Base>,
}

/// What an entry is made from.
#[derive(Clone, Copy)]
enum Base {
    /// Nothing, or what is not here.
    None,
    /// The entry at this place by offset, which goes by this number.
    Before(u32, Num),
    /// Another object.
    Other(Num),
}

impl Packed {
    /// Reads the headers of the pack at this place. Kinds are passed on where the base comes before.
    fn read(store: &Store, at: usize) -> Self {
        let (pack, earlier) = (&store.packs[at], &store.packs[..at]);
        let places = by_offset(pack);
        let is_copy = |at: u32| {
            let id = pack.id(at);
            earlier.iter().any(|pack| pack.lookup(id.as_bytes()).is_some())
        };
        let header = |&(offset, at): &(u64, u32)| {
            if is_copy(at) { (Known::Copy, Base::None) } else { header(store, pack, offset, &places) }
        };
        let (mut kinds, bases): (Vec<_>, Vec<_>) = places.par_iter().map(header).unzip();
        for at in 0..kinds.len() {
            if let Base::Before(base, _) = bases[at]
                && let kind @ Known::Is(_) = kinds[base as usize]
            {
                kinds[at] = kind;
            }
        }
        Self { places, kinds, bases }
    }

    /// Adds what is known of each entry, in the order of the listing: what it is, its base, and how many entries are at or below it.
    fn add_to(&self, kinds: &mut Vec<Known>, bases: &mut Vec<Num>, weights: &mut Vec<u32>) {
        let mut own_weights = vec![1u32; self.places.len()];
        for at in (0..self.places.len()).rev() {
            if let Base::Before(base, _) = self.bases[at] {
                own_weights[base as usize] += own_weights[at];
            }
        }
        let first = kinds.len();
        kinds.resize(first + self.places.len(), Known::Nothing);
        bases.resize(first + self.places.len(), NO_BASE);
        weights.resize(first + self.places.len(), 1);
        for (by_offset, &(_, at)) in self.places.iter().enumerate() {
            let at = first + at as usize;
            kinds[at] = self.kinds[by_offset];
            weights[at] = own_weights[by_offset];
            bases[at] = match self.bases[by_offset] {
                Base::None => NO_BASE,
                Base::Before(_, num) | Base::Other(num) => num,
            };
        }
    }

    /// Entries that are stored whole.
    fn roots(&self, first: Num) -> impl Iterator<Item = Num> {
        let whole = (self.places.iter().zip(&self.kinds).zip(&self.bases))
            .filter(|((_, kind), base)| matches!((kind, base), (Known::Is(_), Base::None)));
        whole.map(move |(((_, at), _), _)| first + at)
    }
}

/// Offset and place in the listing of each entry, by offset.
fn by_offset(pack: &Pack) -> Vec<(u64, u32)> {
    let mut places: Vec<_> = (0..pack.len()).into_par_iter().map(|at| (pack.offset(at), at)).collect();
    places.par_sort_unstable();
    places
}

/// What the entry at an offset is, or what its base is.
fn header(store: &Store, pack: &Pack, offset: u64, places: &[(u64, u32)]) -> (Known, Base) {
    let Ok(entry) = pack.entry(offset) else { return (Known::Nothing, Base::None) };
    let base = match entry.header {
        Header::OfsDelta { base_distance } => {
            let base = offset.checked_sub(base_distance).filter(|_| base_distance > 0);
            let place = base.and_then(|base| places.binary_search_by_key(&base, |&(offset, _)| offset).ok());
            place.map_or(Base::None, |place| {
                let num = pack.first() + places[place].1;
                match store.canonical(num) {
                    same if same == num => Base::Before(u32::try_from(place).unwrap_or(u32::MAX), num),
                    other => Base::Other(other),
                }
            })
        }
        Header::RefDelta { base_id } => store.num(base_id.as_slice()).map_or(Base::None, Base::Other),
        whole => return (whole.as_kind().map_or(Known::Nothing, Known::Is), Base::None),
    };
    (Known::Nothing, base)
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
