//! Fields of JSON records: found by path, read as what they should be.

use core::net::{IpAddr, SocketAddr};

use serde_json::Value;

use super::super::{
    event::Outcome,
    time::{self, Instant, Zone},
};

/// The value at `path`, whose steps are parted by dots.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    // A name may hold dots itself: then the whole is a name.
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    let inner = match value {
        Value::Array(items) => items.get(first.parse::<usize>().ok()?)?,
        _ => value.get(first)?,
    };
    at(inner, rest)
}

/// The text at the first of `paths` that has one which is not empty.
pub(super) fn text(value: &Value, paths: &[&str]) -> Option<String> {
    let printed = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    paths.iter().find_map(|path| printed(at(value, path)?).filter(|text| !text.is_empty() && text != "-"))
}

/// The time at the first of `paths` that has one.
pub(super) fn instant(value: &Value, paths: &[&str], zone: &Zone) -> Option<Instant> {
    paths.iter().find_map(|path| match at(value, path)? {
        Value::String(text) => time::parse(text, zone),
        Value::Number(number) => time::number(number.as_f64()?),
        _ => None,
    })
}

/// The number at the first of `paths` that has one.
pub(super) fn number(value: &Value, paths: &[&str]) -> Option<u64> {
    paths.iter().find_map(|path| match at(value, path)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64(),
        _ => None,
    })
}

/// The HTTP status at the first of `paths` that has one.
pub(super) fn status(value: &Value, paths: &[&str]) -> Option<u16> {
    number(value, paths).and_then(|number| u16::try_from(number).ok()).filter(|status| (100..600).contains(status))
}

/// The address at the first of `paths` that has one.
pub(super) fn address(value: &Value, paths: &[&str]) -> Option<IpAddr> {
    paths.iter().find_map(|path| ip(at(value, path)?.as_str()?))
}

/// An address, with or without a port.
pub(super) fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    parsed.map(|ip| ip.to_canonical())
}

/// The addresses of a list as `X-Forwarded-For` has it, as far as they are any.
pub(super) fn chain(text: &str) -> Vec<IpAddr> {
    text.split(',').filter_map(ip).take(LONGEST_CHAIN).collect()
}

/// More is nobody's chain.
const LONGEST_CHAIN: usize = 32;

/// What an HTTP status says.
pub(super) fn outcome(status: Option<u16>) -> Outcome {
    match status {
        Some(401 | 403 | 407) => Outcome::Denied,
        Some(100..400) => Outcome::Allowed,
        Some(400..600) => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}

/// `method` and the path of `target`, without query, fragment, login or host.
pub(super) fn action(method: &str, target: &str) -> String {
    let path = target.find(['?', '#', ';']).map_or(target, |end| &target[..end]);
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => path,
    };
    format!("{method} {path}").trim().to_owned()
}

/// Whether `name`, in lower case, holds one of `words`.
pub(super) fn says(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    words.iter().any(|word| name.contains(word))
}
