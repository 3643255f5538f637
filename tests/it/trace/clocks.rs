//! Clocks that disagree: within a log, between two, with the present, and with what a token says of itself.

use core::fmt::Write;

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{says, written::Written};
use crate::stanch::{Sandbox, token};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2025-12-24T12:00:00Z.
const LEAK: i64 = 1_766_577_600;
const NOW: &str = "2025-12-27T12:00:00Z";
const END: i64 = LEAK + 3 * DAY;

/// A line of a web server whose clock is right.
fn combined(at: i64, (address, agent): (&str, &str), path: &str, value: &str) -> String {
    let time = Timestamp::from_second(at).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
    format!("{address} - - [{time}] \"GET {path}?access_token={value} HTTP/1.1\" 200 812 \"-\" \"{agent}\"\n")
}

/// A record of an application.
fn record(at: i64, (address, agent): (&str, &str), path: &str, value: &str) -> Value {
    json!({ "ts": at, "ip": address, "user_agent": agent, "method": "GET", "path": path, "session": value })
}

const OWNER: (&str, &str) = ("198.51.100.4", "deploy/1.4");
const THIEF: (&str, &str) = ("203.0.113.9", "curl/8.5.0");

fn arguments() -> Vec<&'static str> {
    vec!["trace", "logs", "--token-from", "tokens", "--leaked-at", "2025-12-24T12:00:00Z", "--now", NOW]
}

/// A use every three hours of three weeks.
fn mornings(line: impl Fn(i64, String) -> String) -> String {
    (0..160)
        .map(|nth| (LEAK - 17 * DAY + nth * 3 * HOUR, format!("/items/{nth}")))
        .map(|(at, path)| line(at, path))
        .collect()
}

#[test]
fn two_logs_of_the_same_requests_tell_how_far_their_clocks_are_apart() {
    let (sandbox, value) = (Sandbox::new(), token(1));
    let server = mornings(|at, path| combined(at, OWNER, &path, &value));
    let app = mornings(|at, path| format!("{}\n", record(at - 192, OWNER, &path, &value)));
    sandbox.write("tokens", &value).write("logs/access.log", server).write("logs/app.jsonl", app);
    let run = sandbox.run(&arguments());
    let told = "logs/access.log: its clock runs 3 min 12 s ahead of that of logs/app.jsonl, by 160 requests that look the same in both";
    says(&run.text(), &[told]);
    assert!(!run.text().contains("logs/app.jsonl: its clock"), "said once: {}", run.text());
    let run = sandbox.run(&[&arguments()[..], &["-f", "json"]].concat());
    let beside = json!([{ "log": "logs/app.jsonl", "ahead_seconds": 192, "requests": 160, "by_id": false }]);
    assert_eq!(run.json()["logs"][0]["clock"]["beside"], beside);
    let run = sandbox.run(&[&arguments()[..], &["-f", "html"]].concat());
    says(&run.text(), &["its clock runs 3 min 12 s ahead"]);
}

#[test]
fn clocks_that_agree_are_not_spoken_of() {
    let (sandbox, value) = (Sandbox::new(), token(1));
    let server = mornings(|at, path| combined(at, OWNER, &path, &value));
    let app = mornings(|at, path| format!("{}\n", record(at + 1, OWNER, &path, &value)));
    sandbox.write("tokens", &value).write("logs/access.log", server).write("logs/app.jsonl", app);
    let run = sandbox.run(&arguments()).ended(0);
    says(&run.text(), &["only as before"]);
    assert!(!run.text().contains("clock"), "{}", run.text());
}

