//! `stanch completions`: what a shell completes the command line with.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use stanch::scan::Status;

use super::error::AnyError;

#[derive(Debug, Args)]
#[command(after_help = "For bash, put this into ~/.bashrc: source <(stanch completions bash)")]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    // A closed pipe is no failure here, and would be one there.
    let mut text = Vec::new();
    generate(arguments.shell, &mut super::Arguments::command(), env!("CARGO_PKG_NAME"), &mut text);
    io::stdout().lock().write_all(&text)?;
    Ok(Status::Clean)
}
