//! What a sweep finds, and what one more of them costs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::world::{World, line, masked, names};
use crate::stanch::leak;

/// Three repositories and a fork: the first token is in three of them, the second in one, the third only in the fork.
fn organisation() -> World {
    let world = World::with(&[("app", &leak(1)), ("web", &(leak(1) + &leak(2))), ("none", "nothing\n")]);
    world.fork("fork", 1);
    world.commit("fork", "own.env", &leak(3));
    world
}

const FORGES: [&str; 6] = ["github", "gitlab", "gitea", "bitbucket", "data-center", "azure"];

#[test]
fn every_forge_is_swept_and_a_token_is_one_incident() {
    for forge in FORGES {
        let world = organisation();
        let run = world.sweep_at(forge, &[]).ended(1);
        assert!(
            run.text().contains("4 repositories: 0 unchanged, 4 scanned, 0 not covered"),
            "{forge}: {}",
            run.text()
        );
        let expected = BTreeMap::from([
            (masked(1), names(&["acme/app", "acme/fork", "acme/web"])),
            (masked(2), names(&["acme/web"])),
            (masked(3), names(&["acme/fork"])),
        ]);
        assert_eq!(world.known(&[]), expected, "{forge}");
        let audit = world.audit();
        assert_eq!(audit.len(), 4, "{forge}");
        assert!(audit.iter().all(|line| line["covered"] == true && line.get("failed").is_none()), "{audit:#?}");
        let tip = world.work("app", |repo| repo.id("HEAD"));
        assert_eq!(line(&audit, "app")["fetched"], tip.as_str(), "{forge}");
    }
}

#[test]
fn an_unchanged_organisation_costs_questions_alone() {
    for forge in FORGES {
        let world = organisation();
        world.sweep_at(forge, &[]).ended(1);
        let known = world.known(&[]);
        let _ = (world.forge.take_asked(), world.fetched(), world.audit());
        let run = world.sweep_at(forge, &["--now", "2026-01-02T04:00:00Z"]).ended(1);
        assert!(run.text().contains("4 unchanged, 0 scanned"), "{forge}: {}", run.text());
        assert!(run.text().contains("3 incidents open: 0 new, 0 reopened, 0 resolved"), "{forge}: {}", run.text());
        let asked = world.forge.take_asked();
        if ["github", "gitlab"].contains(&forge) {
            assert!(asked.iter().all(|asked| asked.status == 304), "{forge}: {asked:?}");
        }
        assert!(asked.len() <= 4, "{forge}: {asked:?}");
        // Bitbucket and Azure DevOps say nothing of pushes that could be relied on: their repositories are asked for their refs.
        let blind = ["bitbucket", "data-center", "azure"].contains(&forge);
        let requests = world.git.requests();
        assert_eq!(requests.is_empty(), !blind, "{forge}: {requests:?}");
        let audit = world.audit();
        assert!(audit.len() == 4 && audit.iter().all(|line| line["covered"] == true && line["bytes"] == 0), "{forge}");
        assert_eq!(world.known(&[]), known, "{forge}");
    }
}

#[test]
fn a_push_costs_that_repository_and_its_new_objects() {
    let world = organisation();
    world.sweep(&[]).ended(1);
    let _ = (world.fetched(), world.audit());
    world.commit("web", "b.env", &leak(4));
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("3 unchanged, 1 scanned"), "{}", run.text());
    assert_eq!(world.fetched(), names(&["web"]));
    let audit = world.audit();
    let bytes = line(&audit, "web")["bytes"].as_u64().unwrap();
    assert!(bytes >= leak(4).len() as u64 && bytes < 2 * leak(4).len() as u64 + 50, "{bytes}");
    assert_eq!(world.known(&[])[&masked(4)], names(&["acme/web"]));
    assert_eq!(world.known(&[]).len(), 4);
}

