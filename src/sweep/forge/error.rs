//! Why a forge tells nothing, or not all.

use std::{io, time::Duration};

use crate::net::Failure;

/// A question that came to nothing. What it says holds nothing that a server said, and so no token that one echoes.
#[derive(Debug, thiserror::Error)]
#[error("{subject}: {why}")]
pub struct Error {
    /// What was asked for, and of whom: `repositories of acme at github.com`.
    pub subject: String,
    /// Why there is no answer, which the text says, too.
    pub why: Why,
}

/// Why a question came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// 401: the token is none, or none any more.
    #[error("the token is not accepted: it is wrong, was revoked or has expired; a token needs {needs}")]
    Unauthorized {
        /// What a token has to be allowed to do.
        needs: &'static str,
    },
    /// 401 to somebody who has no token.
    #[error("nothing is shown without a token; it needs {needs}")]
    Anonymous {
        /// What a token has to be allowed to do.
        needs: &'static str,
    },
    /// 403: the token may not do that.
    #[error("the token may not see it; it needs {needs}")]
    Forbidden {
        /// What a token has to be allowed to do.
        needs: &'static str,
    },
    /// 403 until the token is let into the organisation.
    #[error("the organisation wants single sign-on: authorise the token for it in the token's settings")]
    SignOn,
    /// 404: it is not there, or hidden.
    #[error("there is none, or it is hidden from this token; a token needs {needs}")]
    NotFound {
        /// What a token has to be allowed to do.
        needs: &'static str,
    },
    /// 410: it is switched off, or kept no longer.
    #[error("it is switched off, or kept no longer")]
    Gone,
    /// 451.
    #[error("it is blocked for legal reasons")]
    Blocked,
    /// Failures that did not end.
    #[error("{last}; asked {} within {} s", times(*tries), after.as_secs().max(1))]
    Failing {
        /// What happened last.
        last: String,
        /// How often it was asked.
        tries: u32,
        /// For how long.
        after: Duration,
    },
    /// The rate limit is used up for longer than is waited.
    #[error("the rate limit is used up for {} s more, and at most {} s are waited", rest.as_secs(), most.as_secs())]
    Limited {
        /// How long the forge wants to be left alone.
        rest: Duration,
        /// How long it may have.
        most: Duration,
    },
    /// A status that means nothing here.
    #[error("the answer has the status {0}, which means nothing here")]
    Status(u16),
    /// An answer that is not what the forge documents.
    #[error("the answer is not what the forge documents")]
    Unreadable,
    /// An answer that is longer than is read.
    #[error("the answer is longer than is read")]
    TooLong,
    /// A redirection or a next page on another host, which is not followed.
    #[error("the answer leads to another host, which is not followed")]
    Elsewhere,
    /// Pages that lead in a circle.
    #[error("the pages of the answer lead in a circle")]
    Circle,
    /// No question that can be sent.
    #[error("the name or the token has characters that no request may have")]
    Malformed,
    /// The App's key signs nothing.
    #[error("the App's key is no RSA key in PEM (PKCS #1 or PKCS #8)")]
    Key,
    /// The App is not installed there.
    #[error("the App is not installed there")]
    NotInstalled,
    /// There was no connection that may be had.
    #[error(transparent)]
    Net(#[from] Failure),
    /// A file or folder could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The run was stopped.
    #[error("the run was stopped")]
    Stopped,
}

/// So many times, in words.
fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

impl Why {
    /// Whether it is not the forge that refuses or fails: what was given cannot be asked for at all.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Malformed | Self::Key | Self::Io(_))
    }

    /// Of `subject`.
    pub(super) fn of(self, subject: &str) -> Error {
        Error { subject: subject.to_owned(), why: self }
    }
}
