//! A token in each place that git keeps: found there, and said to be there. Refs are files or tables, which changes nothing.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    repo::Repo,
    stanch::{leak, scan, token},
};

/// Where the history of the repository at `path` holds the one token: path, reach, the commits that introduced it and hold
/// it last, refs and versions. The object named has to hold it.
#[track_caller]
fn occurrences(repo: &Repo, path: &Path) -> Vec<String> {
    let run = scan(path, &["--history-only"]).ended(1);
    assert_eq!(run.coverage()["complete"], true, "{}", run.coverage());
    let incident = run.incident();
    let occurrences = incident["occurrences"].as_array().unwrap().iter();
    let blob = |one: &Value| repo.git_in(path, &["cat-file", "-p", one["blob"].as_str().unwrap()]);
    occurrences.inspect(|one| assert!(blob(one).contains(&token(1)), "{one}")).map(line).collect()
}

fn line(one: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let refs: Vec<_> = one["refs"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(one["source"], "git");
    assert_eq!(one["in_head"], one["reach"] == "head", "{one}");
    assert_eq!(one["refs_count"], refs.len());
    let (introduced, last) = (text(&one["introduced"]["commit"]), text(&one["last"]["commit"]));
    let (path, reach) = (text(&one["path"]), text(&one["reach"]));
    format!("{path} {reach} {introduced}..{last} [{}] v{}", refs.join(" "), one["versions"])
}

#[test]
fn in_the_resolution_of_a_merge() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.git(&["checkout", "--quiet", "-b", "side"]);
        repo.write("a", "2\n").commit("side");
        repo.git(&["checkout", "--quiet", "main"]);
        repo.write("a", "3\n").commit("main");
        repo.merge(&["side"]);
        let merge = repo.write("a", &leak(1)).commit("merge");
        assert_eq!(occurrences(&repo, repo.path()), [format!("a head {merge}..{merge} [refs/heads/main] v1")]);
        repo.write("a", "4\n").commit("clean");
        assert_eq!(occurrences(&repo, repo.path()), [format!("a ref {merge}..{merge} [refs/heads/main] v1")]);
    }
}

#[test]
fn in_a_commit_that_was_amended() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        let amended = repo.write("dir/a", &leak(1)).commit("to be amended");
        repo.write("dir/a", "2\n").git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
        assert_eq!(occurrences(&repo, repo.path()), [format!("dir/a reflog {amended}..{amended} [] v1")]);
    }
}

#[test]
fn in_commits_that_only_a_reflog_names() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        let first = repo.write("a", &leak(1)).commit("first");
        let last = repo.write("a", &format!("\n{}", leak(1))).commit("last");
        repo.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
        repo.git(&["update-ref", "-d", "ORIG_HEAD"]);
        assert_eq!(occurrences(&repo, repo.path()), [format!("a reflog {first}..{last} [] v2")]);
        repo.git(&["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
        assert_eq!(occurrences(&repo, repo.path()), [format!("a unreachable {first}..{last} [] v2")]);
    }
}

#[test]
fn in_a_dangling_blob() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.blob(&leak(1));
        assert_eq!(occurrences(&repo, repo.path()), ["- unreachable -..- [] v1"]);
    }
}

#[test]
fn in_the_index() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.write("dir/a", &leak(1)).git(&["add", "--all"]);
        repo.write("dir/a", "2\n");
        assert_eq!(occurrences(&repo, repo.path()), ["dir/a index -..- [] v1"]);
    }
}

#[test]
fn in_a_stash_below_another() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        for content in [&leak(1), "2\n"] {
            repo.tick();
            repo.write("a", content).git(&["stash", "--quiet"]);
        }
        let stash = repo.id("stash@{1}");
        assert_eq!(occurrences(&repo, repo.path()), [format!("a stash {stash}..{stash} [] v1")]);
    }
}

#[test]
fn in_a_file_that_was_stashed_untracked() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.write("new", &leak(1)).git(&["stash", "--quiet", "--include-untracked"]);
        let untracked = repo.id("stash^3");
        assert_eq!(occurrences(&repo, repo.path()), [format!("new stash {untracked}..{untracked} [] v1")]);
    }
}

