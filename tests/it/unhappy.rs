//! What can go wrong on the way: every such run ends with a clear message or a coverage entry and the right exit status, all else is scanned,
//! and nothing panics (law 6). That nothing panics is asserted by whatever runs the program.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
        net::UnixListener,
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, command, leak, measured, run, scan, token},
};

#[track_caller]
fn failed(run: &Run, subject: &str, reason: &str) {
    let failures = run.failures();
    let is_it = |(of, why): &(String, String)| of == subject && why.contains(reason);
    assert!(failures.iter().filter(|failure| is_it(failure)).count() == 1, "{subject}: {reason} in {failures:?}");
    assert_eq!(run.coverage()["complete"], false);
}

#[test]
fn a_path_that_is_not_there_is_told_once() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    for flags in [&[][..], &["--no-history"], &["--history-only"]] {
        let alone = sandbox.scan(&[flags, &["no/such"]].concat()).ended(3);
        failed(&alone, "no/such", "there is no such file or folder");
        assert_eq!(alone.failures().len(), 1);
    }
    failed(&sandbox.scan(&["no/such", "a"]).ended(1), "no/such", "there is no such file");
    failed(&sandbox.scan(&["a/b"]).ended(3), "a/b", "");
    sandbox.scan(&[""]).ended(2);
    assert!(
        sandbox
            .run(&["scan", "no/such"])
            .ended(3)
            .text()
            .contains("INCOMPLETE: 1 thing could not be scanned\n  - no/such: ")
    );
}

#[test]
fn links_are_not_followed_unless_named() {
    let sandbox = Sandbox::new();
    sandbox.write_beside("outside/x", leak(1));
    sandbox.write("real/a", leak(2));
    let link = |to: &str, name: &str| symlink(to, sandbox.path().join(name)).unwrap();
    link("../outside", "folder");
    link("../outside/x", "file");
    link("nowhere", "dangling");
    link("loop-b", "loop-a");
    link("loop-a", "loop-b");
    link("..", "real/up");
    link(&token(3), "holds");
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!((run.paths(), run.failures()), (vec!["holds".to_owned(), "real/a".to_owned()], vec![]));
    assert_eq!(sandbox.scan(&["folder"]).ended(1).paths(), ["folder/x"]);
    assert_eq!(sandbox.scan(&["file"]).ended(1).paths(), ["file"]);
    failed(&sandbox.scan(&["dangling", "real/a"]).ended(1), "dangling", "there is no such file");
    assert_eq!(sandbox.scan(&["dangling"]).ended(3).failures().len(), 1);
    failed(&sandbox.scan(&["loop-a"]).ended(3), "loop-a", "");
}

/// As somebody who may not read everything; the tests may run as root, who may.
fn as_nobody(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = command(folder, arguments);
    if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        command.uid(65534).gid(65534);
    }
    command
}

#[test]
fn what_may_not_be_read_is_told_and_the_rest_is_scanned() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write("locked", leak(2)).write("shut/b", leak(3)).write("z", leak(4));
    let mode = |path: &str, mode: u32| {
        fs::set_permissions(sandbox.path().join(path), PermissionsExt::from_mode(mode)).unwrap();
    };
    fs::set_permissions(sandbox.beside(""), PermissionsExt::from_mode(0o755)).unwrap();
    mode("locked", 0);
    mode("shut", 0);
    // The program itself may lie where nobody else may look.
    let able = as_nobody(sandbox.path(), &["--version"]).output().is_ok_and(|output| output.status.success());
    if able {
        let run = run(&mut as_nobody(sandbox.path(), &["scan", "-f", "json"])).ended(1);
        assert_eq!(run.paths(), ["a", "z"]);
        failed(&run, "locked", "permission to read it is denied");
        assert!(
            run.failures().iter().any(|(_, why)| why.to_lowercase().contains("permission denied")),
            "{:?}",
            run.failures()
        );
    }
    mode("shut", 0o755);
    assert!(able, "the program cannot be run by another user here");
}

