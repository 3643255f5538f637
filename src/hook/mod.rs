//! Git hooks: where they lie, how they are put there and taken away again, what git hands to them, and what they say.
//!
//! A hook file is a few lines of shell that find the program ([`script`]); what it then scans is [`crate::scan`]'s. No program is run
//! here, git neither: its configuration is read as it lies on disk ([`settings`]).

pub mod agent;
pub mod allowed;
pub mod called;
pub mod commit_message;
mod file;
pub mod folder;
pub mod install;
pub mod notice;
pub mod push;
mod script;
pub mod settings;
pub mod status;

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::source::git;

/// A hook that scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// Before a commit: what the index adds.
    PreCommit,
    /// Before a merge that had no conflicts is committed: what it adds to both sides.
    PreMergeCommit,
    /// Before a commit is made: its message.
    CommitMsg,
    /// Before a push: what the remote does not have.
    PrePush,
    /// On the other side of a push: what it brings.
    PreReceive,
}

impl Hook {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PreCommit, Self::PreMergeCommit, Self::CommitMsg, Self::PrePush, Self::PreReceive];
    /// Those of a repository in which people work.
    pub const OF_WORK_TREES: [Self; 4] = [Self::PreCommit, Self::PreMergeCommit, Self::CommitMsg, Self::PrePush];
    /// Those of a repository that people push to.
    pub const OF_BARE: [Self; 1] = [Self::PreReceive];

    /// Its name, which is its file's.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::CommitMsg => "commit-msg",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
        }
    }

    /// Whether git hands it something on standard input.
    pub fn reads_input(self) -> bool {
        matches!(self, Self::PrePush | Self::PreReceive)
    }
}

/// Why hooks cannot be installed, taken away or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no repository whose hooks these could be.
    #[error("{} is in no git repository", path.display())]
    NoRepository {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] git::Error),
    /// Git's configuration cannot be read.
    #[error("git's configuration cannot be read: {why}")]
    Settings {
        /// Why not.
        why: String,
    },
    /// A hook's file or folder cannot be read or written.
    #[error("hooks: cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// `core.hooksPath` names something that holds no hooks.
    #[error("core.hooksPath is {}, which is no folder, so git runs no hooks here (it is set in {set_in}); unset it first", path.display())]
    Disabled {
        /// What it names.
        path: PathBuf,
        /// The file that says so.
        set_in: String,
    },
    /// A hook was replaced after another had been kept for it: there is one place for two.
    #[error("{} was replaced since it was installed, and {} still keeps the hook from before: delete the one that is out of date, then install again", hook.display(), kept.display())]
    Replaced {
        /// The hook.
        hook: PathBuf,
        /// Where the one before is kept.
        kept: PathBuf,
    },
    /// Git handed over what makes no sense.
    #[error("{hook}: line {line} of standard input is none of git's")]
    Input {
        /// The hook.
        hook: &'static str,
        /// The line, from 1.
        line: usize,
    },
}

impl Error {
    fn file(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { what, path: path.to_owned(), source }
    }
}
