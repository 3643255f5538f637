//! The flags that say which part of a repository is scanned, on repositories that git makes.

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, leak, run, scan, token},
};

/// A repository whose tree holds the token 1, whose history holds 2 as well, whose other branch holds 3, and an ignored file 4.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("gone.env", &leak(2)).commit("add");
    repo.remove("gone.env").write("kept.env", &leak(1)).write(".gitignore", "*.local\n").commit("remove");
    repo.git(&["checkout", "--quiet", "-b", "other"]);
    repo.write("other.env", &leak(3)).commit("other");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("x.local", &leak(4));
    repo
}

fn sources(run: &Run) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let mut found: Vec<_> = run
        .incidents()
        .iter()
        .flat_map(|incident| incident["occurrences"].as_array().unwrap().clone())
        .map(|occurrence| (text(&occurrence["source"]), text(&occurrence["path"])))
        .collect();
    found.sort();
    found
}

fn pairs<'a>(of: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    of.iter().map(|&(source, path)| (source.to_owned(), path.to_owned())).collect()
}

#[test]
fn files_and_history_are_scanned_by_default() {
    let repo = repository();
    let run = scan(repo.path(), &[]).ended(1);
    assert_eq!(sources(&run), pairs(&[("file", "kept.env"), ("git", "gone.env"), ("git", "other.env")]));
    assert_eq!(run.coverage()["history"], "full");
    assert_eq!(run.coverage()["commits"], 3);
    let kept = run.incidents().into_iter().find(|incident| incident["occurrences"][0]["path"] == "kept.env").unwrap();
    assert_eq!(kept["occurrences"][0]["in_head"], true);
    assert_eq!(kept["occurrences"][0]["introduced"]["author"], "A U Thor");
}

#[test]
fn no_history_is_files_and_history_only_is_objects() {
    let repo = repository();
    let files = scan(repo.path(), &["--no-history"]).ended(1);
    assert_eq!(sources(&files), pairs(&[("file", "kept.env")]));
    assert_eq!((&files.coverage()["history"], &files.coverage()["blobs"]), (&"none".into(), &0.into()));
    assert_eq!(sources(&scan(repo.path(), &["--no-history", "--no-ignore"])).len(), 2);
    let objects = scan(repo.path(), &["--history-only"]).ended(1);
    assert_eq!(sources(&objects), pairs(&[("git", "gone.env"), ("git", "kept.env"), ("git", "other.env")]));
    assert_eq!(objects.coverage()["files"], 0);
    let folder = Sandbox::new();
    assert_eq!(folder.scan(&["--history-only"]).ended(3).failures()[0].1, "is not the top of a git repository");
}

#[test]
fn refs_select_history() {
    let repo = repository();
    let with = |glob: &str| scan(repo.path(), &["--refs", glob]);
    assert_eq!(sources(&with("main")), pairs(&[("file", "kept.env"), ("git", "gone.env")]));
    assert_eq!(sources(&with("refs/heads/*")).len(), 3);
    assert_eq!(with("main").coverage()["history"], "selected");
    assert_eq!(sources(&scan(repo.path(), &["--refs", "main", "--refs", "oth*"])).len(), 3);
    let alone = sources(&scan(repo.path(), &["--history-only", "--refs", "main"]));
    assert!(!alone.is_empty() && alone.iter().all(|(source, _)| source == "git"), "{alone:?}");
    with("a[").ended(2);
    let none = with("no-such-branch");
    assert_eq!(none.status, 1, "the files hold a token");
    assert_eq!(none.coverage()["refs"], 0);
    assert_eq!(
        none.coverage()["complete"],
        false,
        "a ref that was named and is not there is not passed over in silence"
    );
}

#[test]
fn a_part_of_a_repository_is_files_and_says_so() {
    let repo = repository();
    repo.write("sub/a.env", &leak(5)).commit("sub");
    let run = scan(repo.path(), &["sub"]).ended(1);
    assert_eq!(sources(&run), pairs(&[("file", "sub/a.env")]));
    assert!(run.coverage()["notes"].to_string().contains("sub is a part of a repository"), "{}", run.coverage());
}

