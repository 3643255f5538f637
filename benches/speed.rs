//! How fast detection is, in bytes a second: ordinary text, text full of tokens, input made to be slow, a tree of files; and how long a
//! detector takes to start.
//!
//! Whole runs beside other scanners are `benches/compare.sh`.

#![allow(missing_docs, reason = "criterion's macros make public functions without any")]

use std::{fs, hint::black_box, path::Path, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use globset::GlobSet;
use stanch::{
    blob::{Origin, Visitor, Window},
    coverage::Coverage,
    detect::{Detector, Scratch},
    rules::{Ruleset, examples},
    source::files,
};

const MEBIBYTE: usize = 1 << 20;

fn detector() -> Detector {
    Detector::new(Ruleset::builtin().rules().to_vec())
}

/// `unit` again and again, to `length` bytes.
fn repeated(unit: &[u8], length: usize) -> Vec<u8> {
    unit.iter().copied().cycle().take(length).collect()
}

/// The text of all Rust files below `folder`.
fn source_text(folder: &Path, text: &mut Vec<u8>) {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the package's sources").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            source_text(&path, text);
        } else {
            text.extend(fs::read(path).expect("a readable source file"));
        }
    }
}

/// This package's own source, to `length` bytes.
fn ordinary(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    source_text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    repeated(&text, length)
}

/// Every rule's examples, a line each: most lines hold a token.
fn tokens() -> Vec<u8> {
    let rules = Ruleset::builtin();
    let lines: Vec<String> = rules.rules().iter().flat_map(examples::matching).collect();
    repeated(lines.join("\n").as_bytes(), MEBIBYTE)
}

/// Letters and digits without an end, from a fixed seed.
fn random_base64(length: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ALPHABET[usize::try_from(state >> 58).unwrap_or(0)]
    };
    (0..length).map(|_| next()).collect()
}

fn measure(criterion: &mut Criterion, group: &str, texts: &[(&str, Vec<u8>)]) {
    let detector = detector();
    let mut scratch = Scratch::default();
    let mut group = criterion.benchmark_group(group);
    for (name, text) in texts {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |bencher, text| {
            bencher.iter(|| detector.findings(&Window::whole(black_box(text)), &mut scratch));
        });
    }
    group.finish();
}

fn text(criterion: &mut Criterion) {
    measure(criterion, "text", &[("source", ordinary(MEBIBYTE)), ("tokens", tokens())]);
}

/// One long line each, with a keyword every few bytes, or that looks like one token. Compare with `text/source`.
fn hostile(criterion: &mut Criterion) {
    let units = ["ghp_", "eyJ-", "EAAA", "password=", "token='", "secret: \"", "https://", "-----BEGIN "];
    let mut texts: Vec<_> = units.map(|unit| (unit, repeated(unit.as_bytes(), MEBIBYTE))).into();
    texts.push(("random base64", random_base64(MEBIBYTE)));
    measure(criterion, "hostile", &texts);
}

struct Scanner<'a> {
    detector: &'a Detector,
    scratch: Scratch,
    findings: usize,
    coverage: Coverage,
}

impl Visitor for Scanner<'_> {
    fn visit(&mut self, _: &Origin, window: &Window<'_>) {
        self.findings += self.detector.findings(window, &mut self.scratch).len();
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }
}

/// A tree of a thousand files of ordinary sizes.
fn tree(criterion: &mut Criterion) {
    const FILES: usize = 1000;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = ordinary(MEBIBYTE);
    let mut bytes = 0;
    for file in 0..FILES {
        let parent = folder.path().join(format!("{}", file % 40));
        fs::create_dir_all(&parent).expect("a folder in it");
        let from = file * 997;
        let part = &text[from % (MEBIBYTE / 2)..][..1000 + from % 16_000];
        fs::write(parent.join(format!("{file}.rs")), part).expect("a file in it");
        bytes += part.len();
    }
    let detector = detector();
    let root = files::Root { path: folder.path().to_owned(), prefix: "tree".into() };
    let options = files::Options {
        exclude: GlobSet::empty(),
        max_size: None,
        obey_ignore_files: true,
        threads: 1,
        margin: detector.margin(),
    };
    let mut group = criterion.benchmark_group("tree");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("1000 files, one thread", |bencher| {
        bencher.iter(|| {
            let scanner = || Scanner {
                detector: &detector,
                scratch: Scratch::default(),
                findings: 0,
                coverage: Coverage::default(),
            };
            files::scan(&root, &options, scanner).iter().map(|scanner| scanner.findings).sum::<usize>()
        });
    });
    group.finish();
}

/// From nothing to the first answer: what a run on one small file costs besides reading it.
fn start(criterion: &mut Criterion) {
    let text = ordinary(4096);
    criterion.bench_function("start", |bencher| {
        bencher.iter(|| detector().findings(&Window::whole(black_box(&text)), &mut Scratch::default()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = text, hostile, tree, start
}
criterion_main!(benches);