#[test]
fn in_a_note() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.git(&["notes", "add", "-m", &token(1)]);
        let note = repo.id("refs/notes/commits");
        assert_eq!(occurrences(&repo, repo.path()), [format!("note ref {note}..{note} [refs/notes/commits] v1")]);
    }
}

#[test]
fn in_the_message_of_a_commit() {
    for repo in Repo::in_both_formats() {
        let commit = repo.write("a", "1\n").commit(&format!("subject\n\n{}", leak(1)));
        repo.write("a", "2\n").commit("next");
        let expected = format!("commit message ref {commit}..{commit} [refs/heads/main] v1");
        assert_eq!(occurrences(&repo, repo.path()), [expected]);
    }
}

#[test]
fn in_the_text_of_a_tag() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.git(&["tag", "--annotate", "-m", &leak(1), "v1"]);
        assert_eq!(occurrences(&repo, repo.path()), ["tag v1 ref -..- [refs/tags/v1] v1"]);
        repo.git(&["tag", "--delete", "v1"]);
        assert_eq!(occurrences(&repo, repo.path()), ["tag v1 unreachable -..- [] v1"]);
    }
}

#[test]
fn on_a_branch_that_was_deleted() {
    for repo in Repo::in_both_formats() {
        repo.write("a", "1\n").commit("root");
        repo.git(&["checkout", "--quiet", "-b", "gone"]);
        let first = repo.write("b", &leak(1)).commit("first");
        let last = repo.write("c", "2\n").commit("last");
        repo.git(&["checkout", "--quiet", "main"]);
        assert_eq!(occurrences(&repo, repo.path()), [format!("b ref {first}..{last} [refs/heads/gone] v1")]);
        repo.git(&["branch", "--quiet", "-D", "gone"]);
        assert_eq!(occurrences(&repo, repo.path()), [format!("b reflog {first}..{last} [] v1")], "HEAD was there");
    }
}

#[test]
fn in_a_submodule() {
    for repo in Repo::in_both_formats() {
        let inner = Repo::new();
        let first = inner.write("a", &leak(1)).commit("inner");
        inner.write("a", "1\n").commit("clean");
        let format = format!("--ref-format={}", repo.git(&["rev-parse", "--show-ref-format"]));
        repo.git(&["submodule", "--quiet", "add", &format, inner.path().to_str().unwrap(), "sub"]);
        assert_eq!(repo.git_path("modules/sub/reftable").exists(), format.ends_with("reftable"));
        repo.commit("outer");
        let outer = scan(repo.path(), &[]).ended(0);
        assert_eq!(outer.skipped("nested-repository").1, ["sub"], "its history is not the repository's");
        let refs = "[refs/heads/main refs/remotes/origin/HEAD refs/remotes/origin/main]";
        let expected = format!("a ref {first}..{first} {refs} v1");
        assert_eq!(occurrences(&repo, &repo.path().join("sub")), [expected]);
    }
}

#[test]
fn where_a_shallow_clone_ends() {
    for repo in Repo::in_both_formats() {
        repo.write("a", &leak(1)).commit("first");
        let boundary = repo.write("b", "1\n").commit("boundary");
        repo.remove("a").commit("last");
        let format = format!("--ref-format={}", repo.git(&["rev-parse", "--show-ref-format"]));
        let (clone, url) = (repo.beside("clone"), format!("file://{}", repo.path().display()));
        repo.git(&["clone", "--quiet", &format, "--depth=2", &url, clone.to_str().unwrap()]);
        assert_eq!(clone.join(".git/reftable").exists(), format.ends_with("reftable"));
        let refs = "[refs/heads/main refs/remotes/origin/HEAD refs/remotes/origin/main]";
        let expected = format!("a ref {boundary}..{boundary} {refs} v1");
        assert_eq!(occurrences(&repo, &clone), [expected], "what came before is not known");
        assert!(fs::read_to_string(clone.join(".git/shallow")).unwrap().contains(&boundary));
    }
}
