//! GitLab's report of secret detection, in version 15.0.4 of its schema, which GitLab 15.0 and later read: a vulnerability for each occurrence.
//!
//! GitLab renders descriptions and solutions as Markdown, and keeps the report: no raw secret is ever in it.
//!
//! <https://gitlab.com/gitlab-org/security-products/security-report-schemas>

use std::{collections::BTreeMap, io};

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Report, Reporter, json, model::Tool, redact::Redactor, time, words};
use crate::{
    escape::{code, cut, markdown},
    incident::{CommitInfo, Incident, IncidentId, Occurrence},
    rule::Severity,
    rules::placeholder,
};

/// How many messages a scan has.
const MOST_MESSAGES: usize = 100;
/// How many characters the schema lets a name have.
const MOST_NAME: usize = 255;
/// How many characters the schema lets a solution have.
const MOST_SOLUTION: usize = 7_000;
/// How many characters any other text has.
const MOST_TEXT: usize = 1_000;
/// Stands for the commit of what no commit holds, as GitLab's own analyzer writes it.
const NO_COMMIT: &str = "0000000";

/// Writes one report.
pub(super) struct GitLab;

impl Reporter for GitLab {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let redactor = Redactor::new(report);
        out.write_all(b"{\"version\":\"15.0.4\",\"scan\":")?;
        json::value(out, &Scan::new(report, &redactor))?;
        out.write_all(b",\"vulnerabilities\":[")?;
        let (mut ids, mut nth) = (Ids::default(), 0);
        for incident in report.incidents {
            for found in &incident.occurrences {
                out.write_all(if nth == 0 { b"\n" } else { b",\n" })?;
                json::value(out, &Vulnerability::new(incident, found, ids.next(incident, found), report, &redactor))?;
                nth += 1;
            }
        }
        out.write_all(b"\n]}\n")
    }
}

#[derive(Serialize)]
struct Scan {
    analyzer: Program,
    scanner: Program,
    r#type: &'static str,
    start_time: String,
    end_time: String,
    status: &'static str,
    messages: Vec<Message>,
}

#[derive(Clone, Copy, Serialize)]
struct Program {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    vendor: Vendor,
}

#[derive(Clone, Copy, Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    id: String,
    category: &'static str,
    name: String,
    description: String,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    solution: Option<String>,
    location: Location<'a>,
    identifiers: [Identifier<'a>; 2],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link<'a>>,
    details: BTreeMap<&'static str, Detail>,
}

#[derive(Serialize)]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    start_line: u64,
    end_line: u64,
    commit: Commit<'a>,
}

#[derive(Serialize)]
struct Commit<'a> {
    sha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

#[derive(Serialize)]
struct Identifier<'a> {
    r#type: &'static str,
    name: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Link<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Detail {
    r#type: &'static str,
    name: &'static str,
    value: String,
}

impl Scan {
    fn new(report: &Report<'_>, redactor: &Redactor<'_>) -> Self {
        let name = Tool::THIS.name;
        let program = Program { id: name, name, version: Tool::THIS.version, vendor: Vendor { name } };
        let coverage = report.coverage;
        let failed = coverage.failed.iter().map(|failure| format!("{}: {}", failure.subject, failure.reason));
        let said = |level: &'static str, text: &str| {
            let text = redactor.text(text);
            let value = cut(if text.is_empty() { "unknown" } else { &text }, MOST_TEXT).into_owned();
            Message { level, value }
        };
        let mut messages: Vec<Message> = failed.take(MOST_MESSAGES).map(|text| said("warn", &text)).collect();
        messages.extend(coverage.notes.iter().take(MOST_MESSAGES).map(|note| said("info", note)));
        #[expect(clippy::cast_possible_truncation, reason = "a run of a million years is none")]
        let end = report.now.saturating_add(report.seconds.ceil() as i64);
        Self {
            analyzer: program,
            scanner: program,
            r#type: "secret_detection",
            start_time: moment(report.now),
            end_time: moment(end),
            status: if coverage.complete() { "success" } else { "failure" },
            messages,
        }
    }
}

/// A time as the schema wants it: UTC, without saying so.
fn moment(at: i64) -> String {
    let text = time::rfc3339(at).unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned());
    text.trim_end_matches('Z').to_owned()
}

impl<'a> Vulnerability<'a> {
    fn new(
        incident: &Incident,
        found: &'a Occurrence,
        id: String,
        report: &Report<'a>,
        redactor: &Redactor<'_>,
    ) -> Self {
        let rule = report.rule(incident.rule);
        let playbook = rule.playbook.as_ref();
        let is_link = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
        let identifier = |r#type, name, value, url| Identifier { r#type, name, value, url };
        Self {
            id,
            category: "secret_detection",
            name: cut(&rule.name, MOST_NAME).into_owned(),
            description: description(incident, found, report, redactor),
            severity: severity(incident.severity),
            solution: playbook.and_then(|playbook| playbook.steps.first()).map(|step| {
                let text = placeholder::unfilled(&step.text);
                fitting(markdown(&text), MOST_SOLUTION, || code(&cut(&text, MOST_TEXT)))
            }),
            location: Location::new(found, redactor),
            identifiers: [
                identifier(
                    "stanch_rule",
                    format!("stanch rule {}", rule.id),
                    rule.id.to_string(),
                    Some(&*rule.source).filter(is_link),
                ),
                identifier(
                    "stanch_incident",
                    format!("stanch incident {}", incident.id),
                    incident.id.to_string(),
                    None,
                ),
            ],
            links: playbook
                .map(|playbook| &*playbook.url)
                .filter(is_link)
                .map(|url| Link { url })
                .into_iter()
                .collect(),
            details: details(incident, found, redactor),
        }
    }
}

