//! Regexes of paths as the globs that fit the same paths.
//!
//! A regex may fit anywhere in a path, so what is not anchored gets everything in front and behind. What varies in a way that no glob says
//! is refused, for a glob that fits more would hide more.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::literals::byte_class;

/// Most globs that one regex may become.
const MOST: usize = 64;

/// What a path may hold at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// Any one character but a slash.
    One,
    /// Anything without a slash.
    Within,
    /// Anything.
    Across,
    Start,
    End,
}

/// Globs that fit the paths in which `regex` matches; nothing where there are none that do.
pub(super) fn from_regex(regex: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(regex).ok()?;
    let mut globs = Vec::new();
    for pieces in expand(&hir)? {
        globs.extend(written(&anchored(&pieces)?)?);
    }
    globs.sort();
    globs.dedup();
    (globs.len() <= MOST && !globs.is_empty()).then_some(globs)
}

/// A path as a glob that fits it alone.
pub(super) fn exact(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/').chars().map(literal).collect::<String>())
}

fn literal(c: char) -> String {
    if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '\\') { format!("[{c}]") } else { c.to_string() }
}

/// All ways through a regex.
fn expand(hir: &Hir) -> Option<Vec<Vec<Piece>>> {
    let single = |piece| Some(vec![vec![piece]]);
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) if literal.0.is_ascii() => {
            Some(vec![literal.0.iter().map(|&byte| Piece::Byte(byte)).collect()])
        }
        HirKind::Look(Look::Start | Look::StartLF) => single(Piece::Start),
        HirKind::Look(Look::End | Look::EndLF) => single(Piece::End),
        HirKind::Literal(_) | HirKind::Look(_) => None,
        HirKind::Class(class) => class_pieces(class),
        HirKind::Capture(capture) => expand(&capture.sub),
        HirKind::Repetition(repetition) => {
            let (least, most) = (repetition.min, repetition.max);
            match (wild(&repetition.sub), least, most) {
                (Some(piece), 0, None) => single(piece),
                (Some(piece), 1, None) => Some(vec![vec![Piece::One, piece]]),
                (_, 0, Some(1)) => Some([vec![Vec::new()], expand(&repetition.sub)?].concat()),
                (_, least, Some(most)) if least == most && most <= 8 => {
                    (0..most).try_fold(vec![Vec::new()], |ways, _| joined(&ways, &expand(&repetition.sub)?))
                }
                _ => None,
            }
        }
        HirKind::Concat(parts) => parts.iter().try_fold(vec![Vec::new()], |ways, part| joined(&ways, &expand(part)?)),
        HirKind::Alternation(parts) => {
            let ways: Option<Vec<_>> = parts.iter().map(expand).collect();
            ways.map(|ways| ways.concat()).filter(|ways| ways.len() <= MOST)
        }
    }
}

fn joined(ways: &[Vec<Piece>], more: &[Vec<Piece>]) -> Option<Vec<Vec<Piece>>> {
    if ways.len() * more.len() > MOST {
        return None;
    }
    Some(ways.iter().flat_map(|way| more.iter().map(|next| [way.as_slice(), next].concat())).collect())
}

/// What a class repeated without end stands for.
fn wild(hir: &Hir) -> Option<Piece> {
    let HirKind::Class(class) = hir.kind() else { return None };
    let class = byte_class(class)?;
    let has = |byte: u8| class.iter().any(|range| range.start() <= byte && byte <= range.end());
    // Whether anything at all that paths are made of, slashes aside.
    if !(b' '..=b'~').filter(|&byte| byte != b'/' && byte != b'\\').all(has) {
        return None;
    }
    Some(if has(b'/') { Piece::Across } else { Piece::Within })
}

fn class_pieces(class: &Class) -> Option<Vec<Vec<Piece>>> {
    let class = byte_class(class)?;
    let bytes: Vec<u8> = class.iter().flat_map(|range| range.start()..=range.end()).collect();
    if bytes.len() > 200 {
        return Some(vec![vec![Piece::One]]);
    }
    // Paths have slashes: a class of both kinds is for Windows.
    let bytes: Vec<u8> = bytes.into_iter().filter(|&byte| byte != b'\\').collect();
    (bytes.len() <= 16 && bytes.is_ascii()).then(|| bytes.into_iter().map(|byte| vec![Piece::Byte(byte)]).collect())
}

