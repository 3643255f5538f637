//! A line on standard error that says how far a long run is.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use stanch::scan::Progress;

/// How often the line of a terminal is drawn anew.
const PERIOD: Duration = Duration::from_millis(200);

/// How often a line is written where there is no terminal.
const SLOW_PERIOD: Duration = Duration::from_secs(5);

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Not at all.
    Never,
    /// As one line of the terminal, drawn over and over.
    Drawn,
    /// As lines that follow one another, for a log.
    Written,
}

/// Runs `work`, and while it lasts shows what `counters` say. A run that is over at once shows nothing.
pub(crate) fn during<T>(counters: &Progress, shown: Shown, work: impl FnOnce() -> T) -> T {
    if shown == Shown::Never {
        return work();
    }
    thread::scope(|scope| {
        let (done, over) = channel::<()>();
        scope.spawn(move || match shown {
            Shown::Written => write(counters, &over),
            Shown::Drawn | Shown::Never => draw(counters, &over),
        });
        let result = work();
        drop(done);
        result
    })
}

fn draw(counters: &Progress, over: &Receiver<()>) {
    let started = Instant::now();
    let mut bar = None;
    while over.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
        bar.get_or_insert_with(line).set_message(message(counters, started.elapsed()));
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn write(counters: &Progress, over: &Receiver<()>) {
    let started = Instant::now();
    while over.recv_timeout(SLOW_PERIOD) == Err(RecvTimeoutError::Timeout) {
        anstream::eprintln!("stanch: {}", message(counters, started.elapsed()));
    }
}

fn line() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style);
    bar
}

fn message(counters: &Progress, elapsed: Duration) -> String {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = counters.bytes().saturating_mul(1000) / millis;
    let mut parts = Vec::new();
    if counters.files() > 0 {
        parts.push(format!("{} files", HumanCount(counters.files())));
    }
    if counters.objects() > 0 {
        let of = match counters.objects_known() {
            0 => String::new(),
            known => format!(" of {}", HumanCount(known)),
        };
        parts.push(format!("{}{of} objects", HumanCount(counters.objects())));
    }
    parts.push(format!("{}, {}/s", HumanBytes(counters.bytes()), HumanBytes(rate)));
    parts.push(format!("{} findings", HumanCount(counters.findings())));
    if counters.is_attributing() {
        parts.push("working out where in the history they are".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_what_is_not_scanned() {
        assert_eq!(message(&Progress::default(), Duration::from_secs(1)), "0 B, 0 B/s, 0 findings");
    }
}
