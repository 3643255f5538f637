//! Allow entries of the configuration: which incidents, by which rule, on which paths, and why.

use globset::GlobSet;

use crate::{blob::PathName, incident::IncidentId};

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
    /// Why, for those who read the configuration.
    pub reason: String,
}

impl Allow {
    /// Whether it allows an occurrence of the incident `id`, found by the rule `rule`, at `path`.
    pub fn fits(&self, id: IncidentId, rule: &str, path: Option<&PathName>) -> bool {
        let named = self.incident.as_ref().is_none_or(|wanted| id.to_string().starts_with(wanted.as_str()));
        let ruled = self.rule.as_ref().is_none_or(|wanted| wanted == rule);
        let placed = self.paths.as_ref().is_none_or(|globs| path.is_some_and(|path| globs.is_match(&*path.to_text())));
        named && ruled && placed
    }
}
