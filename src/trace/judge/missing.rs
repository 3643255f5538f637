//! What logs leave open: times that none of them tells of, records that could not be read, too little from before the leak.

use super::{Case, profile::Profile};

/// Shorter times that no log tells of are none: a quiet night, or the turn from one file to the next. In microseconds.
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
    /// So many users cannot be told from others.
    Unclear(usize),
}

impl Missing {
    /// Whether no verdict can be given for it, where there were so many uses after the leak.
    pub(super) fn counts(&self, uses: u64) -> bool {
        !matches!(self, Self::Before(_)) || uses > 0
    }
}

/// What is missing in `case`.
pub(super) fn of(case: Case<'_>, profile: &Profile, untimed: u64) -> Vec<Missing> {
    let mut missing = Vec::new();
    match case.token.leaked_at {
        Some(leaked) => {
            if !profile.is_ample() {
                missing.push(Missing::Before(profile.uses));
            }
            let until = case.token.revoked_at.unwrap_or(case.now).min(case.now);
            missing.extend(gaps(case, leaked, until));
        }
        None => missing.push(Missing::Leak),
    }
    missing.extend(case.logs.iter().filter(|log| !log.complete()).map(|log| {
        let why =
            log.failed.clone().unwrap_or_else(|| format!("{} records not understood, {} cut", log.unparsed, log.cut));
        Missing::Unread(log.name.clone(), why)
    }));
    missing.extend((untimed > 0).then_some(Missing::Untimed(untimed)));
    missing
}

/// The times within `from` and `to` that no log tells of.
fn gaps(case: Case<'_>, from: i64, to: i64) -> Vec<Missing> {
    let mut spans: Vec<(i64, i64)> = case.logs.iter().filter_map(|log| Some((log.first?, log.last?))).collect();
    spans.sort_unstable();
    spans.push((to, to));
    let mut told = from;
    let mut gaps = Vec::new();
    for (first, last) in spans {
        let first = first.min(to);
        if first.saturating_sub(told) > DAY {
            gaps.push(Missing::Gap(told, first));
        }
        told = told.max(last);
    }
    gaps
}
