//! Weeks of honest use of many tokens and what thieves do with them, written as logs of seven formats, and judged by the program: each story must come to the verdict
//! that the evidence allows, whatever the seed and the format.

use core::net::Ipv4Addr;
use std::fs;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{chance::Chance, written::Written};
use crate::stanch::Sandbox;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday, 2025-12-01.
const START: i64 = 1_764_547_200;
const LEAK: i64 = START + 21 * DAY;
const END: i64 = START + 28 * DAY;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
const PYTHON: &str = "python-requests/2.31.0";

/// The first part of addresses in each place.
const HOME: u8 = 81;
const SYDNEY: u8 = 90;
const NEW_YORK: u8 = 91;
const DUBLIN: u8 = 92;
const MUNICH: u8 = 93;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Combined,
    Nginx,
    Alb,
    CloudTrail,
    Github,
    Okta,
    Kubernetes,
}

const FORMATS: [Format; 7] = [
    Format::Combined,
    Format::Nginx,
    Format::Alb,
    Format::CloudTrail,
    Format::Github,
    Format::Okta,
    Format::Kubernetes,
];

impl Format {
    /// Whether it says what things were done to, and names what is left behind.
    fn is_audit(self) -> bool {
        !matches!(self, Self::Combined | Self::Nginx | Self::Alb)
    }
}

/// What happens to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// Nothing but what happened before.
    Honest,
    /// A person's office moves to another network.
    Move,
    /// A person flies to another country, a day after the last use at home.
    Journey,
    /// A program runs in a cloud from one day on, a version later.
    Deployment,
    /// Another program in another network takes over from the old one.
    Replacement,
    /// Another program is used at home, too.
    Tool,
    /// Abroad, with another program, doing what the owner does.
    Abroad,
    /// From the owner's own network, with another program, calling all there is.
    Neighbour,
    /// Abroad with a copied user agent, while the owner is at work.
    Replay,
    /// Everything is taken in an hour.
    Burst,
    /// Abroad with another program: refusals, then success, and something left behind.
    Probing,
    /// With no user agent at all.
    Nameless,
    /// From a cloud with the owner's program, doing what it does.
    Careful,
}

const STORIES: [Story; 13] = [
    Story::Honest,
    Story::Move,
    Story::Journey,
    Story::Deployment,
    Story::Replacement,
    Story::Tool,
    Story::Abroad,
    Story::Neighbour,
    Story::Replay,
    Story::Burst,
    Story::Probing,
    Story::Nameless,
    Story::Careful,
];

impl Story {
    fn is_of_a_program(self) -> bool {
        matches!(self, Self::Deployment | Self::Replacement | Self::Tool | Self::Abroad | Self::Careful)
    }

    /// What the evidence allows to say, and the signs that have to be told.
    fn verdict(self, format: Format) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Honest => ("only as before", &[]),
            Self::Move => ("cannot tell", &["new-network"]),
            Self::Journey | Self::Deployment | Self::Careful => ("cannot tell", &["new-network", "new-country"]),
            Self::Replacement => ("cannot tell", &["new-network", "new-agent"]),
            Self::Tool => ("cannot tell", &["new-agent"]),
            Self::Abroad => ("used by others", &["new-network", "new-country", "new-agent"]),
            Self::Neighbour => ("used by others", &["new-agent", "breadth", "new-endpoints"]),
            Self::Replay => ("used by others", &["two-places", "impossible-travel"]),
            // A web server's log has no objects: only how much was taken is unlike the owner, and a new connection says nothing.
            Self::Burst if !format.is_audit() => ("cannot tell", &["new-network", "burst"]),
            Self::Burst => ("used by others", &["new-network", "burst", "new-objects"]),
            Self::Probing if !format.is_audit() => ("used by others", &["new-network", "new-agent", "probing"]),
            Self::Probing => ("used by others", &["new-network", "new-agent", "probing", "persistence"]),
            Self::Nameless => ("used by others", &["new-network", "new-agent"]),
        }
    }
}

/// What is done.
#[derive(Clone, Copy)]
enum Deed {
    /// One of four things that are done daily, to one of many things.
    Usual(u64, u64),
    /// Something that was never done before.
    Other(u64),
    /// The same, refused.
    Refused(u64),
    /// Something that is left behind.
    Leave,
}

