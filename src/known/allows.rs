//! Allow entries of the configuration: which incidents, by which rule, on which paths, with which secrets, and why.

use globset::GlobSet;
use regex_automata::meta::Regex;

use crate::{blob::PathName, incident::IncidentId, secret::Secret};

/// One entry: it allows what fits everything that it names.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The incident, by its id or the first characters of it.
    pub incident: Option<String>,
    /// The rule, by its id.
    pub rule: Option<String>,
    /// Paths, relative to what is scanned.
    pub paths: Option<GlobSet>,
    /// The patterns that `paths` are made of.
    pub globs: Vec<String>,
    /// What the secret holds.
    pub regex: Option<Regex>,
    /// The pattern that `regex` is made of.
    pub pattern: Option<String>,
    /// When it ends, in seconds since 1970.
    pub until: Option<i64>,
    /// Why, for those who read the configuration.
    pub reason: String,
    /// Where it begins in the configuration, from 1.
    pub line: usize,
}

/// A secret where it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Its incident.
    pub id: IncidentId,
    /// The rule that found it.
    pub rule: &'a str,
    /// The secret.
    pub secret: &'a Secret,
    /// Where.
    pub path: Option<&'a PathName>,
}

impl Allow {
    /// Whether it allows what was found.
    pub fn fits(&self, found: Found<'_>) -> bool {
        let named = self.incident.as_ref().is_none_or(|wanted| found.id.to_string().starts_with(wanted.as_str()));
        let ruled = self.rule.as_ref().is_none_or(|wanted| wanted == found.rule);
        let fits = |globs: &GlobSet| found.path.is_some_and(|path| globs.is_match(&*path.to_text()));
        let placed = self.paths.as_ref().is_none_or(fits);
        named && ruled && placed && self.regex.as_ref().is_none_or(|regex| regex.is_match(found.secret.expose()))
    }
}
