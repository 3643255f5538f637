//! `stanch man`: the manual pages, made of what help says.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, CommandFactory};
use stanch::scan::Status;

use super::error::AnyError;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Writes a page for the program and one for each of its commands into this folder, instead of printing the first
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write manual pages into {}", dir.display())]
struct Error {
    dir: PathBuf,
    source: io::Error,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    let program = super::Arguments::command();
    if let Some(dir) = &arguments.dir {
        let written = fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(program, dir));
        written.map_err(|source| Error { dir: dir.clone(), source })?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(program).render(&mut page)?;
        io::stdout().lock().write_all(&page)?;
    }
    Ok(Status::Clean)
}
