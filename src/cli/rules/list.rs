//! `stanch rules list`: every rule, for people, for programs, and as `docs/rules.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use clap::ValueEnum;
use serde_json::json;
use stanch::{
    rule::{Algorithm, Rule},
    rules::Ruleset,
};

use super::AnyError;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Markdown,
}

/// What a rule rests on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    /// The issuer documents the format.
    Documented,
    /// Nobody documents it, and it has a beginning or a place of its own.
    Shape,
    /// It is known by the name in front of it alone.
    Context,
}

impl Evidence {
    /// Context rules rank below those that know a format (`docs/patterns.md`).
    fn of(rule: &Rule) -> Self {
        match rule {
            _ if rule.documented => Self::Documented,
            _ if rule.detect.generic.is_some() || rule.rank <= 40 => Self::Context,
            _ => Self::Shape,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Shape => "shape",
            Self::Context => "context",
        }
    }
}

pub(super) fn run(rules: &Ruleset, format: Format, out: &mut impl Write) -> Result<(), AnyError> {
    match format {
        Format::Text => text(rules, out),
        Format::Json => objects(rules, out),
        Format::Markdown => markdown(rules, out),
    }
}

fn text(rules: &Ruleset, out: &mut impl Write) -> Result<(), AnyError> {
    let width = rules.rules().iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules.rules() {
        writeln!(out, "{:width$}  {:8}  {}", rule.id, rule.severity.name(), rule.name)?;
    }
    writeln!(out, "{}", summary(rules))?;
    Ok(())
}

fn summary(rules: &Ruleset) -> String {
    let providers: BTreeSet<_> = rules.rules().iter().map(|rule| &rule.provider).collect();
    let count = |evidence| rules.rules().iter().filter(|rule| Evidence::of(rule) == evidence).count();
    format!(
        "{} rules of {} providers: {} of a documented format, {} of a shape that nobody documents, {} by context alone",
        rules.rules().len(),
        providers.len(),
        count(Evidence::Documented),
        count(Evidence::Shape),
        count(Evidence::Context),
    )
}

fn objects(rules: &Ruleset, out: &mut impl Write) -> Result<(), AnyError> {
    for rule in rules.rules() {
        let object = json!({
            "id": rule.id, "provider": rule.provider, "name": rule.name, "class": rule.class.name(),
            "severity": rule.severity.name(), "confidence": rule.confidence.name(), "documented": rule.documented,
            "evidence": Evidence::of(rule).name(), "checksum": rule.detect.checksum.map(Algorithm::name), "source": rule.source,
            "note": rule.note,
        });
        writeln!(out, "{object}")?;
    }
    Ok(())
}

fn markdown(rules: &Ruleset, out: &mut impl Write) -> Result<(), AnyError> {
    writeln!(
        out,
        "# Rules\n\nMade by `stanch rules list --format markdown`; a test keeps it true.\n\n{}.\n",
        summary(rules)
    )?;
    writeln!(
        out,
        "*Evidence* says what a rule rests on: a format that its issuer documents (the link), a shape of its own that nobody\n\
         documents, or the name in front of the value alone. With *checksum*, a token that fails its own is not reported.\n"
    )?;
    let mut providers: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.rules() {
        providers.entry(&rule.provider).or_default().push(rule);
    }
    for rules in providers.values() {
        writeln!(out, "## {}\n", cell(&rules[0].provider_name))?;
        writeln!(out, "| rule | finds | class | severity | evidence |\n|---|---|---|---|---|")?;
        for rule in rules {
            let checksum = if rule.detect.checksum.is_some() { ", checksum" } else { "" };
            writeln!(
                out,
                "| `{}` | {} | {} | {} | [{}]({}){checksum} |",
                rule.id,
                cell(&rule.name),
                rule.class.name(),
                rule.severity.name(),
                Evidence::of(rule).name(),
                rule.source,
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
