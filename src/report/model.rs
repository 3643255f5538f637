//! The objects of the machine formats, as `docs/output.md` describes them. Fields are written in the order of declaration.
//!
//! Where they go and how strings are escaped is the formats'.

use std::{borrow::Cow, collections::BTreeSet};

use data_encoding::{BASE64, HEXLOWER};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Report,
    redact::Redactor,
    time::{self, Time},
};
use crate::{
    blob::ObjectId,
    finding::{FoundPart, PartValue},
    incident::{self, CommitInfo, GitPlace},
    playbook,
    rule::{Confidence, Rule, RuleIx},
    rules::placeholder,
    secret::Secret,
};

/// The hash of a shorter secret might be guessed back, in bytes.
const SHORTEST_HASHED: usize = 20;

/// The program.
#[derive(Serialize)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

impl Tool {
    /// This program.
    pub(super) const THIS: Self = Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
}

/// All occurrences of one secret.
#[derive(Serialize)]
pub(super) struct Incident<'a> {
    r#type: &'static str,
    id: String,
    key: &'a str,
    rule: &'a str,
    provider: &'a str,
    name: &'a str,
    class: &'static str,
    severity: &'static str,
    confidence: &'static str,
    secret: Hidden<'a>,
    checksum: &'static str,
    entropy: f64,
    verdict: Verdict<'a>,
    #[serde(flatten)]
    life: Option<Life>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<Access<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Claims<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part<'a>>,
    occurrences: Vec<Occurrence<'a>>,
}

/// A guarded value: masked, and raw only where that was asked for.
#[derive(Serialize)]
struct Hidden<'a> {
    masked: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(flatten)]
    raw: Option<Raw<'a>>,
}

#[derive(Serialize)]
struct Raw<'a> {
    value: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

#[derive(Serialize)]
struct Verdict<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
}

/// What became of it over many sweeps.
#[derive(Serialize)]
struct Life {
    status: &'static str,
    first_seen: Option<String>,
    last_seen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
}

/// What its provider says of a token.
#[derive(Serialize)]
struct Access<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    powers: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource<'a>>,
}

/// Things that a token reaches.
#[derive(Serialize)]
struct Resource<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    names: Vec<Cow<'a, str>>,
}

/// What a token says of itself in clear.
#[derive(Serialize)]
struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audience: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Part<'a> {
    name: String,
    #[serde(flatten)]
    value: Value<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Public { value: String },
    Hidden(Hidden<'a>),
}

#[derive(Serialize)]
struct Occurrence<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Cow<'a, str>>,
    source: &'static str,
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    byte_offset: u64,
    #[serde(flatten)]
    git: Option<Git<'a>>,
    encoding: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_by: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Git<'a> {
    blob: Option<ObjectId>,
    introduced: Option<Introduced<'a>>,
    last: Option<Last>,
    in_head: bool,
    reach: &'static str,
    refs: Cow<'a, [String]>,
    refs_count: u64,
    versions: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    blobs: Option<&'a [ObjectId]>,
}

#[derive(Serialize)]
struct Introduced<'a> {
    commit: ObjectId,
    author: Cow<'a, str>,
    email: Cow<'a, str>,
    at: Option<Time>,
}

#[derive(Serialize)]
struct Last {
    commit: ObjectId,
    at: Option<Time>,
}

/// What ends a token of one rule.
#[derive(Serialize)]
pub(super) struct Playbook<'a> {
    r#type: &'static str,
    pub(super) rule: &'a str,
    pub(super) url: &'a str,
    pub(super) steps: Vec<Step>,
}

#[derive(Serialize)]
pub(super) struct Step {
    pub(super) phase: &'static str,
    pub(super) text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) commands: Vec<String>,
}

/// What was scanned, what was not, and why.
#[derive(Serialize)]
pub(super) struct Coverage<'a> {
    r#type: &'static str,
    complete: bool,
    history: &'static str,
    files: u64,
    blobs: u64,
    commits: u64,
    tags: u64,
    refs: u64,
    bytes: u64,
    skipped: Vec<Skipped<'a>>,
    failed: Vec<Failure<'a>>,
    notes: Vec<Cow<'a, str>>,
    allowed: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct Skipped<'a> {
    reason: &'static str,
    count: u64,
    examples: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    subject: Cow<'a, str>,
    reason: Cow<'a, str>,
}

