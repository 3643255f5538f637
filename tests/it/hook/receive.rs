//! `pre-receive`: what is pushed to a bare repository, while git still keeps it apart.

use std::path::PathBuf;

use super::{git, stanch, stopped};
use crate::{
    repo::Repo,
    stanch::{Run, leak, token},
};

/// A repository without hooks, and a bare one with them, to which it has pushed.
fn served(config: &str) -> (Repo, PathBuf) {
    let repo = Repo::new();
    let remote = repo.beside("remote.git");
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.write("a", "x\n");
    if !config.is_empty() {
        repo.write("stanch.toml", config);
    }
    repo.commit("first");
    push(&repo, &["origin", "main"]).ended(0);
    let installed = stanch(&repo, &remote, &["hook", "install"]).ended(0).text();
    assert!(installed.starts_with("pre-receive: installed\n"), "{installed}");
    (repo, remote)
}

fn push(repo: &Repo, arguments: &[&str]) -> Run {
    git(repo, repo.path(), &[&["push", "--quiet"], arguments].concat())
}

fn refs(repo: &Repo, remote: &std::path::Path) -> String {
    repo.git_in(remote, &["for-each-ref", "--format=%(refname)"])
}

#[test]
fn a_push_with_a_secret_is_refused_and_leaves_nothing() {
    let (repo, remote) = served("");
    let before = repo.git_in(&remote, &["rev-parse", "main"]);
    repo.write("k", &leak(1)).commit("add");
    let run = push(&repo, &["origin", "main"]).ended(1);
    assert!(run.err.contains("remote: stanch: refused: what is pushed adds 1 secret"), "{}", run.err);
    assert!(run.err.contains("k:1 in ") && !run.err.contains(&token(1)), "{}", run.err);
    push(&repo, &["origin", "main:other"]).ended(1);
    assert_eq!(
        (refs(&repo, &remote), repo.git_in(&remote, &["rev-parse", "main"])),
        ("refs/heads/main".into(), before)
    );
    let id = repo.git(&["rev-parse", "main:k"]);
    assert!(git(&repo, &remote, &["cat-file", "-e", &id]).status != 0, "its objects are not kept");
    repo.write("k", "clean\n");
    repo.git(&["commit", "--quiet", "--all", "--amend", "--message", "again"]);
    push(&repo, &["origin", "main"]).ended(0);
    push(&repo, &["origin", "main:other"]).ended(0);
    push(&repo, &["origin", ":other"]).ended(0);
}

#[test]
fn the_branch_that_is_pushed_to_has_the_say() {
    let (repo, remote) = served("[[allow]]\npaths = ['vendor/**']\nreason = 'not ours'\n");
    repo.write("vendor/b", &leak(1)).commit("allowed from before");
    assert_eq!(push(&repo, &["origin", "main"]).ended(0).err, "");
    repo.write("stanch.toml", "exclude = ['*']\nfail-on = 'never'\n").write("c", &leak(2)).commit("allows itself");
    let run = push(&repo, &["origin", "main"]).ended(1);
    assert!(run.err.contains("c:1 in "), "{}", run.err);
    // A new branch is under the rules of the one at HEAD.
    push(&repo, &["origin", "main:new"]).ended(1);
    assert_eq!(refs(&repo, &remote), "refs/heads/main");
}

/// Else nobody could push its correction.
#[test]
fn a_configuration_with_mistakes_is_not_heeded() {
    let (repo, _) = served("exclud = ['*']\n");
    repo.write("stanch.toml", "exclude = ['vendor']\n").commit("correct it");
    let run = push(&repo, &["origin", "main"]).ended(0);
    assert!(run.err.contains("is not heeded: stanch.toml:1:1: unknown key `exclud`"), "{}", run.err);
    repo.write("vendor/b", &leak(1)).commit("left out");
    assert_eq!(push(&repo, &["origin", "main"]).ended(0).err, "");
}

