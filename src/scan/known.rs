//! Which occurrences are known already, by allow entries and the baseline, and what is said of that at the end (law 9).
//!
//! Comments are read beside their secret, by [`super::worker`].

use std::collections::BTreeSet;

use super::{History, Options, Target};
use crate::{
    coverage::{self, Coverage},
    incident::{IncidentId, Occurrence},
    known::{
        allows::Found,
        baseline::{Baseline, State},
    },
    rule::Rule,
    secret::Secret,
};

/// What is known, and what of it was met.
pub(super) struct Known<'a> {
    options: &'a Options,
    /// Of each allow entry, whether it fitted anything.
    fitted: Vec<bool>,
    /// Entries of the baseline that were found.
    met: BTreeSet<IncidentId>,
    /// Those that allow what nothing else does.
    marked: BTreeSet<IncidentId>,
    /// Those of them whose incident is not reported.
    hidden: BTreeSet<IncidentId>,
}

impl<'a> Known<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        let fitted = vec![false; options.allows.len()];
        Self { options, fitted, met: BTreeSet::new(), marked: BTreeSet::new(), hidden: BTreeSet::new() }
    }

    /// Notes in each occurrence of an incident what allows it, where a comment does not already.
    pub(super) fn mark(&mut self, id: IncidentId, rule: &str, secret: &Secret, occurrences: &mut [Occurrence]) {
        for occurrence in &mut *occurrences {
            let found = Found { id, rule, secret, path: occurrence.path.as_ref() };
            for (allow, fitted) in self.options.allows.iter().zip(&mut self.fitted) {
                if allow.fits(found) {
                    *fitted = true;
                    occurrence.allowed_by.get_or_insert_with(|| allow.reason.clone());
                }
            }
        }
        let Some(entry) = self.options.baseline.as_ref().and_then(|baseline| baseline.entries.get(&id)) else { return };
        self.met.insert(id);
        for occurrence in occurrences.iter_mut().filter(|occurrence| occurrence.allowed_by.is_none()) {
            occurrence.allowed_by = Some(entry.words());
            self.marked.insert(id);
        }
    }

    /// Notes that nothing of an incident is left to report.
    pub(super) fn hide(&mut self, id: IncidentId) {
        if self.marked.contains(&id) {
            self.hidden.insert(id);
        }
    }

    /// Says in the coverage what the baseline hid, and which entries are of no use.
    pub(super) fn tell(&self, rules: &[Rule], coverage: &mut Coverage) {
        if let Some(baseline) = self.options.baseline.as_ref() {
            coverage.notes.extend(self.hidden_by(baseline));
        }
        if !self.is_everything(coverage) {
            return;
        }
        // What this run does not look for may be there.
        let looked_for: BTreeSet<&str> = rules.iter().map(|rule| &*rule.id).collect();
        for (allow, fitted) in self.options.allows.iter().zip(&self.fitted) {
            if !fitted && allow.rule.as_ref().is_none_or(|rule| looked_for.contains(rule.as_str())) {
                coverage.notes.push(format!("the allow in line {} of the configuration hides nothing", allow.line));
            }
        }
        if let Some(baseline) = self.options.baseline.as_ref() {
            coverage.notes.extend(self.unused(baseline, &looked_for));
        }
    }

    /// How many incidents the baseline hides.
    fn hidden_by(&self, baseline: &Baseline) -> Option<String> {
        if self.options.show_allowed || self.hidden.is_empty() {
            return None;
        }
        let is_to_fix = |id: &&IncidentId| baseline.entries[*id].state == Some(State::Fix);
        let to_fix = match self.hidden.iter().filter(is_to_fix).count() {
            0 => String::new(),
            count => format!(", {count} of them to be fixed"),
        };
        Some(format!("the baseline hides {}{to_fix}", counted(self.hidden.len(), "incident", "incidents")))
    }

    /// How many entries of the baseline match nothing.
    fn unused(&self, baseline: &Baseline, looked_for: &BTreeSet<&str>) -> Option<String> {
        let missing = baseline.entries.iter().filter(|(id, _)| !self.met.contains(id));
        match missing.filter(|(_, entry)| looked_for.contains(&*entry.rule)).count() {
            0 => None,
            count => {
                let entries = counted(count, "entry of the baseline matches", "entries of the baseline match");
                Some(format!("{entries} nothing: `stanch baseline prune --dry-run` lists them"))
            }
        }
    }

    /// Whether the run saw all that there is, so that what was not met is not there.
    fn is_everything(&self, coverage: &Coverage) -> bool {
        let folders = |target: &Target| matches!(target, Target::Path(path) if path.is_dir());
        coverage.complete()
            && coverage.history != coverage::History::Shallow
            && is_full(&self.options.history)
            && self.options.targets.iter().all(folders)
    }
}

#[cfg(feature = "git")]
fn is_full(history: &History) -> bool {
    matches!(history, History::Full { refs: crate::source::git::Refs::All, files: true })
}

#[cfg(not(feature = "git"))]
fn is_full(history: &History) -> bool {
    matches!(history, History::FilesOnly)
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
