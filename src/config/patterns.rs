//! The pattern files that flags and configurations name: ours, and other scanners' as they are.

#![cfg_attr(not(feature = "migrate"), allow(clippy::ptr_arg, reason = "files of other scanners alone have notes"))]

use std::path::Path;

use crate::{
    rule::Rule,
    rules::{self, Ruleset, table::Problem},
};

/// Adds the rules of the pattern files in `dir`, or of the file `dir`; `notes` gets what in files of other scanners means something else here.
///
/// # Errors
/// Where a file cannot be read, or has mistakes.
pub fn add(rules: &mut Ruleset, dir: &Path, notes: &mut Vec<String>) -> Result<(), rules::Error> {
    rules.add_dir(dir, &mut |path, text| foreign(path, text, notes))
}

/// The same for files that the scanned tree may have brought (law 9).
///
/// # Errors
/// Where a file cannot be read, or has mistakes.
pub(super) fn add_untrusted(rules: &mut Ruleset, dir: &Path, notes: &mut Vec<String>) -> Result<(), rules::Error> {
    rules.add_untrusted_dir(dir, &mut |path, text| foreign(path, text, notes))
}

/// The rules of the pattern files in `dir`, or of the file `dir`, alone.
///
/// # Errors
/// Where a file cannot be read, or has mistakes.
pub fn read(dir: &Path, notes: &mut Vec<String>) -> Result<Vec<Rule>, rules::Error> {
    rules::read_dir(dir, &mut |path, text| foreign(path, text, notes))
}

#[cfg(feature = "migrate")]
fn foreign(path: &Path, text: &str, notes: &mut Vec<String>) -> Option<Result<Vec<Rule>, Vec<Problem>>> {
    let read = crate::migrate::patterns(path, text)?;
    Some(read.map(|patterns| {
        notes.extend(patterns.notes);
        patterns.rules
    }))
}

/// Without the reading of other scanners' files all are taken for ours.
#[cfg(not(feature = "migrate"))]
fn foreign(_: &Path, _: &str, _: &mut [String]) -> Option<Result<Vec<Rule>, Vec<Problem>>> {
    None
}
