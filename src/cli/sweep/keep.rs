//! `sweep forget` and `sweep merge`: what a state holds, less or more of it.

use std::path::PathBuf;

use clap::Args;
use stanch::{
    incident::IncidentId,
    scan::Status,
    sweep::state::{self, Changes, Selector, Wait},
};

use super::Kept;
use crate::cli::{choices::time, error::AnyError};

#[derive(Debug, Args)]
pub(super) struct Forget {
    #[command(flatten)]
    kept: Kept,
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Repositories of this name or id, or with names like this
    #[arg(long, value_name = "GLOB")]
    repository: Option<String>,
    /// The incident with this id; a scan that finds it anew brings it back
    #[arg(long, value_name = "ID", value_parser = incident)]
    incident: Option<IncidentId>,
    /// What was there before this time and is there no more, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Option<i64>,
}

#[derive(Debug, Args)]
pub(super) struct Merge {
    #[command(flatten)]
    kept: Kept,
    /// Makes the state, where there is none, under a copy of the key in this file [default: that of the first to be taken in]
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// The states to take in, which stay as they are
    #[arg(value_name = "DIR", required = true)]
    others: Vec<PathBuf>,
}

impl Merge {
    /// Under which key a state is made: that of the states it takes in, where none is named.
    fn key(&self) -> Option<PathBuf> {
        let is_new = || matches!(self.kept.read(), Err(state::Error::None { .. }));
        let theirs = || self.others.first().map(|other| other.join(state::KEY_FILE)).filter(|key| key.is_file());
        self.key_file.clone().or_else(|| theirs().filter(|_| is_new()))
    }
}

fn incident(text: &str) -> Result<IncidentId, String> {
    let id = serde_json::from_value(serde_json::Value::from(text));
    id.map_err(|_| "an incident's id has 32 hexadecimal digits".to_owned())
}

pub(super) fn forget(arguments: &Forget) -> Result<Status, AnyError> {
    let What { repository, incident, before } = &arguments.what;
    let selector = match (repository, incident, before) {
        (Some(name), ..) => Selector::Repository(name.clone()),
        (_, Some(id), _) => Selector::Incident(*id),
        (.., before) => Selector::Before(before.unwrap_or_default()),
    };
    let forgotten = arguments.kept.open(None)?.forget(&selector)?;
    anstream::println!(
        "forgot {} repositories, {} incidents, {} occurrences",
        forgotten.repositories,
        forgotten.incidents,
        forgotten.occurrences
    );
    Ok(Status::Clean)
}

pub(super) fn merge(arguments: &Merge) -> Result<Status, AnyError> {
    let mut state = arguments.kept.open(arguments.key().as_deref())?;
    let mut all = Changes::default();
    for other in &arguments.others {
        let tell =
            |holder: &_| anstream::eprintln!("stanch: waiting for the turn of {}, which {holder} has", other.display());
        all.add(state.merge(other, Wait::Told(&tell))?);
    }
    anstream::println!(
        "{} incidents new here, {} reopened, {} resolved",
        all.new.len(),
        all.reopened.len(),
        all.resolved.len()
    );
    Ok(Status::Clean)
}
