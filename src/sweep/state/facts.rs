//! What is kept as JSON: the facts of an incident, verdicts, coverage. Everything in it is masked already, or is masked here.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Error;
use crate::{
    coverage::{Coverage, Failure, History, Skipped, Tally},
    finding::{Checksum, FoundPart, PartValue},
    incident::{Access, Claims, Incident, Resource},
    location::Span,
    report::Redactor,
    rule::Rule,
    verdict::{Verdict, Why},
};

/// What is kept of an incident as one repository has it: of two, the one of the higher rank is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) rank: u8,
    pub(super) rule: String,
    pub(super) family: String,
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) provider_name: String,
    pub(super) class: String,
    pub(super) severity: String,
    pub(super) confidence: String,
    pub(super) masked: String,
    pub(super) is_valid: bool,
    pub(super) entropy: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claims: Option<Claims>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
    /// The public ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<(String, String)>,
}

impl Facts {
    pub(super) fn new(incident: &Incident, rule: &Rule, redactor: &Redactor<'_>) -> Self {
        let text = |text: &str| redactor.text(text).into_owned();
        let public = |part: &FoundPart| match &part.value {
            PartValue::Public(value) => Some((part.name.clone(), text(value))),
            PartValue::Secret(_) => None,
        };
        Self {
            rank: rule.rank,
            rule: rule.id.clone().into_owned(),
            family: rule.family.clone().into_owned(),
            name: rule.name.clone().into_owned(),
            provider: rule.provider.clone().into_owned(),
            provider_name: rule.provider_name.clone().into_owned(),
            class: rule.class.name().to_owned(),
            severity: incident.severity.name().to_owned(),
            confidence: rule.confidence.name().to_owned(),
            masked: incident.secret.masked(),
            is_valid: incident.checksum == Checksum::Valid,
            entropy: incident.entropy,
            claims: incident.claims.as_ref().map(|claims| claims_without(claims, redactor)),
            notes: incident.notes.iter().map(|note| text(note)).collect(),
            parts: incident.parts.iter().filter_map(public).collect(),
        }
    }

    pub(super) fn parts(&self) -> Vec<FoundPart> {
        let part = |(name, value): &(String, String)| FoundPart {
            name: name.clone(),
            value: PartValue::Public(value.clone()),
            span: Span::new(0, 0),
        };
        self.parts.iter().map(part).collect()
    }
}

fn claims_without(claims: &Claims, redactor: &Redactor<'_>) -> Claims {
    let text = |text: &String| redactor.text(text).into_owned();
    Claims {
        algorithm: claims.algorithm.as_ref().map(text),
        issuer: claims.issuer.as_ref().map(text),
        audience: claims.audience.iter().map(text).collect(),
        ..claims.clone()
    }
}

/// A verdict, and what the provider said beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expired: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<Access>,
}

impl Said {
    pub(super) fn new(verdict: &Verdict, access: Option<&Access>, redactor: &Redactor<'_>) -> Self {
        Self {
            status: verdict.status().to_owned(),
            reason: match verdict {
                Verdict::Unknown(reason) => Some(redactor.text(reason).into_owned()),
                _ => None,
            },
            expired: match verdict {
                Verdict::Inactive(Why::Expired(at)) => Some(*at),
                _ => None,
            },
            access: access.map(|access| access_without(access, redactor)),
        }
    }

    /// As it was kept; nothing was said where nothing is kept.
    pub(super) fn read(json: &str) -> Result<Self, Error> {
        if json.is_empty() { Ok(Self::default()) } else { parsed(json) }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match (self.status.as_str(), self.expired) {
            ("active", _) => Verdict::Active,
            ("inactive", Some(at)) => Verdict::Inactive(Why::Expired(at)),
            ("inactive", None) => Verdict::Inactive(Why::Rejected),
            ("unknown", _) => Verdict::Unknown(self.reason.clone().unwrap_or_default().into()),
            _ => Verdict::Unchecked,
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.status == "inactive"
    }
}

fn access_without(access: &Access, redactor: &Redactor<'_>) -> Access {
    let text = |text: &String| redactor.text(text).into_owned();
    let resource = |resource: &Resource| Resource {
        kind: text(&resource.kind),
        count: resource.count,
        names: resource.names.iter().map(text).collect(),
    };
    Access {
        owner: access.owner.as_ref().map(text),
        account: access.account.as_ref().map(text),
        scopes: access.scopes.as_ref().map(text),
        expires: access.expires.as_ref().map(text),
        powers: access.powers.clone(),
        resources: access.resources.iter().map(resource).collect(),
    }
}

/// A coverage as it is kept.
#[derive(Serialize, Deserialize)]
struct Covered {
    files: u64,
    blobs: u64,
    commits: u64,
    tags: u64,
    refs: u64,
    bytes: u64,
    history: String,
    skipped: Vec<(String, u64, Vec<String>)>,
    failed: Vec<(String, String)>,
    notes: Vec<String>,
    allowed: u64,
}

const HISTORIES: [History; 4] = [History::None, History::Full, History::Shallow, History::Selected];
const SKIPPED: [Skipped; 4] = [Skipped::Excluded, Skipped::TooLarge, Skipped::NotAFile, Skipped::NestedRepository];

/// `coverage` as it is kept, masked.
pub(super) fn coverage(coverage: &Coverage, redactor: &Redactor<'_>) -> String {
    let text = |text: &String| redactor.text(text).into_owned();
    let skipped = coverage
        .skipped
        .iter()
        .map(|(why, tally)| (why.name().to_owned(), tally.count, tally.examples.iter().map(text).collect()));
    json(&Covered {
        files: coverage.files,
        blobs: coverage.blobs,
        commits: coverage.commits,
        tags: coverage.tags,
        refs: coverage.refs,
        bytes: coverage.bytes,
        history: coverage.history.name().to_owned(),
        skipped: skipped.collect(),
        failed: coverage.failed.iter().map(|failure| (text(&failure.subject), text(&failure.reason))).collect(),
        notes: coverage.notes.iter().map(text).collect(),
        allowed: coverage.allowed,
    })
}

/// A coverage as it was kept.
pub(super) fn coverage_of(json: &str) -> Result<Coverage, Error> {
    let covered: Covered = parsed(json)?;
    let why = |name: &str| SKIPPED.into_iter().find(|why| why.name() == name);
    let skipped = covered
        .skipped
        .into_iter()
        .filter_map(|(name, count, examples)| Some((why(&name)?, Tally { count, examples })));
    Ok(Coverage {
        files: covered.files,
        blobs: covered.blobs,
        commits: covered.commits,
        tags: covered.tags,
        refs: covered.refs,
        bytes: covered.bytes,
        history: HISTORIES.into_iter().find(|history| history.name() == covered.history).unwrap_or_default(),
        skipped: skipped.collect(),
        failed: covered.failed.into_iter().map(|(subject, reason)| Failure { subject, reason }).collect(),
        notes: covered.notes,
        allowed: covered.allowed,
    })
}

/// Anything as JSON.
pub(super) fn json(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_else(|_| unreachable!("all keys are strings, and memory does not fail"))
}

/// JSON as it was kept. What stands there is not told.
pub(super) fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|_| Error::Damaged { why: "a text in it makes no sense".to_owned() })
}
