//! Where reports go: each file gets the format named in its place, and standard output what is over.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use stanch::report::{Detail, Options};

use super::error::AnyError;

/// How much is written at once, in bytes.
const CHUNK: usize = 1 << 16;

/// How much a report for people says.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Words {
    /// Says less
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Says more
    #[arg(short, long)]
    verbose: bool,
}

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("give each -o a format of its own: there are {formats} formats for {outputs} files")]
    Pairs { formats: usize, outputs: usize },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Where each report goes.
pub(super) struct Destinations<F> {
    /// A format, and a file; standard output without one.
    each: Vec<(F, Option<PathBuf>)>,
    detail: Detail,
    colour: bool,
}

impl Words {
    pub(super) fn detail(self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }
}

impl<F: Copy> Destinations<F> {
    /// Pairs `formats` with `paths`; without any format, reports are `usual`. Whether they can be written is asked now, before what may take long.
    pub(super) fn new(
        formats: &[F],
        usual: F,
        paths: &[PathBuf],
        words: Words,
        colour: bool,
    ) -> Result<Self, AnyError> {
        let each = pairs(formats, usual, paths)?;
        for (_, path) in &each {
            path.as_deref().map_or(Ok(()), check_writable)?;
        }
        Ok(Self { each, detail: words.detail(), colour })
    }

    /// Has `report` write each; files are for their owner alone where they are `private`.
    pub(super) fn write(
        &self,
        private: bool,
        report: impl Fn(F, Options, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), AnyError> {
        for (format, path) in &self.each {
            let Some(path) = path else {
                let options = Options { colour: self.colour, detail: self.detail };
                let mut out = BufWriter::with_capacity(CHUNK, standard_output(self.colour));
                report(*format, options, &mut out)?;
                out.flush()?;
                continue;
            };
            let written = create(path, private).and_then(|file| {
                let mut out = BufWriter::with_capacity(CHUNK, file);
                report(*format, Options { colour: false, detail: self.detail }, &mut out)?;
                out.flush()
            });
            written.map_err(|source| Error::Write { path: path.clone(), source })?;
        }
        Ok(())
    }
}

/// Which report goes where: each file gets the format named in its place; formats without a file go to standard output.
fn pairs<F: Copy>(formats: &[F], usual: F, paths: &[PathBuf]) -> Result<Vec<(F, Option<PathBuf>)>, Error> {
    let formats = if formats.is_empty() { &[usual] } else { formats };
    if formats.len() != paths.len() && formats.len() != paths.len() + 1 {
        return Err(Error::Pairs { formats: formats.len(), outputs: paths.len() });
    }
    let paths = paths.iter().cloned().map(Some).chain([None]);
    let is_file = |path: &PathBuf| path != Path::new("-");
    Ok(formats.iter().copied().zip(paths).map(|(format, path)| (format, path.filter(is_file))).collect())
}

/// Standard output. A report that is asked for no colours has none, and nobody has to look for them in hundreds of megabytes.
fn standard_output(colour: bool) -> Box<dyn Write> {
    if colour {
        Box::new(anstream::AutoStream::new(io::stdout(), anstream::ColorChoice::Always))
    } else {
        Box::new(io::stdout().lock())
    }
}

/// Whether a report can be written to `path`: asked before scanning, which may take long. What is there stays as it is.
fn check_writable(path: &Path) -> Result<(), Error> {
    let existed = path.symlink_metadata().is_ok();
    let opened = File::options().append(true).create(true).open(path);
    opened.map_err(|source| Error::Write { path: path.to_owned(), source })?;
    if !existed {
        // Left there, it would be scanned.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

/// A file for a report; one with raw secrets in it is for its owner alone.
fn create(path: &Path, private: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if private {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
        return Ok(file);
    }
    let _ = private;
    options.open(path)
}
