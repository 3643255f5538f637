//! What is shown to the forge, and what is found, is nowhere where it could be read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    forge::{ForgeServer, Reply},
    world::{TOKEN, World, masked, names},
};
use crate::stanch::{self, Run, leak, token};

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().unwrap().is_dir();
        if is_folder { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// Asserts that none of these texts is in any of the files, nor in what runs printed.
#[track_caller]
fn assert_nowhere(texts: &[String], files: &[PathBuf], runs: &[Run]) {
    for text in texts {
        for path in files {
            assert!(!holds(&fs::read(path).unwrap(), text), "{text} in {}", path.display());
        }
        for run in runs {
            assert!(!holds(&run.out, text) && !run.err.contains(text), "{text}: {} {}", run.text(), run.err);
        }
    }
}

#[test]
fn the_forges_token_is_in_no_argument_address_file_or_line() {
    let encoded = |user: &str| data_encoding::BASE64.encode(format!("{user}:{TOKEN}").as_bytes());
    for (forge, user) in [
        ("github", "x-access-token"),
        ("gitlab", "oauth2"),
        ("gitea", "x"),
        ("bitbucket", "x-token-auth"),
        ("data-center", "x-token-auth"),
        ("azure", "x"),
    ] {
        let world = World::with(&[("app", &leak(1)), ("gone", "x\n")]);
        fs::remove_dir_all(world.served("gone")).unwrap();
        world.forge.wants(TOKEN);
        world.git.requests();
        let runs = vec![
            world.sweep_at(forge, &["--patience", "1"]),
            world.sweep_at(forge, &["--patience", "1"]),
            world.report(&[]),
        ];
        assert_eq!(world.known(&[])[&masked(1)], names(&["acme/app"]), "{forge}: {}", runs[0].err);
        // The server saw it, so it was there to be found.
        let shown = world.git.requests().into_iter().filter_map(|request| request.credentials).collect::<Vec<_>>();
        assert!(shown.iter().any(|shown| shown.ends_with(TOKEN)), "{forge}: {shown:?}");
        let starts = world.git_starts();
        assert!(starts.iter().any(|start| start.contains("fetch")), "{starts:?}");
        let texts = [TOKEN.to_owned(), encoded(user), data_encoding::BASE64.encode(TOKEN.as_bytes())];
        let kept: Vec<_> = files(&world.path("state")).into_iter().chain(files(&world.path("log"))).collect();
        assert!(kept.iter().any(|path| path.ends_with("config")), "the mirrors are looked into");
        assert_nowhere(&texts, &kept, &runs);
    }
}

#[test]
fn what_is_found_is_in_no_file_but_gits_objects() {
    let world = World::with(&[("app", &leak(1)), ("web", &(leak(1) + &leak(2)))]);
    world.commit("app", &format!("{}.txt", token(3)), &leak(4));
    world.work("app", |repo| {
        repo.write("c", "c\n").commit(&format!("use {}", leak(5)));
        repo.git(&["tag", "-m", &leak(6), "v1"]);
        repo.git(&["branch", &token(7)]);
    });
    world.push("app");
    let name = format!("key-{}", token(8));
    world.add(&name);
    world.commit(&name, "a.env", &leak(9));
    let gone = format!("gone-{}", token(10));
    world.add(&gone);
    fs::remove_dir_all(world.served(&gone)).unwrap();
    let hook = ForgeServer::new(Vec::new());
    hook.answer("/hook", Reply::new(200, "ok"));
    let mut command =
        world.command(&["sweep", "github", "--org", "acme", "--patience", "1", "--allow-private", "127.0.0.1"]);
    let mut runs = vec![stanch::run(command.env("STANCH_NOTIFY_URL", hook.at("/hook"))).ended(1)];
    let told: Vec<u8> = hook.asked().into_iter().flat_map(|asked| asked.body).collect();
    assert!(!told.is_empty(), "{}", runs[0].err);
    runs.push(world.run(&["status"]));
    runs.push(world.run(&["status", "--json"]));
    runs.push(world.run(&["report", "--summary"]));
    for format in FORMATS {
        runs.push(world.run(&["report", "-f", format]));
    }
    assert!(world.known(&[]).len() >= 6, "{:?}", world.known(&[]));
    let texts: Vec<String> = (1..=10).map(token).collect();
    // Git's own files of a mirror have the names of its refs.
    let own = |path: &PathBuf| {
        !path.components().any(|part| ["objects", "refs", "packed-refs"].iter().any(|name| part.as_os_str() == *name))
    };
    let kept: Vec<_> = files(&world.path("state")).into_iter().filter(own).collect();
    assert!(kept.iter().any(|path| path.ends_with("audit.jsonl")), "{kept:?}");
    assert_nowhere(&texts, &kept, &runs);
    for text in texts {
        assert!(!holds(&told, &text), "{text}: {}", String::from_utf8_lossy(&told));
    }
}

/// Every format that reports have.
pub const FORMATS: [&str; 10] =
    ["text", "json", "jsonl", "sarif", "github", "gitlab", "junit", "csv", "markdown", "html"];

#[test]
fn the_state_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with(&[("app", &leak(1))]);
    world.sweep(&[]).ended(1);
    let mode = |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o077;
    assert_eq!((mode("state"), mode("state/cache"), mode("state/audit.jsonl")), (0, 0, 0));
}
