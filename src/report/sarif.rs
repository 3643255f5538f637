//! SARIF 2.1.0, for code scanning.
//!
//! One run; a result for each occurrence, places that a checkout shows first. GitHub refuses files with too many results or
//! bytes, so what exceeds its limits is left out, and a notification says how much. No secret is ever shown here, whatever
//! the report's settings: the file is made to be uploaded.
//!
//! `primaryLocationLineHash`, the fingerprint that GitHub tracks alerts by, is not written: it hashes the file from a line
//! on, at least a hundred characters of it, and a report does not have the file. The `upload-sarif` action computes it from
//! the checkout, and warns where a file already has another value.

pub(super) mod place;
pub(super) mod rule;

use std::{borrow::Cow, collections::BTreeMap, io};

use serde::Serialize;

use self::place::Place;
use super::{Checkout, Report, Reporter, json, level::Level, model::Tool, redact::Redactor, time, words};
use crate::{
    escape,
    incident::{Incident, Occurrence},
    rule::RuleIx,
    rules::placeholder,
};

/// What every file begins with.
pub(super) const BEGINNING: &[u8] =
    b"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{";
/// In what columns are counted, what stands for a secret, and what paths are relative to.
pub(super) const UNITS: &str = ",\n\"columnKind\":\"utf16CodeUnits\",\"redactionTokens\":[\"…\"],\"originalUriBaseIds\":{\"%SRCROOT%\":{\"description\":{\"text\":\"What was scanned.\"}}}";
/// GitHub refuses runs with more results.
const MOST_RESULTS: usize = 25_000;
/// GitHub shows so many of them.
const SHOWN_RESULTS: usize = 5_000;
/// GitHub refuses files of more than 10 MB when compressed. Text that does not compress is possible, so this bounds the
/// results before compression; it leaves room for more of them than are shown.
const MOST_BYTES: usize = 9_000_000;
/// How many failures become notifications of their own.
const MOST_NOTIFICATIONS: usize = 100;
/// How many characters a message may have.
pub(super) const MOST_TEXT: usize = 1_000;

/// Writes one run.
pub(super) struct Sarif;

impl Reporter for Sarif {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let run = Run::new(report);
        out.write_all(BEGINNING)?;
        run.write_tool(out)?;
        out.write_all(UNITS.as_bytes())?;
        if let Some(provenance) = report.checkout.and_then(|checkout| Provenance::new(&checkout, &run.redactor)) {
            out.write_all(b",\"versionControlProvenance\":")?;
            json::value(out, &[provenance])?;
        }
        out.write_all(b",\"results\":[")?;
        let cut = run.write_results(out)?;
        out.write_all(b"\n],\"invocations\":")?;
        json::value(out, &[run.invocation(&cut)])?;
        out.write_all(b"}]}\n")
    }
}

/// What every part of the run needs.
pub(super) struct Run<'a> {
    report: &'a Report<'a>,
    redactor: Redactor<'a>,
    /// The rules that found something, and where each stands among the run's.
    fired: BTreeMap<RuleIx, usize>,
}

/// What was left out.
#[derive(Default)]
pub(super) struct Cut {
    written: usize,
    left_out: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver<'a, R> {
    name: &'static str,
    semantic_version: &'static str,
    rules: &'a [R],
}

#[derive(Serialize)]
pub(super) struct Text {
    pub(super) text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: Level,
    message: Text,
    locations: [Place; 1],
    partial_fingerprints: Fingerprints,
    properties: Facts<'a>,
}

/// Ours is the incident's identity: it depends on neither path nor line, so it survives edits and renames.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "stanch/v1")]
    incident: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts<'a> {
    severity: &'static str,
    confidence: &'static str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    checksum: &'static str,
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introduced: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introduced_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_by: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provenance<'a> {
    repository_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
    properties: Scanned,
}

/// A name of its own, because some that a property bag may hold, such as `tags`, have a meaning.
#[derive(Serialize)]
struct Scanned {
    coverage: Totals,
}

#[derive(Serialize)]
struct Notification {
    level: Level,
    message: Text,
}

