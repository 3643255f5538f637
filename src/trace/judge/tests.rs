//! The weighing, sign by sign, and what logs leave open.

use super::{sign::Aspect, *};
use crate::{
    rule::Confidence,
    trace::{
        places::Nowhere,
        samples::{event, token},
    },
};

const DAY: i64 = 24 * 3_600_000_000;
const LEAK: i64 = 100 * DAY;

fn sign(kind: Kind, sure: Confidence) -> Sign {
    Sign { kind, sure, text: String::new(), evidence: Vec::new() }
}

fn stranger() -> Known<'static> {
    Known {
        network: false,
        family: true,
        name: Some("Firefox on Linux"),
        is_own: false,
        is_compared: true,
        takes_over: false,
        only_subject: false,
        is_ample: true,
        is_placed: true,
    }
}

/// Daily use from one address before the leak, and `after` it.
fn judged(before: i64, after: &[Event], logs: &[Log]) -> Judgement {
    judged_with(&[], before, after, logs)
}

/// The same where the user says that these networks are theirs.
fn judged_with(own: &[Block], before: i64, after: &[Event], logs: &[Log]) -> Judgement {
    let token = token(Some(LEAK), None);
    let case = Case { token: &token, logs, places: &Nowhere, own, now: LEAK + 5 * DAY };
    let mut judge = Judge::new(case);
    (0..before).rev().for_each(|nth| judge.add(&at(LEAK - nth * DAY / 4 - 1)));
    for event in after {
        judge.add(event);
    }
    judge.finish()
}

fn at(at: i64) -> Event {
    let mut event = event(at);
    event.address = Some("203.0.113.5".parse().unwrap());
    event.agent = Some("curl/8.5.0".into());
    event
}

fn logs(first: i64, last: i64) -> Vec<Log> {
    vec![Log { name: "x.log".to_owned(), first: Some(first), last: Some(last), ..Log::default() }]
}

#[test]
fn one_sign_alone_is_never_enough() {
    for &kind in Kind::ALL.iter().filter(|kind| **kind != Kind::TwoPlaces) {
        for sure in Confidence::ALL {
            let (finding, _) = weigh::finding(stranger(), &[sign(kind, *sure)]);
            assert_ne!(finding, Finding::Other, "{kind} {sure}");
        }
    }
}

#[test]
fn places_alone_are_a_connection_however_many_signs_they_make() {
    let signs = [Kind::NewNetwork, Kind::NewCountry, Kind::ImpossibleTravel].map(|kind| sign(kind, Confidence::High));
    assert!(signs.iter().all(|sign| sign.kind.aspect() == Aspect::Where));
    assert_eq!(weigh::finding(stranger(), &signs).0, Finding::Connection);
    let another = Known { family: false, ..stranger() };
    let signs = [signs[0].clone(), sign(Kind::NewAgent, Confidence::Medium)];
    assert_eq!(weigh::finding(another, &signs).0, Finding::Other);
}

#[test]
fn another_token_of_the_same_owner_is_nobody_else() {
    let known = Known { family: false, only_subject: true, ..stranger() };
    let signs = [sign(Kind::NewNetwork, Confidence::Low), sign(Kind::NewAgent, Confidence::Medium)];
    assert_eq!(weigh::finding(known, &signs).0, Finding::Unclear);
}

#[test]
fn no_use_is_said_only_of_logs_that_span_the_exposure() {
    let all = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    assert_eq!(judged(40, &[], &all).verdict, Verdict::NoUse);
    let short = judged(40, &[], &logs(LEAK - 30 * DAY, LEAK + 2 * DAY));
    assert_eq!(short.verdict, Verdict::CannotTell);
    assert_eq!(short.missing, [Missing::Revocation, Missing::Gap(LEAK + 2 * DAY, LEAK + 5 * DAY)]);
    let mut unread = all.clone();
    unread[0].unparsed = 1;
    assert_eq!(judged(40, &[], &unread).verdict, Verdict::CannotTell);
    assert_eq!(judged(40, &[], &[]).verdict, Verdict::CannotTell);
}

#[test]
fn uses_like_those_before_need_some_before() {
    let all = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    assert_eq!(judged(40, &[at(LEAK + DAY)], &all).verdict, Verdict::OnlyAsBefore);
    let thin = judged(3, &[at(LEAK + DAY)], &all);
    assert_eq!((thin.verdict, &thin.missing[0]), (Verdict::CannotTell, &Missing::Before(3)));
    assert_eq!(judged(40, &[at(LEAK + DAY)], &all).missing, [Missing::Revocation]);
    let mut untimed = at(0);
    untimed.at = None;
    assert_eq!(judged(40, &[untimed], &all).verdict, Verdict::CannotTell);
}

#[test]
fn a_forged_chain_changes_nothing() {
    let mut forged = at(LEAK + DAY);
    forged.forwarded = ["198.51.100.1".parse().unwrap()].into();
    let judgement = judged(40, &[forged], &logs(LEAK - 30 * DAY, LEAK + 5 * DAY));
    assert_eq!(judgement.verdict, Verdict::OnlyAsBefore);
    assert_eq!(judgement.actors.len(), 1);
}

