//! `stanch harden`: weaknesses found, told in every format, and counted by exit statuses.

mod frameworks;

use std::fs;

use serde_json::Value;

use crate::stanch::{Run, Sandbox, token};

/// Code whose session cookie goes over plain HTTP.
const WEAK: &str = "const session = require('express-session');\n\napp.use(session({ secret: process.env.SECRET, cookie: { maxAge: 60000 } }));\n";
/// The same, as it should be.
const STRONG: &str = "const session = require('express-session');\napp.use(session({ name: '__Host-id', secret: process.env.SECRET, cookie: { secure: true, sameSite: 'lax', maxAge: 60000 } }));\n";

fn checks(run: &Run) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = run.json()["weaknesses"].as_array().unwrap().clone();
    all.iter().map(|one| (text(&one["check"]), text(&one["path"]))).collect()
}

#[test]
fn a_weak_cookie_is_found_and_a_strong_one_is_not() {
    let sandbox = Sandbox::new();
    sandbox.write("src/weak.js", WEAK).write("src/strong.js", STRONG);
    let run = sandbox.run(&["harden", "-f", "json"]).ended(1);
    assert!(checks(&run).contains(&("express-session-not-secure".into(), "src/weak.js".into())));
    assert!(checks(&run).iter().all(|(_, path)| path == "src/weak.js"), "{:?}", checks(&run));
    let first = &run.json()["weaknesses"][0];
    assert_eq!((first["type"].as_str(), first["line"].as_u64()), (Some("weakness"), Some(3)));
    assert!(first["standards"].as_array().is_some_and(|cited| !cited.is_empty()));
    sandbox.run(&["harden", "src/strong.js"]).ended(0);
}

#[test]
fn every_format_tells_it() {
    let sandbox = Sandbox::new();
    sandbox.write("weak.js", WEAK);
    for format in ["text", "json", "jsonl", "sarif", "html"] {
        let text = sandbox.run(&["harden", "-f", format]).ended(1).text();
        assert!(text.contains("express-session-not-secure") && text.contains("weak.js"), "{format}: {text}");
    }
    let file = sandbox.beside("out.json");
    let run = sandbox.run(&["harden", "-f", "json,text", "-o", file.to_str().unwrap()]).ended(1);
    assert!(run.text().contains("weak.js"));
    assert!(fs::read_to_string(file).unwrap().starts_with("{\"schema\":\"stanch/1\""));
}

#[test]
fn severity_decides_the_exit_status_and_usage_comes_first() {
    let sandbox = Sandbox::new();
    sandbox.write("weak.js", WEAK);
    sandbox.run(&["harden", "--fail-on", "never"]).ended(0);
    sandbox.run(&["harden", "--fail-on", "critical"]).ended(0);
    sandbox.run(&["harden", "--check", "no-such-check"]).ended(2);
    sandbox.run(&["harden", "-f", "json,text,html"]).ended(2);
    sandbox.run(&["harden", "--check", "express-session-secure-off"]).ended(0);
    let skipped =
        sandbox.run(&["harden", "-f", "json", "--skip-check", "express-session-not-secure", "--fail-on", "never"]);
    assert!(checks(&skipped).iter().all(|(check, _)| check != "express-session-not-secure"));
}

#[test]
fn what_is_not_looked_at_is_counted() {
    let sandbox = Sandbox::new();
    sandbox
        .write("test/weak.js", WEAK)
        .write("node_modules/a/weak.js", WEAK)
        .write("bytes.js", b"\xff\xfe require('express-session')");
    sandbox.write("left/out.js", WEAK).write(
        "allowed.js",
        WEAK.replace("app.use", "/* stanch:allow express-session-not-secure behind TLS */ app.use"),
    );
    let run =
        sandbox.run(&["harden", "-f", "json", "--exclude", "left", "--check", "express-session-not-secure"]).ended(0);
    for reason in ["test-or-example", "vendored", "not-text"] {
        assert_eq!(run.skipped(reason).0, 1, "{reason}");
    }
    assert_eq!(run.coverage()["allowed"].as_u64(), Some(1));
    let all = sandbox.run(&["harden", "-f", "json", "--all-files", "--check", "express-session-not-secure"]).ended(1);
    assert_eq!(checks(&all).len(), 3);
    sandbox.run(&["harden", "nowhere"]).ended(3);
}

