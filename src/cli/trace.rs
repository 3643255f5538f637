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
    trace::{Event, Fields, Log, Reading, Search, Wanted, sources, time::Zone},
};

use super::error::AnyError;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  stanch trace /var/log/nginx --report report.json
  stanch trace 'logs/access.log*' cloudtrail/ --report report.json --repository ../app
  stanch trace - --token-from token.txt --leaked-at 2026-01-02T03:04:05Z < audit.json

Exit status: 0 no token is in the logs; 1 one is; 2 wrong usage; 3 none is, but not all could be read.")]
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
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::named(text)
        .ok_or_else(|| "a zone is UTC, an offset such as +02:00, or a name such as Europe/Berlin".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let found = arguments.tokens.find()?;
    let reading =
        Reading::new(arguments.timezone.clone().unwrap_or_default(), arguments.fields.clone().unwrap_or_default());
    let wanted = Wanted::default();
    let search = Search::new(&found.tokens, &wanted, reading)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut said = said::Said::new(&mut out, &found.tokens);
    let logs = search.run(&sources(&arguments.logs), |event: &Event| said.event(event))?;
    let events = said.events();
    said.end(&logs, &found.notes)?;
    out.flush()?;
    Ok(if events > 0 {
        Status::Incidents
    } else if logs.iter().all(Log::complete) && found.notes.is_empty() {
        Status::Clean
    } else {
        Status::Incomplete
    })
}
