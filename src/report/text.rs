//! For a person, who reads it in ten seconds: what leaked, where it is, what to do first.
//!
//! Everything that comes from what was scanned is masked, then escaped, and every line begins with a word of this program, so
//! that no line is a command to a CI system. What the lines of code look like is `excerpt`'s, what the end says `summary`'s.

mod excerpt;
mod summary;

use std::io;

use anstyle::{AnsiColor, Color, Style};

use super::{
    Detail, Options, Report, Reporter,
    redact::Redactor,
    time,
    words::{self, grouped, plural, short},
};
use crate::{
    escape,
    finding::PartValue,
    incident::{CommitInfo, GitPlace, Incident, Occurrence, Resource, Status},
    rule::Severity,
    rules::placeholder::{self, Filter},
    secret::Secret,
    verdict::Verdict,
};

/// How many places behind the first are listed.
const MOST_PLACES: usize = 5;
/// How many things that a token reaches are named.
const MOST_NAMES: usize = 5;

/// Writes for people.
pub(super) struct Text {
    options: Options,
}

impl Text {
    pub(super) fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Reporter for Text {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let mut page = Page { report, redactor: Redactor::new(report), options: self.options, out };
        for incident in report.incidents {
            page.incident(incident)?;
            writeln!(page.out)?;
        }
        page.summary()
    }
}

/// What every part of the page needs.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report<'a>,
    pub(super) redactor: Redactor<'a>,
    pub(super) options: Options,
    pub(super) out: &'a mut dyn io::Write,
}

