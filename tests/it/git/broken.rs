//! What is broken costs itself alone.

use std::{fs, path::PathBuf};

use stanch::source::git::{Error, Outside, Refs, Repository};

use super::{Collect, everything, open, scan};
use crate::repo::Repo;

/// What failed, subject and reason.
fn failures(shown: &Collect) -> Vec<(String, String)> {
    shown.coverage.failed.iter().map(|one| (one.subject.clone(), one.reason.clone())).collect()
}

fn pack(repo: &Repo) -> PathBuf {
    let files = fs::read_dir(repo.git_path("objects/pack")).unwrap().map(|file| file.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "pack")).unwrap()
}

/// Overwrites a file that git made read-only.
fn overwrite(path: &PathBuf, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn loose(repo: &Repo, id: &str) -> PathBuf {
    repo.git_path(&format!("objects/{}/{}", &id[..2], &id[2..]))
}

#[test]
fn a_truncated_pack_is_named_and_what_is_left_of_it_is_shown() {
    let repo = Repo::new();
    for at in 0..50 {
        // Hardly compressible, so that the pack is large.
        let text: String =
            (0..100u64).map(|line| format!("{:x}\n", (line + 100 * at).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        repo.write(&format!("f{at}"), &text);
    }
    repo.commit("first");
    repo.git(&["repack", "--quiet", "-ad"]);
    repo.write("loose", "SECRET\n").commit("second");
    let pack = pack(&repo);
    let bytes = fs::read(&pack).unwrap();
    overwrite(&pack, &bytes[..bytes.len() / 2]);
    let shown = scan(&open(repo.path()), &Refs::All);
    let failed = failures(&shown);
    let is_named = |(subject, reason): &(String, String)| {
        subject.ends_with(pack.file_name().unwrap().to_str().unwrap()) && reason.contains("truncated")
    };
    assert!(failed.iter().any(is_named), "{failed:?}");
    let objects = failed.iter().filter(|(subject, _)| subject.starts_with("object ")).count();
    assert!((10..52).contains(&objects), "{failed:?}");
    let blobs = usize::try_from(shown.coverage.blobs).unwrap();
    assert!(shown.texts().contains(&"SECRET\n".to_owned()) && blobs > 5, "{:?}", shown.coverage);
}

#[test]
fn a_corrupt_loose_object_is_named() {
    let repo = Repo::new();
    repo.write("x", "one\n").write("y", "SECRET\n").commit("first");
    let id = repo.id("HEAD:x");
    for (bytes, why) in
        [(&b"nonsense"[..], "cannot be read"), (b"", "cannot be read"), (b"\x78\x9c\x4b", "cannot be read")]
    {
        overwrite(&loose(&repo, &id), bytes);
        let shown = scan(&open(repo.path()), &Refs::All);
        let failed = failures(&shown);
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(failed[0].0, format!("object {id}"));
        assert!(failed[0].1.contains(why), "{failed:?}");
        assert_eq!(shown.texts(), ["SECRET\n", "first\n"]);
    }
}

#[test]
fn another_copy_stands_in_for_a_corrupt_one() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    let id = repo.id("HEAD:x");
    repo.git(&["repack", "--quiet", "-a"]);
    assert!(loose(&repo, &id).exists());
    let pack = pack(&repo);
    let mut bytes = fs::read(&pack).unwrap();
    let end = bytes.len() - 20;
    bytes[12..end].fill(0xff);
    overwrite(&pack, &bytes);
    assert!(scan(&open(repo.path()), &Refs::All).texts().contains(&"SECRET\n".to_owned()));
}

#[test]
fn broken_refs_are_named() {
    let repo = Repo::new();
    let first = repo.write("x", "SECRET\n").commit("first");
    fs::write(repo.git_path("refs/heads/garbage"), "no id\n").unwrap();
    fs::write(repo.git_path("refs/heads/nothing"), format!("{}\n", "1".repeat(40))).unwrap();
    fs::write(repo.git_path("refs/heads/dangling"), "ref: refs/heads/gone\n").unwrap();
    fs::write(repo.git_path("refs/heads/circle"), "ref: refs/heads/circle\n").unwrap();
    let shown = scan(&open(repo.path()), &Refs::All);
    let subjects: Vec<_> = failures(&shown).into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(subjects, ["refs/heads/circle", "refs/heads/garbage", "refs/heads/nothing"]);
    assert_eq!(shown.coverage.notes, ["refs/heads/dangling is a symbolic ref to nothing"]);
    let found = super::lines(&repo, "SECRET");
    assert_eq!(found, [format!("x head {0}..{0} 1:refs/heads/main v1", &first[..7])]);
}

#[test]
fn a_missing_tree_and_a_missing_parent_are_named() {
    let repo = Repo::new();
    repo.write("d/x", "one\n").commit("first");
    let (parent, tree) = (repo.id("HEAD"), repo.id("HEAD:d"));
    repo.write("d/x", "SECRET\n").commit("second");
    for id in [&parent, &tree] {
        fs::remove_file(loose(&repo, id)).unwrap();
    }
    let shown = scan(&open(repo.path()), &Refs::All);
    // The tree is named by what only the missing commit names.
    assert_eq!(failures(&shown), [(format!("object {parent}"), "missing".to_owned())]);
    assert!(shown.texts().contains(&"SECRET\n".to_owned()));
}

#[test]
fn unknown_extensions_make_it_incomplete() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.refStorage", "stone"]);
    let repository = open(repo.path());
    let shown = scan(&repository, &Refs::All);
    assert!(shown.texts().contains(&"SECRET\n".to_owned()));
    assert_eq!(failures(&shown), [("refs".to_owned(), "refs stored as `stone` cannot be read".to_owned())]);
    let staged = stanch::source::git::Change::Staged { index_file: None };
    assert!(repository.changes(&staged, &mut stanch::coverage::Coverage::default()).is_err());
    fs::write(repo.git_path("config"), "[core]\n\trepositoryFormatVersion = 1\n").unwrap();

    repo.git(&["config", "extensions.noop", "true"]);
    assert!(scan(&open(repo.path()), &Refs::All).coverage.complete());
    repo.git(&["config", "extensions.fromTheFuture", "true"]);
    let shown = scan(&open(repo.path()), &Refs::All);
    assert!(shown.texts().contains(&"SECRET\n".to_owned()));
    assert_eq!(failures(&shown)[0].0, "extensions.fromthefuture");
}

#[test]
fn bytes_that_are_wrong_anywhere_never_panic() {
    let repo = Repo::new();
    for at in 0..8 {
        let text: String = (0..60).map(|line| format!("line {line} {}\n", line * at)).collect();
        repo.write("d/x", &text).write("y", "SECRET\n").commit("more");
    }
    repo.git(&["tag", "-a", "-m", "text", "v1"]);
    repo.git(&["repack", "--quiet", "-adf"]);
    repo.blob("loose\n");
    let mut files =
        vec![repo.git_path("index"), repo.git_path("HEAD"), repo.git_path("config"), repo.git_path("packed-refs")];
    repo.git(&["pack-refs", "--all"]);
    let pack = pack(&repo);
    files.extend([pack.clone(), pack.with_extension("idx")]);
    let mut seed = 7u64;
    for file in files {
        let good = fs::read(&file).unwrap();
        for _ in 0..60 {
            let mut bad = good.clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(seed >> 33).unwrap() % bad.len();
                bad[at] = u8::try_from(seed >> 24 & 0xff).unwrap();
            }
            overwrite(&file, &bad);
            if let Ok(Some(repository)) = Repository::open(repo.path(), Outside::SameOwner) {
                let shown = scan(&repository, &Refs::All);
                let mut coverage = stanch::coverage::Coverage::default();
                repository.attribute(&shown.hits(&["SECRET", "line"]), everything(), &mut coverage);
                let staged = stanch::source::git::Change::Staged { index_file: None };
                let _ = repository.changes(&staged, &mut coverage);
            }
        }
        overwrite(&file, &good);
    }
    assert!(scan(&open(repo.path()), &Refs::All).coverage.complete());
}

#[test]
fn a_malformed_configuration_is_an_error() {
    let repo = Repo::new();
    fs::write(repo.git_path("config"), "[core\n").unwrap();
    let error = Repository::open(repo.path(), Outside::SameOwner).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
}
