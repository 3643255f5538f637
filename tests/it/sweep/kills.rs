//! What is left of a sweep that is killed, and of two at once; and states that cannot be used.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    git_server::Mode,
    organisation::Random,
    simulated::{By, World},
};
use crate::stanch::run;

/// How often a sweep is killed: as the environment says, which takes a few seconds for every ten.
fn kills() -> usize {
    std::env::var("STANCH_TEST_KILLS").map_or(20, |kills| kills.parse().unwrap())
}

/// Kills sweeps at random moments, while others push; then has one come to its end. Of what it knows nothing may be lost, and nothing
/// be there twice.
fn survives(by: By) {
    let mut world = World::new(by, 30);
    let begun = Instant::now();
    run(&mut world.sweep("undisturbed", &[])).ended(1);
    let all = begun.elapsed();
    let (mut random, mut killed, mut pushed) = (Random::new(7), 0, 0);
    for nth in 0..kills() {
        let err = File::create(world.beside("err")).unwrap();
        let mut child = world.sweep("state", &["--jobs", "3"]).stdout(Stdio::null()).stderr(err).spawn().unwrap();
        // Mostly early: the state grows slowly, so that all of what makes it up is interrupted.
        let share = random.below(1000).min(random.below(1000)).min(random.below(1000));
        std::thread::sleep(all * u32::try_from(share).unwrap() / 1000);
        if let Some(status) = child.try_wait().unwrap() {
            let said = fs::read_to_string(world.beside("err")).unwrap();
            assert_eq!(status.code(), Some(1), "{said}");
        } else {
            child.kill().unwrap();
            child.wait().unwrap();
            killed += 1;
        }
        if nth % 3 == 0 {
            world.organisation.push(random.below(30), &[5_000 + nth as u64]);
            pushed += 1;
        }
    }
    assert!(killed * 4 > kills() && pushed > 0, "{killed} of {} were killed", kills());
    run(&mut world.sweep("state", &[])).ended(1);
    run(&mut world.sweep("anew", &[])).ended(1);
    assert_same(&world, by);
    // What is known was known before: a sweep more changes nothing.
    let before = world.report("state");
    run(&mut world.sweep("state", &[])).ended(1);
    assert_eq!(world.report("state"), before);
}

fn assert_same(world: &World, by: By) {
    let (disturbed, anew) = (world.report("state"), world.report("anew"));
    assert_eq!(disturbed["incidents"], anew["incidents"]);
    assert_eq!(disturbed["coverage"]["failed"], anew["coverage"]["failed"]);
    let planted = world.organisation.planted();
    assert_eq!(disturbed["incidents"].as_array().unwrap().len(), planted.len());
    let status = world.run("status", "state", &["--json"]).ended(0).json();
    assert_eq!(
        (&status["repositories"]["done"], &status["incidents"]["open"]),
        (&Value::from(30), &Value::from(planted.len()))
    );
    let audit = world.audit("state");
    let last = audit.iter().map(|line| line["sweep"].as_u64().unwrap()).max().unwrap();
    let of_last = audit.iter().filter(|line| line["sweep"] == last);
    assert_eq!(of_last.filter(|line| line["covered"] == true).count(), 30);
    if by == By::List {
        assert_eq!(world.check_cache("state"), 30);
    }
}

#[test]
fn sweeps_of_a_list_survive_being_killed() {
    survives(By::List);
}

#[test]
fn sweeps_of_a_folder_survive_being_killed() {
    survives(By::Folder);
}

/// Lines that a run writes to standard error, as they come.
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap)
}

