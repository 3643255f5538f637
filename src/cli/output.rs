//! The flags of incidents' reports: where they go, in which form, and what they show.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use serde_json::Value;
use stanch::{
    report::{self, Format, Report},
    rules::Ruleset,
    scan::{self, Outcome},
};

use super::{
    choices::{FormatName, time},
    destinations::{Destinations, Words},
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
    #[command(flatten)]
    words: Words,
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

    /// # Errors
    /// Where something is wanted that whoever scans has, and a state has not.
    pub(super) fn of_a_state(&self) -> Result<(), AnyError> {
        match (self.show_secrets, self.all_versions) {
            (true, _) => Err("--show-secrets has nothing to show: a state holds masked secrets alone".into()),
            (_, true) => Err("--all-versions has nothing to list: a state holds one version of each place".into()),
            (false, false) => Ok(()),
        }
    }

    /// How progress is shown.
    pub(super) fn progress(&self) -> Shown {
        match io::stderr().is_terminal() {
            _ if self.words.quiet => Shown::Never,
            true => Shown::Drawn,
            false if self.progress => Shown::Written,
            false => Shown::Never,
        }
    }

    /// Where reports go. Whether they can be written is asked now, before what may take long.
    pub(super) fn destinations(&self, colour: bool) -> Result<Destinations<Format>, AnyError> {
        let formats: Vec<Format> = self.format.iter().map(|format| format.0).collect();
        Destinations::new(&formats, Format::Text, &self.output, self.words, colour)
    }

    /// Writes the reports of a run, and the playbooks of its incidents if they are wanted.
    pub(super) fn tell(&self, destinations: &Destinations<Format>, told: &Told<'_>) -> Result<(), AnyError> {
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
        destinations: &Destinations<Format>,
        report: &Report<'_>,
        rules: &Ruleset,
    ) -> Result<(), AnyError> {
        destinations
            .write(report.show_secrets, |format, options, out| report::reporter(format, options).write(report, out))?;
        self.playbook.as_ref().map_or(Ok(()), |dir| write_playbooks(dir, report, rules))
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
