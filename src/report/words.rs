//! What reports for people say of a class, a place, a number, or a run. Escaping it is the caller's.

use std::{collections::BTreeMap, fmt::Write};

use super::{Report, redact::Redactor};
use crate::{
    coverage::{Coverage, History},
    incident::{CommitInfo, GitPlace, Incident, Occurrence, Reach, SourceKind},
    rule::{Class, Severity},
};

/// How many refs are named.
const MOST_REFS: usize = 3;
/// How many hex digits of an incident's or object's id a person needs.
const SHORT_ID: usize = 12;

/// What a secret of this class is to whoever holds it.
pub(super) fn meaning(class: Class) -> &'static str {
    match class {
        Class::AccessToken => "whoever holds it acts with the rights of its user or application",
        Class::RefreshToken => "whoever holds it makes new access tokens",
        Class::ApiKey => "whoever holds it acts for an account or project",
        Class::ServiceAccount => "whoever holds it acts as a machine identity",
        Class::Session => "whoever holds it is logged in",
        Class::Password => "whoever holds it can log in",
        Class::PrivateKey => "whoever holds it can sign, decrypt or log in as its owner",
        Class::ConnectionString => "whoever holds it can log in to the service that it names",
        Class::Webhook => "whoever holds it can send messages to its address",
    }
}

/// How an occurrence can still be got at; `refs` says in whose history it is, as ` of main`. Nothing where there is nothing to say.
pub(super) fn standing(found: &Occurrence, refs: &str) -> Option<String> {
    let Some(git) = &found.git else {
        return (found.source == SourceKind::File).then(|| "in the working tree".to_owned());
    };
    if git.in_head {
        return Some("still at HEAD".to_owned());
    }
    let place = match git.reach {
        Reach::Head => "at HEAD".to_owned(),
        Reach::Ref => format!("in the history{refs}"),
        Reach::Stash => "in a stash".to_owned(),
        Reach::Reflog => "in the reflog".to_owned(),
        Reach::Index => "in the index".to_owned(),
        Reach::Unreachable => "in the object store, unreachable".to_owned(),
    };
    Some(match (found.source, git.reach) {
        (SourceKind::File, _) => format!("in the working tree, and {place}"),
        (_, Reach::Ref) => format!("not in the files at HEAD, but still {place}"),
        (_, Reach::Head) => format!("still {place}"),
        (_, Reach::Unreachable) => "unreachable, but still in the object store".to_owned(),
        _ => format!("only {place}"),
    })
}

/// `path:line:column`, as editors open it, behind `repository: ` where it is one of many; masked.
pub(super) fn place(found: &Occurrence, redactor: &Redactor<'_>) -> String {
    let (line, column) = (found.location.line, found.location.column);
    format!("{}{}:{line}:{column}", repository(found, redactor), path(found, redactor))
}

/// `repository: `, masked, where it is one of many.
pub(super) fn repository(found: &Occurrence, redactor: &Redactor<'_>) -> String {
    found.repository.as_ref().map_or_else(String::new, |name| format!("{}: ", redactor.text(name)))
}

/// The masked path, or what stands for one.
pub(super) fn path(found: &Occurrence, redactor: &Redactor<'_>) -> String {
    let blob = found.git.as_ref().and_then(|git| git.blob);
    match (&found.path, found.source, blob) {
        (Some(path), _, _) => redactor.path(path).into_owned(),
        (None, SourceKind::Stdin, _) => "standard input".to_owned(),
        (None, _, Some(blob)) => format!("blob {}", short(&blob.to_string())),
        (None, _, None) => "a blob without a name".to_owned(),
    }
}

/// Whether a checkout of HEAD shows it. Of many repositories, none is known to be checked out.
pub(super) fn is_in_checkout(found: &Occurrence) -> bool {
    let is_there = found.source == SourceKind::File || found.git.as_ref().is_some_and(|git| git.in_head);
    is_there && found.repository.is_none()
}