/// One token, in one format, and the records that are written of it.
struct Life {
    format: Format,
    story: Story,
    number: u8,
    value: String,
    records: Vec<(i64, String)>,
}

impl Life {
    fn new(format: Format, story: Story, number: u8, chance: &mut Chance) -> Self {
        let value = format!("made-up-{:016x}-{number:03}", chance.below(u64::MAX));
        let mut life = Self { format, story, number, value, records: Vec::new() };
        life.owner(chance);
        life.others(chance);
        life
    }

    fn agent(&self) -> &'static str {
        if self.story.is_of_a_program() { PYTHON } else { FIREFOX }
    }

    /// Days of work, or of a program around the clock.
    fn owner(&mut self, chance: &mut Chance) {
        let until = match self.story {
            Story::Move | Story::Journey | Story::Replacement => LEAK + 2 * DAY,
            _ => END,
        };
        for day in 0..28 {
            for _ in 0..12 + chance.below(8) {
                let of_day = if self.story.is_of_a_program() {
                    chance.time(0, DAY)
                } else {
                    8 * HOUR + chance.time(0, 9 * HOUR)
                };
                let deed = Deed::Usual(chance.below(4), chance.below(40));
                let at = START + day * DAY + of_day;
                if at < until {
                    self.add(at, (HOME, 1), Some(self.agent()), deed);
                }
            }
        }
    }

    fn others(&mut self, chance: &mut Chance) {
        let usual = |chance: &mut Chance| Deed::Usual(chance.below(4), chance.below(40));
        let theft = LEAK + DAY + 9 * HOUR + chance.time(0, 6 * HOUR);
        let daily = |life: &mut Self, chance: &mut Chance, place: (u8, u8), agent: &str| {
            for nth in 0..60 {
                life.add(LEAK + 2 * DAY + nth * 110 * MINUTE + chance.time(0, HOUR), place, Some(agent), usual(chance));
            }
        };
        match self.story {
            Story::Honest => {}
            Story::Deployment => daily(self, chance, (DUBLIN, 2), "python-requests/2.32.3"),
            Story::Careful => daily(self, chance, (DUBLIN, 2), PYTHON),
            Story::Replacement => daily(self, chance, (DUBLIN, 2), "Go-http-client/2.0"),
            Story::Tool => daily(self, chance, (HOME, 1), "Go-http-client/2.0"),
            Story::Move | Story::Journey => {
                let place = if self.story == Story::Move { MUNICH } else { NEW_YORK };
                for day in 3..7 {
                    for _ in 0..15 {
                        let at = LEAK + day * DAY + 8 * HOUR + chance.time(0, 9 * HOUR);
                        self.add(at, (place, 2), Some(FIREFOX), usual(chance));
                    }
                }
            }
            Story::Abroad => {
                for nth in 0..12 {
                    self.add(theft + nth * 7 * MINUTE, (SYDNEY, 3), Some("curl/8.5.0"), usual(chance));
                }
            }
            Story::Neighbour => {
                for nth in 0..40 {
                    self.add(theft + nth * 20, (HOME, 1), Some("curl/8.5.0"), Deed::Other(nth.unsigned_abs()));
                }
            }
            Story::Replay => {
                for nth in 0..20 {
                    self.add(theft + nth * 4 * MINUTE, (HOME, 1), Some(FIREFOX), usual(chance));
                    self.add(theft + nth * 4 * MINUTE + 2 * MINUTE, (SYDNEY, 3), Some(FIREFOX), usual(chance));
                }
            }
            Story::Burst => {
                for nth in 0..500 {
                    let deed = Deed::Usual(0, 1_000 + nth);
                    self.add(theft + i64::try_from(nth).unwrap() * 3, (MUNICH, 3), Some(FIREFOX), deed);
                }
            }
            Story::Probing => {
                for nth in 0..5 {
                    self.add(theft + nth * 30, (SYDNEY, 3), Some("Boto3/1.34"), Deed::Refused(nth.unsigned_abs()));
                }
                self.add(theft + 5 * MINUTE, (SYDNEY, 3), Some("Boto3/1.34"), Deed::Usual(0, 1));
                self.add(theft + 6 * MINUTE, (SYDNEY, 3), Some("Boto3/1.34"), Deed::Leave);
            }
            Story::Nameless => {
                for nth in 0..12 {
                    self.add(theft + nth * 7 * MINUTE, (NEW_YORK, 3), None, usual(chance));
                }
            }
        }
    }

    fn add(&mut self, at: i64, (place, part): (u8, u8), agent: Option<&str>, deed: Deed) {
        let used = Use { at, address: Ipv4Addr::new(place, self.number, part, 7), agent, deed };
        let record = match self.format {
            Format::Combined => combined(&used, &self.value),
            Format::Alb => alb(&used, &self.value),
            Format::Nginx => nginx(&used, &self.value).to_string(),
            Format::CloudTrail => cloudtrail(&used, &self.value).to_string(),
            Format::Github => github(&used, &self.value).to_string(),
            Format::Okta => okta(&used, &self.value).to_string(),
            Format::Kubernetes => kubernetes(&used, &self.value).to_string(),
        };
        self.records.push((at, record));
    }
}

