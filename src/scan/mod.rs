//! The wiring: sources push blobs to detectors on all threads, findings become incidents, and the run says how it ended.
//!
//! The only module that sees several stages. What is read is [`crate::source`]'s, what is found in it [`crate::detect`]'s; printing is
//! [`crate::report`]'s.

#[cfg(feature = "git")]
mod cursor;
pub(crate) mod group;
#[cfg(feature = "git")]
mod handed;
#[cfg(feature = "git")]
mod history;
mod known;
pub(crate) mod named;
#[cfg(feature = "git")]
mod network;
#[cfg(feature = "git")]
mod news;
mod paths;
mod progress;
mod report;
mod status;
mod stream;
#[cfg(feature = "sweep")]
mod texts;
mod worker;

use std::{
    io::Read,
    path::{Component, Path, PathBuf},
};

#[cfg(feature = "git")]
use crate::source::git;
#[cfg(feature = "net")]
use crate::verify::Verifier;
use crate::{
    blob::Origin,
    coverage::Coverage,
    detect::Detector,
    incident::{IdentityKey, Incident},
    known::{allows::Allow, baseline::Baseline},
    rule::{Confidence, Rule},
    secret::Secret,
    source::files,
};
use group::Grouping;
use known::Known;

#[cfg(feature = "git")]
pub use cursor::{Cursor, terms};
#[cfg(feature = "git")]
pub use network::{Member, Network, network};
pub use progress::Progress;
pub use status::{FailOn, Status};
pub use stream::AsFile;
#[cfg(feature = "sweep")]
pub use texts::Texts;

/// What to scan, and what to report of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the user's")]
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
    /// What was there when somebody began to look.
    pub baseline: Option<Baseline>,
    /// What decides what is reported, rules and key aside, as text: where it differs between two runs, the one may report what the
    /// other has seen and not reported.
    pub terms: String,
    /// Under which identities are made.
    pub key: IdentityKey,
    /// Under which the configuration and the baseline name incidents, where that is another one.
    pub known_key: Option<IdentityKey>,
    /// The time, in seconds since 1970: what has expired by then is inactive.
    pub now: i64,
    /// Whether a shallow history makes the run incomplete.
    pub require_full_history: bool,
    /// Whether every version of an occurrence is listed.
    pub all_versions: bool,
    /// Whether blobs stored as changes of others are looked at only where they differ. What is found is the same.
    pub follow_deltas: bool,
}

/// One thing to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, a folder or a repository.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Standard input, as if it were a file.
    StdinAs(AsFile),
}

