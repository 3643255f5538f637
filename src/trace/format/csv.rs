//! CSV with a line that names its columns first (RFC 4180), parted by commas, semicolons or tabs.

use super::{super::event::Format, Columns, Fields, Reading, Said, cloudfront, mapped};

/// The columns that `first` names, if they are a log's.
pub(super) fn columns(first: &str, fields: &Fields) -> Option<Columns> {
    let line = first.trim_start_matches('\u{feff}').lines().next()?;
    let count = |separator: char| line.matches(separator).count();
    let separator = [',', ';', '\t']
        .into_iter()
        .max_by_key(|separator| count(*separator))
        .filter(|separator| count(*separator) > 0)?;
    let names: Vec<String> = values(line, separator)?.into_iter().map(|name| name.trim().to_owned()).collect();
    // Names, not values: what begins like a JSON object or a time is none.
    let names_alone =
        names.iter().all(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '@' | '_')));
    (names_alone && mapped::tell_events(&names, fields)).then_some(Columns { names, separator: separator as u8 })
}

/// A record of the columns that the log's first line names.
pub(super) fn read(record: &str, reading: &Reading) -> Option<(Format, Said)> {
    let columns = reading.columns.as_ref()?;
    if columns.names.iter().any(|name| name == "c-ip") {
        return cloudfront::with(record, &columns.names);
    }
    let values = values(record, char::from(columns.separator))?;
    if values.len() != columns.names.len() || values == columns.names {
        return None;
    }
    reading.fields.csv(&columns.names, &values, &reading.zone)
}

/// The values of a record; nothing where a quote is never closed.
fn values(record: &str, separator: char) -> Option<Vec<String>> {
    let (mut values, mut value, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                value.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => values.push(std::mem::take(&mut value)),
            c => value.push(c),
        }
    }
    values.push(value);
    (!quoted).then_some(values)
}
