//! The objects of the machine formats, as `docs/output.md` describes them. Fields are written in the order of declaration.

use std::borrow::Cow;

use serde::Serialize;

use super::{Looked, WeaknessReport};
use crate::{
    report::{Report, model, redact::Redactor},
    weakness::{self, Place},
};

/// One weakness at one place.
#[derive(Serialize)]
pub(super) struct Weakness<'a> {
    r#type: &'static str,
    check: &'a str,
    title: Cow<'a, str>,
    severity: &'static str,
    confidence: &'static str,
    attack: &'a str,
    remedy: Cow<'a, str>,
    standards: Vec<Standard<'a>>,
    #[serde(flatten)]
    place: Where<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Standard<'a> {
    #[serde(rename = "standard")]
    name: &'a str,
    section: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Where<'a> {
    File { path: String, line: u64, column: u64, end_line: u64, end_column: u64, byte_offset: u64 },
    Answer { url: Cow<'a, str>, part: Cow<'a, str> },
}

/// What was looked at and what was not.
#[derive(Serialize)]
pub(super) struct Coverage<'a> {
    #[serde(flatten)]
    coverage: model::Coverage<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
}

impl<'a> Weakness<'a> {
    pub(super) fn new(weakness: &'a weakness::Weakness, redactor: &Redactor<'_>) -> Self {
        let standard = |cited: &'a weakness::Citation| Standard {
            name: &cited.standard,
            section: &cited.section,
            url: &cited.url,
        };
        Self {
            r#type: "weakness",
            check: &weakness.check,
            title: redactor.text(&weakness.title),
            severity: weakness.severity.name(),
            confidence: weakness.confidence.name(),
            attack: &weakness.attack,
            remedy: redactor.text(&weakness.remedy),
            standards: weakness.standards.iter().map(standard).collect(),
            place: Where::new(&weakness.place, redactor),
            evidence: weakness.evidence.as_ref().map(|text| redactor.text(text)),
        }
    }
}

impl<'a> Where<'a> {
    fn new(place: &'a Place, redactor: &Redactor<'_>) -> Self {
        match place {
            Place::File { path, location, .. } => Self::File {
                path: redactor.path(path).into_owned(),
                line: location.line,
                column: location.column,
                end_line: location.end_line,
                end_column: location.end_column,
                byte_offset: location.span.start(),
            },
            Place::Answer { url, part } => Self::Answer { url: redactor.text(url), part: redactor.text(part) },
        }
    }
}

impl<'a> Coverage<'a> {
    pub(super) fn new(report: &WeaknessReport<'a>, whole: &Report<'a>, redactor: &Redactor<'_>) -> Self {
        let requests = match report.looked {
            Looked::AtFiles => None,
            Looked::AtAnswers { requests, .. } => Some(requests),
        };
        Self { coverage: model::Coverage::new(whole, redactor), requests }
    }
}
