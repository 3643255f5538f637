//! One JSON document: `{"schema":"stanch/1","tool":{…},"weaknesses":[…],"coverage":{…}}`, of servers with `"cookies":[…]` before the coverage. The objects are `model`'s and `cookies`'.

use std::io;

use super::{
    WeaknessReport,
    cookies::Cookie,
    model::{Coverage, Weakness},
};
use crate::report::{json::value, model::Tool, redact::Redactor};

/// Writes one document.
pub(super) fn write(report: &WeaknessReport<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let whole = report.without_incidents();
    let redactor = Redactor::new(&whole);
    out.write_all(b"{\"schema\":\"stanch/1\",\"tool\":")?;
    value(out, &Tool::THIS)?;
    out.write_all(b",\"weaknesses\":[")?;
    for (nth, weakness) in report.weaknesses.iter().enumerate() {
        out.write_all(if nth == 0 { b"\n" } else { b",\n" })?;
        value(out, &Weakness::new(weakness, &redactor))?;
    }
    if let Some(cookies) = report.cookies() {
        out.write_all(b"\n],\"cookies\":[")?;
        for (nth, cookie) in cookies.iter().enumerate() {
            out.write_all(if nth == 0 { b"\n" } else { b",\n" })?;
            value(out, &Cookie::new(cookie, &redactor))?;
        }
    }
    out.write_all(b"\n],\"coverage\":")?;
    value(out, &Coverage::new(report, &whole, &redactor))?;
    out.write_all(b"}\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::{
        WeaknessFormat,
        weaknesses::samples::{Sample, written},
    };

    #[test]
    fn cookies_of_servers_stand_beside_weaknesses() {
        let sample = Sample::of_a_server();
        let document: Value = serde_json::from_str(&written(WeaknessFormat::Json, &sample.report())).unwrap();
        let expected = json!({
            "type": "cookie", "url": "https://example.org/", "name": "id", "cookie": "id=…; Path=/", "grade": "C", "session": "named",
            "framework": "PHP", "fixation": "adopted",
            "ids": {
                "samples": 5, "form": "hex", "shortest": 4, "longest": 4, "alphabet": 16, "bits_at_most": 8.0, "bits_by_position": [0.0, 0.0, 3.9, 4.0],
                "signs": [{ "sign": "counter", "text": "the characters 0 to 1 count up", "from": 0, "to": 2 }],
                "weak": true, "limits": "Few show little.",
            },
        });
        assert_eq!(document["cookies"], json!([expected]));
        assert_eq!(document["coverage"]["requests"], 12);
    }

    #[test]
    fn a_document_holds_weaknesses_and_coverage() {
        let sample = Sample::of_both_places();
        let document: Value = serde_json::from_str(&written(WeaknessFormat::Json, &sample.report())).unwrap();
        assert_eq!(document["schema"], "stanch/1");
        let first = &document["weaknesses"][0];
        assert_eq!((&first["type"], &first["check"]), (&json!("weakness"), &json!("jwt-none")));
        assert_eq!((&first["path"], &first["line"], &first["column"]), (&json!("src/a.js"), &json!(12), &json!(3)));
        assert_eq!(first["standards"][0]["section"], "3.1");
        let second = &document["weaknesses"][2];
        assert_eq!((&second["url"], &second["part"]), (&json!("https://example.org/"), &json!("Set-Cookie: id")));
        assert!(second.get("path").is_none() && second.get("evidence").is_none());
        assert_eq!(document["coverage"]["complete"], false);
        assert!(document.get("incidents").is_none() && document.get("cookies").is_none());
    }
}
