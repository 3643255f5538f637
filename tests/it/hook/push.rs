//! `pre-push`: what the remote does not have.

use std::path::PathBuf;

use super::{git, hooked, stanch, stopped};
use crate::{
    repo::Repo,
    stanch::{Run, command, leak, run_with, token},
};

/// A repository with hooks, a clean commit, and a bare remote that has it.
fn pushed() -> (Repo, PathBuf) {
    let repo = hooked();
    let remote = repo.beside("remote.git");
    repo.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.write("a", "x\n").commit("first");
    push(&repo, &["-u", "origin", "main"]).ended(0);
    (repo, remote)
}

fn push(repo: &Repo, arguments: &[&str]) -> Run {
    git(repo, repo.path(), &[&["push", "--quiet"], arguments].concat())
}

/// Commits past the hooks.
fn commit(repo: &Repo, message: &str) -> String {
    repo.tick();
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--no-verify", "--allow-empty", "--message", message]);
    repo.id("HEAD")
}

fn refs(repo: &Repo, remote: &std::path::Path) -> String {
    repo.git_in(remote, &["for-each-ref", "--format=%(refname)"])
}

#[test]
fn a_branch_with_a_secret_in_its_history_stays_here() {
    let (repo, remote) = pushed();
    repo.write("k", &leak(1));
    let adds = commit(&repo, "add");
    repo.remove("k");
    commit(&repo, "remove");
    let before = repo.git_in(&remote, &["rev-parse", "main"]);
    let run = stopped(push(&repo, &["origin", "main"]), &format!("k:1 in {}", &adds[..10]), &[1]);
    assert!(run.err.contains(&format!("git rebase --interactive {}^", &adds[..10])), "{}", run.err);
    assert_eq!(repo.git_in(&remote, &["rev-parse", "main"]), before);
    // A new branch that lacks it goes through, one that has it does not.
    repo.git(&["checkout", "--quiet", "-b", "clean", "origin/main"]);
    repo.write("b", "y\n");
    commit(&repo, "clean");
    push(&repo, &["origin", "clean"]).ended(0);
    repo.git(&["branch", "--quiet", "dirty", "main"]);
    stopped(push(&repo, &["origin", "dirty"]), "k:1", &[1]);
    assert_eq!(refs(&repo, &remote), "refs/heads/clean\nrefs/heads/main");
    // What is left out of the history may go.
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["reset", "--quiet", "--hard", "origin/main"]);
    repo.write("c", "z\n");
    commit(&repo, "clean again");
    push(&repo, &["origin", "main"]).ended(0);
}

#[test]
fn what_the_remote_has_is_not_looked_at_again() {
    let (repo, remote) = pushed();
    repo.write("k", &leak(1));
    commit(&repo, "add");
    push(&repo, &["--no-verify", "origin", "main"]).ended(0);
    repo.write("b", "y\n");
    commit(&repo, "more");
    assert_eq!(push(&repo, &["origin", "main"]).ended(0).err, "");
    repo.git(&["checkout", "--quiet", "-b", "other"]);
    push(&repo, &["origin", "other"]).ended(0);
    // By its address, too.
    push(&repo, &[remote.to_str().unwrap(), "other:third"]).ended(0);
    // Another remote has nothing yet.
    let second = repo.beside("second.git");
    repo.git(&["init", "--quiet", "--bare", second.to_str().unwrap()]);
    repo.git(&["remote", "add", "second", second.to_str().unwrap()]);
    stopped(push(&repo, &["second", "main"]), "k:1", &[1]);
}

#[test]
fn deletions_and_pushes_of_nothing_pass() {
    let (repo, remote) = pushed();
    push(&repo, &["origin", "main:gone"]).ended(0);
    assert_eq!(push(&repo, &["origin", ":gone"]).ended(0).err, "");
    assert_eq!(refs(&repo, &remote), "refs/heads/main");
    assert_eq!(push(&repo, &["origin", "main"]).ended(0).err, "");
}

