//! The formats for CI systems, spreadsheets and comments, of real scans; completions and manual pages.

use std::{fs, process::Command};

use serde_json::Value;

use crate::{
    repo::Repo,
    stanch::{NOW, Run, Sandbox, leak, run, token},
};

/// What all reports of one run hold, by format.
fn reports(repo: &Repo, formats: &[&str], status: i32) -> Vec<String> {
    let path = |format: &&str| repo.beside(&format!("report.{format}")).to_str().unwrap().to_owned();
    let mut arguments = vec!["scan".to_owned()];
    for format in formats {
        arguments.extend(["-f".to_owned(), (*format).to_owned(), "-o".to_owned(), path(format)]);
    }
    run(&mut crate::stanch::command(repo.path(), &arguments)).ended(status);
    formats.iter().map(|format| fs::read_to_string(path(format)).unwrap()).collect()
}

/// A token at HEAD, one in a file that is gone, and one in a message.
fn leaking() -> Repo {
    let repo = Repo::new();
    repo.write("deploy/a,b.env", &leak(1)).write("old.env", &leak(2)).commit("one");
    repo.remove("old.env").commit(&format!("removes {}", token(3)));
    repo
}

#[test]
fn several_formats_come_from_one_run_and_hold_no_secret() {
    let formats = ["github", "gitlab", "junit", "csv", "markdown"];
    let repo = leaking();
    for (format, text) in formats.iter().zip(reports(&repo, &formats, 1)) {
        for number in 1..4 {
            assert!(!text.contains(&token(number)), "{format}: {text}");
        }
        assert!(text.contains("ghp_…"), "{format}: {text}");
    }
}

#[test]
fn github_annotates_what_is_checked_out_and_lists_the_rest() {
    let text = reports(&leaking(), &["github"], 1).remove(0);
    let lines: Vec<&str> = text.lines().collect();
    let errors: Vec<&&str> = lines.iter().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].starts_with("::error file=deploy/a%2Cb.env,line=1,endLine=1,col="), "{text}");
    let notices: Vec<&&str> = lines.iter().filter(|line| line.starts_with("::notice ")).collect();
    assert_eq!(notices.len(), 1, "{text}");
    assert!(notices[0].starts_with("::notice title=Leaked elsewhere::2 places"), "{text}");
    assert!(notices[0].contains("%0Aold.env:1:") && notices[0].contains("%0Acommit message:1:"), "{text}");
    assert!(text.contains("\nstanch: 3 incidents: 3 critical\n"), "{text}");
}

#[test]
fn gitlab_gets_what_its_schema_requires() {
    let report: Value = serde_json::from_str(&reports(&leaking(), &["gitlab"], 1)[0]).unwrap();
    // <https://gitlab.com/gitlab-org/security-products/security-report-schemas>, secret-detection-report-format.json 15.0.4.
    let filled = |value: &Value, path: &str| {
        let text = value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path} of {value}"));
        assert!(!text.is_empty(), "{path} of {value}");
        text.to_owned()
    };
    assert_eq!(filled(&report, "/version"), "15.0.4");
    for part in ["analyzer", "scanner"] {
        for field in ["id", "name", "version", "vendor/name"] {
            filled(&report, &format!("/scan/{part}/{field}"));
        }
    }
    assert_eq!(filled(&report, "/scan/type"), "secret_detection");
    assert_eq!(filled(&report, "/scan/status"), "success");
    assert_eq!(filled(&report, "/scan/start_time"), NOW.trim_end_matches('Z'));
    let end = filled(&report, "/scan/end_time");
    let shape: String = end.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00");
    let found = report["vulnerabilities"].as_array().unwrap();
    assert_eq!(found.len(), 3);
    for found in found {
        let id = filled(found, "/id");
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(filled(found, "/name").chars().count() <= 255);
        filled(found, "/description");
        assert!(filled(found, "/solution").chars().count() <= 7_000);
        assert!(["Critical", "High", "Medium", "Low"].contains(&&*filled(found, "/severity")));
        assert_eq!(filled(found, "/location/commit/sha").len(), 40);
        assert!(found["location"]["start_line"].is_u64() && found["location"]["end_line"].is_u64());
        for identifier in found["identifiers"].as_array().unwrap() {
            for field in ["/type", "/name", "/value"] {
                filled(identifier, field);
            }
            assert!(identifier["url"].is_null() || filled(identifier, "/url").starts_with("http"));
        }
        filled(found, "/identifiers/0/value");
        for (_, detail) in found["details"].as_object().unwrap() {
            assert_eq!(detail["type"], "text");
            for field in ["/name", "/value"] {
                filled(detail, field);
            }
        }
    }
    let files: Vec<String> = found.iter().map(|found| filled(found, "/location/file")).collect();
    assert!(files.contains(&"deploy/a,b.env".to_owned()), "{files:?}");
}

