//! The answers of a HAR file (HTTP Archive 1.2, <http://www.softwareishard.com/blog/har-12-spec/>): `log.entries`, of each the address
//! that was asked, when, and the `Set-Cookie` headers of the answer.

use super::{
    Answer, host,
    json::{Json, Problem, Token},
};
use crate::blob::{Locator, Window};

/// A file while it is read.
#[derive(Debug, Default)]
pub(super) struct Har {
    json: Json,
    problem: Option<Problem>,
    found: Found,
    /// Whether there is a list of entries at all.
    has_entries: bool,
}

/// Where the reader is, and what it found in the entry there.
#[derive(Debug, Default)]
struct Found {
    /// The names of the open brackets.
    path: Vec<Name>,
    /// The last name.
    name: Name,
    answer: Answer,
    header: Header,
}

/// A header while it is read.
#[derive(Debug, Default)]
struct Header {
    is_set_cookie: bool,
    value: Vec<u8>,
    at: u64,
}

/// The names that mean something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Name {
    #[default]
    Other,
    Log,
    Entries,
    Request,
    Response,
    Headers,
    Url,
    Started,
    Called,
    Value,
}
use Name::{Entries, Headers, Log, Other, Request, Response};

const ENTRIES: &[Name] = &[Other, Log, Entries];
const ENTRY: &[Name] = &[Other, Log, Entries, Other];
const REQUEST: &[Name] = &[Other, Log, Entries, Other, Request];
const HEADER: &[Name] = &[Other, Log, Entries, Other, Response, Headers, Other];

impl Name {
    fn of(key: &[u8]) -> Self {
        match key {
            b"log" => Log,
            b"entries" => Entries,
            b"request" => Request,
            b"response" => Response,
            b"headers" => Headers,
            b"url" => Self::Url,
            b"startedDateTime" => Self::Started,
            b"name" => Self::Called,
            b"value" => Self::Value,
            _ => Other,
        }
    }
}

impl Har {
    /// Takes the next window, and tells `each` answer that ends in it.
    pub(super) fn push(&mut self, window: &Window<'_>, each: &mut dyn FnMut(Answer)) {
        if self.problem.is_some() {
            return;
        }
        let (found, mut locator) = (&mut self.found, Locator::new(window));
        let has_entries = &mut self.has_entries;
        let mut take = |token: Token<'_>| match token {
            Token::Key(key) => found.name = Name::of(key),
            Token::Text(text, at) => found.text(text, at),
            Token::Open => {
                found.open();
                *has_entries |= found.path == ENTRIES;
            }
            Token::Close => found.close(window, &mut locator, each),
        };
        self.problem = self.json.push(&window.bytes()[window.owned()], &mut take).err();
    }

    /// Tells the last answer, and why not all was read.
    pub(super) fn finish(self, each: &mut dyn FnMut(Answer)) -> Option<String> {
        each(self.found.answer);
        let problem = self.problem.or_else(|| self.json.finish());
        match problem {
            Some(problem) if self.has_entries => Some(format!("{problem}; what stands before was looked at")),
            Some(problem) => Some(problem.to_string()),
            None if self.has_entries => None,
            None => Some("it is no HAR file: it has no `log.entries`".to_owned()),
        }
    }
}

impl Found {
    fn open(&mut self) {
        self.path.push(self.name);
        self.name = Other;
        if self.path == HEADER {
            self.header = Header::default();
        }
    }

    fn text(&mut self, text: &[u8], at: u64) {
        match self.name {
            Name::Url if self.path == REQUEST => self.asked(&String::from_utf8_lossy(text)),
            Name::Started if self.path == ENTRY => {
                let time = str::from_utf8(text).ok().and_then(|text| text.parse::<jiff::Timestamp>().ok());
                self.answer.sent = time.map(jiff::Timestamp::as_second);
            }
            Name::Called if self.path == HEADER => self.header.is_set_cookie = text.eq_ignore_ascii_case(b"set-cookie"),
            Name::Value if self.path == HEADER => (self.header.value, self.header.at) = (text.to_vec(), at),
            _ => {}
        }
    }

