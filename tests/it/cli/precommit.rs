//! What the hooks for the pre-commit framework run. `tests/precommit/run.sh` runs them in the framework itself.

use std::path::Path;

use crate::{
    repo::Repo,
    stanch::{Run, command, leak, run},
};

/// A repository whose HEAD has leak 1 in `old.env`.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("clean.txt", "nothing\n").write("old.env", &leak(1)).commit("first");
    repo
}

fn files(folder: &Path, files: &[&str]) -> Run {
    run(&mut command(folder, &[&["pre-commit-files", "-f", "json"], files].concat()))
}

fn push(repo: &Repo, remote: &str) -> Run {
    run(command(repo.path(), &["pre-commit-push", "-f", "json"]).env("PRE_COMMIT_REMOTE_NAME", remote))
}

#[test]
fn staged_files_are_read_from_the_index_and_others_from_disk() {
    let repo = repository();
    repo.write("d/new.env", &leak(2)).git(&["add", "--all"]);
    repo.write("d/new.env", "mended\n").write("clean.txt", &leak(3));
    assert_eq!(files(repo.path(), &["d/new.env"]).ended(1).paths(), ["d/new.env"]);
    assert_eq!(files(repo.path(), &["clean.txt", "d/new.env"]).ended(1).paths(), ["clean.txt", "d/new.env"]);
    assert_eq!(files(&repo.path().join("d"), &["new.env"]).ended(1).paths(), ["d/new.env"]);
    repo.git(&["add", "d/new.env"]);
    repo.write("d/new.env", &leak(2));
    files(repo.path(), &["d/new.env"]).ended(0);
}

#[test]
fn what_head_has_blocks_no_staged_change_and_no_move() {
    let repo = repository();
    assert_eq!(files(repo.path(), &["old.env"]).ended(1).paths(), ["old.env"], "nothing is staged");
    repo.write("old.env", &format!("# above\n{}", leak(1))).git(&["add", "--all"]);
    files(repo.path(), &["old.env"]).ended(0);
    repo.commit("second");
    repo.git(&["mv", "old.env", "moved.env"]);
    files(repo.path(), &["moved.env"]).ended(0);
}

#[test]
fn only_what_was_handed_over_is_looked_at_and_all_of_it() {
    let repo = repository();
    repo.write("new.env", &leak(2)).git(&["add", "--all"]);
    let run = files(repo.path(), &["clean.txt"]).ended(0);
    assert_eq!(run.coverage()["files"], 1);
    let run = files(repo.path(), &["clean.txt", "gone.txt"]).ended(3);
    assert_eq!(run.failures()[0].0, "gone.txt");
    repo.write("stanch.toml", "exclude = ['*.env']\n");
    let run = files(repo.path(), &["old.env", "new.env"]).ended(0);
    assert_eq!(run.skipped("excluded").0, 2);
    assert!(files(repo.path(), &[]).ended(2).err.contains("no files were named"));
}

#[test]
fn an_index_that_cannot_be_read_passes_nothing() {
    let repo = repository();
    let index = repo.beside("index");
    std::fs::write(&index, "broken").unwrap();
    let mut command = command(repo.path(), &["pre-commit-files", "-f", "json", "clean.txt"]);
    assert_eq!(run(command.env("GIT_INDEX_FILE", index)).ended(3).failures()[0].0, "the index");
}

#[test]
fn a_push_is_of_all_that_the_remote_lacks() {
    let repo = repository();
    assert_eq!(push(&repo, "origin").ended(1).paths(), ["old.env"], "nothing is known of the remote");
    repo.git(&["remote", "add", "origin", "https://example.com/origin.git"]);
    repo.git(&["remote", "add", "other", "https://example.com/other.git"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    push(&repo, "origin").ended(0);
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("topic.env", &leak(2)).commit("on a branch");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["tag", "--annotate", "--message", "v1", "v1", "topic"]);
    repo.git(&["branch", "--quiet", "-D", "topic"]);
    assert_eq!(push(&repo, "origin").ended(1).paths(), ["topic.env"], "a tag holds it");
    repo.git(&["update-ref", "refs/remotes/other/topic", "v1^{commit}"]);
    push(&repo, "origin").ended(1);
    push(&repo, "other").ended(0);
    push(&repo, "https://example.com/other.git").ended(0);
}

/// The files that are handed over are not where these lie.
#[test]
fn the_baseline_and_the_ignore_file_of_the_repository_count() {
    let repo = repository();
    run(&mut command(repo.path(), &["baseline", "create"])).ended(0);
    repo.write(".stanchignore", "made/\n").write("made/by", &leak(2)).write("more.env", &leak(3));
    files(repo.path(), &["old.env", "made/by"]).ended(0);
    assert_eq!(files(repo.path(), &["old.env", "made/by", "more.env"]).ended(1).paths(), ["more.env"]);
    repo.git(&["add", "--all"]);
    files(repo.path(), &["made/by"]).ended(0);
    assert_eq!(files(repo.path(), &["old.env", "made/by", "more.env"]).ended(1).paths(), ["more.env"]);
}
