//! Forges, repositories, disks and clocks that do not play along: the rest is done all the same, and said is what was not.

use std::{fs, process::Command};

use super::{
    forge::Reply,
    git_server::Mode,
    world::{World, line, masked, names},
};
use crate::stanch::{self, leak};

/// Two repositories with a token each.
fn two() -> World {
    World::with(&[("app", &leak(1)), ("web", &leak(2))])
}

#[test]
fn a_renamed_repository_keeps_what_is_known_of_it() {
    let world = two();
    world.sweep(&[]).ended(1);
    world.git.requests();
    fs::rename(world.served("web"), world.served("site")).unwrap();
    let url = world.forge.at("/site.git");
    world.entry("web", |repo| (repo.name, repo.clone_url) = ("site".to_owned(), url));
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("0 new, 0 reopened, 0 resolved"), "{}", run.text());
    assert!(run.text().contains("2 unchanged"), "{}", run.text());
    assert_eq!(world.known(&[])[&masked(2)], names(&["acme/site"]));
    world.touch("site");
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("0 not covered; 0 gone"), "{} {}", run.text(), run.err);
}

#[test]
fn what_is_deleted_emptied_or_no_longer_listed_is_resolved() {
    let world = World::with(&[("app", &leak(1)), ("web", &leak(2)), ("lib", &leak(3))]);
    world.sweep(&[]).ended(1);
    world.forge.change(|repos| repos.retain(|repo| repo.name != "web"));
    world.work("lib", |repo| repo.git(&["update-ref", "-d", "refs/heads/main"]));
    fs::remove_dir_all(world.served("lib")).unwrap();
    let init = Command::new("git").args(["init", "-q", "--bare", "-b", "main"]).arg(world.served("lib")).status();
    assert!(init.unwrap().success());
    world.touch("lib");
    let run = world.sweep(&["--now", "2026-01-02T04:00:00Z"]).ended(1);
    assert!(run.text().contains("0 not covered; 1 gone"), "{} {}", run.text(), run.err);
    assert!(run.text().contains("0 new, 0 reopened, 2 resolved"), "{}", run.text());
    assert_eq!((world.status_of(2), world.status_of(3)), ("resolved".into(), "resolved".into()));
    assert_eq!(world.status_of(1), "open");
}

#[test]
fn what_cannot_be_fetched_is_said_and_the_rest_is_done() {
    let world =
        World::with(&[("app", "nothing\n"), ("gone", "x\n"), ("blocked", "x\n"), ("closed", "x\n"), ("off", "x\n")]);
    world.add("empty");
    fs::remove_dir_all(world.served("gone")).unwrap();
    for (name, status) in [("blocked", 451), ("closed", 403), ("off", 403)] {
        let url = world.forge.at(&format!("/elsewhere/{name}"));
        world.forge.answer(&format!("/elsewhere/{name}/info/refs"), Reply::new(status, "no"));
        world.entry(name, |repo| repo.clone_url = url);
    }
    world.entry("off", |repo| repo.disabled = true);
    let run = world.sweep(&["--patience", "1"]).ended(3);
    assert!(run.text().contains("6 repositories: 0 unchanged, 2 scanned, 4 not covered"), "{}", run.text());
    for (name, reason) in [
        ("gone", "is not there, or not for these credentials"),
        ("blocked", "is blocked by its forge"),
        ("closed", "needs other credentials"),
        ("off", "switched off"),
    ] {
        let told = run.err.lines().find(|line| line.starts_with(&format!("stanch: not covered: acme/{name}: ")));
        assert!(told.is_some_and(|told| told.contains(reason)), "{name}: {}", run.err);
    }
    let audit = world.audit();
    assert_eq!(audit.len(), 6);
    assert!(line(&audit, "empty")["covered"] == true && line(&audit, "empty")["fetched"].is_null(), "{audit:#?}");
    assert!(line(&audit, "blocked")["covered"] == false && line(&audit, "blocked")["failed"].is_string());
    let status = world.run(&["status", "--json"]).ended(3).json();
    assert_eq!(status["repositories"]["failed"], 4, "{status}");
    let failed: Vec<_> =
        status["failed"].as_array().unwrap().iter().map(|one| one["repository"].as_str().unwrap()).collect();
    assert_eq!(failed, ["acme/gone", "acme/blocked", "acme/closed", "acme/off"]);
    // What failed is tried again, and nothing else.
    world.git.requests();
    let run = world.sweep(&["--patience", "1"]).ended(3);
    assert!(run.text().contains("2 unchanged, 0 scanned, 4 not covered"), "{}", run.text());
    assert_eq!(world.fetched(), names(&["gone"]));
}

