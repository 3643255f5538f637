//! TOML as a tree.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Broken, DEEPEST, Key, Lines, Node, Value, too_deep};

pub(super) fn read(text: &str) -> Result<Node, Broken> {
    let lines = Lines::new(text);
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (lines.place(at), error.message().to_owned())
    })?;
    let span = table.span();
    node(&lines, span, DeValue::Table(table.into_inner()), 0)
}

fn node(lines: &Lines<'_>, span: Range<usize>, value: DeValue<'_>, depth: usize) -> Result<Node, Broken> {
    let place = lines.place(span.start);
    if depth > DEEPEST {
        return Err(too_deep(place));
    }
    let inner = |value: Spanned<DeValue<'_>>| {
        let span = value.span();
        node(lines, span, value.into_inner(), depth + 1)
    };
    let value = match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Value::Text(truth.to_string()),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(inner).collect::<Result<_, _>>()?),
        DeValue::Table(table) => {
            let mut entries = Vec::new();
            for (key, value) in table {
                let key = Key { place: lines.place(key.span().start), text: key.into_inner().into_owned() };
                entries.push((key, inner(value)?));
            }
            entries.sort_by_key(|(key, _)| key.place);
            Value::Map(entries)
        }
    };
    Ok(Node { place, value })
}
