//! Annotations of a GitHub workflow run: one command a line on standard output, which the runner shows beside the lines of the files.
//!
//! The runner shows ten annotations of each level a step, so no more are written, and the last one says what was left out. Where a
//! checkout does not show an occurrence, nothing can stand beside it: one notice lists those. Logs are read by many, so no raw secret is ever
//! in them, and nobody's name.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::io;

use super::{Detail, Options, Report, Reporter, columns, level::Level, redact::Redactor, words};
use crate::{
    escape,
    incident::{Incident, Occurrence},
    rules::placeholder,
};

/// How many annotations of a level the runner shows.
const MOST: usize = 10;
/// How many lines the listing of a notice has.
const MOST_LISTED: usize = 10;
/// How many characters a line of a message has.
const MOST_TEXT: usize = 1_000;

/// Writes workflow commands.
pub(super) struct GitHub {
    quiet: bool,
}

impl GitHub {
    pub(super) fn new(options: Options) -> Self {
        Self { quiet: options.detail == Detail::Quiet }
    }
}

impl Reporter for GitHub {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let log = Log { report, redactor: Redactor::new(report) };
        let (here, elsewhere) = log.places();
        let left_out = log.annotations(&here, out)?;
        log.incomplete(out)?;
        log.elsewhere(&elsewhere, out)?;
        if left_out > 0 {
            let what = words::counted(left_out as u64, "more place");
            let text = format!("{what} in files of this checkout: GitHub shows {MOST} annotations of each level.");
            command(out, "notice", &[("title", "Not all is shown".to_owned())], &[text])?;
        }
        if self.quiet {
            return Ok(());
        }
        writeln!(out, "stanch: {}", words::found(report))?;
        writeln!(out, "{}", words::scanned(report.coverage, report.seconds))?;
        writeln!(out, "git history: {}", words::history(report.coverage.history))
    }
}

/// An occurrence of an incident.
type Place<'a> = (&'a Incident, &'a Occurrence);

/// What every line needs.
struct Log<'a> {
    report: &'a Report<'a>,
    redactor: Redactor<'a>,
}

impl<'a> Log<'a> {
    /// The places in the checkout, and those elsewhere. The first place of every incident comes before the second of any.
    fn places(&self) -> (Vec<Place<'a>>, Vec<Place<'a>>) {
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for incident in self.report.incidents {
            let (shown, others): (Vec<_>, Vec<_>) =
                incident.occurrences.iter().partition(|found| self.file(found).is_some());
            here.extend(shown.into_iter().enumerate().map(|(nth, found)| (nth, (incident, found))));
            elsewhere.extend(others.into_iter().map(|found| (incident, found)));
        }
        here.sort_by_key(|(nth, _)| *nth);
        (here.into_iter().map(|(_, place)| place).collect(), elsewhere)
    }

    /// The path of the file that a checkout shows `found` in, if one does.
    fn file(&self, found: &Occurrence) -> Option<String> {
        let path = found.path.as_ref().filter(|_| words::is_in_checkout(found))?;
        let path = self.redactor.path(path);
        let path = path.strip_prefix("./").unwrap_or(&path);
        (!path.is_empty() && !path.starts_with("../")).then(|| path.to_owned())
    }

