//! Which foreign file is whose: by its name, and for one that the user named by what is in it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::rules::table::Problem;

use super::{
    Fate, Migration, Note, detect_secrets, gitguardian, gitleaks, ignorefile, kingfisher,
    reader::Reader,
    report, ripsecrets, secretlint, talisman,
    tree::{self, LARGEST, Node, Place, Syntax, problem},
    trufflehog,
};

/// A kind of foreign file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    GitleaksConfig,
    GitleaksIgnore,
    GitleaksReport,
    DetectSecrets,
    GitGuardian,
    TrufflehogConfig,
    TrufflehogPaths,
    KingfisherRules,
    KingfisherBaseline,
    Secretlint,
    Talisman,
    Ripsecrets,
}

use Dialect as D;

/// What files are called.
const NAMES: &[(&str, Dialect)] = &[
    (".gitleaks.toml", D::GitleaksConfig),
    ("gitleaks.toml", D::GitleaksConfig),
    (".betterleaks.toml", D::GitleaksConfig),
    (".infisical-scan.toml", D::GitleaksConfig),
    (".gitleaksignore", D::GitleaksIgnore),
    (".betterleaksignore", D::GitleaksIgnore),
    (".infisicalignore", D::GitleaksIgnore),
    (".gitleaks-baseline.json", D::GitleaksReport),
    ("gitleaks-baseline.json", D::GitleaksReport),
    ("gitleaks-report.json", D::GitleaksReport),
    ("betterleaks-baseline.json", D::GitleaksReport),
    ("betterleaks-report.json", D::GitleaksReport),
    (".secrets.baseline", D::DetectSecrets),
    (".gitguardian.yaml", D::GitGuardian),
    (".gitguardian.yml", D::GitGuardian),
    ("trufflehog.yaml", D::TrufflehogConfig),
    ("trufflehog.yml", D::TrufflehogConfig),
    (".trufflehog.yaml", D::TrufflehogConfig),
    (".trufflehog.yml", D::TrufflehogConfig),
    ("trufflehog-config.yaml", D::TrufflehogConfig),
    (".trufflehogignore", D::TrufflehogPaths),
    ("trufflehog-exclude-paths.txt", D::TrufflehogPaths),
    ("kingfisher-rules.yaml", D::KingfisherRules),
    ("kingfisher-rules.yml", D::KingfisherRules),
    ("kingfisher-baseline.yaml", D::KingfisherBaseline),
    ("kingfisher-baseline.yml", D::KingfisherBaseline),
    (".secretlintrc.json", D::Secretlint),
    (".secretlintrc", D::Secretlint),
    (".talismanrc", D::Talisman),
    (".secretsignore", D::Ripsecrets),
];

/// A foreign file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(super) path: PathBuf,
    /// What the user calls it.
    pub name: String,
    /// The folder within which it may name others.
    pub(super) root: PathBuf,
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No foreign file where they were looked for.
    #[error("{} holds no file of another scanner's that is known; name one with --from", path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
}

impl Source {
    /// The foreign files in the folder `root`. Symbolic links are not followed: what they name may lie anywhere.
    ///
    /// # Errors
    /// Where there are none.
    pub fn discover(root: &Path) -> Result<Vec<Self>, Error> {
        let paths = NAMES.iter().map(|(name, _)| root.join(name));
        let there = paths.filter(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()));
        let sources: Vec<Self> = there.map(|path| Self::new(path, root)).collect();
        if sources.is_empty() { Err(Error::Nothing { path: root.to_owned() }) } else { Ok(sources) }
    }

    /// The file `path`, which may name others within `root`.
    pub fn new(path: PathBuf, root: &Path) -> Self {
        let shown = path.strip_prefix(root).unwrap_or(&path);
        Self { name: shown.display().to_string(), root: root.to_owned(), path }
    }
}

/// Reads `source` in its dialect; what is wrong with it becomes a note.
pub(super) fn read(source: &Source, to: &mut Migration) {
    if let Err(problem) = try_read(source, to) {
        let place = Place { line: problem.line, column: problem.column };
        to.notes.push(Note { file: problem.file, place, fate: Fate::Broken, text: problem.message });
    }
}

fn try_read(source: &Source, to: &mut Migration) -> Result<(), Problem> {
    let text = &text(source)?;
    let file_name = source.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let named = NAMES.iter().find(|(name, _)| *name == file_name).map(|(_, dialect)| *dialect);
    let dialect = match named {
        Some(dialect) => dialect,
        None => guess(source, &file_name, text)?,
    };
    read_as(dialect, source, text, to)
}

