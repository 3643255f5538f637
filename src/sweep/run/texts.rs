//! What a forge keeps beside the code of one repository: read as far as it changed, scanned, and added to what is known.
//!
//! A text that was edited keeps its places: forges keep what it said before. Which texts are wanted is the forge's to know.

use std::collections::BTreeMap;

use super::{Error, Remembered, Sweeper, lock, plan::Seen, work::Line};
use crate::{
    incident::{Incident, Occurrence},
    scan::{self, Outcome, with_causes},
    sweep::{
        forge::Client,
        repository::{Listed, RepositoryId},
        state::{self, Changes, Known, Scanned, Sweep},
    },
};

/// How much earlier than the last sweep the next one looks, in seconds: clocks differ, and forges need a while to list what is new.
const OVERLAP: i64 = 3600;

/// Texts of one repository that have to be looked at.
pub(super) struct Beside {
    /// The repository.
    of: Listed,
    /// What its texts are kept as.
    pub(super) listed: Listed,
    /// Since when they may have changed, in seconds since 1970 UTC; nothing for all of them.
    since: Option<i64>,
}

impl Beside {
    /// Those of `of`, of which so much is known.
    pub(super) fn new(of: &Listed, known: &BTreeMap<&RepositoryId, &Known>, terms: &str) -> Self {
        let listed = of.texts();
        let before = known.get(&listed.id).filter(|known| Seen::of(known).is_some_and(|seen| seen.terms == terms));
        let since = before.filter(|known| known.is_complete).and_then(|known| known.completed_at);
        Self { of: of.clone(), listed, since: since.map(|at| at - OVERLAP) }
    }
}

impl Sweeper<'_> {
    /// Reads, scans and records the texts of one repository.
    pub(super) fn texts<'g>(
        &self,
        sweep: Sweep,
        beside: &'g Beside,
        terms: &str,
    ) -> Result<(Changes, Vec<Line<'g>>), Error> {
        let mut authors: BTreeMap<String, String> = BTreeMap::new();
        let mut texts = scan::Texts::new(self.options, self.detector, self.scanning);
        let stopped = || self.scanning.is_stopped();
        let mut answers = Remembered { state: self.state, detector: self.detector, now: self.options.now };
        let mut client = Client::new(self.net, &mut answers, &stopped).waiting(self.patience);
        let had = self.forge.texts(&mut client, &beside.of, beside.since, &mut |text| {
            // There may be gigabytes of them: what was said is looked at once, and who said it remembered.
            texts.add(&text.path, &text.bytes);
            authors.extend(text.author.map(|author| (text.path, author)));
        });
        let mut outcome = texts.finish()?;
        if let Err(error) = had {
            outcome.coverage.fail("the texts beside its code", with_causes(&error));
        }
        self.ask(&mut outcome);
        let changes = self.record_texts(sweep, beside, terms, (&outcome, &authors))?;
        Ok((changes, vec![Line::told(&beside.listed, &outcome, None)]))
    }

    fn record_texts(
        &self,
        sweep: Sweep,
        beside: &Beside,
        terms: &str,
        (outcome, authors): (&Outcome, &BTreeMap<String, String>),
    ) -> Result<Changes, Error> {
        let owner = |_: &Incident, occurrence: &Occurrence| {
            let path = occurrence.path.as_ref()?.to_text();
            authors.get(&*path).map(|author| format!("@{author}"))
        };
        let tips = Seen { terms: terms.to_owned(), refs: String::new() }.text();
        let member = state::Member {
            listed: &beside.listed,
            tips: &tips,
            coverage: &outcome.coverage,
            adds: beside.since.is_some(),
            incidents: &outcome.incidents,
            owner: &owner,
        };
        let network = beside.listed.id.namespace();
        let (rules, members) = (self.detector.rules(), std::slice::from_ref(&member));
        let scanned = Scanned { network: &network, cursor: None, rules, named: &outcome.named, members };
        Ok(lock(self.state).record(sweep, &scanned)?)
    }
}
