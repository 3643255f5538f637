//! Each dialect on a small file of its own: what becomes of every key. What scans make of the result is tested through the program.

use super::*;

/// What becomes of a file: each note as its first letter, line and text; and the files written.
fn migrated(name: &str, text: &str) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let mut migration = Migration::default();
    migration.read(&Source::new(path, folder.path()));
    migration.look_up(&[], folder.path());
    let line = |note: &Note| format!("{:?} {}: {}", note.fate, note.place.line, note.text);
    let written = migration.files().into_iter().map(|file| file.text).collect();
    (migration.notes().iter().map(line).collect(), written)
}

#[track_caller]
fn says(notes: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(notes.iter().any(|note| note.starts_with(wanted)), "{wanted}: {notes:#?}");
    }
}

#[test]
fn gitleaks_keys_each_have_a_fate() {
    let (notes, written) = migrated(
        ".gitleaks.toml",
        r"
[[rules]]
id = 'Acme_Key'
regex = 'acmek_([0-9a-f]{32})'
path = '\.env$'
entropy = 3
[rules.allowlist]
stopwords = ['sample', 'a1b2c3d4e5']
commits = ['0123456789abcdef']
[[rules.required]]
id = 'other'
[[allowlists]]
condition = 'AND'
paths = ['a']
stopwords = ['b']
[[allowlists]]
targetRules = ['Acme_Key']
paths = ['^docs/']
[[allowlists]]
regexTarget = 'line'
regexes = ['x']
[odd]
",
    );
    says(
        &notes,
        &[
            "Changed 2: rule `Acme_Key`: it is called `acme-key`",
            "Lost 5: `path` of rule `Acme_Key`",
            "Lost 2: rule `Acme_Key`: 1 of its stop words may be secrets",
            "Lost 9: commit `0123456789ab`",
            "Lost 10: `required` of rule",
            "Lost 12: an allowlist all of whose",
            "Kept 18: what `acme-key` finds on /docs/** is allowed",
            "Lost 21: a regex that allows by the whole line",
            "Lost 22: `odd`",
            "Changed 1: it replaced its scanner's own rules",
        ],
    );
    assert!(written.contains("reject = [\"sample\"]") && !written.contains("a1b2c3d4e5"), "{written}");
    assert!(written.contains("entropy = 3.0") && written.contains("rule = \"acme-key\""), "{written}");
}

#[test]
fn a_rule_called_as_one_of_ours_gets_another_name() {
    let (notes, written) = migrated(".gitleaks.toml", "[[rules]]\nid = 'github-pat'\nregex = 'acmek_[0-9a-f]{32}'\n");
    says(&notes, &["Changed 1: rule `github-pat`: it is called `gitleaks-github-pat`"]);
    assert!(written.contains("id = \"gitleaks-github-pat\""));
}

#[test]
fn detect_secrets_filters_and_results_have_fates() {
    let (notes, written) = migrated(
        ".secrets.baseline",
        r#"{"version": "1.5.0", "plugins_used": [{"name": "AWSKeyDetector"}],
"filters_used": [{"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["\\.lock$"]},
{"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": ["x"]},
{"path": "my.own.filter"}],
"results": {"a": [{"hashed_secret": "short"}]}}"#,
    );
    says(
        &notes,
        &[
            "Changed 1: plugins AWSKeyDetector",
            "Kept 2: paths `\\.lock$` are left out",
            "Lost 3: filter `should_exclude_line`",
            "Lost 4: filter `filter`",
            "Lost 5: a result without the SHA-1",
        ],
    );
    assert!(written.contains("\"/**/*.lock\", # from .secrets.baseline:2"), "{written}");
}

#[test]
fn gitguardian_of_both_versions_has_fates() {
    let (notes, written) = migrated(
        ".gitguardian.yaml",
        "version: 2\nexit_zero: true\ninstance: https://x\nsecret:\n  show_secrets: true\n  ignored_paths: ['a/**', 'b[']\n  ignored_detectors: [JSON Web Token, Nobody's]\n  ignored_matches:\n  - match: some-value\n  - name: x\n",
    );
    says(
        &notes,
        &[
            "Kept 2: no run fails",
            "Changed 3: `instance`",
            "Lost 5: `show_secrets`",
            "Kept 6: paths `a/**`",
            "Lost 6: `b[`",
            "Lost 7: no rule of ours is called `nobody-s`",
            "Lost 9: the secret written there",
            "Lost 10: an ignored match",
        ],
    );
    assert!(written.contains("fail-on = \"never\"") && !written.contains("some-value"), "{written}");
    let (notes, _) = migrated(".gitguardian.yml", "paths-ignore: [a]\nmatches-ignore: [x]\nodd: 1\n");
    says(&notes, &["Kept 1: paths `a`", "Lost 2: the secret", "Lost 3: `odd`"]);
}

