//! What a sweep tells: its lines and status, reports of every format, webhooks, progress.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    forge::{ForgeServer, Reply},
    git_server::Mode,
    kept_private::FORMATS,
    world::{World, masked, names},
};
use crate::{
    stanch::{self, Run, leak, token},
    verify::server::{Asked, Reply as Answer, Server},
};

fn two() -> World {
    World::with(&[("app", &leak(1)), ("web", &(leak(1) + &leak(2)))])
}

#[test]
fn exit_statuses_are_those_of_scans() {
    let world = World::with(&[("app", "nothing\n"), ("web", "nothing\n")]);
    world.sweep(&[]).ended(0);
    let quiet = world.sweep(&["--quiet"]).ended(0);
    assert_eq!((quiet.text(), quiet.err), (String::new(), String::new()));
    for wrong in [&["--no-such-flag"][..], &["--shard", "3/2"], &["--rule", "no-such-rule"], &["--verify=plan"]] {
        world.sweep(wrong).ended(2);
    }
    world.run(&["github", "--user", "a", "--org", "b"]).ended(2);
    world.run(&["report", "--state", "none"]).ended(2);
    world.run(&["status", "--state", "none"]).ended(2);
    world.run(&["list", "no-such-file"]).ended(2);
    fs::remove_dir_all(world.served("web")).unwrap();
    world.touch("web");
    world.sweep(&["--patience", "1"]).ended(3);
    world.commit("app", "a.env", &leak(1));
    // Incidents count more than what could not be covered.
    world.sweep(&["--patience", "1"]).ended(1);
    world.sweep(&["--patience", "1", "--fail-on", "never"]).ended(3);
    world.report(&[]).ended(1);
    world.report(&["--fail-on", "never"]);
}

#[test]
fn filters_leave_out_what_is_not_wanted() {
    let world = World::with(&[("app", &leak(1)), ("web", &leak(2)), ("old", &leak(3))]);
    world.fork("fork", 1);
    world.entry("app", |repo| (repo.private, repo.topics) = (false, vec!["shop".to_owned()]));
    world.entry("web", |repo| (repo.language, repo.size) = (Some("Ruby".to_owned()), 50 << 20));
    world.entry("old", |repo| (repo.archived, repo.pushed_at) = (true, "2020-01-01T00:00:00Z".to_owned()));
    for (nth, (flags, expected)) in [
        (&["--name", "a*"][..], &["app"][..]),
        (&["--name", "acme/w*,old"], &["web", "old"]),
        (&["--not-name", "acme/*"], &[]),
        (&["--topic", "shop"], &["app"]),
        (&["--language", "ruby"], &["web"]),
        (&["--pushed-since", "2025-01-01T00:00:00Z"], &["app", "web", "fork"]),
        (&["--archived", "only"], &["old"]),
        (&["--archived", "not", "--forks", "not"], &["app", "web"]),
        (&["--forks", "only"], &["fork"]),
        (&["--most-size", "10M"], &["app", "old", "fork"]),
        (&["--visibility", "public"], &["app"]),
    ]
    .into_iter()
    .enumerate()
    {
        let state = format!("state-{nth}");
        world.git.requests();
        let run = world.sweep(&[flags, &["--state", &state]].concat());
        assert_eq!(world.fetched(), names(expected), "{flags:?} {}", run.err);
        let told = match expected.len() {
            1 => "1 repository: ".to_owned(),
            count => format!("{count} repositories: "),
        };
        assert!(
            run.text().starts_with(&told) && run.text().contains(&format!("{} not wanted", 4 - expected.len())),
            "{}",
            run.text()
        );
    }
    // What is filtered out later stays known.
    world.sweep(&[]).ended(1);
    let run = world.sweep(&["--name", "app"]).ended(1);
    assert!(run.text().contains("0 gone") && run.text().contains("0 resolved"), "{}", run.text());
}

#[test]
fn every_format_reports_the_whole_organisation() {
    let world = two();
    world.commit("web", "CODEOWNERS", "*.env @acme/ops\n");
    world.sweep(&[]).ended(1);
    for format in FORMATS {
        let run = world.run(&["report", "-f", format]).ended(1);
        let text = run.text();
        let shown = if format == "html" || format == "github" { "ghp_" } else { &masked(2) };
        assert!(text.contains(shown) && text.contains("acme/web"), "{format}: {text}");
        let file = world.path(&format!("report.{format}"));
        world.run(&["report", "-f", format, "-o", file.to_str().unwrap()]).ended(1);
        assert!(fs::metadata(&file).unwrap().len() > 100, "{format}");
    }
    let parsed = |format: &str| -> Value { serde_json::from_slice(&world.run(&["report", "-f", format]).out).unwrap() };
    let sarif = parsed("sarif");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().all(|result| result.to_string().contains("\"repository\":\"acme/")), "{sarif:#}");
    assert_eq!(parsed("gitlab")["vulnerabilities"].as_array().unwrap().len(), 3);
    let lines = world.run(&["report", "-f", "jsonl"]).text();
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
    let html = world.run(&["report", "-f", "html"]).text();
    assert!(html.starts_with("<!") && html.trim_end().ends_with("</html>"));
    let csv = world.run(&["report", "-f", "csv"]).text();
    assert!(csv.lines().next().unwrap().contains("repository"), "{csv}");
    let of = world.known(&["--repository", "acme/app"]);
    assert_eq!(of.into_values().collect::<Vec<_>>(), [names(&["acme/app"])]);
    assert!(world.known(&["--status", "resolved"]).is_empty());
    for flag in ["--show-secrets", "--all-versions"] {
        let run = world.run(&["report", flag]).ended(2);
        assert!(run.err.contains(flag) && run.err.contains("a state holds"), "{}", run.err);
    }
}

