//! The XML of `JUnit`, which most CI systems show as tests: a test that failed for each incident, one that passed where there is none, and one
//! with an error where the run is incomplete.
//!
//! Such files are kept and shown to many, so no raw secret is ever in them.

use std::io;

use super::{Report, Reporter, redact::Redactor, time, words};
use crate::{
    escape::xml,
    incident::{Incident, Occurrence},
    rules::placeholder,
};

/// How many places of an incident are listed.
const MOST_PLACES: usize = 50;
/// How many failures are listed.
const MOST_FAILURES: usize = 100;

/// Writes one suite.
pub(super) struct JUnit;

impl Reporter for JUnit {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let suite = Suite { report, redactor: Redactor::new(report) };
        let failures = report.incidents.len();
        let errors = usize::from(!report.coverage.complete());
        let counts = format!(
            "name=\"stanch\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" time=\"{:.3}\"",
            failures.max(1) + errors,
            report.seconds
        );
        let at = time::rfc3339(report.now).map_or_else(String::new, |at| format!(" timestamp=\"{at}\""));
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(out, "<testsuites {counts}>\n<testsuite {counts}{at}>")?;
        for incident in report.incidents {
            suite.incident(incident, out)?;
        }
        suite.rest(out)?;
        writeln!(out, "</testsuite>\n</testsuites>")
    }
}

/// What every test needs.
struct Suite<'a> {
    report: &'a Report<'a>,
    redactor: Redactor<'a>,
}

impl Suite<'_> {
    fn incident(&self, incident: &Incident, out: &mut dyn io::Write) -> io::Result<()> {
        let rule = self.report.rule(incident.rule);
        let masked = incident.secret.masked();
        let id = incident.id.to_string();
        // CI systems follow a test over time by its name: it changes with the secret alone.
        let name = format!("{} {masked} ({})", rule.name, words::short(&id));
        let found = incident.occurrences.first();
        let file = found.and_then(|found| self.file(found)).unwrap_or_default();
        writeln!(out, "<testcase name=\"{}\" classname=\"{}\" time=\"0\"{file}>", xml(&name), xml(&rule.id))?;
        let place = found.map_or_else(String::new, |found| format!(" at {}", words::place(found, &self.redactor)));
        let message = format!("{} leaked{place}", rule.name);
        writeln!(out, "<failure type=\"{}\" message=\"{}\">", incident.severity.name(), xml(&message))?;
        for line in self.lines(incident) {
            writeln!(out, "{}", xml(&line))?;
        }
        writeln!(out, "</failure>\n</testcase>")
    }

    fn file(&self, found: &Occurrence) -> Option<String> {
        let path = self.redactor.path(found.path.as_ref()?);
        Some(format!(" file=\"{}\" line=\"{}\"", xml(&path), found.location.line))
    }

    /// What a person reads, line by line; each begins with a word of this program.
    fn lines(&self, incident: &Incident) -> Vec<String> {
        let rule = self.report.rule(incident.rule);
        let (severity, confidence) = (incident.severity, incident.confidence.name());
        let verdict = words::verdict(incident, &self.redactor);
        let mut lines = vec![
            format!("secret: {}", incident.secret.masked()),
            format!("severity: {severity}, {confidence} confidence"),
            format!("verdict: {verdict}"),
        ];
        let since = words::introduced(incident);
        lines.extend(since.and_then(|commit| Some(format!("since: {}, commit {}", time::date(commit.at)?, commit.id))));
        lines.extend(incident.occurrences.iter().take(MOST_PLACES).map(|found| {
            let standing = words::standing(found, "").map_or_else(String::new, |text| format!(", {text}"));
            format!("at: {}{standing}", words::place(found, &self.redactor))
        }));
        lines.extend(more(incident.occurrences.len(), MOST_PLACES));
        lines.extend(incident.notes.iter().map(|note| format!("note: {}", self.redactor.text(note))));
        if let Some(playbook) = &rule.playbook {
            let steps = playbook.steps.iter();
            lines.extend(
                steps.map(|step| format!("to do: {}: {}", step.phase.name(), placeholder::unfilled(&step.text))),
            );
            lines.push(format!("see: {}", playbook.url));
        }
        lines.push(format!("id: {}", incident.id));
        lines
    }

    /// The tests that are of no incident, and what was scanned.
    fn rest(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let coverage = self.report.coverage;
        if self.report.incidents.is_empty() {
            writeln!(out, "<testcase name=\"{}\" classname=\"stanch\" time=\"0\"/>", words::found(self.report))?;
        }
        if !coverage.complete() {
            let things = words::counted(coverage.failed.len() as u64, "thing");
            writeln!(out, "<testcase name=\"coverage\" classname=\"stanch\" time=\"0\">")?;
            writeln!(out, "<error type=\"incomplete\" message=\"{things} could not be scanned\">")?;
            for failure in coverage.failed.iter().take(MOST_FAILURES) {
                let line = format!("failed: {}: {}", failure.subject, failure.reason);
                writeln!(out, "{}", xml(&self.redactor.text(&line)))?;
            }
            if let Some(line) = more(coverage.failed.len(), MOST_FAILURES) {
                writeln!(out, "{line}")?;
            }
            writeln!(out, "</error>\n</testcase>")?;
        }
        let (scanned, history) = (words::scanned(coverage, self.report.seconds), words::history(coverage.history));
        writeln!(out, "<system-out>\n{scanned}\ngit history: {history}")?;
        for note in &coverage.notes {
            writeln!(out, "note: {}", xml(&self.redactor.text(note)))?;
        }
        writeln!(out, "</system-out>")
    }
}

/// A line for what was left out, where something was.
fn more(all: usize, most: usize) -> Option<String> {
    (all > most).then(|| format!("… and {} more", words::grouped((all - most) as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{Sample, snapshot, written};

    #[test]
    fn each_incident_is_a_test_that_failed() {
        insta::assert_snapshot!(snapshot(&JUnit, &Sample::github().report()));
    }

    #[test]
    fn nothing_found_is_a_test_that_passed() {
        let text = written(&JUnit, &Sample::default().report());
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\""), "{text}");
        assert!(text.contains("<testcase name=\"no incidents\" classname=\"stanch\" time=\"0\"/>"), "{text}");
    }

    #[test]
    fn incomplete_coverage_is_an_error() {
        let mut sample = Sample::default();
        sample.coverage.fail("a&b", "<unreadable>");
        let text = written(&JUnit, &sample.report());
        assert!(text.contains("tests=\"2\" failures=\"0\" errors=\"1\""), "{text}");
        assert!(text.contains("name=\"no incidents in what could be scanned\""), "{text}");
        assert!(text.contains("failed: a&amp;b: &lt;unreadable&gt;\n</error>"), "{text}");
    }
}
