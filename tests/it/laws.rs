//! The laws of the design that only a whole run can break; `docs/design.md` states them.

use std::{
    collections::{BTreeSet, HashSet},
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use stanch::{
    blob::Window,
    detect::{Detector, Scratch},
    report::Format,
    rules::{Ruleset, examples},
};

use crate::{
    repo::Repo,
    stanch::{NOW, Sandbox, command, leak, run, scan, token},
};

/// One example of every rule: the rule's id and the text.
fn all_examples() -> Vec<(String, String)> {
    let rules = Ruleset::builtin();
    let visible = rules.rules().iter().filter(|rule| !rule.hidden);
    visible.map(|rule| (rule.id.to_string(), examples::matching(rule).swap_remove(0))).collect()
}

/// Everything that any rule takes for a secret in `text`.
fn secrets_of(detector: &Detector, text: &str) -> Vec<Vec<u8>> {
    let tokens = detector.tokens(&Window::whole(text.as_bytes()), &mut Scratch::default());
    tokens.into_iter().map(|token| token.secret.to_vec()).collect()
}

/// What names can hold of a text: one line, no slash, and not too long.
fn as_name(text: &str) -> Option<String> {
    let fits = text.len() <= 200 && !text.contains(['/', '\0', '\n', '\r', '<', '>']);
    fits.then(|| text.to_owned())
}

/// A repository with a token of every rule in its files, in their names, in messages, in authors' names and in refs, with
/// all secrets in it.
fn repository_of_everything() -> (Repo, BTreeSet<Vec<u8>>) {
    let repo = Repo::new();
    let detector = Detector::new(Ruleset::builtin().rules().to_vec());
    let mut secrets = BTreeSet::new();
    for (id, text) in all_examples() {
        let found = secrets_of(&detector, &text);
        assert!(!found.is_empty(), "{id} finds its own example");
        repo.write(&format!("files/{id}/config.txt"), &text);
        repo.write(&format!("removed/{id}"), &format!("x\n{text}"));
        for name in found.iter().filter_map(|secret| as_name(str::from_utf8(secret).unwrap())) {
            repo.write(&format!("named/{id}/{name}"), &text);
        }
        secrets.extend(found);
    }
    repo.commit("everything");
    fs::remove_dir_all(repo.path().join("removed")).unwrap();
    // A commit for each rule, all at once: git would look at every file for each of them.
    let branch = repo.git(&["symbolic-ref", "HEAD"]);
    let branch = branch.trim();
    let mut commits = format!("reset {branch}\nfrom {branch}^0\n\n");
    let mut refs = BTreeSet::new();
    for (_, text) in all_examples() {
        let name = secrets_of(&detector, &text).iter().find_map(|secret| as_name(str::from_utf8(secret).unwrap()));
        let name = name.as_deref().unwrap_or("nobody");
        // An address has neither; what is left of a secret without them is another.
        let address = if name.contains([' ', '@']) { "nobody" } else { name };
        let author = format!("{name} <{address}@example.com>");
        let message = format!("message\n\n{text}");
        let _ = write!(
            commits,
            "commit {branch}\nauthor {author} 1700000000 +0000\ncommitter Test <test@example.com> 1700000000 +0000\ndata {}\n{message}\n",
            message.len()
        );
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
            refs.insert(format!("update refs/heads/b-{name} HEAD\n"));
        }
    }
    repo.git_with(&["fast-import", "--quiet"], commits.as_bytes());
    repo.git_with(&["update-ref", "--stdin"], refs.into_iter().collect::<String>().as_bytes());
    (repo, secrets)
}

