//! `.secretsignore` of ripsecrets: globs as in a `.gitignore`, and behind `[secrets]` regexes of what is allowed.

use super::{reader::Reader, tree::Place};

/// Reads the lines of `text`.
pub(super) fn read(reader: &mut Reader<'_>, text: &str) {
    let mut secrets = false;
    for (at, line) in text.lines().enumerate() {
        let place = Place { line: at + 1, column: 1 };
        let line = line.trim();
        match line {
            "" => {}
            "[secrets]" => secrets = true,
            _ if line.starts_with('#') => {}
            _ if line.starts_with('[') && line.ends_with(']') && !secrets => {
                reader.lost(place, format!("section `{line}` has nothing that answers to it"));
            }
            _ if secrets => reader.known_regex(place, line, None),
            _ if line.starts_with('!') => {
                reader.lost(place, format!("`{line}`: what is left out is not taken back in"));
            }
            glob => reader.exclude(place, glob),
        }
    }
}
