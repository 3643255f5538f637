//! Reads what a provider answered.

use std::borrow::Cow;

use serde_json::Value;
use ureq::http::HeaderMap;

use crate::{
    net::Reply,
    request::{Answer, Field},
};

/// How much of a field is kept, in characters.
const LONGEST_FIELD: usize = 200;
/// So many bytes of a provider's own words tell its page from others'.
const TELLING: usize = 20;
/// How far into a body its first tag may be, in bytes.
const TAG_WITHIN: usize = 256;

/// An answer, taken apart.
#[derive(Debug)]
pub struct Seen<'r> {
    status: u16,
    headers: &'r HeaderMap,
    text: Cow<'r, str>,
    json: Option<Value>,
}

impl<'r> Seen<'r> {
    /// What is to be seen in `reply`.
    pub fn of(reply: &'r Reply) -> Self {
        let text = String::from_utf8_lossy(&reply.body);
        let json = serde_json::from_str(&text).ok();
        let json = json.or_else(|| reply.cut.then(|| serde_json::from_str(&mended(&text)?).ok()).flatten());
        Self { status: reply.status, headers: &reply.headers, text, json }
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether it is a page for people: whoever stands between may show one to everybody, and it says nothing of a token.
    pub fn is_page(&self) -> bool {
        let begin = self.text.trim_start_matches('\u{feff}').trim_start();
        let begin = begin.chars().take(TAG_WITHIN).collect::<String>().to_ascii_lowercase();
        self.json.is_none() && (begin.starts_with("<!doctype html") || begin.contains("<html"))
    }

    /// Of `answers`, the first that this is. A page is none, unless it has the very words that the provider's has.
    pub fn first_of<'a, M>(&self, answers: &'a [Answer<M>]) -> Option<&'a M> {
        let is_page = self.is_page();
        let told = |answer: &&Answer<M>| answer.contains.iter().map(|text| text.len()).sum::<usize>() >= TELLING;
        let mut fitting = answers.iter().filter(|answer| !is_page || told(answer));
        fitting.find(|answer| self.is(answer)).map(|answer| &answer.means)
    }

    fn is<M>(&self, answer: &Answer<M>) -> bool {
        let there = |at: &str| self.at(at).is_some_and(|value| at.is_empty() || !value.is_null());
        let asks_json = !(answer.has.is_empty() && answer.lacks.is_empty() && answer.is.is_empty());
        answer.status.contains(&self.status)
            && (!asks_json || self.json.is_some())
            && answer.has.iter().all(|at| there(at))
            && !answer.lacks.iter().any(|at| there(at))
            && answer.is.iter().all(|(at, text)| self.at(at).and_then(text_of).is_some_and(|found| found == *text))
            && answer.contains.iter().all(|text| self.text.contains(&**text))
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.json.as_ref()?.pointer(pointer)
    }

    /// The words that it says at `field`: of a list its items, of a text what commas and spaces part.
    pub fn words(&self, field: &Field) -> Vec<String> {
        let part = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        match field {
            Field::Header(name) => self.headers.get(&**name).and_then(|value| value.to_str().ok()).map(part),
            Field::Pointer(at) => self.at(at).map(|value| match value {
                Value::Array(items) => items.iter().filter_map(text_of).map(Cow::into_owned).collect(),
                value => text_of(value).map(|text| part(&text)).unwrap_or_default(),
            }),
            Field::Element(_) => self.field(field).map(|text| part(&text)),
        }
        .unwrap_or_default()
    }

    /// What it says at `field`, cut to what a person reads; a list is joined by commas.
    pub fn field(&self, field: &Field) -> Option<String> {
        let text = match field {
            Field::Header(name) => self.headers.get(&**name)?.to_str().ok()?.to_owned(),
            Field::Pointer(at) => match self.at(at)? {
                Value::Array(items) => items.iter().filter_map(text_of).collect::<Vec<_>>().join(", "),
                value => text_of(value)?.into_owned(),
            },
            Field::Element(name) => {
                let (_, rest) = self.text.split_once(&format!("<{name}>"))?;
                rest.split_once("</")?.0.to_owned()
            }
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.chars().take(LONGEST_FIELD).collect())
    }
}

/// A text, or a number or boolean as JSON writes it.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// JSON that breaks off, up to the last member or item that is whole, and closed.
fn mended(text: &str) -> Option<String> {
    let (mut open, mut whole) = (Vec::new(), None);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => {
                open.pop()?;
            }
            b',' => whole = Some((at, open.clone())),
            _ => {}
        }
    }
    let (end, open) = whole?;
    Some(text[..end].chars().chain(open.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Says;

    fn reply(status: u16, body: &str, cut: bool) -> Reply {
        Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec(), cut }
    }

    fn answer(means: Says, status: u16) -> Answer<Says> {
        Answer {
            means,
            status: vec![status].into(),
            has: (&[]).into(),
            lacks: (&[]).into(),
            is: (&[]).into(),
            contains: (&[]).into(),
            example: "".into(),
            example_headers: (&[]).into(),
        }
    }

    #[test]
    fn every_condition_counts() {
        let body = r#"{"ok":true,"user":{"name":"ada","id":7},"error":null}"#;
        let fits = |change: &dyn Fn(&mut Answer<Says>)| {
            let mut wanted = answer(Says::Active, 200);
            change(&mut wanted);
            Seen::of(&reply(200, body, false)).first_of(&[wanted]).is_some()
        };
        assert!(fits(&|_| {}));
        assert!(fits(&|answer| answer.has = vec!["/user/id".into(), "".into()].into()));
        assert!(fits(&|answer| answer.lacks = vec!["/error".into(), "/other".into()].into()));
        assert!(
            fits(&|answer| answer.is = vec![("/ok".into(), "true".into()), ("/user/id".into(), "7".into())].into())
        );
        assert!(fits(&|answer| answer.contains = vec!["ada".into()].into()));
        assert!(!fits(&|answer| answer.status = vec![201].into()));
        assert!(!fits(&|answer| answer.has = vec!["/error".into()].into()));
        assert!(!fits(&|answer| answer.lacks = vec!["/user".into()].into()));
        assert!(!fits(&|answer| answer.is = vec![("/ok".into(), "false".into())].into()));
        assert!(!fits(&|answer| answer.contains = vec!["bob".into()].into()));
    }

    #[test]
    fn a_page_says_nothing() {
        let answers = [answer(Says::Inactive, 401)];
        for page in ["<!DOCTYPE html><title>Sign in", "\n <HTML>", "<?xml version=\"1.0\"?><html xmlns=\"x\">"] {
            assert_eq!(Seen::of(&reply(401, page, false)).first_of(&answers), None, "{page}");
        }
        assert!(Seen::of(&reply(401, "<Error><Code>x</Code></Error>", false)).first_of(&answers).is_some());
    }

    #[test]
    fn an_answer_that_is_cut_is_read_as_far_as_it_goes() {
        let cut = r#"{"data":[{"id":"a,\"]"},{"id":"b"},{"id":"c"#;
        let reply = reply(200, cut, true);
        let seen = Seen::of(&reply);
        assert_eq!(seen.field(&Field::Pointer("/data/1/id".into())).as_deref(), Some("b"));
        assert_eq!(seen.field(&Field::Pointer("/data/2/id".into())), None);
        assert_eq!(mended("nothing"), None);
    }
}
