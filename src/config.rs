//! A configuration file and the flags of a run become one checked [`Config`].
//!
//! [`File`] is what a `stanch.toml` says and [`Flags`] what the command line says, both unchecked; [`Config::new`] puts them together, flags first.
//! A file that lies in the scanned tree is somebody else's (law 9): nothing it can say reaches the network, and what it hides is counted.

mod allow;
#[cfg(feature = "sweep")]
pub mod committed;
pub mod patterns;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::{
    bounded,
    incident::{IdentityKey, IncidentId},
    known::{
        allows::Allow,
        baseline::{self, Baseline},
    },
    rule::Confidence,
    rules::{
        self, Ruleset,
        table::{Document, Problem, Table},
    },
    scan::{FailOn, History, Options, Target},
    source::files,
};

/// The name of the file that is read from the top of what is scanned.
pub const FILE_NAME: &str = "stanch.toml";

/// The name of the file at the top of what is scanned whose lines, in the syntax of `.gitignore`, name what is left out.
pub const IGNORE_FILE_NAME: &str = ".stanchignore";

/// A larger configuration, ignore file or key is none, in bytes.
const LARGEST: u64 = 10 << 20;

/// What a configuration file says.
#[derive(Debug, Default)]
pub struct File {
    min_confidence: Option<Confidence>,
    fail_on: Option<FailOn>,
    exclude: Vec<String>,
    max_file_size: Option<u64>,
    skip_rules: Vec<String>,
    patterns: Vec<PathBuf>,
    key: Option<String>,
    allows: Vec<Allow>,
}

/// What the command line says; nothing where it says nothing.
#[allow(clippy::struct_excessive_bools, reason = "a command line has many switches")]
#[derive(Debug, Default)]
pub struct Flags {
    /// What to scan.
    pub targets: Vec<Target>,
    /// Which part of repositories.
    pub history: History,
    /// Incidents less sure than this are not reported.
    pub min_confidence: Option<Confidence>,
    /// Whether allowed occurrences are reported all the same.
    pub no_allow: bool,
    /// Paths that are left out, besides the file's.
    pub exclude: Vec<String>,
    /// Files larger than this many bytes are left out.
    pub max_file_size: Option<u64>,
    /// Whether ignore files are disregarded, the next one included.
    pub no_ignore: bool,
    /// A file whose lines name what is left out, as in a `.gitignore`.
    pub ignore_file: Option<PathBuf>,
    /// A file with the incidents that are known.
    pub baseline: Option<PathBuf>,
    /// Pattern files and folders of them, besides the file's.
    pub patterns: Vec<PathBuf>,
    /// Only these rules.
    pub rules: Vec<String>,
    /// Not these rules, besides the file's.
    pub skip_rules: Vec<String>,
    /// A file whose bytes are the identity key.
    pub key_file: Option<PathBuf>,
    /// The identity key.
    pub key: Option<String>,
    /// Which incidents make the run fail.
    pub fail_on: Option<FailOn>,
    /// Whether a shallow history makes the run incomplete.
    pub require_full_history: bool,
    /// Whether every version of an occurrence is listed.
    pub all_versions: bool,
    /// `--now`, or the clock: in seconds since 1970.
    pub now: i64,
    /// Whether every blob of a repository is looked at whole, however it is stored.
    pub whole_blobs: bool,
    /// How many threads; as many as there are processors where nothing is said.
    pub jobs: Option<usize>,
}

