//! Where a repository's hooks lie: in its git directory, where `core.hooksPath` says, or where husky runs them from.

use std::path::{Path, PathBuf};

use super::{
    Error, Hook,
    script::{Before, Script},
    settings::{HooksPath, Settings},
};
use crate::source::git::Repository;

/// The folder in which hooks are put, and how they are run there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// What `core.hooksPath` says.
    pub hooks_path: Option<HooksPath>,
    /// The folder in the git directory, which git passes over where `core.hooksPath` is set.
    pub passed_over: Option<PathBuf>,
    /// Whether a shell reads the hooks, which then need not be executable: husky does it like that.
    pub(super) for_shell: bool,
    /// Whether it lies in the work tree, so that other people have it, too.
    pub is_shared: bool,
    /// Whether all repositories of the user share it, and it is ours.
    pub is_global: bool,
}

/// Where husky from version 9 on has `core.hooksPath` point: what is in there runs the hooks in the folder above.
const HUSKY: &str = ".husky/_";

impl Folder {
    /// The folder from which git runs the hooks of `repository`.
    pub fn of(repository: &Repository, settings: &Settings) -> Result<Self, Error> {
        let own = repository.common_dir().join("hooks");
        let Some(hooks_path) = settings.hooks_path() else {
            return Ok(Self::plain(own));
        };
        // Hooks are run at the top of the work tree, and a relative path is relative to that.
        let top = repository.work_tree().unwrap_or(repository.git_dir());
        let named = top.join(&hooks_path.path);
        let for_shell = named.ends_with(HUSKY);
        let path = if for_shell { named.parent().unwrap_or(&named).to_owned() } else { named };
        if path.exists() && !path.is_dir() {
            return Err(Error::Disabled { path, set_in: hooks_path.set_in });
        }
        let is_shared =
            repository.work_tree().is_some_and(|top| lies_in(&path, top)) && !lies_in(&path, repository.common_dir());
        let is_global = super::install::global_folder().is_some_and(|global| global == path);
        let passed_over = Some(own).filter(|own| *own != path);
        Ok(Self { path, hooks_path: Some(hooks_path), passed_over, for_shell, is_shared, is_global })
    }

    /// A folder of hooks that git runs.
    pub(super) fn plain(path: PathBuf) -> Self {
        Self { path, hooks_path: None, passed_over: None, for_shell: false, is_shared: false, is_global: false }
    }

    /// The file of a hook.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether its hooks have to be executable.
    pub(super) fn needs_permission(&self) -> bool {
        !self.for_shell
    }

    /// The text of a hook's file.
    pub(super) fn text(&self, hook: Hook, program: Option<&Path>) -> String {
        let before = match self {
            Self { is_global: true, .. } => Before::Own,
            Self { for_shell: true, .. } => Before::KeptForShell,
            _ => Before::Kept,
        };
        // Where the program is on this machine is no business of others.
        Script { hook, program: program.filter(|_| !self.is_shared), before }.text()
    }
}

fn lies_in(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(path).starts_with(real(folder))
}
