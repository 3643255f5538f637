//! `stanch trace`: logs of every format, as they are documented, through the program.

#[path = "../../src/trace/chance.rs"]
mod chance;
mod clocks;
mod doubts;
mod simulated;
#[path = "../../src/trace/mmdb/written.rs"]
#[allow(dead_code, reason = "what unit tests write besides")]
mod written;

use std::{fs, path::Path};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::stanch::{Run, Sandbox, leak, run_with, token};

/// An id of no provider.
const KEY: &str = "AN-ID-OF-A-KEY-01";

/// A log of the test data, with this token in it.
fn log(name: &str, token: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trace").join(name);
    let hash = BASE64.encode(&Sha256::digest(token.as_bytes()));
    let basic = BASE64.encode(format!("x-access-token:{token}").as_bytes());
    let text = fs::read_to_string(path).unwrap();
    text.replace("{token}", token).replace("{hash}", &hash).replace("{basic}", &basic).replace("{key}", KEY)
}

/// The lines that name what was found, of a log of the test data.
fn traced(name: &str, arguments: &[&str]) -> Vec<String> {
    let sandbox = Sandbox::new();
    sandbox.write(name, log(name, &token(1)));
    sandbox.write("tokens", format!("{}\n{KEY}\n", token(1)));
    let run = sandbox.run(&[&["trace", name, "--token-from", "tokens"], arguments].concat()).ended(3);
    assert!(!run.text().contains(&token(1)), "{}", run.text());
    events(&run)
}

fn events(run: &Run) -> Vec<String> {
    run.text().lines().filter(|line| line.starts_with("20") || line.starts_with("no time")).map(str::to_owned).collect()
}

#[track_caller]
fn says(event: &str, words: &[&str]) {
    for word in words {
        assert!(event.contains(word), "{word} is not in {event}");
    }
}

#[test]
fn every_format_is_read() {
    let peer = "203.0.113.9";
    let formats: [(&str, usize, &[&str]); 16] = [
        ("common.log", 1, &["2026-01-02T11:04:05Z", "allowed 200", "POST /bot", "common"]),
        ("apache.json", 1, &["allowed 302", "POST /login", "www.example.com", "apache-json"]),
        ("cloudtrail.json", 2, &["sts:GetCallerIdentity", "by arn:aws:iam::123456789012:user/ci", "aws-cloudtrail"]),
        ("alb.log", 1, &["GET /v1/data", "with curl/8.5.0", "aws-alb"]),
        ("cloudfront.log", 1, &["GET /private/a.zip", "aws-cloudfront"]),
        ("gcp.json", 1, &["storage.objects.list", "projects/_/buckets/backup", "gcp.json:2 (gcp-audit)"]),
        ("azure.json", 2, &["Sign-in activity", "by ann@example.com", "azure-sign-in"]),
        ("github.json", 2, &["git.clone", "acme/secrets", "by octocat", "by hash", "github-audit"]),
        ("gitlab.json", 1, &["project_access_token_created", "leaves key-created", "gitlab-audit"]),
        ("okta.json", 1, &["system.api_token.create", "leaves key-created", "okta"]),
        ("slack.json", 2, &["file_downloaded", "plan.pdf", "slack-audit"]),
        ("cloudflare.json", 1, &["GET /api", "cloudflare"]),
        ("kubernetes.json", 1, &["denied 403", "list /api/v1/secrets", "kubernetes-audit"]),
        ("app.jsonl", 1, &["GET /export", "by ann", "app.jsonl:1 (json)"]),
        ("nginx.json", 2, &["GET /v1/me", "nginx-json"]),
        ("combined.log", 2, &["GET /api/items", "by ci", "combined.log:2 (combined)"]),
    ];
    for (name, count, words) in formats {
        let events = traced(name, &[]);
        assert_eq!(events.len(), count, "{name}: {events:#?}");
        says(&events[0], words);
        assert!(events.iter().any(|event| event.contains(peer)), "{name}: {events:#?}");
    }
    let har = traced("session.har", &[]);
    says(
        &har[0],
        &["2026-01-02T03:04:05Z", "GET /v1/me", "api.example.com", "with Mozilla/5.0", "session.har:7 (har)"],
    );
}

#[test]
fn a_value_makes_no_event_of_its_own() {
    let events = traced("nginx.json", &[]);
    assert!(events.iter().all(|event| !event.contains("forged") || event.contains("GET /  ")), "{events:#?}");
    assert!(events.iter().all(|event| !event.contains("192.0.2.200")), "a forwarded address is no peer: {events:#?}");
    let csv = traced("app.csv", &["--fields", "at=when,principal=who,address=peer,action=did"]);
    assert_eq!(csv.len(), 1, "{csv:#?}");
    says(&csv[0], &["by ann", "203.0.113.9", "app.csv:2 (csv)"]);
}

