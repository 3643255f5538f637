//! `stanch sweep`: scans every repository of an organisation, and keeps what it learned.

mod flags;
mod keep;
mod listed;
mod progress;
mod report;
mod run;
mod status;

use std::{
    env, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use stanch::{
    scan::Status,
    sweep::{
        fetch::credential,
        state::{self, State, Wait},
    },
};

use super::error::AnyError;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  GITHUB_TOKEN=… stanch sweep github --org acme --state sweeps
  stanch sweep gitea --org acme --endpoint gitea=https://git.example.org --token-file token --state sweeps
  stanch sweep list clone-urls.txt --state sweeps
  stanch sweep report --state sweeps

Exit status: 0 no incidents and all covered; 1 incidents; 2 wrong usage; 3 no incidents, but something could not be covered.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Sweep(listed::Source),
    /// Says how far sweeps have come
    Status(status::Arguments),
    /// Writes what is known of all repositories, in every format that scans have, or sums it up
    Report(Box<report::Arguments>),
    /// Forgets a repository, an incident, or what is long gone
    Forget(keep::Forget),
    /// Takes in what other states have learned
    Merge(keep::Merge),
    /// Answers git's question for credentials, for the git that a sweep started
    #[command(hide = true)]
    Credential {
        /// What git wants: get, store or erase
        operation: String,
    },
}

/// Where what was learned is kept.
#[derive(Debug, Args)]
struct Kept {
    /// Keeps what is learned in this folder: masked secrets and keyed hashes alone
    #[arg(long, value_name = "DIR", env = "STANCH_STATE", help_heading = "State")]
    state: PathBuf,
}

impl Kept {
    /// The state, once it is this process' turn.
    fn open(&self, key_file: Option<&Path>) -> Result<State, state::Error> {
        let tell =
            |holder: &state::Holder| anstream::eprintln!("stanch: waiting for the state's turn, which {holder} has");
        let wait = Wait::Told(&tell);
        match key_file {
            Some(file) => State::open_with_key(&self.state, file, wait),
            None => State::open(&self.state, wait),
        }
    }

    /// The state, to be read.
    fn read(&self) -> Result<State, state::Error> {
        State::open_for_reading(&self.state)
    }
}

pub(super) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    match &arguments.command {
        Command::Sweep(source) => run::run(source),
        Command::Status(arguments) => status::run(arguments),
        Command::Report(arguments) => report::run(arguments, colour),
        Command::Forget(arguments) => keep::forget(arguments),
        Command::Merge(arguments) => keep::merge(arguments),
        Command::Credential { operation } => answer(operation),
    }
}

/// More than git asks.
const MOST_ASKED: u64 = 64 << 10;

fn answer(operation: &str) -> Result<Status, AnyError> {
    let mut question = String::new();
    io::stdin().lock().take(MOST_ASKED).read_to_string(&mut question)?;
    let said = credential::answer(operation, &question, |name| env::var(name).ok());
    io::Write::write_all(&mut io::stdout().lock(), said.as_bytes())?;
    Ok(Status::Clean)
}