/// What was scanned, in numbers.
#[derive(Serialize)]
struct Totals {
    history: &'static str,
    files: u64,
    blobs: u64,
    commits: u64,
    tags: u64,
    refs: u64,
    bytes: u64,
    allowed: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(report: &'a Report<'a>) -> Self {
        let mut fired: BTreeMap<RuleIx, usize> = report.incidents.iter().map(|incident| (incident.rule, 0)).collect();
        for (nth, index) in fired.values_mut().enumerate() {
            *index = nth;
        }
        Self { report, redactor: Redactor::new(report), fired }
    }

    fn write_tool(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let rules: Vec<rule::Descriptor<'_>> = self.fired.keys().map(|&ix| self.report.rule(ix).into()).collect();
        write_tool(out, &rules)
    }

    /// Writes what GitHub takes, most worth seeing first.
    fn write_results(&self, out: &mut dyn io::Write) -> io::Result<Cut> {
        let mut found: Vec<(&Incident, &Occurrence)> = self.places().collect();
        found.sort_by_key(|(_, found)| !words::is_in_checkout(found));
        write_results(out, found.iter().map(|(incident, found)| self.result(incident, found)))
    }

    fn places(&self) -> impl Iterator<Item = (&'a Incident, &'a Occurrence)> {
        self.report
            .incidents
            .iter()
            .flat_map(|incident| incident.occurrences.iter().map(move |occurrence| (incident, occurrence)))
    }
}

/// Writes the program, and the `rules` that found something.
pub(super) fn write_tool(out: &mut dyn io::Write, rules: &[impl Serialize]) -> io::Result<()> {
    let driver = Driver { name: Tool::THIS.name, semantic_version: Tool::THIS.version, rules };
    out.write_all(b"\"tool\":{\"driver\":")?;
    json::value(out, &driver)?;
    out.write_all(b"}")
}

/// Writes as many of `results` as GitHub takes.
pub(super) fn write_results(
    out: &mut dyn io::Write,
    mut results: impl ExactSizeIterator<Item = impl Serialize>,
) -> io::Result<Cut> {
    let all = results.len();
    let mut cut = Cut::default();
    let mut bytes = 0;
    let mut line = Vec::new();
    while let Some(result) = results.next().filter(|_| cut.written < MOST_RESULTS) {
        line.clear();
        json::value(&mut line, &result)?;
        bytes += line.len();
        if bytes > MOST_BYTES {
            break;
        }
        out.write_all(if cut.written == 0 { b"\n" } else { b",\n" })?;
        out.write_all(&line)?;
        cut.written += 1;
    }
    cut.left_out = all - cut.written;
    Ok(cut)
}

