//! `stanch scan`: scans files and history, writes the reports, and says how it ended.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use stanch::{
    config::{self, Config, Flags},
    detect::Detector,
    known::baseline,
    scan::{self, Cursor, History, Progress, Status, Target},
    sealed,
    source::git::{Change, Refs},
};

use super::{
    around::Around,
    asking::{Asking, Verify},
    choices::{FailOnName, Level},
    error::AnyError,
    interrupt,
    output::{Output, Told},
    plan, progress,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 nothing found and complete; 1 incidents; 2 wrong usage; 3 no incidents, but incomplete."
)]
pub(crate) struct Arguments {
    /// Files, folders or repositories; - is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    run: Run,
}

/// Why a scan cannot begin.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("--stdin-path says what standard input is: the PATH with it is -, and no other")]
    NotStdin,
}

/// What is scanned.
#[allow(clippy::struct_excessive_bools, reason = "a command line has many switches")]
#[derive(Debug, Args)]
#[command(next_help_heading = "What to scan")]
struct What {
    /// Scans files alone
    #[arg(long, group = "history")]
    no_history: bool,
    /// Scans git objects alone
    #[arg(long, group = "history")]
    history_only: bool,
    /// Scans files and only the history reachable from these refs; with --history-only, that history alone
    #[arg(long, value_name = "GLOB", conflicts_with_all = ["no_history", "staged", "since", "range"])]
    refs: Vec<String>,
    /// Scans what the index adds
    #[arg(long, group = "history")]
    staged: bool,
    /// Scans what the commits since this one add
    #[arg(long, value_name = "REV", group = "history")]
    since: Option<String>,
    /// Scans what these commits add
    #[arg(long, value_name = "A..B", group = "history")]
    range: Option<String>,
    /// Scans git objects alone, and only those that are new since the last run with this file, which then remembers them
    #[arg(
        long,
        value_name = "FILE",
        env = "STANCH_CURSOR",
        conflicts_with_all = ["no_history", "refs", "staged", "since", "range"]
    )]
    cursor: Option<PathBuf>,
    /// Leaves these paths out
    #[arg(long, value_name = "GLOB", env = "STANCH_EXCLUDE", value_delimiter = ',')]
    exclude: Vec<String>,
    /// Leaves files out that have more than N bytes (K, M, G)
    #[arg(long, value_name = "N", value_parser = size, env = "STANCH_MAX_FILE_SIZE")]
    max_file_size: Option<u64>,
    /// Scans standard input as if it were this file, which need not be there; with the PATH - alone
    #[arg(long, value_name = "PATH", conflicts_with_all = ["history", "refs", "cursor"])]
    stdin_path: Option<PathBuf>,
    /// Scans what .gitignore, .stanchignore and the like leave out, too
    #[arg(long, env = "STANCH_NO_IGNORE")]
    no_ignore: bool,
    /// Calls a shallow history incomplete
    #[arg(long, env = "STANCH_REQUIRE_FULL_HISTORY")]
    require_full_history: bool,
    /// What another command has decided.
    #[arg(skip)]
    decided: Option<History>,
}

/// By which rules.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
struct Rules {
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Takes this rule alone
    #[arg(long = "rule", value_name = "ID")]
    only: Vec<String>,
    /// Leaves this rule out
    #[arg(long = "skip-rule", value_name = "ID", env = "STANCH_SKIP_RULE", value_delimiter = ',')]
    skip: Vec<String>,
    /// Reports incidents that are at least this sure [default: medium]
    #[arg(long, value_name = "LEVEL", env = "STANCH_MIN_CONFIDENCE")]
    min_confidence: Option<Level>,
    /// Does not report the incidents in this file [default: stanch.baseline.jsonl in PATH, where it is]
    #[arg(long, value_name = "FILE", env = "STANCH_BASELINE")]
    baseline: Option<PathBuf>,
    /// Reports what comments, the configuration and the baseline allow, too
    #[arg(long, env = "STANCH_NO_ALLOW")]
    no_allow: bool,
}

