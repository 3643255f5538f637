//! Repositories whose pack is well-formed outside and anything inside: whole objects, deltas on bases before and behind them, by
//! distance and by id, in circles, on themselves, of sizes that do not fit, in zlib streams cut short.
//!
//! The input is a list of entries. Objects come once, after their base, and what is said to be shared is; a second look at each gives the
//! same bytes; and no input panics, hangs or fills the memory.

#![no_main]

use std::{collections::BTreeMap, fs, path::Path};

use libfuzzer_sys::fuzz_target;
use stanch::{
    blob::{ObjectId, Origin, Shared, VersionVisitor, Visitor, Window},
    coverage::Coverage,
    source::git::{Outside, Refs, Repository, Scope},
};
use stanch_fuzz::stored;
use tempfile::TempDir;

/// Bytes around each window of a large blob.
const MARGIN: usize = 4096;
/// How many entries a pack has at most.
const MOST_ENTRIES: usize = 64;

/// What one thread was shown.
#[derive(Default)]
struct Shown {
    objects: BTreeMap<ObjectId, Vec<u8>>,
    coverage: Coverage,
}

impl Visitor for Shown {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        let Origin::Git(id) = origin else { panic!("{origin:?} is not of git") };
        let object = self.objects.entry(*id).or_default();
        object.extend_from_slice(&window.bytes()[window.owned()]);
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }
}

impl VersionVisitor for Shown {
    type Trace = Vec<u8>;

    fn visit_version(
        &mut self,
        origin: &Origin,
        bytes: &[u8],
        base: Option<(&Vec<u8>, &[Shared])>,
        has_versions: bool,
    ) -> Option<Vec<u8>> {
        if let Some((base, shared)) = base {
            for &Shared { from, to, len } in shared {
                assert_eq!(base[from..from + len], bytes[to..to + len], "what is shared is the same");
            }
        }
        self.visit(origin, &Window::whole(bytes));
        has_versions.then(|| bytes.to_vec())
    }
}

fuzz_target!(|input: &[u8]| {
    let dir = TempDir::new().expect("a folder for the repository");
    let path = dir.path();
    for folder in ["objects/pack", "refs/heads"] {
        fs::create_dir_all(path.join(folder)).expect("a new folder takes folders");
    }
    fs::write(path.join("HEAD"), b"ref: refs/heads/main\n").expect("a new folder takes files");
    fs::write(path.join("refs/heads/main"), format!("{}\n", hex(&id(0)))).expect("a new folder takes files");
    write_pack(path, &Entry::list(input));
    let Ok(Some(repository)) = Repository::open(path, Outside::Never) else { return };
    let mut hits = BTreeMap::new();
    for shown in repository.scan(&Refs::All, MARGIN, Shown::default) {
        let failed: Vec<_> = shown.coverage.failed.iter().map(|failure| failure.subject.clone()).collect();
        for (object, bytes) in shown.objects {
            // Of a large blob that ends early, what there is was shown.
            if !failed.contains(&format!("object {object}")) {
                assert_eq!(repository.read(object).expect("what was shown can be read again"), bytes);
            }
            hits.insert(object, vec![u32::from(bytes.first().copied().unwrap_or(0))]);
        }
    }
    let scope = Scope { refs: &Refs::All, all_versions: true, complete: true };
    repository.attribute(&hits, scope, &mut Coverage::default());
});

/// An entry as it goes into the pack.
struct Entry {
    /// As packs number them: 1 to 4 whole, 6 a delta by distance, 7 one by id.
    kind: u8,
    /// Which entry it is a delta of.
    base: usize,
    /// The size that its header says.
    size: u64,
    compressed: Vec<u8>,
}

impl Entry {
    /// Reads entries: each a byte for the kind and what to do with it, one for its base, one for its length, and so many bytes.
    fn list(mut input: &[u8]) -> Vec<Self> {
        let mut entries = Vec::new();
        while let [how, base, len, rest @ ..] = input {
            let (content, rest) = rest.split_at(rest.len().min(usize::from(*len)));
            entries.push(Self::new(*how, usize::from(*base), content));
            input = rest;
            if entries.len() == MOST_ENTRIES {
                break;
            }
        }
        entries
    }

    fn new(how: u8, base: usize, content: &[u8]) -> Self {
        let kind = [1, 2, 3, 3, 4, 6, 6, 7][usize::from(how & 7)];
        let mut compressed = stored(content);
        if how & 0x40 != 0 {
            compressed.truncate(compressed.len() / 2);
        }
        let size = content.len() as u64 + if how & 0x80 == 0 { 0 } else { 1 << (base & 63) };
        Self { kind, base, size, compressed }
    }

    fn write(&self, offsets: &[u64], count: usize, out: &mut Vec<u8>) {
        let start = out.len() as u64;
        let mut size = self.size >> 4;
        let more = |size: u64| if size > 0 { 0x80 } else { 0 };
        out.push(self.kind << 4 | low(self.size, 0x0f) | more(size));
        while size > 0 {
            out.push(low(size, 0x7f) | more(size >> 7));
            size >>= 7;
        }
        match self.kind {
            6 => out.extend(distance(start - offsets.get(self.base).copied().unwrap_or(start))),
            7 => out.extend(id(self.base % count)),
            _ => {}
        }
        out.extend(&self.compressed);
    }
}

fn low(number: u64, mask: u64) -> u8 {
    u8::try_from(number & mask).expect("a mask of a byte")
}

/// How far back a base is, seven bits a byte, the highest first, each but the last one less than it is.
fn distance(mut distance: u64) -> Vec<u8> {
    let mut bytes = vec![low(distance, 0x7f)];
    while distance > 0x7f {
        distance = (distance >> 7) - 1;
        bytes.push(low(distance, 0x7f) | 0x80);
    }
    bytes.reverse();
    bytes
}

/// The id of an entry. Nobody checks it, and in this order the listing needs no sorting.
fn id(entry: usize) -> [u8; 20] {
    let mut id = [0; 20];
    id[0] = u8::try_from(entry).unwrap_or(u8::MAX);
    id
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the entries as a pack with its index.
fn write_pack(path: &Path, entries: &[Entry]) {
    let count = u32::try_from(entries.len()).expect("few entries");
    let mut pack = [&b"PACK"[..], &2u32.to_be_bytes(), &count.to_be_bytes()].concat();
    let mut offsets = Vec::new();
    for entry in entries {
        let offset = pack.len() as u64;
        entry.write(&offsets, entries.len(), &mut pack);
        offsets.push(offset);
    }
    pack.extend([0; 20]);
    let mut index = vec![0xff, b't', b'O', b'c', 0, 0, 0, 2];
    for first in 0..256 {
        index.extend(count.min(first + 1).to_be_bytes());
    }
    (0..entries.len()).for_each(|entry| index.extend(id(entry)));
    entries.iter().for_each(|_| index.extend([0; 4]));
    offsets.iter().for_each(|&offset| index.extend(u32::try_from(offset).expect("a small pack").to_be_bytes()));
    index.extend([0; 40]);
    let name = path.join("objects/pack").join(format!("pack-{}", "0".repeat(40)));
    fs::write(name.with_extension("pack"), pack).expect("a new folder takes files");
    fs::write(name.with_extension("idx"), index).expect("a new folder takes files");
}
