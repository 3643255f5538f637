//! What is no all-clear: a use that a log holds and that is hard to read, and a user whom nothing tells from the owner.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::{KEY, events, owner_and_thief, says};
use crate::stanch::{Run, Sandbox, leak, token};

const SPAN: [&str; 4] = ["--leaked-at", "2025-12-24T12:00:00Z", "--now", "2025-12-27T12:00:00Z"];

fn trace(sandbox: &Sandbox) -> Run {
    sandbox.run(&[&["trace", "logs", "--token-from", "tokens"], &SPAN[..]].concat())
}

#[test]
fn a_log_that_cannot_be_read_is_noted_once() {
    let (sandbox, [own, theft]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("tokens", token(1)).write("access.log", own + &theft);
    let run = sandbox.run(&[&["trace", "access.log", "no.log", "--token-from", "tokens"], &SPAN[..]].concat()).ended(1);
    assert_eq!(run.text().matches("no.log: cannot be read").count(), 1, "{}", run.text());
    assert!(!run.text().contains("a second time"), "{}", run.text());
}

#[test]
fn tokens_that_are_not_looked_for_are_said() {
    let (sandbox, [own, _]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("logs/access.log", own).write("tokens", token(1));
    trace(&sandbox).ended(0);
    for (line, why) in [
        ("secret1", "what is so short is everywhere by chance"),
        ("sha256:0123", "is no SHA-256"),
        ("Bearer made-up-value-of-nothing", "it is several words"),
    ] {
        sandbox.write("tokens", format!("{}\n\n{line}\n", token(1)));
        let run = trace(&sandbox).ended(3);
        says(&run.text(), &["line 3 of tokens is not looked for", why]);
        assert!(!run.text().contains(line), "{}", run.text());
        sandbox.write("tokens", line);
        trace(&sandbox).ended(2);
    }
}

#[test]
fn an_id_that_no_incident_has_clears_none() {
    let sandbox = Sandbox::new();
    sandbox.write("app/config.env", leak(1)).write("logs/access.log", owner_and_thief()[0].clone());
    sandbox.run(&["scan", "app", "-f", "json", "-o", "report.json"]).ended(1);
    let trace = ["trace", "logs", "--report", "report.json", "--repository", "app", "--id", "no-such-id"];
    let run = sandbox.run(&[&trace[..], &SPAN[..]].concat()).ended(2);
    assert!(run.err.contains("no incident of the report has an id that begins with no-such-id"), "{}", run.err);
}

#[test]
fn a_leak_that_is_yet_to_come_clears_nothing() {
    let (sandbox, [own, _]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("tokens", token(1)).write("logs/access.log", own);
    let trace = ["trace", "logs", "--token-from", "tokens", "--now", "2025-12-27T12:00:00Z"];
    let run = |times: &[&str]| sandbox.run(&[&trace[..], times].concat()).ended(3).text();
    says(&run(&["--leaked-at", "2026-12-24T12:00:00Z"]), &["one of these times is wrong"]);
    let revoked = ["--leaked-at", "2025-12-24T12:00:00Z", "--revoked-at", "2025-12-23T12:00:00Z"];
    says(&run(&revoked), &["one of these times is wrong"]);
}

#[test]
fn whoever_is_behind_a_proxy_or_has_no_address_is_not_told_from_the_owner() {
    let (sandbox, [own, _]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("tokens", token(1)).write("logs/access.log", own.clone() + &again(&own));
    trace(&sandbox).ended(0);
    sandbox.write("logs/access.log", (own.clone() + &again(&own)).replace("198.51.100.4", "10.0.0.7"));
    says(&trace(&sandbox).ended(3).text(), &["cannot tell", "uses name no address of the internet"]);
    let own_network =
        sandbox.run(&[&["trace", "logs", "--token-from", "tokens", "--own", "10.0.0.0/8"], &SPAN[..]].concat());
    says(&own_network.ended(0).text(), &["only as before"]);
    sandbox.write("logs/access.log", own.replace("198.51.100.4", "client.example"));
    says(&trace(&sandbox).ended(3).text(), &["uses name no address of the internet"]);
}

#[test]
fn what_was_never_done_before_is_asked_about_even_at_home() {
    let sandbox = Sandbox::new();
    let own: String =
        (8..28).flat_map(|day| (0..10).map(move |n| super::call(day, n, KEY, "198.51.100.4", "GetUser"))).collect();
    sandbox.write("tokens", KEY).write("logs/cloudtrail.json", &own);
    trace(&sandbox).ended(0);
    sandbox.write("logs/cloudtrail.json", own + &super::call(27, 20, KEY, "198.51.100.4", "CreateAccessKey"));
    says(&trace(&sandbox).ended(3).text(), &["cannot tell", "something left behind (high)"]);
}

/// What the owner did on a day after the leak, once more.
fn again(own: &str) -> String {
    own.lines().filter(|line| line.contains("[25/Dec")).map(|line| line.to_owned() + "\n").collect()
}

/// The uses of a token or an id that `log` holds.
fn uses(log: &str, tokens: &str) -> (usize, String) {
    let sandbox = Sandbox::new();
    sandbox.write("log", log).write("tokens", tokens);
    let run = sandbox.run(&["trace", "log", "--token-from", "tokens"]).ended(3);
    (events(&run).len(), run.text())
}

#[test]
fn a_hash_with_escapes_names_the_credential_that_was_used() {
    let value =
        (0..1_000).map(|nth| format!("made-up-value-{nth:03}")).find(|value| hash(value).contains('/')).unwrap();
    let record = format!(
        "{{\"@timestamp\":1767323045123,\"_document_id\":\"a\",\"action\":\"git.clone\",\"actor\":\"o\",\"actor_ip\":\"203.0.113.9\",\"hashed_token\":\"{}\",\"repo\":\"a/b\"}}\n",
        hash(&value).replace('/', "\\/")
    );
    let (uses, text) = uses(&record, &value);
    assert_eq!(uses, 1, "{text}");
}

fn hash(value: &str) -> String {
    BASE64.encode(&Sha256::digest(value.as_bytes()))
}

#[test]
fn an_id_behind_an_escape_stands_alone() {
    for before in ["key%3D", "key%3d", "{\\x22key\\x22:\\x22", "a\\x3d"] {
        let line = format!("203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET /a?{before}{KEY}%26 HTTP/1.1\" 200 1\n");
        let hashed = hash("made-up-value").trim_end_matches('=').to_owned();
        let (found, text) = uses(&line.replace(KEY, &hashed), "made-up-value\n");
        assert_eq!(found, 1, "{before}: {text}");
    }
}

#[test]
fn what_stands_around_a_list_of_records_is_looked_through() {
    let value = token(1);
    let around = format!("{{\"Records\":[{{\"a\":1}}],\n\"next\":\"{value}\"}}\n");
    let before = format!("{{\"page\":\"{value}\",\"Records\":[{{\"a\":1}},\n{{\"b\":2}}]}}\n");
    let within = format!("{{\"Records\":[{{\"a\":1}},\n\"{value}\"]}}\n");
    for log in [around, before, within] {
        let (found, text) = uses(&log, &value);
        assert_eq!(found, 0, "{log}");
        says(&text, &["1 records with a token are in no known format"]);
        assert!(!text.contains(&value));
    }
    // Records that have such a list themselves.
    let record = |n: u32| {
        format!("{{\"ts\":{},\"ip\":\"203.0.113.9\",\"items\":[1,2],\"path\":\"/{value}\"}}\n", 1_767_323_045 + n)
    };
    assert_eq!(uses(&(record(0) + &record(1)), &value).0, 2);
}

#[test]
fn a_long_document_on_one_line_is_read_to_its_end() {
    let value = token(1);
    let record =
        |n: usize, path: &str| format!("{{\"ts\":{},\"ip\":\"203.0.113.9\",\"path\":\"{path}\"}}", 1_767_323_045 + n);
    let records: Vec<String> =
        (0..60_000).map(|n| record(n, "/a")).chain([record(60_001, &format!("/{value}"))]).collect();
    let log = format!("{}\n{{\"records\":[{}]}}\n", record(0, "/first"), records.join(","));
    assert!(log.len() > 2 << 20);
    let (found, text) = uses(&log, &value);
    assert_eq!(found, 1, "{}", &text[..text.len().min(2_000)]);
}

#[test]
fn lists_within_lists_end() {
    let value = token(1);
    let depth = 100_000;
    let log = format!("x\n{}\"{value}\"{}\n", "{\"items\":[".repeat(depth), "]}".repeat(depth));
    let (found, text) = uses(&log, &value);
    assert_eq!(found, 0);
    says(&text, &["1 records with a token are in no known format (lines [2])"]);
}

#[test]
fn what_is_no_text_is_no_log_without_the_token() {
    let (sandbox, [own, _]) = (Sandbox::new(), owner_and_thief());
    sandbox.write("tokens", token(1)).write("logs/access.log", own);
    sandbox.write("logs/state.db", b"made-up\0format\0\x01\x02\xff\xfe of some database\n\0");
    says(&trace(&sandbox).ended(3).text(), &["logs/state.db: is no text, and no record of it is known"]);
    sandbox.write("logs/state.db", "2025/12/26 03:04:05 [error] an error log is text\n");
    trace(&sandbox).ended(0);
}

#[test]
fn lines_that_others_carry_have_the_address_of_the_client() {
    let line = format!(
        "203.0.113.9 - ann [02/Jan/2026:03:04:05 +0000] \"GET /?{} HTTP/1.1\" 200 1 \"-\" \"curl/8\"",
        token(1)
    );
    for carried in [
        format!("2026-01-02T03:04:05.678901234Z stdout F {line}\n"),
        format!("Jan  2 03:04:05 192.0.2.1 nginx: {line}\n"),
        format!("2026-01-02T03:04:05+00:00 web-1 nginx[17]: {line}\n"),
        format!("www.example.com:443 {line}\n"),
    ] {
        let (found, text) = uses(&carried, &token(1));
        assert_eq!(found, 1, "{carried}{text}");
        says(&text, &["203.0.113.9  allowed 200", "by ann"]);
    }
    let forged = line.replace("ann", "nginx: 198.51.100.1 - bob");
    let (_, text) = uses(&format!("{forged}\n"), &token(1));
    says(&text, &["203.0.113.9  allowed 200"]);
    let unknown = format!("2026-01-02T03:04:05Z ERROR app: {line}\n");
    says(&uses(&unknown, &token(1)).1, &["1 records with a token are in no known format"]);
}

#[test]
fn a_request_of_which_only_the_beginning_is_told_is_no_silence() {
    let stage = |stage: &str| {
        format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"stage\":\"{stage}\",\"verb\":\"get\",\"requestURI\":\"/api?{}\",\"sourceIPs\":[\"203.0.113.9\"],\"requestReceivedTimestamp\":\"2026-01-02T03:04:05Z\"}}\n",
            token(1)
        )
    };
    let (found, text) = uses(&(stage("RequestReceived") + &stage("ResponseComplete")), &token(1));
    assert!(found == 1 && !text.contains("began"), "{text}");
    let (found, text) = uses(&stage("RequestReceived"), &token(1));
    assert_eq!(found, 0);
    says(&text, &["1 requests with a token began, and it does not say how they ended"]);
}

#[test]
fn who_is_new_behind_a_proxy_of_the_internet_is_not_cleared_and_a_forged_chain_is_no_proxy() {
    let (sandbox, [own, _]) = (Sandbox::new(), owner_and_thief());
    let same = again(&own);
    let through = |text: &str, client: &str| text.replace("deploy/1.4\"", &format!("deploy/1.4\" \"{client}\""));
    let (through_own, through_same) = (through(&own, "192.0.2.7"), through(&same, "192.0.2.200"));
    sandbox.write("tokens", token(1)).write("logs/access.log", through_own.clone() + &through_same);
    trace(&sandbox).ended(0);
    sandbox.write("logs/access.log", through_own + &through(&same, "203.0.113.77"));
    says(&trace(&sandbox).ended(3).text(), &["come through a proxy for clients that are new"]);
    sandbox.write("logs/access.log", own + &through(&same, "203.0.113.77"));
    trace(&sandbox).ended(0);
}
