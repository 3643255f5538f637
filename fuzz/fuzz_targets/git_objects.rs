//! Any bytes in the files of a git repository: coverage tells what could not be read, and nothing panics.
//!
//! The input is cut at each `0xff 0xfe`; the pieces become the files below. What stands as a loose object is compressed first, stored
//! blocks only, so that the object's own bytes are fuzzed and not zlib's.

#![no_main]

use std::{fs, path::Path};

use libfuzzer_sys::fuzz_target;
use stanch::{
    blob::{Origin, Shared, VersionVisitor, Visitor, Window},
    coverage::Coverage,
    source::git::{Change, Outside, Refs, Repository},
};
use stanch_fuzz::stored;
use tempfile::TempDir;

const FILES: [&str; 12] = [
    "HEAD",
    "index",
    "objects/00/00000000000000000000000000000000000000",
    "objects/00/00000000000000000000000000000000000001",
    "objects/00/00000000000000000000000000000000000002",
    "objects/pack/pack-0000000000000000000000000000000000000000.pack",
    "objects/pack/pack-0000000000000000000000000000000000000000.idx",
    "packed-refs",
    "refs/heads/main",
    "logs/HEAD",
    "shallow",
    "config",
];

struct Counter(Coverage);

impl Visitor for Counter {
    fn visit(&mut self, _: &Origin, window: &Window<'_>) {
        self.0.bytes += window.owned().len() as u64;
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.0
    }
}

impl VersionVisitor for Counter {
    type Trace = Vec<u8>;

    fn visit_version(
        &mut self,
        _: &Origin,
        bytes: &[u8],
        base: Option<(&Vec<u8>, &[Shared])>,
        has_versions: bool,
    ) -> Option<Vec<u8>> {
        for &Shared { from, to, len } in base.map_or(&[][..], |(_, shared)| shared) {
            assert_eq!(base.map(|(base, _)| &base[from..from + len]), Some(&bytes[to..to + len]));
        }
        self.0.bytes += bytes.len() as u64;
        has_versions.then(|| bytes.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let dir = TempDir::new().expect("a folder for the repository");
    let path = dir.path();
    for folder in ["objects/00", "objects/pack", "refs/heads", "logs"] {
        fs::create_dir_all(path.join(folder)).expect("a new folder takes folders");
    }
    write(path, "HEAD", b"ref: refs/heads/main\n");
    for (name, piece) in FILES.iter().zip(pieces(bytes)) {
        match name.starts_with("objects/00") {
            true => write(path, name, &stored(piece)),
            false => write(path, name, piece),
        }
    }
    let Ok(Some(repository)) = Repository::open(path, Outside::Never) else { return };
    let margin = 4096;
    repository.scan(&Refs::All, margin, || Counter(Coverage::default()));
    let changes = [
        Change::Staged { index_file: None },
        Change::Since("HEAD~1".to_owned()),
        Change::Range("main..HEAD".to_owned()),
    ];
    for change in changes {
        let _ = repository.changes(&change, &mut Coverage::default());
    }
});

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("a new folder takes files");
}

fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(2).position(|pair| pair == [0xff, 0xfe]) {
        pieces.push(&bytes[from..from + at]);
        from += at + 2;
    }
    pieces.push(&bytes[from..]);
    pieces
}
