//! `stanch rules`: lists, shows, tests, lints and explains rules.

mod explain;
mod list;
mod providers;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, Subcommand};
use stanch::{
    blob::Window,
    config,
    detect::{Detector, Scratch},
    escape,
    rule::{Rule, RuleIx},
    rules::{self, Ruleset, examples},
    scan::Status,
};

use super::{error::AnyError, patterns};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Takes this pattern file, or those in this folder, too
    #[arg(long, value_name = "PATH", global = true, env = "STANCH_PATTERNS")]
    patterns: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists all rules, a line each
    List {
        /// For people, one JSON object a line, or a page in Markdown
        #[arg(short, long, value_enum, default_value = "text")]
        format: list::Format,
    },
    /// Lists all providers: how many of their tokens can be verified and revoked
    Providers {
        /// For people, one JSON object a line, or a table in Markdown
        #[arg(short, long, value_enum, default_value = "text")]
        format: providers::Format,
    },
    /// Shows one rule in full
    Show {
        /// The rule's id
        id: String,
    },
    /// Expands every rule's examples and tells whether it finds what it should
    Test {
        /// Only these rules
        ids: Vec<String>,
    },
    /// Checks pattern files: form, keywords, bounds of reach and work
    Lint {
        /// Pattern files or folders of them; the built-in rules without any
        paths: Vec<PathBuf>,
    },
    /// Tells what the rules make of a place: what they see there, what becomes of it, and why
    Explain {
        /// A line of a file, a whole file, or - for standard input
        #[arg(required = true, value_name = "FILE[:LINE]")]
        places: Vec<String>,
        /// As JSON, one object a line
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let rules = patterns::rules(&arguments.patterns)?;
    let mut out = io::stdout().lock();
    match &arguments.command {
        Command::List { format } => list::run(&rules, *format, &mut out).map(|()| Status::Clean),
        Command::Providers { format } => providers::run(&rules, *format, &mut out).map(|()| Status::Clean),
        Command::Show { id } => show(rules.find(id)?, &mut out).map(|()| Status::Clean),
        Command::Test { ids } => test(rules, ids, &mut out),
        Command::Lint { paths } => lint(&rules, paths, &mut out),
        Command::Explain { places, json } => explain::run(&rules, places, *json, &mut out),
    }
}

fn show(rule: &Rule, out: &mut impl Write) -> Result<(), AnyError> {
    let detect = &rule.detect;
    let bounds = detect.bounds;
    let joined = |texts: &[stanch::rule::Text]| {
        texts.iter().map(|text| text.escape_debug().to_string()).collect::<Vec<_>>().join("  ")
    };
    writeln!(out, "{}  {}", rule.id, rule.name)?;
    let field = |out: &mut dyn Write, name: &str, value: &str| writeln!(out, "  {name:11} {value}");
    field(out, "provider", &format!("{} ({})", rule.provider_name, rule.provider))?;
    field(out, "class", rule.class.name())?;
    field(out, "severity", rule.severity.name())?;
    field(out, "confidence", rule.confidence.name())?;
    field(out, "family", &rule.family)?;
    field(out, "rank", &rule.rank.to_string())?;
    field(out, "keywords", &joined(&detect.keywords))?;
    field(out, "regex", &detect.regex)?;
    for body in detect.body.iter() {
        field(out, "body", &format!("{} to {} bytes, then {}", body.min, body.max, body.end))?;
    }
    for part in detect.parts.iter() {
        let need = if part.required { "required" } else { "optional" };
        field(out, "part", &format!("{} ({need}, within {} bytes): {}", part.name, part.within, part.regex))?;
    }
    if detect.entropy > 0.0 {
        field(out, "entropy", &format!("at least {} bits a byte", detect.entropy))?;
    }
    if let Some(checksum) = detect.checksum {
        field(out, "checksum", checksum.name())?;
    }
    let lead = if bounds.lead_min == bounds.lead_max {
        bounds.lead_min.to_string()
    } else {
        format!("{} to {}", bounds.lead_min, bounds.lead_max)
    };
    field(out, "anchor", &format!("{lead} bytes into a match of at most {}", bounds.longest))?;
    field(out, "reach", &format!("{} bytes before the anchor, {} after", bounds.before, bounds.after))?;
    field(out, "work", &format!("at most {} bytes looked at per byte of input", bounds.work))?;
    field(out, "source", &rule.source)?;
    if let Some(playbook) = &rule.playbook {
        field(out, "playbook", &playbook.url)?;
        for step in playbook.steps.iter() {
            writeln!(out, "    {:11} {}", step.phase.name(), step.text)?;
        }
    }
    Ok(())
}

fn test(mut rules: Ruleset, ids: &[String], out: &mut impl Write) -> Result<Status, AnyError> {
    let wanted: Result<Vec<String>, rules::Error> = ids.iter().map(|id| Ok(rules.find(id)?.id.to_string())).collect();
    let wanted = wanted?;
    rules.select(&[], &[])?;
    let detector = Detector::new(rules.rules().to_vec());
    let mut scratch = Scratch::default();
    let (mut passed, mut failed) = (0, 0);
    for (rule, ix) in rules.rules().iter().zip(0..) {
        if !wanted.is_empty() && !wanted.iter().any(|id| *id == rule.id) {
            continue;
        }
        let mut finds = |text: &str| {
            detector
                .findings(&Window::whole(text.as_bytes()), &mut scratch)
                .iter()
                .any(|finding| finding.rule == RuleIx(ix))
        };
        let found = examples::matching(rule)
            .into_iter()
            .zip(rule.matching.iter())
            .map(|(text, template)| (finds(&text), true, template))
            .collect::<Vec<_>>();
        let left = examples::not_matching(rule)
            .into_iter()
            .zip(rule.not_matching.iter())
            .map(|(text, template)| (finds(&text), false, template));
        for (is, should, template) in found.into_iter().chain(left.collect::<Vec<_>>()) {
            if is == should {
                passed += 1;
                continue;
            }
            failed += 1;
            let what = if should { "does not find" } else { "finds" };
            writeln!(out, "{}: {what} {}", rule.id, template.escape_debug())?;
        }
    }
    writeln!(out, "{passed} examples as they should be, {failed} not")?;
    Ok(if failed == 0 { Status::Clean } else { Status::Incidents })
}

fn lint(builtin: &Ruleset, paths: &[PathBuf], out: &mut impl Write) -> Result<Status, AnyError> {
    let mut checked = Vec::new();
    let (mut failed, mut notes) = (0, Vec::new());
    for path in paths {
        match config::patterns::read(path, &mut notes) {
            Ok(rules) => checked.extend(rules),
            Err(rules::Error::Wrong { problems }) => {
                failed += problems.len();
                for problem in &problems {
                    writeln!(out, "{}", escape::terminal(&problem.to_string()))?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    for note in &notes {
        writeln!(out, "{}", escape::terminal(note))?;
    }
    // The built-in rules were checked by the same code when the program was built.
    let rules = if paths.is_empty() { builtin.rules() } else { &checked };
    let work = rules.iter().map(|rule| rule.detect.bounds.work).max().unwrap_or(0);
    let reach = rules.iter().map(|rule| rule.detect.bounds.before.max(rule.detect.bounds.after)).max().unwrap_or(0);
    writeln!(
        out,
        "{} rules without a mistake, {failed} mistakes; work at most {work} per byte, reach at most {reach} bytes",
        rules.len()
    )?;
    Ok(if failed == 0 { Status::Clean } else { Status::Incidents })
}
