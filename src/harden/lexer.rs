//! Tells comments and strings from code, as far as finding weaknesses needs it.
//!
//! No language is parsed: per syntax a handful of delimiters is known. A quote that nothing closes on its line is an ordinary character,
//! so that an apostrophe in a text hides nothing behind it. Time is linear in the text, whatever it holds.

use std::{ops::Range, sync::OnceLock};

use super::constants::Constants;
use crate::rule::names;

/// How comments and strings are told from code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `//` and `/* */`; quotes and backticks.
    C,
    /// `#`; quotes, and triple ones.
    Hash,
    /// `<!-- -->`; quotes of attributes.
    Xml,
    /// `;` and `#`.
    Ini,
    /// Those of C, and `#`.
    Php,
    /// Nothing is a comment.
    None,
}

names!(Syntax { C = "c", Hash = "hash", Xml = "xml", Ini = "ini", Php = "php", None = "none" });

/// A text whose comments are known. Both texts have the length and the line breaks of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexed {
    /// The text with blanks for comments.
    pub code: Vec<u8>,
    /// The same with blanks for what is between quotes, too.
    pub bare: Vec<u8>,
    /// What is between quotes, in order.
    pub strings: Vec<Range<usize>>,
    constants: OnceLock<Constants>,
}

impl Lexed {
    /// The strings that the text gives a name to, sought when they are first asked for.
    pub(super) fn constants(&self) -> &Constants {
        self.constants.get_or_init(|| Constants::of(&self.code))
    }
}

/// Tells comments and strings of `text` from code.
pub fn lex(text: &[u8], syntax: Syntax) -> Lexed {
    let mut lexer = Lexer { text, syntax, at: 0, comments: Vec::new(), strings: Vec::new(), unclosed: [0; 3] };
    while lexer.at < text.len() {
        lexer.step();
    }
    let mut code = text.to_vec();
    lexer.comments.iter().for_each(|range| blank(&mut code, range));
    let mut bare = code.clone();
    lexer.strings.iter().for_each(|range| blank(&mut bare, range));
    Lexed { code, bare, strings: lexer.strings, constants: OnceLock::new() }
}

fn blank(text: &mut [u8], range: &Range<usize>) {
    text[range.clone()].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}

/// Whether a text documents that has this before it in its line: it stands alone, or Elixir says so. None of it runs.
fn documents(before: &[u8]) -> bool {
    let before = before.trim_ascii();
    before.is_empty() || [b"@doc".as_slice(), b"@moduledoc", b"@typedoc"].iter().any(|word| before.starts_with(word))
}

