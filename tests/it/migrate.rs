//! `stanch migrate`: after it a scan with the new files finds what the old scanner's rules looked for, and hides what its files hid.

use std::fs;

use data_encoding::HEXLOWER;

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, command, leak, run, token},
};

fn migrate(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.run(&[&["migrate"], arguments].concat())
}

/// A value of the rule that the foreign files below define.
fn acme(number: u64) -> String {
    format!("acmek_{}", hash(number))
}

/// 32 hex digits, others for each number.
fn hash(number: u64) -> String {
    let digest = <sha2::Sha256 as sha2::Digest>::digest(number.to_le_bytes());
    HEXLOWER.encode(&digest[..16])
}

fn sha256(text: &str) -> String {
    HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(text))
}

/// No file of the folder but `but` and the scanned ones holds `secret`, and the output does not either.
fn holds_none(sandbox: &Sandbox, run: &Run, secret: &str) {
    assert!(!run.text().contains(secret) && !run.err.contains(secret), "{}", run.text());
    for path in ["stanch.toml", "stanch-patterns/gitleaks.toml", "stanch-patterns/trufflehog.toml"] {
        let text = fs::read_to_string(sandbox.path().join(path)).unwrap_or_default();
        assert!(!text.contains(secret), "{path}: {text}");
    }
}

const GITLEAKS: &str = r#"
title = "ours"

[extend]
useDefault = true
disabledRules = ["github-oauth", "no-such-rule"]

[[rules]]
id = "acme-key"
description = "Acme key"
regex = '''\b(acmek_[0-9a-f]+)\b'''
keywords = ["acmek_"]

[[rules.allowlists]]
paths = ['''^fixtures/.*''']

[[rules]]
id = "only-path"
path = '''\.pem$'''

[allowlist]
description = "old form"
paths = ['''(^|/)vendor/''', '''\.lock$''']
"#;

#[test]
fn a_gitleaks_configuration_finds_and_hides_the_same() {
    let sandbox = Sandbox::new();
    sandbox
        .write(".gitleaks.toml", GITLEAKS)
        .write("app.env", format!("see {}\n", acme(1)))
        .write("fixtures/a.env", format!("see {}\n", acme(2)))
        .write("vendor/b.env", leak(3))
        .write("deep/yarn.lock", leak(4));
    let run = migrate(&sandbox, &[]).ended(3);
    let text = run.text();
    assert!(text.contains("rule `acme-key`: open repeats end at 512 bytes"), "{text}");
    assert!(text.contains(".gitleaks.toml:6:34: no rule of ours is called `no-such-rule`"), "{text}");
    assert!(text.contains("rule `only-path`: it looks at paths alone"), "{text}");
    let scanned = sandbox.scan(&[]).ended(1);
    assert_eq!(scanned.paths(), ["app.env"]);
    assert_eq!(scanned.incident()["rule"], "acme-key");
    let hidden = sandbox.scan(&["--no-allow"]).ended(1);
    assert_eq!(hidden.paths(), ["app.env", "fixtures/a.env"]);
    sandbox.run(&["rules", "lint", "stanch-patterns/gitleaks.toml"]).ended(0);
    sandbox.run(&["rules", "test", "--patterns", "stanch-patterns", "acme-key"]).ended(0);
}

#[test]
fn what_gitleaks_ignores_by_place_is_allowed_by_its_id() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.env", format!("x\n{}", leak(1)))
        .write("b.env", leak(2))
        .write(".gitleaksignore", "# known\na.env:github-pat:2\ngone.env:github-pat:1\nnonsense\n");
    let run = migrate(&sandbox, &[]).ended(3);
    assert!(run.text().contains(".gitleaksignore:3:1: the secret known there in gone.env"), "{}", run.text());
    assert!(run.text().contains(".gitleaksignore:4:1: is not `path:rule:line`"), "{}", run.text());
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["b.env"]);
    sandbox.write("a.env", format!("x\ny\nz\n{}", leak(1)));
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["b.env"], "an inserted line changes nothing");
    sandbox.write("a.env", format!("x\n{}", leak(5)));
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["a.env", "b.env"], "another secret in its place is reported");
    holds_none(&sandbox, &run, &token(1));
}