#[test]
fn times_without_zone_are_said_and_may_be_given_one() {
    let sandbox = Sandbox::new();
    sandbox.write("log", format!("{{\"time\":\"2026-01-02 03:04:05\",\"user\":\"ann\",\"path\":\"/{}\"}}\n", token(1)));
    sandbox.write("tokens", token(1));
    let run = sandbox.run(&["trace", "log", "--token-from", "tokens"]).ended(3);
    says(&run.text(), &["2026-01-02T03:04:05Z", "1 times name no zone"]);
    let run = sandbox.run(&["trace", "log", "--token-from", "tokens", "--timezone", "+02:00"]).ended(3);
    says(&run.text(), &["2026-01-02T01:04:05Z"]);
    sandbox.run(&["trace", "log", "--token-from", "tokens", "--timezone", "Mars"]).ended(2);
    sandbox.run(&["trace", "log", "--token-from", "tokens", "--fields", "colour=red"]).ended(2);
    sandbox.run(&["trace", "log"]).ended(2);
}

#[test]
fn the_tokens_of_a_report_are_found_anew() {
    let sandbox = Sandbox::new();
    sandbox.write("app/config.env", leak(1)).write("logs/access.log", log("combined.log", &token(1)));
    let report = sandbox.run(&["scan", "app", "-f", "json", "-o", "report.json"]).ended(1);
    assert!(report.out.is_empty());
    let traced = sandbox.run(&["trace", "logs", "--report", "report.json", "--repository", "app"]).ended(3);
    assert_eq!(events(&traced).len(), 2);
    assert!(!traced.text().contains(&token(1)));
    let elsewhere = sandbox.run(&["trace", "logs", "--report", "report.json", "--repository", "logs/none"]).ended(3);
    says(&elsewhere.text(), &["--repository says where its value still is"]);
}

#[test]
fn what_cannot_be_read_is_no_all_clear() {
    let sandbox = Sandbox::new();
    let line = |hour: u32| format!("203.0.113.9 - - [02/Jan/2026:{hour:02}:03:04 +0000] \"GET / HTTP/1.1\" 200 1\n");
    sandbox.write("tokens", token(1)).write("log", line(0) + &line(2)).write("nothing", "nothing\n");
    let leaked = ["--leaked-at", "2026-01-02T00:00:00Z"];
    let trace = |log: &str| sandbox.run(&[&["trace", log, "--token-from", "tokens"], &leaked[..]].concat());
    trace("log").ended(3);
    sandbox.write("log", line(0) + &line(3));
    trace("log").ended(0);
    says(&trace("nothing").ended(3).text(), &["cannot tell", "No log tells of the time"]);
    let unknown = sandbox.run(&["trace", "log", "--token-from", "tokens"]).ended(3);
    says(&unknown.text(), &["cannot tell", "not known when it leaked"]);
    says(
        &sandbox.run(&["trace", "log", "no.log", "--token-from", "tokens"]).ended(3).text(),
        &["no.log: cannot be read"],
    );
    sandbox.write("odd", format!("some trace of {}\n", token(1)));
    says(
        &sandbox.run(&["trace", "odd", "--token-from", "tokens"]).ended(3).text(),
        &["in no known format (lines [1])"],
    );
    sandbox.write("cut.json", "{\"Records\":[{\"a\":1},");
    says(&sandbox.run(&["trace", "cut.json", "--token-from", "tokens"]).ended(3).text(), &["ends in the middle"]);
}

/// A page a workday morning for two weeks, and what others do with the token one night.
fn owner_and_thief() -> [String; 2] {
    let line = |day: u32, hour: u32, minute: u32, who: (&str, &str), path: &str| {
        let (address, agent) = who;
        let target = format!("{path}?access_token={}", token(1));
        format!(
            "{address} - - [{day:02}/Dec/2025:{hour:02}:{minute:02}:00 +0000] \"GET {target} HTTP/1.1\" 200 812 \"-\" \"{agent}\"\n"
        )
    };
    let (owner, thief) = (("198.51.100.4", "deploy/1.4"), ("203.0.113.9", "curl/8.5.0"));
    let mornings = (8..28).flat_map(|day| (0..30).map(move |minute| (day, minute)));
    let own = mornings.map(|(day, minute)| line(day, 9, minute, owner, "/api/items")).collect();
    let theft = (0..40).map(|n| line(25, 3, n, thief, &format!("/api/users/{n}/export"))).collect();
    [own, theft]
}

