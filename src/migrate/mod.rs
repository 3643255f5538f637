//! Other scanners' files become ours: what they leave out, allow and look for.
//!
//! A file a dialect reads one kind of foreign file and says what becomes of each of its parts: kept, changed, or not to be expressed. What
//! they know as secrets at some place is looked up among the incidents of a scan ([`known`]), so that no value of theirs is written.
//! Scanning, and writing what comes of it, is the caller's.

mod detect_secrets;
mod dialect;
mod example;
mod gitguardian;
mod gitleaks;
mod globs;
mod ignorefile;
mod kingfisher;
mod known;
mod literals;
mod patterns;
mod reader;
mod regex;
mod report;
mod ripsecrets;
mod rule;
mod secretlint;
mod talisman;
#[cfg(test)]
mod tests;
mod toml_text;
mod tree;
mod trufflehog;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    blob::Window,
    detect::{Detector, Scratch},
    incident::Incident,
    rule::Rule,
    rules::Ruleset,
};

pub use dialect::{Error, Source};
pub use patterns::{Patterns, read as patterns};
pub use tree::Place;
pub use write::{FOLDER, File};

use known::{Allowed, Known};
use rule::{Compiled, Use};

/// What became of a part of a foreign file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It means the same here.
    Kept,
    /// It means nearly the same.
    Changed,
    /// It could not be expressed.
    Lost,
    /// The file could not be read there.
    Broken,
}

/// What became of one part, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What became of it.
    pub fate: Fate,
    /// In words. It may quote the file: masking is the printer's.
    pub text: String,
}

/// What foreign files come to.
#[derive(Debug)]
pub struct Migration {
    notes: Vec<Note>,
    /// The rules of each pattern file, by the file's name.
    rules: BTreeMap<&'static str, Vec<Compiled>>,
    /// Our ids of foreign rules.
    names: BTreeMap<String, String>,
    /// Ids that are taken.
    taken: BTreeSet<String>,
    exclude: Vec<(String, String)>,
    skip: Vec<String>,
    never_fail: bool,
    allowed: Vec<Allowed>,
    known: Vec<Known>,
    builtin: Ruleset,
    detector: Detector,
    files: Vec<String>,
    usage: Use,
    /// What no longer means quite the same, and the rules that it is about; of those that are not written.
    changes: BTreeMap<String, Vec<String>>,
    /// Whether something in the files was passed over because it is no rule.
    passed_over: bool,
}

impl Default for Migration {
    fn default() -> Self {
        let builtin = Ruleset::builtin();
        let ids = builtin.rules().iter().flat_map(|rule| std::iter::once(&rule.id).chain(rule.aliases.iter()));
        Self {
            notes: Vec::new(),
            rules: BTreeMap::new(),
            names: BTreeMap::new(),
            taken: ids.map(ToString::to_string).collect(),
            exclude: Vec::new(),
            skip: Vec::new(),
            never_fail: false,
            allowed: Vec::new(),
            known: Vec::new(),
            detector: Detector::new(builtin.rules().to_vec()),
            builtin,
            files: Vec::new(),
            usage: Use::Written,
            changes: BTreeMap::new(),
            passed_over: false,
        }
    }
}

impl Migration {
    /// Reads `source`; what is wrong with it becomes a note.
    pub fn read(&mut self, source: &Source) {
        self.files.push(source.name.clone());
        dialect::read(source, self);
    }

    /// The rules that look for what the foreign files know: ours and theirs.
    pub fn rules(&self) -> Vec<Rule> {
        let theirs = self.rules.values().flatten().map(|compiled| compiled.rule.clone());
        self.builtin.rules().iter().cloned().chain(theirs).collect()
    }

    /// Whether [`Self::look_up`] has anything to look for.
    pub fn seeks(&self) -> bool {
        !self.known.is_empty()
    }

    /// Looks up what the foreign files know among `incidents`, which [`Self::rules`] found in `root`.
    pub fn look_up(&mut self, incidents: &[Incident], root: &Path) {
        let rules = self.rules();
        for known in std::mem::take(&mut self.known) {
            let (note, allowed) = known::look_up(&known, incidents, &rules, root);
            self.notes.push(note);
            for entry in allowed {
                self.allow(entry);
            }
        }
    }

    /// What became of everything, in the order of the files.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = self.notes.clone();
        notes.sort();
        notes.dedup();
        notes
    }

    /// Adds an allow entry, unless it is there or would write a secret.
    fn allow(&mut self, entry: Allowed) {
        let same = |other: &Allowed| (&other.id, &other.rule, &other.paths) == (&entry.id, &entry.rule, &entry.paths);
        if !self.allowed.iter().any(same) && !entry.paths.iter().any(|path| self.holds_secret(path)) {
            self.allowed.push(entry);
        }
    }

    /// Whether our own rules find a secret in `text`: then it is written nowhere.
    fn holds_secret(&self, text: &str) -> bool {
        !self.detector.tokens(&Window::whole(text.as_bytes()), &mut Scratch::default()).is_empty()
    }

    /// Our id of the rule that a foreign file calls `id`.
    fn our_id(&self, id: &str) -> Option<String> {
        let theirs = self.names.get(id).cloned();
        theirs.or_else(|| self.builtin.find(id).ok().map(|rule| rule.id.to_string()))
    }
}
