//! Stores that are hostile or huge: each ends soon and in little memory, with everything found that can be read, and the rest
//! told once.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use gix::{ObjectId, objs::Kind};
use stanch::source::git::Refs;

use super::{
    Collect, open,
    pack::{Pack, Step, delta_of, id_of, kind_number, loose, replaced},
    scan,
};
use crate::{
    repo::Repo,
    stanch::{Cost, Run, command, leak, measured},
};

const MIB: u64 = 1 << 20;

/// The report on a repository's objects, and what it took.
fn history(folder: &Path, flags: &[&str]) -> (Run, Cost) {
    measured(&mut command(folder, &[&["scan", "-f", "json", "--history-only"], flags].concat()))
}

/// Asserts that these are the objects that cannot be read, each told once, and gives what was shown.
#[track_caller]
fn all_but(repo: &Repo, broken: &[ObjectId]) -> Collect {
    let shown = scan(&open(repo.path()), &Refs::All);
    let mut failed: Vec<_> = shown.coverage.failed.iter().map(|failure| failure.subject.clone()).collect();
    failed.sort();
    let mut expected: Vec<_> = broken.iter().map(|id| format!("object {id}")).collect();
    expected.sort();
    assert_eq!(failed, expected, "{:?}", shown.coverage.failed);
    shown
}

/// The same, where what was shown is these texts.
#[track_caller]
fn shows(repo: &Repo, texts: &[&[u8]], broken: &[ObjectId]) {
    let shown = all_but(repo, broken);
    let shown: BTreeSet<_> = shown.objects.into_values().collect();
    assert_eq!(shown, texts.iter().map(|text| text.to_vec()).collect());
}

fn lines(count: usize) -> Vec<u8> {
    (0..count).map(|line| format!("this is line {line}\n")).collect::<String>().into_bytes()
}

/// A text, and versions of it that are made one from the other, with the deltas.
fn versions(count: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut versions = vec![(lines(30), Vec::new())];
    for number in 1..count {
        let (old, _) = &versions[versions.len() - 1];
        let line = format!("and this is version {number}\n");
        versions.push(replaced(old, 0..20, line.as_bytes()));
    }
    versions
}

/// Those in a pack; the last are deltas of the one before.
fn chain(versions: &[(Vec<u8>, Vec<u8>)]) -> (Pack, Vec<ObjectId>) {
    let mut pack = Pack::new();
    let mut ids = vec![pack.blob(&versions[0].0)];
    for (text, delta) in &versions[1..] {
        let id = id_of(Kind::Blob, text);
        pack.delta(id, ids[ids.len() - 1], delta);
        ids.push(id);
    }
    (pack, ids)
}

#[test]
fn a_chain_of_four_thousand_deltas() {
    let mut versions = vec![(lines(1500), Vec::new())];
    let [one, other] = [leak(1), leak(2)];
    for number in 1..4000usize {
        let (old, _) = &versions[number - 1];
        let at = number * 7919 % 20_000;
        let line = format!("version {number}\n");
        let new = match number {
            2000 => one.as_bytes(),
            3999 => other.as_bytes(),
            _ => line.as_bytes(),
        };
        versions.push(replaced(old, at..at + 10, new));
    }
    let (pack, ids) = chain(&versions);
    let repo = Repo::new();
    pack.write(&repo.git_path("objects"), "deep");
    let (run, cost) = history(repo.path(), &["-j", "2"]);
    let run = run.ended(1);
    assert_eq!((run.incidents().len(), &run.coverage()["blobs"]), (2, &4000.into()), "{}", run.coverage());
    assert!(cost.memory < 80 * MIB && cost.time < Duration::from_secs(30), "{cost:?}");
    let last = stanch::blob::ObjectId::new(ids[3999].as_slice());
    assert_eq!(open(repo.path()).read(last).unwrap(), versions[3999].0);
}

