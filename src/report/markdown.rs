//! A page for a job summary or a comment: a table of all incidents, then each of them folded, with the steps of its playbook.
//!
//! GitHub refuses summaries of more than 1 MiB and comments of more than 65,536 characters, so the page ends where it has to, and says what it
//! leaves out. It is read by many: no raw secret is ever on it, and nobody's name.

use std::{fmt::Write, io};

use super::{
    Detail, Options, Report, Reporter,
    redact::Redactor,
    steps::{self, Step},
    time,
    words::{self, counted, grouped},
};
use crate::{
    coverage::Coverage,
    escape::{code, cut, html, markdown, terminal},
    incident::{Incident, Occurrence},
};

/// How many bytes a page has, of the 1,048,576 of a job summary: other steps of the job write there, too.
const SUMMARY: usize = 1_000_000;
/// How many bytes a page has that says less, of the 65,536 characters of a comment: who posts it adds a line.
const COMMENT: usize = 65_000;
/// How many bytes are kept for what says that something was left out.
const REMARK: usize = 300;
/// How many characters of a scanned text are shown.
const MOST_TEXT: usize = 200;
/// How many places of an incident are listed.
const MOST_PLACES: usize = 10;
/// How many failures, and how many notes, are listed.
const MOST_LISTED: usize = 10;

/// Writes a page.
pub(super) struct Markdown {
    detail: Detail,
}

impl Markdown {
    pub(super) fn new(options: Options) -> Self {
        Self { detail: options.detail }
    }
}

impl Reporter for Markdown {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let page = Page { report, redactor: Redactor::new(report), detail: self.detail };
        out.write_all(page.text().as_bytes())
    }
}

/// What every part of the page needs.
struct Page<'a> {
    report: &'a Report<'a>,
    redactor: Redactor<'a>,
    detail: Detail,
}