#[test]
fn a_bare_repository_is_its_history() {
    let repo = repository();
    let bare = repo.beside("bare.git");
    repo.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(sources(&scan(&bare, &[]).ended(1)).len(), 3);
    assert_eq!(sources(&scan(repo.path(), &[".git"]).ended(1)).len(), 3);
}

#[test]
fn staged_is_what_the_index_adds() {
    let repo = repository();
    let staged = || scan(repo.path(), &["--staged"]);
    let nothing = staged().ended(0);
    assert_eq!((&nothing.coverage()["complete"], &nothing.coverage()["history"]), (&true.into(), &"selected".into()));
    repo.write("new.env", &leak(6));
    staged().ended(0);
    repo.git(&["add", "new.env"]);
    assert_eq!(staged().ended(1).paths(), ["new.env"]);
    repo.write("new.env", "");
    assert_eq!(staged().ended(1).paths(), ["new.env"], "the index counts, not the file");
    repo.git(&["add", "new.env"]);
    repo.git(&["mv", "kept.env", "moved.env"]);
    staged().ended(0);
    repo.write("moved.env", &format!("# a comment above\n{}", leak(1)));
    repo.git(&["add", "--all"]);
    staged().ended(0);
    repo.commit("moved");
    repo.write("copy.env", &leak(1));
    repo.git(&["add", "--all"]);
    assert_eq!(staged().ended(1).paths(), ["copy.env"]);
}

#[test]
fn staged_obeys_the_index_file_and_the_folder() {
    let repo = repository();
    repo.write("a/new.env", &leak(6)).write("b/new.env", &leak(7));
    let index = repo.beside("other-index");
    let mut add = repo.command(repo.path());
    assert!(add.env("GIT_INDEX_FILE", &index).args(["add", "--all"]).status().unwrap().success());
    let mut command = crate::stanch::command(repo.path(), &["scan", "-f", "json", "--staged"]);
    command.env("GIT_INDEX_FILE", &index);
    // kept.env is in HEAD and in the other index alike.
    assert_eq!(run(&mut command).ended(1).paths(), ["a/new.env", "b/new.env"]);
    repo.git(&["add", "--all"]);
    assert_eq!(scan(repo.path(), &["--staged", "a"]).ended(1).paths(), ["a/new.env"]);
    assert_eq!(scan(&repo.path().join("b"), &["--staged"]).ended(1).paths(), ["b/new.env"]);
}

#[test]
fn since_and_range_are_what_commits_add() {
    let repo = repository();
    let base = repo.id("HEAD");
    repo.write("one.env", &leak(6)).commit("one");
    repo.remove("one.env").write("two.env", &leak(7)).commit(&format!("two {}", token(8)));
    let since = scan(repo.path(), &["--since", &base]).ended(1);
    assert_eq!(since.paths(), ["commit message", "one.env", "two.env"]);
    assert_eq!(since.coverage()["commits"], 2);
    assert_eq!(scan(repo.path(), &["--range", "HEAD~1..HEAD"]).ended(1).paths(), ["commit message", "two.env"]);
    assert_eq!(scan(repo.path(), &["--range", &format!("{base}..HEAD~1")]).ended(1).paths(), ["one.env"]);
    assert_eq!(scan(repo.path(), &["--range", "main..other"]).ended(1).paths(), ["other.env"]);
    let empty = scan(repo.path(), &["--range", "HEAD..HEAD"]).ended(0);
    assert_eq!(empty.coverage()["complete"], true);
    scan(repo.path(), &["--since", "HEAD"]).ended(0);
    for wrong in
        [&["--since", "no-such-rev"][..], &["--range", "HEAD"], &["--range", "a..b"], &["--staged", "--since", "HEAD"]]
    {
        let run = scan(repo.path(), wrong).ended(2);
        assert!(!run.err.is_empty() && run.out.is_empty(), "{wrong:?}");
    }
}

