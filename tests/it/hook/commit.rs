//! `pre-commit` and `pre-merge-commit`: what git is about to commit, however it was put together.

use std::{fs, os::unix::fs::symlink};

use super::{commit, git, hooked, stanch, stopped};
use crate::{
    repo::Repo,
    stanch::{command, leak, run, token},
};

#[test]
fn a_commit_is_stopped_until_the_secret_is_gone() {
    let repo = hooked();
    repo.write("deploy/.env", &format!("A=1\n{}", leak(1))).write("README", "hello\n");
    repo.git(&["add", "--all"]);
    // The very first commit.
    let run = stopped(commit(&repo, &[]), "deploy/.env:2: GitHub personal access token (classic) ghp_…", &[1]);
    assert!(run.err.starts_with("stanch: this commit would add 1 secret\n"), "{}", run.err);
    assert!(run.err.contains("git reset --quiet -- deploy/.env"), "{}", run.err);
    assert!(!repo.git_ok(&["rev-parse", "--verify", "HEAD"]));
    repo.git(&["reset", "--quiet", "--", "deploy/.env"]);
    assert_eq!(commit(&repo, &[]).ended(0).err, "");
    assert_eq!(repo.git(&["ls-files"]), "README");
}

#[test]
fn what_is_staged_counts_and_not_what_lies_in_the_work_tree() {
    let repo = hooked();
    repo.write("a", "x\n").write("b", "y\n").commit("first");
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    repo.write("a", "x again\n");
    stopped(commit(&repo, &[]), "a:1", &[1]);
    repo.git(&["reset", "--quiet"]);
    repo.write("a", "half\n");
    repo.git(&["add", "a"]);
    repo.write("a", &format!("half\n{}", leak(1)));
    commit(&repo, &[]).ended(0);
    assert!(!repo.git(&["show", "HEAD:a"]).contains("ghp_"));
}

#[test]
fn an_index_of_its_own_is_the_one_that_counts() {
    let repo = hooked();
    repo.write("a", "x\n").write("b", "y\n").commit("first");
    repo.write("a", &leak(1)).write("b", "more\n");
    stopped(commit(&repo, &["-a"]), "a:1", &[1]);
    stopped(commit(&repo, &["--only", "a"]), "a:1", &[1]);
    // The secret is staged, and not in what is committed.
    repo.git(&["add", "a"]);
    commit(&repo, &["--only", "b"]).ended(0);
    assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), "a");
    // From a subfolder, too.
    fs::create_dir(repo.path().join("sub")).unwrap();
    stopped(git(&repo, &repo.path().join("sub"), &["commit", "-qm", "m", "../a"]), "a:1", &[1]);
}

#[test]
fn what_brings_no_secret_passes() {
    let repo = hooked();
    repo.write("old", &leak(1)).write("x", "1\n");
    repo.git(&["add", "--all"]);
    commit(&repo, &["--no-verify"]).ended(0);
    commit(&repo, &["--allow-empty"]).ended(0);
    repo.git(&["mv", "old", "new"]);
    commit(&repo, &[]).ended(0);
    repo.write("x", "2\n");
    commit(&repo, &["-a"]).ended(0);
    repo.git(&["rm", "--quiet", "new"]);
    assert_eq!(commit(&repo, &[]).ended(0).err, "");
}

#[test]
fn amending_is_scanned_too() {
    let repo = hooked();
    repo.write("a", "x\n").commit("first");
    repo.write("b", &leak(1));
    repo.git(&["add", "b"]);
    stopped(commit(&repo, &["--amend"]), "b:1", &[1]);
    repo.write("b", "clean\n");
    repo.git(&["add", "b"]);
    commit(&repo, &["--amend"]).ended(0);
}

#[test]
fn links_are_their_targets_and_submodules_are_others_repositories() {
    let repo = hooked();
    symlink(token(1), repo.path().join("link")).unwrap();
    repo.git(&["add", "link"]);
    stopped(commit(&repo, &[]), "link:1", &[1]);
    repo.git(&["rm", "--quiet", "--cached", "link"]);
    fs::remove_file(repo.path().join("link")).unwrap();
    let other = Repo::new();
    other.write("x", &leak(2)).commit("theirs");
    repo.git(&["submodule", "--quiet", "add", other.path().to_str().unwrap(), "sub"]);
    commit(&repo, &[]).ended(0);
    // A submodule has hooks of its own, in a git directory of its own.
    let sub = repo.path().join("sub");
    stanch(&repo, &sub, &["hook", "install"]).ended(0);
    fs::write(sub.join("y"), leak(3)).unwrap();
    repo.git_in(&sub, &["add", "y"]);
    stopped(git(&repo, &sub, &["commit", "-qm", "m"]), "y:1", &[3]);
}

#[test]
fn a_huge_staged_file_is_scanned_to_its_end() {
    let repo = hooked();
    let line = "nothing to see here, move along\n";
    repo.write("big", &format!("{}{}", line.repeat((24 << 20) / line.len()), leak(1)));
    repo.git(&["add", "big"]);
    stopped(commit(&repo, &[]), "big:786433", &[1]);
}

