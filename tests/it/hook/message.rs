//! `commit-msg`: what git will keep of a message.

use super::{commit, git, hooked, write_hook};
use crate::{
    repo::Repo,
    stanch::{Run, leak, token},
};

fn with_message(repo: &Repo, message: &str) -> Run {
    git(repo, repo.path(), &["commit", "--quiet", "--allow-empty", "--message", message])
}

/// `git commit` with an editor that puts `text` in front of what git has written.
fn edited(repo: &Repo, text: &str, options: &[&str]) -> Run {
    repo.tick();
    let editor = repo.beside("editor");
    write_hook(&editor, "#!/bin/sh\n{ printf '%s' \"$TEXT\"; cat \"$1\"; } > \"$1.new\" && mv \"$1.new\" \"$1\"\n");
    let mut command = repo.command(repo.path());
    let arguments = [&["commit", "--quiet"], options].concat();
    crate::stanch::run(command.args(arguments).env("GIT_EDITOR", &editor).env("TEXT", text))
}

#[test]
fn a_message_with_a_secret_makes_no_commit() {
    let repo = hooked();
    let run = with_message(&repo, &format!("title\n\nuse {}", leak(1))).ended(1);
    assert!(run.err.starts_with("stanch: the commit message holds 1 secret\n  line 3: GitHub"), "{}", run.err);
    assert!(!run.err.contains(&token(1)) && run.err.lines().count() <= 10, "{}", run.err);
    with_message(&repo, "title\n\nuse the vault").ended(0);
    assert_eq!(commit(&repo, &["--allow-empty"]).ended(0).err, "");
}

#[test]
fn comments_go_where_git_takes_them_away() {
    let repo = hooked();
    repo.write("a", "1\n").commit("first");
    repo.write("a", "2\n");
    edited(&repo, &format!("title\n# {}", leak(1)), &["-a"]).ended(0);
    assert!(!repo.git(&["log", "--format=%B"]).contains("ghp_"));
    // Without an editor they stay.
    with_message(&repo, &format!("title\n\n# {}", leak(1))).ended(1);
    repo.git(&["config", "core.commentChar", ";"]);
    repo.write("a", "3\n");
    edited(&repo, &format!("title\n; {}", leak(1)), &["-a"]).ended(0);
    repo.write("a", "4\n");
    edited(&repo, &format!("title\n# {}", leak(1)), &["-a"]).ended(1);
    repo.git(&["config", "commit.cleanup", "whitespace"]);
    edited(&repo, &format!("title\n; {}", leak(1)), &["-a"]).ended(1);
}

#[test]
fn the_difference_behind_the_scissors_is_no_part_of_the_message() {
    let repo = hooked();
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    commit(&repo, &["--no-verify"]).ended(0);
    repo.git(&["rm", "--quiet", "a"]);
    edited(&repo, "title\n", &["--verbose"]).ended(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]).trim(), "title");
}
