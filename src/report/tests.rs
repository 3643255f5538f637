//! The laws, for every format.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::{
    samples::{Sample, any_text, written},
    *,
};
use crate::{
    blob::PathName,
    coverage::{History, Skipped},
    escape::hostile,
    finding::{Checksum, FoundPart, PartValue},
    location::{Location, Span},
    secret::{Secret, Shown},
};

/// A sample whose every text is hostile.
pub(super) fn hostile_sample() -> impl Strategy<Value = Sample> {
    let texts = prop::collection::vec(any_text(), 12);
    (texts, prop::collection::vec(any::<u8>(), 0..30), any::<i64>(), any::<u64>()).prop_map(
        |(texts, path, at, number)| {
            let mut sample = Sample::github();
            let incident = &mut sample.incidents[0];
            incident.occurrences[1].path = Some(PathName::new(path));
            let found = &mut incident.occurrences[0];
            found.path = Some(PathName::new(texts[0].as_str()));
            found.excerpt.before.clone_from(&texts[1]);
            found.excerpt.after.clone_from(&texts[2]);
            found.excerpt.wide = number;
            found.allowed_by = Some(texts[3].clone());
            let git = found.git.as_mut().unwrap();
            (git.in_head, git.reach) = (false, crate::incident::Reach::Ref);
            git.refs = [texts[4].clone()].into();
            let commit = Arc::make_mut(git.introduced.as_mut().unwrap());
            (commit.author, commit.email, commit.at) = (texts[5].clone(), texts[6].clone(), at);
            let value = PartValue::Public(texts[7].clone());
            incident.parts = vec![FoundPart { name: texts[8].clone(), value, span: Span::new(0, 1) }];
            sample.coverage.fail(texts[9].clone(), texts[10].clone());
            sample.coverage.skip(Skipped::TooLarge, texts[11].clone());
            sample.coverage.notes.push(texts[0].clone());
            (sample.coverage.bytes, sample.coverage.history) = (number, History::Shallow);
            sample
        },
    )
}

/// A secret wherever text can be.
fn leaky_sample(value: &str, shown: Shown) -> Sample {
    let mut sample = Sample::github();
    let text = format!("x/{value}.txt");
    let incident = &mut sample.incidents[0];
    incident.secret = Secret::new(value.as_bytes(), shown);
    incident.checksum = Checksum::None;
    let part = PartValue::Secret(Secret::new(&[value.as_bytes(), b"-part"].concat(), Shown::Nothing));
    incident.parts = vec![
        FoundPart { name: "half".to_owned(), value: part, span: Span::new(0, 1) },
        FoundPart { name: "user".to_owned(), value: PartValue::Public(text.clone()), span: Span::new(0, 1) },
    ];
    for found in &mut incident.occurrences {
        found.path = Some(PathName::new(text.as_str()));
        (found.excerpt.before, found.excerpt.after) = (text.clone(), text.clone());
        found.excerpt.masked = incident.secret.masked();
        found.allowed_by = Some(text.clone());
        let git = found.git.as_mut().unwrap();
        git.refs = [text.clone()].into();
        let commit = Arc::make_mut(git.introduced.as_mut().unwrap());
        (commit.author, commit.email) = (text.clone(), text.clone());
    }
    sample.coverage.fail(text.clone(), text.clone());
    sample.coverage.notes.push(text.clone());
    sample.coverage.skip(Skipped::Excluded, text);
    sample
}

fn all_formats(report: &Report<'_>) -> Vec<String> {
    let details = [Detail::Quiet, Detail::Normal, Detail::Verbose];
    let formats = Format::ALL.iter().flat_map(|&format| details.map(|detail| (format, detail)));
    formats.map(|(format, detail)| written(&*reporter(format, Options { colour: false, detail }), report)).collect()
}

/// Whether a runner would take `line` for a command that is no annotation of the github format.
fn is_foreign_command(line: &str) -> bool {
    let ours = ["::error file=", "::warning file=", "::notice file=", "::warning title=The ", "::notice title="];
    line.trim_start().starts_with("::") && !ours.iter().any(|begin| line.starts_with(begin))
}

#[test]
fn formats_have_names() {
    assert_eq!(Format::from_name("sarif"), Some(Format::Sarif));
    assert_eq!(Format::from_name("xml"), None);
    assert!(Format::ALL.iter().all(|&format| Format::from_name(format.name()) == Some(format)));
}

