//! `--cursor`: what is scanned and reported from one run to the next, on repositories that git makes and packs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{acme, patterns};
use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, leak, run, scan, token},
};

/// A cursor beside the repository.
fn cursor(repo: &Repo) -> PathBuf {
    repo.beside("cursor.json")
}

fn next_with(repo: &Repo, folder: &Path, arguments: &[&str]) -> Run {
    let file = cursor(repo);
    scan(folder, &[&["--cursor", file.to_str().unwrap()], arguments].concat())
}

/// The next run with the cursor.
fn next(repo: &Repo) -> Run {
    next_with(repo, repo.path(), &[])
}

#[track_caller]
fn finds(run: Run, paths: &[&str]) -> Run {
    let run = run.ended(i32::from(!paths.is_empty()));
    assert_eq!(run.paths(), paths);
    assert_eq!(run.coverage()["complete"], true);
    assert_eq!(run.coverage()["history"], "selected");
    run
}

#[track_caller]
fn finds_nothing_new(run: Run) {
    let run = finds(run, &[]);
    assert!(notes(&run).contains("nothing is new since the cursor"), "{}", run.coverage());
    assert_eq!((&run.coverage()["blobs"], &run.coverage()["commits"]), (&0.into(), &0.into()));
}

fn notes(run: &Run) -> String {
    run.coverage()["notes"].to_string()
}

/// Token 1 is in the history alone, 2 at HEAD, 3 on another branch, 4 in a message.
fn repository(options: &[&str]) -> Repo {
    let repo = Repo::init(options);
    repo.write("gone.env", &leak(1)).commit("add");
    repo.remove("gone.env").write("kept.env", &leak(2)).commit("remove");
    repo.git(&["checkout", "--quiet", "-b", "other"]);
    repo.write("other.env", &leak(3)).commit(&format!("other {}", token(4)));
    repo.git(&["checkout", "--quiet", "main"]);
    repo
}

/// The places of [`repository`].
const PLACES: &[&str] = &["commit message", "gone.env", "kept.env", "other.env"];

#[test]
fn the_first_run_is_a_scan_of_everything_and_the_second_of_nothing() {
    for options in [&[][..], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        let repo = repository(options);
        let first = finds(next(&repo), PLACES);
        assert_eq!(first.incidents(), scan(repo.path(), &["--history-only"]).incidents());
        finds_nothing_new(next(&repo));
        repo.write("new.env", &leak(5)).commit("new");
        let third = finds(next(&repo), &["new.env"]);
        assert_eq!((&third.coverage()["blobs"], &third.coverage()["commits"]), (&1.into(), &1.into()));
        finds_nothing_new(next(&repo));
    }
}

#[test]
fn files_are_not_scanned_and_the_file_may_be_among_them() {
    let repo = repository(&[]);
    repo.write("untracked.env", &leak(5));
    let inside = || scan(repo.path(), &["--cursor", "stanch.cursor"]);
    finds(inside(), PLACES);
    finds_nothing_new(inside());
    repo.remove("untracked.env").commit("the cursor, too");
    finds(inside(), &[]);
    let mut command = crate::stanch::command(repo.path(), &["scan", "-f", "json"]);
    finds_nothing_new(run(command.env("STANCH_CURSOR", "stanch.cursor")));
}

#[test]
fn history_that_is_rewritten_is_news_as_far_as_it_is_new() {
    let repo = repository(&[]);
    finds(next(&repo), PLACES);
    repo.write("amended.env", &leak(5)).git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--amend", "--message", "amended"]);
    finds(next(&repo), &["amended.env"]);
    repo.git(&["checkout", "--quiet", "other"]);
    repo.tick();
    repo.git(&["rebase", "--quiet", "main"]);
    let run = finds(next(&repo), &["commit message"]);
    let message = &run.incident()["occurrences"][0];
    assert_eq!(
        (&message["introduced"]["commit"], run.coverage()["commits"].as_u64()),
        (&repo.id("HEAD").into(), Some(1))
    );
    repo.git(&["reset", "--quiet", "--hard", "main~1"]);
    finds_nothing_new(next(&repo));
}

