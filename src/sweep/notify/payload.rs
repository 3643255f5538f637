//! The message for programs, as `docs/sweep.md` describes it. Fields are written in the order of declaration.

use std::io;

use serde::Serialize;

use super::{Guard, Notice, Pending};
use crate::{
    report::{rfc3339, write_json},
    sweep::owners::By,
};

/// Names the format.
const SCHEMA: &str = "stanch-notify/1";

#[derive(Serialize)]
struct Message<'a> {
    schema: &'static str,
    r#type: &'static str,
    timestamp: Option<String>,
    key: &'a str,
    count: u64,
    more: u64,
    incidents: Vec<Incident>,
}

#[derive(Serialize)]
struct Incident {
    id: String,
    change: &'static str,
    at: Option<String>,
    rule: String,
    provider: String,
    name: String,
    severity: String,
    secret: Hidden,
    verdict: Verdict,
    repositories: u64,
    occurrences: u64,
    places: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

#[derive(Serialize)]
struct Hidden {
    masked: String,
}

#[derive(Serialize)]
struct Verdict {
    status: String,
}

#[derive(Serialize)]
struct Place {
    repository: String,
    path: Option<String>,
    line: Option<u64>,
}

#[derive(Serialize)]
struct Owner {
    team: Option<String>,
    person: Option<String>,
    by: By,
}

/// The message as JSON.
pub(super) fn write(pending: &Pending, guard: &mut Guard<'_>) -> io::Result<Vec<u8>> {
    let listed = pending.listed();
    let message = Message {
        schema: SCHEMA,
        r#type: "sweep.incidents",
        timestamp: rfc3339(pending.at()),
        key: &pending.key,
        count: pending.count(),
        more: pending.count() - listed.len() as u64,
        incidents: listed.iter().map(|notice| incident(notice, guard)).collect(),
    };
    let mut out = Vec::new();
    write_json(&mut out, &message)?;
    Ok(out)
}

fn incident(notice: &Notice, guard: &mut Guard<'_>) -> Incident {
    let mut text = |text: &String| guard.text(text);
    let places = notice.places.iter().take(Notice::MOST_PLACES).map(|place| Place {
        repository: text(&place.repository),
        path: place.path.as_ref().map(&mut text),
        line: place.line,
    });
    let places = places.collect();
    let owner = notice.owner.as_ref().map(|owner| Owner {
        team: owner.team.as_ref().map(&mut text),
        person: owner.person.as_ref().map(&mut text),
        by: owner.by,
    });
    Incident {
        id: text(&notice.incident),
        change: notice.change.name(),
        at: rfc3339(notice.at),
        rule: text(&notice.rule),
        provider: text(&notice.provider),
        name: text(&notice.name),
        severity: text(&notice.severity),
        secret: Hidden { masked: text(&notice.masked) },
        verdict: Verdict { status: text(&notice.verdict) },
        repositories: notice.repositories,
        occurrences: notice.occurrences,
        places,
        owner,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::pending, *};
    use crate::{detect::Detector, rules::Ruleset};

    #[test]
    fn it_is_as_documented() {
        let detector = Detector::new(Ruleset::builtin().rules().to_vec());
        let json = write(&pending(1, 2), &mut Guard::new(&detector)).unwrap();
        let documented = r#"{"schema":"stanch-notify/1","type":"sweep.incidents","timestamp":"2026-01-02T03:04:05Z","key":"1a2b3c4d","count":3,"more":2,
"incidents":[{"id":"00000000000000000000000000000001","change":"reopened","at":"2026-01-02T03:04:05Z","rule":"github-pat","provider":"github",
"name":"GitHub personal access token (classic)","severity":"critical","secret":{"masked":"ghp_…x8Q2"},"verdict":{"status":"unchecked"},
"repositories":40,"occurrences":41,"places":[{"repository":"acme/app","path":"deploy/.env","line":3}],
"owner":{"team":"@acme/ops","person":null,"by":"CODEOWNERS"}}]}"#;
        assert_eq!(String::from_utf8(json).unwrap(), documented.replace('\n', ""));
        let guide = include_str!("../../../docs/sweep.md");
        assert!(guide.contains(documented), "docs/sweep.md shows another message");
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let detector = Detector::new(Vec::new());
        let json = write(&pending(25, 100), &mut Guard::new(&detector)).unwrap();
        let message: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(message["incidents"].as_array().unwrap().len(), Pending::MOST);
        assert_eq!([&message["count"], &message["more"]], [125, 105]);
        // Standard Webhooks recommends that payloads stay below.
        assert!(json.len() < 20_000, "{}", json.len());
    }
}