/// A use of a token, whatever the log.
struct Use<'u> {
    at: i64,
    address: Ipv4Addr,
    agent: Option<&'u str>,
    deed: Deed,
}

impl Use<'_> {
    fn time(&self) -> String {
        Timestamp::from_second(self.at).unwrap().to_string()
    }

    fn is_refused(&self) -> bool {
        matches!(self.deed, Deed::Refused(_))
    }

    fn status(&self) -> u16 {
        if self.is_refused() { 403 } else { 200 }
    }

    /// One of these for each daily deed; a name of its own for all others.
    fn named(&self, usual: [&str; 4], leave: &str) -> String {
        // Letters, since numbers within paths are ids.
        let letters = |nth: u64| {
            let nth = usize::try_from(nth).unwrap();
            format!("{}{}", char::from(b"abcdefghijklmnopqrstuvwxyz"[nth % 26]), "x".repeat(nth / 26))
        };
        match self.deed {
            Deed::Usual(nth, _) => usual[usize::try_from(nth).unwrap()].to_owned(),
            Deed::Other(nth) => format!("{}{}", usual[0], letters(nth)),
            Deed::Refused(nth) => format!("{}{}", usual[1], letters(nth)),
            Deed::Leave => leave.to_owned(),
        }
    }

    fn object(&self) -> String {
        match self.deed {
            Deed::Usual(_, object) => format!("thing-{object}"),
            _ => "thing-1".to_owned(),
        }
    }
}

fn path(used: &Use<'_>) -> String {
    let Deed::Usual(_, object) = used.deed else { return used.named(["/api/docs"; 4], "/api/keys") };
    format!("{}/{object}", used.named(["/api/docs", "/api/mail", "/api/tasks", "/api/me"], ""))
}

fn combined(used: &Use<'_>, value: &str) -> String {
    let time = Timestamp::from_second(used.at).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
    let (address, agent, status) = (used.address, used.agent.unwrap_or("-"), used.status());
    let path = path(used);
    format!("{address} - - [{time}] \"GET {path}?access_token={value} HTTP/1.1\" {status} 812 \"-\" \"{agent}\"")
}

fn alb(used: &Use<'_>, value: &str) -> String {
    let (time, address, status) = (used.time(), used.address, used.status());
    let (path, agent) = (path(used), used.agent.unwrap_or("-"));
    format!(
        "https {time} app/web/50dc6c495c0c9188 {address}:2817 10.0.0.66:9000 0.000 0.002 0.000 {status} {status} 5 257 \"GET https://www.example.com:443{path}?key={value} HTTP/2.0\" \"{agent}\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/1 \"Root=1-58337327-72bd00b0343d75b906739c42\" \"-\" \"-\" 1 {time} \"forward\" \"-\" \"-\" \"10.0.0.66:9000\" \"200\" \"-\" \"-\""
    )
}

fn nginx(used: &Use<'_>, value: &str) -> Value {
    json!({
        "time_iso8601": used.time(), "remote_addr": used.address.to_string(), "remote_user": "",
        "request": format!("GET {} HTTP/1.1", path(used)), "status": used.status().to_string(), "body_bytes_sent": "812",
        "http_referer": "", "http_user_agent": used.agent.unwrap_or(""), "http_authorization": format!("Bearer {value}"),
    })
}

