//! What carries a line into another file writes before it: the logger of a container, or syslog.
//!
//! * the text log of the Kubernetes CRI: `2026-01-02T03:04:05.678Z stdout F line`
//!   (<https://kubernetes.io/docs/concepts/cluster-administration/logging/>);
//! * what a web server sends to syslog, as that is written to files: `Jan  2 03:04:05 host nginx: line` (RFC 3164,
//!   <https://nginx.org/en/docs/syslog.html>), or with an RFC 3339 time in place of the first three words.
//!
//! Nothing of it is taken but that it is there: an address in it is that of who carries the line, not of who made the request. It is known at the very beginning alone, so nothing that a request
//! holds can stand for it, and by the names of web servers alone, since others write there what they are told to.

use super::super::time::{self, Zone};

/// How the tags of web servers begin.
const SERVERS: [&[u8]; 4] = [b"nginx", b"apache", b"httpd", b"caddy"];
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// The line that `record` carries; all of it, where it carries none.
pub(super) fn inner(record: &[u8]) -> &[u8] {
    let (first, rest) = word(record);
    let (second, behind) = word(rest);
    if MONTHS.contains(&first) {
        let (_clock, rest) = word(behind);
        return tagged(rest).unwrap_or(record);
    }
    if !is_time(first) {
        return record;
    }
    match second {
        b"stdout" | b"stderr" => match word(behind) {
            (b"F" | b"P", line) => line,
            _ => record,
        },
        _ => tagged(rest).unwrap_or(record),
    }
}

fn is_time(word: &[u8]) -> bool {
    let shape =
        word.first_chunk().is_some_and(|date: &[u8; 11]| date[4] == b'-' && date[7] == b'-' && date[10] == b'T');
    shape && str::from_utf8(word).is_ok_and(|text| time::parse(text, &Zone::default()).is_some())
}

/// What stands behind a host and a web server's tag.
fn tagged(rest: &[u8]) -> Option<&[u8]> {
    let (_host, rest) = word(rest);
    let (tag, line) = word(rest);
    (tag.ends_with(b":") && SERVERS.iter().any(|server| tag.starts_with(server))).then_some(line)
}

/// The first word, and what stands behind it and its spaces.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b' ', text).unwrap_or(text.len());
    (&text[..end], text[end..].trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carried_line_is_read_without_what_carries_it() {
        for (record, line) in [
            ("2026-01-02T03:04:05.678901Z stdout F 192.0.2.1 - -", "192.0.2.1 - -"),
            ("2026-01-02T03:04:05+00:00 web-1 nginx[7]: 192.0.2.1 - -", "192.0.2.1 - -"),
            ("Jan  2 03:04:05 10.0.0.7 nginx: {\"a\":1}", "{\"a\":1}"),
        ] {
            assert_eq!(inner(record.as_bytes()), line.as_bytes());
        }
    }

    #[test]
    fn what_carries_nothing_is_read_as_it_is() {
        for record in [
            "",
            "Jan",
            "192.0.2.1 - x: 198.51.100.1 - bob [",
            "2026-01-02\t03:04:05\tLAX1",
            "https 2026-01-02T03:04:05.000000Z app/my/50dc",
            "2026-01-02T03:04:05Z stdout X 192.0.2.1",
            "2026-01-02T03:04:05Z,192.0.2.1,ann nginx: 198.51.100.1 - -",
            "2026-01-02T03:04:05Z ERROR parser: 198.51.100.1 - -",
            "January 1 2 3 nginx: x",
        ] {
            assert_eq!(inner(record.as_bytes()), record.as_bytes());
        }
    }
}
