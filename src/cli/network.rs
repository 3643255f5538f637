//! What all commands that ask hosts have in common on the command line: by which authorities hosts are known, and how numbers of pace and time are written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use stanch::net::Authorities;

/// By which certificate authorities hosts are known.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// Knows hosts by the certificate authorities in this PEM file, in place of Mozilla's
    #[arg(long, value_name = "FILE", env = "STANCH_CA_FILE")]
    ca_file: Option<PathBuf>,
}

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cannot read the certificate authorities in {}", path.display())]
    Authorities { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate in PEM", path.display())]
    NoAuthorities { path: PathBuf },
}

impl Trust {
    /// The authorities, where others than the usual ones are named.
    pub(super) fn authorities(&self) -> Result<Option<Authorities>, Error> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let pem = fs::read(path).map_err(|source| Error::Authorities { path: path.clone(), source })?;
        Authorities::read(&pem).map(Some).ok_or_else(|| Error::NoAuthorities { path: path.clone() })
    }

    /// The file that they are in.
    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }
}

/// Requests a second.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.01..=1000.0).contains(rate));
    rate.ok_or_else(|| "a rate is a number from 0.01 to 1000".to_owned())
}

/// A time in seconds, or parts of one.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a time is a number of seconds from 0.1 to 86400".to_owned())
}