#[test]
fn a_million_blobs() {
    const COUNT: usize = 1_000_000;
    let mut pack = Pack::new();
    let with_tokens = [0, COUNT / 2, COUNT - 1];
    for number in 0..COUNT {
        match with_tokens.iter().position(|&at| at == number) {
            Some(at) => pack.blob(leak(at as u64)),
            None => pack.blob(format!("{number}\n")),
        };
    }
    let repo = Repo::new();
    pack.write(&repo.git_path("objects"), "wide");
    let (run, cost) = history(repo.path(), &["-j", "2"]);
    let run = run.ended(1);
    assert_eq!((run.incidents().len(), &run.coverage()["blobs"]), (3, &COUNT.into()));
    assert!(cost.memory < 180 * MIB && cost.time < Duration::from_mins(1), "{cost:?}");
}

/// A tree of blobs, and one that has another entry, as a delta.
fn large_trees(pack: &mut Pack, entries: usize) -> [ObjectId; 2] {
    let [clean, one, other] = ["clean\n".to_owned(), leak(1), leak(2)].map(|text| pack.blob(text));
    let entry = |number: usize, id: ObjectId| [format!("100644 f{number:06}\0").as_bytes(), id.as_slice()].concat();
    let hit = entries / 3;
    let tree: Vec<u8> =
        (0..entries).flat_map(|number| entry(number, if number == hit { one } else { clean })).collect();
    let len = entry(0, clean).len();
    let at = (entries - 10) * len;
    let (next, delta) = replaced(&tree, at..at + len, &entry(entries - 10, other));
    let (first, second) = (pack.whole(Kind::Tree, &tree), id_of(Kind::Tree, &next));
    pack.delta(second, first, &delta);
    [first, second]
}

#[test]
fn a_tree_with_half_a_million_entries() {
    let mut pack = Pack::new();
    let trees = large_trees(&mut pack, 500_000);
    let mut parent = String::new();
    for (tree, time) in trees.iter().zip(1..) {
        let commit = format!("tree {tree}\n{parent}author A <a@b> {time} +0000\ncommitter A <a@b> {time} +0000\n\nm\n");
        parent = format!("parent {}\n", pack.whole(Kind::Commit, commit.as_bytes()));
    }
    let repo = Repo::new();
    pack.write(&repo.git_path("objects"), "flat");
    fs::write(repo.git_path("refs/heads/main"), parent.trim_start_matches("parent ")).unwrap();
    for jobs in ["1", "4"] {
        let (run, cost) = history(repo.path(), &["-j", jobs]);
        let run = run.ended(1);
        assert_eq!(run.paths(), ["f166666", "f499990"]);
        assert_eq!((&run.coverage()["complete"], &run.coverage()["commits"]), (&true.into(), &2.into()));
        assert!(cost.memory < 200 * MIB && cost.time < Duration::from_secs(30), "{cost:?}");
    }
}

/// Where a delta's base is.
#[test]
fn a_base_may_be_anywhere() {
    let versions = versions(3);
    let texts: Vec<&[u8]> = versions.iter().map(|(text, _)| &**text).collect();
    let base = id_of(Kind::Blob, texts[0]);
    for place in ["nowhere", "loose", "a", "z", "alternate"] {
        let (repo, lender) = (Repo::new(), Repo::new());
        let mut pack = Pack::new();
        let ids = [1, 2].map(|at| id_of(Kind::Blob, texts[at]));
        pack.delta_of_id(ids[0], base, &versions[1].1);
        pack.delta(ids[1], ids[0], &versions[2].1);
        pack.write(&repo.git_path("objects"), "m");
        let mut alone = Pack::new();
        alone.blob(texts[0]);
        match place {
            "nowhere" => {
                shows(&repo, &[], &ids);
                continue;
            }
            "loose" => loose(&repo.git_path("objects"), Kind::Blob, texts[0]),
            "alternate" => {
                alone.write(&lender.git_path("objects"), "x");
                fs::create_dir_all(repo.git_path("objects/info")).unwrap();
                let objects = lender.git_path("objects");
                fs::write(repo.git_path("objects/info/alternates"), objects.to_str().unwrap()).unwrap();
            }
            name => alone.write(&repo.git_path("objects"), name),
        }
        shows(&repo, &texts, &[]);
    }
}