/// The owner's uses in a log whose clock is five hours behind, the thief's an hour after the leak among them, and the log of a proxy that is right and tells of few.
fn slow_clock(value: &str, named: bool) -> [String; 2] {
    let slow = |at: i64, who, path: &str, id: &str| {
        let mut record = record(at - 5 * HOUR, who, path, value);
        record["request_id"] = id.into();
        format!("{record}\n")
    };
    let mut app: String = (0..160)
        .map(|nth| slow(LEAK - 17 * DAY + nth * 3 * HOUR, OWNER, "/items", &format!("made-up-request-id-{nth}")))
        .collect();
    for nth in 0..20 {
        app += &slow(LEAK + HOUR + nth, THIEF, "/items", &format!("made-up-request-id-x{nth}"));
    }
    for nth in 0..20 {
        app += &slow(LEAK + 2 * DAY + nth, THIEF, "/items", &format!("made-up-request-id-y{nth}"));
    }
    let mut proxy = String::new();
    for nth in 0..10 {
        let mut right = record(LEAK - 17 * DAY + nth * 3 * HOUR, OWNER, "/proxied", value);
        if named {
            right["requestId"] = format!("made-up-request-id-{nth}").into();
        }
        writeln!(proxy, "{right}").unwrap();
    }
    [app, proxy]
}

#[test]
fn a_thief_before_the_leak_by_a_slow_clock_is_not_learnt_as_the_owner() {
    let (sandbox, value) = (Sandbox::new(), token(1));
    let [app, proxy] = slow_clock(&value, true);
    sandbox.write("tokens", &value).write("logs/app.jsonl", app).write("logs/proxy.jsonl", proxy);
    let run = sandbox.run(&arguments()).ended(1);
    says(
        &run.text(),
        &[
            "logs/proxy.jsonl: its clock runs 5 h ahead of that of logs/app.jsonl, by 10 requests that both hold",
            "used by others",
            "uses are within 5 h of the leak, by which clocks of these logs may be wrong",
            "203.0.113.0/24, curl: other (",
        ],
    );
    // Without what measures it, nothing tells that the clock is slow.
    let [app, proxy] = slow_clock(&value, false);
    sandbox.write("logs/app.jsonl", app).write("logs/proxy.jsonl", proxy);
    says(&sandbox.run(&arguments()).text(), &["only as before"]);
}

#[test]
fn times_that_go_back_within_a_log_are_counted() {
    let (sandbox, value) = (Sandbox::new(), token(1));
    let line = |at: i64| combined(at, OWNER, "/items", &value);
    let two_clocks: String =
        (0..40).map(|nth| line(LEAK + nth * MINUTE) + &line(LEAK + nth * MINUTE + 2 * HOUR)).collect();
    sandbox.write("tokens", &value).write("logs/access.log", two_clocks);
    let run = sandbox.run(&arguments()).ended(3);
    says(&run.text(), &["go back 39 times, by up to 1 h 59 min: its clocks disagree, or it is out of order"]);
    let late: String = (0..40).map(|nth| line(LEAK + nth * MINUTE + nth % 2 * 4 * MINUTE)).collect();
    sandbox.write("logs/access.log", late);
    assert!(!sandbox.run(&arguments()).text().contains("go back"), "requests are logged as they end");
    let newest_first: String = (0..40).rev().map(|nth| line(LEAK + nth * HOUR)).collect();
    sandbox.write("logs/access.log", newest_first);
    assert!(!sandbox.run(&arguments()).text().contains("go back"));
}

#[test]
fn times_that_are_yet_to_come_are_told_and_those_of_days_are_no_times() {
    let (sandbox, value) = (Sandbox::new(), token(1));
    sandbox.write("tokens", &value).write("logs/access.log", combined(END + 2 * HOUR, OWNER, "/items", &value));
    let run = sandbox.run(&arguments()).ended(3);
    says(&run.text(), &["logs/access.log: its times are up to 2 h ahead of the present"]);
    assert!(!run.text().contains("tells of times that are yet to come"));
    sandbox.write("logs/access.log", combined(END + 3 * DAY, OWNER, "/items", &value));
    says(
        &sandbox.run(&arguments()).ended(3).text(),
        &["its times are up to 3 d ahead of the present", "logs/access.log tells of times that are yet to come"],
    );
    sandbox.write("logs/access.log", combined(END + 2 * MINUTE, OWNER, "/items", &value));
    assert!(!sandbox.run(&arguments()).text().contains("ahead"));
}

