//! What of each log could not be read, or was read with a doubt (law 5).

use crate::trace::log::Log;

/// How far times may go back where requests are logged as they end, in microseconds.
const CLOCK: i64 = 300 * 1_000_000;

/// What is to be said of a log, each as a sentence without an end.
pub fn remarks(log: &Log) -> Vec<String> {
    let lines = &log.unparsed_at;
    let said = [
        log.failed.clone(),
        (log.unparsed > 0)
            .then(|| format!("{} records with a token are in no known format (lines {lines:?})", log.unparsed)),
        (log.without_zone > 0).then(|| format!("{} times name no zone", log.without_zone)),
        (log.cut > 0).then(|| format!("{} records are too long to be read whole", log.cut)),
        (log.mentioned > 0).then(|| format!("{} records name a token as what something was done to", log.mentioned)),
        (log.backwards > CLOCK).then(|| {
            let seconds = log.backwards / 1_000_000;
            format!("its times go back by up to {seconds} s: its clocks disagree, or it is out of order")
        }),
    ];
    said.into_iter().flatten().collect()
}