#[test]
fn raw_values_are_shown_only_where_asked_for_and_never_in_what_is_passed_on() {
    let sample = Sample::github();
    let raw = String::from_utf8(sample.incidents[0].secret.expose().to_vec()).unwrap();
    let report = Report { show_secrets: true, ..sample.report() };
    let shows = [Format::Text, Format::Json, Format::Jsonl, Format::Csv];
    for &format in Format::ALL {
        let write = |report: &Report<'_>| written(&*reporter(format, Options::default()), report);
        assert!(!write(&sample.report()).contains(&raw), "{format}");
        assert_eq!(write(&report).contains(&raw), shows.contains(&format), "{format}");
    }
}

#[test]
fn a_value_that_is_not_text_is_shown_twice() {
    let mut sample = Sample::default();
    sample.incidents.push(Sample::incident(Secret::new(b"\xffraw", Shown::Nothing)));
    let report = Report { show_secrets: true, ..sample.report() };
    let document: Value =
        serde_json::from_str(&written(&*reporter(Format::Json, Options::default()), &report)).unwrap();
    assert_eq!(document["incidents"][0]["secret"]["value"], "\u{fffd}raw");
    assert_eq!(document["incidents"][0]["secret"]["value_base64"], data_encoding::BASE64.encode(b"\xffraw"));
}

#[test]
fn a_closed_pipe_is_an_error_of_its_kind() {
    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sample = Sample::github();
    for &format in Format::ALL {
        let error = reporter(format, Options::default()).write(&sample.report(), &mut Closed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Law 6: whatever the text, no format acts upon a terminal or a CI log.
    #[test]
    fn no_report_is_an_injection(sample in hostile_sample(), secret in any_text(), masked in any_text(), show in any::<bool>()) {
        let mut sample = sample;
        sample.incidents[0].secret = Secret::new(secret.as_bytes(), Shown::Ends { prefix: 4 });
        sample.incidents[0].occurrences[0].excerpt.masked = masked;
        for text in all_formats(&Report { show_secrets: show, ..sample.report() }) {
            prop_assert!(!text.replace("\r\n", "").replace('\n', "").contains(hostile), "{text:?}");
            prop_assert!(!text.contains("##[") && !text.contains("##vso["), "{text}");
            prop_assert!(text.lines().all(|line| !is_foreign_command(line)), "{text}");
        }
    }

    /// Whatever the text, parsers read it back.
    #[test]
    fn machine_formats_always_parse(sample in hostile_sample()) {
        let write = |format| written(&*reporter(format, Options::default()), &sample.report());
        let json: Value = serde_json::from_str(&write(Format::Json)).unwrap();
        let path = sample.incidents[0].occurrences[0].path.as_ref().unwrap().to_text().into_owned();
        prop_assert_eq!(json["incidents"][0]["occurrences"][0]["path"].as_str(), Some(path.as_str()));
        let sarif: Value = serde_json::from_str(&write(Format::Sarif)).unwrap();
        prop_assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 4);
        for line in write(Format::Jsonl).lines() {
            prop_assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        }
    }

    /// Law 3: no format shows more of a secret than its masked form does, wherever the secret stands.
    #[test]
    fn no_report_shows_a_secret(value in "[A-Za-z0-9]{20,40}", password in any::<bool>()) {
        let shown = if password { Shown::Nothing } else { Shown::Ends { prefix: 4 } };
        let sample = leaky_sample(&value, shown);
        let (from, to) = if password { (0, value.len()) } else { (4, value.len() - 4) };
        for text in all_formats(&sample.report()) {
            for hidden in value.as_bytes()[from..to].windows(6) {
                let hidden = str::from_utf8(hidden).unwrap();
                prop_assert!(!text.contains(hidden), "{hidden} of {value} in {text}");
            }
        }
    }

    /// Locations that contradict themselves are written, not stumbled over.
    #[test]
    fn any_location_is_written(line in any::<u64>(), column in any::<u64>(), wide in any::<u64>(), start in any::<u64>()) {
        let mut sample = Sample::github();
        let found = &mut sample.incidents[0].occurrences[0];
        let span = Span::new(start, u64::MAX);
        found.location = Location { span, line, column, end_line: line, end_column: column };
        found.excerpt.wide = wide;
        prop_assert_eq!(all_formats(&sample.report()).len(), 3 * Format::ALL.len());
    }
}
