//! Logs read once more, for what those who are new to a token did besides.

use stanch::trace::{
    Event, Log, Reading, Search, Source, Token,
    beside::{Asked, Beside, Told},
    mmdb::Databases,
    store::Store,
};

use super::super::error::AnyError;

/// What is read once more, and what helps to understand it.
pub(super) struct Again<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) sources: &'a [Source],
    /// What the first reading came to, in the same order.
    pub(super) logs: &'a [Log],
    pub(super) places: &'a Databases,
}

impl Again<'_> {
    /// What was done besides, of each token, and what is to be said of logs that could not be read once more.
    pub(super) fn read(&self, asked: &Asked, reading: Reading) -> Result<(Vec<Vec<Beside>>, Vec<String>), AnyError> {
        if asked.is_empty() {
            return Ok((vec![Vec::new(); self.tokens.len()], Vec::new()));
        }
        let (kept, sources): (Vec<u32>, Vec<Source>) =
            (0..).zip(self.sources.iter().cloned()).filter(|(_, source)| *source != Source::Stdin).unzip();
        let search = Search::new(self.tokens, &asked.wanted, reading)?;
        let mut store = Store::default();
        let logs = search.run(&sources, |event: &Event| {
            if !asked.wants(event, self.places) {
                return Ok(());
            }
            let mut event = event.clone();
            event.origin.log = usize::try_from(event.origin.log).ok().and_then(|ix| kept.get(ix).copied()).unwrap_or(0);
            store.push(&event)
        })?;
        let Told { beside, left_out } = asked.told(store.sorted()?, self.places)?;
        let mut notes: Vec<String> = Vec::new();
        if kept.len() < self.sources.len() {
            notes.push(
                "what else those who are new did is not known of standard input, which can be read only once"
                    .to_owned(),
            );
        }
        if asked.left_out > 0 {
            notes.push(format!("what {} more addresses and accounts did besides was not looked for", asked.left_out));
        }
        if left_out > 0 {
            notes.push(format!("{left_out} acts besides are of more addresses and accounts than are told apart"));
        }
        // What could not be read the first time is said already.
        let was_read = |ix: u32| self.logs.get(ix as usize).is_some_and(|log| log.failed.is_none());
        let gone = logs.iter().zip(&kept).filter(|(log, ix)| log.failed.is_some() && was_read(**ix)).count();
        if gone > 0 {
            notes.push(format!("{gone} logs could not be read a second time, for what else those who are new did"));
        }
        Ok((beside, notes))
    }
}
