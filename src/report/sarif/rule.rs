//! A rule as code scanning shows it: what it finds, and in its help the playbook.

use std::{collections::BTreeSet, fmt::Write};

use serde::Serialize;

use super::{Level, Text};
use crate::{
    escape,
    playbook::Playbook,
    report::words,
    rule::{Rule, Severity},
    rules::placeholder,
};

/// GitHub's limit for names, in characters.
pub(in crate::report) const MOST_NAME: usize = 255;
/// GitHub's limit for descriptions, in characters.
const MOST_DESCRIPTION: usize = 1_024;

/// A rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Descriptor<'a> {
    pub(in crate::report) id: &'a str,
    pub(in crate::report) name: String,
    pub(in crate::report) short_description: Text,
    pub(in crate::report) full_description: Text,
    pub(in crate::report) default_configuration: Configuration,
    pub(in crate::report) help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) help_uri: Option<&'a str>,
    pub(in crate::report) properties: Properties<'a>,
}

#[derive(Serialize)]
pub(in crate::report) struct Configuration {
    pub(in crate::report) level: Level,
}

#[derive(Serialize)]
pub(in crate::report) struct Help {
    pub(in crate::report) text: String,
    pub(in crate::report) markdown: String,
}

#[derive(Serialize)]
pub(in crate::report) struct Properties<'a> {
    pub(in crate::report) tags: BTreeSet<&'a str>,
    pub(in crate::report) precision: &'static str,
    #[serde(rename = "security-severity")]
    pub(in crate::report) security_severity: &'static str,
}

impl<'a> From<&'a Rule> for Descriptor<'a> {
    fn from(rule: &'a Rule) -> Self {
        // Nobody issues what the generic rules find.
        let issuer =
            if rule.provider == "generic" { String::new() } else { format!(", issued by {}", rule.provider_name) };
        let full = format!("{}{issuer}: {}.", rule.name, words::meaning(rule.class));
        let help_uri = [rule.playbook.as_ref().map(|playbook| playbook.url.as_ref()), Some(rule.source.as_ref())];
        Self {
            id: &rule.id,
            name: escape::cut(&escape::terminal(&rule.name), MOST_NAME).into_owned(),
            short_description: described(&rule.name),
            full_description: described(&full),
            default_configuration: Configuration { level: Level::new(rule.severity, rule.confidence) },
            help: Help::from(rule),
            help_uri: help_uri.into_iter().flatten().find(|url| is_url(url)),
            properties: Properties {
                tags: BTreeSet::from(["security", "secret", rule.class.name(), &rule.provider]),
                precision: rule.confidence.name(),
                security_severity: score(rule.severity),
            },
        }
    }
}

pub(in crate::report) fn described(text: &str) -> Text {
    Text { text: escape::cut(&escape::terminal(text), MOST_DESCRIPTION).into_owned() }
}

impl From<&Rule> for Help {
    fn from(rule: &Rule) -> Self {
        let Some(playbook) = &rule.playbook else {
            let advice =
                "Revoke it where it was issued, put a new one in its place, then remove it from where it leaked.";
            return Self { text: advice.to_owned(), markdown: escape::markdown(advice) };
        };
        Self { text: plain(playbook), markdown: marked(playbook) }
    }
}

fn plain(playbook: &Playbook) -> String {
    let mut out = String::new();
    for (nth, step) in playbook.steps.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}. {}: {}",
            nth + 1,
            step.phase.name(),
            escape::terminal(&placeholder::unfilled(&step.text))
        );
    }
    out.push_str(&escape::terminal(&playbook.url));
    out
}

fn marked(playbook: &Playbook) -> String {
    let mut out = String::new();
    for (nth, step) in playbook.steps.iter().enumerate() {
        // Writing to a string cannot fail.
        let text = escape::markdown(&placeholder::unfilled(&step.text));
        let _ = writeln!(out, "{}. **{}**: {text}", nth + 1, step.phase.name());
        for line in &*step.commands {
            let _ = writeln!(out, "   - {}", escape::code(&placeholder::unfilled(line)));
        }
    }
    if is_url(&playbook.url) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\n<{}>", playbook.url);
    }
    out
}

/// Whether `text` is an address that a document may link to as it stands.
pub(in crate::report) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fine = |byte: u8| byte.is_ascii_graphic() && !b"<>\"`{}|^\\[]".contains(&byte);
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(fine))
}

/// What GitHub takes for `low`, `medium`, `high` and `critical`.
pub(in crate::report) fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_linked() {
        assert!(is_url("https://example.org/a?b=c#d"));
        for text in ["javascript:x", "https://", "https://a b", "https://a>", "ftp://a"] {
            assert!(!is_url(text), "{text}");
        }
    }
}
