//! Comments in the scanned text that allow a secret beside them: our own word, and those of the scanners that people come from.
//!
//! Only the lines of the secret and the one before are looked at, within [`COMMENT_REACH`] bytes, so what is found depends on the
//! secret's neighbourhood alone (law 2). Which words are rules, and what of a reason may be shown, is for the callers.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use crate::rule::COMMENT_REACH;

/// A comment that allows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The word that does.
    pub word: &'static str,
    /// What stands behind our own word, up to the comment's end: a rule, a reason, or nothing.
    pub rest: Range<usize>,
}

/// Where a word allows: a secret on its own line, on the next, or on both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Line,
    NextLine,
    /// The line itself; the next one too where the comment stands alone.
    LineOrNext,
}

/// Our own word, behind which a rule and a reason may stand.
const OWN: &str = "stanch:allow";

/// How much of what stands behind it is kept, in bytes.
const LONGEST_REST: usize = 200;

/// What ends a comment before its line does.
const CLOSERS: [&str; 4] = ["*/", "-->", "#}", "*)"];

const WORDS: &[(&str, Where)] = &[
    (OWN, Where::LineOrNext),
    ("gitleaks:allow", Where::Line),
    ("betterleaks:allow", Where::Line),
    ("trufflehog:ignore", Where::Line),
    ("kingfisher:ignore", Where::LineOrNext),
    ("ggignore", Where::Line),
    ("pragma: allowlist secret", Where::Line),
    ("pragma: whitelist secret", Where::Line),
    ("pragma: allowlist nextline secret", Where::NextLine),
    ("pragma: whitelist nextline secret", Where::NextLine),
    ("secretlint-disable-line", Where::Line),
    ("secretlint-disable-next-line", Where::NextLine),
];

/// The comment that allows the secret at `secret` of `bytes`, if there is one. `is_about` says of the first word behind our own whether the
/// comment is about that secret: it is not where the word is another rule.
pub fn allowing(bytes: &[u8], secret: Range<usize>, is_about: &dyn Fn(&str) -> bool) -> Option<Comment> {
    let floor = secret.start.saturating_sub(COMMENT_REACH);
    let ceiling = (secret.end + COMMENT_REACH).min(bytes.len());
    let line_start = line_break_before(bytes, floor, secret.start).map_or(floor, |at| at + 1);
    let line_end = memchr(b'\n', &bytes[secret.end..ceiling]).map_or(ceiling, |at| secret.end + at);
    let search = Search { bytes, is_about };
    // A secret of several lines may have the word behind its first line only where that is part of it: not a comment.
    let own = |place| place != Where::NextLine;
    let on_line = search.comment(line_start..secret.start, own, true);
    if let Some(comment) = on_line.or_else(|| search.comment(secret.end..line_end, own, false)) {
        return Some(comment);
    }
    if line_start == floor && line_start > 0 && bytes.get(line_start - 1) != Some(&b'\n') {
        return None;
    }
    let previous_end = line_start.checked_sub(1).filter(|&end| end >= floor)?;
    let previous_start = line_break_before(bytes, floor, previous_end).map_or(floor, |at| at + 1);
    let alone = stands_alone(&bytes[previous_start..previous_end]);
    let next = |place| place == Where::NextLine || place == Where::LineOrNext && alone;
    search.comment(previous_start..previous_end, next, false)
}

/// The reason in `text`, which is what stands behind our own word, secrets masked: without what separates and ends it.
pub fn reason(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || ":,;-–—".contains(c));
    text.trim_end_matches(|c: char| !c.is_alphanumeric() && !".!?…".contains(c))
}

/// Looks for words in parts of lines.
struct Search<'a> {
    bytes: &'a [u8],
    is_about: &'a dyn Fn(&str) -> bool,
}

impl Search<'_> {
    /// The comment in `part` of a line with a word whose place is `wanted`. Where the secret stands behind it, what lies between is the
    /// comment's only up to where that is closed.
    fn comment(&self, part: Range<usize>, wanted: impl Fn(Where) -> bool, is_before: bool) -> Option<Comment> {
        let line = &self.bytes[part.clone()];
        let found = WORDS.iter().filter(|(_, place)| wanted(*place)).flat_map(|(word, _)| {
            let behind = places(line, word).map(move |at| part.start + at + word.len());
            behind.map(|start| (*word, start)).collect::<Vec<_>>()
        });
        let mut comments = found.filter_map(|(word, start)| {
            let rest = start..part.end;
            if word != OWN {
                return Some(Comment { word, rest: start..start });
            }
            let closed = CLOSERS.iter().filter_map(|closer| memmem::find(&self.bytes[rest.clone()], closer.as_bytes()));
            let closed = closed.min().map(|at| start + at);
            let end = closed.unwrap_or(if is_before { start } else { rest.end }).min(start + LONGEST_REST);
            self.fits(rest.start..closed.unwrap_or(rest.end)).then_some(Comment { word, rest: start..end })
        });
        comments.next()
    }

    fn fits(&self, rest: Range<usize>) -> bool {
        let mut words = self.bytes[rest].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let first = words.next().and_then(|word| str::from_utf8(word).ok()).unwrap_or_default();
        (self.is_about)(first.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
    }
}

