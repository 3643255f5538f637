//! An organisation at a forge, all of it on this machine, and the program that sweeps it.
//!
//! The forge's lists and its repositories are at one address, as they are at a real one, so that its token goes to both. The program finds a `git` on its
//! PATH that writes down how it was started before it is the real one.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    forge::{ForgeServer, Repo as Entry},
    git_server::{GitServer, Request},
};
use crate::{
    repo::Repo,
    stanch::{self, Run},
};

/// What the program shows to the forge. It has the shape of no token.
pub const TOKEN: &str = "correct-horse-battery-staple";

pub struct World {
    dir: TempDir,
    pub git: GitServer,
    pub forge: ForgeServer,
    works: RefCell<BTreeMap<String, Repo>>,
    pushes: Cell<u64>,
}

impl World {
    /// Nothing is there yet.
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        for name in ["served", "bin", "log"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let git = GitServer::new(&dir.path().join("served"));
        let forge = ForgeServer::new(Vec::new());
        forge.serving(&git);
        let world = Self { dir, git, forge, works: RefCell::default(), pushes: Cell::new(0) };
        world.wrap_git();
        world
    }

    /// With these repositories of `acme`, each with these lines in its file `a.env`.
    pub fn with(repositories: &[(&str, &str)]) -> Self {
        let world = Self::new();
        for (name, text) in repositories {
            world.add(name);
            world.commit(name, "a.env", text);
        }
        world
    }