#[test]
fn an_incomplete_run_is_said_in_every_format_that_can() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "nothing secret");
    let text = |format: &str| sandbox.run(&["scan", "-f", format, ".", "no/such"]).ended(3).text();
    assert!(
        text("github").contains("::warning title=The scan is incomplete::1 thing could not be scanned:%0Ano/such: ")
    );
    let gitlab: Value = serde_json::from_str(&text("gitlab")).unwrap();
    assert_eq!(
        (&gitlab["scan"]["status"], &gitlab["scan"]["messages"][0]["level"]),
        (&"failure".into(), &"warn".into())
    );
    assert!(text("junit").contains("errors=\"1\"") && text("junit").contains("<error type=\"incomplete\""));
    assert!(text("markdown").contains("**Incomplete:** 1 thing could not be scanned."));
    assert_eq!(text("csv").lines().count(), 1, "a table has no place for it: the exit status has");
}

#[test]
fn junit_has_a_test_for_each_incident() {
    let text = reports(&leaking(), &["junit"], 1).remove(0);
    assert!(text.contains("tests=\"3\" failures=\"3\" errors=\"0\""), "{text}");
    assert_eq!(text.matches("classname=\"github-pat\"").count(), 3);
    let clean = Sandbox::new();
    clean.write("a", "nothing secret");
    let passed = clean.run(&["scan", "-f", "junit"]).ended(0).text();
    assert!(passed.contains("<testcase name=\"no incidents\" classname=\"stanch\" time=\"0\"/>"), "{passed}");
}

#[test]
fn csv_has_a_row_for_each_place_and_calculates_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("=cmd|' x'!A1", leak(1)).write("b", leak(1));
    let rows = |arguments: &[&str]| sandbox.run(&[&["scan", "-f", "csv"], arguments].concat()).ended(1).text();
    let text = rows(&[]);
    assert_eq!(text.matches("\r\n").count(), 3, "{text}");
    assert!(text.contains(",file,\"'=cmd|' x'!A1\",1,") && text.contains(",file,b,1,"), "{text}");
    assert!(!text.contains(&token(1)) && rows(&["--show-secrets"]).contains(&token(1)));
}

#[test]
fn markdown_tells_what_to_do() {
    let text = reports(&leaking(), &["markdown"], 1).remove(0);
    assert!(text.starts_with("## Stanch: 3 incidents: 3 critical\n"), "{text}");
    assert_eq!((text.matches("\n| **critical** |").count(), text.matches("<details>").count()), (3, 3));
    assert!(text.contains("1. **contain**: ") && text.contains("| `deploy/a,b.env:1:"), "{text}");
    assert!(!text.contains("A U Thor") && !text.contains("author@example.com"), "nobody is named in public");
}

/// What a command prints, which has to succeed.
fn printed(arguments: &[&str]) -> Run {
    Sandbox::new().run(arguments).ended(0)
}

#[test]
fn shells_complete_commands_and_flags() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = printed(&["completions", shell]).text();
        assert!(text.contains("min-confidence") && text.contains("playbook"), "{shell}");
    }
    Sandbox::new().run(&["completions", "tcsh"]).ended(2);
}

#[cfg(target_os = "linux")]
#[test]
fn bash_completes_what_was_begun() {
    let sandbox = Sandbox::new();
    let script = sandbox.write_beside("stanch.bash", printed(&["completions", "bash"]).out);
    let ask = "source \"$1\"; COMP_WORDS=(stanch scan --min); COMP_CWORD=2; _stanch stanch --min scan; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["--norc", "-c", ask, "bash"]).arg(script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "--min-confidence", "{output:?}");
}

#[test]
fn manual_pages_are_printed_or_written() {
    let page = printed(&["man"]).text();
    assert!(page.contains(".TH stanch 1") && page.contains("stanch\\-scan(1)"), "{page}");
    let sandbox = Sandbox::new();
    let dir = sandbox.beside("share/man1");
    sandbox.run(&["man", dir.to_str().unwrap()]).ended(0);
    for (page, part) in
        [("stanch.1", "SUBCOMMANDS"), ("stanch-scan.1", "min\\-confidence"), ("stanch-rules-lint.1", "lint")]
    {
        assert!(fs::read_to_string(dir.join(page)).unwrap().contains(part), "{page}");
    }
    let file = sandbox.write_beside("file", "x");
    let failed = sandbox.run(&["man", file.to_str().unwrap()]).ended(2);
    assert!(failed.err.contains("cannot write manual pages into"), "{}", failed.err);
}
