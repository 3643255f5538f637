//! Configuration files and pattern files, and the comments that allow.

use std::fs;

use super::{acme, patterns};
use crate::stanch::{Sandbox, leak, token};

#[test]
fn mistakes_in_pattern_files_are_placed_and_explained() {
    let sandbox = Sandbox::new();
    let problem = |from: &str, to: &str| {
        let path = sandbox.write_beside("acme.toml", patterns("high").replace(from, to));
        let run = sandbox.scan(&["--patterns", path.to_str().unwrap()]).ended(2);
        assert!(run.out.is_empty());
        run.err.replace(path.parent().unwrap().to_str().unwrap(), "")
    };
    let unknown = problem("keywords", "keyword");
    assert!(unknown.contains("/acme.toml:11:1: unknown key `keyword`; did you mean `keywords`?"), "{unknown}");
    let regex = problem("[0-9a-z]", "[0-9a-z");
    assert!(regex.contains("/acme.toml:5:1: "), "{regex}");
    assert!(problem("\\b(?<", "^(?<").contains("/acme.toml:5:1: "));
    assert!(problem("{24}", "+").contains("/acme.toml:5:1: "));
    let choice = problem("\"api-key\"", "\"apikey\"");
    assert!(choice.contains("/acme.toml:8:9: `class` is one of") && choice.contains("api-key"), "{choice}");
    assert!(problem("provider =", "provider").contains("/acme.toml:1:"));
    assert!(problem("\"0.1\"", "\"99.1\"").contains("this file needs stanch 99.1"));
    assert!(problem("base36(24)", "base36(24").contains("in a template"));
    assert!(problem("id = \"acme-key\"", "id = \"other-key\"").contains("`acme-…`"));
}

#[test]
fn pattern_folders_without_patterns_are_wrong_usage() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.beside("empty")).unwrap();
    let empty = sandbox.beside("empty").to_str().unwrap().to_owned();
    assert!(sandbox.scan(&["--patterns", &empty]).ended(2).err.contains("holds no pattern file"));
    assert!(sandbox.scan(&["--patterns", "no/such"]).ended(2).err.contains("no/such"));
    let latin1 = sandbox.write_beside("latin1.toml", b"name = '\xe9'");
    assert!(sandbox.scan(&["--patterns", latin1.to_str().unwrap()]).ended(2).err.contains("latin1.toml"));
}

#[test]
fn a_pattern_file_can_replace_a_rule() {
    let sandbox = Sandbox::new();
    let file = patterns("high").replace("acme\"", "github\"").replace("acme-key", "github-pat");
    let path = sandbox.write_beside("github.toml", file);
    sandbox.write("a", leak(1)).write("b", acme(1));
    let run = sandbox.scan(&["--patterns", path.to_str().unwrap(), "--rule", "github-pat"]).ended(1);
    assert_eq!(run.paths(), ["b"]);
}

#[test]
fn the_configuration_of_the_folder_is_obeyed_and_another_one_can_be_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a.log", leak(1)).write("stanch.toml", "exclude = ['*.log']\n");
    let run = sandbox.scan(&[]).ended(0);
    assert_eq!(run.skipped("excluded"), (1, vec!["a.log".to_owned()]));
    let other = sandbox.write_beside("other.toml", "fail-on = 'never'\n");
    assert_eq!(sandbox.scan(&["--config", other.to_str().unwrap()]).ended(0).paths(), ["a.log"]);
    assert!(sandbox.scan(&["--config", "no/such.toml"]).ended(2).err.contains("no/such.toml"));
    // A subfolder is scanned by its own configuration, and it has none.
    sandbox.write("deep/b.log", leak(1));
    sandbox.scan(&["deep"]).ended(1);
}

#[test]
fn flags_outdo_the_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("b", acme(1)).write("rules/acme.toml", patterns("medium"));
    sandbox
        .write("stanch.toml", "patterns = ['rules']\nmin-confidence = 'high'\nfail-on = 'never'\nmax-file-size = 9\n");
    assert_eq!(sandbox.scan(&[]).ended(0).skipped("too-large").0, 4);
    let flags = ["--max-file-size", "1M", "--min-confidence", "low", "--fail-on", "any"];
    assert_eq!(sandbox.scan(&flags).ended(1).paths(), ["a", "b"]);
    assert_eq!(sandbox.scan(&flags[..2]).ended(0).paths(), ["a"]);
}