#[test]
fn two_packs_may_have_the_same_deltas_the_other_way_round() {
    let (one, other) = (lines(50), lines(60));
    let ids = [&one, &other].map(|text| id_of(Kind::Blob, text));
    let there =
        delta_of(one.len() as u64, other.len() as u64, &[Step::Copy(0, one.len()), Step::Insert(&other[one.len()..])]);
    let back = delta_of(other.len() as u64, one.len() as u64, &[Step::Copy(0, one.len())]);
    let repo = Repo::new();
    let objects = repo.git_path("objects");
    let (mut first, mut second) = (Pack::new(), Pack::new());
    first.blob(&one);
    first.delta(ids[1], ids[0], &there);
    second.blob(&other);
    second.delta(ids[0], ids[1], &back);
    first.write(&objects, "a");
    second.write(&objects, "b");
    shows(&repo, &[&one, &other], &[]);

    // Neither is whole.
    fs::remove_dir_all(objects.join("pack")).unwrap();
    let circle = || {
        let (mut first, mut second) = (Pack::new(), Pack::new());
        first.delta_of_id(ids[1], ids[0], &there);
        second.delta_of_id(ids[0], ids[1], &back);
        first.write(&objects, "a");
        second.write(&objects, "b");
    };
    circle();
    shows(&repo, &[], &ids);
    // A third copy of one of them ends the circle.
    loose(&objects, Kind::Blob, &one);
    shows(&repo, &[&one, &other], &[]);
}

#[test]
fn deltas_in_a_circle() {
    let versions = versions(4);
    let texts: Vec<&[u8]> = versions.iter().map(|(text, _)| &**text).collect();
    let ids: Vec<_> = texts.iter().map(|text| id_of(Kind::Blob, text)).collect();
    let (_, back) = replaced(texts[2], 0..24, &texts[0][..20]);
    let repo = Repo::new();
    let mut pack = Pack::new();
    pack.delta_of_id(ids[0], ids[2], &back);
    pack.delta_of_id(ids[1], ids[0], &versions[1].1);
    pack.delta_of_id(ids[2], ids[1], &versions[2].1);
    // One more beside the circle, and one that is made from itself.
    pack.delta_of_id(ids[3], ids[2], &versions[3].1);
    let own = id_of(Kind::Blob, b"own");
    pack.delta_of_id(own, own, &delta_of(3, 3, &[Step::Copy(0, 3)]));
    pack.write(&repo.git_path("objects"), "x");
    shows(&repo, &[], &[&ids[..], &[own]].concat());
    for text in [texts[1], b"own"] {
        loose(&repo.git_path("objects"), Kind::Blob, text);
    }
    shows(&repo, &[&texts[..], &[b"own"]].concat(), &[]);
    // The same where only what a ref leads to is looked at.
    fs::write(repo.git_path("refs/tags/one"), format!("{}\n", ids[3])).unwrap();
    let glob = globset::Glob::new("refs/tags/*").unwrap();
    let picked = Refs::Matching(globset::GlobSet::new([glob]).unwrap());
    let shown = scan(&open(repo.path()), &picked);
    assert!(shown.coverage.complete(), "{:?}", shown.coverage);
    assert_eq!(shown.objects.into_values().collect::<Vec<_>>(), [texts[3]]);
}

