//! JSON lines and CSV whose fields the user names (`--fields at=time,address=ip,…`), or that are called what is usual.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome},
        time::{self, Zone},
    },
    Said, field,
};

/// What a record can say, and which fields or columns say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(&'static str, String)>);

/// A mapping that is none.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` maps no field: one of {names} has to be before the `=`, and a name behind it", names = NAMES.join(", "))]
pub struct NoField(String);

/// What can be mapped.
const NAMES: [&str; 11] =
    ["at", "address", "forwarded", "agent", "action", "method", "path", "object", "status", "outcome", "principal"];

/// What these are usually called where the user says nothing, in lower case.
const USUAL: [(&str, &[&str]); 11] = [
    ("at", &["at", "time", "timestamp", "@timestamp", "ts", "date", "datetime", "created_at", "event_time"]),
    (
        "address",
        &["address", "ip", "client_ip", "ip_address", "remote_addr", "remote_ip", "source_ip", "src_ip", "clientip"],
    ),
    ("forwarded", &["forwarded", "x_forwarded_for", "x-forwarded-for", "forwarded_for"]),
    ("agent", &["agent", "user_agent", "useragent", "user-agent", "ua"]),
    ("action", &["action", "event", "event_type", "event_name", "operation"]),
    ("method", &["method", "http_method", "verb", "request_method"]),
    ("path", &["path", "uri", "url", "request_uri", "request_path"]),
    ("object", &["object", "resource", "target"]),
    ("status", &["status", "status_code", "code", "http_status"]),
    ("outcome", &["outcome", "result"]),
    ("principal", &["principal", "user", "username", "user_id", "actor", "email", "account", "subject"]),
];

impl Fields {
    /// `at=time,address=ip,…`.
    ///
    /// # Errors
    /// If what stands before a `=` is nothing that can be mapped.
    pub fn parse(text: &str) -> Result<Self, NoField> {
        let pair = |pair: &str| {
            let (name, field) = pair.split_once('=')?;
            let name = NAMES.into_iter().find(|known| *known == name.trim())?;
            (!field.trim().is_empty()).then(|| (name, field.trim().to_owned()))
        };
        text.split(',')
            .map(|text| pair(text).ok_or_else(|| NoField(text.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the user named none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, field)| field.as_str())
    }

    /// A JSON record that has the fields which the user named for the time, or for what was done.
    pub(super) fn json(&self, value: &Value, zone: &Zone) -> Option<(Format, Said)> {
        let needed = self.of("at").or_else(|| self.of("action")).or_else(|| self.of("path"))?;
        field::at(value, needed)?;
        let said = said(&|name| field::text(value, &[self.of(name)?]), zone)?;
        Some((Format::Json, said))
    }

    /// A CSV record of these columns.
    pub(super) fn csv(&self, columns: &[String], values: &[String], zone: &Zone) -> Option<(Format, Said)> {
        let column = |wanted: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(wanted));
        let of = |name: &str| {
            let ix = if self.is_empty() {
                usual_names(name).iter().find_map(|wanted| column(wanted))?
            } else {
                column(self.of(name)?)?
            };
            values.get(ix).filter(|value| !value.is_empty()).cloned()
        };
        said(&of, zone).map(|said| (Format::Csv, said))
    }
}

/// A JSON record whose fields are called what is usual.
pub(super) fn usual(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let object = value.as_object()?;
    let named = |wanted: &str| object.keys().find(|key| key.eq_ignore_ascii_case(wanted));
    let of = |name: &str| {
        usual_names(name).iter().find_map(|wanted| {
            field::text(object.get(named(wanted)?)?, &[""]).or_else(|| plain(object.get(named(wanted)?)?))
        })
    };
    let said = said(&of, zone)?;
    (said.at.is_some() && (said.address.is_some() || said.principal.is_some())).then_some((Format::Json, said))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether columns so named are those of a log: they have a time, and who or from where.
pub(super) fn tell_events(columns: &[String], fields: &Fields) -> bool {
    let has = |wanted: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(wanted));
    if !fields.is_empty() {
        return fields.0.iter().any(|(_, field)| has(field));
    }
    let any = |name: &str| usual_names(name).iter().any(|wanted| has(wanted));
    any("at") && (any("address") || any("principal"))
}

fn usual_names(name: &str) -> &'static [&'static str] {
    USUAL.iter().find(|(known, _)| *known == name).map_or(&[], |(_, names)| names)
}

/// What the fields say, each by its name here. Nothing if none of them says what was done or when.
fn said(of: &dyn Fn(&str) -> Option<String>, zone: &Zone) -> Option<Said> {
    let action = match (of("method"), of("path"), of("action")) {
        (Some(method), Some(path), _) => field::action(&method, &path),
        (_, Some(path), None) => field::action("", &path),
        (method, _, action) => action.or(method).unwrap_or_default(),
    };
    let at = of("at").and_then(|text| time::parse(&text, zone));
    if at.is_none() && action.is_empty() {
        return None;
    }
    let status = of("status").and_then(|status| status.parse().ok()).filter(|status| (100..600).contains(status));
    let outcome = of("outcome").map_or(Outcome::Unknown, |text| named(&text));
    Some(Said {
        at,
        address: of("address").and_then(|text| field::ip(&text)),
        forwarded: of("forwarded").map(|chain| field::chain(&chain)).unwrap_or_default(),
        agent: of("agent"),
        action,
        object: of("object"),
        outcome: if outcome == Outcome::Unknown { field::outcome(status) } else { outcome },
        status,
        principal: of("principal"),
        ..Said::default()
    })
}

/// What came of it, by a word.
fn named(text: &str) -> Outcome {
    match text.to_ascii_lowercase().as_str() {
        "allowed" | "allow" | "success" | "succeeded" | "ok" | "true" => Outcome::Allowed,
        "denied" | "deny" | "forbidden" | "unauthorized" | "rejected" => Outcome::Denied,
        "failed" | "failure" | "error" | "false" => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}