#[test]
fn what_gitleaks_ignores_in_a_commit_is_allowed() {
    let repo = Repo::new();
    repo.write("old.env", &format!("x\n{}", leak(1))).commit("one");
    let commit = repo.id("HEAD");
    repo.remove("old.env").write("b.env", &leak(2)).commit("two");
    repo.write(".gitleaksignore", &format!("{commit}:old.env:github-pat:7\n"));
    run(&mut command(repo.path(), &["migrate"])).ended(0);
    let scanned = run(&mut command(repo.path(), &["scan", "-f", "json"])).ended(1);
    assert_eq!(scanned.paths(), ["b.env"]);
}

#[test]
fn reports_and_baselines_are_known_incidents() {
    let sandbox = Sandbox::new();
    let finding = format!(
        r#"[{{"RuleID":"github-pat","File":"a.env","StartLine":9,"Secret":"{}"}},
 {{"RuleID":"github-pat","File":"b.env","StartLine":1,"Secret":"REDACTED"}}]"#,
        token(1)
    );
    let hashed = HEXLOWER.encode(&<sha1::Sha1 as sha1::Digest>::digest(token(3)));
    let baseline = format!(
        r#"{{"version":"1.5.0","filters_used":[{{"path":"detect_secrets.filters.regex.should_exclude_file","pattern":["^third/"]}}],
"results":{{"c.env":[{{"type":"GitHub Token","filename":"c.env","hashed_secret":"{hashed}","is_secret":false}}],
"d.env":[{{"type":"x","filename":"d.env","hashed_secret":"{}"}}]}}}}"#,
        "0".repeat(40)
    );
    sandbox.write("gitleaks-report.json", finding).write(".secrets.baseline", baseline);
    for (number, path) in ["a.env", "b.env", "c.env", "d.env", "third/e.env"].into_iter().enumerate() {
        sandbox.write(path, leak(number as u64 + 1));
    }
    let run = migrate(&sandbox, &[]).ended(3);
    assert!(run.text().contains("d.env: our rules find none"), "{}", run.text());
    for number in 1..4 {
        holds_none(&sandbox, &run, &token(number));
    }
    holds_none(&sandbox, &run, &hashed);
    // Both hold what looks like secrets, and are not needed any more.
    for name in ["gitleaks-report.json", ".secrets.baseline"] {
        sandbox.remove(name);
    }
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["d.env"]);
}

#[test]
fn gitguardian_s_ignored_matches_paths_and_exit_code_are_kept() {
    for version_1 in [false, true] {
        let sandbox = Sandbox::new();
        let (plain, hashed, with_kind) = (token(1), sha256(&token(2)), sha256(&format!("{},apikey", token(3))));
        let matches = format!(
            "- name: a\n    match: {plain}\n  - name: b\n    match: {hashed}\n  - name: c\n    match: {with_kind}\n"
        );
        let text = if version_1 {
            format!("exit-zero: true\npaths-ignore:\n  - 'doc/**'\nmatches-ignore:\n  {matches}")
        } else {
            format!(
                "version: 2\nexit_zero: true\nsecret:\n  ignored_paths:\n  - 'doc/**'\n  ignored_matches:\n  {matches}"
            )
        };
        sandbox.write(".gitguardian.yaml", text);
        for number in 1..5 {
            sandbox.write(format!("{number}.env"), leak(number));
        }
        sandbox.write("doc/x.env", leak(6));
        let run = migrate(&sandbox, &[]).ended(0);
        holds_none(&sandbox, &run, &plain);
        sandbox.remove(".gitguardian.yaml");
        assert_eq!(sandbox.scan(&[]).ended(0).paths(), ["4.env"]);
    }
}

#[test]
fn trufflehog_s_detectors_and_paths_are_kept() {
    let sandbox = Sandbox::new();
    let detector = "detectors:\n- name: Acme\n  keywords: [acme]\n  regex:\n    key: '\\b([0-9a-f]{32})\\b'\n";
    let config = sandbox.write_beside("th.yaml", format!("{detector}  verify:\n  - endpoint: http://localhost/\n"));
    let paths = sandbox.write_beside("paths.txt", "^skipped/\n");
    sandbox
        .write("a.env", format!("ACME_KEY={}\n", hash(1)))
        .write("b.env", format!("sum: {}\n", hash(2)))
        .write("skipped/c.env", format!("ACME_KEY={}\n", hash(3)));
    let from = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let run = migrate(&sandbox, &["--from", &from(&config), "--from", &from(&paths)]).ended(3);
    assert!(run.text().contains("`verify`: whom a secret is sent to is not migrated"), "{}", run.text());
    assert_eq!(sandbox.scan(&["--rule", "acme"]).ended(1).paths(), ["a.env"]);
}

