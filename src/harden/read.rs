//! Reads files of checks.

use std::{collections::BTreeMap, ffi::OsStr, fs, io, path::PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{
    check::{Check, Example, Pattern, Within},
    lexer::Syntax,
};
use crate::{
    bounded,
    cookie::weak,
    rule::{Confidence, Severity},
    rules::table::{Document, Located, Problem, Table, nearest},
    weakness::Citation,
};

include!(concat!(env!("OUT_DIR"), "/weaknesses.rs"));

/// A larger file holds no checks, in bytes.
const LARGEST: u64 = 4 << 20;

/// Why checks could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("cannot read the checks in {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has mistakes in it.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes {
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A check was named that there is not.
    #[error("there is no check `{id}`{hint}")]
    Unknown {
        /// What was named.
        id: String,
        /// The nearest one, as a question.
        hint: String,
    },
}

/// The checks of a run.
#[derive(Debug, Default)]
pub struct Checks {
    checks: Vec<Check>,
    cookies: Vec<&'static weak::Check>,
}

/// What weaknesses of a kind have in common.
struct Kind {
    title: String,
    attack: String,
    severity: Severity,
    standards: Vec<Citation>,
    /// Whether what is found is itself a secret.
    is_secret: bool,
}

/// What the checks of a file have in common.
struct Shared {
    name: String,
    source: String,
    files: Vec<Located<String>>,
    syntax: Syntax,
    requires: Option<Located<String>>,
    outside: Vec<Located<String>>,
}

impl Checks {
    /// Those that come with the program, and those of further files or folders of files.
    pub fn read(more: &[PathBuf]) -> Result<Self, Error> {
        let mut texts: Vec<(String, String)> =
            FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        for path in more {
            texts.extend(texts_of(path)?);
        }
        Self::of(&texts)
    }

    /// The checks in these files: their names, and what is in them.
    pub fn of(texts: &[(String, String)]) -> Result<Self, Error> {
        let (mut kinds, mut checks, mut problems) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (name, text) in texts {
            problems.extend(read(name, text, |table| kinds_of(table, &mut kinds)));
        }
        for (name, text) in texts {
            problems.extend(read(name, text, |table| checks_of(table, &kinds, &mut checks)));
        }
        if problems.is_empty() {
            Ok(Self { checks, cookies: weak::ALL.iter().collect() })
        } else {
            Err(Error::Mistakes { problems })
        }
    }

    /// All of them, in the order of the files.
    pub fn all(&self) -> &[Check] {
        &self.checks
    }

    /// Those of cookies in recorded answers.
    pub fn cookies(&self) -> &[&'static weak::Check] {
        &self.cookies
    }

    /// Keeps `only` these, if any are named, without those to `skip`.
    pub fn select(mut self, only: &[String], skip: &[String]) -> Result<Self, Error> {
        let ids = || self.checks.iter().map(|check| check.id.as_str()).chain(self.cookies.iter().map(|check| check.id));
        for id in only.iter().chain(skip) {
            if !ids().any(|known| known == id) {
                let near = nearest(id, ids());
                let hint = near.map_or(String::new(), |id| format!("; did you mean `{id}`?"));
                return Err(Error::Unknown { id: id.clone(), hint });
            }
        }
        let among = |ids: &[String], id: &str| ids.iter().any(|other| other == id);
        let keeps = |id: &str| (only.is_empty() || among(only, id)) && !among(skip, id);
        self.checks.retain(|check| keeps(&check.id));
        self.cookies.retain(|check| keeps(check.id));
        Ok(self)
    }
}

/// The names and texts of `path`, or of the files in it.
fn texts_of(path: &PathBuf) -> Result<Vec<(String, String)>, Error> {
    let failed = |path: &PathBuf, source| Error::Read { path: path.clone(), source };
    let mut files = vec![path.clone()];
    if path.is_dir() {
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        files = entries.map_err(|source| failed(path, source))?.iter().map(fs::DirEntry::path).collect();
        files.retain(|file| file.extension() == Some(OsStr::new("toml")));
        files.sort();
    }
    let text = |file: &PathBuf| bounded::read_text(file, LARGEST).map_err(|source| failed(file, source));
    files.iter().map(|file| Ok((file.display().to_string(), text(file)?))).collect()
}

fn read(name: &str, text: &str, take: impl FnOnce(Table<'_, '_>)) -> Vec<Problem> {
    let document = Document::new(name, text);
    if let Some(table) = document.parse() {
        take(table);
    }
    document.into_problems()
}

fn kinds_of(mut table: Table<'_, '_>, kinds: &mut BTreeMap<String, Kind>) {
    for mut kind in table.tables("kind") {
        let [id, title, attack] = ["id", "title", "attack"].map(|key| kind.required(key).map(|text| text.value));
        let severity = kind.choice("severity", Severity::ALL, |severity| severity.name()).map(|choice| choice.value);
        let standards = kind.tables("standards").into_iter().filter_map(citation).collect::<Vec<_>>();
        if standards.is_empty() || severity.is_none() {
            kind.problem(kind.span(), "a kind has `standards` and a `severity`");
        }
        let is_secret = kind.boolean("secret").unwrap_or(false);
        kind.finish();
        if let (Some(id), Some(title), Some(attack), Some(severity)) = (id, title, attack, severity) {
            kinds.insert(id, Kind { title, attack, severity, standards, is_secret });
        }
    }
}

fn citation(mut table: Table<'_, '_>) -> Option<Citation> {
    let [standard, section, url] =
        ["standard", "section", "url"].map(|key| table.required(key).map(|text| text.value.into()));
    table.finish();
    Some(Citation { standard: standard?, section: section?, url: url? })
}

