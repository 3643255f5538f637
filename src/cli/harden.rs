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
    rule::{Confidence, Severity},
    rules::Ruleset,
    scan::Status,
    source::files::{self, Root},
    weakness::Citation,
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
            margin: harden::MARGIN,
        },
        all_files: arguments.all_files,
        least: arguments.min_confidence.0,
        now: arguments.telling.now(),
    })
}

/// A check, as a list shows it.
struct Row<'c> {
    id: &'c str,
    framework: &'c str,
    title: &'c str,
    severity: Severity,
    confidence: Confidence,
    remedy: &'c str,
    source: &'c str,
    standards: Vec<String>,
}

/// All checks: those of code, then those of cookies in recorded answers.
fn rows(checks: &Checks) -> Vec<Row<'_>> {
    let cited = |all: &[Citation]| all.iter().map(|cited| format!("{}, {}", cited.standard, cited.section)).collect();
    let code = checks.all().iter().map(|check| Row {
        id: &check.id,
        framework: &check.framework,
        title: &check.title,
        severity: check.severity,
        confidence: check.confidence,
        remedy: &check.remedy,
        source: &check.source,
        standards: cited(&check.standards),
    });
    let cookies = checks.cookies().iter().map(|check| Row {
        id: check.id,
        framework: "`Set-Cookie` in HAR files and logs",
        title: check.title,
        severity: check.severity,
        // That of a cookie whose name a framework gave it.
        confidence: Confidence::High,
        remedy: check.remedy,
        source: "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis",
        standards: cited(&check.standards()),
    });
    code.chain(cookies).collect()
}

/// Writes a table of all checks: in Markdown, or as JSON where that is the format.
fn list(checks: &Checks, arguments: &Arguments) -> Result<Status, AnyError> {
    let mut out = BufWriter::new(io::stdout());
    if arguments.telling.is_json() {
        let all = rows(checks).into_iter().map(|row| {
            let standards: Vec<String> = row.standards.iter().map(|cited| cited.replacen(", ", " ", 1)).collect();
            serde_json::json!({
                "id": row.id, "framework": row.framework, "title": row.title, "severity": row.severity.name(),
                "confidence": row.confidence.name(), "remedy": row.remedy, "source": row.source, "standards": standards,
            })
        });
        writeln!(out, "{}", serde_json::Value::from(all.collect::<Vec<_>>()))?;
    } else {
        writeln!(
            out,
            "| check | framework | what is wrong | severity | confidence | standard |\n|---|---|---|---|---|---|"
        )?;
        for row in rows(checks) {
            let (severity, confidence) = (row.severity.name(), row.confidence.name());
            let (title, standard) = (row.title.replace('|', "\\|"), row.standards.first().map_or("", String::as_str));
            let Row { id, framework, .. } = row;
            writeln!(out, "| `{id}` | {framework} | {title} | {severity} | {confidence} | {standard} |")?;
        }
    }
    out.flush()?;
    Ok(Status::Clean)
}
