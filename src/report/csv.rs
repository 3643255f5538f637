//! A table for spreadsheets and scripts (RFC 4180): a header, then a row for each occurrence.
//!
//! Spreadsheets take a field for a formula by how it begins, so nothing from what was scanned begins so. Coverage has no place in
//! a table: the exit status tells whether the run is complete.

use std::{fmt::Write, io};

use super::{Report, Reporter, redact::Redactor, time, words};
use crate::{
    escape,
    incident::{CommitInfo, Incident, Occurrence},
};

const HEADER: [&str; 35] = [
    "id",
    "key",
    "rule",
    "provider",
    "name",
    "class",
    "severity",
    "confidence",
    "verdict",
    "secret",
    "source",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "byte_offset",
    "blob",
    "reach",
    "in_head",
    "introduced_commit",
    "introduced_author",
    "introduced_email",
    "introduced_at",
    "last_commit",
    "last_at",
    "refs",
    "refs_count",
    "versions",
    "allowed_by",
    "repository",
    "status",
    "first_seen",
    "last_seen",
    "owner",
];

/// Writes a table.
pub(super) struct Csv;

impl Reporter for Csv {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let redactor = Redactor::new(report);
        write_row(out, &HEADER.map(str::to_owned))?;
        for incident in report.incidents {
            let first = incident_fields(incident, report, &redactor);
            for found in &incident.occurrences {
                let place = [place_fields(found, &redactor), git_fields(found, &redactor)].concat();
                let fields = [&first[..], &place, &sweep_fields(incident, found, &redactor)].concat();
                write_row(out, &fields)?;
            }
        }
        Ok(())
    }
}

/// What is the same in each row of an incident.
fn incident_fields(incident: &Incident, report: &Report<'_>, redactor: &Redactor<'_>) -> Vec<String> {
    let rule = report.rule(incident.rule);
    let secret = if report.show_secrets && incident.secret.is_known() {
        String::from_utf8_lossy(incident.secret.expose()).into_owned()
    } else {
        incident.secret.masked()
    };
    let own = [&*rule.id, &*rule.provider, &*rule.name, rule.class.name(), incident.severity.name()];
    let mut fields = vec![incident.id.to_string(), report.key.to_owned()];
    fields.extend(own.map(str::to_owned));
    fields.extend([incident.confidence.name().to_owned(), words::verdict(incident, redactor), secret]);
    fields
}

fn place_fields(found: &Occurrence, redactor: &Redactor<'_>) -> Vec<String> {
    let at = found.location;
    let path = found.path.as_ref().map_or_else(String::new, |path| redactor.path(path).into_owned());
    let numbers = [at.line, at.column, at.end_line, at.end_column, at.span.start()];
    let mut fields = vec![found.source.name().to_owned(), path];
    fields.extend(numbers.map(|number| number.to_string()));
    fields
}

/// What git says of the place: empty where it says nothing.
fn git_fields(found: &Occurrence, redactor: &Redactor<'_>) -> Vec<String> {
    let git = found.git.as_ref();
    let of = |write: &dyn Fn(&crate::incident::GitPlace) -> Option<String>| git.and_then(write).unwrap_or_default();
    let commit = |commit: Option<&CommitInfo>| -> [String; 4] {
        commit.map_or_else(Default::default, |commit| {
            let (author, email) = (redactor.text(&commit.author), redactor.text(&commit.email));
            let at = time::rfc3339(commit.at).unwrap_or_default();
            [commit.id.to_string(), author.into_owned(), email.into_owned(), at]
        })
    };
    let introduced = commit(git.and_then(|git| git.introduced.as_deref()));
    let [last, _, _, last_at] = commit(git.and_then(|git| git.last.as_deref()));
    let refs = |names: &[String]| names.iter().map(|name| redactor.text(name)).collect::<Vec<_>>().join(" ");
    let mut fields = vec![
        of(&|git| git.blob.map(|id| id.to_string())),
        of(&|git| Some(git.reach.name().to_owned())),
        of(&|git| Some(git.in_head.to_string())),
    ];
    fields.extend(introduced);
    fields.extend([last, last_at]);
    fields.extend([
        of(&|git| Some(refs(&git.refs))),
        of(&|git| Some(git.refs_count.to_string())),
        of(&|git| Some(git.versions.to_string())),
        found.allowed_by.as_ref().map_or_else(String::new, |by| redactor.text(by).into_owned()),
    ]);
    fields
}

