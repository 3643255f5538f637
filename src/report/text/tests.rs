//! Pages as a person sees them.

use crate::{
    coverage::History,
    finding::Excerpt,
    report::{
        Detail, Options, Report,
        samples::{Sample, written},
        text::Text,
    },
    secret::{Secret, Shown},
};

fn page(report: &Report<'_>, detail: Detail) -> String {
    written(&Text::new(Options { colour: false, detail }), report)
}

#[test]
fn a_page_says_what_leaked_and_what_to_do() {
    insta::assert_snapshot!(page(&Sample::github().report(), Detail::Normal));
}

#[test]
fn nothing_found_says_what_was_covered() {
    insta::assert_snapshot!(page(&Sample::default().report(), Detail::Normal), @r"
    no incidents
    scanned 120 files, 1.2 MB in 0.41 s
    git history: not scanned
    ");
}

#[test]
fn nothing_found_in_a_part_says_so() {
    let mut sample = Sample::default();
    sample.coverage.history = History::Shallow;
    for nth in 0..22 {
        sample.coverage.fail(format!("file {nth:02}"), "permission denied");
    }
    let text = page(&sample.report(), Detail::Normal);
    assert!(text.starts_with("no incidents in what could be scanned\n"), "{text}");
    assert!(text.contains("INCOMPLETE: 22 things could not be scanned\n  - file 00: permission denied\n"), "{text}");
    assert!(text.ends_with("  - file 19: permission denied\n  … and 2 more\n"), "{text}");
}

#[test]
fn quiet_says_incidents_and_failures_only() {
    assert_eq!(page(&Sample::default().report(), Detail::Quiet), "");
    let text = page(&Sample::github().report(), Detail::Quiet);
    assert!(!text.contains("scanned 120") && text.contains("critical") && text.contains("INCOMPLETE:"), "{text}");
}

#[test]
fn many_places_are_counted_unless_all_are_wanted() {
    let mut sample = Sample::github();
    let place = sample.incidents[0].occurrences[1].clone();
    sample.incidents[0].occurrences.extend(std::iter::repeat_n(place, 10));
    let text = page(&sample.report(), Detail::Normal);
    assert_eq!(text.matches("also at").count(), 5);
    assert!(text.contains("  … and 7 more places\n"), "{text}");
    assert_eq!(page(&sample.report(), Detail::Verbose).matches("also at").count(), 12);
}

#[test]
fn the_mark_stands_under_the_secret_whatever_comes_before() {
    let mut incident = Sample::incident(Secret::new(&[b'x'; 40], Shown::Ends { prefix: 4 }));
    incident.occurrences[0].excerpt = Excerpt {
        before: "\t日本\u{202e}=\x1b".to_owned(),
        masked: incident.secret.masked(),
        after: "\u{7}".to_owned(),
        ..Excerpt::default()
    };
    let sample = Sample { incidents: vec![incident], ..Sample::default() };
    let text = page(&sample.report(), Detail::Normal);
    let lines: Vec<&str> = text.lines().skip(2).take(2).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    3 | 日本\u{202e}=\x1bxxxx…xxxx\x07
      |                  ^^^^^^^^^
    ");
}

#[test]
fn colour_is_styles_and_nothing_else() {
    let sample = Sample::github();
    let plain = page(&sample.report(), Detail::Verbose);
    let coloured = written(&Text::new(Options { colour: true, detail: Detail::Verbose }), &sample.report());
    assert!(coloured.contains("\x1b[1m"));
    let mut stripped = String::new();
    for (nth, piece) in coloured.split("\x1b[").enumerate() {
        stripped.push_str(if nth == 0 { piece } else { piece.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, plain);
}
