//! What was found out as text: of each token its uses in the order of their times and what they come to, and at the end what was read.

use std::io::{self, Write};

use stanch::{
    detect::Detector,
    escape,
    rules::Ruleset,
    trace::{
        Event, Log, Token,
        judge::{Actor, Judgement, Missing},
    },
};

use super::super::error;

/// How far times may go back where requests are logged as they end, in microseconds.
const CLOCK: i64 = 300 * 1_000_000;

/// Writes what was found out.
pub(super) struct Said<'w, W> {
    out: &'w mut W,
    tokens: &'w [Token],
    logs: &'w [Log],
    detector: Detector,
    events: u64,
}

impl<'w, W: Write> Said<'w, W> {
    pub(super) fn new(out: &'w mut W, tokens: &'w [Token], logs: &'w [Log]) -> Self {
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

    pub(super) fn judgement(&mut self, token: &Token, judgement: &Judgement) -> io::Result<()> {
        let id = token.incident.as_deref().map(|id| format!(", incident {id}")).unwrap_or_default();
        self.line(&format!(
            "{} ({}{id}): {} ({} confidence)",
            token.masked, token.rule, judgement.verdict, judgement.sure
        ))?;
        if let Some(at) = token.leaked_at {
            let by = token.leaked_by.as_ref().map(|leak| format!(" by commit {}", leak.commit)).unwrap_or_default();
            self.line(&format!("  leaked {}{by}", when(Some(at))))?;
        }
        if let Some(at) = token.revoked_at {
            self.line(&format!("  revoked {}", when(Some(at))))?;
        }
        for actor in &judgement.actors {
            self.actor(actor)?;
        }
        for missing in &judgement.missing {
            self.line(&format!("  not told: {}", open(missing)))?;
        }
        Ok(())
    }

    fn actor(&mut self, actor: &Actor) -> io::Result<()> {
        let network = actor.network.as_ref().map(ToString::to_string);
        let who: Vec<String> =
            [network, actor.place.country.clone(), actor.family.clone()].into_iter().flatten().collect();
        let (before, after) = actor.uses;
        let uses = format!("{before} uses before the leak, {after} since");
        self.line(&format!("  {}: {} ({} confidence), {uses}", who.join(", "), actor.finding, actor.sure))?;
        for sign in &actor.signs {
            self.line(&format!("    {} ({}): {}", sign.kind.title(), sign.sure, sign.text))?;
        }
        Ok(())
    }

    pub(super) fn end(&mut self, notes: &[String]) -> io::Result<()> {
        for log in self.logs {
            self.log(log)?;
        }
        for note in notes {
            self.line(&format!("note: {note}"))?;
        }
        let bytes: u64 = self.logs.iter().map(|log| log.bytes).sum();
        writeln!(self.out, "{} events in {} logs of {bytes} bytes", self.events, self.logs.len())
    }

    fn log(&mut self, log: &Log) -> io::Result<()> {
        let lines = &log.unparsed_at;
        let said = [
            log.failed.clone(),
            (log.unparsed > 0)
                .then(|| format!("{} records with a token are in no known format (lines {lines:?})", log.unparsed)),
            (log.without_zone > 0).then(|| format!("{} times name no zone", log.without_zone)),
            (log.cut > 0).then(|| format!("{} records are too long to be read whole", log.cut)),
            (log.mentioned > 0)
                .then(|| format!("{} records name a token as what something was done to", log.mentioned)),
            (log.backwards > CLOCK).then(|| {
                let seconds = log.backwards / 1_000_000;
                format!("its times go back by up to {seconds} s: its clocks disagree, or it is out of order")
            }),
        ];
        for text in said.into_iter().flatten() {
            self.line(&format!("{}: {text}", log.name))?;
        }
        Ok(())
    }
}

fn when(at: Option<i64>) -> String {
    let at = at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
    at.map_or_else(|| "no time".to_owned(), |at| at.to_string())
}

/// What the logs leave open.
fn open(missing: &Missing) -> String {
    match missing {
        Missing::Leak => "when it leaked is not known; --leaked-at says it".to_owned(),
        Missing::Before(uses) => format!("{uses} uses before the leak are too few to compare with"),
        Missing::Gap(from, to) => format!("no log tells of the time from {} to {}", when(Some(*from)), when(Some(*to))),
        Missing::Unread(name, why) => format!("{name}: {why}"),
        Missing::Untimed(uses) => format!("{uses} uses have no time"),
        Missing::Unclear(users) => format!("{users} users cannot be told from others"),
    }
}