#[test]
fn mistakes_in_the_configuration_are_placed_and_explained() {
    let sandbox = Sandbox::new();
    sandbox.write("stanch.toml", "exclude = []\n\nexcludes = []\n");
    let err = sandbox.scan(&[]).ended(2).err;
    assert!(err.contains("stanch.toml:3:1: unknown key `excludes`; did you mean `exclude`?"), "{err}");
    sandbox.write("stanch.toml", "skip-rules = ['github-pet']\n");
    assert!(sandbox.scan(&[]).ended(2).err.contains("did you mean `github-pat`?"));
    sandbox.write("stanch.toml", "[[allow]]\nrule = 'github-pet'\nreason = 'x'\n");
    assert!(sandbox.scan(&[]).ended(2).err.contains("did you mean `github-pat`?"), "an allow that can never apply");
    sandbox.write("stanch.toml", [0xff, 0xfe]);
    assert!(sandbox.scan(&[]).ended(2).err.contains("stanch.toml"));
}

/// A configuration comes with the scanned tree, and says what it likes.
#[test]
fn errors_hold_nothing_that_a_terminal_obeys() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "stanch.toml",
        "\"\\u001b[31mx\\u0007\" = 1\nfail-on = \"\\u001b]0;x\\u0007\"\nexclude = [\"\\u009b[\"]\n",
    );
    let run = sandbox.scan(&[]).ended(2);
    assert!(!run.err.chars().any(|c| c.is_control() && c != '\n'), "{:?}", run.err);
    sandbox.write("stanch.toml", "key = \"\\n::error::x\\n##[error]x and more\"\nskip-rules = [\"\\n::error::x\"]\n");
    let run = sandbox.scan(&[]).ended(2);
    assert!(!run.err.lines().any(|line| line.trim_start().starts_with("::")), "{:?}", run.err);
}

#[test]
fn what_the_configuration_hides_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("b/c", leak(2)).write("b/d", leak(3));
    let id = sandbox.scan(&["a"]).incident()["id"].as_str().unwrap().to_owned();
    let hides = |configuration: &str| {
        sandbox.write("stanch.toml", configuration);
        let run = sandbox.scan(&[]);
        (run.incidents().len(), run.coverage()["allowed"].as_u64().unwrap(), run.status)
    };
    assert_eq!(hides(""), (3, 0, 1));
    assert_eq!(hides(&format!("[[allow]]\nid = '{id}'\nreason = 'x'")), (2, 1, 1));
    assert_eq!(hides(&format!("[[allow]]\nid = '{}'\nreason = 'x'", &id[..8])), (2, 1, 1));
    assert_eq!(hides("[[allow]]\npaths = ['b/**']\nreason = 'x'"), (1, 2, 1));
    assert_eq!(hides("[[allow]]\nrule = 'github-pat'\nreason = 'x'"), (0, 3, 0));
    assert_eq!(hides("[[allow]]\nrule = 'github-pat'\npaths = ['a']\nreason = 'x'"), (2, 1, 1));
    assert_eq!(hides(&format!("[[allow]]\nid = '{id}'\npaths = ['b/**']\nreason = 'x'")), (3, 0, 1));
    sandbox.write("stanch.toml", "[[allow]]\npaths = ['b/**']\nreason = 'made up'");
    let all = sandbox.scan(&["--no-allow"]).ended(1);
    assert_eq!(all.incidents().len(), 3);
    assert!(all.text().contains("\"allowed_by\":\"made up\""));
}

#[test]
fn rules_that_the_configuration_skips_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("stanch.toml", "skip-rules = ['github-pat']\nmin-confidence = 'high'\n");
    let notes = &sandbox.scan(&[]).ended(0).coverage()["notes"];
    assert!(notes.to_string().contains("github-pat") && notes.to_string().contains("less than high"), "{notes}");
    assert_eq!(sandbox.scan(&["--min-confidence", "low"]).coverage()["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn every_scanners_comments_allow() {
    let sandbox = Sandbox::new();
    for (number, word) in
        ["stanch:allow", "gitleaks:allow", "trufflehog:ignore", "pragma: allowlist secret"].iter().enumerate()
    {
        sandbox.write(format!("f{number}"), format!("KEY={} # {word}\n", token(number as u64)));
    }
    sandbox.write("next", format!("# stanch:allow made up\nKEY={}\n", token(8)));
    sandbox.write("far", format!("# stanch:allow\n\nKEY={}\n", token(9)));
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!((run.paths(), &run.coverage()["allowed"]), (vec!["far".to_owned()], &5.into()));
}
