//! Refs in files and in tables come to the same.

use std::{fs, path::PathBuf};

use stanch::{
    coverage::Coverage,
    source::git::{Change, Error, Refs},
};

use super::{line, lines, open, places, places_in, scan, short};
use crate::repo::Repo;

/// Whatever is said of the word in repositories that are made alike in both formats.
fn in_both(build: impl Fn(&Repo)) -> Vec<String> {
    let [files, tables] = Repo::in_both_formats().map(|repo| {
        build(&repo);
        let shown = scan(&open(repo.path()), &Refs::All);
        assert!(shown.coverage.complete(), "{:?}", shown.coverage);
        (lines(&repo, "SECRET"), shown.coverage.refs, shown.coverage.notes)
    });
    assert_eq!(files, tables);
    files.0
}

/// The tables that are in use, oldest first.
fn tables(repo: &Repo) -> Vec<PathBuf> {
    let list = fs::read_to_string(repo.git_path("reftable/tables.list")).unwrap();
    list.lines().map(|name| repo.git_path("reftable").join(name)).collect()
}

/// A repository with several tables, some of whose branches came with the first and some with the last.
fn with_tables() -> Repo {
    let repo = Repo::init(&["--ref-format=reftable"]);
    repo.write("x", "SECRET\n").commit("first");
    (0..40).for_each(|at| drop(repo.git(&["branch", &format!("b{at:02}")])));
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["branch", "late"]);
    assert!(tables(&repo).len() > 1);
    repo
}

#[test]
fn branches_tags_and_symbolic_refs() {
    let found = in_both(|repo| {
        repo.write("x", "SECRET\n").commit("first");
        repo.git(&["branch", "deep/branch"]);
        repo.git(&["tag", "light"]);
        repo.git(&["tag", "--annotate", "-m", "text", "heavy"]);
        repo.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone"]);
        repo.git(&["update-ref", "refs/other/one", "HEAD"]);
    });
    let refs = ["heads/main", "heads/alias", "heads/deep/branch", "other/one", "tags/heavy", "tags/light"];
    let refs: Vec<_> = refs.iter().map(|name| format!("refs/{name}")).collect();
    assert!(found[0].starts_with("x head ") && found[0].ends_with(&format!(" 6:{} v1", refs.join(","))), "{found:?}");
}

#[test]
fn deleted_branches_are_in_the_reflog_or_gone() {
    let found = in_both(|repo| {
        repo.commit("root");
        repo.git(&["checkout", "--quiet", "-b", "gone"]);
        repo.write("x", "SECRET\n").commit("on a branch");
        repo.git(&["checkout", "--quiet", "main"]);
        repo.git(&["branch", "--quiet", "-D", "gone"]);
    });
    assert!(found[0].starts_with("x reflog "), "HEAD was there: {found:?}");
    let found = in_both(|repo| {
        repo.commit("root");
        let tree = repo.git_with(&["mktree"], format!("100644 blob {}\tx\n", repo.blob("SECRET\n")).as_bytes());
        let commit = repo.git(&["commit-tree", "-m", "aside", &tree]);
        repo.git(&["branch", "gone", &commit]);
        repo.git(&["branch", "--quiet", "-D", "gone"]);
    });
    assert!(found[0].starts_with("x unreachable "), "the branch's reflog went with it: {found:?}");
}

