//! How a run ends: the only place where an exit status gets its meaning.

use std::process::ExitCode;

use super::Outcome;
use crate::verdict::Verdict;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing found, and everything scanned.
    Clean,
    /// Incidents; outranks [`Status::Incomplete`].
    Incidents,
    /// Wrong usage or configuration, before scanning began.
    Usage,
    /// No incidents, but not everything could be scanned or decided.
    Incomplete,
}

/// Which incidents make a run fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// Those that still work; such as nobody could tell of leave the run incomplete.
    Active,
    /// All that are reported.
    #[default]
    Any,
    /// None.
    Never,
}

impl FailOn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Any, Self::Never];

    /// Its name in flags and configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Any => "any",
            Self::Never => "never",
        }
    }
}

impl Status {
    /// How a run with this outcome ended.
    pub fn of(outcome: &Outcome, fail_on: FailOn) -> Self {
        let active = outcome.incidents.iter().any(|incident| incident.verdict == Verdict::Active);
        let undecided = outcome.incidents.iter().any(|incident| incident.verdict.is_open());
        match fail_on {
            FailOn::Any if !outcome.incidents.is_empty() => Self::Incidents,
            FailOn::Active if active => Self::Incidents,
            FailOn::Active if undecided => Self::Incomplete,
            _ if outcome.coverage.complete() => Self::Clean,
            _ => Self::Incomplete,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Clean => 0,
            Status::Incidents => 1,
            Status::Usage => 2,
            Status::Incomplete => 3,
        })
    }
}