/// `text`, or where it is too long, what stands for it: Markdown is not cut in its middle.
fn fitting(text: String, most: usize, short: impl FnOnce() -> String) -> String {
    if text.chars().nth(most).is_none() { text } else { short() }
}

/// A sentence on what it is, and one on how it can still be got at.
fn description(incident: &Incident, found: &Occurrence, report: &Report<'_>, redactor: &Redactor<'_>) -> String {
    let rule = report.rule(incident.rule);
    let (name, masked, meaning) = (markdown(&rule.name), code(&incident.secret.masked()), words::meaning(rule.class));
    let place = code(&cut(&words::place(found, redactor), MOST_TEXT));
    let standing = words::standing(found, "").map_or_else(String::new, |text| format!(", {text}"));
    let mut out = format!("{name} {masked}: {meaning}. It is at {place}{standing}.");
    for note in &incident.notes {
        out.push_str("\n\n");
        out.push_str(&markdown(&cut(&redactor.text(note), MOST_TEXT)));
    }
    out
}

fn details(incident: &Incident, found: &Occurrence, redactor: &Redactor<'_>) -> BTreeMap<&'static str, Detail> {
    let detail = |name, value: String| Detail { r#type: "text", name, value: cut(&value, MOST_TEXT).into_owned() };
    let mut details = BTreeMap::from([
        ("confidence", detail("Confidence", found.confidence.name().to_owned())),
        ("verdict", detail("Verdict", words::verdict(incident, redactor))),
    ]);
    if let Some(git) = &found.git {
        details.insert("reach", detail("Reach", git.reach.name().to_owned()));
    }
    if let Some(by) = &found.allowed_by {
        details.insert("allowed_by", detail("Allowed by", redactor.text(by).into_owned()));
    }
    details
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

impl<'a> Location<'a> {
    fn new(found: &'a Occurrence, redactor: &Redactor<'_>) -> Self {
        let introduced = found.git.as_ref().and_then(|git| git.introduced.as_ref());
        let path = found.path.as_ref().map(|path| redactor.path(path));
        Self {
            file: path.map(|path| path.strip_prefix("./").unwrap_or(&path).to_owned()),
            start_line: found.location.line.max(1),
            end_line: found.location.end_line.max(1),
            commit: introduced.map_or_else(Commit::none, |commit| Commit::new(commit, redactor)),
        }
    }
}

impl<'a> Commit<'a> {
    fn none() -> Self {
        Self { sha: NO_COMMIT.to_owned(), author: None, date: None }
    }

    fn new(commit: &'a CommitInfo, redactor: &Redactor<'_>) -> Self {
        Self { sha: commit.id.to_string(), author: Some(redactor.text(&commit.author)), date: time::rfc3339(commit.at) }
    }
}

/// Makes ids that depend on the incident and the path alone, so that GitLab sees the same vulnerability again after an edit.
#[derive(Default)]
struct Ids {
    /// How many occurrences of an incident had the same path: all messages are called alike.
    seen: BTreeMap<(IncidentId, Vec<u8>), u64>,
}

impl Ids {
    /// A UUID of version 8 (RFC 9562): a hash of incident and path, and of a number where that was not the first.
    fn next(&mut self, incident: &Incident, found: &Occurrence) -> String {
        let path = found.path.as_ref().map_or(&b""[..], |path| path.as_bytes());
        // Of many repositories, each has paths of its own.
        let path = match &found.repository {
            Some(repository) => [repository.as_bytes(), b"\0", path].concat(),
            None => path.to_vec(),
        };
        let nth = self.seen.entry((incident.id, path.clone())).or_default();
        let digest = Sha256::new()
            .chain_update(b"stanch/1 gitlab\0")
            .chain_update(incident.id.to_string())
            .chain_update(nth.to_be_bytes())
            .chain_update(path)
            .finalize();
        *nth += 1;
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = HEXLOWER.encode(&bytes);
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::{
        blob::PathName,
        report::samples::{Sample, snapshot, written},
    };

    fn ids(sample: &Sample) -> Vec<String> {
        let report: Value = serde_json::from_str(&written(&GitLab, &sample.report())).unwrap();
        let found = report["vulnerabilities"].as_array().unwrap().iter();
        found.map(|found| found["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn each_place_is_a_vulnerability() {
        insta::assert_snapshot!(snapshot(&GitLab, &Sample::github().report()));
    }

    #[test]
    fn nothing_found_is_a_report_too() {
        let report: Value = serde_json::from_str(&written(&GitLab, &Sample::default().report())).unwrap();
        assert_eq!(report["vulnerabilities"], serde_json::json!([]));
        assert_eq!(
            (&report["scan"]["status"], &report["scan"]["messages"]),
            (&"success".into(), &Value::Array(vec![]))
        );
    }

    #[test]
    fn ids_are_of_incident_and_path() {
        let mut sample = Sample::github();
        let before = ids(&sample);
        for found in &mut sample.incidents[0].occurrences {
            found.location.line += 1;
            found.git.as_mut().unwrap().blob = None;
        }
        assert_eq!(ids(&sample), before);
        sample.incidents[0].occurrences[0].path = Some(PathName::new("elsewhere"));
        assert_ne!(ids(&sample)[0], before[0]);
        assert_eq!(ids(&sample)[1..], before[1..]);
        assert_eq!((&before[0][14..15], before[0].len()), ("8", 36));
    }

    #[test]
    fn messages_of_one_name_have_ids_of_their_own() {
        let mut sample = Sample::github();
        let place = sample.incidents[0].occurrences[0].clone();
        sample.incidents[0].occurrences.extend(std::iter::repeat_n(place, 3));
        let ids = ids(&sample);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}
