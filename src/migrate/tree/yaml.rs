//! YAML as a tree: the first document of a file, without aliases.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::{Broken, DEEPEST, Key, Node, Place, Value, too_deep};

type Events<'t> = Parser<'t, StrInput<'t>>;

pub(super) fn read(text: &str) -> Result<Node, Broken> {
    let mut events = Parser::new_from_str(text);
    loop {
        let (event, span) = next(&mut events)?;
        match event {
            Event::StreamEnd => return Ok(Node { place: place(span.start), value: Value::Null }),
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => return node(&mut events, event, span, 0),
        }
    }
}

fn next<'t>(events: &mut Events<'t>) -> Result<(Event<'t>, Span), Broken> {
    let broken = |error: ScanError| (place(*error.marker()), error.info().to_owned());
    events.next_event().unwrap_or(Ok((Event::StreamEnd, Span::default()))).map_err(broken)
}

/// Lines of the parser count from 1, its columns from 0.
fn place(marker: Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

fn node<'t>(events: &mut Events<'t>, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Broken> {
    let place = place(span.start);
    if depth > DEEPEST {
        return Err(too_deep(place));
    }
    let value = match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) if matches!(&*text, "" | "~" | "null" | "Null" | "NULL") => {
            Value::Null
        }
        Event::Scalar(text, ..) => Value::Text(text.into_owned()),
        Event::SequenceStart(..) => list(events, depth)?,
        Event::MappingStart(..) => map(events, depth)?,
        Event::Alias(_) => return Err((place, "aliases are not read: write the value out".to_owned())),
        _ => return Err((place, "a value is missing".to_owned())),
    };
    Ok(Node { place, value })
}

fn list(events: &mut Events<'_>, depth: usize) -> Result<Value, Broken> {
    let mut items = Vec::new();
    loop {
        match next(events)? {
            (Event::SequenceEnd, _) => return Ok(Value::List(items)),
            (event, span) => items.push(node(events, event, span, depth + 1)?),
        }
    }
}

fn map(events: &mut Events<'_>, depth: usize) -> Result<Value, Broken> {
    let mut entries = Vec::new();
    loop {
        let (event, span) = next(events)?;
        let key = match event {
            Event::MappingEnd => return Ok(Value::Map(entries)),
            Event::Scalar(text, ..) => Key { place: place(span.start), text: text.into_owned() },
            _ => return Err((place(span.start), "the name of a value is a text".to_owned())),
        };
        let (event, span) = next(events)?;
        entries.push((key, node(events, event, span, depth + 1)?));
    }
}