#[test]
fn kingfisher_s_rules_and_baseline_are_kept() {
    let sandbox = Sandbox::new();
    let rules = r"rules:
  - name: Acme key
    id: kingfisher.acme.1
    pattern: |
      (?x)
      \b
      (?P<TOKEN>acmek_[0-9a-f]{32})
      \b
    min_entropy: 3.0
    confidence: medium
    examples:
      - not copied
";
    let baseline =
        "version: 2\nrepositories:\n- id: local://x\n  findings:\n  - path: b.env\n    line: 1\n    rule_id: x\n";
    sandbox
        .write("kingfisher-rules.yaml", rules)
        .write("kingfisher-baseline.yaml", baseline)
        .write("a.env", format!("see {}\n", acme(1)))
        .write("b.env", format!("see {}\n", acme(2)));
    migrate(&sandbox, &[]).ended(0);
    let scanned = sandbox.scan(&[]).ended(1);
    assert_eq!((scanned.paths(), &scanned.incident()["rule"]), (vec!["a.env".to_owned()], &"kingfisher-acme-1".into()));
}

#[test]
fn secretlint_talisman_and_ripsecrets_are_kept() {
    let sandbox = Sandbox::new();
    let lint = format!(
        r#"{{"rules":[{{"id":"@secretlint/secretlint-rule-preset-recommend","rules":[{{"id":"x","options":{{"allows":["{}"]}}}}]}}]}}"#,
        token(1)
    );
    let talisman = "fileignoreconfig:\n- filename: b.env\n  checksum: 00\n- filename: big.bin\n  ignore_detectors: [filecontent]\ncustom_patterns:\n- 'acmek_[0-9a-f]{32}'\n";
    sandbox
        .write(".secretlintrc.json", lint)
        .write(".talismanrc", talisman)
        .write(".secretsignore", format!("/out\n[secrets]\n^{}$\n", token(5)))
        .write("a.env", leak(1))
        .write("b.env", leak(2))
        .write("big.bin", leak(3))
        .write("out/d.env", leak(4))
        .write("e.env", leak(5))
        .write("f.env", format!("see {}\n", acme(1)));
    let run = migrate(&sandbox, &[]).ended(0);
    holds_none(&sandbox, &run, &token(1));
    holds_none(&sandbox, &run, &token(5));
    for name in [".secretlintrc.json", ".secretsignore"] {
        sandbox.remove(name);
    }
    let scanned = sandbox.scan(&[]).ended(1);
    assert_eq!((scanned.paths(), &scanned.incident()["rule"]), (vec!["f.env".to_owned()], &"custom-pattern-1".into()));
    sandbox.write("b.env", leak(7));
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["b.env", "f.env"], "a file that changed is looked at again");
}

#[test]
fn nothing_is_overwritten_and_a_dry_run_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write(".secretsignore", "*.log\n").write("a.log", leak(1));
    let dry = migrate(&sandbox, &["--dry-run"]).ended(0);
    assert!(dry.text().contains("Would write ./stanch.toml"), "{}", dry.text());
    assert!(!sandbox.path().join("stanch.toml").exists());
    sandbox.write("stanch.toml", "exclude = ['mine']\n");
    let refused = migrate(&sandbox, &[]).ended(2);
    assert!(refused.err.contains("stanch.toml is there already: --force"), "{}", refused.err);
    let mine = fs::read_to_string(sandbox.path().join("stanch.toml")).unwrap();
    assert_eq!(mine, "exclude = ['mine']\n");
    let beside = sandbox.beside("out");
    migrate(&sandbox, &["--output", beside.to_str().unwrap()]).ended(0);
    assert!(beside.join("stanch.toml").exists());
    migrate(&sandbox, &["--force"]).ended(0);
    sandbox.scan(&[]).ended(0);
}

