//! `stanch revoke`: has providers end tokens, after asking, and keeps a record.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;
use stanch::{
    ask::Asker,
    detect::Detector,
    escape,
    incident::Incident,
    request::Revocation,
    respond::revoke::{self, Call, Outcome},
    rule::Rule,
    rules::placeholder,
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
    /// Deletes for good what would only be made useless, where its provider tells these apart
    #[arg(long)]
    delete: bool,
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
    let ending = Ending { arguments, rules: detector.rules(), options: &config.options, counters: &counters, asker };
    let mut together = BTreeMap::<_, Vec<_>>::new();
    for incident in std::mem::take(&mut found.incidents) {
        if counters.is_stopped() {
            status = worse(status, Status::Incomplete);
            break;
        }
        let rule = ending.rule(&incident);
        let call = rule.delete.as_deref().filter(|_| arguments.delete).or(rule.revoke.as_deref());
        describe(rule, call, &incident, &mut out)?;
        let done = match call {
            Some(_) if !arguments.execute => Status::Clean,
            Some(_) if !arguments.yes && !consents(&mut out)? => {
                writeln!(out, "  left as it is")?;
                Status::Incomplete
            }
            Some(revocation) if revocation.batch.is_some() => {
                let key = (rule.provider.clone(), revocation.name.clone());
                together.entry(key).or_default().push((incident, revocation));
                Status::Clean
            }
            Some(revocation) => ending.one(revocation, incident, &mut out)?,
            None => Status::Incomplete,
        };
        status = worse(status, done);
    }
    for agreed in together.into_values() {
        status = worse(status, ending.several(agreed, &mut out)?);
    }
    for failure in &found.coverage.failed {
        writeln!(out, "{}: {}", escape::terminal(&failure.subject), escape::terminal(&failure.reason))?;
    }
    if !arguments.execute {
        writeln!(out, "nothing was sent: --execute does it")?;
    }
    Ok(status)
}

/// What calls are made with.
struct Ending<'r> {
    arguments: &'r Arguments,
    rules: &'r [Rule],
    options: &'r scan::Options,
    counters: &'r Progress,
    asker: Asker,
}

impl<'r> Ending<'r> {
    fn rule(&self, incident: &Incident) -> &'r Rule {
        &self.rules[incident.rule.0 as usize]
    }

    /// Has one token ended.
    fn one(&self, revocation: &Revocation, incident: Incident, out: &mut impl Write) -> Result<Status, AnyError> {
        let rule = self.rule(&incident);
        let outcome = revoke::revoke(&self.asker, (rule, revocation), &incident, &variable);
        self.prove(&outcome, incident, out)
    }

    /// Has tokens ended that a provider takes many of at once, by as few calls as will do.
    fn several(&self, agreed: Vec<(Incident, &Revocation)>, out: &mut impl Write) -> Result<Status, AnyError> {
        let mut status = Status::Clean;
        let mut left = agreed.into_iter().peekable();
        while let Some((_, revocation)) = left.peek() {
            if self.counters.is_stopped() {
                return Ok(worse(status, Status::Incomplete));
            }
            let (revocation, most) = (*revocation, revocation.batch.as_ref().map_or(1, |batch| batch.most));
            let incidents: Vec<Incident> = left.by_ref().take(most).map(|(incident, _)| incident).collect();
            let outcome = self.at_once(revocation, &incidents);
            for incident in incidents {
                name(self.rule(&incident), &incident, out)?;
                status = worse(status, self.prove(&outcome, incident, out)?);
            }
        }
        Ok(status)
    }

    fn at_once(&self, revocation: &Revocation, incidents: &[Incident]) -> Result<Outcome, revoke::Error> {
        let rule = self.rule(&incidents[0]);
        match &revocation.batch {
            Some(batch) if incidents.len() > 1 => {
                let all: Vec<&Incident> = incidents.iter().collect();
                revoke::revoke_all(&self.asker, (rule, revocation, batch), &all, &variable)
            }
            _ => revoke::revoke(&self.asker, (rule, revocation), &incidents[0], &variable),
        }
    }

    /// Says what came of a call, asks whether the token is dead now, and keeps a record.
    fn prove(
        &self,
        outcome: &Result<Outcome, revoke::Error>,
        incident: Incident,
        out: &mut impl Write,
    ) -> Result<Status, AnyError> {
        let (rule, id, said) = (self.rule(&incident), incident.id, said(outcome));
        writeln!(out, "  {}", escape::terminal(&said))?;
        // What was done is recorded, whatever becomes of the proof.
        let verdict = self.asked_again(incident).unwrap_or_else(|error| Verdict::Unknown(error.to_string().into()));
        if verdict != Verdict::Unchecked {
            let reason = verdict.reason().map_or(String::new(), |reason| format!(": {}", escape::terminal(reason)));
            writeln!(out, "  asked again: {}{reason}", verdict.status())?;
        }
        if let Some(path) = &self.arguments.record {
            let who = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable);
            let line = json!({
                "at": jiff::Timestamp::now().to_string(), "who": who, "id": id.to_string(), "rule": rule.id,
                "provider": rule.provider, "outcome": said,
                "verdict": { "status": verdict.status(), "reason": verdict.reason() },
            });
            append(path, &format!("{line}\n"))?;
        }
        let is_dead = match verdict {
            Verdict::Inactive(_) => true,
            Verdict::Active => false,
            Verdict::Unchecked | Verdict::Unknown(_) => matches!(outcome, Ok(Outcome::Revoked | Outcome::Gone)),
        };
        Ok(if is_dead { Status::Clean } else { Status::Incidents })
    }

    /// Whether a token still works, whatever was known of it.
    fn asked_again(&self, incident: Incident) -> Result<Verdict, AnyError> {
        if self.rule(&incident).verify.is_none() {
            return Ok(Verdict::Unchecked);
        }
        let verifier = self.arguments.manners.fresh_verifier(self.rules, self.options)?;
        let incident = Incident { verdict: Verdict::Unchecked, ..incident };
        let mut alone = scan::Outcome { incidents: vec![incident], ..scan::Outcome::default() };
        scan::verify(&mut alone, self.rules, &verifier, self.counters);
        Ok(alone.incidents.remove(0).verdict)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn worse(one: Status, other: Status) -> Status {
    let rank = |status| match status {
        Status::Clean => 0,
        Status::Incomplete => 1,
        Status::Incidents | Status::Usage => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}

fn name(rule: &Rule, incident: &Incident, out: &mut impl Write) -> io::Result<()> {
    let secret = escape::terminal(&incident.secret.masked()).into_owned();
    writeln!(out, "{}  {secret}  id {}", escape::terminal(&rule.name), incident.id)
}

/// What would be done, without the token.
fn describe(rule: &Rule, call: Option<&Revocation>, incident: &Incident, out: &mut impl Write) -> io::Result<()> {
    name(rule, incident, out)?;
    let Some(revocation) = call else {
        writeln!(out, "  its provider has no call for it")?;
        let step = rule.playbook.as_ref().and_then(|playbook| playbook.steps.first());
        let step = step.map(|step| placeholder::unfilled(&step.text));
        return step.map_or(Ok(()), |step| writeln!(out, "  by hand: {}", escape::terminal(&step)));
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
