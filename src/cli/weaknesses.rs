//! What `harden` and `probe` have in common on the command line: from when on weaknesses count, and as what they are reported.

use clap::{Args, ValueEnum};
use stanch::{
    report::{Detail, WeaknessFormat},
    rule::Severity,
};

/// From which severity on a weakness counts.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Threshold {
    Critical,
    High,
    Medium,
    Low,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatName {
    Text,
    Json,
    Jsonl,
    Sarif,
    Html,
}

/// How much a report for people says.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Words {
    /// Says less
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Says more
    #[arg(short, long)]
    verbose: bool,
}

impl Words {
    pub(super) fn detail(self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }
}

impl Threshold {
    pub(super) fn is_met_by(self, severity: Severity) -> bool {
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
