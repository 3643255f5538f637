//! Fetching into mirrors: by the real git, over real transports of this machine.

use std::{
    cell::Cell,
    ffi::OsString,
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use stanch::sweep::{
    fetch::{Cache, Credentials, Error, Fetched, Head, Kind, Limits, Member, Network, credential},
    repository::Address,
};
use tempfile::TempDir;

use super::git_server::{GitServer, Mode};
use crate::repo::Repo;

/// A server, a work tree to push to it from, and a cache.
struct World {
    dir: TempDir,
    repo: Repo,
    server: GitServer,
}

impl World {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let served = dir.path().join("served");
        fs::create_dir(&served).unwrap();
        let repo = Repo::new();
        repo.write("a", "one\n").commit("first");
        Self { server: GitServer::new(&served), dir, repo }
    }

    fn served(&self, name: &str) -> PathBuf {
        self.dir.path().join("served").join(name)
    }

    /// Makes the served repository what the work tree's is, in all refs.
    fn push(&self, name: &str) {
        let path = self.served(name);
        if !path.exists() {
            self.repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", path.to_str().unwrap()]);
        }
        self.repo.git(&["push", "--quiet", "--mirror", path.to_str().unwrap()]);
    }

    fn cache_dir(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn cache(&self) -> Cache {
        Cache::with_helper(&self.cache_dir(), None, helper()).unwrap()
    }

    fn network(&self) -> Network {
        self.cache().network("net").unwrap()
    }

    fn fetch(&self, network: &mut Network, name: &str) -> Result<Fetched, Error> {
        let address = Address::Remote(self.server.at(name));
        fetch(network, &Member { namespace: name.trim_end_matches(".git"), address: &address, credentials: None })
    }
}

/// No pause to speak of.
fn limits() -> Limits {
    Limits { pause: Duration::from_millis(10), ..Limits::default() }
}

fn fetch(network: &mut Network, member: &Member<'_>) -> Result<Fetched, Error> {
    network.fetch(member, &limits(), &|| false)
}

/// This test binary as git's helper: what it prints of itself is left out.
fn helper() -> OsString {
    let program = std::env::current_exe().unwrap();
    let test = "sweep::fetch::answers_as_the_helper --exact --ignored --nocapture";
    let only = "| grep -E '^(username|password)='";
    // The operation is added behind the last word.
    format!("!f() {{ STANCH_TEST_OPERATION=$1 '{}' {test} {only}; }}; f", program.display()).into()
}

#[test]
#[ignore = "git runs it"]
fn answers_as_the_helper() {
    let mut question = String::new();
    std::io::stdin().read_to_string(&mut question).unwrap();
    let operation = std::env::var("STANCH_TEST_OPERATION").unwrap_or_default();
    let answer = credential::answer(&operation, &question, |name| std::env::var(name).ok());
    std::io::stdout().write_all(format!("\n{answer}\n").as_bytes()).unwrap();
}

/// The refs below `prefix` of a git directory, without it.
fn refs(repo: &Repo, git_dir: &Path, prefix: &str) -> Vec<String> {
    let all = repo.git_in(git_dir, &["for-each-ref", "--format=%(objectname) %(refname)"]);
    let mut all: Vec<String> = all
        .lines()
        .filter_map(|line| {
            let (id, name) = line.split_once(' ')?;
            Some(format!("{id} {}", name.strip_prefix(prefix)?))
        })
        .collect();
    all.sort();
    all
}

fn mirrored(world: &World, name: &str) -> Vec<String> {
    let prefix = format!("refs/namespaces/{name}/");
    refs(&world.repo, &world.cache_dir().join("net.git"), &prefix)
        .into_iter()
        .filter(|line| !line.ends_with(" HEAD"))
        .collect()
}

#[track_caller]
fn assert_same(world: &World, name: &str) {
    assert_eq!(mirrored(world, name), refs(&world.repo, &world.served(&format!("{name}.git")), ""));
}

/// What git left in a mirror that does not belong there.
fn leftovers(network: &Network) -> Vec<PathBuf> {
    files(network.path())
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("tmp_") || name.contains(".lock") || name.contains(".keep") || name == "stanch-at-work"
        })
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Text that hardly shrinks.
fn noise(length: usize) -> String {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b' ' + u8::try_from(state >> 40 & 63).unwrap())
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn everything_that_is_offered_comes_into_its_namespace() {
    let world = World::new();
    for name in ["refs/pull/1/head", "refs/notes/commits", "refs/merge-requests/7/head"] {
        world.repo.git(&["update-ref", name, "HEAD"]);
    }
    world.repo.git(&["branch", "side"]);
    world.repo.git(&["tag", "--annotate", "v1", "--message", "m"]);
    world.push("one.git");
    world.push("two.git");
    let mut network = world.network();
    assert!(network.is_new());
    let fetched = world.fetch(&mut network, "one.git").unwrap();
    assert!(fetched.changed && fetched.bytes > 0 && !fetched.shallow && fetched.unstored.is_empty());
    assert_eq!((fetched.tips.len(), fetched.head), (6, Some(Head::Ref("refs/heads/main".to_owned()))));
    assert_same(&world, "one");
    let head = fs::read_to_string(network.path().join("refs/namespaces/one/HEAD")).unwrap();
    assert_eq!(head.trim(), "ref: refs/namespaces/one/refs/heads/main");
    world.fetch(&mut network, "two.git").unwrap();

    world.repo.git(&["update-ref", "-d", "refs/pull/1/head"]);
    world.repo.git(&["commit", "--quiet", "--amend", "--message", "other"]);
    world.push("one.git");
    world.repo.git_in(&world.served("one.git"), &["symbolic-ref", "HEAD", "refs/heads/side"]);
    let fetched = world.fetch(&mut network, "one.git").unwrap();
    assert!(fetched.changed && fetched.head == Some(Head::Ref("refs/heads/side".to_owned())));
    assert_same(&world, "one");
    assert_same(&world, "two");
    // Nothing but namespaces, and nothing of where it comes from.
    assert_eq!(refs(&world.repo, network.path(), "refs/namespaces/").len(), 5 + 6 + 2);
    assert!(!fs::read_to_string(network.path().join("config")).unwrap().contains("remote"));
    assert_eq!(leftovers(&network), Vec::<PathBuf>::new());

    network.drop_member("one").unwrap();
    assert_eq!(mirrored(&world, "one"), Vec::<String>::new());
    assert_same(&world, "two");
}

