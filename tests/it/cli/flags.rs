//! The flags that say what is scanned, by which rules, and how the run ends.

use std::fs;

use super::{acme, patterns};
use crate::stanch::{Sandbox, leak, run, run_with, token};

#[test]
fn the_exit_status_says_what_was_found_and_whether_all_was_scanned() {
    let clean = Sandbox::new();
    clean.write("a.txt", "nothing here\n");
    clean.scan(&[]).ended(0);
    let leaking = Sandbox::new();
    leaking.write("a.txt", leak(1));
    leaking.scan(&[]).ended(1);
    assert_eq!(clean.scan(&["no/such/path"]).ended(3).failures().len(), 1);
    let both = leaking.scan(&[".", "no/such/path"]).ended(1);
    assert_eq!(both.coverage()["complete"], false, "incidents outrank what is missing");
    for wrong in
        [&["--no-such-flag"][..], &["-j", "many"], &["--max-file-size", "x"], &["--now", "noon"], &["-f", "xml"]]
    {
        let run = clean.scan(wrong).ended(2);
        assert!(!run.err.is_empty() && run.out.is_empty(), "{wrong:?}");
    }
    clean.run(&[]).ended(2);
    clean.run(&["frobnicate"]).ended(2);
    for asked in [&["--help"][..], &["--version"], &["scan", "--help"], &["help", "rules"], &["rules", "list", "-h"]] {
        assert!(!clean.run(asked).ended(0).out.is_empty(), "{asked:?}");
    }
}

/// A flag that is added without a test here, or one that goes, is noticed.
#[test]
fn help_names_every_flag() {
    let help = Sandbox::new().run(&["scan", "--help"]).ended(0).text();
    let word = |line: &str| {
        line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').map(str::to_owned).collect::<Vec<_>>()
    };
    let mut flags: Vec<String> = help.lines().flat_map(word).filter(|word| word.starts_with("--")).collect();
    flags.sort();
    flags.dedup();
    let tested = "--access --all-versions --allow-host --allow-private --allow-provider --ask-canaries --baseline --ca-file --color --config --cursor --deny-host --deny-provider \
        --endpoint --exclude --fail-on --format --help --history-only --jobs --key-file --max-file-size --min-confidence --no-allow \
        --no-history --no-ignore --now --output --patterns --playbook --progress --quiet --range --refs --require-full-history --rule \
        --show-secrets --since --skip-rule --staged --stdin-path --verbose --verdicts --verdicts-age --verify --verify-rate --verify-timeout \
        --verify-within --version";
    assert_eq!(flags.join(" "), tested);
}

#[test]
fn the_folder_one_is_in_is_scanned_by_default() {
    let sandbox = Sandbox::new();
    sandbox.write("deep/er/a.env", leak(1));
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["deep/er/a.env"]);
    assert_eq!(sandbox.scan(&["."]).ended(1).paths(), ["deep/er/a.env"]);
    assert_eq!(sandbox.scan(&["./deep"]).ended(1).paths(), ["deep/er/a.env"]);
    assert_eq!(sandbox.scan(&["deep/er/a.env"]).ended(1).paths(), ["deep/er/a.env"]);
}

#[test]
fn several_paths_are_one_run() {
    let sandbox = Sandbox::new();
    sandbox.write("a/x", leak(1)).write("b/y", leak(1)).write("c/z", leak(2));
    let run = sandbox.scan(&["a", "b/y"]).ended(1);
    assert_eq!(run.paths(), ["a/x", "b/y"]);
    assert_eq!(run.incident()["occurrences"].as_array().unwrap().len(), 2);
    assert_eq!(run.coverage()["files"], 2);
}

#[test]
fn a_hyphen_is_standard_input() {
    let sandbox = Sandbox::new();
    let scanned =
        run_with(&mut sandbox.command(&["scan", "-f", "json", "-"]), format!("x\n{}", leak(1)).as_bytes()).ended(1);
    let occurrence = &scanned.incident()["occurrences"][0];
    assert_eq!(
        (&occurrence["source"], &occurrence["path"], &occurrence["line"]),
        (&"stdin".into(), &serde_json::Value::Null, &2.into())
    );
    let empty = run_with(&mut sandbox.command(&["scan", "-f", "json", "-"]), b"").ended(0);
    assert_eq!(empty.coverage()["files"], 1);
    sandbox.write("a", leak(2));
    let both = run_with(&mut sandbox.command(&["scan", "-f", "json", "a", "-"]), leak(1).as_bytes()).ended(1);
    assert_eq!(both.paths(), ["a", "stdin"]);
}