#[test]
fn broken_files_are_placed_and_the_others_go_on() {
    let sandbox = Sandbox::new();
    migrate(&sandbox, &[]).ended(2);
    migrate(&sandbox, &["no/such"]).ended(2);
    sandbox.write(".gitleaks.toml", "title = 'x'\n[[rules]\n");
    let broken = migrate(&sandbox, &[]).ended(2);
    assert!(broken.text().contains(".gitleaks.toml:2:"), "{}", broken.text());
    sandbox.write(".secretsignore", "*.log\n").write(".secrets.baseline", b"\xff\xfe").write("a.log", leak(1));
    let run = migrate(&sandbox, &[]).ended(3);
    assert!(run.text().contains(".secrets.baseline:1:1: is not text"), "{}", run.text());
    sandbox.scan(&[]).ended(0);
    let odd = sandbox.write_beside("odd.yaml", "a: 1\n");
    let unknown = migrate(&sandbox, &["--dry-run", "--from", odd.to_str().unwrap()]).ended(2);
    assert!(unknown.text().contains("none of the files that are known"), "{}", unknown.text());
}

#[cfg(unix)]
#[test]
fn hostile_files_write_no_secret_and_nothing_elsewhere() {
    let sandbox = Sandbox::new();
    let outside = sandbox.write_beside("outside.toml", "[[rules]]\nid = 'out'\nregex = 'outx_[0-9]{20}'\n");
    let config = format!(
        "[extend]\npath = '../outside.toml'\n[[rules]]\nid = 'x\u{1b}[31m'\nregex = '{}'\n[allowlist]\npaths = ['{}']\nstopwords = ['{}']\n",
        token(1),
        token(2),
        token(3)
    );
    sandbox.write(".gitleaks.toml", config);
    std::os::unix::fs::symlink(&outside, sandbox.path().join(".gitleaksignore")).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.path().join("stanch.toml")).unwrap();
    let before = fs::read(&outside).unwrap();
    migrate(&sandbox, &[]).ended(2);
    fs::remove_file(sandbox.path().join("stanch.toml")).unwrap();
    let run = migrate(&sandbox, &[]).ended(2);
    assert!(!run.out.contains(&0x1b));
    for number in 1..4 {
        holds_none(&sandbox, &run, &token(number));
    }
    assert_eq!(fs::read(&outside).unwrap(), before);
}

#[test]
fn a_report_of_another_folder_is_looked_up_there() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/a.env", leak(1)).write("sub/.gitleaksignore", "a.env:github-pat:1\n");
    migrate(&sandbox, &["sub"]).ended(0);
    let mut command = sandbox.command(&["scan", "-f", "json"]);
    run(command.current_dir(sandbox.path().join("sub"))).ended(0);
}

/// A configuration of gitleaks with rules alone, one of which has no end.
const RULES: &str = r#"
[[rules]]
id = "acme-key"
description = "Acme key"
regex = '''\b(acmek_[0-9a-f]+)\b'''
keywords = ["acmek_"]

[[rules]]
id = "GitHub_PAT"
regex = '''\bghx_[0-9a-f]{32}\b'''

[[rules]]
id = "only-path"
path = '''\.pem$'''
"#;

#[test]
fn a_gitleaks_configuration_serves_as_pattern_file_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("rules/.gitleaks.toml", RULES).write("src/app.env", format!("see {}\n", acme(1)));
    for patterns in ["rules/.gitleaks.toml", "rules"] {
        let run = sandbox.scan(&["--patterns", patterns, "src"]).ended(1);
        assert_eq!(
            (run.paths().as_slice(), &run.incident()["rule"]),
            (&["src/app.env".to_owned()][..], &"acme-key".into())
        );
        assert_eq!(run.incident()["secret"].get("value"), None);
        assert!(run.incident().get("notes").is_none(), "{}", run.incident());
        let notes = run.coverage()["notes"].to_string();
        assert!(notes.contains("rules/.gitleaks.toml: open repeats end at 512 bytes: acme-key"), "{notes}");
        assert!(notes.contains(".gitleaks.toml:12:1: rule `only-path`: it looks at paths alone"), "{notes}");
    }
    assert!(!sandbox.path().join("stanch.toml").exists(), "nothing is written");
}