#[test]
fn what_is_unchanged_costs_a_list() {
    let world = World::new();
    world.push("one.git");
    let mut network = world.network();
    let first = world.fetch(&mut network, "one.git").unwrap();
    drop(network);
    world.server.requests();
    let mut network = world.network();
    assert!(!network.is_new());
    let again = world.fetch(&mut network, "one.git").unwrap();
    assert_eq!(again, Fetched { changed: false, bytes: 0, ..first });
    assert_eq!(world.server.requests().len(), 2);
}

#[test]
fn heads_may_be_detached_or_lead_nowhere() {
    let world = World::new();
    world.repo.git(&["branch", "side"]);
    let apart = world.repo.write("b", "apart\n").commit("apart");
    world.push("one.git");
    world.repo.git_in(&world.served("one.git"), &["update-ref", "--no-deref", "HEAD", &apart]);
    world.repo.git_in(&world.served("one.git"), &["update-ref", "-d", "refs/heads/main"]);
    let mut network = world.network();
    for _ in 0..2 {
        let Some(Head::Detached(id)) = world.fetch(&mut network, "one.git").unwrap().head else {
            panic!("not detached")
        };
        assert_eq!(id.to_string(), apart);
        world.repo.git_in(network.path(), &["cat-file", "-e", &format!("{apart}^{{tree}}")]);
    }
    world.repo.git_in(&world.served("one.git"), &["symbolic-ref", "HEAD", "refs/heads/side"]);
    let head = world.fetch(&mut network, "one.git").unwrap().head;
    assert_eq!(head, Some(Head::Ref("refs/heads/side".to_owned())));
    world.repo.git_in(&world.served("one.git"), &["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    assert_eq!(world.fetch(&mut network, "one.git").unwrap().head, None);
    assert_same(&world, "one");
}

#[test]
fn an_empty_repository_is_no_failure() {
    let world = World::new();
    world.repo.git(&["init", "--quiet", "--bare", world.served("one.git").to_str().unwrap()]);
    let fetched = world.fetch(&mut world.network(), "one.git").unwrap();
    assert!(!fetched.changed && fetched.tips.is_empty() && fetched.head.is_none());
}

#[test]
fn a_fork_brings_its_own_objects_alone() {
    let world = World::new();
    world.repo.write("large", &noise(300_000)).commit("large");
    world.push("base.git");
    world.repo.write("b", "of the fork\n").commit("fork");
    world.push("fork.git");
    let mut network = world.network();
    let base = world.fetch(&mut network, "base.git").unwrap();
    let objects = || {
        let counted = world.repo.git_in(network.path(), &["count-objects", "-v"]);
        let number = |name: &str| counted.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse::<u64>();
        (number("in-pack: ").unwrap(), number("count: ").unwrap())
    };
    let before = objects();
    assert!(base.bytes > 150_000 && before.1 == 0);
    let fork = world.fetch(&mut network, "fork.git").unwrap();
    assert!((1..2_000).contains(&fork.bytes), "{} bytes", fork.bytes);
    let counted = world.repo.git_in(network.path(), &["count-objects", "-v"]);
    let packed = counted.lines().find_map(|line| line.strip_prefix("in-pack: ")).unwrap().parse::<u64>().unwrap();
    // A commit, a tree and a blob, and what the tree is stored as a difference from.
    assert!((3..=4).contains(&(packed - before.0)), "{counted}");
}

#[test]
fn credentials_go_to_their_host_alone_and_nowhere_else() {
    let world = World::new();
    world.push("one.git");
    let token = format!("pass-{}", 424_242);
    world.server.ask_for("bot", &token);
    let mut network = world.network();
    let denied = world.fetch(&mut network, "one.git").unwrap_err();
    assert_eq!(denied.kind(), Some(Kind::Denied), "{denied}");
    let address = Address::Remote(world.server.at("one.git"));
    let mut shown_to = |origin: &str, password: &str| {
        let credentials = Credentials::new(origin, "bot", password).unwrap();
        let member = Member { namespace: "one", address: &address, credentials: Some(&credentials) };
        world.server.requests();
        let done = fetch(&mut network, &member);
        let shown: Vec<String> =
            world.server.requests().into_iter().filter_map(|request| request.credentials).collect();
        (done, shown)
    };
    let (done, shown) = shown_to("http://127.0.0.2", &token);
    assert!(done.unwrap_err().kind() == Some(Kind::Denied) && shown.is_empty());
    let (done, shown) = shown_to(&world.server.at(""), "wrong-word");
    let error = done.unwrap_err();
    assert!(error.kind() == Some(Kind::Denied) && !shown.is_empty());
    assert!(!format!("{error} {error:?}").contains("wrong-word"));
    let (done, shown) = shown_to(&world.server.at(""), &token);
    assert!(done.unwrap().changed && !shown.is_empty());
    for file in files(&world.cache_dir()) {
        let content = fs::read(&file).unwrap();
        assert!(!content.windows(token.len()).any(|window| window == token.as_bytes()), "{}", file.display());
    }
}

#[test]
fn a_redirection_takes_no_credentials_along() {
    let world = World::new();
    world.push("one.git");
    let other = GitServer::new(&world.dir.path().join("served"));
    let credentials = Credentials::new(&world.server.at(""), "bot", "word-1").unwrap();
    let address = Address::Remote(world.server.at("one.git"));
    let member = Member { namespace: "one", address: &address, credentials: Some(&credentials) };
    world.server.set(Mode::Redirect(other.at("").trim_end_matches('/').to_owned()));
    let mut network = world.network();
    assert!(fetch(&mut network, &member).unwrap().changed);
    assert!(other.requests().iter().all(|request| request.credentials.is_none()));
    other.ask_for("bot", "word-1");
    let error = fetch(&mut network, &member).unwrap_err();
    assert_eq!(error.kind(), Some(Kind::Moved), "{error}");
    assert!(other.requests().iter().all(|request| request.credentials.is_none()));
}

#[test]
fn what_was_renamed_is_found_at_the_same_host() {
    let world = World::new();
    world.push("new.git");
    world.server.ask_for("bot", "word-1");
    world.server.set(Mode::Moved("/old/".to_owned(), "/new.git/".to_owned()));
    let credentials = Credentials::new(&world.server.at(""), "bot", "word-1").unwrap();
    let address = Address::Remote(world.server.at("old"));
    let member = Member { namespace: "new", address: &address, credentials: Some(&credentials) };
    assert!(fetch(&mut world.network(), &member).unwrap().changed);
    assert_same(&world, "new");
}

#[test]
fn failures_are_told_apart() {
    let world = World::new();
    world.push("one.git");
    let mut network = world.network();
    for (status, expected, requests) in [
        (401, Kind::Denied, 1),
        (403, Kind::Denied, 1),
        (404, Kind::NotFound, 1),
        (451, Kind::Blocked, 1),
        (429, Kind::Unavailable, 4),
        (500, Kind::Unavailable, 4),
        (503, Kind::Unavailable, 4),
    ] {
        world.server.set(Mode::Status(status));
        world.server.requests();
        let error = world.fetch(&mut network, "one.git").unwrap_err();
        assert_eq!((error.kind(), world.server.requests().len()), (Some(expected), requests), "{status}: {error}");
    }
    world.server.set(Mode::Serve);
    assert_eq!(world.fetch(&mut network, "missing.git").unwrap_err().kind(), Some(Kind::NotFound));
    let missing = Address::Local(world.dir.path().join("missing"));
    let member = Member { namespace: "one", address: &missing, credentials: None };
    assert_eq!(fetch(&mut network, &member).unwrap_err().kind(), Some(Kind::NotFound));
    let closed = Address::Remote("http://127.0.0.1:1/one.git".to_owned());
    let member = Member { namespace: "one", address: &closed, credentials: None };
    assert_eq!(fetch(&mut network, &member).unwrap_err().kind(), Some(Kind::Unavailable));
    assert!(world.fetch(&mut network, "one.git").unwrap().changed);
}

#[test]
fn failures_that_pass_are_sat_out_and_leave_nothing() {
    let world = World::new();
    world.push("one.git");
    let mut network = world.network();
    let first = world.fetch(&mut network, "one.git").unwrap();
    world.repo.write("large", &noise(100_000)).commit("large");
    world.push("one.git");
    world.server.set(Mode::CutTimes(20_000, 4));
    let error = world.fetch(&mut network, "one.git").unwrap_err();
    assert_eq!(error.kind(), Some(Kind::Unavailable), "{error}");
    assert_eq!(leftovers(&network), Vec::<PathBuf>::new());
    let ids: Vec<String> = first.tips.iter().map(|(name, id)| format!("{id} {name}")).collect();
    assert_eq!(mirrored(&world, "one"), ids);
    world.server.set(Mode::CutTimes(20_000, 2));
    assert!(world.fetch(&mut network, "one.git").unwrap().changed);
    assert_same(&world, "one");
    world.repo.commit("more");
    world.push("one.git");
    world.server.set(Mode::StatusTimes(500, 3));
    assert!(world.fetch(&mut network, "one.git").unwrap().changed);
}

#[test]
fn what_is_too_large_too_slow_or_called_off_ends_and_leaves_nothing() {
    let world = World::new();
    world.repo.write("large", &noise(400_000)).commit("large");
    world.push("one.git");
    let mut network = world.network();
    let address = Address::Remote(world.server.at("one.git"));
    let member = Member { namespace: "one", address: &address, credentials: None };
    let start = Instant::now();
    let asked = Cell::new(0);
    let called_off = || {
        asked.set(asked.get() + 1);
        start.elapsed() > Duration::from_millis(800)
    };
    let second = Duration::from_secs(1);
    world.server.set(Mode::Slow(Duration::from_millis(5)));
    let large = network.fetch(&member, &Limits { most_bytes: Some(100_000), ..limits() }, &|| false);
    world.server.set(Mode::Serve);
    let large_at_once = network.fetch(&member, &Limits { most_bytes: Some(100_000), ..limits() }, &|| false);
    world.server.set(Mode::Slow(Duration::from_mins(10)));
    let slow = network.fetch(&member, &Limits { stalled: second, attempts: 1, ..limits() }, &|| false);
    let start_again = Instant::now();
    let off = network.fetch(&member, &limits(), &called_off);
    assert!(asked.get() > 0 && start_again.elapsed() < Duration::from_secs(10));
    for (done, expected) in
        [(large, Kind::TooLarge), (large_at_once, Kind::TooLarge), (slow, Kind::Unavailable), (off, Kind::Interrupted)]
    {
        let error = done.unwrap_err();
        assert_eq!(error.kind(), Some(expected), "{error}");
    }
    assert_eq!((leftovers(&network), mirrored(&world, "one")), (Vec::new(), Vec::new()));
    assert!(files(&network.path().join("objects")).is_empty(), "what is too large does not stay");
    world.server.set(Mode::Serve);
    let network = &mut network;
    let first = world.fetch(network, "one.git").unwrap();
    assert_same(&world, "one");
    // What was there stays as it was, HEAD included.
    world.repo.git(&["checkout", "--quiet", "-b", "other"]);
    world.repo.write("large", &noise(500_000)).commit("larger");
    world.push("one.git");
    world.repo.git_in(&world.served("one.git"), &["update-ref", "--no-deref", "HEAD", "other"]);
    world.repo.git_in(&world.served("one.git"), &["update-ref", "--no-deref", "-d", "refs/heads/main"]);
    let large = network.fetch(&member, &Limits { most_bytes: Some(100_000), ..limits() }, &|| false);
    assert_eq!(large.unwrap_err().kind(), Some(Kind::TooLarge));
    let ids: Vec<String> = first.tips.iter().map(|(name, id)| format!("{id} {name}")).collect();
    assert_eq!(mirrored(&world, "one"), ids);
    let head = fs::read_to_string(network.path().join("refs/namespaces/one/HEAD")).unwrap();
    assert_eq!(head.trim(), "ref: refs/namespaces/one/refs/heads/main");
}

#[test]
fn what_is_too_large_does_not_stay_where_it_came_at_once() {
    let world = World::new();
    world.push("one.git");
    let mut network = world.network();
    let address = Address::Local(world.served("one.git"));
    let member = Member { namespace: "one", address: &address, credentials: None };
    let first = fetch(&mut network, &member).unwrap();
    let before = files(&network.path().join("objects"));
    world.repo.write("large", &noise(40_000)).commit("large");
    world.push("one.git");
    let large = network.fetch(&member, &Limits { most_bytes: Some(20_000), ..limits() }, &|| false);
    assert_eq!(large.unwrap_err().kind(), Some(Kind::TooLarge));
    assert_eq!(files(&network.path().join("objects")), before);
    let ids: Vec<String> = first.tips.iter().map(|(name, id)| format!("{id} {name}")).collect();
    assert_eq!(mirrored(&world, "one"), ids);
}

#[test]
#[ignore = "the next test runs and kills it"]
fn fetches_in_a_process_of_its_own() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let cache = Cache::open(Path::new(&variable("STANCH_TEST_CACHE")), None).unwrap();
    let address = Address::Remote(variable("STANCH_TEST_ADDRESS"));
    let member = Member { namespace: "one", address: &address, credentials: None };
    fetch(&mut cache.network("net").unwrap(), &member).unwrap();
}

#[test]
fn the_users_way_out_is_taken_over_and_nothing_else() {
    let world = World::new();
    world.push("one.git");
    let [config, ran, hooks] = ["config", "ran", "hooks"].map(|name| world.dir.path().join(name));
    fs::create_dir(&hooks).unwrap();
    let hook = hooks.join("reference-transaction");
    fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", ran.display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let fetched = |more: &str| {
        let elsewhere = format!("[url \"http://127.0.0.1:1/\"]\ninsteadOf = {}\n", world.server.at(""));
        let own = format!("{elsewhere}[core]\nhooksPath = {}\n{more}", hooks.display());
        fs::write(&config, own).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["sweep::fetch::fetches_in_a_process_of_its_own", "--exact", "--ignored"]);
        command.env("STANCH_TEST_CACHE", world.cache_dir()).env("STANCH_TEST_ADDRESS", world.server.at("one.git"));
        command.env("GIT_CONFIG_GLOBAL", &config).env("GIT_DIR", &hooks).env("GIT_NAMESPACE", "other");
        command.env_remove("no_proxy").env_remove("NO_PROXY").env_remove("http_proxy");
        command.output().unwrap().status.success()
    };
    assert!(!fetched("[http]\nproxy = http://127.0.0.1:1\n"));
    assert!(fetched(""));
    assert_same(&world, "one");
    assert!(!ran.exists());
}

