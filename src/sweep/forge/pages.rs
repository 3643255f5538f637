//! Lists that come in pages.

use std::{collections::HashSet, mem};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use ureq::http::{HeaderMap, header};

use super::{
    api::Api,
    client::Client,
    error::{Error, Why},
};
use crate::net::Reply;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Page<T> {
    /// What is in it.
    pub(super) items: Vec<T>,
    /// The address of the next one, as the forge says it.
    pub(super) next: Option<String>,
    /// How many of its items could not be read.
    #[serde(default)]
    pub(super) unread: u64,
}

impl<T> Page<T> {
    /// One that is all of its list.
    pub(super) fn of(items: Vec<T>) -> Self {
        Self { items, next: None, unread: 0 }
    }

    /// What `read` makes of its items; where that is nothing, they count as unread.
    pub(super) fn filter_map<U>(self, read: impl FnMut(T) -> Option<U>) -> Page<U> {
        let count = self.items.len();
        let items: Vec<U> = self.items.into_iter().filter_map(read).collect();
        Page { next: self.next, unread: self.unread + (count - items.len()) as u64, items }
    }
}

/// Goes through the pages of a list.
pub(super) struct Pages<'p> {
    api: &'p Api,
    /// What is listed, for people.
    subject: String,
    next: Option<String>,
    seen: HashSet<String>,
    unread: u64,
}

impl<'p> Pages<'p> {
    /// Those that begin at `first`.
    pub(super) fn new(api: &'p Api, first: String, subject: String) -> Self {
        Self { api, subject, next: Some(first), seen: HashSet::new(), unread: 0 }
    }

    /// The next page, which may be a remembered one; nothing behind the last.
    pub(super) fn next<T: Serialize + DeserializeOwned>(
        &mut self,
        ask: &mut Client<'_>,
        read: impl Fn(&Reply) -> Option<Page<T>>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(url) = self.next.take() else { return Ok(None) };
        let page = ask.page(self.api, &url, &self.subject, read)?;
        self.follow(url, page)
    }

    /// The same, but nothing is remembered: for what people wrote.
    pub(super) fn fresh<T>(
        &mut self,
        ask: &mut Client<'_>,
        read: impl Fn(&Reply) -> Option<Page<T>>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(url) = self.next.take() else { return Ok(None) };
        let call = self.api.get(&url).map_err(|why| why.of(&self.subject))?;
        let reply = ask.ask(self.api, call, &self.subject)?;
        let page = read(&reply).ok_or_else(|| Why::Unreadable.of(&self.subject))?;
        self.follow(url, page)
    }

    /// Ends the list where it is: what follows is not wanted.
    pub(super) fn end(&mut self) {
        self.next = None;
    }

    /// What is listed, and how many of it could not be read so far.
    pub(super) fn unread(&self) -> (&str, u64) {
        (&self.subject, self.unread)
    }

    fn follow<T>(&mut self, url: String, mut page: Page<T>) -> Result<Option<Vec<T>>, Error> {
        self.seen.insert(url);
        self.unread += page.unread;
        if let Some(next) = page.next.take() {
            let next = self.api.own(&next).ok_or_else(|| Why::Elsewhere.of(&self.subject))?;
            if self.seen.contains(&next) {
                return Err(Why::Circle.of(&self.subject));
            }
            self.next = Some(next);
        }
        Ok(Some(mem::take(&mut page.items)))
    }
}

/// An answer that is a JSON array, whose next page a header names (RFC 8288).
pub(super) fn array<T: DeserializeOwned>(reply: &Reply) -> Option<Page<T>> {
    items(reply, "", next_link(&reply.headers))
}

/// An answer that is a JSON array, or an object that has one in its field `name`; `next` is the address of the next page.
pub(super) fn items<T: DeserializeOwned>(reply: &Reply, name: &str, next: Option<String>) -> Option<Page<T>> {
    let mut answer: Value = serde_json::from_slice(&reply.body).ok()?;
    let list = if answer.is_object() { answer.get_mut(name)? } else { &mut answer };
    let Value::Array(items) = list.take() else { return None };
    Some(Page { items, next, unread: 0 }.filter_map(|item| serde_json::from_value(item).ok()))
}

/// What the answer's field `name` says of the next page, a text or a number; nothing where it says nothing.
pub(super) fn next_field(reply: &Reply, name: &str) -> Option<String> {
    let answer: Value = serde_json::from_slice(&reply.body).ok()?;
    match answer.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The address of the next page, out of `Link` headers: `<https://…?page=2>; rel="next"` (RFC 8288, section 3).
pub(super) fn next_link(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::LINK).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(links).find(|(_, parameters)| is_next(parameters)).map(|(address, _)| address.to_owned())
}

/// The addresses in a header's value, each with the parameters behind it.
fn links(line: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, behind)) = rest.split_once('<') {
        let Some((address, behind)) = behind.split_once('>') else { break };
        // Parameters of ours hold no `<`.
        let end = behind.find('<').unwrap_or(behind.len());
        found.push((address, &behind[..end]));
        rest = &behind[end..];
    }
    found
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let relations = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.split_whitespace().any(|one| one.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ureq::http::HeaderValue;

    use super::*;

    fn next(lines: &[&str]) -> Option<String> {
        let lines = lines.iter().map(|line| (header::LINK, HeaderValue::from_str(line).unwrap()));
        next_link(&lines.collect())
    }

    #[test]
    fn the_next_page_is_the_one_that_is_called_so() {
        let first =
            r#"<https://h/x?page=1>; rel="prev", <https://h/x?page=3,4>; rel="next", <https://h/x?page=9>; rel="last""#;
        assert_eq!(next(&[first]).as_deref(), Some("https://h/x?page=3,4"));
        assert_eq!(
            next(&["<https://h/y>; rel=first", "<https://h/z>; title=x; REL=next"]).as_deref(),
            Some("https://h/z")
        );
        assert_eq!(next(&[r#"<https://h/y>; rel="last next""#]).as_deref(), Some("https://h/y"));
        for none in
            ["", "<https://h/y>", "<https://h/y", r#"<https://h/y>; rel="nextish""#, r#"https://h/y; rel="next""#]
        {
            assert_eq!(next(&[none]), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_harm(line in "[<>;,=\" a-z]{0,60}") {
            next(&[&line]);
        }
    }
}
