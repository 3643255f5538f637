//! A foreign file as one tree, whether it is TOML, JSON or YAML: values with the lines and columns at which they stand.
//!
//! What the values mean is the dialects'. Reading is bounded: in bytes by [`LARGEST`], in depth by [`DEEPEST`], and YAML's aliases, by which
//! a small file becomes a large tree, are refused.

mod json;
mod toml;
mod yaml;

use crate::rules::table::Problem;

/// Largest file that is read, in bytes.
pub(super) const LARGEST: u64 = 10 * 1024 * 1024;

/// How deep lists and tables may lie in one another.
const DEEPEST: usize = 32;

/// Where in a file something stands: line and column from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What is written there. Numbers and truth values are text, as they are written.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The name of a value in a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) text: String,
}

/// As what a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Toml,
    Json,
    Yaml,
}

/// Reads `text`, which the user calls `name`.
pub(super) fn read(name: &str, text: &str, syntax: Syntax) -> Result<Node, Problem> {
    let read = match syntax {
        Syntax::Toml => toml::read(text),
        Syntax::Json => json::read(text),
        Syntax::Yaml => yaml::read(text),
    };
    read.map_err(|(place, message)| problem(name, place, message))
}

/// A mistake in the file `name`.
pub(super) fn problem(name: &str, place: Place, message: impl Into<String>) -> Problem {
    Problem { file: name.to_owned(), line: place.line, column: place.column, message: message.into() }
}

/// What a reader that gives up says: where, and why.
type Broken = (Place, String);

fn too_deep(place: Place) -> Broken {
    (place, format!("more than {DEEPEST} lists and tables in one another"))
}

/// Turns offsets of a text into places.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn place(&self, offset: usize) -> Place {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts[line - 1];
        // A column is for people: in a file of one long line it is counted in bytes beyond this.
        let near = self.text.floor_char_boundary(start.max(offset.saturating_sub(4096)));
        Place { line, column: near - start + self.text[near..offset].chars().count() + 1 }
    }
}

impl Node {
    /// The value called `name` in this table; nothing where there is none, and where it is null.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let (_, node) = self.entries().iter().find(|(key, _)| key.text == name)?;
        Some(node).filter(|node| !matches!(node.value, Value::Null))
    }

    /// The values of this table; none where it is something else.
    pub(super) fn entries(&self) -> &[(Key, Self)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The items of this list; a value that stands alone is a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The text called `name`.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// The texts in the list called `name`, each with its place.
    pub(super) fn texts(&self, name: &str) -> Vec<(Place, &str)> {
        let items = self.get(name).map(Self::items).unwrap_or_default();
        items.iter().filter_map(|item| Some((item.place, item.text()?))).collect()
    }

    /// Whether the value called `name` is there and true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.text_of(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, syntax: Syntax) -> String {
        read("f", text, syntax).unwrap_err().to_string()
    }

    #[test]
    fn the_three_say_the_same() {
        for (syntax, text) in [
            (Syntax::Toml, "a = [1, true]\n[b]\nc = 'x'\n"),
            (Syntax::Json, "{\"a\": [1, true],\n\"b\": {\n\"c\": \"x\"}}"),
            (Syntax::Yaml, "a: [1, true]\nb:\n  c: x\n"),
        ] {
            let tree = read("f", text, syntax).unwrap();
            let numbers: Vec<&str> = tree.texts("a").into_iter().map(|(_, text)| text).collect();
            assert_eq!(numbers, ["1", "true"], "{syntax:?}");
            let c = tree.get("b").and_then(|b| b.get("c")).unwrap();
            assert_eq!((c.text(), c.place.line), (Some("x"), 3), "{syntax:?}");
        }
    }

    #[test]
    fn mistakes_have_places() {
        assert!(broken("a = 1\nb = [", Syntax::Toml).starts_with("f:2:"));
        assert!(broken("{\"a\": 1,\n  oops}", Syntax::Json).starts_with("f:2:3: "));
        assert!(broken("a: 1\nb: [\n", Syntax::Yaml).starts_with("f:"));
        assert!(broken("a: &x 1\nb: *x\n", Syntax::Yaml).contains("f:2:4: aliases are not read"));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(4000) + &"]".repeat(4000);
        for syntax in [Syntax::Json, Syntax::Yaml] {
            assert!(!broken(&deep, syntax).is_empty());
        }
        assert!(!broken(&format!("a = {deep}"), Syntax::Toml).is_empty());
    }

    #[test]
    fn columns_count_characters() {
        let tree = read("f", "{\"é\": 1, \"b\": 2}", Syntax::Json).unwrap();
        assert_eq!(tree.get("b").unwrap().place, Place { line: 1, column: 15 });
    }
}