/// Reads the text of `source` in a dialect.
pub(super) fn read_as(dialect: Dialect, source: &Source, text: &str, to: &mut Migration) -> Result<(), Problem> {
    let tree = syntax(dialect, text).map(|syntax| tree::read(&source.name, text, syntax)).transpose()?;
    let mut reader = Reader { file: &source.name, stem: stem(dialect), to };
    match (dialect, tree) {
        (D::GitleaksConfig, Some(tree)) => gitleaks::read(&mut reader, &tree, source)?,
        (D::GitleaksReport, Some(tree)) => report::read(&mut reader, &tree),
        (D::DetectSecrets, Some(tree)) => detect_secrets::read(&mut reader, &tree),
        (D::GitGuardian, Some(tree)) => gitguardian::read(&mut reader, &tree),
        (D::TrufflehogConfig, Some(tree)) => trufflehog::read(&mut reader, &tree),
        (D::KingfisherRules, Some(tree)) => kingfisher::read_rules(&mut reader, &tree),
        (D::KingfisherBaseline, Some(tree)) => kingfisher::read_baseline(&mut reader, &tree),
        (D::Secretlint, Some(tree)) => secretlint::read(&mut reader, &tree),
        (D::Talisman, Some(tree)) => talisman::read(&mut reader, &tree),
        (D::GitleaksIgnore, _) => ignorefile::read(&mut reader, text),
        (D::TrufflehogPaths, _) => trufflehog::read_paths(&mut reader, text),
        (D::Ripsecrets, _) => ripsecrets::read(&mut reader, text),
        (_, None) => {}
    }
    Ok(())
}

/// The text of a file, if it is small enough and is text.
pub(super) fn text(source: &Source) -> Result<String, Problem> {
    let top = Place { line: 1, column: 1 };
    let unreadable = |error: io::Error| problem(&source.name, top, format!("cannot be read: {error}"));
    if !source.path.metadata().map_err(unreadable)?.is_file() {
        return Err(problem(&source.name, top, "is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(&source.path).map_err(unreadable)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(problem(&source.name, top, format!("is larger than {} MB", LARGEST >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let column = valid.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = Place { line: valid.matches('\n').count() + 1, column };
        problem(&source.name, place, "is not text: a byte that is no UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// As what files of a dialect are written; nothing for those of lines.
fn syntax(dialect: Dialect, text: &str) -> Option<Syntax> {
    match dialect {
        D::GitleaksConfig => Some(Syntax::Toml),
        D::GitleaksReport | D::DetectSecrets => Some(Syntax::Json),
        D::Secretlint if text.trim_start().starts_with('{') => Some(Syntax::Json),
        D::GitGuardian
        | D::TrufflehogConfig
        | D::KingfisherRules
        | D::KingfisherBaseline
        | D::Talisman
        | D::Secretlint => Some(Syntax::Yaml),
        D::GitleaksIgnore | D::TrufflehogPaths | D::Ripsecrets => None,
    }
}

/// The name of the pattern file for a dialect's rules.
fn stem(dialect: Dialect) -> &'static str {
    match dialect {
        D::GitleaksConfig | D::GitleaksIgnore | D::GitleaksReport => "gitleaks",
        D::DetectSecrets => "detect-secrets",
        D::GitGuardian => "gitguardian",
        D::TrufflehogConfig | D::TrufflehogPaths => "trufflehog",
        D::KingfisherRules | D::KingfisherBaseline => "kingfisher",
        D::Secretlint => "secretlint",
        D::Talisman => "talisman",
        D::Ripsecrets => "ripsecrets",
    }
}

/// The dialect of a file that is called by no known name.
fn guess(source: &Source, name: &str, text: &str) -> Result<Dialect, Problem> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let syntax = match () {
        () if ends(&[".toml"]) => return Ok(D::GitleaksConfig),
        () if ends(&["gitleaksignore", "betterleaksignore"]) => return Ok(D::GitleaksIgnore),
        () if ends(&["secretsignore"]) => return Ok(D::Ripsecrets),
        () if ends(&[".json", ".baseline"]) => Syntax::Json,
        () if ends(&[".yaml", ".yml", "talismanrc"]) => Syntax::Yaml,
        () if ends(&[".txt"]) => return Ok(D::TrufflehogPaths),
        () => return Err(unknown(source)),
    };
    let tree = tree::read(&source.name, text, syntax)?;
    by_content(&tree, syntax).ok_or_else(|| unknown(source))
}

pub(super) fn by_content(tree: &Node, syntax: Syntax) -> Option<Dialect> {
    let has = |name| tree.get(name).is_some();
    let first_rule = tree.get("rules").and_then(|rules| rules.items().first());
    match syntax {
        Syntax::Json if !tree.is_map() => Some(D::GitleaksReport),
        Syntax::Json if has("results") => Some(D::DetectSecrets),
        Syntax::Json if has("rules") => Some(D::Secretlint),
        Syntax::Json => None,
        _ if has("detectors") => Some(D::TrufflehogConfig),
        _ if first_rule.is_some_and(|rule| rule.get("pattern").is_some()) => Some(D::KingfisherRules),
        _ if has("repositories") || has("ExactFindings") => Some(D::KingfisherBaseline),
        _ if has("fileignoreconfig") || has("scopeconfig") => Some(D::Talisman),
        _ if has("secret") || has("paths-ignore") || has("matches-ignore") => Some(D::GitGuardian),
        _ if has("rules") => Some(D::Secretlint),
        _ => None,
    }
}

fn unknown(source: &Source) -> Problem {
    let message = "is none of the files that are known: see `stanch migrate --help`";
    problem(&source.name, Place { line: 1, column: 1 }, message)
}
