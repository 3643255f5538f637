//! What the end of the page says: how much was found, what was scanned, and what was not (law 5).

use std::{collections::BTreeMap, fmt::Write, io};

use super::{BOLD, GREEN, Page, RED, grouped, plural, severity_style};
use crate::{
    coverage::{Coverage, History},
    report::Detail,
    rule::Severity,
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
        writeln!(self.out, "{}", scanned(coverage, self.report.seconds))?;
        writeln!(self.out, "git history: {}", history(coverage.history))?;
        self.skipped(coverage)?;
        if coverage.allowed > 0 {
            let incidents = plural(coverage.allowed, "incident");
            writeln!(self.out, "allowed, so not shown: {} {incidents}", grouped(coverage.allowed))?;
        }
        self.notes(coverage)?;
        self.failures(coverage)
    }

    fn counts(&mut self, coverage: &Coverage) -> io::Result<()> {
        let mut counts: BTreeMap<Severity, u64> = BTreeMap::new();
        for incident in self.report.incidents {
            *counts.entry(incident.severity).or_default() += 1;
        }
        if counts.is_empty() {
            let clear = self.paint(GREEN, "no incidents");
            let limit = if coverage.complete() { "" } else { " in what could be scanned" };
            return writeln!(self.out, "{clear}{limit}");
        }
        let each: Vec<String> = counts
            .iter()
            .rev()
            .map(|(severity, count)| self.paint(severity_style(*severity), &format!("{} {severity}", grouped(*count))))
            .collect();
        let all = counts.values().sum();
        let total = self.paint(BOLD, &format!("{} {}", grouped(all), plural(all, "incident")));
        writeln!(self.out, "{total}: {}", each.join(", "))
    }

    fn skipped(&mut self, coverage: &Coverage) -> io::Result<()> {
        for (why, tally) in &coverage.skipped {
            let examples: Vec<String> = tally.examples.iter().map(|example| self.safe(example)).collect();
            let more = if (examples.len() as u64) < tally.count { ", …" } else { "" };
            let listed = if examples.is_empty() { String::new() } else { format!(" ({}{more})", examples.join(", ")) };
            writeln!(self.out, "skipped, {}: {}{listed}", why.name(), grouped(tally.count))?;
        }
        Ok(())
    }

    fn notes(&mut self, coverage: &Coverage) -> io::Result<()> {
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
        if coverage.complete() {
            return Ok(());
        }
        let all = coverage.failed.len();
        let most = if self.options.detail == Detail::Verbose { all } else { MOST_FAILURES };
        let label = self.paint(RED, "INCOMPLETE:");
        let things = plural(all as u64, "thing");
        writeln!(self.out, "{label} {} {things} could not be scanned", grouped(all as u64))?;
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

/// `scanned 120 files, 4,031 blobs in 812 commits of 9 refs, 73 MB in 0.41 s`.
fn scanned(coverage: &Coverage, seconds: f64) -> String {
    let counted = |count: u64, noun: &str| format!("{} {}", grouped(count), plural(count, noun));
    let mut out = format!("scanned {}", counted(coverage.files, "file"));
    if coverage.blobs > 0 || coverage.commits > 0 {
        let (blobs, commits) = (counted(coverage.blobs, "blob"), counted(coverage.commits, "commit"));
        // Writing to a string cannot fail.
        let _ = write!(out, ", {blobs} in {commits} of {}", counted(coverage.refs, "ref"));
    }
    if coverage.tags > 0 {
        let _ = write!(out, ", {}", counted(coverage.tags, "tag text"));
    }
    let _ = write!(out, ", {} in {seconds:.2} s", size(coverage.bytes));
    out
}

fn history(history: History) -> &'static str {
    match history {
        History::None => "not scanned",
        History::Full => "all of it",
        History::Shallow => "what this shallow clone holds; fetch the rest with `git fetch --unshallow`",
        History::Selected => "what was asked for",
    }
}

/// A number of bytes in two digits or three.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn size(bytes: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let exact = bytes as f64;
    match units.into_iter().find(|(unit, _)| exact >= *unit) {
        Some((unit, name)) if exact < unit * 10.0 => format!("{:.1} {name}", exact / unit),
        Some((unit, name)) => format!("{:.0} {name}", exact / unit),
        None => format!("{bytes} {}", plural(bytes, "byte")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        let sizes: Vec<String> = [0, 1, 999, 1_000, 12_345, 73_400_320, 8_100_000_000].map(size).into();
        assert_eq!(sizes, ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "12 kB", "73 MB", "8.1 GB"]);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
