//! JSON Lines: an incident a line, then the playbooks of their rules, the coverage last. The objects are `model`'s.

use std::io;

use super::{Report, Reporter, json, model, redact::Redactor};

/// Writes one object a line.
pub(super) struct Jsonl;

impl Reporter for Jsonl {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let redactor = Redactor::new(report);
        json::incidents(out, report, &redactor, b"\n")?;
        if !report.incidents.is_empty() {
            out.write_all(b"\n")?;
        }
        for playbook in model::Playbook::all(report) {
            json::value(out, &playbook)?;
            out.write_all(b"\n")?;
        }
        json::value(out, &model::Coverage::new(report, &redactor))?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::{
        json::Json,
        samples::{Sample, written},
    };

    #[test]
    fn the_last_line_is_the_coverage() {
        let sample = Sample::github();
        let text = written(&Jsonl, &sample.report());
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["incident", "incident", "playbook", "coverage"]);
        assert!(text.lines().all(|line| line.starts_with("{\"type\":\"")));
    }

    #[test]
    fn lines_are_the_objects_of_the_document() {
        let sample = Sample::github();
        let document: Value = serde_json::from_str(&written(&Json, &sample.report())).unwrap();
        let mut lines: Vec<Value> =
            written(&Jsonl, &sample.report()).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.pop().unwrap(), document["coverage"]);
        let playbooks = lines.split_off(document["incidents"].as_array().unwrap().len());
        assert_eq!(Value::Array(playbooks), document["playbooks"]);
        assert_eq!(Value::Array(lines), document["incidents"]);
    }
}
