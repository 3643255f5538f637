//! The line of code around a secret, with a mark beneath it.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{DIM, Page, RED};
use crate::{escape, incident::Occurrence};

/// How many columns are shown before the secret.
const MOST_BEFORE: usize = 48;
/// How many columns the line has in all, unless the secret needs more.
const MOST_LINE: usize = 100;
/// Stands for what was cut.
const ELLIPSIS: char = '…';

impl Page<'_> {
    /// Nothing where no line is known.
    pub(super) fn excerpt(&mut self, found: &Occurrence) -> io::Result<()> {
        if found.excerpt.masked.is_empty() {
            return Ok(());
        }
        let line = Line::new(
            self.safe(&found.excerpt.before).trim_start_matches(' '),
            &escape::terminal(&found.excerpt.masked),
            self.safe(&found.excerpt.after).trim_end_matches(' '),
            (found.excerpt.cut_before, found.excerpt.cut_after),
        );
        let number = found.location.line.to_string();
        let (bar, blank) = (self.paint(DIM, &format!("{number} |")), " ".repeat(number.len()));
        writeln!(self.out, "    {bar} {}{}{}", line.before, line.masked, line.after)?;
        let indent = " ".repeat(line.before.width());
        let mark = self.paint(RED, &"^".repeat(line.masked.width().max(1)));
        let empty = self.paint(DIM, &format!("{blank} |"));
        writeln!(self.out, "    {empty} {indent}{mark}")
    }
}

/// A line cut to what fits, around what is marked.
#[derive(Debug, PartialEq)]
struct Line {
    before: String,
    masked: String,
    after: String,
}

impl Line {
    /// Of escaped text; `cut` says whether it was cut already, before and after.
    fn new(before: &str, masked: &str, after: &str, cut: (bool, bool)) -> Self {
        let before = last_columns(before, MOST_BEFORE, cut.0);
        let room = MOST_LINE.saturating_sub(before.width() + masked.width());
        Self { before, masked: masked.to_owned(), after: first_columns(after, room, cut.1) }
    }
}

fn first_columns(text: &str, most: usize, cut: bool) -> String {
    let kept = within(text.chars(), most);
    let mut out: String = text.chars().take(kept).collect();
    if cut || kept < text.chars().count() {
        out.push(ELLIPSIS);
    }
    out
}

fn last_columns(text: &str, most: usize, cut: bool) -> String {
    let kept = within(text.chars().rev(), most);
    let all = text.chars().count();
    let ellipsis = (cut || kept < all).then_some(ELLIPSIS);
    ellipsis.into_iter().chain(text.chars().skip(all - kept)).collect()
}

/// How many of `chars` fit into `most` columns.
fn within(chars: impl Iterator<Item = char>, most: usize) -> usize {
    let mut room = most;
    chars
        .take_while(|c| match room.checked_sub(c.width().unwrap_or(0)) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_around_the_secret() {
        let line = Line::new(&"b".repeat(60), "…", &"a".repeat(90), (false, false));
        assert_eq!(line.before, format!("…{}", "b".repeat(48)));
        assert_eq!(line.after, format!("{}…", "a".repeat(50)));
    }

    #[test]
    fn short_lines_stay() {
        let line = Line::new("a=", "…", ";", (false, false));
        assert_eq!((line.before.as_str(), line.after.as_str()), ("a=", ";"));
        let line = Line::new("a=", "…", ";", (true, true));
        assert_eq!((line.before.as_str(), line.after.as_str()), ("…a=", ";…"));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(last_columns(&"日".repeat(30), 48, false).width(), 49);
        assert_eq!(first_columns("日本", 3, false), "日…");
    }
}
