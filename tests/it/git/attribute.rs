//! Where secrets are said to be.

use globset::{Glob, GlobSetBuilder};
use stanch::{
    coverage::Coverage,
    source::git::{Refs, Scope},
};

use super::{everything, line, lines, open, places, places_in, scan, short};
use crate::repo::Repo;

#[test]
fn a_file_at_head_and_its_rename_are_two_places() {
    let repo = Repo::new();
    let one = repo.write("a/x", "SECRET 1\n").commit("one");
    let two = repo.write("a/x", "SECRET 2\n").commit("two");
    repo.git(&["mv", "a/x", "b"]);
    let three = repo.commit("three");
    let (one, two, three) = (short(&one), short(&two), short(&three));
    assert_eq!(
        lines(&repo, "SECRET"),
        [format!("a/x ref {one}..{two} 1:refs/heads/main v2"), format!("b head {three}..{three} 1:refs/heads/main v1"),]
    );
    let found = places(&repo, "SECRET");
    assert_eq!(found[0].git.blob.unwrap().to_string(), repo.id("HEAD~2:a/x"));
    assert_eq!(found[1].git.blob.unwrap().to_string(), repo.id("HEAD:b"));
    let info = found[0].git.introduced.clone().unwrap();
    assert_eq!((info.author.as_str(), info.email.as_str(), info.at), ("A U Thor", "author@example.com", 1_700_000_060));
}

#[test]
fn the_version_at_head_is_the_one_named() {
    let repo = Repo::new();
    let one = repo.write("x", "SECRET 1\n").commit("one");
    let two = repo.write("x", "SECRET 2\n").commit("two");
    let found = places(&repo, "SECRET");
    assert_eq!(line(&found[0]), format!("x head {}..{} 1:refs/heads/main v2", short(&one), short(&two)));
    assert_eq!(found[0].git.blob.unwrap().to_string(), repo.id("HEAD:x"));
}

#[test]
fn what_was_reverted_and_came_back_is_introduced_once() {
    let repo = Repo::new();
    repo.commit("root");
    let one = repo.write("x", "SECRET\n").commit("one");
    repo.write("x", "clean\n").commit("two");
    let three = repo.write("x", "SECRET\n").commit("three");
    repo.write("x", "clean\n").commit("four");
    assert_eq!(lines(&repo, "SECRET"), [format!("x ref {}..{} 1:refs/heads/main v1", short(&one), short(&three))]);
}

#[test]
fn the_graph_outranks_the_clock() {
    let repo = Repo::new();
    let one = repo.write("x", "SECRET\n").commit("one");
    repo.write("x", "clean\n").commit("two");
    repo.write("x", "SECRET\n").git(&["add", "x"]);
    let mut command = repo.command(repo.path());
    command.env("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z");
    assert!(command.args(["commit", "--quiet", "-m", "back, by a clock that is wrong"]).status().unwrap().success());
    let found = lines(&repo, "SECRET");
    assert_eq!(found, [format!("x head {}..{} 1:refs/heads/main v1", short(&one), short(&repo.id("HEAD")))]);
}

#[test]
fn a_merge_can_bring_what_no_parent_has() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("y", "2\n").commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("z", "3\n").commit("main");
    repo.merge(&["side"]);
    let merge = repo.write("x", "SECRET\n").commit("evil");
    let merge = short(&merge);
    assert_eq!(lines(&repo, "SECRET"), [format!("x head {merge}..{merge} 1:refs/heads/main v1")]);
}

