//! What a run came to, as reporters take it.

use super::{Options, Outcome};
use crate::{report::Report, rule::Rule};

impl Outcome {
    /// A report of this, found by `rules` under `options`: nothing of a secret is shown, and no time is told.
    pub fn report<'a>(&'a self, rules: &'a [Rule], options: &'a Options) -> Report<'a> {
        Report {
            incidents: &self.incidents,
            coverage: &self.coverage,
            named: &self.named,
            rules,
            key: options.key.id(),
            seconds: 0.0,
            now: options.now,
            show_secrets: false,
            all_versions: options.all_versions,
            checkout: None,
        }
    }
}
