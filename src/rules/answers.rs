//! Reads what a provider may answer, and what that means: the `answers` of a request, and the places in them that say something.
//!
//! Which requests they answer is [`super::requests`]'. `docs/patterns.md` documents the keys. Shared with `build.rs`.

use super::table::{Located, Table};
use crate::{
    request::{Answer, Did, Field, Power, Says},
    rule::{List, Text},
};

pub(super) fn field(table: &mut Table<'_, '_>, key: &'static str) -> Option<Field> {
    let text = table.string(key)?;
    as_field(table, text)
}

pub(super) fn as_field(table: &Table<'_, '_>, text: Located<String>) -> Option<Field> {
    if let Some(name) = text.value.strip_prefix("header ") {
        return Some(Field::Header(name.to_ascii_lowercase().into()));
    }
    if let Some(name) = text.value.strip_prefix("element ") {
        return Some(Field::Element(name.to_owned().into()));
    }
    check_pointer(table, &text).then_some(Field::Pointer(text.value.into()))
}

fn check_pointer(table: &Table<'_, '_>, pointer: &Located<String>) -> bool {
    let fine = pointer.value.is_empty() || pointer.value.starts_with('/');
    if !fine {
        table.problem(pointer.span.clone(), "a JSON pointer begins with `/`");
    }
    fine
}

pub(super) fn texts(strings: Vec<Located<String>>) -> List<Text> {
    strings.into_iter().map(|string| string.value.into()).collect()
}

pub(super) fn answers<M: Clone>(
    table: &mut Table<'_, '_>,
    means: impl Fn(&mut Table<'_, '_>, &Evidence) -> Option<M>,
) -> Vec<Answer<M>> {
    table.tables("answers").into_iter().filter_map(|table| answer(table, &means)).collect()
}

/// What an answer rests on.
pub(super) struct Evidence {
    status: Vec<u16>,
    /// Whether it asks anything of the body.
    body: bool,
    /// Whether it asks for the provider's own words there.
    words: bool,
}

fn answer<M: Clone>(
    mut table: Table<'_, '_>,
    means: impl Fn(&mut Table<'_, '_>, &Evidence) -> Option<M>,
) -> Option<Answer<M>> {
    let status = table.integers("status", 100..=599);
    let status: Vec<u16> = status.into_iter().filter_map(|status| u16::try_from(status).ok()).collect();
    if status.is_empty() {
        table.problem(table.span(), "an answer needs a `status`");
    }
    let (has, lacks) = (pointers(&mut table, "has"), pointers(&mut table, "lacks"));
    let is: List<(Text, Text)> =
        table.string_pairs("is").into_iter().map(|(at, value)| (at.into(), value.value.into())).collect();
    let contains = texts(table.strings("contains"));
    let body = !(has.is_empty() && lacks.is_empty() && is.is_empty() && contains.is_empty());
    let means =
        means(&mut table, &Evidence { status: status.clone(), body, words: !(is.is_empty() && contains.is_empty()) });
    let example = table.required("example");
    let example_headers = table.string_pairs("example_headers");
    table.finish();
    Some(Answer {
        means: means?,
        status: status.into(),
        has,
        lacks,
        is,
        contains,
        example: example?.value.into(),
        example_headers: example_headers.into_iter().map(|(name, value)| (name.into(), value.value.into())).collect(),
    })
}

fn pointers(table: &mut Table<'_, '_>, key: &'static str) -> List<Text> {
    let found = table.strings(key);
    found.into_iter().filter(|pointer| check_pointer(table, pointer)).map(|pointer| pointer.value.into()).collect()
}

pub(super) fn says(table: &mut Table<'_, '_>, evidence: &Evidence) -> Option<Says> {
    let verdict = table.required("verdict")?;
    let reason = table.string("reason").map(|reason| Text::from(reason.value));
    let known = match verdict.value.as_str() {
        "active" => Says::Active,
        "inactive" => Says::Inactive,
        "refused" => Says::Refused(reason.unwrap_or("it was not accepted, which may have other reasons".into())),
        "unknown" => Says::Unknown(reason.unwrap_or("its answer says neither".into())),
        _ => {
            table.problem(verdict.span, "`verdict` is one of active, inactive, refused, unknown");
            return None;
        }
    };
    let problem = |message: &str| table.problem(verdict.span.clone(), message);
    let any = |test: fn(u16) -> bool| evidence.status.iter().any(|&status| test(status));
    match known {
        Says::Refused(_) | Says::Unknown(_) => {}
        _ if any(|status| status == 429 || status >= 500) => problem("429 and 5xx say nothing of a token"),
        _ if !evidence.words && any(|status| status == 403) => {
            problem("403 says nothing of a token, unless the provider's own words (`is`, `contains`) come with it");
        }
        // Whoever stands between may answer 200 to everything.
        Says::Active if !evidence.body && any(|status| status != 204) => {
            problem("`active` needs a condition on the body");
        }
        Says::Inactive if !evidence.body && any(|status| status != 401) => {
            problem("`inactive` with another status than 401 needs a condition on the body");
        }
        _ => {}
    }
    Some(known)
}

/// What an answer shows that the token may do; nothing, where it only lists.
#[allow(clippy::unnecessary_wraps, reason = "the others can fail")]
pub(super) fn shown(table: &mut Table<'_, '_>, _: &Evidence) -> Option<List<Power>> {
    let mut powers = Vec::new();
    for word in table.strings("powers") {
        match Power::ALL.into_iter().find(|power| power.name() == word.value) {
            Some(power) => powers.push(power),
            None => table.problem(word.span, "a power is one of read, write, billing, admin, credentials"),
        }
    }
    Some(powers.into())
}

pub(super) fn did(table: &mut Table<'_, '_>, _: &Evidence) -> Option<Did> {
    let outcome = table.required("outcome")?;
    match outcome.value.as_str() {
        "revoked" => Some(Did::Revoked),
        "gone" => Some(Did::Gone),
        "failed" => Some(Did::Failed),
        _ => {
            table.problem(outcome.span, "`outcome` is one of revoked, gone, failed");
            None
        }
    }
}
