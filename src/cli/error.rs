//! Errors as a person reads them: what failed, why, and what would help.

use std::{error::Error, io};

use stanch::{report::escape, scan::Status};

/// Any error that ends a command.
pub(crate) type AnyError = Box<dyn Error>;

/// Prints `error` with its causes, and says how the run ended. A closed pipe is somebody who has read enough.
pub(crate) fn report(error: &(dyn Error + 'static)) -> Status {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return Status::Clean;
        }
        cause = error.source();
    }
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(&format!(": {error}"));
        cause = error.source();
    }
    // What is quoted may come from the scanned tree: nothing in it may steer a terminal, or begin a line of a CI log (law 6).
    for line in message.lines() {
        anstream::eprintln!("stanch: {}", escape::terminal(line));
    }
    Status::Usage
}
