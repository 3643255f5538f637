//! A line on standard error that says how far a long run is.

use std::{
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use stanch::scan::Progress;

/// How often the line is drawn anew.
const PERIOD: Duration = Duration::from_millis(200);

/// Runs `work`, and while it lasts shows what `counters` say, if it is to be `shown`. A run that is over at once shows nothing.
pub(crate) fn during<T>(counters: &Progress, shown: bool, work: impl FnOnce() -> T) -> T {
    if !shown {
        return work();
    }
    thread::scope(|scope| {
        let (done, over) = channel::<()>();
        scope.spawn(move || {
            let started = Instant::now();
            let mut bar = None;
            while over.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                bar.get_or_insert_with(line).set_message(message(counters, started.elapsed()));
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
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
    format!(
        "{} files and objects, {}, {}/s, {} findings",
        HumanCount(counters.blobs()),
        HumanBytes(counters.bytes()),
        HumanBytes(rate),
        HumanCount(counters.findings()),
    )
}
