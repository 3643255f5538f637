//! What one thread does with the blobs that a source pushes to it: detect, look for allowing comments, keep.

use crate::{
    blob::{Origin, Visitor, Window},
    coverage::Coverage,
    detect::{Detector, Scratch},
    finding::Finding,
    known::comments::{self, Comment},
    rule::Rule,
    rules::Ruleset,
};

use super::{Gathered, progress::Progress};

/// How many findings of one file are kept: a file with more is no longer read by a person, and must not fill the memory.
const MOST_FINDINGS: usize = 100_000;

/// One thread's visitor for files and standard input.
pub(super) struct Worker<'a> {
    detector: &'a Detector,
    progress: &'a Progress,
    scratch: Scratch,
    found: Vec<(Origin, Finding)>,
    /// How many findings the blob at hand has.
    of_blob: usize,
    coverage: Coverage,
}

impl<'a> Worker<'a> {
    pub(super) fn new(detector: &'a Detector, progress: &'a Progress) -> Self {
        Self {
            detector,
            progress,
            scratch: Scratch::default(),
            found: Vec::new(),
            of_blob: 0,
            coverage: Coverage::default(),
        }
    }

    /// Hands over what was found and covered.
    pub(super) fn finish(self, gathered: &mut Gathered<'_>) {
        for (origin, finding) in self.found {
            gathered.grouping.add_file(&origin, finding);
        }
        gathered.coverage.add(self.coverage);
    }
}

impl Visitor for Worker<'_> {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        let room = MOST_FINDINGS.saturating_sub(self.of_blob);
        if room > 0 {
            let findings = findings(self.detector, window, &mut self.scratch);
            if findings.len() >= room {
                let reason = format!("holds {MOST_FINDINGS} findings or more: what comes behind them is not scanned");
                self.coverage.fail(name(origin), reason);
            }
            self.progress.add_file(window.owned().len() as u64, findings.len() as u64, window.ends());
            self.of_blob += findings.len();
            self.found.extend(findings.into_iter().take(room).map(|finding| (origin.clone(), finding)));
        }
        if window.ends() {
            self.of_blob = 0;
        }
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    fn is_done(&self) -> bool {
        self.progress.is_stopped()
    }
}

fn name(origin: &Origin) -> String {
    match origin {
        Origin::File(path) | Origin::Forge(path) => path.to_text().into_owned(),
        Origin::Stdin => "standard input".to_owned(),
        Origin::Git(id) => id.to_string(),
    }
}

/// The findings that `window` owns, each with the comment that allows it.
pub(super) fn findings(detector: &Detector, window: &Window<'_>, scratch: &mut Scratch) -> Vec<Finding> {
    let mut findings = detector.findings(window, scratch);
    // Secrets of one line share their comment, which is then masked once.
    let mut last = (0..0, String::new());
    for finding in &mut findings {
        let span = finding.location.span;
        let local = |offset: u64| usize::try_from(offset - window.start()).unwrap_or(usize::MAX);
        let secret = local(span.start())..local(span.end());
        let rule = &detector.rules()[finding.rule.0 as usize];
        let is_about = |word: &str| is_about(detector.rules(), rule, word);
        let Some(Comment { word, rest }) = comments::allowing(window.bytes(), secret, &is_about) else { continue };
        if rest != last.0 {
            last = (rest.clone(), detector.masked(window, rest.clone(), scratch));
        }
        let reason = if rest.is_empty() { "" } else { comments::reason(&last.1) };
        finding.allowed_by = Some(if reason.is_empty() { word.into() } else { format!("{word} {reason}").into() });
    }
    findings
}

/// Whether a comment is about what `found` found, by its first word: that is another rule, or it is not.
fn is_about(rules: &[Rule], found: &Rule, word: &str) -> bool {
    match rules.iter().find(|rule| rule.is_called(word)) {
        Some(rule) => rule.id == found.id,
        // A rule that this run leaves out is none of its own, but a rule all the same.
        None => !Ruleset::is_builtin(word),
    }
}