/// Law 3: what is reported is masked wherever it stands, in every format and on both streams.
#[test]
fn a_secret_never_prints_itself() {
    const SHOWN: usize = 8;
    let (repo, secrets) = repository_of_everything();
    let report = scan(repo.path(), &["--show-secrets", "--min-confidence", "low", "--no-allow"]).ended(1);
    let raw = |value: &Value| value["value"].as_str().map(|value| value.as_bytes().to_vec());
    let mut reported: BTreeSet<Vec<u8>> = BTreeSet::new();
    for incident in report.incidents() {
        let parts = incident["parts"].as_array().cloned().unwrap_or_default();
        let hidden = parts.iter().filter(|part| part.get("masked").is_some());
        reported.extend(hidden.chain([&incident["secret"]]).filter_map(raw));
    }
    assert!(reported.len() * 10 >= secrets.len() * 9, "{} of {} are reported", reported.len(), secrets.len());
    // Stretches of a secret that its mask hides: all but what may be a public prefix, and its last bytes. What a rule says in public is
    // no secret's, nor is a stretch with a space in it.
    let public: String = Ruleset::builtin().rules().iter().map(|rule| format!("{rule:?}\n")).collect();
    let public: HashSet<&[u8]> = public.as_bytes().windows(SHOWN).collect();
    let is_secret = |window: &&[u8]| {
        let repeats = window.iter().all(|byte| window[0] == *byte);
        !repeats && !window.contains(&b' ') && !window.contains(&b'\n') && !public.contains(window)
    };
    let long = reported.iter().filter(|secret| secret.len() >= 4 * SHOWN);
    let hidden: HashSet<&[u8]> = long
        .flat_map(|secret| secret[secret.len() / 2 - 4..secret.len() - 4].windows(SHOWN))
        .filter(is_secret)
        .collect();
    assert!(hidden.len() > 1000, "{}", hidden.len());
    let file = |format: &Format| repo.beside(format.name()).to_str().unwrap().to_owned();
    let paths: Vec<String> = Format::ALL.iter().map(file).collect();
    let pairs = Format::ALL.iter().zip(&paths).flat_map(|(format, path)| ["-f", format.name(), "-o", path]);
    let formats: Vec<&str> = ["scan"].into_iter().chain(pairs).collect();
    for flags in [&["-v"][..], &["-v", "--no-allow", "--min-confidence", "low", "--all-versions"]] {
        let run = run(&mut command(repo.path(), &[&formats, flags].concat())).ended(1);
        let mut files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        let gitlab = Format::ALL.iter().position(|format| *format == Format::GitLab).unwrap();
        files[gitlab] = without_ids(&files[gitlab]);
        for (printed, format) in files.iter().map(Vec::as_slice).chain([&*run.out, run.err.as_bytes()]).zip(0..) {
            let leaked = printed.windows(SHOWN).find(|window| hidden.contains(window));
            assert_eq!(leaked.map(|window| String::from_utf8_lossy(window)), None, "report {format} with {flags:?}");
        }
    }
}

/// GitLab's report but for the ids of what it lists: they are hashes in the form of UUIDs, and of thousands one has eight characters of some UUID that is a secret.
fn without_ids(report: &[u8]) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(report).unwrap();
    for listed in document["vulnerabilities"].as_array_mut().unwrap() {
        assert_eq!(listed["id"].take().as_str().unwrap().len(), 36);
    }
    document.to_string().into_bytes()
}

/// Law 3: a token that stands in a name and nowhere else is no less a token.
#[test]
fn a_secret_that_is_only_in_a_name_is_masked() {
    let repo = Repo::new();
    repo.write(&format!("{}.env", token(2)), &leak(1));
    repo.write(&format!("bad-{}", token(3)), &leak(1));
    repo.git(&["add", "--all"]);
    repo.git(&[
        "commit",
        "--quiet",
        "--author",
        &format!("{} <{}@example.com>", token(4), token(5)),
        "--message",
        "one",
    ]);
    repo.git(&["branch", &format!("b-{}", token(6))]);
    let gone = format!("no/such/{}", token(7));
    for format in Format::ALL.iter().map(|format| format.name()) {
        let run =
            run(&mut command(repo.path(), &["scan", "-v", "-f", format, ".", &gone, "--exclude", "bad-*"])).ended(1);
        let printed = format!("{}{}", run.text(), run.err);
        for number in 1..=7 {
            assert!(!printed.contains(&token(number)[6..30]), "{format}: the token {number} in {printed}");
        }
    }
}

/// Law 3: nor does an error.
#[test]
fn errors_hold_no_secret() {
    let sandbox = Sandbox::new();
    let secret = token(1);
    for (flag, value) in
        [("--key-file", secret.as_str()), ("--config", &secret), ("--patterns", &secret), ("--rule", &secret)]
    {
        let run = sandbox.scan(&[flag, value]).ended(2);
        assert!(!run.err.contains(&secret[6..30]), "{flag}: {}", run.err);
    }
    sandbox.write("stanch.toml", format!("key = '{secret}'\n{secret} = 1\nfail-on = '{secret}'\n"));
    let run = sandbox.scan(&[]).ended(2);
    assert!(!run.err.contains(&secret[6..30]), "{}", run.err);
}

