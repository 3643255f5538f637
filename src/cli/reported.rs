//! The incidents of a report, found anew: no report holds a token.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::Value;
use stanch::{
    config::{self, Config, Flags},
    detect::Detector,
    rule::Confidence,
    scan::{self, History, Outcome, Progress, Target},
    source::git::Refs,
};

use super::error::AnyError;

/// A longer input is no token, in bytes.
const LONGEST_TOKEN: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct Reported {
    /// A report of stanch in JSON or JSON lines; - is standard input, which with --rule holds a token
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// What the report is of: scanned anew for the tokens, which no report holds
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Takes standard input for a token of this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Takes only the incidents whose ids begin so
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Makes identities under the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
}

/// What cannot be begun with.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read the report {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no report of stanch in JSON or JSON lines", path.display())]
    NoReport { path: PathBuf },
    #[error(
        "the report's ids were made under the key `{theirs}`, and this run has `{ours}`: name theirs by --key-file or STANCH_KEY"
    )]
    OtherKey { theirs: String, ours: String },
    #[error("no incident of the report has an id that begins with {id}")]
    NoSuchId { id: String },
    #[error("with --rule the token comes from standard input, as in `--rule {rule} -`")]
    NotStdin { rule: String },
    #[error("standard input holds no token")]
    NoToken,
}

impl Reported {
    /// A report of `paths`, where its own command line says nothing.
    pub(super) fn of(report: &Path, paths: &[PathBuf], patterns: &[PathBuf], key_file: Option<&Path>) -> Self {
        Self {
            report: report.to_owned(),
            paths: paths.to_vec(),
            rule: None,
            id: Vec::new(),
            patterns: patterns.to_vec(),
            key_file: key_file.map(Path::to_owned),
        }
    }

    /// The same of the incidents alone whose ids begin so.
    pub(super) fn only(self, ids: &[String]) -> Self {
        Self { id: ids.to_vec(), ..self }
    }

    /// What it is looked for with. Everything is looked for, whatever a configuration leaves out: the report says what counts.
    pub(super) fn config(&self, now: i64, all_versions: bool) -> Result<Config, config::Error> {
        let target = |path: &PathBuf| if path.as_os_str() == "-" { Target::Stdin } else { Target::Path(path.clone()) };
        let flags = Flags {
            targets: match self.rule {
                Some(_) => vec![Target::Stdin],
                None => self.paths.iter().map(target).collect(),
            },
            history: History::Full { refs: Refs::All, files: true },
            min_confidence: Some(Confidence::Low),
            no_allow: true,
            no_ignore: true,
            patterns: self.patterns.clone(),
            rules: self.rule.iter().cloned().collect(),
            key_file: self.key_file.clone(),
            key: std::env::var("STANCH_KEY").ok(),
            now,
            all_versions,
            ..Flags::default()
        };
        Config::new(config::File::default(), flags)
    }

    /// The report's incidents with their tokens, or the one token on standard input.
    pub(super) fn find(&self, config: &Config, detector: &Detector, counters: &Progress) -> Result<Outcome, AnyError> {
        match &self.rule {
            Some(rule) => self.token(rule, config, detector, counters),
            None => self.reported(config, detector, counters),
        }
    }

    fn reported(&self, config: &Config, detector: &Detector, counters: &Progress) -> Result<Outcome, AnyError> {
        let mut wanted = ids(&self.report, config.options.key.id())?;
        for id in &self.id {
            if !wanted.iter().any(|wanted| wanted.starts_with(id)) {
                return Err(Error::NoSuchId { id: id.clone() }.into());
            }
        }
        wanted.retain(|wanted| self.id.is_empty() || self.id.iter().any(|id| wanted.starts_with(id)));
        let mut outcome = scan::run(&config.options, detector, &mut io::empty(), counters)?;
        outcome.incidents.retain(|incident| wanted.contains(&incident.id.to_string()));
        let found: BTreeSet<String> = outcome.incidents.iter().map(|incident| incident.id.to_string()).collect();
        for id in wanted.difference(&found) {
            let reason = "is not found any more: whether its token works is not known";
            outcome.coverage.fail(format!("incident {id}"), reason);
        }
        Ok(outcome)
    }

    /// The token on standard input: as the rule finds it there, else all of it.
    fn token(
        &self,
        rule: &str,
        config: &Config,
        detector: &Detector,
        counters: &Progress,
    ) -> Result<Outcome, AnyError> {
        if self.report.as_os_str() != "-" {
            return Err(Error::NotStdin { rule: rule.to_owned() }.into());
        }
        let mut text = zeroize::Zeroizing::new(Vec::new());
        io::stdin().lock().take(LONGEST_TOKEN).read_to_end(&mut text)?;
        let mut outcome = scan::run(&config.options, detector, &mut text.as_slice(), counters)?;
        if outcome.incidents.is_empty() {
            let bare = text.trim_ascii();
            if bare.is_empty() || bare.iter().any(u8::is_ascii_whitespace) {
                return Err(Error::NoToken.into());
            }
            outcome.incidents.push(scan::bare(&config.options, detector.rules(), bare));
        }
        Ok(outcome)
    }
}

/// The incidents of a report, as objects.
pub(super) fn incidents(path: &Path) -> Result<Vec<Value>, AnyError> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let no_report = || Error::NoReport { path: path.to_owned() };
    let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let documents = documents.collect::<Result<Vec<_>, _>>().map_err(|_| no_report())?;
    let (mut incidents, mut is_report) = (Vec::new(), false);
    for document in documents {
        is_report |= document["incidents"].is_array() || document["type"] == "coverage";
        match document["incidents"].as_array() {
            Some(listed) => incidents.extend(listed.iter().cloned()),
            None if document["type"] == "incident" => incidents.push(document),
            None => {}
        }
    }
    if is_report { Ok(incidents) } else { Err(no_report().into()) }
}

/// The ids of a report's incidents, which have to be made under the key `ours`.
fn ids(path: &Path, ours: &str) -> Result<BTreeSet<String>, AnyError> {
    let mut ids = BTreeSet::new();
    for incident in incidents(path)? {
        let theirs = incident["key"].as_str().unwrap_or_default();
        if theirs != ours {
            return Err(Error::OtherKey { theirs: theirs.to_owned(), ours: ours.to_owned() }.into());
        }
        ids.extend(incident["id"].as_str().map(str::to_owned));
    }
    Ok(ids)
}