/// How the run goes and ends.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
struct Run {
    /// Which incidents make the exit status 1 [default: any]
    #[arg(long, value_name = "WHICH", env = "STANCH_FAIL_ON")]
    fail_on: Option<FailOnName>,
    /// Reads the configuration from this file rather than from stanch.toml in PATH
    #[arg(long, value_name = "FILE", env = "STANCH_CONFIG")]
    config: Option<PathBuf>,
    /// Makes identities under the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Looks at every blob of a repository whole, to compare with: what is found is the same
    #[arg(long, hide = true)]
    whole_blobs: bool,
    /// How many threads to use [default: as many as processors]
    #[arg(short, long, value_name = "N", env = "STANCH_JOBS")]
    jobs: Option<usize>,
}

/// A number of bytes, `K`, `M` and `G` behind it meaning powers of 1,024.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.trim_end_matches(['b', 'B']).char_indices().last() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], unit.to_ascii_lowercase()),
        _ => (text, ' '),
    };
    let factor = match unit {
        ' ' => 1,
        'k' => 1 << 10,
        'm' => 1 << 20,
        'g' => 1 << 30,
        _ => return Err("a size is a number with K, M or G behind it, such as 10M".to_owned()),
    };
    let number: u64 =
        digits.parse().map_err(|_| "a size is a number with K, M or G behind it, such as 10M".to_owned())?;
    number
        .checked_mul(factor)
        .filter(|&size| size > 0)
        .ok_or_else(|| "a size has at least one byte, and fits 64 bits".to_owned())
}

impl Arguments {
    /// Whether a path was named.
    pub(super) fn names_paths(&self) -> bool {
        self.paths != [Path::new(".")]
    }

    /// Where the files lie that say what is known and left out: what is scanned, or the current folder where another command decides what that is.
    fn tops(&self) -> Vec<PathBuf> {
        if self.what.decided.is_some() { vec![PathBuf::from(".")] } else { self.paths.clone() }
    }

    /// The same run over another part of the repository around the current folder, under the configuration at its top.
    pub(super) fn over(mut self, history: History) -> Self {
        let file = PathBuf::from(config::FILE_NAME);
        self.run.config = self.run.config.or_else(|| file.is_file().then_some(file));
        self.what.decided = Some(history);
        self
    }
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let destinations = arguments.output.destinations(colour)?;
    let what = Named::of(arguments)?;
    let file = configuration(arguments, &what.tops)?;
    let mut config = Config::new(file, flags(arguments, what)?)?;
    if let Some(path) = &arguments.what.cursor {
        config.options.history = History::New(sealed::read::<Cursor>(path, &config.options.key)?.map(Box::new));
    }
    let detector = Detector::new(config.rules.rules().to_vec());
    let counters = Arc::new(Progress::default());
    let verifier = match arguments.asking.verify {
        Some(_) => Some(arguments.asking.verifier(detector.rules(), &config.options)?),
        None => None,
    };
    interrupt::stop_on_signal(&counters);
    let mut outcome = progress::during(&counters, arguments.output.progress(), || {
        scan::run(&config.options, &detector, &mut io::stdin().lock(), &counters)
    })?;
    outcome.coverage.notes.extend(config.notes);
    match (&verifier, arguments.asking.verify) {
        (Some(verifier), Some(Verify::Plan)) => {
            plan::print(&verifier.plan(&outcome.incidents), arguments.output.prints_json())?;
            return Ok(if outcome.coverage.complete() { Status::Clean } else { Status::Incomplete });
        }
        (Some(verifier), _) => {
            scan::verify(&mut outcome, detector.rules(), verifier, &counters);
            arguments.asking.keep(verifier, &config.options.key)?;
        }
        (None, _) => {}
    }
    let told = Told { outcome: &outcome, options: &config.options, rules: &config.rules, started };
    arguments.output.tell(&destinations, &told)?;
    // What was not reported must not pass for seen, so this comes last.
    if let (Some(path), Some(cursor)) = (&arguments.what.cursor, &outcome.cursor) {
        sealed::write(cursor, path, &config.options.key)?;
    }
    Ok(Status::of(&outcome, config.fail_on))
}

