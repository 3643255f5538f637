//! Every revocation of every pattern file against a server that answers as the provider documents, and `revoke` as it is typed.

use std::{
    collections::BTreeMap,
    fs,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use stanch::{
    ask::{Asker, Endpoint},
    net::{Limits, Net, hosts::Consent},
    request::{Answer, Did},
    respond::revoke::{Error, Outcome, revoke},
    rule::Rule,
    rules::Ruleset,
};

use super::{
    declared::{answer_with, finding, incident},
    server::{Asked, Reply, Server},
};
use crate::stanch::{Sandbox, leak, token};

/// All rules that have a call which ends a token; those with one that deletes it for good a second time, with that.
fn revocable() -> Vec<Rule> {
    let rules = Ruleset::builtin();
    let ending = rules.rules().iter().filter(|rule| rule.revoke.is_some()).cloned();
    let deleting = rules.rules().iter().filter(|rule| rule.delete.is_some());
    ending.chain(deleting.map(|rule| Rule { revoke: rule.delete.clone(), ..rule.clone() })).collect()
}

/// What comes of a revocation where the provider answers `reply`, and what it was asked.
fn outcome(rule: &Rule, reply: Reply) -> (Result<Outcome, Error>, Vec<Asked>) {
    let revocation = rule.revoke.as_deref().unwrap();
    let looked_up: Vec<String> = revocation.lookups.iter().map(|lookup| answer_with(&lookup.at)).collect();
    let count = AtomicUsize::new(0);
    let server = Server::new(move |_| match looked_up.get(count.fetch_add(1, Relaxed)) {
        Some(answer) => Reply::new(200, answer),
        None => reply.clone(),
    });
    let limits = Limits { request: Duration::from_secs(1), ..Limits::default() };
    let endpoints = BTreeMap::from([(rule.provider.to_string(), Endpoint::parse(&server.at("")).unwrap())]);
    let asker = Asker::new(Net::new(limits), Consent::default(), endpoints);
    let variable = |name: &str| Some(format!("value-of-{name}"));
    let found = incident(&finding(rule));
    (revoke(&asker, (rule, revocation), &found, &variable), server.asked())
}

fn reply(answer: &Answer<Did>) -> Reply {
    Reply::new(answer.status[0], &answer.example)
}

#[test]
fn documented_answers_mean_what_is_declared() {
    for rule in revocable() {
        let revocation = rule.revoke.as_deref().unwrap();
        for answer in &*revocation.answers {
            let (outcome, _) = outcome(&rule, reply(answer));
            let wanted = match answer.means {
                Did::Revoked => Outcome::Revoked,
                Did::Gone => Outcome::Gone,
                Did::Failed => Outcome::Refused(answer.status[0]),
            };
            assert_eq!(outcome.unwrap(), wanted, "{}", rule.id);
        }
    }
}

#[test]
fn a_call_that_changes_something_is_made_once() {
    for rule in revocable() {
        let most = 1 + rule.revoke.as_deref().unwrap().lookups.len();
        for (status, reply) in [
            (Some(429), Reply::new(429, "").with("Retry-After", "0")),
            (Some(500), Reply::new(500, "")),
            (Some(503), Reply::new(503, "").with("Retry-After", "0")),
            (None, Reply::Cut),
            (None, Reply::Nothing),
        ] {
            let (outcome, asked) = outcome(&rule, reply);
            assert_eq!(asked.len(), most, "{}", rule.id);
            match (outcome, status) {
                (Ok(outcome), Some(status)) => assert_eq!(outcome, Outcome::Refused(status), "{}", rule.id),
                (Err(Error::Unanswered(_)), None) => {}
                (outcome, _) => panic!("{}: {outcome:?}", rule.id),
            }
        }
    }
}

#[test]
fn there_are_as_many_as_promised() {
    let rules = revocable();
    let providers: std::collections::BTreeSet<_> = rules.iter().map(|rule| &*rule.provider).collect();
    assert!(providers.len() >= 30, "{} providers", providers.len());
}

/// A forge whose tokens can be ended.
fn forge() -> Server {
    let dead = std::sync::Mutex::new(Vec::<String>::new());
    Server::new(move |asked: &Asked| {
        let mut dead = dead.lock().unwrap();
        match asked.path.as_str() {
            "/credentials/revoke" => {
                let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
                dead.push(format!("Bearer {}", body["credentials"][0].as_str().unwrap()));
                Reply::new(202, "")
            }
            _ if asked.headers["authorization"] == format!("Bearer {}", token(1))
                && !dead.contains(&asked.headers["authorization"]) =>
            {
                Reply::new(200, r#"{"login":"octocat","id":1}"#)
            }
            _ => Reply::new(401, r#"{"message":"Bad credentials"}"#),
        }
    })
}

#[test]
fn a_revocation_is_planned_done_proven_and_recorded() {
    let (sandbox, server) = (Sandbox::new(), forge());
    sandbox.write("a.env", leak(1)).write("b.env", format!("password = '{}'\n", ["tR7#vq", "92!LmXz"].concat()));
    let report = sandbox.write_beside("report.json", sandbox.scan(&[]).out);
    let (report, record) = (report.to_str().unwrap(), sandbox.beside("record.jsonl"));
    let endpoint = format!("github={}", server.at(""));
    let flags = ["revoke", report, "--endpoint", &endpoint];

    let plan = sandbox.run(&flags).ended(3).text();
    assert!(plan.contains("POST https://api.github.com/credentials/revoke"), "{plan}");
    assert!(plan.contains("its provider has no call for it\n  by hand: "), "{plan}");
    assert!(plan.ends_with("nothing was sent: --execute does it\n"), "{plan}");
    assert!(server.asked().is_empty());

    // Nobody is there to be asked.
    let refused = sandbox.run(&[&flags[..], &["--execute"]].concat()).ended(2);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert!(server.asked().is_empty());

    let done = [&flags[..], &["--execute", "--yes", "--record", record.to_str().unwrap()]].concat();
    let text = sandbox.run(&done).ended(3).text();
    assert!(text.contains("  revoked\n  asked again: inactive: rejected\n"), "{text}");
    let id = sandbox.scan(&["--rule", "github-pat"]).incident()["id"].as_str().unwrap().to_owned();
    let again = sandbox.run(&[&done[..], &["--id", &id]].concat()).ended(0).text();
    assert!(again.contains("asked again: inactive"), "{again}");

    let kept = fs::read_to_string(&record).unwrap();
    let lines: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["rule"], &lines[0]["outcome"]), (&"github-pat".into(), &"revoked".into()));
    assert_eq!(lines[0]["verdict"]["status"], "inactive");
    for said in [plan, text, again, kept] {
        assert!(!said.contains(&token(1)));
    }
}

#[test]
fn what_may_still_work_is_said() {
    let sandbox = Sandbox::new();
    let server = Server::new(|asked: &Asked| match asked.path.as_str() {
        "/credentials/revoke" => Reply::new(500, ""),
        _ if asked.headers["authorization"] == format!("Bearer {}", token(1)) => {
            Reply::new(200, r#"{"login":"octocat","id":1}"#)
        }
        _ => Reply::new(401, r#"{"message":"Bad credentials"}"#),
    });
    sandbox.write("a.env", leak(1));
    let report = sandbox.write_beside("report.json", sandbox.scan(&[]).out);
    let endpoint = format!("github={}", server.at(""));
    let flags = ["revoke", report.to_str().unwrap(), "--endpoint", &endpoint, "--execute", "--yes"];
    let text = sandbox.run(&flags).ended(1).text();
    assert!(text.contains("not revoked: its provider answered with status 500\n  asked again: active"), "{text}");
    assert_eq!(server.asked().iter().filter(|asked| asked.path == "/credentials/revoke").count(), 1);
}

#[test]
fn tokens_that_a_provider_takes_together_are_ended_by_one_call() {
    let (sandbox, server) = (Sandbox::new(), forge());
    sandbox.write("a.env", leak(1)).write("b.env", leak(2)).write("c.env", leak(3));
    let report = sandbox.write_beside("report.json", sandbox.scan(&["--rule", "github-pat"]).out);
    let record = sandbox.beside("record.jsonl");
    let endpoint = format!("github={}", server.at(""));
    let flags = ["revoke", report.to_str().unwrap(), "--endpoint", &endpoint, "--execute", "--yes", "--record"];
    let text = sandbox.run(&[&flags[..], &[record.to_str().unwrap()]].concat()).ended(0).text();
    assert_eq!(text.matches("  revoked\n  asked again: inactive: rejected\n").count(), 3, "{text}");
    let calls: Vec<Asked> = server.asked().into_iter().filter(|asked| asked.path == "/credentials/revoke").collect();
    assert_eq!(calls.len(), 1);
    let body: serde_json::Value = serde_json::from_slice(&calls[0].body).unwrap();
    let mut sent: Vec<&str> =
        body["credentials"].as_array().unwrap().iter().map(|token| token.as_str().unwrap()).collect();
    sent.sort_unstable();
    let mut wanted = [token(1), token(2), token(3)];
    wanted.sort_unstable();
    assert_eq!(sent, wanted);
    assert_eq!(fs::read_to_string(&record).unwrap().lines().count(), 3);
}
