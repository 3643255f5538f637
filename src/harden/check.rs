//! A check as its file says it: where to look, and what there is, or is not, where it is weak.
//!
//! Reading files is `read`'s, looking is `find`'s. A pattern is compiled when a file first calls for it.

use std::sync::OnceLock;

use globset::GlobSet;
use regex_automata::{meta, util::syntax};

use super::lexer::Syntax;
use crate::{
    rule::{Confidence, Severity, names},
    weakness::Citation,
};

/// One thing that can be wrong, and how it looks in one framework.
#[derive(Debug)]
pub struct Check {
    /// Its name for machines.
    pub id: String,
    /// The framework's name for people.
    pub framework: String,
    /// Where the framework documents what is relied on.
    pub source: String,
    /// What is wrong, in one line.
    pub title: String,
    /// What an attacker does with it.
    pub attack: String,
    /// What to write instead.
    pub remedy: String,
    /// How much it gives away.
    pub severity: Severity,
    /// How sure a place is.
    pub confidence: Confidence,
    /// Who demands it not to be so.
    pub standards: Vec<Citation>,
    /// Whether a secret stands at the place, which a report must not show.
    pub(super) is_secret: bool,
    /// In which files it can be, by their names or their paths below what was named.
    pub(super) files: GlobSet,
    /// How comments look there.
    pub(super) syntax: Syntax,
    /// What such a file holds somewhere.
    pub(super) requires: Option<Pattern>,
    /// Where to look.
    pub(super) at: Pattern,
    /// How far to look from there.
    pub(super) within: Within,
    /// What is all there.
    pub(super) has: Vec<Pattern>,
    /// None of which is there.
    pub(super) lacks: Vec<Pattern>,
    /// None of which is anywhere in the file.
    pub(super) unless: Vec<Pattern>,
    /// None of which is in any file of the project, else a place is hardly one.
    pub(super) unless_elsewhere: Vec<Pattern>,
    /// What some file of the project holds, else a place is hardly one.
    pub(super) requires_elsewhere: Option<Pattern>,
    /// None of which is in a line that encloses the place by indentation.
    pub(super) outside: Vec<Pattern>,
    /// Files in which it finds something.
    pub matching: Vec<Example>,
    /// Files in which it finds nothing.
    pub not_matching: Vec<Example>,
}

impl Check {
    /// Whether other files have a say.
    pub(super) fn asks_elsewhere(&self) -> bool {
        !self.unless_elsewhere.is_empty() || self.requires_elsewhere.is_some()
    }
}

/// A file to try a check on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its name.
    pub file: String,
    /// What is in it.
    pub text: String,
}

/// How far to look from a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// To where the match's last bracket is closed, or the first that follows it.
    Call,
    /// To where the first brace that follows is closed.
    Block,
    /// The line, and those below that belong to it by indentation.
    Indent,
    /// The line.
    Line,
    /// The match itself.
    Match,
    /// The file.
    File,
}

names!(Within { Call = "call", Block = "block", Indent = "indent", Line = "line", Match = "match", File = "file" });

/// A regex that is compiled when it is first asked for.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    compiled: OnceLock<Option<meta::Regex>>,
}

impl Pattern {
    /// This regex, which is parsed only.
    pub(super) fn new(text: String) -> Result<Self, String> {
        let parsed = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&text);
        parsed.map_err(|error| error.to_string())?;
        Ok(Self { text, compiled: OnceLock::new() })
    }

    /// Compiled; nothing where it is too large to be.
    pub(super) fn regex(&self) -> Option<&meta::Regex> {
        let compile = || {
            let syntax = syntax::Config::new().unicode(false).utf8(false);
            let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(1 << 22));
            meta::Builder::new().syntax(syntax).configure(config).build(&self.text).ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }

    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}
