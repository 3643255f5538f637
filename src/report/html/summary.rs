//! What the page begins and ends with: how much was found, whether that is all there is, and what was scanned (law 5).

use std::{collections::BTreeMap, io};

use super::{Page, prose};
use crate::{
    coverage::Coverage,
    report::words::{self, grouped, plural},
    rule::Severity,
};

/// How many failures the beginning names; the end names all.
const FIRST_FAILURES: usize = 3;

impl Page<'_> {
    pub(super) fn summary(&mut self) -> io::Result<()> {
        let coverage = self.report.coverage;
        if !coverage.complete() {
            self.incomplete(coverage, "could not be scanned")?;
        }
        let all = self.report.incidents.len() as u64;
        let title = match (all, coverage.complete()) {
            (0, true) => "No incidents".to_owned(),
            (0, false) => "No incidents in what could be scanned".to_owned(),
            _ => format!("{} {}", grouped(all), plural(all, "incident")),
        };
        writeln!(self.out, "<h2>{title}</h2>")?;
        self.counts()?;
        if coverage.complete() {
            writeln!(self.out, "<p class=\"complete\">Complete: everything that was asked for was scanned.</p>")?;
        }
        self.scanned(coverage)
    }

    /// That something failed; `could_not` says at what.
    pub(in crate::report) fn incomplete(&mut self, coverage: &Coverage, could_not: &str) -> io::Result<()> {
        let all = coverage.failed.len();
        let things = plural(all as u64, "thing");
        writeln!(
            self.out,
            "<div class=\"alert\"><p><strong>Incomplete.</strong> {} {things} {could_not}, so there may be more than this page says:</p>",
            grouped(all as u64)
        )?;
        self.failures(coverage, FIRST_FAILURES)?;
        let more = all.saturating_sub(FIRST_FAILURES) as u64;
        if more > 0 {
            writeln!(self.out, "<p><a href=\"#coverage\">{} more {}</a></p>", grouped(more), plural(more, "failure"))?;
        }
        writeln!(self.out, "</div>")
    }

    pub(in crate::report) fn failures(&mut self, coverage: &Coverage, most: usize) -> io::Result<()> {
        writeln!(self.out, "<ul>")?;
        for failure in coverage.failed.iter().take(most) {
            let (subject, reason) = (self.safe(&failure.subject), self.safe(&failure.reason));
            writeln!(self.out, "<li><code>{subject}</code>: {reason}</li>")?;
        }
        writeln!(self.out, "</ul>")
    }

    fn counts(&mut self) -> io::Result<()> {
        let mut severities: BTreeMap<Severity, u64> = BTreeMap::new();
        let mut verdicts: BTreeMap<&str, u64> = BTreeMap::new();
        for incident in self.report.incidents {
            *severities.entry(incident.severity).or_default() += 1;
            *verdicts.entry(incident.verdict.status()).or_default() += 1;
        }
        let severities: Vec<(&str, u64)> =
            severities.into_iter().rev().map(|(severity, count)| (severity.name(), count)).collect();
        self.tally("By severity", &severities)?;
        self.tally("By verdict", &verdicts.into_iter().collect::<Vec<_>>())
    }

    /// How many there are of each; the words are the program's own.
    pub(in crate::report) fn tally(&mut self, label: &str, counts: &[(&str, u64)]) -> io::Result<()> {
        if counts.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<ul class=\"counts\" aria-label=\"{label}\">")?;
        for (word, count) in counts {
            writeln!(self.out, "<li class=\"{word}\"><b>{}</b> {word}</li>", grouped(*count))?;
        }
        writeln!(self.out, "</ul>")
    }

    fn scanned(&mut self, coverage: &Coverage) -> io::Result<()> {
        let (scanned, history) = (words::scanned(coverage, self.report.seconds), words::history(coverage.history));
        writeln!(self.out, "<p class=\"scanned\">{scanned}. Git history: {}.</p>", prose(history))
    }

    pub(super) fn coverage(&mut self) -> io::Result<()> {
        let coverage = self.report.coverage;
        self.scanned(coverage)?;
        if coverage.allowed > 0 {
            let incidents = plural(coverage.allowed, "incident");
            writeln!(self.out, "<p>Allowed, so not shown: {} {incidents}.</p>", grouped(coverage.allowed))?;
        }
        if coverage.complete() {
            writeln!(self.out, "<p>Nothing failed.</p>")?;
        } else {
            writeln!(self.out, "<h3>Could not be scanned</h3>")?;
            self.failures(coverage, coverage.failed.len())?;
        }
        self.skipped(coverage)?;
        self.notes(coverage)
    }

    pub(in crate::report) fn skipped(&mut self, coverage: &Coverage) -> io::Result<()> {
        if coverage.skipped.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<h3>Left out on purpose</h3>\n<ul>")?;
        for (why, tally) in &coverage.skipped {
            let examples = tally.examples.iter().map(|example| format!("<code>{}</code>", self.safe(example)));
            let examples = examples.collect::<Vec<_>>().join(", ");
            let more = if (tally.examples.len() as u64) < tally.count { ", …" } else { "" };
            writeln!(self.out, "<li>{}: {} ({examples}{more})</li>", why.name(), grouped(tally.count))?;
        }
        writeln!(self.out, "</ul>")
    }

    pub(in crate::report) fn notes(&mut self, coverage: &Coverage) -> io::Result<()> {
        if coverage.notes.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<h3>Notes</h3>\n<ul>")?;
        for note in &coverage.notes {
            let note = self.safe(note);
            writeln!(self.out, "<li>{note}</li>")?;
        }
        writeln!(self.out, "</ul>")
    }
}
