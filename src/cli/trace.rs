//! `stanch trace`: whether leaked tokens were used, as logs tell.

mod said;
mod tokens;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use stanch::{
    scan::Status,
    trace::{
        Event, Fields, Log, Reading, Search, Wanted,
        judge::{Case, Judge, Verdict},
        mmdb::Databases,
        sources,
        store::Store,
        time::Zone,
    },
};

use self::said::Said;
use super::{choices::time, error::AnyError};

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
    /// Looks up countries and networks of addresses in this MMDB file; may repeat
    #[arg(long, value_name = "FILE")]
    mmdb: Vec<PathBuf>,
    /// Takes this for the present time, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time, env = "STANCH_NOW")]
    now: Option<i64>,
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::named(text)
        .ok_or_else(|| "a zone is UTC, an offset such as +02:00, or a name such as Europe/Berlin".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let found = arguments.tokens.find()?;
    let places = Databases::open(&arguments.mmdb)?;
    let reading =
        Reading::new(arguments.timezone.clone().unwrap_or_default(), arguments.fields.clone().unwrap_or_default());
    let wanted = Wanted::default();
    let search = Search::new(&found.tokens, &wanted, reading)?;
    let mut store = Store::default();
    let logs = search.run(&sources(&arguments.logs), |event: &Event| store.push(event))?;
    let now = arguments.now.map_or_else(|| jiff::Timestamp::now().as_microsecond(), |now| now * SECOND);
    let case = |token| Case { token, logs: &logs, places: &places, now };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut said = Said::new(&mut out, &found.tokens, &logs);
    let mut events = store.sorted()?.peekable();
    let mut verdicts = Vec::new();
    for (ix, token) in found.tokens.iter().enumerate() {
        let mut judge = Judge::new(case(token));
        let is_of_it = |event: &io::Result<Event>| event.as_ref().map_or(true, |event| event.token == Some(ix));
        while let Some(event) = events.next_if(is_of_it) {
            let event = event?;
            said.event(&event)?;
            judge.add(&event);
        }
        let judgement = judge.finish();
        said.judgement(token, &judgement)?;
        verdicts.push(judgement.verdict);
    }
    said.end(&found.notes)?;
    out.flush()?;
    let complete = logs.iter().all(Log::complete) && found.notes.is_empty();
    Ok(status(&verdicts, complete))
}

fn status(verdicts: &[Verdict], complete: bool) -> Status {
    if verdicts.contains(&Verdict::UsedByOthers) {
        Status::Incidents
    } else if complete && !verdicts.contains(&Verdict::CannotTell) {
        Status::Clean
    } else {
        Status::Incomplete
    }
}
