//! Every access of every pattern file against a server that answers as the provider documents: what a token reaches, and what it may do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use stanch::{
    ask::{Asker, Endpoint},
    incident::{Access, IdentityKey, Incident},
    net::{Limits, Net, hosts::Consent},
    request::{Ask, Power, Says, Survey},
    rule::{Rule, Shared},
    rules::{Ruleset, requests},
    verdict::Verdict,
    verify::{Verdicts, Verifier},
};

use super::{
    declared::{answer_with, finding, incident, refusal, reply},
    server::{Asked, Reply, Server},
};
use crate::stanch::{Sandbox, leak, token};

fn surveyed() -> Vec<Rule> {
    Ruleset::builtin().rules().iter().filter(|rule| rule.access.is_some()).cloned().collect()
}

/// What is known of a token of `rule` that works, where `ask` alone is asked and answered by `last`; and how often anything was asked.
fn explored(rule: &Rule, ask: &Ask, last: Reply, explore: bool) -> (Access, usize) {
    let survey = rule.access.as_deref().unwrap();
    let survey = Survey { asks: vec![ask.clone()].into(), ..survey.clone() };
    let verification = rule.verify.as_deref().unwrap();
    let active = verification.answers.iter().find(|answer| answer.means == Says::Active).unwrap();
    let mut replies = vec![reply(active), refusal(verification)];
    replies.extend(survey.lookups.iter().map(|lookup| Reply::new(200, &answer_with(&lookup.at))));
    let before = replies.len();
    replies.push(last);
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let server = Server::new(move |_: &Asked| {
        let nth = count.fetch_add(1, Relaxed);
        replies[nth.min(replies.len() - 1)].clone()
    });
    let limits = Limits { request: Duration::from_millis(1500), burst: 100, ..Limits::default() };
    let endpoints = BTreeMap::from([(rule.provider.to_string(), Endpoint::parse(&server.at("")).unwrap())]);
    let asker = Asker::new(Net::new(limits), Consent::default(), endpoints);
    let rules = [Rule { access: Some(Shared::Read(survey.into())), ..rule.clone() }];
    let verifier = Verifier::new(&rules, asker, Verdicts::default(), IdentityKey::fixed(), 0).exploring(explore);
    let mut incidents = [incident(&finding(rule))];
    verifier.verify(&mut incidents, &|| false);
    let [Incident { verdict, access, .. }] = incidents;
    assert_eq!(verdict, Verdict::Active, "{}", rule.id);
    assert!(!explore || requests.load(Relaxed) > before, "{}: {} was not asked for", rule.id, ask.kind);
    (access.unwrap_or_default(), requests.load(Relaxed))
}

/// Whether `ask` can be filled in by what the rule's examples and the verification's answers have.
fn is_known(rule: &Rule, ask: &Ask) -> bool {
    let verification = rule.verify.as_deref().unwrap();
    let told = |name: &str| match name {
        "owner" => verification.owner.is_some(),
        "account" => verification.account.is_some() || rule.detect.regex.contains("(?<account>"),
        _ => true,
    };
    requests::named(&ask.request).all(told)
}

#[test]
fn documented_answers_show_what_is_declared() {
    for rule in surveyed() {
        for ask in &*rule.access.as_deref().unwrap().asks {
            assert!(is_known(&rule, ask), "{}: {} asks for what nobody tells", rule.id, ask.kind);
            let mut is_named = ask.names.is_none() && ask.total.is_none();
            for answer in &*ask.answers {
                let (access, _) = explored(&rule, ask, reply(answer), true);
                let powers: BTreeSet<Power> = access.powers.iter().copied().collect();
                assert!(
                    answer.means.iter().all(|power| powers.contains(power)),
                    "{}: {} {powers:?}",
                    rule.id,
                    ask.kind
                );
                is_named |= access.resources.iter().any(|resource| resource.kind == ask.kind);
            }
            assert!(is_named, "{}: no example names {}", rule.id, ask.kind);
        }
    }
}

#[test]
fn a_refusal_shows_nothing() {
    let page = "<!DOCTYPE html><html><title>Sign in</title></html>";
    for rule in surveyed() {
        let survey = rule.access.as_deref().unwrap();
        let (plain, asked) = explored(&rule, &survey.asks[0], Reply::Nothing, false);
        assert_eq!(asked, 2, "{}: nothing more is asked without leave", rule.id);
        for ask in &*survey.asks {
            for useless in [Reply::new(403, "{}"), Reply::new(500, "{}"), Reply::new(200, page), Reply::Cut] {
                let (access, _) = explored(&rule, ask, useless, true);
                assert_eq!(access, plain, "{}: {}", rule.id, ask.kind);
            }
        }
    }
}

#[test]
fn the_promised_providers_have_one() {
    let providers: BTreeSet<String> = surveyed().iter().map(|rule| rule.provider.to_string()).collect();
    let promised = [
        "anthropic",
        "aws",
        "cloudflare",
        "datadog",
        "digitalocean",
        "github",
        "gitlab",
        "google",
        "huggingface",
        "npm",
        "openai",
        "slack",
        "stripe",
    ];
    for provider in promised {
        assert!(providers.contains(provider), "{provider}");
    }
}

#[test]
fn access_is_asked_for_by_leave_and_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("a.env", leak(1));
    let server = Server::new(|asked: &Asked| match asked.path.as_str() {
        "/graphql" if String::from_utf8_lossy(&asked.body).contains("repositories") => Reply::new(
            200,
            r#"{"data":{"viewer":{"repositories":{"totalCount":1234,"nodes":[{"nameWithOwner":"acme/shop"},{"nameWithOwner":"acme/::error::"}]}}}}"#,
        ),
        "/user" if asked.headers["authorization"] == format!("Bearer {}", token(1)) => {
            Reply::new(200, r#"{"login":"octocat","id":1}"#)
        }
        _ => Reply::new(401, r#"{"message":"Bad credentials"}"#),
    });
    let endpoint = format!("github={}", server.at(""));
    let flags = ["scan", ".", "--rule", "github-pat", "--verify", "--access", "--endpoint", &endpoint];
    let text = sandbox.run(&flags).ended(1).text();
    assert!(text.contains("acme/shop") && !text.contains("\n::error"), "{text}");
    assert!(server.asked().len() > 3);
    let found = sandbox.scan(&flags[2..]).ended(1).incident();
    let resources = found["access"]["resources"].as_array().unwrap();
    assert_eq!(resources[0]["names"][0], "acme/shop", "{resources:?}");
    let plan = sandbox.run(&["scan", ".", "--rule", "github-pat", "--verify=plan", "--access"]).ended(0).text();
    assert!(plan.contains("api.github.com: ") && !plan.contains("with 2 requests"), "{plan}");
    assert!(sandbox.run(&["scan", ".", "--access"]).ended(2).err.contains("--verify"));
}
