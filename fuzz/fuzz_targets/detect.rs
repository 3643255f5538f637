//! Any bytes: what is found does not depend on how they are cut into windows (law 2), and nothing panics (law 6), when
//! a secret is asked what it says of itself either.
//!
//! The first bytes say how large the windows are; in the rest, each byte from 0x80 stands for a rule's keyword or one of its examples,
//! so that tokens are met more often than by chance.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stanch::{
    blob::{LineStart, Window},
    detect::{Detector, Scratch},
    finding::Finding,
    rules::{Ruleset, examples},
    verify,
};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(Ruleset::builtin().rules().to_vec()));

static WORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let rules = DETECTOR.rules().iter();
    let words = rules.flat_map(|rule| {
        let keywords = rule.detect.keywords.iter().map(|keyword| keyword.as_bytes().to_vec()).collect::<Vec<_>>();
        let examples = examples::matching(rule).into_iter().chain(examples::not_matching(rule)).map(String::into_bytes);
        keywords.into_iter().chain(examples).collect::<Vec<_>>()
    });
    words.collect()
});

fn expanded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = bytes.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            0x80..=0xfe => {
                let which = usize::from(byte & 0x7f) << 8 | bytes.next().map_or(0, |&low| usize::from(low));
                out.extend_from_slice(&WORDS[which % WORDS.len()]);
            }
            // Any byte at all, those that stand for words too.
            0xff => out.extend(bytes.next()),
            byte => out.push(byte),
        }
    }
    out
}

fuzz_target!(|data: &[u8]| {
    let [a, b, data @ ..] = data else { return };
    let chunk = usize::from(u16::from_be_bytes([*a, *b])).max(1);
    let bytes = expanded(data);
    let mut scratch = Scratch::default();
    let whole = DETECTOR.findings(&Window::whole(&bytes), &mut scratch);
    for finding in &whole {
        let rule = &DETECTOR.rules()[finding.rule.0 as usize];
        for now in [i64::MIN, 0, i64::MAX] {
            verify::assess(rule, &finding.secret, &finding.parts, now);
        }
    }
    let whole = sorted(whole);
    // Many small windows see most of the bytes many times.
    let chunk = chunk.max(bytes.len() / 64);
    let margin = DETECTOR.margin();
    let mut parts = Vec::new();
    let mut from = 0;
    loop {
        let to = (from + chunk).min(bytes.len());
        let (start, end) = (from.saturating_sub(margin), (to + margin).min(bytes.len()));
        let lines = LineStart::FIRST.after(&bytes[..start], 0);
        let window =
            Window::part(&bytes[start..end], start as u64, from - start..to - start, end == bytes.len(), lines);
        parts.extend(DETECTOR.findings(&window, &mut scratch));
        from = to;
        if from == bytes.len() {
            break;
        }
    }
    assert_eq!(whole, sorted(parts), "whole and in windows of {chunk}");
    assert!(DETECTOR.explain(&Window::whole(&bytes), &mut scratch).len() >= whole.len());
});

fn sorted(mut findings: Vec<Finding>) -> Vec<String> {
    findings.sort_by(|a, b| (a.location, a.rule).cmp(&(b.location, b.rule)));
    findings.iter().map(|finding| format!("{finding:?}")).collect()
}
