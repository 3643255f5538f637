//! What comments, allow entries and ignore files leave out, and how that is told.

use std::fs;

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, leak, scan, token},
};

fn notes(run: &Run) -> String {
    run.coverage()["notes"].to_string()
}

#[test]
fn a_comment_with_a_rule_allows_that_rule_alone() {
    let sandbox = Sandbox::new();
    let hides = |comment: &str| {
        sandbox.write("a", format!("KEY={} # {comment}\n", token(1)));
        let beside = sandbox.scan(&[]).status == 0;
        sandbox.write("a", format!("// {comment}\nKEY={}\n", token(1)));
        assert_eq!(sandbox.scan(&[]).status == 0, beside, "{comment}");
        beside
    };
    assert!(hides("stanch:allow"));
    assert!(hides("stanch:allow github-pat"));
    assert!(hides("stanch:allow github-pat: made up"));
    assert!(hides("stanch:allow made-up for the tests"), "a reason without a rule");
    assert!(!hides("stanch:allow jwt-token made up"));
    assert!(!hides("stanch:allow jwt-token"));
    sandbox.write("a", format!("KEY={} # stanch:allow jwt-token\n", token(1)));
    sandbox.scan(&["--skip-rule", "jwt-token"]).ended(1);
}

#[test]
fn the_reason_of_a_comment_is_kept_without_its_secrets() {
    let sandbox = Sandbox::new();
    let by = |content: String| {
        sandbox.write("a", content);
        let run = sandbox.scan(&["--no-allow", "--rule", "github-pat"]).ended(1);
        assert!(!run.text().contains(&token(2)));
        let incidents = run.incidents();
        let mut behind = incidents.iter().map(|incident| &incident["occurrences"][0]);
        let found = behind.find(|found| found["column"] == 5).unwrap();
        found["allowed_by"].as_str().unwrap().to_owned()
    };
    assert_eq!(by(format!("KEY={} # stanch:allow github-pat made up\n", token(1))), "stanch:allow github-pat made up");
    assert_eq!(by(format!("/* stanch:allow made up */\nKEY={}\n", token(1))), "stanch:allow made up");
    let secret = by(format!("# stanch:allow as {} was\nKEY={}\n", token(2), token(1)));
    assert_eq!(secret, "stanch:allow as … was");
    let long = format!("# stanch:allow {} {}\nKEY={}\n", "x".repeat(170), token(2), token(1));
    assert!(!by(long).contains(&token(2)[..16]), "a token that the limit cuts is masked as well");
}

#[test]
fn an_allow_can_name_what_a_secret_holds() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("b", leak(2));
    let middle = &token(1)[8..20];
    sandbox.write("stanch.toml", format!("[[allow]]\nregex = '^ghp_.*{middle}'\nreason = 'made up'\n"));
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!((run.paths(), &run.coverage()["allowed"]), (vec!["b".to_owned()], &1.into()));
    sandbox.write("stanch.toml", "[[allow]]\nregex = 'no such'\nrule = 'github-pat'\nreason = 'made up'\n");
    assert_eq!(sandbox.scan(&[]).ended(1).incidents().len(), 2, "all that is named has to fit");
}

#[test]
fn an_allow_that_is_over_reports_again() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    sandbox.write(
        "stanch.toml",
        "# ours\n[[allow]]\nrule = 'github-pat'\nreason = 'until the move'\nuntil = 2026-03-31\n",
    );
    sandbox.scan(&["--now", "2026-03-31T23:59:59Z"]).ended(0);
    let over = sandbox.scan(&["--now", "2026-04-01T00:00:00Z"]).ended(1);
    assert!(
        notes(&over).contains("the allow in line 2 of the configuration is over, and hides nothing: until the move")
    );
}

#[test]
fn an_allow_that_hides_nothing_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    let allow = |rule: &str| format!("[[allow]]\nrule = '{rule}'\nreason = 'x'\n");
    sandbox.write("stanch.toml", allow("github-pat") + &allow("jwt-token"));
    let run = sandbox.scan(&[]).ended(0);
    assert!(notes(&run).contains("the allow in line 4 of the configuration hides nothing"), "{}", notes(&run));
    assert!(!notes(&run).contains("line 1"), "{}", notes(&run));
    for partial in [&["--no-history"][..], &["--skip-rule", "jwt-token"]] {
        assert!(!notes(&sandbox.scan(partial)).contains("hides nothing"), "{partial:?} sees a part");
    }
}

#[test]
fn stanchignore_leaves_out_files_and_their_history() {
    let repo = Repo::new();
    repo.write("vendor/a.env", &leak(1)).write("b.env", &leak(2)).write("keep/c.log", &leak(3));
    repo.write("d.log", &leak(4)).commit("leak");
    repo.write(".stanchignore", "# theirs\n/vendor/\n*.log\n!keep/c.log\n").commit("ignore");
    let run = scan(repo.path(), &[]).ended(1);
    assert_eq!(run.paths(), ["b.env", "keep/c.log"]);
    let (_, examples) = run.skipped("excluded");
    assert!(examples.contains(&"vendor".to_owned()) && examples.contains(&"d.log".to_owned()), "{examples:?}");
    assert_eq!(scan(repo.path(), &["--history-only"]).ended(1).paths(), ["b.env", "keep/c.log"]);
    assert_eq!(scan(repo.path(), &["--no-ignore"]).ended(1).paths().len(), 4);
}

#[test]
fn lines_of_stanchignore_that_make_no_sense_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("b", leak(2)).write(".stanchignore", "x{\nb\n");
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!(run.paths(), ["a"]);
    assert!(notes(&run).contains("line 1 of") && notes(&run).contains("leaves nothing out"), "{}", notes(&run));
    #[cfg(unix)]
    {
        sandbox.remove(".stanchignore");
        std::os::unix::fs::symlink("a", sandbox.path().join(".stanchignore")).unwrap();
        assert!(sandbox.scan(&[]).ended(2).err.contains("symbolic link"));
    }
    fs::remove_file(sandbox.path().join(".stanchignore")).unwrap();
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), ["a", "b"]);
}
