//! The command line: arguments in, reports and an exit status out.
//!
//! A file per command. Everything that decides anything is the library's; here are clap, the environment, the standard streams, and the words
//! of help.

mod around;
mod asking;
mod audit;
mod baseline;
mod choices;
mod completions;
mod destinations;
mod error;
mod harden;
mod hook;
mod init;
mod interrupt;
mod man;
mod memory;
mod migrate;
mod network;
mod output;
mod patterns;
mod plan;
mod playbook;
mod precommit;
mod probe;
mod progress;
mod reported;
mod revoke;
mod rules;
mod scan;
mod sweep;
mod trace;
mod verify;
mod weaknesses;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use stanch::scan::Status;

/// Finds leaked tokens in files and in full git history, and says what to do about each one.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// When to colour what is printed
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", env = "STANCH_COLOR")]
    color: Colour,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Scans files and git history for leaked tokens
    Scan(Box<scan::Arguments>),
    /// Asks providers whether tokens still work: those of a report, or one from standard input
    Verify(Box<verify::Arguments>),
    /// Prints the steps that end incidents
    Playbook(playbook::Arguments),
    /// Has providers end tokens: prints what it would do, and with --execute does it
    Revoke(Box<revoke::Arguments>),
    /// Keeps what is known already, so that scans report only what is new
    Baseline(baseline::Arguments),
    /// Takes a repository on: writes a configuration, puts off what is there already, and says what to do next
    Init(init::Arguments),
    /// Scans before git commits or pushes: hooks installed, taken away, and run
    Hook(Box<hook::Arguments>),
    /// Scans the files that the pre-commit framework hands to a hook
    #[command(hide = true)]
    PreCommitFiles(Box<scan::Arguments>),
    /// Scans the commits that no remote has yet, for the pre-commit framework
    #[command(hide = true)]
    PreCommitPush(Box<scan::Arguments>),
    /// Scans every repository of an organisation, and keeps what it learned
    Sweep(Box<sweep::Arguments>),
    /// Finds where sessions and tokens can be stolen or guessed: in code and configuration
    Harden(Box<harden::Arguments>),
    /// Looks at session cookies of running servers from outside
    Probe(probe::Arguments),
    /// Tells from logs whether leaked tokens were used
    Trace(Box<trace::Arguments>),
    /// Takes over what other scanners' files leave out, allow and look for
    Migrate(migrate::Arguments),
    /// Looks at the rules by which tokens are found
    Rules(rules::Arguments),
    /// Prints what a shell completes the command line with
    Completions(completions::Arguments),
    /// Prints the manual page, or writes one for each command
    Man(man::Arguments),
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    memory::give_back_large_buffers();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; all else is wrong usage. Where even printing fails, the status has to do.
            let status = if error.use_stderr() { Status::Usage } else { Status::Clean };
            let _ = error.print();
            return status.into();
        }
    };
    let colour = arguments.color.is_wanted();
    let outcome = match arguments.command {
        Command::Scan(arguments) => scan::run(&arguments, colour),
        Command::Verify(arguments) => verify::run(&arguments, colour),
        Command::Playbook(arguments) => playbook::run(&arguments),
        Command::Revoke(arguments) => revoke::run(&arguments),
        Command::Baseline(arguments) => baseline::run(&arguments, colour),
        Command::Init(arguments) => init::run(&arguments),
        Command::Hook(arguments) => hook::run(&arguments),
        Command::PreCommitFiles(arguments) => precommit::files(*arguments, colour),
        Command::PreCommitPush(arguments) => precommit::push(*arguments, colour),
        Command::Sweep(arguments) => sweep::run(&arguments, colour),
        Command::Harden(arguments) => harden::run(&arguments, colour),
        Command::Probe(arguments) => probe::run(&arguments, colour),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    outcome.unwrap_or_else(|error| error::report(&*error)).into()
}

impl Colour {
    /// Whether standard output is to be coloured: by the flag, else as `NO_COLOR` and the terminal have it.
    fn is_wanted(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        }
    }
}