/// The same with what an open beginning and end stand for.
fn anchored(pieces: &[Piece]) -> Option<Vec<Piece>> {
    let start = pieces.iter().rposition(|piece| *piece == Piece::Start);
    let end = pieces.iter().position(|piece| *piece == Piece::End);
    let inner = pieces[start.map_or(0, |at| at + 1)..end.unwrap_or(pieces.len())].to_vec();
    // An anchor in the middle of something fits nothing, or needs more than a glob.
    let middle = |piece: &Piece| matches!(piece, Piece::Start | Piece::End);
    if inner.iter().any(middle) || start.is_some_and(|at| at > 0) || end.is_some_and(|at| at + 1 < pieces.len()) {
        return None;
    }
    let mut whole = if start.is_some() { Vec::new() } else { vec![Piece::Across] };
    whole.extend(inner);
    if end.is_none() {
        whole.push(Piece::Across);
    }
    whole.dedup_by(|next, last| *next == Piece::Across && *last == Piece::Across);
    Some(whole)
}

/// The globs for a way through: where anything may stand, with and without folders in it.
fn written(pieces: &[Piece]) -> Option<Vec<String>> {
    let mut globs = vec![String::from("/")];
    for (at, piece) in pieces.iter().enumerate() {
        let last = at + 1 == pieces.len();
        let mut next = Vec::new();
        for glob in globs {
            let fresh = glob.ends_with('/');
            match piece {
                Piece::Byte(byte) => {
                    next.push(if *byte == b'/' && fresh { glob } else { glob + &literal(char::from(*byte)) });
                }
                Piece::One => next.push(glob + "?"),
                Piece::Within => next.push(glob + "*"),
                Piece::Across if fresh && last => next.push(glob + "**"),
                Piece::Across if fresh && pieces[at + 1] == Piece::Byte(b'/') => next.push(glob + "**/"),
                Piece::Across if fresh => next.push(glob + "**/*"),
                Piece::Across if last => next.extend([format!("{glob}*"), format!("{glob}*/**")]),
                Piece::Across => next.extend([format!("{glob}*"), format!("{glob}*/**/*")]),
                Piece::Start | Piece::End => return None,
            }
        }
        globs = next;
        if globs.len() > MOST {
            return None;
        }
    }
    Some(globs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use globset::GlobBuilder;
    use regex_automata::meta::Regex;

    const PATHS: [&str; 14] = [
        "go.sum",
        "a/go.sum",
        "a/bgo.sum",
        "go.sums",
        "vendor/x",
        "a/vendor/b/c.js",
        "vendored",
        "a/b/c.jpg",
        "c.jpg",
        "jpg/c",
        "test/data/x.json",
        "tests/data/x.json",
        "src/a/test.rs",
        "package-lock.json",
    ];

    #[test]
    fn globs_fit_what_the_regex_fits() {
        for regex in [
            r"go\.sum$",
            r"(^|/)go\.sum$",
            "vendor/",
            r"^vendor/",
            r"(.*?)(jpg|gif)$",
            r".*\.jpg",
            r"tests?/data/.*\.json$",
            r"^src/.*/test\.rs$",
            r"(?:^|/)package-lock\.json$",
            r"[^/]+\.js$",
            "data",
        ] {
            let globs = from_regex(regex).unwrap_or_else(|| panic!("{regex}"));
            let matcher = Regex::new(regex).unwrap();
            for path in PATHS {
                let fits = globs.iter().any(|glob| {
                    let glob = GlobBuilder::new(glob.strip_prefix('/').unwrap()).literal_separator(true).build();
                    glob.unwrap().compile_matcher().is_match(path)
                });
                assert_eq!(fits, matcher.is_match(path), "{regex} on {path}: {globs:?}");
            }
        }
    }

    #[test]
    fn what_no_glob_says_is_refused() {
        for regex in [r"\bfoo", "a[0-9]+b", "(?:ab)+c"] {
            assert_eq!(from_regex(regex), None, "{regex}");
        }
    }

    #[test]
    fn a_path_is_itself_alone() {
        assert_eq!(exact("a/[b]*.txt"), "/a/[[]b[]][*].txt");
    }
}
