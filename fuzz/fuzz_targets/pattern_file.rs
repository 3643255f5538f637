//! Any text as a pattern file: rules or mistakes, each placed in the text, and rules that can be used.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stanch::{
    blob::Window,
    detect::{Detector, Scratch},
    rules::{examples, spec},
};

fuzz_target!(|text: &str| {
    match spec::read("f.toml", text) {
        Ok(rules) => {
            let texts: Vec<String> = rules
                .iter()
                .flat_map(|rule| [examples::matching(rule), examples::not_matching(rule)].concat())
                .collect();
            let detector = Detector::new(rules);
            let mut scratch = Scratch::default();
            for text in texts {
                detector.findings(&Window::whole(text.as_bytes()), &mut scratch);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(problem.line >= 1 && problem.line <= text.lines().count() + 1, "{problem}");
            }
        }
    }
});