    /// Writes an annotation for each of the `places`, as far as the runner shows them, and gives how many were left out.
    fn annotations(&self, places: &[Place<'_>], out: &mut dyn io::Write) -> io::Result<usize> {
        // A warning says that the run is incomplete; notices say what is elsewhere and what was left out.
        let mut warnings = MOST - usize::from(!self.report.coverage.complete());
        let (mut errors, mut notices) = (MOST, MOST - 2);
        let mut left_out = 0;
        for (incident, found) in places {
            let (name, room) = match Level::new(incident.severity, found.confidence) {
                Level::Error => ("error", &mut errors),
                Level::Warning => ("warning", &mut warnings),
                Level::Note => ("notice", &mut notices),
            };
            if *room == 0 {
                left_out += 1;
                continue;
            }
            *room -= 1;
            self.annotation(name, incident, found, out)?;
        }
        Ok(left_out)
    }

    fn annotation(
        &self,
        level: &str,
        incident: &Incident,
        found: &Occurrence,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let at = found.location;
        let (line, end_line) = (at.line.max(1), at.end_line.max(1));
        let mut properties = vec![("file", self.file(found).unwrap_or_default()), ("line", line.to_string())];
        properties.push(("endLine", end_line.to_string()));
        // The runner takes columns only of what is on one line.
        if line == end_line {
            let (start, end) = columns::utf16(incident, found);
            properties.extend([("col", start.to_string()), ("endColumn", end.to_string())]);
        }
        properties.push(("title", self.report.rule(incident.rule).name.to_string()));
        command(out, level, &properties, &self.message(incident, found))
    }

    fn message(&self, incident: &Incident, found: &Occurrence) -> Vec<String> {
        let playbook = self.report.rule(incident.rule).playbook.as_ref();
        let verdict = words::verdict(incident, &self.redactor);
        let (masked, severity, sure) = (incident.secret.masked(), incident.severity, found.confidence.name());
        let mut lines = vec![format!("{masked}: severity {severity}, {sure} confidence, {verdict}.")];
        if let Some(step) = playbook.and_then(|playbook| playbook.steps.first()) {
            lines.push(format!("Next: {}", placeholder::unfilled(&step.text)));
        }
        lines.extend(playbook.map(|playbook| format!("See {}", playbook.url)));
        lines
    }

    fn incomplete(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let failed = &self.report.coverage.failed;
        if failed.is_empty() {
            return Ok(());
        }
        let things = words::counted(failed.len() as u64, "thing");
        let listed = failed.iter().map(|failure| {
            format!("{}: {}", self.redactor.text(&failure.subject), self.redactor.text(&failure.reason))
        });
        let lines = listing(format!("{things} could not be scanned:"), failed.len(), listed);
        command(out, "warning", &[("title", "The scan is incomplete".to_owned())], &lines)
    }

    fn elsewhere(&self, places: &[Place<'_>], out: &mut dyn io::Write) -> io::Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        let listed = places.iter().map(|(incident, found)| {
            let (name, masked) = (&self.report.rule(incident.rule).name, incident.secret.masked());
            let standing = words::standing(found, "").map_or_else(String::new, |text| format!(", {text}"));
            format!("{}: {name} {masked}{standing}", words::place(found, &self.redactor))
        });
        let count = words::counted(places.len() as u64, "place");
        let lines = listing(format!("{count} that the files of this checkout do not show:"), places.len(), listed);
        command(out, "notice", &[("title", "Leaked elsewhere".to_owned())], &lines)
    }
}

/// A heading and the first of `all` lines under it.
fn listing(heading: String, all: usize, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut listed = vec![heading];
    listed.extend(lines.take(MOST_LISTED));
    if all > MOST_LISTED {
        listed.push(format!("… and {} more", words::grouped((all - MOST_LISTED) as u64)));
    }
    listed
}

/// Writes one workflow command, on a line of its own whatever is in it.
fn command(out: &mut dyn io::Write, name: &str, properties: &[(&str, String)], lines: &[String]) -> io::Result<()> {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    let lines: Vec<String> = lines.iter().map(|line| data(&escape::cut(line, MOST_TEXT))).collect();
    writeln!(out, "::{name} {}::{}", properties.join(","), lines.join("%0A"))
}

/// A line of a message as the runner reads it.
fn data(text: &str) -> String {
    escape::terminal(text).replace('%', "%25")
}

