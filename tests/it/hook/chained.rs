//! Hooks that were there before: they run first, get what git gives, and come back byte for byte.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
};

use super::{commit, git, hooked, stanch, stopped, write_hook};
use crate::{
    repo::Repo,
    stanch::{command, leak, run},
};

/// A hook that notes its name and what it got.
fn noting(name: &str, status: i32) -> String {
    format!("#!/bin/sh\necho \"{name} $#\" >> noted\n[ \"$1\" != origin ] || cat >> noted\nexit {status}\n")
}

fn noted(repo: &Repo) -> String {
    let noted = fs::read_to_string(repo.path().join("noted")).unwrap_or_default();
    let _ = fs::remove_file(repo.path().join("noted"));
    noted
}

#[test]
fn the_hook_from_before_runs_first_and_comes_back() {
    let repo = Repo::new();
    let hook = repo.git_path("hooks/pre-commit");
    let text = noting("mine", 0) + "# \u{fffd} \r\n";
    write_hook(&hook, &text);
    let inode = fs::metadata(&hook).unwrap().ino();
    let installed = stanch(&repo, repo.path(), &["hook", "install"]).ended(0).text();
    assert!(
        installed
            .contains("pre-commit: installed; the hook that was there runs first, kept as pre-commit.before-stanch"),
        "{installed}"
    );
    // Twice is once.
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    stopped(commit(&repo, &[]), "a:1", &[1]);
    assert_eq!(noted(&repo), "mine 0\n");
    let status = stanch(&repo, repo.path(), &["hook", "status"]).ended(0).text();
    assert!(status.contains("pre-commit: runs, behind pre-commit.before-stanch"), "{status}");
    stanch(&repo, repo.path(), &["hook", "uninstall"]).ended(0);
    assert_eq!(fs::read_to_string(&hook).unwrap(), text);
    assert_eq!((fs::metadata(&hook).unwrap().ino(), fs::metadata(&hook).unwrap().mode() & 0o777), (inode, 0o755));
    let left: Vec<_> = fs::read_dir(hook.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("stanch")), "{left:?}");
    commit(&repo, &[]).ended(0);
}

#[test]
fn a_hook_from_before_that_says_no_is_obeyed_and_one_that_is_switched_off_stays_off() {
    let repo = Repo::new();
    let hook = repo.git_path("hooks/pre-commit");
    write_hook(&hook, &noting("mine", 7));
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    repo.write("a", "x\n");
    repo.git(&["add", "a"]);
    assert_eq!(commit(&repo, &[]).ended(1).err, "");
    assert_eq!(noted(&repo), "mine 0\n");
    let kept = repo.git_path("hooks/pre-commit.before-stanch");
    fs::set_permissions(&kept, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    commit(&repo, &[]).ended(0);
    assert_eq!(noted(&repo), "");
}

#[test]
fn both_hooks_get_what_git_says_of_a_push() {
    let repo = Repo::new();
    let remote = repo.beside("remote.git");
    repo.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    write_hook(&repo.git_path("hooks/pre-push"), &noting("push", 0));
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    repo.write("a", "x\n");
    repo.git(&["add", "a"]);
    commit(&repo, &[]).ended(0);
    git(&repo, repo.path(), &["push", "-q", "origin", "main"]).ended(0);
    let id = repo.id("HEAD");
    assert_eq!(noted(&repo), format!("push 2\nrefs/heads/main {id} refs/heads/main {}\n", "0".repeat(40)));
    git(&repo, repo.path(), &["push", "-q", "origin", "main"]).ended(0);
    assert_eq!(noted(&repo), "push 2\n", "nothing is not an empty line");
    repo.write("b", &leak(1));
    repo.git(&["add", "b"]);
    commit(&repo, &["--no-verify"]).ended(0);
    stopped(git(&repo, repo.path(), &["push", "-q", "origin", "main"]), "b:1", &[1]);
}

#[test]
fn links_are_kept_as_links_and_never_written_through() {
    let repo = Repo::new();
    let target = repo.path().join("tools/check");
    write_hook(&target, &noting("linked", 0));
    let hook = repo.git_path("hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    symlink("../../tools/check", &hook).unwrap();
    symlink("../../no/such/file", repo.git_path("hooks/commit-msg")).unwrap();
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    assert_eq!(fs::read_to_string(&target).unwrap(), noting("linked", 0));
    assert!(!repo.path().join("no").exists());
    repo.write("a", "x\n");
    repo.git(&["add", "a"]);
    commit(&repo, &[]).ended(0);
    assert_eq!(noted(&repo), "linked 0\n");
    stanch(&repo, repo.path(), &["hook", "uninstall"]).ended(0);
    assert_eq!(fs::read_link(&hook).unwrap().to_str(), Some("../../tools/check"));
    assert_eq!(fs::read_link(repo.git_path("hooks/commit-msg")).unwrap().to_str(), Some("../../no/such/file"));
}

#[test]
fn many_installations_at_once_lose_nothing() {
    let repo = Repo::new();
    let hook = repo.git_path("hooks/pre-commit");
    let text = noting("mine", 0);
    write_hook(&hook, &text);
    let (folder, home) = (repo.path().to_owned(), repo.beside(""));
    let install = || run(command(&folder, &["hook", "install"]).env("HOME", &home));
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(install)).collect();
        for run in runs {
            run.join().unwrap().ended(0);
        }
    });
    assert_eq!(fs::read_to_string(repo.git_path("hooks/pre-commit.before-stanch")).unwrap(), text);
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    stopped(commit(&repo, &[]), "a:1", &[1]);
    stanch(&repo, repo.path(), &["hook", "uninstall"]).ended(0);
    assert_eq!(fs::read_to_string(&hook).unwrap(), text);
}

