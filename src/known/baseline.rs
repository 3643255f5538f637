//! Baselines: the incidents that were there when somebody began to look, so that only new ones are reported.
//!
//! A baseline is a file of JSON lines, meant to be committed: a head with the format and the id of the identity key, then one line for each incident, sorted by its
//! id. An id is a keyed hash of the secret (law 4), so an entry outlives edits, renames and rebases, hides no other secret, and tells nobody
//! what it stands for. Nothing else is kept that changes by itself, so lines that two branches add merge as lines do. Finding incidents is not done here.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    bounded, escape,
    incident::{IdentityKey, IncidentId},
};

/// The name of the file that is read from the top of what is scanned.
pub const FILE_NAME: &str = "stanch.baseline.jsonl";

/// What this program reads and writes.
const SCHEMA: &str = "stanch-baseline/1";

/// What all baselines begin with, those of later programs included.
const FAMILY: &str = "stanch-baseline/";

/// A larger file is none, in bytes.
const MOST: u64 = 1 << 28;

/// What somebody who looked at an incident said of it. Where two entries differ, the later one of this order holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is no secret.
    FalsePositive,
    /// It may stay.
    Keep,
    /// It has to go; until then it is known.
    Fix,
}

impl State {
    /// The word in files and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::FalsePositive => "false-positive",
            Self::Keep => "keep",
            Self::Fix => "fix",
        }
    }
}

/// What is kept of one incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What was said of it; nothing where nobody looked yet.
    pub state: Option<State>,
    /// Why.
    pub reason: Option<String>,
    /// The rule that found it, by its id.
    pub rule: String,
}

impl Entry {
    /// What allows the incident, in words.
    pub fn words(&self) -> String {
        let mut words = "the baseline".to_owned();
        // Writing to a string cannot fail.
        let _ = self.state.map_or(Ok(()), |state| write!(words, " ({})", state.name()));
        let _ = self.reason.as_ref().map_or(Ok(()), |reason| write!(words, ": {reason}"));
        words
    }
}

/// Incidents that are known, by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The id of the key that the ids were made under.
    pub key: String,
    /// What is kept of each.
    pub entries: BTreeMap<IncidentId, Entry>,
}

/// Why a baseline cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the baseline {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the baseline {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of it makes no sense.
    #[error("{}:{line}:{column}: {what}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A later program wrote it.
    #[error("{}:1:1: the baseline has the format `{schema}`, and this stanch knows `{SCHEMA}`: a newer one wrote it", path.display())]
    Future {
        /// The file.
        path: PathBuf,
        /// Its format.
        schema: String,
    },
    /// Its ids were made under another key.
    #[error(
        "the baseline {} was made under the key `{theirs}`, and this run has `{ours}`: name theirs by --key-file or STANCH_KEY, or make it anew",
        path.display()
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The id of its key.
        theirs: String,
        /// The id of this run's.
        ours: String,
    },
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema: String,
    key: String,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: IncidentId,
    rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Baseline {
    /// One that knows nothing, for ids under `key`.
    pub fn new(key: &IdentityKey) -> Self {
        Self { key: key.id().to_owned(), entries: BTreeMap::new() }
    }

    /// Reads the baseline at `path`, whose ids have to be made under `key`. A symbolic link is refused, wherever it leads.
    pub fn read(path: &Path, key: &IdentityKey) -> Result<Self, Error> {
        let text = bounded::read_unlinked(path, MOST).and_then(bounded::text);
        let text = text.map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::of(path, &text, key)
    }

    /// Reads the text of a baseline that a commit holds.
    pub fn committed(text: Vec<u8>, key: &IdentityKey) -> Result<Self, Error> {
        let path = Path::new(FILE_NAME);
        let text = bounded::text(text).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::of(path, &text, key)
    }

    fn of(path: &Path, text: &str, key: &IdentityKey) -> Result<Self, Error> {
        let baseline = parse(path, text)?;
        if baseline.key != key.id() {
            let (theirs, ours) = (short(&baseline.key), key.id().to_owned());
            return Err(Error::OtherKey { path: path.to_owned(), theirs, ours });
        }
        Ok(baseline)
    }

    /// Puts it in the place of `path`: whole, or not at all.
    #[cfg(any(feature = "git", feature = "net"))]
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        use std::io::Write as _;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // Unlike what the program keeps for itself, this is for everybody who may read the repository.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let written = builder.tempfile_in(folder).and_then(|mut file| {
            file.write_all(self.text().as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        });
        written.map(drop).map_err(|source| Error::Write { path: path.to_owned(), source })
    }

    /// What its file holds.
    #[cfg(any(feature = "git", feature = "net"))]
    pub fn text(&self) -> String {
        let mut text = json(&Head { schema: SCHEMA.to_owned(), key: self.key.clone() });
        for (&id, entry) in &self.entries {
            let Entry { rule, state, reason } = entry.clone();
            text.push_str(&json(&Line { id, rule, state, reason }));
        }
        text
    }
}

#[cfg(any(feature = "git", feature = "net"))]
fn json(line: &impl Serialize) -> String {
    let text = serde_json::to_string(line);
    text.unwrap_or_else(|_| unreachable!("all keys are strings, and memory does not fail")) + "\n"
}

