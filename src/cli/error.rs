//! Errors as a person reads them: what failed, why, and what would help.

use std::{error::Error, io};

use stanch::{
    blob::Window,
    detect::{Detector, Scratch},
    escape,
    rules::Ruleset,
    scan::Status,
};

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
    // What is quoted may come from the scanned tree: nothing in it may steer a terminal, or begin a line of a CI log (law 6).
    for line in text(error).lines() {
        anstream::eprintln!("stanch: {}", escape::terminal(line));
    }
    Status::Usage
}

/// `error` with its causes, and without the tokens in them.
pub(super) fn text(error: &(dyn Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    masked(&message)
}

/// `message` without the tokens in it: a configuration may hold one where it should not, and an argument may be one (law 3).
pub(super) fn masked(message: &str) -> String {
    masked_by(&Detector::new(Ruleset::builtin().rules().to_vec()), message)
}

/// The same with a detector that is at hand.
pub(super) fn masked_by(detector: &Detector, message: &str) -> String {
    let tokens = detector.tokens(&Window::whole(message.as_bytes()), &mut Scratch::default());
    let secrets: Vec<&str> = tokens.iter().filter_map(|token| str::from_utf8(token.secret).ok()).collect();
    secrets.iter().fold(message.to_owned(), |message, secret| message.replace(secret, "…"))
}