#[test]
fn a_force_push_is_news_as_far_as_it_is_new() {
    let (repo, bare) = (repository(&[]), "bare.git");
    let bare = repo.beside(bare);
    repo.git(&["clone", "--quiet", "--mirror", ".", bare.to_str().unwrap()]);
    let next = || next_with(&repo, &bare, &[]);
    finds(next(), PLACES);
    repo.write("more.env", &leak(5)).git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--amend", "--message", "amended"]);
    repo.git(&["push", "--quiet", "--force", bare.to_str().unwrap(), "main"]);
    finds(next(), &["more.env"]);
    finds_nothing_new(next());
    // What is fetched comes as a pack of its own.
    for number in 6..9 {
        repo.write(&format!("{number}.env"), &leak(number)).commit("more");
    }
    repo.git_in(&bare, &["-c", "transfer.unpackLimit=1", "fetch", "--quiet"]);
    finds(next(), &["6.env", "7.env", "8.env"]);
    finds_nothing_new(next());
}

#[test]
fn packing_anew_is_no_news() {
    let pack: [&[&[&str]]; 5] = [
        &[&["gc", "--quiet"]],
        &[&["repack", "-q", "-ad"]],
        &[&["repack", "-q", "-d"]],
        &[&["repack", "-q", "-ad"], &["-c", "pack.window=0", "repack", "-q", "-adf"]],
        &[&["gc", "--quiet"], &["unpack-objects", "-q"]],
    ];
    for commands in pack {
        let repo = repository(&[]);
        finds(next(&repo), PLACES);
        for command in commands {
            if command.contains(&"unpack-objects") {
                unpack(&repo);
            } else {
                repo.git(command);
            }
        }
        finds_nothing_new(next(&repo));
        repo.write("new.env", &leak(5)).commit("new");
        repo.git(&["repack", "-q", "-ad"]);
        let run = finds(next(&repo), &["new.env"]);
        assert_eq!(run.coverage()["commits"], 1, "{commands:?}");
        finds_nothing_new(next(&repo));
    }
}

/// Makes all packs loose objects.
fn unpack(repo: &Repo) {
    let mut packs = Vec::new();
    for entry in fs::read_dir(repo.git_path("objects/pack")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "pack") {
            packs.push(fs::read(&path).unwrap());
        }
        fs::remove_file(path).unwrap();
    }
    for pack in packs {
        repo.git_with(&["unpack-objects", "-q"], &pack);
    }
}