#[test]
fn a_fork_costs_its_own_objects() {
    let world = World::new();
    let parent = world.add("parent");
    let text: String = (0..20_000).map(|line| format!("line {line} of what is shared\n")).collect();
    world.commit("parent", "large.txt", &text);
    world.commit("parent", "a.env", &leak(1));
    world.fork("fork", parent);
    world.commit("fork", "own.env", &leak(2));
    world.sweep(&["--jobs", "1"]).ended(1);
    let audit = world.audit();
    let read: u64 = audit.iter().map(|line| line["bytes"].as_u64().unwrap()).sum();
    assert!(read < text.len() as u64 * 3 / 2, "{read} of {}", text.len());
    // One that is forked later, too.
    world.fork("late", parent);
    world.commit("late", "late.env", &leak(3));
    world.sweep(&[]).ended(1);
    let audit = world.audit();
    assert!(line(&audit, "late")["bytes"].as_u64().unwrap() < 1_000, "{audit:#?}");
    assert_eq!(world.known(&[])[&masked(1)], names(&["acme/fork", "acme/late", "acme/parent"]));
    assert_eq!(networks(&world.path("state/cache")), 1);
}

#[test]
fn what_is_gone_is_resolved_and_what_is_back_is_reopened() {
    let world = World::with(&[("app", "nothing\n")]);
    let clean = world.work("app", |repo| repo.id("HEAD"));
    world.commit("app", "a.env", &leak(1));
    world.work("app", |repo| {
        repo.git(&["checkout", "--quiet", "-b", "side", &clean]);
        repo.write("side.env", &leak(2)).commit("side");
        repo.git(&["checkout", "--quiet", "main"]);
    });
    world.push("app");
    world.sweep(&[]).ended(1);
    assert_eq!((world.status_of(1), world.status_of(2)), ("open".into(), "open".into()));
    let leaked = world.work("app", |repo| repo.id("HEAD"));
    // Both at once: a force push to one branch, and the other deleted.
    world.work("app", |repo| {
        repo.git(&["reset", "--quiet", "--hard", &clean]);
        repo.git(&["branch", "-D", "side"]);
    });
    world.push("app");
    let run = world.sweep(&["--now", "2026-01-02T04:00:00Z"]).ended(0);
    assert!(run.text().contains("0 new, 0 reopened, 2 resolved"), "{}", run.text());
    assert_eq!((world.status_of(1), world.status_of(2)), ("resolved".into(), "resolved".into()));
    world.work("app", |repo| repo.git(&["reset", "--quiet", "--hard", &leaked]));
    world.push("app");
    let run = world.sweep(&["--now", "2026-01-02T05:00:00Z"]).ended(1);
    assert!(run.text().contains("0 new, 1 reopened, 0 resolved"), "{}", run.text());
    assert_eq!((world.status_of(1), world.status_of(2)), ("reopened".into(), "resolved".into()));
}

/// The namespaces that mirrors of a cache hold refs of, a list for each mirror.
fn namespaces(cache: &Path) -> Vec<usize> {
    let mirrors = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let held = |mirror: std::path::PathBuf| {
        let output = std::process::Command::new("git")
            .args(["for-each-ref", "--format=%(refname)"])
            .current_dir(mirror)
            .output()
            .unwrap();
        let refs = String::from_utf8(output.stdout).unwrap();
        refs.lines().map(|name| name.split('/').nth(2).unwrap().to_owned()).collect::<BTreeSet<_>>().len()
    };
    let mut counts: Vec<_> = mirrors.filter(|path| path.extension().is_some_and(|it| it == "git")).map(held).collect();
    counts.sort_unstable();
    counts
}

#[test]
fn what_is_gone_leaves_the_mirror_of_its_network() {
    let world = organisation();
    world.sweep(&[]).ended(1);
    let cache = world.path("state/cache");
    assert_eq!(namespaces(&cache), [1, 1, 2]);
    let mut left = Vec::new();
    world
        .forge
        .change(|repos| left = repos.extract_if(.., |repo| repo.name == "fork" || repo.name == "none").collect());
    let run = world.sweep(&["--now", "2026-01-02T04:00:00Z"]).ended(1);
    assert!(run.text().contains("0 not covered; 2 gone"), "{} {}", run.text(), run.err);
    assert_eq!(namespaces(&cache), [1, 1]);
    assert_eq!(world.status_of(3), "resolved");
    world.forge.change(|repos| repos.append(&mut left));
    let run = world.sweep(&["--now", "2026-01-02T05:00:00Z"]).ended(1);
    assert!(run.text().contains("0 not covered") && run.text().contains("1 reopened"), "{} {}", run.text(), run.err);
    assert_eq!(world.status_of(3), "reopened");
    // What is known of it holds as long as nobody pushes; then all of it is fetched anew.
    world.commit("fork", "other.env", &leak(4));
    world.sweep(&["--now", "2026-01-02T06:00:00Z"]).ended(1);
    assert_eq!(namespaces(&cache), [1, 2]);
    let fork = names(&["acme/fork"]);
    assert_eq!((&world.known(&[])[&masked(3)], &world.known(&[])[&masked(4)]), (&fork, &fork));
}