fn cloudtrail(used: &Use<'_>, value: &str) -> Value {
    let name = used.named(["GetObject", "ListObjects", "HeadObject", "GetBucketLocation"], "CreateAccessKey");
    let mut record = json!({
        "eventVersion": "1.08", "eventTime": used.time(), "eventSource": "s3.amazonaws.com", "eventName": name,
        "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ci", "accessKeyId": value, "userName": "ci" },
        "sourceIPAddress": used.address.to_string(), "userAgent": used.agent.unwrap_or(""),
        "requestParameters": { "bucketName": "backup", "key": used.object() }, "responseElements": null,
    });
    if used.is_refused() {
        record["errorCode"] = "AccessDenied".into();
    }
    record
}

fn github(used: &Use<'_>, value: &str) -> Value {
    let mut record = json!({
        "@timestamp": used.at * 1000, "_document_id": format!("d{}", used.at), "actor": "octocat", "org": "acme",
        "action": used.named(["git.clone", "git.fetch", "git.push", "repo.download_zip"], "hook.create"),
        "actor_ip": used.address.to_string(), "hashed_token": BASE64.encode(&Sha256::digest(value.as_bytes())),
        "repo": format!("acme/{}", used.object()), "status_code": used.status(),
        "programmatic_access_type": "Personal access token (classic)",
    });
    if let Some(agent) = used.agent {
        record["user_agent"] = agent.into();
    }
    record
}

fn okta(used: &Use<'_>, value: &str) -> Value {
    let usual = [
        "user.authentication.sso",
        "app.generic.unauth_app_access_attempt",
        "user.session.access_admin_app",
        "user.account.report",
    ];
    json!({
        "actor": { "id": "00u", "type": "User", "alternateId": "ann@example.com", "displayName": "Ann" },
        "client": { "userAgent": { "rawUserAgent": used.agent.unwrap_or("") }, "ipAddress": used.address.to_string() },
        "authenticationContext": { "externalSessionId": value },
        "eventType": used.named(usual, "system.api_token.create"), "published": used.time(), "version": "0",
        "outcome": { "result": if used.is_refused() { "DENY" } else { "SUCCESS" } },
        "target": [{ "id": used.object(), "type": "AppInstance", "displayName": used.object() }],
    })
}

fn kubernetes(used: &Use<'_>, value: &str) -> Value {
    let resource = used.named(["pods", "services", "configmaps", "endpoints"], "clusterrolebindings");
    let verb = if matches!(used.deed, Deed::Leave) { "create" } else { "get" };
    let mut record = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "1", "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/shop/{resource}"), "verb": verb,
        "user": { "username": "system:serviceaccount:ci:deployer",
            "extra": { "authentication.kubernetes.io/credential-id": [format!("JTI={value}")] } },
        "sourceIPs": [used.address.to_string()], "responseStatus": { "code": used.status() },
        "objectRef": { "resource": resource, "namespace": "shop", "name": used.object() },
        "requestReceivedTimestamp": used.time(), "stageTimestamp": used.time(),
    });
    if let Some(agent) = used.agent {
        record["userAgent"] = agent.into();
    }
    record
}

/// All stories in all formats, and the logs of them.
fn lives(seed: u64, sandbox: &Sandbox) -> Vec<Life> {
    let mut chance = Chance(seed * 2 + 1);
    let cases = FORMATS.iter().flat_map(|format| STORIES.iter().map(move |story| (*format, *story)));
    let lives: Vec<Life> =
        (0..).zip(cases).map(|(number, (format, story))| Life::new(format, story, number, &mut chance)).collect();
    for format in FORMATS {
        let of_it = lives.iter().filter(|life| life.format == format);
        let mut records: Vec<&(i64, String)> = of_it.flat_map(|life| &life.records).collect();
        records.sort();
        let records: Vec<&str> = records.iter().map(|(_, record)| record.as_str()).collect();
        let text = match format {
            Format::CloudTrail => format!("{{\"Records\":[{}]}}", records.join(",")),
            Format::Okta => format!("[{}]", records.join(",\n")),
            _ => records.join("\n") + "\n",
        };
        sandbox.write(format!("logs/{format:?}.log"), text);
    }
    let values: String = lives.iter().map(|life| format!("{}\n", life.value)).collect();
    sandbox.write("tokens", values);
    lives
}

