//! Where reports go and what they look like.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use sha2::Digest;

use crate::stanch::{Ordered, Sandbox, leak, run, token};

fn leaking() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("deploy/.env", leak(1));
    sandbox
}

#[test]
fn formats_and_files_come_in_pairs() {
    let sandbox = leaking();
    let [json, sarif] = ["r.json", "r.sarif"].map(|name| sandbox.beside(name).to_str().unwrap().to_owned());
    let is = |path: &str, part: &str| {
        let text = fs::read_to_string(path).unwrap();
        fs::remove_file(path).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() && text.contains(part), "{text}");
    };
    let both = sandbox.run(&["scan", "-f", "json", "-o", &json, "-f", "sarif", "-o", &sarif]).ended(1);
    assert!(both.out.is_empty() && both.err.is_empty());
    is(&json, "stanch/1");
    is(&sarif, "2.1.0");
    let rest = sandbox.run(&["scan", "--format", "sarif,text", "--output", &sarif]).ended(1);
    assert!(rest.text().contains("GitHub personal access token"), "the format without a file goes to standard output");
    is(&sarif, "2.1.0");
    let hyphen = sandbox.run(&["scan", "-f", "json", "-o", "-", "-f", "sarif", "-o", &sarif]).ended(1);
    assert_eq!(hyphen.incidents().len(), 1);
    is(&sarif, "2.1.0");
    sandbox.run(&["scan", "-o", &json]).ended(1);
    assert!(fs::read_to_string(&json).unwrap().starts_with("critical"));
    for wrong in [&["-f", "json", "-f", "sarif"][..], &["-o", "a", "-o", "b"], &["-f", "json", "-o", "a", "-o", "b"]] {
        assert!(sandbox.run(&[&["scan"], wrong].concat()).ended(2).err.contains("give each -o a format"));
    }
    assert!(!sandbox.path().join("a").exists(), "wrong usage writes nothing");
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_scanning() {
    let sandbox = leaking();
    for path in ["no/such/folder/report", "deploy"] {
        let run = sandbox.run(&["scan", "-o", path]).ended(2);
        assert!(run.err.contains(&format!("cannot write {path}")), "{}", run.err);
    }
    let good = sandbox.beside("good").to_str().unwrap().to_owned();
    sandbox.run(&["scan", "-f", "text,text", "-o", &good, "-o", "no/such/folder/report"]).ended(2);
    assert_eq!(fs::read(good).unwrap_or_default(), b"", "no report is made");
}

