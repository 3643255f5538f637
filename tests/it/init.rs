//! `stanch init`: after it a scan is quiet, what is new is reported and stopped, and nothing that was there has changed.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{
    repo::Repo,
    stanch::{NOW, Run, Sandbox, command, leak, run, scan, token},
};

const BASELINE: &str = "stanch.baseline.jsonl";
const WORKFLOW: &str = ".github/workflows/stanch.yml";

fn init(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = command(folder, &[&["init"], arguments].concat());
    run(command.env("GIT_CONFIG_NOSYSTEM", "1"))
}

/// A repository of a program in Go with two secrets, one of them in the history alone.
fn messy() -> Repo {
    let repo = Repo::new();
    repo.write("main.go", "package main\n").write("cmd/a.go", "package cmd\n").write("tests/keys/a.env", &leak(1));
    repo.write("old.env", &leak(2)).commit("leak");
    repo.remove("old.env").commit("too late");
    repo
}

/// All files under `folder` but git's own, with what is in them.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            files.insert(path.clone(), Vec::new());
            if !path.ends_with(".git") {
                files.extend(self::files(&path));
            }
        } else {
            let text = fs::read(&path).unwrap_or_default();
            files.insert(path, text);
        }
    }
    files
}

fn text(repo: &Repo, path: &str) -> String {
    fs::read_to_string(repo.path().join(path)).unwrap()
}

/// No line of `texts` holds one of these tokens.
#[track_caller]
fn holds_none(texts: &[&str], tokens: &[u64]) {
    for number in tokens {
        assert!(texts.iter().all(|text| !text.contains(&token(*number))), "{texts:?}");
    }
}

#[test]
fn a_messy_repository_is_quiet_after_one_command() {
    let repo = messy();
    scan(repo.path(), &[]).ended(1);
    let said = init(repo.path(), &[]).ended(0).text();
    assert!(said.contains("languages, by files: Go (2)"), "{said}");
    assert!(said.contains("Wrote stanch.toml\n"), "{said}");
    let numbers = "Wrote stanch.baseline.jsonl: 2 secrets, 2 critical; 1 still in the files; most in ";
    assert!(said.contains(numbers) && said.contains("tests/keys (1)"), "{said}");
    let next: Vec<&str> = said.split("Next\n").nth(1).unwrap().lines().collect();
    assert_eq!(next.len(), 6, "three steps: {said}");
    assert!(next[0].contains("git add stanch.toml stanch.baseline.jsonl && git commit"), "{said}");
    assert!(next[2].contains("--verify") && next[3].contains("which of the 2 secrets still work"), "{said}");
    assert!(next[4].contains("stanch hook install"), "{said}");
    holds_none(&[&said, &text(&repo, BASELINE), &text(&repo, "stanch.toml")], &[1, 2]);
    repo.commit("take it on");
    let quiet = scan(repo.path(), &[]).ended(0);
    assert_eq!(quiet.coverage()["allowed"], 2);
    repo.write("new.env", &leak(3));
    assert_eq!(scan(repo.path(), &[]).ended(1).paths(), ["new.env"]);
}

#[test]
fn the_hooks_that_it_installs_stop_what_is_new_alone() {
    let repo = messy();
    let said = init(repo.path(), &["--hook"]).ended(0).text();
    assert!(said.contains("pre-commit: installed\n") && said.contains("pre-push: installed\n"), "{said}");
    assert!(!said.contains("stanch hook install"), "it is done: {said}");
    repo.git(&["add", "--all"]);
    let git = |arguments: &[&str]| {
        repo.tick();
        run(repo.command(repo.path()).args(arguments).env("STANCH_NOW", NOW))
    };
    git(&["commit", "--quiet", "--message", "take it on"]).ended(0);
    repo.write("new.env", &leak(3)).write("moved.env", &leak(1));
    repo.git(&["add", "--all"]);
    let stopped = git(&["commit", "--quiet", "--message", "leak"]).ended(1);
    assert!(stopped.err.contains("new.env:1"), "{}", stopped.err);
    repo.git(&["reset", "--quiet", "--", "new.env", "moved.env"]);
    repo.write("new.env", "none\n");
    repo.git(&["add", "new.env"]);
    git(&["commit", "--quiet", "--message", "none"]).ended(0);
    assert!(init(repo.path(), &[]).ended(0).text().contains("hooks: stanch's run already"));
}

