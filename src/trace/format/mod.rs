//! Formats of logs, a file each: what a record says, in the words that all logs share.
//!
//! A format is known by what a record holds, never by its file's name, so that one file may mix them. A record in none of them is no event:
//! nothing is guessed. Where each format is documented stands in its module.

mod alb;
mod azure;
mod carried;
mod cloudflare;
mod cloudfront;
mod cloudtrail;
mod common;
mod csv;
mod field;
mod gcp;
mod github;
mod gitlab;
mod har;
mod kubernetes;
mod mapped;
mod okta;
mod request;
mod server;
mod slack;

use core::net::IpAddr;

use serde_json::Value;

use super::{
    event::{Format, Outcome, Persistence},
    time::{Instant, Zone},
};
pub use mapped::{Fields, NoField};

/// How a log's records are to be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The zone of times that name none.
    pub zone: Zone,
    /// Which fields or columns say what, where the user named them.
    pub fields: Fields,
    /// The columns that the log's first line names.
    pub(super) columns: Option<Columns>,
}

impl Reading {
    /// Reads times without zone in `zone`, and these `fields` as what the user named them.
    pub fn new(zone: Zone, fields: Fields) -> Self {
        Self { zone, fields, columns: None }
    }
}

/// The columns of a log, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    names: Vec<String>,
    separator: u8,
}

/// What one record says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) at: Option<Instant>,
    pub(super) address: Option<IpAddr>,
    pub(super) forwarded: Vec<IpAddr>,
    pub(super) agent: Option<String>,
    pub(super) action: String,
    pub(super) object: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
    pub(super) bytes: Option<u64>,
    pub(super) principal: Option<String>,
    pub(super) persistence: Option<Persistence>,
    /// What the log names the credential by that was used, where it has a place for that: an id elsewhere in the record is
    /// then what something was done to.
    pub(super) credential: Option<String>,
    /// What the request is called, where proxies and servers pass that on: another log may hold the same request.
    pub(super) request: Option<String>,
    /// Whether this says that something begins, and another record will say what came of it: it is one use, not two.
    pub(super) is_announced: bool,
}

/// What `record` says, and in which format; nothing if it is in none. `cut` says that its end is missing.
pub(super) fn read(record: &[u8], cut: bool, reading: &Reading) -> Option<(Format, Said)> {
    let record = carried::inner(record.trim_ascii());
    if record.first() == Some(&b'{') {
        return if cut { json(&mended(record)?, reading) } else { json(record, reading) };
    }
    let text = String::from_utf8_lossy(record);
    None.or_else(|| alb::read(&text))
        .or_else(|| common::read(&text, cut, &reading.zone))
        .or_else(|| csv::read(&text, reading))
        .or_else(|| cloudfront::read(&text))
}

fn json(record: &[u8], reading: &Reading) -> Option<(Format, Said)> {
    let value: Value = serde_json::from_slice(record).ok()?;
    let (format, mut said) = value.is_object().then(|| object(&value, reading)).flatten()?;
    said.request = request::of(&value);
    Some((format, said))
}

/// What a JSON object says. What the user mapped goes first; of the formats the more particular ones do.
fn object(value: &Value, reading: &Reading) -> Option<(Format, Said)> {
    let zone = &reading.zone;
    reading
        .fields
        .json(value, zone)
        .or_else(|| cloudtrail::read(value, zone))
        .or_else(|| kubernetes::read(value, zone))
        .or_else(|| gcp::read(value, zone))
        .or_else(|| okta::read(value, zone))
        .or_else(|| azure::read(value, zone))
        .or_else(|| cloudflare::read(value, zone))
        .or_else(|| har::read(value, zone))
        .or_else(|| gitlab::read(value, zone))
        .or_else(|| slack::read(value, zone))
        .or_else(|| github::read(value, zone))
        .or_else(|| wrapped(value, reading))
        .or_else(|| server::read(value, zone))
        .or_else(|| mapped::usual(value, zone))
}

/// A line in the JSON that container runtimes write around it (Docker's `json-file`,
/// <https://docs.docker.com/engine/logging/drivers/json-file/>).
fn wrapped(value: &Value, reading: &Reading) -> Option<(Format, Said)> {
    let line = value.get("log")?.as_str()?;
    value.get("stream")?.as_str()?;
    // Once: what is inside may not be wrapped again and again.
    let line = line.trim();
    if line.starts_with('{') {
        let inner: Value = serde_json::from_str(line).ok()?;
        return (inner.get("stream").is_none()).then(|| object(&inner, reading)).flatten();
    }
    // A line break in it would let a value begin a record of its own.
    (!line.contains('\n')).then(|| common::read(line, false, &reading.zone)).flatten()
}

/// The columns that a log's first line names.
pub(super) fn columns(first: &[u8], fields: &Fields) -> Option<Columns> {
    let text = String::from_utf8_lossy(first);
    cloudfront::columns(&text).or_else(|| csv::columns(&text, fields))
}

impl Columns {
    /// Whether quotes may enclose line breaks.
    pub(super) fn quoted(&self) -> bool {
        self.separator != b'\t'
    }
}

/// A JSON object whose end is missing, closed behind the last value that is whole.
fn mended(record: &[u8]) -> Option<Vec<u8>> {
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    let mut whole = None;
    for (at, &byte) in record.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
            }
            b',' => whole = Some((at, open.clone())),
            _ => {}
        }
    }
    let (at, open) = whole?;
    Some(record[..at].iter().copied().chain(open.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests;
