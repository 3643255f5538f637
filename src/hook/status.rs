//! Whether the hooks of a repository are in place, and whether git runs them.

use std::path::Path;

use super::{
    Error, Hook,
    file::{self, Holder},
    folder::Folder,
    install::MOVED,
};
use crate::bounded;

/// How a hook stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is not there.
    Missing,
    /// It runs.
    Runs {
        /// Behind the hook that was there before.
        chained: bool,
    },
    /// It runs from the hook of another tool, which took it over.
    TakenOver(&'static str),
    /// It is there, and git does not run it: it is not executable.
    NotExecutable,
    /// It is there, where git no longer looks: `core.hooksPath` is set.
    Shadowed,
    /// It was there, and was replaced since: by this tool, where it can be told.
    Replaced(Option<&'static str>),
    /// Another hook is there, and ours never was.
    Other(Option<&'static str>),
}

impl State {
    /// Whether it was installed and does not run.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::NotExecutable | Self::Shadowed | Self::Replaced(_))
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs { .. } | Self::TakenOver(_))
    }
}

/// How `hook` stands in `folder`, from which git runs hooks.
pub fn of(folder: &Folder, hook: Hook) -> Result<State, Error> {
    let path = folder.file(hook.name());
    let is_shadowed = || folder.passed_over.as_ref().is_some_and(|own| is_ours(&own.join(hook.name())));
    Ok(match file::holder(&path)? {
        Holder::Ours if folder.needs_permission() && !file::is_executable(&path) => State::NotExecutable,
        Holder::Ours => State::Runs { chained: file::exists(&file::kept(&path)) },
        Holder::Nobody if is_shadowed() => State::Shadowed,
        Holder::Nobody => State::Missing,
        Holder::Other(Some("pre-commit")) if is_ours(&file::beside(&path, MOVED[0])) => State::TakenOver("pre-commit"),
        Holder::Other(_) if calls_us(&path) => State::TakenOver("a hook of your own"),
        Holder::Other(tool) => {
            let was_ours = MOVED.iter().any(|ending| is_ours(&file::beside(&path, ending)));
            if was_ours || file::exists(&file::kept(&path)) {
                State::Replaced(tool)
            } else if is_shadowed() {
                State::Shadowed
            } else {
                State::Other(tool)
            }
        }
    })
}

fn is_ours(path: &Path) -> bool {
    matches!(file::holder(path), Ok(Holder::Ours))
}

/// Whether a hook that is not ours runs the program all the same.
fn calls_us(path: &Path) -> bool {
    file::is_executable(path)
        && bounded::read_regular_text(path, file::MOST).is_ok_and(|text| text.contains("stanch hook run"))
}