#[test]
fn a_report_in_the_scanned_folder_is_written_anew() {
    let sandbox = leaking();
    sandbox.write("report.json", "x".repeat(100_000));
    sandbox.run(&["scan", "-f", "json", "-o", "report.json"]).ended(1);
    let first = fs::read_to_string(sandbox.path().join("report.json")).unwrap();
    assert!(first.len() < 10_000 && serde_json::from_str::<serde_json::Value>(&first).is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_is_lost_is_no_success() {
    let sandbox = Sandbox::new();
    assert!(sandbox.run(&["scan", "-o", "/dev/full"]).ended(2).err.contains("/dev/full"));
    let mut command = sandbox.command(&["scan"]);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn somebody_who_has_read_enough_is_no_failure() {
    let sandbox = Sandbox::new();
    (0..1000).for_each(|number| {
        sandbox.write(format!("f{number}"), leak(number));
    });
    for format in ["text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "markdown", "html"] {
        let mut child =
            sandbox.command(&["scan", "-f", format]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{format}");
    }
}

#[test]
fn colour_is_for_those_who_want_it() {
    let sandbox = leaking();
    let colours = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = sandbox.command(&[&["scan"], arguments].concat());
        run(command.env_remove("NO_COLOR").envs(variables.iter().copied())).ended(1).out.contains(&0x1b)
    };
    assert!(!colours(&[], &[]), "not into a pipe");
    assert!(colours(&["--color", "always"], &[]));
    assert!(!colours(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(colours(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colours(&[], &[("STANCH_COLOR", "always")]));
    assert!(!colours(&["--color", "always", "-f", "json"], &[]), "machines see no colour");
    let file = sandbox.beside("report").to_str().unwrap().to_owned();
    colours(&["--color", "always", "-o", &file], &[]);
    assert!(!fs::read(file).unwrap().contains(&0x1b), "nor do files");
}

#[test]
fn quiet_says_less_and_verbose_more() {
    let sandbox = leaking();
    (0..9).for_each(|number| {
        sandbox.write(format!("copy{number}"), leak(1));
    });
    let text = |flags: &[&str]| sandbox.run(&[&["scan"], flags].concat()).ended(1).text();
    let (quiet, normal, verbose) = (text(&["-q"]), text(&[]), text(&["--verbose"]));
    assert!(!quiet.contains("scanned 10 files") && normal.contains("scanned 10 files"));
    assert!(normal.contains("… and 4 more places") && verbose.contains("copy8"), "{normal}");
    sandbox.run(&["scan", "-q", "-v"]).ended(2);
    let clean = Sandbox::new();
    clean.write("a", "nothing secret");
    assert!(clean.run(&["scan", "--quiet"]).ended(0).out.is_empty());
    assert!(clean.run(&["scan", "-q", "no/such"]).ended(3).text().contains("INCOMPLETE"));
}

#[test]
fn show_secrets_shows_them_and_keeps_the_file_to_its_owner() {
    let sandbox = leaking();
    let token = token(1);
    let hidden = sandbox.scan(&[]).ended(1);
    // GitHub's own logs name tokens by this hash.
    let hash = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(&token));
    let masked = format!("ghp_…{}", &token[36..]);
    assert_eq!(hidden.incident()["secret"], serde_json::json!({"masked": masked, "sha256": hash}));
    let shown = sandbox.scan(&["--show-secrets"]).ended(1);
    assert_eq!(shown.incident()["secret"]["value"], token.as_str());
    assert!(sandbox.run(&["scan", "--show-secrets"]).text().contains(&token));
    for format in ["sarif", "html"] {
        assert!(!sandbox.run(&["scan", "--show-secrets", "-f", format]).text().contains(&token), "{format}");
    }
    let file = sandbox.write_beside("report", "what was there before");
    sandbox.run(&["scan", "--show-secrets", "-o", file.to_str().unwrap()]).ended(1);
    assert!(fs::read_to_string(&file).unwrap().contains(&token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn json_has_the_documented_fields_in_order() {
    let repo = crate::repo::Repo::new();
    repo.write("deploy/.env", &leak(1)).commit("leak");
    let text = crate::stanch::scan(repo.path(), &["--no-allow"]).ended(1).text();
    let document: Ordered = serde_json::from_str(&text).unwrap();
    assert_eq!(document.names(), ["schema", "tool", "incidents", "playbooks", "coverage"]);
    assert_eq!(document.at("tool").names(), ["name", "version"]);
    let incident = document.at("incidents").first();
    let fields = "type id key rule provider name class severity confidence secret checksum entropy verdict occurrences";
    assert_eq!(incident.names().join(" "), fields);
    assert_eq!(incident.at("verdict").names(), ["status"]);
    assert_eq!(incident.at("secret").names(), ["masked", "sha256"]);
    let playbook = document.at("playbooks").first();
    assert_eq!(playbook.names(), ["type", "rule", "url", "steps"]);
    assert_eq!(playbook.at("steps").first().names(), ["phase", "text"]);
    let occurrence = incident.at("occurrences").first();
    let fields = "source path line column end_line end_column byte_offset blob introduced last in_head reach refs refs_count \
        versions encoding";
    assert_eq!(occurrence.names().join(" "), fields);
    assert_eq!(occurrence.at("introduced").names(), ["commit", "author", "email", "at"]);
    assert_eq!(occurrence.at("last").names(), ["commit", "at"]);
    let fields = "type complete history files blobs commits tags refs bytes skipped failed notes allowed seconds";
    assert_eq!(document.at("coverage").names().join(" "), fields);
}

#[test]
fn json_lines_are_the_same_objects_and_end_with_the_coverage() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("b", leak(2));
    let lines = sandbox.run(&["scan", "-f", "jsonl"]).ended(1).text();
    let mut lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut coverage = lines.pop().unwrap();
    let mut document = sandbox.scan(&[]).json();
    for seconds in [&mut coverage["seconds"], &mut document["coverage"]["seconds"]] {
        *seconds = 0.into();
    }
    let objects = ["incidents", "playbooks"].into_iter().flat_map(|key| document[key].as_array().unwrap().clone());
    assert_eq!((lines, coverage), (objects.collect(), document["coverage"].clone()));
    let clean = Sandbox::new();
    let lone = clean.write("a", "nothing secret").run(&["scan", "-f", "jsonl"]).ended(0).text();
    assert!(lone.lines().count() == 1 && lone.starts_with("{\"type\":\"coverage\",\"complete\":true"), "{lone}");
}

#[test]
fn now_is_what_the_flag_says() {
    let repo = crate::repo::Repo::new();
    repo.write("a", &leak(1)).commit("leak");
    let at = |now: &str| {
        let mut command = crate::stanch::command(repo.path(), &["scan", "--now", now]);
        run(&mut command).ended(1).text()
    };
    assert_ne!(at("2024-01-02T03:04:05Z"), at("2030-01-02T03:04:05Z"));
    assert!(at("2030-01-02T03:04:05Z").contains("(6 years ago)"), "{}", at("2030-01-02T03:04:05Z"));
}

/// An AWS key: its id, and its secret.
fn aws_key() -> (String, String) {
    (["AK", "IA", &"Q7ZK2MXW".repeat(2)].concat(), ["k9/Wq2Zr7Tn4", "Lx8Vb3Hy6Jp1", "Mc5Ds0Fg+aEuRoiT"].concat())
}

#[test]
fn the_id_of_a_key_is_shown_so_that_people_find_it() {
    let (id, secret) = aws_key();
    let sandbox = Sandbox::new();
    sandbox.write("a.env", format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n"));
    let text = sandbox.run(&["scan"]).ended(1).text();
    assert!(text.contains(&format!("  with id {id}\n")) && !text.contains(&secret), "{text}");
    assert!(text.contains(&format!("--access-key-id {id} --status Inactive")), "{text}");
    let report = sandbox.scan(&[]).ended(1);
    assert_eq!(report.incident()["parts"], serde_json::json!([{"name": "id", "value": id}]));
    let report = sandbox.write_beside("report.json", report.out);
    let page = sandbox.run(&["playbook", report.to_str().unwrap()]).ended(0).text();
    assert!(page.contains(&format!("AttributeValue={id} ")) && !page.contains(&secret), "{page}");
}

/// Law 9: a rule of the scanned tree's own that calls other rules' tokens ids has none of them shown.
#[test]
fn what_the_scanned_tree_calls_an_id_stays_masked() {
    let sandbox = Sandbox::new();
    let rule = |id: &str, regex: &str, example: &str| {
        format!(
            "[[rule]]\nid = 'acme-{id}'\nname = 'Acme {id}'\nclass = 'api-key'\nseverity = 'high'\nrank = 100\nidentifier = true\n\
             keywords = ['ghp_']\nregex = '{regex}'\nsource = 'https://acme.example'\nmatch = ['{example}']\nno_match = ['x']\n"
        )
    };
    let id = "ghp_[0-9A-Za-z]{36}";
    let rules = [
        "provider = 'acme'\nname = 'Acme'\nmin_stanch = '0.1'\n".to_owned(),
        rule("pair", &format!("(?<id>{id}):(?<secret>[0-9a-f]{{20}})"), "{ghp_ + base62(36)}:{hex(20)}"),
        rule("id", id, "{ghp_ + base62(36)}"),
    ];
    let text = format!("{}:{}\n", token(1), "a7c3e9f1".repeat(3).get(..20).unwrap());
    sandbox
        .write("rules/acme.toml", rules.concat())
        .write("stanch.toml", "patterns = ['rules']\n")
        .write("a.env", text);
    let found = sandbox.scan(&["--rule", "acme-pair"]).ended(1).incident();
    assert_eq!(found["parts"][0]["name"], "id", "{found}");
    for flags in [&["scan"][..], &["scan", "-f", "json"], &["scan", "--min-confidence", "low"]] {
        let run = sandbox.run(flags);
        assert!(!run.text().contains(&token(1)), "{}", run.text());
    }
}
