//! JSON Lines: a weakness a line, then the cookies of servers, the coverage last. The objects are `model`'s and `cookies`'.

use std::io;

use super::{
    WeaknessReport,
    cookies::Cookie,
    model::{Coverage, Weakness},
};
use crate::report::{json::value, redact::Redactor};

/// Writes one object a line.
pub(super) fn write(report: &WeaknessReport<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let whole = report.without_incidents();
    let redactor = Redactor::new(&whole);
    for weakness in report.weaknesses {
        value(out, &Weakness::new(weakness, &redactor))?;
        out.write_all(b"\n")?;
    }
    for cookie in report.cookies().unwrap_or_default() {
        value(out, &Cookie::new(cookie, &redactor))?;
        out.write_all(b"\n")?;
    }
    value(out, &Coverage::new(report, &whole, &redactor))?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::{
        WeaknessFormat,
        weaknesses::samples::{Sample, written},
    };

    #[test]
    fn lines_are_the_objects_of_the_document() {
        let sample = Sample::of_a_server();
        let document: Value = serde_json::from_str(&written(WeaknessFormat::Json, &sample.report())).unwrap();
        let text = written(WeaknessFormat::Jsonl, &sample.report());
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.pop().unwrap(), document["coverage"]);
        let cookies = lines.split_off(document["weaknesses"].as_array().unwrap().len());
        assert_eq!(
            (Value::Array(lines), Value::Array(cookies)),
            (document["weaknesses"].clone(), document["cookies"].clone())
        );
        assert!(text.lines().all(|line| line.starts_with("{\"type\":\"")));
    }
}
