//! Where a result is: a URI, and a region in the units that SARIF counts.

use serde::Serialize;

use super::{MOST_TEXT, Text};
use crate::{
    blob::PathName,
    escape,
    incident::{Incident, Occurrence, SourceKind},
    report::{columns, redact::Redactor},
};

/// A location.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_region: Option<Context>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
    end_line: u64,
    end_column: u64,
    byte_offset: u64,
    byte_length: u64,
    snippet: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    start_line: u64,
    end_line: u64,
    snippet: Text,
}

impl Place {
    pub(super) fn new(incident: &Incident, found: &Occurrence, redactor: &Redactor<'_>) -> Self {
        let region = Region::new(incident, found);
        let context_region = Context::new(found, redactor);
        Self {
            physical_location: Physical { artifact_location: Artifact::new(found, redactor), region, context_region },
        }
    }
}

impl Artifact {
    /// Always relative where that is possible: GitHub refuses files that mix kinds of absolute URIs.
    fn new(found: &Occurrence, redactor: &Redactor<'_>) -> Self {
        let Some(path) = &found.path else {
            return Self::relative(match (found.source, found.git.as_ref().and_then(|git| git.blob)) {
                (SourceKind::Stdin, _) => "stdin".to_owned(),
                // Where git keeps a blob that no tree names.
                (_, Some(blob)) => object_path(&blob.to_string()),
                (_, None) => "unnamed".to_owned(),
            });
        };
        Self::file(path, redactor)
    }

    /// A file.
    pub(in crate::report) fn file(path: &PathName, redactor: &Redactor<'_>) -> Self {
        let bytes = redactor.bytes(path.as_bytes());
        if is_absolute(path) {
            let slash = if bytes.starts_with(b"/") { "" } else { "/" };
            return Self { uri: format!("file://{slash}{}", escape::uri_path(&bytes)), uri_base_id: None };
        }
        let bytes = bytes.strip_prefix(b"./").unwrap_or(&bytes);
        Self::relative(if bytes.is_empty() { ".".to_owned() } else { escape::uri_path(bytes) })
    }

    /// What is found at an address.
    pub(in crate::report) fn address(url: &str) -> Self {
        Self { uri: url.to_owned(), uri_base_id: None }
    }

    fn relative(uri: String) -> Self {
        Self { uri, uri_base_id: Some("%SRCROOT%") }
    }
}

fn object_path(id: &str) -> String {
    let (folder, file) = id.split_at_checked(2).unwrap_or((id, ""));
    format!(".git/objects/{folder}/{file}")
}

fn is_absolute(path: &PathName) -> bool {
    let drive = |bytes: &[u8]| matches!(bytes, [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    path.as_bytes().starts_with(b"/") || cfg!(windows) && drive(path.as_bytes())
}

impl Region {
    fn new(incident: &Incident, found: &Occurrence) -> Self {
        let at = found.location;
        let (start_column, end_column) = columns::utf16(incident, found);
        Self {
            start_line: at.line.max(1),
            start_column,
            end_line: at.end_line.max(1),
            end_column,
            byte_offset: at.span.start(),
            byte_length: at.span.len(),
            snippet: Text { text: escape::terminal(&found.excerpt.masked).into_owned() },
        }
    }
}

impl Context {
    fn new(found: &Occurrence, redactor: &Redactor<'_>) -> Option<Self> {
        let excerpt = &found.excerpt;
        let (before, after) = (redactor.text(&excerpt.before), redactor.text(&excerpt.after));
        let text = format!("{before}{}{after}", excerpt.masked);
        if text.is_empty() {
            return None;
        }
        let text = escape::cut(&escape::terminal(&text), MOST_TEXT).into_owned();
        let (start_line, end_line) = (found.location.line.max(1), found.location.end_line.max(1));
        Some(Self { start_line, end_line, snippet: Text { text } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::Excerpt,
        location::{Location, Span, utf16_len},
        report::samples::Sample,
        secret::{Secret, Shown},
    };

    /// The region of `secret` behind `before`, in a text of these lines.
    fn region(before: &str, secret: &str) -> (u64, u64, u64, u64) {
        let mut incident = Sample::incident(Secret::new(secret.as_bytes(), Shown::Nothing));
        let whole = format!("{before}{secret}");
        let found = &mut incident.occurrences[0];
        found.location = crate::blob::Window::whole(whole.as_bytes()).locate(before.len()..whole.len());
        let line = before.rsplit('\n').next().unwrap();
        let wide = line.len() as u64 - utf16_len(line.as_bytes());
        found.excerpt = Excerpt { before: line.to_owned(), masked: "…".to_owned(), wide, ..Excerpt::default() };
        let region = Region::new(&incident, &incident.occurrences[0]);
        (region.start_line, region.start_column, region.end_line, region.end_column)
    }

    #[test]
    fn columns_are_code_units() {
        assert_eq!(region("ab=", "secret"), (1, 4, 1, 10));
        assert_eq!(region("x\né€😀=", "secret"), (2, 6, 2, 12));
        assert_eq!(region("k=", "pässwörd"), (1, 3, 1, 11));
        assert_eq!(region("k=", "one\ntwö\n"), (1, 3, 2, 5));
        assert_eq!(region("k=", "one\ntwö"), (1, 3, 2, 4));
    }

    #[test]
    fn a_decoded_secret_ends_where_its_bytes_do() {
        let mut incident = Sample::incident(Secret::new(b"decoded", Shown::Nothing));
        incident.occurrences[0].location =
            Location { span: Span::new(2, 12), line: 1, column: 3, end_line: 1, end_column: 13 };
        assert_eq!(Region::new(&incident, &incident.occurrences[0]).end_column, 13);
    }

    #[test]
    fn paths_become_relative_uris() {
        let uri = |path: Option<&[u8]>| {
            let mut incident = Sample::incident(Secret::new(b"x", Shown::Nothing));
            incident.occurrences[0].path = path.map(PathName::new);
            let sample = Sample::default();
            let artifact = Artifact::new(&incident.occurrences[0], &Redactor::new(&sample.report()));
            (artifact.uri, artifact.uri_base_id.is_some())
        };
        assert_eq!(uri(Some(b"a b/#1/100%/\xff")), ("a%20b/%231/100%25/%FF".to_owned(), true));
        assert_eq!(uri(Some(b"./a:b")), ("a%3Ab".to_owned(), true));
        assert_eq!(uri(Some(b"/tmp/x y")), ("file:///tmp/x%20y".to_owned(), false));
        assert_eq!(uri(Some(b"")), (".".to_owned(), true));
        assert_eq!(uri(None), ("unnamed".to_owned(), true));
    }
}