#[test]
fn a_forced_push_brings_what_is_new_in_it() {
    let (repo, _) = pushed();
    repo.write("b", "y\n");
    commit(&repo, "second");
    push(&repo, &["origin", "main"]).ended(0);
    repo.write("b", &leak(1));
    repo.git(&["add", "b"]);
    repo.git(&["commit", "--quiet", "--no-verify", "--amend", "--message", "second again"]);
    stopped(push(&repo, &["--force", "origin", "main"]), "b:1", &[1]);
    repo.write("b", "z\n");
    repo.git(&["add", "b"]);
    repo.git(&["commit", "--quiet", "--no-verify", "--amend", "--message", "second once more"]);
    push(&repo, &["--force", "origin", "main"]).ended(0);
}

#[test]
fn tags_are_scanned_with_what_they_lead_to() {
    let (repo, remote) = pushed();
    repo.git(&["tag", "--annotate", "v1", "--message", &format!("release\n\n{}", leak(1))]);
    let run = push(&repo, &["origin", "v1"]).ended(1);
    assert!(run.err.contains("tag v1:3"), "{}", run.err);
    repo.git(&["checkout", "--quiet", "--detach"]);
    repo.write("k", &leak(2));
    commit(&repo, "off the branch");
    repo.git(&["tag", "light"]);
    stopped(push(&repo, &["origin", "light"]), "k:1", &[2]);
    let blob = repo.blob(&leak(3));
    repo.git(&["update-ref", "refs/tags/blob", &blob]);
    stopped(push(&repo, &["origin", "refs/tags/blob"]), "refs/tags/blob:1", &[3]);
    let tree = repo.git(&["rev-parse", "light^{tree}"]);
    repo.git(&["update-ref", "refs/tags/tree", &tree]);
    stopped(push(&repo, &["origin", "refs/tags/tree"]), "k:1", &[2]);
    assert_eq!(refs(&repo, &remote), "refs/heads/main");
    repo.git(&["tag", "--annotate", "v2", "--message", "release", "main"]);
    push(&repo, &["origin", "v2"]).ended(0);
}

#[test]
fn messages_of_commits_are_scanned() {
    let (repo, _) = pushed();
    commit(&repo, &format!("use {}", leak(1)));
    let run = stopped(push(&repo, &["origin", "main"]), "commit message:1", &[1]);
    assert!(!run.err.contains(&token(1)));
}

#[test]
fn several_refs_are_one_push() {
    let (repo, remote) = pushed();
    repo.git(&["branch", "--quiet", "one"]);
    repo.write("k", &leak(1));
    commit(&repo, "add");
    stopped(push(&repo, &["origin", "one", "main"]), "k:1", &[1]);
    assert_eq!(refs(&repo, &remote), "refs/heads/main", "nothing of it went");
}

#[test]
fn hooks_of_worktrees_are_those_of_the_repository() {
    let (repo, _) = pushed();
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "-b", "linked"]);
    std::fs::write(linked.join("k"), leak(1)).unwrap();
    repo.git_in(&linked, &["add", "k"]);
    stopped(git(&repo, &linked, &["commit", "-qm", "m"]), "k:1", &[1]);
    repo.git_in(&linked, &["commit", "-qm", "m", "--no-verify"]);
    stopped(git(&repo, &linked, &["push", "-q", "origin", "linked"]), "k:1", &[1]);
    let status = stanch(&repo, &linked, &["hook", "status"]).ended(0).text();
    assert!(status.contains("pre-push: runs\n"), "{status}");
}

#[test]
fn lines_that_git_does_not_write_are_wrong_usage() {
    let (repo, _) = pushed();
    let mut called = command(repo.path(), &["hook", "run", "pre-push", "origin", "url"]);
    let run = run_with(called.env("HOME", repo.beside("")), b"nonsense\n").ended(2);
    assert!(run.err.contains("line 1 of standard input"), "{}", run.err);
    let mut called = command(repo.path(), &["hook", "run", "pre-push", "origin", "url"]);
    let absent = "1".repeat(40);
    let line = format!("refs/heads/x {absent} refs/heads/x {}\n", "0".repeat(40));
    let run = run_with(called.env("HOME", repo.beside("")), line.as_bytes()).ended(3);
    assert!(run.err.contains("not scanned: refs/heads/x"), "{}", run.err);
}