#[test]
fn a_merge_does_not_bring_what_a_parent_has() {
    let repo = Repo::new();
    repo.commit("root");
    for side in ["a", "b", "c"] {
        repo.git(&["checkout", "--quiet", "-b", side, "main"]);
        repo.write(side, if side == "b" { "SECRET\n" } else { "clean\n" }).commit(side);
    }
    repo.git(&["checkout", "--quiet", "main"]);
    repo.merge(&["a", "b", "c"]);
    let merge = repo.commit("octopus");
    assert_eq!(repo.git(&["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 5);
    let (side, merge) = (repo.id("b"), short(&merge));
    let expected = format!("b head {}..{merge} 2:refs/heads/main,refs/heads/b v1", short(&side));
    assert_eq!(lines(&repo, "SECRET"), [expected]);
}

#[test]
fn of_two_roots_the_older_introduced_it() {
    let repo = Repo::new();
    let one = repo.write("x", "SECRET\n").commit("one");
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    let two = repo.write("x", "SECRET 2\n").commit("two");
    repo.git(&["checkout", "--quiet", "main"]);
    // While it is at HEAD, HEAD is the last to hold it, though the other branch is newer.
    let expected = format!("x head {}..{} 2:refs/heads/main,refs/heads/other v2", short(&one), short(&one));
    assert_eq!(lines(&repo, "SECRET"), [expected]);
    repo.git(&["checkout", "--quiet", "other"]);
    let expected = format!("x head {}..{} 2:refs/heads/other,refs/heads/main v2", short(&one), short(&two));
    assert_eq!(lines(&repo, "SECRET"), [expected]);
}

#[test]
fn the_stash_is_a_reach_of_its_own() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    for content in ["SECRET 1\n", "SECRET 2\n", "3\n"] {
        repo.tick();
        repo.write("x", content).git(&["stash", "--quiet"]);
    }
    let stashed = repo.id("stash@{1}");
    let found = lines(&repo, "SECRET 2");
    let found: Vec<_> = found.iter().filter(|line| line.starts_with("x ")).collect();
    assert_eq!(found, [&format!("x stash {}..{} 0: v1", short(&stashed), short(&stashed))]);
}

#[test]
fn what_a_reset_left_behind_is_in_the_reflog() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    let gone = repo.write("x", "SECRET\n").commit("gone");
    repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    let line_with = |reach: &str| format!("x {reach} {}..{} 0: v1", short(&gone), short(&gone));
    assert_eq!(lines(&repo, "SECRET"), [line_with("reflog")]);
    std::fs::remove_dir_all(repo.git_path("logs")).unwrap();
    assert_eq!(lines(&repo, "SECRET"), [line_with("reflog")], "ORIG_HEAD still names it");
    std::fs::remove_file(repo.git_path("ORIG_HEAD")).unwrap();
    assert_eq!(lines(&repo, "SECRET"), [line_with("unreachable")]);
}

#[test]
fn blobs_outside_of_commits() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    let blob = repo.blob("SECRET dangling\n");
    assert_eq!(lines(&repo, "SECRET"), ["(none) unreachable -..- 0: v1"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},d/staged")]);
    assert_eq!(lines(&repo, "SECRET"), ["d/staged index -..- 0: v1"]);
    repo.git(&["write-tree"]);
    repo.git(&["rm", "--quiet", "--cached", "d/staged"]);
    assert_eq!(lines(&repo, "SECRET"), ["d/staged unreachable -..- 0: v1"], "a dangling tree names it");
}

#[test]
fn another_worktrees_index_counts() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    std::fs::write(linked.join("y"), "SECRET\n").unwrap();
    repo.git_in(&linked, &["add", "y"]);
    assert_eq!(lines(&repo, "SECRET"), ["y index -..- 0: v1"]);
    repo.git_in(&linked, &["commit", "--quiet", "-m", "linked"]);
    let commit = repo.git_in(&linked, &["rev-parse", "HEAD"]);
    assert_eq!(lines(&repo, "SECRET"), [format!("y ref {0}..{0} 0: v1", short(&commit))], "its HEAD is a ref");
    let in_linked: Vec<_> = places_in(&open(&linked), &["SECRET"]).iter().map(line).collect();
    assert_eq!(in_linked, [format!("y head {0}..{0} 0: v1", short(&commit))]);
}

#[test]
fn messages_tags_and_notes() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    let one = repo.commit("says SECRET");
    let two = repo.commit("says SECRET again");
    repo.git(&["tag", "--annotate", "-m", "SECRET tag", "v1", "HEAD~"]);
    repo.git(&["notes", "add", "-m", "SECRET note", "HEAD"]);
    let note = repo.id("refs/notes/commits");
    repo.git(&["notes", "add", "-m", "other note", "HEAD~"]);
    let last_note = repo.id("refs/notes/commits");
    let found = lines(&repo, "SECRET");
    let mut expected = vec![
        format!("commit message ref {0}..{0} 2:refs/heads/main,refs/tags/v1 v1", short(&one)),
        format!("commit message ref {0}..{0} 1:refs/heads/main v1", short(&two)),
    ];
    // By the ids of the commits.
    expected.sort_by_key(|line| line.contains(short(&one)) != (one < two));
    expected.push(format!("note ref {}..{} 1:refs/notes/commits v1", short(&note), short(&last_note)));
    expected.push("tag v1 ref -..- 1:refs/tags/v1 v1".to_owned());
    assert_eq!(found, expected);
}