    fn asked(&mut self, url: &str) {
        let Some((scheme, rest)) = url.split_once("://") else { return };
        self.answer.encrypted = Some(matches!(scheme, "https" | "wss"));
        self.answer.host = host(rest.split(['/', '?', '#']).next().unwrap_or_default());
    }

    fn close(&mut self, window: &Window<'_>, locator: &mut Locator<'_, '_>, each: &mut dyn FnMut(Answer)) {
        if self.path == HEADER && self.header.is_set_cookie {
            // Where a header began long before, its line is that of the first byte in memory.
            let start = usize::try_from(self.header.at.saturating_sub(window.start())).unwrap_or(0);
            let end = start + self.header.value.len().min(window.bytes().len() - start);
            self.answer.set(locator.locate(start..end), &self.header.value);
        }
        if self.path == ENTRY {
            self.answer.is_one = true;
            each(std::mem::take(&mut self.answer));
        }
        self.path.pop();
        self.name = Other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn har(entries: &str) -> String {
        format!(r#"{{"log":{{"version":"1.2","entries":[{entries}]}}}}"#)
    }

    fn entry(url: &str, header: &str) -> String {
        format!(
            r#"{{"startedDateTime":"2026-01-02T03:04:05.000Z",
"request":{{"url":"{url}","headers":[{{"name":"Set-Cookie","value":"not=this"}}]}},
"response":{{"content":{{"text":"{{\"name\":\"set-cookie\"}}"}},"headers":[{{"name":"Date","value":"x"}},
{{"value":"{header}","name":"set-cookie"}}]}}}}"#
        )
    }

    fn read(text: &str) -> (Vec<Answer>, Option<String>) {
        let (mut har, mut answers) = (Har::default(), Vec::new());
        har.push(&Window::whole(text.as_bytes()), &mut |answer| answers.push(answer));
        let problem = har.finish(&mut |answer| answers.push(answer));
        answers.retain(|answer| !answer.headers.is_empty());
        (answers, problem)
    }

    #[test]
    fn headers_of_answers_are_found_with_their_host_and_time() {
        let text =
            har(&format!("{},{}", entry("https://Shop.example:8443/a?b", "sid=1"), entry("http://[::1]:80", "x=2")));
        let (answers, problem) = read(&text);
        assert_eq!((answers.len(), problem), (2, None));
        let (first, second) = (&answers[0], &answers[1]);
        assert_eq!((first.host.as_deref(), first.encrypted), (Some("shop.example"), Some(true)));
        assert_eq!((second.host.as_deref(), second.encrypted), (Some("[::1]"), Some(false)));
        assert_eq!(first.sent, Some(1_767_323_045));
        assert_eq!((first.headers[0].0.line, first.headers[0].1.as_slice()), (4, b"sid=1".as_slice()));
        assert_eq!(second.headers[0].0.line, 7);
    }

    #[test]
    fn what_stands_before_the_end_is_told_and_the_end_is_missed() {
        let whole = har(&format!("{},{}", entry("https://a.example/", "sid=1"), entry("https://b.example/", "sid=2")));
        let (answers, problem) = read(&whole[..whole.len() - 30]);
        assert_eq!(answers.len(), 1);
        assert!(problem.is_some_and(|problem| problem.contains("ends in the middle")));
        assert!(read("{\"log\": {}}").1.is_some_and(|problem| problem.contains("no HAR file")));
    }

    #[test]
    fn a_header_across_two_windows_is_found_where_it_begins() {
        let text = har(&entry("https://a.example/", "sid=1234567890"));
        let cut = text.find("1234").unwrap();
        let (mut har, mut answers) = (Har::default(), Vec::new());
        let bytes = text.as_bytes();
        let lines = crate::blob::LineStart::FIRST;
        har.push(&Window::part(&bytes[..cut + 9], 0, 0..cut, false, lines), &mut |answer| answers.push(answer));
        let from = cut - 8;
        let lines = lines.after(&bytes[..from], 0);
        har.push(&Window::part(&bytes[from..], from as u64, 8..bytes.len() - from, true, lines), &mut |answer| {
            answers.push(answer);
        });
        assert_eq!(
            (answers[0].headers[0].0.line, answers[0].headers[0].1.as_slice()),
            (4, b"sid=1234567890".as_slice())
        );
    }
}