/// Law 4: what an edit, a rename or a merge does to a file does nothing to an identity.
#[test]
fn identity_survives_the_history() {
    let repo = Repo::new();
    let ids = |repo: &Repo| {
        let incidents = scan(repo.path(), &[]).ended(1).incidents();
        incidents.iter().map(|incident| incident["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    repo.write("a", &leak(1)).commit("one");
    let first = ids(&repo);
    repo.write("a", &format!("line\n{}", leak(1))).commit("two");
    repo.git(&["mv", "a", "b"]);
    repo.commit("three");
    assert_eq!(ids(&repo), first);
    repo.remove("b").commit("four");
    assert_eq!(ids(&repo), first, "in the history alone");
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.write("c", &leak(1)).commit("rewritten");
    assert_eq!(ids(&repo), first);
}

/// Law 6: nothing that a repository names is run.
#[test]
fn a_repository_runs_nothing() {
    let repo = Repo::new();
    repo.write("a", &leak(1)).write(".gitattributes", "* filter=evil diff=evil\n").commit("one");
    repo.write("b", &leak(2));
    repo.git(&["add", "b"]);
    let witness = repo.beside("ran");
    let script = repo.beside("evil.sh");
    fs::write(&script, format!("#!/bin/sh\necho ran >> {}\n", witness.display())).unwrap();
    fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let evil = script.to_str().unwrap();
    let config = format!(
        "[core]\n\tfsmonitor = {evil}\n\thooksPath = {}\n\tpager = {evil}\n\tsshCommand = {evil}\n[filter \"evil\"]\n\tclean = {evil}\n\tsmudge = {evil}\n\
         \tprocess = {evil}\n\trequired = true\n[diff \"evil\"]\n\ttextconv = {evil}\n\tcommand = {evil}\n[alias]\n\trev-parse = !{evil}\n\
         [include]\n\tpath = {evil}\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::{evil}\n\tpromisor = true\n",
        repo.beside("hooks").display()
    );
    let mut text = fs::read_to_string(repo.git_path("config")).unwrap();
    text.push_str(&config);
    fs::write(repo.git_path("config"), text).unwrap();
    for hook in ["pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"] {
        for folder in [repo.beside("hooks"), repo.git_path("hooks")] {
            fs::create_dir_all(&folder).unwrap();
            fs::copy(&script, folder.join(hook)).unwrap();
        }
    }
    for flags in [
        &[][..],
        &["--staged"],
        &["--since", "HEAD"],
        &["--range", "HEAD..HEAD"],
        &["--refs", "main"],
        &["--history-only"],
    ] {
        let run = scan(repo.path(), flags);
        assert!([0, 1, 3].contains(&run.status), "{flags:?}: {run:?}");
        assert!(!witness.exists(), "{flags:?} ran something");
    }
}

/// All Rust files below `folder`.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Law 7: only `src/net` can open a socket (addresses alone are `core::net`'s), and only `src/sweep/fetch` start a program, which is git.
#[test]
fn sockets_are_opened_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in rust_files(&src) {
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Tests come last in a file, or in one of their own, and may run git.
        let text = text.split("#[cfg(test)]").next().unwrap();
        for word in [
            "std::net",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "UnixStream",
            "ToSocketAddrs",
            "libc::socket",
            "libc::connect",
        ] {
            assert!(path.starts_with(src.join("net")) || !text.contains(word), "{} names {word}", path.display());
        }
        for word in ["std::process::Command", "process::Command", "libc::exec", "libc::fork"] {
            let may = path.starts_with(src.join("sweep/fetch"));
            assert!(may || !text.contains(word), "{} names {word}", path.display());
        }
    }
}

/// Law 7, of what the libraries do: no system call for a socket is made.
#[cfg(target_os = "linux")]
#[test]
fn a_scan_opens_no_socket() {
    let Ok(version) = Command::new("strace").arg("--version").output() else { return };
    let repo = Repo::new();
    repo.write("a", &leak(1)).commit("one");
    let trace = repo.beside("trace");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=%network,execve", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_stanch"));
    traced.args(["scan", "--now", NOW]).current_dir(repo.path());
    let output = traced.output().unwrap();
    if !version.status.success() || output.status.code() != Some(1) {
        // Where nothing may be traced, `sockets_are_opened_in_one_place` has to do.
        return;
    }
    let calls = fs::read_to_string(trace).unwrap();
    let calls: Vec<&str> = calls.lines().filter(|line| !line.contains("+++") && !line.contains("---")).collect();
    assert!(calls.len() == 1 && calls[0].contains("execve("), "{calls:#?}");
}

