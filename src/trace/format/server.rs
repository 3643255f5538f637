//! JSON that nginx and Apache write, whose fields the administrator names after the server's variables.
//!
//! nginx: `log_format … escape=json` with <https://nginx.org/en/docs/varindex.html>; Apache: `LogFormat` with the names of
//! <https://httpd.apache.org/docs/2.4/mod/mod_log_config.html> as they are usual for JSON, and its `ErrorLogFormat`-less module
//! `mod_log_json` (`remote_host`, `time`, `request`, `status`).

use serde_json::Value;

use super::{
    super::{event::Format, time::Zone},
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    nginx(value, zone).or_else(|| apache(value, zone))
}

fn nginx(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let address = field::address(value, &["remote_addr"])?;
    let status = field::status(value, &["status"]);
    let said = Said {
        at: field::instant(value, &["time_iso8601", "msec", "time_local", "time", "@timestamp", "timestamp"], zone),
        address: Some(address),
        forwarded: chain(value, &["http_x_forwarded_for", "x_forwarded_for"]),
        agent: field::text(value, &["http_user_agent", "user_agent"]),
        action: action(value, &["request_method", "method"], &["request_uri", "uri"])?,
        object: field::text(value, &["host", "http_host", "server_name"]),
        outcome: field::outcome(status),
        status,
        bytes: field::number(value, &["body_bytes_sent", "bytes_sent"]),
        principal: field::text(value, &["remote_user"]),
        ..Said::default()
    };
    Some((Format::Nginx, said))
}

fn apache(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let address = field::address(value, &["remote_host", "remoteIP", "remoteip", "clientip"])?;
    let status = field::status(value, &["status", "response"]);
    let said = Said {
        at: Some(field::instant(value, &["time", "timestamp", "@timestamp"], zone)?),
        address: Some(address),
        forwarded: chain(value, &["x_forwarded_for", "X-Forwarded-For", "forwarded_for"]),
        agent: field::text(value, &["user_agent", "userAgent", "agent", "User-Agent"]),
        action: action(value, &["method", "request_method", "verb"], &["request_uri", "url", "uri", "path"])?,
        object: field::text(value, &["host", "vhost", "server", "server_name"]),
        outcome: field::outcome(status),
        status,
        bytes: field::number(value, &["bytes", "bytes_sent", "size"]),
        principal: field::text(value, &["remote_user", "user", "auth"]),
        ..Said::default()
    };
    Some((Format::Apache, said))
}

/// Method and path: named each, or both in the request line.
fn action(value: &Value, methods: &[&str], targets: &[&str]) -> Option<String> {
    if let (Some(method), Some(target)) = (field::text(value, methods), field::text(value, targets)) {
        return Some(field::action(&method, &target));
    }
    let line = field::text(value, &["request", "request_line"])?;
    let mut words = line.split(' ');
    Some(field::action(words.next()?, words.next().unwrap_or_default()))
}

fn chain(value: &Value, paths: &[&str]) -> Vec<core::net::IpAddr> {
    field::text(value, paths).map(|chain| field::chain(&chain)).unwrap_or_default()
}
