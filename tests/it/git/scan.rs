//! What is shown, and what is said to be missing.

use std::fs;

use stanch::{
    blob::ObjectId,
    source::git::{Outside, Refs, Repository},
};

use super::{open, scan};
use crate::repo::Repo;

#[test]
fn every_object_is_shown_once() {
    let repo = Repo::new();
    repo.write("x", "one\n").commit("first");
    repo.git(&["repack", "--quiet", "-ad"]);
    repo.write("x", "two\n").commit("second");
    repo.git(&["repack", "--quiet", "-d"]);
    repo.write("y", "three\n").commit("third");
    // In several packs and loose as well.
    repo.git(&["repack", "--quiet", "-a"]);
    repo.blob("one\n");
    repo.blob("dangling\n");
    repo.git(&["tag", "-a", "-m", "tag text", "v1"]);
    let shown = scan(&open(repo.path()), &Refs::All);
    assert_eq!(
        shown.texts(),
        ["dangling\n", "first\n", "one\n", "second\n", "tag text\n", "third\n", "three\n", "two\n"]
    );
    let coverage = &shown.coverage;
    assert!(coverage.complete(), "{coverage:?}");
    assert_eq!((coverage.blobs, coverage.commits, coverage.tags, coverage.refs), (4, 3, 1, 2));
    assert_eq!(coverage.bytes, 51);
    assert_eq!(coverage.history.name(), "full");
}

#[test]
fn an_empty_repository_is_complete() {
    for options in [&[][..], &["--object-format=sha256"], &["--bare"]] {
        let repo = Repo::init(options);
        let shown = scan(&open(repo.path()), &Refs::All);
        assert!(shown.coverage.complete(), "{:?}", shown.coverage);
        assert!(shown.objects.is_empty());
    }
}

#[test]
fn sha256_ids() {
    let repo = Repo::init(&["--object-format=sha256"]);
    let commit = repo.write("x", "SECRET\n").commit("first");
    repo.git(&["repack", "--quiet", "-ad"]);
    let found = super::lines(&repo, "SECRET");
    assert_eq!(found, [format!("x head {0}..{0} 1:refs/heads/main v1", &commit[..7])]);
    let id = open(repo.path()).blob_id(b"SECRET\n").unwrap();
    assert_eq!(id.to_string(), repo.id("HEAD:x"));
}

#[test]
fn what_is_shown_can_be_read_again() {
    let repo = Repo::new();
    repo.write("x", "one\n").commit("first\n\nbody");
    repo.git(&["tag", "-a", "-m", "tag text", "v1"]);
    let repository = open(repo.path());
    let shown = scan(&repository, &Refs::All);
    assert_eq!(shown.objects.len(), 3);
    for (id, text) in &shown.objects {
        assert_eq!(&repository.read(*id).unwrap(), text);
    }
    assert_eq!(repository.blob_id(b"one\n").unwrap().to_string(), repo.id("HEAD:x"));
    let missing = repository.read(ObjectId::new(&[7; 20])).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
}

#[test]
fn the_text_of_a_merged_tag_is_shown() {
    let repo = Repo::new();
    repo.commit("root");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit("side");
    // As git writes it into merges of tags that are signed.
    let (tree, side) = (repo.id("HEAD^{tree}"), repo.id("HEAD"));
    let commit = format!(
        "tree {tree}\nparent {side}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nmergetag object {side}\n type commit\n tag v1\n tagger A <a@b> 1 +0000\n \n merged text\n\nmerge\n"
    );
    repo.git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], commit.as_bytes());
    let texts = scan(&open(repo.path()), &Refs::All).texts();
    let merge = texts.iter().find(|text| text.starts_with("merge\n")).unwrap();
    assert!(merge.ends_with("\nmerged text\n"), "{merge:?}");
}

#[test]
fn symbolic_links_are_shown_and_submodules_are_not_missed() {
    let repo = Repo::new();
    std::os::unix::fs::symlink("SECRET/target", repo.path().join("link")).unwrap();
    repo.commit("root");
    repo.git(&["update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,sub"]);
    repo.tick();
    repo.git(&["commit", "--quiet", "-m", "sub"]);
    let shown = scan(&open(repo.path()), &Refs::All);
    assert!(shown.coverage.complete(), "{:?}", shown.coverage);
    assert_eq!(shown.texts(), ["SECRET/target", "root\n", "sub\n"]);
}

