//! JSON as text that can be scanned, and the same JSON without its secrets.
//!
//! The text holds strings as they are, not as JSON escapes them: a token behind a `\n` would else begin within a word. A name stands before its
//! value, which tells what an unknown value is. JSON within a string is opened, too.

use std::ops::Range;

use memchr::memmem;
use serde_json::{Map, Value};

use crate::{
    blob::Window,
    detect::{Detector, Scratch},
    finding::PartValue,
    incident::Incident,
    secret::Secret,
};

/// How many strings within strings are opened.
const DEEPEST: usize = 4;
/// Shorter secrets are masked where they were found, and not wherever the same letters stand.
const SHORTEST: usize = 8;

/// Text to scan.
pub(super) struct Text {
    text: Vec<u8>,
    /// Where in it the names and strings are, in the order of [`Walk`].
    leaves: Vec<Range<usize>>,
}

/// A string of a JSON value.
enum Leaf<'v> {
    /// A name; whether its value stands in the same line.
    Name(&'v str, bool),
    Text(&'v str),
}

impl Text {
    /// All strings of a JSON value.
    pub(super) fn of(value: &Value) -> Self {
        let (mut text, mut leaves) = (Vec::new(), Vec::new());
        let mut each = |leaf: Leaf<'_>| {
            let (string, behind) = match leaf {
                Leaf::Name(name, true) => (name, ": "),
                Leaf::Name(name, false) => (name, ":\n"),
                Leaf::Text(string) => (string, "\n"),
            };
            leaves.push(text.len()..text.len() + string.len());
            text.extend_from_slice(string.as_bytes());
            text.extend_from_slice(behind.as_bytes());
            None
        };
        Walk { each: &mut each, changed: false }.value(value, 0);
        Self { text, leaves }
    }

    /// Text that is no JSON.
    pub(super) fn plain(text: Vec<u8>) -> Self {
        Self { text, leaves: Vec::new() }
    }

    /// What to scan.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// The value that the text was made of, the secrets of `incidents` masked.
    pub(super) fn masked(&self, value: &Value, incidents: &[Incident], detector: &Detector) -> Value {
        let hidden = self.hidden(incidents, detector);
        let mut leaves = self.leaves.iter();
        let mut each = |_: Leaf<'_>| leaves.next().and_then(|leaf| self.cut(leaf, &hidden));
        Walk { each: &mut each, changed: false }.value(value, 0)
    }

    /// A leaf without what is hidden in it, if anything is.
    fn cut(&self, leaf: &Range<usize>, hidden: &[(Range<usize>, String)]) -> Option<String> {
        let first = hidden.partition_point(|(range, _)| range.end <= leaf.start);
        let within = hidden[first..].iter().take_while(|(range, _)| range.start < leaf.end);
        let (mut out, mut at) = (Vec::new(), leaf.start);
        for (range, mask) in within {
            out.extend_from_slice(&self.text[at..range.start.max(at)]);
            out.extend_from_slice(mask.as_bytes());
            at = range.end.min(leaf.end);
        }
        if at == leaf.start {
            return None;
        }
        out.extend_from_slice(&self.text[at..leaf.end]);
        Some(String::from_utf8_lossy(&out).into_owned())
    }

    /// Where the secrets are and what stands for them: in order, none touching the next.
    fn hidden(&self, incidents: &[Incident], detector: &Detector) -> Vec<(Range<usize>, String)> {
        let parts = |incident: &'_ Incident| -> Vec<Secret> {
            let secret = |part: &crate::finding::FoundPart| match &part.value {
                PartValue::Secret(secret) => Some(secret.clone()),
                PartValue::Public(_) => None,
            };
            incident.parts.iter().filter_map(secret).collect()
        };
        let secrets: Vec<Secret> =
            incidents.iter().flat_map(|incident| [vec![incident.secret.clone()], parts(incident)].concat()).collect();
        let mut all: Vec<(Range<usize>, String)> = Vec::new();
        for secret in secrets.iter().filter(|secret| secret.expose().len() >= SHORTEST) {
            let length = secret.expose().len();
            let places = memmem::find_iter(&self.text, secret.expose());
            all.extend(places.map(|at| (at..at + length, secret.masked())));
        }
        for range in self.candidates(detector) {
            let fits = |secret: &&Secret| secret.expose() == &self.text[range.clone()];
            all.extend(secrets.iter().find(fits).map(|secret| (range.clone(), secret.masked())));
        }
        merged(all)
    }

    /// Everything that a rule takes for a secret or a part of one.
    fn candidates(&self, detector: &Detector) -> Vec<Range<usize>> {
        let window = Window::whole(&self.text);
        let candidates = detector.candidates(&window, 0..self.text.len(), &mut Scratch::default());
        let ranges = candidates.into_iter().flat_map(|found| {
            let parts = found.parts.into_iter().map(|(_, range)| range);
            parts.chain([found.secret]).collect::<Vec<_>>()
        });
        ranges.filter(|range| !range.is_empty()).collect()
    }
}

