//! One JSON document. Its objects are `model`'s; what is written here goes out as it is made, whatever its size.
//!
//! Strings are escaped beyond what JSON asks for, so that a document can be shown in a terminal or a CI log: parsers see no
//! difference.

use std::io::{self, Write as _};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::{escape, incident};

use super::{
    Report, Reporter,
    model::{self, Tool},
    redact::Redactor,
};

/// How many places one thread makes text of at a time: half a megabyte of it, or so.
const BATCH: usize = 1 << 10;

/// Writes one document.
pub(super) struct Json;

impl Reporter for Json {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let redactor = Redactor::new(report);
        out.write_all(b"{\"schema\":\"stanch/1\",\"tool\":")?;
        value(out, &Tool::THIS)?;
        out.write_all(b",\"incidents\":[")?;
        if !report.incidents.is_empty() {
            out.write_all(b"\n")?;
        }
        incidents(out, report, &redactor, b",\n")?;
        out.write_all(b"\n],\"playbooks\":")?;
        value(out, &model::Playbook::all(report))?;
        out.write_all(b",\"coverage\":")?;
        value(out, &model::Coverage::new(report, &redactor))?;
        out.write_all(b"}\n")
    }
}

/// Writes all incidents in their order, `between` each two. Of many, some are made text of by other threads while others are written.
pub(super) fn incidents(
    out: &mut dyn io::Write,
    report: &Report<'_>,
    redactor: &Redactor<'_>,
    between: &[u8],
) -> io::Result<()> {
    let batches = batches(report.incidents);
    let [first, rest @ ..] = &batches[..] else { return Ok(()) };
    batch(out, first, report, redactor, between)?;
    if rest.is_empty() {
        // Starting threads takes longer than most reports.
        return Ok(());
    }
    // Of each thread, a text that is being made and one that is being written.
    let threads = rayon::current_num_threads();
    let (mut made, mut next) = (vec![Vec::new(); threads], vec![Vec::new(); threads]);
    // Behind the last round there is nothing to make, and its text to write.
    for round in rest.chunks(threads).chain([&[][..]]) {
        let mut result = Ok(());
        let render = |(text, incidents): (&mut Vec<u8>, &&[incident::Incident])| {
            text.extend_from_slice(between);
            batch(text, incidents, report, redactor, between)
        };
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| result = next.par_iter_mut().zip(round).try_for_each(render));
            made.iter_mut().try_for_each(|text| out.write_all(text).map(|()| text.clear()))
        })?;
        result?;
        std::mem::swap(&mut made, &mut next);
    }
    Ok(())
}

/// Incidents in a row that have some [`BATCH`] places together; one that has more is for itself.
fn batches(mut incidents: &[incident::Incident]) -> Vec<&[incident::Incident]> {
    let mut batches = Vec::new();
    while !incidents.is_empty() {
        let mut places = 0;
        let fits = |incident: &&incident::Incident| {
            places += incident.occurrences.len();
            places <= BATCH
        };
        let count = incidents.iter().take_while(fits).count().max(1);
        let (batch, rest) = incidents.split_at(count);
        batches.push(batch);
        incidents = rest;
    }
    batches
}

fn batch(
    out: &mut dyn io::Write,
    incidents: &[incident::Incident],
    report: &Report<'_>,
    redactor: &Redactor<'_>,
    between: &[u8],
) -> io::Result<()> {
    for (nth, incident) in incidents.iter().enumerate() {
        if nth > 0 {
            out.write_all(between)?;
        }
        value(out, &model::Incident::new(incident, report, redactor))?;
    }
    Ok(())
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

    /// More incidents than one batch takes, one of them with more places than that.
    #[test]
    fn many_incidents_are_written_as_few_are() {
        let mut sample = Sample::github();
        let one = sample.incidents.swap_remove(0);
        let mut all: Vec<incident::Incident> = vec![one; 3 * BATCH];
        for (incident, line) in all.iter_mut().zip(1..) {
            incident.occurrences.truncate(1);
            incident.occurrences[0].location.line = line;
        }
        all[350].occurrences = vec![all[350].occurrences[0].clone(); BATCH + 1];
        all[351].occurrences = vec![all[351].occurrences[0].clone(); BATCH / 2];
        sample.incidents = all;
        assert!(batches(&sample.incidents).len() > 3);
        let document: serde_json::Value = serde_json::from_str(&written(&Json, &sample.report())).unwrap();
        let written = document["incidents"].as_array().unwrap();
        assert_eq!(written.len(), 3 * BATCH);
        for (written, incident) in written.iter().zip(&sample.incidents) {
            assert_eq!(written["occurrences"][0]["line"], incident.occurrences[0].location.line);
            assert_eq!(written["occurrences"].as_array().unwrap().len(), incident.occurrences.len());
        }
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