#[test]
fn a_secret_that_meets_the_cap_is_truncated_and_not_verified() {
    let sandbox = Sandbox::new();
    let long = format!("acmek_{}", (0..20).map(hash).collect::<String>());
    sandbox.write(".gitleaks.toml", RULES).write("app.env", format!("see {} and {long}\n", acme(1)));
    let run =
        sandbox.scan(&["--patterns", ".gitleaks.toml", "--exclude", ".gitleaks.toml", "--verify", "--fail-on", "any"]);
    let incidents = run.incidents();
    assert_eq!(incidents.len(), 2, "{}", run.text());
    let (cut, whole): (Vec<_>, Vec<_>) = incidents.iter().partition(|incident| incident["notes"].is_array());
    assert!(cut[0]["notes"].to_string().contains("truncated"), "{}", cut[0]);
    assert_eq!((cut.len(), whole.len()), (1, 1));
    assert_eq!((&cut[0]["rule"], &whole[0]["rule"]), (&"acme-key-cut-1".into(), &"acme-key".into()));
    assert_eq!(cut[0]["verdict"]["status"], "unchecked", "{}", cut[0]);
    let plan =
        sandbox.run(&["scan", "--patterns", ".gitleaks.toml", "--exclude", ".gitleaks.toml", "--verify=plan", "."]);
    assert!(plan.text().contains("may be cut off: 1"), "{}", plan.text());
}

#[test]
fn an_open_repeat_stays_a_mistake_in_our_own_format() {
    let sandbox = Sandbox::new();
    let ours = "provider = 'acme'\nname = 'Acme'\nmin_stanch = '0.1'\n[[rule]]\nid = 'acme-key'\nname = 'x'\nclass = 'api-key'\n\
                severity = 'high'\nkeywords = ['acmek_']\nregex = 'acmek_[0-9a-f]+'\nsource = 'x'\nmatch = ['acmek_{hex(8)}']\nno_match = ['x']\n";
    sandbox.write("gitleaks.toml", ours);
    let run = sandbox.scan(&["--patterns", "gitleaks.toml"]).ended(2);
    assert!(run.err.contains("every repeat needs an upper bound"), "{}", run.err);
}

#[test]
fn rules_of_other_scanners_in_yaml_serve_as_they_are() {
    let sandbox = Sandbox::new();
    sandbox
        .write(
            "rules/k.yml",
            "rules:\n  - id: kf.acme\n    name: Acme\n    pattern: '\\b(acmek_[0-9a-f]{32})\\b'\n    visible: true\n",
        )
        .write(
            "rules/t.yaml",
            "detectors:\n  - name: Acme\n    keywords: [acmek_]\n    regex: {key: '\\b(acmek_[0-9a-f]{32})\\b'}\n",
        )
        .write("src/app.env", format!("see {}\n", acme(1)));
    for (file, rule) in [("rules/k.yml", "kf-acme"), ("rules/t.yaml", "acme")] {
        assert_eq!(sandbox.scan(&["--patterns", file, "src"]).ended(1).incident()["rule"], rule);
    }
}

#[test]
fn a_configuration_none_of_whose_rules_can_be_used_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("g.toml", "[[rules]]\nid = 'a'\nregex = '''x(?=y)'''\n");
    let run = sandbox.scan(&["--patterns", "g.toml"]).ended(2);
    assert!(run.err.contains("g.toml:1:1: rule `a`: its regex cannot be read"), "{}", run.err);
}

#[test]
fn commands_on_rules_take_foreign_ones_and_tell_what_changed() {
    let sandbox = Sandbox::new();
    sandbox.write("g.toml", RULES);
    let shown = sandbox.run(&["rules", "show", "--patterns", "g.toml", "acme-key"]).ended(0);
    assert!(
        shown.text().contains("acmek_[0-9a-f]{1,512}") && shown.err.contains("512"),
        "{}{}",
        shown.text(),
        shown.err
    );
    let linted = sandbox.run(&["rules", "lint", "g.toml"]).ended(0);
    assert!(
        linted.text().contains("3 rules without a mistake") && linted.text().contains("only-path"),
        "{}",
        linted.text()
    );
}
