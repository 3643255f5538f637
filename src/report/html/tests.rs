//! Pages as their parts, and what hostile text does to them: nothing.

use proptest::prelude::*;
use regex_syntax::hir::{Class, HirKind};
use serde_json::Value;

use super::*;
use crate::report::{
    samples::{Sample, snapshot, written},
    tests::hostile_sample,
};

/// How large the page, its style and its script may be together, in bytes.
const MOST_BYTES: usize = 40_000;

/// What stands between `start` and `end`.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

/// The document in a page, as it is written there.
fn data(page: &str) -> &str {
    between(page, "<script type=\"application/json\" id=\"data\">", "</script>")
}

/// All tags of a page, the script's comparisons aside.
fn tags(page: &str) -> Vec<String> {
    let page = page.replace(SCRIPT, "");
    page.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0.to_owned()).collect()
}

#[test]
fn a_page_holds_counts_rows_playbooks_and_coverage() {
    let page = snapshot(&Html, &Sample::github().report());
    let (_, body) = page.split_once("<body>").unwrap();
    insta::assert_snapshot!(body.replace(SCRIPT, "SCRIPT").replace(data(body), "DATA"));
}

#[test]
fn the_document_of_the_json_format_stands_in_the_page_and_shows_no_secret() {
    let sample = Sample::github();
    let page = written(&Html, &Report { show_secrets: true, ..sample.report() });
    let document: Value = serde_json::from_str(data(&page)).unwrap();
    let json: Value = serde_json::from_str(&written(&Json, &sample.report())).unwrap();
    assert_eq!(document, json);
}

#[test]
fn style_and_script_are_those_that_the_policy_names() {
    let page = written(&Html, &Sample::default().report());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    for (name, text) in
        [("style", between(&page, "<style>", "</style>")), ("script", between(&page, "\n<script>", "</script>"))]
    {
        let hash = BASE64.encode(&Sha256::digest(text));
        assert!(policy.contains(&format!("{name}-src 'sha256-{hash}';")), "{name} in {policy}");
    }
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
}

#[test]
fn nothing_is_loaded_and_nothing_leads_away() {
    let page = written(&Html, &Sample::github().report());
    let addresses: Vec<&str> = page.split("href=\"").skip(1).collect();
    assert!(!addresses.is_empty() && addresses.iter().all(|rest| rest.starts_with('#')));
    for tag in tags(&page) {
        assert!(!tag.contains(" src=") && !tag.contains(" on") && !tag.contains(" style="), "{tag}");
    }
    assert!(
        !STYLE.contains("url(")
            && !STYLE.contains("@import")
            && !STYLE.contains("</")
            && !SCRIPT.contains("</")
            && !SCRIPT.contains("<!--")
    );
    assert!(
        !["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            .iter()
            .any(|name| SCRIPT.contains(name))
    );
}

#[test]
fn page_style_and_script_are_small() {
    let bytes = PAGE.len() + STYLE.len() + SCRIPT.len();
    assert!(bytes < MOST_BYTES, "{bytes}");
}

#[test]
fn the_script_shows_what_the_program_calls_hostile() {
    let class = format!("[{}]", between(SCRIPT, "HOSTILE = /[", "]/gu"));
    let parsed = regex_syntax::parse(&class).unwrap();
    let HirKind::Class(Class::Unicode(class)) = parsed.kind() else { panic!("{parsed:?}") };
    let is_shown = |c: char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c));
    for c in '\0'..=char::MAX {
        assert_eq!(is_shown(c), escape::hostile(c), "{c:?}");
    }
}

#[test]
fn without_a_script_the_first_incidents_are_listed_and_the_others_counted() {
    let mut sample = Sample::github();
    sample.incidents = std::iter::repeat_n(sample.incidents[0].clone(), 1_234).collect();
    let page = written(&Html, &sample.report());
    assert_eq!(page.matches("<li><details id=\"i").count(), 500);
    assert!(page.contains("a plain list: the first 500 of 1,234."));
}

#[test]
fn what_is_missing_is_said_first() {
    let mut sample = Sample::default();
    let clear = written(&Html, &sample.report());
    assert!(clear.contains("<h2>No incidents</h2>\n<p class=\"complete\">Complete:"), "{clear}");
    (0..5).for_each(|nth| sample.coverage.fail(format!("file {nth}"), "permission denied"));
    let page = written(&Html, &sample.report());
    let summary = between(&page, "<section id=\"summary\">", "</section>");
    assert!(
        summary.trim_start().starts_with("<div class=\"alert\"><p><strong>Incomplete.</strong> 5 things"),
        "{summary}"
    );
    assert!(
        summary.contains("2 more failures") && summary.contains("No incidents in what could be scanned"),
        "{summary}"
    );
    assert!(!page.contains("class=\"complete\""));
    assert!(
        between(&page, "<section id=\"coverage\">", "</section>").contains("<code>file 4</code>: permission denied")
    );
}

#[test]
fn code_in_prose_is_marked_and_nothing_else() {
    assert_eq!(prose("run `a <b>` & go"), "run <code>a &lt;b&gt;</code> &amp; go");
    assert_eq!(prose("a ` <b>"), "a ` &lt;b&gt;");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Law 6: whatever the text, the page has the same tags, each the same to the letter, and what it holds reads back as that text.
    #[test]
    fn hostile_text_is_text(sample in hostile_sample(), other in hostile_sample()) {
        let [page, another] = [&sample, &other].map(|sample| written(&Html, &sample.report()));
        prop_assert_eq!(tags(&page), tags(&another));
        prop_assert!(!data(&page).contains('<'));
        let document: Value = serde_json::from_str(data(&page)).unwrap();
        let path = sample.incidents[0].occurrences[0].path.as_ref().unwrap().to_text().into_owned();
        prop_assert_eq!(document["incidents"][0]["occurrences"][0]["path"].as_str(), Some(path.as_str()));
    }
}
