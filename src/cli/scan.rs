//! `stanch scan`: scans files and history, writes the reports, and says how it ended.

use std::{
    fs::{self, File},
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::{Args, ValueEnum, builder::PossibleValue};
use stanch::{
    config::{self, Config, Flags},
    detect::Detector,
    report::{self, Detail, Format, Report},
    rule::Confidence,
    scan::{self, FailOn, History, Progress, Status, Target, cursor::Cursor},
    source::git::{Change, Refs},
};

use super::{
    error::AnyError,
    interrupt,
    progress::{self, Shown},
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
    output: Output,
    #[command(flatten)]
    run: Run,
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
    /// Scans what .gitignore and the like leave out, too
    #[arg(long, env = "STANCH_NO_IGNORE")]
    no_ignore: bool,
    /// Calls a shallow history incomplete
    #[arg(long, env = "STANCH_REQUIRE_FULL_HISTORY")]
    require_full_history: bool,
}

/// By which rules.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
struct Rules {
    /// Takes the pattern files in this folder, too
    #[arg(long, value_name = "DIR", env = "STANCH_PATTERNS")]
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
    /// Reports what comments and the configuration allow, too
    #[arg(long, env = "STANCH_NO_ALLOW")]
    no_allow: bool,
}

/// What is written, and where.
#[allow(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "a command line has many switches, and names them"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct Output {
    /// The report's format; with -o, one for each file [default: text]
    #[arg(short, long, value_name = "FORMAT", env = "STANCH_FORMAT", value_delimiter = ',')]
    format: Vec<FormatName>,
    /// Writes the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Writes raw secrets, which whoever sees the report can then use
    #[arg(long)]
    show_secrets: bool,
    /// Lists every version of an occurrence
    #[arg(long)]
    all_versions: bool,
    /// Says less
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Says more
    #[arg(short, long)]
    verbose: bool,
    /// Shows progress even where standard error is no terminal
    #[arg(long)]
    progress: bool,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
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

/// Lets clap choose among the library's own names.
macro_rules! choice {
    ($name:ident, $type:ty, $all:expr) => {
        #[derive(Clone, Copy, Debug)]
        struct $name($type);

        impl ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                const ALL: &[$name] = &$all;
                ALL
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.0.name()))
            }
        }
    };
}

choice!(Level, Confidence, [Level(Confidence::Low), Level(Confidence::Medium), Level(Confidence::High)]);
choice!(FailOnName, FailOn, [FailOnName(FailOn::Active), FailOnName(FailOn::Any), FailOnName(FailOn::Never)]);
choice!(
    FormatName,
    Format,
    [FormatName(Format::Text), FormatName(Format::Json), FormatName(Format::Jsonl), FormatName(Format::Sarif)]
);

/// A number of bytes, `K`, `M` and `G` behind it meaning powers of 1,024.
fn size(text: &str) -> Result<u64, String> {
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

fn time(text: &str) -> Result<i64, String> {
    let time: jiff::Timestamp = text.parse().map_err(|_| "a time is written as 2026-01-02T03:04:05Z".to_owned())?;
    Ok(time.as_second())
}

/// Why a run could not begin or its report not be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("give each -o a format of its own: there are {formats} formats for {outputs} files")]
    Pairs { formats: usize, outputs: usize },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let outputs = outputs(&arguments.output)?;
    let file = configuration(arguments)?;
    let mut config = Config::new(file, flags(arguments)?)?;
    if let Some(path) = &arguments.what.cursor {
        config.options.history = History::New(Cursor::read(path, &config.options.key)?.map(Box::new));
    }
    let detector = Detector::new(config.rules.rules().to_vec());
    let counters = Arc::new(Progress::default());
    let shown = match io::stderr().is_terminal() {
        _ if arguments.output.quiet => Shown::Never,
        true => Shown::Drawn,
        false if arguments.output.progress => Shown::Written,
        false => Shown::Never,
    };
    for (_, path) in &outputs {
        path.as_deref().map_or(Ok(()), check_writable)?;
    }
    interrupt::stop_on_signal(&counters);
    let mut outcome = progress::during(&counters, shown, || {
        scan::run(&config.options, &detector, &mut io::stdin().lock(), &counters)
    })?;
    outcome.coverage.notes.extend(config.notes);
    let report = Report {
        incidents: &outcome.incidents,
        coverage: &outcome.coverage,
        named: &outcome.named,
        rules: detector.rules(),
        key: config.options.key.id(),
        seconds: started.elapsed().as_secs_f64(),
        now: config.options.now,
        show_secrets: arguments.output.show_secrets,
        all_versions: config.options.all_versions,
        checkout: None,
    };
    for (format, path) in &outputs {
        write(&report, *format, path.as_deref(), detail(&arguments.output), colour)?;
    }
    // What was not reported must not pass for seen, so this comes last.
    if let (Some(path), Some(cursor)) = (&arguments.what.cursor, &outcome.cursor) {
        cursor.write(path, &config.options.key)?;
    }
    Ok(Status::of(&outcome, config.fail_on))
}

