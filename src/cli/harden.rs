//! `stanch harden`: where sessions and tokens can be stolen or guessed.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use stanch::{
    config,
    detect::Detector,
    harden::{self, Checks},
    report::{Looked, WeaknessReport},
    rules::Ruleset,
    scan::Status,
    source::files::{self, Root},
};

use super::{choices::Level, error::AnyError, weaknesses::Telling};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 no weaknesses and complete; 1 weaknesses; 2 wrong usage; 3 no weaknesses, but incomplete."
)]
pub(crate) struct Arguments {
    /// Files or folders
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Leaves these paths out
    #[arg(long, value_name = "GLOB", env = "STANCH_EXCLUDE", value_delimiter = ',')]
    exclude: Vec<String>,
    /// Looks at tests, examples, documentation and other people's code, too
    #[arg(long)]
    all_files: bool,
    /// Takes this check alone
    #[arg(long = "check", value_name = "ID")]
    only: Vec<String>,
    /// Leaves this check out
    #[arg(long = "skip-check", value_name = "ID", value_delimiter = ',')]
    skip: Vec<String>,
    /// Takes the checks in this file, or in the files of this folder, too
    #[arg(long, value_name = "PATH")]
    checks: Vec<PathBuf>,
    /// Reports places that are at least this sure
    #[arg(long, value_name = "LEVEL", default_value = "medium")]
    min_confidence: Level,
    /// Lists all checks rather than looking for anything
    #[arg(long, conflicts_with_all = ["output", "fail_on"])]
    list: bool,
    #[command(flatten)]
    telling: Telling,
    /// How many threads to use [default: as many as processors]
    #[arg(short, long, value_name = "N", env = "STANCH_JOBS")]
    jobs: Option<usize>,
}

pub(crate) fn run(arguments: &Arguments, colour: bool) -> Result<Status, AnyError> {
    let started = Instant::now();
    let checks = Checks::read(&arguments.checks)?.select(&arguments.only, &arguments.skip)?;
    if arguments.list {
        return list(&checks, arguments);
    }
    let destinations = arguments.telling.destinations(colour)?;
    let detector = Detector::new(Ruleset::builtin().rules().to_vec());
    let outcome = harden::run(&options(arguments)?, &checks, &detector);
    let report = WeaknessReport {
        weaknesses: &outcome.weaknesses,
        coverage: &outcome.coverage,
        looked: Looked::AtFiles,
        named: &outcome.named,
        seconds: started.elapsed().as_secs_f64(),
        now: arguments.telling.now(),
    };
    arguments.telling.tell(&destinations, &report)
}

fn options(arguments: &Arguments) -> Result<harden::Options, AnyError> {
    let threads = arguments.jobs.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let root = |path: &PathBuf| Root {
        path: path.clone(),
        prefix: if path == Path::new(".") { PathBuf::new() } else { path.clone() },
    };
    Ok(harden::Options {
        roots: arguments.paths.iter().map(root).collect(),
        files: files::Options {
            exclude: config::path_globs(&arguments.exclude)?,
            ignored: ignore::gitignore::Gitignore::empty(),
            max_size: Some(harden::LARGEST),
            obey_ignore_files: true,
            threads,
            margin: 0,
        },
        all_files: arguments.all_files,
        least: arguments.min_confidence.0,
    })
}

/// Writes a table of all checks: in Markdown, or as JSON where that is the format.
fn list(checks: &Checks, arguments: &Arguments) -> Result<Status, AnyError> {
    let mut out = BufWriter::new(io::stdout());
    if arguments.telling.is_json() {
        let all = checks.all().iter().map(|check| {
            let standards = check.standards.iter().map(|cited| format!("{} {}", cited.standard, cited.section));
            serde_json::json!({
                "id": check.id, "framework": check.framework, "title": check.title, "severity": check.severity.name(),
                "confidence": check.confidence.name(), "remedy": check.remedy, "source": check.source,
                "standards": standards.collect::<Vec<_>>(),
            })
        });
        writeln!(out, "{}", serde_json::Value::from(all.collect::<Vec<_>>()))?;
    } else {
        writeln!(
            out,
            "| check | framework | what is wrong | severity | confidence | standard |\n|---|---|---|---|---|---|"
        )?;
        for check in checks.all() {
            let (severity, confidence) = (check.severity.name(), check.confidence.name());
            let standard = check.standards.first().map(|cited| format!("{}, {}", cited.standard, cited.section));
            writeln!(
                out,
                "| `{}` | {} | {} | {severity} | {confidence} | {} |",
                check.id,
                check.framework,
                check.title.replace('|', "\\|"),
                standard.unwrap_or_default()
            )?;
        }
    }
    out.flush()?;
    Ok(Status::Clean)
}