/// A property's value as the runner reads it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        blob::PathName,
        report::samples::{Sample, any_text, snapshot, written},
        rule::Severity,
    };

    const PLAIN: GitHub = GitHub { quiet: false };
    const QUIET: GitHub = GitHub { quiet: true };

    /// A command: its name, properties and message.
    type Command = (String, Vec<(String, String)>, String);

    /// Commands as the runner reads them.
    fn read(text: &str) -> Vec<Command> {
        let plain = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":");
        let plain = |text: &str| plain(text).replace("%2C", ",").replace("%25", "%");
        let command = |line: &str| {
            let (head, message) = line.strip_prefix("::")?.split_once("::")?;
            let (name, properties) = head.split_once(' ')?;
            let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
            let pairs = pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect();
            Some((name.to_owned(), pairs, plain(message)))
        };
        text.lines().filter_map(command).collect()
    }

    fn count(text: &str, level: &str) -> usize {
        read(text).iter().filter(|(name, ..)| name == level).count()
    }

    #[test]
    fn annotations_stand_beside_lines() {
        insta::assert_snapshot!(snapshot(&PLAIN, &Sample::github().report()));
    }

    #[test]
    fn nothing_found_is_said() {
        let text = written(&PLAIN, &Sample::default().report());
        assert!(text.starts_with("stanch: no incidents\nscanned 120 files"), "{text}");
        assert_eq!(written(&QUIET, &Sample::default().report()), "");
    }

    #[test]
    fn no_more_is_written_than_is_shown() {
        for (severity, level, most) in
            [(Severity::High, "error", 10), (Severity::Medium, "warning", 9), (Severity::Low, "notice", 8)]
        {
            let mut sample = Sample::github();
            let incident = &mut sample.incidents[0];
            incident.severity = severity;
            let place = incident.occurrences[0].clone();
            incident.occurrences.extend(std::iter::repeat_n(place, 30));
            let text = written(&QUIET, &sample.report());
            let spare = if level == "notice" { 2 } else { 0 };
            let spare = if level == "warning" { 1 } else { spare };
            assert_eq!(count(&text, level), most + spare, "{text}");
            let (_, _, last) = read(&text).pop().unwrap();
            assert!(last.starts_with(&format!("{} more places in files of this checkout", 31 - most)), "{last}");
        }
    }

    #[test]
    fn every_incident_is_shown_before_any_copy() {
        let mut sample = Sample::github();
        let place = sample.incidents[0].occurrences[0].clone();
        sample.incidents[0].occurrences.extend(std::iter::repeat_n(place, 30));
        let mut other = sample.incidents[0].clone();
        other.occurrences.truncate(1);
        other.occurrences[0].path = Some(PathName::new("b"));
        sample.incidents.push(other);
        let files: Vec<String> =
            read(&written(&QUIET, &sample.report())).into_iter().map(|(_, pairs, _)| pairs[0].1.clone()).collect();
        assert_eq!(files[..3], ["deploy/.env", "b", "deploy/.env"]);
    }

    #[test]
    fn what_is_above_the_folder_is_elsewhere() {
        let mut sample = Sample::default();
        let secret = crate::secret::Secret::new(b"x", crate::secret::Shown::Nothing);
        sample.incidents.push(Sample::incident(secret));
        sample.incidents[0].occurrences[0].path = Some(PathName::new("../x"));
        let text = written(&QUIET, &sample.report());
        assert_eq!((count(&text, "error"), count(&text, "notice")), (0, 1));
    }

    proptest! {
        /// Whatever a path holds, the runner reads one command for one place, and the path in it.
        #[test]
        fn a_path_is_no_command(path in any_text(), reason in any_text()) {
            let mut sample = Sample::github();
            sample.incidents.truncate(1);
            sample.incidents[0].occurrences.truncate(1);
            sample.incidents[0].verdict = crate::verdict::Verdict::Unknown(reason.into());
            sample.incidents[0].occurrences[0].path = Some(PathName::new(format!("x{path}").as_str()));
            sample.coverage.failed.clear();
            let text = written(&QUIET, &sample.report());
            prop_assert_eq!(text.lines().count(), 1);
            let (name, pairs, _) = read(&text).remove(0);
            prop_assert_eq!(name, "error");
            let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
            prop_assert_eq!(names, ["file", "line", "endLine", "col", "endColumn", "title"]);
            let shown = escape::terminal(&format!("x{path}")).into_owned();
            prop_assert_eq!(&pairs[0].1, &shown);
        }
    }
}
