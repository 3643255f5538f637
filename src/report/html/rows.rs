//! Incidents for browsers that run no script: the first ones, with their places. The script puts its own list in the place of this one.

use std::io;

use super::Page;
use crate::{
    escape,
    incident::{GitPlace, Incident, Occurrence, SourceKind},
    report::{
        time,
        words::{self, grouped, plural, short},
    },
};

/// How many incidents are listed.
const MOST_ROWS: usize = 500;
/// How many places of each.
const MOST_PLACES: usize = 20;

impl Page<'_> {
    pub(super) fn rows(&mut self) -> io::Result<()> {
        let all = self.report.incidents.len();
        if all == 0 {
            return writeln!(self.out, "<p>There are none.</p>");
        }
        let some =
            if all > MOST_ROWS { format!(": the first {MOST_ROWS} of {}", grouped(all as u64)) } else { String::new() };
        writeln!(
            self.out,
            "<noscript><p>This browser runs no script, so here is a plain list{some}. Filters, timelines and details need one.</p></noscript>"
        )?;
        writeln!(self.out, "<ol id=\"list\">")?;
        self.report.incidents.iter().take(MOST_ROWS).try_for_each(|incident| self.row(incident))?;
        writeln!(self.out, "</ol>")
    }

    fn row(&mut self, incident: &Incident) -> io::Result<()> {
        let rule = self.report.rule(incident.rule);
        let (severity, status) = (incident.severity.name(), incident.verdict.status());
        let (name, secret) = (escape::html(&rule.name), escape::html(&incident.secret.masked()));
        writeln!(
            self.out,
            "<li><details id=\"i{}\"><summary><span class=\"tag {severity}\">{severity}</span>",
            incident.id
        )?;
        writeln!(self.out, "<span class=\"what\"><b>{name}</b> <code>{secret}</code></span>")?;
        let reason = incident.verdict.reason().map_or(String::new(), |reason| format!(": {}", self.safe(reason)));
        writeln!(self.out, "<span class=\"verdict {status}\">{status}{reason}</span></summary>\n<div class=\"body\">")?;
        self.places(&incident.occurrences)?;
        for note in &incident.notes {
            let note = self.safe(note);
            writeln!(self.out, "<p>{note}</p>")?;
        }
        let rule = escape::html(&rule.id);
        writeln!(
            self.out,
            "<p>Incident <code>{}</code>, rule <code>{rule}</code></p></div></details></li>",
            incident.id
        )
    }

    fn places(&mut self, places: &[Occurrence]) -> io::Result<()> {
        writeln!(self.out, "<ol class=\"places\">")?;
        places.iter().take(MOST_PLACES).try_for_each(|found| self.place(found))?;
        let more = places.len().saturating_sub(MOST_PLACES) as u64;
        if more > 0 {
            writeln!(self.out, "<li>… and {} more {}</li>", grouped(more), plural(more, "place"))?;
        }
        writeln!(self.out, "</ol>")
    }

    fn place(&mut self, found: &Occurrence) -> io::Result<()> {
        let path = match (&found.path, found.source) {
            (Some(path), _) => escape::html(&self.redactor.path(path)),
            (None, SourceKind::Stdin) => "standard input".to_owned(),
            (None, _) => "a blob without a name".to_owned(),
        };
        let (line, column) = (found.location.line, found.location.column);
        let repository = escape::html(&words::repository(found, &self.redactor));
        write!(self.out, "<li><code>{repository}{path}:{line}:{column}</code>")?;
        let refs = words::refs(found.git.as_ref(), &|name| self.safe(name));
        if let Some(standing) = words::standing(found, &refs) {
            write!(self.out, "<br>{standing}")?;
        }
        if let Some(git) = &found.git {
            self.introduced(git)?;
        }
        if let Some(owner) = &found.owner {
            let owner = self.safe(owner);
            write!(self.out, "<br>probably of {owner}")?;
        }
        if let Some(by) = &found.allowed_by {
            let by = self.safe(by);
            write!(self.out, "<br>allowed by {by}")?;
        }
        writeln!(self.out, "</li>")
    }

    fn introduced(&mut self, git: &GitPlace) -> io::Result<()> {
        let Some(commit) = &git.introduced else { return Ok(()) };
        let date = time::date(commit.at).map_or_else(String::new, |date| format!(" {date}"));
        let ago = time::ago(commit.at, self.report.now).map_or_else(String::new, |ago| format!(" ({ago})"));
        let (author, email) = (self.safe(&commit.author), self.safe(&commit.email));
        let id = commit.id.to_string();
        write!(self.out, "<br>introduced{date}{ago} by {author} &lt;{email}&gt; in <code>{}</code>", short(&id))
    }
}
