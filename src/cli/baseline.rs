//! `stanch baseline`: keeps the incidents that are known in a file, so that scans report only what is new.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand};
use stanch::{
    config::{self, Config, Flags},
    coverage::{Coverage, Failure, History as Depth},
    detect::Detector,
    escape,
    incident::{Incident, IncidentId},
    known::baseline::{self, Baseline, Entry},
    report::{self, Detail, Format, Report},
    rule::{Confidence, Rule},
    scan::{self, History, Outcome, Progress, Status, Target},
    source::git::{Outside, Refs, Repository},
};

use super::{
    audit::{self, Shown},
    choices::Level,
    error::{self, AnyError},
    interrupt, progress,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done; 2 wrong usage; 3 not everything could be scanned: create and update keep what was found, prune removes nothing."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes all incidents that a scan reports into a new baseline
    Create(Scanned),
    /// Adds the incidents that the baseline lacks, and leaves its entries as they are
    Update(Scanned),
    /// Removes the entries that match nothing any more
    Prune(Prune),
    /// Shows the incidents of the baseline one by one, and asks what to do about them
    Audit(Audit),
}

#[derive(Debug, Args)]
struct Prune {
    /// Lists the entries and removes none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scanned: Scanned,
}

#[derive(Debug, Args)]
struct Audit {
    /// Asks about entries that have an answer, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    scanned: Scanned,
}

/// What is scanned, and where the baseline is.
#[derive(Debug, Args)]
pub(super) struct Scanned {
    /// A repository or folder [default: the repository that the current folder lies in, else that folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// The baseline [default: stanch.baseline.jsonl in PATH]
    #[arg(long, value_name = "FILE", env = "STANCH_BASELINE")]
    baseline: Option<PathBuf>,
    /// Scans files alone
    #[arg(long)]
    no_history: bool,
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Takes incidents that are at least this sure [default: medium]
    #[arg(long, value_name = "LEVEL", env = "STANCH_MIN_CONFIDENCE")]
    min_confidence: Option<Level>,
    /// Reads the configuration from this file rather than from stanch.toml in PATH
    #[arg(long, value_name = "FILE", env = "STANCH_CONFIG")]
    config: Option<PathBuf>,
    /// Makes identities under the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// How many threads to use [default: as many as processors]
    #[arg(short, long, value_name = "N", env = "STANCH_JOBS")]
    jobs: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("there is a baseline already: {}: `stanch baseline update` adds what is new", path.display())]
    Exists { path: PathBuf },
    #[error("there is no baseline {}: `stanch baseline create` makes one", path.display())]
    None { path: PathBuf },
    #[error("an audit asks questions, and this is no terminal: mark entries with \"state\" in {}, or run it on one", path.display())]
    NoTerminal { path: PathBuf },
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    match &arguments.command {
        Command::Create(scanned) => create(scanned),
        Command::Update(scanned) => update(scanned),
        Command::Prune(prune) => self::prune(prune),
        Command::Audit(audit) => self::audit(audit, colour),
    }
}

fn create(scanned: &Scanned) -> Result<Status, AnyError> {
    let work = Work::new(scanned, Which::Reported)?;
    if work.path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: work.path }.into());
    }
    work.add_found(Baseline::new(&work.config.options.key))
}

fn update(scanned: &Scanned) -> Result<Status, AnyError> {
    let work = Work::new(scanned, Which::Reported)?;
    let baseline = work.baseline()?;
    work.add_found(baseline)
}

fn prune(prune: &Prune) -> Result<Status, AnyError> {
    let work = Work::new(&prune.scanned, Which::All)?;
    let mut baseline = work.baseline()?;
    let outcome = work.scan(true)?;
    let found: BTreeSet<IncidentId> = outcome.incidents.iter().map(|incident| incident.id).collect();
    let all = baseline.entries.len();
    let mut lines = Vec::new();
    baseline.entries.retain(|id, entry| {
        let is_used = found.contains(id);
        if !is_used {
            lines.push(format!("entry {id} of {} matches nothing{}", entry.rule, said(entry)));
        }
        is_used
    });
    let (path, unused) = (work.path.display(), lines.len());
    let doubts = work.doubts(&outcome.coverage);
    let removes = !prune.dry_run && unused > 0 && doubts.is_empty();
    if removes {
        baseline.write(&work.path)?;
        lines.push(format!("{path}: removed {unused}, which leaves {}", counted(baseline.entries.len())));
    } else {
        lines.push(format!("{path}: {}, {unused} unused", counted(all)));
        let but = if prune.dry_run { "they may be there all the same" } else { "nothing is removed" };
        lines.extend(doubts.iter().filter(|_| unused > 0).map(|doubt| format!("{but}: {doubt}")));
    }
    print(&lines)?;
    let is_done = outcome.coverage.complete() && (removes || prune.dry_run || unused == 0);
    Ok(if is_done { Status::Clean } else { Status::Incomplete })
}

