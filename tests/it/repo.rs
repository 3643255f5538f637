//! Git repositories for tests, made by the `git` program: same dates, same people, same ids every time, and nothing of the
//! machine's or the user's configuration.

use std::{
    cell::Cell,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A repository with a work tree that goes away with the test.
pub struct Repo {
    dir: TempDir,
    path: PathBuf,
    clock: Cell<i64>,
}

impl Repo {
    /// An empty repository on the branch `main`.
    pub fn new() -> Self {
        Self::init(&[])
    }

    /// An empty repository, made with these options of `git init`.
    pub fn init(options: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("repo");
        fs::create_dir(&path).unwrap();
        let repo = Self { dir, path, clock: Cell::new(1_700_000_000) };
        repo.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        repo
    }

    /// Two of them: one with its refs in files, one in tables.
    pub fn in_both_formats() -> [Self; 2] {
        ["files", "reftable"].map(|format| Self::init(&[&format!("--ref-format={format}")]))
    }

    /// The top of the work tree.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A path in the git directory.
    pub fn git_path(&self, name: &str) -> PathBuf {
        self.path.join(".git").join(name)
    }

    /// What git would run as, in a folder.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("git");
        command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.dir.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("TZ", "UTC").env("LC_ALL", "C");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "A U Thor").env(format!("GIT_{who}_EMAIL"), "author@example.com");
            command.env(format!("GIT_{who}_DATE"), format!("{} +0000", self.clock.get()));
        }
        for setting in ["gc.auto=0", "maintenance.auto=false", "protocol.file.allow=always", "core.fsync=none"] {
            command.args(["-c", setting]);
        }
        command
    }

    /// Runs git, which has to succeed, and gives what it printed, without the last line break.
    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.path, args)
    }

    /// The same in another folder.
    pub fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        checked(args, self.command(folder).args(args).output().unwrap())
    }

    /// The same with something on standard input.
    pub fn git_with(&self, args: &[&str], input: &[u8]) -> String {
        let mut command = self.command(&self.path);
        let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        checked(args, child.wait_with_output().unwrap())
    }

    /// Whether git succeeds.
    pub fn git_ok(&self, args: &[&str]) -> bool {
        self.command(&self.path).args(args).output().unwrap().status.success()
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, content: &str) -> &Self {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Deletes a file of the work tree.
    pub fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.path.join(path)).unwrap();
        self
    }

    /// Commits the work tree as it is, a minute after the commit before; gives the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.tick();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.id("HEAD")
    }

    /// Merges these without committing, whatever conflicts there are.
    pub fn merge(&self, others: &[&str]) {
        self.tick();
        let args = [&["merge", "--quiet", "--no-ff", "--no-commit"], others].concat();
        self.command(&self.path).args(args).output().unwrap();
    }

    /// Lets a minute pass.
    pub fn tick(&self) {
        self.clock.set(self.clock.get() + 60);
    }

    /// The id that a revision names.
    pub fn id(&self, rev: &str) -> String {
        self.git(&["rev-parse", "--verify", "--quiet", rev])
    }

    /// Writes a blob that nothing names.
    pub fn blob(&self, content: &str) -> String {
        self.git_with(&["hash-object", "-w", "--stdin"], content.as_bytes())
    }
}

fn checked(args: &[&str], output: Output) -> String {
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}
