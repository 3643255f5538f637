//! Any text as a template: what passes the check expands, the same each time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stanch::rules::template;

fuzz_target!(|input: (&str, u64, u8)| {
    let (text, seed, width) = input;
    // A short text can ask for many long runs.
    if text.len() > 200 {
        return;
    }
    let expanded = template::expand(text, seed, usize::from(width));
    assert_eq!(template::check(text).is_ok(), expanded.is_ok());
    assert_eq!(expanded, template::expand(text, seed, usize::from(width)));
});
