//! The numbers of what was there when somebody began to look.

use std::collections::BTreeMap;

use crate::{
    incident::{Incident, Occurrence, SourceKind},
    rule::Severity,
};

/// How many secrets, of which weight, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// How many there are.
    pub all: usize,
    /// How many of each severity, gravest first.
    pub severities: Vec<(Severity, usize)>,
    /// How many are still in the files; the others are in the history alone.
    pub in_files: usize,
    /// The folders in which most are first, with how many; nothing stands for the top.
    pub folders: Vec<(String, usize)>,
}

/// So many folders are named.
const MOST_FOLDERS: usize = 3;

/// The numbers of `incidents`.
pub fn count<'i>(incidents: impl IntoIterator<Item = &'i Incident>) -> Known {
    let (mut all, mut in_files) = (0, 0);
    let mut severities = BTreeMap::<Severity, usize>::new();
    let mut folders = BTreeMap::<String, usize>::new();
    for incident in incidents {
        all += 1;
        in_files += usize::from(incident.occurrences.iter().any(is_in_files));
        *severities.entry(incident.severity).or_default() += 1;
        let path = incident.occurrences.iter().find_map(|occurrence| occurrence.path.as_ref());
        if let Some(path) = path {
            *folders.entry(folder(&path.to_text()).to_owned()).or_default() += 1;
        }
    }
    let mut folders: Vec<(String, usize)> = folders.into_iter().collect();
    folders.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    folders.truncate(MOST_FOLDERS);
    Known { all, severities: severities.into_iter().rev().collect(), in_files, folders }
}

fn is_in_files(occurrence: &Occurrence) -> bool {
    occurrence.source == SourceKind::File || occurrence.git.as_ref().is_some_and(|git| git.in_head)
}

/// The folder of `path`, its first two levels.
fn folder(path: &str) -> &str {
    let folders = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folders.match_indices('/').nth(1).map_or(folders, |(at, _)| &folders[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_two_levels() {
        for (path, expected) in [("a", ""), ("a/b", "a"), ("a/b/c", "a/b"), ("a/b/c/d", "a/b"), ("", "")] {
            assert_eq!(folder(path), expected, "{path}");
        }
    }
}