/// What somebody wrote stays, byte for byte, however often it is run.
#[test]
fn what_is_there_is_kept_and_said_so() {
    let repo = messy();
    repo.write("stanch.toml", "exclude = [\"tests/\"] # mine\n");
    let said = init(repo.path(), &[]).ended(0).text();
    assert!(said.contains("Kept stanch.toml, which is there already\n"), "{said}");
    assert!(said.contains("Wrote stanch.baseline.jsonl: 1 secret, "), "its exclude is obeyed: {said}");
    let before = files(repo.path());
    let again = init(repo.path(), &[]).ended(0).text();
    assert!(
        again.contains("Kept stanch.baseline.jsonl, which is there already, and knows all that is here"),
        "{again}"
    );
    assert_eq!(files(repo.path()), before);
    repo.write("new.env", &leak(3));
    let new = init(repo.path(), &[]).ended(0).text();
    assert!(new.contains("does not know 1 secret: `stanch baseline update` adds it"), "{new}");
    assert!(new.contains("1. stanch scan\n     shows the 1 secret that the baseline does not know"), "{new}");
    assert_eq!(scan(repo.path(), &[]).ended(1).paths(), ["new.env"], "it was not put off behind anybody's back");
    init(repo.path(), &["--force"]).ended(0);
    assert!(!text(&repo, "stanch.toml").contains("mine"));
    assert_eq!(fs::read(repo.path().join(BASELINE)).unwrap(), before[&repo.path().join(BASELINE)], "never a baseline");
}

#[test]
fn a_configuration_with_a_mistake_is_told_before_anything_is_written() {
    let repo = messy();
    repo.write("stanch.toml", "\nexcluded = []\n");
    let before = files(repo.path());
    let error = init(repo.path(), &["--hook"]).ended(2).err;
    assert!(error.contains("stanch.toml:2:1: ") && error.contains("did you mean `exclude`?"), "{error}");
    assert_eq!(files(repo.path()), before);
    assert!(!repo.git_path("hooks/pre-push").exists());
}