#[test]
fn a_file_that_breaks_off_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    failed(&sandbox.scan(&["/proc/self/mem", "a"]).ended(1), "/proc/self/mem", "cannot be read to its end");
}

#[test]
fn a_file_that_says_it_is_empty_is_read_to_its_end() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["scan", "-f", "json", "/proc/self/environ"]);
    assert_eq!(run(command.env("GITHUB_TOKEN", token(1))).ended(1).paths(), ["/proc/self/environ"]);
}

#[test]
fn a_file_that_grows_and_shrinks_while_it_is_read_ends() {
    let sandbox = Sandbox::new();
    let path = sandbox.path().join("moving");
    fs::write(&path, "x".repeat(64 << 20)).unwrap();
    let mut child = sandbox.command(&["scan", "-f", "json", "-j", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    for length in [64 << 20, 1 << 20, 0, 8 << 20] {
        File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn what_is_no_file_is_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    let _socket = UnixListener::bind(sandbox.path().join("socket")).unwrap();
    assert!(Command::new("mkfifo").arg(sandbox.path().join("fifo")).status().unwrap().success());
    let started = Instant::now();
    let all = sandbox.scan(&[]).ended(1);
    assert_eq!(all.skipped("not-a-file"), (2, vec!["fifo".to_owned(), "socket".to_owned()]));
    assert_eq!(all.coverage()["complete"], true);
    failed(&sandbox.scan(&["fifo"]).ended(3), "fifo", "is a FIFO, not a file");
    failed(&sandbox.scan(&["socket"]).ended(3), "socket", "is a socket, not a file");
    failed(&sandbox.scan(&["/dev/zero"]).ended(3), "/dev/zero", "is a device, not a file");
    symlink("/dev/zero", sandbox.path().join("zero")).unwrap();
    symlink("fifo", sandbox.path().join("link")).unwrap();
    failed(&sandbox.scan(&["zero"]).ended(3), "zero", "is a device, not a file");
    failed(&sandbox.scan(&["link"]).ended(3), "link", "is a FIFO, not a file");
    assert!(started.elapsed() < Duration::from_secs(10), "nobody waits for the other end");
}

/// Other files that are read: none of them may be waited for, or read without end.
#[test]
fn what_is_named_by_flags_is_a_file_too() {
    let sandbox = Sandbox::new();
    for name in ["stanch.toml", ".stanchignore", "stanch.baseline.jsonl"] {
        assert!(Command::new("mkfifo").arg(sandbox.path().join(name)).status().unwrap().success());
    }
    sandbox.write("a", leak(1));
    sandbox.scan(&[]).ended(1);
    for flag in ["--config", "--patterns", "--key-file"] {
        assert!(!sandbox.scan(&[flag, "no/such"]).ended(2).err.is_empty(), "{flag}");
        assert!(!sandbox.scan(&[flag, "/proc/self/mem"]).ended(2).err.is_empty(), "{flag}");
    }
}

#[test]
fn names_hold_what_they_like_and_reports_stay_harmless() {
    let sandbox = Sandbox::new();
    let names: [&[u8]; 7] = [
        b"latin1-\xe9\xff",
        b"esc-\x1b[31m\x1b]0;x\x07",
        b"line\n::error::x\n##[error]x",
        b"::warning::x",
        "bidi-\u{202e}txt\u{2066}".as_bytes(),
        b"-rf",
        b"a'\"`$(x)<b>|&;\\ \t,csv",
    ];
    for (name, number) in names.iter().zip(0..) {
        sandbox.write(
            OsStr::from_bytes(name),
            format!("KEY\x1b[1m={}\x1b]8;;x\x07 \u{202e} ##[error]y\r\n", token(number)),
        );
        fs::create_dir(sandbox.path().join(OsString::from_vec_of(name))).unwrap();
        sandbox.write(Path::new(&OsString::from_vec_of(name)).join("x"), leak(100 + number));
    }
    for format in ["text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "markdown", "html"] {
        let text = sandbox.run(&["scan", "-f", format, "-v"]).ended(1).text().replace("\r\n", "\n");
        let hostile = text.chars().find(|&c| c != '\n' && stanch::escape::hostile(c));
        assert_eq!(hostile, None, "{format}: {text}");
        assert!(!text.contains("##[") && !text.lines().any(|line| line.trim_start().starts_with("::")), "{format}");
    }
    let report = sandbox.scan(&[]).ended(1);
    assert_eq!(report.incidents().len(), 14);
    let odd = report.paths().into_iter().find(|path| path.starts_with("latin1")).unwrap();
    assert!(odd.starts_with("latin1-\\xe9\\xff"), "{odd}");
    assert!(report.text().contains(&format!("\"path_base64\":\"{}\"", data_encoding::BASE64.encode(names[0]))));
    let gone = run(&mut command(
        sandbox.path(),
        &[OsStr::new("scan"), OsStr::new("-q"), OsStr::from_bytes(b"no-\xff\x1b[1m\n::x")],
    ))
    .ended(3);
    assert!(!gone.text().contains('\x1b') && gone.text().contains("no-\\xff\\x1b[1m\\x0a::x"), "{}", gone.text());
}

/// A folder's name made from a file's.
trait FolderName {
    fn from_vec_of(name: &[u8]) -> OsString;
}

impl FolderName for OsString {
    fn from_vec_of(name: &[u8]) -> OsString {
        OsStr::from_bytes(&[name, b".d"].concat()).to_owned()
    }
}

#[test]
fn a_folder_that_holds_nothing_is_incomplete() {
    let folder = Sandbox::new();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    for arguments in [&[][..], &["--no-history"], &["a"]] {
        let failures = folder.scan(arguments).ended(3).failures();
        assert_eq!(failures[0].1, "holds nothing to scan", "{arguments:?}");
    }
    folder.write(".ignore", "*\n");
    let left_out = folder.scan(&[]).ended(0).coverage();
    assert_eq!(left_out["notes"][0], "ignore files leave out all of .");
}

#[test]
fn empty_things_are_clean() {
    let folder = Sandbox::new();
    folder.write("empty", "");
    assert_eq!(folder.scan(&["empty"]).ended(0).coverage()["files"], 1);
    let repo = Repo::new();
    let empty = scan(repo.path(), &[]).ended(0);
    assert_eq!((&empty.coverage()["commits"], &empty.coverage()["complete"]), (&0.into(), &true.into()));
    scan(repo.path(), &["--history-only"]).ended(0);
    scan(repo.path(), &["--staged"]).ended(0);
    scan(repo.path(), &["--since", "HEAD"]).ended(2);
    repo.write("a", &leak(1));
    repo.git(&["add", "a"]);
    assert_eq!(scan(repo.path(), &["--staged"]).ended(1).paths(), ["a"], "the first commit");
    let bare = Repo::init(&["--bare"]);
    scan(bare.path(), &[]).ended(0);
    let committed = Repo::new();
    committed.write("a", "x").commit("one");
    scan(committed.path(), &["--staged"]).ended(0);
}

#[test]
fn folders_lie_as_deep_as_they_like() {
    let sandbox = Sandbox::new();
    let deep: PathBuf = std::iter::repeat_n("d", 1000).collect();
    sandbox.write(deep.join("leak"), leak(1));
    assert_eq!(sandbox.scan(&[]).ended(1).paths(), [deep.join("leak").to_str().unwrap()]);
    // Deeper than a path can tell: each part is moved below the one before.
    let part: PathBuf = std::iter::repeat_n("e".repeat(250), 9).collect();
    for name in ["one", "two"] {
        fs::create_dir_all(sandbox.path().join(name).join(&part)).unwrap();
    }
    sandbox.write("two/leak", leak(2));
    fs::rename(sandbox.path().join("two"), sandbox.path().join("one").join(&part).join("two")).unwrap();
    sandbox.write("z", leak(3));
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!(run.incidents().len(), 3);
    assert!(run.failures().iter().any(|(_, why)| why.contains("too long")), "{:?}", run.failures());
    // The standard library would hold a file open for each level.
    Command::new("rm").arg("-rf").arg(sandbox.path()).status().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_five_gigabytes_takes_no_more_memory_than_a_small_one() {
    let sandbox = Sandbox::new();
    let mut file = File::create(sandbox.path().join("disk.img")).unwrap();
    file.set_len(5 << 30).unwrap();
    let chunk = 4 << 20;
    let places = [100 * chunk - 60, 3 << 30, (3 << 30) + chunk - 20, (4 << 30) + 1];
    for (&place, number) in places.iter().zip(0..) {
        file.seek(SeekFrom::Start(place)).unwrap();
        write!(file, "\n{}", leak(number)).unwrap();
    }
    let (run, cost) = measured(&mut sandbox.command(&["scan", "-f", "json", "-j", "1"]));
    let run = run.ended(1);
    let mut found: Vec<u64> =
        run.incidents().iter().map(|incident| incident["occurrences"][0]["byte_offset"].as_u64().unwrap()).collect();
    found.sort_unstable();
    let behind = "\nGITHUB_TOKEN=".len() as u64;
    assert_eq!(found, places.map(|place| place + behind));
    assert_eq!(run.coverage()["bytes"], 5u64 << 30);
    assert!(cost.memory < 100 << 20, "{} bytes", cost.memory);
    // Optimised, it takes two seconds.
    assert!(cost.time > Duration::ZERO && cost.time < Duration::from_mins(2), "{:?}", cost.time);
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_of_fifty_megabytes_is_a_line() {
    let sandbox = Sandbox::new();
    let mut line = "abc def=1, ghp_x sk_live_ AKIA \"key\": ".repeat(50_000_000 / 39);
    line.truncate(50_000_000);
    let half = line.len() / 2;
    line.replace_range(half..half, &format!(" {} ", token(1)));
    sandbox.write("bundle.js", &line);
    let (run, cost) = measured(&mut sandbox.command(&["scan", "-f", "json", "-j", "1"]));
    let place = run.ended(1).incident()["occurrences"][0].clone();
    assert_eq!((&place["line"], &place["column"]), (&1.into(), &(half + 2).into()));
    assert!(cost.memory < 150 << 20, "{} bytes", cost.memory);
    assert!(cost.time < Duration::from_mins(1), "{:?}", cost.time);
    assert!(sandbox.run(&["scan"]).text().len() < 5_000);
}

#[test]
fn patterns_with_a_bad_regex_are_wrong_usage() {
    let sandbox = Sandbox::new();
    for text in ["", "[[rule]]", "provider = 1", "\0", "[", "[[rule]]\nregex = '('"] {
        let path = sandbox.write_beside("bad.toml", text);
        assert!(sandbox.scan(&["--patterns", path.to_str().unwrap()]).ended(2).err.contains("bad.toml:"), "{text}");
        assert!(
            sandbox.run(&["rules", "lint", path.to_str().unwrap()]).ended(1).text().contains("bad.toml:"),
            "{text}"
        );
    }
}

/// A repository in one pack; its file holds the token 1, its history 2 as well.
fn packed() -> Repo {
    let repo = Repo::new();
    for number in 0..20 {
        repo.write(&format!("f{number}"), &format!("{number}\n").repeat(200));
    }
    repo.write("gone", &leak(2)).commit("one");
    repo.remove("gone").write("kept", &leak(1)).commit("two");
    repo.git(&["repack", "-adfq"]);
    repo.git(&["prune-packed"]);
    repo
}

fn pack_file(repo: &Repo, extension: &str) -> PathBuf {
    let files = fs::read_dir(repo.git_path("objects/pack")).unwrap().map(|entry| entry.unwrap().path());
    let path = files.into_iter().find(|path| path.extension().is_some_and(|found| found == extension)).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    path
}

/// Damage of any kind: the files are scanned all the same, the run is incomplete and says why.
#[test]
fn damaged_packs_are_told_and_the_files_scanned() {
    type Damage = (&'static str, &'static str, fn(&mut Vec<u8>));
    let damages: [Damage; 8] = [
        ("pack", "cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("pack", "emptied", Vec::clear),
        ("pack", "overwritten", |bytes| bytes.iter_mut().skip(100).step_by(7).for_each(|byte| *byte ^= 0x5a)),
        ("pack", "of another version", |bytes| bytes[7] = 9),
        ("idx", "cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("idx", "emptied", Vec::clear),
        ("idx", "with offsets that lead nowhere", |bytes| {
            let end = bytes.len() - 40;
            bytes[end - 80..end].fill(0x7f);
        }),
        ("idx", "full of noise", |bytes| {
            bytes.iter_mut().skip(8).for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(7));
        }),
    ];
    for (extension, what, damage) in damages {
        let repo = packed();
        let path = pack_file(&repo, extension);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let run = scan(repo.path(), &[]).ended(1);
        assert!(run.paths().contains(&"kept".to_owned()), "{extension} {what}");
        assert_eq!(run.coverage()["complete"], false, "{extension} {what}: {}", run.coverage());
        for change in [&["--staged"][..], &["--since", "HEAD~1"], &["--history-only"]] {
            let run = crate::stanch::run(&mut command(repo.path(), &[&["scan"], change].concat()));
            assert!(
                run.status != 0 && !(run.err.is_empty() && run.out.is_empty()),
                "{extension} {what} {change:?}: {run:?}"
            );
        }
    }
}

#[test]
fn every_byte_of_a_small_repository_may_be_wrong() {
    let repo = Repo::new();
    repo.write("a", &leak(1)).commit("one");
    let files = [
        "HEAD",
        "index",
        "config",
        "refs/heads/main",
        "logs/HEAD",
        "packed-refs",
        "shallow",
        "objects/info/alternates",
    ];
    for name in files {
        let path = repo.git_path(name);
        let good = fs::read(&path).ok();
        for bad in [
            &b""[..],
            b"\0",
            b"\xff\xfe\xfd",
            b"ref: ../../../../etc/passwd\n",
            b"ref: refs/heads/main/../main",
            &[b'f'; 40],
            &[b'9'; 5000],
        ] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bad).unwrap();
            let run = scan(repo.path(), &[]).ended(1);
            assert_eq!(run.paths(), ["a"], "{name}: {bad:?}");
            let staged = scan(repo.path(), &["--staged"]);
            assert!([0, 1, 2, 3].contains(&staged.status));
        }
        match good {
            Some(good) => fs::write(&path, good).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    assert_eq!(scan(repo.path(), &[]).ended(1).coverage()["complete"], true);
}

#[test]
fn loose_objects_that_are_damaged_or_gone_are_told() {
    let repo = Repo::new();
    repo.write("a", "x").write("gone", &leak(2)).commit("one");
    repo.remove("gone").commit("two");
    let object = |rev: &str| {
        let id = repo.id(rev);
        let path = repo.git_path("objects").join(&id[..2]).join(&id[2..]);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        path
    };
    let blob = object("HEAD~1:gone");
    let good = fs::read(&blob).unwrap();
    fs::write(&blob, &good[..good.len() / 2]).unwrap();
    assert_eq!(scan(repo.path(), &[]).coverage()["complete"], false);
    fs::write(&blob, b"not zlib").unwrap();
    let run = scan(repo.path(), &[]).ended(3);
    assert!(!run.failures().is_empty());
    fs::write(&blob, &good).unwrap();
    scan(repo.path(), &[]).ended(1);
    fs::remove_file(&blob).unwrap();
    let run = scan(repo.path(), &[]).ended(3);
    assert!(run.failures().iter().any(|(_, why)| why.contains("missing")), "{:?}", run.failures());
    let tree = object("HEAD~1^{tree}");
    fs::write(&blob, &good).unwrap();
    fs::remove_file(tree).unwrap();
    let run = scan(repo.path(), &[]).ended(1);
    assert_eq!(run.coverage()["complete"], false);
}

#[test]
fn a_ref_to_nothing_is_told() {
    let repo = Repo::new();
    repo.write("a", &leak(1)).commit("one");
    fs::write(repo.git_path("refs/heads/lost"), format!("{}\n", "1".repeat(40))).unwrap();
    let run = scan(repo.path(), &[]).ended(1);
    assert_eq!(run.coverage()["complete"], false, "{}", run.coverage());
    assert!(
        run.failures()
            .iter()
            .any(|(subject, why)| format!("{subject} {why}").contains("refs/heads/lost") || why.contains("missing"))
    );
    fs::remove_file(repo.git_path("refs/heads/lost")).unwrap();
    fs::write(repo.git_path("HEAD"), "ref: refs/heads/unborn\n").unwrap();
    assert_eq!(scan(repo.path(), &[]).ended(1).coverage()["complete"], true);
}

/// What cannot be read is not wrong usage (law 5).
#[test]
fn a_change_that_cannot_be_read_is_incomplete() {
    let repo = Repo::new();
    repo.write("a", "x").commit("one");
    fs::write(repo.git_path("index"), b"not an index").unwrap();
    let run = scan(repo.path(), &["--staged"]).ended(3);
    assert!(run.failures()[0].1.contains("index"), "{:?}", run.failures());
}

#[test]
fn a_repository_whose_git_file_leads_nowhere_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1)).write(".git", "gitdir: ../no/such/place\n");
    let run = sandbox.scan(&[]).ended(1);
    assert_eq!((run.paths(), run.coverage()["complete"].clone()), (vec!["a".to_owned()], false.into()));
    sandbox.write(".git", [0xff; 100]);
    assert_eq!(sandbox.scan(&[]).ended(1).coverage()["complete"], false);
    sandbox.write("b/c", leak(2));
    assert_eq!(sandbox.scan(&["b"]).ended(1).paths(), ["b/c"]);
}

#[test]
fn an_interrupted_run_reports_what_it_has() {
    let sandbox = Sandbox::new();
    sandbox.write("a", leak(1));
    // Takes minutes to read, and no room on disk.
    File::create(sandbox.path().join("huge")).unwrap().set_len(1 << 40).unwrap();
    let mut command = sandbox.command(&["scan", "--no-history", "--format", "json", "."]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stopping"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["incidents"].as_array().unwrap().len(), 1);
    let failed = report["coverage"]["failed"].to_string();
    assert!(failed.contains("huge") && failed.contains("was stopped"), "{failed}");
    assert_eq!(report["coverage"]["complete"], false);
}

/// A configuration of 30 GB would be read into memory, and one that is `/dev/zero` never to its end.
#[test]
fn a_configuration_without_an_end_is_refused() {
    let huge = |path: &str| {
        let sandbox = Sandbox::new();
        sandbox.write("a", leak(1)).write(path, "");
        File::options().write(true).open(sandbox.path().join(path)).unwrap().set_len(30 << 30).unwrap();
        sandbox
    };
    for name in ["stanch.toml", ".stanchignore", "stanch.baseline.jsonl"] {
        let sandbox = huge(name);
        let (run, cost) = measured(&mut sandbox.command(&["scan"]));
        assert!(run.ended(2).err.contains("it has more than "), "{name}");
        assert!(cost.memory < 100 << 20, "{name}: {}", cost.memory);
    }
    let sandbox = huge("rules/x.toml");
    symlink("/dev/zero", sandbox.path().join("endless.toml")).unwrap();
    for flags in [["--config", "/dev/zero"], ["--key-file", "/dev/zero"], ["--patterns", "rules"]] {
        let run = sandbox.scan(&flags).ended(2);
        assert!(run.err.contains("it has more than "), "{flags:?}: {}", run.err);
    }
    assert!(sandbox.scan(&["--patterns", "endless.toml"]).ended(2).err.contains("it is not a regular file"));
}

/// The scanned tree names the folder, so what lies in it must not make the run wait.
#[test]
fn a_pipe_among_pattern_files_is_not_waited_for() {
    let sandbox = Sandbox::new();
    sandbox.write("stanch.toml", "patterns = [\"p\"]\n").write("p/a.toml", "");
    assert!(Command::new("mkfifo").arg(sandbox.path().join("p/b.toml")).status().unwrap().success());
    assert!(sandbox.scan(&[]).ended(2).err.contains("it is not a regular file"));
}
