//! What the end of the page says: how much was found, what was scanned, and what was not (law 5).

use std::io;

use super::{BOLD, GREEN, Page, RED, severity_style};
use crate::{
    coverage::Coverage,
    report::{
        Detail,
        words::{self, counted, grouped, plural},
    },
};

/// How many failures are named.
const MOST_FAILURES: usize = 20;
/// How many notes are named.
const MOST_NOTES: usize = 5;

impl Page<'_> {
    pub(super) fn summary(&mut self) -> io::Result<()> {
        let coverage = self.report.coverage;
        if self.options.detail == Detail::Quiet {
            return self.failures(coverage);
        }
        self.counts(coverage)?;
        writeln!(self.out, "{}", words::scanned(coverage, self.report.seconds))?;
        writeln!(self.out, "git history: {}", words::history(coverage.history))?;
        self.skipped(coverage)?;
        if coverage.allowed > 0 {
            let incidents = plural(coverage.allowed, "incident");
            writeln!(self.out, "allowed, so not shown: {} {incidents}", grouped(coverage.allowed))?;
        }
        self.notes(coverage)?;
        self.failures(coverage)
    }

    fn counts(&mut self, coverage: &Coverage) -> io::Result<()> {
        let counts = words::counts(self.report);
        if counts.is_empty() {
            let clear = self.paint(GREEN, "no incidents");
            let limit = if coverage.complete() { "" } else { " in what could be scanned" };
            return writeln!(self.out, "{clear}{limit}");
        }
        let each: Vec<String> = counts
            .iter()
            .map(|(severity, count)| self.paint(severity_style(*severity), &format!("{} {severity}", grouped(*count))))
            .collect();
        let total = self.paint(BOLD, &counted(self.report.incidents.len() as u64, "incident"));
        writeln!(self.out, "{total}: {}", each.join(", "))
    }

    pub(in crate::report) fn skipped(&mut self, coverage: &Coverage) -> io::Result<()> {
        for (why, tally) in &coverage.skipped {
            let examples: Vec<String> = tally.examples.iter().map(|example| self.safe(example)).collect();
            let more = if (examples.len() as u64) < tally.count { ", …" } else { "" };
            let listed = if examples.is_empty() { String::new() } else { format!(" ({}{more})", examples.join(", ")) };
            writeln!(self.out, "skipped, {}: {}{listed}", why.name(), grouped(tally.count))?;
        }
        Ok(())
    }

    pub(in crate::report) fn notes(&mut self, coverage: &Coverage) -> io::Result<()> {
        let most = if self.options.detail == Detail::Verbose { coverage.notes.len() } else { MOST_NOTES };
        for note in coverage.notes.iter().take(most) {
            let note = self.safe(note);
            writeln!(self.out, "note: {note}")?;
        }
        match coverage.notes.len().saturating_sub(most) as u64 {
            0 => Ok(()),
            more => writeln!(self.out, "… and {} more {}; -v shows all", grouped(more), plural(more, "note")),
        }
    }

    fn failures(&mut self, coverage: &Coverage) -> io::Result<()> {
        self.failures_of(coverage, "could not be scanned")
    }

    /// What failed; `could_not` says at what.
    pub(in crate::report) fn failures_of(&mut self, coverage: &Coverage, could_not: &str) -> io::Result<()> {
        if coverage.complete() {
            return Ok(());
        }
        let all = coverage.failed.len();
        let most = if self.options.detail == Detail::Verbose { all } else { MOST_FAILURES };
        let label = self.paint(RED, "INCOMPLETE:");
        let things = plural(all as u64, "thing");
        writeln!(self.out, "{label} {} {things} {could_not}", grouped(all as u64))?;
        for failure in coverage.failed.iter().take(most) {
            let (subject, reason) = (self.safe(&failure.subject), self.safe(&failure.reason));
            writeln!(self.out, "  - {subject}: {reason}")?;
        }
        match all.saturating_sub(most) as u64 {
            0 => Ok(()),
            more => writeln!(self.out, "  … and {} more", grouped(more)),
        }
    }
}
