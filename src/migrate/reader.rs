//! What dialects say while they read: what becomes of the parts of one file.

use globset::GlobBuilder;

use super::{
    Fate, Migration, Note, Place, globs,
    known::{Allowed, Known, Mark},
    rule::{self, Draft, Use},
    tree::Node,
};

/// One foreign file being read.
pub(super) struct Reader<'m> {
    pub(super) file: &'m str,
    /// The name of the pattern file that its rules go to.
    pub(super) stem: &'static str,
    pub(super) to: &'m mut Migration,
}

impl Reader<'_> {
    pub(super) fn note(&mut self, place: Place, fate: Fate, text: impl Into<String>) {
        self.to.notes.push(Note { file: self.file.to_owned(), place, fate, text: text.into() });
    }

    pub(super) fn kept(&mut self, place: Place, text: impl Into<String>) {
        self.note(place, Fate::Kept, text);
    }

    pub(super) fn changed(&mut self, place: Place, text: impl Into<String>) {
        self.note(place, Fate::Changed, text);
    }

    pub(super) fn lost(&mut self, place: Place, text: impl Into<String>) {
        self.note(place, Fate::Lost, text);
    }

    /// Where something of this file stands, for who reads ours.
    pub(super) fn from(&self, place: Place) -> String {
        format!("from {}:{}", self.file, place.line)
    }

    /// Says of every value of `table` that has none of these names that it could not be expressed.
    pub(super) fn unknown(&mut self, table: &Node, names: &[&str]) {
        for (key, _) in table.entries().iter().filter(|(key, _)| !names.contains(&key.text.as_str())) {
            self.lost(key.place, format!("`{}` has nothing that answers to it", key.text));
        }
    }

    /// Says of those values of `table` that are there that they could not be expressed, and why.
    pub(super) fn inexpressible(&mut self, table: &Node, names: &[(&str, &str)]) {
        for (name, why) in names {
            if let Some(node) = table.get(name) {
                self.lost(node.place, format!("`{name}`: {why}"));
            }
        }
    }

    /// Whether only rules are taken from the file; that there is more is remembered.
    pub(super) fn takes_rules_alone(&mut self) -> bool {
        let alone = self.to.usage == Use::Unwritten;
        self.to.passed_over |= alone;
        alone
    }

    /// Leaves out the paths that `glob` fits.
    pub(super) fn exclude(&mut self, place: Place, glob: &str) {
        if self.glob(place, glob) {
            self.kept(place, format!("paths `{glob}` are left out"));
            let from = self.from(place);
            self.to.exclude.push((glob.to_owned(), from));
        }
    }

    /// Leaves out the paths in which `regex` matches.
    pub(super) fn exclude_regex(&mut self, place: Place, regex: &str) {
        let Some(globs) = self.globs(place, regex) else { return };
        self.kept(place, format!("paths `{regex}` are left out, as {}", globs.join(", ")));
        let from = self.from(place);
        self.to.exclude.extend(globs.into_iter().map(|glob| (glob, from.clone())));
    }

    /// The globs for a regex of paths; that there are none is said.
    pub(super) fn globs(&mut self, place: Place, regex: &str) -> Option<Vec<String>> {
        let globs = globs::from_regex(regex);
        if globs.is_none() {
            self.lost(place, format!("paths `{regex}`: no globs fit the same paths"));
        }
        globs.filter(|globs| globs.iter().all(|glob| self.glob(place, glob)))
    }

    /// Whether `glob` can be written; that it cannot is said.
    fn glob(&mut self, place: Place, glob: &str) -> bool {
        let wrong = GlobBuilder::new(glob).literal_separator(true).build().is_err();
        if wrong {
            self.lost(place, format!("`{glob}` is not a pattern of names"));
        } else if self.to.holds_secret(glob) {
            self.lost(place, "holds a secret itself, which is not written");
        }
        !wrong && !self.to.holds_secret(glob)
    }

    /// Allows what `rule` finds on these paths.
    pub(super) fn allow_rule(&mut self, place: Place, rule: &str, paths: Vec<String>) {
        let reason = self.from(place);
        self.kept(place, format!("what `{rule}` finds on {} is allowed", paths.join(", ")));
        self.to.allow(Allowed { id: None, rule: Some(rule.to_owned()), paths, reason });
    }

    /// Has a known secret looked up.
    pub(super) fn known(&mut self, place: Place, mark: Mark) -> &mut Known {
        let file = self.file.to_owned();
        self.to.known.push(Known { file, place, mark, rule: None, path: None, line: None, commit: None });
        let last = self.to.known.len() - 1;
        &mut self.to.known[last]
    }

    /// Allows the secrets that a regex fits, one by one.
    pub(super) fn known_regex(&mut self, place: Place, pattern: &str, rule: Option<&str>) {
        match Mark::fits(pattern) {
            Ok(mark) => self.known(place, mark).rule = rule.map(str::to_owned),
            Err(why) => self.lost(place, format!("a regex that allows cannot be read: {why}")),
        }
    }

    /// Skips the rule of ours that is called so.
    pub(super) fn skip_rule(&mut self, place: Place, id: &str) {
        match self.to.builtin.find(id).map(|rule| rule.id.to_string()) {
            Ok(ours) => {
                self.kept(place, format!("rule `{ours}` is skipped"));
                if !self.to.skip.contains(&ours) {
                    self.to.skip.push(ours);
                }
            }
            Err(_) => {
                self.lost(place, format!("no rule of ours is called `{id}`: `stanch rules list` tells what there is"));
            }
        }
    }

    /// Writes a rule, and gives its id of ours.
    pub(super) fn rule(&mut self, place: Place, mut draft: Draft) -> Option<String> {
        let foreign = draft.id.clone();
        draft.id = self.free_id(&foreign);
        if self.to.usage == Use::Written {
            draft.reject = self.rejected(place, &foreign, std::mem::take(&mut draft.reject));
        }
        let parts = draft.parts.iter().map(|(_, regex)| regex);
        let written: Vec<&String> =
            [&draft.name, &draft.regex].into_iter().chain(&draft.keywords).chain(parts).collect();
        if self.to.usage == Use::Written && written.into_iter().any(|text| self.to.holds_secret(text)) {
            self.lost(place, format!("rule `{foreign}`: it holds a secret itself, which is not written"));
            return None;
        }
        let compiled = match rule::compile(&draft, self.to.usage) {
            Ok(compiled) => compiled,
            Err(reason) => {
                self.lost(place, format!("rule `{foreign}`: {reason}"));
                return None;
            }
        };
        if self.to.usage == Use::Unwritten {
            self.changed_rule(&draft.id, &compiled.changes, draft.id != foreign);
        }
        let mut changes = compiled.changes.clone();
        if draft.id != foreign {
            changes.insert(0, format!("it is called `{}`", draft.id));
        }
        match changes.as_slice() {
            [] => self.kept(place, format!("rule `{foreign}`")),
            changes => self.changed(place, format!("rule `{foreign}`: {}", changes.join("; "))),
        }
        self.to.taken.insert(draft.id.clone());
        self.to.names.insert(foreign, draft.id.clone());
        self.to.rules.entry(self.stem).or_default().push(compiled);
        Some(draft.id)
    }

    /// Remembers what has changed of a rule, for one note on all of which that is so.
    fn changed_rule(&mut self, id: &str, changes: &[String], renamed: bool) {
        let renamed =
            renamed.then(|| "rules are called so, for their own ids are taken or have other letters".to_owned());
        for change in changes.iter().cloned().chain(renamed) {
            self.to.changes.entry(change).or_default().push(id.to_owned());
        }
    }

    /// An id that no rule has yet, as near to `id` as our format takes it.
    fn free_id(&self, id: &str) -> String {
        let plain = rule::plain_id(id);
        let prefixed = format!("{}-{plain}", self.stem);
        let numbered = (2..).map(|number| format!("{prefixed}-{number}"));
        let mut all = [plain, prefixed.clone()].into_iter().chain(numbered);
        all.find(|id| !self.to.taken.contains(id)).unwrap_or(prefixed)
    }

    /// Those of `words` that may be written: no secrets.
    fn rejected(&mut self, place: Place, id: &str, words: Vec<String>) -> Vec<String> {
        let (secret, plain): (Vec<String>, Vec<String>) =
            words.into_iter().partition(|word| looks_secret(word) || self.to.holds_secret(word));
        if !secret.is_empty() {
            let count = secret.len();
            self.lost(place, format!("rule `{id}`: {count} of its stop words may be secrets, and are not written"));
        }
        plain
    }
}

/// Whether a word may be more than one: long, of letters and digits.
fn looks_secret(word: &str) -> bool {
    word.len() >= 8
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}
