//! `sweep report`: what is known of all repositories, as a report like that of a scan, or summed up.

use std::{collections::BTreeMap, time::Instant};

use clap::{Args, ValueEnum, builder::PossibleValue};
use globset::Glob;
use serde_json::json;
use stanch::{
    escape, incident,
    report::Report,
    rules::Ruleset,
    scan::{FailOn, Outcome, Status},
    sweep::state::{Filter, State, Summary},
};

use super::Kept;
use crate::cli::{choices::FailOnName, choices::time, error::AnyError, output::Output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    kept: Kept,
    /// Sums up in place of naming every incident: by owner, provider, age and verdict, and what is new since the last sweep
    #[arg(long)]
    summary: bool,
    /// Only incidents in repositories with names like this, and of their places those there
    #[arg(long, value_name = "GLOB")]
    repository: Option<String>,
    /// Only incidents of this status [default: open and reopened]
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<StatusName>,
    /// Only incidents that were first seen then or later, as 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    first_seen_since: Option<i64>,
    /// Which incidents make the exit status 1 [default: any]
    #[arg(long, value_name = "WHICH", env = "STANCH_FAIL_ON")]
    fail_on: Option<FailOnName>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, Debug)]
struct StatusName(incident::Status);

impl ValueEnum for StatusName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: &[StatusName] = &[
            StatusName(incident::Status::Open),
            StatusName(incident::Status::Reopened),
            StatusName(incident::Status::Resolved),
        ];
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

pub(super) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    arguments.output.of_a_state()?;
    let started = Instant::now();
    let state = arguments.kept.read()?;
    let now = arguments.output.now();
    if arguments.summary {
        return sum_up(&state, now, arguments.output.prints_json());
    }
    let destinations = arguments.output.destinations(colour)?;
    let repository = arguments.repository.as_deref().map(Glob::new).transpose()?;
    let filter = Filter {
        statuses: arguments.status.iter().map(|status| status.0).collect(),
        repository: repository.map(|glob| glob.compile_matcher()),
        since: arguments.first_seen_since,
        only: None,
    };
    let rules = Ruleset::builtin();
    let recalled = state.incidents(&filter, rules.rules())?;
    let report = Report {
        incidents: &recalled.incidents,
        coverage: &recalled.coverage,
        named: &[],
        rules: &recalled.rules,
        key: state.key().id(),
        seconds: started.elapsed().as_secs_f64(),
        now,
        show_secrets: false,
        all_versions: false,
        checkout: None,
    };
    arguments.output.write(&destinations, &report, &rules)?;
    let fail_on = arguments.fail_on.map_or_else(FailOn::default, |name| name.0);
    let outcome = Outcome { incidents: recalled.incidents, coverage: recalled.coverage, ..Outcome::default() };
    let status = Status::of(&outcome, fail_on);
    // The process ends here: of a million places, freeing each takes longer than that.
    std::mem::forget(outcome);
    Ok(status)
}

fn sum_up(state: &State, now: i64, as_json: bool) -> Result<Status, AnyError> {
    let summary = state.summary(now)?;
    if as_json {
        anstream::println!("{}", document(&summary));
    } else {
        print(&summary);
    }
    Ok(Status::Clean)
}

fn document(summary: &Summary) -> serde_json::Value {
    let ages: serde_json::Map<_, _> =
        summary.ages.iter().map(|(age, count)| ((*age).to_owned(), json!(count))).collect();
    json!({
        "schema": "stanch-sweep-summary/1",
        "incidents": summary.incidents,
        "owners": summary.owners,
        "providers": summary.providers,
        "classes": summary.classes,
        "severities": summary.severities,
        "verdicts": summary.verdicts,
        "ages": ages,
        "repositories": summary.repositories,
        "since": summary.since,
        "new": summary.new,
        "reopened": summary.reopened,
        "resolved": summary.resolved,
    })
}

/// How many lines each table has at most.
const MOST_LINES: usize = 20;

fn print(summary: &Summary) {
    anstream::println!("{} incidents are not resolved", summary.incidents);
    let since = summary.since.and_then(|since| jiff::Timestamp::from_second(since).ok());
    let since = since.map_or_else(|| "the beginning".to_owned(), |since| since.to_string());
    anstream::println!(
        "since {since}: {} new, {} reopened, {} resolved",
        summary.new.len(),
        summary.reopened.len(),
        summary.resolved.len()
    );
    table("severity", &summary.severities);
    table("verdict", &summary.verdicts);
    let ages: Vec<_> = summary.ages.iter().map(|(age, count)| (*age, *count)).collect();
    rows("age", &ages);
    table("provider", &summary.providers);
    table("owner", &summary.owners);
    table("repository", &summary.repositories);
}

/// The most frequent first.
fn table(name: &str, counts: &BTreeMap<String, u64>) {
    let mut sorted: Vec<_> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    rows(name, &sorted);
}

fn rows(name: &str, counts: &[(&str, u64)]) {
    anstream::println!("\nby {name}");
    for (name, count) in counts.iter().take(MOST_LINES) {
        anstream::println!("{count:>8}  {}", escape::terminal(name));
    }
    if counts.len() > MOST_LINES {
        anstream::println!("          and {} more", counts.len() - MOST_LINES);
    }
}
