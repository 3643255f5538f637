//! How fast detection is, in bytes a second: ordinary text, text full of tokens, input made to be slow, a tree of files, a history in a
//! pack; and how long a detector takes to start.
//!
//! Whole runs beside other scanners are `benches/compare.sh`.

#![allow(missing_docs, reason = "criterion's macros make public functions without any")]

use std::{
    fs,
    hint::black_box,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use globset::GlobSet;
use stanch::{
    blob::{Origin, Shared, VersionVisitor, Visitor, Window},
    coverage::Coverage,
    detect::{Detector, Scratch, Trace},
    rules::{Ruleset, examples},
    source::{
        files,
        git::{Outside, Refs, Repository},
    },
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
        ignored: ignore::gitignore::Gitignore::empty(),
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

/// A visitor that follows deltas, or looks at every blob whole.
struct HistoryScanner<'a> {
    scanner: Scanner<'a>,
    follow: bool,
}

impl Visitor for HistoryScanner<'_> {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        self.scanner.visit(origin, window);
    }

    fn coverage(&mut self) -> &mut Coverage {
        self.scanner.coverage()
    }
}

impl VersionVisitor for HistoryScanner<'_> {
    type Trace = Trace;

    fn visit_version(
        &mut self,
        _: &Origin,
        bytes: &[u8],
        base: Option<(&Trace, &[Shared])>,
        has_versions: bool,
    ) -> Option<Trace> {
        let Scanner { detector, scratch, findings, .. } = &mut self.scanner;
        let (tokens, trace) = detector.tokens_of_version(bytes, base, has_versions && self.follow, scratch);
        *findings += tokens.len();
        trace
    }
}

/// A history of files that change a little from commit to commit, in one pack that git made.
fn history(criterion: &mut Criterion) {
    const FILES: usize = 20;
    const COMMITS: usize = 400;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let text = ordinary(MEBIBYTE);
    let mut lines: Vec<Vec<u8>> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).take(FILES * 600).collect();
    let (mut stream, mut bytes) = (Vec::new(), 0);
    for commit in 0..COMMITS {
        let header =
            format!("commit refs/heads/main\nmark :{}\ncommitter A <a@b> {commit} +0000\ndata 0\n", commit + 1);
        stream.extend(header.into_bytes());
        for file in (0..FILES).filter(|file| commit == 0 || (commit + file) % 4 == 0) {
            lines[file * 600 + commit * 7 % 600] = format!("let changed_in_{commit} = {file};").into_bytes();
            let content = lines[file * 600..(file + 1) * 600].join(&b'\n');
            stream.extend(format!("M 100644 inline {file}.rs\ndata {}\n", content.len()).into_bytes());
            stream.extend(&content);
            stream.push(b'\n');
            bytes += content.len();
        }
    }
    git(path, &["init", "--quiet", "--bare", "."], &[]);
    git(path, &["fast-import", "--quiet"], &stream);
    git(path, &["repack", "-adfq", "--depth=50", "--window=10"], &[]);
    let detector = detector();
    let mut group = criterion.benchmark_group("history");
    group.throughput(Throughput::Bytes(bytes as u64));
    for (name, follow) in [("where blobs differ", true), ("whole blobs", false)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let repository =
                    Repository::open(path, Outside::Never).expect("a sound repository").expect("one at all");
                let scanner = || Scanner {
                    detector: &detector,
                    scratch: Scratch::default(),
                    findings: 0,
                    coverage: Coverage::default(),
                };
                let visitors =
                    repository.scan(&Refs::All, detector.margin(), || HistoryScanner { scanner: scanner(), follow });
                visitors.iter().map(|visitor| visitor.scanner.findings).sum::<usize>()
            });
        });
    }
    group.finish();
}

fn git(folder: &Path, arguments: &[&str], input: &[u8]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("git is needed to make a repository");
    child.stdin.take().expect("it was asked for").write_all(input).expect("git reads its input");
    assert!(child.wait().expect("git ends").success(), "git {arguments:?}");
}

/// From nothing to the first answer: what a run on one small file costs besides reading it.
fn start(criterion: &mut Criterion) {
    let text = ordinary(4096);
    criterion.bench_function("start", |bencher| {
        bencher.iter(|| detector().findings(&Window::whole(black_box(&text)), &mut Scratch::default()));
    });
}

/// Ordinary text by so many of the rules: what one more rule costs.
fn rules(criterion: &mut Criterion) {
    let text = ordinary(MEBIBYTE);
    let all = Ruleset::builtin();
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for parts in [8, 4, 2, 1] {
        // Every so many, so that each set is a mixture.
        let some: Vec<_> = all.rules().iter().step_by(parts).cloned().collect();
        let count = some.len();
        let (detector, mut scratch) = (Detector::new(some), Scratch::default());
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| detector.findings(&Window::whole(black_box(&text)), &mut scratch).len());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = text, hostile, tree, history, start, rules
}
criterion_main!(benches);
