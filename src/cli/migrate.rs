//! `stanch migrate`: other scanners' files become a configuration, allow entries and pattern files of ours.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use stanch::{
    config::{self, Config, Flags},
    detect::Detector,
    escape,
    migrate::{self, Fate, Migration, Note, Source},
    rule::Confidence,
    scan::{self, History, Progress, Status, Target},
    source::git::Refs,
};

use super::error::{AnyError, masked};

#[derive(Debug, Args)]
#[command(
    after_help = "Reads .gitleaks.toml, .gitleaksignore and reports of gitleaks and betterleaks, .secrets.baseline, .gitguardian.yaml, \
trufflehog's configuration and lists of paths, kingfisher's rules and baseline, .secretlintrc.json, .talismanrc and .secretsignore.\n\
Exit status: 0 all was kept; 2 nothing to migrate, or nothing that could be read; 3 something could not be expressed."
)]
pub(crate) struct Arguments {
    /// The folder whose files are looked for, and whose secrets they know
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Reads this file, and none that was not named
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,
    /// Writes to this folder instead of PATH
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Replaces files that are there
    #[arg(long)]
    force: bool,
    /// Takes the bytes of this file for the identity key, as scans will
    #[arg(long, value_name = "FILE", env = "STANCH_KEY_FILE")]
    key_file: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{} is there already: --force replaces it, --output DIR writes elsewhere, --dry-run shows what would be", path.display())]
    There { path: PathBuf },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is not a folder", path.display())]
    NoFolder { path: PathBuf },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, AnyError> {
    if !arguments.path.is_dir() {
        return Err(Error::NoFolder { path: arguments.path.clone() }.into());
    }
    let path = arguments.path.join(config::FILE_NAME);
    // Ids are made with the key of the configuration that will be there.
    let kept = Some(path).filter(|path| path.is_file() && !arguments.force);
    let migration = read(&sources(arguments)?, &arguments.path, kept.as_deref(), arguments.key_file.as_deref())?;
    let notes = migration.notes();
    let files = migration.files();
    let folder = arguments.output.as_ref().unwrap_or(&arguments.path);
    if !arguments.dry_run {
        write(folder, &files, arguments.force)?;
    }
    print(&notes, &files, folder, arguments.dry_run)?;
    Ok(status(&notes))
}

fn sources(arguments: &Arguments) -> Result<Vec<Source>, migrate::Error> {
    if arguments.from.is_empty() {
        return Source::discover(&arguments.path);
    }
    Ok(arguments.from.iter().map(|path| Source::new(path.clone(), &arguments.path)).collect())
}

/// Reads `sources`, and looks up what they know among the secrets of the folder `top`: their ids are made under the key file, else under the
/// key of the configuration `kept`.
pub(super) fn read(
    sources: &[Source],
    top: &Path,
    kept: Option<&Path>,
    key_file: Option<&Path>,
) -> Result<Migration, AnyError> {
    let mut migration = Migration::default();
    for source in sources {
        migration.read(source);
    }
    if !migration.seeks() {
        return Ok(migration);
    }
    let file = kept.map_or_else(|| Ok(config::File::default()), config::File::read)?;
    let flags = Flags {
        targets: vec![Target::Path(top.to_owned())],
        history: History::Full { refs: Refs::All, files: true },
        min_confidence: Some(Confidence::Low),
        no_allow: true,
        key_file: key_file.map(Path::to_owned),
        key: std::env::var("STANCH_KEY").ok(),
        now: jiff::Timestamp::now().as_second(),
        ..Flags::default()
    };
    let config = Config::new(file, flags)?;
    let detector = Detector::new(migration.rules());
    // A signal ends the program as it ends any: nothing is written yet, and half of what is known would be worth little.
    let outcome = scan::run(&config.options, &detector, &mut io::empty(), &Progress::default())?;
    migration.look_up(&outcome.incidents, top);
    Ok(migration)
}

/// Writes all files, or none where one is there already.
fn write(folder: &Path, files: &[migrate::File], force: bool) -> Result<(), Error> {
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
    if let Some(path) = paths.iter().find(|path| !force && path.symlink_metadata().is_ok()) {
        return Err(Error::There { path: path.clone() });
    }
    for (path, file) in paths.iter().zip(files) {
        place(path, &file.text).map_err(|source| Error::Write { path: path.clone(), source })?;
    }
    Ok(())
}

/// Writes one file, whole or not at all: beside its place, and then there. A link that is there is replaced, not followed.
fn place(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    if folder.ends_with(migrate::FOLDER) && folder.symlink_metadata()?.is_symlink() {
        return Err(io::Error::other("its folder is a symbolic link, which is not followed"));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&beside, path));
    if placed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    placed
}

fn print(notes: &[Note], files: &[migrate::File], folder: &Path, dry_run: bool) -> io::Result<()> {
    let mut lines = Vec::new();
    for (fate, title) in [
        (Fate::Kept, "Kept"),
        (Fate::Changed, "Changed"),
        (Fate::Lost, "Could not be expressed"),
        (Fate::Broken, "Could not be read"),
    ] {
        let of_fate: Vec<&Note> = notes.iter().filter(|note| note.fate == fate).collect();
        if !of_fate.is_empty() {
            lines.push(format!("{title} ({})", of_fate.len()));
            lines.extend(of_fate.into_iter().map(line));
            lines.push(String::new());
        }
    }
    let written = if dry_run { "Would write" } else { "Wrote" };
    lines.extend(files.iter().map(|file| format!("{written} {}", folder.join(&file.path).display())));
    if files.is_empty() {
        lines.push("Nothing to write".to_owned());
    }
    let text = lines.join("\n");
    let mut out = io::stdout().lock();
    for line in masked(&text).lines() {
        writeln!(out, "{}", escape::terminal(line))?;
    }
    Ok(())
}

fn line(note: &Note) -> String {
    let line = format!("  {}:{}:{}: {}", note.file, note.place.line, note.place.column, note.text);
    line.replace(['\n', '\r'], " ")
}

/// 2 where no file could be read, 3 where something could not be expressed.
pub(super) fn status(notes: &[Note]) -> Status {
    let is = |fate: Fate| notes.iter().any(|note| note.fate == fate);
    match (is(Fate::Broken), is(Fate::Kept) || is(Fate::Changed) || is(Fate::Lost)) {
        (true, false) => Status::Usage,
        (true, true) => Status::Incomplete,
        _ if is(Fate::Lost) => Status::Incomplete,
        _ => Status::Clean,
    }
}