#[test]
fn what_is_made_from_a_broken_object_is_broken() {
    let versions = versions(10);
    let texts: Vec<&[u8]> = versions.iter().map(|(text, _)| &**text).collect();
    for (copy, broken) in [(None, 5..10), (Some(7), 5..7), (Some(5), 5..5)] {
        for in_a_pack in [false, true] {
            let repo = Repo::new();
            let (mut pack, ids) = chain(&versions);
            pack.hurt(ids[5]);
            pack.write(&repo.git_path("objects"), "x");
            match copy {
                Some(at) if in_a_pack => {
                    let mut pack = Pack::new();
                    pack.blob(texts[at]);
                    pack.write(&repo.git_path("objects"), "z");
                }
                Some(at) => loose(&repo.git_path("objects"), Kind::Blob, texts[at]),
                None => {}
            }
            let rest: Vec<_> = (0..10).filter(|at| !broken.contains(at)).map(|at| texts[at]).collect();
            shows(&repo, &rest, &ids[broken.clone()]);
        }
    }
}

/// Packs with the same chains, all broken where they begin: nobody asks one for what the other lacks again and again.
#[test]
fn copies_that_are_all_broken() {
    let versions = versions(60);
    let repo = Repo::new();
    let mut all = Vec::new();
    for name in ["a", "b", "c"] {
        let (mut pack, ids) = chain(&versions);
        pack.hurt(ids[0]);
        pack.write(&repo.git_path("objects"), name);
        all = ids;
    }
    shows(&repo, &[], &all);
    assert!(open(repo.path()).read(stanch::blob::ObjectId::new(all[59].as_slice())).is_err());
}

/// What is made from an object of which only another copy can be read is shown in the report like everything else.
#[test]
fn another_copy_of_a_base_will_do_for_the_report() {
    let mut versions = versions(6);
    let (old, _) = &versions[5];
    versions.push(replaced(old, 0..20, leak(1).as_bytes()));
    for (hurt, copy) in [(3, 3), (0, 0), (3, 5), (0, 2)] {
        let repo = Repo::new();
        let (mut pack, ids) = chain(&versions);
        pack.hurt(ids[hurt]);
        pack.write(&repo.git_path("objects"), "x");
        loose(&repo.git_path("objects"), Kind::Blob, &versions[copy].0);
        let lost = copy - hurt;
        let (run, _) = history(repo.path(), &[]);
        let run = run.ended(1);
        assert_eq!((run.incidents().len(), run.failures().len()), (1, lost), "{:?}", run.failures());
        let repository = open(repo.path());
        for at in (hurt..7).rev() {
            let read = repository.read(stanch::blob::ObjectId::new(ids[at].as_slice()));
            assert_eq!(read.ok().as_ref(), Some(&versions[at].0).filter(|_| at >= copy), "{at} of {hurt}, {copy}");
        }
    }
}

/// An id for what is no object.
fn named(name: &str) -> ObjectId {
    id_of(Kind::Blob, name.as_bytes())
}

/// Asserts what of a repository cannot be read, and how many incidents and blobs are in the rest.
#[track_caller]
fn fails(repo: &Repo, broken: &[ObjectId], incidents: usize, blobs: u64) {
    let (run, cost) = history(repo.path(), &["-j", "1"]);
    let run = run.ended(1);
    let failed: BTreeSet<_> = run.failures().into_iter().map(|(subject, _)| subject).collect();
    let expected: BTreeSet<_> = broken.iter().map(|id| format!("object {id}")).collect();
    assert_eq!(failed, expected, "{:?}", run.failures());
    assert_eq!((run.incidents().len(), &run.coverage()["blobs"]), (incidents, &blobs.into()), "{:#}", run.json());
    assert!(cost.memory < 60 * MIB && cost.time < Duration::from_mins(1), "{cost:?}");
}