impl<'a> Run<'a> {
    fn result(&self, incident: &'a Incident, found: &'a Occurrence) -> SarifResult<'a> {
        let rule = self.report.rule(incident.rule);
        SarifResult {
            rule_id: &rule.id,
            rule_index: self.fired.get(&incident.rule).copied().unwrap_or_default(),
            level: Level::new(incident.severity, found.confidence),
            message: self.message(incident, found),
            locations: [Place::new(incident, found, &self.redactor)],
            partial_fingerprints: Fingerprints { incident: incident.id.to_string() },
            properties: self.facts(incident, found),
        }
    }

    /// A first sentence that stands alone, as GitHub shows it in lists, then what to do. Nobody's name is in it, because it
    /// ends up in comments on pull requests.
    fn message(&self, incident: &Incident, found: &Occurrence) -> Text {
        let rule = self.report.rule(incident.rule);
        let standing = words::standing(found, "").map_or_else(String::new, |text| format!(", {text}"));
        let confidence = found.confidence.name();
        let first = format!("{} {} ({confidence} confidence){standing}.", rule.name, incident.secret.masked());
        let next = rule.playbook.as_ref().and_then(|playbook| playbook.steps.first());
        let text =
            next.map_or_else(|| first.clone(), |step| format!("{first} Next: {}", placeholder::unfilled(&step.text)));
        Text { text: escape::sarif(&escape::cut(&text, MOST_TEXT)) }
    }

    fn facts(&self, incident: &Incident, found: &'a Occurrence) -> Facts<'a> {
        let git = found.git.as_ref();
        let introduced = git.and_then(|git| git.introduced.as_ref());
        Facts {
            severity: incident.severity.name(),
            confidence: found.confidence.name(),
            verdict: incident.verdict.status(),
            notes: incident.notes.iter().map(|note| escape::sarif(&self.redactor.text(note))).collect(),
            checksum: incident.checksum.name(),
            source: found.source.name(),
            repository: found.repository.as_deref().map(|name| self.redactor.text(name)),
            reach: git.map(|git| git.reach.name()),
            introduced: introduced.map(|commit| commit.id.to_string()),
            introduced_at: introduced.and_then(|commit| time::rfc3339(commit.at)),
            allowed_by: found.allowed_by.as_ref().map(|by| self.redactor.text(by)),
        }
    }

    pub(super) fn invocation(&self, cut: &Cut) -> Invocation {
        let coverage = self.report.coverage;
        let mut notifications: Vec<Notification> = cut.notifications().collect();
        let failed = coverage.failed.iter().map(|failure| format!("{}: {}", failure.subject, failure.reason));
        notifications.extend(self.notifications(Level::Error, failed, coverage.failed.len()));
        notifications.extend(self.notifications(Level::Note, coverage.notes.iter().cloned(), coverage.notes.len()));
        let skipped = coverage.skipped.iter().map(|(why, tally)| format!("Skipped {}: {}.", why.name(), tally.count));
        notifications.extend(self.notifications(Level::Note, skipped, coverage.skipped.len()));
        Invocation {
            execution_successful: coverage.complete(),
            tool_execution_notifications: notifications,
            properties: Scanned {
                coverage: Totals {
                    history: coverage.history.name(),
                    files: coverage.files,
                    blobs: coverage.blobs,
                    commits: coverage.commits,
                    tags: coverage.tags,
                    refs: coverage.refs,
                    bytes: coverage.bytes,
                    allowed: coverage.allowed,
                },
            },
        }
    }

    /// The first of `texts`, and how many more of `count` there are.
    fn notifications(&self, level: Level, texts: impl Iterator<Item = String>, count: usize) -> Vec<Notification> {
        let more = count.saturating_sub(MOST_NOTIFICATIONS);
        let more = (more > 0).then(|| format!("{more} more are in the text and JSON reports."));
        let texts = texts.take(MOST_NOTIFICATIONS).chain(more);
        texts.map(|text| Notification::new(level, &self.redactor.text(&text))).collect()
    }
}

impl Cut {
    fn notifications(&self) -> impl Iterator<Item = Notification> {
        let left_out = (self.left_out > 0).then(|| {
            let all = self.written + self.left_out;
            let text = format!(
                "Only {} of {all} results are in this file: GitHub refuses larger ones. The JSON report has all.",
                self.written
            );
            Notification::new(Level::Warning, &text)
        });
        let unseen = (self.written > SHOWN_RESULTS).then(|| {
            let text = format!("GitHub shows {SHOWN_RESULTS} of these {} results.", self.written);
            Notification::new(Level::Warning, &text)
        });
        left_out.into_iter().chain(unseen)
    }
}

impl Notification {
    fn new(level: Level, text: &str) -> Self {
        Self { level, message: Text { text: escape::sarif(&escape::cut(text, MOST_TEXT)) } }
    }
}

impl<'a> Provenance<'a> {
    /// Nothing for what is not a URL. Credentials and whatever else may hold one are left out of it.
    fn new(checkout: &Checkout<'a>, redactor: &Redactor<'_>) -> Option<Self> {
        let (scheme, rest) = checkout.uri.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.rsplit('@').next().unwrap_or(host);
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._~/%:[]".contains(&byte));
        let known = ["http", "https", "ssh", "git"].contains(&scheme) && !host.is_empty();
        (known && plain(host) && plain(path)).then(|| Self {
            repository_uri: format!("{scheme}://{host}/{path}"),
            revision_id: checkout.revision.map(|id| id.to_string()),
            branch: checkout.branch.map(|branch| redactor.text(branch)),
        })
    }
}

#[cfg(test)]
mod tests;
