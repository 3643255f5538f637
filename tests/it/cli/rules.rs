//! `stanch rules`.

use super::{acme, patterns};
use crate::stanch::{Sandbox, rule, run_with, token};

#[test]
fn list_names_every_rule_once() {
    let sandbox = Sandbox::new();
    let all = stanch::rules::Ruleset::builtin().rules().len();
    let text = sandbox.run(&["rules", "list"]).ended(0).text();
    assert_eq!(text.lines().count(), all + 1);
    assert!(text.lines().last().unwrap().starts_with(&format!("{all} rules of ")));
    let json = sandbox.run(&["rules", "list", "--format", "json"]).ended(0).text();
    let rules: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rules.len(), all);
    assert!(rules.iter().any(|rule| rule["id"] == "github-pat" && rule["checksum"] == "crc32-base62"));
    let file = sandbox.write_beside("acme.toml", patterns("high"));
    let more = sandbox.run(&["rules", "list", "--patterns", file.to_str().unwrap()]).ended(0).text();
    assert_eq!(more.lines().count(), all + 2);
}

/// `docs/rules.md` is what the program prints: `stanch rules list --format markdown > docs/rules.md`.
#[test]
fn the_page_of_rules_is_true() {
    let printed = Sandbox::new().run(&["rules", "list", "--format", "markdown"]).ended(0).text();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md")).unwrap();
    assert!(page == printed, "docs/rules.md is out of date");
}

#[test]
fn the_table_of_providers_is_true() {
    let printed = Sandbox::new().run(&["rules", "providers", "--format", "markdown"]).ended(0).text();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/playbooks.md")).unwrap();
    assert!(page.ends_with(&printed), "the table in docs/playbooks.md is out of date");
}

#[test]
fn show_shows_one_rule() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["rules", "show", "github-pat"]).ended(0).text();
    for part in ["github-pat", "crc32-base62", "ghp_", &rule("github-pat").source] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let unknown = sandbox.run(&["rules", "show", "github-pta"]).ended(2);
    assert!(unknown.err.contains("did you mean `github-pat`?"), "{}", unknown.err);
}

#[test]
fn test_holds_rules_to_their_examples() {
    let sandbox = Sandbox::new();
    assert!(sandbox.run(&["rules", "test"]).ended(0).text().contains(", 0 not"));
    sandbox.run(&["rules", "test", "github-pat"]).ended(0);
    sandbox.run(&["rules", "test", "github-pta"]).ended(2);
    let wrong = patterns("high").replace("KEY=acmek_short", "KEY={acmek_ + base36(24)}");
    let file = sandbox.write_beside("acme.toml", wrong);
    let run = sandbox.run(&["rules", "test", "acme-key", "--patterns", file.to_str().unwrap()]).ended(1);
    assert!(run.text().contains("acme-key: finds KEY={acmek_ + base36(24)}"), "{}", run.text());
}

#[test]
fn lint_places_mistakes() {
    let sandbox = Sandbox::new();
    sandbox.run(&["rules", "lint"]).ended(0);
    let good = sandbox.write_beside("good/acme.toml", patterns("high"));
    assert!(
        sandbox
            .run(&["rules", "lint", good.to_str().unwrap()])
            .ended(0)
            .text()
            .starts_with("1 rules without a mistake, 0")
    );
    let bad = sandbox.write_beside("bad/acme.toml", patterns("high").replace("severity", "sevrity"));
    let text = sandbox.run(&["rules", "lint", bad.to_str().unwrap(), good.to_str().unwrap()]).ended(1).text();
    assert!(text.contains("acme.toml:9:1: unknown key `sevrity`; did you mean `severity`?"), "{text}");
    sandbox.run(&["rules", "lint", "no/such/file"]).ended(2);
}

#[test]
fn explain_tells_what_becomes_of_a_text_and_masks_it() {
    let sandbox = Sandbox::new();
    let token = token(1);
    let explain = |place: &str| sandbox.run(&["rules", "explain", place]).ended(0).text();
    let file = |name: &str, text: &str| sandbox.write_beside(name, text).to_str().unwrap().to_owned();
    let text = explain(&file("found", &format!("a\n{token}\n")));
    assert!(text.contains("found:2:1  github-pat") && text.contains("found, high confidence"), "{text}");
    assert!(!text.contains(&token[4..20]));
    let piped = run_with(&mut sandbox.command(&["rules", "explain", "-"]), format!("\n {token}").as_bytes()).ended(0);
    assert!(piped.text().starts_with("-:2:2  github-pat"), "{}", piped.text());
    assert!(explain(&file("nothing", "nothing")).ends_with("nothing: no rule sees anything here\n"));
    let wrong = format!("{}0000", &token[..token.len() - 4]);
    assert!(explain(&file("wrong", &wrong)).contains("not reported: its checksum does not fit"));
    let (patterns, place) = (file("acme.toml", &patterns("low")), file("own", &acme(1)));
    let own = sandbox.run(&["rules", "explain", &place, "--patterns", &patterns]).ended(0);
    assert!(own.text().contains("acme-key"), "{}", own.text());
    // Whoever gives the token itself in place of a file does not get it printed.
    let missing = sandbox.run(&["rules", "explain", &token]).ended(2);
    assert!(!missing.err.contains(&token[4..20]), "{}", missing.err);
}

#[test]
fn explain_prints_the_parts_of_a_score() {
    let sandbox = Sandbox::new();
    let value = &token(1)[4..18];
    let text = format!("user: x\npassword = \"{value}\"\nname = \"{value}\"\n");
    let file = sandbox.write_beside("code.py", &text).to_str().unwrap().to_owned();
    let explain = |place: &str| sandbox.run(&["rules", "explain", "--json", place]).ended(0).text();
    assert_eq!(explain(&format!("{file}:3")), "");
    let all = explain(&format!("{file}:2"));
    assert!(!all.contains(value));
    let found: serde_json::Value = serde_json::from_str(all.lines().next().unwrap()).unwrap();
    let weight = &found["weight"];
    let parts = weight["parts"].as_array().unwrap().iter().map(|part| part["weight"].as_f64().unwrap());
    let sum = weight["start"].as_f64().unwrap() + parts.sum::<f64>();
    assert!((sum - weight["total"].as_f64().unwrap()).abs() < 0.01, "{found}");
    let printed = sandbox.run(&["rules", "explain", &format!("{file}:2")]).ended(0).text();
    assert!(printed.contains("code.py:2:13  generic-password") && printed.contains("share of"), "{printed}");
}
