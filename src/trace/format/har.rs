//! Entries of HTTP archives, as browsers and proxies save them.
//!
//! HAR 1.2: <http://www.softwareishard.com/blog/har-12-spec/>. The archive is the client's own: it knows no peer, and whose session it
//! was is for its reader to know.

use serde_json::Value;

use super::{
    super::{event::Format, time::Zone},
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    value.get("startedDateTime")?;
    let request = value.get("request")?;
    let (method, url) = (field::text(request, &["method"])?, field::text(request, &["url"])?);
    let status = field::status(value, &["response.status"]);
    let said = Said {
        at: field::instant(value, &["startedDateTime"], zone),
        forwarded: header(request, "x-forwarded-for").map(|chain| field::chain(&chain)).unwrap_or_default(),
        agent: header(request, "user-agent"),
        action: field::action(&method, &url),
        object: host(&url),
        outcome: field::outcome(status),
        status,
        bytes: field::number(value, &["response.content.size", "response.bodySize"]),
        ..Said::default()
    };
    Some((Format::Har, said))
}

fn header(request: &Value, wanted: &str) -> Option<String> {
    let headers = request.get("headers")?.as_array()?;
    let is_wanted =
        |header: &&Value| field::text(header, &["name"]).is_some_and(|name| name.eq_ignore_ascii_case(wanted));
    field::text(headers.iter().find(is_wanted)?, &["value"])
}

/// The host of a URL, without a login.
fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    Some(authority.rsplit('@').next().unwrap_or(authority).to_owned())
}