/// Waits until the state says that it is this one's turn.
fn await_holder(world: &World, child: &mut Child) {
    let holder = child.id().to_string();
    while fs::read_to_string(world.beside("state/holder")).unwrap_or_default() != holder {
        assert!(child.try_wait().unwrap().is_none(), "it is slow");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn two_sweeps_of_a_state_take_turns() {
    let world = World::new(By::List, 6);
    world.server.set(Mode::Slow(Duration::from_millis(300)));
    let mut first = world.sweep("state", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_holder(&world, &mut first);
    let mut second = world.sweep("state", &[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = lines(&mut second);
    let line = said.next().unwrap();
    assert_eq!(line, format!("stanch: waiting for the state's turn, which process {} has", first.id()));
    assert!(first.try_wait().unwrap().is_none(), "the second waits while the first is at work");
    world.server.set(Mode::Serve);
    assert_eq!(first.wait().unwrap().code(), Some(1));
    assert_eq!((said.next(), second.wait().unwrap().code()), (None, Some(1)));
    let sweeps: Vec<u64> = world.audit("state").iter().map(|line| line["sweep"].as_u64().unwrap()).collect();
    assert_eq!(sweeps, [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    run(&mut world.sweep("alone", &[])).ended(1);
    assert_eq!(world.report("state")["incidents"], world.report("alone")["incidents"]);
}

#[test]
fn a_turn_ends_with_whoever_has_it() {
    let world = World::new(By::List, 3);
    world.server.set(Mode::Slow(Duration::from_secs(1)));
    let mut first = world.sweep("state", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_holder(&world, &mut first);
    let mut second = world.sweep("state", &[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(lines(&mut second).next().unwrap().contains("waiting"));
    first.kill().unwrap();
    first.wait().unwrap();
    world.server.set(Mode::Serve);
    assert_eq!(second.wait().unwrap().code(), Some(1));
}

/// A state with something in it, and its database.
fn swept() -> (World, std::path::PathBuf) {
    let world = World::new(By::Folder, 8);
    run(&mut world.sweep("state", &[])).ended(1);
    let database = world.beside("state/state.sqlite3");
    (world, database)
}

/// Asserts that whatever is asked of the state, it is refused with this, and that not a byte of its database changes.
#[track_caller]
fn refused(world: &World, says: &str) {
    let database = world.beside("state/state.sqlite3");
    let before = fs::read(&database).ok();
    for (name, arguments) in
        [("report", &["-f", "json"][..]), ("status", &[]), ("forget", &["--repository", "*"]), ("merge", &["other"])]
    {
        let run = world.run(name, "state", arguments).ended(2);
        assert!(run.err.contains(says) && run.out.is_empty(), "{name}: {}", run.err);
    }
    let run = run(&mut world.sweep("state", &[])).ended(2);
    assert!(run.err.contains(says), "{}", run.err);
    assert_eq!(fs::read(&database).ok(), before);
}

#[test]
fn a_later_state_is_refused_and_left_alone() {
    let (world, path) = swept();
    let report = world.report("state");
    let set = |version: i64| {
        let database = rusqlite::Connection::open(&path).unwrap();
        database.execute_batch(&format!("PRAGMA user_version = {version}; PRAGMA wal_checkpoint(TRUNCATE)")).unwrap();
    };
    set(99);
    refused(&world, "version 99, which a later stanch made");
    set(1);
    assert_eq!(world.report("state"), report, "nothing was lost");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let (world, path) = swept();
    fs::remove_file(&path).unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("CREATE TABLE mail (subject TEXT); PRAGMA application_id = 7").unwrap();
    drop(database);
    refused(&world, "is no state of stanch");
    fs::write(&path, "no database, but a letter\n".repeat(400)).unwrap();
    refused(&world, "database is damaged");
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let world = World::new(By::Folder, 1);
    fs::create_dir(world.beside("home")).unwrap();
    fs::write(world.beside("home/letter"), "dear").unwrap();
    let refused = run(&mut world.sweep("home", &[])).ended(2);
    assert!(refused.err.contains("holds other things and no state"), "{}", refused.err);
    assert_eq!(fs::read_dir(world.beside("home")).unwrap().count(), 1);
    let none = world.run("report", "home", &[]).ended(2);
    assert!(none.err.contains("holds no state: it is made by the first sweep"), "{}", none.err);
    // Where a file is in the way, nothing can be made.
    let inside = run(&mut world.sweep("home/letter/state", &[])).ended(2);
    assert!(inside.err.contains("cannot use the state in home/letter/state"), "{}", inside.err);
}

#[test]
fn a_damaged_state_is_told_in_words() {
    let (world, path) = swept();
    let whole = fs::read(&path).unwrap();
    let report = world.report("state");
    let mut told = 0;
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        fs::write(&path, &damaged).unwrap();
        let run = world.run("report", "state", &["-f", "json"]);
        if run.status == 2 {
            assert!(run.err.contains("damaged") && run.out.is_empty(), "{}", run.err);
            told += 1;
        } else {
            // A page that no report has to read.
            assert_eq!(run.ended(1).timeless(), report, "page {page}");
        }
    }
    assert!(told >= 8, "{told}");
    fs::write(&path, &whole).unwrap();
    assert_eq!(world.report("state"), report);
}

#[test]
fn a_state_without_its_key_is_refused() {
    let (world, path) = swept();
    let key = path.with_file_name("identity.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    refused(&world, "has lost its key");
    fs::write(&key, "another key, as long as it takes").unwrap();
    let run = world.run("status", "state", &[]).ended(2);
    assert!(run.err.contains("was made under the key"), "{}", run.err);
    fs::write(&key, kept).unwrap();
    world.run("status", "state", &[]).ended(0);
}

/// What stands for a full disk: no file may grow any more.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    let mut world = World::new(By::Folder, 8);
    run(&mut world.sweep("state", &[])).ended(1);
    let before = world.report("state");
    let tokens: Vec<u64> = (6_000..6_400).collect();
    world.organisation.push(3, &tokens);
    let sweep = world.sweep("state", &[]);
    let mut limited = std::process::Command::new("/bin/sh");
    limited.current_dir(world.beside("")).env_clear();
    limited.envs(sweep.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // In blocks of 512 bytes: what is there has room, what is new has none.
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh"])
        .arg(sweep.get_program())
        .args(sweep.get_args());
    let mut child = limited.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
    assert!(said.contains("the state's database cannot be used"), "{said}");
    assert_eq!(world.report("state")["incidents"], before["incidents"]);
    run(&mut world.sweep("state", &[])).ended(1);
    let known = before["incidents"].as_array().unwrap().len();
    assert_eq!(world.report("state")["incidents"].as_array().unwrap().len(), known + 400);
}