#[test]
fn what_brings_in_a_framework_of_tests_or_no_person_wrote_is_left_out() {
    let sandbox = Sandbox::new();
    let helper = format!("import {{ expect }} from 'vitest'\n{WEAK}");
    sandbox.write("lib/helper.js", helper).write("lib/shown.standalone.js", WEAK);
    let squeezed = format!("{WEAK}\n{}", "if(a.b){c.d(e)};f(g);h.i=j[k]?l:m;n(o.p,q);\n".repeat(1_000));
    sandbox.write("lib/squeezed.js", squeezed);
    let run = sandbox.run(&["harden", "-f", "json", "--check", "express-session-not-secure"]).ended(0);
    assert_eq!((run.skipped("test-or-example").0, run.skipped("vendored").0), (1, 2));
    sandbox.write("lib/helper.js", format!("// vitest\n{WEAK}"));
    sandbox.run(&["harden", "--check", "express-session-not-secure"]).ended(1);
}

#[test]
fn environments_that_are_not_production_are_left_out() {
    let sandbox = Sandbox::new();
    let text = "request.basic_auth(user, password)\nhttp.verify_mode = OpenSSL::SSL::VERIFY_NONE\n";
    sandbox.write("config/environments/test.rb", text).write("config/environments/development.rb", text);
    assert_eq!(sandbox.run(&["harden", "-f", "json"]).ended(0).skipped("test-or-example").0, 2);
    sandbox.write("config/environments/production.rb", text);
    sandbox.run(&["harden", "--min-confidence", "low"]).ended(1);
}

#[test]
fn many_places_are_cut_and_the_run_is_incomplete() {
    let sandbox = Sandbox::new();
    sandbox
        .write("many.js", format!("{STRONG}{}", "session({ secret: s, cookie: { secure: true } });\n".repeat(2_000)));
    let run = sandbox.run(&["harden", "-f", "json", "--check", "express-session-secure-off"]).ended(3);
    assert!(run.failures()[0].1.contains("too many places"), "{:?}", run.failures());
}

#[test]
fn no_report_holds_a_token_of_a_path_or_a_line() {
    let (sandbox, secret) = (Sandbox::new(), token(3));
    sandbox.write(format!("{secret}/weak\u{1b}[31m.js"), WEAK.replace("app.use", &format!("f('{secret}'); app.use")));
    for format in ["text", "json", "jsonl", "sarif", "html"] {
        let text = sandbox.run(&["harden", "-f", format]).ended(1).text();
        assert!(!text.contains(&secret) && !text.contains('\u{1b}'), "{format}: {text}");
    }
}

#[test]
fn values_without_quotes_and_of_attributes_are_not_told() {
    let (sandbox, value) = (Sandbox::new(), "0123abcd".repeat(5));
    sandbox
        .write(".env", format!("APP_ENV=prod\nAPP_SECRET={value}\n"))
        .write("web.config", format!("<machineKey validationKey=\"{value}\" decryptionKey=\"{value}\" />\n"));
    for format in ["text", "json", "sarif", "html"] {
        let text = sandbox.run(&["harden", "-f", format]).ended(1).text();
        assert!(text.contains("symfony-secret-in-env-file") && text.contains("webconfig-machine-key-written"));
        assert!(!text.contains(&value), "{format}: {text}");
    }
}

#[test]
fn branches_and_projects_of_development_do_not_count() {
    let weak = "framework:\n    session:\n        cookie_secure: false\n";
    let sandbox = Sandbox::new();
    sandbox
        .write("config/packages/framework.yaml", format!("when@dev:\n    {}", weak.replace('\n', "\n    ")))
        .write("App.Tests/config/packages/framework.yaml", weak);
    sandbox.run(&["harden"]).ended(0);
    sandbox.write("config/packages/framework.yaml", weak);
    let run = sandbox.run(&["harden", "-f", "json"]).ended(1);
    assert_eq!(checks(&run), [("symfony-session-secure-off".into(), "config/packages/framework.yaml".into())]);
}

/// An entry of a HAR file, whose answer sets `cookie`.
fn entry(url: &str, cookie: &str) -> String {
    format!(
        "{{\"startedDateTime\":\"2026-01-02T03:04:05Z\",\"request\":{{\"url\":\"{url}\"}},\n\"response\":{{\"headers\":[{{\"name\":\"Set-Cookie\",\"value\":\"{cookie}\"}}]}}}}"
    )
}