/// The baseline that is written in `text`. Lines may stand in any order and twice, as a merge that keeps both sides leaves them.
fn parse(path: &Path, text: &str) -> Result<Baseline, Error> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let (number, first) = lines.next().unwrap_or((1, ""));
    let head = head(path, number, first)?;
    let mut entries = BTreeMap::<IncidentId, Entry>::new();
    for (number, text) in lines.filter(|(_, line)| *line != first) {
        let Line { id, rule, state, reason } = serde_json::from_str(text).map_err(|error| {
            let is_conflict = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| text.starts_with(mark));
            let what = if is_conflict { "a merge left its conflict here" } else { "this is no entry of a baseline" };
            Error::Broken { path: path.to_owned(), line: number, column: error.column().max(1), what }
        })?;
        let entry = Entry { state, reason, rule };
        let kept = entries.entry(id).or_insert_with(|| entry.clone());
        if entry > *kept {
            *kept = entry;
        }
    }
    Ok(Baseline { key: head.key, entries })
}

fn head(path: &Path, line: usize, text: &str) -> Result<Head, Error> {
    let broken = |column: usize| {
        let what = "a baseline begins with its format and key: this is none";
        Error::Broken { path: path.to_owned(), line, column: column.max(1), what }
    };
    let value: Value = serde_json::from_str(text).map_err(|error| broken(error.column()))?;
    match value["schema"].as_str() {
        Some(SCHEMA) => serde_json::from_str(text).map_err(|error| broken(error.column())),
        Some(other) if other.starts_with(FAMILY) => Err(Error::Future { path: path.to_owned(), schema: short(other) }),
        _ => Err(broken(1)),
    }
}

fn short(name: &str) -> String {
    escape::cut(name, 60).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::secret::{Secret, Shown};

    fn id(number: u8) -> IncidentId {
        IdentityKey::fixed().identify("family", &Secret::new(&[number], Shown::Nothing))
    }

    fn entry(state: Option<State>, reason: Option<&str>) -> Entry {
        Entry { state, reason: reason.map(str::to_owned), rule: "some-rule".to_owned() }
    }

    fn baseline() -> Baseline {
        let mut baseline = Baseline::new(&IdentityKey::fixed());
        baseline.entries.insert(id(1), entry(None, None));
        baseline.entries.insert(id(2), entry(Some(State::FalsePositive), Some("made up")));
        baseline.entries.insert(id(3), entry(Some(State::Fix), None));
        baseline
    }

    fn parsed(text: &str) -> Result<Baseline, Error> {
        parse(Path::new("b.jsonl"), text)
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        baseline().write(&path).unwrap();
        assert_eq!(Baseline::read(&path, &IdentityKey::fixed()).unwrap(), baseline());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        let text = fs::read_to_string(&path).unwrap();
        let ids: Vec<&str> = text.lines().skip(1).map(|line| &line[..40]).collect();
        assert!(ids.is_sorted() && ids.len() == 3 && text.ends_with("}\n"), "{text}");
        assert!(text.contains(r#""rule":"some-rule","state":"false-positive","reason":"made up"}"#), "{text}");
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let text = baseline().text();
        let (head, rest) = text.split_once('\n').unwrap();
        let mut lines: Vec<&str> = rest.lines().collect();
        lines.reverse();
        let shuffled = format!("{head}\r\n{}\r\n\r\n{head}\r\n{}\r\n", lines.join("\r\n"), lines[0]);
        assert_eq!(parsed(&shuffled).unwrap(), baseline());
    }

    /// Two branches may have judged one incident differently.
    #[test]
    fn of_two_judgements_the_stricter_holds() {
        let text = baseline().text();
        let kept = text.lines().nth(1).unwrap().to_owned();
        let held = |state: &str| {
            let more = kept.replace("some-rule\"", &format!("some-rule\",\"state\":\"{state}\""));
            let first = parsed(&format!("{text}{more}\n")).unwrap();
            let last = parsed(&text.replace(&kept, &format!("{more}\n{kept}"))).unwrap();
            assert_eq!(first, last);
            let changed = first.entries.into_values().zip(baseline().entries.into_values()).find(|(a, b)| a != b);
            changed.unwrap().0.state
        };
        assert_eq!((held("keep"), held("fix")), (Some(State::Keep), Some(State::Fix)));
    }

    #[test]
    fn a_broken_line_is_placed() {
        let place = |text: &str| parsed(text).unwrap_err().to_string();
        let text = baseline().text();
        assert!(place("").starts_with("b.jsonl:1:1: a baseline begins"), "{}", place(""));
        assert!(place("{}").starts_with("b.jsonl:1:1: "));
        assert!(place(r#"[{"RuleID":"x"}]"#).starts_with("b.jsonl:1:1: "));
        assert!(place(&format!("{text}\nx\n")).starts_with("b.jsonl:6:1: this is no entry"));
        let cut = &text[..text.len() - 5];
        assert!(place(cut).starts_with(&format!("b.jsonl:4:{}: ", cut.lines().last().unwrap().len())));
        assert!(place(&format!("{text}<<<<<<< HEAD\n")).starts_with("b.jsonl:5:1: a merge left"));
        let hostile = text.replace("\"state\":\"fix\"", "\"state\":\"::error::\"");
        assert!(!place(&hostile).contains("::error"), "nothing of it is quoted");
    }

    #[test]
    fn a_baseline_from_the_future_is_told() {
        let text = baseline().text().replace("-baseline/1", "-baseline/2").replace("\"key\"", "\"keys\"");
        assert!(matches!(parsed(&text), Err(Error::Future { schema, .. }) if schema == "stanch-baseline/2"));
    }

    #[test]
    fn another_keys_ids_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        baseline().write(&path).unwrap();
        let error = Baseline::read(&path, &IdentityKey::new(b"mine")).unwrap_err();
        assert!(error.to_string().contains("under the key `default`"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        baseline().write(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for no_file in [&link, &folder.path().to_owned(), &folder.path().join("none")] {
            assert!(matches!(Baseline::read(no_file, &IdentityKey::fixed()), Err(Error::Read { .. })));
        }
    }
}
