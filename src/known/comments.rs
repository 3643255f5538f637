//! Comments in the scanned text that allow a secret beside them: our own word, and those of the scanners that people come from.
//!
//! Only the lines of the secret and the one before are looked at, within [`COMMENT_REACH`] bytes, so what is found depends on the
//! secret's neighbourhood alone (law 2).

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use crate::rule::COMMENT_REACH;

/// Where a word allows: a secret on its own line, on the next, or on both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Line,
    NextLine,
    /// The line itself; the next one too where the comment stands alone.
    LineOrNext,
}

const WORDS: &[(&str, Where)] = &[
    ("stanch:allow", Where::LineOrNext),
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

/// The word that allows the secret at `secret` of `bytes`, if there is one.
pub fn allowing(bytes: &[u8], secret: Range<usize>) -> Option<&'static str> {
    let floor = secret.start.saturating_sub(COMMENT_REACH);
    let ceiling = (secret.end + COMMENT_REACH).min(bytes.len());
    let line_start = line_break_before(bytes, floor, secret.start).map_or(floor, |at| at + 1);
    let line_end = memchr(b'\n', &bytes[secret.end..ceiling]).map_or(ceiling, |at| secret.end + at);
    let before = &bytes[line_start..secret.start];
    let after = &bytes[secret.end..line_end];
    // A secret of several lines may have the word behind its first line only where that is part of it: not a comment.
    let own = WORDS.iter().filter(|(_, place)| *place != Where::NextLine);
    if let Some((word, _)) = own.clone().find(|(word, _)| holds(before, word) || holds(after, word)) {
        return Some(word);
    }
    if line_start == floor && line_start > 0 && bytes.get(line_start - 1) != Some(&b'\n') {
        return None;
    }
    let previous_end = line_start.checked_sub(1).filter(|&end| end >= floor)?;
    let previous_start = line_break_before(bytes, floor, previous_end).map_or(floor, |at| at + 1);
    let previous = &bytes[previous_start..previous_end];
    let alone = stands_alone(previous);
    let next = WORDS.iter().filter(|(_, place)| *place == Where::NextLine || *place == Where::LineOrNext && alone);
    next.map(|(word, _)| *word).find(|word| holds(previous, word))
}

fn line_break_before(bytes: &[u8], floor: usize, end: usize) -> Option<usize> {
    memrchr(b'\n', &bytes[floor..end]).map(|at| floor + at)
}

/// Whether `word` stands in `line` and is not a part of a longer word.
fn holds(line: &[u8], word: &str) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    memmem::find_iter(line, word).any(|at| {
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
        allowing(text.as_bytes(), at..at + "SECRET".len())
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