#[test]
fn sizes_that_are_lies() {
    let repo = Repo::new();
    let mut pack = Pack::new();
    let base = [lines(50_000), leak(1).into_bytes()].concat();
    let (whole, len) = (pack.blob(&base), base.len() as u64);
    let zeros = pack.compressed(&vec![0; 200 << 20]);
    let some = pack.compressed(leak(2).as_bytes());
    let few = [whole.as_slice(), &pack.compressed(&[0; 100])].concat();
    // Type, size and stream: whole objects, and deltas of which the instructions are not as long as they say.
    let entries: [(&str, u8, u64, &[u8]); 9] = [
        ("small", kind_number(Kind::Blob), 10, &zeros),
        // The token in this one is shown, though it ends early.
        ("large", kind_number(Kind::Blob), 1 << 45, &some),
        ("larger", kind_number(Kind::Blob), 100 << 20, &zeros),
        ("large commit", kind_number(Kind::Commit), 1 << 45, &some),
        ("large tree", kind_number(Kind::Tree), 1 << 45, &some),
        ("large tag", kind_number(Kind::Tag), 1 << 45, &some),
        ("instructions", 7, 1 << 45, &few),
        ("fewer instructions", 7, 1 << 16, &few),
        ("more instructions", 7, 50, &few),
    ];
    for (name, kind, size, stream) in entries {
        pack.raw(named(name), kind, size, stream);
    }
    let base = || Step::Copy(0, base.len());
    let copies: Vec<_> = (0..200).map(|_| base()).collect();
    let deltas = [
        ("claims", delta_of(len, 1 << 50, &[base()])),
        ("claims little", delta_of(len, 3, &copies)),
        ("claims less", delta_of(len, 60 << 20, &copies)),
        ("is of another", delta_of(1 << 40, 3, &[Step::Copy(1 << 30, 3)])),
        ("copies what is not there", delta_of(len, 100, &[Step::Copy(base_end(len), 100)])),
    ];
    for (name, delta) in &deltas {
        pack.delta(named(name), whole, delta);
    }
    pack.write(&repo.git_path("objects"), "x");
    let names = entries.iter().map(|(name, ..)| *name).chain(deltas.iter().map(|(name, _)| *name));
    fails(&repo, &names.map(named).collect::<Vec<_>>(), 2, 1);
}

/// Fifty bytes before the end.
fn base_end(len: u64) -> usize {
    usize::try_from(len).unwrap() - 50
}

/// What becomes as large as it says: blobs are scanned, what has to be in memory in one piece is not.
#[test]
fn bombs_do_not_go_off() {
    const LARGE: usize = 140 << 20;
    let repo = Repo::new();
    let mut pack = Pack::new();
    let zeros = pack.compressed(&vec![0; LARGE]);
    let kinds = [Kind::Commit, Kind::Tree, Kind::Tag];
    for kind in kinds {
        pack.raw(named(&kind.to_string()), kind_number(kind), LARGE as u64, &zeros);
    }
    let text = [lines(50_000), leak(1).into_bytes()].concat();
    let large = |bytes: usize| {
        let copies: Vec<_> = (0..bytes / text.len()).map(|_| Step::Copy(0, text.len())).collect();
        delta_of(text.len() as u64, (copies.len() * text.len()) as u64, &copies)
    };
    let (blob, tag) = (pack.blob(&text), pack.whole(Kind::Tag, &text));
    pack.delta(named("large blob"), blob, &large(LARGE / 4));
    pack.delta(named("large tag"), tag, &large(LARGE));
    pack.write(&repo.git_path("objects"), "x");
    let alone = vec![b'x'; LARGE];
    loose(&repo.git_path("objects"), Kind::Tag, &alone);
    let mut broken: Vec<_> = kinds.map(|kind| named(&kind.to_string())).to_vec();
    broken.extend([named("large tag"), id_of(Kind::Tag, &alone)]);
    fails(&repo, &broken, 1, 2);
}