#[test]
fn merges_are_compared_with_both_sides() {
    let repo = hooked();
    repo.write("a", "x\n").commit("first");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("theirs", &leak(1));
    repo.git(&["add", "--all"]);
    commit(&repo, &["--no-verify"]).ended(0);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("ours", "y\n").commit("ours");
    // What the other side has is there already.
    assert_eq!(git(&repo, repo.path(), &["merge", "--no-edit", "side"]).ended(0).err, "");
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]), "1");
}

#[test]
fn what_a_clean_merge_adds_itself_stops_it() {
    let repo = hooked();
    let halves = |one: &str, other: &str| format!("{one}{}{other}", "pad\n".repeat(20));
    // Neither side has the secret: the lines above and below it come from one each, and a hook of the user's puts it there.
    repo.write("a", &halves("x\n", "y\n")).commit("first");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a", &halves("x\n", "z\n")).commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("a", &halves("w\n", "y\n")).commit("main");
    let hook = repo.git_path("hooks/pre-merge-commit.before-stanch");
    super::write_hook(&hook, &format!("#!/bin/sh\necho '{}' > b && git add b\n", leak(1).trim()));
    stopped(git(&repo, repo.path(), &["merge", "--no-edit", "side"]), "b:1", &[1]);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]), "0");
}

#[test]
fn a_merge_with_conflicts_is_a_commit() {
    let repo = hooked();
    repo.write("a", "x\n").commit("first");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a", "z\n").write("theirs", &leak(1));
    repo.git(&["add", "--all"]);
    commit(&repo, &["--no-verify"]).ended(0);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("a", "y\n").commit("ours");
    repo.merge(&["side"]);
    repo.write("a", &leak(2));
    repo.git(&["add", "a"]);
    let run = stopped(commit(&repo, &[]), "a:1", &[2]);
    assert!(!run.err.contains("theirs"), "{}", run.err);
    repo.write("a", "yz\n");
    repo.git(&["add", "a"]);
    commit(&repo, &[]).ended(0);
}

#[test]
fn many_secrets_are_still_ten_lines_and_hostile_names_are_masked_and_escaped() {
    let repo = hooked();
    for number in 1..=6 {
        repo.write(&format!("{number}.env"), &leak(number));
    }
    repo.write(&format!("0\u{1b}[31m{}", token(9)), &leak(9));
    repo.git(&["add", "--all"]);
    let run = stopped(commit(&repo, &[]), "… and 4 more", &[1, 9]);
    assert!(run.err.starts_with("stanch: this commit would add 7 secrets\n"), "{}", run.err);
    assert!(!run.err.contains('\u{1b}'), "{}", run.err);
}

#[test]
fn allows_and_the_configuration_are_heeded() {
    let repo = hooked();
    repo.write("a", &format!("{} # stanch:allow made up\n", leak(1).trim())).write("vendor/b", &leak(2));
    repo.git(&["add", "--all"]);
    stopped(commit(&repo, &[]), "vendor/b:1", &[2]);
    repo.write("stanch.toml", "[[allow]]\npaths = ['vendor/**']\nreason = 'not ours'\n");
    commit(&repo, &[]).ended(0);
    repo.write("stanch.toml", "exclud = []\n").write("c", "x\n");
    repo.git(&["add", "c"]);
    let run = commit(&repo, &[]).ended(1);
    assert!(run.err.contains("did you mean `exclude`?"), "{}", run.err);
}

#[test]
fn what_cannot_be_read_stops_the_commit() {
    let repo = hooked();
    repo.write("a", "some text\n");
    repo.git(&["add", "a"]);
    let id = repo.git(&["rev-parse", ":a"]);
    fs::remove_file(repo.git_path(&format!("objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    let run = run(command(repo.path(), &["hook", "run", "pre-commit"]).env("HOME", repo.beside(""))).ended(3);
    assert!(run.err.contains("could not be scanned as a whole") && run.err.contains(&id), "{}", run.err);
}

/// Somebody who hears nothing is still stopped.
#[test]
fn a_closed_standard_error_lets_nothing_through() {
    let repo = hooked();
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    let mut command = command(repo.path(), &["hook", "run", "pre-commit"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command.stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_git_directory_elsewhere_is_found_by_gits_variables() {
    let repo = hooked();
    let away = repo.beside("away");
    fs::create_dir(&away).unwrap();
    fs::write(away.join("f"), leak(1)).unwrap();
    let with =
        ["--git-dir", repo.git_path("").to_str().unwrap(), "--work-tree", away.to_str().unwrap()].map(str::to_owned);
    let with: Vec<&str> = with.iter().map(String::as_str).collect();
    git(&repo, &away, &[&with[..], &["add", "f"]].concat()).ended(0);
    stopped(git(&repo, &away, &[&with[..], &["commit", "-qm", "m"]].concat()), "f:1", &[1]);
}

#[test]
fn what_the_baseline_knows_may_move_and_what_is_ignored_may_come() {
    let repo = hooked();
    repo.write("a", &leak(1));
    stanch(&repo, repo.path(), &["baseline", "create", "--no-history"]).ended(0);
    repo.write(".stanchignore", "made/\n").write("made/c", &leak(3)).write("b", &leak(1));
    repo.git(&["add", "--all"]);
    assert_eq!(commit(&repo, &[]).ended(0).err, "");
    repo.write("b", &format!("{}{}", leak(1), leak(2)));
    stopped(commit(&repo, &["-a"]), "b:2: ", &[1, 2]);
}
