//! For a person: what is wrong and where, what somebody does with it, what to write instead.
//!
//! The same weakness in many places is told once. Everything that comes from what was looked at is masked, then escaped, and every
//! line begins with a word of this program.

use std::io;

use super::{WeaknessReport, place};
use crate::{
    escape,
    report::{
        Detail, Options,
        redact::Redactor,
        text::{BOLD, DIM, GREEN, Page, severity_style},
        words::{counted, grouped, plural},
    },
    weakness::Weakness,
};

/// How many places behind the first are listed.
const MOST_PLACES: usize = 10;

/// Writes for people.
pub(super) fn write(report: &WeaknessReport<'_>, options: Options, out: &mut dyn io::Write) -> io::Result<()> {
    let whole = report.without_incidents();
    let mut page = Page { report: &whole, redactor: Redactor::new(&whole), options, out };
    for kind in report.kinds() {
        page.weakness(&kind)?;
        writeln!(page.out)?;
    }
    if options.detail != Detail::Quiet {
        page.cookies(report.cookies().unwrap_or_default())?;
    }
    page.ending(report)
}

impl Page<'_> {
    /// A weakness, in all its places.
    fn weakness(&mut self, places: &[&Weakness]) -> io::Result<()> {
        let Some((first, others)) = places.split_first() else { return Ok(()) };
        let severity = self.paint(severity_style(first.severity), first.severity.name());
        let title = self.paint(BOLD, &self.safe(&first.title));
        let check = escape::terminal(&first.check);
        writeln!(self.out, "{severity}  {title}  {check}  {} confidence", first.confidence.name())?;
        self.found(first, "at")?;
        let most = if self.options.detail == Detail::Verbose { others.len() } else { MOST_PLACES };
        others.iter().take(most).try_for_each(|other| self.found(other, "also at"))?;
        let more = others.len().saturating_sub(most) as u64;
        if more > 0 {
            writeln!(self.out, "  … and {} more {}; -v shows all", grouped(more), plural(more, "place"))?;
        }
        if self.options.detail == Detail::Quiet {
            return Ok(());
        }
        writeln!(self.out, "  attack: {}", escape::terminal(&first.attack))?;
        let label = self.paint(BOLD, "remedy:");
        let remedy = self.safe(&first.remedy);
        writeln!(self.out, "  {label} {remedy}")?;
        for cited in &first.standards {
            let [standard, section, url] = [&cited.standard, &cited.section, &cited.url].map(|t| escape::terminal(t));
            writeln!(self.out, "  see {standard}, {section}: {url}")?;
        }
        Ok(())
    }

    fn found(&mut self, weakness: &Weakness, label: &str) -> io::Result<()> {
        let place = place(&weakness.place, |path| self.redactor.path(path));
        let place = self.paint(BOLD, &self.safe(&place));
        writeln!(self.out, "  {label} {place}")?;
        if let Some(evidence) = &weakness.evidence {
            let evidence = self.paint(DIM, &self.safe(evidence));
            writeln!(self.out, "  | {evidence}")?;
        }
        Ok(())
    }

    /// How much was found, what was looked at, and what was not (law 5).
    fn ending(&mut self, report: &WeaknessReport<'_>) -> io::Result<()> {
        let coverage = report.coverage;
        if self.options.detail == Detail::Quiet {
            return self.failures_of(coverage, report.could_not());
        }
        if report.weaknesses.is_empty() {
            let clear = self.paint(GREEN, "no weaknesses");
            let limit = if coverage.complete() { "" } else { " in what could be looked at" };
            writeln!(self.out, "{clear}{limit}")?;
        } else {
            let each = report.counts().into_iter();
            let each: Vec<String> = each
                .map(|(severity, count)| {
                    self.paint(severity_style(severity), &format!("{} {severity}", grouped(count)))
                })
                .collect();
            let total = counted_weaknesses(report.weaknesses.len() as u64);
            writeln!(self.out, "{}: {}", self.paint(BOLD, &total), each.join(", "))?;
        }
        writeln!(self.out, "{}", report.looked())?;
        self.skipped(coverage)?;
        if coverage.allowed > 0 {
            writeln!(self.out, "allowed, so not shown: {}", counted(coverage.allowed, "place"))?;
        }
        self.notes(coverage)?;
        self.failures_of(coverage, report.could_not())
    }
}

/// `1 weakness`, `12 weaknesses`.
pub(super) fn counted_weaknesses(count: u64) -> String {
    format!("{} weakness{}", grouped(count), if count == 1 { "" } else { "es" })
}

#[cfg(test)]
mod tests {
    use crate::report::{
        WeaknessFormat,
        weaknesses::samples::{Sample, written},
    };

    #[test]
    fn a_weakness_in_two_places_is_told_once() {
        let text = written(WeaknessFormat::Text, &Sample::of_both_places().report());
        let expected = "\
critical  tokens that nobody signed are taken  jwt-none  high confidence
  at src/a.js:12:3
  | jwt.verify(t, k, { algorithms: ['none'] })
  also at src/b.js:7:3
  | jwt.verify(u, k, { algorithms: ['none'] })
  attack: Anybody writes a token of their own.
  remedy: Name the `algorithms` that you sign with.
  see RFC 8725, 3.1: https://www.rfc-editor.org/rfc/rfc8725#section-3.1

medium  session cookie is sent over plain HTTP  cookie-not-secure  medium confidence
  at https://example.org/ Set-Cookie: id
  attack: Whoever listens has the session.
  remedy: Add `Secure`.
  see OWASP ASVS 5.0.0, 3.3.1: https://github.com/OWASP/ASVS

3 weaknesses: 2 critical, 1 medium
scanned 2 files, 1.2 kB in 0.41 s
allowed, so not shown: 1 place
INCOMPLETE: 1 thing could not be scanned
  - src/c.js: permission to read it is denied
";
        assert_eq!(text, expected);
    }

    #[test]
    fn cookies_stand_with_their_grades_before_the_end() {
        let text = written(WeaknessFormat::Text, &Sample::of_a_server().report());
        let expected = "
grade C  https://example.org/ id=…; Path=/  session of PHP
  an id that the server did not give out: adopted
  ids: 5 samples, hex, 4 characters; at most 8 bits; weak; the characters 0 to 1 count up
  bits by position: 0–1: 0, 2–3: 4
  limits: Few show little.

1 weakness: 1 medium
sent 12 requests in 0.41 s
INCOMPLETE: 1 thing could not be looked at as a whole
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn nothing_found_is_said() {
        let text = written(WeaknessFormat::Text, &Sample::default().report());
        assert_eq!(text, "no weaknesses\nscanned 0 files, 0 bytes in 0.41 s\n");
    }
}
