//! What the index or a range of commits adds.

use std::fs;

use stanch::{
    coverage::Coverage,
    source::git::{Change, Changed, Error},
};

use super::open;
use crate::repo::Repo;

/// What changes, with its failures and notes.
fn changes(repo: &Repo, change: &Change) -> (Vec<Changed>, Coverage) {
    let mut coverage = Coverage::default();
    (open(repo.path()).changes(change, &mut coverage).unwrap(), coverage)
}

/// Each changed file as `path: new < before | before`, by content.
fn files(repo: &Repo, change: &Change) -> Vec<String> {
    let (changes, coverage) = changes(repo, change);
    assert!(coverage.complete(), "{coverage:?}");
    let repository = open(repo.path());
    let text = |id| String::from_utf8(repository.read(id).unwrap()).unwrap().replace('\n', " ").trim().to_owned();
    let before = |before: Option<_>| before.map_or_else(|| "-".to_owned(), text);
    changes
        .iter()
        .map(|one| {
            let parents: Vec<_> = one.before.iter().map(|id| before(*id)).collect();
            format!("{}: {} < {}", one.path.to_text(), text(one.blob), parents.join(" | "))
        })
        .collect()
}

fn staged() -> Change {
    Change::Staged { index_file: None }
}

fn range(text: &str) -> Change {
    Change::Range(text.to_owned())
}

#[test]
fn staged_files_against_head() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("d/b", "2\n").write("d/e/c", "3\n").write("same/x", "4\n").commit("first");
    assert!(files(&repo, &staged()).is_empty());
    repo.write("a", "5\n").write("d/e/c", "6\n").write("d/new", "7\n").remove("d/b");
    assert!(files(&repo, &staged()).is_empty(), "nothing is staged yet");
    repo.git(&["add", "--all"]);
    repo.write("a", "not staged\n").write("announced", "8\n");
    repo.git(&["add", "--intent-to-add", "announced"]);
    assert_eq!(files(&repo, &staged()), ["a: 5 < 1", "d/e/c: 6 < 3", "d/new: 7 < -"]);
}

#[test]
fn staged_before_the_first_commit() {
    let repo = Repo::new();
    assert!(files(&repo, &staged()).is_empty());
    repo.write("d/x", "1\n");
    std::os::unix::fs::symlink("target", repo.path().join("link")).unwrap();
    repo.git(&["add", "--all"]);
    repo.git(&["update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,sub"]);
    assert_eq!(files(&repo, &staged()), ["d/x: 1 < ", "link: target < "]);
}

#[test]
fn another_index_file() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("first");
    repo.write("a", "2\n").git(&["add", "a"]);
    let file = repo.git_path("other");
    fs::copy(repo.git_path("index"), &file).unwrap();
    repo.git(&["reset", "--quiet"]);
    assert!(files(&repo, &staged()).is_empty());
    for name in [file, ".git/other".into()] {
        assert_eq!(files(&repo, &Change::Staged { index_file: Some(name) }), ["a: 2 < 1"]);
    }
}

#[test]
fn a_merge_in_progress_has_two_parents_and_conflicts_are_left_out() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("b", "1\n").commit("root");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("a", "side\n").write("b", "side\n").write("c", "side\n").commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("a", "main\n").commit("main");
    repo.merge(&["side"]);
    let (found, coverage) = changes(&repo, &staged());
    assert!(found.is_empty(), "b and c are as in one parent, a is in conflict: {found:?}");
    assert!(coverage.notes.iter().any(|note| note.contains("a is in conflict")), "{coverage:?}");
    repo.write("a", "both\n").write("b", "evil\n").git(&["add", "--all"]);
    assert_eq!(files(&repo, &staged()), ["a: both < main | side", "b: evil < 1 | side"]);
}

#[test]
fn renames_are_followed_and_copies_are_new() {
    let repo = Repo::new();
    let lines = |from: u32, to: u32| (from..to).map(|line| format!("{line}\n")).collect::<String>();
    repo.write("moved", &lines(0, 10))
        .write("edited", &lines(100, 120))
        .write("other", &lines(200, 220))
        .commit("first");
    repo.git(&["mv", "moved", "d-moved"]);
    repo.remove("edited").write("d/edited2", &lines(100, 119)).write("copy", &lines(200, 219)).remove("other");
    repo.write("unlike", &lines(200, 209)).write("other", &lines(200, 220));
    repo.git(&["add", "--all"]);
    let (found, _) = changes(&repo, &staged());
    let found: Vec<_> = found.iter().map(|one| (one.path.to_text().into_owned(), one.before.clone())).collect();
    let was = open(repo.path()).blob_id(lines(100, 120).as_bytes()).unwrap();
    assert_eq!(
        found,
        [("copy".to_owned(), vec![None]), ("d/edited2".to_owned(), vec![Some(was)]), ("unlike".to_owned(), vec![None]),],
        "what only moved is no change"
    );
}

#[test]
fn commits_since_a_revision() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("first");
    repo.write("a", "2\n").commit("second");
    repo.write("b", "3\n").commit("third");
    assert!(files(&repo, &Change::Since("HEAD".to_owned())).is_empty());
    let expected = ["commit message: second < ", "a: 2 < 1", "commit message: third < ", "b: 3 < -"];
    assert_eq!(files(&repo, &Change::Since("HEAD~2".to_owned())), expected);
    assert_eq!(files(&repo, &range("HEAD~2..")), expected);
    assert_eq!(files(&repo, &range(&format!("{}..main", repo.id("HEAD~2")))), expected);
    assert!(files(&repo, &range("HEAD..HEAD~2")).is_empty());
    let (found, coverage) = changes(&repo, &range("HEAD~1..HEAD"));
    assert_eq!(found[1].commit.as_ref().unwrap().id.to_string(), repo.id("HEAD"));
    assert_eq!((coverage.commits, coverage.history.name()), (1, "selected"));
}

