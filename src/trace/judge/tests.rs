//! The weighing, sign by sign, and what logs leave open.

use super::{
    samples::{event, token},
    sign::Aspect,
    *,
};
use crate::{rule::Confidence, trace::places::Nowhere};

const DAY: i64 = 24 * 3_600_000_000;
const LEAK: i64 = 100 * DAY;

fn sign(kind: Kind, sure: Confidence) -> Sign {
    Sign { kind, sure, text: String::new(), evidence: Vec::new() }
}

fn stranger() -> Known<'static> {
    Known { network: false, family: true, name: Some("Firefox on Linux"), only_subject: false, is_ample: true }
}

/// Daily use from one address before the leak, and `after` it.
fn judged(before: i64, after: &[Event], logs: &[Log]) -> Judgement {
    let token = token(Some(LEAK), None);
    let case = Case { token: &token, logs, places: &Nowhere, now: LEAK + 5 * DAY };
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
    assert_eq!(short.missing, [Missing::Gap(LEAK + 2 * DAY, LEAK + 5 * DAY)]);
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
