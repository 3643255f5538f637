//! Where hooks are put, what `status` says of them, and what they do without the program.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{commit, git, hooked, stanch, stopped, write_hook};
use crate::{
    repo::Repo,
    stanch::{Sandbox, leak},
};

/// A repository with a secret staged.
fn leaking() -> Repo {
    let repo = Repo::new();
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    repo
}

#[test]
fn what_is_installed_is_what_was_asked_for() {
    let repo = leaking();
    let said = stanch(&repo, repo.path(), &["hook", "status"]).ended(3).text();
    assert!(said.contains("pre-commit: not installed\n") && said.contains("pre-push: not installed\n"), "{said}");
    stanch(&repo, repo.path(), &["hook", "install", "--pre-push", "--commit-msg"]).ended(0);
    let said = stanch(&repo, repo.path(), &["hook", "status"]).ended(0).text();
    assert!(said.contains("pre-commit: not installed\n") && said.contains("pre-push: runs\n"), "{said}");
    assert_eq!(fs::metadata(repo.git_path("hooks/pre-push")).unwrap().permissions().mode() & 0o777, 0o755);
    commit(&repo, &[]).ended(0);
    stanch(&repo, repo.path(), &["hook", "uninstall", "--pre-push"]).ended(0);
    assert!(!repo.git_path("hooks/pre-push").exists() && repo.git_path("hooks/commit-msg").exists());
    let nowhere = Sandbox::new();
    assert!(nowhere.run(&["hook", "install"]).ended(2).err.contains("is in no git repository"));
}

#[test]
fn without_the_program_nothing_passes() {
    let repo = leaking();
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    let hook = repo.git_path("hooks/pre-commit");
    let text = fs::read_to_string(&hook).unwrap();
    let moved = text.replace(env!("CARGO_BIN_EXE_stanch"), "/no/such/stanch");
    assert_ne!(text, moved);
    write_hook(&hook, &moved);
    let run = commit(&repo, &[]).ended(1);
    assert!(run.err.contains("nothing was scanned, so pre-commit stops here"), "{}", run.err);
    assert!(run.err.contains("/no/such/stanch") && run.err.contains("Install it again, or delete"), "{}", run.err);
    // It may be on PATH instead.
    let folder = repo.beside("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_stanch"), folder.join("stanch")).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = repo.command(repo.path());
    stopped(crate::stanch::run(command.args(["commit", "-qm", "m"]).env("PATH", path)), "a:1", &[1]);
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    for relative in [true, false] {
        let repo = leaking();
        let folder = if relative { repo.path().join("tools/hooks") } else { repo.beside("hooks") };
        let named = if relative { "tools/hooks".to_owned() } else { folder.display().to_string() };
        repo.git(&["config", "core.hooksPath", &named]);
        stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
        assert!(folder.join("pre-commit").exists() && !repo.git_path("hooks/pre-commit").exists());
        stopped(with_stanch(&repo, &["commit", "-qm", "m"]), "a:1", &[1]);
        let text = fs::read_to_string(folder.join("pre-commit")).unwrap();
        // What others are to have as well does not say where the program is here.
        assert_eq!(text.contains(env!("CARGO_BIN_EXE_stanch")), !relative);
        assert!(stanch(&repo, repo.path(), &["hook", "status"]).text().contains("core.hooksPath is "));
    }
}

