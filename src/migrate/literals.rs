//! The literals that every match of a regex holds one of: what it can be looked for by.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind};

/// Most literals that are told apart.
const MOST: usize = 64;

/// Literals longer than this are no better for it, in bytes.
const LONG: usize = 10;

/// Shortest literal that is worth looking for, in bytes.
pub(super) const SHORTEST: usize = 3;

/// Lower-case literals, one of which is in every match of `regex`, whatever its case: the longest such set. Nothing where there is none
/// of [`SHORTEST`] bytes and more.
pub(super) fn required(regex: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(regex).ok()?;
    let set = best(&hir)?;
    let texts: Result<Vec<String>, _> = set.into_iter().map(String::from_utf8).collect();
    texts.ok()
}

type Set = BTreeSet<Vec<u8>>;

/// How good a set is: its shortest literal, then how few they are.
fn worth(set: &Set) -> (usize, std::cmp::Reverse<usize>) {
    (set.iter().map(Vec::len).min().unwrap_or(0).min(LONG), std::cmp::Reverse(set.len()))
}

fn better(one: Option<Set>, other: Option<Set>) -> Option<Set> {
    [one, other].into_iter().flatten().filter(|set| worth(set).0 >= SHORTEST).max_by_key(worth)
}

/// The best set of which every match of `hir` holds one.
fn best(hir: &Hir) -> Option<Set> {
    let inner = match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Alternation(parts) => {
            let sets: Option<Vec<Set>> = parts.iter().map(best).collect();
            sets.map(|sets| sets.into_iter().flatten().collect()).filter(|set: &Set| set.len() <= MOST)
        }
        HirKind::Concat(parts) => in_sequence(parts),
        _ => None,
    };
    better(inner, exact(hir))
}

/// The best set of a sequence: of one part, or of several that are literal and stand together.
fn in_sequence(parts: &[Hir]) -> Option<Set> {
    let mut found = None;
    let mut run: Option<Set> = None;
    for part in parts {
        let literal = exact(part);
        let joined = run.as_ref().zip(literal.as_ref()).and_then(|(run, literal)| product(run, literal));
        if joined.is_none() {
            found = better(found, run.take());
            found = better(found, best(part));
        }
        run = joined.or(literal);
    }
    better(found, run)
}

/// A class as bytes: alternatives of one character each are a class of characters even where Unicode is off.
pub(super) fn byte_class(class: &Class) -> Option<ClassBytes> {
    match class {
        Class::Bytes(class) => Some(class.clone()),
        Class::Unicode(class) => class.to_byte_class(),
    }
}

/// All texts that `hir` matches, in lower case, where they are few.
fn exact(hir: &Hir) -> Option<Set> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(Set::from([Vec::new()])),
        HirKind::Literal(literal) => Some(Set::from([literal.0.to_ascii_lowercase()])),
        HirKind::Class(class) => {
            let class = byte_class(class)?;
            let bytes = class.iter().flat_map(|range| range.start()..=range.end());
            let set: Set = bytes.map(|byte| vec![byte.to_ascii_lowercase()]).collect();
            Some(set).filter(|set| set.len() <= 8)
        }
        HirKind::Capture(capture) => exact(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.filter(|&max| max == repetition.min && max <= 4)?;
            let once = exact(&repetition.sub)?;
            (0..times).try_fold(Set::from([Vec::new()]), |set, _| product(&set, &once))
        }
        HirKind::Alternation(parts) => {
            let sets: Option<Vec<Set>> = parts.iter().map(exact).collect();
            sets.map(|sets| sets.into_iter().flatten().collect()).filter(|set: &Set| set.len() <= MOST)
        }
        HirKind::Concat(parts) => {
            parts.iter().try_fold(Set::from([Vec::new()]), |set, part| product(&set, &exact(part)?))
        }
    }
}

fn product(one: &Set, other: &Set) -> Option<Set> {
    if one.len() * other.len() > MOST {
        return None;
    }
    Some(one.iter().flat_map(|head| other.iter().map(|tail| [head.as_slice(), tail].concat())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(regex: &str) -> Vec<String> {
        required(regex).unwrap_or_default()
    }

    #[test]
    fn literals_are_found_wherever_they_stand() {
        assert_eq!(found(r"\bacme_[a-z]{20}"), ["acme_"]);
        assert_eq!(found(r"(?i)[a-z]{4}(?:acme)x"), ["acmex"]);
        assert_eq!(found("gh[ps]_[a-z]{9}"), ["ghp_", "ghs_"]);
        assert_eq!(found("(?:foo|bar)[0-9]{3}"), ["bar", "foo"]);
        assert_eq!(found("[0-9]{3}(?:ab|cd)"), Vec::<String>::new());
        assert_eq!(found("(?:foo|[0-9])x"), Vec::<String>::new());
        assert_eq!(found("(?:foo)?[0-9]"), Vec::<String>::new());
    }

    #[test]
    fn longer_ones_win() {
        assert_eq!(found("key[0-9]acme_secret"), ["acme_secret"]);
    }
}
