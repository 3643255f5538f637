//! Which of the files that vanished a new file was made from: the same content, else half of its lines.

use std::{
    collections::{BTreeSet, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use gix::objs::Kind;

use super::{
    super::store::Reader,
    compare::{File, New},
};
use crate::{blob::ObjectId, blob::PathName, coverage::Coverage};

/// How alike two files are at least to be one that moved, in thousandths.
const ALIKE: u64 = 500;
/// More pairs than this are not compared.
const MOST_PAIRS: usize = 250_000;
/// Larger files are not compared.
const MOST_BYTES: usize = 8 << 20;

/// Fills in where the new files of a change were in one of the parents, of which `place` is the place. A file that vanished
/// went to one path at most: what else is like it is a copy, and copies are new.
pub(super) fn follow(
    found: &mut [New],
    place: usize,
    (added, mut deleted): (Vec<File>, Vec<File>),
    reader: &mut Reader<'_>,
    coverage: &mut Coverage,
) {
    let exact = moved(&added, &mut deleted);
    for new in found.iter_mut().filter(|new| new.before[place].is_none()) {
        new.before[place] = exact.contains(&new.path).then_some(new.blob);
    }
    let open: Vec<_> = (0..found.len()).filter(|&at| found[at].before[place].is_none()).collect();
    if open.is_empty() || deleted.is_empty() {
        return;
    }
    if open.len().saturating_mul(deleted.len()) > MOST_PAIRS {
        coverage.notes.push("too many files moved in one change to follow those that were edited as well".to_owned());
        return;
    }
    let news: Vec<_> = open.iter().map(|&at| Lines::read(found[at].blob, reader)).collect();
    let olds: Vec<_> = deleted.iter().map(|&(_, blob)| Lines::read(blob, reader)).collect();
    let mut pairs = Vec::new();
    for (new_at, new) in news.iter().enumerate() {
        for (old_at, old) in olds.iter().enumerate() {
            let alike = new.as_ref().zip(old.as_ref()).map_or(0, |(new, old)| new.likeness(old));
            if alike >= ALIKE {
                let same_name = file_name(&found[open[new_at]].path) == file_name(&deleted[old_at].0);
                pairs.push((std::cmp::Reverse((alike, same_name)), new_at, old_at));
            }
        }
    }
    pairs.sort_unstable();
    let mut taken = BTreeSet::new();
    for (_, new_at, old_at) in pairs {
        let before = &mut found[open[new_at]].before[place];
        if before.is_none() && taken.insert(old_at) {
            *before = Some(deleted[old_at].1);
        }
    }
}

/// The added files that vanished elsewhere with the very same content; those are taken from `deleted`.
fn moved(added: &[File], deleted: &mut Vec<File>) -> BTreeSet<Vec<u8>> {
    let mut sources: HashMap<ObjectId, Vec<usize>> = HashMap::new();
    for (at, (_, blob)) in deleted.iter().enumerate() {
        sources.entry(*blob).or_default().push(at);
    }
    let (mut moved, mut taken) = (BTreeSet::new(), BTreeSet::new());
    // Files that kept their name choose first.
    for same_name in [true, false] {
        for (path, blob) in added {
            let Some(left) = sources.get_mut(blob) else { continue };
            let fits = |&at: &usize| !same_name || file_name(&deleted[at].0) == file_name(path);
            if let Some(at) = left.iter().position(fits).filter(|_| !moved.contains(path)) {
                taken.insert(left.remove(at));
                moved.insert(path.clone());
            }
        }
    }
    let mut at = 0;
    deleted.retain(|_| {
        at += 1;
        !taken.contains(&(at - 1))
    });
    moved
}

fn file_name(path: &[u8]) -> Vec<u8> {
    PathName::new(path).file_name().to_vec()
}

/// A file's lines, of which only what is needed to compare them is kept.
struct Lines {
    bytes: u64,
    /// Hash of each line with how many bytes such lines have, by hash.
    lines: Vec<(u64, u64)>,
}

impl Lines {
    /// The lines of a blob, unless it is empty, too large, or cannot be read.
    fn read(blob: ObjectId, reader: &mut Reader<'_>) -> Option<Self> {
        let mut buffer = Vec::new();
        let is_blob = matches!(reader.find(&blob, &mut buffer), Ok(Some(Kind::Blob)));
        (is_blob && !buffer.is_empty() && buffer.len() <= MOST_BYTES).then(|| Self::of(&buffer))
    }

    fn of(bytes: &[u8]) -> Self {
        let mut lines: Vec<(u64, u64)> = Vec::new();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            lines.push((hasher.finish(), line.len() as u64));
        }
        lines.sort_unstable();
        lines.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        Self { bytes: bytes.len() as u64, lines }
    }

    /// How much of the larger one is in both, in thousandths.
    fn likeness(&self, other: &Self) -> u64 {
        let (small, large) = (self.bytes.min(other.bytes), self.bytes.max(other.bytes));
        if small * 1000 < large * ALIKE {
            return 0;
        }
        let (mut at, mut shared) = (0, 0);
        for &(hash, bytes) in &self.lines {
            while other.lines.get(at).is_some_and(|line| line.0 < hash) {
                at += 1;
            }
            if let Some(line) = other.lines.get(at).filter(|line| line.0 == hash) {
                shared += bytes.min(line.1);
            }
        }
        shared * 1000 / large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_the_shared_part_of_the_larger() {
        let like = |one: &[u8], other: &[u8]| Lines::of(one).likeness(&Lines::of(other));
        assert_eq!(like(b"a\nb\nc\nd\n", b"a\nb\nc\nd\n"), 1000);
        assert_eq!(like(b"a\nb\nc\nd\n", b"d\nb\nx\ny\n"), 500);
        assert_eq!(like(b"a\na\na\na\n", b"a\nb\nc\nd\n"), 250);
        assert_eq!(like(b"a\n", b"a\nb\nc\nd\n"), 0);
    }

    #[test]
    fn a_file_that_vanished_goes_to_one_path() {
        let (one, two) = (ObjectId::new(&[1; 20]), ObjectId::new(&[2; 20]));
        let added = [(b"a/x".to_vec(), one), (b"b/y".to_vec(), one), (b"c".to_vec(), two)];
        let mut deleted = vec![(b"old/y".to_vec(), one), (b"z".to_vec(), ObjectId::new(&[3; 20]))];
        assert_eq!(moved(&added, &mut deleted), BTreeSet::from([b"b/y".to_vec()]));
        assert_eq!(deleted.len(), 1);
    }
}
