//! The flags of a sweep, and what they come to.

use std::{env, num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use stanch::{
    config::{self, Config, Flags},
    sweep::{
        audit,
        filter::{Filter, Names, Wanted},
        forge::Patience,
        notify,
        repository::Visibility,
        shard::Shard,
        state::State,
    },
};

use super::Kept;
use crate::cli::{
    asking::Asking,
    choices::{FailOnName, Level, time},
    error::AnyError,
    scan::size,
};

/// What all sweeps have in common.
#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) kept: Kept,
    #[command(flatten)]
    pub(super) running: Running,
    #[command(flatten)]
    pub(super) wanted: Which,
    #[command(flatten)]
    pub(super) rules: Rules,
    #[command(flatten)]
    pub(super) telling: Telling,
    #[command(flatten)]
    pub(super) asking: Asking,
}

/// What sweeps of forges have in common.
#[expect(clippy::doc_markdown, reason = "help is no Markdown")]
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "a command line has many switches")]
#[command(next_help_heading = "Forge")]
pub(super) struct Forged {
    /// Shows the forge the token in this file [default: that in STANCH_FORGE_TOKEN, else in the forge's own variable: GITHUB_TOKEN
    /// or GH_TOKEN, GITLAB_TOKEN, GITEA_TOKEN or FORGEJO_TOKEN, BITBUCKET_TOKEN, AZURE_DEVOPS_TOKEN]
    #[arg(long, value_name = "FILE", env = "STANCH_FORGE_TOKEN_FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// Scans wikis, too
    #[arg(long)]
    pub(super) wikis: bool,
    /// Scans gists and snippets, too
    #[arg(long)]
    pub(super) snippets: bool,
    /// Scans issues and what was said of them, too
    #[arg(long)]
    pub(super) issues: bool,
    /// Scans what was said of pull requests, too
    #[arg(long)]
    pub(super) pull_requests: bool,
    /// Scans the texts of releases, too
    #[arg(long)]
    pub(super) releases: bool,
    /// Scans the logs of jobs, too
    #[arg(long)]
    pub(super) logs: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(super) struct Running {
    /// Keeps mirrors in this folder [default: cache in the state's]
    #[arg(long, value_name = "DIR", env = "STANCH_CACHE")]
    pub(super) cache: Option<PathBuf>,
    /// How much mirrors may take on the disk (K, M, G); those used least recently go first
    #[arg(long, value_name = "N", value_parser = size, env = "STANCH_CACHE_SIZE")]
    pub(super) cache_size: Option<u64>,
    /// Does not fetch repositories that are larger (K, M, G); they are listed as not covered
    #[arg(long, value_name = "N", value_parser = size, env = "STANCH_MAX_REPO_SIZE")]
    pub(super) max_repo_size: Option<u64>,
    /// How many repositories are worked on at once [default: as many as processors]
    #[arg(short, long, value_name = "N", env = "STANCH_JOBS")]
    jobs: Option<NonZeroUsize>,
    /// Does this part of the work alone: the I-th of N, with forks on the same machine as what they were forked from
    #[arg(long, value_name = "I/N", env = "STANCH_SHARD")]
    pub(super) shard: Option<Shard>,
    /// How long a forge is waited for that has enough of questions, or fails, in seconds [default: 3900 and 300]
    #[arg(long, value_name = "SECONDS", env = "STANCH_PATIENCE")]
    patience: Option<u64>,
    /// Makes the state, where there is none, under a copy of the key in this file
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    pub(super) now: Option<i64>,
    /// Which incidents make the exit status 1 [default: any]
    #[arg(long, value_name = "WHICH", env = "STANCH_FAIL_ON")]
    pub(super) fail_on: Option<FailOnName>,
    /// Shows progress even where standard error is no terminal
    #[arg(long)]
    progress: bool,
    /// Says nothing but what could not be covered
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Which repositories")]
pub(super) struct Which {
    /// Those with names like this: OWNER/NAME, or NAME alone
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    name: Vec<String>,
    /// Not those with names like this
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    not_name: Vec<String>,
    /// Those with one of these topics
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    topic: Vec<String>,
    /// Those in one of these languages, as the forge calls them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    language: Vec<String>,
    /// Those that somebody pushed to since then, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pushed_since: Option<i64>,
    /// Whether archived ones are wanted
    #[arg(long, value_name = "WHICH", default_value = "too")]
    archived: WantedName,
    /// Whether forks are wanted
    #[arg(long, value_name = "WHICH", default_value = "too")]
    forks: WantedName,
    /// Those of at most so many bytes (K, M, G)
    #[arg(long, value_name = "N", value_parser = size)]
    most_size: Option<u64>,
    /// Those that such people may see
    #[arg(long, value_name = "WHO", value_delimiter = ',')]
    visibility: Vec<VisibilityName>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum WantedName {
    Too,
    Only,
    Not,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum VisibilityName {
    Public,
    Internal,
    Private,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Rules {
    /// Takes the pattern files in this folder, too
    #[arg(long, value_name = "DIR", env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
    /// Takes this rule alone
    #[arg(long = "rule", value_name = "ID")]
    only: Vec<String>,
    /// Leaves this rule out
    #[arg(long = "skip-rule", value_name = "ID", env = "STANCH_SKIP_RULE", value_delimiter = ',')]
    skip: Vec<String>,
    /// Keeps incidents that are at least this sure [default: medium]
    #[arg(long, value_name = "LEVEL", env = "STANCH_MIN_CONFIDENCE")]
    min_confidence: Option<Level>,
    /// Leaves these paths out
    #[arg(long, value_name = "GLOB", env = "STANCH_EXCLUDE", value_delimiter = ',')]
    pub(super) exclude: Vec<String>,
}

#[expect(clippy::doc_markdown, reason = "help is no Markdown")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Telling")]
pub(super) struct Telling {
    /// Writes a line for every repository to this file [default: audit.jsonl in the state]
    #[arg(long, value_name = "FILE", env = "STANCH_AUDIT")]
    audit: Option<PathBuf>,
    /// Tells the webhook whose address is in this file of new and reopened incidents [default: that in STANCH_NOTIFY_URL]
    #[arg(long, value_name = "FILE", env = "STANCH_NOTIFY_URL_FILE")]
    notify_url_file: Option<PathBuf>,
    /// Signs what it is told with the secret in this file [default: that in STANCH_NOTIFY_SECRET]
    #[arg(long, value_name = "FILE", env = "STANCH_NOTIFY_SECRET_FILE")]
    notify_secret_file: Option<PathBuf>,
    /// What it is told looks like
    #[arg(long, value_name = "FORMAT", default_value = "stanch", env = "STANCH_NOTIFY_FORMAT")]
    notify_format: NotifyFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum NotifyFormat {
    Stanch,
    Slack,
}

impl Common {
    /// What repositories are scanned with, under the state's key.
    pub(super) fn config(&self, state: &State) -> Result<Config, AnyError> {
        let running = &self.running;
        let flags = Flags {
            min_confidence: self.rules.min_confidence.map(|level| level.0),
            exclude: self.rules.exclude.clone(),
            patterns: self.rules.patterns.clone(),
            rules: self.rules.only.clone(),
            skip_rules: self.rules.skip.clone(),
            fail_on: running.fail_on.map(|fail_on| fail_on.0),
            now: running.now.unwrap_or_else(|| jiff::Timestamp::now().as_second()),
            jobs: Some(cores().div_ceil(running.jobs())),
            ..Flags::default()
        };
        let mut config = Config::new(config::File::default(), flags)?;
        config.options.key = state.key().clone();
        Ok(config)
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

impl Running {
    pub(super) fn jobs(&self) -> usize {
        self.jobs.map_or_else(cores, NonZeroUsize::get)
    }

    pub(super) fn patience(&self) -> Patience {
        let patience = Patience::default();
        match self.patience.map(Duration::from_secs) {
            Some(most) => Patience { limited: most, failing: most, ..patience },
            None => patience,
        }
    }

    pub(super) fn shows_progress(&self) -> bool {
        use std::io::IsTerminal as _;
        !self.quiet && (self.progress || std::io::stderr().is_terminal())
    }
}

impl Which {
    pub(super) fn filter(&self) -> Result<Filter, AnyError> {
        Ok(Filter {
            include: Names::new(&self.name)?,
            exclude: Names::new(&self.not_name)?,
            topics: self.topic.clone(),
            languages: self.language.clone(),
            pushed_since: self.pushed_since,
            archived: self.archived.into(),
            forks: self.forks.into(),
            most_bytes: self.most_size,
            visibility: self.visibility.iter().map(|name| (*name).into()).collect(),
        })
    }
}

impl From<WantedName> for Wanted {
    fn from(name: WantedName) -> Self {
        match name {
            WantedName::Too => Self::Too,
            WantedName::Only => Self::Only,
            WantedName::Not => Self::Not,
        }
    }
}

impl From<VisibilityName> for Visibility {
    fn from(name: VisibilityName) -> Self {
        match name {
            VisibilityName::Public => Self::Public,
            VisibilityName::Internal => Self::Internal,
            VisibilityName::Private => Self::Private,
        }
    }
}

impl Telling {
    pub(super) fn log(&self, common: &Common) -> Result<audit::Log, audit::Error> {
        let usual = || common.kept.state.join("audit.jsonl");
        audit::Log::open(&self.audit.clone().unwrap_or_else(usual))
    }

    /// Who is told of news, if anybody is.
    pub(super) fn hook(&self, asking: &Asking) -> Result<Option<notify::Hook>, AnyError> {
        let named = |file: Option<&PathBuf>, variable: &str| match file {
            Some(path) => std::fs::read_to_string(path)
                .map(Some)
                .map_err(|error| format!("cannot read {}: {error}", path.display())),
            None => Ok(env::var(variable).ok().filter(|text| !text.trim().is_empty())),
        };
        let Some(address) = named(self.notify_url_file.as_ref(), "STANCH_NOTIFY_URL")? else { return Ok(None) };
        let format = match self.notify_format {
            NotifyFormat::Stanch => notify::Format::Stanch,
            NotifyFormat::Slack => notify::Format::Slack,
        };
        let hook = notify::Hook::new(&address, format, &asking.private_hosts())?;
        match named(self.notify_secret_file.as_ref(), "STANCH_NOTIFY_SECRET")? {
            Some(secrets) => Ok(Some(hook.signed(&secrets)?)),
            None => Ok(Some(hook)),
        }
    }
}
