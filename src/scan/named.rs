//! Secrets in what a report prints besides lines of code: paths, people's names, refs, reasons.
//!
//! Such text is no blob, so nothing in it is an incident; it is a token all the same, and no report may print it (law 3).

use std::collections::BTreeSet;

use crate::{
    blob::{PathName, Window},
    coverage::Coverage,
    detect::{Detector, Scratch},
    finding::PartValue,
    incident::Incident,
    secret::{Secret, Shown},
};

/// Every secret, however sure, in the names and other texts of `incidents` and `coverage`; each once.
pub(super) fn secrets(detector: &Detector, incidents: &[Incident], coverage: &Coverage) -> Vec<Secret> {
    let mut texts: BTreeSet<&[u8]> = BTreeSet::new();
    for incident in incidents {
        for part in &incident.parts {
            if let PartValue::Public(value) = &part.value {
                texts.insert(value.as_bytes());
            }
        }
        for occurrence in &incident.occurrences {
            texts.extend(occurrence.path.as_ref().map(PathName::as_bytes));
            texts.extend(occurrence.allowed_by.as_ref().map(String::as_bytes));
            let Some(git) = &occurrence.git else { continue };
            texts.extend(git.introduced.iter().flat_map(|commit| [commit.author.as_bytes(), commit.email.as_bytes()]));
            texts.extend(git.refs.iter().map(String::as_bytes));
        }
    }
    texts.extend(told(coverage));
    in_texts(detector, texts)
}

/// Every secret, however sure, in `texts`; each once.
pub(crate) fn in_texts<'t>(detector: &Detector, texts: impl IntoIterator<Item = &'t [u8]>) -> Vec<Secret> {
    let mut scratch = Scratch::default();
    let mut secrets = BTreeSet::new();
    for text in texts {
        let tokens = detector.tokens(&Window::whole(text), &mut scratch);
        let tokens = tokens.into_iter().filter(|token| !detector.rules()[token.rule.0 as usize].identifier);
        secrets.extend(tokens.map(|token| Secret::new(token.secret, Shown::Nothing)));
    }
    secrets.into_iter().collect()
}

/// What a report prints of `coverage`.
pub(crate) fn told(coverage: &Coverage) -> impl Iterator<Item = &[u8]> {
    let failed = coverage.failed.iter().flat_map(|failure| [failure.subject.as_bytes(), failure.reason.as_bytes()]);
    let skipped = coverage.skipped.values().flat_map(|tally| &tally.examples).map(String::as_bytes);
    failed.chain(skipped).chain(coverage.notes.iter().map(String::as_bytes))
}
