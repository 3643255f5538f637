//! Errors as a person reads them: what failed, why, and what would help.

use std::{error::Error, io};

use stanch::scan::Status;

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
    let mut message = format!("stanch: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(&format!(": {error}"));
        cause = error.source();
    }
    anstream::eprintln!("{message}");
    Status::Usage
}
