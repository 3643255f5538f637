//! Pattern files become a rule set.
//!
//! The built-in rules were read and checked when the program was built, and lie in it as a table: at start-up nothing is parsed
//! and no regex is compiled. Files given at run time pass through the same reading ([`spec`]) and the same checks ([`lint`]).
//! Matching is [`crate::detect`]'s.

mod answers;
pub mod checksum;
pub mod examples;
pub mod lint;
pub mod placeholder;
pub mod requests;
pub mod spec;
pub mod table;
pub mod template;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    bounded,
    rule::{Rule, RuleIx},
};
use table::Problem;

#[allow(clippy::unreadable_literal, unused_imports, reason = "generated, and what it uses depends on the rules")]
mod builtin {
    use std::borrow::Cow::Borrowed;

    use crate::{
        playbook::{Phase, Playbook, Step},
        request::{
            Answer, Ask, Batch, Did, Digest, Encoding, Field, Lookup, Method, Power, Protocol, Request, Revocation,
            Says, Scheme, Survey, Value, Verification,
        },
        rule::{Algorithm, Body, Bounds, Class, Confidence, Detection, Generic, Part, Rule, Severity, Shared},
    };

    include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
}

/// The rules of a run.
#[derive(Clone, Debug)]
pub struct Ruleset {
    rules: Vec<Rule>,
}

/// A larger file holds no patterns, in bytes.
const LARGEST: u64 = 10 << 20;

/// Reads the text of a pattern file in another program's format; nothing where it is in ours, or in none that is known.
pub type Foreign<'f> = dyn FnMut(&Path, &str) -> Option<Result<Vec<Rule>, Vec<Problem>>> + 'f;

/// Why rules could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of patterns could not be read.
    #[error("cannot read the patterns in {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder of patterns that holds none.
    #[error("{} holds no pattern file (*.toml)", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// Pattern files with mistakes in them.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong {
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A rule was named that does not exist.
    #[error("there is no rule `{id}`{hint}")]
    Unknown {
        /// The name.
        id: String,
        /// The nearest one, as a question.
        hint: String,
    },
}

impl Ruleset {
    /// The rules that come with the program.
    pub fn builtin() -> Self {
        Self { rules: builtin::RULES.to_vec() }
    }

    /// Whether a rule of this id comes with the program, or came.
    pub fn is_builtin(id: &str) -> bool {
        builtin::RULES.iter().any(|rule| rule.is_called(id))
    }

    /// A rule set of these rules.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// The rules, at their indexes.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One rule.
    pub fn get(&self, ix: RuleIx) -> &Rule {
        &self.rules[ix.0 as usize]
    }

    /// The rule that has this id, or had it.
    pub fn find(&self, id: &str) -> Result<&Rule, Error> {
        self.rules.iter().find(|rule| rule.is_called(id)).ok_or_else(|| {
            let nearest = table::nearest(id, self.rules.iter().map(|rule| &*rule.id));
            let hint = nearest.map_or(String::new(), |id| format!("; did you mean `{id}`?"));
            Error::Unknown { id: id.to_owned(), hint }
        })
    }

    /// Adds the rules of all pattern files in `dir` (or of the file `dir`); one of an id that is there already takes its place.
    pub fn add_dir(&mut self, dir: &Path, foreign: &mut Foreign<'_>) -> Result<(), Error> {
        self.add(read_dir(dir, foreign)?);
        Ok(())
    }

    /// The same for files that the scanned tree may have brought: their rules find, but whom they would have asked or told is left out, and what they would have shown stays masked (law 9).
    pub fn add_untrusted_dir(&mut self, dir: &Path, foreign: &mut Foreign<'_>) -> Result<(), Error> {
        let tamed = |rule: Rule| Rule {
            verify: None,
            access: None,
            revoke: None,
            delete: None,
            identifier: false,
            // A hash of something that somebody else calls a long random token might be guessed back.
            playbook: rule.playbook.filter(|playbook| !playbook.asks_for("sha256")),
            ..rule
        };
        self.add(read_dir(dir, foreign)?.into_iter().map(tamed).collect());
        Ok(())
    }

    fn add(&mut self, added: Vec<Rule>) {
        let mut places: BTreeMap<String, usize> =
            self.rules.iter().enumerate().map(|(at, rule)| (rule.id.clone().into_owned(), at)).collect();
        for rule in added {
            if let Some(&at) = places.get(&*rule.id) {
                self.rules[at] = rule;
            } else {
                places.insert(rule.id.clone().into_owned(), self.rules.len());
                self.rules.push(rule);
            }
        }
    }

    /// Keeps the rules named in `only` (all, where it is empty) but not those named in `skip`.
    pub fn select(&mut self, only: &[String], skip: &[String]) -> Result<(), Error> {
        let ids = |names: &[String]| -> Result<Vec<String>, Error> {
            names.iter().map(|id| Ok(self.find(id)?.id.clone().into_owned())).collect()
        };
        let (only, skip) = (ids(only)?, ids(skip)?);
        let named = |list: &[String], rule: &Rule| list.iter().any(|id| *id == rule.id);
        self.rules.retain(|rule| (only.is_empty() || named(&only, rule)) && !named(&skip, rule));
        Ok(())
    }
}

/// The rules of all pattern files in `dir`, sorted by file name; or of one file.
pub fn read_dir(dir: &Path, foreign: &mut Foreign<'_>) -> Result<Vec<Rule>, Error> {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in texts(dir)? {
        let read = foreign(&path, &text);
        match read.unwrap_or_else(|| spec::read(&path.display().to_string(), &text)) {
            Ok(read) => rules.extend(read),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(Error::Wrong { problems }) }
}

/// The pattern files in `dir`, sorted by name, or the file `dir`, whatever that is called; each with its text.
fn texts(dir: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    if !dir.is_dir() {
        let text = bounded::read_regular_text(dir, LARGEST).map_err(failed(dir))?;
        return Ok(vec![(dir.to_owned(), text)]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed(dir))? {
        let path = entry.map_err(failed(dir))?.path();
        if path.extension() == Some(OsStr::new("toml")) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::Empty { path: dir.to_owned() });
    }
    files.sort();
    let text = |path: PathBuf| {
        let text = bounded::read_regular_text(&path, LARGEST).map_err(failed(&path))?;
        Ok((path, text))
    };
    files.into_iter().map(text).collect()
}
