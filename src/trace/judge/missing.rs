//! What logs leave open: times that none of them tells of, records that could not be read, too little from before the leak.

use super::{Case, profile::Profile};
use crate::trace::log::Log;

/// Shorter times that no log tells of are none, whatever the exposure: the turn from one file to the next. In microseconds.
const SHORTEST: i64 = 600 * 1_000_000;
/// Nor are those up to a day within a long exposure: a quiet night. In microseconds.
const DAY: i64 = 24 * 3_600_000_000;

/// Something that the logs leave open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// When the token leaked is not known.
    Leak,
    /// Too few uses before the leak to call anything unlike them; how many.
    Before(u64),
    /// No log tells of a time in which the token was exposed: from when to when, in microseconds since 1970 UTC.
    Gap(i64, i64),
    /// A log was not read as a whole; its name, and why.
    Unread(String, String),
    /// So many uses have no time.
    Untimed(u64),
    /// So many uses are from before the token was issued, as it says itself.
    Early(u64),
    /// Of so many uses clocks leave open whether they are before the leak, since those may be wrong by so many microseconds.
    Near(u64, i64),
    /// So many uses name no address of the internet, or come through a proxy for clients that are new: anybody may be behind them.
    Hidden(u64),
    /// The token leaked in times that are yet to come, or after it was revoked: one of those times is wrong.
    Times,
    /// Nothing is known of the token that could be looked for.
    Unsought,
    /// So many users cannot be told from others.
    Unclear(usize),
    /// So many users are new since the leak, and look like the owner elsewhere: a thief who does the same looks the same.
    New(usize),
    /// There were too many users to tell apart; so many uses after the leak are of those that were not.
    Crowd(u64),
    /// A log tells of times that are yet to come, so it is not known from when to when it tells; its name.
    Clock(String),
    /// When the token was revoked is not known: it counts as exposed until now.
    Revocation,
}

impl Missing {
    /// Whether no verdict can be given for it, where there were so many uses after the leak.
    pub(super) fn counts(&self, uses: u64) -> bool {
        match self {
            Self::Before(_) => uses > 0,
            Self::Revocation | Self::Near(..) => false,
            _ => true,
        }
    }
}

/// What is missing in `case`.
pub(super) fn of(case: Case<'_>, profile: &Profile, untimed: u64) -> Vec<Missing> {
    let mut missing = Vec::new();
    missing.extend(case.token.needles.is_empty().then_some(Missing::Unsought));
    match case.token.leaked_at {
        Some(leaked) => {
            if !profile.is_ample() {
                missing.push(Missing::Before(profile.uses));
            }
            missing.extend(case.token.revoked_at.is_none().then_some(Missing::Revocation));
            let until = case.token.revoked_at.unwrap_or(case.now).min(case.now);
            missing.extend((leaked > until).then_some(Missing::Times));
            missing.extend(gaps(case, leaked, until));
        }
        None => missing.push(Missing::Leak),
    }
    missing.extend(case.logs.iter().filter(|log| !log.complete()).map(|log| {
        let why = || {
            let unfinished = log.unfinished();
            format!("{} records not understood, {} cut, {unfinished} without an end", log.unparsed, log.cut)
        };
        Missing::Unread(log.name.clone(), log.failed.clone().unwrap_or_else(why))
    }));
    let is_ahead = |log: &&Log| log.last.is_some_and(|last| last > case.now.saturating_add(DAY));
    missing.extend(case.logs.iter().filter(is_ahead).map(|log| Missing::Clock(log.name.clone())));
    missing.extend((untimed > 0).then_some(Missing::Untimed(untimed)));
    missing
}

/// The times within `from` and `to` that no log tells of, as far as they are long beside all of it.
fn gaps(case: Case<'_>, from: i64, to: i64) -> Vec<Missing> {
    let longest = (to.saturating_sub(from) / 4).clamp(SHORTEST, DAY);
    let mut spans = spans(case.logs, longest);
    if to > from && !spans.iter().any(|&(first, last)| first < to && last >= from) {
        return vec![Missing::Gap(from, to)];
    }
    spans.push((to, to));
    let mut told = from;
    let mut gaps = Vec::new();
    for (first, last) in spans {
        let first = first.min(to);
        if first.saturating_sub(told) > longest {
            gaps.push(Missing::Gap(told, first));
        }
        told = told.max(last);
    }
    gaps
}

/// The times that logs surely tell of, in order, those as one that lie at most `longest` apart: where clocks may be wrong, less at both ends.
fn spans(logs: &[Log], longest: i64) -> Vec<(i64, i64)> {
    let of_log = |log: &Log| Some((log.first?, log.last?, log.doubt()));
    let mut each: Vec<(i64, i64, i64)> = logs.iter().filter_map(of_log).collect();
    each.sort_unstable();
    let mut spans: Vec<(i64, i64, i64)> = Vec::new();
    for (first, last, doubt) in each {
        match spans.last_mut() {
            Some(span) if first.saturating_sub(span.1) <= longest => {
                *span = (span.0, span.1.max(last), span.2.max(doubt));
            }
            _ => spans.push((first, last, doubt)),
        }
    }
    let surely = |(first, last, doubt): (i64, i64, i64)| (first.saturating_add(doubt), last.saturating_sub(doubt));
    spans.into_iter().map(surely).filter(|(first, last)| first <= last).collect()
}
