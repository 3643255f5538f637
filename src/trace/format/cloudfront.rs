//! Standard logs of AWS CloudFront, in the W3C extended format.
//!
//! Columns parted by tabs; `#Fields:` at the top of a file names them, and this is their order where it does not
//! (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html>). Times are UTC. User agents, URIs and cookies are percent-encoded.

use super::{
    super::{
        event::Format,
        time::{self, Instant, Zone},
    },
    Columns, Said, field, request,
};

/// The order of the columns that are read, from the first on.
const ORDER: [&str; 20] = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
];

pub(super) fn columns(first: &str) -> Option<Columns> {
    let fields = first.lines().find_map(|line| line.strip_prefix("#Fields:"))?;
    Some(Columns { names: fields.split_whitespace().map(str::to_owned).collect(), separator: b'\t' })
}

/// A line of the documented order.
pub(super) fn read(line: &str) -> Option<(Format, Said)> {
    let names: Vec<String> = ORDER.iter().map(|name| (*name).to_owned()).collect();
    with(line, &names)
}

/// A line with these columns.
pub(super) fn with(line: &str, names: &[String]) -> Option<(Format, Said)> {
    let values: Vec<&str> = line.split('\t').collect();
    if values.len() < names.len() {
        return None;
    }
    let of = |name: &str| {
        let ix = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        values.get(ix).copied().filter(|value| !value.is_empty() && *value != "-")
    };
    let status = of("sc-status").and_then(|status| status.parse().ok());
    let said = Said {
        at: Some(instant(of("date"), of("time"), of("timestamp"))?),
        address: field::ip(of("c-ip")?),
        forwarded: of("x-forwarded-for").map(field::chain).unwrap_or_default(),
        agent: of("cs(User-Agent)").map(|agent| agent.replace("%20", " ")),
        action: field::action(of("cs-method")?, of("cs-uri-stem")?),
        object: of("cs(Host)").or_else(|| of("x-host-header")).map(str::to_owned),
        outcome: field::outcome(status),
        status,
        bytes: of("sc-bytes").and_then(|bytes| bytes.parse().ok()),
        request: of("x-edge-request-id").and_then(request::named),
        ..Said::default()
    };
    Some((Format::CloudFront, said))
}

fn instant(date: Option<&str>, clock: Option<&str>, stamp: Option<&str>) -> Option<Instant> {
    match (date, clock, stamp) {
        (Some(date), Some(clock), _) => time::parse(&format!("{date}T{clock}Z"), &Zone::default()),
        (_, _, Some(stamp)) => time::parse(stamp, &Zone::default()),
        _ => None,
    }
}
