//! What hooks run: one scan of what git is about to do, a few lines on standard error where it is to be stopped, and the status that stops it.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum, builder::PossibleValue};
use stanch::{
    blob::ObjectId,
    config::{self, Config, Flags},
    detect::Detector,
    escape,
    hook::{
        Hook, allowed,
        called::Called,
        commit_message::Cleanup,
        notice,
        push::{self, Update},
        settings::Settings,
    },
    incident::IdentityKey,
    known::baseline::{self, Baseline},
    report::Report,
    scan::{self, History, Outcome, Progress, Status, Target},
    source::git::{Change, Repository},
};

use crate::cli::{
    choices::time,
    error::{self, AnyError},
    scan::at_top,
};

/// The hooks that `run` knows.
#[derive(Clone, Copy, Debug)]
struct Name(Hook);

impl ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: &[Name] =
            &[Name(Hook::PreCommit), Name(Hook::PreMergeCommit), Name(Hook::CommitMsg), Name(Hook::PrePush)];
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The hook
    #[arg(value_name = "HOOK")]
    hook: Name,
    /// What git hands to it
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    handed: Vec<PathBuf>,
    #[command(flatten)]
    scanning: Scanning,
}

/// How hooks scan. Git passes none of these on: variables are how they are set.
#[derive(Debug, Args)]
pub(super) struct Scanning {
    /// Reads the configuration from this file rather than from the repository's stanch.toml
    #[arg(long, value_name = "FILE", env = "STANCH_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Makes identities under the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
}

/// Why a hook cannot be run.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("commit-msg: git names the file with the message, and here is none")]
    NoMessage,
    #[error("pre-push: git names the remote, and here is none")]
    NoRemote,
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("stanch.toml of {commit}: it is not text")]
    NotText { commit: ObjectId },
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let called = Called::in_folder(&env::current_dir()?);
    let Arguments { hook: Name(hook), handed, scanning } = arguments;
    let (index_file, heads) = (called.index_file.clone(), called.heads.clone());
    let change = match hook {
        Hook::PreMergeCommit => Change::Merged { index_file, heads },
        Hook::CommitMsg => return commit_msg(&called, handed, scanning),
        Hook::PrePush => {
            let remote = handed.first().ok_or(Error::NoRemote)?;
            match push::to_remote(&push::on_this_side(&input()?)?, &remote.to_string_lossy()) {
                Some(change) => change,
                // What only deletes brings nothing.
                None => return Ok(Status::Clean),
            }
        }
        Hook::PreCommit | Hook::PreReceive => Change::Staged { index_file },
    };
    let repository = called.repository()?;
    let run = Run::new(*hook, scanning, scanning.file(&called, Some(&repository))?, repository.work_tree())?;
    let outcome = scan::change(&run.config.options, &run.detector, (&repository, &change), &Progress::default())?;
    Ok(run.end(&outcome))
}

fn input() -> io::Result<Vec<u8>> {
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    Ok(input)
}

fn commit_msg(called: &Called, handed: &[PathBuf], scanning: &Scanning) -> Result<Status, AnyError> {
    let path = called.folder.join(handed.first().ok_or(Error::NoMessage)?);
    let message = fs::read(&path).map_err(|source| Error::Read { path, source })?;
    let repository = called.repository()?;
    // Git sets the editor to this where it calls none.
    let edited = env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let kept = Cleanup::new(&Settings::read(Some(&repository))?, edited).kept(&message);
    let file = scanning.file(called, Some(&repository))?;
    let mut run = Run::new(Hook::CommitMsg, scanning, file, repository.work_tree())?;
    run.config.options.targets = vec![Target::Stdin];
    let outcome = scan::run(&run.config.options, &run.detector, &mut kept.as_slice(), &Progress::default())?;
    Ok(run.end(&outcome))
}

/// The branch that is pushed to has the say about what is allowed on it; of a new one, and of tags, the branch at HEAD.
pub(super) fn pre_receive(scanning: &Scanning) -> Result<Status, AnyError> {
    let called = Called::in_folder(&env::current_dir()?).in_quarantine();
    let updates = push::on_the_other_side(&input()?)?;
    if updates.iter().all(|update| update.new.is_none()) {
        return Ok(Status::Clean);
    }
    let repository = called.repository()?;
    let head = repository.head()?;
    let mut by_base: BTreeMap<Option<ObjectId>, Vec<Update>> = BTreeMap::new();
    for update in updates {
        let old = update.old.filter(|_| update.name.starts_with("refs/heads/"));
        by_base.entry(old.or(head)).or_default().push(update);
    }
    let mut status = Status::Clean;
    for (base, updates) in by_base {
        let Some(change) = push::to_here(&updates) else { continue };
        let mut run = match base {
            Some(base) if scanning.config.is_none() => Run::under(&repository, base, scanning)?,
            _ => Run::new(Hook::PreReceive, scanning, scanning.file(&called, None)?, None)?,
        };
        run.config.options.show_allowed = true;
        let change = (&repository, &change);
        let mut outcome = scan::change(&run.config.options, &run.detector, change, &Progress::default())?;
        run.list_allowed(&mut outcome);
        status = worse(status, run.end(&outcome));
    }
    Ok(status)
}