#[test]
fn a_token_that_is_revoked_or_sees_too_little_lists_nothing_and_resolves_nothing() {
    let world = two();
    world.sweep(&[]).ended(1);
    for (status, words) in [(401, "was revoked"), (403, "it needs the scope"), (404, "hidden"), (500, "status 500")] {
        world.forge.fail(
            "/orgs/acme/repos",
            if status == 500 { 100 } else { 1 },
            Reply::new(status, r#"{"message":"no"}"#),
        );
        let run = world.sweep(&["--patience", "1", "--fail-on", "never"]).ended(3);
        let told = run.err.lines().find(|line| line.starts_with("stanch: not covered: repositories of acme at "));
        assert!(told.is_some_and(|told| told.contains(words)), "{status}: {}", run.err);
        assert!(run.text().contains("0 gone") && run.text().contains("2 incidents open"), "{status}: {}", run.text());
        assert_eq!((world.known(&[]).len(), world.status_of(1).as_str()), (2, "open"), "{status}");
        world.forge.mend();
    }
    let status = world.run(&["status"]);
    assert!(status.text().contains("did not"), "{}", status.text());
    world.sweep(&[]).ended(1);
    world.run(&["status"]).ended(0);
}

/// GitHub answers so to a token that lost its access: with a list that is whole, and lacks what is private.
#[test]
fn what_a_token_sees_no_more_is_not_gone() {
    let world = World::with(&[("app", &leak(1)), ("web", &leak(2)), ("site", "nothing\n")]);
    world.entry("site", |repo| repo.private = false);
    world.sweep(&[]).ended(1);
    let mut hidden = Vec::new();
    world.forge.change(|repos| hidden = repos.extract_if(.., |repo| repo.private).collect());
    let told = "stanch: not covered: repositories of github org acme at ";
    let run = world.sweep(&["--fail-on", "never"]).ended(3);
    assert!(
        run.err.contains(told) && run.err.contains("only public ones are listed, and 2 that are not"),
        "{}",
        run.err
    );
    world.forge.fail("/orgs/acme/repos", 1, Reply::new(200, "[]"));
    let run = world.sweep(&["--fail-on", "never"]).ended(3);
    assert!(run.err.contains(told) && run.err.contains("nothing is listed any more, of 3 that were"), "{}", run.err);
    assert!(run.text().contains("0 gone") && run.text().contains("0 resolved"), "{}", run.text());
    assert_eq!((world.status_of(1), world.status_of(2)), ("open".into(), "open".into()));
    // They are really gone, but for one.
    world.forge.change(|repos| repos.extend(hidden.into_iter().filter(|repo| repo.name == "web")));
    world.run(&["forget", "--repository", "acme/app"]).ended(0);
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("0 not covered; 0 gone"), "{} {}", run.text(), run.err);
    assert_eq!(world.known(&[]).into_keys().collect::<Vec<_>>(), [masked(2)]);
}

#[test]
fn a_folder_without_its_disk_is_not_empty() {
    let world = two();
    world.run(&["folder", "served"]).ended(1);
    fs::rename(world.path("served"), world.path("elsewhere")).unwrap();
    fs::create_dir(world.path("served")).unwrap();
    let run = world.run(&["folder", "served", "--fail-on", "never"]).ended(3);
    assert!(run.err.contains("nothing is listed any more, of 2 that were"), "{}", run.err);
    assert!(run.text().contains("2 incidents open"), "{}", run.text());
}

#[test]
fn a_forge_that_fails_for_long_ends_the_listing_where_it_came_to() {
    let world = two();
    world.sweep(&[]).ended(1);
    world.forge.pages_of(1);
    world.forge.fail("page=2", 1_000, Reply::new(500, "oops"));
    let began = std::time::Instant::now();
    let run = world.sweep(&["--patience", "1"]).ended(1);
    assert!(began.elapsed().as_secs() < 20);
    assert!(run.err.contains("not covered: repositories of acme") && run.err.contains("500"), "{}", run.err);
    assert!(run.text().contains("0 gone") && run.text().contains("0 resolved"), "{}", run.text());
    assert_eq!(world.known(&[]).len(), 2);
    world.run(&["status"]).ended(3);
}

