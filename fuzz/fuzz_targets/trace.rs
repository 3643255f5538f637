//! Any bytes as a log: events and what was read of it, no panic, no event with the token in it, and none without a token or a line.

#![no_main]

use std::{convert::Infallible, fs};

use libfuzzer_sys::fuzz_target;
use stanch::trace::{Reading, Search, Source, Token, Wanted};

/// Nothing that a rule finds; what makes it worth escaping is in it.
const VALUE: &str = "made/up+value=for&tests";

fuzz_target!(|bytes: &[u8]| {
    // A marked place becomes the token.
    let parts: Vec<&[u8]> = bytes.split(|&byte| byte == b'~').collect();
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("log");
    fs::write(&path, parts.join(VALUE.as_bytes())).expect("there is room");
    let tokens = [Token::bare("any", "…".to_owned(), VALUE.as_bytes())];
    let wanted = Wanted { principals: ["ann".into()].into(), ..Wanted::default() };
    let search = Search::new(&tokens, &wanted, Reading::default()).expect("it is little");
    let logs = search.run(&[Source::File(path)], |event| {
        assert_eq!(event.token.is_some(), event.matched.is_some());
        assert!(event.origin.line > 0 && !format!("{event:?}").contains(VALUE), "{event:?}");
        Ok::<_, Infallible>(())
    });
    assert_eq!(logs.map(|logs| logs.len()), Ok(1));
});
