//! An incident that never was: two weeks of 200 users, five thefts of different kinds, and three false alarms, each judged right whatever the seed.

use core::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::trace::{
    chance::Chance,
    event::{Origin, Outcome, Persistence},
    places::Coordinates,
    samples::{event, token},
    store::Store,
};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday.
const START: i64 = 1_767_571_200_000_000;
const LEAK: i64 = START + 8 * DAY;
const REVOKED: i64 = START + 13 * DAY;
const END: i64 = START + 14 * DAY;
const USERS: usize = 200;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
const APP: &str = "example-app/5.1 (iPhone; iOS 17.5)";

/// Where the first part of an address is: at home, in three other cities, in a cloud.
struct Table;

impl Places for Table {
    fn place(&self, address: IpAddr) -> Place {
        let IpAddr::V4(address) = address else { return Place::default() };
        let (country, latitude, longitude) = match address.octets()[0] {
            81 => ("DE", 52.5, 13.4),
            90 => ("AU", -33.9, 151.2),
            91 => ("US", 40.7, -74.0),
            92 => ("IE", 53.3, -6.2),
            _ => ("DE", 53.6, 10.0),
        };
        let at = Some(Coordinates { latitude, longitude, radius: 20 });
        Place { country: Some(country.to_owned()), at, ..Place::default() }
    }
}

/// All that happens.
struct World {
    chance: Chance,
    events: Vec<Event>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self { chance: Chance(seed * 2 + 1), events: Vec::new() };
        (0..USERS).for_each(|user| world.lives(user));
        thefts(&mut world);
        false_alarms(&mut world);
        for (line, event) in world.events.iter_mut().enumerate() {
            event.origin = Origin { log: 0, line: line as u64 + 1, record: 0 };
        }
        world
    }

    #[allow(clippy::too_many_arguments, reason = "one line of a log, written many times below")]
    fn add(&mut self, user: usize, at: i64, from: [u8; 2], agent: &str, action: &str) -> &mut Event {
        let number = u8::try_from(user).unwrap();
        let mut event = event(at);
        event.token = Some(user);
        event.address = Some(Ipv4Addr::new(from[0], number, from[1], 7).into());
        event.agent = Some(agent.into());
        event.action = action.into();
        self.events.push(event);
        self.events.last_mut().unwrap()
    }

    /// Days of work, evenings at home now and then, an update of the browser; programs work around the clock.
    fn lives(&mut self, user: usize) {
        for day in 0..13 {
            let morning = START + day * DAY;
            for _ in 0..20 + self.chance.below(20) {
                let hour = if is_program(user) { self.chance.below(24) } else { 8 + self.chance.below(12) };
                let at = self.chance.time(0, HOUR) + morning + i64::try_from(hour).unwrap() * HOUR;
                let network = if is_program(user) || (9..17).contains(&hour) { 1 } else { 2 };
                let action = format!(
                    "GET /api/{}",
                    ["docs", "mail", "tasks", "me"][usize::try_from(self.chance.below(4)).unwrap()]
                );
                let object = format!("doc-{}", self.chance.below(50));
                let agent = usual_agent(user, day);
                // On a journey, and on the VPN, elsewhere.
                if is_away(user, at) {
                    continue;
                }
                self.add(user, at, [81, network], &agent, &action).object = Some(object.as_str().into());
            }
        }
    }
}

fn is_program(user: usize) -> bool {
    user == 1 || user == 7 || user % 10 == 9
}

fn usual_agent(user: usize, day: i64) -> String {
    match user {
        1 => "git/2.43.0".to_owned(),
        2 => APP.to_owned(),
        3 => "aws-cli/2.15.1 Python/3.11.6".to_owned(),
        _ if is_program(user) => "python-requests/2.31.0".to_owned(),
        _ if day > 5 => FIREFOX.replace("128", "129"),
        _ => FIREFOX.to_owned(),
    }
}

fn is_away(user: usize, at: i64) -> bool {
    let hour = (at - START).rem_euclid(DAY) / HOUR;
    user == 6 && at >= LEAK + DAY || user == 5 && at >= LEAK && (10..16).contains(&hour)
}

fn thefts(world: &mut World) {
    // A cookie is replayed from abroad, with a copied user agent, while its owner is at work.
    for turn in 0..30 {
        let at = LEAK + DAY + 10 * HOUR + turn * 4 * MINUTE;
        world.add(0, at, [81, 1], &usual_agent(0, 9), "GET /api/docs");
        world.add(0, at + 2 * MINUTE, [90, 1], &usual_agent(0, 9), "GET /api/mail");
    }
    // A CI token lists all there is at night from a cloud.
    for nth in 0..300 {
        let action =
            format!("GET /org/repo-{}/info/refs", ["a", "b", "c", "d", "e", "f"][nth % 6].repeat(1 + nth / 6 % 10));
        world.add(
            1,
            LEAK + 2 * DAY + 3 * HOUR + i64::try_from(nth).unwrap() * 5_000_000,
            [92, 1],
            "curl/8.5.0",
            &action,
        );
    }
    // A refresh token is used slowly from a home of the same country.
    for nth in 0..20 {
        world.add(2, LEAK + DAY + nth * 5 * HOUR, [93, 1], "okhttp/4.12.0", "GET /api/me");
    }
    // A cloud's key is tried out, and makes a user.
    for (nth, action) in
        ["GetCallerIdentity", "ListUsers", "ListBuckets", "DescribeInstances", "CreateUser"].iter().enumerate()
    {
        let event = world.add(3, LEAK + 2 * HOUR + i64::try_from(nth).unwrap() * MINUTE, [92, 2], "Boto3/1.34", action);
        if (1..4).contains(&nth) {
            event.outcome = Outcome::Denied;
        }
        event.persistence = (nth == 4).then_some(Persistence::UserCreated);
    }
    // A download of everything, and then only refusals.
    for nth in 0..600_i64 {
        let event = world.add(4, LEAK + 4 * DAY + 12 * HOUR + nth * 1_000_000, [91, 1], FIREFOX, "GET /api/docs");
        event.object = Some(format!("doc-{}", 1_000 + nth).as_str().into());
        event.bytes = Some(1 << 20);
    }
    for nth in 0..5 {
        world.add(4, REVOKED + HOUR + nth * MINUTE, [91, 1], FIREFOX, "GET /api/docs").outcome = Outcome::Denied;
    }
}