#[test]
fn a_hook_that_git_passes_over_is_told() {
    let repo = hooked();
    repo.git(&["config", "core.hooksPath", "elsewhere"]);
    let said = stanch(&repo, repo.path(), &["hook", "status"]).ended(3).text();
    assert!(said.contains("pre-commit: does NOT run: core.hooksPath has git look elsewhere"), "{said}");
    assert!(said.contains("core.hooksPath is elsewhere in ") && said.contains(".git/config"), "{said}");
    // Set by the user's own configuration, and by what that includes.
    repo.git(&["config", "--unset", "core.hooksPath"]);
    fs::write(repo.beside(".gitconfig"), "[include]\n\tpath = more\n").unwrap();
    fs::write(repo.beside("more"), "[core]\n\thooksPath = ~/theirs\n").unwrap();
    let said = stanch(&repo, repo.path(), &["hook", "status"]).ended(3).text();
    assert!(said.contains("does NOT run") && said.contains(repo.beside("theirs").to_str().unwrap()), "{said}");
    fs::write(repo.beside("more"), "[core]\n\thooksPath = /dev/null\n").unwrap();
    let said = stanch(&repo, repo.path(), &["hook", "status"]).ended(3).text();
    assert!(said.contains("git runs no hooks here"), "{said}");
    assert!(stanch(&repo, repo.path(), &["hook", "install"]).ended(2).err.contains("unset it first"));
    fs::remove_file(repo.beside(".gitconfig")).unwrap();
    fs::set_permissions(repo.git_path("hooks/pre-commit"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = stanch(&repo, repo.path(), &["hook", "status"]).ended(3).text();
    assert!(said.contains("pre-commit: does NOT run") && said.contains("not executable"), "{said}");
}

/// As husky lays it out: git looks in `.husky/_`, where files run the ones above.
#[test]
fn huskys_hooks_lie_above_its_own() {
    let repo = leaking();
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
    let runner = "#!/usr/bin/env sh\nn=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\n";
    for name in ["pre-commit", "commit-msg"] {
        write_hook(&repo.path().join(".husky/_").join(name), runner);
    }
    // Husky's hooks are read by a shell, and need not be executable.
    repo.write(".husky/pre-commit", "echo mine >> noted\n");
    stanch(&repo, repo.path(), &["hook", "install", "--pre-commit"]).ended(0);
    assert_eq!(fs::read_to_string(repo.path().join(".husky/_/pre-commit")).unwrap(), runner);
    stopped(with_stanch(&repo, &["commit", "-qm", "m"]), "a:1", &[1]);
    assert_eq!(fs::read_to_string(repo.path().join("noted")).unwrap(), "mine\n");
    assert!(stanch(&repo, repo.path(), &["hook", "status"]).ended(0).text().contains("pre-commit: runs, behind"));
    stanch(&repo, repo.path(), &["hook", "uninstall"]).ended(0);
    assert_eq!(fs::read_to_string(repo.path().join(".husky/pre-commit")).unwrap(), "echo mine >> noted\n");
}

/// Git with the program on PATH.
fn with_stanch(repo: &Repo, arguments: &[&str]) -> crate::stanch::Run {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_stanch")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    crate::stanch::run(repo.command(repo.path()).args(arguments).env("PATH", path))
}

#[test]
fn all_repositories_of_the_user_at_once() {
    let repo = leaking();
    fs::write(repo.beside("dotfiles"), "# mine\n[user]\n\tname = X ; kept\n").unwrap();
    std::os::unix::fs::symlink("dotfiles", repo.beside(".gitconfig")).unwrap();
    write_hook(&repo.git_path("hooks/pre-commit"), "#!/bin/sh\necho own >> noted\n");
    write_hook(&repo.git_path("hooks/post-commit"), "#!/bin/sh\necho post >> noted\n");
    for _ in 0..2 {
        stanch(&repo, repo.path(), &["hook", "install", "--global"]).ended(0);
    }
    assert!(fs::symlink_metadata(repo.beside(".gitconfig")).unwrap().is_symlink());
    let config = fs::read_to_string(repo.beside("dotfiles")).unwrap();
    assert!(config.starts_with("# mine\n[user]\n\tname = X ; kept\n") && config.contains("hooksPath"), "{config}");
    stopped(commit(&repo, &[]), "a:1", &[1]);
    commit(&repo, &["--no-verify"]).ended(0);
    // The repository's own hooks run all the same, in its worktrees too.
    assert_eq!(fs::read_to_string(repo.path().join("noted")).unwrap(), "own\npost\n");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "-b", "linked"]);
    git(&repo, &linked, &["commit", "-q", "--allow-empty", "-m", "m"]).ended(0);
    assert_eq!(fs::read_to_string(linked.join("noted")).unwrap(), "own\npost\n");
    assert!(stanch(&repo, repo.path(), &["hook", "status"]).ended(0).text().contains("pre-commit: runs\n"));
    stanch(&repo, repo.path(), &["hook", "uninstall", "--global"]).ended(0);
    assert!(!fs::read_to_string(repo.beside("dotfiles")).unwrap().contains("hooksPath"));
    assert_eq!(fs::read_dir(repo.beside(".config/stanch/hooks")).unwrap().count(), 0);
}

/// A folder for all repositories that the user has set up already is used as it is.
#[test]
fn a_folder_that_the_user_has_for_all_repositories_is_kept() {
    let repo = leaking();
    let config = "[core]\n\thooksPath = ~/theirs\n";
    fs::write(repo.beside(".gitconfig"), config).unwrap();
    write_hook(&repo.beside("theirs/pre-commit"), "#!/bin/sh\necho theirs >> noted\n");
    stanch(&repo, repo.path(), &["hook", "install", "--global", "--pre-commit"]).ended(0);
    stopped(commit(&repo, &[]), "a:1", &[1]);
    assert_eq!(fs::read_to_string(repo.path().join("noted")).unwrap(), "theirs\n");
    stanch(&repo, repo.path(), &["hook", "uninstall", "--global"]).ended(0);
    assert_eq!(fs::read_to_string(repo.beside(".gitconfig")).unwrap(), config);
    assert_eq!(fs::read_to_string(repo.beside("theirs/pre-commit")).unwrap(), "#!/bin/sh\necho theirs >> noted\n");
}
