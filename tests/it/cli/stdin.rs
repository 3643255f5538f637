//! Standard input as if it were a file: what an editor asks about text that is not saved.

use std::fs;

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, command, leak, run_with, token},
};

/// Scans `text` as the file `path`, in the folder.
fn as_file(sandbox: &Sandbox, path: &str, text: &str, arguments: &[&str]) -> Run {
    let arguments = [&["scan", "-f", "json", "-", "--stdin-path", path], arguments].concat();
    run_with(&mut sandbox.command(&arguments), text.as_bytes())
}

#[test]
fn standard_input_is_reported_as_the_file_that_it_stands_for() {
    let sandbox = Sandbox::new();
    let run = as_file(&sandbox, "src/new.py", &format!("x\n{}", leak(1)), &[]).ended(1);
    let found = &run.incident()["occurrences"][0];
    assert_eq!((&found["path"], &found["source"], &found["line"]), (&"src/new.py".into(), &"file".into(), &2.into()));
    assert!(!sandbox.path().join("src").exists());
    as_file(&sandbox, "src/new.py", "nothing\n", &[]).ended(0);
    // What is on disk does not matter.
    sandbox.write("a", leak(2));
    as_file(&sandbox, "a", "nothing\n", &[]).ended(0);
}

#[test]
fn globs_and_ignore_files_at_the_top_hold() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write("stanch.toml", "exclude = ['made/up']\n[[allow]]\npaths = ['fixtures/**']\nreason = 'made up'\n");
    sandbox.write(".stanchignore", "vendor/\n").write("deep/er/a", "");
    let whole = sandbox.path().canonicalize().unwrap().join("fixtures/x").display().to_string();
    for path in ["made/up", "made/up/x.py", "vendor/a/b.js", "fixtures/x", "./deep/../vendor/a", &whole] {
        let run = as_file(&sandbox, path, &leak(1), &[]).ended(0);
        let coverage = run.coverage();
        assert!(coverage["allowed"] == 1 || run.skipped("excluded").0 == 1, "{path}: {coverage}");
        as_file(&sandbox, path, &leak(1), &["--no-allow", "--no-ignore", "--config", "deep/er/a"]).ended(1);
    }
    // From a folder below, and from beside the tree, it is the same.
    let below = &["scan", "-f", "json", "-", "--stdin-path", "../../fixtures/x"];
    run_with(&mut command(&sandbox.path().join("deep/er"), below), leak(1).as_bytes()).ended(0);
    let beside = sandbox.beside("other");
    fs::create_dir(&beside).unwrap();
    let run = run_with(
        &mut command(&beside, &["scan", "-f", "json", "-", "--stdin-path", "../tree/deep/er/b"]),
        leak(1).as_bytes(),
    );
    assert_eq!(run.ended(1).paths(), ["../tree/deep/er/b"]);
    run_with(&mut command(&beside, &["scan", "-f", "json", "-", "--stdin-path", &whole]), leak(1).as_bytes()).ended(0);
}

#[test]
fn the_baseline_and_the_kind_of_file_count() {
    let repo = Repo::new();
    repo.write("a.env", &leak(1));
    crate::stanch::run(&mut command(repo.path(), &["baseline", "create"])).ended(0);
    let scan = |path: &str, text: &str| {
        let arguments = ["scan", "-f", "json", "-", "--stdin-path", path];
        run_with(&mut command(repo.path(), &arguments), text.as_bytes())
    };
    scan("b.env", &leak(1)).ended(0);
    scan("b.env", &leak(2)).ended(1);
    // Long random strings of a lock file are checksums.
    let setting = format!("DATABASE_PASSWORD='{}'\n", ["kX9#mQ2v", "R7pL4wZ8"].concat());
    assert_eq!((scan("config.py", &setting).status, scan("package-lock.json", &setting).status), (1, 0));
}

#[test]
fn sizes_that_are_left_out_are_left_out() {
    let sandbox = Sandbox::new();
    let run = as_file(&sandbox, "a", &leak(1), &["--max-file-size", "8"]).ended(0);
    assert_eq!(run.coverage()["skipped"][0]["reason"], "too-large");
    as_file(&sandbox, "a", &leak(1), &["--max-file-size", "1K"]).ended(1);
}

#[test]
fn standard_input_has_to_be_the_only_path() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "");
    for wrong in [
        &["--stdin-path", "a"][..],
        &[".", "--stdin-path", "a"],
        &["-", "a", "--stdin-path", "a"],
        &["-", "-", "--stdin-path", "a"],
        &["-", "--staged", "--stdin-path", "a"],
    ] {
        let run = sandbox.scan(wrong).ended(2);
        assert!(run.err.contains("--stdin-path") && run.out.is_empty(), "{wrong:?}: {}", run.err);
    }
}

#[test]
fn a_token_in_the_name_is_not_printed() {
    let sandbox = Sandbox::new();
    let run = as_file(&sandbox, &format!("{}/a", token(3)), &leak(1), &[]).ended(1);
    assert!(!run.text().contains(&token(3)) && !run.err.contains(&token(3)));
}