#[test]
fn exclude_leaves_paths_out_and_counts_them() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.log", leak(1))
        .write("deep/b.log", leak(2))
        .write("vendor/c/d.txt", leak(3))
        .write("e.txt", leak(4));
    let run = sandbox.scan(&["--exclude", "*.log", "--exclude=/vendor"]).ended(1);
    assert_eq!(run.paths(), ["e.txt"]);
    assert_eq!(run.skipped("excluded"), (3, vec!["a.log".into(), "deep/b.log".into(), "vendor".into()]));
    assert_eq!(run.coverage()["complete"], true, "what the user leaves out is not missing");
    assert_eq!(sandbox.scan(&["--exclude", "*.log,*.txt"]).ended(0).skipped("excluded").0, 4);
    assert!(sandbox.scan(&["--exclude", "a["]).ended(2).err.contains("`a[`"));
}

#[test]
fn max_file_size_leaves_larger_files_out_and_counts_them() {
    let sandbox = Sandbox::new();
    sandbox.write("small", leak(1)).write("large", format!("{}{}", leak(2), " ".repeat(2048)));
    let run = sandbox.scan(&["--max-file-size", "1k"]).ended(1);
    assert_eq!((run.paths(), run.skipped("too-large")), (vec!["small".to_owned()], (1, vec!["large".to_owned()])));
    assert_eq!(sandbox.scan(&["--max-file-size", "1M"]).paths(), ["large", "small"]);
}

#[test]
fn no_ignore_scans_what_gitignore_leaves_out() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write(".gitignore", "secret.env\n").write("secret.env", leak(1)).write(".hidden", leak(2));
    assert_eq!(sandbox.scan(&["--no-history"]).ended(1).paths(), [".hidden"]);
    assert_eq!(sandbox.scan(&["--no-history", "--no-ignore"]).ended(1).paths(), [".hidden", "secret.env"]);
}

#[test]
fn rules_are_picked_and_skipped() {
    let sandbox = Sandbox::new();
    let patterns = sandbox.write_beside("patterns/acme.toml", patterns("high"));
    let patterns = patterns.to_str().unwrap();
    sandbox.write("a", leak(1)).write("b", acme(1));
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["a"]);
    assert_eq!(sandbox.scan(&["--patterns", patterns]).ended(1).paths(), ["a", "b"]);
    let folder = sandbox.beside("patterns");
    let folder = folder.to_str().unwrap();
    assert_eq!(sandbox.scan(&["--patterns", folder, "--rule", "acme-key"]).ended(1).paths(), ["b"]);
    assert_eq!(sandbox.scan(&["--patterns", folder, "--skip-rule", "acme-key"]).ended(1).paths(), ["a"]);
    sandbox.remove("a");
    sandbox.scan(&["--patterns", folder, "--skip-rule", "github-pat,acme-key"]).ended(0);
    let unknown = sandbox.scan(&["--rule", "github-pet"]).ended(2);
    assert!(
        unknown.err.contains("`github-pet`") && unknown.err.contains("did you mean `github-pat`?"),
        "{}",
        unknown.err
    );
    assert!(sandbox.scan(&["--skip-rule", "github-pet"]).ended(2).err.contains("`github-pat`"));
}

#[test]
fn min_confidence_hides_what_is_less_sure() {
    let sandbox = Sandbox::new();
    sandbox.write("b", acme(1));
    let shown = |confidence: &str, least: &[&str]| {
        let file = sandbox.write_beside(&format!("{confidence}.toml"), patterns(confidence));
        let run = sandbox.scan(&[&["--patterns", file.to_str().unwrap()], least].concat());
        assert_eq!(run.status, i32::from(!run.incidents().is_empty()));
        run.incidents().len()
    };
    let counts = |confidence: &str| {
        [&[][..], &["--min-confidence", "low"], &["--min-confidence", "medium"], &["--min-confidence", "high"]]
            .map(|least| shown(confidence, least))
    };
    assert_eq!(counts("low"), [0, 1, 0, 0]);
    assert_eq!(counts("medium"), [1, 1, 1, 0]);
    assert_eq!(counts("high"), [1, 1, 1, 1]);
}

