//! `stanch revoke`: has providers end tokens, after asking, and keeps a record.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;
use stanch::{
    detect::Detector,
    escape,
    incident::Incident,
    respond::revoke::{self, Call, Outcome},
    rule::Rule,
    scan::{self, Progress, Status},
    verdict::Verdict,
};

use super::{asking::Manners, error::AnyError, interrupt, reported::Reported};

#[derive(Debug, Args)]
#[command(after_help = "Without --execute nothing is sent: what would be is printed.\n\
Exit status: 0 all of them are dead now, or nothing was to be done; 1 one may still work; 2 wrong usage; 3 one has no call, or was not found.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    reported: Reported,
    /// Does it
    #[arg(long)]
    execute: bool,
    /// Does not ask before each
    #[arg(long, requires = "execute")]
    yes: bool,
    /// Adds a line to this file for each: who, when, and what the provider answered
    #[arg(long, value_name = "FILE", requires = "execute")]
    record: Option<PathBuf>,
    #[command(flatten)]
    manners: Manners,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("nobody can be asked on this standard input: give --yes to do without")]
    NotAsked,
    #[error("cannot write the record {}", path.display())]
    Record { path: PathBuf, source: io::Error },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let config = arguments.reported.config(jiff::Timestamp::now().as_second(), false)?;
    let detector = Detector::new(config.rules.rules().to_vec());
    let asker = arguments.manners.asker(detector.rules())?;
    if arguments.execute && !arguments.yes && !io::stdin().is_terminal() {
        return Err(Error::NotAsked.into());
    }
    if let Some(path) = &arguments.record {
        append(path, "")?;
    }
    let counters = Arc::new(Progress::default());
    interrupt::stop_on_signal(&counters);
    let mut found = arguments.reported.find(&config, &detector, &counters)?;
    let mut out = io::stdout().lock();
    let mut status = if found.coverage.complete() { Status::Clean } else { Status::Incomplete };
    for incident in std::mem::take(&mut found.incidents) {
        if counters.is_stopped() {
            status = worse(status, Status::Incomplete);
            break;
        }
        let rule = &detector.rules()[incident.rule.0 as usize];
        describe(rule, &incident, &mut out)?;
        let done = match rule.revoke.as_deref() {
            Some(_) if !arguments.execute => Status::Clean,
            Some(_) if !arguments.yes && !consents(&mut out)? => {
                writeln!(out, "  left as it is")?;
                Status::Incomplete
            }
            Some(revocation) => {
                let outcome = revoke::revoke(&asker, (rule, revocation), &incident, &|name| std::env::var(name).ok());
                let ended = Ended {
                    rule,
                    said: said(&outcome),
                    is_done: matches!(outcome, Ok(Outcome::Revoked | Outcome::Gone)),
                };
                let after = |incident| asked_again(arguments, detector.rules(), &config.options, &counters, incident);
                ended.prove(incident, after, arguments.record.as_deref(), &mut out)?
            }
            None => Status::Incomplete,
        };
        status = worse(status, done);
    }
    for failure in &found.coverage.failed {
        writeln!(out, "{}: {}", escape::terminal(&failure.subject), escape::terminal(&failure.reason))?;
    }
    if !arguments.execute {
        writeln!(out, "nothing was sent: --execute does it")?;
    }
    Ok(status)
}

fn worse(one: Status, other: Status) -> Status {
    let rank = |status| match status {
        Status::Clean => 0,
        Status::Incomplete => 1,
        Status::Incidents | Status::Usage => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// What would be done, without the token.
fn describe(rule: &Rule, incident: &Incident, out: &mut impl Write) -> io::Result<()> {
    let secret = escape::terminal(&incident.secret.masked()).into_owned();
    writeln!(out, "{}  {secret}  id {}", escape::terminal(&rule.name), incident.id)?;
    let Some(revocation) = rule.revoke.as_deref() else {
        writeln!(out, "  its provider has no call for it")?;
        let step = rule.playbook.as_ref().and_then(|playbook| playbook.steps.first());
        return step.map_or(Ok(()), |step| writeln!(out, "  by hand: {}", escape::terminal(&step.text)));
    };
    let Call { method, url, environment, breaks } = Call::of(revocation);
    writeln!(out, "  {method} {}", escape::terminal(&url))?;
    writeln!(out, "  works no more afterwards: {}", escape::terminal(&breaks))?;
    for name in environment {
        writeln!(out, "  needs another credential in {}", escape::terminal(&name))?;
    }
    Ok(())
}

/// What came of a call, for people and the record.
fn said(outcome: &Result<Outcome, revoke::Error>) -> String {
    match outcome {
        Ok(Outcome::Revoked) => "revoked".to_owned(),
        Ok(Outcome::Gone) => "dead already".to_owned(),
        Ok(Outcome::Refused(status)) => format!("not revoked: its provider answered with status {status}"),
        Err(error) => format!("not revoked: {error}"),
    }
}

/// Whether a token still works, whatever was known of it.
fn asked_again(
    arguments: &Arguments,
    rules: &[Rule],
    options: &scan::Options,
    counters: &Progress,
    incident: Incident,
) -> Result<Verdict, AnyError> {
    if rules[incident.rule.0 as usize].verify.is_none() {
        return Ok(Verdict::Unchecked);
    }
    let verifier = arguments.manners.fresh_verifier(rules, options)?;
    let incident = Incident { verdict: Verdict::Unchecked, ..incident };
    let mut alone = scan::Outcome { incidents: vec![incident], ..scan::Outcome::default() };
    scan::verify(&mut alone, rules, &verifier, counters);
    Ok(alone.incidents.remove(0).verdict)
}

/// A call that was made.
struct Ended<'r> {
    rule: &'r Rule,
    said: String,
    /// Whether its provider says that the token is dead.
    is_done: bool,
}

impl Ended<'_> {
    /// Says what came of it, asks whether the token is dead now, and keeps a record.
    fn prove(
        &self,
        incident: Incident,
        after: impl FnOnce(Incident) -> Result<Verdict, AnyError>,
        record: Option<&Path>,
        out: &mut impl Write,
    ) -> Result<Status, AnyError> {
        writeln!(out, "  {}", escape::terminal(&self.said))?;
        let id = incident.id;
        // What was done is recorded, whatever becomes of the proof.
        let verdict = after(incident).unwrap_or_else(|error| Verdict::Unknown(error.to_string().into()));
        if verdict != Verdict::Unchecked {
            let reason = verdict.reason().map_or(String::new(), |reason| format!(": {}", escape::terminal(reason)));
            writeln!(out, "  asked again: {}{reason}", verdict.status())?;
        }
        if let Some(path) = record {
            let who = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
            let line = json!({
                "at": jiff::Timestamp::now().to_string(), "who": who, "id": id.to_string(), "rule": self.rule.id,
                "provider": self.rule.provider, "outcome": self.said,
                "verdict": { "status": verdict.status(), "reason": verdict.reason() },
            });
            append(path, &format!("{line}\n"))?;
        }
        let is_dead = match verdict {
            Verdict::Inactive(_) => true,
            Verdict::Active => false,
            Verdict::Unchecked | Verdict::Unknown(_) => self.is_done,
        };
        Ok(if is_dead { Status::Clean } else { Status::Incidents })
    }
}

fn consents(out: &mut impl Write) -> io::Result<bool> {
    write!(out, "  revoke it now? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn append(path: &Path, line: &str) -> Result<(), Error> {
    let written =
        File::options().append(true).create(true).open(path).and_then(|mut file| file.write_all(line.as_bytes()));
    written.map_err(|source| Error::Record { path: path.to_owned(), source })
}