impl Page<'_> {
    fn text(&self) -> String {
        let mut out = format!("## Stanch: {}\n\n", words::found(self.report));
        let end = self.coverage(self.report.coverage);
        let most = if self.detail == Detail::Quiet { COMMENT } else { SUMMARY };
        let room = most.saturating_sub(out.len() + end.len() + REMARK);
        if !self.report.incidents.is_empty() {
            self.incidents(room, &mut out);
        }
        out.push_str(&end);
        out
    }

    /// The table and what is folded below it, in `room` bytes.
    fn incidents(&self, room: usize, out: &mut String) {
        let incidents = self.report.incidents;
        let before = out.len();
        out.push_str("| severity | what | where | verdict | since |\n|---|---|---|---|---|\n");
        let rows = fill(out, room / 2, incidents.iter().map(|incident| self.row(incident)));
        out.push('\n');
        let left = room.saturating_sub(out.len() - before);
        let folded = fill(out, left, incidents.iter().map(|incident| self.folded(incident)));
        let missing = |shown: usize| (incidents.len() - shown) as u64;
        if missing(folded) > 0 {
            let (all, rows, folded) = (counted(missing(0), "incident"), missing(rows), missing(folded));
            let no_row = if rows == 0 { "none" } else { &grouped(rows) };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "**This page is full.** Of {all}, {no_row} had to be left out of the table, and {} of what is folded. The JSON report has all.\n",
                grouped(folded)
            );
        }
    }

    fn row(&self, incident: &Incident) -> String {
        let rule = self.report.rule(incident.rule);
        let place = incident.occurrences.first().map_or_else(String::new, |found| cell_code(&self.place(found)));
        let more = match incident.occurrences.len().saturating_sub(1) as u64 {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        let (severity, name, masked) = (incident.severity, cell(&rule.name), cell_code(&incident.secret.masked()));
        let verdict = cell(&cut(&words::verdict(incident, &self.redactor), MOST_TEXT));
        let since = words::introduced(incident).and_then(|commit| time::date(commit.at)).unwrap_or_default();
        format!("| **{severity}** | {name} {masked} | {place}{more} | {verdict} | {since} |\n")
    }

    /// What there is to know of an incident, and what to do.
    fn folded(&self, incident: &Incident) -> String {
        let rule = self.report.rule(incident.rule);
        let mut out = String::new();
        let place = incident.occurrences.first().map_or_else(String::new, |found| self.place(found));
        let title = [&*rule.name, &incident.secret.masked(), &place].map(html_code).join(" ");
        // Writing to a string cannot fail.
        let _ = writeln!(out, "<details>\n<summary><b>{}</b> {title}</summary>\n", incident.severity);
        let (id, confidence) = (incident.id.to_string(), incident.confidence.name());
        let verdict = markdown(&cut(&words::verdict(incident, &self.redactor), MOST_TEXT));
        let _ = writeln!(out, "- incident {}, {confidence} confidence, {verdict}", code(words::short(&id)));
        if let Some(commit) = words::introduced(incident) {
            let date = time::date(commit.at).map_or_else(String::new, |date| format!(" {date}"));
            let ago = time::ago(commit.at, self.report.now).map_or_else(String::new, |ago| format!(" ({ago})"));
            let _ = writeln!(out, "- introduced{date} by commit {}{ago}", code(words::short(&commit.id.to_string())));
        }
        self.places(incident, &mut out);
        for note in &incident.notes {
            let _ = writeln!(out, "- note: {}", markdown(&cut(&self.redactor.text(note), MOST_TEXT)));
        }
        self.steps(incident, &mut out);
        out.push_str("\n</details>\n\n");
        out
    }

    fn places(&self, incident: &Incident, out: &mut String) {
        let all = incident.occurrences.len();
        let most = if self.detail == Detail::Verbose { all } else { MOST_PLACES };
        for found in incident.occurrences.iter().take(most) {
            let standing = words::standing(found, &refs(found, &self.redactor));
            let standing = standing.map_or_else(String::new, |text| format!(", {text}"));
            let owner = found.owner.as_deref().map_or_else(String::new, |owner| {
                format!(", probably of {}", code(&cut(&self.redactor.text(owner), MOST_TEXT)))
            });
            let _ = writeln!(out, "- at {}{standing}{owner}", code(&self.place(found)));
        }
        if all > most {
            let _ = writeln!(out, "- and {} more", counted((all - most) as u64, "place"));
        }
    }

    fn steps(&self, incident: &Incident, out: &mut String) {
        let Some(playbook) = &self.report.rule(incident.rule).playbook else { return };
        out.push('\n');
        for (nth, step) in steps::of(incident, self.report, &self.redactor).iter().enumerate() {
            let _ = writeln!(out, "{}. **{}**: {}", nth + 1, step.phase.name(), markdown(&step.text));
            out.push_str(&commands(step));
        }
        let gap = if out.ends_with("\n\n") { "" } else { "\n" };
        let _ = writeln!(out, "{gap}See {}.", link(&playbook.url));
    }

    fn place(&self, found: &Occurrence) -> String {
        // What tells places apart is the end of a path.
        let place = words::place(found, &self.redactor);
        let cut_off = place.chars().count().saturating_sub(MOST_TEXT);
        if cut_off == 0 {
            place
        } else {
            place.chars().skip(cut_off + 1).fold("…".to_owned(), |text, c| text + c.encode_utf8(&mut [0; 4]))
        }
    }

    fn coverage(&self, coverage: &Coverage) -> String {
        let safe = |text: &str| markdown(&cut(&self.redactor.text(text), MOST_TEXT));
        let mut out = String::new();
        if !coverage.complete() {
            let failed = coverage.failed.len() as u64;
            let _ = writeln!(out, "**Incomplete:** {} could not be scanned.\n", counted(failed, "thing"));
            for failure in coverage.failed.iter().take(MOST_LISTED) {
                let _ = writeln!(out, "- {}: {}", safe(&failure.subject), safe(&failure.reason));
            }
            remaining(&mut out, coverage.failed.len());
        }
        let (scanned, history) = (words::scanned(coverage, self.report.seconds), words::history(coverage.history));
        let _ = writeln!(out, "Coverage: {scanned}; git history: {history}.");
        let skipped = coverage.skipped.iter().map(|(why, tally)| format!("{}: {}", why.name(), grouped(tally.count)));
        let skipped: Vec<String> = skipped.collect();
        if !skipped.is_empty() {
            let _ = writeln!(out, "Skipped, {}.", skipped.join(", "));
        }
        if coverage.allowed > 0 {
            let _ = writeln!(out, "Allowed, so not shown: {}.", counted(coverage.allowed, "incident"));
        }
        if self.detail != Detail::Quiet && !coverage.notes.is_empty() {
            out.push('\n');
            for note in coverage.notes.iter().take(MOST_LISTED) {
                let _ = writeln!(out, "- note: {}", safe(note));
            }
            remaining(&mut out, coverage.notes.len());
        }
        out
    }
}