/// The earliest commit that brought it in.
pub(super) fn introduced(incident: &Incident) -> Option<&CommitInfo> {
    let commits = incident.occurrences.iter().filter_map(|found| found.git.as_ref()?.introduced.as_deref());
    commits.min_by_key(|commit| (commit.at, commit.id))
}

/// `inactive: expired`; the reason is masked.
pub(super) fn verdict(incident: &Incident, redactor: &Redactor<'_>) -> String {
    let status = incident.verdict.status();
    incident.verdict.reason().map_or_else(|| status.to_owned(), |why| format!("{status}: {}", redactor.text(why)))
}

/// ` of main, v1 (+3 refs)`, each name made fit to be shown by `safe`.
pub(super) fn refs(git: Option<&GitPlace>, safe: &dyn Fn(&str) -> String) -> String {
    let Some(git) = git.filter(|git| !git.refs.is_empty()) else {
        return String::new();
    };
    let short = |name: &String| {
        let prefixes = ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"];
        safe(prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name))
    };
    let named: Vec<String> = git.refs.iter().take(MOST_REFS).map(short).collect();
    let more = git.refs_count.saturating_sub(named.len() as u64);
    let more = if more == 0 { String::new() } else { format!(" (+{} {})", grouped(more), plural(more, "ref")) };
    format!(" of {}{more}", named.join(", "))
}

/// As many digits of an id as a person needs.
pub(super) fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

/// How many incidents there are of each severity, the worst first.
pub(super) fn counts(report: &Report<'_>) -> Vec<(Severity, u64)> {
    let mut counts: BTreeMap<Severity, u64> = BTreeMap::new();
    for incident in report.incidents {
        *counts.entry(incident.severity).or_default() += 1;
    }
    counts.into_iter().rev().collect()
}

/// `2 incidents: 1 critical, 1 medium`.
pub(super) fn found(report: &Report<'_>) -> String {
    let each: Vec<String> =
        counts(report).iter().map(|(severity, count)| format!("{} {severity}", grouped(*count))).collect();
    let limit = if report.coverage.complete() { "" } else { " in what could be scanned" };
    match report.incidents.len() as u64 {
        0 => format!("no incidents{limit}"),
        all => format!("{}: {}", counted(all, "incident"), each.join(", ")),
    }
}

/// `scanned 120 files, 4,031 blobs in 812 commits of 9 refs, 73 MB in 0.41 s`.
pub(super) fn scanned(coverage: &Coverage, seconds: f64) -> String {
    let mut out = format!("scanned {}", counted(coverage.files, "file"));
    if coverage.blobs > 0 || coverage.commits > 0 {
        let (blobs, commits) = (counted(coverage.blobs, "blob"), counted(coverage.commits, "commit"));
        // Writing to a string cannot fail.
        let _ = write!(out, ", {blobs} in {commits} of {}", counted(coverage.refs, "ref"));
    }
    if coverage.tags > 0 {
        let _ = write!(out, ", {}", counted(coverage.tags, "tag text"));
    }
    let _ = write!(out, ", {} in {seconds:.2} s", size(coverage.bytes));
    out
}

/// How far back the history was scanned.
pub(super) fn history(history: History) -> &'static str {
    match history {
        History::None => "not scanned",
        History::Full => "all of it",
        History::Shallow => "what this shallow clone holds; fetch the rest with `git fetch --unshallow`",
        History::Selected => "what was asked for",
    }
}

/// A number of bytes in two digits or three.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn size(bytes: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let exact = bytes as f64;
    match units.into_iter().find(|(unit, _)| exact >= *unit) {
        Some((unit, name)) if exact < unit * 10.0 => format!("{:.1} {name}", exact / unit),
        Some((unit, name)) => format!("{:.0} {name}", exact / unit),
        None => format!("{bytes} {}", plural(bytes, "byte")),
    }
}

/// `1,234 places`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    format!("{} {}", grouped(count), plural(count, noun))
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `noun`, in the number that goes with `count`.
pub(super) fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        let sizes: Vec<String> = [0, 1, 999, 1_000, 12_345, 73_400_320, 8_100_000_000].map(size).into();
        assert_eq!(sizes, ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "12 kB", "73 MB", "8.1 GB"]);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
