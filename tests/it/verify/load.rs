//! Many tokens of many providers in one run.

use std::{
    collections::BTreeSet,
    sync::Mutex,
    time::{Duration, Instant},
};

use stanch::{
    request::{Says, Verification},
    rule::Rule,
    rules::{Ruleset, examples},
};

use super::server::{Asked, Reply, Server};
use crate::stanch::{Sandbox, run_with};

const HOSTS: usize = 40;
const TOKENS: usize = 13;
const DELAY: Duration = Duration::from_millis(200);

/// One rule each of so many providers, whose one answer says that a token is dead.
fn rules() -> Vec<Rule> {
    let mut providers = BTreeSet::new();
    let simple = |rule: &&Rule| {
        let plain =
            |verification: &Verification| verification.regions.is_empty() && verification.request.scheme.is_none();
        rule.documented
            && !rule.class.is_password()
            && rule.detect.parts.is_empty()
            && rule.verify.as_deref().is_some_and(plain)
    };
    let mut rules: Vec<Rule> = Ruleset::builtin().rules().iter().filter(simple).cloned().collect();
    rules.retain(|rule| providers.insert(rule.provider.clone()));
    rules.truncate(HOSTS);
    rules
}

/// Every host answers after 200 ms. How long the whole takes is printed: `cargo test -- --nocapture five_hundred`.
#[expect(clippy::print_stdout, reason = "a figure, not a bar: machines differ")]
#[test]
fn five_hundred_incidents_of_forty_hosts_are_asked_about_within_limits() {
    let (sandbox, rules) = (Sandbox::new(), rules());
    let mut servers = Vec::new();
    let mut flags =
        vec!["scan".to_owned(), "--verify".into(), "-f".into(), "json".into(), "--min-confidence".into(), "low".into()];
    for rule in &rules {
        for number in 0..TOKENS {
            let text = examples::expanded(rule, &rule.matching[0], 5000 + number as u64);
            sandbox.write(format!("{}/{number}.txt", rule.id), text);
        }
        let refusal = rule.verify.as_deref().unwrap().answers.iter().find(|answer| answer.means == Says::Inactive);
        let refusal =
            refusal.map_or_else(|| Reply::new(401, ""), |answer| Reply::new(answer.status[0], &answer.example));
        let times = std::sync::Arc::new(Mutex::new(Vec::new()));
        let seen = std::sync::Arc::clone(&times);
        let server = Server::new(move |_: &Asked| {
            seen.lock().unwrap().push(Instant::now());
            Reply::Late(DELAY, Box::new(refusal.clone()))
        });
        flags.extend([
            "--rule".into(),
            rule.id.to_string(),
            "--endpoint".into(),
            format!("{}={}", rule.provider, server.at("")),
        ]);
        servers.push((server, times));
    }
    let started = Instant::now();
    let run = run_with(sandbox.command(&[]).args(&flags), b"");
    let took = started.elapsed();
    let incidents = run.ended(1).incidents();
    println!("{} incidents of {HOSTS} hosts in {:.1} s", incidents.len(), took.as_secs_f64());
    assert!(incidents.len() >= 500, "{}", incidents.len());
    assert!(incidents.iter().all(|incident| incident["verdict"]["status"] != "unchecked"));
    for (server, times) in servers {
        let times = times.lock().unwrap();
        assert!((1..=TOKENS).contains(&server.asked().len()), "one request a token");
        // After a burst of ten, one a second; a little less, for the server's own clock.
        for (early, late) in times.iter().zip(times.iter().skip(10)).skip(1) {
            assert!(*late - *early > Duration::from_millis(900));
        }
    }
}