fn map(sandbox: &Sandbox) -> String {
    let mut written = Written::new("Made-Up-City");
    written.city("81.0.0.0/8", "DE", "Berlin", (52.52, 13.405, 20));
    written.city("90.0.0.0/8", "AU", "Sydney", (-33.87, 151.21, 20));
    written.city("91.0.0.0/8", "US", "New York", (40.71, -74.0, 20));
    written.city("92.0.0.0/8", "IE", "Dublin", (53.35, -6.26, 20));
    written.city("93.0.0.0/8", "DE", "Munich", (48.14, 11.58, 20));
    sandbox.write_beside("places.mmdb", written.bytes()).to_str().unwrap().to_owned()
}

/// What the program says of each life.
fn traced(sandbox: &Sandbox, map: &str, more: &[&str]) -> (i32, Vec<Value>, String) {
    let (leaked, now) = (Timestamp::from_second(LEAK).unwrap(), Timestamp::from_second(END).unwrap());
    let (leaked, now) = (leaked.to_string(), now.to_string());
    let trace = ["trace", "logs", "--token-from", "tokens", "--mmdb", map, "-f", "json", "--leaked-at", &leaked];
    let run = sandbox.run(&[&trace[..], &["--now", &now], more].concat());
    (run.status, run.json()["traces"].as_array().unwrap().clone(), run.text())
}

fn signs(trace: &Value) -> Vec<&str> {
    let users = trace["users"].as_array().unwrap().iter();
    users.flat_map(|user| user["signs"].as_array().unwrap()).map(|sign| sign["kind"].as_str().unwrap()).collect()
}

#[test]
fn each_story_comes_to_what_the_evidence_allows() {
    // Two take a minute without optimisation; STANCH_SEEDS asks for more.
    let seeds = std::env::var("STANCH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2);
    for seed in 1..=seeds {
        let sandbox = Sandbox::new();
        let (lives, map) = (lives(seed, &sandbox), map(&sandbox));
        let (status, traces, text) = traced(&sandbox, &map, &[]);
        assert_eq!((status, traces.len()), (1, lives.len()));
        for (life, trace) in lives.iter().zip(&traces) {
            let (verdict, wanted) = life.story.verdict(life.format);
            let case = format!("seed {seed}, {:?}, {:?}: {trace:#}", life.format, life.story);
            assert_eq!(trace["verdict"], verdict, "{case}");
            let signs = signs(trace);
            assert!(wanted.iter().all(|sign| signs.contains(sign)), "{wanted:?} of {case}");
            let blamed = trace["users"].as_array().unwrap().iter().filter(|user| user["finding"] == "other").count();
            assert_eq!(blamed, usize::from(verdict == "used by others"), "{case}");
            assert!(!text.contains(&life.value));
        }
    }
}

#[test]
fn what_the_user_says_is_theirs_is_cleared_and_thieves_are_not() {
    let sandbox = Sandbox::new();
    let (lives, map) = (lives(9, &sandbox), map(&sandbox));
    let own = ["81.0.0.0/8", "91.0.0.0/8", "92.0.0.0/8", "93.0.0.0/8"].map(|block| ["--own", block]).concat();
    let (_, traces, _) = traced(&sandbox, &map, &own);
    for (life, trace) in lives.iter().zip(&traces) {
        let wanted = match life.story {
            Story::Abroad | Story::Replay | Story::Probing => "used by others",
            // What was never done before is asked about, even at home.
            Story::Neighbour => "cannot tell",
            Story::Burst if life.format.is_audit() => "cannot tell",
            _ => "only as before",
        };
        assert_eq!(trace["verdict"], wanted, "{:?}, {:?}: {trace:#}", life.format, life.story);
    }
    let kept = fs::read_dir(sandbox.path()).unwrap().count();
    assert_eq!(kept, 2, "no file is left behind");
}
