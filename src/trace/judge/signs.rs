//! The signs that one user of a token gives, each from what was followed of it (`follow`) and the profile from before the leak.

use super::{
    actor::Acting,
    profile::Profile,
    sign::{Kind, Shown, Sign, counted, lowered},
};
use crate::rule::Confidence::{self, High, Low, Medium};

/// An hour, in microseconds.
const HOUR: i64 = 3_600_000_000;

/// All signs that `actor` gives, in the order of their kinds.
pub(super) fn of(actor: &Acting, profile: &Profile) -> Vec<Sign> {
    let signs: [fn(&Acting, &Profile) -> Option<Sign>; 13] = [
        network,
        country,
        travel,
        two_places,
        agent,
        hours,
        burst,
        after_revocation,
        breadth,
        endpoints,
        objects,
        probing,
        persistence,
    ];
    // What may all have been before the leak is compared with the wrong time.
    let most = if actor.is_near_leak { Medium } else { High };
    let capped = |sign: Sign| Sign { sure: sign.sure.min(most), ..sign };
    signs.iter().filter_map(|sign| sign(actor, profile)).map(capped).collect()
}

fn sign(kind: Kind, sure: Confidence, shown: &Shown, text: String) -> Sign {
    Sign { kind, sure, text, evidence: shown.first.clone() }
}

fn network(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let network = actor.who.network.as_ref().filter(|network| profile.is_new_network(network))?;
    let text = format!(
        "{} from {network}, which is not among {} of before",
        counted(actor.after.count, "use"),
        counted(profile.networks.len() as u64, "network")
    );
    (!profile.networks.is_empty()).then(|| sign(Kind::NewNetwork, Low, &actor.after, text))
}

fn country(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let country = actor.place.country.as_ref().filter(|country| !profile.countries.may_have(country))?;
    let text = format!(
        "{} from {country}; before the leak all came from {}",
        counted(actor.after.count, "use"),
        names(profile)
    );
    (!profile.countries.is_empty()).then(|| sign(Kind::NewCountry, Low, &actor.after, text))
}

