//! `stanch hook agent`: what a coding agent's hook runs. An event in, a decision out.
//!
//! What cannot be judged passes, and is told: an agent that learns new events must not lock its user out. `--strict` is for those who want it the other way round.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum, builder::PossibleValue};
use stanch::{
    config::{self, Config, Flags},
    detect::Detector,
    escape,
    hook::agent::{self, Agent, End, Error, Heard, Reply},
    known::baseline,
    scan::{AsFile, Status, Target},
};

use super::run::Scanning;
use crate::cli::{
    around::{plain, work_tree},
    error::{self, AnyError},
    scan::at_top,
};

/// The agents that `--agent` knows.
#[derive(Clone, Copy, Debug)]
struct Name(Agent);

impl ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: &[Name] = &[
            Name(Agent::Claude),
            Name(Agent::Codex),
            Name(Agent::Copilot),
            Name(Agent::Cursor),
            Name(Agent::Gemini),
            Name(Agent::Windsurf),
        ];
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose event it is [default: what its shape says]
    #[arg(long, value_name = "NAME")]
    agent: Option<Name>,
    /// Stops the agent where an event cannot be judged, rather than let that pass
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    scanning: Scanning,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let heard = match agent::read(io::stdin().lock(), arguments.agent.map(|name| name.0)) {
        Ok(heard) => heard,
        Err((agent, error)) => return print(&unjudged(arguments, agent, &error)),
    };
    let place = Place::of(&heard);
    let (config, mistake) = match place.config(&arguments.scanning) {
        Ok(config) => (config, None),
        Err(error) if arguments.strict => return print(&unjudged(arguments, Some(heard.agent), &error)),
        // Scanned without it, which says what it leaves out, nothing slips through.
        Err(error) => (place.config_without_file(&arguments.scanning)?, Some(error)),
    };
    let detector = Detector::new(config.rules.rules().to_vec());
    let reply = match (agent::answer(&heard, &config.options, &detector, config.fail_on), mistake) {
        (Ok(reply), Some(mistake)) if reply == heard.agent.pass() => unheeded(arguments, &heard, &mistake),
        (Ok(reply), _) => reply,
        (Err(error), _) => unjudged(arguments, Some(heard.agent), &error),
    };
    print(&reply)
}

/// Where an event plays.
struct Place {
    /// The top of the work tree around the agent's folder, else that folder.
    top: PathBuf,
    target: Target,
}

impl Place {
    fn of(heard: &Heard) -> Self {
        let here = env::current_dir().unwrap_or_default();
        let folder = plain(&here.join(heard.folder.as_deref().unwrap_or(Path::new(""))));
        let top = work_tree(&folder).unwrap_or(&folder).to_owned();
        let target = heard.path.as_ref().map_or(Target::Stdin, |path| {
            let whole = plain(&folder.join(path));
            let path = whole.strip_prefix(&top).unwrap_or(&whole).to_owned();
            Target::StdinAs(AsFile { shown: path.clone(), path })
        });
        Self { top, target }
    }

    fn config(&self, scanning: &Scanning) -> Result<Config, config::Error> {
        let tops = [self.top.clone()];
        let path = scanning.config.clone().or_else(|| at_top(&tops, config::FILE_NAME));
        let file = path.map_or_else(|| Ok(config::File::default()), |path| config::File::read(&path))?;
        let flags = Flags {
            ignore_file: at_top(&tops, config::IGNORE_FILE_NAME),
            baseline: at_top(&tops, baseline::FILE_NAME),
            ..self.flags(scanning)
        };
        Config::new(file, flags)
    }

    fn config_without_file(&self, scanning: &Scanning) -> Result<Config, config::Error> {
        Config::new(config::File::default(), self.flags(scanning))
    }

    fn flags(&self, scanning: &Scanning) -> Flags {
        Flags { targets: vec![self.target.clone()], jobs: Some(1), ..scanning.flags() }
    }
}

/// What is answered to an event that cannot be judged.
fn unjudged(arguments: &Arguments, agent: Option<Agent>, error: &(dyn std::error::Error + 'static)) -> Reply {
    let why = error::text(error);
    if arguments.strict {
        return Reply { out: None, err: Some(format!("{why} (stopped, as --strict has it)")), end: End::Stops };
    }
    let why = format!("{why} (it passes; with --strict it would not)");
    match (agent, error.downcast_ref::<Error>()) {
        // An agent may well run a hook for more than there is to scan.
        (Some(agent), Some(Error::Unscanned { .. })) => Reply { err: Some(why), ..agent.pass() },
        (Some(agent), _) => agent.unjudged(why),
        (None, _) => Reply { out: None, err: Some(why), end: End::Warns },
    }
}

/// What is answered where nothing was found, under a configuration that has mistakes.
fn unheeded(arguments: &Arguments, heard: &Heard, mistake: &config::Error) -> Reply {
    let reply = unjudged(arguments, Some(heard.agent), mistake);
    Reply { err: reply.err.map(|why| format!("the configuration is not heeded: {why}")), ..reply }
}

/// Prints an answer, and says how the program ends with it.
fn print(reply: &Reply) -> Result<Status, AnyError> {
    if let Some(out) = &reply.out {
        writeln!(io::stdout().lock(), "{out}")?;
    }
    let mut err = io::stderr().lock();
    for (number, line) in reply.err.iter().flat_map(|err| err.lines()).enumerate() {
        let mark = if number == 0 && !line.starts_with("stanch:") { "stanch: " } else { "" };
        // Whether anybody listens must not decide how a hook ends.
        let _ = writeln!(err, "{mark}{}", escape::terminal(line));
    }
    Ok(match reply.end {
        End::Goes => Status::Clean,
        End::Warns => Status::Incidents,
        End::Stops => Status::Usage,
    })
}
