//! What of each log could not be read, or was read with a doubt (law 5).

use super::span;
use crate::trace::log::{Log, Skew};

/// What is to be said of a log, each as a sentence without an end.
pub fn remarks(log: &Log) -> Vec<String> {
    let lines = &log.unparsed_at;
    let unfinished = log.unfinished();
    let said = [
        log.failed.clone(),
        (log.unparsed > 0)
            .then(|| format!("{} records with a token are in no known format (lines {lines:?})", log.unparsed)),
        (unfinished > 0)
            .then(|| format!("{unfinished} requests with a token began, and it does not say how they ended")),
        (log.without_zone > 0).then(|| format!("{} times name no zone", log.without_zone)),
        (log.cut > 0).then(|| format!("{} records are too long to be read whole", log.cut)),
        (log.mentioned > 0).then(|| format!("{} records name a token as what something was done to", log.mentioned)),
        (log.first.is_none() && log.bytes > 0 && log.failed.is_none())
            .then(|| "no time in it can be read, so it is not known from when to when it tells".to_owned()),
        back(log),
        (log.ahead > 0).then(|| format!("its times are up to {} ahead of the present", span(log.ahead))),
    ];
    said.into_iter().flatten().chain(log.skews.iter().filter_map(ahead)).collect()
}

fn back(log: &Log) -> Option<String> {
    let times = if log.falls == 1 { "once".to_owned() } else { format!("{} times", log.falls) };
    let furthest = span(log.backwards);
    log.goes_back().then(|| {
        format!("its times, as far as they were looked at, go back {times}, by up to {furthest}: its clocks disagree, or it is out of order")
    })
}

/// Said of the log that is ahead alone.
fn ahead(skew: &Skew) -> Option<String> {
    let by = if skew.by_id { "requests that both hold" } else { "requests that look the same in both" };
    (skew.matters() && skew.ahead > 0).then(|| {
        format!("its clock runs {} ahead of that of {}, by {} {by}", span(skew.ahead), skew.name, skew.requests)
    })
}
