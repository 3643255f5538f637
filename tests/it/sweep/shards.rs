//! Sweeps that machines share: what they learn joins into what one of them would have learned.

use std::fs;

use super::simulated::{By, World};
use crate::stanch::run;

/// Sweeps twice, with a push between, in halves and as one; then joins the halves.
fn joins(by: By) {
    let mut world = World::new(by, 20);
    let halves = [("left", "1/2"), ("right", "2/2")];
    for round in 0..2 {
        for (state, shard) in halves {
            run(&mut world.sweep(state, &["--shard", shard])).ended(1);
        }
        run(&mut world.sweep("one", &[])).ended(1);
        if round == 0 {
            world.organisation.push(4, &[7_001]);
            world.organisation.push(11, &[7_001, 7_002]);
        }
    }
    let sizes = halves.map(|(state, _)| status(&world, state));
    assert!(sizes.iter().all(|size| *size > 0) && sizes.iter().sum::<u64>() == 20, "{sizes:?}");
    let one = world.report("one");
    assert_eq!(one["incidents"].as_array().unwrap().len(), world.organisation.planted().len());
    for (name, order) in
        [("a", &["left", "right"][..]), ("b", &["right", "left"]), ("c", &["right", "right", "left", "right", "left"])]
    {
        let joined = world.run("merge", name, &[&["--key-file", "key"], order].concat()).ended(0);
        assert!(joined.text().contains("incidents new here"), "{}", joined.text());
        assert_eq!(world.report(name), one, "{name}");
        assert_eq!(status(&world, name), 20);
    }
    // In two steps, and with what is joined already.
    world.run("merge", "right", &["left"]).ended(0);
    world.run("merge", "a", &["right", "b", "c"]).ended(0);
    assert_eq!((world.report("a"), world.report("right")), (one.clone(), one.clone()));
    // What was joined is swept on, and nothing is new to it.
    let again = run(&mut world.sweep("a", &[])).ended(1).text();
    assert!(again.contains("20 repositories: 20 unchanged, 0 scanned") && again.contains(": 0 new"), "{again}");
    assert_eq!(world.report("a"), one);
    let formats = ["text", "jsonl", "sarif", "gitlab", "junit", "csv", "markdown", "html", "github"];
    for format in formats {
        let [joined, alone] = ["b", "one"].map(|state| world.run("report", state, &["-f", format]).ended(1).text());
        let without = |text: &str| without_times(text);
        assert_eq!(without(&joined), without(&alone), "{format}");
    }
}

/// How many repositories a state has covered.
fn status(world: &World, state: &str) -> u64 {
    world.run("status", state, &["--json"]).json()["repositories"]["done"].as_u64().unwrap()
}

/// `text` without how long it took.
fn without_times(text: &str) -> String {
    let mut cleared = String::new();
    for line in text.lines() {
        let words = line.split_inclusive([' ', ',', '<', '>', '"', ':']);
        let is_time = |word: &&str| {
            let number = word.trim_end_matches([' ', ',', '<', '>', '"', ':', 's', '}']);
            number.contains('.') && number.parse::<f64>().is_ok()
        };
        cleared.extend(words.filter(|word| !is_time(word)));
        cleared.push('\n');
    }
    cleared
}

#[test]
fn shares_of_a_list_join_into_one_sweep() {
    joins(By::List);
}

#[test]
fn shares_of_a_folder_join_into_one_sweep() {
    joins(By::Folder);
}

#[test]
fn only_states_of_one_key_are_joined() {
    let world = World::new(By::Folder, 3);
    run(&mut world.sweep("one", &[])).ended(1);
    fs::write(world.beside("key"), "another key of these tests, long enough").unwrap();
    run(&mut world.sweep("two", &[])).ended(1);
    let report = world.report("one");
    let refused = world.run("merge", "one", &["two"]).ended(2);
    assert!(refused.err.contains("was made under the key"), "{}", refused.err);
    let none = world.run("merge", "one", &["nowhere"]).ended(2);
    assert!(none.err.contains("nowhere"), "{}", none.err);
    assert_eq!(world.report("one"), report);
}

/// Else the state that is made has a key of its own, which those that are to be joined cannot have.
#[test]
fn a_state_that_is_made_to_join_others_has_their_key() {
    let world = World::new(By::Folder, 3);
    run(&mut world.sweep("one", &[])).ended(1);
    world.run("merge", "all", &["one"]).ended(0);
    assert_eq!(world.report("all"), world.report("one"));
}
