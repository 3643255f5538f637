//! Looks for weaknesses in the text of one file.
//!
//! How much is looked at is bounded: a region ends after [`LONGEST_REGION`] bytes, and a check is tried at [`MOST_MATCHES`] places of a
//! file, so that no file takes more than linear time.

use std::{ops::Range, sync::LazyLock};

use super::{
    check::{Check, Pattern, Within},
    lexer::{Lexed, lex},
};

/// How far from a match a call or a block is looked at, in bytes.
const LONGEST_REGION: usize = 16 << 10;
/// At how many places of one file a check is tried.
const MOST_MATCHES: usize = 1_000;
/// What allows a check in a comment.
const ALLOW: &[u8] = b"stanch:allow";

/// A branch that is taken where an application is developed, or where no login is asked for.
static DEVELOPMENT: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let what = r"is_?local(?:host)?|(?:is_?)?dev(?:elopment)?_?mode|is_?dev(?:elopment)?|(?:is_?)?debug(?:_?mode)?|is_?test(?:ing)?|(?:disable|skip|no)_?auth|auth_?(?:is_?)?disabled";
    Pattern::new(format!(
        r"\b(?:if|elif|elsif)\b[\s(]*(?:[\w$]+(?:\.|::|->))*\$?(?i:{what})(?:\(\)|\?)?\s*(?:[){{:]|&&|$)"
    ))
    .ok()
});

/// A place where a check applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What the check's `at` matched, in bytes of the file.
    pub at: Range<usize>,
    /// Whether a comment allows it.
    pub allowed: bool,
}

/// Where a check applies in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The places, in order.
    pub found: Vec<Found>,
    /// Whether the check had so many places to be tried at that the last were not looked at.
    pub cut: bool,
}

/// The places of `text` where `check` applies.
pub fn find(check: &Check, text: &[u8], lexed: &Lexed) -> Places {
    let code = lexed.code.as_slice();
    let missing = check.requires.as_ref().is_some_and(|pattern| !pattern.is_in(code));
    let Some(regex) = check.at.regex().filter(|_| !missing) else { return Places::default() };
    let mut found: Vec<Found> = Vec::new();
    let mut places = regex.find_iter(code);
    for at in places.by_ref().take(MOST_MATCHES) {
        // One on a line is enough.
        if found.last().is_some_and(|last| !code[last.at.start..at.start()].contains(&b'\n')) {
            continue;
        }
        if applies(check, &region(check.within, at.range(), lexed), lexed)
            && !is_enclosed(&check.outside, code, at.start())
        {
            found.push(Found { at: at.range(), allowed: is_allowed(text, &at.range(), &check.id) });
        }
    }
    if !found.is_empty() && check.unless.iter().any(|pattern| pattern.is_in(code)) {
        return Places::default();
    }
    Places { found, cut: places.next().is_some() }
}

/// Whether `check` finds anything in `text`, as a file of its kind.
pub fn is_found(check: &Check, text: &[u8]) -> bool {
    !find(check, text, &lex(text, check.syntax)).found.is_empty()
}

/// Whether all is in a region that is to be there, and nothing that is not, as it stands or with strings where it names them.
fn applies(check: &Check, region: &Range<usize>, lexed: &Lexed) -> bool {
    let code = &lexed.code[region.clone()];
    let has = |text: &[u8]| check.has.iter().all(|pattern| pattern.is_in(text));
    let lacks = |text: &[u8]| !check.lacks.iter().any(|pattern| pattern.is_in(text));
    if !lacks(code) || check.within == Within::File || check.has.is_empty() {
        return lacks(code) && has(code);
    }
    let named = lexed.constants().put_in(code, &lexed.bare[region.clone()]);
    named.as_deref().map_or_else(|| has(code), |named| (has(code) || has(named)) && lacks(named))
}

