//! What other files of a project say of what was found in one: that it is overruled, or that nothing reads it.
//!
//! A setting can be written again by the file of production, and a configuration can be left over from a package that is gone. Files are
//! read a second time for that, and only where something was found that another file can take back. What is taken back stays, at low
//! confidence: a pattern in some file proves little. Which language a file is in is not asked, so comments count as its text.

use std::collections::BTreeSet;

use super::{check::Check, left_out::by_name, read::Checks, walk::below};
use crate::{
    blob::{Origin, Visitor, Window},
    coverage::Coverage,
    rule::Confidence,
    source::files::{self, Root},
    weakness::Weakness,
};

/// Lowers the confidence of what other files below `root` take back. A file that was named alone has no others.
pub(super) fn lower(root: &Root, options: &files::Options, checks: &Checks, weaknesses: &mut [Weakness]) {
    let found: BTreeSet<&str> = weaknesses.iter().map(|weakness| &*weakness.check).collect();
    let is_asked = |check: &&Check| check.asks_elsewhere() && found.contains(check.id.as_str());
    let asked: Vec<&Check> = checks.all().iter().filter(is_asked).collect();
    if asked.is_empty() || !root.path.is_dir() {
        return;
    }
    let searcher =
        || Searcher { root, asked: &asked, said: vec![Said::default(); asked.len()], coverage: Coverage::default() };
    let mut said = vec![Said::default(); asked.len()];
    for searched in files::scan(root, options, searcher) {
        for (all, one) in said.iter_mut().zip(searched.said) {
            all.overruled |= one.overruled;
            all.used |= one.used;
        }
    }
    let doubted: BTreeSet<&str> = asked
        .iter()
        .zip(&said)
        .filter(|(check, said)| said.doubts(check))
        .map(|(check, _)| check.id.as_str())
        .collect();
    for weakness in weaknesses.iter_mut().filter(|weakness| doubted.contains(&*weakness.check)) {
        weakness.confidence = Confidence::Low;
    }
}

/// What files say of one check's places.
#[derive(Clone, Default)]
struct Said {
    overruled: bool,
    used: bool,
}

impl Said {
    fn doubts(&self, check: &Check) -> bool {
        self.overruled || check.requires_elsewhere.is_some() && !self.used
    }

    fn read(&mut self, check: &Check, text: &[u8]) {
        self.overruled = self.overruled || check.unless_elsewhere.iter().any(|pattern| pattern.is_in(text));
        self.used = self.used || check.requires_elsewhere.as_ref().is_some_and(|pattern| pattern.is_in(text));
    }
}

struct Searcher<'r> {
    root: &'r Root,
    asked: &'r [&'r Check],
    /// For each of them.
    said: Vec<Said>,
    /// Told when files were read for the first time.
    coverage: Coverage,
}

impl Visitor for Searcher<'_> {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        let Origin::File(path) = origin else { return };
        // What does not run in production overrules nothing there.
        if !window.begins() || !window.ends() || by_name(below(self.root, &path.to_text())).is_some() {
            return;
        }
        for (check, said) in self.asked.iter().zip(&mut self.said) {
            said.read(check, window.bytes());
        }
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }
}
