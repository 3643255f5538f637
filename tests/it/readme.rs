//! The README's example is what the program prints.
//!
//! `UPDATE=1 cargo test readme` writes it anew.

use std::fs;

use crate::{
    repo::Repo,
    stanch::{command, run, token},
};

const START: &str = "<!-- demo -->\n";
const END: &str = "<!-- /demo -->\n";

/// A repository with one leaked token: still in a file at HEAD, once in another one.
fn demo() -> Repo {
    let repo = Repo::new();
    let token = token(0);
    repo.write("deploy/.env", &format!("STAGE=prod\nexport GITHUB_TOKEN={token}\n"));
    repo.commit("Deploy from the command line");
    repo.write("ci/release.sh", &format!("curl -H \"Authorization: token {token}\" https://api.github.com/user\n"));
    repo.remove("deploy/.env");
    repo.commit("Move the release to CI");
    repo
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let repo = demo();
    let mut command = command(repo.path(), &["scan", "."]);
    let printed = run(&mut command).ended(1).text();
    let printed: String = printed.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    let printed = without_time(&format!("    $ stanch scan .\n{printed}"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(path).unwrap();
    let (head, rest) = readme.split_once(START).unwrap();
    let (shown, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, format!("{head}{START}\n{printed}\n{END}{tail}")).unwrap();
        return;
    }
    assert_eq!(shown.trim_matches('\n'), printed.trim_matches('\n'), "UPDATE=1 cargo test readme writes it anew");
}

/// How long a run takes is different every time.
fn without_time(text: &str) -> String {
    let cut = |line: &str| match line.rsplit_once(" in ") {
        Some((before, time)) if line.trim_start().starts_with("scanned") && time.ends_with(" s") => before.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| cut(line) + "\n").collect()
}
