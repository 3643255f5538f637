//! The wiring: sources push blobs to detectors on all threads, findings become incidents, and the run says how it ended.
//!
//! The only module that sees several stages. What is read is [`crate::source`]'s, what is found in it [`crate::detect`]'s; printing is
//! [`crate::report`]'s.

mod group;
mod paths;
mod progress;
mod status;
mod worker;

use std::{io::Read, path::PathBuf};

use crate::{
    coverage::Coverage,
    detect::Detector,
    incident::{IdentityKey, Incident},
    known::allows::Allow,
    rule::Confidence,
    source::{files, stdin},
};

pub use progress::Progress;
pub use status::{FailOn, Status};

/// What to scan, and what to report of it.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is scanned.
    pub targets: Vec<Target>,
    /// How files are read; the margin is filled in here.
    pub files: files::Options,
    /// Which part of repositories is scanned.
    pub history: History,
    /// Incidents less sure than this are not reported.
    pub min_confidence: Confidence,
    /// Whether allowed occurrences are reported all the same.
    pub show_allowed: bool,
    /// What the configuration allows.
    pub allows: Vec<Allow>,
    /// Under which identities are made.
    pub key: IdentityKey,
    /// Whether a shallow history makes the run incomplete.
    pub require_full_history: bool,
    /// Whether every version of an occurrence is listed.
    pub all_versions: bool,
}

/// One thing to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, a folder or a repository.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// Which part of a repository is scanned.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum History {
    /// The files and every object.
    #[default]
    All,
    /// The files alone.
    FilesOnly,
    /// The objects alone.
    ObjectsOnly,
    /// The files, and what is reachable from the refs that match these globs.
    Refs(Vec<String>),
    /// What the index adds.
    Staged,
    /// What the commits since this one add.
    Since(String),
    /// What the commits of this range add.
    Range(String),
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The incidents to report, most urgent first.
    pub incidents: Vec<Incident>,
    /// What was scanned, what was not, and why.
    pub coverage: Coverage,
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A thread pool could not be made.
    #[error("cannot start {threads} threads")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why not.
        source: rayon::ThreadPoolBuildError,
    },
    /// A part of the history was asked for where there is no repository.
    #[error("{} is in no git repository, so nothing in it is {what}", path.display())]
    NoRepository {
        /// The path that was named.
        path: PathBuf,
        /// What was asked for.
        what: &'static str,
    },
}

/// Scans `options.targets` with `detector`, `input` standing for standard input; `progress` is told how far it is.
///
/// # Errors
/// Where nothing could be scanned because the question was wrong. What could not be read is in the outcome's coverage instead.
pub fn run(
    options: &Options,
    detector: &Detector,
    input: &mut impl Read,
    progress: &Progress,
) -> Result<Outcome, Error> {
    let threads = options.files.threads;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|source| Error::Threads { threads, source })?;
    let mut grouping = group::Grouping::new(options, detector.rules());
    let mut coverage = Coverage::default();
    for target in &options.targets {
        match target {
            Target::Stdin => {
                let mut worker = worker::Worker::new(detector, progress);
                stdin::scan(input, detector.margin(), &mut worker);
                coverage.add(worker.finish(&mut grouping));
            }
            Target::Path(path) => {
                scan_path(&Scan { options, detector, progress, pool: &pool }, path, &mut grouping, &mut coverage)?
            }
        }
    }
    let incidents = grouping.into_incidents(&mut coverage);
    if options.require_full_history && coverage.history == crate::coverage::History::Shallow {
        coverage.fail("history", "the clone is shallow, and --require-full-history was given");
    }
    coverage.sort();
    Ok(Outcome { incidents, coverage })
}

/// What all parts of a run share.
#[derive(Clone, Copy)]
struct Scan<'a> {
    options: &'a Options,
    detector: &'a Detector,
    progress: &'a Progress,
    #[cfg_attr(not(feature = "git"), allow(dead_code))]
    pool: &'a rayon::ThreadPool,
}

fn scan_path(
    scan: &Scan<'_>,
    path: &std::path::Path,
    grouping: &mut group::Grouping<'_>,
    coverage: &mut Coverage,
) -> Result<(), Error> {
    let single = scan.options.targets.len() == 1;
    scan_files(scan, path, &prefix(path, single), grouping, coverage);
    Ok(())
}

/// What stands before the paths of files under `path`: nothing for the folder one stands in, else `path` as it was named.
fn prefix(path: &std::path::Path, single: bool) -> PathBuf {
    let _ = single;
    path.components().filter(|part| *part != std::path::Component::CurDir).collect()
}

fn scan_files(
    scan: &Scan<'_>,
    path: &std::path::Path,
    prefix: &std::path::Path,
    grouping: &mut group::Grouping<'_>,
    coverage: &mut Coverage,
) {
    let root = files::Root { path: path.to_owned(), prefix: prefix.to_owned() };
    let options = files::Options { margin: scan.detector.margin(), ..scan.options.files.clone() };
    let before = coverage.files;
    for worker in files::scan(&root, &options, || worker::Worker::new(scan.detector, scan.progress)) {
        coverage.add(worker.finish(grouping));
    }
    let _ = before;
}
