//! Incidents made tokens to look for: with their values where a scan has found them anew, with what a report says of them otherwise.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use serde_json::Value;

use super::{
    event::{Leak, Matched, Needle, Token},
    needle,
    time::{self, Zone},
};
use crate::{
    finding::PartValue,
    incident::{CommitInfo, Incident, Occurrence},
    rule::Rule,
    verdict::Verdict,
};

/// Shorter ids of keys are found by chance, in bytes.
const SHORTEST_ID: usize = 16;
/// How long a SHA-256 is, in bytes.
const SHA256: usize = 32;
/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

impl Token {
    /// A token of which nothing but its value is known.
    pub fn bare(rule: &'static str, masked: String, value: &[u8]) -> Self {
        Self {
            incident: None,
            rule: rule.into(),
            masked,
            needles: needle::of(value),
            leaked_at: None,
            leaked_by: None,
            revoked_at: None,
            issued_at: needle::issued_at(value),
        }
    }

    /// A token of which nothing but its SHA-256 is known, as `sha256:` and the hash in hex or base64.
    pub fn hashed(text: &str) -> Option<Self> {
        let hash = text.strip_prefix("sha256:")?;
        let decoded = [&HEXLOWER_PERMISSIVE, &BASE64, &BASE64_NOPAD]
            .into_iter()
            .find_map(|form| form.decode(hash.as_bytes()).ok());
        let decoded = decoded.filter(|hash| hash.len() == SHA256)?;
        Some(Self { needles: needle::of_hash(&decoded), ..Self::bare("any", text.to_owned(), b"") })
    }

    /// The token of an incident, found by one of `rules`.
    pub fn of_incident(incident: &Incident, rules: &[Rule]) -> Self {
        let found_by = rules.get(incident.rule.0 as usize);
        let rule = found_by.map(|rule| rule.id.clone()).unwrap_or_default();
        let mut needles = needle::of(incident.secret.expose());
        if found_by.is_some_and(|rule| rule.identifier) {
            for needle in &mut needles {
                needle.matched = Matched::KeyId;
            }
        }
        let public = incident.parts.iter().filter_map(|part| match &part.value {
            PartValue::Public(value) => Some((part.name.as_str(), value.as_str())),
            PartValue::Secret(_) => None,
        });
        needles.extend(public.filter_map(|(name, value)| key_id(name, value)));
        let first = incident.occurrences.iter().filter_map(introduced).min_by_key(|(commit, _)| commit.at);
        // One that is resolved may only be gone from the code.
        let life = incident.life.filter(|_| matches!(incident.verdict, Verdict::Inactive(_)));
        let resolved = life.and_then(|life| life.resolved_at);
        Self {
            incident: Some(incident.id.to_string().into()),
            rule,
            masked: incident.secret.masked(),
            needles,
            leaked_at: first.map(|(commit, _)| commit.at * SECOND),
            leaked_by: first.map(|(commit, occurrence)| Leak {
                commit: commit.id.to_string(),
                path: occurrence.path.as_ref().map(|path| path.to_text().into_owned()),
            }),
            revoked_at: resolved.map(|at| at * SECOND),
            issued_at: needle::issued_at(incident.secret.expose()),
        }
    }

    /// The token of an incident as a report has it, which holds no value: it is known by the ids of its keys alone.
    pub fn of_report(incident: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let rule = text(&incident["rule"]).unwrap_or_default();
        let parts = incident["parts"].as_array().into_iter().flatten();
        let needles = parts.filter_map(|part| key_id(part["name"].as_str()?, part["value"].as_str()?)).collect();
        let at =
            |value: &Value| value.as_str().and_then(|text| time::parse(text, &Zone::default())).map(|time| time.at);
        let introduced = |occurrence: &'_ Value| {
            let commit = &occurrence["introduced"];
            Some((at(&commit["at"])?, text(&commit["commit"])?, text(&occurrence["path"])))
        };
        let occurrences = incident["occurrences"].as_array().into_iter().flatten();
        let first = occurrences.filter_map(introduced).min();
        Self {
            incident: text(&incident["id"]).map(Into::into),
            rule: rule.into(),
            masked: text(&incident["secret"]["masked"]).unwrap_or_else(|| "…".to_owned()),
            needles,
            leaked_at: first.as_ref().map(|(at, ..)| *at),
            leaked_by: first.map(|(_, commit, path)| Leak { commit, path }),
            revoked_at: at(&incident["resolved_at"]).filter(|_| incident["verdict"]["status"] == "inactive"),
            issued_at: at(&incident["claims"]["issued"]),
        }
    }
}

fn introduced(occurrence: &Occurrence) -> Option<(&CommitInfo, &Occurrence)> {
    Some((occurrence.git.as_ref()?.introduced.as_ref()?, occurrence))
}

/// The id of a key among what was found with a secret.
fn key_id(name: &str, value: &str) -> Option<Needle> {
    (matches!(name, "id" | "key_id") && value.len() >= SHORTEST_ID).then(|| needle::of_id(value)).flatten()
}
