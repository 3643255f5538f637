//! Made-up weaknesses for the tests of their reports.

use super::{Looked, WeaknessFormat, WeaknessReport};
use crate::{
    blob::PathName,
    cookie::session::Role,
    coverage::Coverage,
    location::{Location, Span},
    report::Options,
    rule::{Confidence, Severity},
    session::{Fixation, Form, Ids, Session, Sign},
    weakness::{Citation, Place, Weakness, sort},
};

/// What a report borrows.
#[derive(Default)]
pub(super) struct Sample {
    weaknesses: Vec<Weakness>,
    coverage: Coverage,
    cookies: Option<Vec<Session>>,
}

impl Sample {
    /// One in two files, another in an answer; one file could not be read.
    pub(super) fn of_both_places() -> Self {
        let (cookie, [first, second]) = (cookie(), [none("src/a.js", 12, "t"), none("src/b.js", 7, "u")]);
        let mut weaknesses = vec![cookie, second, first];
        sort(&mut weaknesses);
        let mut coverage = Coverage { files: 2, bytes: 1_200, allowed: 1, ..Coverage::default() };
        coverage.fail("src/c.js", "permission to read it is denied");
        Self { weaknesses, coverage, cookies: None }
    }

    /// A cookie of a server, and what is weak about it; another page of the server did not come.
    pub(super) fn of_a_server() -> Self {
        let mut coverage = Coverage::default();
        coverage.fail("https://example.org/", "its host did not answer in time");
        Self { weaknesses: vec![cookie()], coverage, cookies: Some(vec![seen("https://example.org/")]) }
    }

    /// What the author of a hostile repository or server would like to have printed.
    pub(super) fn hostile() -> Self {
        let hostile = "\n::error::x\x1b[2J<img src=x>##[error]\u{202e}{{now}}[a](javascript:b)";
        let mut file = none(hostile, 1, hostile);
        file.title = hostile.into();
        let mut answer = cookie();
        answer.place = Place::Answer { url: "javascript:x".into(), part: hostile.into() };
        answer.standards[0].url = "javascript:alert(1)".into();
        let mut coverage = Coverage { notes: vec![hostile.to_owned()], ..Coverage::default() };
        coverage.fail(hostile, hostile);
        let cookies = Some(vec![seen(hostile)]);
        Self { weaknesses: vec![file, answer], coverage, cookies }
    }

    pub(super) fn report(&self) -> WeaknessReport<'_> {
        WeaknessReport {
            weaknesses: &self.weaknesses,
            coverage: &self.coverage,
            looked: self
                .cookies
                .as_deref()
                .map_or(Looked::AtFiles, |cookies| Looked::AtAnswers { requests: 12, cookies }),
            named: &[],
            seconds: 0.41,
            now: 1_767_323_045,
        }
    }
}

/// A report as text.
pub(super) fn written(format: WeaknessFormat, report: &WeaknessReport<'_>) -> String {
    let mut out = Vec::new();
    report.write(format, Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn none(path: &str, line: u64, token: &str) -> Weakness {
    let location = Location { span: Span::new(100, 120), line, column: 3, end_line: line, end_column: 23 };
    Weakness {
        check: "jwt-none".into(),
        title: "tokens that nobody signed are taken".into(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        attack: "Anybody writes a token of their own.".into(),
        remedy: "Name the `algorithms` that you sign with.".into(),
        standards: vec![cited("RFC 8725", "3.1", "https://www.rfc-editor.org/rfc/rfc8725#section-3.1")],
        place: Place::File { path: PathName::new(path), location, columns: Some([3, 23]) },
        evidence: Some(format!("jwt.verify({token}, k, {{ algorithms: ['none'] }})")),
    }
}

fn cookie() -> Weakness {
    Weakness {
        check: "cookie-not-secure".into(),
        title: "session cookie is sent over plain HTTP".into(),
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        attack: "Whoever listens has the session.".into(),
        remedy: "Add `Secure`.".into(),
        standards: vec![cited("OWASP ASVS 5.0.0", "3.3.1", "https://github.com/OWASP/ASVS")],
        place: Place::Answer { url: "https://example.org/".into(), part: "Set-Cookie: id".into() },
        evidence: None,
    }
}

fn seen(url: &str) -> Session {
    let hostile = if url.starts_with("https://") { "" } else { url };
    Session {
        url: url.to_owned(),
        name: format!("id{hostile}"),
        shown: format!("id{hostile}=…; Path=/"),
        grade: 'C',
        role: Role::Named("PHP"),
        ids: Some(Ids {
            samples: 5,
            form: Form::Hex,
            lengths: (4, 4),
            alphabet: Some(16),
            bits_at_most: Some(8.0),
            positions: vec![0.0, 0.0, 3.94, 4.0],
            signs: vec![Sign::Counter(0, 2)],
            weak: true,
            limits: "Few show little.".to_owned(),
        }),
        fixation: Some(Fixation::Adopted),
    }
}

fn cited(standard: &'static str, section: &'static str, url: &'static str) -> Citation {
    Citation { standard: standard.into(), section: section.into(), url: url.into() }
}

#[test]
fn no_format_prints_what_acts() {
    let sample = Sample::hostile();
    for format in WeaknessFormat::ALL {
        let text = written(*format, &sample.report());
        let acts = |c| c != '\n' && crate::escape::hostile(c);
        assert!(!text.contains(acts) && !text.contains("##["), "{format}: {text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{format}: {text}");
    }
}
