//! One HTML page that needs nothing but a browser: no network, no fonts, no pictures.
//!
//! The page, its style and its script are the files `html/page.*`. The script lists, filters and opens the incidents; what it shows is the
//! JSON format's document, which stands in the page. What does not change is written here: the counts and the coverage (`summary`), the
//! playbooks (`playbooks`), and for browsers without scripts the first incidents (`rows`).
//!
//! Three things keep hostile text from becoming more than text, each alone enough: what is written here is escaped, the script makes nothing
//! but text nodes of what it reads, and the page's policy lets no other script or style run and nothing be loaded. No address is a
//! link, because a configuration in the scanned tree may add rules. No secret is ever shown here, whatever the report's settings: such pages are passed on.

mod playbooks;
mod rows;
mod summary;

use std::{borrow::Cow, io};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::{Report, Reporter, json::Json, model::Tool, redact::Redactor, time};
use crate::escape;

/// With names between double braces, in place of which [`Page::fill`] writes.
const PAGE: &str = include_str!("html/page.html");
pub(super) const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Writes one page.
pub(super) struct Html;

impl Reporter for Html {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let report = &Report { show_secrets: false, ..*report };
        let mut page = Page { report, redactor: Redactor::new(report), out };
        let mut rest = PAGE;
        while let Some((text, name, after)) = next_name(rest) {
            page.out.write_all(text.as_bytes())?;
            page.fill(name)?;
            rest = after;
        }
        page.out.write_all(rest.as_bytes())
    }
}

/// The first name between double braces in `page`, and what stands before and behind it.
pub(super) fn next_name(page: &str) -> Option<(&str, &str, &str)> {
    let (text, rest) = page.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((text, name, after))
}

/// What every part of the page needs.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report<'a>,
    pub(super) redactor: Redactor<'a>,
    pub(super) out: &'a mut dyn io::Write,
}

impl Page<'_> {
    /// Writes what stands for `name` in the page.
    fn fill(&mut self, name: &str) -> io::Result<()> {
        match name {
            "policy" => self.policy(),
            "style" => self.out.write_all(STYLE.as_bytes()),
            "script" => self.out.write_all(SCRIPT.as_bytes()),
            "version" => self.out.write_all(Tool::THIS.version.as_bytes()),
            "now" => self.now(),
            "summary" => self.summary(),
            "rows" => self.rows(),
            "playbooks" => self.playbooks(),
            "coverage" => self.coverage(),
            // Within the script's element, nothing that begins with `<` may stand.
            "data" => Json.write(self.report, &mut Inert(self.out)),
            _ => Err(io::Error::other(format!("nothing is known to stand for {name}"))),
        }
    }

    /// Style and script are known by their hashes, so that no other ones run; nothing is loaded, sent or framed.
    fn policy(&mut self) -> io::Result<()> {
        let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)));
        write!(
            self.out,
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            hash(STYLE),
            hash(SCRIPT),
        )
    }

    /// When the page was made; ages are counted back from it.
    pub(super) fn now(&mut self) -> io::Result<()> {
        let exact = time::rfc3339(self.report.now).unwrap_or_default();
        let date = time::date(self.report.now).unwrap_or_default();
        write!(self.out, "<time id=\"now\" datetime=\"{exact}\">{date}</time>")
    }

    /// Text from what was scanned, masked, as text of the page.
    pub(super) fn safe(&self, text: &str) -> String {
        escape::html(&self.redactor.text(text))
    }
}

/// Text of a rule as text of the page; what stands between backticks is code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape::html(text);
    }
    let marked = parts.into_iter().enumerate().map(|(nth, part)| match nth % 2 {
        0 => Cow::Owned(escape::html(part)),
        _ => Cow::Owned(format!("<code>{}</code>", escape::html(part))),
    });
    marked.collect::<Vec<Cow<'_, str>>>().concat()
}

/// Writes JSON in which no `<` stands, which is the same to those who read it.
struct Inert<'w>(&'w mut dyn io::Write);

impl io::Write for Inert<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for (nth, part) in bytes.split(|&byte| byte == b'<').enumerate() {
            if nth > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests;
