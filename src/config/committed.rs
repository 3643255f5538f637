//! What one repository of many says of itself, put on top of what a sweep was told: allows, exclusions, ignored paths, the baseline.
//!
//! All of it comes out of a commit, so it may only hide, and what it hides is counted (law 9). Rules, confidence and keys of reports are
//! the sweep's own.

use ignore::gitignore::Gitignore;

use super::{Error, File, IGNORE_FILE_NAME, expired, ignored_lines, key, path_glob, resolved, set};
use crate::{known::baseline::Baseline, rules::Ruleset, scan::Options};

/// Files of a commit; nothing where it has none of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// `stanch.toml`.
    pub config: Option<Vec<u8>>,
    /// `stanch.baseline.jsonl`.
    pub baseline: Option<Vec<u8>>,
    /// `.stanchignore`.
    pub ignore: Option<Vec<u8>>,
}

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

impl Committed {
    /// The options for the repository that has these files, and notes for whoever reads the report. A file that cannot be used is not
    /// heeded: what it would hide is reported, and that is noted.
    pub fn over(&self, common: Common<'_>) -> (Options, Vec<String>) {
        let (mut options, mut notes) = (common.options.clone(), Vec::new());
        let heed = |options: &mut Options, notes: &mut Vec<String>, file: Result<(), Error>, name: &str| {
            let Err(error) = file else { return };
            notes.push(format!("{name} of its HEAD is not heeded: {error}"));
            options.clone_from(common.options);
        };
        let named = self.heed_config(common, &mut options, &mut notes);
        heed(&mut options, &mut notes, named, super::FILE_NAME);
        let known = self.baseline.clone().map_or(Ok(None), |text| {
            let key = options.known_key.as_ref().unwrap_or(&common.options.key);
            Baseline::committed(text, key).map(Some)
        });
        match known {
            Ok(baseline) => options.baseline = baseline,
            Err(error) => notes.push(format!("the baseline of its HEAD is not heeded: {error}")),
        }
        if let Some(text) = &self.ignore {
            match ignored_lines(IGNORE_FILE_NAME, text, &mut notes) {
                Some((ignored, _)) => options.files.ignored = ignored,
                None => options.files.ignored = Gitignore::empty(),
            }
        }
        (options, notes)
    }

    fn heed_config(&self, common: Common<'_>, options: &mut Options, notes: &mut Vec<String>) -> Result<(), Error> {
        let file = match &self.config {
            Some(text) => File::committed(&String::from_utf8_lossy(text))?,
            None => File::default(),
        };
        let now = options.now;
        let (over, good): (Vec<_>, Vec<_>) =
            file.allows.into_iter().partition(|allow| allow.until.is_some_and(|end| end <= now));
        options.allows = good.into_iter().map(|allow| resolved(allow, common.rules)).collect::<Result<_, _>>()?;
        notes.extend(over.iter().map(expired));
        let globs = file.exclude.iter().chain(common.exclude).map(|glob| path_glob(glob));
        options.files.exclude = set(globs.collect::<Result<_, _>>()?)?;
        options.known_key = Some(key(None, None, file.key)?);
        if !file.skip_rules.is_empty() {
            notes.push("its configuration leaves out rules; a sweep does not".to_owned());
        }
        Ok(())
    }
}
