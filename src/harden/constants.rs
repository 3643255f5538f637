//! The strings that a file gives a name to, put where the name stands.
//!
//! The name of a cookie or a key is often a constant of the same file: `const SESSION = 'session_id'`, and far below
//! `res.cookie(SESSION, …)`. No language is parsed and no scope is known, so only a name counts that is given a value once in
//! the whole file, as a constant or outside of all functions. Looking is `find`'s.

use std::{collections::BTreeMap, ops::Range, sync::OnceLock};

use regex_automata::{
    Anchored, Input,
    meta::{Config, Regex},
    util::syntax,
};

/// A name that is given a string: what stands before it, the name, its type, and the string with what makes bytes of it. The string ends
/// the statement, so that none is taken that something is added to; and spaces are around the `=`, as there are none where
/// an argument of a call is named.
const GIVEN_A_STRING: &str = r#"(?m)(?:^|[;{}])([ \t]*(?:\w[\w<>\[\]]*[ \t]+)*)(\$?[A-Za-z_]\w*)([ \t]*:[ \t]*[\w&'\[\]<> ]*[\w\]>])?[ \t]+:?=[ \t]+((?:\[\]byte\()?b?(?:"[^"\\\n]*"|'[^'\\\n]*'|`[^`$\\\n]*`)\)?)[ \t]*(?:;|\r?$)"#;
/// A name that is given anything.
const GIVEN: &str = r"(\$?[A-Za-z_]\w*)(?:[ \t]*:[ \t]*[\w&'\[\]<> ]*[\w\]>])?[ \t]*(?:[:+.]|\|\||\?\?)?=(?:[^=>~]|$)";
/// What makes a name a constant, wherever it stands.
const CONSTANT: [&[u8]; 5] = [b"const", b"static", b"final", b"readonly", b"val"];

/// Strings by the names that they are given, as the file writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Constants(BTreeMap<Vec<u8>, Vec<u8>>);

impl Constants {
    /// Those of a file whose comments are blank.
    pub(super) fn of(code: &[u8]) -> Self {
        static GIVEN_A_STRING_ONCE: OnceLock<Option<Regex>> = OnceLock::new();
        static GIVEN_ONCE: OnceLock<Option<Regex>> = OnceLock::new();
        let mut named: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for [_, before, name, kind, value] in groups(&GIVEN_A_STRING_ONCE, GIVEN_A_STRING, code) {
            let closes = code[value.end..].trim_ascii_start().starts_with(b")");
            if is_constant(&code[before], &code[name.clone()]) && (kind.is_empty() || !closes) {
                named.insert(code[name].to_vec(), code[value].to_vec());
            }
        }
        let mut times: BTreeMap<&[u8], usize> = BTreeMap::new();
        if !named.is_empty() {
            for [_, name] in groups(&GIVEN_ONCE, GIVEN, code) {
                *times.entry(&code[name]).or_default() += 1;
            }
        }
        named.retain(|name, _| times.get(name.as_slice()) == Some(&1));
        Self(named)
    }

    /// `code` with strings where it names them; nothing where it names none. `bare` is the same without what is between quotes.
    pub(super) fn put_in(&self, code: &[u8], bare: &[u8]) -> Option<Vec<u8>> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
        let (mut out, mut from, mut at) = (Vec::new(), 0, 0);
        while !self.0.is_empty() && at < bare.len() {
            let word = at..at + bare[at..].iter().take_while(|byte| is_word(byte)).count();
            at = word.end.max(at + 1);
            let named = self.0.get(&code[word.clone()]).filter(|_| !word.is_empty() && is_value(bare, &word));
            if let Some(value) = named {
                out.extend_from_slice(&code[from..word.start]);
                out.extend_from_slice(value);
                from = word.end;
            }
        }
        out.extend_from_slice(&code[from..]);
        (from > 0).then_some(out)
    }
}

/// Whether what stands at `word` is neither a member of something nor called, nor the name of a field or an argument.
fn is_value(bare: &[u8], word: &Range<usize>) -> bool {
    let behind = bare[word.end..].trim_ascii_start();
    let names = behind.starts_with(b":") && !behind.starts_with(b"::") || behind.starts_with(b"=");
    !bare[..word.start].ends_with(b".") && !names && !behind.starts_with(b"(")
}

/// Whether a name is a constant, or stands outside of all functions: `before` is what its line has before it.
fn is_constant(before: &[u8], name: &[u8]) -> bool {
    let says = before.split(u8::is_ascii_whitespace).any(|word| CONSTANT.contains(&word));
    let outside = !before.starts_with(b" ") && !before.starts_with(b"\t\t");
    let loud = name.len() > 2 && !name.iter().any(u8::is_ascii_lowercase);
    says || outside || loud
}

/// The groups of all matches, in order; a group that is not there is empty.
fn groups<const N: usize>(once: &OnceLock<Option<Regex>>, pattern: &str, code: &[u8]) -> Vec<[Range<usize>; N]> {
    let compile = || {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        Regex::builder().syntax(syntax).configure(Config::new().utf8_empty(false)).build(pattern).ok()
    };
    let Some(regex) = once.get_or_init(compile) else { return Vec::new() };
    let mut captures = regex.create_captures();
    let group = |found: regex_automata::Match| {
        regex.search_captures(&Input::new(code).span(found.range()).anchored(Anchored::Yes), &mut captures);
        std::array::from_fn(|n| captures.get_group(n).map_or(found.end()..found.end(), |span| span.range()))
    };
    regex.find_iter(code).map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `text`, whose constants are `constants`'.
    fn put(constants: &str, text: &str) -> String {
        let found = Constants::of(format!("{constants}\n{text}").as_bytes());
        String::from_utf8(found.put_in(text.as_bytes(), text.as_bytes()).unwrap_or_default()).unwrap()
    }

    #[test]
    fn names_of_constants_are_what_they_stand_for() {
        assert_eq!(put("const A = 'sid';", "f(A, b)"), "f('sid', b)");
        assert_eq!(put("  private static final String a = \"sid\";", "f(x(a.getBytes()))"), "f(x(\"sid\".getBytes()))");
        assert_eq!(put("const (\n\ta = \"sid\"\n)", "f(a)"), "f(\"sid\")");
        assert_eq!(put("var key = []byte(\"k\")", "f(key)"), "f([]byte(\"k\"))");
        assert_eq!(put("pub const A: &[u8] = b\"k\";", "f(A)"), "f(b\"k\")");
        assert_eq!(put("SECRET_KEY: str = 'k'", "f(SECRET_KEY)"), "f('k')");
        assert_eq!(put("<?php\n$key = 'k';", "f($key, 'HS256')"), "f('k', 'HS256')");
        assert_eq!(put("x(); const A = 'sid'; y()", "f(A)"), "f('sid')");
    }

    #[test]
    fn names_of_something_else_stay() {
        for constants in [
            "let a = 'x'; a = 'y';",
            "const a = 'x' + b;",
            "  a = 'x'",
            "f(\n    a='x',\n    b='y'\n)",
            "def f(\n    a: str = 'x'\n):",
            "const a = `x${y}`;",
            "const a = b;",
        ] {
            assert_eq!(put(constants, "f(a)"), "", "{constants}");
        }
        for text in ["f({ a: 1 })", "f(x.a)", "a('y')", "f(a=1)", "f(ab)"] {
            assert_eq!(put("const a = 'x';", text), "", "{text}");
        }
    }
}
