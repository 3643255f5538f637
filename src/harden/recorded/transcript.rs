//! The answers in a text: what `curl -v` prints, logs of clients and servers, files of `.http` requests with their answers.
//!
//! A line that holds `Set-Cookie:` sets a cookie, whatever stands before it. `Host:` and `Date:` count where a line begins with them, after
//! the arrows of `curl`; they and the cookies up to the next `Host:` or status line
//! belong together.

use std::{ops::Range, sync::OnceLock};

use regex_automata::{Input, meta::Regex, util::syntax};

use super::{Answer, MARGIN, MOST_HEADERS, host};
use crate::{
    blob::{Locator, Window},
    cookie,
};

/// What lines are looked for: a status line, a host, a date, and a cookie.
const LINES: [&str; 4] = [
    r"(?im)^[<>* \t]{0,8}HTTP/[0-9]",
    r"(?im)^[<>* \t]{0,8}Host[ \t]{0,4}:",
    r"(?im)^[<>* \t]{0,8}Date[ \t]{0,4}:",
    r"(?i)\bset-cookie[ \t]{0,4}:",
];
/// What logs write for the end of a line, and quotes around one.
const ENDS: [&[u8]; 7] = [b"[\\n]", b"[\\r]", b"\\n", b"\\r", b"\"", b"'", b"\r"];

/// A text while it is read.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    answer: Answer,
}

impl Transcript {
    /// Takes the next window, and tells `each` answer that ends in it.
    pub(super) fn push(&mut self, window: &Window<'_>, each: &mut dyn FnMut(Answer)) {
        let Some(lines) = lines() else { return };
        let (bytes, mut locator) = (window.bytes(), Locator::new(window));
        for found in lines.find_iter(Input::new(bytes).span(window.owned())) {
            let at = value(bytes, found.end());
            let value = &bytes[at.clone()];
            match found.pattern().as_usize() {
                0 => self.flush(each),
                1 => {
                    self.flush(each);
                    self.answer.host = str::from_utf8(value).ok().and_then(host);
                }
                2 => self.answer.sent = cookie::time(value),
                // `X-Set-Cookie` is another header.
                _ if found.start() > 0 && bytes[found.start() - 1] == b'-' => {}
                _ => {
                    self.answer.set(locator.locate(at), value);
                    if self.answer.headers.len() == MOST_HEADERS {
                        self.flush(each);
                    }
                }
            }
        }
    }

    /// Tells the last answer.
    pub(super) fn finish(mut self, each: &mut dyn FnMut(Answer)) {
        self.flush(each);
    }

    fn flush(&mut self, each: &mut dyn FnMut(Answer)) {
        let (host, sent) = (self.answer.host.clone(), self.answer.sent);
        each(std::mem::replace(&mut self.answer, Answer { host, sent, ..Answer::default() }));
    }
}

fn lines() -> Option<&'static Regex> {
    static COMPILED: OnceLock<Option<Regex>> = OnceLock::new();
    let compile = || {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        Regex::builder().syntax(syntax).build_many(&LINES).ok()
    };
    COMPILED.get_or_init(compile).as_ref()
}

/// The rest of the line behind `from`, without what logs write at its end.
fn value(bytes: &[u8], from: usize) -> Range<usize> {
    let rest = &bytes[from..bytes.len().min(from + MARGIN)];
    let mut value = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    while let Some(shorter) = ENDS.iter().find_map(|end| value.strip_suffix(*end)) {
        value = shorter;
    }
    let value = value.trim_ascii_end();
    from + (value.len() - value.trim_ascii_start().len())..from + value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Answer> {
        let (mut transcript, mut answers) = (Transcript::default(), Vec::new());
        transcript.push(&Window::whole(text.as_bytes()), &mut |answer| answers.push(answer));
        transcript.finish(&mut |answer| answers.push(answer));
        answers.retain(|answer| !answer.headers.is_empty());
        answers
    }

    #[test]
    fn what_curl_prints_is_read() {
        let text = "> GET / HTTP/1.1\r\n> Host: Shop.example:8080\r\n>\r\n< HTTP/1.1 200 OK\r\n< set-cookie: sid=1; Secure\r\n\
                    < Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n<\r\n> Host: b.example\r\n< HTTP/2 200\r\n< Set-Cookie: x=2\r\n";
        let answers = read(text);
        assert_eq!(answers.len(), 2);
        assert_eq!((answers[0].host.as_deref(), answers[0].sent), (Some("shop.example"), Some(1_767_323_045)));
        assert_eq!(
            (answers[0].headers[0].0.line, answers[0].headers[0].1.as_slice()),
            (5, b"sid=1; Secure".as_slice())
        );
        assert_eq!(answers[1].host.as_deref(), Some("b.example"));
    }

    #[test]
    fn what_logs_write_around_a_line_is_none_of_it() {
        let wire = r#"12:00 DEBUG wire - http-outgoing-0 << "Set-Cookie: JSESSIONID=1; Path=/[\r][\n]""#;
        assert_eq!(read(wire)[0].headers[0].1, b"JSESSIONID=1; Path=/");
        assert_eq!(read("header: Set-Cookie: a=1\\r\\n'")[0].headers[0].1, b"a=1");
        assert!(read("X-Set-Cookie: a=1\nNot-Set-Cookie a\nReset-cookie: b=1").is_empty());
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        let mut transcript = Transcript::default();
        let mut count = 0;
        let text = [b"\xff\xfe\nSet-Cookie: sid=\xff; Secure\n".as_slice(), &b"Set-Cookie:\n".repeat(1_000)].concat();
        transcript.push(&Window::whole(&text), &mut |answer| count += answer.headers.len());
        transcript.finish(&mut |answer| count += answer.headers.len());
        assert_eq!(count, 1_001);
    }
}
