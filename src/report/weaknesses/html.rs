//! One HTML page that needs nothing but a browser, and no script. Its style is that of the incidents' page.
//!
//! Everything in it is escaped, and the page's policy lets nothing be loaded or run. Only standards are links: checks come with the
//! program or from a flag, never from what is looked at.

use std::io;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::{WeaknessReport, place, text::counted_weaknesses};
use crate::{
    escape,
    report::{
        html::{Page, STYLE, next_name, prose},
        model::Tool,
        redact::Redactor,
        sarif::rule::is_url,
        words::{counted, grouped, plural},
    },
    weakness::{Citation, Weakness},
};

/// With names between double braces, in place of which [`Page::weaknesses_fill`] writes.
const PAGE: &str = include_str!("page.html");

/// Writes one page.
pub(super) fn write(report: &WeaknessReport<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let whole = report.without_incidents();
    let mut page = Page { report: &whole, redactor: Redactor::new(&whole), out };
    let mut rest = PAGE;
    while let Some((text, name, after)) = next_name(rest) {
        page.out.write_all(text.as_bytes())?;
        page.weaknesses_fill(name, report)?;
        rest = after;
    }
    page.out.write_all(rest.as_bytes())
}

impl Page<'_> {
    /// Writes what stands for `name` in the page.
    fn weaknesses_fill(&mut self, name: &str, report: &WeaknessReport<'_>) -> io::Result<()> {
        match name {
            "policy" => {
                let hash = BASE64.encode(&Sha256::digest(STYLE));
                let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src";
                write!(self.out, "{policy} 'sha256-{hash}'")
            }
            "style" => self.out.write_all(STYLE.as_bytes()),
            "version" => self.out.write_all(Tool::THIS.version.as_bytes()),
            "now" => self.now(),
            "summary" => self.weaknesses_summary(report),
            "weaknesses" => self.weaknesses(report),
            "cookies" => self.cookie_section(report),
            "coverage" => self.looked(report),
            _ => Err(io::Error::other(format!("nothing is known to stand for {name}"))),
        }
    }

    fn weaknesses_summary(&mut self, report: &WeaknessReport<'_>) -> io::Result<()> {
        let coverage = report.coverage;
        if !coverage.complete() {
            self.incomplete(coverage, report.could_not())?;
        }
        let title = match (report.weaknesses.len() as u64, coverage.complete()) {
            (0, true) => "No weaknesses".to_owned(),
            (0, false) => "No weaknesses in what could be looked at".to_owned(),
            (all, _) => counted_weaknesses(all),
        };
        writeln!(self.out, "<h2>{title}</h2>")?;
        let counts: Vec<(&str, u64)> =
            report.counts().into_iter().map(|(severity, count)| (severity.name(), count)).collect();
        self.tally("By severity", &counts)?;
        if coverage.complete() {
            writeln!(self.out, "<p class=\"complete\">Complete: everything that was asked for was looked at.</p>")?;
        }
        writeln!(self.out, "<p class=\"scanned\">{}.</p>", report.looked())
    }

    fn weaknesses(&mut self, report: &WeaknessReport<'_>) -> io::Result<()> {
        if report.weaknesses.is_empty() {
            return writeln!(self.out, "<p>None.</p>");
        }
        writeln!(self.out, "<ul id=\"list\">")?;
        report.kinds().iter().try_for_each(|kind| self.kind(kind))?;
        writeln!(self.out, "</ul>")
    }

    /// The cookies of servers; no section where none were asked.
    fn cookie_section(&mut self, report: &WeaknessReport<'_>) -> io::Result<()> {
        let Some(cookies) = report.cookies() else { return Ok(()) };
        writeln!(self.out, "<section id=\"cookies\">\n<h2>Cookies</h2>")?;
        self.cookies(cookies)?;
        writeln!(self.out, "</section>")
    }

    /// A weakness, in all its places.
    fn kind(&mut self, places: &[&Weakness]) -> io::Result<()> {
        let Some(first) = places.first() else { return Ok(()) };
        let severity = first.severity.name();
        let all = places.len() as u64;
        let (title, check) = (self.safe(&first.title), escape::html(&first.check));
        let count = format!("{} {}", grouped(all), plural(all, "place"));
        let confidence = first.confidence.name();
        let at = self.safe(&place(&first.place, |path| self.redactor.path(path)));
        writeln!(
            self.out,
            "<li><details><summary><span class=\"tag {severity}\">{severity}</span> <span class=\"what\"><b>{title}</b> \
             <code>{check}</code> <span class=\"where\">{at}</span></span> <span>{count}</span> \
             <span>{confidence} confidence</span></summary>\n<div class=\"body\">"
        )?;
        writeln!(self.out, "<h3>Attack</h3>\n<p>{}</p>", prose(&first.attack))?;
        let remedy = prose(&self.redactor.text(&first.remedy));
        writeln!(self.out, "<h3>Remedy</h3>\n<p>{remedy}</p>\n<h3>Places</h3>\n<ul class=\"places\">")?;
        places.iter().try_for_each(|weakness| self.weak_place(weakness))?;
        writeln!(self.out, "</ul>\n<h3>Standards</h3>\n<ul>")?;
        for cited in &first.standards {
            writeln!(self.out, "<li>{}</li>", citation(cited))?;
        }
        writeln!(self.out, "</ul></div></details></li>")
    }

    fn weak_place(&mut self, weakness: &Weakness) -> io::Result<()> {
        let at = self.safe(&place(&weakness.place, |path| self.redactor.path(path)));
        let evidence = weakness
            .evidence
            .as_ref()
            .map_or_else(String::new, |text| format!("<div><code>{}</code></div>", self.safe(text)));
        writeln!(self.out, "<li><code>{at}</code>{evidence}</li>")
    }

    fn looked(&mut self, report: &WeaknessReport<'_>) -> io::Result<()> {
        let coverage = report.coverage;
        writeln!(self.out, "<p class=\"scanned\">{}.</p>", report.looked())?;
        if coverage.allowed > 0 {
            writeln!(self.out, "<p>Allowed, so not shown: {}.</p>", counted(coverage.allowed, "place"))?;
        }
        if coverage.complete() {
            writeln!(self.out, "<p>Nothing failed.</p>")?;
        } else {
            writeln!(self.out, "<h3>Could not be looked at</h3>")?;
            self.failures(coverage, coverage.failed.len())?;
        }
        self.skipped(coverage)?;
        self.notes(coverage)
    }
}

