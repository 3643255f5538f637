//! What becomes an event of what logs hold, and what is only counted.

use std::{convert::Infallible, fs, path::Path};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::trace::{
    Outcome,
    event::Needle,
    judge::{Case, Judge},
    needle,
    places::Nowhere,
    report::{self, Traced},
    store::Store,
};

/// Nothing that a rule finds.
const VALUE: &[u8] = b"made/up+value=for-tests";

fn token(needles: Vec<Needle>) -> Token {
    Token { masked: "made…ests".to_owned(), needles, ..Token::bare("any", String::new(), b"") }
}

fn run(content: &[u8], tokens: &[Token], wanted: &Wanted) -> (Vec<Event>, Log) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, content).unwrap();
    events(&path, tokens, wanted)
}

fn events(path: &Path, tokens: &[Token], wanted: &Wanted) -> (Vec<Event>, Log) {
    let search = Search::new(tokens, wanted, Reading::default()).unwrap();
    let mut events = Vec::new();
    let logs = search.run(&[Source::File(path.to_owned())], |event| {
        events.push(event.clone());
        Ok::<_, Infallible>(())
    });
    (events, logs.unwrap().remove(0))
}

fn line(address: &str, user: &str, target: &str) -> String {
    format!("{address} - {user} [02/Jan/2026:03:04:05 +0000] \"GET {target} HTTP/1.1\" 200 12 \"-\" \"UA\"\n")
}

#[test]
fn every_use_is_an_event_and_shows_no_value() {
    let tokens = [token(needle::of(VALUE))];
    let mut text = String::new();
    for n in 0..30_000 {
        text += &line("198.51.100.1", "-", &format!("/page/{n}"));
        if n % 10_000 == 7 {
            text += &line("203.0.113.9", "-", &format!("/made/up+value=for-tests/{n}?k=made%2Fup%2Bvalue%3Dfor-tests"));
        }
    }
    let (events, log) = run(text.as_bytes(), &tokens, &Wanted::default());
    assert_eq!(events.iter().map(|event| event.origin.line).collect::<Vec<_>>(), [9, 10_010, 20_011]);
    assert_eq!(&*events[1].action, "GET /made…ests/10007");
    assert_eq!(
        (events[0].token, events[0].matched, events[0].outcome),
        (Some(0), Some(Matched::Value), Outcome::Allowed)
    );
    assert_eq!((log.lines, log.bytes, log.complete()), (30_003, text.len() as u64, true));
}

#[test]
fn principals_and_addresses_are_asked_for_apart() {
    let text =
        [line("203.0.113.9", "ann", "/1"), line("203.0.113.90", "bob", "/ann"), line("198.51.100.1", "ann", "/3")]
            .concat();
    let wanted = Wanted { addresses: ["203.0.113.9".parse().unwrap()].into(), ..Wanted::default() };
    assert_eq!(run(text.as_bytes(), &[], &wanted).0.len(), 1);
    let wanted = Wanted { principals: ["ann".into()].into(), ..Wanted::default() };
    let (events, _) = run(text.as_bytes(), &[], &wanted);
    assert_eq!(events.iter().map(|event| event.origin.line).collect::<Vec<_>>(), [1, 3]);
    assert!(events.iter().all(|event| event.token.is_none() && event.matched.is_none()));
}

#[test]
fn a_key_that_something_was_done_to_was_not_used() {
    let key = needle::of_id("AN-ID-OF-A-KEY-0123").unwrap();
    let record = |used: &str, about: &str| {
        format!(
            "{{\"eventTime\":\"2026-01-02T03:04:05Z\",\"eventSource\":\"iam.x\",\"eventName\":\"DeleteAccessKey\",\"userIdentity\":{{\"accessKeyId\":\"{used}\"}},\"requestParameters\":{{\"accessKeyId\":\"{about}\"}}}}"
        )
    };
    let text =
        format!("{{\"Records\":[{},{}]}}", record("AN-ID-OF-A-KEY-0123", "x"), record("x", "AN-ID-OF-A-KEY-0123"));
    let (events, log) = run(text.as_bytes(), &[token(vec![key])], &Wanted::default());
    assert_eq!((events.len(), log.mentioned, events[0].matched), (1, 1, Some(Matched::KeyId)));
}

#[test]
fn what_is_in_no_format_is_said_and_no_event() {
    let text = format!("{}\tsome trace: made/up+value=for-tests\n", line("203.0.113.9", "-", "/"));
    let (events, read) = run(text.as_bytes(), &[token(needle::of(VALUE))], &Wanted::default());
    assert_eq!((events.len(), read.unparsed, read.unparsed_at.as_slice(), read.complete()), (0, 1, &[2][..], false));
}

#[test]
fn a_record_that_is_too_long_is_read_by_its_beginning() {
    let long = line("203.0.113.9", "-", &format!("/{}made/up+value=for-tests", "x".repeat(11 << 20)));
    let text = [line("198.51.100.1", "-", "/"), long, line("198.51.100.1", "-", "/made/up+value=for-tests")].concat();
    let (events, read) = run(text.as_bytes(), &[token(needle::of(VALUE))], &Wanted::default());
    assert_eq!(events.iter().map(|event| event.origin.line).collect::<Vec<_>>(), [2, 3]);
    assert_eq!((read.cut, read.lines, events[0].status), (1, 3, None));
}