#[test]
fn reflogs_and_pseudo_refs() {
    let build = |forget: bool| {
        in_both(move |repo| {
            repo.write("x", "1\n").commit("root");
            repo.write("x", "SECRET\n").commit("gone");
            repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
            repo.git(&["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
            if forget {
                repo.git(&["update-ref", "-d", "ORIG_HEAD"]);
            }
        })
    };
    assert!(build(false)[0].starts_with("x reflog "), "ORIG_HEAD names it");
    assert!(build(true)[0].starts_with("x unreachable "));
    let found = in_both(|repo| {
        repo.write("x", "1\n").commit("root");
        repo.write("x", "SECRET\n").commit("gone");
        repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
        repo.git(&["update-ref", "-d", "ORIG_HEAD"]);
    });
    assert!(found[0].starts_with("x reflog "), "{found:?}");
}

#[test]
fn what_is_being_fetched_and_merged() {
    let found = in_both(|repo| {
        repo.write("x", "1\n").commit("root");
        let theirs = repo.beside("theirs");
        repo.git(&["clone", "--quiet", ".", theirs.to_str().unwrap()]);
        fs::write(theirs.join("x"), "SECRET\n").unwrap();
        repo.git_in(&theirs, &["commit", "--quiet", "-am", "theirs"]);
        repo.git(&["fetch", "--quiet", theirs.to_str().unwrap()]);
    });
    assert!(found[0].starts_with("x reflog "), "FETCH_HEAD names it: {found:?}");
}

#[test]
fn stashes_and_dropped_ones() {
    let build = |repo: &Repo| {
        repo.write("x", "1\n").commit("root");
        for content in ["SECRET 1\n", "SECRET 2\n"] {
            repo.tick();
            repo.write("x", content).git(&["stash", "--quiet"]);
        }
    };
    let reaches = |found: &[String]| {
        let files = found.iter().filter(|line| line.starts_with("x "));
        files.map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(reaches(&in_both(build)), ["stash"]);
    let found = in_both(|repo| {
        build(repo);
        repo.git(&["stash", "drop", "--quiet", "stash@{0}"]);
        repo.git(&["stash", "drop", "--quiet"]);
    });
    assert_eq!(reaches(&found), ["unreachable"]);
}

#[test]
fn notes_and_what_they_were() {
    let found = in_both(|repo| {
        repo.commit("root");
        repo.git(&["config", "core.logAllRefUpdates", "always"]);
        repo.git(&["notes", "add", "-m", "SECRET note"]);
        repo.git(&["notes", "add", "--force", "-m", "clean"]);
        repo.git(&["update-ref", "refs/notes/commits", &repo.git(&["commit-tree", "-m", "new", "HEAD^{tree}"])]);
    });
    assert!(found[0].starts_with("note reflog "), "{found:?}");
}

#[test]
fn linked_worktrees() {
    for repo in Repo::in_both_formats() {
        repo.write("x", "1\n").commit("root");
        let linked = repo.beside("linked");
        repo.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
        fs::write(linked.join("y"), "SECRET\n").unwrap();
        repo.git_in(&linked, &["add", "y"]);
        repo.git_in(&linked, &["commit", "--quiet", "-m", "linked"]);
        let commit = repo.git_in(&linked, &["rev-parse", "HEAD"]);
        let commit = short(&commit);
        assert_eq!(lines(&repo, "SECRET"), [format!("y ref {commit}..{commit} 0: v1")], "its HEAD is a ref");
        let own = open(&linked);
        let found: Vec<_> = places_in(&own, &["SECRET"]).iter().map(line).collect();
        assert_eq!(found, [format!("y head {commit}..{commit} 0: v1")]);
        let added = own.changes(&Change::Range("main..HEAD".to_owned()), &mut Coverage::default()).unwrap();
        assert_eq!(added.len(), 2);
        repo.git_in(&linked, &["update-ref", "refs/worktree/mine", "HEAD"]);
        repo.git_in(&linked, &["reset", "--quiet", "--hard", "HEAD~"]);
        assert!(lines(&repo, "SECRET")[0].starts_with("y ref "), "a ref of that worktree alone");
        repo.git_in(&linked, &["update-ref", "-d", "refs/worktree/mine"]);
        assert!(lines(&repo, "SECRET")[0].starts_with("y reflog "), "that worktree's reflog of HEAD");
        assert!(scan(&own, &Refs::All).coverage.complete());
    }
}

#[test]
fn long_ids_in_tables() {
    let repo = Repo::init(&["--ref-format=reftable", "--object-format=sha256"]);
    let commit = repo.write("x", "SECRET\n").commit("first");
    repo.git(&["tag", "--annotate", "-m", "text", "v1"]);
    let refs = "2:refs/heads/main,refs/tags/v1";
    assert_eq!(lines(&repo, "SECRET"), [format!("x head {0}..{0} {refs} v1", short(&commit))]);
}

#[test]
fn many_tables_are_one_and_merging_them_changes_nothing() {
    let repo = with_tables();
    for at in (0..40).step_by(3) {
        repo.git(&["branch", "--quiet", "-D", &format!("b{at:02}")]);
    }
    let listed = repo.git(&["for-each-ref", "--format=%(refname)"]);
    let before = places(&repo, "SECRET");
    assert_eq!(before[0].git.refs_count, listed.lines().count() as u64);
    assert!(before[0].git.refs.iter().all(|name| listed.lines().any(|line| line == name)));
    assert!(tables(&repo).len() > 1);
    repo.git(&["pack-refs", "--all"]);
    assert_eq!(tables(&repo).len(), 1);
    assert_eq!(places(&repo, "SECRET"), before);
}

#[test]
fn tables_of_many_blocks_with_indexes() {
    for size in ["0", "512", "4096"] {
        let repo = Repo::init(&["--ref-format=reftable"]);
        let commit = repo.write("x", "SECRET\n").commit("first");
        repo.git(&["config", "reftable.blockSize", size]);
        let branches: String = (0..3000).map(|at| format!("create refs/heads/b{at} {commit}\n")).collect();
        repo.git_with(&["update-ref", "--create-reflog", "--stdin", "-m", "made"], branches.as_bytes());
        repo.git(&["pack-refs", "--all"]);
        let shown = scan(&open(repo.path()), &Refs::All);
        assert!(shown.coverage.complete(), "{:?}", shown.coverage);
        assert_eq!(shown.coverage.refs, 3001, "{size}");
    }
}

#[test]
fn a_branch_that_is_not_born() {
    for repo in Repo::in_both_formats() {
        assert!(scan(&open(repo.path()), &Refs::All).coverage.complete());
        repo.write("x", "1\n").git(&["add", "x"]);
        let staged = Change::Staged { index_file: None };
        assert_eq!(open(repo.path()).changes(&staged, &mut Coverage::default()).unwrap().len(), 1);
    }
}

#[test]
fn staged_against_a_head_in_tables() {
    let repo = Repo::init(&["--ref-format=reftable"]);
    repo.write("x", "1\n").write("y", "2\n").commit("first");
    repo.write("x", "3\n").git(&["add", "x"]);
    let staged = Change::Staged { index_file: None };
    let found = open(repo.path()).changes(&staged, &mut Coverage::default()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].before.len(), 1);
}

#[test]
fn a_broken_table_is_named_and_the_others_are_read() {
    let (cut_off, lost, linked) = (
        |path: &PathBuf| fs::write(path, &fs::read(path).unwrap()[..60]).unwrap(),
        |path: &PathBuf| fs::remove_file(path).unwrap(),
        |path: &PathBuf| {
            let other = path.with_extension("other");
            fs::rename(path, &other).unwrap();
            std::os::unix::fs::symlink(other, path).unwrap();
        },
    );
    let ways: [&dyn Fn(&PathBuf); 3] = [&cut_off, &lost, &linked];
    for damage in ways {
        let repo = with_tables();
        let table = tables(&repo).pop().unwrap();
        damage(&table);
        let repository = open(repo.path());
        let shown = scan(&repository, &Refs::All);
        let failed = &shown.coverage.failed;
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(PathBuf::from(&failed[0].subject).file_name(), table.file_name());
        assert!((41..=42).contains(&shown.coverage.refs), "{:?}", shown.coverage);
        let error = repository.changes(&Change::Since("HEAD".to_owned()), &mut Coverage::default()).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    }
}

#[test]
fn a_list_names_tables_of_its_folder_once() {
    let repo = with_tables();
    let path = repo.git_path("reftable/tables.list");
    let good = fs::read_to_string(&path).unwrap();
    let table = good.lines().next().unwrap();
    let outside = repo.beside("outside.ref");
    fs::copy(repo.git_path("reftable").join(table), &outside).unwrap();
    for bad in ["../../../outside.ref", outside.to_str().unwrap(), "../reftable/x", ".", "..", table] {
        fs::write(&path, format!("{good}{bad}\n")).unwrap();
        let shown = scan(&open(repo.path()), &Refs::All);
        let failed = &shown.coverage.failed;
        assert!(failed.len() == 1 && failed[0].subject.ends_with("tables.list"), "{bad}: {failed:?}");
        assert_eq!(shown.coverage.refs, 42);
    }
    fs::remove_file(&path).unwrap();
    assert!(scan(&open(repo.path()), &Refs::All).coverage.failed[0].subject.ends_with("tables.list"));
    fs::write(&path, "").unwrap();
    assert!(scan(&open(repo.path()), &Refs::All).coverage.failed[0].reason.contains("HEAD"));
}