fn checks_of(mut table: Table<'_, '_>, kinds: &BTreeMap<String, Kind>, checks: &mut Vec<Check>) {
    // Read the first time.
    let only_kinds = table.has("kind") && !table.has("framework");
    let _ = table.tables("kind");
    if only_kinds {
        return table.finish();
    }
    let _ = table.required("framework");
    let [name, source] = ["name", "source"].map(|key| table.required(key).map(|text| text.value).unwrap_or_default());
    let syntax = table.choice("syntax", Syntax::ALL, |syntax| syntax.name()).map_or(Syntax::None, |found| found.value);
    let [files, outside] = ["files", "outside"].map(|key| table.strings(key));
    let shared = Shared { name, source, files, syntax, requires: table.string("requires"), outside };
    for check in table.tables("check") {
        if let Some(check) = check_of(check, &shared, kinds) {
            if checks.iter().any(|other| other.id == check.id) {
                table.problem(table.span(), format!("there is another check `{}`", check.id));
            }
            checks.push(check);
        }
    }
    table.finish();
}

fn check_of(mut table: Table<'_, '_>, shared: &Shared, kinds: &BTreeMap<String, Kind>) -> Option<Check> {
    let [id, kind_id, remedy, at] = ["id", "kind", "remedy", "at"].map(|key| table.required(key));
    let [title, source] = ["title", "source"].map(|key| table.string(key).map(|text| text.value));
    let severity = table.choice("severity", Severity::ALL, |severity| severity.name()).map(|choice| choice.value);
    let confidence = table.choice("confidence", Confidence::ALL, |level| level.name());
    let within = table.choice("within", Within::ALL, |within| within.name()).map_or(Within::Match, |found| found.value);
    let syntax = table.choice("syntax", Syntax::ALL, |syntax| syntax.name());
    let own = table.strings("files");
    let names = if own.is_empty() { shared.files.clone() } else { own };
    let requires = table.string("requires").or_else(|| shared.requires.clone());
    let requires = requires.and_then(|text| pattern(&table, text));
    let requires_elsewhere = table.string("requires_elsewhere").and_then(|text| pattern(&table, text));
    let [has, lacks, unless, unless_elsewhere] = ["has", "lacks", "unless", "unless_elsewhere"].map(|key| {
        let texts = table.strings(key);
        texts.into_iter().filter_map(|text| pattern(&table, text)).collect::<Vec<_>>()
    });
    let outside = table.strings("outside").into_iter().chain(shared.outside.clone());
    let outside = outside.filter_map(|text| pattern(&table, text)).collect();
    let files = globs(&table, &names);
    let [matching, not_matching] = ["match", "no_match"].map(|key| examples(&mut table, key, &names));
    let kind = kind_id.and_then(|kind| {
        let known = kinds.get(&kind.value);
        if known.is_none() {
            let near = nearest(&kind.value, kinds.keys().map(String::as_str));
            let hint = near.map_or(String::new(), |id| format!("; did you mean `{id}`?"));
            table.problem(kind.span, format!("there is no kind `{}`{hint}", kind.value));
        }
        known
    });
    let at = at.and_then(|text| pattern(&table, text));
    table.finish();
    let kind = kind?;
    Some(Check {
        id: id?.value,
        framework: shared.name.clone(),
        source: source.unwrap_or_else(|| shared.source.clone()),
        title: title.unwrap_or_else(|| kind.title.clone()),
        attack: kind.attack.clone(),
        remedy: remedy?.value,
        severity: severity.unwrap_or(kind.severity),
        confidence: confidence.map_or(Confidence::Medium, |found| found.value),
        standards: kind.standards.clone(),
        is_secret: kind.is_secret,
        files,
        syntax: syntax.map_or(shared.syntax, |found| found.value),
        requires,
        at: at?,
        within,
        has,
        lacks,
        unless,
        unless_elsewhere,
        requires_elsewhere,
        outside,
        matching,
        not_matching,
    })
}

fn pattern(table: &Table<'_, '_>, text: Located<String>) -> Option<Pattern> {
    let pattern = Pattern::new(text.value);
    pattern.map_err(|error| table.problem(text.span, format!("not a regex: {error}"))).ok()
}

/// A pattern without a slash fits at any depth.
fn globs(table: &Table<'_, '_>, names: &[Located<String>]) -> GlobSet {
    if names.is_empty() {
        table.problem(table.span(), "`files` is missing");
    }
    let mut set = GlobSetBuilder::new();
    for name in names {
        let text = if name.value.contains('/') { name.value.clone() } else { format!("**/{}", name.value) };
        match GlobBuilder::new(&text).literal_separator(true).build() {
            Ok(glob) => drop(set.add(glob)),
            Err(error) => table.problem(name.span.clone(), error.to_string()),
        }
    }
    set.build().unwrap_or_default()
}

/// Texts, as files of the first glob's name, or of the name that they give.
fn examples(table: &mut Table<'_, '_>, key: &'static str, names: &[Located<String>]) -> Vec<Example> {
    let items = table.strings_and_tables(key);
    if items.is_empty() {
        table.problem(table.span(), format!("`{key}` has no example"));
    }
    let usual = names.first().map(|name| name.value.replace("**/", "").replace('*', "x")).unwrap_or_default();
    let example = |item| match item {
        Ok(text) => Some(Example { file: usual.clone(), text }),
        Err(mut table) => {
            let table: &mut Table<'_, '_> = &mut table;
            let (file, text) = (table.required("file")?.value, table.required("text")?.value);
            Some(Example { file, text })
        }
    };
    items.into_iter().filter_map(example).collect()
}
