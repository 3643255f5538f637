//! What signs come to: innocent stories are told first, and what none of them explains counts.
//!
//! | story | told where | explains |
//! |---|---|---|
//! | the user's own network | the user says so, and deeds differ at most faintly | all |
//! | another connection (a VPN, a mobile network) | the same program, nothing more than faint signs of other deeds, no steady turns with the owner | where |
//! | a journey | the same, a new country, and nobody had to fly faster than aircraft do | where, and odd hours |
//! | a deployment | a program of the same name that no person sits before, which does what was done before | where, and bursts and odd hours |
//! | a replacement | another program at a new place, which begins within a day of when those of before end for good, goes on for three days, and does what was done before | where, the program, and bursts and odd hours |
//! | another device | a known network, nothing more than faint signs of other deeds | the program |
//!
//! A story says that nothing speaks against it, never that it is true: a thief who does the same looks the same. So it takes the blame from somebody, and clears nobody but where the user says that the network is theirs.
//!
//! What is left has to be of two aspects (where, who, when, what), one of them at least of medium sureness, or be steady turns of two places. One sign alone never is enough.

use std::collections::BTreeSet;

use super::sign::{Aspect, Kind, Sign};
use crate::{
    rule::{Confidence, names},
    trace::agent,
};

/// What one user of a token is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// Somebody else.
    Other,
    /// This cannot be told.
    Unclear,
    /// The owner, on another connection.
    Connection,
    /// The owner, on a journey.
    Journey,
    /// The owner's program, at a new place.
    Deployment,
    /// The owner's new program at a new place, in place of the old one.
    Replacement,
    /// The owner, with another device or program.
    Device,
    /// Whoever the user says is their own.
    Own,
    /// Whoever used it before.
    Before,
}

names!(Finding {
    Other = "other",
    Unclear = "unclear",
    Connection = "connection",
    Journey = "journey",
    Deployment = "deployment",
    Replacement = "replacement",
    Device = "device",
    Own = "own",
    Before = "before",
});

/// What is known of one user besides its signs.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Known<'f> {
    pub(super) network: bool,
    pub(super) family: bool,
    pub(super) name: Option<&'f str>,
    /// Whether the user says that the network is theirs.
    pub(super) is_own: bool,
    /// Whether there are any uses from before the leak to compare with.
    pub(super) is_compared: bool,
    /// Whether it begins where those of before end: a thief does not make the owner stop.
    pub(super) takes_over: bool,
    /// Whether another token of the same owner looks the same.
    pub(super) only_subject: bool,
    /// Whether enough is known from before the leak.
    pub(super) is_ample: bool,
    /// Whether it is known from where on the internet every use came.
    pub(super) is_placed: bool,
}

/// What a user with these `signs` is taken for, and how sure that is.
pub(super) fn finding(known: Known<'_>, signs: &[Sign]) -> (Finding, Confidence) {
    let story = story(known, signs);
    let left: Vec<&Sign> = signs.iter().filter(|sign| !story.is_some_and(|story| explains(story, sign.kind))).collect();
    let aspects: BTreeSet<Aspect> = left.iter().map(|sign| sign.kind.aspect()).collect();
    let surest = left.iter().map(|sign| sign.sure).max();
    let is_steady = left.iter().any(|sign| sign.kind == Kind::TwoPlaces && sign.sure == Confidence::High);
    let is_much = is_steady || aspects.len() >= 2 && surest >= Some(Confidence::Medium);
    let sure =
        if aspects.len() >= 3 || surest == Some(Confidence::High) { Confidence::High } else { Confidence::Medium };
    let is_known = known.network && known.family;
    match (is_much, story) {
        (_, Some(Finding::Own)) => (Finding::Own, Confidence::Medium),
        (true, _) if is_known || known.is_own || known.only_subject || !known.is_compared => {
            (Finding::Unclear, Confidence::Medium)
        }
        (true, _) if known.is_ample => (Finding::Other, sure),
        (true, _) => (Finding::Other, Confidence::Medium),
        // Who was there before may still be asked about deeds that were never done.
        (false, _) if is_known && known.is_placed && surest < Some(Confidence::High) => {
            (Finding::Before, Confidence::Medium)
        }
        (false, _) if is_known => (Finding::Unclear, Confidence::Low),
        (false, Some(story)) if left.is_empty() && known.is_ample => (story, Confidence::Medium),
        (false, _) => (Finding::Unclear, Confidence::Low),
    }
}

/// The innocent story that fits, if one does.
fn story(known: Known<'_>, signs: &[Sign]) -> Option<Finding> {
    let sure = |kind: Kind| signs.iter().find(|sign| sign.kind == kind).map(|sign| sign.sure);
    let does_the_same = !signs.iter().any(|sign| sign.kind.aspect() == Aspect::What && sign.sure > Confidence::Low);
    let is_steady = sure(Kind::TwoPlaces) == Some(Confidence::High);
    let is_person = known.name.is_none_or(agent::is_of_a_person);
    let travels = sure(Kind::NewCountry).is_some() && sure(Kind::ImpossibleTravel).is_none();
    match known {
        _ if !does_the_same => None,
        Known { is_own: true, .. } => Some(Finding::Own),
        Known { network: true, family: false, .. } => Some(Finding::Device),
        Known { family: false, takes_over: true, .. } if !is_steady => Some(Finding::Replacement),
        Known { family: false, .. } => None,
        _ if !is_person && sure(Kind::NewEndpoints).is_none() => Some(Finding::Deployment),
        _ if is_steady => None,
        _ if travels && sure(Kind::TwoPlaces).is_none() => Some(Finding::Journey),
        _ => Some(Finding::Connection),
    }
}

/// Whether `story` explains a sign of this kind. Faint signs of other deeds are explained by each: it is told only where there are no others.
fn explains(story: Finding, kind: Kind) -> bool {
    match (story, kind.aspect()) {
        (_, Aspect::What) | (Finding::Replacement, Aspect::Who) => true,
        (Finding::Device, aspect) => aspect == Aspect::Who,
        (_, Aspect::Where) => true,
        (Finding::Journey, _) => kind == Kind::OddHours,
        (Finding::Deployment | Finding::Replacement, _) => matches!(kind, Kind::OddHours | Kind::Burst),
        _ => false,
    }
}
