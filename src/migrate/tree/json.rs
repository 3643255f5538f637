//! JSON as a tree.
//!
//! A raw value borrows the text that it was read from, so where it begins there is where it stands. Each level is read anew from the one
//! above it: [`DEEPEST`] bounds the work as well as the stack.

use std::collections::BTreeMap;

use serde_json::{Value as Json, value::RawValue};

use super::{Broken, DEEPEST, Key, Lines, Node, Place, Value, too_deep};

pub(super) fn read(text: &str) -> Result<Node, Broken> {
    let lines = Lines::new(text);
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| broken(&error, Place { line: 1, column: 1 }))?;
    node(&lines, raw, 0)
}

fn broken(error: &serde_json::Error, base: Place) -> Broken {
    let place = Place { line: error.line(), column: error.column() };
    let message = error.to_string();
    // The place is told apart from what is wrong.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    (if error.line() == 0 { base } else { place }, message)
}

fn node(lines: &Lines<'_>, raw: &RawValue, depth: usize) -> Result<Node, Broken> {
    let text = raw.get();
    let place = lines.place((text.as_ptr() as usize).saturating_sub(lines.text.as_ptr() as usize));
    if depth > DEEPEST {
        return Err(too_deep(place));
    }
    let wrong = |error: serde_json::Error| (place, broken(&error, place).1);
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let table: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(wrong)?;
            let mut entries = Vec::new();
            for (name, raw) in table {
                let node = node(lines, raw, depth + 1)?;
                entries.push((Key { place: node.place, text: name }, node));
            }
            entries.sort_by_key(|(key, _)| key.place);
            Value::Map(entries)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
            Value::List(items.into_iter().map(|item| node(lines, item, depth + 1)).collect::<Result<_, _>>()?)
        }
        _ => match serde_json::from_str(text).map_err(wrong)? {
            Json::Null => Value::Null,
            Json::String(text) => Value::Text(text),
            other => Value::Text(other.to_string()),
        },
    };
    Ok(Node { place, value })
}
