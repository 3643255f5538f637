//! Makes hostile text safe to print (law 6).
//!
//! Paths, names, messages and code lines hold whatever the author of a scanned repository likes. What must not reach a
//! terminal, a CI log or a Markdown document as it stands is shown as a visible escape. Masking secrets is not done here.

use std::{borrow::Cow, fmt::Write};

/// Whether `c` does something other than being seen: control characters, line separators, bidi controls, what has no width.
pub fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` for a place within a line of a terminal or a CI log: one line, nothing hostile, and no workflow command of the kind
/// that is obeyed wherever it stands (`##[…`, `##vso[…`), not even where several such texts meet. The other kind (`::…`) is obeyed at the start of a line alone,
/// spaces aside: the caller begins each line with text of its own.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| hostile(c) || c == '#') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '\t' => out.push(' '),
            '#' if (at == 0 || text[..at].ends_with('#')) && is_command(&text[at + 1..]) => out.push_str("\\x23"),
            c if hostile(c) => push_escape(&mut out, c),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether what follows `##` makes it a command: an optional word and a bracket, which the next text may bring.
fn is_command(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    rest.is_empty() || rest.starts_with('[')
}

fn push_escape(out: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a string cannot fail.
    let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

/// `text` as Markdown prose: every punctuation mark is literal, and nothing is a link, a mention, a reference or HTML. Stretches
/// between backticks stay code.
pub fn markdown(text: &str) -> String {
    let text = terminal(text);
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let mut out = String::with_capacity(text.len() + 16);
    for (nth, part) in parts.into_iter().enumerate() {
        if paired && nth % 2 == 1 && !part.trim().is_empty() {
            out.push_str(&code(part));
            continue;
        }
        if !paired && nth > 0 {
            out.push_str("\\`");
        }
        push_prose(&mut out, part);
    }
    out
}

/// What Markdown gives a meaning within a line, addresses included.
const MARKUP: &str = "\\`*_[]()<>+-.!|~&:$";

fn push_prose(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            // Mentions and references are looked for in the finished page, where a backslash is gone.
            '@' | '#' => out.extend(['`', c, '`']),
            c if MARKUP.contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}

/// `text` as a Markdown code span, in which nothing means anything.
pub fn code(text: &str) -> String {
    let text = terminal(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// `text` as a SARIF message, in which brackets make links and braces are placeholders.
pub fn sarif(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in terminal(text).chars() {
        match c {
            '[' | ']' | '\\' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out
}

/// `text` as text of an HTML document or of a quoted attribute.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// `text` as text of an XML 1.0 document or of a quoted attribute. Of what XML leaves out, control characters are shown as escapes, and the other two are replaced.
pub fn xml(text: &str) -> String {
    html(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// `text` as one word of a POSIX shell: as it is where it means nothing there, else in quotes.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@=+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `path` as the path of a URI, every byte that could mean something else there percent-encoded.
pub fn uri_path(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The first `most` characters of `text`, the last of them an ellipsis where that is not all.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect())
}

/// Text of the kind that a hostile repository holds.
#[cfg(test)]
pub(crate) fn any_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,6}",
        prop::sample::select(vec![
            "\n::error::x",
            "::set-output",
            "##[error]",
            "##vso[x]",
            "\x1b[31m",
            "\u{9b}2J",
            "\u{202e}",
            "\u{2066}",
            "\r",
            "\u{200b}",
            "\u{2028}",
            "@team",
            "`",
            "``",
            "<b>",
            "</script>",
            "<!--<script>",
            "\" onfocus=\"x",
            "&lt;",
            "[x](y)",
            "{0}",
            "\"",
            "\\",
            "日本",
            "é",
            "😀",
            "\u{e0041}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_characters_are_shown() {
        assert_eq!(terminal("a\x1b[31m\tb\r\n"), "a\\x1b[31m b\\x0d\\x0a");
        assert_eq!(terminal("x\u{202e}y\u{200b}z\u{9b}\u{2028}"), "x\\u{202e}y\\u{200b}z\\x9b\\u{2028}");
        assert_eq!(terminal("naïve — ✓ 日本"), "naïve — ✓ 日本");
    }

    #[test]
    fn commands_of_ci_logs_are_broken() {
        assert_eq!(terminal("a ##[error]x ##vso[task.x]"), "a #\\x23[error]x #\\x23vso[task.x]");
        assert_eq!(terminal("###[x]"), "##\\x23[x]");
        assert_eq!(terminal("## Title"), "## Title");
        assert_eq!(terminal("# TODO #1"), "# TODO #1");
        assert_eq!(["a #", "#vs", "o[x]"].map(terminal).concat(), "a #\\x23vso[x]");
    }

    #[test]
    fn markdown_means_nothing() {
        assert_eq!(markdown("[a](b) <i> @me #1"), "\\[a\\]\\(b\\) \\<i\\> `@`me `#`1");
        assert_eq!(markdown("run `gh auth` now."), "run `gh auth` now\\.");
        assert_eq!(markdown("`x` and `y`"), "`x` and `y`");
        assert_eq!(markdown("a ` b"), "a \\` b");
        assert_eq!(code("a``b`"), "``` a``b` ```");
    }

    #[test]
    fn sarif_messages_have_no_links_and_no_placeholders() {
        assert_eq!(sarif("[a](1) {0} \\"), "\\[a\\](1) {{0}} \\\\");
    }

    #[test]
    fn html_and_shells_see_text() {
        assert_eq!(html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(
            (shell("a/b.env"), shell("a b"), shell("it's")),
            ("a/b.env".into(), "'a b'".into(), r"'it'\''s'".into())
        );
    }

    #[test]
    fn uris_hold_no_bare_byte() {
        assert_eq!(uri_path(b"a b/#c%\xff:?"), "a%20b/%23c%25%FF%3A%3F");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn xml_holds_only_its_characters() {
        assert_eq!(xml("<a\0\u{fffe}\u{ffff}\x0b]]>"), "&lt;a\\x00\u{fffd}\u{fffd}\\x0b]]&gt;");
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left(text in any_text()) {
            for safe in [terminal(&text).into_owned(), markdown(&text), code(&text), sarif(&text)] {
                prop_assert!(!safe.contains(hostile), "{safe:?}");
                prop_assert!(!safe.contains("##[") && !safe.contains("##vso["), "{safe:?}");
            }
        }

        #[test]
        fn text_without_anything_hostile_stays(text in "[ -\"$-~é日]{0,40}") {
            prop_assert_eq!(terminal(&text), text.as_str());
        }

        /// Outside code spans, no character of prose that Markdown knows stands bare.
        #[test]
        fn prose_is_literal(text in any_text()) {
            let mut bare = String::new();
            let mut code = false;
            let mut chars = markdown(&text.replace('`', "")).chars().collect::<Vec<_>>().into_iter();
            while let Some(c) = chars.next() {
                match c {
                    '\\' if !code => { chars.next(); }
                    '`' => code = !code,
                    c if !code => bare.push(c),
                    _ => {}
                }
            }
            prop_assert!(!bare.contains(|c: char| c == '@' || c == '#' || MARKUP.contains(c)), "{bare:?}");
        }

        #[test]
        fn uris_round_trip(path in prop::collection::vec(any::<u8>(), 0..40)) {
            let uri = uri_path(&path);
            let mut back = Vec::new();
            let mut bytes = uri.bytes();
            while let Some(byte) = bytes.next() {
                if byte == b'%' {
                    let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                    back.push(u8::from_str_radix(str::from_utf8(&hex).unwrap(), 16).unwrap());
                } else {
                    back.push(byte);
                }
            }
            prop_assert_eq!(back, path);
        }
    }
}
