//! SARIF 2.1.0, for code scanning: a rule for each check that found something, a result for each place.
//!
//! A region is what a check matched, its context the line with the evidence. Limits and what is said of the run are those of the
//! incidents' SARIF.

use std::{collections::BTreeMap, fmt::Write as _, io};

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{WeaknessReport, cookies::Cookie, place};
use crate::{
    escape,
    report::{
        json::value,
        level::Level,
        redact::Redactor,
        sarif::{
            BEGINNING, MOST_TEXT, Run, Text, UNITS,
            place::Artifact,
            rule::{Configuration, Descriptor, Help, MOST_NAME, Properties, described, is_url, score},
            write_results, write_tool,
        },
    },
    weakness::{Place, Weakness},
};

/// How many hex digits of a hash tell two weaknesses apart.
const MOST_HASH: usize = 32;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: Level,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
    properties: Facts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_region: Option<Region>,
}

/// Lines, and where it is a part of them, its columns in UTF-16 code units.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u64>,
    end_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Text>,
}

/// Made of check, file and what was seen, so that it survives edits elsewhere in the file.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "stanch/weakness/v1")]
    weakness: String,
}

#[derive(Serialize)]
struct Facts {
    severity: &'static str,
    confidence: &'static str,
}

/// What is said of the whole run.
#[derive(Serialize)]
struct Seen<'a> {
    cookies: Vec<Cookie<'a>>,
}

/// Writes one run.
pub(super) fn write(report: &WeaknessReport<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let whole = report.without_incidents();
    let redactor = Redactor::new(&whole);
    let mut fired: BTreeMap<&str, (usize, &Weakness)> = BTreeMap::new();
    for weakness in report.weaknesses {
        fired.entry(&weakness.check).or_insert((0, weakness));
    }
    fired.values_mut().enumerate().for_each(|(nth, (index, _))| *index = nth);
    let rules: Vec<Descriptor<'_>> = fired.values().map(|(_, weakness)| descriptor(weakness)).collect();
    out.write_all(BEGINNING)?;
    write_tool(out, &rules)?;
    out.write_all(UNITS.as_bytes())?;
    out.write_all(b",\"results\":[")?;
    let index = |weakness: &Weakness| fired.get(&*weakness.check).map_or(0, |(index, _)| *index);
    let results = report.weaknesses.iter().map(|weakness| Found::new(weakness, index(weakness), &redactor));
    let cut = write_results(out, results)?;
    out.write_all(b"\n],\"invocations\":")?;
    value(out, &[Run::new(&whole).invocation(&cut)])?;
    if let Some(cookies) = report.cookies() {
        let cookies = cookies.iter().map(|cookie| Cookie::new(cookie, &redactor)).collect();
        out.write_all(b",\"properties\":")?;
        value(out, &Seen { cookies })?;
    }
    out.write_all(b"}]}\n")
}

fn descriptor(weakness: &Weakness) -> Descriptor<'_> {
    Descriptor {
        id: &weakness.check,
        name: escape::cut(&escape::terminal(&weakness.title), MOST_NAME).into_owned(),
        short_description: described(&weakness.title),
        full_description: described(&weakness.attack),
        default_configuration: Configuration { level: Level::new(weakness.severity, weakness.confidence) },
        help: help(weakness),
        help_uri: weakness.standards.first().map(|cited| &*cited.url).filter(|url| is_url(url)),
        properties: Properties {
            tags: ["security", "session"].into(),
            precision: weakness.confidence.name(),
            security_severity: score(weakness.severity),
        },
    }
}

/// What somebody does with it, what to write instead, and who says so.
fn help(weakness: &Weakness) -> Help {
    let (mut text, mut markdown) = (
        format!("Attack: {}\nRemedy: {}\n", escape::terminal(&weakness.attack), escape::terminal(&weakness.remedy)),
        format!(
            "**Attack:** {}\n\n**Remedy:** {}\n\n",
            escape::markdown(&weakness.attack),
            escape::markdown(&weakness.remedy)
        ),
    );
    for cited in &weakness.standards {
        let name = format!("{}, {}", cited.standard, cited.section);
        let _ = writeln!(text, "{}: {}", escape::terminal(&name), escape::terminal(&cited.url));
        let link = if is_url(&cited.url) { format!(": <{}>", cited.url) } else { String::new() };
        let _ = writeln!(markdown, "- {}{link}", escape::markdown(&name));
    }
    Help { text, markdown }
}

