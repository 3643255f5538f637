//! `stanch hook`: git hooks installed, taken away and looked at, and what they and coding agents' hooks run.

mod agent;
mod run;
mod setup;

use clap::{Args, Subcommand};
use stanch::{hook::Hook, scan::Status};

use super::error::AnyError;

pub(super) use setup::{folder_of, put};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Puts hooks in place; a hook that is there already runs first
    Install(Pick),
    /// Takes hooks away, and puts back what was there before
    Uninstall(Pick),
    /// Says which hooks are in place, and whether git runs them
    Status,
    /// Does what a hook of this name does; git calls it
    Run(run::Arguments),
    /// Does what pre-receive does in a repository that people push to; git calls it
    PreReceive(run::Scanning),
    /// Says to a coding agent whether a prompt or a tool call, as JSON on standard input, holds a secret
    Agent(agent::Arguments),
}

/// Which hooks; all that fit the repository where none is named.
#[allow(clippy::struct_excessive_bools, reason = "a command line has many switches")]
#[derive(Debug, Args)]
struct Pick {
    /// What the index adds, before each commit
    #[arg(long)]
    pre_commit: bool,
    /// What a merge without conflicts adds, before it is committed
    #[arg(long)]
    pre_merge_commit: bool,
    /// The message of each commit
    #[arg(long)]
    commit_msg: bool,
    /// What the remote does not have, before each push
    #[arg(long)]
    pre_push: bool,
    /// What is pushed, in a repository that people push to
    #[arg(long)]
    pre_receive: bool,
    /// For all repositories of the user, by core.hooksPath
    #[arg(long)]
    global: bool,
}

impl Pick {
    /// The hooks that are named, else those of such a repository.
    fn hooks(&self, is_bare: bool) -> Vec<Hook> {
        let named = |hook: &Hook| match hook {
            Hook::PreCommit => self.pre_commit,
            Hook::PreMergeCommit => self.pre_merge_commit,
            Hook::CommitMsg => self.commit_msg,
            Hook::PrePush => self.pre_push,
            Hook::PreReceive => self.pre_receive,
        };
        let picked: Vec<Hook> = Hook::ALL.into_iter().filter(named).collect();
        match (picked.is_empty(), is_bare) {
            (false, _) => picked,
            (true, true) => Hook::OF_BARE.to_vec(),
            (true, false) => Hook::OF_WORK_TREES.to_vec(),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    match &arguments.what {
        What::Install(pick) => setup::install(pick),
        What::Uninstall(pick) => setup::uninstall(pick),
        What::Status => setup::status(),
        What::Run(arguments) => run::run(arguments),
        What::PreReceive(scanning) => run::pre_receive(scanning),
        What::Agent(arguments) => agent::run(arguments),
    }
}