#[test]
fn a_token_that_is_used_before_it_was_issued_shows_a_wrong_clock() {
    let sandbox = Sandbox::new();
    let issued = LEAK - 16 * DAY - 12 * HOUR;
    let claims = BASE64URL_NOPAD.encode(format!("{{\"jti\":\"made-up-token-1\",\"iat\":{issued}}}").as_bytes());
    let value = [BASE64URL_NOPAD.encode(b"{\"alg\":\"HS256\"}"), claims, "c2lnbmF0dXJl".repeat(3)].join(".");
    sandbox.write("tokens", &value).write("logs/access.log", mornings(|at, path| combined(at, OWNER, &path, &value)));
    let run = sandbox.run(&arguments()).ended(3);
    says(&run.text(), &["cannot tell", "4 uses are from before it was issued, as it says itself"]);
    assert!(!run.text().contains(&value));
}

/// A person in Berlin, and somebody in Sydney in turns with them within minutes: the records of two logs, the second's clock ahead by `skew`.
fn turns(skew: i64) -> [Vec<String>; 2] {
    let value = token(1);
    let browser = |address| (address, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
    let (owner, other) = (browser("81.0.0.4"), browser("90.0.0.4"));
    let named = |at, who, path: &str, nth: i64| {
        let mut record = record(at, who, path, &value);
        record["request_id"] = format!("made-up-request-id-{nth}").into();
        format!("{record}\n")
    };
    let mut logs = [Vec::new(), Vec::new()];
    for nth in 0..160 {
        let at = LEAK - 17 * DAY + nth * 3 * HOUR;
        logs[0].push(named(at, owner, "/items", nth));
        // Requests of before the leak go through both.
        if nth < 100 {
            logs[1].push(named(at + skew, owner, "/items", nth));
        }
    }
    for nth in 0..8 {
        let at = LEAK + DAY + HOUR + nth * 4 * MINUTE;
        logs[0].push(named(at, owner, "/mail", 1_000 + nth));
        logs[1].push(named(at + 2 * MINUTE + skew, other, "/mail", 2_000 + nth));
    }
    logs
}

/// The signs that the one in Sydney gives, and how sure they are.
fn signs(sandbox: &Sandbox) -> Vec<String> {
    let mut map = Written::new("Made-Up-City");
    map.city("81.0.0.0/8", "DE", "Berlin", (52.52, 13.405, 20));
    map.city("90.0.0.0/8", "AU", "Sydney", (-33.87, 151.21, 20));
    let map = sandbox.write_beside("places.mmdb", map.bytes());
    let run = sandbox.run(&[&arguments()[..], &["-f", "json", "--mmdb", map.to_str().unwrap()]].concat());
    let users = run.json()["traces"][0]["users"].as_array().unwrap().clone();
    let other = users.iter().find(|user| user["network"] == "90.0.0.0/24").unwrap().clone();
    let told = |sign: &Value| format!("{} {}", sign["kind"].as_str().unwrap(), sign["sure"].as_str().unwrap());
    other["signs"].as_array().unwrap().iter().map(told).collect()
}

#[test]
fn speed_is_no_sign_where_clocks_are_further_apart_than_the_flight_takes() {
    let sandbox = Sandbox::new();
    sandbox.write("tokens", token(1));
    for (skew, is_told) in [(0, true), (2 * HOUR, true), (17 * HOUR, false)] {
        let [one, two] = turns(skew);
        sandbox.write("logs/a.jsonl", one.concat()).write("logs/b.jsonl", two.concat());
        let signs = signs(&sandbox);
        assert_eq!(signs.iter().any(|sign| sign.starts_with("impossible-travel")), is_told, "{skew}: {signs:?}");
    }
}

#[test]
fn turns_within_a_log_that_is_out_of_order_are_not_sure() {
    let sandbox = Sandbox::new();
    let [one, two] = turns(0);
    let all = [one, two].concat();
    // Two files, one put behind the other, are each in order.
    sandbox.write("tokens", token(1)).write("logs/a.jsonl", all.concat());
    assert!(signs(&sandbox).contains(&"two-places high".to_owned()), "{:?}", signs(&sandbox));
    let shuffled: String = (0..7).flat_map(|row| all.iter().skip(row).step_by(7)).cloned().collect();
    sandbox.write("logs/a.jsonl", shuffled);
    let told = signs(&sandbox);
    assert!(told.contains(&"two-places low".to_owned()), "{told:?}");
    assert!(!told.iter().any(|sign| sign.starts_with("impossible-travel")), "{told:?}");
}