/// The configuration that a commit holds.
fn at_commit(repository: &Repository, commit: ObjectId) -> Result<config::File, AnyError> {
    let Some(text) = repository.file_at(commit, config::FILE_NAME)? else { return Ok(config::File::default()) };
    let text = String::from_utf8(text).map_err(|_| Error::NotText { commit })?;
    Ok(config::File::committed(&text)?)
}

/// The baseline that a commit holds, if it has one.
fn baseline_at(repository: &Repository, commit: ObjectId, key: &IdentityKey) -> Result<Option<Baseline>, AnyError> {
    let text = repository.file_at(commit, baseline::FILE_NAME)?;
    Ok(text.map(|text| Baseline::committed(text, key)).transpose()?)
}

fn worse(one: Status, other: Status) -> Status {
    match (one, other) {
        (Status::Incidents, _) | (_, Status::Incidents) => Status::Incidents,
        (Status::Clean, other) => other,
        (one, _) => one,
    }
}

impl Scanning {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            history: History::FilesOnly,
            patterns: self.patterns.clone(),
            key_file: self.key_file.clone(),
            key: env::var("STANCH_KEY").ok(),
            now: self.now.unwrap_or_else(|| jiff::Timestamp::now().as_second()),
            ..Flags::default()
        }
    }

    /// The configuration file that was named, else the one at the top of the work tree.
    fn file(&self, called: &Called, repository: Option<&Repository>) -> Result<config::File, AnyError> {
        let top = |repository: &Repository| repository.work_tree().unwrap_or(&called.folder).join(config::FILE_NAME);
        let path = self.config.clone().or_else(|| repository.map(top).filter(|path| path.is_file()));
        Ok(path.map_or_else(|| Ok(config::File::default()), |path| config::File::read(&path))?)
    }
}

/// One run of a hook.
struct Run {
    hook: Hook,
    config: Config,
    detector: Detector,
}

impl Run {
    /// A run under the configuration `file`; what else is known, and left out, is what files at the top of the work tree name, where there is one.
    fn new(hook: Hook, scanning: &Scanning, file: config::File, top: Option<&Path>) -> Result<Self, AnyError> {
        let known = |name: &str| top.and_then(|top| at_top(&[top.to_owned()], name));
        let flags = Flags {
            baseline: known(baseline::FILE_NAME),
            ignore_file: known(config::IGNORE_FILE_NAME),
            ..scanning.flags()
        };
        let config = Config::new(file, flags)?;
        let detector = Detector::new(config.rules.rules().to_vec());
        Ok(Self { hook, config, detector })
    }

    /// A run under the configuration and the baseline that a commit holds. One that cannot be used is not heeded: else nobody could push its
    /// correction.
    fn under(repository: &Repository, commit: ObjectId, scanning: &Scanning) -> Result<Self, AnyError> {
        let not_heeded = |what: &str, error: &AnyError| {
            let why = error::masked(&error.to_string());
            say(&[format!("stanch: the {what} of {commit} is not heeded: {}", escape::terminal(&why))]);
        };
        let with = |file| Self::new(Hook::PreReceive, scanning, file, None);
        let mut run = at_commit(repository, commit).and_then(with).or_else(|error| {
            not_heeded("configuration", &error);
            with(config::File::default())
        })?;
        match baseline_at(repository, commit, &run.config.options.key) {
            Ok(baseline) => run.config.options.baseline = baseline,
            Err(error) => not_heeded("baseline", &error),
        }
        Ok(run)
    }

    /// Says what is wrong, and how the hook ends.
    fn end(&self, outcome: &Outcome) -> Status {
        say(&notice::lines(self.hook, &self.report(outcome)));
        Status::of(outcome, self.config.fail_on)
    }

    /// Takes out of `outcome` what is allowed, and says what of that comments in the pushed text allow.
    fn list_allowed(&self, outcome: &mut Outcome) {
        let options = &self.config.options;
        let incidents = allowed::take(&mut outcome.incidents, &options.allows, options.baseline.as_ref());
        if !incidents.is_empty() {
            let listed = Report { incidents: &incidents, ..self.report(outcome) };
            say(&notice::allowed(&listed));
        }
    }

    fn report<'a>(&'a self, outcome: &'a Outcome) -> Report<'a> {
        outcome.report(self.config.rules.rules(), &self.config.options)
    }
}

/// Prints on standard error. Whether anybody listens must not decide how a hook ends.
fn say(lines: &[String]) {
    let mut err = io::stderr().lock();
    for line in lines {
        let _ = writeln!(err, "{line}");
    }
}