#[test]
fn tags_on_trees_and_blobs() {
    let repo = Repo::new();
    repo.write("x", "1\n").commit("root");
    let blob = repo.blob("SECRET\n");
    repo.git(&["tag", "on-blob", &blob]);
    assert_eq!(lines(&repo, "SECRET"), ["(none) ref -..- 1:refs/tags/on-blob v1"]);
    let tree = repo.git_with(&["mktree"], format!("100644 blob {blob}\tf\n").as_bytes());
    repo.git(&["tag", "--annotate", "-m", "a tree", "on-tree", &tree]);
    assert_eq!(lines(&repo, "SECRET"), ["f ref -..- 2:refs/tags/on-blob,refs/tags/on-tree v1"]);
}

#[test]
fn picked_refs_alone() {
    let repo = Repo::new();
    repo.write("x", "SECRET main\n").commit("root");
    repo.git(&["checkout", "--quiet", "-b", "feature/one"]);
    let side = repo.write("y", "SECRET side\n").commit("side");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("z", "SECRET later\n").commit("later");
    let repository = open(repo.path());
    for glob in ["feature/*", "refs/heads/feature/one"] {
        let selection = Refs::Matching(GlobSetBuilder::new().add(Glob::new(glob).unwrap()).build().unwrap());
        let shown = scan(&repository, &selection);
        assert!(shown.coverage.complete());
        assert_eq!((shown.coverage.refs, shown.coverage.history.name()), (1, "selected"));
        assert_eq!(shown.texts(), ["SECRET main\n", "SECRET side\n", "root\n", "side\n"]);
        let mut coverage = Coverage::default();
        let places =
            repository.attribute(&shown.hits(&["SECRET"]), Scope { refs: &selection, ..everything() }, &mut coverage);
        let found: Vec<_> = places.iter().map(line).collect();
        let refs = "2:refs/heads/main,refs/heads/feature/one";
        let expected = format!("x head {}..{} {refs} v1", short(&repo.id("main~")), short(&repo.id("main")));
        assert_eq!(found[0], expected);
        assert_eq!(found[1], format!("y ref {0}..{0} 1:refs/heads/feature/one v1", short(&side)));
        assert_eq!(found.len(), 2);
    }
    let nothing = Refs::Matching(GlobSetBuilder::new().add(Glob::new("nope").unwrap()).build().unwrap());
    let shown = scan(&repository, &nothing);
    assert!(shown.objects.is_empty() && !shown.coverage.complete());
}

#[test]
fn at_most_twenty_refs_are_named_heads_first() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("root");
    (0..30).for_each(|at| drop(repo.git(&["branch", &format!("b{at:02}")])));
    let found = places(&repo, "SECRET");
    let git = &found[0].git;
    assert_eq!((git.refs_count, git.refs.len()), (31, 20));
    assert_eq!(git.refs[..2], ["refs/heads/main", "refs/heads/b00"]);
}

#[test]
fn packing_changes_nothing() {
    let repo = Repo::new();
    for at in 0..40 {
        let text: String =
            (0..200).map(|line| format!("line {line} {}\n", if line == at { "SECRET" } else { "" })).collect();
        repo.write("d/x", &text).commit("more");
    }
    let before = places(&repo, "SECRET");
    repo.git(&["repack", "--quiet", "-adf", "--depth=50"]);
    assert_eq!(places(&repo, "SECRET"), before);
    repo.git(&["repack", "--quiet", "-d", "--write-midx"]);
    assert_eq!(places(&repo, "SECRET"), before);
    let threads = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let path = repo.path();
    assert_eq!(threads.install(|| places_in(&open(path), &["SECRET"])), before);
}