fn audit(arguments: &Audit, colour: bool) -> Result<Status, AnyError> {
    let work = Work::new(&arguments.scanned, Which::All)?;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::NoTerminal { path: work.path }.into());
    }
    let mut baseline = work.baseline()?;
    // Nothing is lost when it is interrupted, so signals end it as they end any program.
    let outcome = work.scan(false)?;
    let wanted = |incident: &&Incident| {
        baseline.entries.get(&incident.id).is_some_and(|entry| arguments.all || entry.state.is_none())
    };
    let shown = outcome.incidents.iter().filter(wanted).map(|incident| work.page(incident, &outcome, colour));
    let shown = shown.collect::<io::Result<Vec<_>>>()?;
    let mut out = anstream::AutoStream::new(io::stdout(), anstream::ColorChoice::Auto);
    let mut save = |baseline: &Baseline| baseline.write(&work.path);
    audit::walk(&shown, &mut baseline, (&mut io::stdin().lock(), &mut out), &mut save)?;
    print(&failures(&outcome.coverage))?;
    Ok(if outcome.coverage.complete() { Status::Clean } else { Status::Incomplete })
}

/// Which incidents count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that a scan would report, had it no baseline.
    Reported,
    /// All that there are.
    All,
}

/// What all of the commands do with.
pub(super) struct Work {
    pub(super) config: Config,
    detector: Detector,
    /// What is scanned.
    top: PathBuf,
    /// The baseline.
    pub(super) path: PathBuf,
}

impl Scanned {
    /// All of `top`, under the configuration in the file `config`, else in its own.
    pub(super) fn all_of(top: &Path, config: Option<PathBuf>, key_file: Option<PathBuf>) -> Self {
        let (baseline, patterns, min_confidence, jobs) = (None, Vec::new(), None, None);
        let path = Some(top.to_owned());
        Self { path, baseline, no_history: false, patterns, min_confidence, config, key_file, jobs }
    }
}

impl Work {
    pub(super) fn new(scanned: &Scanned, which: Which) -> Result<Self, AnyError> {
        let top = top(scanned.path.as_deref());
        let at_top = |name: &str| super::scan::at_top(std::slice::from_ref(&top), name);
        let path = scanned.config.clone().or_else(|| at_top(config::FILE_NAME));
        let file = path.map_or_else(|| Ok(config::File::default()), |path| config::File::read(&path))?;
        let whole = History::Full { refs: Refs::All, files: true };
        let least = scanned.min_confidence.map(|level| level.0);
        let flags = Flags {
            targets: vec![Target::Path(top.clone())],
            history: if scanned.no_history { History::FilesOnly } else { whole },
            min_confidence: if which == Which::All { Some(Confidence::Low) } else { least },
            no_allow: which == Which::All,
            ignore_file: at_top(config::IGNORE_FILE_NAME),
            patterns: scanned.patterns.clone(),
            key_file: scanned.key_file.clone(),
            key: std::env::var("STANCH_KEY").ok(),
            now: jiff::Timestamp::now().as_second(),
            jobs: scanned.jobs,
            ..Flags::default()
        };
        let config = Config::new(file, flags)?;
        let detector = Detector::new(config.rules.rules().to_vec());
        let path = scanned.baseline.clone().unwrap_or_else(|| top.join(baseline::FILE_NAME));
        Ok(Self { config, detector, top, path })
    }

