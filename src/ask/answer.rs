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
        let there = |at: &str| self.all_at(at).iter().any(|value| at.is_empty() || !value.is_null());
        let says = |at: &str, text: &str| self.all_at(at).into_iter().filter_map(text_of).any(|found| found == text);
        let asks_json = !(answer.has.is_empty() && answer.lacks.is_empty() && answer.is.is_empty());
        answer.status.contains(&self.status)
            && (!asks_json || self.json.is_some())
            && answer.has.iter().all(|at| there(at))
            && !answer.lacks.iter().any(|at| there(at))
            && answer.is.iter().all(|(at, text)| says(at, text))
            && answer.contains.iter().all(|text| self.text.contains(&**text))
    }

    /// Of `answers`, all that this is; of pages none.
    pub fn all_of<'a, M>(&self, answers: &'a [Answer<M>]) -> impl Iterator<Item = &'a M> {
        let is_page = self.is_page();
        answers.iter().filter(move |answer| !is_page && self.is(answer)).map(|answer| &answer.means)
    }

    /// What is at `pointer`, of several the first.
    fn at(&self, pointer: &str) -> Option<&Value> {
        self.all_at(pointer).into_iter().next()
    }

    /// Everything that its JSON has at `pointer`, in which `*` stands for every item and member.
    pub(super) fn all_at(&self, pointer: &str) -> Vec<&Value> {
        let mut found: Vec<&Value> = self.json.iter().collect();
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            found = found.into_iter().flat_map(|value| inside(value, &part)).collect();
        }
        found
    }

    /// The texts at `field`, each once, in their order.
    pub fn names(&self, field: &Field) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let found: Vec<Cow<'_, str>> = match field {
            Field::Pointer(at) => self.all_at(at).into_iter().filter_map(text_of).collect(),
            Field::Element(name) => elements(&self.text, name).map(Cow::Borrowed).collect(),
            Field::Header(_) => self.words(field).into_iter().map(Cow::Owned).collect(),
        };
        for name in found.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let name: String = name.chars().take(LONGEST_FIELD).collect();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
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
            Field::Element(name) => elements(&self.text, name).next()?.to_owned(),
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.chars().take(LONGEST_FIELD).collect())
    }
}

/// What `value` has under `part`, or all that it has.
fn inside<'v>(value: &'v Value, part: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(items) if part == "*" => items.iter().collect(),
        Value::Object(members) if part == "*" => members.values().collect(),
        Value::Array(items) => part.parse().ok().and_then(|at: usize| items.get(at)).into_iter().collect(),
        Value::Object(members) => members.get(part).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What stands in the XML elements `name` of `text` up to the next tag.
fn elements<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let tag = format!("<{name}>");
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(&tag)?;
        let (inner, behind) = behind.split_once('<')?;
        rest = behind;
        Some(inner)
    })
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
    fn a_star_stands_for_every_item() {
        let body = r#"{"data":[{"n":"a","may":{"push":false}},{"n":"b","may":{"push":true}},{"n":"a"}],"x/y":{"*":1}}"#;
        let reply = reply(200, body, false);
        let seen = Seen::of(&reply);
        let names = |at: &str| seen.names(&Field::Pointer(at.to_owned().into()));
        assert_eq!(names("/data/*/n"), ["a", "b"]);
        assert_eq!(names("/*/*/may/push"), ["false", "true"]);
        assert_eq!((names("/x~1y/*"), names("/data/9/n"), names("/data/*/z")), (vec!["1".into()], vec![], vec![]));
        let mut pushes = answer(Says::Active, 200);
        pushes.is = vec![("/data/*/may/push".into(), "true".into())].into();
        let mut other = answer(Says::Inactive, 200);
        other.is = vec![("/data/*/n".into(), "c".into())].into();
        assert_eq!(seen.all_of(&[other, pushes, answer(Says::Inactive, 200)]).count(), 2);
    }

    #[test]
    fn elements_of_a_name_are_all_told() {
        let reply = reply(200, "<L><Name>one</Name><Other>x</Other><Name>two</Name><Name>cut", true);
        assert_eq!(Seen::of(&reply).names(&Field::Element("Name".into())), ["one", "two"]);
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