#[test]
fn a_short_exposure_is_no_gap_that_may_be_overlooked() {
    let token = token(Some(LEAK), None);
    let verdict = |hours: i64, first: i64, last: i64| {
        let logs = logs(first, last);
        let case = Case { token: &token, logs: &logs, places: &Nowhere, own: &[], now: LEAK + hours * DAY / 24 };
        Judge::new(case).finish().verdict
    };
    assert_eq!(verdict(3, LEAK - 9 * DAY, LEAK - DAY), Verdict::CannotTell);
    assert_eq!(verdict(3, LEAK - 9 * DAY, LEAK + DAY / 24), Verdict::CannotTell);
    assert_eq!(verdict(3, LEAK - 9 * DAY, LEAK + DAY / 8), Verdict::NoUse);
    assert_eq!(verdict(3, LEAK - 9 * DAY, LEAK + 9 * DAY), Verdict::CannotTell, "times that are yet to come");
}

#[test]
fn who_names_no_program_is_not_whoever_always_named_one() {
    let all = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    let mut nameless = at(LEAK + DAY);
    (nameless.agent, nameless.address) = (None, Some("198.51.100.7".parse().unwrap()));
    let judgement = judged(40, &[nameless.clone()], &all);
    assert_eq!((judgement.verdict, judgement.actors[0].finding), (Verdict::UsedByOthers, Finding::Other));
    nameless.format = crate::trace::Format::Common;
    assert_eq!(judged(40, &[nameless], &all).verdict, Verdict::CannotTell, "a log that names none");
    let mut nowhere = at(LEAK + DAY);
    nowhere.address = None;
    assert_eq!(judged(40, &[nowhere], &all).verdict, Verdict::CannotTell);
}

#[test]
fn who_is_new_is_cleared_by_the_user_alone() {
    let all = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    let moved: Vec<Event> = (0..9)
        .map(|nth| {
            let mut event = at(LEAK + DAY + nth * DAY / 240);
            event.address = Some("198.51.100.7".parse().unwrap());
            event
        })
        .collect();
    let judgement = judged(40, &moved, &all);
    assert_eq!((judgement.verdict, judgement.actors[0].finding), (Verdict::CannotTell, Finding::Deployment));
    assert!(judgement.missing.contains(&Missing::New(1)));
    let own = [crate::trace::places::Block::parse("198.51.100.0/24").unwrap()];
    assert_eq!(judged_with(&own, 40, &moved, &all).verdict, Verdict::OnlyAsBefore);
    let mut probing = moved;
    probing[2..6].iter_mut().for_each(|event| event.outcome = crate::trace::Outcome::Denied);
    assert_eq!(judged(40, &probing, &all).verdict, Verdict::UsedByOthers);
    assert_eq!(judged_with(&own, 40, &probing, &all).verdict, Verdict::CannotTell, "a thief in one's own network");
}

#[test]
fn nothing_is_told_from_nothing_before() {
    let mut event = at(LEAK + DAY);
    event.persistence = Some(crate::trace::Persistence::UserCreated);
    let judgement = judged(0, &[event], &logs(LEAK - 30 * DAY, LEAK + 5 * DAY));
    assert_eq!(judgement.verdict, Verdict::CannotTell);
}

#[test]
fn a_crowd_hides_nobody() {
    let all = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    let from = |nth: u8, when: i64| {
        let mut event = at(when);
        event.address = Some(core::net::Ipv4Addr::new(60, nth / 100, nth, 1).into());
        event.agent = Some(format!("tool{}", char::from(b'a' + nth % 26)).as_str().into());
        event
    };
    let mut before: Vec<Event> = (0..200)
        .flat_map(|nth| (0..3).map(move |row| (nth, row)))
        .map(|(nth, row)| {
            let mut event = from(nth, LEAK - 20 * DAY + i64::from(nth) * DAY / 20);
            event.address = Some(core::net::Ipv4Addr::new(60, row, nth, 1).into());
            event
        })
        .collect();
    before.sort_by_key(|event| event.at);
    let mut thief = at(LEAK + DAY);
    thief.address = Some("198.51.100.7".parse().unwrap());
    before.push(thief);
    let judgement = judged(0, &before, &all);
    assert_eq!(judgement.verdict, Verdict::CannotTell);
    assert!(judgement.missing.contains(&Missing::Crowd(1)), "{:?}", judgement.missing);
    assert_eq!((judgement.actors.len(), judgement.more_actors), (100, 401));
}

#[test]
fn one_provider_in_two_countries_is_two_networks() {
    let place = |country: &str| crate::trace::places::Place {
        country: Some(country.to_owned()),
        system: Some(crate::trace::places::System { number: 64500, organisation: None }),
        ..Default::default()
    };
    let address = "203.0.113.5".parse().unwrap();
    assert_ne!(Network::of(address, &place("IE")), Network::of(address, &place("US")));
}

