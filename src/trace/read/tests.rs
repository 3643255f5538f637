//! Logs that are packed, cut, rotated or of one endless line, read as a whole.

use std::{fs, io::Write, path::PathBuf};

use tempfile::TempDir;

use super::*;

/// The records of a log, each with its line, and how its end was.
fn records(content: &[u8]) -> (Vec<(u64, String)>, Reader) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, content).unwrap();
    let mut reader = Reader::open(&Source::File(path), &Fields::default(), 8).unwrap();
    let (mut found, mut line) = (Vec::new(), 1);
    while let Ok(Some(block)) = reader.next() {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match &block.records {
            Records::Lines => {
                for record in block.bytes.split_inclusive(|&byte| byte == b'\n') {
                    found.push((line, text(record)));
                    line += 1;
                }
            }
            Records::Listed(places) => {
                let records = places.iter().filter(|place| !place.frame);
                found.extend(records.map(|place| (place.line, text(&block.bytes[place.start..place.end]))));
            }
            Records::Part(part) => {
                found.push((part.line.unwrap_or(line), format!("{} {}", block.bytes.len(), part.last)));
            }
        }
    }
    (found, reader)
}

fn texts(content: &str) -> Vec<String> {
    records(content.as_bytes()).0.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn lines_are_records() {
    assert_eq!(texts("a\r\nb\n\0c"), ["a", "b", "\0c"]);
    assert_eq!(texts("{\"a\":1}\n{\"b\":[{\"c\":1}]}\n"), ["{\"a\":1}", "{\"b\":[{\"c\":1}]}"]);
}

#[test]
fn elements_of_listed_records_are_records() {
    for text in [
        "{\"Records\":[{\"a\":{\"b\":\"]}\\\"\"}},{\"c\":1}]}",
        "[{\"a\":{\"b\":\"]}\\\"\"}},\n{\"c\":1}]",
        "{\"log\":{\"version\":\"1.2\",\"pages\":[{}],\"entries\":[{\"a\":{\"b\":\"]}\\\"\"}},{\"c\":1}]}}",
    ] {
        assert_eq!(texts(text), ["{\"a\":{\"b\":\"]}\\\"\"}}", "{\"c\":1}"], "{text}");
    }
}

#[test]
fn objects_over_many_lines_are_records_with_their_first_line() {
    let (found, reader) = records(b"[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": 2\n  }\n]\n");
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5]);
    assert_eq!((reader.lines(), reader.ended_early()), (Some(8), false));
    let pretty = "{\n \"a\": 1\n}\nplain text\n{\n \"b\": [{}]\n}\n";
    assert_eq!(texts(pretty), ["{\n \"a\": 1\n}", "plain text", "{\n \"b\": [{}]\n}"]);
}

#[test]
fn a_document_without_end_says_so() {
    assert!(records(b"{\"Records\":[{\"a\":1},{\"b\":").1.ended_early());
}

#[test]
fn a_line_break_in_a_string_ends_what_is_broken() {
    assert_eq!(texts("[{\"a\":\"x\n{\"b\":1}"), ["{\"a\":\"x", "{\"b\":1}"]);
}

#[test]
fn a_csv_record_may_hold_line_breaks_in_quotes() {
    let text = "time,ip,user\n1,2,\"a\nforged,line,here\"\n3,4,b\n";
    assert_eq!(texts(text), ["time,ip,user", "1,2,\"a\nforged,line,here\"", "3,4,b"]);
}

#[test]
fn a_long_record_comes_in_parts() {
    let long = format!("a\n{}\nb\n", "x".repeat(LONGEST + 3 * BLOCK));
    let (found, _) = records(long.as_bytes());
    assert_eq!((found[0].1.as_str(), found.last().unwrap().1.as_str()), ("a", "b"));
    assert!(found[found.len() - 2].1.ends_with("true") && found.len() > 3);
    let long = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(LONGEST + 3 * BLOCK));
    let (found, _) = records(long.as_bytes());
    assert_eq!(found.last().unwrap().1, "{\"b\":1}");
    assert!(found[found.len() - 2].1.ends_with("true"), "{found:?}");
}

#[test]
fn packed_logs_of_many_members_are_unpacked() {
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let members = [gzip("a\n"), gzip("b\n")].concat();
    assert_eq!(records(&members).0, [(1, "a".to_owned()), (2, "b".to_owned())]);
    let frames = [zstd::encode_all(&b"a\n"[..], 1).unwrap(), zstd::encode_all(&b"b\n"[..], 1).unwrap()].concat();
    assert_eq!(records(&frames).0, [(1, "a".to_owned()), (2, "b".to_owned())]);
}

#[test]
fn what_is_cut_off_is_read_as_far_as_it_goes() {
    let dir = TempDir::new().unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let line = |n: u32| format!("{n} {}\n", n.wrapping_mul(2_654_435_761));
    let text: String = (0..200_000).map(line).collect();
    encoder.write_all(text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let path = dir.path().join("log.gz");
    fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let mut reader = Reader::open(&Source::File(path), &Fields::default(), 8).unwrap();
    let (mut read, mut failed) = (0, None);
    loop {
        match reader.next() {
            Ok(Some(block)) => read += block.bytes.len(),
            Ok(None) => break,
            Err(error) => {
                failed = Some(error.kind());
                break;
            }
        }
    }
    assert!(read > text.len() / 3, "{read} of {}", text.len());
    assert_eq!(failed, Some(std::io::ErrorKind::UnexpectedEof));
    assert!(Reader::open(&Source::File(PathBuf::from("no/such/log")), &Fields::default(), 8).is_err());
}