fn citation(cited: &Citation) -> String {
    let name = escape::html(&format!("{}, {}", cited.standard, cited.section));
    if is_url(&cited.url) {
        format!("<a href=\"{}\" rel=\"noreferrer noopener\">{name}</a>", escape::html(&cited.url))
    } else {
        format!("{name}: {}", escape::html(&cited.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        WeaknessFormat,
        weaknesses::samples::{Sample, written},
    };

    #[test]
    fn a_page_holds_counts_weaknesses_and_coverage() {
        let page = written(WeaknessFormat::Html, &Sample::of_both_places().report());
        assert!(page.contains("<h2>3 weaknesses</h2>") && page.contains("<b>2</b> critical"), "{page}");
        assert!(page.contains("<li><code>src/b.js:7:3</code>") && page.contains("<span>2 places</span>"), "{page}");
        assert!(page.contains("<a href=\"https://www.rfc-editor.org/rfc/rfc8725#section-3.1\""), "{page}");
        assert!(page.contains("<code>algorithms</code>") && !page.contains("{{"), "{page}");
        assert!(page.contains("<strong>Incomplete.</strong>"), "{page}");
    }

    #[test]
    fn cookies_have_a_section_where_servers_were_asked() {
        let page = written(WeaknessFormat::Html, &Sample::of_a_server().report());
        assert!(page.contains("<b>Grade C</b> <code>https://example.org/</code>"), "{page}");
        assert!(page.contains("<div>bits by position: 0–1: 0, 2–3: 4</div>"), "{page}");
        assert!(!written(WeaknessFormat::Html, &Sample::of_both_places().report()).contains("id=\"cookies\""));
    }

    #[test]
    fn hostile_text_stays_text_and_nothing_is_loaded() {
        let page = written(WeaknessFormat::Html, &Sample::hostile().report());
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;img src=x&gt;"), "{page}");
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        assert!(page.contains(&format!("style-src 'sha256-{hash}'")), "{page}");
        assert!(!page.contains("href=\"javascript"), "{page}");
    }
}