/// What the paths name.
struct Named {
    targets: Vec<Target>,
    /// Where configuration, ignore file and baseline are looked for.
    tops: Vec<PathBuf>,
}

impl Named {
    fn of(arguments: &Arguments) -> Result<Self, AnyError> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let Some(path) = &arguments.what.stdin_path else {
            let target = |path: &PathBuf| if is_stdin(path) { Target::Stdin } else { Target::Path(path.clone()) };
            return Ok(Self { targets: arguments.paths.iter().map(target).collect(), tops: arguments.tops() });
        };
        if arguments.paths.len() != 1 || !arguments.paths.iter().all(is_stdin) {
            return Err(Error::NotStdin.into());
        }
        let Around { top, file } = Around::file(path)?;
        Ok(Self { targets: vec![Target::StdinAs(file)], tops: vec![top] })
    }
}

/// The configuration file that was named, else the one at the top of what is scanned.
fn configuration(arguments: &Arguments, tops: &[PathBuf]) -> Result<config::File, AnyError> {
    let path = arguments.run.config.clone().or_else(|| at_top(tops, config::FILE_NAME));
    Ok(path.map_or_else(|| Ok(config::File::default()), |path| config::File::read(&path))?)
}

/// The file of this name at the top of what is scanned, where there is one. A link to nothing counts, so that reading it tells; a pipe or a
/// device does not: reading it would not end.
pub(super) fn at_top(paths: &[PathBuf], name: &str) -> Option<PathBuf> {
    let mut named = paths.iter().map(|path| path.join(name));
    let dangles = |path: &Path| path.is_symlink() && !path.exists();
    named.find(|path| path.is_file() || dangles(path))
}

fn flags(arguments: &Arguments, what: Named) -> Result<Flags, config::Error> {
    Ok(Flags {
        history: history(&arguments.what)?,
        min_confidence: arguments.rules.min_confidence.map(|level| level.0),
        no_allow: arguments.rules.no_allow,
        exclude: arguments.what.exclude.clone(),
        max_file_size: arguments.what.max_file_size,
        no_ignore: arguments.what.no_ignore,
        ignore_file: at_top(&what.tops, config::IGNORE_FILE_NAME),
        baseline: arguments.rules.baseline.clone().or_else(|| at_top(&what.tops, baseline::FILE_NAME)),
        targets: what.targets,
        patterns: arguments.rules.patterns.clone(),
        rules: arguments.rules.only.clone(),
        skip_rules: arguments.rules.skip.clone(),
        key_file: arguments.run.key_file.clone(),
        key: std::env::var("STANCH_KEY").ok(),
        fail_on: arguments.run.fail_on.map(|fail_on| fail_on.0),
        require_full_history: arguments.what.require_full_history,
        all_versions: arguments.output.all_versions,
        now: arguments.output.now(),
        whole_blobs: arguments.run.whole_blobs,
        jobs: arguments.run.jobs,
    })
}

fn history(what: &What) -> Result<History, config::Error> {
    Ok(match what {
        What { decided: Some(history), .. } => history.clone(),
        What { no_history: true, .. } => History::FilesOnly,
        What { staged: true, .. } => {
            History::Change(Change::Staged { index_file: std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from) })
        }
        What { since: Some(revision), .. } => History::Change(Change::Since(revision.clone())),
        What { range: Some(range), .. } => History::Change(Change::Range(range.clone())),
        What { refs, .. } if !refs.is_empty() => {
            History::Full { refs: Refs::Matching(config::ref_globs(refs)?), files: !what.history_only }
        }
        _ => History::Full { refs: Refs::All, files: !what.history_only },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!((size("10"), size("2k"), size("3MB"), size("1G")), (Ok(10), Ok(2048), Ok(3 << 20), Ok(1 << 30)));
        for wrong in ["", "x", "10x", "-1", "0", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