/// Adds `parts` to `out` as long as they fit into `room` bytes, and gives how many did.
fn fill(out: &mut String, room: usize, parts: impl Iterator<Item = String>) -> usize {
    let end = out.len() + room;
    parts
        .take_while(|part| {
            out.len() + part.len() <= end && {
                out.push_str(part);
                true
            }
        })
        .count()
}

/// Ends a list of which only the first are shown.
fn remaining(out: &mut String, all: usize) {
    if all > MOST_LISTED {
        let _ = writeln!(out, "- and {} more", grouped((all - MOST_LISTED) as u64));
    }
    out.push('\n');
}

/// ` of main and 2 more`.
fn refs(found: &Occurrence, redactor: &Redactor<'_>) -> String {
    let Some(git) = found.git.as_ref() else { return String::new() };
    let Some(first) = git.refs.first() else { return String::new() };
    let name =
        ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"].iter().find_map(|prefix| first.strip_prefix(prefix));
    let name = code(&cut(&redactor.text(name.unwrap_or(first)), MOST_TEXT));
    match git.refs_count.saturating_sub(1) {
        0 => format!(" of {name}"),
        more => format!(" of {name} and {}", counted(more, "more ref")),
    }
}

/// The commands of a step, within a list.
fn commands(step: &Step) -> String {
    if step.commands.is_empty() {
        return String::new();
    }
    let lines: Vec<_> = step.commands.iter().map(|line| terminal(line)).collect();
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: String = lines.iter().fold(String::new(), |text, line| text + "   " + line + "\n");
    format!("\n   {fence}sh\n{lines}   {fence}\n\n")
}

/// A playbook's address, as a link where it is a plain one.
fn link(url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/?#=&:%+,".contains(c);
    if url.starts_with("https://") && url.chars().all(plain) { format!("<{url}>") } else { code(url) }
}

/// Prose in a table. A bar would end the cell, and which backslashes save it from that depends on those before them.
fn cell(text: &str) -> String {
    markdown(&text.replace('|', "\\x7c"))
}

/// Code in a table.
fn cell_code(text: &str) -> String {
    code(&text.replace('|', "\\x7c"))
}

