//! Ctrl-C, and the signals that ask a program to end: the first ends the run with a report of what was done, the second at once.

use std::sync::Arc;

use stanch::scan::Progress;

/// The exit status of a program that Ctrl-C ended, as shells have it: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Has the run that `progress` counts stopped when the user asks for it.
pub(crate) fn stop_on_signal(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    let handler = move || {
        if progress.is_stopped() {
            end_at_once();
        }
        progress.stop();
        anstream::eprintln!("stanch: stopping, a report of what was done follows; once more ends it at once");
    };
    // Where signals cannot be had, they end the program as they always do.
    let _ = ctrlc::set_handler(handler);
}

#[expect(clippy::exit, clippy::disallowed_methods, reason = "threads may hang in a read that never returns")]
fn end_at_once() -> ! {
    std::process::exit(INTERRUPTED)
}