/// What many sweeps know: empty where there was one scan.
fn sweep_fields(incident: &Incident, found: &Occurrence, redactor: &Redactor<'_>) -> [String; 5] {
    let [repository, owner] = [&found.repository, &found.owner]
        .map(|name| name.as_deref().map_or_else(String::new, |name| redactor.text(name).into_owned()));
    let Some(life) = incident.life else { return [repository, String::new(), String::new(), String::new(), owner] };
    let [first, last] = [life.first_seen, life.last_seen].map(|at| time::rfc3339(at).unwrap_or_default());
    [repository, life.status.name().to_owned(), first, last, owner]
}

fn write_row(out: &mut dyn io::Write, fields: &[String]) -> io::Result<()> {
    for (nth, text) in fields.iter().enumerate() {
        if nth > 0 {
            out.write_all(b",")?;
        }
        out.write_all(field(text).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// `text` as one field, on one line, that no spreadsheet calculates.
fn field(text: &str) -> String {
    let text = defused(text);
    let text = escape::terminal(&text);
    if text.contains([',', '"', ';', '\'']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.into_owned()
}

/// `text` with an apostrophe before what would make a formula of it. Some spreadsheets cut fields at semicolons instead, and read the full-width
/// forms of these signs alike.
fn defused(text: &str) -> String {
    let begins_formula = |c: char| "=+-@\t\r\n|＝＋－＠".contains(c);
    let mut out = String::with_capacity(text.len() + 1);
    let mut at_start = true;
    for c in text.chars() {
        if at_start && begins_formula(c) {
            // Writing to a string cannot fail.
            let _ = out.write_char('\'');
            at_start = false;
        }
        out.push(c);
        at_start = c == ';' || at_start && (c.is_whitespace() || c == '"' || c == '\'');
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        blob::PathName,
        report::samples::{Sample, any_text, snapshot, written},
    };

    /// The fields of each row, as RFC 4180 has them.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut now, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => now.push(chars.next().unwrap()),
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut now)),
                '\r' if !quoted => {
                    assert_eq!(chars.next(), Some('\n'));
                    row.push(std::mem::take(&mut now));
                    rows.push(std::mem::take(&mut row));
                }
                c => now.push(c),
            }
        }
        assert!(!quoted && row.is_empty() && now.is_empty());
        rows
    }

    #[test]
    fn each_place_is_a_row() {
        insta::assert_snapshot!(snapshot(&Csv, &Sample::github().report()).replace("\r\n", "␍␊\n"));
    }

    #[test]
    fn nothing_found_is_a_header() {
        assert_eq!(read(&written(&Csv, &Sample::default().report())), [HEADER]);
    }

    #[test]
    fn formulas_are_defused() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("-----BEGIN", "'-----BEGIN"),
            ("a=1", "a=1"),
            (" @x", "\" '@x\""),
            ("\t=1", "\"' =1\""),
            ("a;=cmd|x", "\"a;'=cmd|x\""),
            ("＝1", "'＝1"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
        ] {
            assert_eq!(field(text), if safe.starts_with('\'') { format!("\"{safe}\"") } else { safe.to_owned() });
        }
    }

    proptest! {
        /// Whatever a text holds, it is one field, and begins like no formula, wherever the row is cut.
        #[test]
        fn a_field_is_a_field(text in any_text()) {
            let mut sample = Sample::github();
            sample.incidents.truncate(1);
            sample.incidents[0].occurrences.truncate(1);
            sample.incidents[0].occurrences[0].path = Some(PathName::new(text.as_str()));
            let out = written(&Csv, &sample.report());
            let rows = read(&out);
            prop_assert_eq!((rows.len(), rows[1].len()), (2, HEADER.len()));
            for cell in rows[1].iter().flat_map(|field| field.split(';')) {
                let start = cell.trim_start_matches([' ', '"']);
                prop_assert!(!start.starts_with(['=', '+', '-', '@']), "{}", out);
            }
        }
    }
}