    fn wrap_git(&self) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("bin/git");
        let search = std::env::var_os("PATH").unwrap();
        let real = std::env::split_paths(&search).map(|dir| dir.join("git")).find(|path| path.exists()).unwrap();
        let log = self.path("log");
        let script = format!(
            "#!/bin/sh\n{{ printf '%s\\n' \"$@\"; env | sed 's/=.*//'; }} > {}/$$.$(date +%N)\nexec {} \"$@\"\n",
            log.display(),
            real.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A path of this world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The bare repository that is served.
    pub fn served(&self, name: &str) -> PathBuf {
        self.path("served").join(format!("{name}.git"))
    }

    /// Adds an empty repository, and gives its number.
    pub fn add(&self, name: &str) -> u64 {
        self.add_as(name, &self.served(name), None)
    }

    /// Adds a fork, which has what the other one has by now.
    pub fn fork(&self, name: &str, of: u64) -> u64 {
        let parent = self.name_of(of);
        let work = Repo::new();
        work.git(&["pull", "--quiet", self.served(&parent).to_str().unwrap(), "main"]);
        self.works.borrow_mut().insert(name.to_owned(), work);
        let id = self.add_as(name, &self.served(name), Some(of));
        self.push(name);
        id
    }

    fn add_as(&self, name: &str, served: &Path, fork_of: Option<u64>) -> u64 {
        let mut works = self.works.borrow_mut();
        let work = works.entry(name.to_owned()).or_insert_with(Repo::new);
        work.git(&["init", "--quiet", "--bare", "--initial-branch=main", served.to_str().unwrap()]);
        let mut id = 0;
        self.forge.change(|repos| {
            id = repos.iter().map(|repo| repo.id).max().unwrap_or(0) + 1;
            let url = self.forge.at(&format!("/{name}.git"));
            repos.push(Entry { fork_of, ..Entry::new(id, "acme", name, &url) });
        });
        id
    }

    fn name_of(&self, id: u64) -> String {
        let mut name = String::new();
        self.forge.change(|repos| name.clone_from(&repos.iter().find(|repo| repo.id == id).unwrap().name));
        name
    }

    /// Does something in a work tree of the repository.
    pub fn work<T>(&self, name: &str, work: impl FnOnce(&Repo) -> T) -> T {
        work(&self.works.borrow()[name])
    }

    /// Commits a file, and pushes.
    pub fn commit(&self, name: &str, path: &str, text: &str) {
        self.work(name, |repo| repo.write(path, text).commit(path));
        self.push(name);
    }

    /// Makes the served repository what the work tree's is, in all refs; the forge then knows that somebody pushed.
    pub fn push(&self, name: &str) {
        let served = self.served(name);
        self.work(name, |repo| repo.git(&["push", "--quiet", "--mirror", served.to_str().unwrap()]));
        self.touch(name);
    }

    /// Has the forge say that somebody pushed.
    pub fn touch(&self, name: &str) {
        let pushes = self.pushes.get() + 1;
        self.pushes.set(pushes);
        let at = format!("2026-01-01T{:02}:{:02}:00Z", pushes / 60, pushes % 60);
        self.entry(name, |repo| repo.pushed_at = at);
    }

    /// Changes what the forge says of a repository.
    pub fn entry(&self, name: &str, change: impl FnOnce(&mut Entry)) {
        self.forge.change(|repos| change(repos.iter_mut().find(|repo| repo.name == name).unwrap()));
    }

    /// `stanch`, with the wrapped git and nothing of this machine.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = stanch::command(self.dir.path(), arguments);
        command.env("PATH", format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap()));
        command.env("STANCH_STATE", self.path("state")).env("STANCH_FORGE_TOKEN", TOKEN);
        command.env("STANCH_ENDPOINT", format!("github={}", self.forge.at("")));
        command
    }

    /// `stanch sweep` with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Run {
        stanch::run(&mut self.command(&[&["sweep"], arguments].concat()))
    }

    /// Sweeps what GitHub lists, with these flags.
    pub fn sweep(&self, flags: &[&str]) -> Run {
        self.run(&[&["github", "--org", "acme"], flags].concat())
    }

    /// The same as another forge lists it.
    pub fn sweep_at(&self, forge: &str, flags: &[&str]) -> Run {
        let arguments: &[&str] = match forge {
            "github" => &["github", "--org", "acme"],
            "gitlab" => &["gitlab", "--group", "acme"],
            "gitea" => &["gitea", "--org", "acme"],
            "bitbucket" => &["bitbucket", "--workspace", "acme"],
            "data-center" => &["bitbucket", "--project", "acme"],
            "azure" => &["azure", "--org", "acme"],
            other => panic!("{other}"),
        };
        self.sweep_of(arguments, flags)
    }

    /// Sweeps what `arguments` name: a forge first.
    pub fn sweep_of(&self, arguments: &[&str], flags: &[&str]) -> Run {
        let mut command = self.command(&[&["sweep"], arguments, flags].concat());
        stanch::run(command.env("STANCH_ENDPOINT", format!("{}={}", arguments[0], self.forge.at(""))))
    }

    /// What the state knows, as a JSON report.
    pub fn report(&self, flags: &[&str]) -> Run {
        self.run(&[&["report", "-f", "json"], flags].concat())
    }

    /// Each incident that the report names, with the repositories that it is in.
    pub fn known(&self, flags: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
        let of = |incident: &Value| {
            let places = incident["occurrences"].as_array().unwrap().iter();
            let names = places.map(|place| place["repository"].as_str().unwrap_or("NONE").to_owned()).collect();
            (incident["secret"]["masked"].as_str().unwrap().to_owned(), names)
        };
        self.report(flags).incidents().iter().map(of).collect()
    }

    /// The status of the incident of this token.
    pub fn status_of(&self, number: u64) -> String {
        let all = self.report(&["--status", "open,reopened,resolved"]).incidents();
        let incident = all.iter().find(|incident| incident["secret"]["masked"] == masked(number).as_str());
        incident.map_or("none", |incident| incident["status"].as_str().unwrap_or("?")).to_owned()
    }

    /// The lines of the audit log since this was last called.
    pub fn audit(&self) -> Vec<Value> {
        let path = self.path("state/audit.jsonl");
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, "").unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The paths of repositories that git was asked for since this was last called.
    pub fn fetched(&self) -> BTreeSet<String> {
        let name = |request: &Request| request.path.split(".git/").next().unwrap().trim_start_matches('/').to_owned();
        self.git.requests().iter().map(name).collect()
    }

    /// How every git was started: its arguments and the names of its environment, a line each.
    pub fn git_starts(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("log")).unwrap();
        entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }
}

/// How a token is shown.
pub fn masked(number: u64) -> String {
    format!("ghp_…{}", &stanch::token(number)[36..])
}

/// The line of the audit log that is about a repository of `acme`.
#[track_caller]
pub fn line<'a>(audit: &'a [Value], name: &str) -> &'a Value {
    let name = format!("acme/{name}");
    audit.iter().find(|line| line["name"] == name.as_str()).unwrap_or_else(|| panic!("{name}: {audit:#?}"))
}

/// Names as a set.
pub fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