#[test]
fn a_dry_run_shows_everything_and_writes_nothing() {
    let repo = messy();
    repo.write(".github/workflows/ci.yml", "on: push\n");
    let before = files(repo.path());
    let said = init(repo.path(), &["--dry-run", "--hook", "--workflow"]).ended(0).text();
    assert_eq!(files(repo.path()), before);
    assert!(!repo.git_path("hooks/pre-push").exists());
    for part in [
        "Would write stanch.toml\n",
        "Would write stanch.baseline.jsonl: 2 secrets",
        "Would write .github/workflows/stanch.yml\n",
        "Would install hooks in ",
        "    # min-confidence = \"medium\"\n",
        "    permissions: {}\n",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    holds_none(&[&said], &[1, 2]);
}

#[test]
fn the_job_is_for_the_ci_in_use() {
    let repo = messy();
    assert!(init(repo.path(), &["--workflow"]).ended(2).err.contains("no CI is in use here"));
    assert!(!repo.path().join("stanch.toml").exists(), "wrong usage writes nothing");
    init(repo.path(), &["--workflow=teamcity"]).ended(2);
    repo.write(".github/workflows/ci.yml", "on: push\n").write(".gitlab-ci.yml", "a: {script: [ls]}\n");
    repo.write("Jenkinsfile", "pipeline {}\n");
    let said = init(repo.path(), &["--workflow"]).ended(0).text();
    assert!(
        said.contains(
            "CI: GitHub Actions (.github/workflows/ci.yml), GitLab CI (.gitlab-ci.yml), Jenkins (Jenkinsfile)"
        ),
        "{said}"
    );
    assert!(
        text(&repo, WORKFLOW).contains("uses: OWNER/stanch@COMMIT") && said.contains("say where stanch's action is"),
        "{said}"
    );
    assert!(
        text(&repo, ".gitlab/stanch.yml").contains("secret_detection") && said.contains("local: /.gitlab/stanch.yml"),
        "{said}"
    );
    assert!(said.contains("For Jenkinsfile, ") && said.contains("    stage('Leaked tokens') {\n"), "{said}");
    assert_eq!(
        (text(&repo, "Jenkinsfile"), text(&repo, ".gitlab-ci.yml")),
        ("pipeline {}\n".into(), "a: {script: [ls]}\n".into())
    );
    repo.write(WORKFLOW, "mine\n");
    assert!(init(repo.path(), &["--workflow=github"]).ended(0).text().contains("Kept .github/workflows/stanch.yml"));
    assert_eq!(text(&repo, WORKFLOW), "mine\n");
    init(repo.path(), &["--workflow", "--force"]).ended(0);
    assert!(text(&repo, WORKFLOW).starts_with("name: leaked tokens\n"));
}

#[test]
fn entries_for_hook_managers_are_printed_and_not_written() {
    let repo = messy();
    repo.write(".pre-commit-config.yaml", "repos: []\n").write("lefthook.yml", "pre-commit: {}\n");
    let said = init(repo.path(), &[]).ended(0).text();
    assert!(said.contains("in .pre-commit-config.yaml, under `repos:`:\n      - repo: https://"), "{said}");
    assert!(said.contains("in lefthook.yml:\n    pre-commit:\n      jobs:\n"), "{said}");
    assert_eq!(
        (text(&repo, ".pre-commit-config.yaml"), text(&repo, "lefthook.yml")),
        ("repos: []\n".into(), "pre-commit: {}\n".into())
    );
    repo.write(".pre-commit-config.yaml", "repos: [{repo: https://example.com/stanch}]\n");
    assert!(!init(repo.path(), &[]).ended(0).text().contains("- repo:"), "it is there already");
}

#[test]
fn what_another_scanner_knows_is_taken_over() {
    let repo = messy();
    let plain = "[allowlist]\npaths = ['''^vendor/''']\n";
    repo.write(".gitleaks.toml", plain).write(".gitleaksignore", "tests/keys/a.env:github-pat:1\n");
    repo.write("vendor/b.env", &leak(4)).commit("vendor");
    let dry = files(repo.path());
    let said = init(repo.path(), &["--dry-run"]).ended(0).text();
    assert!(said.contains("other scanners' files: .gitleaks.toml, .gitleaksignore\n"), "{said}");
    assert!(files(repo.path()) == dry && said.contains("Took over what they say: "), "{said}");
    let said = init(repo.path(), &[]).ended(0).text();
    assert!(said.contains("Wrote stanch.baseline.jsonl: 1 secret, "), "the other two are excluded and allowed: {said}");
    let configuration = text(&repo, "stanch.toml");
    assert!(configuration.contains("exclude = [") && configuration.contains("[[allow]]"), "{configuration}");
    scan(repo.path(), &[]).ended(0);
    repo.remove("stanch.toml").write(".gitleaks.toml", &format!("{plain}[[rules]]\nid = 'p'\npath = 'x'\n"));
    assert!(init(repo.path(), &[]).ended(3).text().contains("1 not to be expressed"));
    assert!(repo.path().join("stanch.toml").exists(), "it is done all the same");
}

/// What it says to run can be run.
#[test]
fn files_that_git_ignores_are_added_all_the_same() {
    let repo = messy();
    repo.write(".gitignore", "*.jsonl\n");
    let said = init(repo.path(), &[]).ended(0).text();
    assert!(said.contains("git add --force stanch.toml stanch.baseline.jsonl && "), "{said}");
    repo.git(&["add", "--force", "stanch.toml", BASELINE]);
}

/// Half of it would be worse than none of it.
#[test]
fn what_cannot_be_written_stops_all_of_it() {
    let repo = messy();
    let elsewhere = repo.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, repo.path().join(".github")).unwrap();
    let before = files(repo.path());
    let error = init(repo.path(), &["--hook", "--workflow=github"]).ended(2).err;
    assert!(error.contains("stanch.yml; nothing was written"), "{error}");
    assert!(files(repo.path()) == before && files(&elsewhere).is_empty() && !repo.git_path("hooks/pre-push").exists());
}

