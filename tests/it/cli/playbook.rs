//! `playbook`, and the pages that a scan writes.

use std::fs;

use sha2::Digest;

use crate::stanch::{Sandbox, leak, token};

#[test]
fn a_rule_has_its_steps_in_order_in_every_format() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["playbook", "--rule", "github-pat"]).ended(0).text();
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
    let phases = ["## Contain", "## Evict", "## Investigate", "## Rotate", "## Erase", "## Prove", "## Prevent"];
    assert_eq!(headings, phases);
    let document = sandbox.run(&["playbook", "--rule", "github-pat", "-f", "json"]).ended(0).json();
    assert_eq!(document["schema"], "stanch-playbook/1");
    assert_eq!(document["playbooks"][0]["steps"][0]["phase"], "contain");
    let html = sandbox.run(&["playbook", "--rule", "github-pat", "-f", "html"]).ended(0).text();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<h2>contain</h2>"), "{html}");
    let wrong = sandbox.run(&["playbook", "--rule", "github-pta"]).ended(2);
    assert!(wrong.err.contains("did you mean `github-pat`?"), "{}", wrong.err);
}

#[test]
fn a_report_becomes_tickets() {
    let sandbox = Sandbox::new();
    sandbox.write("deploy/prod.env", leak(1)).write("b.env", leak(2));
    let pages = sandbox.beside("pages");
    let run = sandbox.scan(&["--playbook", pages.to_str().unwrap(), "--show-secrets"]).ended(1);
    let mut names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!((names.len(), names[2].as_str()), (3, "index.md"));
    let index = fs::read_to_string(pages.join("index.md")).unwrap();
    for name in &names[..2] {
        assert!(index.contains(&format!("]({name})")), "{index}");
        let page = fs::read_to_string(pages.join(name)).unwrap();
        assert!(page.contains("## Contain") && !page.contains(&token(1)) && !page.contains(&token(2)), "{page}");
    }
    let report = sandbox.write_beside("report.json", &run.out);
    let id =
        run.incidents().iter().find(|incident| incident["occurrences"][0]["path"] == "deploy/prod.env").unwrap()["id"]
            .clone();
    let page = sandbox.run(&["playbook", report.to_str().unwrap(), "--id", &id.as_str().unwrap()[..8]]).ended(0).text();
    assert!(page.contains("deploy/prod.env:1") && !page.contains("b.env:1"), "{page}");
    assert!(
        page.contains(&format!("stanch revoke {} --id {}", report.to_str().unwrap(), id.as_str().unwrap())),
        "{page}"
    );
    sandbox.run(&["playbook", report.to_str().unwrap(), "--id", "zz"]).ended(2);
    sandbox.run(&["playbook", "no/such/report"]).ended(2);
    sandbox.run(&["playbook"]).ended(2);
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a.env", leak(1));
    let taken = sandbox.write_beside("taken", "");
    let run = sandbox.scan(&["--playbook", taken.to_str().unwrap()]).ended(2);
    assert!(run.err.contains("cannot write"), "{}", run.err);
}

#[test]
fn what_is_known_of_an_incident_is_filled_into_its_commands() {
    let repo = crate::repo::Repo::new();
    repo.write("deploy/.env", &leak(1)).commit("leak");
    let sandbox = Sandbox::new();
    let report = sandbox.write_beside("report.json", crate::stanch::scan(repo.path(), &[]).ended(1).out);
    let text = sandbox.run(&["playbook", report.to_str().unwrap()]).ended(0).text();
    let hash = data_encoding::BASE64.encode(&sha2::Sha256::digest(token(1)));
    assert!(text.contains(&format!("hashed_token:\"{hash}\"")), "{text}");
    assert!(text.contains("2023-11-14") && !text.contains("SINCE") && !text.contains("${"), "{text}");
    assert!(!text.contains(&token(1)));
    let any = sandbox.run(&["playbook", "--rule", "github-pat"]).ended(0).text();
    assert!(any.contains("SHA256") && any.contains("SINCE") && !any.contains("${"), "{any}");
}

/// A name that a provider tells, or that was found with a token, stands in commands that a person copies into a shell.
#[test]
fn what_a_shell_could_act_upon_is_not_filled_in() {
    let sandbox = Sandbox::new();
    let incident = |account: &str| {
        serde_json::json!({
            "incidents": [{"type": "incident", "id": "b3f1", "rule": "google-service-account-key", "secret": {"masked": "…"},
                "parts": [{"name": "account", "value": account}], "occurrences": []}],
            "coverage": {},
        })
    };
    let page = |account: &str| {
        let report = sandbox.write_beside("report.json", incident(account).to_string());
        sandbox.run(&["playbook", report.to_str().unwrap()]).ended(0).text()
    };
    assert!(page("bot@shop.iam.gserviceaccount.com").contains("--iam-account=bot@shop.iam.gserviceaccount.com"));
    for hostile in ["a$(id)", "a;id", "a`id`", "a'b", "a\"b", "a b", "-rf", "a|b", "a&b", "a\nb"] {
        let page = page(hostile);
        assert!(page.contains("--iam-account=ACCOUNT"), "{hostile}: {page}");
    }
}