impl<'a> Incident<'a> {
    pub(super) fn new(incident: &'a incident::Incident, report: &Report<'a>, redactor: &Redactor<'_>) -> Self {
        let rule = report.rule(incident.rule);
        let part = |part: &'a FoundPart| Part::new(part, report.show_secrets, redactor);
        let sure = incident.confidence;
        let occurrence = |found: &'a incident::Occurrence| Occurrence::new(found, sure, report.all_versions, redactor);
        Self {
            r#type: "incident",
            id: incident.id.to_string(),
            key: report.key,
            rule: &rule.id,
            provider: &rule.provider,
            name: &rule.name,
            class: rule.class.name(),
            severity: incident.severity.name(),
            confidence: incident.confidence.name(),
            secret: Hidden {
                sha256: named_in_logs(rule, &incident.secret),
                ..Hidden::new(&incident.secret, report.show_secrets)
            },
            checksum: incident.checksum.name(),
            entropy: rounded(f64::from(incident.entropy), 100.0),
            verdict: Verdict {
                status: incident.verdict.status(),
                reason: incident.verdict.reason().map(|reason| redactor.text(reason)),
            },
            life: incident.life.map(Life::from),
            access: incident.access.as_ref().map(|access| Access::new(access, redactor)),
            claims: incident.claims.as_ref().map(|claims| Claims::new(claims, redactor)),
            notes: incident.notes.iter().map(|note| redactor.text(note)).collect(),
            parts: incident.parts.iter().map(part).collect(),
            occurrences: incident.occurrences.iter().map(occurrence).collect(),
        }
    }
}

impl From<incident::Life> for Life {
    fn from(life: incident::Life) -> Self {
        Self {
            status: life.status.name(),
            first_seen: time::rfc3339(life.first_seen),
            last_seen: time::rfc3339(life.last_seen),
            resolved_at: life.resolved_at.and_then(time::rfc3339),
        }
    }
}

/// The hash by which its provider's own logs name a token, where its playbook asks for that. Such tokens are long and random: nobody gets back from the hash.
pub(super) fn named_in_logs(rule: &Rule, secret: &Secret) -> Option<String> {
    rule.playbook.as_ref().filter(|playbook| playbook.asks_for("sha256"))?;
    let guessable =
        rule.class.is_password() || rule.detect.generic.is_some() || secret.expose().len() < SHORTEST_HASHED;
    (!guessable).then(|| HEXLOWER.encode(&Sha256::digest(secret.expose())))
}

impl<'a> Access<'a> {
    fn new(access: &'a incident::Access, redactor: &Redactor<'_>) -> Self {
        let text = |field: &'a Option<String>| field.as_deref().map(|text| redactor.text(text));
        Self {
            owner: text(&access.owner),
            account: text(&access.account),
            scopes: text(&access.scopes),
            expires: text(&access.expires),
            powers: access.powers.iter().map(|power| power.name()).collect(),
            resources: access
                .resources
                .iter()
                .map(|resource| Resource {
                    kind: &resource.kind,
                    count: resource.count,
                    names: resource.names.iter().map(|name| redactor.text(name)).collect(),
                })
                .collect(),
        }
    }
}

impl<'a> Claims<'a> {
    fn new(claims: &'a incident::Claims, redactor: &Redactor<'_>) -> Self {
        Self {
            algorithm: claims.algorithm.as_deref().map(|name| redactor.text(name)),
            issuer: claims.issuer.as_deref().map(|name| redactor.text(name)),
            audience: claims.audience.iter().map(|name| redactor.text(name)).collect(),
            issued: claims.issued_at.and_then(time::rfc3339),
            expires: claims.expires_at.and_then(time::rfc3339),
        }
    }
}

impl<'a> Hidden<'a> {
    fn new(secret: &'a Secret, show: bool) -> Self {
        Self { masked: secret.masked(), sha256: None, raw: (show && secret.is_known()).then(|| Raw::from(secret)) }
    }
}

impl<'a> From<&'a Secret> for Raw<'a> {
    fn from(secret: &'a Secret) -> Self {
        let bytes = secret.expose();
        let value_base64 = str::from_utf8(bytes).is_err().then(|| BASE64.encode(bytes));
        Self { value: String::from_utf8_lossy(bytes), value_base64 }
    }
}

impl<'a> Part<'a> {
    fn new(part: &'a FoundPart, show: bool, redactor: &Redactor<'_>) -> Self {
        let value = match &part.value {
            PartValue::Public(value) => Value::Public { value: redactor.text(value).into_owned() },
            PartValue::Secret(secret) => Value::Hidden(Hidden::new(secret, show)),
        };
        Self { name: part.name.clone(), value }
    }
}