#[test]
fn a_program_that_takes_over_is_not_blamed_and_one_beside_the_owner_is() {
    let all = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    let other = |nth: i64| {
        let mut event = at(LEAK + DAY + nth * DAY / 4);
        (event.address, event.agent) = (Some("198.51.100.7".parse().unwrap()), Some("Go-http-client/2.0".into()));
        event
    };
    let owner: Vec<Event> = (1..4).map(|nth| at(LEAK + nth * DAY / 4)).collect();
    let moved: Vec<Event> = owner.into_iter().chain((0..15).map(other)).collect();
    let judgement = judged(40, &moved, &all);
    assert_eq!((judgement.verdict, judgement.actors[0].finding), (Verdict::CannotTell, Finding::Replacement));
    let silent: Vec<Event> = (0..15).map(other).collect();
    assert_eq!(judged(40, &silent, &all).verdict, Verdict::UsedByOthers, "the owner stopped at the leak");
    let mut beside = moved;
    beside.push(at(LEAK + 4 * DAY + DAY / 2));
    beside.sort_by_key(|event| event.at);
    assert_eq!(judged(40, &beside, &all).verdict, Verdict::UsedByOthers);
}

/// A log whose clock is five hours from that of another.
fn doubtful(first: i64, last: i64) -> Vec<Log> {
    let mut logs = logs(first, last);
    let skew = crate::trace::Skew { other: 1, name: "y.log".to_owned(), ahead: 5 * DAY / 24, requests: 9, by_id: true };
    logs[0].skews.push(skew);
    logs
}

#[test]
fn what_may_be_before_the_leak_counts_as_after_it_and_is_not_sure() {
    let mut theft = at(LEAK - DAY / 8);
    (theft.address, theft.agent) = (Some("198.51.100.7".parse().unwrap()), Some("Boto3/1.34".into()));
    theft.persistence = Some(crate::trace::Persistence::UserCreated);
    let learnt = judged(40, &[theft.clone()], &logs(LEAK - 30 * DAY, LEAK + 6 * DAY));
    assert_eq!(learnt.verdict, Verdict::NoUse, "by a clock that nothing speaks against");
    let judgement = judged(40, &[theft.clone()], &doubtful(LEAK - 30 * DAY, LEAK + 6 * DAY));
    let other = &judgement.actors[0];
    assert_eq!(
        (judgement.verdict, other.finding, other.sure),
        (Verdict::UsedByOthers, Finding::Other, Confidence::Medium)
    );
    assert!(other.signs.iter().all(|sign| sign.sure < Confidence::High), "{:?}", other.signs);
    assert!(judgement.missing.contains(&Missing::Near(1 + 1, 5 * DAY / 24)), "{:?}", judgement.missing);
    theft.at = Some(LEAK + DAY);
    let judgement = judged(40, &[theft], &doubtful(LEAK - 30 * DAY, LEAK + 6 * DAY));
    assert_eq!(judgement.actors[0].sure, Confidence::High);
}

#[test]
fn logs_have_to_span_the_exposure_by_what_their_clocks_may_be_off() {
    let token = token(Some(LEAK), Some(LEAK + DAY / 4));
    let verdict = |logs: &[Log]| {
        let case = Case { token: &token, logs, places: &Nowhere, own: &[], now: LEAK + 5 * DAY };
        Judge::new(case).finish().verdict
    };
    let (first, last) = (LEAK - DAY, LEAK + DAY / 4);
    assert_eq!(verdict(&logs(first, last)), Verdict::NoUse);
    assert_eq!(verdict(&doubtful(first, last)), Verdict::CannotTell);
    assert_eq!(verdict(&doubtful(first, last + DAY / 4)), Verdict::NoUse);
}

#[test]
fn what_nothing_is_known_of_was_not_looked_for() {
    let token = crate::trace::Token { needles: Vec::new(), ..token(Some(LEAK), None) };
    let logs = logs(LEAK - 30 * DAY, LEAK + 5 * DAY);
    let judgement =
        Judge::new(Case { token: &token, logs: &logs, places: &Nowhere, own: &[], now: LEAK + 5 * DAY }).finish();
    assert_eq!((judgement.verdict, &judgement.missing[0]), (Verdict::CannotTell, &Missing::Unsought));
}

#[test]
fn probing_that_two_logs_tell_of_is_not_sure() {
    let all = [logs(LEAK - 30 * DAY, LEAK + 5 * DAY), logs(LEAK - 30 * DAY, LEAK + 5 * DAY)].concat();
    let sure = |of: fn(u32) -> u32| {
        let probe: Vec<Event> = (0..5)
            .map(|nth| {
                let mut event = at(LEAK + DAY + i64::from(nth) * 60_000_000);
                event.address = Some("198.51.100.7".parse().unwrap());
                event.origin.log = of(nth);
                event.outcome = if nth < 4 { crate::trace::Outcome::Denied } else { crate::trace::Outcome::Allowed };
                event
            })
            .collect();
        let judgement = judged(40, &probe, &all);
        judgement.actors[0].signs.iter().find(|sign| sign.kind == Kind::Probing).map(|sign| sign.sure)
    };
    assert_eq!(sure(|_| 0), Some(Confidence::High));
    assert_eq!(sure(|nth| u32::from(nth == 4)), Some(Confidence::Medium));
}