    /// The baseline, which has to be there.
    pub(super) fn baseline(&self) -> Result<Baseline, AnyError> {
        if self.path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Err(Error::None { path: self.path.clone() }.into());
        }
        Ok(Baseline::read(&self.path, &self.config.options.key)?)
    }

    /// Scans; where it can be stopped, what was scanned by then is told.
    pub(super) fn scan(&self, can_be_stopped: bool) -> Result<Outcome, scan::Error> {
        let counters = Arc::new(Progress::default());
        if can_be_stopped {
            interrupt::stop_on_signal(&counters);
        }
        let shown = if io::stderr().is_terminal() { progress::Shown::Drawn } else { progress::Shown::Never };
        progress::during(&counters, shown, || {
            scan::run(&self.config.options, &self.detector, &mut io::empty(), &counters)
        })
    }

    /// Adds what is found to `baseline`, and writes it.
    fn add_found(&self, mut baseline: Baseline) -> Result<Status, AnyError> {
        let outcome = self.scan(true)?;
        let before = baseline.entries.len();
        self.add(&outcome, &mut baseline);
        baseline.write(&self.path)?;
        let (added, all) = (baseline.entries.len() - before, counted(baseline.entries.len()));
        let mut lines = failures(&outcome.coverage);
        lines.push(format!("{}: added {added}, which makes {all}", self.path.display()));
        if baseline.entries.values().any(|entry| entry.state.is_none()) {
            lines
                .push("next: commit it, so that scans know it; `stanch baseline audit` shows what is in it".to_owned());
        }
        print(&lines)?;
        Ok(if outcome.coverage.complete() { Status::Clean } else { Status::Incomplete })
    }

    /// Adds the incidents of `outcome` that `baseline` lacks.
    pub(super) fn add(&self, outcome: &Outcome, baseline: &mut Baseline) {
        for incident in &outcome.incidents {
            let rule = self.rule(incident).id.clone().into_owned();
            baseline.entries.entry(incident.id).or_insert(Entry { state: None, reason: None, rule });
        }
    }

    /// Why what was not found may be there: reasons to remove nothing.
    fn doubts(&self, coverage: &Coverage) -> Vec<String> {
        let mut doubts: Vec<String> = coverage.failed.iter().map(failure).collect();
        if coverage.history == Depth::Shallow {
            doubts.push("the clone is shallow, and the rest of its history may hold them".to_owned());
        }
        let is_in_repository = || matches!(Repository::discover(&self.top, Outside::SameOwner), Ok(Some(_)));
        if coverage.history == Depth::None && is_in_repository() {
            doubts.push("the history was not scanned, and may hold them".to_owned());
        }
        doubts
    }

    fn rule(&self, incident: &Incident) -> &Rule {
        &self.detector.rules()[incident.rule.0 as usize]
    }

    /// What a person sees of an incident: what a report says of it.
    fn page(&self, incident: &Incident, outcome: &Outcome, colour: bool) -> io::Result<Shown> {
        let report = Report {
            incidents: std::slice::from_ref(incident),
            coverage: &Coverage::default(),
            ..outcome.report(self.detector.rules(), &self.config.options)
        };
        let mut page = Vec::new();
        let options = report::Options { colour, detail: Detail::Quiet };
        report::reporter(Format::Text, options).write(&report, &mut page)?;
        Ok(Shown { id: incident.id, page: String::from_utf8_lossy(&page).into_owned() })
    }
}

/// What is scanned: the path that was named, else the top of the repository around, else the current folder.
pub(super) fn top(named: Option<&Path>) -> PathBuf {
    if let Some(path) = named {
        return path.to_owned();
    }
    let here = PathBuf::from(".");
    let around = Repository::discover(&here, Outside::SameOwner).ok().flatten();
    let top = around.and_then(|repository| repository.work_tree().map(Path::to_owned));
    let is_here = |top: &PathBuf| here.canonicalize().is_ok_and(|here| here == *top);
    top.filter(|top| !is_here(top)).unwrap_or(here)
}

/// What an audit said of an entry.
fn said(entry: &Entry) -> String {
    let state = entry.state.map_or(String::new(), |state| format!(" ({})", state.name()));
    let reason = entry.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    format!("{state}{reason}")
}

pub(super) fn failures(coverage: &Coverage) -> Vec<String> {
    coverage.failed.iter().map(|failed| format!("not scanned: {}", failure(failed))).collect()
}

fn failure(failed: &Failure) -> String {
    format!("{}: {}", failed.subject, failed.reason)
}

fn counted(entries: usize) -> String {
    format!("{entries} {}", if entries == 1 { "entry" } else { "entries" })
}

/// Prints lines that may hold text from outside, masked and escaped.
pub(super) fn print(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let one_line = |line: &String| escape::terminal(line).into_owned();
    // Masked together, for it takes a moment to begin to look for tokens.
    let text = error::masked(&lines.iter().map(one_line).collect::<Vec<_>>().join("\n"));
    if text.is_empty() { Ok(()) } else { writeln!(out, "{text}") }
}
