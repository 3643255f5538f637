//! `sweep status`: how far sweeps have come, and what could not be covered.

use clap::Args;
use serde_json::json;
use stanch::{escape, scan, sweep::state::Status};

use super::Kept;
use crate::cli::error::AnyError;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    kept: Kept,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// A repository that could not be covered, and why.
type Failed = (String, String);

pub(super) fn run(arguments: &Arguments) -> Result<scan::Status, AnyError> {
    let state = arguments.kept.read()?;
    let (status, mut failed) = (state.status()?, Vec::new());
    for known in state.repositories()?.into_iter().filter(|known| known.gone_at.is_none() && !known.is_complete) {
        let incomplete = || {
            known.coverage.as_ref()?.failed.first().map(|failure| format!("{}: {}", failure.subject, failure.reason))
        };
        if let Some(reason) = known.failure.clone().or_else(incomplete) {
            failed.push((known.listed.name.clone(), reason));
        }
    }
    if arguments.json {
        anstream::println!("{}", document(&status, &failed));
    } else {
        print(&status, &failed);
    }
    let all = status.is_complete && status.failed == 0 && status.left == 0;
    Ok(if all { scan::Status::Clean } else { scan::Status::Incomplete })
}

fn document(status: &Status, failed: &[Failed]) -> serde_json::Value {
    let failed: Vec<_> = failed.iter().map(|(name, reason)| json!({ "repository": name, "reason": reason })).collect();
    json!({
        "schema": "stanch-sweep-status/1",
        "sweeps": { "count": status.sweeps, "began": time(status.began), "ended": time(status.ended), "complete": status.is_complete },
        "repositories": {
            "listed": status.repositories, "done": status.done, "failed": status.failed, "left": status.left, "gone": status.gone,
        },
        "incidents": { "open": status.open, "reopened": status.reopened, "resolved": status.resolved },
        "bytes": status.bytes,
        "size": status.size,
        "failed": failed,
    })
}

fn print(status: &Status, failed: &[Failed]) {
    let began = time(status.began).unwrap_or_else(|| "never".to_owned());
    let how = match (status.ended, status.is_complete) {
        (None, _) if status.began.is_some() => {
            "did not end: it is going on, or was killed; the next one goes on from there"
        }
        (None, _) => "",
        (Some(_), true) => "covered everything",
        (Some(_), false) => "did not cover everything",
    };
    anstream::println!("sweeps        {} (the last one: {began}) {how}", status.sweeps);
    anstream::println!(
        "repositories  {}: {} covered, {} not, {} not scanned yet; {} gone",
        status.repositories,
        status.done,
        status.failed,
        status.left,
        status.gone
    );
    anstream::println!(
        "incidents     {} open, {} reopened, {} resolved",
        status.open,
        status.reopened,
        status.resolved
    );
    anstream::println!("state         {} bytes", status.size);
    for (name, reason) in failed {
        anstream::println!("not covered   {}: {}", escape::terminal(name), escape::terminal(reason));
    }
}

fn time(seconds: Option<i64>) -> Option<String> {
    seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()).map(|time| time.to_string())
}
