//! The `[[allow]]` tables of a configuration file, checked. What they allow is [`crate::known::allows`]'s.

use jiff::{civil::Date, tz::TimeZone};
use regex_automata::{
    meta::{Config, Regex},
    util::syntax,
};

use super::{path_glob, set};
use crate::{
    known::allows::Allow,
    rules::table::{Located, Table},
};

/// Shortest beginning of an id that names an incident.
const SHORTEST_ID: usize = 8;

/// How much memory a pattern may take, in bytes: the scanned tree may have brought it.
const LARGEST_PATTERN: usize = 1 << 20;

/// One entry; nothing where it has mistakes, which are noted.
pub(super) fn read(mut table: Table<'_, '_>) -> Option<Allow> {
    let reason = table.required("reason");
    let incident = table.string("id");
    let rule = table.string("rule");
    let globs = table.strings("paths");
    let pattern = table.string("regex");
    let until = table.date("until");
    if incident.is_none() && rule.is_none() && globs.is_empty() && pattern.is_none() {
        table.problem(table.span(), "an allow names at least one of `id`, `rule`, `paths` and `regex`");
    }
    if let Some(id) = incident.as_ref().filter(|id| id.value.len() < SHORTEST_ID) {
        table.problem(id.span.clone(), "give at least the first 8 characters of the incident's id");
    }
    let paths: Result<Vec<_>, _> =
        globs.iter().map(|glob| path_glob(&glob.value).map_err(|error| (glob, error))).collect();
    let paths = match paths {
        Ok(globs) => globs,
        Err((glob, error)) => {
            table.problem(glob.span.clone(), error.to_string());
            return None;
        }
    };
    let regex = pattern.as_ref().and_then(|pattern| regex(pattern, &table));
    let until = until.and_then(|date| end_of_day(&date, &table));
    let line = table.line();
    table.finish();
    Some(Allow {
        incident: incident.map(|id| id.value),
        rule: rule.map(|rule| rule.value),
        paths: if paths.is_empty() { None } else { set(paths).ok() },
        globs: globs.into_iter().map(|glob| glob.value).collect(),
        regex,
        pattern: pattern.map(|pattern| pattern.value),
        until,
        reason: reason?.value,
        line,
    })
}

/// What is looked for in a secret, byte by byte. It takes linear time, whatever it is.
fn regex(pattern: &Located<String>, table: &Table<'_, '_>) -> Option<Regex> {
    let regex = Regex::builder()
        .configure(Config::new().utf8_empty(false).nfa_size_limit(Some(LARGEST_PATTERN)))
        .syntax(syntax::Config::new().utf8(false))
        .build(&pattern.value);
    match regex {
        Ok(regex) if regex.is_match("") => {
            table.problem(pattern.span.clone(), "this `regex` fits every secret");
            None
        }
        Ok(regex) => Some(regex),
        Err(error) => {
            let why = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
            // A syntax error is drawn over several lines, its last one says what is wrong.
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            table.problem(pattern.span.clone(), format!("`regex` cannot be read: {why}"));
            None
        }
    }
}

/// When a day ends, in seconds since 1970 UTC.
fn end_of_day(date: &Located<(u16, u8, u8)>, table: &Table<'_, '_>) -> Option<i64> {
    let (year, month, day) = date.value;
    let day = Date::new(i16::try_from(year).unwrap_or(i16::MAX), month.cast_signed(), day.cast_signed());
    let end = day.and_then(Date::tomorrow).and_then(|next| next.to_zoned(TimeZone::UTC));
    if end.is_err() {
        table.problem(date.span.clone(), "there is no such day");
    }
    end.ok().map(|end| end.timestamp().as_second())
}
