//! Writes the weaknesses that `harden` and `probe` found, one file for each format.
//!
//! A weakness is no incident, so these reports have a shape of their own; what is common to all reports, coverage, masking and
//! escaping, is that of the incidents'. Nothing is left out or put in order here: [`crate::weakness::sort`] does the latter.

mod cookies;
mod html;
mod json;
mod jsonl;
mod model;
#[cfg(test)]
mod samples;
mod sarif;
mod text;

use std::{borrow::Cow, collections::BTreeMap, io};

use super::{Options, Report, words};
use crate::{
    coverage::Coverage,
    rule::{Severity, names},
    secret::Secret,
    session::Session,
    weakness::{Place, Weakness},
};

/// Everything that a report of weaknesses is made from.
#[derive(Clone, Copy, Debug)]
pub struct WeaknessReport<'a> {
    /// What was found, worst first.
    pub weaknesses: &'a [Weakness],
    /// What was looked at and what was not.
    pub coverage: &'a Coverage,
    /// What it was that was looked at.
    pub looked: Looked<'a>,
    /// Secrets that paths and notes may hold: masked wherever they stand.
    pub named: &'a [Secret],
    /// How long the run took.
    pub seconds: f64,
    /// The present, in seconds since 1970 UTC.
    pub now: i64,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Looked<'a> {
    /// Files; the coverage counts them.
    AtFiles,
    /// Answers of servers.
    AtAnswers {
        /// How many requests were sent.
        requests: u64,
        /// The cookies that they set.
        cookies: &'a [Session],
    },
}

/// The format of a report of weaknesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WeaknessFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// JSON Lines.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// One page for a browser.
    Html,
}

names!(WeaknessFormat { Text = "text", Json = "json", Jsonl = "jsonl", Sarif = "sarif", Html = "html" });

impl<'a> WeaknessReport<'a> {
    /// Writes it in one format. It makes many small writes: `out` had better be buffered.
    pub fn write(&self, format: WeaknessFormat, options: Options, out: &mut dyn io::Write) -> io::Result<()> {
        match format {
            WeaknessFormat::Text => text::write(self, options, out),
            WeaknessFormat::Json => json::write(self, out),
            WeaknessFormat::Jsonl => jsonl::write(self, out),
            WeaknessFormat::Sarif => sarif::write(self, out),
            WeaknessFormat::Html => html::write(self, out),
        }
    }

    /// What this is as a report without incidents, from which all that is not about incidents can be written.
    fn without_incidents(&self) -> Report<'_> {
        Report {
            incidents: &[],
            coverage: self.coverage,
            named: self.named,
            rules: &[],
            key: "",
            seconds: self.seconds,
            now: self.now,
            show_secrets: false,
            all_versions: false,
            checkout: None,
        }
    }

    /// The cookies of the servers that were asked; nothing where none were.
    fn cookies(&self) -> Option<&'a [Session]> {
        match self.looked {
            Looked::AtFiles => None,
            Looked::AtAnswers { cookies, .. } => Some(cookies),
        }
    }

    /// What is said of things that failed.
    fn could_not(&self) -> &'static str {
        match self.looked {
            Looked::AtFiles => "could not be scanned",
            Looked::AtAnswers { .. } => "could not be looked at as a whole",
        }
    }

    /// How many there are of each severity, worst first.
    fn counts(&self) -> Vec<(Severity, u64)> {
        let mut counts: BTreeMap<Severity, u64> = BTreeMap::new();
        for weakness in self.weaknesses {
            *counts.entry(weakness.severity).or_default() += 1;
        }
        counts.into_iter().rev().collect()
    }

    /// `scanned 120 files, 1.2 MB in 0.41 s`, or `sent 12 requests in 0.41 s`.
    fn looked(&self) -> String {
        match self.looked {
            Looked::AtFiles => words::scanned(self.coverage, self.seconds),
            Looked::AtAnswers { requests, .. } => {
                format!("sent {} in {:.2} s", words::counted(requests, "request"), self.seconds)
            }
        }
    }

    /// Weaknesses that differ in nothing but their place, in the order of the first of each.
    fn kinds(&self) -> Vec<Vec<&Weakness>> {
        let mut kinds: Vec<Vec<&Weakness>> = Vec::new();
        let mut known: BTreeMap<_, usize> = BTreeMap::new();
        for weakness in self.weaknesses {
            let Weakness { check, title, severity, confidence, attack, remedy, .. } = weakness;
            let nth = *known.entry((severity, confidence, check, title, attack, remedy)).or_insert(kinds.len());
            match kinds.get_mut(nth) {
                Some(kind) => kind.push(weakness),
                None => kinds.push(vec![weakness]),
            }
        }
        kinds
    }
}

/// `path:line:column` as editors open it, or `https://example.org/ Set-Cookie: id`; `path` says how a path is written.
fn place<'p>(place: &'p Place, path: impl FnOnce(&'p crate::blob::PathName) -> Cow<'p, str>) -> String {
    match place {
        Place::File { path: name, location, .. } => format!("{}:{}:{}", path(name), location.line, location.column),
        Place::Answer { url, part } => format!("{url} {part}"),
    }
}
