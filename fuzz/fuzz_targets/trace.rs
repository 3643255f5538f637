//! Any bytes as a log: events, what was read of it, a judgement and reports; no panic, nothing with the token in it, and no event without a line.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use stanch::trace::{
    Reading, Search, Source, Token, Wanted,
    judge::{Case, Judge},
    places::Nowhere,
    report::{self, Traced},
    store::Store,
};

/// Nothing that a rule finds; what makes it worth escaping is in it.
const VALUE: &str = "made/up+value=for&tests";
/// 2026-01-02T03:04:05Z, within the samples.
const LEAKED: i64 = 1_767_323_045_000_000;

fuzz_target!(|bytes: &[u8]| {
    // A marked place becomes the token.
    let parts: Vec<&[u8]> = bytes.split(|&byte| byte == b'~').collect();
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("log");
    fs::write(&path, parts.join(VALUE.as_bytes())).expect("there is room");
    let tokens = [Token { leaked_at: Some(LEAKED), ..Token::bare("any", "…".to_owned(), VALUE.as_bytes()) }];
    let wanted = Wanted { principals: ["ann".into()].into(), ..Wanted::default() };
    let search = Search::new(&tokens, &wanted, Reading::default()).expect("it is little");
    let mut store = Store::with_bound(1 << 12);
    let logs = search.run(&[Source::File(path)], |event| {
        assert_eq!(event.token.is_some(), event.matched.is_some());
        assert!(event.origin.line > 0 && !format!("{event:?}").contains(VALUE), "{event:?}");
        store.push(event)
    });
    let mut logs = logs.expect("there is room");
    for log in &mut logs {
        log.read_at(LEAKED);
    }
    let mut judge =
        Judge::new(Case { token: &tokens[0], logs: &logs, places: &Nowhere, own: &[], now: LEAKED });
    for event in store.sorted().expect("there is room") {
        judge.add(&event.expect("it is as it was written"));
    }
    let traced = Traced { tokens: &tokens, judgements: &[judge.finish()], beside: &[], logs: &logs, notes: &[] };
    let (text, html) = (report::text(&traced), report::html(&traced));
    assert!(!html.contains("<script") && !text.contains('\u{1b}'), "{html}{text}");
    for report in [text, html, report::json(&traced).to_string()] {
        assert!(!report.contains(VALUE), "{report}");
    }
});
