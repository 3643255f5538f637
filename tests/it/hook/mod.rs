//! Git hooks, installed by the program and run by the real git.

mod agent;
mod chained;
mod commit;
mod installed;
mod message;
mod push;
mod receive;

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{
    repo::Repo,
    stanch::{NOW, Run, command, run},
};

/// A repository with the hooks that fit it.
fn hooked() -> Repo {
    let repo = Repo::new();
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    repo
}

/// The program, run in `folder` with the home that git has.
fn stanch(repo: &Repo, folder: &Path, arguments: &[&str]) -> Run {
    let mut command = command(folder, arguments);
    run(command.env("HOME", repo.beside("")).env("GIT_CONFIG_NOSYSTEM", "1"))
}

/// Git in `folder`, whose hooks run at the time of all tests.
fn git(repo: &Repo, folder: &Path, arguments: &[&str]) -> Run {
    let mut command: Command = repo.command(folder);
    run(command.args(arguments).env("STANCH_NOW", NOW))
}

/// `git commit` in the top folder, which ends in one way or the other.
fn commit(repo: &Repo, arguments: &[&str]) -> Run {
    repo.tick();
    git(repo, repo.path(), &[&["commit", "--quiet", "--message", "m"], arguments].concat())
}

/// Asserts that git was stopped, and by what: it says where the secret is, how to go on, all of it short, and no secret.
#[track_caller]
fn stopped(run: Run, place: &str, tokens: &[u64]) -> Run {
    let run = run.ended(1);
    assert!(run.err.contains(place) && run.err.contains("To fix it"), "{}", run.err);
    assert!(run.err.lines().filter(|line| !line.starts_with("error:")).count() <= 10, "{}", run.err);
    for number in tokens {
        assert!(!run.err.contains(&crate::stanch::token(*number)), "{}", run.err);
    }
    assert!(!run.err.contains("no-verify"), "{}", run.err);
    run
}

/// Writes a hook of the user's own.
fn write_hook(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