/// Which part of a repository is scanned.
#[derive(Clone, Debug, Default)]
pub enum History {
    /// The files alone.
    #[default]
    FilesOnly,
    /// What these refs select of the objects, and the files where `files` says so.
    #[cfg(feature = "git")]
    Full {
        /// Which history.
        refs: git::Refs,
        /// Whether the files of the work tree are scanned, too.
        files: bool,
    },
    /// What a change adds.
    #[cfg(feature = "git")]
    Change(git::Change),
    /// Single files of one work tree: of those that are staged what the index adds, the others as they are on disk.
    #[cfg(feature = "git")]
    Handed {
        /// The index to read in place of the repository's own (`GIT_INDEX_FILE`), relative to the work tree's top.
        index_file: Option<PathBuf>,
    },
    /// The objects that this cursor has not seen; without one, all of them.
    #[cfg(feature = "git")]
    New(Option<Box<Cursor>>),
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The incidents to report, most urgent first.
    pub incidents: Vec<Incident>,
    /// What was scanned, what was not, and why.
    pub coverage: Coverage,
    /// Secrets that stand in paths and names alone: no incidents, and not to be printed.
    pub named: Vec<Secret>,
    /// Where the next run goes on, if what is new was asked for and the run is complete. It is to be kept once the report is written.
    #[cfg(feature = "git")]
    pub cursor: Option<Cursor>,
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
    /// A change was asked for where there is no repository.
    #[cfg(feature = "git")]
    #[error("{} is in no git repository", path.display())]
    NoRepository {
        /// The path that was named.
        path: PathBuf,
    },
    /// What is new was asked for where there is no repository.
    #[cfg(feature = "git")]
    #[error("a cursor is for one repository, and {what} is not one")]
    NotOneRepository {
        /// What was named instead.
        what: String,
    },
    /// The history cannot be read as asked.
    #[cfg(feature = "git")]
    #[error("cannot read the history")]
    History(#[source] git::Error),
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
    let pool = pool(options)?;
    let mut gathered = Gathered::new(options, detector);
    let scan = Scan { options, detector, progress, pool: &pool };
    #[cfg(feature = "git")]
    if matches!(options.history, History::New(_)) {
        news::check_targets(&options.targets)?;
    }
    #[cfg(feature = "git")]
    if let History::Handed { index_file } = &options.history {
        handed::scan(&scan, index_file.as_deref(), &mut gathered)?;
    }
    for target in &options.targets {
        if progress.is_stopped() {
            break;
        }
        match target {
            Target::Stdin => scan.stream(&Origin::Stdin, input, &mut gathered),
            Target::StdinAs(file) => scan.as_file(file, input, &mut gathered),
            Target::Path(path) => scan.path(path, &mut gathered)?,
        }
    }
    Ok(scan.finish(gathered))
}

/// Scans what `change` adds to `repository` with `detector`, whatever `options` say is to be scanned; `progress` is told how far it is.
///
/// # Errors
/// Where the change names what is not there. What could not be read is in the outcome's coverage instead.
#[cfg(feature = "git")]
pub fn change(
    options: &Options,
    detector: &Detector,
    (repository, change): (&git::Repository, &git::Change),
    progress: &Progress,
) -> Result<Outcome, Error> {
    let pool = pool(options)?;
    let mut gathered = Gathered::new(options, detector);
    let scan = Scan { options, detector, progress, pool: &pool };
    let path = repository.work_tree().unwrap_or(repository.git_dir());
    history::add_change(&scan, (repository, path), change, &mut gathered)?;
    Ok(scan.finish(gathered))
}

fn pool(options: &Options) -> Result<rayon::ThreadPool, Error> {
    let threads = options.files.threads;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|source| Error::Threads { threads, source })
}

/// Asks providers about the incidents of `outcome`, those of `rules`, and puts what works first. What was asked is said in the coverage.
#[cfg(feature = "net")]
pub fn verify(outcome: &mut Outcome, rules: &[Rule], verifier: &Verifier<'_>, progress: &Progress) {
    let asked = verifier.verify(&mut outcome.incidents, &|| progress.is_stopped());
    group::sort(&mut outcome.incidents, rules);
    let coverage = &mut outcome.coverage;
    if progress.is_stopped() {
        coverage.fail("verification", "was stopped: what was left is unknown");
    }
    let count = |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    coverage.notes.push(format!(
        "asked {} about {} with {}",
        count(asked.hosts, "host", "hosts"),
        count(asked.incidents, "incident", "incidents"),
        count(asked.requests, "request", "requests"),
    ));
    coverage.sort();
}

/// An incident of the first of `rules`, known by its secret alone: it was found nowhere.
///
/// # Panics
/// Without a rule.
pub fn bare(options: &Options, rules: &[Rule], secret: &[u8]) -> Incident {
    group::bare(options, &rules[0], secret)
}

/// What a run has come to so far.
struct Gathered<'a> {
    grouping: Grouping<'a>,
    coverage: Coverage,
    /// What has been seen, should the run turn out to be complete.
    #[cfg(feature = "git")]
    cursor: Option<Cursor>,
}

impl<'a> Gathered<'a> {
    fn new(options: &'a Options, detector: &'a Detector) -> Self {
        Self {
            grouping: Grouping::new(options, detector.rules()),
            coverage: Coverage::default(),
            #[cfg(feature = "git")]
            cursor: None,
        }
    }
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

impl Scan<'_> {
    /// What the run came to.
    fn finish(&self, gathered: Gathered<'_>) -> Outcome {
        let (options, detector, progress) = (self.options, self.detector, self.progress);
        let Gathered {
            grouping,
            mut coverage,
            #[cfg(feature = "git")]
            cursor,
        } = gathered;
        if progress.is_stopped() {
            coverage.fail("the run", "was stopped: what was left is not scanned");
        }
        let mut known = Known::new(options);
        let mut incidents = grouping.into_incidents(&mut known, &mut coverage);
        self.rename(&mut incidents);
        known.tell(detector.rules(), &mut coverage);
        if options.require_full_history && coverage.history == crate::coverage::History::Shallow {
            coverage.fail("history", "the clone is shallow, and --require-full-history was given");
        }
        #[cfg(feature = "git")]
        let cursor = cursor.and_then(|cursor| news::advance(cursor, &incidents, &options.key, &mut coverage));
        coverage.sort();
        let named = named::secrets(detector, &incidents, &coverage);
        Outcome {
            incidents,
            coverage,
            named,
            #[cfg(feature = "git")]
            cursor,
        }
    }

