//! What formats make of incidents that many repositories share, and of how they fared: reports on what sweeps learned.

use super::{
    samples::{Sample, THEN, snapshot},
    *,
};
use crate::incident::{Life, Status};

/// A token in two repositories, one of whose names is hostile: back after it had been resolved.
fn sample() -> Sample {
    let mut sample = Sample { incidents: Sample::github().incidents, ..Sample::default() };
    sample.incidents.truncate(1);
    let incident = &mut sample.incidents[0];
    incident.occurrences.truncate(2);
    for (found, name) in incident.occurrences.iter_mut().zip(["acme/site", "acme/\u{1b}[31m<b>|\n::error::"]) {
        found.repository = Some(name.into());
        found.owner = Some("@acme/<i>team".into());
        found.excerpt = crate::finding::Excerpt { wide: 0, ..Default::default() };
    }
    let day = 24 * 60 * 60;
    let life = Life { status: Status::Reopened, first_seen: THEN, last_seen: THEN + 300 * day, resolved_at: None };
    incident.life = Some(life);
    sample
}

fn recalled(format: Format) -> String {
    snapshot(&*reporter(format, Options::default()), &sample().report())
}

/// A snapshot of each, except for the page, most of which is its style.
#[test]
fn every_format_tells_repositories_apart() {
    for format in Format::ALL.iter().copied().filter(|format| *format != Format::Html) {
        insta::assert_snapshot!(format!("recalled_{}", format.name()), recalled(format));
    }
    let page = recalled(Format::Html);
    let line = |path: &str| format!("<li><code>{path}:3:7</code>");
    assert!(page.contains(&line("acme/site: deploy/.env")), "{page}");
    assert!(page.contains("&lt;b&gt;|") && !page.contains("<b>|"), "{page}");
}

/// What is not open for the first time is said to be so.
#[test]
fn a_life_is_told_where_a_format_has_room_for_it() {
    for format in [Format::Text, Format::Json, Format::Jsonl, Format::Csv] {
        assert!(recalled(format).contains("reopened"), "{}", format.name());
    }
    for format in [Format::Json, Format::Jsonl, Format::Csv] {
        assert!(recalled(format).contains("2026-01-02T03:04:05Z"), "{}", format.name());
    }
}

/// Whose a place is, where a format has room for it, as text alone.
#[test]
fn owners_are_told() {
    for format in [Format::Json, Format::Jsonl, Format::Csv, Format::Markdown, Format::Html] {
        let text = recalled(format);
        assert!(text.contains("@acme/") && text.contains("team"), "{}: {text}", format.name());
    }
    assert!(recalled(Format::Html).contains("probably of @acme/&lt;i&gt;team"));
}

/// Two places that differ in their repository alone are two, wherever a reader tells places apart by an id.
#[test]
fn a_path_in_two_repositories_is_two_places() {
    let mut sample = sample();
    let incident = &mut sample.incidents[0];
    incident.occurrences[1] = incident.occurrences[0].clone();
    incident.occurrences[1].repository = Some("acme/tools".into());
    let ids = |text: &str, at: &str| -> Vec<String> {
        let report: serde_json::Value = serde_json::from_str(text).unwrap();
        let all = report.pointer(at).unwrap().as_array().unwrap();
        all.iter().map(|one| one.get("id").or_else(|| one.get("fingerprints")).unwrap().to_string()).collect()
    };
    let text = snapshot(&*reporter(Format::GitLab, Options::default()), &sample.report());
    let ids = ids(&text, "/vulnerabilities");
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    let text = snapshot(&*reporter(Format::Sarif, Options::default()), &sample.report());
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fingerprint = |nth: usize| report.pointer(&format!("/runs/0/results/{nth}/partialFingerprints")).unwrap();
    assert_ne!(fingerprint(0), fingerprint(1));
    assert_eq!(fingerprint(0).to_string()[14..46], fingerprint(1).to_string()[14..46], "{}", fingerprint(0));
    let rows = snapshot(&*reporter(Format::Csv, Options::default()), &sample.report());
    assert!(rows.contains("acme/site") && rows.contains("acme/tools"), "{rows}");
}
