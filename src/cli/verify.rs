//! `stanch verify`: asks about the incidents of a report, or about one token.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use serde_json::Value;
use stanch::{
    config::{self, Config, Flags},
    detect::Detector,
    report::Report,
    rule::Confidence,
    scan::{self, FailOn, History, Outcome, Progress, Status, Target},
    source::git::Refs,
};

use super::{asking::Manners, choices::FailOnName, error::AnyError, interrupt, output::Output};

/// A longer input is no token, in bytes.
const LONGEST_TOKEN: u64 = 1 << 20;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 none works; 1 one does; 2 wrong usage; 3 of one it could not be told. --fail-on changes that."
)]
pub(crate) struct Arguments {
    /// A report of stanch in JSON or JSON lines; - is standard input, which with --rule holds a token
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// What the report is of: scanned anew for the tokens, which no report holds
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Takes standard input for a token of this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Takes the pattern files in this folder, too
    #[arg(long, value_name = "DIR", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Makes identities under the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Which incidents make the exit status 1 [default: active]
    #[arg(long, value_name = "WHICH", env = "STANCH_FAIL_ON")]
    fail_on: Option<FailOnName>,
    #[command(flatten)]
    manners: Manners,
    #[command(flatten)]
    output: Output,
}

/// What a verification cannot begin with.
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
    #[error("with --rule the token comes from standard input: `stanch verify --rule {rule} -`")]
    NotStdin { rule: String },
    #[error("standard input holds no token")]
    NoToken,
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let destinations = arguments.output.destinations(colour)?;
    let config = configuration(arguments)?;
    let detector = Detector::new(config.rules.rules().to_vec());
    let verifier = arguments.manners.verifier(detector.rules(), &config.options)?;
    let counters = Arc::new(Progress::default());
    interrupt::stop_on_signal(&counters);
    let mut outcome = match &arguments.rule {
        Some(rule) => token(arguments, rule, &config, &detector, &counters)?,
        None => reported(arguments, &config, &detector, &counters)?,
    };
    scan::verify(&mut outcome, detector.rules(), &verifier, &counters);
    arguments.manners.keep(&verifier, &config.options.key)?;
    destinations.write(&Report {
        incidents: &outcome.incidents,
        coverage: &outcome.coverage,
        named: &outcome.named,
        rules: detector.rules(),
        key: config.options.key.id(),
        seconds: started.elapsed().as_secs_f64(),
        now: config.options.now,
        show_secrets: arguments.output.show_secrets,
        all_versions: config.options.all_versions,
        checkout: None,
    })?;
    Ok(Status::of(&outcome, arguments.fail_on.map_or(FailOn::Active, |fail_on| fail_on.0)))
}

/// Everything is looked for, whatever the configuration leaves out: the report says what counts.
fn configuration(arguments: &Arguments) -> Result<Config, config::Error> {
    let target = |path: &PathBuf| if path.as_os_str() == "-" { Target::Stdin } else { Target::Path(path.clone()) };
    let flags = Flags {
        targets: match arguments.rule {
            Some(_) => vec![Target::Stdin],
            None => arguments.paths.iter().map(target).collect(),
        },
        history: History::Full { refs: Refs::All, files: true },
        min_confidence: Some(Confidence::Low),
        no_allow: true,
        no_ignore: true,
        patterns: arguments.patterns.clone(),
        rules: arguments.rule.iter().cloned().collect(),
        key_file: arguments.key_file.clone(),
        key: std::env::var("STANCH_KEY").ok(),
        now: arguments.output.now(),
        all_versions: arguments.output.all_versions,
        ..Flags::default()
    };
    Config::new(config::File::default(), flags)
}

/// The incidents of the report, found anew.
fn reported(
    arguments: &Arguments,
    config: &Config,
    detector: &Detector,
    counters: &Progress,
) -> Result<Outcome, AnyError> {
    let wanted = ids(&arguments.report, config.options.key.id())?;
    let mut outcome = scan::run(&config.options, detector, &mut io::empty(), counters)?;
    outcome.incidents.retain(|incident| wanted.contains(&incident.id.to_string()));
    let found: BTreeSet<String> = outcome.incidents.iter().map(|incident| incident.id.to_string()).collect();
    for id in wanted.difference(&found) {
        outcome.coverage.fail(format!("incident {id}"), "is not found any more: whether its token works is not known");
    }
    Ok(outcome)
}

/// The ids of a report's incidents.
fn ids(path: &Path, ours: &str) -> Result<BTreeSet<String>, Error> {
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
    let (mut ids, mut is_report) = (BTreeSet::new(), false);
    for document in &documents {
        let lines = document["incidents"].as_array().map_or_else(|| std::slice::from_ref(document), Vec::as_slice);
        is_report |= document["incidents"].is_array() || document["type"] == "coverage";
        for incident in lines.iter().filter(|line| line["type"] == "incident") {
            let theirs = incident["key"].as_str().unwrap_or_default();
            if theirs != ours {
                return Err(Error::OtherKey { theirs: theirs.to_owned(), ours: ours.to_owned() });
            }
            ids.extend(incident["id"].as_str().map(str::to_owned));
        }
    }
    if is_report { Ok(ids) } else { Err(no_report()) }
}

/// The token on standard input: as the rule finds it there, else all of it.
fn token(
    arguments: &Arguments,
    rule: &str,
    config: &Config,
    detector: &Detector,
    counters: &Progress,
) -> Result<Outcome, AnyError> {
    if arguments.report.as_os_str() != "-" {
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
