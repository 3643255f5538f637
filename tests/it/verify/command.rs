//! `scan --verify` and `verify`, as they are typed.

use std::{fs, path::PathBuf, time::Duration};

use data_encoding::BASE64;
use serde_json::Value;

use super::server::{Asked, Reply, Server};
use crate::stanch::{Sandbox, leak, run_with, token};

const USER: &str = r#"{"login":"octo-\u001b[31mcat","id":1}"#;
const BAD: &str = r#"{"message":"Bad credentials"}"#;

/// A forge that knows the tokens of these numbers.
fn forge(known: &'static [u64]) -> Server {
    Server::new(move |asked: &Asked| {
        let bearer = asked.headers.get("authorization").cloned().unwrap_or_default();
        if known.iter().any(|&number| bearer == format!("Bearer {}", token(number))) {
            Reply::new(200, USER).with("X-OAuth-Scopes", "repo, workflow")
        } else {
            Reply::new(401, BAD)
        }
    })
}

fn endpoint(server: &Server) -> String {
    format!("github={}", server.at(""))
}

fn verdicts(incidents: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut verdicts: Vec<_> = incidents
        .iter()
        .map(|incident| (text(&incident["verdict"]["status"]), text(&incident["verdict"]["reason"])))
        .collect();
    verdicts.sort();
    verdicts
}

/// A provider whose host is taken from what is scanned.
const SELF_HOSTED: &str = r#"
provider = "acme"
name = "Acme"
min_stanch = "0.1"

[[rule]]
id = "acme-key"
name = "Acme key"
class = "api-key"
severity = "high"
keywords = ["acme://"]
regex = '''acme://(?<secret>acme_[0-9a-z]{30})@(?<host>[0-9A-Za-z.:@-]{3,40})'''
source = "https://acme.example/docs"
verify = "me"
match = ["{'acme://acme_' + base36(30)}@git.acme.example"]
no_match = ["{'acme://acme_' + base36(29)}@git.acme.example"]

[verify.me]
source = "https://acme.example/docs"
url = "https://${host}/me"
headers = { Authorization = "Bearer ${secret}" }

[[verify.me.answers]]
verdict = "active"
status = 200
has = ["/id"]
example = '{"id":1}'

[[verify.me.answers]]
verdict = "inactive"
status = 401
example = ''
"#;

fn acme_key(number: u64) -> String {
    format!("acme_{}", &token(number).to_lowercase()[4..34].replace('_', "0"))
}