/// As `lefthook install` and `pre-commit install` leave things: both move what they find away.
#[test]
fn other_tools_that_come_later_are_noticed() {
    let repo = hooked();
    let (hook, status) = (repo.git_path("hooks/pre-commit"), || stanch(&repo, repo.path(), &["hook", "status"]));
    let legacy = repo.git_path("hooks/pre-commit.legacy");
    fs::rename(&hook, &legacy).unwrap();
    write_hook(&hook, "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n\"$0.legacy\" || exit 1\n");
    let said = status().ended(0).text();
    assert!(said.contains("pre-commit: runs, called by pre-commit"), "{said}");
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    stopped(commit(&repo, &[]), "a:1", &[1]);
    fs::rename(&legacy, repo.git_path("hooks/pre-commit.old")).unwrap();
    write_hook(&hook, "#!/bin/sh\ncall_lefthook() { :; }\ncall_lefthook run pre-commit\n");
    let said = status().ended(3).text();
    assert!(said.contains("pre-commit: does NOT run: lefthook has replaced it since"), "{said}");
    let installed = stanch(&repo, repo.path(), &["hook", "install"]).ended(0).text();
    assert!(installed.contains("lefthook's hook runs first") && installed.contains("lefthook install"), "{installed}");
    stopped(commit(&repo, &[]), "a:1", &[1]);
    // Lefthook again, and in another version: one of the two has to go, and which is not ours to say.
    write_hook(&hook, "#!/bin/sh\n# lefthook 2\n");
    let refused = stanch(&repo, repo.path(), &["hook", "install"]).ended(2).err;
    assert!(refused.contains("pre-commit.before-stanch still keeps the hook from before"), "{refused}");
    assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\n# lefthook 2\n");
    let said = stanch(&repo, repo.path(), &["hook", "uninstall"]).ended(0).text();
    assert!(said.contains("pre-commit: lefthook's hook is there, and stays"), "{said}");
}

/// What was before pre-commit's own hook is run by that, and must not run it again.
#[test]
fn a_hook_that_another_tool_calls_does_not_call_it_back() {
    let repo = Repo::new();
    let hook = repo.git_path("hooks/pre-commit");
    let text = "#!/bin/sh\n# https://pre-commit.com\necho ran >> noted\n[ ! -x \"$0.legacy\" ] || \"$0.legacy\"\n";
    write_hook(&hook, text);
    stanch(&repo, repo.path(), &["hook", "install"]).ended(0);
    fs::rename(&hook, repo.git_path("hooks/pre-commit.legacy")).unwrap();
    write_hook(&hook, text);
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    stopped(commit(&repo, &[]), "a:1", &[1]);
    assert_eq!(noted(&repo), "ran\n");
}
