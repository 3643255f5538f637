//! Values as TOML writes them.

use std::fmt::Write;

/// A string between double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if crate::escape::hostile(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// A string in which nothing is escaped, where that can be: regexes.
pub(super) fn verbatim(text: &str) -> String {
    let plain = !text.contains("'''") && !text.ends_with('\'') && !text.starts_with('\n');
    if plain && !text.contains(crate::escape::hostile) { format!("'''{text}'''") } else { quoted(text) }
}

/// A list of strings on one line.
pub(super) fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["", "a\"b\\c\n\t\u{1}", "it's", "'''", "\u{202e}x", "é"] {
            let written = format!("a = {}\nb = {}", quoted(text), verbatim(text));
            let table = toml::de::DeTable::parse(&written).unwrap().into_inner();
            assert!(table.values().all(|value| value.get_ref().as_str() == Some(text)), "{written}");
            assert!(!quoted(text).contains(['\n', '\u{202e}']));
        }
    }
}