#[test]
fn trufflehog_s_regexes_become_a_rule_and_its_parts() {
    let (notes, written) = migrated(
        "trufflehog.yaml",
        "detectors:\n- name: Acme\n  keywords: [acme]\n  regex:\n    id: 'acmei_[0-9]{8}'\n    key: 'acmek_[0-9a-f]{32}'\n  primary_regex_name: key\n  exclude_regexes_match: [x]\n- name: None\n",
    );
    says(
        &notes,
        &[
            "Changed 2: rule `Acme`",
            "Changed 5: its other regexes",
            "Lost 8: `exclude_regexes_match`",
            "Lost 9: detector `None`",
        ],
    );
    assert!(written.contains("regex = '''acmek_[0-9a-f]{32}'''") && written.contains("name = \"id\""), "{written}");
}

#[test]
fn kingfisher_s_keys_have_fates() {
    let (notes, written) = migrated(
        "kingfisher-rules.yml",
        "rules:\n- name: Acme\n  id: acme.1\n  pattern: 'acmek_([0-9a-f]{32})'\n  visible: false\n  pattern_requirements:\n    min_digits: 2\n    ignore_if_contains: [TEST]\n  validation:\n    type: Http\n",
    );
    says(&notes, &["Changed 2: rule `acme.1`: it is called `acme-1`", "Lost 7: `min_digits`", "Lost 10: `validation`"]);
    assert!(written.contains("hidden = true") && written.contains("reject = [\"TEST\"]"), "{written}");
    let (notes, _) = migrated(
        "kingfisher-baseline.yml",
        "ExactFindings:\n  matches:\n  - filepath: a\n    linenum: 3\n  - filepath: b\n",
    );
    says(&notes, &["Lost 3: the secret known there in a", "Lost 5: a finding without path and line"]);
}

#[test]
fn secretlint_talisman_and_ripsecrets_have_fates() {
    let (notes, _) = migrated(
        ".secretlintrc.json",
        "{\"rules\": [\n{\"id\": \"a\", \"disabled\": true},\n{\"id\": \"b\", \"allowMessageIds\": [\"M\"], \"options\": {\"allows\": [\"/x/i\"]}}]}",
    );
    says(
        &notes,
        &["Lost 2: `a` is disabled", "Changed 3: `b`", "Lost 3: message `M`", "Lost 3: secrets that this regex fits"],
    );
    let (notes, _) = migrated(
        ".talismanrc",
        "fileignoreconfig:\n- filename: a\n  ignore_detectors: [filename]\n- filename: b\n  ignore_detectors: [filecontent]\nscopeconfig:\n- scope: go\nthreshold: low\n",
    );
    says(&notes, &["Changed 2: `a`", "Kept 4: paths `/b`", "Lost 7: `scopeconfig`", "Lost 8: `threshold`"]);
    let (notes, _) = migrated(".secretsignore", "# x\n*.log\n!keep\n[odd]\n[secrets]\n^x$\n(\n");
    says(
        &notes,
        &["Kept 2: paths `*.log`", "Lost 3: `!keep`", "Lost 4: section `[odd]`", "Lost 6: secrets", "Lost 7: a regex"],
    );
}

#[test]
fn large_files_and_bombs_are_refused() {
    let (notes, _) = migrated("trufflehog.yaml", "a: &a [x, x]\nb: &b [*a, *a]\n");
    says(&notes, &["Broken 2: aliases are not read"]);
    let (notes, _) = migrated(".secrets.baseline", &" ".repeat(11 << 20));
    says(&notes, &["Broken 1: is larger than 10 MB"]);
    let (notes, _) = migrated("x.yaml", "a: 1\n");
    says(&notes, &["Broken 1: is none of the files"]);
}