/// Blobs too large for memory: as they are, as deltas, as bases of deltas.
#[test]
fn blobs_larger_than_memory() {
    let repo = Repo::new();
    let mut pack = Pack::new();
    let tokens: Vec<_> = (0..6).map(leak).collect();
    let base = [tokens[0].as_bytes(), &lines(1_800_000), tokens[1].as_bytes()].concat();
    let middle = base.len() / 2;
    let (second, delta) = replaced(&base, middle..middle + 10, tokens[2].as_bytes());
    let steps = [Step::Copy(100, second.len() - 100), Step::Insert(tokens[3].as_bytes())];
    let third = [&second[100..], tokens[3].as_bytes()].concat();
    let small = [&base[1_000_000..1_000_100], tokens[4].as_bytes()].concat();
    let ids = [&base, &second, &third, &small].map(|text| id_of(Kind::Blob, text));
    pack.blob(&base);
    pack.delta(ids[1], ids[0], &delta);
    pack.delta(ids[2], ids[1], &delta_of(second.len() as u64, third.len() as u64, &steps));
    let steps = [Step::Copy(1_000_000, 100), Step::Insert(tokens[4].as_bytes())];
    pack.delta(ids[3], ids[0], &delta_of(base.len() as u64, small.len() as u64, &steps));
    let alone = [&b"alone\n"[..], &lines(1_800_000), tokens[5].as_bytes()].concat();
    pack.blob(&alone);
    pack.write(&repo.git_path("objects"), "x");
    for jobs in ["1", "4"] {
        let (run, cost) = history(repo.path(), &["-j", jobs, "--all-versions"]);
        let run = run.ended(1);
        assert_eq!((run.incidents().len(), &run.coverage()["blobs"]), (6, &5.into()), "{:#}", run.coverage());
        assert!(cost.memory < 150 * MIB && cost.time < Duration::from_mins(1), "{cost:?}");
    }
    let shown = all_but(&repo, &[]);
    let has = |text: &Vec<u8>| shown.objects.values().any(|shown| shown == text);
    assert!([&base, &second, &third, &small, &alone].into_iter().all(has));
}

/// A binary tree of deltas: on the way down, one blob on each level waits for its other child, and together they are larger than
/// memory.
#[test]
fn a_tree_of_large_deltas() {
    const LEVELS: usize = 7;
    let repo = Repo::new();
    let mut pack = Pack::new();
    let text = lines(900_000);
    let len = text.len();
    let mut level = vec![pack.blob(&text)];
    for depth in 1..LEVELS {
        let child = |at: usize| {
            let (new, from) = (leak((2 * depth + at % 2) as u64), len / LEVELS * depth);
            let steps = [Step::Copy(0, from), Step::Insert(new.as_bytes()), Step::Copy(from, len - from - new.len())];
            let id = named(&format!("{depth} {at}"));
            pack.delta(id, level[at / 2], &delta_of(len as u64, len as u64, &steps));
            id
        };
        level = (0..2 << (depth - 1)).map(child).collect();
    }
    pack.write(&repo.git_path("objects"), "x");
    let (run, cost) = history(repo.path(), &["-j", "1"]);
    let run = run.ended(1);
    assert_eq!(run.incidents().len(), 2 * (LEVELS - 1));
    assert_eq!(run.coverage()["blobs"], (1 << LEVELS) - 1);
    assert!(cost.memory < 120 * MIB && cost.time < Duration::from_mins(1), "{cost:?}");
}

#[test]
fn mirrors_and_alternates_of_alternates() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    for options in [&["--mirror"][..], &["--bare", "--shared"]] {
        let clone = repo.beside(options[0].trim_start_matches('-'));
        repo.git(&[&["clone", "--quiet"], options, &[".", clone.to_str().unwrap()]].concat());
        let repository = open(&clone);
        assert!(repository.is_bare());
        assert_eq!(scan(&repository, &Refs::All).texts(), ["SECRET\n", "first\n"]);
    }
    // Relative to the objects, which lend from others themselves.
    for (name, lender) in [("one", "bare"), ("two", "one")] {
        repo.git(&["init", "--quiet", "--bare", repo.beside(name).to_str().unwrap()]);
        let info = repo.beside(name).join("objects/info");
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("alternates"), format!("../../{lender}/objects\n")).unwrap();
    }
    let shown = scan(&open(&repo.beside("two")), &Refs::All);
    assert!(shown.coverage.complete(), "{:?}", shown.coverage);
    assert_eq!(shown.texts(), ["SECRET\n", "first\n"]);
}