#[test]
fn what_only_garbage_held_is_scanned_again_rather_than_missed() {
    let repo = repository(&[]);
    finds(next(&repo), PLACES);
    repo.git(&["branch", "--quiet", "-D", "other"]);
    finds_nothing_new(next(&repo));
    repo.git(&["reflog", "expire", "--all", "--expire=now"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    finds_nothing_new(next(&repo));
    let gone = repo.write("other.env", &leak(3)).commit("the same secret, which was gone");
    let run = finds(next(&repo), &["other.env"]);
    assert_eq!(run.incident()["occurrences"][0]["introduced"]["commit"], gone.as_str());
}

/// A blob that stays because it lies elsewhere does not keep the place that it lost.
#[test]
fn a_place_that_was_gone_is_news_when_it_comes_back() {
    let repo = Repo::new();
    repo.write("a.env", &leak(1)).commit("one");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b.env", &leak(1)).commit("two");
    finds(next(&repo), &["a.env", "b.env"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["branch", "--quiet", "-D", "side"]);
    repo.git(&["reflog", "expire", "--all", "--expire=now"]);
    repo.git(&["prune", "--expire=now"]);
    finds_nothing_new(next(&repo));
    repo.write("b.env", &leak(1)).commit("two again");
    finds(next(&repo), &["b.env"]);
}

#[test]
fn a_worktree_is_the_same_repository() {
    let repo = repository(&[]);
    finds(next(&repo), PLACES);
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", "-b", "linked", linked.to_str().unwrap()]);
    finds_nothing_new(next_with(&repo, &linked, &[]));
    fs::write(linked.join("new.env"), leak(5)).unwrap();
    repo.git_in(&linked, &["add", "--all"]);
    finds(next(&repo), &["new.env"]);
    repo.git_in(&linked, &["commit", "--quiet", "--message", "linked"]);
    finds(next_with(&repo, &linked, &[]), &[]);
}

#[test]
fn what_a_shallow_clone_left_out_is_news_when_it_comes() {
    let repo = repository(&[]);
    let (clone, url) = (repo.beside("clone"), format!("file://{}", repo.path().display()));
    repo.git(&["clone", "--quiet", "--depth=1", &url, clone.to_str().unwrap()]);
    let next = || next_with(&repo, &clone, &[]);
    assert_eq!(next().ended(1).paths(), ["kept.env"]);
    assert_eq!(next().ended(0).coverage()["history"], "shallow");
    repo.git_in(&clone, &["fetch", "--quiet", "--unshallow"]);
    repo.git_in(&clone, &["repack", "-q", "-ad"]);
    finds(next(), &["gone.env"]);
}

#[test]
fn a_secret_at_another_path_is_news_and_an_edit_beside_it_is_not() {
    let repo = Repo::new();
    let first = repo.write("a.env", &leak(1)).commit("one");
    let run = finds(next(&repo), &["a.env"]);
    assert_eq!(run.incident()["occurrences"][0]["introduced"]["commit"], first.as_str());
    repo.write("a.env", &format!("# a comment\n{}", leak(1))).commit("edit");
    finds(next(&repo), &[]);
    let copy = repo.write("b.env", &leak(1)).commit("a copy, which is an object that was seen");
    let edit = repo.write("b.env", &format!("# another\n{}", leak(1))).commit("edit of the copy");
    let run = finds(next(&repo), &["b.env"]);
    let place = &run.incident()["occurrences"][0];
    assert_eq!((&place["introduced"]["commit"], &place["last"]["commit"]), (&copy.into(), &edit.into()));
    assert_eq!((&place["versions"], &place["line"], &place["in_head"]), (&2.into(), &2.into(), &true.into()));
    fs::create_dir(repo.path().join("dir")).unwrap();
    repo.git(&["mv", "a.env", "b.env", "dir"]);
    let moved = repo.commit("only trees are new");
    let run = finds(next(&repo), &["dir/a.env", "dir/b.env"]);
    for place in run.incident()["occurrences"].as_array().unwrap() {
        assert_eq!(place["introduced"]["commit"], moved.as_str());
    }
    finds_nothing_new(next(&repo));
}

/// All runs together say what one scan says, place by place.
#[test]
fn what_the_runs_report_adds_up() {
    let repo = Repo::new();
    let mut reported: Vec<(Value, Value)> = Vec::new();
    let places = |run: &Run| -> Vec<(Value, Value)> {
        let of = |incident: &Value| {
            let id = incident["id"].clone();
            let place = |one: &Value| (id.clone(), serde_json::json!([one["path"], one["introduced"]]));
            incident["occurrences"].as_array().unwrap().iter().map(place).collect::<Vec<_>>()
        };
        run.incidents().iter().flat_map(of).collect()
    };
    for step in 0..12u64 {
        let (name, number) = (format!("{}.env", step % 4), step % 5);
        repo.write(&name, &format!("# {step}\n{}{}", leak(number), leak(number + 1))).commit(&format!("step {step}"));
        match step {
            3 | 9 => drop(repo.git(&["gc", "--quiet"])),
            5 => drop(repo.git(&["checkout", "--quiet", "-b", "side", "HEAD~2"])),
            7 => drop(repo.git(&["checkout", "--quiet", "main"])),
            _ => {}
        }
        if step % 2 == 0 {
            reported.extend(places(&next(&repo)));
        }
    }
    reported.extend(places(&next(&repo)));
    let mut expected = places(&scan(repo.path(), &["--history-only"]));
    let order = |one: &(Value, Value)| format!("{one:?}");
    reported.sort_by_key(order);
    expected.sort_by_key(order);
    assert_eq!(reported, expected);
}

#[test]
fn what_a_comment_allowed_is_news_without_it() {
    let repo = Repo::new();
    repo.write("a", &format!("KEY={} # stanch:allow\n", token(1))).commit("one");
    assert_eq!(finds(next(&repo), &[]).coverage()["allowed"], 1);
    repo.write("b", "1\n").commit("two");
    finds(next(&repo), &[]);
    repo.write("a", &leak(1)).commit("three");
    finds(next(&repo), &["a"]);
    repo.write("a", &format!("\n{}", leak(1))).commit("four");
    finds(next(&repo), &[]);
}

#[test]
fn new_rules_are_looked_for_in_what_was_seen_and_old_ones_are_not() {
    let repo = repository(&[]);
    repo.write("acme.txt", &acme(1)).commit("acme");
    finds(next(&repo), PLACES);
    let file = repo.beside("acme.toml");
    let with = |text: &str| {
        fs::write(&file, text).unwrap();
        next_with(&repo, repo.path(), &["--patterns", file.to_str().unwrap()])
    };
    let added = finds(with(&patterns("medium")), &["acme.txt"]);
    assert_eq!(added.incident()["occurrences"][0]["introduced"]["commit"], repo.id("HEAD").as_str());
    finds_nothing_new(with(&patterns("medium")));
    // From now on 20 characters are enough.
    let wider = patterns("medium").replace("[0-9a-z]{24}", "[0-9a-z]{20,24}").replace("acmek_short", "acmek_shorter");
    let short = format!("{}\n", &acme(2).trim_end()[.."see acmek_".len() + 20]);
    repo.write("short.txt", &short).commit("short");
    finds(with(&patterns("medium")), &[]);
    finds(with(&wider), &["short.txt"]);
    finds_nothing_new(with(&wider));
    // Rules that go away find nothing any more, and nothing again when they come back.
    finds_nothing_new(next(&repo));
    finds(with(&wider), &[]);
}

/// A rule that is looked for alone would find what another rule covers, in the version at HEAD above all.
#[test]
fn what_a_new_rule_finds_is_settled_with_all_rules() {
    let repo = Repo::new();
    let first = repo.write("a.txt", &acme(1)).commit("first");
    let key = acme(1)["see ".len()..].trim_end().to_owned();
    repo.write("a.txt", &format!("DB=postgres://admin:{key}@db.acme.io/x\n")).commit("second");
    let database = finds(next(&repo), &["a.txt"]).incident();
    assert_eq!(database["class"], "connection-string");
    let file = repo.beside("acme.toml");
    fs::write(&file, patterns("high").replace("keywords =", "rank = 1\nkeywords =")).unwrap();
    let run = finds(next_with(&repo, repo.path(), &["--patterns", file.to_str().unwrap()]), &["a.txt"]);
    let place = &run.incident()["occurrences"][0];
    assert_eq!((&place["introduced"]["commit"], &place["last"]["commit"]), (&first.clone().into(), &first.into()));
    assert_eq!((&place["versions"], &place["in_head"]), (&1.into(), &false.into()));
}

#[test]
fn under_other_circumstances_everything_is_scanned_again() {
    let repo = repository(&[]);
    let key = repo.beside("key");
    fs::write(&key, "a key of sixteen bytes or more").unwrap();
    finds(next(&repo), PLACES);
    for other in [
        &["--min-confidence", "low"][..],
        &["--min-confidence", "low", "--no-allow"],
        &["--min-confidence", "low", "--exclude", "nothing"],
        &["--key-file", key.to_str().unwrap()],
    ] {
        let run = finds(next_with(&repo, repo.path(), other), PLACES);
        assert!(notes(&run).contains("everything is scanned again"), "{}", run.coverage());
        finds_nothing_new(next_with(&repo, repo.path(), other));
    }
    fs::write(repo.beside("stanch.toml"), "[[allow]]\nreason = 'x'\npaths = ['kept.env']\n").unwrap();
    let config = next_with(&repo, repo.path(), &["--config", repo.beside("stanch.toml").to_str().unwrap()]);
    assert_eq!(finds(config, &["commit message", "gone.env", "other.env"]).coverage()["allowed"], 1);
}

#[test]
fn an_incomplete_run_leaves_the_cursor_where_it_was() {
    let repo = repository(&[]);
    let first = repo.write("a.txt", "this blob goes missing\n").commit("add");
    let blob = repo.id("HEAD:a.txt");
    let path = repo.git_path(&format!("objects/{}/{}", &blob[..2], &blob[2..]));
    let away = repo.beside("away");
    fs::rename(&path, &away).unwrap();
    let run = next(&repo).ended(1);
    assert_eq!(run.coverage()["complete"], false);
    assert!(notes(&run).contains("the cursor stays where it was"), "{}", run.coverage());
    assert!(!cursor(&repo).exists());
    fs::rename(&away, &path).unwrap();
    finds(next(&repo), PLACES);
    let before = fs::read(cursor(&repo)).unwrap();
    repo.write("b.txt", "so does this one\n").write("new.env", &leak(5)).commit("more");
    let blob = repo.id("HEAD:b.txt");
    let path = repo.git_path(&format!("objects/{}/{}", &blob[..2], &blob[2..]));
    fs::rename(&path, &away).unwrap();
    for _ in 0..2 {
        let run = next(&repo).ended(1);
        assert_eq!((run.paths(), run.failures()[0].1.as_str()), (vec!["new.env".to_owned()], "missing"));
        assert_eq!(fs::read(cursor(&repo)).unwrap(), before);
    }
    fs::rename(&away, &path).unwrap();
    finds(next(&repo), &["new.env"]);
    assert!(repo.id("HEAD~1") == first);
}

#[test]
fn what_is_named_anew_has_to_be_whole() {
    let repo = repository(&[]);
    repo.write("a.txt", "this blob goes missing\n").commit("add");
    let (gone, blob) = (repo.id("HEAD"), repo.id("HEAD:a.txt"));
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.git(&["reflog", "expire", "--all", "--expire=now"]);
    let path = repo.git_path(&format!("objects/{}/{}", &blob[..2], &blob[2..]));
    fs::rename(&path, repo.beside("away")).unwrap();
    finds(next(&repo), PLACES);
    finds_nothing_new(next(&repo));
    repo.git(&["update-ref", "refs/heads/back", &gone]);
    assert_eq!(next(&repo).ended(3).failures()[0].1, "missing");
    fs::rename(repo.beside("away"), &path).unwrap();
    finds(next(&repo), &[]);
}

/// Nobody notices that what a tree names as a file is a tree that is not whole, so nothing below counts as seen.
#[test]
fn what_is_not_as_it_is_named_leads_to_nothing() {
    let repo = repository(&[]);
    let content = leak(5);
    let missing = repo.git_with(&["hash-object", "--stdin"], content.as_bytes());
    let raw = |mode: &str, id: &str| {
        let id = data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap();
        let tree = [format!("{mode} name\0").as_bytes(), &id].concat();
        repo.git_with(&["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], &tree)
    };
    let top = raw("100644", &raw("100644", &missing));
    let commit = repo.git(&["commit-tree", "-m", "forged", &top]);
    repo.git(&["update-ref", "refs/heads/forged", &commit]);
    let pack = || {
        let objects = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
        let before: Vec<_> =
            fs::read_dir(repo.git_path("objects/pack")).unwrap().map(|one| one.unwrap().path()).collect();
        let name = repo.git_path("objects/pack/pack");
        repo.git_with(&["pack-objects", "-q", name.to_str().unwrap()], (objects + "\n").as_bytes());
        for path in before {
            fs::remove_file(path).unwrap();
        }
        repo.git(&["prune-packed"]);
    };
    pack();
    finds(next(&repo), PLACES);
    assert_eq!(repo.blob(&content), missing);
    pack();
    assert_eq!(next(&repo).ended(1).incident()["occurrences"][0]["blob"], missing.as_str());
}

#[test]
fn a_head_that_names_nothing_is_noticed() {
    let repo = repository(&[]);
    finds(next(&repo), PLACES);
    fs::write(repo.git_path("HEAD"), "1".repeat(40)).unwrap();
    assert_eq!(next(&repo).ended(3).failures()[0].1, "missing");
    let empty = Repo::new();
    fs::write(empty.git_path("HEAD"), "1".repeat(40)).unwrap();
    assert_eq!(next(&empty).ended(3).failures()[0].1, "missing");
}

#[test]
fn a_repository_without_objects_has_a_cursor() {
    let repo = Repo::new();
    finds_nothing_new(next(&repo));
    repo.write("a.env", &leak(1)).commit("one");
    finds(next(&repo), &["a.env"]);
}

#[test]
fn a_malformed_tree_that_is_new_is_noticed() {
    let repo = repository(&[]);
    finds(next(&repo), PLACES);
    let tree = repo.git_with(&["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], b"100644 broken");
    assert_eq!(next(&repo).ended(3).failures(), [(format!("object {tree}"), "malformed tree".to_owned())]);
}

#[test]
fn a_damaged_cursor_is_wrong_usage_and_stays_as_it_is() {
    let repo = repository(&[]);
    finds(next(&repo), PLACES);
    let whole = fs::read(cursor(&repo)).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&whole[..whole.len() / 2], &flipped, b"", b"{}", b"\xff\xfe", &scan(repo.path(), &[]).out] {
        fs::write(cursor(&repo), damaged).unwrap();
        let run = next(&repo).ended(2);
        assert!(run.out.is_empty() && run.err.contains("delete it to begin anew"), "{}", run.err);
        assert_eq!(fs::read(cursor(&repo)).unwrap(), damaged);
    }
    fs::remove_file(cursor(&repo)).unwrap();
    finds(next(&repo), PLACES);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_cursor_is_refused() {
    let repo = repository(&[]);
    std::os::unix::fs::symlink(repo.beside("elsewhere"), cursor(&repo)).unwrap();
    assert!(next(&repo).ended(2).err.contains("symbolic link"));
    assert!(!repo.beside("elsewhere").exists());
}

#[test]
fn a_cursor_of_another_repository_has_seen_nothing_here() {
    let (one, two) = (Repo::new(), repository(&[]));
    one.write("one.env", &leak(9)).commit("quite another");
    finds(next_with(&two, one.path(), &[]), &["one.env"]);
    let run = finds(next(&two), PLACES);
    assert!(notes(&run).contains("nothing of what the cursor has seen is here"), "{}", run.coverage());
    let other = repository(&["--object-format=sha256"]);
    assert!(notes(&finds(next_with(&two, other.path(), &[]), PLACES)).contains("everything is scanned again"));
}

#[test]
fn what_is_no_one_repository_is_wrong_usage() {
    let (repo, folder) = (repository(&[]), Sandbox::new());
    repo.write("sub/a", "1\n");
    for wrong in [&["."][..], &["no/such/path"], &["-"], &[".", "."]] {
        let run = folder.scan(&[&["--cursor", "c"], wrong].concat()).ended(2);
        assert!(run.out.is_empty() && !folder.path().join("c").exists(), "{wrong:?}");
    }
    scan(repo.path(), &["--cursor", "c", "sub"]).ended(2);
    for wrong in [&["--no-history"][..], &["--staged"], &["--since", "HEAD"], &["--range", "A..B"], &["--refs", "main"]]
    {
        scan(repo.path(), &[&["--cursor", "c"], wrong].concat()).ended(2);
    }
    scan(repo.path(), &["--cursor", "no/such/folder/c"]).ended(2);
    assert!(!repo.path().join("c").exists());
    finds(scan(repo.path(), &["--cursor", "c", "--history-only"]), PLACES);
}

#[test]
fn the_cursor_is_written_after_the_report() {
    let repo = repository(&[]);
    let file = cursor(&repo);
    let arguments = ["--cursor", file.to_str().unwrap(), "-o", "/dev/full"];
    if !Path::new("/dev/full").exists() {
        return;
    }
    scan(repo.path(), &arguments).ended(2);
    assert!(!file.exists());
}

#[test]
fn no_secret_is_in_the_cursor() {
    let repo = repository(&[]);
    repo.write(&format!("{}.txt", token(6)), "1\n").commit("a secret in a path");
    repo.git(&["branch", &token(5)]);
    repo.write("acme.txt", &acme(7)).commit("one of a rule that comes later");
    finds(next(&repo), PLACES);
    let text = fs::read_to_string(cursor(&repo)).unwrap();
    for number in 1..8 {
        assert!(!text.contains(&token(number)) && !text.contains(&token(number)[8..20]));
    }
    // Nor does anything in it look like one: it may lie in a work tree.
    let clean = Sandbox::new();
    clean.write("cursor.json", &text);
    let key = clean.write_beside("key", "a key of sixteen bytes or more");
    scan(repo.path(), &["--cursor", clean.path().join("keyed").to_str().unwrap(), "--key-file", key.to_str().unwrap()]);
    clean.scan(&["--min-confidence", "low"]).ended(0);
}
