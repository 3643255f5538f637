//! What can go wrong with a repository as a whole. What goes wrong with one object or ref is coverage instead, so that
//! the rest is scanned all the same.

use std::path::{Path, PathBuf};

/// A cause as the libraries below hand it out.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a repository, or what was asked of it, could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the repository could not be read.
    #[error("git: cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A `gitdir:` file or a `commondir` leaves the given root for something that is not to be followed.
    #[error("git: {} leads to {}, which {why}", from.display(), to.display())]
    Refused {
        /// Where it is named.
        from: PathBuf,
        /// What it names.
        to: PathBuf,
        /// Why it is not followed.
        why: &'static str,
    },
    /// A file of the repository is not what git would have written.
    #[error("git: {} is not a valid {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should have been.
        what: &'static str,
        /// Why, where a library says so.
        #[source]
        source: Option<Cause>,
    },
    /// The repository does not hold the object.
    #[error("git: object {id} is missing")]
    Missing {
        /// The object.
        id: String,
    },
    /// The object is there and cannot be read.
    #[error("git: object {id} cannot be read")]
    Object {
        /// The object.
        id: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A revision that git does not know: wrong usage.
    #[error("git: `{rev}` names no commit here")]
    Revision {
        /// As the user wrote it.
        rev: String,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// What was asked for needs something that this repository does not offer.
    #[error("git: {what}")]
    Unsupported {
        /// What, and why not.
        what: String,
    },
}

impl Error {
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn malformed(path: &Path, what: &'static str) -> Self {
        Self::Malformed { path: path.to_owned(), what, source: None }
    }

    /// Whether the user asked for something that cannot be, as opposed to a repository that cannot be read.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Revision { .. })
    }
}

/// An error with its causes on one line, as coverage shows it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