impl<'a> Occurrence<'a> {
    fn new(found: &'a incident::Occurrence, sure: Confidence, versions: bool, redactor: &Redactor<'_>) -> Self {
        let path = found.path.as_ref();
        let odd = path.filter(|path| str::from_utf8(path.as_bytes()).is_err());
        Self {
            repository: found.repository.as_deref().map(|name| redactor.text(name)),
            owner: found.owner.as_deref().map(|name| redactor.text(name)),
            source: found.source.name(),
            path: path.map(|path| redactor.path(path)),
            path_base64: odd.map(|path| BASE64.encode(&redactor.bytes(path.as_bytes()))),
            line: found.location.line,
            column: found.location.column,
            end_line: found.location.end_line,
            end_column: found.location.end_column,
            byte_offset: found.location.span.start(),
            git: found.git.as_ref().map(|git| Git::new(git, versions, redactor)),
            encoding: [],
            confidence: (found.confidence < sure).then(|| found.confidence.name()),
            allowed_by: found.allowed_by.as_ref().map(|by| redactor.text(by)),
        }
    }
}

impl<'a> Git<'a> {
    fn new(git: &'a GitPlace, versions: bool, redactor: &Redactor<'_>) -> Self {
        Self {
            blob: git.blob,
            introduced: git.introduced.as_ref().map(|commit| Introduced::new(commit, redactor)),
            last: git.last.as_deref().map(Last::from),
            in_head: git.in_head,
            reach: git.reach.name(),
            refs: redactor.texts(&git.refs),
            refs_count: git.refs_count,
            versions: git.versions,
            blobs: versions.then_some(&git.blobs),
        }
    }
}

impl<'a> Introduced<'a> {
    fn new(commit: &'a CommitInfo, redactor: &Redactor<'_>) -> Self {
        Self {
            commit: commit.id,
            author: redactor.text(&commit.author),
            email: redactor.text(&commit.email),
            at: Time::new(commit.at),
        }
    }
}

impl From<&CommitInfo> for Last {
    fn from(commit: &CommitInfo) -> Self {
        Self { commit: commit.id, at: Time::new(commit.at) }
    }
}

impl<'a> Playbook<'a> {
    /// Those of the rules that found something, in the rules' order.
    pub(super) fn all(report: &Report<'a>) -> Vec<Self> {
        let rules: BTreeSet<RuleIx> = report.incidents.iter().map(|incident| incident.rule).collect();
        let rules = rules.into_iter().map(|ix| report.rule(ix));
        rules.filter_map(|rule| Some(Self::new(&rule.id, rule.playbook.as_ref()?))).collect()
    }

    fn new(rule: &'a str, playbook: &'a playbook::Playbook) -> Self {
        let step = |step: &playbook::Step| Step {
            phase: step.phase.name(),
            text: placeholder::unfilled(&step.text),
            commands: step.commands.iter().map(|line| placeholder::unfilled(line)).collect(),
        };
        Self { r#type: "playbook", rule, url: &playbook.url, steps: playbook.steps.iter().map(step).collect() }
    }
}

impl<'a> Coverage<'a> {
    pub(super) fn new(report: &Report<'a>, redactor: &Redactor<'_>) -> Self {
        let coverage = report.coverage;
        let skipped = coverage.skipped.iter().map(|(why, tally)| Skipped {
            reason: why.name(),
            count: tally.count,
            examples: tally.examples.iter().map(|example| redactor.text(example)).collect(),
        });
        let failed = coverage.failed.iter().map(|failure| Failure {
            subject: redactor.text(&failure.subject),
            reason: redactor.text(&failure.reason),
        });
        Self {
            r#type: "coverage",
            complete: coverage.complete(),
            history: coverage.history.name(),
            files: coverage.files,
            blobs: coverage.blobs,
            commits: coverage.commits,
            tags: coverage.tags,
            refs: coverage.refs,
            bytes: coverage.bytes,
            skipped: skipped.collect(),
            failed: failed.collect(),
            notes: coverage.notes.iter().map(|note| redactor.text(note)).collect(),
            allowed: coverage.allowed,
            seconds: rounded(report.seconds, 1000.0),
        }
    }
}

fn rounded(number: f64, steps: f64) -> f64 {
    (number * steps).round() / steps
}