#[test]
fn a_git_that_is_missing_or_too_old_is_told_of() {
    let world = World::new();
    let path = world.dir.path().join("bin");
    fs::create_dir(&path).unwrap();
    let said = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["sweep::fetch::fetches_in_a_process_of_its_own", "--exact", "--ignored", "--nocapture"]);
        command.env("STANCH_TEST_CACHE", world.cache_dir()).env("STANCH_TEST_ADDRESS", "").env("PATH", &path);
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said().contains("NoGit { oldest: \"2.32\""));
    fs::write(path.join("git"), "#!/bin/sh\necho git version 2.31.9\n").unwrap();
    fs::set_permissions(path.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(said().contains("OldGit { found: \"git version 2.31.9\", oldest: \"2.32\" }"));
}

#[test]
fn a_killed_fetch_is_begun_again() {
    let world = World::new();
    world.repo.write("large", &noise(400_000)).commit("large");
    world.push("one.git");
    for millis in [0, 30, 100, 300, 700] {
        world.server.set(Mode::Slow(Duration::from_millis(5)));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["sweep::fetch::fetches_in_a_process_of_its_own", "--exact", "--ignored"])
            .env("STANCH_TEST_CACHE", world.cache_dir())
            .env("STANCH_TEST_ADDRESS", world.server.at("one.git"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    world.server.set(Mode::Serve);
    let mut network = world.network();
    assert_eq!(leftovers(&network), Vec::<PathBuf>::new());
    world.fetch(&mut network, "one.git").unwrap();
    assert_same(&world, "one");
    world.repo.git_in(network.path(), &["fsck", "--full", "--strict"]);
}

#[test]
fn a_server_without_all_history_is_told_of_and_spoils_no_other() {
    let world = World::new();
    world.repo.write("b", "two\n").commit("second");
    world.push("whole.git");
    let (from, to) = (format!("file://{}", world.served("whole.git").display()), world.served("cut.git"));
    world.repo.git(&["clone", "--quiet", "--bare", "--depth=1", &from, to.to_str().unwrap()]);
    let mut network = world.network();
    assert!(world.fetch(&mut network, "cut.git").unwrap().shallow);
    assert_same(&world, "cut");
    assert!(!world.fetch(&mut network, "whole.git").unwrap().shallow);
    let commits = world.repo.git_in(network.path(), &["rev-list", "--count", "refs/namespaces/whole/refs/heads/main"]);
    assert_eq!(commits, "2");
}

#[test]
fn a_ref_may_become_a_folder_of_refs_and_back() {
    let world = World::new();
    let mut network = world.network();
    for (gone, there) in [("none", "a/b"), ("a/b", "a"), ("a", "a/b/c")] {
        world.repo.git_ok(&["branch", "-D", gone]);
        world.repo.git(&["branch", there]);
        world.push("one.git");
        let fetched = world.fetch(&mut network, "one.git").unwrap();
        assert!(fetched.changed && fetched.unstored.is_empty());
        assert_same(&world, "one");
    }
    assert_eq!(leftovers(&network), Vec::<PathBuf>::new());
}

#[test]
fn many_fetches_leave_few_packs() {
    let world = World::new();
    let served = Address::Local(world.served("one.git"));
    let mut network = world.network();
    for number in 0..24 {
        world.repo.write("a", &format!("{number}\n")).commit("more");
        world.push("one.git");
        let member = Member { namespace: "one", address: &served, credentials: None };
        assert!(fetch(&mut network, &member).unwrap().changed);
    }
    let packs = files(network.path()).into_iter().filter(|path| path.extension().is_some_and(|end| end == "pack"));
    assert!(packs.count() <= 20);
    assert_same(&world, "one");
    world.repo.git_in(network.path(), &["fsck", "--full"]);
}

#[test]
fn objects_named_by_sha256_have_networks_of_their_own() {
    let world = World::new();
    world.push("one.git");
    let other = Repo::init(&["--object-format=sha256"]);
    other.commit("first");
    other.git(&["clone", "--quiet", "--bare", ".", world.served("two.git").to_str().unwrap()]);
    let cache = world.cache();
    let mut network = cache.network("net").unwrap();
    let fetched = world.fetch(&mut network, "two.git").unwrap();
    assert_eq!(fetched.tips["refs/heads/main"].to_string(), other.id("HEAD"));
    assert_eq!(world.fetch(&mut network, "one.git").unwrap_err().kind(), Some(Kind::Broken));
    assert!(world.fetch(&mut cache.network("other").unwrap(), "one.git").unwrap().changed);
}
