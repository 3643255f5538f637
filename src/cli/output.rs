//! Where reports go, and in which form.

use std::{
    fs::{self, File},
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use serde_json::Value;
use stanch::{
    report::{self, Detail, Format, Report},
    rules::Ruleset,
    scan::{self, Outcome},
};

use super::{
    choices::{FormatName, time},
    error::AnyError,
    playbook,
    progress::Shown,
};

/// What is written, and where.
#[allow(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "a command line has many switches, and names them"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
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
    pub(super) all_versions: bool,
    /// Says less
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Says more
    #[arg(short, long)]
    verbose: bool,
    /// Shows progress even where standard error is no terminal
    #[arg(long)]
    progress: bool,
    /// Writes the steps that end each incident into this folder, a page each
    #[arg(long, value_name = "DIR")]
    playbook: Option<PathBuf>,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
}

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("give each -o a format of its own: there are {formats} formats for {outputs} files")]
    Pairs { formats: usize, outputs: usize },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Where each report goes.
pub(super) struct Destinations {
    /// A format, and a file; standard output without one.
    each: Vec<(Format, Option<PathBuf>)>,
    detail: Detail,
    colour: bool,
}

/// A run that has come to its end.
pub(super) struct Told<'t> {
    pub(super) outcome: &'t Outcome,
    pub(super) options: &'t scan::Options,
    pub(super) rules: &'t Ruleset,
    pub(super) started: Instant,
}

impl Output {
    /// The present time that was named, else the clock's: in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.now.unwrap_or_else(|| jiff::Timestamp::now().as_second())
    }

    /// Whether the only report is one of these formats, on standard output.
    pub(super) fn prints_json(&self) -> bool {
        self.output.is_empty() && matches!(self.format.as_slice(), [FormatName(Format::Json | Format::Jsonl)])
    }

    /// How progress is shown.
    pub(super) fn progress(&self) -> Shown {
        match io::stderr().is_terminal() {
            _ if self.quiet => Shown::Never,
            true => Shown::Drawn,
            false if self.progress => Shown::Written,
            false => Shown::Never,
        }
    }

    /// Where reports go. Whether they can be written is asked now, before what may take long.
    pub(super) fn destinations(&self, colour: bool) -> Result<Destinations, AnyError> {
        let each = self.pairs()?;
        for (_, path) in &each {
            path.as_deref().map_or(Ok(()), check_writable)?;
        }
        Ok(Destinations { each, detail: self.detail(), colour })
    }

    /// Writes the reports of a run, and the playbooks of its incidents if they are wanted.
    pub(super) fn tell(&self, destinations: &Destinations, told: &Told<'_>) -> Result<(), AnyError> {
        let Told { outcome, options, rules, started } = told;
        let report = Report {
            seconds: started.elapsed().as_secs_f64(),
            show_secrets: self.show_secrets,
            ..outcome.report(rules.rules(), options)
        };
        self.write(destinations, &report, rules)
    }

    /// Writes `report` everywhere, and the playbooks of its incidents if they are wanted.
    pub(super) fn write(
        &self,
        destinations: &Destinations,
        report: &Report<'_>,
        rules: &Ruleset,
    ) -> Result<(), AnyError> {
        destinations.write(report)?;
        self.playbook.as_ref().map_or(Ok(()), |dir| write_playbooks(dir, report, rules))
    }

    fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }

    /// Which report goes where: each file gets the format named in its place; formats without a file go to standard output.
    fn pairs(&self) -> Result<Vec<(Format, Option<PathBuf>)>, Error> {
        let formats: Vec<Format> = self.format.iter().map(|format| format.0).collect();
        match (formats.as_slice(), self.output.as_slice()) {
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
}

/// Writes a page for each incident of `report` into the folder `dir`.
fn write_playbooks(dir: &Path, report: &Report<'_>, rules: &Ruleset) -> Result<(), AnyError> {
    // As a report has them: masked.
    let mut text = Vec::new();
    let masked = Report { show_secrets: false, ..*report };
    report::reporter(Format::Json, report::Options::default()).write(&masked, &mut text)?;
    let document: Value = serde_json::from_slice(&text)?;
    let incidents = document["incidents"].as_array().map_or(&[][..], Vec::as_slice);
    playbook::write_all(dir, &playbook::guides(rules, incidents, None)?)
}

impl Destinations {
    /// Writes `report` everywhere.
    fn write(&self, report: &Report<'_>) -> Result<(), AnyError> {
        self.each
            .iter()
            .try_for_each(|(format, path)| write(report, *format, path.as_deref(), self.detail, self.colour))
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
