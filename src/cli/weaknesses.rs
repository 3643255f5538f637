//! What `harden` and `probe` have in common on the command line: from when on weaknesses count, and as what they are reported.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stanch::{
    report::{WeaknessFormat, WeaknessReport},
    rule::Severity,
    scan::Status,
};

use super::{
    choices::time,
    destinations::{Destinations, Words},
    error::AnyError,
};

/// From which severity on a weakness counts.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Threshold {
    Critical,
    High,
    Medium,
    Low,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    Text,
    Json,
    Jsonl,
    Sarif,
    Html,
}

/// How weaknesses are told.
#[derive(Debug, Args)]
pub(super) struct Telling {
    /// From which severity on weaknesses make the exit status 1
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    fail_on: Threshold,
    /// The report's format; with -o, one for each file [default: text]
    #[arg(short, long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<FormatName>,
    /// Writes the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    #[command(flatten)]
    words: Words,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
}

impl Telling {
    /// The present time that was named, else the clock's: in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.now.unwrap_or_else(|| jiff::Timestamp::now().as_second())
    }

    /// Where reports go. Whether they can be written is asked now, before what may take long.
    pub(super) fn destinations(&self, colour: bool) -> Result<Destinations<WeaknessFormat>, AnyError> {
        let formats: Vec<WeaknessFormat> = self.format.iter().map(|format| (*format).into()).collect();
        Destinations::new(&formats, WeaknessFormat::Text, &self.output, self.words, colour)
    }

    /// Whether the only format is one for programs.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.format.as_slice(), [FormatName::Json | FormatName::Jsonl])
    }

    /// Writes `report` everywhere, and says how the run ended.
    pub(super) fn tell(
        &self,
        destinations: &Destinations<WeaknessFormat>,
        report: &WeaknessReport<'_>,
    ) -> Result<Status, AnyError> {
        destinations.write(false, |format, options, out| report.write(format, options, out))?;
        let counts = report.weaknesses.iter().any(|weakness| self.fail_on.is_met_by(weakness.severity));
        Ok(match (counts, report.coverage.complete()) {
            (true, _) => Status::Incidents,
            (false, true) => Status::Clean,
            (false, false) => Status::Incomplete,
        })
    }
}

impl Threshold {
    fn is_met_by(self, severity: Severity) -> bool {
        match self {
            Self::Critical => severity >= Severity::Critical,
            Self::High => severity >= Severity::High,
            Self::Medium => severity >= Severity::Medium,
            Self::Low => true,
            Self::Never => false,
        }
    }
}

impl From<FormatName> for WeaknessFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Text => Self::Text,
            FormatName::Json => Self::Json,
            FormatName::Jsonl => Self::Jsonl,
            FormatName::Sarif => Self::Sarif,
            FormatName::Html => Self::Html,
        }
    }
}
