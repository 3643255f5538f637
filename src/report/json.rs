//! One JSON document. Its objects are `model`'s; what is written here goes out as it is made, whatever its size.
//!
//! Strings are escaped beyond what JSON asks for, so that a document can be shown in a terminal or a CI log: parsers see no
//! difference.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::escape;

use super::{
    Report, Reporter,
    model::{self, Tool},
    redact::Redactor,
};

/// Writes one document.
pub(super) struct Json;

impl Reporter for Json {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let redactor = Redactor::new(report);
        out.write_all(b"{\"schema\":\"stanch/1\",\"tool\":")?;
        value(out, &Tool::THIS)?;
        out.write_all(b",\"incidents\":[")?;
        for (nth, incident) in report.incidents.iter().enumerate() {
            out.write_all(if nth == 0 { b"\n" } else { b",\n" })?;
            value(out, &model::Incident::new(incident, report, &redactor))?;
        }
        out.write_all(b"\n],\"playbooks\":")?;
        value(out, &model::Playbook::all(report))?;
        out.write_all(b",\"coverage\":")?;
        value(out, &model::Coverage::new(report, &redactor))?;
        out.write_all(b"}\n")
    }
}

/// Writes one value, on one line.
pub(crate) fn value(out: &mut dyn io::Write, value: &impl Serialize) -> io::Result<()> {
    // The serializer writes a few bytes at a time, which costs less before it gets to whatever `out` is.
    let mut buffer = io::BufWriter::new(out);
    value.serialize(&mut Serializer::with_formatter(&mut buffer, Shown))?;
    buffer.flush()
}

/// Escapes what a terminal or a CI log would act upon.
struct Shown;

impl Formatter for Shown {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // Almost all of what is written: nothing in it acts.
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'#') {
            return out.write_all(fragment.as_bytes());
        }
        let mut kept = 0;
        for (at, c) in fragment.char_indices() {
            let command = c == '#' && fragment[..at].ends_with('#');
            if !command && !escape::hostile(c) {
                continue;
            }
            out.write_all(&fragment.as_bytes()[kept..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            kept = at + c.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[kept..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::samples::{Sample, any_text, snapshot, written};

    #[test]
    fn a_document_holds_incidents_and_coverage() {
        insta::assert_snapshot!(snapshot(&Json, &Sample::github().report()));
    }

    #[test]
    fn nothing_found_is_a_document_too() {
        let text = written(&Json, &Sample::default().report());
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["schema"], "stanch/1");
        assert_eq!(document["incidents"], serde_json::json!([]));
        assert_eq!(document["coverage"]["complete"], true);
    }

    proptest! {
        /// Whatever the text, parsers read it back, and a terminal sees nothing but characters.
        #[test]
        fn strings_are_shown_and_read_back(text in any_text()) {
            let mut out = Vec::new();
            value(&mut out, &text).unwrap();
            let out = String::from_utf8(out).unwrap();
            prop_assert!(!out.contains(escape::hostile) && !out.contains("##"), "{out:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
