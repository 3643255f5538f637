//! Examples of a regex: templates, as pattern files want them, of texts that it matches.
//!
//! Fixed text stays, all that varies is left to the template's functions, so that no credential-shaped string is written. Whether a text
//! is found in the end is for the caller to try.

use std::fmt::Write;

use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind};

use super::literals::byte_class;

/// How varying parts are filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// How long runs of letters and digits are, where they may be.
    run: u32,
    /// Which of several alternatives is taken.
    alternative: usize,
    /// What need not be there is left out.
    sparse: bool,
}

/// The styles worth trying, the likeliest first.
pub(super) fn styles() -> impl Iterator<Item = Style> {
    let runs = [40, 20, 8].into_iter();
    runs.flat_map(|run| {
        [(0, true), (0, false), (1, true), (1, false), (2, true)].into_iter().map(move |(alternative, sparse)| Style {
            run,
            alternative,
            sparse,
        })
    })
}

/// A template of a text that `regex` matches; nothing where it takes bytes that no template gives.
pub(super) fn template(regex: &str, style: Style) -> Option<String> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(regex).ok()?;
    let mut template = String::new();
    write(&hir, style, &mut template)?;
    Some(template)
}

fn write(hir: &Hir, style: Style, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&escaped(str::from_utf8(&literal.0).ok()?)),
        HirKind::Class(class) => one(class, out)?,
        HirKind::Capture(capture) => write(&capture.sub, style, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, style, out))?,
        HirKind::Alternation(parts) => write(&parts[style.alternative.min(parts.len() - 1)], style, out)?,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            match repetition.sub.kind() {
                HirKind::Class(class) if byte_class(class).is_some_and(|class| !alphabet(&class).is_empty()) => {
                    let letters = alphabet(&byte_class(class)?);
                    let wanted = if repetition.min == 0 && style.sparse { 0 } else { style.run };
                    let times = wanted.clamp(repetition.min, most);
                    if times > 0 {
                        write!(out, "{{chars('{letters}', {times})}}").ok()?;
                    }
                }
                _ => {
                    let least = u32::from(!style.sparse).clamp(repetition.min, most);
                    (0..least).try_for_each(|_| write(&repetition.sub, style, out))?;
                }
            }
        }
    }
    Some(())
}

/// One byte of a class.
fn one(class: &Class, out: &mut String) -> Option<()> {
    let class = &byte_class(class)?;
    let letters = alphabet(class);
    if !letters.is_empty() {
        write!(out, "{{chars('{letters}', 1)}}").ok()?;
        return Some(());
    }
    let has = |byte: u8| class.iter().any(|range| range.start() <= byte && byte <= range.end());
    let byte = b"= \"':;,_-./+".iter().copied().find(|&byte| has(byte));
    let byte = byte.or_else(|| (b'!'..=b'~').find(|&byte| has(byte))).or_else(|| has(b'\n').then_some(b'\n'))?;
    out.push_str(&escaped(char::from(byte).encode_utf8(&mut [0; 4])));
    Some(())
}

/// The letters and digits of a class, as a template's alphabet.
fn alphabet(class: &ClassBytes) -> String {
    let mut text = String::new();
    for (first, last) in [(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')] {
        for range in class.iter() {
            let (start, end) = (range.start().max(first), range.end().min(last));
            match start.cmp(&end) {
                std::cmp::Ordering::Less => text.extend([char::from(start), '-', char::from(end)]),
                std::cmp::Ordering::Equal => text.push(char::from(start)),
                std::cmp::Ordering::Greater => {}
            }
        }
    }
    text
}

/// Text with nothing in it that a template would expand.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::template::expand;
    use regex_automata::{meta::Regex, util::syntax};

    #[test]
    fn what_a_template_gives_is_matched() {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        for regex in [
            r"acme_[0-9a-f]{32}",
            r"(?i)\bacme[ \t\w.-]{0,20}[\s'\x22]{0,3}(?:=|>|:{1,3}=)(?<secret>[a-z0-9]{24,30})(?:['\s;]|$)",
            r"x\{(?:a|b)+\}[^a-zA-Z0-9]y",
            r"AK[0-9A-Z]{16}|AS[0-9]{9}",
        ] {
            let matcher = Regex::builder().syntax(syntax).build(regex).unwrap();
            for style in styles() {
                let text = expand(&template(regex, style).unwrap(), 7, 0).unwrap();
                assert!(matcher.is_match(text.as_bytes()), "{regex}: {text}");
            }
        }
    }

    #[test]
    fn nothing_credential_shaped_is_written() {
        assert_eq!(template("acme_[0-9a-f]{32}", styles().next().unwrap()).unwrap(), "acme_{chars('0-9a-f', 32)}");
    }
}