fn detail(output: &Output) -> Detail {
    match (output.quiet, output.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    }
}

/// Which report goes where: each file gets the format named in its place; formats without a file go to standard output.
fn outputs(output: &Output) -> Result<Vec<(Format, Option<PathBuf>)>, Error> {
    let formats: Vec<Format> = output.format.iter().map(|format| format.0).collect();
    match (formats.as_slice(), output.output.as_slice()) {
        ([], []) => Ok(vec![(Format::Text, None)]),
        ([format], []) => Ok(vec![(*format, None)]),
        ([], [path]) => Ok(vec![(Format::Text, Some(path.clone()))]),
        (formats, paths) if paths.len() == formats.len() || paths.len() + 1 == formats.len() => {
            let paths = paths.iter().cloned().map(Some).chain([None]);
            Ok(formats
                .iter()
                .copied()
                .zip(paths)
                .map(|(format, path)| (format, path.filter(|path| path != Path::new("-"))))
                .collect())
        }
        (formats, paths) => Err(Error::Pairs { formats: formats.len(), outputs: paths.len() }),
    }
}

fn write(
    report: &Report<'_>,
    format: Format,
    path: Option<&Path>,
    detail: Detail,
    colour: bool,
) -> Result<(), AnyError> {
    let Some(path) = path else {
        let reporter = report::reporter(format, report::Options { colour, detail });
        let mut out = BufWriter::new(anstream::AutoStream::new(io::stdout(), choice_of(colour)));
        reporter.write(report, &mut out)?;
        return Ok(out.flush()?);
    };
    let reporter = report::reporter(format, report::Options { colour: false, detail });
    let written = create(path, report.show_secrets).and_then(|file| {
        let mut out = BufWriter::new(file);
        reporter.write(report, &mut out)?;
        out.flush()
    });
    written.map_err(|source| Error::Write { path: path.to_owned(), source }.into())
}

fn choice_of(colour: bool) -> anstream::ColorChoice {
    if colour { anstream::ColorChoice::Always } else { anstream::ColorChoice::Never }
}

/// Whether a report can be written to `path`: asked before scanning, which may take long. What is there stays as it is.
fn check_writable(path: &Path) -> Result<(), Error> {
    let existed = path.symlink_metadata().is_ok();
    let opened = File::options().append(true).create(true).open(path);
    opened.map_err(|source| Error::Write { path: path.to_owned(), source })?;
    if !existed {
        // Left there, it would be scanned.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

/// A file for a report; one with raw secrets in it is for its owner alone.
fn create(path: &Path, private: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
        return Ok(file);
    }
    let _ = private;
    options.open(path)
}

/// The configuration file that was named, else the one at the top of what is scanned.
fn configuration(arguments: &Arguments) -> Result<config::File, AnyError> {
    if let Some(path) = &arguments.run.config {
        return Ok(config::File::read(path)?);
    }
    let found = arguments.paths.iter().map(|path| path.join(config::FILE_NAME)).find(|path| path.is_file());
    Ok(found.map_or_else(|| Ok(config::File::default()), |path| config::File::read(&path))?)
}

fn flags(arguments: &Arguments) -> Result<Flags, config::Error> {
    let target = |path: &PathBuf| if path.as_os_str() == "-" { Target::Stdin } else { Target::Path(path.clone()) };
    Ok(Flags {
        targets: arguments.paths.iter().map(target).collect(),
        history: history(&arguments.what)?,
        min_confidence: arguments.rules.min_confidence.map(|level| level.0),
        no_allow: arguments.rules.no_allow,
        exclude: arguments.what.exclude.clone(),
        max_file_size: arguments.what.max_file_size,
        no_ignore: arguments.what.no_ignore,
        patterns: arguments.rules.patterns.clone(),
        rules: arguments.rules.only.clone(),
        skip_rules: arguments.rules.skip.clone(),
        key_file: arguments.run.key_file.clone(),
        key: std::env::var("STANCH_KEY").ok(),
        fail_on: arguments.run.fail_on.map(|fail_on| fail_on.0),
        require_full_history: arguments.what.require_full_history,
        all_versions: arguments.output.all_versions,
        now: arguments.output.now.unwrap_or_else(|| jiff::Timestamp::now().as_second()),
        whole_blobs: arguments.run.whole_blobs,
        jobs: arguments.run.jobs,
    })
}

fn history(what: &What) -> Result<History, config::Error> {
    Ok(match what {
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
