//! Whole applications of each framework, as its documentation has them written: a weak one, of which every weak line is told and
//! nothing else, and a strong one, of which nothing is.
//!
//! They lie in `apps/`, a folder for each framework, with the names that files have there. A comment says what is weak about its line,
//! or about the next one where it stands alone: `weak: check, check`. `unsure:` says what is told only when asked for what is less
//! sure. Where files have no comments, [`UNMARKED`] says it. Secrets are put in when the test runs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::stanch::{Sandbox, token};

/// What stands where a secret is to be.
const PLACEHOLDER: &str = "@SECRET@";
/// What is weak in files that have no comments: the framework, the file, the line, the check, and whether it is sure.
const UNMARKED: &[(&str, &str, u64, &str, bool)] = &[
    ("express", "package.json", 7, "js-tls-unverified-everywhere", false),
    ("express", "package.json", 16, "passport-session-kept", true),
    ("keycloak", "realm-export.json", 6, "keycloak-ssl-not-required", false),
    ("keycloak", "realm-export.json", 15, "keycloak-refresh-kept", false),
    ("keycloak", "realm-export.json", 25, "keycloak-redirect-any", true),
    ("keycloak", "realm-export.json", 31, "keycloak-implicit", true),
];

/// What is told: the check, the file and the line.
type Told = BTreeSet<(String, String, u64)>;

/// A test for each framework, and the list of them.
macro_rules! frameworks {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            weak_lines_are_told_and_no_others(stringify!($name));
            nothing_is_told_of_what_is_strong(stringify!($name));
        })*
        const FRAMEWORKS: &[&str] = &[$(stringify!($name)),*];
    };
}

frameworks![
    actix,
    apache,
    aspnet,
    aspnet_framework,
    axum,
    browser,
    django,
    envoy,
    express,
    fastapi,
    fastify,
    fiber,
    flask,
    gin,
    go,
    gorilla,
    jwt_java,
    jwt_node,
    jwt_php,
    jwt_python,
    jwt_rust,
    keycloak,
    laravel,
    nextjs,
    nginx,
    phoenix,
    php,
    rails,
    scs,
    servlets,
    spring,
    symfony,
    tornado_aiohttp,
];

fn apps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/harden/apps")
}

/// The files of an application, by their paths in it.
fn files(app: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![app.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(app).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Hexadecimal digits, as long as keys are.
fn secret() -> String {
    token(8).bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The application in a folder of its own, with secrets where they are to be.
fn written(files: &[(String, String)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in files {
        sandbox.write(name, text.replace(PLACEHOLDER, &secret()));
    }
    sandbox
}

/// What comments of `text` say after `word`.
fn marked(name: &str, text: &str, word: &str) -> Told {
    let mut told = Told::new();
    for (line, number) in text.lines().zip(1..) {
        let Some((_, checks)) = line.split_once(&format!(" {word}: ")) else { continue };
        let before =
            [" weak: ", " unsure: "].iter().filter_map(|word| line.find(word)).min().map_or("", |at| &line[..at]);
        let alone = matches!(before.trim(), "#" | "//" | ";" | "<!--");
        let is_check =
            |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let checks = checks.split(&[',', ' '][..]).take_while(|word| !word.ends_with(':')).filter(is_check);
        told.extend(checks.map(|check| (check.to_owned(), name.to_owned(), number + u64::from(alone))));
    }
    told
}

/// What is weak about an application, of what is sure or of what is not.
fn expected(framework: &str, files: &[(String, String)], sure: bool) -> Told {
    let word = if sure { "weak" } else { "unsure" };
    let mut told: Told = files.iter().flat_map(|(name, text)| marked(name, text, word)).collect();
    let unmarked = UNMARKED.iter().filter(|unmarked| unmarked.0 == framework && unmarked.4 == sure);
    told.extend(unmarked.map(|(_, file, line, check, _)| ((*check).to_owned(), (*file).to_owned(), *line)));
    told
}

/// What the program tells of a folder, which has no file that it leaves out.
#[track_caller]
fn told(sandbox: &Sandbox, arguments: &[&str]) -> Told {
    let run = sandbox.run(&[&["harden", "-f", "json", "--fail-on", "never"], arguments].concat()).ended(0);
    assert!(!run.text().contains(&secret()), "a secret is shown: {}", run.text());
    assert_eq!(run.coverage()["skipped"].as_array().map(Vec::len), Some(0), "{}", run.coverage());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let all = run.json()["weaknesses"].as_array().unwrap().clone();
    all.iter().map(|one| (text(&one["check"]), text(&one["path"]), one["line"].as_u64().unwrap())).collect()
}

#[track_caller]
fn weak_lines_are_told_and_no_others(framework: &str) {
    let files = files(&apps().join(framework).join("weak"));
    let (sandbox, mut all) = (written(&files), expected(framework, &files, true));
    assert!(!all.is_empty(), "{framework} has no weak line");
    assert_same(framework, &all, &told(&sandbox, &[]));
    all.extend(expected(framework, &files, false));
    assert_same(framework, &all, &told(&sandbox, &["--min-confidence", "low"]));
}

#[track_caller]
fn nothing_is_told_of_what_is_strong(framework: &str) {
    let files = files(&apps().join(framework).join("strong"));
    assert!(!files.is_empty(), "{framework} has no strong application");
    assert_same(framework, &Told::new(), &told(&written(&files), &["--min-confidence", "low"]));
}

#[track_caller]
fn assert_same(framework: &str, expected: &Told, told: &Told) {
    let missing: Vec<_> = expected.difference(told).collect();
    let wrong: Vec<_> = told.difference(expected).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "{framework}: not told {missing:#?}, told wrongly {wrong:#?}");
}

#[test]
fn every_application_is_tried() {
    let folders = fs::read_dir(apps()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut folders: Vec<String> = folders.collect();
    folders.sort();
    assert_eq!(folders, FRAMEWORKS);
}

/// A check that no application shows is one that nobody has seen at work in a whole file.
#[test]
fn every_check_is_told_of_some_application() {
    let listed = Sandbox::new().run(&["harden", "--list"]).ended(0).text();
    // Those of recorded answers look at no framework's files.
    let code = listed.lines().filter(|line| !line.contains("| `Set-Cookie` in "));
    let mut left: BTreeSet<&str> = code.filter_map(|line| line.split('`').nth(1)).collect();
    assert!(left.len() > 300, "the list says what checks there are: {listed}");
    for framework in FRAMEWORKS {
        let files = files(&apps().join(framework).join("weak"));
        for sure in [true, false] {
            for (check, ..) in expected(framework, &files, sure) {
                left.remove(check.as_str());
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}