/// Ranges in order, of which those that overlap have become one.
fn merged(mut all: Vec<(Range<usize>, String)>) -> Vec<(Range<usize>, String)> {
    all.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut merged: Vec<(Range<usize>, String)> = Vec::new();
    for (range, mask) in all {
        match merged.last_mut().filter(|(last, _)| range.start < last.end) {
            Some((last, mask)) if range.end > last.end => {
                last.end = range.end;
                "…".clone_into(mask);
            }
            Some(_) => {}
            None => merged.push((range, mask)),
        }
    }
    merged
}

/// Goes through the strings of a value, names included, always in the same order, and puts others in their place where `each` gives some.
struct Walk<'a> {
    each: &'a mut dyn FnMut(Leaf<'_>) -> Option<String>,
    /// Whether it did.
    changed: bool,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Value {
        match value {
            Value::Object(fields) => Value::Object(self.object(fields, depth)),
            Value::Array(values) => values.iter().map(|value| self.value(value, depth)).collect(),
            Value::String(text) => match nested(text, depth) {
                Some(value) => self.nested(text, &value, depth),
                None => Value::String(self.leaf(Leaf::Text(text))),
            },
            other => other.clone(),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        let mut out = Map::new();
        for (name, value) in fields {
            let is_line = |text: &str| !text.contains('\n') && nested(text, depth).is_none();
            let name = self.leaf(Leaf::Name(name, value.as_str().is_some_and(is_line)));
            out.insert(name, self.value(value, depth));
        }
        out
    }

    /// The text of JSON within a string: as it was, unless something in it changes.
    fn nested(&mut self, text: &str, value: &Value, depth: usize) -> Value {
        let before = std::mem::take(&mut self.changed);
        let value = self.value(value, depth + 1);
        let text = if self.changed { value.to_string() } else { text.to_owned() };
        self.changed |= before;
        Value::String(text)
    }

    fn leaf(&mut self, leaf: Leaf<'_>) -> String {
        let (Leaf::Name(text, _) | Leaf::Text(text)) = leaf;
        let other = (self.each)(leaf);
        self.changed |= other.is_some();
        other.unwrap_or_else(|| text.to_owned())
    }
}

/// The object or list that a string is the JSON of.
fn nested(text: &str, depth: usize) -> Option<Value> {
    if depth >= DEEPEST || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stand_before_their_values() {
        let value = json!({"a": "one", "b": {"c": "two\nthree"}, "d": ["four", 5, null]});
        let text = Text::of(&value);
        assert_eq!(String::from_utf8_lossy(text.bytes()), "a: one\nb:\nc:\ntwo\nthree\nd:\nfour\n");
    }

    #[test]
    fn json_within_strings_is_opened_and_closed_again() {
        let value = json!({"out": "{\"stdout\":\"a\\nb\"}"});
        let text = Text::of(&value);
        assert_eq!(String::from_utf8_lossy(text.bytes()), "out:\nstdout:\na\nb\n");
        let mut each = |leaf: Leaf<'_>| matches!(leaf, Leaf::Text(_)).then(|| "x".to_owned());
        let changed = Walk { each: &mut each, changed: false }.value(&value, 0);
        assert_eq!(changed, json!({"out": "{\"stdout\":\"x\"}"}));
        let kept = Walk { each: &mut |_| None, changed: false }.value(&json!("[ 1,  2 ]"), 0);
        assert_eq!(kept, json!("[ 1,  2 ]"), "what does not change keeps its spaces");
    }

    #[test]
    fn what_is_hidden_is_cut_from_every_leaf() {
        let text = Text::of(&json!({"key": "abcdef", "more": "ghi"}));
        // The text is `key: abcdef\nmore: ghi\n`.
        let hidden = merged(vec![(7..9, "*".to_owned()), (10..14, "-".to_owned()), (12..13, "+".to_owned())]);
        let cut = |leaf: usize| text.cut(&text.leaves[leaf], &hidden);
        assert_eq!((cut(0), cut(1), cut(2), cut(3)), (None, Some("ab*e-".into()), Some("-re".into()), None));
    }

    #[test]
    fn overlapping_secrets_become_one() {
        let ranges = vec![(3..9, "b".to_owned()), (0..5, "a".to_owned()), (9..12, "c".to_owned())];
        assert_eq!(merged(ranges), [(0..9, "…".to_owned()), (9..12, "c".to_owned())]);
    }
}
