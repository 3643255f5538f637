//! `stanch hook install`, `uninstall` and `status`: a line for each hook.

use std::{
    env,
    io::{self, Write},
    path::Path,
};

use stanch::{
    escape,
    hook::{
        Error, Hook,
        called::Called,
        folder::Folder,
        install::{self, Installed, Removed},
        settings::Settings,
        status::{self, State},
    },
    scan::Status,
};

use super::Pick;
use crate::cli::error::AnyError;

/// The folder of the hooks that are meant, and whether the repository is bare.
fn folder(is_global: bool) -> Result<(Folder, bool), AnyError> {
    if is_global {
        return Ok((install::for_all_repositories()?, false));
    }
    folder_of(&env::current_dir()?)
}

/// The folder of the hooks of the repository around `path`, and whether that is bare.
pub(in crate::cli) fn folder_of(path: &Path) -> Result<(Folder, bool), AnyError> {
    let repository = Called { git_dir: None, ..Called::in_folder(path) }.repository()?;
    let settings = Settings::read(Some(&repository))?;
    Ok((Folder::of(&repository, &settings)?, repository.is_bare()))
}

pub(super) fn install(pick: &Pick) -> Result<Status, AnyError> {
    let (folder, is_bare) = folder(pick.global)?;
    put(&folder, &pick.hooks(is_bare), &mut io::stdout().lock())?;
    if pick.global {
        install::use_for_all(&folder)?;
    }
    Ok(Status::Clean)
}

/// Puts `hooks` into `folder`, and tells `out` of each.
pub(in crate::cli) fn put(folder: &Folder, hooks: &[Hook], out: &mut impl Write) -> Result<(), AnyError> {
    let program = env::current_exe().ok();
    for &hook in hooks {
        let installed = install::install(folder, hook, program.as_deref())?;
        writeln!(out, "{}: {}", hook.name(), done(installed, hook))?;
        if let Installed::Chained(Some("lefthook")) = installed {
            // Without it the hook is told of nothing, and passes.
            let input = if hook.reads_input() { ", with `use_stdin: true`," } else { "" };
            writeln!(
                out,
                "  lefthook writes this hook anew with `lefthook install`: run `stanch hook install` after that, \
                 or add `stanch hook run {} {{0}}`{input} to its commands",
                hook.name()
            )?;
        }
    }
    writeln!(out, "in {}", shown(&folder.path))?;
    if folder.is_shared {
        writeln!(out, "Commit them: whoever uses the repository then needs stanch on PATH")?;
    }
    Ok(())
}

fn done(installed: Installed, hook: Hook) -> String {
    match installed {
        Installed::New => "installed".to_owned(),
        Installed::Renewed => "installed anew".to_owned(),
        Installed::Chained(tool) => {
            format!("installed; {} runs first, kept as {}.before-stanch", whose(tool), hook.name())
        }
    }
}

fn whose(tool: Option<&str>) -> String {
    tool.map_or_else(|| "the hook that was there".to_owned(), |tool| format!("{tool}'s hook"))
}

pub(super) fn uninstall(pick: &Pick) -> Result<Status, AnyError> {
    let (folder, is_bare) = folder(pick.global)?;
    let mut out = io::stdout().lock();
    for hook in pick.hooks(is_bare) {
        let text = match install::uninstall(&folder, hook)? {
            Removed::Nothing => "was not installed".to_owned(),
            Removed::Gone => "taken away".to_owned(),
            Removed::Restored => "taken away; the hook from before is back".to_owned(),
            Removed::Other(tool) => format!("{} is there, and stays", whose(tool)),
        };
        writeln!(out, "{}: {text}", hook.name())?;
    }
    if pick.global {
        install::use_for_none(&folder)?;
    }
    Ok(Status::Clean)
}

pub(super) fn status() -> Result<Status, AnyError> {
    let (folder, is_bare) = match folder(false) {
        Ok(found) => found,
        Err(error) if matches!(error.downcast_ref(), Some(Error::Disabled { .. })) => {
            writeln!(io::stdout(), "no hook runs: {error}")?;
            return Ok(Status::Incomplete);
        }
        Err(error) => return Err(error),
    };
    let mut out = io::stdout().lock();
    let usual = if is_bare { &Hook::OF_BARE[..] } else { &Hook::OF_WORK_TREES };
    let mut states = Vec::new();
    for hook in Hook::ALL {
        let state = status::of(&folder, hook)?;
        // Where all repositories share a folder, others are only passed on.
        if usual.contains(&hook) || state.is_broken() || state.runs() && !folder.is_global {
            writeln!(out, "{}: {}", hook.name(), said(&state, &folder, hook))?;
            states.push(state);
        }
    }
    writeln!(out, "in {}", shown(&folder.path))?;
    if let Some(hooks_path) = &folder.hooks_path {
        writeln!(out, "core.hooksPath is {} in {}", shown(&hooks_path.path), escape::terminal(&hooks_path.set_in))?;
    }
    let is_fine = states.iter().any(State::runs) && !states.iter().any(State::is_broken);
    Ok(if is_fine { Status::Clean } else { Status::Incomplete })
}

fn said(state: &State, folder: &Folder, hook: Hook) -> String {
    match state {
        State::Missing => "not installed".to_owned(),
        State::Runs { chained: false } => "runs".to_owned(),
        State::Runs { chained: true } => format!("runs, behind {}.before-stanch", hook.name()),
        State::TakenOver(by) => format!("runs, called by {by}"),
        State::NotExecutable => format!("does NOT run: {} is not executable", shown(&folder.path.join(hook.name()))),
        State::Shadowed => {
            "does NOT run: core.hooksPath has git look elsewhere; `stanch hook install` puts it there".to_owned()
        }
        State::Replaced(tool) => format!(
            "does NOT run: {} has replaced it since; `stanch hook install` puts it back, in front of that",
            tool.unwrap_or("another tool")
        ),
        State::Other(tool) => format!("not installed ({} is there)", whose(*tool)),
    }
}

fn shown(path: &Path) -> String {
    escape::terminal(&path.display().to_string()).into_owned()
}
