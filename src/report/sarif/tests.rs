//! What code scanning gets to see.

use serde_json::{Value, json};

use super::*;
use crate::{
    incident::Reach,
    report::samples::{Sample, snapshot, written},
};

fn run(report: &Report<'_>) -> Value {
    let mut document: Value = serde_json::from_str(&snapshot(&Sarif, report)).unwrap();
    document["runs"][0].take()
}

#[test]
fn a_run_holds_rules_results_and_what_was_scanned() {
    let sample = Sample::github();
    insta::assert_json_snapshot!(run(&sample.report()));
}

#[test]
fn nothing_found_is_a_run_too() {
    let sample = Sample::default();
    let run = run(&sample.report());
    assert_eq!(run["results"], json!([]));
    assert_eq!(run["tool"]["driver"]["rules"], json!([]));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn what_a_checkout_shows_comes_first() {
    let mut sample = Sample::github();
    sample.incidents[0].occurrences.reverse();
    let run = run(&sample.report());
    assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "deploy/.env");
}

#[test]
fn what_exceeds_the_limits_is_counted() {
    let mut sample = Sample::github();
    let mut place = sample.incidents[0].occurrences[1].clone();
    place.git.as_mut().unwrap().reach = Reach::Reflog;
    sample.incidents[0].occurrences.extend(std::iter::repeat_n(place, MOST_RESULTS));
    let text = written(&Sarif, &sample.report());
    assert!(text.len() < 10_000_000, "{}", text.len());
    let run = run(&sample.report());
    let kept = run["results"].as_array().unwrap().len();
    assert!(kept > SHOWN_RESULTS && kept < MOST_RESULTS, "{kept}");
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    let expected = format!(
        "Only {kept} of {} results are in this file: GitHub refuses larger ones. The JSON report has all.",
        MOST_RESULTS + 4
    );
    assert_eq!(notes[0]["message"]["text"], expected);
    assert_eq!(notes[1]["message"]["text"], format!("GitHub shows 5000 of these {kept} results."));
}

#[test]
fn failures_make_the_run_unsuccessful_and_are_counted() {
    let mut sample = Sample::default();
    for nth in 0..MOST_NOTIFICATIONS + 7 {
        sample.coverage.fail(format!("[x](y) {nth}"), "x".repeat(2 * MOST_TEXT));
    }
    let run = run(&sample.report());
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(notes.len(), MOST_NOTIFICATIONS + 1);
    assert!(notes[0]["message"]["text"].as_str().unwrap().starts_with("\\[x\\](y) 0: xx"));
    assert_eq!(notes.last().unwrap()["message"]["text"], "7 more are in the text and JSON reports.");
}

#[test]
fn where_a_repository_is_kept_is_told_without_credentials() {
    let sample = Sample::default();
    let uri = |uri| {
        let checkout = Some(Checkout { uri, revision: None, branch: Some("main") });
        run(&Report { checkout, ..sample.report() })["versionControlProvenance"][0]["repositoryUri"].clone()
    };
    assert_eq!(uri("https://user:pass@example.org/a/b.git?token=x"), "https://example.org/a/b.git");
    assert_eq!(uri("ssh://git@example.org:22/a"), "ssh://example.org:22/a");
    for odd in ["git@example.org:a/b", "/srv/git/a", "https://", "javascript://x/%0a", "https://exa mple.org/"] {
        assert_eq!(uri(odd), Value::Null, "{odd}");
    }
}
