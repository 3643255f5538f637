//! What one repository of many says of itself, put on top of what a sweep was told: allows, exclusions, ignored paths, the baseline.
//!
//! All of it comes out of a commit, so it may only hide, and what it hides is counted (law 9). Rules, confidence and keys of reports are
//! the sweep's own.

use super::{Error, FILE_NAME, File, IGNORE_FILE_NAME, expired, ignored_lines, key, path_glob, resolved, set};
use crate::{incident::IdentityKey, known::baseline::Baseline, rules::Ruleset, scan::Options, sweep::run::Committed};

/// What all repositories of a sweep have in common.
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    /// How they are scanned.
    pub options: &'a Options,
    /// With which rules.
    pub rules: &'a Ruleset,
    /// Paths that are left out in all of them.
    pub exclude: &'a [String],
}

impl Common<'_> {
    /// The options for the repository that has these files, and notes for whoever reads the report. A file that cannot be used is not
    /// heeded: what it would hide is reported, and that is noted.
    pub fn over(self, files: &Committed) -> (Options, Vec<String>) {
        let (mut options, mut notes) = (self.options.clone(), Vec::new());
        if let Err(error) = self.heed_config(files, &mut options, &mut notes) {
            notes.push(format!("{FILE_NAME} of its HEAD is not heeded: {error}"));
            options.clone_from(self.options);
            options.known_key = Some(IdentityKey::fixed());
        }
        let key = options.known_key.as_ref().unwrap_or(&self.options.key);
        match files.baseline.clone().map(|text| Baseline::committed(text, key)).transpose() {
            Ok(baseline) => options.baseline = baseline,
            Err(error) => notes.push(format!("the baseline of its HEAD is not heeded: {error}")),
        }
        let ignored = files.ignore.as_ref().and_then(|text| ignored_lines(IGNORE_FILE_NAME, text, &mut notes));
        if let Some((ignored, _)) = ignored {
            options.files.ignored = ignored;
        }
        (options, notes)
    }

    fn heed_config(self, files: &Committed, options: &mut Options, notes: &mut Vec<String>) -> Result<(), Error> {
        let file = match &files.config {
            Some(text) => File::committed(&String::from_utf8_lossy(text))?,
            None => File::default(),
        };
        let now = options.now;
        let (over, good): (Vec<_>, Vec<_>) =
            file.allows.into_iter().partition(|allow| allow.until.is_some_and(|end| end <= now));
        options.allows = good.into_iter().map(|allow| resolved(allow, self.rules)).collect::<Result<_, _>>()?;
        notes.extend(over.iter().map(expired));
        let globs = file.exclude.iter().chain(self.exclude).map(|glob| path_glob(glob));
        options.files.exclude = set(globs.collect::<Result<_, _>>()?)?;
        options.known_key = Some(key(None, None, file.key)?);
        if !file.skip_rules.is_empty() {
            notes.push("its configuration leaves out rules, and a sweep does not".to_owned());
        }
        Ok(())
    }
}
