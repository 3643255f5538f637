//! HTTP requests that Cloudflare's Logpush hands over.
//!
//! <https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/>. Times are RFC 3339, or seconds or nanoseconds since 1970.

use serde_json::Value;

use super::{
    super::{event::Format, time::Zone},
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let address = field::address(value, &["ClientIP"])?;
    let target = field::text(value, &["ClientRequestPath", "ClientRequestURI"])?;
    let status = field::status(value, &["EdgeResponseStatus", "OriginResponseStatus"]);
    let said = Said {
        at: field::instant(value, &["EdgeStartTimestamp", "EdgeEndTimestamp"], zone),
        address: Some(address),
        forwarded: forwarded(value),
        agent: field::text(value, &["ClientRequestUserAgent"]),
        action: field::action(&field::text(value, &["ClientRequestMethod"]).unwrap_or_default(), &target),
        object: field::text(value, &["ClientRequestHost"]),
        outcome: field::outcome(status),
        status,
        bytes: field::number(value, &["EdgeResponseBytes"]),
        ..Said::default()
    };
    Some((Format::Cloudflare, said))
}

/// Only as a custom field, then among the request's headers.
fn forwarded(value: &Value) -> Vec<core::net::IpAddr> {
    let headers = value.get("RequestHeaders");
    let chain = headers.and_then(|headers| field::text(headers, &["x-forwarded-for"]));
    chain.map(|chain| field::chain(&chain)).unwrap_or_default()
}
