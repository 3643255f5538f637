//! Writes what a run found, one file for each format.
//!
//! A [`Reporter`] gets a finished [`Report`] and a place to write to. Order, grouping, filtering and what counts as known are
//! decided above; what hostile text could do to a terminal, a CI log or a document is stopped here ([`crate::escape`]), and so are
//! the run's own secrets where they stand in paths and names (`redact`, law 3).

mod columns;
mod csv;
mod github;
mod gitlab;
mod html;
mod json;
mod jsonl;
mod junit;
mod level;
mod markdown;
mod model;
#[cfg(test)]
mod recalled;
mod redact;
#[cfg(test)]
mod samples;
mod sarif;
mod steps;
mod text;
mod time;
mod weaknesses;
mod words;

use std::io;

#[cfg(feature = "git")]
pub(crate) use redact::Redactor;
pub use weaknesses::{Looked, WeaknessFormat, WeaknessReport};
#[cfg(feature = "sweep")]
pub(crate) use {json::value as write_json, time::rfc3339, words::grouped};

use crate::{
    blob::ObjectId,
    coverage::Coverage,
    incident::Incident,
    rule::{Rule, RuleIx, names},
    secret::Secret,
};

/// Everything that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found, most urgent first.
    pub incidents: &'a [Incident],
    /// What was scanned and what was not.
    pub coverage: &'a Coverage,
    /// Secrets besides the incidents' that paths, names and other texts may hold: masked wherever they stand.
    pub named: &'a [Secret],
    /// The rules of the run, by [`RuleIx`].
    pub rules: &'a [Rule],
    /// The id of the key that identities were made with.
    pub key: &'a str,
    /// How long the run took.
    pub seconds: f64,
    /// The present, in seconds since 1970 UTC.
    pub now: i64,
    /// Whether raw values are wanted.
    pub show_secrets: bool,
    /// Whether every version of a path is to be named.
    pub all_versions: bool,
    /// The repository that was scanned, where that is known.
    pub checkout: Option<Checkout<'a>>,
}

/// A checked-out repository.
#[derive(Clone, Copy, Debug)]
pub struct Checkout<'a> {
    /// Where it is kept. Credentials in it are not reported.
    pub uri: &'a str,
    /// The commit at HEAD.
    pub revision: Option<ObjectId>,
    /// The branch at HEAD.
    pub branch: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// The rule of an incident.
    ///
    /// # Panics
    /// If the rules are not those that the incident was found with.
    fn rule(&self, ix: RuleIx) -> &'a Rule {
        &self.rules[ix.0 as usize]
    }
}

/// Writes reports in one format.
pub trait Reporter {
    /// Writes a whole report. It makes many small writes: `out` had better be buffered.
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()>;
}

/// A report's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// JSON Lines.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow run.
    GitHub,
    /// GitLab's report of secret detection.
    GitLab,
    /// The XML of `JUnit`, as CI systems show tests.
    JUnit,
    /// A table, a row for each occurrence.
    Csv,
    /// A page for a job summary or a comment.
    Markdown,
    /// One page for a browser.
    Html,
}

names!(Format {
    Text = "text",
    Json = "json",
    Jsonl = "jsonl",
    Sarif = "sarif",
    GitHub = "github",
    GitLab = "gitlab",
    JUnit = "junit",
    Csv = "csv",
    Markdown = "markdown",
    Html = "html",
});

/// How a report for people looks. The machine formats never differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether to colour it.
    pub colour: bool,
    /// How much it says.
    pub detail: Detail,
}

/// How much a report for people says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Incidents and failures only.
    Quiet,
    /// What a person reads in ten seconds.
    #[default]
    Normal,
    /// Every place and every note.
    Verbose,
}

/// The reporter of a format.
pub fn reporter(format: Format, options: Options) -> Box<dyn Reporter> {
    match format {
        Format::Text => Box::new(text::Text::new(options)),
        Format::Json => Box::new(json::Json),
        Format::Jsonl => Box::new(jsonl::Jsonl),
        Format::Sarif => Box::new(sarif::Sarif),
        Format::GitHub => Box::new(github::GitHub::new(options)),
        Format::GitLab => Box::new(gitlab::GitLab),
        Format::JUnit => Box::new(junit::JUnit),
        Format::Csv => Box::new(csv::Csv),
        Format::Markdown => Box::new(markdown::Markdown::new(options)),
        Format::Html => Box::new(html::Html),
    }
}

#[cfg(test)]
mod tests;