#[test]
fn what_works_comes_first_and_whose_it_is_is_said() {
    let (sandbox, server) = (Sandbox::new(), forge(&[2]));
    sandbox.write("a.env", leak(1)).write("b.env", leak(2));
    let run = sandbox.scan(&["--verify", "--endpoint", &endpoint(&server)]).ended(1);
    let incidents = run.incidents();
    assert_eq!(incidents[0]["verdict"], serde_json::json!({"status": "active"}));
    assert_eq!(
        incidents[0]["access"],
        serde_json::json!({"owner": "octo-\u{1b}[31mcat", "scopes": "repo, workflow", "powers": ["write"]})
    );
    assert_eq!(incidents[0]["severity"], "critical");
    assert_eq!(incidents[1]["verdict"], serde_json::json!({"status": "inactive", "reason": "rejected"}));
    assert_eq!((&incidents[1]["severity"], incidents[1].get("access")), (&Value::from("low"), None));
    // Two tokens and a control probe.
    assert_eq!(server.asked().len(), 3);
    let notes = run.coverage()["notes"].to_string();
    assert!(notes.contains("asked 1 host about 2 incidents with 3 requests"), "{notes}");

    let text = sandbox.run(&["scan", "--verify", "--endpoint", &endpoint(&server)]).ended(1).text();
    assert!(text.contains("its provider says: owner octo-"), "{text}");
    assert!(text.contains("may repo, workflow, which comes to write\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "nothing that a provider answers steers a terminal: {text}");
}

#[test]
fn what_works_decides_how_a_run_ends() {
    let ended = |known: &'static [u64], flags: &[&str]| {
        let (sandbox, server) = (Sandbox::new(), forge(known));
        sandbox.write("a.env", leak(1));
        sandbox.scan(&[&["--verify", "--endpoint", &endpoint(&server)], flags].concat()).status
    };
    assert_eq!(ended(&[1], &["--fail-on", "active"]), 1);
    assert_eq!(ended(&[], &["--fail-on", "active"]), 0);
    assert_eq!(ended(&[], &[]), 1);
    assert_eq!(ended(&[1], &["--fail-on", "active", "--deny-provider", "github"]), 3);
    assert_eq!(ended(&[1], &["--deny-provider", "gihub"]), 2);
}

#[test]
fn no_secret_is_told_to_anybody_but_its_provider() {
    let (sandbox, elsewhere) = (Sandbox::new(), forge(&[1]));
    let moved = elsewhere.at("/user");
    let server = Server::new(move |_: &Asked| Reply::new(302, "").with("Location", &moved));
    sandbox.write("a.env", leak(1));
    let (verdicts_file, secret) = (sandbox.beside("verdicts"), token(1));
    let run =
        sandbox.scan(&["--verify", "--endpoint", &endpoint(&server), "--verdicts", verdicts_file.to_str().unwrap()]);
    assert_eq!(
        verdicts(&run.incidents()),
        [("unknown".to_owned(), "it redirects elsewhere, and is not followed".to_owned())]
    );
    assert!(elsewhere.asked().is_empty(), "a redirect is not followed");
    assert_eq!(server.asked().len(), 1);
    assert!(server.asked()[0].text().contains(&secret));
    let kept = fs::read_to_string(verdicts_file).unwrap();
    for said in [run.text(), run.err, kept] {
        for form in [secret.clone(), BASE64.encode(secret.as_bytes()), secret.to_lowercase()] {
            assert!(!said.contains(&form), "{said}");
        }
    }
}

#[test]
fn a_verdict_is_kept_and_believed_until_it_is_old() {
    let (sandbox, server) = (Sandbox::new(), forge(&[1]));
    sandbox.write("a.env", leak(1)).write("b.env", leak(2));
    let file = sandbox.beside("verdicts");
    let scan = |now: &str| {
        let flags = ["--verify", "--endpoint", &endpoint(&server), "--verdicts", file.to_str().unwrap(), "--now", now];
        sandbox.scan(&flags).incidents()
    };
    let first = scan("2026-01-02T00:00:00Z");
    assert_eq!(server.asked().len(), 3);
    let second = scan("2026-01-02T23:00:00Z");
    assert_eq!(server.asked().len(), 3, "nobody is asked again");
    assert_eq!(first, second);
    scan("2026-01-03T01:00:00Z");
    assert_eq!(server.asked().len(), 6, "a day later everybody is");
    // Whoever changes the file decides what is not asked: it is not believed.
    let text = fs::read_to_string(&file).unwrap().replace("\"active\":true", "\"active\":false");
    fs::write(&file, text).unwrap();
    let run = sandbox.scan(&["--verify", "--endpoint", &endpoint(&server), "--verdicts", file.to_str().unwrap()]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("its seal is broken"), "{}", run.err);
}

#[test]
fn a_plan_asks_nobody() {
    let (sandbox, server) = (Sandbox::new(), forge(&[1]));
    sandbox
        .write("a.env", leak(1))
        .write("b.env", leak(2))
        .write("c.env", format!("password = '{}'\n", ["tR7#vq", "92!LmXz"].concat()));
    let run = sandbox.run(&["scan", "--verify=plan", "--endpoint", &endpoint(&server)]).ended(0);
    let text = run.text();
    assert!(text.starts_with("would ask 1 host about 2 tokens, with 3 requests at most; nothing was sent\n"), "{text}");
    assert!(text.contains(&server.host()) && text.contains("github-pat: 2"), "{text}");
    assert!(text.contains("its provider cannot be asked: 1"), "{text}");
    let plan = sandbox.scan(&["--verify=plan", "--endpoint", &endpoint(&server)]).ended(0).json();
    assert_eq!(plan["requests"][server.host()], 3);
    assert!(server.asked().is_empty());
    // Without an endpoint the plan names the provider's own host.
    let text = sandbox.run(&["scan", "--verify=plan"]).ended(0).text();
    assert!(text.contains("api.github.com: 3 requests at most"), "{text}");
}

#[test]
fn a_host_out_of_the_scanned_tree_needs_consent() {
    let (sandbox, server) = (Sandbox::new(), Server::new(|_: &Asked| Reply::new(200, r#"{"id":1}"#)));
    let patterns = sandbox.write_beside("patterns/acme.toml", SELF_HOSTED);
    let patterns = patterns.parent().unwrap().to_str().unwrap();
    let port = server.host().rsplit(':').next().unwrap().to_owned();
    let reason = |host: &str, flags: &[&str]| {
        sandbox.write("a.txt", format!("see acme://{}@{host}\n", acme_key(7)));
        let flags =
            [&["--verify", "--patterns", patterns, "--rule", "acme-key", "--verify-timeout", "2"], flags].concat();
        let incident = sandbox.scan(&flags).incident();
        assert_eq!(incident["verdict"]["status"], "unknown", "{host}: {incident}");
        incident["verdict"]["reason"].as_str().unwrap().to_owned()
    };
    let named = format!("localhost:{port}");
    assert_eq!(reason(&named, &[]), format!("{named} is asked only with --allow-host {named}"));
    // It is a name, and allowed, but its address is private.
    assert_eq!(reason(&named, &["--allow-host", "localhost"]), "its host has a private address");
    let literal = format!("127.0.0.1:{port}");
    assert_eq!(reason(&literal, &["--allow-host", "127.0.0.1"]), "its host is an address, not a name");
    assert_eq!(reason("user@git.example", &["--allow-host", "git.example"]), "its address is not one");
    assert_eq!(reason(&named, &["--allow-private", &named, "--deny-host", "localhost"]), "localhost is denied");
    assert!(server.asked().is_empty());
    // With leave for a private address it is asked, over TLS alone: this server speaks none.
    let refused = reason(&named, &["--allow-private", &named]);
    assert!(
        refused.contains("certificate") || refused.contains("connection") || refused.contains("broke off"),
        "{refused}"
    );
    assert!(server.asked().is_empty(), "nothing was said in clear");
}

#[test]
fn a_canary_is_named_and_not_asked_about() {
    let sandbox = Sandbox::new();
    let server = Server::new(|_: &Asked| Reply::new(403, "<Error><Code>InvalidClientTokenId</Code></Error>"));
    let rule = crate::stanch::rule("aws-access-key");
    let text = stanch::rules::examples::expanded(&rule, &rule.matching[0], 7);
    let id = text.split_whitespace().nth(2).unwrap();
    sandbox.write("a.env", text.replace(&id[4..13], "YVP4CIPPA"));
    let endpoint = format!("aws={}", server.at(""));
    let flags = ["--rule", "aws-access-key", "--verify", "--endpoint", &endpoint];
    let reason = sandbox.scan(&flags).ended(1).incident()["verdict"]["reason"].clone();
    assert!(reason.as_str().unwrap().starts_with("it is a canary, of account 595918472158"), "{reason}");
    assert!(server.asked().is_empty());
    let asked = sandbox.scan(&[&flags[..], &["--ask-canaries"]].concat()).incident();
    assert_eq!((&asked["verdict"]["status"], server.asked().len()), (&Value::from("inactive"), 1));
}

#[test]
fn nothing_in_the_scanned_tree_has_a_provider_asked() {
    let (sandbox, server) = (Sandbox::new(), forge(&[1]));
    sandbox.write("a.env", leak(1));
    for line in ["verify = true", "allow-host = ['x']", &format!("endpoint = '{}'", endpoint(&server))] {
        sandbox.write("stanch.toml", line);
        let run = sandbox.scan(&[]).ended(2);
        assert!(run.err.contains("unknown key"), "{}", run.err);
    }
    assert!(server.asked().is_empty());
}

/// A rule of the tree's own could take any token for its own, and send it anywhere.
#[test]
fn a_pattern_file_that_the_scanned_tree_names_has_nobody_asked() {
    let (sandbox, server) = (Sandbox::new(), Server::new(|_: &Asked| Reply::new(401, "")));
    let file = SELF_HOSTED.replace("https://${host}/me", "https://collect.example/me");
    sandbox.write("rules/acme.toml", file).write("a.txt", format!("acme://{}@git.example\n", acme_key(7)));
    let endpoint = format!("acme={}", server.at(""));
    let flags = ["--verify", "--rule", "acme-key", "--endpoint", &endpoint];
    let status = |flags: &[&str]| sandbox.scan(flags).incident()["verdict"]["status"].clone();
    sandbox.write("stanch.toml", "patterns = ['rules']");
    assert_eq!(status(&flags), "unchecked");
    assert_eq!(status(&[&flags[..], &["--config", "stanch.toml"]].concat()), "unchecked");
    assert!(server.asked().is_empty());
    assert_eq!(status(&[&flags[..], &["--patterns", "rules"]].concat()), "inactive");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn an_endpoint_is_not_asked_in_clear_but_on_this_machine() {
    let sandbox = Sandbox::new();
    for wrong in ["github=http://example.org", "github=ftp://127.0.0.1", "github", "github=http://u@127.0.0.1/"] {
        sandbox.scan(&["--verify", "--endpoint", wrong]).ended(2);
    }
}

#[test]
fn authorities_of_ones_own_are_read_before_anybody_is_asked() {
    let sandbox = Sandbox::new();
    sandbox.write("a.env", leak(1));
    let empty = sandbox.write_beside("ca.pem", "nothing");
    let run = sandbox.scan(&["--verify", "--ca-file", empty.to_str().unwrap()]).ended(2);
    assert!(run.err.contains("holds no certificate in PEM"), "{}", run.err);
    let run = sandbox.scan(&["--verify", "--ca-file", "no/such"]).ended(2);
    assert!(run.err.contains("cannot read the certificate authorities"), "{}", run.err);
}

#[test]
fn a_report_is_verified_by_its_ids() {
    let (sandbox, server) = (Sandbox::new(), forge(&[2]));
    sandbox.write("a.env", leak(1)).write("b.env", leak(2)).write("c.env", leak(3));
    let report = |format: &str, skip: u64| {
        sandbox.remove_if_there("c.env");
        let run = sandbox.run(&["scan", "-f", format]).ended(1);
        sandbox.write("c.env", leak(skip));
        sandbox.write_beside(&format!("report.{format}"), run.out)
    };
    for format in ["json", "jsonl"] {
        let path = report(format, 3);
        let flags = ["verify", path.to_str().unwrap(), "-f", "json", "--endpoint", &endpoint(&server)];
        let run = sandbox.run(&flags).ended(1);
        let said: Vec<_> = verdicts(&run.incidents()).into_iter().map(|(status, _)| status).collect();
        assert_eq!(said, ["active", "inactive"], "the third is in no report");
    }
    // What is gone from the tree may still work.
    let path = sandbox.beside("report.json");
    sandbox.remove("b.env");
    let run = sandbox.run(&["verify", path.to_str().unwrap(), "-f", "json", "--endpoint", &endpoint(&server)]).ended(3);
    assert_eq!(run.incidents().len(), 1);
    assert!(run.failures()[0].1.contains("not found any more"), "{:?}", run.failures());
    let other = ["verify", path.to_str().unwrap(), "--endpoint", &endpoint(&server)];
    let mut command = sandbox.command(&other);
    let run = run_with(command.env("STANCH_KEY", "another key than the report's"), b"").ended(2);
    assert!(run.err.contains("made under the key `default`"), "{}", run.err);
    for text in ["", "nothing", "{\"a\":1}"] {
        let path: PathBuf = sandbox.write_beside("not-a-report", text);
        sandbox.run(&["verify", path.to_str().unwrap()]).ended(2);
    }
}

#[test]
fn one_token_is_verified_from_standard_input() {
    let (sandbox, server) = (Sandbox::new(), forge(&[2]));
    let verify = |text: &str| {
        let flags = ["verify", "--rule", "github-pat", "-", "-f", "json", "--endpoint", &endpoint(&server)];
        run_with(&mut sandbox.command(&flags), text.as_bytes())
    };
    assert_eq!(verify(&token(2)).ended(1).incident()["verdict"]["status"], "active");
    assert_eq!(verify(&format!(" {}\n", token(1))).ended(0).incident()["verdict"]["status"], "inactive");
    verify("").ended(2);
    // One that the rule does not know by itself is asked about as it stands.
    assert_eq!(verify("not-of-this-format").ended(0).incident()["verdict"]["status"], "inactive");
    sandbox.run(&["verify", "--rule", "github-pat", "a.env"]).ended(2);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_it_knows() {
    let sandbox = Sandbox::new();
    let server = Server::new(|_: &Asked| Reply::Late(Duration::from_millis(400), Box::new(Reply::new(401, BAD))));
    (0..40).for_each(|number| {
        sandbox.write(format!("{number}.env"), leak(number));
    });
    let flags = ["scan", "-f", "json", "--verify", "--verify-rate", "100", "--endpoint", &endpoint(&server)];
    let child = sandbox
        .command(&flags)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while server.asked().len() < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::process::Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let said = verdicts(report["incidents"].as_array().unwrap());
    assert_eq!(said.len(), 40);
    assert!(said.contains(&("inactive".to_owned(), "rejected".to_owned())));
    assert!(said.contains(&("unknown".to_owned(), "the run was stopped".to_owned())));
    assert_eq!((output.status.code(), &report["coverage"]["complete"]), (Some(1), &Value::from(false)));
    assert!(server.asked().len() < 40);
}

/// Law 7: where a socket were opened, the program would die by it.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn without_leave_no_socket_is_opened() {
    use std::{collections::BTreeMap, os::unix::process::ExitStatusExt};

    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    let (sandbox, server) = (Sandbox::new(), forge(&[1]));
    sandbox.write("a.env", leak(1));
    let ended = |flags: &[&str]| {
        std::thread::scope(|scope| {
            let run = || {
                let rules = BTreeMap::from([(libc::SYS_socket, Vec::new())]);
                let arch = std::env::consts::ARCH.try_into().unwrap();
                let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::KillProcess, arch).unwrap();
                // What a thread may not do, the programs that it starts may not either.
                apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
                sandbox.command(flags).output().unwrap().status
            };
            scope.spawn(run).join().unwrap()
        })
    };
    let at = endpoint(&server);
    assert_eq!(ended(&["scan", "--endpoint", &at]).code(), Some(1));
    assert_eq!(ended(&["scan", "--verify=plan", "--endpoint", &at]).code(), Some(0));
    assert_eq!(ended(&["scan", "--verify", "--endpoint", &at]).signal(), Some(libc::SIGSYS));
    assert!(server.asked().is_empty());
}
