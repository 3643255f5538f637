//! What a hook says when it stops git: what leaked, where, and how to go on. At most ten lines, for somebody who is in the middle of something
//! else.

use super::Hook;
use crate::{
    blob::PathName,
    escape,
    incident::{Incident, Occurrence},
    report::{Redactor, Report},
};

/// How many incidents or failures are named.
const MOST: usize = 3;
/// How many characters of a path are shown.
const LONGEST: usize = 100;

/// What is said of a run of `hook` that ended with `report`; nothing where nothing is wrong.
pub fn lines(hook: Hook, report: &Report<'_>) -> Vec<String> {
    let page = Page { hook, report, redactor: Redactor::new(report) };
    let mut lines = Vec::new();
    if !report.incidents.is_empty() {
        lines.push(format!("stanch: {} {}", hook.subject(), count(report.incidents.len())));
        lines.extend(page.incidents(report.incidents));
        lines.extend(page.remedies());
    } else if !report.coverage.complete() {
        lines.push(format!("stanch: {} could not be scanned as a whole, so it was stopped", hook.object()));
    }
    lines.extend(page.failures(10 - lines.len()));
    lines
}

/// What is said of incidents that comments in what is pushed allow.
pub fn allowed(report: &Report<'_>) -> Vec<String> {
    let page = Page { hook: Hook::PreReceive, report, redactor: Redactor::new(report) };
    let mut lines = vec![format!("stanch: comments in what is pushed allow {}", count(report.incidents.len()))];
    lines.extend(page.incidents(report.incidents));
    lines
}

fn count(incidents: usize) -> String {
    if incidents == 1 { "1 secret".to_owned() } else { format!("{incidents} secrets") }
}

impl Hook {
    fn subject(self) -> &'static str {
        match self {
            Self::PreCommit => "this commit would add",
            Self::PreMergeCommit => "this merge would add",
            Self::CommitMsg => "the commit message holds",
            Self::PrePush => "this push would publish",
            Self::PreReceive => "refused: what is pushed adds",
        }
    }

    fn object(self) -> &'static str {
        match self {
            Self::PreCommit => "this commit",
            Self::PreMergeCommit => "this merge",
            Self::CommitMsg => "the commit message",
            Self::PrePush => "this push",
            Self::PreReceive => "what is pushed",
        }
    }
}

struct Page<'a> {
    hook: Hook,
    report: &'a Report<'a>,
    redactor: Redactor<'a>,
}

impl Page<'_> {
    fn incidents(&self, incidents: &[Incident]) -> Vec<String> {
        let mut lines: Vec<String> = incidents.iter().take(MOST).map(|incident| self.incident(incident)).collect();
        if incidents.len() > MOST {
            lines.push(format!("  … and {} more", incidents.len() - MOST));
        }
        lines
    }

    fn incident(&self, incident: &Incident) -> String {
        let name = &self.report.rules[incident.rule.0 as usize].name;
        let others = incident.occurrences.len().saturating_sub(1);
        let place = incident.occurrences.first().map_or_else(String::new, |occurrence| self.place(occurrence));
        let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
        format!("  {place}{more}: {name} {}", escape::terminal(&incident.secret.masked()))
    }

    fn place(&self, occurrence: &Occurrence) -> String {
        let path = occurrence.path.as_ref().map(|path| self.path(path));
        let commit = occurrence.git.as_ref().and_then(|git| git.introduced.as_ref());
        let commit = commit.map_or_else(String::new, |commit| format!(" in {}", short(&commit.id.to_string())));
        match path {
            Some(path) => format!("{path}:{}{commit}", occurrence.location.line),
            None => format!("line {}{commit}", occurrence.location.line),
        }
    }

    fn path(&self, path: &PathName) -> String {
        let text = self.redactor.path(path);
        escape::cut(&escape::terminal(&text), LONGEST).into_owned()
    }

    /// How to go on: what mends it first, what overrules it last.
    fn remedies(&self) -> Vec<String> {
        let leave_out = match self.hook {
            Hook::PreCommit | Hook::PreMergeCommit => self.unstaging(),
            Hook::CommitMsg => {
                "then commit again: git commit --edit --file=\"$(git rev-parse --git-path COMMIT_EDITMSG)\"".to_owned()
            }
            Hook::PrePush | Hook::PreReceive => self.rewriting(),
        };
        let move_out = match self.hook {
            Hook::CommitMsg => "take the value out of the message",
            _ => "move the value into an environment variable or a secret store",
        };
        let allow = match self.hook {
            Hook::CommitMsg => "add an [[allow]] entry with the reason to stanch.toml".to_owned(),
            _ => "write stanch:allow and the reason into a comment on its line".to_owned(),
        };
        vec![
            format!("To fix it, {move_out},"),
            format!("  {leave_out}"),
            format!("If it is no secret, {allow}."),
            format!("If it was shared before, revoke it: stanch playbook --rule {}", self.first_rule()),
        ]
    }

    fn first_rule(&self) -> &str {
        self.report.incidents.first().map_or("ID", |incident| &self.report.rules[incident.rule.0 as usize].id)
    }

    fn unstaging(&self) -> String {
        let first = self
            .report
            .incidents
            .iter()
            .flat_map(|incident| &incident.occurrences)
            .find_map(|found| found.path.as_ref());
        let path = first.map_or_else(|| "FILE".to_owned(), |path| escape::shell(&self.path(path)));
        format!("and `git add` the file again; or leave it out: git reset --quiet -- {path}")
    }

    fn rewriting(&self) -> String {
        let commits = self.report.incidents.iter().flat_map(|incident| &incident.occurrences);
        let oldest = commits.filter_map(|found| found.git.as_ref()?.introduced.as_ref()).min_by_key(|commit| commit.at);
        match oldest {
            Some(commit) => {
                format!("and take it out of the commits: git rebase --interactive {}^", short(&commit.id.to_string()))
            }
            None => "and make the tag or the commit anew".to_owned(),
        }
    }

    fn failures(&self, room: usize) -> Vec<String> {
        let failed = &self.report.coverage.failed;
        let shown = failed.iter().take(MOST.min(room)).map(|failure| {
            let text = self.redactor.text(&format!("{}: {}", failure.subject, failure.reason)).into_owned();
            format!("  not scanned: {}", escape::cut(&escape::terminal(&text), 2 * LONGEST))
        });
        shown.collect()
    }
}

/// The beginning of an id.
fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