fn har(entries: &[String]) -> String {
    format!("{{\"log\":{{\"entries\":[{}]}}}}", entries.join(","))
}

#[test]
fn cookies_of_a_har_file_are_told_once_for_each_host_and_masked() {
    let (sandbox, secret) = (Sandbox::new(), token(5));
    let weak = format!("PHPSESSID={secret}; Path=/; Secure; SameSite=Lax; Max-Age=60");
    let strong = format!("__Host-sid={secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
    let entries = [
        entry("https://shop.example/a", &strong),
        entry("https://shop.example/b", &weak),
        entry("https://shop.example/c", &weak),
        entry("https://other.example/", &weak),
        entry("http://localhost:3000/", "connect.sid=1; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"),
    ];
    sandbox.write("seen.har", har(&entries));
    let found = checks(&sandbox.run(&["harden", "-f", "json"]).ended(1));
    let times = |id: &str| found.iter().filter(|(check, _)| check == id).count();
    assert_eq!((times("cookie-not-httponly"), times("cookie-not-secure")), (2, 0), "{found:?}");
    for format in ["text", "json", "jsonl", "sarif", "html"] {
        let text = sandbox.run(&["harden", "-f", format]).ended(1).text();
        assert!(text.contains("shop.example: PHPSESSID=") && !text.contains(&secret), "{format}: {text}");
    }
    let lines = sandbox.run(&["harden", "-f", "json", "--check", "cookie-not-httponly"]).ended(1);
    assert_eq!(lines.json()["weaknesses"][0]["line"].as_u64(), Some(3), "the first of its kind");
    sandbox.run(&["harden", "--skip-check", "cookie-not-httponly"]).ended(0);
}

#[test]
fn cookies_of_transcripts_are_told_and_examples_are_left_out() {
    let sandbox = Sandbox::new();
    let text = "< HTTP/1.1 200 OK\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Set-Cookie: PHPSESSID=abc; Path=/; Secure; HttpOnly; SameSite=Lax; \
                Expires=Sat, 02 Jan 2027 03:04:05 GMT\n< Set-Cookie: theme=dark\n";
    sandbox
        .write("run.log", text)
        .write("server.log.2", text)
        .write("docs/answer.http", text)
        .write("a.txt", "nothing");
    let found = checks(&sandbox.run(&["harden", "-f", "json", "--check", "session-lifetime"]).ended(1));
    let expected = ["run.log", "server.log.2"].map(|path| ("session-lifetime".to_owned(), path.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(sandbox.run(&["harden", "-f", "json"]).skipped("test-or-example").0, 1);
}

#[test]
fn a_har_file_that_is_large_broken_or_none_is_looked_at_as_far_as_it_goes() {
    let sandbox = Sandbox::new();
    let weak = "PHPSESSID=abc; Path=/; Secure; SameSite=Lax; Max-Age=60";
    let padding = format!("{{\"response\":{{\"content\":{{\"text\":\"{}\"}}}}}}", "x".repeat(9 << 20));
    sandbox.write("large.har", har(&[padding, entry("https://shop.example/", weak)]));
    let whole = har(&[entry("https://shop.example/", weak), entry("https://shop.example/", weak)]);
    sandbox.write("cut.har", &whole[..whole.len() - 20]).write("none.har", "../elsewhere.har");
    sandbox.write("deep.har", "[".repeat(100_000));
    let run = sandbox.run(&["harden", "-f", "json", "--check", "cookie-not-httponly"]).ended(1);
    let paths: Vec<String> = checks(&run).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["cut.har", "large.har"]);
    let failed: Vec<String> = run.failures().into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(failed, ["cut.har", "deep.har", "none.har"]);
}

/// `docs/sessions.md` holds the table that the program prints.
#[test]
fn the_page_lists_every_check() {
    let printed = Sandbox::new().run(&["harden", "--list"]).ended(0).text();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sessions.md")).unwrap();
    assert!(page.contains(&printed), "docs/sessions.md is out of date");
    assert!(printed.lines().count() >= 80 + 2, "fewer checks than promised");
}

/// What the schema of SARIF 2.1.0 requires of the objects that are written, and that they hold nothing else:
/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json>.
const SARIF: &[(&str, &[&str], &[&str])] = &[
    ("", &["version", "runs"], &["$schema"]),
    ("/runs/0", &["tool"], &["columnKind", "redactionTokens", "originalUriBaseIds", "results", "invocations"]),
    ("/runs/0/tool", &["driver"], &[]),
    ("/runs/0/tool/driver", &["name"], &["semanticVersion", "rules", "informationUri", "version", "organization"]),
    (
        "/runs/0/tool/driver/rules/0",
        &["id"],
        &["name", "shortDescription", "fullDescription", "defaultConfiguration", "help", "helpUri", "properties"],
    ),
    ("/runs/0/tool/driver/rules/0/help", &["text"], &["markdown"]),
    (
        "/runs/0/results/0",
        &["message"],
        &["ruleId", "ruleIndex", "level", "locations", "partialFingerprints", "properties"],
    ),
    ("/runs/0/results/0/message", &["text"], &[]),
    ("/runs/0/results/0/locations/0/physicalLocation", &["artifactLocation"], &["region", "contextRegion"]),
    (
        "/runs/0/invocations/0",
        &["executionSuccessful"],
        &["exitCode", "endTimeUtc", "startTimeUtc", "toolExecutionNotifications", "properties"],
    ),
];

#[test]
fn sarif_is_what_its_schema_requires_and_points_at_the_match() {
    let sandbox = Sandbox::new();
    sandbox.write("weak.js", format!("const k = 'é𝄞'; {}", WEAK.replace("\n\napp", "; app")));
    let run = sandbox.run(&["harden", "-f", "sarif", "--check", "express-session-not-secure"]).ended(1);
    let report: Value = serde_json::from_str(&run.text()).unwrap();
    for (path, required, optional) in SARIF {
        let object = report.pointer(path).and_then(Value::as_object).unwrap_or_else(|| panic!("{path} of {report}"));
        assert!(required.iter().all(|name| object.contains_key(*name)), "{path}: {object:?}");
        let known = |name: &&str| required.contains(name) || optional.contains(name);
        assert!(object.keys().all(|name| known(&name.as_str())), "{path}: {object:?}");
    }
    assert_eq!((&report["version"], &report["runs"][0]["columnKind"]), (&"2.1.0".into(), &"utf16CodeUnits".into()));
    let place = &report["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let line: Vec<u16> =
        fs::read_to_string(sandbox.path().join("weak.js")).unwrap().lines().next().unwrap().encode_utf16().collect();
    let column = |name: &str| usize::try_from(place["region"][name].as_u64().unwrap()).unwrap() - 1;
    let matched = String::from_utf16(&line[column("startColumn")..column("endColumn")]).unwrap();
    assert_eq!(matched, "session(");
    assert_eq!((&place["region"]["startLine"], &place["region"]["endLine"]), (&1.into(), &1.into()));
    assert!(place["contextRegion"]["snippet"]["text"].as_str().is_some_and(|text| text.contains("session({")));
}

/// What another file of the project takes back is told only to who asks for what is less sure; tests and other people's code take
/// nothing back, and a file that was named alone has no others.
#[test]
fn other_files_take_back_what_they_overrule() {
    let told = |sandbox: &Sandbox, arguments: &[&str]| {
        let run = sandbox.run(&[&["harden", "-f", "json", "--fail-on", "never"], arguments].concat()).ended(0);
        checks(&run).into_iter().map(|(check, _)| check).collect::<Vec<_>>()
    };
    let (off, on) = ("SESSION_COOKIE_SECURE = False\n", "SESSION_COOKIE_SECURE = True\n");
    let base = Sandbox::new();
    base.write("site/settings.py", off).write("tests/settings.py", on).write("vendor/x/settings.py", on);
    base.write("notes.py", "# SESSION_COOKIE_SECURE = True\n");
    assert_eq!(told(&base, &[]), ["django-session-secure-off"]);
    base.write("site/prod_settings.py", format!("from .settings import *\n{on}"));
    assert_eq!(told(&base, &[]), [] as [&str; 0]);
    assert_eq!(told(&base, &["--min-confidence", "low"]), ["django-session-secure-off"]);
    assert_eq!(told(&base, &["site/settings.py"]), ["django-session-secure-off"]);
    let left_over = Sandbox::new();
    left_over.write("config/jwt.php", "<?php return [ 'secret' => env('JWT_SECRET', 'changeme'), ];\n");
    assert_eq!(told(&left_over, &[]), [] as [&str; 0]);
    left_over.write("composer.json", "{\"require\": {\"tymon/jwt-auth\": \"^2.0\"}}");
    assert_eq!(told(&left_over, &[]), ["laravel-jwt-secret-written"]);
}
