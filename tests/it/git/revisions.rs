//! Revisions name the commits that git says they name.

use std::collections::{BTreeMap, BTreeSet};

use stanch::{
    coverage::Coverage,
    source::git::{Change, Error, Repository},
};

use super::open;
use crate::repo::Repo;

/// The commits from the tag `base` to a revision.
fn commits(repository: &Repository, rev: &str) -> Result<BTreeSet<String>, Error> {
    let mut coverage = Coverage::default();
    let added = repository.changes(&Change::Range(format!("base..{rev}")), &mut coverage)?;
    assert!(coverage.complete(), "{coverage:?}");
    Ok(added.iter().map(|one| one.commit.as_ref().unwrap().id.to_string()).collect())
}

/// The same by git.
fn commits_of_git(repo: &Repo, rev: &str) -> BTreeSet<String> {
    let id = repo.id(&format!("{rev}^{{commit}}"));
    repo.git(&["rev-list", &format!("refs/tags/base..{id}")]).lines().map(str::to_owned).collect()
}

/// A clone with a merge, a tag, reflogs and an upstream.
fn history(repo: &Repo) {
    repo.commit("base");
    repo.git(&["tag", "base"]);
    let origin = repo.beside("origin");
    repo.write("a", "1\n").commit("one");
    repo.git(&["clone", "--quiet", "--bare", ".", origin.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
    repo.git(&["fetch", "--quiet", "origin"]);
    repo.git(&["branch", "--quiet", "--set-upstream-to=origin/main"]);
    repo.git(&["remote", "set-head", "origin", "main"]);
    repo.git(&["checkout", "--quiet", "-b", "side", "--no-track"]);
    repo.write("b", "2\n").commit("side one");
    repo.write("b", "3\n").commit("side two");
    repo.git(&["tag", "-a", "-m", "text", "v1"]);
    repo.git(&["tag", "-a", "-m", "a tag of a tag", "v2", "v1"]);
    repo.git(&["branch", "--quiet", "--track", "local", "side"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("c", "4\n").commit("two");
    repo.merge(&["side"]);
    repo.commit("merge");
    repo.write("c", "5\n").commit("amended");
    repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    // What can be mistaken for other things.
    repo.git(&["tag", "both", "HEAD~"]);
    repo.git(&["branch", "both", "HEAD^2"]);
    repo.git(&["branch", "deep/er", "HEAD~2"]);
    repo.git(&["branch", &repo.id("HEAD")[..6], "side"]);
    repo.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/side"]);
}

#[test]
fn refs_ids_and_steps() {
    for repo in Repo::in_both_formats() {
        history(&repo);
        let (repository, merge, tag) = (open(repo.path()), repo.id("HEAD"), repo.id("v1"));
        let described = repo.git(&["describe", "--always", "--long", "HEAD~"]);
        let names =
            ["HEAD", "@", "main", "heads/main", "refs/heads/main", "side", "alias", "both", "heads/both", "deep/er"];
        let tags = ["v1", "tags/v1", "refs/tags/v1", "v1^{}", "v1^{commit}", "v1^0", "v1~0", "v1~1", "v2", "v2^{}^"];
        let remotes = ["origin", "origin/main", "origin/HEAD", "remotes/origin/main", "refs/remotes/origin/HEAD"];
        let steps =
            ["HEAD^", "HEAD^^", "HEAD~", "HEAD~2", "HEAD^1", "HEAD^2", "HEAD^2~1^{}", "@~1^{commit}", "@^{object}"];
        let logs = [
            "HEAD@{1}",
            "@{0}",
            "@{1}",
            "@{2}~1",
            "main@{1}",
            "side@{1}",
            "heads/side@{1}^",
            "ORIG_HEAD",
            "ORIG_HEAD~1",
        ];
        let upstreams = ["@{u}", "@{upstream}", "main@{UPSTREAM}", "HEAD@{u}", "local@{u}", "local@{u}~1"];
        let ids =
            [&merge, &merge[..7], &merge[..12], &merge[..6], &merge.to_uppercase()[..9], &tag, &tag[..10], &described];
        for rev in [&names[..], &tags, &remotes, &steps, &logs, &upstreams, &ids].concat() {
            let found = commits(&repository, rev).unwrap_or_else(|error| panic!("{rev}: {error:?}"));
            assert_eq!(found, commits_of_git(&repo, rev), "{rev}");
        }
        let updates = repo.git(&["reflog", "show", "--format=%H", "main"]).lines().count();
        assert!(commits(&repository, &format!("main@{{{}}}", updates - 1)).unwrap().is_empty());
        // What was before the first update that is left.
        repo.git(&["reflog", "delete", &format!("main@{{{}}}", updates - 1)]);
        repo.git(&["reflog", "delete", &format!("main@{{{}}}", updates - 2)]);
        let first = format!("main@{{{}}}", updates - 2);
        assert_eq!(commits(&open(repo.path()), &first).unwrap(), commits_of_git(&repo, &first));
        assert!(!commits_of_git(&repo, &first).is_empty());
    }
}

#[test]
fn what_names_no_commit_is_wrong_usage() {
    for repo in Repo::in_both_formats() {
        history(&repo);
        let repository = open(repo.path());
        let missing =
            ["nope", "nope~1", "nope@{1}", "HEAD^3", "HEAD~99", "HEAD@{99}", "deep", "both@{u}", "side@{u}", "12345"];
        let steps = [
            "HEAD^{tree}",
            "HEAD^{/one}",
            "HEAD^!",
            "HEAD^@",
            "HEAD^-",
            "HEAD^-1",
            "HEAD^{",
            "HEAD^é",
            "HEAD^x",
            "HEAD~~x",
        ];
        let numbers = ["HEAD~99999999999999999999999", "HEAD^99999999999999999999999"];
        let others =
            [":/one", "HEAD:a", ":a", "^HEAD", "@{-1}", "@{yesterday}", "@{push}", "HEAD@{", "@{u}@{1}", "@{}"];
        let paths = [
            "",
            "/",
            "..",
            "../HEAD",
            "refs/",
            "refs/../HEAD",
            "logs/HEAD",
            "config",
            "worktrees",
            "refs/heads",
            "é",
            "\0",
        ];
        for rev in [&missing[..], &steps, &numbers, &others, &paths].concat() {
            let error = repository.changes(&Change::Since(rev.to_owned()), &mut Coverage::default()).unwrap_err();
            assert!(matches!(error, Error::Revision { .. }), "{rev:?}: {error:?}");
        }
    }
}

#[test]
fn the_beginning_of_an_id_names_one_commit_or_none() {
    let repo = Repo::new();
    let mut stream = String::from("commit refs/tags/base\ncommitter A <a> 1 +0000\ndata 0\n\n");
    for at in 0..1500 {
        stream += "commit refs/heads/main\ncommitter A <a> 2 +0000\ndata 0\n";
        stream += if at == 0 { "from refs/tags/base\n" } else { "" };
        stream += &format!("M 644 inline f\ndata 4\n{at:04}\n");
    }
    repo.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    let mut by_prefix: BTreeMap<String, (Vec<String>, usize)> = BTreeMap::new();
    for line in repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"]).lines() {
        let (id, kind) = line.split_once(' ').unwrap();
        let (commits, others) = by_prefix.entry(id[..4].to_owned()).or_default();
        if kind == "commit" { commits.push(id.to_owned()) } else { *others += 1 }
    }
    let repository = open(repo.path());
    let pick = |commits: usize, others: bool| {
        by_prefix.iter().find(|(_, found)| found.0.len() == commits && (found.1 > 0) == others).unwrap()
    };
    for (prefix, found) in [pick(1, false), pick(1, true)] {
        assert_eq!(commits(&repository, prefix).unwrap(), commits_of_git(&repo, &found.0[0]));
    }
    for (prefix, why) in [(pick(2, false).0, "ambiguous"), (pick(0, true).0, "no commit")] {
        let error = commits(&repository, prefix).unwrap_err();
        let why_not = std::error::Error::source(&error).unwrap().to_string();
        assert!(why_not.contains(why), "{prefix}: {why_not}");
    }
    assert!(commits(&repository, &pick(1, false).0[..3]).is_err(), "git wants four digits");
}

#[test]
fn where_a_shallow_clone_ends_there_is_no_parent() {
    let repo = Repo::new();
    repo.commit("one");
    repo.commit("two");
    repo.commit("three");
    let clone = repo.beside("clone");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth=2", &url, clone.to_str().unwrap()]);
    let since = |rev: &str| open(&clone).changes(&Change::Since(rev.to_owned()), &mut Coverage::default());
    assert_eq!(since("HEAD~1").unwrap().len(), 1);
    assert!(matches!(since("HEAD~2").unwrap_err(), Error::Revision { .. }));
    // Even where the parent is here.
    std::fs::write(repo.git_path("shallow"), format!("{}\n", repo.id("HEAD~1"))).unwrap();
    assert!(!repo.git_ok(&["rev-parse", "--verify", "--quiet", "HEAD~2"]));
    let error = open(repo.path()).changes(&Change::Since("HEAD~2".to_owned()), &mut Coverage::default()).unwrap_err();
    assert!(matches!(error, Error::Revision { .. }));
}

#[test]
fn a_linked_worktree_has_a_head_of_its_own() {
    for repo in Repo::in_both_formats() {
        history(&repo);
        let linked = repo.beside("linked");
        repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "side"]);
        repo.git_in(&linked, &["reset", "--quiet", "--hard", "HEAD~"]);
        repo.git_in(&linked, &["update-ref", "refs/worktree/mine", "HEAD~"]);
        let repository = open(&linked);
        for rev in ["HEAD", "HEAD@{1}", "@{1}", "ORIG_HEAD", "side", "main", "worktree/mine"] {
            let id = repo.git_in(&linked, &["rev-parse", rev]);
            assert_eq!(commits(&repository, rev).unwrap(), commits_of_git(&repo, &id), "{rev}");
        }
    }
}