/// A checked configuration: what to scan, with which rules, and what makes the run fail.
#[derive(Debug)]
pub struct Config {
    /// For [`crate::scan::run`].
    pub options: Options,
    /// The rules to scan with.
    pub rules: Ruleset,
    /// Which incidents make the run fail.
    pub fail_on: FailOn,
    /// What the configuration file hides other than by allows, for the reader of a report (law 9).
    pub notes: Vec<String>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that was named could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration file has mistakes.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong {
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A pattern of paths or refs cannot be read.
    #[error("`{glob}` is not a pattern of names")]
    Glob {
        /// The pattern.
        glob: String,
        /// Why not.
        source: globset::Error,
    },
    /// The identity key is too short to keep anything apart.
    #[error("an identity key has at least {LEAST_KEY} bytes, this one has {length}")]
    ShortKey {
        /// Its length in bytes.
        length: usize,
    },
    /// The rules cannot be had.
    #[error(transparent)]
    Rules(#[from] rules::Error),
    /// The baseline cannot be used.
    #[error(transparent)]
    Baseline(#[from] baseline::Error),
}

/// Least length of an identity key, in bytes.
const LEAST_KEY: usize = 16;

impl File {
    /// Reads the configuration file at `path`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = bounded::read_text(path, LARGEST);
        let text = text.map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&path.display().to_string(), &text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a configuration file that a commit holds. Folders of pattern files that it names are left out: the commit's are not
    /// on disk, and what is there may be anybody's.
    pub fn committed(text: &str) -> Result<Self, Error> {
        let file = Self::parse(FILE_NAME, text, Path::new(""))?;
        Ok(Self { patterns: Vec::new(), ..file })
    }

    /// Reads the text of the file that the user calls `name`; the folders that it names are relative to `folder`.
    fn parse(name: &str, text: &str, folder: &Path) -> Result<Self, Error> {
        let document = Document::new(name, text);
        let file = document.parse().map(|table| Self::from_table(table, folder)).unwrap_or_default();
        match document.into_problems() {
            problems if problems.is_empty() => Ok(file),
            problems => Err(Error::Wrong { problems }),
        }
    }

    fn from_table(mut table: Table<'_, '_>, folder: &Path) -> Self {
        let texts =
            |strings: Vec<rules::table::Located<String>>| strings.into_iter().map(|string| string.value).collect();
        let exclude = table.strings("exclude");
        for glob in &exclude {
            if let Err(error) = path_glob(&glob.value) {
                table.problem(glob.span.clone(), error.to_string());
            }
        }
        let patterns = table.strings("patterns").into_iter().map(|path| folder.join(path.value)).collect();
        let file = Self {
            min_confidence: table
                .choice("min-confidence", Confidence::ALL, |confidence| confidence.name())
                .map(|found| found.value),
            fail_on: table.choice("fail-on", &FailOn::ALL, |fail_on| fail_on.name()).map(|found| found.value),
            exclude: texts(exclude),
            max_file_size: table.integer("max-file-size", 1..=u64::MAX),
            skip_rules: texts(table.strings("skip-rules")),
            patterns,
            key: table.string("key").map(|key| key.value),
            allows: table.tables("allow").into_iter().filter_map(allow::read).collect(),
        };
        table.finish();
        file
    }
}

impl Config {
    /// Puts file and flags together and checks them: the flags decide where both say something, lists add up.
    pub fn new(file: File, flags: Flags) -> Result<Self, Error> {
        let mut notes = notes(&file, &flags);
        let mut rules = Ruleset::builtin();
        for dir in &file.patterns {
            patterns::add_untrusted(&mut rules, dir, &mut notes)?;
        }
        for dir in &flags.patterns {
            patterns::add(&mut rules, dir, &mut notes)?;
        }
        let (over, good): (Vec<_>, Vec<_>) =
            file.allows.into_iter().partition(|allow| allow.until.is_some_and(|end| end <= flags.now));
        notes.extend(over.iter().map(expired));
        let allows = good.into_iter().map(|allow| resolved(allow, &rules)).collect::<Result<Vec<_>, _>>()?;
        let skip: Vec<String> = file.skip_rules.into_iter().chain(flags.skip_rules).collect();
        rules.select(&flags.rules, &skip)?;
        let globs: Result<Vec<Glob>, Error> =
            file.exclude.iter().chain(&flags.exclude).map(|glob| path_glob(glob)).collect();
        let ignore_file = flags.ignore_file.as_deref().filter(|_| !flags.no_ignore);
        let (ignored, lines) =
            ignore_file.map_or(Ok((Gitignore::empty(), Vec::new())), |path| ignored(path, &mut notes))?;
        let key = key(flags.key_file.as_deref(), flags.key, file.key)?;
        let baseline = flags.baseline.as_deref().map(|path| Baseline::read(path, &key)).transpose()?;
        let min_confidence = flags.min_confidence.or(file.min_confidence).unwrap_or(Confidence::Medium);
        let excluded: Vec<_> = file.exclude.iter().chain(&flags.exclude).chain(&lines).collect();
        let listed: Option<BTreeSet<IncidentId>> =
            baseline.as_ref().map(|known: &Baseline| known.entries.keys().copied().collect());
        let terms = format!("{:?}", (min_confidence, flags.no_allow, excluded, allowed(&allows), listed));
        let threads = flags.jobs.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
        let files = files::Options {
            exclude: set(globs?)?,
            ignored,
            max_size: flags.max_file_size.or(file.max_file_size),
            obey_ignore_files: !flags.no_ignore,
            threads: threads.max(1),
            margin: 0,
        };
        let options = Options {
            targets: flags.targets,
            files,
            history: flags.history,
            min_confidence,
            show_allowed: flags.no_allow,
            allows,
            baseline,
            terms,
            key,
            known_key: None,
            require_full_history: flags.require_full_history,
            all_versions: flags.all_versions,
            now: flags.now,
            follow_deltas: !flags.whole_blobs,
        };
        Ok(Self { options, rules, fail_on: flags.fail_on.or(file.fail_on).unwrap_or_default(), notes })
    }
}

/// What the file hides that no count tells of.
fn notes(file: &File, flags: &Flags) -> Vec<String> {
    let mut notes = Vec::new();
    let skipped: Vec<&str> = file.skip_rules.iter().map(String::as_str).collect();
    if !skipped.is_empty() {
        notes.push(format!("the configuration leaves out rules: {}", skipped.join(", ")));
    }
    if let (Some(least @ Confidence::High), None) = (file.min_confidence, flags.min_confidence) {
        notes.push(format!("the configuration hides what is of less than {least} confidence"));
    }
    if !file.patterns.is_empty() {
        let folders: Vec<String> = file.patterns.iter().map(|folder| folder.display().to_string()).collect();
        notes.push(format!("the configuration adds or replaces rules, from {}", folders.join(", ")));
    }
    if let (Some(fail_on @ (FailOn::Never | FailOn::Active)), None) = (file.fail_on, flags.fail_on) {
        notes.push(format!("the configuration sets fail-on to {}", fail_on.name()));
    }
    notes
}

/// What these allow, as what can be compared.
fn allowed(allows: &[Allow]) -> Vec<impl std::fmt::Debug> {
    allows.iter().map(|allow| (&allow.incident, &allow.rule, &allow.globs, &allow.pattern)).collect()
}

/// What is said of an allow whose day has passed.
fn expired(allow: &Allow) -> String {
    format!("the allow in line {} of the configuration is over, and hides nothing: {}", allow.line, allow.reason)
}

/// What the ignore file at `path` leaves out, and its lines. A line that cannot be read leaves nothing out, and is told.
fn ignored(path: &Path, notes: &mut Vec<String>) -> Result<(Gitignore, Vec<String>), Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    if path.symlink_metadata().map_err(read)?.is_symlink() {
        return Err(read(io::Error::other("it is a symbolic link, and is not followed")));
    }
    let text = bounded::read(path, LARGEST).map_err(read)?;
    let ignored = ignored_lines(&path.display().to_string(), &text, notes);
    ignored.ok_or_else(|| read(io::Error::other("its patterns are too many")))
}

/// What the lines of an ignore file that is called `name` leave out, and the lines; nothing where they are too many.
fn ignored_lines(name: &str, text: &[u8], notes: &mut Vec<String>) -> Option<(Gitignore, Vec<String>)> {
    let lines: Vec<String> = String::from_utf8_lossy(text).lines().map(str::to_owned).collect();
    let mut builder = GitignoreBuilder::new("");
    for (number, line) in (1..).zip(&lines) {
        if builder.add_line(None, line).is_err() {
            notes.push(format!("line {number} of {name} is no pattern of names, and leaves nothing out"));
        }
    }
    Some((builder.build().ok()?, lines))
}

/// An allow whose rule is one of `rules`, under its present id.
fn resolved(allow: Allow, rules: &Ruleset) -> Result<Allow, Error> {
    let rule = allow.rule.map(|id| rules.find(&id).map(|rule| rule.id.clone().into_owned())).transpose()?;
    Ok(Allow { rule, ..allow })
}

/// The identity key: the key file's bytes, else the one named by the environment, else the configuration's, else the fixed one.
fn key(path: Option<&Path>, named: Option<String>, configured: Option<String>) -> Result<IdentityKey, Error> {
    let bytes = match path {
        Some(path) => {
            Some(bounded::read(path, LARGEST).map_err(|source| Error::Read { path: path.to_owned(), source })?)
        }
        None => named.or(configured).map(String::into_bytes),
    };
    match bytes {
        None => Ok(IdentityKey::fixed()),
        Some(bytes) if bytes.trim_ascii_end().len() < LEAST_KEY => {
            Err(Error::ShortKey { length: bytes.trim_ascii_end().len() })
        }
        Some(bytes) => Ok(IdentityKey::new(bytes.trim_ascii_end())),
    }
}

/// A path pattern, relative to what is scanned: one without a slash fits at any depth, as in a `.gitignore`.
fn path_glob(text: &str) -> Result<Glob, Error> {
    let trimmed = text.trim_end_matches('/');
    let pattern = match trimmed.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if trimmed.contains('/') => trimmed.to_owned(),
        None => format!("**/{trimmed}"),
    };
    let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
    glob.map_err(|source| Error::Glob { glob: text.to_owned(), source })
}

/// Path patterns, relative to what is looked at.
pub fn path_globs(globs: &[String]) -> Result<GlobSet, Error> {
    set(globs.iter().map(|glob| path_glob(glob)).collect::<Result<_, _>>()?)
}

/// Names of refs: `main`, `release/*`, `refs/heads/**`.
pub fn ref_globs(globs: &[String]) -> Result<GlobSet, Error> {
    let glob = |text: &String| Glob::new(text).map_err(|source| Error::Glob { glob: text.clone(), source });
    set(globs.iter().map(glob).collect::<Result<_, _>>()?)
}

fn set(globs: Vec<Glob>) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(glob);
    }
    set.build().map_err(|source| Error::Glob { glob: source.glob().unwrap_or_default().to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        File::parse("stanch.toml", text, Path::new("")).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_are_placed_and_explained() {
        assert_eq!(problems("excludes = []"), "stanch.toml:1:1: unknown key `excludes`; did you mean `exclude`?");
        assert!(problems("exclude = ['a[']").starts_with("stanch.toml:1:12: `a[` is not a pattern of names"));
        assert!(problems("[[allow]]\nrule = 'x'").contains("`reason` is missing"));
        assert!(problems("[[allow]]\nreason = 'x'").contains("at least one of"));
        let allow = |line: &str| problems(&format!("[[allow]]\nreason = 'x'\nrule = 'y'\n{line}"));
        assert!(allow("regex = 'a('").starts_with("stanch.toml:4:9: `regex` cannot be read: unclosed group"));
        assert!(allow("regex = 'a*'").starts_with("stanch.toml:4:9: this `regex` fits every secret"));
        assert!(allow("regex = 'a{1000}{1000}'").starts_with("stanch.toml:4:9: `regex` cannot be read: "));
        assert!(allow("until = 'soon'").starts_with("stanch.toml:4:9: `until` takes a date such as 2026-12-31, not "));
        assert!(allow("until = 2026-12-31T10:00:00Z").starts_with("stanch.toml:4:9: `until` takes a date"));
        assert!(allow("untill = 2026-12-31").contains("did you mean `until`?"));
    }

    #[test]
    fn flags_decide_and_lists_add_up() {
        let file =
            File::parse("f", "min-confidence = 'low'\nexclude = ['a']\nfail-on = 'never'", Path::new("")).unwrap();
        let flags =
            Flags { min_confidence: Some(Confidence::High), exclude: vec!["b/c".to_owned()], ..Flags::default() };
        let config = Config::new(file, flags).unwrap();
        assert_eq!(config.options.min_confidence, Confidence::High);
        assert_eq!(config.fail_on, FailOn::Never);
        let exclude = &config.options.files.exclude;
        assert!(exclude.is_match("x/a") && exclude.is_match("b/c") && !exclude.is_match("x/b/c"));
    }

    /// A day is over when it has ended everywhere but in the west: at midnight UTC.
    #[test]
    fn an_allow_ends_with_its_day() {
        let allows = |now| {
            let text = "[[allow]]\nreason = 'x'\nregex = 'y'\nuntil = 2026-12-31\n";
            let file = File::parse("f", text, Path::new("")).unwrap();
            let config = Config::new(file, Flags { now, ..Flags::default() }).unwrap();
            (config.options.allows.len(), config.notes)
        };
        let midnight = 1_798_761_600;
        assert_eq!(allows(midnight - 1), (1, vec![]));
        let note = "the allow in line 1 of the configuration is over, and hides nothing: x";
        assert_eq!(allows(midnight), (0, vec![note.to_owned()]));
    }

    #[test]
    fn what_a_file_changes_is_said() {
        let file = File::parse("f", "fail-on = 'never'\nskip-rules = ['jwt-token']", Path::new("")).unwrap();
        let notes = Config::new(file, Flags::default()).unwrap().notes;
        assert_eq!(
            notes,
            ["the configuration leaves out rules: jwt-token", "the configuration sets fail-on to never",]
        );
        let file = File::parse("f", "fail-on = 'never'", Path::new("")).unwrap();
        let flags = Flags { fail_on: Some(FailOn::Any), ..Flags::default() };
        assert!(Config::new(file, flags).unwrap().notes.is_empty());
    }

    #[test]
    fn a_short_key_is_refused() {
        let flags = Flags { key: Some("short".to_owned()), ..Flags::default() };
        assert!(matches!(Config::new(File::default(), flags), Err(Error::ShortKey { length: 5 })));
    }
}