fn region(within: Within, at: Range<usize>, lexed: &Lexed) -> Range<usize> {
    let bare = lexed.bare.as_slice();
    let reach = (at.end + LONGEST_REGION).min(bare.len());
    match within {
        Within::Match => at,
        Within::File => 0..bare.len(),
        Within::Line => line(bare, &at, LONGEST_REGION),
        Within::Indent => indented(bare, &at),
        Within::Call => {
            let last = bare[at.clone()].iter().rposition(|byte| b"([{".contains(byte)).map(|last| at.start + last);
            let opens = last.or_else(|| bare[at.end..reach].iter().position(|byte| *byte == b'(').map(|n| at.end + n));
            let start = last.map_or(at.start, |last| last.min(at.end));
            opens.map_or(at.clone(), |opens| start..closed(bare, opens, reach))
        }
        Within::Block => {
            let opens = bare[at.start..reach].iter().position(|byte| *byte == b'{').map(|n| at.start + n);
            opens.map_or(at.clone(), |opens| at.start..closed(bare, opens, reach).max(at.end))
        }
    }
}

/// The line of `at`, and those below that are blank, deeper, or items of a list that the line names.
fn indented(bare: &[u8], at: &Range<usize>) -> Range<usize> {
    let first = line(bare, &(at.start..at.start), LONGEST_REGION);
    let (depth, item) = (indentation(&bare[first.clone()]), is_item(&bare[first.clone()]));
    let mut end = first.end;
    while end < bare.len() && end - first.start < LONGEST_REGION {
        let next = line(bare, &(end + 1..end + 1), LONGEST_REGION);
        let text = &bare[next.clone()];
        let deeper = indentation(text) > depth || (indentation(text) == depth && is_item(text) && !item);
        if !deeper && !text.trim_ascii().is_empty() {
            break;
        }
        end = next.end;
    }
    first.start..end
}

/// Whether one of `patterns`, or what says [`DEVELOPMENT`], is in a line above `at` that is less deep than all between them: a branch, a
/// function, a section. What holds brackets alone, or `#pragma`, encloses nothing.
fn is_enclosed(patterns: &[Pattern], code: &[u8], at: usize) -> bool {
    let mut this = line(code, &(at..at), LONGEST_REGION);
    let (least, mut depth) = (this.start.saturating_sub(LONGEST_REGION), indentation(&code[this.clone()]));
    while depth > 0 && this.start > least {
        this = line(code, &(this.start - 1..this.start - 1), LONGEST_REGION);
        let text = &code[this.clone()];
        let says = text.iter().any(|byte| !b" \t\r{([".contains(byte)) && !text.starts_with(b"#pragma");
        if indentation(text) < depth && says {
            depth = indentation(text);
            if patterns.iter().chain(&*DEVELOPMENT).any(|pattern| pattern.is_in(text)) {
                return true;
            }
        }
    }
    false
}

fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Whether it begins an item of a YAML list.
fn is_item(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"- ")
}

/// Behind the bracket that closes the one at `opens`, or `reach`.
fn closed(bare: &[u8], opens: usize, reach: usize) -> usize {
    let mut depth = 0_usize;
    for (nth, byte) in bare[opens..reach].iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return opens + nth + 1;
                }
            }
            _ => {}
        }
    }
    reach
}

/// The lines of `at`, at most `most` bytes of them on either side.
pub(super) fn line(text: &[u8], at: &Range<usize>, most: usize) -> Range<usize> {
    let (least, greatest) = (at.start.saturating_sub(most), (at.end + most).min(text.len()));
    let start = memchr::memrchr(b'\n', &text[least..at.start]).map_or(least, |n| least + n + 1);
    let end = memchr::memchr(b'\n', &text[at.end..greatest]).map_or(greatest, |n| at.end + n);
    start..end
}

/// Whether `stanch:allow CHECK` stands in the line of `at` or the one before.
fn is_allowed(text: &[u8], at: &Range<usize>, check: &str) -> bool {
    let this = line(text, &(at.start..at.start), crate::rule::COMMENT_REACH);
    let before = line(text, &(this.start.saturating_sub(1)..this.start.saturating_sub(1)), crate::rule::COMMENT_REACH);
    let says = |text: &[u8]| {
        memchr::memmem::find_iter(text, ALLOW).any(|n| {
            let words = text[n + ALLOW.len()..].split(|byte| byte.is_ascii_whitespace() || *byte == b',');
            words.filter(|word| !word.is_empty()).take(1).any(|word| word == check.as_bytes())
        })
    };
    says(&text[this]) || says(&text[before])
}