#[test]
fn nothing_is_written_or_read_through_links_and_pipes() {
    let repo = messy();
    symlink("../outside.toml", repo.path().join("stanch.toml")).unwrap();
    init(repo.path(), &[]).ended(2);
    repo.remove("stanch.toml");
    run(std::process::Command::new("mkfifo").arg(repo.path().join("stanch.toml"))).ended(0);
    repo.write(BASELINE, "{}");
    init(repo.path(), &[]).ended(2);
    repo.remove(BASELINE);
    assert!(!repo.beside("outside.toml").exists() && !repo.path().join(BASELINE).exists());
}

#[test]
fn where_it_has_no_place_it_says_so() {
    let folder = Sandbox::new();
    folder.write("a.env", leak(1));
    for wrong in ["--hook", "--workflow=github"] {
        assert!(init(folder.path(), &[wrong]).ended(2).err.contains("is in no git repository"));
    }
    assert!(init(folder.path(), &["a.env"]).ended(2).err.contains("is not a folder"));
    let bare = Repo::init(&["--bare"]);
    assert!(init(bare.path(), &[]).ended(2).err.contains("is a bare repository"));
    let repo = messy();
    let error = init(repo.path(), &["--hook", "tests"]).ended(2).err;
    assert!(error.contains("tests is not the top of its repository"), "{error}");
    assert!(!repo.path().join("tests/stanch.toml").exists() && !folder.path().join("stanch.toml").exists());
    // A folder without history has files, which can be put off; nothing can be committed.
    let said = init(folder.path(), &[]).ended(0).text();
    assert!(said.contains("1 secret, 1 critical; 1 still in the files") && !said.contains("git add"), "{said}");
    folder.scan(&[]).ended(0);
}

#[test]
fn from_within_it_is_about_all_of_the_repository() {
    let repo = messy();
    init(&repo.path().join("cmd"), &[]).ended(0);
    assert!(repo.path().join(BASELINE).exists() && !repo.path().join("cmd/stanch.toml").exists());
}

#[test]
fn without_a_secret_there_is_no_baseline() {
    let repo = Repo::new();
    repo.write("a.py", "x = 1\n").commit("clean");
    let said = init(repo.path(), &[]).ended(0).text();
    assert!(said.contains("Found no secret, so there is nothing to put off") && !said.contains("verify"), "{said}");
    assert!(!repo.path().join(BASELINE).exists());
    scan(repo.path(), &[]).ended(0);
}

#[test]
fn names_of_folders_are_masked_and_escaped() {
    let repo = Repo::new();
    repo.write(&format!("{}\n::error::x\u{1b}[31m/a.env", token(5)), &leak(1));
    repo.write("x\n##[error]y/vendor/b.go", "package b\n").commit("hostile");
    let said = init(repo.path(), &["--dry-run"]).ended(0).text();
    assert!(
        !said.contains('\u{1b}') && said.lines().all(|line| !line.starts_with("::") && !line.contains("##[")),
        "{said}"
    );
    holds_none(&[&said], &[1, 5]);
}

/// Ids are made under the key that scans will have.
#[test]
fn the_key_is_that_of_scans() {
    let repo = messy();
    let key = repo.beside("key");
    fs::write(&key, "0123456789abcdef").unwrap();
    let key = key.to_str().unwrap();
    init(repo.path(), &["--key-file", key]).ended(0);
    scan(repo.path(), &["--key-file", key]).ended(0);
    assert!(scan(repo.path(), &[]).ended(2).err.contains("under the key"));
}
