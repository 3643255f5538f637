//! `stanch trace`: whether leaked tokens were used, as logs tell.

mod again;
mod said;
mod tokens;

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use stanch::{
    detect::Detector,
    respond::Guide,
    rules::Ruleset,
    scan::Status,
    trace::{
        Event, Fields, Log, Reading, Search, Source, Token, Wanted,
        beside::Asked,
        guide,
        judge::{Case, Judge, Judgement, Verdict},
        mmdb::Databases,
        places::Block,
        report::{self, Traced},
        sources,
        store::Store,
        time::Zone,
    },
};

use self::{again::Again, said::Said};
use super::{
    choices::time,
    error::{self, AnyError},
    playbook,
};

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  stanch trace /var/log/nginx --report report.json
  stanch trace 'logs/access.log*' cloudtrail/ --report report.json --repository ../app
  stanch trace - --token-from token.txt --leaked-at 2026-01-02T03:04:05Z < audit.json

Exit status: 0 no token was used by others; 1 one was; 2 wrong usage; 3 the logs do not tell, or could not be read.")]
pub(super) struct Arguments {
    /// Logs: files, folders and globs, plain or packed by gzip or zstd; - is standard input
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    tokens: tokens::Tokens,
    /// Which fields of JSON lines or columns of CSV say what: at, address, forwarded, agent, action, method, path, object, status, outcome, principal
    #[arg(long, value_name = "at=time,address=ip,…", value_parser = Fields::parse)]
    fields: Option<Fields>,
    /// The zone of times that name none: UTC, +02:00 or Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<Zone>,
    /// As what the report is written
    #[arg(short, long, value_enum, default_value = "text")]
    format: Form,
    /// Writes the report into this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Writes the steps that end each incident of the report, filled in with what the logs tell, into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "token_from")]
    playbook: Option<PathBuf>,
    /// Looks up countries and networks of addresses in this MMDB file; may repeat
    #[arg(long, value_name = "FILE")]
    mmdb: Vec<PathBuf>,
    /// Takes uses from this network for yours, unless they do what was never done before: an address or a block such as 192.0.2.0/24; may repeat
    #[arg(long, value_name = "NETWORK", value_parser = own)]
    own: Vec<Block>,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Every use on a line, and what they come to
    Text,
    /// One document for machines
    Json,
    /// One page for a browser, with the timeline drawn
    Html,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("standard input cannot be a log and hold the tokens, too: name a file for one of them")]
    Stdin,
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

fn own(text: &str) -> Result<Block, String> {
    Block::parse(text).ok_or_else(|| "a network is an address, or a block such as 192.0.2.0/24".to_owned())
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::named(text)
        .ok_or_else(|| "a zone is UTC, an offset such as +02:00, or a name such as Europe/Berlin".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let sources = sources(&arguments.logs);
    if sources.contains(&Source::Stdin) && arguments.tokens.are_from_stdin() {
        return Err(Error::Stdin.into());
    }
    let mut found = arguments.tokens.find()?;
    let places = Databases::open(&arguments.mmdb)?;
    let reading =
        Reading::new(arguments.timezone.clone().unwrap_or_default(), arguments.fields.clone().unwrap_or_default());
    let wanted = Wanted::default();
    let search = Search::new(&found.tokens, &wanted, reading.clone())?;
    let mut store = Store::default();
    let mut logs = search.run(&sources, |event: &Event| store.push(event))?;
    let now = arguments.now.map_or_else(|| jiff::Timestamp::now().as_microsecond(), |now| now * SECOND);
    for log in &mut logs {
        log.read_at(now);
    }
    let mut said = Said::new(arguments.out()?, &found.tokens, &logs);
    let judgements = arguments.judge(&found.tokens, (&logs, &places, now), store, &mut said)?;
    let again = Again { tokens: &found.tokens, sources: &sources, logs: &logs, places: &places };
    let (beside, notes) = again.read(&Asked::of(&found.tokens, &judgements), reading)?;
    found.notes.extend(notes);
    let traced =
        Traced { tokens: &found.tokens, judgements: &judgements, beside: &beside, logs: &logs, notes: &found.notes };
    match arguments.format {
        Form::Text => said.end(&report::text(&traced), &found.notes)?,
        Form::Json => said.document(&format!("{:#}\n", report::json(&traced)))?,
        Form::Html => said.document(&report::html(&traced))?,
    }
    if let Some(dir) = &arguments.playbook {
        write_playbooks(dir, arguments.tokens.guides()?, &traced)?;
    }
    let complete = logs.iter().all(Log::complete) && found.notes.is_empty();
    Ok(status(&judgements, complete))
}

/// Writes a page for each of `guides` into the folder `dir`, with what was traced of its token.
fn write_playbooks(dir: &Path, mut guides: Vec<Guide>, traced: &Traced<'_>) -> Result<(), AnyError> {
    let detector = Detector::new(Ruleset::builtin().rules().to_vec());
    for guide in &mut guides {
        let all = traced.tokens.iter().zip(traced.judgements).zip(traced.beside);
        let id = guide.id.clone();
        for ((_, judgement), beside) in all.filter(|((token, _), _)| token.incident.as_deref() == id.as_deref()) {
            guide::fill(guide, judgement, beside);
        }
        mask(guide, &detector);
    }
    playbook::write_all(dir, &guides)
}

/// Masks tokens in what logs say: those that were looked for are masked already, and there may be others.
fn mask(guide: &mut Guide, detector: &Detector) {
    for step in &mut guide.steps {
        for text in step.commands.iter_mut().chain([&mut step.text]) {
            *text = error::masked_by(detector, text);
        }
    }
}

impl Arguments {
    /// What becomes of each of `tokens`. As text, every use is said.
    fn judge<W: Write>(
        &self,
        tokens: &[Token],
        (logs, places, now): (&[Log], &Databases, i64),
        store: Store,
        said: &mut Said<'_, W>,
    ) -> Result<Vec<Judgement>, AnyError> {
        let mut events = store.sorted()?.peekable();
        let mut judgements = Vec::new();
        for (ix, token) in tokens.iter().enumerate() {
            let mut judge = Judge::new(Case { token, logs, places, own: &self.own, now });
            let is_of_it = |event: &io::Result<Event>| event.as_ref().map_or(true, |event| event.token == Some(ix));
            while let Some(event) = events.next_if(is_of_it) {
                let event = event?;
                if self.format == Form::Text {
                    said.event(&event)?;
                }
                judge.add(&event);
            }
            judgements.push(judge.finish());
        }
        Ok(judgements)
    }

    /// Where the report goes.
    fn out(&self) -> Result<Box<dyn Write>, Error> {
        let Some(path) = &self.output else { return Ok(Box::new(io::BufWriter::new(io::stdout().lock()))) };
        let file = File::create(path).map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Box::new(io::BufWriter::new(file)))
    }
}

fn status(judgements: &[Judgement], complete: bool) -> Status {
    let any = |verdict| judgements.iter().any(|judgement| judgement.verdict == verdict);
    if any(Verdict::UsedByOthers) {
        Status::Incidents
    } else if complete && !any(Verdict::CannotTell) {
        Status::Clean
    } else {
        Status::Incomplete
    }
}
