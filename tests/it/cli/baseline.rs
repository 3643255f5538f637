//! Baselines: what they hide, what they survive, and what is refused.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use stanch::{
    incident::IdentityKey,
    secret::{Secret, Shown},
};

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, command, leak, rule, run, run_with, scan, token},
};

const FILE: &str = "stanch.baseline.jsonl";

fn baseline(folder: &Path, arguments: &[&str]) -> Run {
    run(&mut command(folder, &[&["baseline"], arguments].concat()))
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join(FILE)).unwrap()
}

fn notes(run: &Run) -> String {
    run.coverage()["notes"].to_string()
}

/// A repository that knows the tokens 1 and 2.
fn known() -> Repo {
    let repo = Repo::new();
    repo.write("a.env", &leak(1)).write("deep/b.env", &leak(2)).commit("leak");
    baseline(repo.path(), &["create"]).ended(0);
    repo.commit("know");
    repo
}

#[test]
fn what_is_known_is_hidden_and_counted() {
    let repo = known();
    let run = scan(repo.path(), &[]).ended(0);
    assert_eq!((run.incidents().len(), &run.coverage()["allowed"]), (0, &2.into()));
    assert!(notes(&run).contains("the baseline hides 2 incidents"), "{}", notes(&run));
    assert!(!notes(&run).contains("nothing"), "all of it is in use: {}", notes(&run));
    let all = scan(repo.path(), &["--no-allow"]).ended(1);
    assert_eq!(all.incidents().len(), 2);
    assert!(all.text().contains("\"allowed_by\":\"the baseline\""), "{}", all.text());
    scan(repo.path(), &["--min-confidence", "low"]).ended(0);
    let again = baseline(repo.path(), &["create"]).ended(2);
    assert!(again.err.contains("update"), "{}", again.err);
}