#[test]
fn lists_and_folders_are_swept() {
    let world = organisation();
    let plain: Vec<_> = ["app", "web", "none", "fork"].map(|name| world.git.at(&format!("{name}.git"))).into();
    fs::write(world.path("list"), format!("# all\n{}\n", plain.join("\n"))).unwrap();
    fs::write(world.path("paths"), "served/app.git\nserved/web.git\n\nserved/none.git\nserved/fork.git\n").unwrap();
    for (nth, source) in [["list", "list"], ["list", "paths"], ["folder", "served"]].iter().enumerate() {
        let state = format!("state-{nth}");
        let run = world.run(&[source[0], source[1], "--state", &state]).ended(1);
        assert!(run.text().contains("4 repositories: 0 unchanged, 4 scanned, 0 not"), "{source:?}: {}", run.text());
        let report = world.report(&["--state", &state]);
        let found: BTreeMap<String, usize> = report
            .incidents()
            .iter()
            .map(|one| {
                (one["secret"]["masked"].as_str().unwrap().to_owned(), one["occurrences"].as_array().unwrap().len())
            })
            .collect();
        assert_eq!(found, BTreeMap::from([(masked(1), 3), (masked(2), 1), (masked(3), 1)]), "{source:?}");
        let run = world.run(&[source[0], source[1], "--state", &state]).ended(1);
        assert!(run.text().contains("4 repositories: 4 unchanged, 0 scanned"), "{source:?}: {}", run.text());
    }
    assert_eq!(networks(&world.path("state-0/cache")), 4);
    assert_eq!(networks(&world.path("state-1/cache")), 0, "what is on this machine is scanned where it is");
}

/// How many fork networks a cache holds.
fn networks(cache: &Path) -> usize {
    let entries = fs::read_dir(cache).unwrap().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".git")).count()
}

#[test]
fn other_rules_cost_no_objects_and_make_nothing_new_twice() {
    let world = World::with(&[("app", &leak(1)), ("none", "nothing\n")]);
    world.sweep(&["--rule", "aws-access-key"]).ended(0);
    let _ = (world.git.requests(), world.audit());
    world.sweep(&[]).ended(1);
    assert_eq!(world.known(&[])[&masked(1)], names(&["acme/app"]));
    let asked = world.git.requests();
    assert!(asked.iter().all(|request| request.method == "GET" || !request.path.contains("receive")), "{asked:?}");
    let run = world.sweep(&[]).ended(1);
    assert!(run.text().contains("2 unchanged, 0 scanned"), "{}", run.text());
    assert!(run.text().contains("0 new, 0 reopened, 0 resolved"), "{}", run.text());
}

#[test]
fn what_a_repository_says_of_itself_is_heeded_and_counted() {
    let world = World::with(&[("app", &leak(1)), ("web", &leak(1))]);
    world.commit("app", "tests/b.env", &leak(2));
    world.commit("app", "stanch.toml", "exclude = ['tests/**']\n[[allow]]\npaths = ['a.env']\nreason = 'not ours'\n");
    // The baseline is under the repository's own key, not the state's.
    world.commit("web", "b.env", &leak(3));
    world.work("web", |repo| {
        let made =
            crate::stanch::run(crate::stanch::command(repo.path(), &["baseline", "create"]).env("PATH", "/nowhere"));
        assert_eq!(made.status, 0, "{} {}", made.text(), made.err);
        assert!(repo.path().join("stanch.baseline.jsonl").exists());
        repo.remove("a.env").commit("baseline");
    });
    world.commit("web", "c.env", &leak(4));
    world.sweep(&[]).ended(1);
    let known = world.known(&[]);
    assert_eq!(known.keys().cloned().collect::<Vec<_>>(), [masked(4)], "{known:?}");
    let coverage = world.report(&[]).coverage();
    let text = coverage.to_string();
    assert!(text.contains("allow") && text.contains("baseline") && text.contains("exclu"), "{text}");
}