#[test]
fn comments_in_what_is_pushed_allow_and_are_listed() {
    let (repo, _) = served("");
    repo.write("d", &format!("{} # stanch:allow made up\n", leak(1).trim())).commit("with a comment");
    let run = push(&repo, &["origin", "main"]).ended(0);
    assert!(run.err.contains("comments in what is pushed allow 1 secret"), "{}", run.err);
    assert!(run.err.contains("d:1 in ") && !run.err.contains(&token(1)), "{}", run.err);
}

#[test]
fn packs_and_loose_objects_are_both_seen_while_they_are_apart() {
    for limit in ["1", "1000"] {
        let (repo, remote) = served("");
        repo.git_in(&remote, &["config", "receive.unpackLimit", limit]);
        repo.write("k", &leak(1)).commit("add");
        let run = push(&repo, &["origin", "main"]).ended(1);
        assert!(run.err.contains("k:1 in "), "{limit}: {}", run.err);
    }
}

/// Only this hook listens to these variables: another one reads what the repository has.
#[test]
fn other_hooks_do_not_look_into_quarantine() {
    let repo = super::hooked();
    let other = Repo::new();
    other.write("k", &leak(1)).commit("theirs");
    repo.write("a", "x\n").commit("first");
    let (id, none) = (other.id("HEAD"), "0".repeat(40));
    let mut called = crate::stanch::command(repo.path(), &["hook", "run", "pre-push", "origin", "url"]);
    called.env("HOME", repo.beside("")).env("GIT_OBJECT_DIRECTORY", other.git_path("objects"));
    let line = format!("refs/heads/x {id} refs/heads/x {none}\n");
    let run = crate::stanch::run_with(&mut called, line.as_bytes()).ended(3);
    assert!(run.err.contains("is missing"), "{}", run.err);
}

#[test]
fn a_receiving_hook_says_how_to_go_on_in_ten_lines() {
    let (repo, _) = served("");
    for number in 1..=6 {
        repo.write(&format!("{number}.env"), &leak(number));
    }
    repo.commit("many");
    let run = push(&repo, &["origin", "main"]);
    let said = run.err.lines().filter_map(|line| line.strip_prefix("remote: ")).filter(|line| !line.trim().is_empty());
    let said: Vec<&str> = said.collect();
    assert!(said.len() <= 10, "{}", run.err);
    stopped(Run { err: said.join("\n"), ..run }, "… and 3 more", &[1, 2, 3, 4, 5, 6]);
}

/// A baseline that pushed itself would hide what is pushed with it.
#[test]
fn the_baseline_of_the_branch_that_is_pushed_to_counts_and_no_other() {
    let (repo, remote) = served("");
    repo.write("k", &leak(1));
    stanch(&repo, repo.path(), &["baseline", "create", "--no-history"]).ended(0);
    let baseline = std::fs::read_to_string(repo.path().join("stanch.baseline.jsonl")).unwrap();
    repo.commit("brings its own baseline");
    push(&repo, &["origin", "main"]).ended(1);
    repo.remove("k").write("stanch.baseline.jsonl", &baseline);
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--amend", "--message", "baseline alone"]);
    push(&repo, &["origin", "main"]).ended(0);
    repo.write("k", &leak(1)).commit("known by now");
    assert_eq!(push(&repo, &["origin", "main"]).ended(0).err, "");
    repo.write("k2", &leak(2)).commit("new");
    let run = push(&repo, &["origin", "main"]).ended(1);
    assert!(run.err.contains("k2:1 in ") && !run.err.contains("k:1"), "{}", run.err);
    assert_eq!(refs(&repo, &remote), "refs/heads/main");
}

#[test]
fn a_baseline_with_mistakes_is_not_heeded() {
    let (repo, _) = served("");
    repo.write("stanch.baseline.jsonl", "{}\n").commit("broken");
    push(&repo, &["origin", "main"]).ended(0);
    repo.write("a", "y\n").commit("more");
    let run = push(&repo, &["origin", "main"]).ended(0);
    assert!(run.err.contains("the baseline of ") && run.err.contains("is not heeded"), "{}", run.err);
}