#[test]
fn a_git_server_that_fails_for_long_costs_that_repository() {
    let world = two();
    world.sweep(&[]).ended(1);
    world.commit("web", "b.env", &leak(3));
    world.git.set(Mode::Status(500));
    let began = std::time::Instant::now();
    let run = world.sweep(&["--patience", "1", "--fail-on", "never"]).ended(3);
    assert!(began.elapsed().as_secs() < 25, "{:?}", began.elapsed());
    assert!(run.err.contains("not covered: acme/web: ") && run.err.contains("cannot be reached"), "{}", run.err);
    world.git.set(Mode::Serve);
    world.sweep(&[]).ended(1);
    assert_eq!(world.known(&[])[&masked(3)], names(&["acme/web"]));
}

#[test]
fn what_is_too_large_is_not_fetched() {
    let world = two();
    world.entry("web", |repo| repo.size = 30 << 30);
    let run = world.sweep(&["--max-repo-size", "1G", "--fail-on", "never"]).ended(3);
    assert!(run.err.contains("acme/web: is too large"), "{}", run.err);
    assert_eq!(world.fetched(), names(&["app"]));
    // The forge may be wrong about it.
    let noise: String = (0..60_000_u64).map(|n| format!("{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    world.commit("web", "noise", &noise);
    world.entry("web", |repo| repo.size = 1024);
    let run = world.sweep(&["--max-repo-size", "100K", "--fail-on", "never"]).ended(3);
    assert!(run.err.contains("acme/web: ") && run.err.contains("larger than the limit"), "{}", run.err);
    world.sweep(&[]).ended(1);
    assert_eq!(world.known(&[]).len(), 2);
}

#[test]
fn submodules_to_nowhere_and_lfs_pointers_do_no_harm() {
    let world = World::with(&[("app", &leak(1))]);
    world.work("app", |repo| {
        let id = "1234567890123456789012345678901234567890";
        repo.write(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = http://127.0.0.1:9/nowhere.git\n");
        let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
        repo.write("big.bin", lfs).write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
        repo.commit("lfs");
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},x")]);
        repo.git(&["commit", "--quiet", "-m", "submodule"]);
    });
    world.push("app");
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("1 scanned, 0 not covered"), "{} {}", run.text(), run.err);
    assert_eq!(world.known(&[]).len(), 1);
}

#[test]
fn a_server_without_all_history_is_said() {
    let world = two();
    world.commit("web", "b.env", &leak(3));
    let shallow = world.path("served/shallow.git");
    let from = format!("file://{}", world.served("web").display());
    let done = Command::new("git").args(["clone", "-q", "--bare", "--depth", "1", &from]).arg(&shallow).status();
    assert!(done.unwrap().success());
    let url = world.forge.at("/shallow.git");
    world.entry("web", |repo| repo.clone_url = url);
    let run = world.sweep(&["--fail-on", "never"]).ended(3);
    assert!(run.err.contains("not covered: acme/web: history: is cut off (shallow)"), "{}", run.err);
    assert!(world.known(&[]).contains_key(&masked(3)));
}

#[test]
fn clocks_that_jump_back_lose_nothing() {
    let world = two();
    world.sweep(&["--now", "2026-06-01T00:00:00Z"]).ended(1);
    world.commit("web", "b.env", &leak(3));
    let run = world.sweep(&["--now", "2020-01-01T00:00:00Z"]).ended(1);
    assert!(run.text().contains("1 new, 0 reopened, 0 resolved"), "{}", run.text());
    let run = world.sweep(&["--now", "2026-01-01T00:00:00Z"]).ended(1);
    assert!(run.text().contains("2 unchanged") && run.text().contains("0 new"), "{}", run.text());
    assert_eq!(world.known(&[]).len(), 3);
    assert!(world.report(&["--first-seen-since", "2027-01-01T00:00:00Z"]).incidents().is_empty());
    world.run(&["report", "--summary"]).ended(0);
    world.run(&["status"]).ended(0);
}

/// The program in a mount namespace of its own, where the file systems of these folders have little room; nothing where that is not to be had.
fn cramped(world: &World, folder: &str, (size, filled): (&str, &str), flags: &[&str]) -> Option<stanch::Run> {
    fs::create_dir_all(world.path(folder)).unwrap();
    let program = env!("CARGO_BIN_EXE_stanch");
    let (target, keep) = (world.path(folder), world.path("kept"));
    let script = format!(
        "mount -t tmpfs -o size={size} tmpfs '{0}' || exit 77\ntest {filled} = 0 || head -c {filled} /dev/zero > '{0}/filler'\n'{program}' sweep github --org acme {1}\nstatus=$?\nmkdir -p '{2}'; cp -r '{0}' '{2}/'\nexit $status",
        target.display(),
        flags.join(" "),
        keep.display()
    );
    let mut command = world.command(&[]);
    let mut unshared = Command::new("unshare");
    unshared
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .current_dir(world.path(""))
        .env_clear();
    unshared.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env_clear();
    let output = unshared.output().ok()?;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(77) || err.starts_with("unshare:") {
        return None;
    }
    assert!(!err.contains("panicked"), "{err}");
    Some(stanch::Run { status: output.status.code().unwrap(), out: output.stdout, err })
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_what_does_not_fit() {
    let world = two();
    let noise: String = (0..400_000_u64).map(|n| format!("{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    world.commit("web", "noise", &noise);
    let flags = ["--cache", "cramped", "--fail-on", "never", "--patience", "1"];
    let Some(run) = cramped(&world, "cramped", ("1500k", "0"), &flags) else { return };
    assert_eq!(run.status, 3, "{} {}", run.text(), run.err);
    assert!(run.err.contains("not covered: acme/web: ") && run.err.contains("does not fit on the disk"), "{}", run.err);
    assert_eq!(world.known(&[]).keys().cloned().collect::<Vec<_>>(), [masked(1)]);
    // With room again all of it is done.
    world.sweep(&[]).ended(1);
    assert_eq!(world.known(&[]).len(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_without_room_ends_the_sweep_and_says_so() {
    let world = two();
    let many: String = (10..400).map(leak).collect();
    world.commit("web", "many.env", &many);
    let Some(run) = cramped(&world, "state", ("260k", "0"), &["--cache", "cache"]) else { return };
    assert!([2, 3].contains(&run.status), "{} {} {}", run.status, run.text(), run.err);
    assert!(run.err.contains("full") || run.err.contains("No space"), "{}", run.err);
    // What is left is a state that the next sweep goes on with.
    let _ = fs::remove_dir_all(world.path("state"));
    fs::rename(world.path("kept/state"), world.path("state")).unwrap();
    world.sweep(&[]).ended(1);
    assert_eq!(world.known(&[]).len(), 392);
}

#[cfg(target_os = "linux")]
#[test]
fn an_audit_log_without_room_is_said_and_the_rest_is_done() {
    let world = two();
    let flags = ["--audit", "log-folder/audit.jsonl", "--fail-on", "never"];
    let Some(run) = cramped(&world, "log-folder", ("4k", "4096"), &flags) else { return };
    assert_eq!(run.status, 3, "{} {}", run.text(), run.err);
    assert!(run.err.contains("2 lines are missing from the audit log"), "{}", run.err);
    assert_eq!(world.known(&[]).len(), 2);
    // No log at all is no sweep: a device is none.
    world.sweep(&["--audit", "/dev/full"]).ended(2);
}

#[test]
fn an_answer_that_is_cut_off_is_asked_for_again() {
    let world = two();
    world.git.set(Mode::CutTimes(100, 1));
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("2 scanned, 0 not covered"), "{} {}", run.text(), run.err);
    assert_eq!(world.known(&[]).len(), 2);
}

#[test]
fn what_a_forge_says_steers_no_terminal() {
    let world = two();
    world.entry("web", |repo| repo.name = "we\u{1b}[2J\u{202e}b".to_owned());
    fs::remove_dir_all(world.served("web")).unwrap();
    let run = world.sweep(&["--patience", "1"]).ended(1);
    let runs = [run, world.run(&["status"]), world.run(&["report"]), world.run(&["report", "--summary"])];
    for run in runs {
        assert!(!(run.text() + &run.err).contains(['\u{1b}', '\u{202e}']), "{} {}", run.text(), run.err);
    }
}

#[test]
fn without_git_there_is_no_sweep() {
    let world = two();
    let mut command = world.command(&["sweep", "github", "--org", "acme"]);
    let run = stanch::run(command.env("PATH", "/nowhere")).ended(2);
    assert!(run.err.contains("cannot run git"), "{}", run.err);
}

/// Each is said, and nothing is asked or made.
#[test]
fn flags_that_name_nobody_or_nothing_are_refused() {
    let world = two();
    let refused: [(&[&str], &str); 3] = [
        (&["gitea", "--org", "acme"], "--endpoint github=… is for nobody: `gitea` alone"),
        (&["github", "--org", "acme", "--jobs", "0"], "--jobs"),
        (&["github", "--org", "acme", "--endpoint", "gitlab=https://gitlab.example"], "--endpoint gitlab=…"),
    ];
    for (arguments, expected) in refused {
        let run = world.run(arguments).ended(2);
        assert!(run.err.contains(expected), "{}", run.err);
    }
    assert!(world.forge.take_asked().is_empty());
    // Whoever names all servers for all sweeps is understood.
    let own = format!("github={}", world.forge.at(""));
    world.sweep(&["--endpoint", &own, "--endpoint", "gitlab=https://gitlab.example"]).ended(1);
}

#[test]
fn a_list_with_nothing_in_it_is_said() {
    let world = World::new();
    fs::write(world.path("list"), "# nobody\n\n").unwrap();
    let run = world.run(&["list", "list"]).ended(0);
    assert!(run.err.contains("nothing was listed") && run.text().contains("0 repositories"), "{}", run.err);
    let status = world.run(&["status"]).ended(0);
    assert!(status.text().contains("repositories  0: 0 covered"), "{}", status.text());
}

/// Of two mirrors one has room: the one that was used last stays, and what was evicted is fetched anew when it changes.
#[test]
fn a_cache_is_kept_below_its_size() {
    let world = World::new();
    for (name, number) in [("app", 1), ("web", 2)] {
        world.add(name);
        // No two lines are alike, and no compression makes less of them.
        let text: String = (0..20_000_u64)
            .map(|line| format!("{:016x}\n", (line * 7 + number).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        world.commit(name, "large.txt", &text);
        world.commit(name, "a.env", &leak(number));
    }
    let mirrors = || {
        let entries = fs::read_dir(world.path("state/cache")).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|it| it == "git")).collect::<Vec<_>>()
    };
    world.sweep(&["--jobs", "1", "--cache-size", "300K"]).ended(1);
    assert_eq!(mirrors().len(), 1);
    let kept = mirrors();
    for name in ["app", "web"] {
        world.commit(name, "b.env", &leak(3));
        let run = world.sweep(&["--jobs", "1", "--cache-size", "300K"]).ended(1);
        assert!(run.text().contains("1 scanned, 0 not covered"), "{} {}", run.text(), run.err);
        assert_eq!(mirrors().len(), 1, "{name}");
    }
    let all = world.known(&[]);
    assert_eq!((&all[&masked(1)], &all[&masked(2)]), (&names(&["acme/app"]), &names(&["acme/web"])));
    assert_eq!(all[&masked(3)], names(&["acme/app", "acme/web"]));
    // Without a bound both stay.
    world.commit("app", "c.env", &leak(4));
    world.sweep(&[]).ended(1);
    assert_eq!(mirrors().len(), 2, "{kept:?}");
}

/// Its list and its refs are there; it goes between the two, and takes nothing of what is known along.
#[test]
fn what_is_deleted_midway_is_said_and_known_as_before() {
    let world = two();
    world.sweep(&[]).ended(1);
    world.commit("web", "b.env", &leak(3));
    world.commit("app", "b.env", &leak(4));
    fs::remove_dir_all(world.served("web")).unwrap();
    let run = world.sweep(&["--now", "2026-01-02T04:00:00Z"]).ended(1);
    assert!(run.err.contains("not covered: acme/web: "), "{}", run.err);
    assert!(run.text().contains("1 scanned, 1 not covered; 0 gone"), "{}", run.text());
    assert_eq!(
        (world.status_of(2), world.status_of(3), world.status_of(4)),
        ("open".into(), "none".into(), "open".into())
    );
    world.forge.change(|repos| repos.retain(|repo| repo.name != "web"));
    world.sweep(&["--now", "2026-01-02T05:00:00Z"]).ended(1);
    assert_eq!(world.status_of(2), "resolved");
}

/// Git asks for it by ssh, through the command that the user names for that.
#[test]
fn repositories_are_fetched_by_ssh() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = two();
    let command = world.path("bin/ssh-here");
    // What a server that lets git in does: HOST and the command, which names the repository.
    let log = world.path("ssh.log");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> {log}\nfor last; do :; done\ncd {served}\nHOME={served} exec sh -c \"$last\"\n",
        log = log.display(),
        served = world.path("served").display()
    );
    fs::write(&command, script).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(world.path("list"), "ssh://git@forge.example/~/app.git\ngit@forge.example:web.git\n").unwrap();
    let sweep = || {
        let mut command_line = world.command(&["sweep", "list", "list"]);
        stanch::run(command_line.env("GIT_SSH_COMMAND", &command).env("GIT_SSH_VARIANT", "simple")).ended(1)
    };
    let run = sweep();
    assert!(run.text().contains("2 repositories: 0 unchanged, 2 scanned, 0 not covered"), "{} {}", run.text(), run.err);
    assert_eq!(world.known(&[]).len(), 2);
    let asked = fs::read_to_string(&log).unwrap();
    assert!(asked.contains("git@forge.example git-upload-pack"), "{asked}");
    let run = sweep();
    assert!(run.text().contains("2 unchanged"), "{}", run.text());
}