#[test]
fn a_document_on_one_line_among_others_is_read_by_its_records() {
    let entry = |id: &str| format!("{{\"ts\":1767323045,\"ip\":\"203.0.113.9\",\"action\":\"{id}\"}}");
    let text = format!(
        "{}\n{{\"records\":[{},{}]}}\n",
        entry("a"),
        entry("b"),
        entry("made\\/up\\u002bvalue\\u003dfor-tests")
    );
    let (events, log) = run(text.as_bytes(), &[token(needle::of(VALUE))], &Wanted::default());
    assert_eq!((events.len(), log.unparsed), (1, 0));
    assert_eq!((&*events[0].action, events[0].origin.line, events[0].origin.record), ("made…ests", 2, 1));
}

#[test]
fn clocks_that_go_back_are_noted() {
    let text = [line("203.0.113.9", "-", "/"), line("203.0.113.9", "-", "/").replace("03:04:05", "01:04:05")].concat();
    let (_, log) = run(text.as_bytes(), &[], &Wanted::default());
    assert_eq!(log.backwards, 7_200_000_000);
}

#[test]
fn a_value_is_masked_where_it_was_not_used_either() {
    let used = "{\"eventTime\":\"2026-01-02T03:04:05Z\",\"eventSource\":\"iam.x\",\"eventName\":\"GetUser\",\"sourceIPAddress\":\"203.0.113.9\",\"userIdentity\":{\"accessKeyId\":\"x\"},\"requestParameters\":{\"userName\":\"made/up+value=for-tests\"}}";
    let wanted = Wanted { addresses: ["203.0.113.9".parse().unwrap()].into(), ..Wanted::default() };
    let (events, log) = run(used.as_bytes(), &[token(needle::of(VALUE))], &wanted);
    assert_eq!((events.len(), log.mentioned, events[0].token), (1, 1, None));
    assert_eq!(events[0].object.as_deref(), Some("made…ests"));
}

#[test]
fn a_record_is_not_cut_within_a_value() {
    let head = 64 << 10;
    for at in [head - 10, head - 40] {
        let start = line("203.0.113.9", "-", "/");
        let start = &start[..start.find("/ HTTP").unwrap()];
        let text = format!("{start}/{}{}", "x".repeat(at - start.len() - 1), "made/up+value=for-tests".repeat(2));
        let text = format!("{text}{}\n", "y".repeat(9 << 20));
        let search = [token(needle::of(VALUE))];
        let (events, read) = run(text.as_bytes(), &search, &Wanted::default());
        assert_eq!((events.len(), read.cut), (1, 1));
        assert!(!events[0].action.contains("made/"), "{}", &events[0].action[..40]);
        assert!(events[0].action.chars().count() <= 2_000, "a field is bounded");
    }
}

#[test]
fn what_is_packed_in_another_way_is_said() {
    for content in [&b"\xfd7zXZ\0......"[..], b"BZh9......", b"PK\x03\x04....", b"\xff\xfea\0", b"PAR1"] {
        let (events, log) = run(content, &[token(needle::of(VALUE))], &Wanted::default());
        assert!(events.is_empty() && log.failed.is_some_and(|why| why.contains("which is not read")));
    }
}

/// A sample of each format, with a value in it.
fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trace");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let value = str::from_utf8(VALUE).unwrap();
    let filled =
        |text: String| ["{token}", "{key}", "{basic}", "{hash}"].iter().fold(text, |text, at| text.replace(at, value));
    paths.into_iter().map(|path| filled(fs::read_to_string(path).unwrap())).collect()
}

/// 2026-01-02T03:04:05Z, within the samples.
const LEAKED: i64 = 1_767_323_045_000_000;

/// What these events come to, in each format.
fn reports(tokens: &[Token], events: &[Event], log: Log) -> [String; 3] {
    let tokens = [Token { leaked_at: Some(LEAKED), ..tokens[0].clone() }];
    let logs = [log];
    let mut judge = Judge::new(Case { token: &tokens[0], logs: &logs, places: &Nowhere, own: &[], now: LEAKED });
    let mut store = Store::with_bound(1 << 12);
    events.iter().filter(|event| event.token.is_some()).for_each(|event| store.push(event).unwrap());
    store.sorted().unwrap().for_each(|event| judge.add(&event.unwrap()));
    let traced = Traced { tokens: &tokens, judgements: &[judge.finish()], beside: &[], logs: &logs, notes: &[] };
    [report::text(&traced), report::html(&traced), report::json(&traced).to_string()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is broken in a log of any format: no panic, and neither an event nor a report with the value in it.
    #[test]
    fn broken_logs_of_every_format_are_read(
        nth in any::<prop::sample::Index>(),
        wounds in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..4, any::<u8>()), 0..12),
    ) {
        let samples = samples();
        let mut bytes = nth.get(&samples).clone().into_bytes();
        for (at, to, kind, byte) in wounds {
            if bytes.is_empty() {
                break;
            }
            let (at, to) = (at.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[at.min(to)..at.max(to)].to_vec();
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => drop(bytes.splice(at..at, part)),
                _ => drop(bytes.splice(at..at, b"{}[]\",:\\\n".get(usize::from(byte) % 9).copied())),
            }
        }
        let tokens = [token(needle::of(VALUE))];
        let wanted = Wanted { principals: ["ann".into()].into(), addresses: ["203.0.113.9".parse().unwrap()].into() };
        let (events, mut log) = run(&bytes, &tokens, &wanted);
        prop_assert_eq!(log.bytes, bytes.len() as u64);
        for event in &events {
            prop_assert!(event.origin.line > 0 && event.origin.line <= log.lines + 1);
            prop_assert!(!format!("{event:?}").contains("made/up+value=for-tests"), "{:?}", event);
        }
        log.read_at(LEAKED);
        for report in reports(&tokens, &events, log) {
            prop_assert!(!report.contains("made/up+value=for-tests") && !report.contains('\u{1b}'), "{}", report);
        }
    }
}