struct Lexer<'t> {
    text: &'t [u8],
    syntax: Syntax,
    at: usize,
    comments: Vec<Range<usize>>,
    strings: Vec<Range<usize>>,
    /// Up to where it is known that no quote of a kind is closed.
    unclosed: [usize; 3],
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let (slashes, hashes) =
            (matches!(self.syntax, Syntax::C | Syntax::Php), matches!(self.syntax, Syntax::Hash | Syntax::Php));
        match rest[0] {
            b'/' if slashes && rest.starts_with(b"//") => self.comment(self.line_end()),
            b'/' if slashes && rest.starts_with(b"/*") => self.comment(self.behind(2, b"*/")),
            b'#' if hashes && self.begins_word() && !(self.syntax == Syntax::Php && rest.starts_with(b"#[")) => {
                self.comment(self.line_end());
            }
            b'<' if self.syntax == Syntax::Xml && rest.starts_with(b"<!--") => self.comment(self.behind(4, b"-->")),
            b';' | b'#' if self.syntax == Syntax::Ini && self.begins_word() => self.comment(self.line_end()),
            quote @ (b'"' | b'\'' | b'`') if slashes || hashes => self.quoted(quote),
            quote @ (b'"' | b'\'') if self.syntax == Syntax::Xml && self.text[..self.at].ends_with(b"=") => {
                self.quoted(quote);
            }
            _ => self.at += 1,
        }
    }

    fn comment(&mut self, end: usize) {
        self.comments.push(self.at..end);
        self.at = end;
    }

    fn line_end(&self) -> usize {
        memchr::memchr(b'\n', &self.text[self.at..]).map_or(self.text.len(), |end| self.at + end)
    }

    /// Behind the next `end` that begins `skip` bytes further on at the earliest.
    fn behind(&self, skip: usize, end: &[u8]) -> usize {
        let from = (self.at + skip).min(self.text.len());
        let found = memchr::memmem::find(&self.text[from..], end);
        found.map_or(self.text.len(), |found| from + found + end.len())
    }

    /// Whether a comment may begin here: not in the middle of a colour, an address or a word.
    fn begins_word(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.text[at]);
        before.is_none_or(|byte| byte.is_ascii_whitespace() || b";{}(),".contains(&byte))
    }

    fn quoted(&mut self, quote: u8) {
        let triple = [quote; 3];
        if quote != b'`' && self.text[self.at..].starts_with(&triple) {
            let end = self.behind(3, &triple);
            let line = memchr::memrchr(b'\n', &self.text[..self.at]).map_or(0, |at| at + 1);
            if self.syntax == Syntax::Hash && documents(&self.text[line..self.at]) {
                return self.comment(end);
            }
            self.strings.push(self.at + 3..end.saturating_sub(3).max(self.at + 3));
            self.at = end;
            return;
        }
        let kind = match quote {
            b'"' => 0,
            b'\'' => 1,
            _ => 2,
        };
        if self.at < self.unclosed[kind] {
            self.at += 1;
            return;
        }
        match self.closing(quote) {
            Ok(end) => {
                self.strings.push(self.at + 1..end);
                self.at = end + 1;
            }
            Err(end) => {
                self.unclosed[kind] = end;
                self.at += 1;
            }
        }
    }

    /// Where the quote is that closes this one, else how far there is none. Backticks alone span lines.
    fn closing(&self, quote: u8) -> Result<usize, usize> {
        let mut at = self.at + 1;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' if quote != b'`' => return Err(at),
                byte if byte == quote => return Ok(at),
                _ => {}
            }
            at += 1;
        }
        Err(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str, syntax: Syntax) -> String {
        String::from_utf8(lex(text.as_bytes(), syntax).code).unwrap()
    }

    #[test]
    fn comments_are_blanked_and_strings_are_not() {
        assert_eq!(code("a('//x') // y\nb /* c\nd */ e", Syntax::C), "a('//x')     \nb     \n     e");
        assert_eq!(code("a = '#x' # y\nb = c#d", Syntax::Hash), "a = '#x'    \nb = c#d");
        assert_eq!(code("def f():\n  \"\"\"x(1)\"\"\"\n  y", Syntax::Hash), "def f():\n            \n  y");
        assert_eq!(code("@doc ~S\"\"\"\nx(1)\n\"\"\"\ny", Syntax::Hash), "@doc ~S   \n    \n   \ny");
        assert_eq!(code("<a><!-- b\n --></a>", Syntax::Xml), "<a>      \n    </a>");
        assert_eq!(code("; a\nb = c ; d\ne=f;g", Syntax::Ini), "   \nb = c    \ne=f;g");
        assert_eq!(code("#[A]\n# b\n$c; // d", Syntax::Php), "#[A]\n   \n$c;     ");
        assert_eq!(code("// a", Syntax::None), "// a");
    }

    #[test]
    fn a_quote_that_nothing_closes_hides_nothing() {
        let lexed = lex(b"it's f(1)\n'a)' // b'", Syntax::C);
        assert_eq!(lexed.bare, b"it's f(1)\n'  '      ");
    }

    #[test]
    fn attributes_are_strings() {
        let lexed = lex(b"<a b=\"c\">it's \"d\" <!-- e=\"f\" -->", Syntax::Xml);
        assert_eq!(lexed.strings, std::iter::once(6..7).collect::<Vec<_>>());
    }

    #[test]
    fn time_is_linear_in_quotes() {
        let text = "\"".to_owned() + &"\\\"".repeat(2_000_000);
        assert_eq!(lex(text.as_bytes(), Syntax::C).code.len(), text.len());
    }

    proptest! {
        #[test]
        fn length_and_lines_stay_and_nothing_panics(
            bytes in prop::collection::vec(prop::sample::select(b"/*#'\"`\\\n\r<!->;[( a\xff".to_vec()), 0..200),
            syntax in prop::sample::select(Syntax::ALL.to_vec()),
        ) {
            let lexed = lex(&bytes, syntax);
            for text in [&lexed.code, &lexed.bare] {
                prop_assert_eq!(text.len(), bytes.len());
                for (a, b) in text.iter().zip(&bytes) {
                    prop_assert_eq!(*a == b'\n', *b == b'\n');
                    prop_assert!(a == b || *a == b' ');
                }
            }
        }
    }
}
