//! Writes what was judged, one file for each format. Deciding is done; here hostile strings of logs are made harmless, and nothing of a token stands but its masked form (law 3).

mod coverage;
mod html;
mod json;
#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;

pub use self::{coverage::remarks, html::html, json::json, text::text};
use super::{
    beside::{Beside, Shared},
    event::Token,
    judge::{Actor, Evidence, Judgement, Missing},
    log::Log,
};

/// Everything that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Traced<'r> {
    /// The tokens that were looked for.
    pub tokens: &'r [Token],
    /// What became of each, in the same order.
    pub judgements: &'r [Judgement],
    /// What else was done by those who are new to each, in the same order.
    pub beside: &'r [Vec<Beside>],
    /// The logs that were read.
    pub logs: &'r [Log],
    /// What was not looked for, or not in every way.
    pub notes: &'r [String],
}

impl<'r> Traced<'r> {
    fn each(&self) -> impl Iterator<Item = (&'r Token, &'r Judgement, &'r [Beside])> {
        let beside = self.beside.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
        self.tokens
            .iter()
            .zip(self.judgements)
            .zip(beside)
            .map(|((token, judgement), beside)| (token, judgement, beside))
    }

    /// `access.log:17`, the place at which an event was read.
    fn place(&self, evidence: &Evidence) -> String {
        let name = self.logs.get(evidence.origin.log as usize).map_or("a log", |log| log.name.as_str());
        format!("{name}:{}", evidence.origin.line)
    }
}

/// RFC 3339 in UTC, to the second.
pub(super) fn time(at: i64) -> String {
    let stamp = Timestamp::from_second(at.div_euclid(1_000_000)).ok();
    stamp.map_or_else(|| "at no known time".to_owned(), |stamp| stamp.to_string())
}

/// A stretch of time in at most two units, as `3 min 12 s`.
pub(super) fn span(micros: i64) -> String {
    let seconds = micros.unsigned_abs() / 1_000_000;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let largest = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units.iter().skip(largest).take(2) {
        parts.push((rest / unit, name));
        rest %= unit;
    }
    let told: Vec<String> = parts.iter().map(|(count, name)| format!("{count} {name}")).collect();
    let zero = parts.last().is_some_and(|(count, _)| *count == 0) && parts.len() > 1;
    told[..told.len() - usize::from(zero)].join(" ")
}

/// Who somebody is, in a line.
pub(super) fn who(actor: &Actor) -> String {
    let network = actor.network.as_ref().map_or_else(|| "no known address".to_owned(), ToString::to_string);
    let place: Vec<&str> =
        [&actor.place.city, &actor.place.country].into_iter().flatten().map(String::as_str).collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let family = actor.family.as_deref().map_or_else(String::new, |family| format!(", {family}"));
    format!("{network}{place}{family}")
}

/// What somebody did besides, in a line.
pub(super) fn did(beside: &Beside) -> String {
    let address = beside.address.map_or_else(|| "no known address".to_owned(), |address| address.to_string());
    let principal = beside.principal.as_deref().unwrap_or("nobody named");
    let (allowed, denied) = beside.outcomes;
    let shares = match beside.shared {
        Shared::Address => "without the token, from an address of a new user",
        Shared::Principal => "without the token, from where it was not used before",
    };
    format!("{principal} from {address}: {} acts {shares}; {allowed} allowed, {denied} refused", beside.acts)
}

/// What is missing, as a sentence.
fn missing(missing: &Missing) -> String {
    match missing {
        Missing::Leak => "It is not known when it leaked, so there is nothing to compare with.".to_owned(),
        Missing::Before(uses) => {
            format!("There are {uses} uses from before the leak: too few to know what is usual. Add older logs.")
        }
        Missing::Gap(from, to) => format!("No log tells of the time from {} to {}.", time(*from), time(*to)),
        Missing::Unread(log, why) => format!("{log} was not read as a whole: {why}."),
        Missing::Untimed(uses) => format!("{uses} uses have no time that can be read."),
        Missing::Early(uses) => format!(
            "{uses} uses are from before it was issued, as it says itself: the clock of their log is wrong, or its zone (--timezone)."
        ),
        Missing::Near(uses, doubt) => format!(
            "{uses} uses are within {} of the leak, by which clocks of these logs may be wrong: they count as after it, and may have been before.",
            span(*doubt)
        ),
        Missing::Hidden(uses) => format!(
            "{uses} uses name no address of the internet, or come through a proxy for clients that are new: whoever made them looks like the owner. Add logs that name the clients' addresses, or name the networks that are yours (--own)."
        ),
        Missing::Times => {
            "It leaked in times that are yet to come, or after it was revoked: one of these times is wrong (--leaked-at, --revoked-at).".to_owned()
        }
        Missing::Unsought => {
            "Nothing is known of it that could be looked for: it is too short, or its value is not at hand.".to_owned()
        }
        Missing::New(users) => format!(
            "{users} of its users are new since the leak. They look like the owner elsewhere, and a careful thief looks the same: name the networks that are yours (--own)."
        ),
        Missing::Crowd(uses) => format!("{uses} uses are of users that were too many to tell apart."),
        Missing::Clock(log) => {
            format!("{log} tells of times that are yet to come: its clock is wrong, or its zone (--timezone).")
        }
        Missing::Revocation => {
            "It is not known when it was revoked: it counts as exposed until now (--revoked-at).".to_owned()
        }
        Missing::Unclear(users) => format!("{users} of its users can neither be told from others nor explained."),
    }
}
