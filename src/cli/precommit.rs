//! What the hooks in `.pre-commit-hooks.yaml` run: `stanch scan` over what the pre-commit framework hands over.
//!
//! The framework names files on the command line, and what is pushed in the environment. Which bytes of them are read is
//! [`stanch::scan::History`]'s.

use std::path::PathBuf;

use stanch::{
    scan::{History, Status},
    source::git::Change,
};

use super::{error::AnyError, scan};

/// Why a hook cannot run.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("no files were named: the hook needs `pass_filenames: true`")]
    NoFiles,
}

/// Scans the files that were named.
pub(super) fn files(arguments: scan::Arguments, colour: bool) -> Result<Status, AnyError> {
    if !arguments.names_paths() {
        return Err(Error::NoFiles.into());
    }
    let index_file = std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from);
    scan::run(&arguments.over(History::Handed { index_file }), colour)
}

/// Scans what is not yet on the remote that is pushed to. The framework names only the first of the refs that are pushed, so this is about all of them.
pub(super) fn push(arguments: scan::Arguments, colour: bool) -> Result<Status, AnyError> {
    let remote = std::env::var("PRE_COMMIT_REMOTE_NAME").unwrap_or_default();
    scan::run(&arguments.over(History::Change(Change::Unpushed { remote })), colour)
}