/// Code in HTML, in which nobody is mentioned.
fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        blob::PathName,
        incident::IdentityKey,
        report::samples::{Sample, any_text, snapshot, written},
        secret::{Secret, Shown},
    };

    fn page(detail: Detail, sample: &Sample) -> String {
        written(&Markdown { detail }, &sample.report())
    }

    /// So many incidents.
    fn many(count: usize) -> Sample {
        let mut sample = Sample::github();
        let first = sample.incidents.remove(0);
        for nth in 0..count {
            let mut incident = first.clone();
            let secret = Secret::new(nth.to_string().as_bytes(), Shown::Nothing);
            incident.id = IdentityKey::fixed().identify("sample", &secret);
            sample.incidents.insert(0, incident);
        }
        sample
    }

    #[test]
    fn a_page_tells_what_leaked_and_what_to_do() {
        insta::assert_snapshot!(snapshot(&Markdown { detail: Detail::Normal }, &Sample::github().report()));
    }

    #[test]
    fn nothing_found_is_a_page_too() {
        let text = page(Detail::Normal, &Sample::default());
        assert!(text.starts_with("## Stanch: no incidents\n\nCoverage: scanned 120 files"), "{text}");
        let mut sample = Sample::default();
        sample.coverage.fail("x", "y");
        let text = page(Detail::Quiet, &sample);
        assert!(
            text.starts_with("## Stanch: no incidents in what could be scanned\n\n**Incomplete:** 1 thing"),
            "{text}"
        );
    }

    #[test]
    fn a_page_fits_where_it_is_posted() {
        let sample = many(5_000);
        for (detail, most) in [(Detail::Quiet, 65_536), (Detail::Normal, 1_048_576), (Detail::Verbose, 1_048_576)] {
            let text = page(detail, &sample);
            assert!(text.len() <= most && text.len() > most / 10 * 8, "{} of {most}", text.len());
            let (rows, folded) = (text.matches("| **").count(), text.matches("<details>").count());
            assert_eq!(text.matches("</details>").count(), folded);
            let grouped = |shown: usize| grouped((5_001 - shown) as u64);
            let said = format!(
                "Of 5,001 incidents, {} had to be left out of the table, and {} of what is folded.",
                grouped(rows),
                grouped(folded)
            );
            assert!(text.contains(&said), "{said}");
            assert!(
                text.ends_with("is a submodule\n\n") || detail == Detail::Quiet && text.ends_with("2 incidents.\n")
            );
        }
    }

    #[test]
    fn a_small_page_leaves_nothing_out() {
        let text = page(Detail::Quiet, &many(3));
        assert!(!text.contains("This page is full") && text.matches("<details>").count() == 4, "{text}");
    }

    #[test]
    fn bars_end_no_cell() {
        for text in ["a|b", "a\\|b", "a\\\\|b", "`a|b`", "a`|`b"] {
            assert!(!cell(text).contains('|') && !cell_code(text).contains('|'), "{text}");
        }
    }

    /// `text` without code: spans, blocks, and what is in `<code>`.
    fn prose(text: &str) -> String {
        let mut out = String::new();
        for line in text.lines().filter(|line| !line.starts_with("   ")) {
            let mut rest = line;
            while let Some(at) = rest.find(['`', '<', '\\']) {
                out.push_str(&rest[..at]);
                let found = &rest[at..];
                let fence = found.len() - found.trim_start_matches('`').len();
                rest = match (fence, found.strip_prefix("<code>"), found.strip_prefix('\\')) {
                    (_, Some(code), _) => code.split_once("</code>").unwrap().1,
                    (_, _, Some(escaped)) => escaped.get(escaped.chars().next().map_or(0, char::len_utf8)..).unwrap(),
                    (0, ..) => {
                        out.push('<');
                        &found[1..]
                    }
                    _ => {
                        let run = |text: &str| text.len() - text.trim_start_matches('`').len();
                        let mut end = fence;
                        while run(&found[end..]) != fence {
                            end += run(&found[end..]).max(found[end..].chars().next().unwrap().len_utf8());
                        }
                        &found[end + fence..]
                    }
                };
            }
            out.push_str(rest);
            out.push('\n');
        }
        out
    }

    proptest! {
        /// Whatever scanned texts hold: outside of code there is no link, image, mention, reference or tag but the page's own, and as many rows and
        /// folds as incidents.
        #[test]
        fn scanned_text_has_no_effect(texts in prop::collection::vec(any_text(), 6)) {
            let mut sample = Sample::github();
            let incident = &mut sample.incidents[0];
            for (found, text) in incident.occurrences.iter_mut().zip(&texts) {
                found.path = Some(PathName::new(text.as_str()));
                found.git.as_mut().unwrap().refs = [texts[4].clone()].into();
            }
            incident.verdict = crate::verdict::Verdict::Unknown(texts[3].clone().into());
            incident.notes = vec![texts[5].clone().into()];
            incident.parts[0].value = crate::finding::PartValue::Public(texts[0].clone());
            sample.coverage.fail(texts[1].clone(), texts[2].clone());
            sample.coverage.notes.push(texts[0].clone());
            let text = page(Detail::Verbose, &sample);
            let own = ["<details>", "</details>", "<summary><b>critical</b>", "<summary><b>medium</b>", "</summary>", "<https://example.org/settings/tokens>"];
            let left = own.iter().fold(prose(&text), |text, tag| text.replace(tag, ""));
            let left = left.replace("## Stanch", "");
            prop_assert!(!left.contains(['<', '@', '#', '[', ']', '!']), "{left}\n{text}");
            prop_assert!(!left.contains("://"), "{left}");
            prop_assert!(left.lines().filter(|line| line.starts_with('|')).all(|row| row.matches('|').count() == 6), "{text}");
            prop_assert_eq!(text.matches("<details>").count(), 2);
        }

        /// Whatever the texts, a comment is taken.
        #[test]
        fn a_comment_is_never_too_long(texts in prop::collection::vec("[\u{e0000}-\u{e0fff}`|<&\\\\]{300}", 4)) {
            let mut sample = Sample::github();
            sample.incidents[0].occurrences[0].path = Some(PathName::new(texts[0].as_str()));
            let place = sample.incidents[0].occurrences[0].clone();
            sample.incidents[0].occurrences.extend(std::iter::repeat_n(place, 30));
            for _ in 0..30 {
                sample.coverage.fail(texts[1].clone(), texts[2].clone());
                sample.coverage.notes.push(texts[3].clone());
            }
            prop_assert!(page(Detail::Quiet, &sample).len() <= 65_536);
        }
    }
}
