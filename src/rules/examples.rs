//! A rule's examples, expanded.
//!
//! What finds them, and whether it should, is for the caller to test.

use regex_automata::{meta::Regex, util::syntax};
use regex_syntax::hir::{Hir, HirKind};

use super::{checksum, template};
use crate::rule::Rule;

/// The texts that `rule` finds its token in, checksums filled in.
///
/// # Panics
/// Never for a rule that was read from a pattern file: its templates and its regex were checked then.
pub fn matching(rule: &Rule) -> Vec<String> {
    rule.matching.iter().enumerate().map(|(at, text)| expanded(rule, text, at as u64)).collect()
}

/// The texts that `rule` finds nothing in.
///
/// # Panics
/// Never for a rule that was read from a pattern file.
pub fn not_matching(rule: &Rule) -> Vec<String> {
    rule.not_matching.iter().enumerate().map(|(at, text)| expanded(rule, text, 1000 + at as u64)).collect()
}

/// One template of `rule`, expanded with the seed that belongs to the rule and `number`.
///
/// # Panics
/// Never for a rule and a template that were read from a pattern file.
pub fn expanded(rule: &Rule, text: &str, number: u64) -> String {
    let seed = rule.id.bytes().fold(number, |seed, byte| seed.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte));
    let expanded =
        template::expand(text, seed, check_width(&rule.detect.regex)).expect("templates are checked when read");
    fill_in(rule, expanded)
}

/// Puts the right checksum in every match of the rule's regex.
fn fill_in(rule: &Rule, text: String) -> String {
    let Some(algorithm) = rule.detect.checksum else { return text };
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let regex = Regex::builder().syntax(syntax).build(&rule.detect.regex).expect("regexes are checked when read");
    let mut bytes = text.clone().into_bytes();
    for captures in regex.captures_iter(&text) {
        if let (Some(payload), Some(check)) =
            (captures.get_group_by_name("payload"), captures.get_group_by_name("check"))
            && bytes[check.range()].iter().all(|&byte| byte == b'0')
            && let Some(computed) = checksum::compute(algorithm, &bytes[payload.range()], check.len())
        {
            bytes[check.range()].copy_from_slice(&computed);
        }
    }
    String::from_utf8(bytes).expect("checksums are ASCII")
}

/// How many characters the regex group `check` takes.
fn check_width(regex: &str) -> usize {
    fn find(hir: &Hir) -> Option<usize> {
        match hir.kind() {
            HirKind::Capture(capture) if capture.name.as_deref() == Some("check") => {
                capture.sub.properties().maximum_len()
            }
            HirKind::Capture(capture) => find(&capture.sub),
            HirKind::Repetition(repetition) => find(&repetition.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(find),
            _ => None,
        }
    }
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(regex).ok().and_then(|hir| find(&hir)).unwrap_or(0)
}