impl Page<'_> {
    fn incident(&mut self, incident: &Incident) -> io::Result<()> {
        self.headline(incident)?;
        if let Some((first, others)) = incident.occurrences.split_first() {
            self.first_place(incident, first)?;
            self.other_places(others)?;
        }
        self.parts(incident)?;
        self.access(incident)?;
        self.claims(incident)?;
        self.next_step(incident)?;
        writeln!(self.out, "  id {}", short(&incident.id.to_string()))
    }

    fn headline(&mut self, incident: &Incident) -> io::Result<()> {
        let rule = self.report.rule(incident.rule);
        let severity = self.paint(severity_style(incident.severity), incident.severity.name());
        let name = self.paint(BOLD, &escape::terminal(&rule.name));
        let secret = self.secret(&incident.secret);
        write!(self.out, "{severity}  {name}  {secret}  {} confidence", incident.confidence.name())?;
        if let Some(status) = incident.life.map(|life| life.status).filter(|status| *status != Status::Open) {
            write!(self.out, "  {status}")?;
        }
        if incident.verdict != Verdict::Unchecked {
            write!(self.out, "  {}", incident.verdict.status())?;
            if let Some(reason) = incident.verdict.reason() {
                let reason = self.safe(reason);
                write!(self.out, ": {reason}")?;
            }
        }
        writeln!(self.out)
    }

    fn first_place(&mut self, incident: &Incident, found: &Occurrence) -> io::Result<()> {
        let place = self.paint(BOLD, &self.place(found));
        writeln!(self.out, "  at {place}")?;
        self.excerpt(found)?;
        if let Some(commit) = found.git.as_ref().and_then(|git| git.introduced.as_ref()) {
            let introduced = self.introduced(commit);
            writeln!(self.out, "  {introduced}")?;
        }
        if let Some(standing) = words::standing(found, &self.refs(found.git.as_ref())) {
            writeln!(self.out, "  {standing}")?;
        }
        if found.confidence < incident.confidence {
            writeln!(self.out, "  of {} confidence there", found.confidence.name())?;
        }
        if let Some(by) = &found.allowed_by {
            let by = self.safe(by);
            writeln!(self.out, "  allowed by {by}")?;
        }
        Ok(())
    }

    fn other_places(&mut self, others: &[Occurrence]) -> io::Result<()> {
        let most = if self.options.detail == Detail::Verbose { others.len() } else { MOST_PLACES };
        for found in others.iter().take(most) {
            let place = self.place(found);
            let standing = words::standing(found, &self.refs(found.git.as_ref()));
            let standing = standing.map_or_else(String::new, |text| format!(", {text}"));
            let allowed =
                found.allowed_by.as_ref().map_or_else(String::new, |by| format!(", allowed by {}", self.safe(by)));
            writeln!(self.out, "  also at {place}{standing}{allowed}")?;
        }
        match others.len().saturating_sub(most) {
            0 => Ok(()),
            more => writeln!(self.out, "  … and {} more {}", grouped(more as u64), plural(more as u64, "place")),
        }
    }

    /// What its provider says of the token.
    fn access(&mut self, incident: &Incident) -> io::Result<()> {
        let Some(access) = &incident.access else { return Ok(()) };
        let named = [
            ("owner", &access.owner),
            ("account", &access.account),
            ("may", &access.scopes),
            ("good until", &access.expires),
        ];
        let said = named.iter().filter_map(|(name, value)| Some(format!("{name} {}", self.safe(value.as_ref()?))));
        let mut said: Vec<String> = said.collect();
        if !access.powers.is_empty() {
            let powers: Vec<&str> = access.powers.iter().map(|power| power.name()).collect();
            said.push(format!("which comes to {}", powers.join(", ")));
        }
        if !said.is_empty() {
            writeln!(self.out, "  its provider says: {}", said.join(", "))?;
        }
        access.resources.iter().try_for_each(|resource| self.resource(resource))
    }

    /// Things that the token reaches, some of them by name.
    fn resource(&mut self, resource: &Resource) -> io::Result<()> {
        let some = resource.names.iter().take(MOST_NAMES).map(|name| self.safe(name)).collect::<Vec<_>>();
        let all = resource.count.unwrap_or(resource.names.len() as u64);
        let counted = resource.count.map_or(String::new(), |count| format!("{} ", grouped(count)));
        let more = if all > some.len() as u64 { ", …" } else { "" };
        let names = if some.is_empty() { String::new() } else { format!(": {}{more}", some.join(", ")) };
        writeln!(self.out, "  it reaches {counted}{}{names}", self.safe(&resource.kind))
    }

    /// What the token says of itself.
    fn claims(&mut self, incident: &Incident) -> io::Result<()> {
        if let Some(claims) = &incident.claims {
            let text = |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
            let safe = |text: &String| self.safe(text);
            let audience = (!claims.audience.is_empty()).then(|| safe(&claims.audience.join(", ")));
            let said = [
                text("signed with", claims.algorithm.as_ref().map(safe)),
                text("issued by", claims.issuer.as_ref().map(safe)),
                text("for", audience),
                text("good until", claims.expires_at.and_then(time::rfc3339)),
            ];
            let said: Vec<String> = said.into_iter().flatten().collect();
            writeln!(self.out, "  it says: {}", said.join(", "))?;
        }
        for note in &incident.notes {
            let note = self.safe(note);
            writeln!(self.out, "  note: {note}")?;
        }
        Ok(())
    }

    fn parts(&mut self, incident: &Incident) -> io::Result<()> {
        for part in &incident.parts {
            let value = match &part.value {
                PartValue::Public(value) => self.safe(value),
                PartValue::Secret(secret) => self.secret(secret),
            };
            writeln!(self.out, "  with {} {value}", self.safe(&part.name))?;
        }
        Ok(())
    }

    fn next_step(&mut self, incident: &Incident) -> io::Result<()> {
        let Some(playbook) = &self.report.rule(incident.rule).playbook else {
            return Ok(());
        };
        if let Some(step) = playbook.steps.first() {
            let label = self.paint(BOLD, "next:");
            let known = |name: &str, _: &[Filter]| {
                let part = incident.parts.iter().find(|part| part.name == name);
                part.and_then(|part| match &part.value {
                    PartValue::Public(value) => Some(self.safe(value)),
                    PartValue::Secret(_) => None,
                })
            };
            let text = placeholder::filled(&step.text, &known);
            writeln!(self.out, "  {label} {}", escape::terminal(&text))?;
        }
        writeln!(self.out, "  see {}", escape::terminal(&playbook.url))
    }

    /// `path:line:column`, as editors open it.
    fn place(&self, found: &Occurrence) -> String {
        escape::terminal(&words::place(found, &self.redactor)).into_owned()
    }

    fn introduced(&self, commit: &CommitInfo) -> String {
        let date = time::date(commit.at).map_or_else(String::new, |date| format!(" {date}"));
        let ago = time::ago(commit.at, self.report.now).map_or_else(String::new, |ago| format!(" ({ago})"));
        let (author, email) = (self.safe(&commit.author), self.safe(&commit.email));
        format!("introduced{date} by {author} <{email}> in {}{ago}", short(&commit.id.to_string()))
    }

    fn refs(&self, git: Option<&GitPlace>) -> String {
        words::refs(git, &|name| self.safe(name))
    }

    fn secret(&self, secret: &Secret) -> String {
        if self.report.show_secrets && secret.is_known() {
            return escape::terminal(&String::from_utf8_lossy(secret.expose())).into_owned();
        }
        escape::terminal(&secret.masked()).into_owned()
    }

    /// Text from what was scanned: masked and escaped.
    pub(super) fn safe(&self, text: &str) -> String {
        escape::terminal(&self.redactor.text(text)).into_owned()
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.options.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
const RED: Style = coloured(AnsiColor::Red);
pub(super) const GREEN: Style = coloured(AnsiColor::Green);

const fn coloured(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour))).bold()
}

pub(super) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Low => coloured(AnsiColor::Blue),
        Severity::Medium => coloured(AnsiColor::Yellow),
        Severity::High => coloured(AnsiColor::Magenta),
        Severity::Critical => RED,
    }
}

#[cfg(test)]
mod tests;
