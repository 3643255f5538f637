//! A simulated organisation that the program sweeps, as a user would have it sweep.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    git_server::GitServer,
    organisation::{Organisation, Plan},
};
use crate::stanch::{Run, command, run};

/// How a sweep learns of the repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// From a file of addresses, at which a server of this machine serves them.
    List,
    /// From the folder that they are in.
    Folder,
}

pub struct World {
    dir: TempDir,
    by: By,
    pub organisation: Organisation,
    pub server: GitServer,
}

impl World {
    /// So many repositories; a third holds tokens.
    pub fn new(by: By, repositories: usize) -> Self {
        let dir = TempDir::new().unwrap();
        let folder = dir.path().join("served");
        fs::create_dir(&folder).unwrap();
        let organisation = Organisation::create(&folder, Plan { leaks: 40, ..Plan::of(repositories) });
        let server = GitServer::new(&folder);
        let addresses: Vec<_> =
            organisation.repositories.iter().map(|repository| server.at(&repository.folder) + "\n").collect();
        fs::write(dir.path().join("list"), addresses.concat()).unwrap();
        fs::write(dir.path().join("key"), "a key of these tests, long enough").unwrap();
        Self { dir, by, organisation, server }
    }

    /// A path beside the repositories.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A sweep into the state of this name, under the tests' key.
    pub fn sweep(&self, state: &str, arguments: &[&str]) -> Command {
        let source = match self.by {
            By::List => ["list", "list"],
            By::Folder => ["folder", "served"],
        };
        let more = ["--state", state, "--key-file", "key"];
        with_git(command(self.dir.path(), &[&["sweep"], &source[..], &more, arguments].concat()))
    }

    /// One of the other commands of `stanch sweep`, on the state of this name.
    pub fn run(&self, name: &str, state: &str, arguments: &[&str]) -> Run {
        let arguments = [&["sweep", name, "--state", state], arguments].concat();
        run(&mut with_git(command(self.dir.path(), &arguments)))
    }

    /// The report on a state, without what time decides.
    #[track_caller]
    pub fn report(&self, state: &str) -> Value {
        self.run("report", state, &["-f", "json", "--fail-on", "never"]).ended(0).timeless()
    }

    /// The audit log of a state, every line of which is JSON.
    #[track_caller]
    pub fn audit(&self, state: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.beside(state).join("audit.jsonl")).unwrap();
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        text.lines().map(line).collect()
    }

    /// Asserts that every mirror of a state is whole, and that nothing is left beside mirrors; gives how many there are.
    #[track_caller]
    pub fn check_cache(&self, state: &str) -> usize {
        let mut mirrors = 0;
        for entry in fs::read_dir(self.beside(state).join("cache")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "git") {
                let fsck = ["--git-dir", path.to_str().unwrap(), "fsck", "--full", "--no-dangling"];
                let output = git().args(fsck).output().unwrap();
                assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
                assert_eq!(remains(&path), Vec::<PathBuf>::new());
                mirrors += 1;
            }
        }
        mirrors
    }
}

/// What a git that was killed leaves, and who was at work.
fn remains(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(remains(&path));
        }
        if name.starts_with("tmp_") || name == "stanch-at-work" || path.extension().is_some_and(|it| it == "lock") {
            found.push(path);
        }
    }
    found
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_CONFIG_NOSYSTEM", "1");
    git.env("HOME", "/no/such/home");
    git
}

/// The program with a git to fetch by.
fn with_git(mut command: Command) -> Command {
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_CONFIG_NOSYSTEM", "1");
    command
}