impl<'a> Found<'a> {
    fn new(weakness: &'a Weakness, rule_index: usize, redactor: &Redactor<'_>) -> Self {
        let text = format!("{}. {}", weakness.title, weakness.remedy);
        Self {
            rule_id: &weakness.check,
            rule_index,
            level: Level::new(weakness.severity, weakness.confidence),
            message: Text { text: escape::sarif(&escape::cut(&redactor.text(&text), MOST_TEXT)) },
            locations: [Location { physical_location: Physical::new(weakness, redactor) }],
            partial_fingerprints: Fingerprints { weakness: fingerprint(weakness, redactor) },
            properties: Facts { severity: weakness.severity.name(), confidence: weakness.confidence.name() },
        }
    }
}

impl Physical {
    fn new(weakness: &Weakness, redactor: &Redactor<'_>) -> Self {
        let evidence = weakness.evidence.as_ref().map(|text| redactor.text(text));
        let snippet = evidence.map(|text| Text { text: escape::cut(&escape::terminal(&text), MOST_TEXT).into_owned() });
        match &weakness.place {
            Place::File { path, location, columns } => {
                let (line, end_line) = (location.line.max(1), location.end_line.max(1));
                let region = Region {
                    start_line: line,
                    start_column: columns.map(|[start, _]| start),
                    end_line,
                    end_column: columns.map(|[_, end]| end),
                    snippet: None,
                };
                // Evidence is the first line of it.
                let context = snippet.map(|snippet| Region {
                    start_line: line,
                    end_line,
                    snippet: Some(snippet),
                    ..Region::default()
                });
                Self { artifact_location: Artifact::file(path, redactor), region, context_region: context }
            }
            Place::Answer { url, .. } => {
                let region = Region { start_line: 1, end_line: 1, snippet, ..Region::default() };
                Self { artifact_location: Artifact::address(&redactor.text(url)), region, context_region: None }
            }
        }
    }
}

fn fingerprint(weakness: &Weakness, redactor: &Redactor<'_>) -> String {
    let place = match &weakness.place {
        Place::File { path, .. } => redactor.path(path),
        answer @ Place::Answer { .. } => place(answer, |path| redactor.path(path)).into(),
    };
    let evidence = weakness.evidence.as_deref().unwrap_or_default();
    let text = [&*weakness.check, &*weakness.title, &place, evidence].join("\0");
    let mut hash = HEXLOWER.encode(&Sha256::digest(text));
    hash.truncate(MOST_HASH);
    hash
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::{
        WeaknessFormat,
        weaknesses::samples::{Sample, written},
    };

    #[test]
    fn cookies_of_servers_are_properties_of_the_run() {
        let sample = Sample::of_a_server();
        let document: Value = serde_json::from_str(&written(WeaknessFormat::Sarif, &sample.report())).unwrap();
        let cookie = &document["runs"][0]["properties"]["cookies"][0];
        assert_eq!((&cookie["grade"], &cookie["ids"]["weak"]), (&json!("C"), &json!(true)));
    }

    #[test]
    fn a_run_holds_checks_and_places() {
        let sample = Sample::of_both_places();
        let document: Value = serde_json::from_str(&written(WeaknessFormat::Sarif, &sample.report())).unwrap();
        let run = &document["runs"][0];
        let ids: Vec<&Value> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(ids, ["cookie-not-secure", "jwt-none"]);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        assert_eq!((&results[0]["ruleIndex"], &results[0]["level"]), (&json!(1), &json!("error")));
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"], json!({"uri": "src/a.js", "uriBaseId": "%SRCROOT%"}));
        assert_eq!(place["region"], json!({"startLine": 12, "startColumn": 3, "endLine": 12, "endColumn": 23}));
        assert_eq!(place["contextRegion"]["startLine"], json!(12));
        assert!(place["contextRegion"]["snippet"]["text"].as_str().is_some_and(|text| text.starts_with("jwt.verify(")));
        let place = &results[2]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"], json!({"uri": "https://example.org/"}));
        assert_ne!(results[0]["partialFingerprints"], results[1]["partialFingerprints"]);
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        assert!(run.get("properties").is_none());
    }
}