fn line_break_before(bytes: &[u8], floor: usize, end: usize) -> Option<usize> {
    memrchr(b'\n', &bytes[floor..end]).map(|at| floor + at)
}

/// Where `word` stands in `line` and is not a part of a longer word.
fn places<'l>(line: &'l [u8], word: &'l str) -> impl Iterator<Item = usize> + use<'l> {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    memmem::find_iter(line, word).filter(move |&at| {
        let (before, after) = (at.checked_sub(1).and_then(|at| line.get(at)), line.get(at + word.len()));
        !part(before) && !part(after)
    })
}

/// Whether a line is a comment and nothing else.
fn stands_alone(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [b"#".as_slice(), b"//", b"/*", b"*", b"--", b";", b"%", b"<!--", b"'", b"\"", b"rem ", b"REM ", b"{#", b"(*"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What allows the letters `SECRET` in `text`.
    fn allowing_secret(text: &str) -> Option<&'static str> {
        let at = text.find("SECRET").unwrap();
        allowing(text.as_bytes(), at..at + "SECRET".len(), &|_| true).map(|comment| comment.word)
    }

    /// Whether a secret of the rule `mine` is allowed in `text`, and what is said behind the word; `other` is another rule.
    fn said(text: &str) -> Option<String> {
        let at = text.find("SECRET").unwrap();
        let comment = allowing(text.as_bytes(), at..at + "SECRET".len(), &|word| word != "other");
        comment.map(|comment| reason(&text[comment.rest]).to_owned())
    }

    #[test]
    fn a_rule_behind_our_word_is_the_only_one_it_allows() {
        assert_eq!(said("key = SECRET # stanch:allow mine made up").as_deref(), Some("mine made up"));
        assert_eq!(said("key = SECRET # stanch:allow: made up").as_deref(), Some("made up"));
        for other in ["stanch:allow other", "stanch:allow other: made up", "stanch:allow  other, made up"] {
            assert_eq!(said(&format!("key = SECRET # {other}")), None, "{other}");
            assert_eq!(said(&format!("# {other}\nkey = SECRET")), None, "{other}");
            assert_eq!(said(&format!("/* {other} */ key = SECRET")), None, "{other}");
        }
        let both = "key = SECRET # stanch:allow other # stanch:allow mine";
        assert_eq!(said(both).as_deref(), Some("mine"));
        assert_eq!(said("key = SECRET # gitleaks:allow other").as_deref(), Some(""), "not our word");
    }

    #[test]
    fn a_reason_ends_with_its_comment() {
        assert_eq!(said("key = SECRET /* stanch:allow made up! */ x").as_deref(), Some("made up!"));
        assert_eq!(said("<!-- stanch:allow made up -->SECRET").as_deref(), Some("made up"));
        assert_eq!(said("# stanch:allow - made up\r\nkey = SECRET\n").as_deref(), Some("made up"));
        assert_eq!(said(r#"{"key": "SECRET # stanch:allow"}"#).as_deref(), Some(""));
        assert_eq!(said("stanch:allow key = SECRET").as_deref(), Some(""), "what is assigned is no reason");
        assert_eq!(said(&format!("SECRET # stanch:allow {}", "x".repeat(900))).unwrap().len(), LONGEST_REST - 1);
    }

    #[test]
    fn every_word_allows_its_own_line() {
        for (word, place) in WORDS {
            let allowed = allowing_secret(&format!("first\nkey = SECRET # {word}\nlast"));
            assert_eq!(allowed, (*place != Where::NextLine).then_some(*word), "{word}");
            assert!(allowing_secret(&format!("key = SECRET\nx # {word}")).is_none(), "{word} on the line below");
        }
    }

    #[test]
    fn some_words_allow_the_next_line() {
        for (word, place) in WORDS {
            let allowed = allowing_secret(&format!("  # {word} for tests\nkey = SECRET\n"));
            assert_eq!(allowed, (*place != Where::Line).then_some(*word), "{word}");
            let two_lines_up = format!("# {word}\n\nkey = SECRET\n");
            assert!(allowing_secret(&two_lines_up).is_none(), "{word}");
        }
    }

    #[test]
    fn a_comment_behind_code_allows_its_own_line_alone() {
        assert!(allowing_secret("other = 1 # stanch:allow\nkey = SECRET\n").is_none());
    }

    #[test]
    fn a_word_within_a_word_allows_nothing() {
        assert!(allowing_secret("key = SECRET # not-gitleaks:allow").is_none());
        assert!(allowing_secret("key = SECRET # ggignored").is_none());
    }

    #[test]
    fn a_word_beyond_reach_allows_nothing() {
        let far = " ".repeat(COMMENT_REACH);
        assert!(allowing_secret(&format!("key = SECRET {far}# stanch:allow")).is_none());
        assert!(allowing_secret(&format!("# stanch:allow{far}\nkey = SECRET")).is_none());
    }
}