#[test]
fn fail_on_decides_what_fails() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    sandbox.scan(&["--fail-on", "any"]).ended(1);
    assert_eq!(sandbox.scan(&["--fail-on", "never"]).ended(0).incidents().len(), 1);
    sandbox.scan(&["--fail-on", "active"]).ended(3);
    sandbox.scan(&["--fail-on", "never", ".", "no/such/path"]).ended(3);
    let clean = Sandbox::new();
    clean.write("a", "nothing secret");
    clean.scan(&["--fail-on", "active"]).ended(0);
    clean.scan(&["--fail-on", "all"]).ended(2);
}

#[test]
fn no_allow_reports_what_a_comment_allows() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("KEY={} # stanch:allow\n", token(1)));
    let hidden = sandbox.scan(&[]).ended(0);
    assert_eq!((hidden.incidents().len(), &hidden.coverage()["allowed"]), (0, &1.into()));
    assert!(sandbox.run(&["scan"]).text().contains("allowed, so not shown: 1 incident\n"));
    let shown = sandbox.scan(&["--no-allow"]).ended(1);
    assert_eq!(shown.incident()["occurrences"][0]["allowed_by"], "stanch:allow");
    assert_eq!(shown.coverage()["allowed"], 0);
    assert!(sandbox.run(&["scan", "--no-allow"]).text().contains("allowed by stanch:allow"));
}

#[test]
fn a_secret_that_is_allowed_in_one_place_is_shown_in_the_others() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("# stanch:allow\nKEY={}\n", token(1))).write("b", leak(1));
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!(run.paths(), ["b"]);
    assert_eq!(sandbox.scan(&["--no-allow"]).paths(), ["a", "b"]);
}

#[test]
fn variables_mirror_the_flags() {
    let sandbox = Sandbox::new();
    let patterns = sandbox.write_beside("acme.toml", patterns("low"));
    sandbox.write("a.log", leak(1)).write("b", acme(1));
    let with = |variables: &[(&str, &str)]| {
        run(sandbox.command(&["scan"]).env("STANCH_FORMAT", "json").envs(variables.iter().copied()))
    };
    let acme = [("STANCH_PATTERNS", patterns.to_str().unwrap()), ("STANCH_MIN_CONFIDENCE", "low")];
    assert_eq!(with(&[]).ended(1).paths(), ["a.log"]);
    assert_eq!(with(&acme).ended(1).paths(), ["a.log", "b"]);
    with(&[("STANCH_EXCLUDE", "*.log")]).ended(0);
    with(&[acme[0], acme[1], ("STANCH_EXCLUDE", "*.log"), ("STANCH_SKIP_RULE", "acme-key")]).ended(0);
    with(&[("STANCH_FAIL_ON", "never")]).ended(0);
    with(&[("STANCH_MAX_FILE_SIZE", "1")]).ended(0);
    with(&[("STANCH_JOBS", "x")]).ended(2);
    with(&[("STANCH_NOW", "x")]).ended(2);
    let key = with(&[("STANCH_KEY", "0123456789abcdef")]).incident()["key"].clone();
    assert_ne!(key, with(&[]).incident()["key"]);
    sandbox.write("a.log", format!("{} # stanch:allow", leak(1).trim()));
    with(&[]).ended(0);
    with(&[("STANCH_NO_ALLOW", "true")]).ended(1);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let sandbox = Sandbox::new();
    (0..40).for_each(|number| {
        sandbox.write(format!("d{}/f{number}", number % 5), leak(number / 2));
    });
    let reports = ["1", "2", "7"].map(|jobs| {
        let mut report = sandbox.scan(&["-j", jobs]).ended(1).json();
        report["coverage"]["seconds"] = 0.into();
        report
    });
    assert!(reports.iter().all(|report| *report == reports[0]));
}