#[test]
fn a_shallow_clone_is_complete_and_says_so() {
    let repo = Repo::new();
    repo.write("x", "one\n").commit("first");
    let second = repo.write("x", "SECRET\n").commit("second");
    let clone = repo.beside("clone");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth=1", &url, clone.to_str().unwrap()]);
    let repository = open(&clone);
    assert!(repository.is_shallow() && !open(repo.path()).is_shallow());
    let shown = scan(&repository, &Refs::All);
    assert!(shown.coverage.complete(), "{:?}", shown.coverage);
    assert_eq!(shown.coverage.history.name(), "shallow");
    assert_eq!(shown.coverage.notes, ["the clone is shallow: earlier history is not here"]);
    assert_eq!(shown.texts(), ["SECRET\n", "second\n"]);
    let places = super::places_in(&repository, &["SECRET"]);
    assert_eq!(places[0].git.introduced.as_ref().unwrap().id.to_string(), second);
}

#[test]
fn what_a_partial_clone_lacks_is_missing() {
    let repo = Repo::new();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.write("x", "one\n").commit("first");
    let lost = repo.id("HEAD:x");
    repo.write("x", "two\n").commit("second");
    let clone = repo.beside("clone");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--filter=blob:none", &url, clone.to_str().unwrap()]);
    let shown = scan(&open(&clone), &Refs::All);
    let failed: Vec<_> = shown.coverage.failed.iter().map(|one| (one.subject.as_str(), one.reason.as_str())).collect();
    assert_eq!(failed, [(format!("object {lost}").as_str(), "missing")]);
    assert_eq!(shown.texts(), ["first\n", "second\n", "two\n"], "nothing is fetched");
}

#[test]
fn what_only_garbage_names_may_be_missing() {
    let repo = Repo::new();
    repo.write("x", "one\n").commit("first");
    let blob = repo.blob("pruned\n");
    repo.git_with(&["mktree"], format!("100644 blob {blob}\tf\n").as_bytes());
    let file = repo.git_path(&format!("objects/{}/{}", &blob[..2], &blob[2..]));
    fs::remove_file(file).unwrap();
    let shown = scan(&open(repo.path()), &Refs::All);
    assert!(shown.coverage.complete(), "{:?}", shown.coverage);
    assert!(shown.coverage.notes[0].contains("unreachable"), "{:?}", shown.coverage);
}

#[test]
fn replacements_and_grafts_are_not_heeded() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    let (secret, clean) = (repo.id("HEAD:x"), repo.blob("clean\n"));
    repo.git(&["replace", &secret, &clean]);
    let repository = open(repo.path());
    assert_eq!(repository.read(repository.blob_id(b"SECRET\n").unwrap()).unwrap(), b"SECRET\n");
    assert!(scan(&repository, &Refs::All).texts().contains(&"SECRET\n".to_owned()));
}

#[test]
fn the_environment_does_not_matter_to_what_is_opened() {
    // What is opened is what is named: nothing is looked for above it.
    let repo = Repo::new();
    repo.write("d/x", "1\n").commit("first");
    let inner = repo.path().join("d");
    assert!(Repository::open(&inner, Outside::SameOwner).unwrap().is_none());
    assert!(Repository::open(&inner.join("x"), Outside::SameOwner).unwrap().is_none());
    let found = Repository::discover(&inner, Outside::SameOwner).unwrap().unwrap();
    assert_eq!(found.work_tree().unwrap(), repo.path().canonicalize().unwrap());
    assert!(Repository::discover(repo.path().parent().unwrap(), Outside::SameOwner).unwrap().is_none());
}

#[test]
fn large_blobs_come_in_windows() {
    let repo = Repo::new();
    let text = "0123456789\n".repeat(7 << 20) + "SECRET";
    let id = repo.blob(&text);
    for _ in 0..2 {
        let shown = scan(&open(repo.path()), &Refs::All);
        assert!(shown.coverage.complete(), "{:?}", shown.coverage);
        assert_eq!((shown.coverage.blobs, shown.coverage.bytes), (1, text.len() as u64));
        let (found, bytes) = shown.objects.first_key_value().unwrap();
        assert!(found.to_string() == id && bytes == text.as_bytes());
        // Loose at first, then in a pack.
        repo.git_with(&["pack-objects", "--quiet", ".git/objects/pack/pack"], id.as_bytes());
        repo.git(&["prune-packed"]);
    }
}