#[test]
fn summaries_and_status_say_who_has_to_do_what() {
    let world = two();
    world.commit("web", "CODEOWNERS", "*.env @acme/ops\n");
    world.sweep(&[]).ended(1);
    let summary = world.run(&["report", "--summary"]).ended(0).text();
    for expected in [
        "2 incidents are not resolved",
        "@acme/ops",
        "by provider",
        "GitHub",
        "by age",
        "by verdict",
        "unchecked",
        "acme/app",
    ] {
        assert!(summary.contains(expected), "{expected}: {summary}");
    }
    let summary = world.run(&["report", "--summary", "-f", "json"]).ended(0).json();
    assert_eq!((&summary["incidents"], &summary["new"].as_array().unwrap().len()), (&json!(2), &2), "{summary}");
    assert_eq!(summary["owners"]["@acme/ops"], 2, "{summary}");
    world.commit("app", "b.env", &leak(3));
    world.sweep(&["--now", "2026-01-03T00:00:00Z"]).ended(1);
    let summary = world.run(&["report", "--summary", "-f", "json", "--now", "2026-01-03T00:00:00Z"]).ended(0).json();
    assert_eq!(summary["new"].as_array().unwrap().len(), 1, "{summary}");
    let text = world.run(&["status"]).ended(0).text();
    assert!(
        text.contains("2 covered, 0 not, 0 not scanned yet; 0 gone") && text.contains("covered everything"),
        "{text}"
    );
    let status = world.run(&["status", "--json"]).ended(0).json();
    assert_eq!(status["schema"], "stanch-sweep-status/1");
    assert_eq!(
        (&status["sweeps"]["count"], &status["repositories"]["done"], &status["incidents"]["open"]),
        (&json!(2), &json!(2), &json!(3)),
        "{status}"
    );
}

#[test]
fn what_is_forgotten_is_gone_until_it_is_found_anew() {
    let world = two();
    world.sweep(&[]).ended(1);
    let said = world.run(&["forget", "--repository", "acme/web"]).ended(0).text();
    assert_eq!(said, "forgot 1 repositories, 1 incidents, 2 occurrences\n");
    assert_eq!(world.known(&[]).into_iter().collect::<Vec<_>>(), [(masked(1), names(&["acme/app"]))]);
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("1 unchanged, 1 scanned"), "{}", run.text());
    assert_eq!(world.known(&[]).len(), 2);
    let id = world.report(&[]).incidents()[0]["id"].as_str().unwrap().to_owned();
    world.run(&["forget", "--incident", &id]).ended(0);
    assert_eq!(world.known(&[]).len(), 1);
    // What is long gone.
    world.forge.change(|repos| repos.retain(|repo| repo.name != "web"));
    world.sweep(&["--now", "2026-02-01T00:00:00Z"]);
    let said = world.run(&["forget", "--before", "2026-01-15T00:00:00Z"]).ended(0).text();
    assert!(said.starts_with("forgot 0 repositories"), "{said}");
    let said = world.run(&["forget", "--before", "2026-03-01T00:00:00Z"]).ended(0).text();
    assert!(said.starts_with("forgot 1 repositories"), "{said}");
    for wrong in [
        &["forget"][..],
        &["forget", "--incident", "x"],
        &["forget", "--repository", "a", "--before", "2026-01-01T00:00:00Z"],
    ] {
        world.run(wrong).ended(2);
    }
}

