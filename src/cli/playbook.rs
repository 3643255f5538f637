//! `stanch playbook`: the steps that end the incidents of a report, or any token of a rule.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use serde_json::Value;
use stanch::{
    respond::{Guide, html, json, markdown},
    rules::Ruleset,
    scan::Status,
};

use super::{error::AnyError, patterns, reported};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A report of stanch in JSON or JSON lines; - is standard input
    #[arg(value_name = "REPORT", required_unless_present = "rule", conflicts_with = "rule")]
    report: Option<PathBuf>,
    /// For any token of this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Takes only the incidents whose ids begin so
    #[arg(long, value_name = "ID", conflicts_with = "rule")]
    id: Vec<String>,
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// As what it is written
    #[arg(short, long, value_enum, default_value = "markdown")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A page for people, such as a ticket
    Markdown,
    /// One document for machines
    Json,
    /// One page for a browser
    Html,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("no incident has an id that begins with {id}")]
    NoSuchId { id: String },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let rules = patterns::rules(&arguments.patterns)?;
    let guides = match (&arguments.rule, &arguments.report) {
        (Some(id), _) => vec![Guide::of_rule(rules.find(id)?)],
        (None, Some(report)) => {
            let named = report.to_str().filter(|name| *name != "-");
            guides(&rules, &wanted(reported::incidents(report)?, &arguments.id)?, named)?
        }
        (None, None) => Vec::new(),
    };
    let text = match arguments.format {
        Format::Markdown => guides.iter().map(markdown::page).collect::<Vec<_>>().join("\n"),
        Format::Json => format!("{:#}\n", json::document(&guides)),
        Format::Html => html::page(&guides),
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Status::Clean)
}

fn wanted(mut incidents: Vec<Value>, ids: &[String]) -> Result<Vec<Value>, Error> {
    let begins = |incident: &Value, id: &String| incident["id"].as_str().is_some_and(|known| known.starts_with(id));
    if let Some(id) = ids.iter().find(|id| !incidents.iter().any(|incident| begins(incident, id))) {
        return Err(Error::NoSuchId { id: id.clone() });
    }
    incidents.retain(|incident| ids.is_empty() || ids.iter().any(|id| begins(incident, id)));
    Ok(incidents)
}

/// For each of `incidents`, as reports have them; `report` is the file that they are in.
pub(super) fn guides(rules: &Ruleset, incidents: &[Value], report: Option<&str>) -> Result<Vec<Guide>, AnyError> {
    let guide = |incident: &Value| {
        let rule = rules.find(incident["rule"].as_str().unwrap_or_default())?;
        Ok(Guide::of_incident(rule, incident, report))
    };
    incidents.iter().map(guide).collect()
}

/// Writes a page for each of `guides`, and one that leads to them, into the folder `dir`.
pub(super) fn write_all(dir: &Path, guides: &[Guide]) -> Result<(), AnyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    fs::create_dir_all(dir).map_err(failed(dir))?;
    let name = |guide: &Guide| {
        let id = guide.id.as_deref().unwrap_or_default();
        format!("{}-{}.md", guide.rule, id.get(..12).unwrap_or(id))
    };
    for guide in guides {
        let path = dir.join(name(guide));
        fs::write(&path, markdown::page(guide)).map_err(failed(&path))?;
    }
    let named: Vec<_> = guides.iter().map(|guide| (name(guide), guide)).collect();
    let path = dir.join("index.md");
    fs::write(&path, markdown::index(&named)).map_err(failed(&path))?;
    Ok(())
}