#[test]
fn merges_add_what_no_parent_has() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("b", "1\n").commit("root");
    repo.git(&["tag", "-a", "-m", "base", "base"]);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b", "2\n").commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("c", "3\n").commit("main");
    repo.merge(&["side"]);
    repo.write("a", "evil\n").commit("merge");
    let expected = [
        "commit message: side < ",
        "b: 2 < 1",
        "commit message: main < ",
        "c: 3 < -",
        "commit message: merge < ",
        "a: evil < 1 | 1",
    ];
    assert_eq!(files(&repo, &range("base..main")), expected);
    assert_eq!(files(&repo, &range("side..main")), expected[2..]);
    assert_eq!(files(&repo, &range("main~1...side")), expected[..4]);
}

#[test]
fn packing_changes_nothing() {
    let repo = Repo::new();
    for at in 0..60 {
        repo.write(&format!("d/file-{at}"), &format!("{at}\n"));
    }
    for at in 0..12 {
        repo.write(&format!("d/file-{}", at * 5), &format!("changed {at}\n")).commit("more");
    }
    let change = range("HEAD~11..HEAD");
    let before = files(&repo, &change);
    assert_eq!(before.len(), 22);
    repo.git(&["repack", "--quiet", "-adf", "--depth=50"]);
    assert_eq!(files(&repo, &change), before, "trees are read again from the cache of delta bases");
}

#[test]
fn a_root_commit_adds_all_it_has() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("first");
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.write("b", "2\n").commit("second");
    let found = files(&repo, &range("main..other"));
    assert_eq!(found, ["commit message: second < ", "a: 1 < ", "b: 2 < "]);
}

#[test]
fn a_range_does_not_depend_on_clocks() {
    let repo = Repo::new();
    repo.write("a", "0\n").commit("root");
    // The branch point is dated long before its parents.
    for (at, date) in [(1, "2000-01-01"), (2, "2030-01-01"), (3, "1990-01-01"), (4, "2020-01-01")] {
        repo.write("a", &format!("{at}\n")).git(&["add", "a"]);
        let mut command = repo.command(repo.path());
        command.env("GIT_COMMITTER_DATE", format!("{date}T00:00:00Z"));
        assert!(command.args(["commit", "--quiet", "-m", "skewed"]).status().unwrap().success());
    }
    for (from, to) in [("HEAD~3", "HEAD"), ("HEAD", "HEAD~2"), ("HEAD~1", "HEAD"), ("HEAD~4", "HEAD~1")] {
        let (found, _) = changes(&repo, &range(&format!("{from}..{to}")));
        let mut ids: Vec<_> = found.iter().map(|one| one.commit.as_ref().unwrap().id.to_string()).collect();
        ids.sort();
        ids.dedup();
        let mut expected: Vec<_> =
            repo.git(&["rev-list", &format!("{from}..{to}")]).lines().map(str::to_owned).collect();
        expected.sort();
        assert_eq!(ids, expected, "{from}..{to}");
    }
}

#[test]
fn a_revision_that_is_none_is_wrong_usage() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("first");
    let repository = open(repo.path());
    let blob = repo.id("HEAD:a");
    let none = "1".repeat(40);
    let wrong = ["nope", "HEAD~5", blob.as_str(), none.as_str(), ""].map(|rev| Change::Since(rev.to_owned()));
    for change in wrong.into_iter().chain([range("HEAD"), range("nope..HEAD"), range("HEAD..nope")]) {
        let error = repository.changes(&change, &mut Coverage::default()).unwrap_err();
        assert!(matches!(error, Error::Revision { .. }) && error.is_usage(), "{change:?}: {error:?}");
    }
}

#[test]
fn a_shallow_clones_first_commits_add_all_they_have() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("first");
    repo.write("b", "2\n").commit("second");
    repo.write("b", "3\n").commit("third");
    let clone = repo.beside("clone");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth=2", &url, clone.to_str().unwrap()]);
    let mut coverage = Coverage::default();
    let found = open(&clone).changes(&Change::Since("HEAD~1".to_owned()), &mut coverage).unwrap();
    assert_eq!(found.len(), 2);
    assert!(coverage.complete(), "{coverage:?}");
}

#[test]
fn split_and_sparse_indexes_are_read() {
    let repo = Repo::new();
    repo.write("a", "1\n").write("in/b", "2\n").write("out/deep/c", "3\n").commit("first");
    repo.git(&["update-index", "--split-index"]);
    repo.write("a", "4\n").git(&["add", "a"]);
    assert_eq!(files(&repo, &staged()), ["a: 4 < 1"]);
    repo.git(&["update-index", "--no-split-index"]);
    repo.git(&["reset", "--quiet", "--hard"]);
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    repo.write("in/b", "5\n").git(&["add", "in/b"]);
    assert_eq!(files(&repo, &staged()), ["in/b: 5 < 2"]);
}

#[test]
fn staged_in_a_linked_worktree_and_on_a_packed_branch() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("first");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    repo.git(&["pack-refs", "--all"]);
    fs::write(linked.join("a"), "2\n").unwrap();
    repo.git_in(&linked, &["add", "a"]);
    let found = open(&linked).changes(&staged(), &mut Coverage::default()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].before.len(), 1);
    assert!(files(&repo, &staged()).is_empty());
}
