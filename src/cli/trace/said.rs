//! What was found out as text: of each token its uses in the order of their times and what they come to, and at the end what was read.

use std::io::{self, Write};

use stanch::{
    detect::Detector,
    escape,
    rules::Ruleset,
    trace::{Event, Log, Token, report::remarks},
};

use super::super::error;

/// Writes what was found out.
pub(super) struct Said<'w, W> {
    out: W,
    tokens: &'w [Token],
    logs: &'w [Log],
    detector: Detector,
    events: u64,
}

impl<'w, W: Write> Said<'w, W> {
    pub(super) fn new(out: W, tokens: &'w [Token], logs: &'w [Log]) -> Self {
        Self { out, tokens, logs, detector: Detector::new(Ruleset::builtin().rules().to_vec()), events: 0 }
    }

    /// A line, without any token in it, and without what steers a terminal.
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escape::terminal(&error::masked_by(&self.detector, text)))
    }

    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        self.events += 1;
        let token = event.token.and_then(|ix| self.tokens.get(ix)).zip(event.matched);
        let log = usize::try_from(event.origin.log).ok().and_then(|ix| self.logs.get(ix));
        let fields = [
            Some(when(event.at)),
            event.address.map(|address| address.to_string()),
            Some(
                event.status.map_or_else(|| event.outcome.to_string(), |status| format!("{} {status}", event.outcome)),
            ),
            Some(event.action.to_string()),
            event.object.as_ref().map(ToString::to_string),
            event.principal.as_ref().map(|principal| format!("by {principal}")),
            event.agent.as_ref().map(|agent| format!("with {agent}")),
            event.persistence.map(|kind| format!("leaves {kind}")),
            token.map(|(token, matched)| format!("[{} {} by {matched}]", token.rule, token.masked)),
            log.map(|log| format!("{}:{} ({})", log.name, event.origin.line, event.format)),
        ];
        self.line(&fields.into_iter().flatten().collect::<Vec<_>>().join("  "))
    }

    /// A whole document, without any token in it.
    pub(super) fn document(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(error::masked_by(&self.detector, text).as_bytes())?;
        self.out.flush()
    }

    /// What the uses come to, and what was read.
    pub(super) fn end(&mut self, report: &str, notes: &[String]) -> io::Result<()> {
        self.document(report)?;
        for log in self.logs {
            self.log(log)?;
        }
        for note in notes {
            self.line(&format!("note: {note}"))?;
        }
        let bytes: u64 = self.logs.iter().map(|log| log.bytes).sum();
        writeln!(self.out, "{} events in {} logs of {bytes} bytes", self.events, self.logs.len())?;
        self.out.flush()
    }

    fn log(&mut self, log: &Log) -> io::Result<()> {
        remarks(log).iter().try_for_each(|text| self.line(&format!("{}: {text}", log.name)))
    }
}

fn when(at: Option<i64>) -> String {
    let at = at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
    at.map_or_else(|| "no time".to_owned(), |at| at.to_string())
}