#[test]
fn a_change_needs_a_repository() {
    let folder = Sandbox::new();
    for change in [&["--staged"][..], &["--since", "HEAD"], &["--range", "A..B"]] {
        assert!(folder.scan(change).ended(2).err.contains("is in no git repository"), "{change:?}");
    }
}

#[test]
fn a_merge_adds_what_neither_side_has() {
    let repo = repository();
    let base = repo.id("main");
    repo.write("main.txt", "x").commit("main goes on");
    repo.merge(&["other"]);
    repo.write("evil.env", &leak(9)).commit("merge");
    assert_eq!(scan(repo.path(), &["--range", &format!("{base}..main")]).ended(1).paths(), ["evil.env", "other.env"]);
    assert_eq!(scan(repo.path(), &["--range", "main~1..main"]).paths().last().unwrap(), "other.env");
    assert_eq!(scan(repo.path(), &["--range", "other..main"]).ended(1).paths(), ["evil.env"]);
}

#[test]
fn a_shallow_clone_is_complete_unless_all_of_it_is_asked_for() {
    let repo = repository();
    let shallow = repo.beside("shallow");
    repo.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &format!("file://{}", repo.path().display()),
        shallow.to_str().unwrap(),
    ]);
    let run = scan(&shallow, &[]).ended(1);
    assert_eq!((&run.coverage()["history"], &run.coverage()["complete"]), (&"shallow".into(), &true.into()));
    assert!(!run.coverage()["notes"].as_array().unwrap().is_empty() || run.coverage()["history"] == "shallow");
    let strict = scan(&shallow, &["--require-full-history"]).ended(1);
    assert_eq!(strict.coverage()["complete"], false);
    scan(&shallow, &["--require-full-history", "--rule", "github-oauth-token"]).ended(3);
    scan(repo.path(), &["--require-full-history", "--rule", "github-oauth-token"]).ended(0);
}

#[test]
fn all_versions_are_listed_when_asked_for() {
    let repo = Repo::new();
    repo.write("a", &leak(1)).commit("one");
    repo.write("a", &format!("x\n{}", leak(1))).commit("two");
    let plain = scan(repo.path(), &[]).incident()["occurrences"][0].clone();
    assert_eq!((&plain["versions"], plain.get("blobs")), (&2.into(), None));
    let all = scan(repo.path(), &["--all-versions"]).incident()["occurrences"][0].clone();
    let ids = all["blobs"].as_array().unwrap();
    assert!(ids.len() == 2 && ids.contains(&plain["blob"]), "{all}");
    assert_eq!(plain["line"], 2, "the version at HEAD is shown");
    assert_eq!(plain["introduced"]["commit"], repo.id("HEAD~1").as_str());
}

#[test]
fn allowing_comments_and_excludes_hold_for_history() {
    let repo = Repo::new();
    repo.write("a", &format!("KEY={} # stanch:allow\n", token(1))).write("vendor/b", &leak(2)).commit("one");
    repo.remove("a").remove("vendor/b").commit("two");
    let run = scan(repo.path(), &["--exclude", "vendor"]).ended(0);
    assert_eq!((&run.coverage()["allowed"], run.skipped("excluded").0), (&1.into(), 2), "the folder and the blob");
    assert_eq!(scan(repo.path(), &["--exclude", "vendor", "--no-allow"]).ended(1).paths(), ["a"]);
}

/// `KEY=x # allow` is deleted, and what was allowed comes back without the comment.
#[test]
fn what_is_allowed_in_history_is_judged_by_the_version_shown() {
    let repo = Repo::new();
    repo.write("a", &leak(1)).commit("one");
    repo.write("a", &format!("KEY={} # stanch:allow\n", token(1))).commit("two");
    let run = scan(repo.path(), &[]).ended(0);
    assert_eq!(run.coverage()["allowed"], 1);
}
