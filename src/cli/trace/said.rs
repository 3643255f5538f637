//! The timeline as text: an event a line as it is found, and at the end what was read.

use std::io::{self, Write};

use stanch::{
    detect::Detector,
    escape,
    rules::Ruleset,
    trace::{Event, Log, Token},
};

use super::super::error;

/// Writes events.
pub(super) struct Said<'w, W> {
    out: &'w mut W,
    tokens: &'w [Token],
    detector: Detector,
    events: u64,
}

impl<'w, W: Write> Said<'w, W> {
    pub(super) fn new(out: &'w mut W, tokens: &'w [Token]) -> Self {
        Self { out, tokens, detector: Detector::new(Ruleset::builtin().rules().to_vec()), events: 0 }
    }

    /// How many were written.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        self.events += 1;
        let at = event.at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
        let token = event.token.and_then(|ix| self.tokens.get(ix)).zip(event.matched);
        let fields = [
            Some(at.map_or_else(|| "no time".to_owned(), |at| at.to_string())),
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
            Some(format!("{} line {}", event.format, event.origin.line)),
        ];
        let line = fields.into_iter().flatten().collect::<Vec<_>>().join("  ");
        writeln!(self.out, "{}", escape::terminal(&error::masked_by(&self.detector, &line)))
    }

    pub(super) fn end(&mut self, logs: &[Log], notes: &[String]) -> io::Result<()> {
        for log in logs {
            self.log(log)?;
        }
        for note in notes {
            writeln!(self.out, "note: {}", escape::terminal(note))?;
        }
        let bytes: u64 = logs.iter().map(|log| log.bytes).sum();
        writeln!(self.out, "{} events in {} logs of {bytes} bytes", self.events, logs.len())
    }

    fn log(&mut self, log: &Log) -> io::Result<()> {
        let said = [
            log.failed.clone(),
            (log.unparsed > 0).then(|| {
                format!("{} records with a token are in no known format (lines {:?})", log.unparsed, log.unparsed_at)
            }),
            (log.without_zone > 0).then(|| format!("{} times name no zone", log.without_zone)),
            (log.cut > 0).then(|| format!("{} records are too long to be read whole", log.cut)),
            (log.mentioned > 0)
                .then(|| format!("{} records name a token as what something was done to", log.mentioned)),
            (log.backwards > CLOCK).then(|| {
                format!(
                    "its times go back by up to {} s: its clocks disagree, or it is out of order",
                    log.backwards / 1_000_000
                )
            }),
        ];
        for text in said.into_iter().flatten() {
            writeln!(self.out, "{}: {}", escape::terminal(&log.name), escape::terminal(&text))?;
        }
        Ok(())
    }
}

/// How far times may go back where requests are logged as they end, in microseconds.
const CLOCK: i64 = 300 * 1_000_000;