/// Law 8: neither threads nor packing change a report.
#[test]
fn same_input_same_output() {
    let repo = Repo::new();
    for round in 0..12 {
        let lines = |number: u64| (0..60).map(|line| format!("line {line} of {number}\n")).collect::<String>();
        for number in 0..6 {
            let place = if (round + number) % 5 == 0 { leak(number) } else { String::new() };
            repo.write(
                &format!("d{}/f{number}", number % 3),
                &format!("{}{place}{round}\n{}", lines(number), lines(round)),
            );
        }
        repo.write("moving", &format!("{}{}", lines(round), leak(100 + round / 4)));
        if round == 6 {
            repo.git(&["checkout", "--quiet", "-b", "side"]);
        }
        repo.commit(&format!("round {round} {}", if round == 3 { token(200) } else { String::new() }));
    }
    repo.git(&["tag", "--annotate", "v1", "--message", &leak(201)]);
    repo.git(&["checkout", "--quiet", "main"]);
    let flags = ["--all-versions", "--min-confidence", "low"];
    let report = |jobs: &str| scan(repo.path(), &[&["-j", jobs], &flags[..]].concat()).ended(1).timeless();
    let loose = report("1");
    assert!(loose["incidents"].as_array().unwrap().len() >= 9, "{loose:#}");
    assert_eq!(report("4"), loose);
    let packings = [
        &["repack", "-adfq", "--depth=50", "--window=50"][..],
        &["repack", "-adFq", "--depth=1", "--window=2"],
        &["repack", "-adFq", "--window=0"],
        &["-c", "pack.indexVersion=1", "repack", "-adFq"],
        &["multi-pack-index", "write"],
    ];
    for packing in packings {
        repo.git(packing);
        repo.git(&["prune-packed", "--quiet"]);
        assert_eq!(report("1"), loose, "{packing:?}");
        assert_eq!(report("4"), loose, "{packing:?}, four threads");
    }
}

/// Law 9: what a configuration in the tree could say to reach the network is no key of it.
#[test]
fn a_configuration_cannot_steer() {
    let sandbox = Sandbox::new();
    for key in [
        "verify = true",
        "endpoint = 'https://x'",
        "allow-host = ['x']",
        "proxy = 'x'",
        "show-secrets = true",
        "output = 'x'",
        "format = 'json'",
        "trust-config = true",
    ] {
        sandbox.write("stanch.toml", key);
        assert!(sandbox.scan(&[]).ended(2).err.contains("unknown key"), "{key}");
    }
}

/// Law 8: what is shown of a secret depends on its best rule, not on which file was read first.
#[test]
fn what_is_shown_does_not_depend_on_what_was_read_first() {
    let rule = |id: &str, rank: u8, keyword: &str, regex: &str| {
        format!(
            "[[rule]]\nid = '{id}'\nname = '{id}'\nclass = 'api-key'\nseverity = 'high'\nfamily = 'f'\nrank = {rank}\n\
             keywords = ['{keyword}']\nregex = '{regex}'\nwords = false\nsource = 'x'\nmatch = ['x']\nno_match = ['x']\n"
        )
    };
    let rules = rule("generic-one", 50, "tok_", " (?<secret>tok_[0-9a-z]{20})")
        + &rule("generic-two", 40, "ctx=", "ctx=(?<secret>tok_[0-9a-z]{20})");
    let patterns = format!("provider = 'generic'\nname = 'Two rules'\nmin_stanch = '0.1'\n{rules}");
    let token = format!("tok_{}", "a1b2c".repeat(4));
    for (with_space, with_context) in [("a", "b"), ("b", "a")] {
        let sandbox = Sandbox::new();
        sandbox.write(with_space, format!(" {token}\n")).write(with_context, format!("ctx={token}\n"));
        let dir = sandbox.write_beside("rules.toml", &patterns);
        let arguments =
            ["--patterns", dir.to_str().unwrap(), "--rule", "generic-one", "--rule", "generic-two", "-j", "1"];
        let incident = sandbox.scan(&arguments).ended(1).incident();
        assert_eq!((&incident["rule"], &incident["secret"]["masked"]), (&"generic-one".into(), &"tok_…1b2c".into()));
    }
}
