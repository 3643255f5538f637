//! What git's own configuration says about hooks and commit messages: the system's, the user's, the repository's and the worktree's, with
//! what they include. It is the configuration of whoever runs the program, not of what is scanned.

use std::path::{Path, PathBuf};

use gix::config::{
    File, Source,
    file::{Metadata, includes, init},
    path::interpolate,
};

use super::Error;
use crate::source::git::Repository;

/// Git's configuration.
#[derive(Debug)]
pub struct Settings(File);

/// What `core.hooksPath` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksPath {
    /// As it is written, `~` filled in.
    pub path: PathBuf,
    /// The file that says so.
    pub set_in: String,
}

impl Settings {
    /// What holds for a repository; without one, what holds for all of the user's.
    pub fn read(repository: Option<&Repository>) -> Result<Self, Error> {
        let git_dir = repository.map(Repository::git_dir);
        let mut files: Vec<(Source, PathBuf)> = Vec::new();
        for source in [Source::System, Source::Git, Source::User] {
            files.extend(source.storage_location(&mut |name| std::env::var_os(name)).map(|path| (source, path)));
        }
        if let Some(repository) = repository {
            files.push((Source::Local, repository.common_dir().join("config")));
            files.push((Source::Worktree, repository.git_dir().join("config.worktree")));
        }
        let mut all = File::default();
        for (source, path) in files {
            if let Some(file) = read(source, &path, git_dir)? {
                // Git reads it only where an extension says so.
                let is_read =
                    source != Source::Worktree || matches!(all.boolean("extensions.worktreeConfig"), Ok(Some(true)));
                if is_read {
                    all.append(file).map_err(|error| Error::Settings { why: error.to_string() })?;
                }
            }
        }
        Ok(Self(all))
    }

    /// What `core.hooksPath` says, if it is set.
    pub fn hooks_path(&self) -> Option<HooksPath> {
        let (value, section) = self.0.raw_value_with_section("core.hooksPath").ok()?;
        let set_in = section.meta().path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        Some(HooksPath { path: at_home(&value.to_string()), set_in })
    }

    /// A setting as text.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.0.raw_value(key).ok().map(|value| value.to_string())
    }
}

/// The user's own configuration file, which git writes `--global` settings to.
pub(super) fn of_the_user() -> Option<PathBuf> {
    Source::User.storage_location(&mut |name| std::env::var_os(name))
}

fn read(source: Source, path: &Path, git_dir: Option<&Path>) -> Result<Option<File>, Error> {
    // Git passes over what it may not read as well.
    let Ok(text) = std::fs::read(path) else { return Ok(None) };
    let failed = |why: String| Error::Settings { why: format!("{}: {why}", path.display()) };
    let metadata = Metadata::from(source).at(path);
    let file = File::from_bytes_no_includes(&text, metadata, init::Options::default());
    let mut file = file.map_err(|error| failed(error.to_string()))?;
    let home = home();
    let follow = includes::Options::follow(
        interpolate::Context { home_dir: home.as_deref(), ..Default::default() },
        includes::conditional::Context { git_dir, branch_name: None },
    );
    let options = init::Options { includes: follow, ..Default::default() };
    file.resolve_includes(options).map_err(|error| failed(error.to_string()))?;
    Ok(Some(file))
}

fn at_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The user's home folder.
pub(super) fn home() -> Option<PathBuf> {
    std::env::home_dir()
}