fn false_alarms(world: &mut World) {
    for day in 8..13 {
        for nth in 0..20 {
            // On a VPN over noon.
            let at = START + day * DAY + 10 * HOUR + nth * 17 * MINUTE;
            world.add(5, at, [91, 9], &usual_agent(5, day), "GET /api/mail");
            // On a journey, at that country's hours, a day after the last use at home.
            if day >= 10 {
                world.add(6, START + day * DAY + nth * 25 * MINUTE, [90, 9], &usual_agent(6, day), "GET /api/tasks");
            }
        }
    }
    // A program also runs in a cloud from now on, a version later.
    for nth in 0..200 {
        let at = LEAK + 3 * HOUR + nth * 30 * MINUTE;
        let action = ["GET /api/docs", "GET /api/tasks"][usize::from(nth % 2 == 0)];
        world.add(7, at, [92, 9], "python-requests/2.32.3", action);
    }
}

fn logs(first: i64, last: i64) -> Vec<Log> {
    vec![Log { name: "access.log".to_owned(), first: Some(first), last: Some(last), ..Log::default() }]
}

/// What becomes of all users' tokens.
fn judged(events: &[Event]) -> Vec<Judgement> {
    let token = token(Some(LEAK), Some(REVOKED));
    let logs = logs(START, END);
    let case = Case { token: &token, logs: &logs, places: &Table, own: &[], now: END };
    let mut judges: Vec<Judge<'_>> = (0..USERS).map(|_| Judge::new(case)).collect();
    let mut store = Store::with_bound(1 << 20);
    for event in events {
        store.push(event).unwrap();
    }
    for event in store.sorted().unwrap() {
        let event = event.unwrap();
        judges[event.token.unwrap()].add(&event);
    }
    judges.into_iter().map(Judge::finish).collect()
}

#[test]
fn thefts_are_told_from_false_alarms() {
    for seed in 1..=4 {
        for (user, judgement) in judged(&World::new(seed).events).into_iter().enumerate() {
            // Who is new and does nothing else cannot be told from a careful thief: neither blamed nor cleared.
            let wanted = match user {
                0..5 => Verdict::UsedByOthers,
                5..8 => Verdict::CannotTell,
                _ => Verdict::OnlyAsBefore,
            };
            let actors = &judgement.actors;
            assert_eq!(judgement.verdict, wanted, "seed {seed}, user {user}: {:?} {actors:#?}", judgement.missing);
        }
    }
}

#[test]
fn the_thief_is_named_and_the_innocent_are_understood() {
    let judged = judged(&World::new(9).events);
    let finding = |user: usize, network: &str| {
        let is_it = |actor: &&Actor| actor.network.as_ref().is_some_and(|known| known.to_string() == network);
        judged[user].actors.iter().find(is_it).map(|actor| actor.finding)
    };
    assert_eq!(finding(0, "90.0.1.0/24"), Some(Finding::Other));
    assert_eq!(finding(0, "81.0.1.0/24"), Some(Finding::Before));
    assert_eq!(finding(5, "91.5.9.0/24"), Some(Finding::Connection));
    assert_eq!(finding(6, "90.6.9.0/24"), Some(Finding::Journey));
    assert_eq!(finding(7, "92.7.9.0/24"), Some(Finding::Deployment));
    let kinds = |user: usize| judged[user].actors[0].signs.iter().map(|sign| sign.kind).collect::<Vec<_>>();
    assert!(kinds(0).contains(&Kind::TwoPlaces) && kinds(0).contains(&Kind::ImpossibleTravel));
    assert!(kinds(1).contains(&Kind::Breadth) && kinds(1).contains(&Kind::NewAgent));
    assert!(kinds(3).contains(&Kind::Probing) && kinds(3).contains(&Kind::Persistence));
    assert!(kinds(4).contains(&Kind::Burst) && kinds(4).contains(&Kind::AfterRevocation));
    assert_eq!(judged[4].after_revocation, (5, 5));
    assert_eq!(judged[3].actors[0].left[0].persistence, Some(Persistence::UserCreated));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Neither the order of logs nor a file given twice changes a judgement.
    #[test]
    fn order_and_copies_change_nothing(seed in any::<u64>()) {
        let mut events = World::new(3).events;
        events.retain(|event| event.token.is_some_and(|user| user < 9));
        let wanted: Vec<_> = judged(&events).into_iter().map(|one| (one.verdict, one.sure, one.before)).collect();
        let copies: Vec<Event> = events.iter().cloned().map(|mut event| { event.origin.log = 1; event }).collect();
        events.extend(copies);
        let mut chance = Chance(seed | 1);
        for nth in (1..events.len()).rev() {
            events.swap(nth, usize::try_from(chance.below(nth as u64 + 1)).unwrap());
        }
        let found: Vec<_> = judged(&events).into_iter().map(|one| (one.verdict, one.sure, one.before)).collect();
        prop_assert_eq!(found, wanted);
    }
}