#[test]
fn a_baseline_holds_no_secret_and_nothing_that_moves() {
    let repo = known();
    let text = text(repo.path());
    for hidden in [&token(1)[..], &token(2), &token(1)[36..], "a.env", "202", "column", "ghp"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], r#"{"schema":"stanch-baseline/1","key":"default"}"#);
    assert!(lines.len() == 3 && lines[1..].is_sorted() && lines[1].ends_with(r#","rule":"github-pat"}"#), "{text}");
    fs::remove_file(repo.path().join(FILE)).unwrap();
    baseline(repo.path(), &["create", "-j", "1"]).ended(0);
    assert_eq!(self::text(repo.path()), text, "same input, same file");
}

#[test]
fn a_new_secret_on_a_known_line_is_reported() {
    let repo = known();
    repo.write("a.env", &leak(1).replace(&token(1), &format!("{} {}", token(1), token(3))));
    let run = scan(repo.path(), &[]).ended(1);
    assert_eq!(run.incident()["occurrences"][0]["line"], 1);
    assert_eq!(run.coverage()["allowed"], 2);
    repo.write("a.env", &leak(4));
    assert_eq!(scan(repo.path(), &[]).ended(1).incident()["occurrences"][0]["path"], "a.env", "in its place");
}

#[test]
fn what_is_known_survives_edits_renames_and_rebases() {
    let repo = known();
    repo.write("a.env", &format!("# one\n\n# two\n  {}", leak(1)));
    scan(repo.path(), &[]).ended(0);
    repo.commit("indent");
    repo.git(&["mv", "deep/b.env", "elsewhere.env"]);
    scan(repo.path(), &[]).ended(0);
    repo.commit("rename");
    repo.git(&["switch", "--quiet", "--create", "feature", "HEAD~2"]);
    repo.write("c.txt", "nothing").commit("feature");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("first.txt", "nothing").commit("main goes on");
    repo.git(&["rebase", "--quiet", "main", "feature"]);
    let run = scan(repo.path(), &[]).ended(0);
    assert_eq!(run.coverage()["allowed"], 2);
    assert!(!notes(&run).contains("nothing"), "{}", notes(&run));
}

#[test]
fn update_adds_what_is_new_and_keeps_what_was_said() {
    let repo = known();
    let before = text(repo.path());
    let line = before.lines().nth(1).unwrap();
    let judged = line.replace('}', r#","state":"fix","reason":"ask ops"}"#);
    fs::write(repo.path().join(FILE), before.replace(line, &judged)).unwrap();
    let run = scan(repo.path(), &[]).ended(0);
    assert!(notes(&run).contains("hides 2 incidents, 1 of them to be fixed"), "{}", notes(&run));
    repo.write("c.env", &leak(3));
    let said = baseline(repo.path(), &["update"]).ended(0).text();
    assert!(said.contains("added 1, which makes 3 entries"), "{said}");
    let after = text(repo.path());
    assert!(after.contains(&judged) && after.lines().count() == 4, "{after}");
    scan(repo.path(), &[]).ended(0);
    assert!(scan(repo.path(), &["--no-allow"]).ended(1).text().contains("the baseline (fix): ask ops"));
    let sandbox = Sandbox::new();
    assert!(baseline(sandbox.path(), &["update"]).ended(2).err.contains("create"));
}

#[test]
fn entries_without_an_incident_are_told_and_pruned() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("b", leak(2));
    baseline(sandbox.path(), &["create"]).ended(0);
    sandbox.remove("a");
    let told = scan(sandbox.path(), &[]).ended(0);
    assert!(notes(&told).contains("1 entry of the baseline matches nothing"), "{}", notes(&told));
    for partial in [&["--no-history"][..], &["b"], &["--skip-rule", "github-pat"], &["--rule", "jwt-token"]] {
        assert!(!notes(&scan(sandbox.path(), partial)).contains("matches nothing"), "{partial:?} sees a part");
    }
    let before = text(sandbox.path());
    let dry = baseline(sandbox.path(), &["prune", "--dry-run"]).ended(0).text();
    assert!(dry.contains(&format!("entry {} of github-pat matches nothing", id(1))), "{dry}");
    assert!(!dry.contains(&id(2)) && dry.contains("2 entries, 1 unused"), "{dry}");
    assert_eq!(text(sandbox.path()), before);
    assert!(baseline(sandbox.path(), &["prune"]).ended(0).text().contains("removed 1, which leaves 1 entry"));
    let after = text(sandbox.path());
    assert!(after.contains(&id(2)) && !after.contains(&id(1)), "{after}");
    assert!(!notes(&scan(sandbox.path(), &[])).contains("nothing"));
}

/// What is gone from the files may still be in the history, and what is not scanned may be there.
#[test]
fn what_was_not_looked_at_is_not_pruned() {
    let repo = known();
    repo.remove("a.env").commit("remove");
    let before = text(repo.path());
    let whole = baseline(repo.path(), &["prune"]).ended(0).text();
    assert!(whole.contains("2 entries, 0 unused"), "{whole}");
    for partial in [&["prune", "--no-history"][..], &["prune", "--baseline", FILE, "deep"]] {
        let run = baseline(repo.path(), partial).ended(3).text();
        assert!(run.contains("nothing is removed: the history was not scanned"), "{run}");
        assert_eq!(text(repo.path()), before);
    }
    let shallow = repo.beside("shallow");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth", "1", &url, shallow.to_str().unwrap()]);
    let run = baseline(&shallow, &["prune"]).ended(3).text();
    assert!(run.contains("nothing is removed: the clone is shallow"), "{run}");
    assert_eq!(text(&shallow), before);
}

#[test]
fn commands_work_on_the_repository_around() {
    let repo = Repo::new();
    repo.write("a.env", &leak(1)).write("deep/er/x", "").commit("leak");
    baseline(&repo.path().join("deep/er"), &["create"]).ended(0);
    assert!(text(repo.path()).contains(&id(1)));
    let elsewhere = repo.beside("known.jsonl");
    let named = elsewhere.to_str().unwrap();
    fs::rename(repo.path().join(FILE), &elsewhere).unwrap();
    scan(repo.path(), &[]).ended(1);
    scan(repo.path(), &["--baseline", named]).ended(0);
    scan(repo.path(), &["--staged", "--baseline", named]).ended(0);
}

/// The identity of a token, as entries have it.
fn id(number: u64) -> String {
    let secret = Secret::new(token(number).as_bytes(), Shown::Nothing);
    IdentityKey::fixed().identify(&rule("github-pat").family, &secret).to_string()
}

/// Two branches that add these tokens to a baseline of the tokens 0 to 9, about to be merged.
fn diverged(one: u64, other: u64, attributes: Option<&str>) -> Repo {
    let repo = Repo::new();
    (0..10).for_each(|number| {
        repo.write(&format!("{number}.env"), &leak(number));
    });
    if let Some(attributes) = attributes {
        repo.write(".gitattributes", attributes);
    }
    repo.commit("leak");
    baseline(repo.path(), &["create"]).ended(0);
    repo.commit("know");
    for (branch, number) in [("one", one), ("other", other)] {
        repo.git(&["switch", "--quiet", "--create", branch, "main"]);
        repo.write(&format!("{branch}.env"), &leak(number));
        baseline(repo.path(), &["update"]).ended(0);
        repo.commit(branch);
    }
    repo
}

/// Two tokens and whether their entries come to stand between the same two of the tokens 0 to 9.
fn pair(adjacent: bool) -> (u64, u64) {
    let place = |number: u64| (0..10).filter(|&old| id(old) < id(number)).count();
    let other = (101..1000).find(|&other| (place(other) == place(100)) == adjacent).unwrap();
    (100, other)
}

#[test]
fn entries_that_two_branches_add_in_different_places_merge() {
    let (one, other) = pair(false);
    let repo = diverged(one, other, None);
    repo.git(&["merge", "--quiet", "--no-edit", "one"]);
    assert_eq!(text(repo.path()).lines().count(), 13);
    scan(repo.path(), &[]).ended(0);
}

/// Side by side git sees one place that both changed; `merge=union` keeps both lines, in whichever order.
#[test]
fn entries_that_two_branches_add_side_by_side_merge_by_union() {
    let (one, other) = pair(true);
    let repo = diverged(one, other, None);
    assert!(
        !repo.git_ok(&["merge", "--quiet", "--no-edit", "one"]),
        "git merges what it did not, say so in docs/baseline.md"
    );
    let broken = scan(repo.path(), &[]).ended(2);
    assert!(broken.err.contains(".jsonl:") && broken.err.contains("a merge left its conflict here"), "{}", broken.err);
    let repo = diverged(one, other, Some("stanch.baseline.jsonl merge=union\n"));
    repo.git(&["merge", "--quiet", "--no-edit", "one"]);
    scan(repo.path(), &[]).ended(0);
    baseline(repo.path(), &["update"]).ended(0);
    assert!(text(repo.path()).lines().skip(1).collect::<Vec<_>>().is_sorted());
}

#[test]
fn what_is_no_baseline_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    baseline(sandbox.path(), &["create"]).ended(0);
    let good = text(sandbox.path());
    let refused = |text: &str| {
        sandbox.write(FILE, text);
        let run = sandbox.scan(&[]).ended(2);
        assert!(run.out.is_empty());
        for command in [&["update"][..], &["prune"]] {
            assert_eq!(baseline(sandbox.path(), command).ended(2).err, run.err);
        }
        assert_eq!(self::text(sandbox.path()), text, "nothing is lost");
        run.err
    };
    let future = refused(&good.replace("-baseline/1", "-baseline/9"));
    assert!(future.contains("`stanch-baseline/9`") && future.contains("a newer one wrote it"), "{future}");
    let broken = refused(&format!("{good}{{\"id\":1}}\n"));
    assert!(broken.contains("stanch.baseline.jsonl:3:7: this is no entry"), "{broken}");
    let foreign = refused("[]\n");
    assert!(foreign.contains("stanch.baseline.jsonl:1:1: "), "{foreign}");
    let other = refused(&good.replace("\"default\"", "\"0badc0de\""));
    assert!(other.contains("under the key `0badc0de`") && other.contains("--key-file"), "{other}");
    let hostile = refused(&good.replace("\"default\"", "\"\\u001b[31m\\n::error::x\""));
    assert!(!hostile.contains('\u{1b}') && !hostile.lines().any(|line| line.starts_with("::")), "{hostile:?}");
    sandbox.write(FILE, &good);
    sandbox.scan(&[]).ended(0);
    let other_key = run(sandbox.command(&["scan"]).env("STANCH_KEY", "0123456789abcdef")).ended(2);
    assert!(other_key.err.contains("under the key `default`"), "{}", other_key.err);
    let none = sandbox.scan(&["--baseline", "no/such"]).ended(2);
    assert!(none.err.contains("no/such"), "{}", none.err);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    let outside = sandbox.write_beside("outside", "precious");
    std::os::unix::fs::symlink(&outside, sandbox.path().join(FILE)).unwrap();
    for arguments in [&["scan"][..], &["baseline", "create"], &["baseline", "update"], &["baseline", "prune"]] {
        sandbox.run(arguments).ended(2);
    }
    assert_eq!(fs::read_to_string(outside).unwrap(), "precious");
}

#[test]
fn an_audit_needs_a_terminal() {
    let repo = known();
    let before = text(repo.path());
    let asked = run_with(&mut command(repo.path(), &["baseline", "audit"]), b"k\n\nk\n\n").ended(2);
    assert!(asked.err.contains("no terminal"), "{}", asked.err);
    assert_eq!(text(repo.path()), before);
}

/// What `script` of util-linux runs has a terminal.
#[cfg(target_os = "linux")]
#[test]
fn an_audit_asks_and_saves_every_answer() {
    let path = std::env::var_os("PATH").unwrap();
    if !std::env::split_paths(&path).any(|folder| folder.join("script").is_file()) {
        return;
    }
    let repo = known();
    let on_terminal = |answers: &str| {
        let mut command = Command::new("script");
        let program = PathBuf::from(env!("CARGO_BIN_EXE_stanch"));
        command.args(["-qec", &format!("{} baseline audit", program.display()), "/dev/null"]);
        command.current_dir(repo.path()).env_clear().env("PATH", &path).env("HOME", repo.path()).env("NO_COLOR", "1");
        run_with(&mut command, answers.as_bytes()).ended(0).text()
    };
    let said = on_terminal(&format!("k\nmade up, not {}\nq\n", token(7)));
    let after = text(repo.path());
    assert!(said.contains("incident 1 of 2") && said.contains("GITHUB_TOKEN=ghp_…"), "the code is shown: {said}");
    assert!(!said.contains(&token(1)) && !said.contains(&token(2)), "{said}");
    let kept = after.lines().filter(|line| line.ends_with(r#","state":"keep","reason":"made up, not …"}"#)).count();
    assert_eq!((kept, after.contains(&token(7))), (1, false), "{after}");
    let said = on_terminal("f\n\n");
    assert!(said.contains("incident 1 of 1"), "what has an answer is not asked about: {said}");
    assert!(text(repo.path()).contains(r#","state":"fix"}"#));
    assert!(notes(&scan(repo.path(), &[]).ended(0)).contains("1 of them to be fixed"));
}