#[test]
fn a_thief_is_told_from_the_owner() {
    let (sandbox, [own, theft]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("tokens", token(1)).write("logs/access.log", own);
    let trace = ["trace", "logs", "--token-from", "tokens", "--leaked-at", "2025-12-24T12:00:00Z"];
    let trace = [&trace[..], &["--now", "2025-12-27T12:00:00Z"]].concat();
    says(&sandbox.run(&trace).ended(0).text(), &["only as before"]);
    sandbox.write("logs/other.log", theft);
    let run = sandbox.run(&trace).ended(1);
    says(&run.text(), &["used by others", "203.0.113.0/24", "other (", "logs/other.log:1 (combined)"]);
    assert!(!run.text().contains(&token(1)));
    for (format, word) in [("json", "\"verdict\": \"used by others\""), ("html", "<svg")] {
        let run = sandbox.run(&[&trace[..], &["-f", format]].concat()).ended(1);
        says(&run.text(), &[word]);
        assert!(!run.text().contains(&token(1)));
    }
}

#[test]
fn playbooks_name_the_thief() {
    let (sandbox, [own, theft]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("app/config.env", leak(1)).write("logs/access.log", own + &theft);
    sandbox.run(&["scan", "app", "-f", "json", "-o", "report.json"]).ended(1);
    let trace = ["trace", "logs", "--report", "report.json", "--repository", "app", "--playbook", "steps"];
    let leaked = ["--leaked-at", "2025-12-24T12:00:00Z", "--now", "2025-12-27T12:00:00Z"];
    sandbox.run(&[&trace[..], &leaked].concat()).ended(1);
    let pages = std::fs::read_dir(sandbox.path().join("steps")).unwrap();
    let text: String = pages.map(|page| std::fs::read_to_string(page.unwrap().path()).unwrap()).collect();
    says(&text, &["- traced: used by others", "## Investigate", "# 203.0.113.9: 40 uses"]);
    assert!(!text.contains(&token(1)) && !text.contains("198.51.100.4"));
    sandbox.run(&["trace", "logs", "--token-from", "app/config.env", "--playbook", "steps"]).ended(2);
}

#[test]
fn standard_input_and_escapes() {
    let sandbox = Sandbox::new();
    sandbox.write("tokens", token(1));
    let line =
        format!("203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET /\x1b[31m?{} HTTP/1.1\" 200 1\r\n", token(1));
    let run = run_with(&mut sandbox.command(&["trace", "-", "--token-from", "tokens"]), line.as_bytes()).ended(3);
    assert_eq!(events(&run).len(), 1);
    assert!(!run.out.contains(&0x1b), "{}", run.text());
}

#[test]
fn standard_input_is_one_thing_alone() {
    let sandbox = Sandbox::new();
    let run = run_with(&mut sandbox.command(&["trace", "-", "--token-from", "-"]), token(1).as_bytes()).ended(2);
    assert!(run.err.contains("standard input cannot be a log and hold the tokens"), "{}", run.err);
}

#[test]
fn a_hash_serves_where_no_value_is_at_hand() {
    let sandbox = Sandbox::new();
    let hash = BASE64.encode(&Sha256::digest(token(1).as_bytes()));
    sandbox.write("github.json", log("github.json", &token(1))).write("tokens", format!("sha256:{hash}\n"));
    assert_eq!(events(&sandbox.run(&["trace", "github.json", "--token-from", "tokens"]).ended(3)).len(), 2);
}

/// A call with a key of AWS, as CloudTrail has it.
fn call(day: u32, second: u32, key: &str, address: &str, name: &str) -> String {
    format!(
        "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::123456789012:user/ci\",\"accessKeyId\":\"{key}\"}},\"eventTime\":\"2025-12-{day:02}T09:{:02}:{:02}Z\",\"eventSource\":\"iam.amazonaws.com\",\"eventName\":\"{name}\",\"sourceIPAddress\":\"{address}\",\"userAgent\":\"{}\"}}\n",
        second / 60,
        second % 60,
        if address == "198.51.100.4" { "deploy/1.4" } else { "curl/8.5.0" }
    )
}

#[test]
fn what_a_thief_does_with_other_credentials_is_told() {
    let sandbox = Sandbox::new();
    let second_key = "AN-ID-OF-A-KEY-02";
    let own = (8..27).flat_map(|day| (0..10).map(move |n| call(day, n, KEY, "198.51.100.4", "GetUser")));
    let theft = (0..5).map(|n| call(25, 100 + n, KEY, "203.0.113.9", "ListUsers"));
    let besides = (0..3).map(|n| call(25, 200 + n, second_key, "203.0.113.9", "CreateUser"));
    let elsewhere = [
        call(26, 300, second_key, "192.0.2.77", "CreateAccessKey"),
        call(26, 301, second_key, "198.51.100.4", "GetUser"),
    ];
    let log: String = own.chain(theft).chain(besides).chain(elsewhere).collect();
    sandbox.write("logs/cloudtrail.json", &log).write("tokens", KEY);
    let trace = ["--token-from", "tokens", "--leaked-at", "2025-12-24T12:00:00Z", "--now", "2025-12-27T08:00:00Z"];
    let run = sandbox.run(&[&["trace", "logs", "-f", "json"], &trace[..]].concat()).ended(1);
    let beside = run.json()["traces"][0]["beside"].clone();
    let told: Vec<_> =
        beside.as_array().unwrap().iter().map(|one| (&one["shared"], &one["address"], &one["acts"])).collect();
    assert_eq!(
        format!("{told:?}"),
        r#"[(String("address"), String("203.0.113.9"), Number(3)), (String("principal"), String("192.0.2.77"), Number(1))]"#
    );
    assert_eq!(beside[0]["left"].as_array().unwrap().len(), 3);
    assert_eq!(beside[0]["principal"], "arn:aws:iam::123456789012:user/ci");
    let mut piped = sandbox.command(&[&["trace", "-"], &trace[..]].concat());
    says(&run_with(&mut piped, log.as_bytes()).ended(1).text(), &["standard input, which can be read only once"]);
}