    /// Scans one target: what of it is asked for.
    #[cfg_attr(
        not(feature = "git"),
        allow(clippy::unnecessary_wraps, reason = "only a change can be asked for in vain")
    )]
    fn path(&self, path: &Path, gathered: &mut Gathered<'_>) -> Result<(), Error> {
        match &self.options.history {
            #[cfg(feature = "git")]
            History::Change(change) => history::scan_change(self, path, change, gathered),
            // All of them at once: see `run`.
            #[cfg(feature = "git")]
            History::Handed { .. } => Ok(()),
            #[cfg(feature = "git")]
            History::New(seen) => news::scan(self, path, seen.as_deref(), gathered),
            #[cfg(feature = "git")]
            History::Full { refs, files } => {
                self.repository(path, refs, *files, gathered);
                Ok(())
            }
            History::FilesOnly => {
                self.files_alone(path, gathered);
                Ok(())
            }
        }
    }

    /// Scans the repository at `path`, and its files where it has some and they are asked for; without a repository, the files alone.
    #[cfg(feature = "git")]
    fn repository(&self, path: &Path, refs: &git::Refs, files: bool, gathered: &mut Gathered<'_>) {
        // What is not there is told once, by those who read files.
        if path.metadata().is_err() {
            return self.files(path, &plain(path), gathered);
        }
        let repository = match git::Repository::open(path, git::Outside::SameOwner) {
            Ok(repository) => repository,
            Err(error) => {
                let reason = format!("its history cannot be read: {}", with_causes(&error));
                gathered.coverage.fail(path.display().to_string(), reason);
                None
            }
        };
        let Some(repository) = repository else {
            if files {
                self.files_alone(path, gathered);
                note_repository_around(path, &mut gathered.coverage);
            } else {
                gathered.coverage.fail(path.display().to_string(), "is not the top of a git repository");
            }
            return;
        };
        let prefix = if self.options.targets.len() == 1 { PathBuf::new() } else { plain(path) };
        if files && repository.work_tree().is_some() {
            self.files(path, &prefix, gathered);
        }
        history::scan(self, (&repository, &prefix), refs, gathered);
    }

    /// Scans files where there is nothing else to scan: then it is a failure if there are none (law 5).
    fn files_alone(&self, path: &Path, gathered: &mut Gathered<'_>) {
        let before = gathered.coverage.clone();
        self.files(path, &plain(path), gathered);
        let coverage = &mut gathered.coverage;
        let seen = coverage.files != before.files || coverage.skipped != before.skipped;
        if seen || coverage.failed.len() != before.failed.len() {
            return;
        }
        if files::holds_any(path) {
            coverage.notes.push(format!("ignore files leave out all of {}", path.display()));
        } else {
            coverage.fail(path.display().to_string(), "holds nothing to scan");
        }
    }

    fn files(&self, path: &Path, prefix: &Path, gathered: &mut Gathered<'_>) {
        let root = files::Root { path: path.to_owned(), prefix: prefix.to_owned() };
        let options = files::Options { margin: self.detector.margin(), ..self.options.files.clone() };
        for worker in files::scan(&root, &options, || worker::Worker::new(self.detector, self.progress)) {
            worker.finish(gathered);
        }
    }
}

/// Says where the history is that a scan of a part of a work tree leaves out.
#[cfg(feature = "git")]
fn note_repository_around(path: &Path, coverage: &mut Coverage) {
    if let Ok(Some(repository)) = git::Repository::discover(path, git::Outside::SameOwner)
        && let Some(top) = repository.work_tree()
    {
        coverage.notes.push(format!(
            "{} is a part of a repository: its history is scanned with {}",
            path.display(),
            top.display()
        ));
    }
}

/// A path as it was named, without a leading `./`.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// An error and its causes, as one text.
#[cfg(feature = "git")]
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