#[test]
fn providers_are_asked_about_what_is_found_and_again_about_what_is_open() {
    static REVOKED: AtomicBool = AtomicBool::new(false);
    let provider = Server::new(|asked: &Asked| {
        let shown = asked.headers.get("authorization").cloned().unwrap_or_default();
        let is_known = (1..=3).any(|number| shown == format!("Bearer {}", token(number)));
        if is_known && !REVOKED.load(Relaxed) {
            return Answer::new(200, r#"{"login":"ada","id":1}"#).with("X-OAuth-Scopes", "repo");
        }
        Answer::new(401, r#"{"message":"Bad credentials"}"#)
    });
    let world = two();
    let endpoints = format!("gitea={},github={}", world.forge.at(""), provider.at(""));
    let sweep = |flags: &[&str]| {
        let given = ["gitea", "--org", "acme", "--endpoint", &endpoints, "--fail-on", "active", "--verify-rate", "100"];
        world.run(&[&given, flags].concat())
    };
    sweep(&[]).ended(0);
    assert_eq!(world.known(&[]).len(), 2);
    world.commit("app", "c.env", &leak(3));
    sweep(&["--verify"]).ended(1);
    let verdict = |number: u64| {
        let all = world.report(&["--status", "open,resolved,reopened"]).incidents();
        let incident = all.into_iter().find(|one| one["secret"]["masked"] == masked(number).as_str()).unwrap();
        format!("{} {}", incident["verdict"]["status"].as_str().unwrap(), incident["severity"].as_str().unwrap())
    };
    for number in 1..=3 {
        assert_eq!(verdict(number), "active critical", "in a repository that nobody pushed to, too");
    }
    world.report(&["--fail-on", "active"]).ended(1);
    REVOKED.store(true, Relaxed);
    let run = sweep(&["--verify", "--now", "2026-01-04T00:00:00Z"]).ended(0);
    assert!(run.text().contains("0 new, 0 reopened, 3 resolved"), "{}", run.text());
    assert!(verdict(1).starts_with("inactive") && world.status_of(1) == "resolved", "{}", verdict(1));
    // What is resolved is asked about no more.
    let asked = provider.asked().len();
    let run = sweep(&["--verify", "--now", "2026-01-05T00:00:00Z"]).ended(0);
    assert_eq!((provider.asked().len(), run.text().contains("2 unchanged")), (asked, true), "{}", run.text());
}

/// Sweeps, and tells this webhook.
fn tell(world: &World, hook: &ForgeServer, flags: &[&str]) -> Run {
    let arguments = [&["sweep", "github", "--org", "acme", "--allow-private", "127.0.0.1"], flags].concat();
    let mut command = world.command(&arguments);
    command.env("STANCH_NOTIFY_URL", hook.at("/hook/with-a-path-that-is-secret")).env("STANCH_NOTIFY_SECRET", SECRET);
    stanch::run(&mut command)
}

const SECRET: &str = "twenty-four-bytes-or-more-of-it";
const HOOK: &str = "/hook/with-a-path-that-is-secret";

#[test]
fn a_webhook_is_told_once_of_what_is_new_or_back() {
    let world = two();
    let hook = ForgeServer::new(Vec::new());
    hook.answer(HOOK, Reply::new(410, ""));
    let run = tell(&world, &hook, &["--fail-on", "never"]).ended(3);
    assert!(run.err.contains("could not notify") && !run.err.contains("with-a-path"), "{}", run.err);
    assert_eq!(hook.take_asked().len(), 1);
    // It did not arrive, so it is sent again, though nothing is new.
    hook.answer(HOOK, Reply::new(200, "ok"));
    tell(&world, &hook, &[]).ended(1);
    let asked = hook.take_asked();
    assert_eq!(asked.len(), 1);
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!((&body["schema"], &body["count"]), (&json!("stanch-notify/1"), &json!(2)), "{body}");
    let header = |name: &str| asked[0].headers[name].clone();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let signed =
        format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), String::from_utf8_lossy(&asked[0].body));
    let expected = data_encoding::BASE64.encode(&mac.chain_update(signed).finalize().into_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{expected}"));
    // Nothing new, nothing told.
    tell(&world, &hook, &[]).ended(1);
    assert_eq!(hook.take_asked().len(), 0);
    // Gone: not told; back: told as reopened.
    world.work("web", |repo| repo.git(&["update-ref", "refs/keep/it", "HEAD"]));
    let leaked = world.work("web", |repo| repo.id("HEAD"));
    world.work("web", |repo| {
        repo.git(&["update-ref", "-d", "refs/keep/it"]);
        repo.git(&["checkout", "--quiet", "--orphan", "clean"]);
        repo.write("a.env", "x\n").commit("clean");
        repo.git(&["branch", "-M", "clean", "main"]);
    });
    world.push("web");
    tell(&world, &hook, &["--now", "2026-01-03T00:00:00Z"]).ended(1);
    assert_eq!((hook.take_asked().len(), world.status_of(2).as_str()), (0, "resolved"));
    world.work("web", |repo| repo.git(&["reset", "--quiet", "--hard", &leaked]));
    world.push("web");
    tell(&world, &hook, &["--now", "2026-01-04T00:00:00Z", "--notify-format", "slack"]).ended(1);
    let asked = hook.take_asked();
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert!(body["blocks"].is_array() && body.to_string().contains(&masked(2)), "{body}");
    assert!(!body.to_string().contains(&masked(1)), "{body}");
}

#[test]
fn progress_is_shown_where_it_is_wanted() {
    let world = two();
    let noise: String = (0..1_000_u64).map(|n| format!("{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    world.commit("web", "noise", &noise);
    world.git.set(Mode::Slow(Duration::from_millis(700)));
    let run = world.sweep(&["--progress"]).ended(1);
    let line =
        run.err.lines().find(|line| line.contains(" of 2 repositories, ")).unwrap_or_else(|| panic!("{}", run.err));
    assert!(line.starts_with("stanch: ") && line.contains("incidents"), "{line}");
    world.git.set(Mode::Serve);
}