fn names(profile: &Profile) -> String {
    profile.countries.first(5).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

fn travel(actor: &Acting, _: &Profile) -> Option<Sign> {
    let jumps = &actor.jumps;
    let (kilometres, minutes) = jumps.furthest?;
    let sure = claimed(actor, if jumps.shown.count >= 3 { High } else { Medium });
    let text = format!("{kilometres:.0} km within {minutes} minutes, {}", counted(jumps.shown.count, "time"));
    Some(sign(Kind::ImpossibleTravel, sure, &jumps.shown, text))
}

/// What a person does from one device does not come from two networks in turns; programs may run in several places.
fn two_places(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let turns = actor.turns.count;
    let sure = match turns {
        0 => return None,
        // Without a map, two networks in turns may be those of one telephone.
        5.. if profile.turns < 3 && actor.jumps.shown.count >= 3 => High,
        3.. if profile.turns < 3 => Medium,
        _ => Low,
    };
    let text =
        format!("{} it was used within 30 minutes between two uses from another network", counted(turns, "time"));
    let sure = if actor.are_turns_in_order { sure } else { lowered(sure) };
    Some(sign(Kind::TwoPlaces, claimed(actor, sure), &actor.turns, text))
}

fn agent(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let family = match &actor.who.family {
        Some(family) if !profile.families.may_have(family) => family.as_str(),
        None if profile.always_named(actor.format) => "none is named",
        _ => return None,
    };
    let sure = if profile.is_ample() && profile.families.len() <= 3 { Medium } else { Low };
    let before: Vec<String> = profile.families.first(5).into_iter().map(|(name, _)| name).collect();
    let text = format!("{family}; before the leak it was {}", before.join(", "));
    (!before.is_empty()).then(|| sign(Kind::NewAgent, sure, &actor.after, text))
}

fn hours(actor: &Acting, profile: &Profile) -> Option<Sign> {
    if profile.uses < 50 || !profile.is_ample() || actor.after.count < 5 {
        return None;
    }
    let near = |hour: usize| profile.hours[(hour + 23) % 24] + profile.hours[hour] + profile.hours[(hour + 1) % 24];
    let is_odd = |hour: &usize| near(*hour) * 100 < profile.uses;
    let odd: u64 = (0..24).filter(is_odd).map(|hour| actor.hours[hour]).sum();
    let is_sure = odd >= 10 && odd * 5 >= actor.after.count * 4 && actor.doubt.max(profile.doubt) < HOUR;
    let sure = if is_sure { Medium } else { Low };
    let text =
        format!("{odd} of {} at hours that had less than 1 in 100 uses before", counted(actor.after.count, "use"));
    (odd * 2 >= actor.after.count && odd > 0).then(|| sign(Kind::OddHours, sure, &actor.after, text))
}

fn burst(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let (uses, bytes) = (actor.rate.uses, actor.rate.bytes);
    let many = profile.is_ample() && uses > (3 * profile.rate.uses).max(50);
    let much = profile.is_ample() && bytes > (5 * profile.rate.bytes).max(100 << 20);
    let sure = if much || uses > 5 * profile.rate.uses { Medium } else { Low };
    let text = format!(
        "{uses} uses and {bytes} bytes in the busiest hours; before the leak {} and {}",
        profile.rate.uses, profile.rate.bytes
    );
    (many || much).then(|| sign(Kind::Burst, sure, &actor.after, text))
}

fn after_revocation(actor: &Acting, _: &Profile) -> Option<Sign> {
    let (refused, allowed) = (actor.refused, actor.revoked.count - actor.refused);
    let text = format!("{refused} refused, {allowed} not");
    (actor.revoked.count > 0).then(|| sign(Kind::AfterRevocation, Low, &actor.revoked, text))
}

fn breadth(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let (now, before) = (actor.rate.endpoints, profile.rate.endpoints);
    let sure = if now > 5 * before { High } else { Medium };
    let text = format!("{now} endpoints within an hour; before the leak {before} at most");
    (profile.is_ample() && now > (2 * before).max(10)).then(|| sign(Kind::Breadth, sure, &actor.after, text))
}

fn endpoints(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let (new, all) = (actor.new_endpoints.len(), actor.endpoints.len());
    let is_rich = profile.is_ample() && profile.uses >= 100;
    let sure = if is_rich && new >= 5 && new * 2 > all { Medium } else { Low };
    let first: Vec<String> = actor.new_endpoints.first(5).into_iter().map(|(name, _)| name).collect();
    let text = format!("{new} of {all}: {}", first.join(", "));
    (new > 0 && !profile.endpoints.is_empty()).then(|| sign(Kind::NewEndpoints, sure, &actor.at_new_endpoints, text))
}

fn objects(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let (new, all) = (actor.new_objects.len(), actor.objects.len());
    let sure = if profile.is_ample() && new >= 200 && new * 10 >= all * 9 { Medium } else { Low };
    let text = format!("{new} of {all}");
    (new >= 20 && new * 5 >= all * 4 && profile.objects() > 0)
        .then(|| sign(Kind::NewObjects, sure, &actor.at_new_objects, text))
}

fn probing(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let is_usual = profile.denied * 10 > profile.uses;
    let shown = actor.probe.shown.as_ref().filter(|_| !is_usual)?;
    let text = format!("{} and then success, within an hour", counted(actor.probe.refused, "refusal"));
    let sure = if actor.probe.is_of_one_log { High } else { Medium };
    Some(sign(Kind::Probing, sure, shown, text))
}

fn persistence(actor: &Acting, profile: &Profile) -> Option<Sign> {
    let kinds: Vec<&str> = actor.left_kinds.iter().map(|kind| kind.name()).collect();
    let is_usual = actor.left_kinds.iter().all(|kind| profile.left.contains(kind));
    let text = format!("{}: {}", counted(actor.left.count, "act"), kinds.join(", "));
    (actor.left.count > 0).then(|| sign(Kind::Persistence, if is_usual { Low } else { High }, &actor.left, text))
}

/// Less sure, where the requests themselves are all that says where they came from.
fn claimed(actor: &Acting, sure: Confidence) -> Confidence {
    if actor.is_claimed { lowered(sure) } else { sure }
}
