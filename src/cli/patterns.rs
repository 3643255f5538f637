//! The rules that a command looks up: ours, and those of the pattern files that it names.

use std::path::PathBuf;

use stanch::{config, escape, rules::Ruleset};

use super::error::{AnyError, masked};

/// Our rules and those in these files and folders. What in files of other scanners means something else here is said on standard error.
pub(super) fn rules(patterns: &[PathBuf]) -> Result<Ruleset, AnyError> {
    let mut rules = Ruleset::builtin();
    let mut notes = Vec::new();
    for path in patterns {
        config::patterns::add(&mut rules, path, &mut notes)?;
    }
    for note in &notes {
        anstream::eprintln!("stanch: {}", escape::terminal(&masked(note)));
    }
    Ok(rules)
}
