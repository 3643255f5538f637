//! Where the parts of a repository may be.

use std::fs;

use stanch::source::git::{Change, Error, Outside, Refs, Repository};

use super::{open, scan};
use crate::repo::Repo;

#[test]
fn bare_repositories_and_git_directories() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    let bare = repo.beside("bare");
    repo.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    for path in [bare, repo.git_path("")] {
        let repository = open(&path);
        assert!(repository.is_bare() && repository.work_tree().is_none());
        assert_eq!(scan(&repository, &Refs::All).texts(), ["SECRET\n", "first\n"]);
    }
    assert!(!open(repo.path()).is_bare());
}

#[test]
fn a_linked_worktree_is_read_with_the_repository_it_belongs_to() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    for path in [linked.clone(), linked.join(".git")] {
        let repository = open(&path);
        let shown = scan(&repository, &Refs::All);
        assert_eq!(shown.texts(), ["SECRET\n", "first\n"]);
        assert_eq!(shown.coverage.refs, 2);
        assert!(shown.coverage.notes.iter().any(|note| note.contains("leads to")), "{:?}", shown.coverage);
    }
    let error = Repository::open(&linked, Outside::Never).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(Repository::open(repo.path(), Outside::Never).unwrap().is_some());
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let (repo, inner) = (Repo::new(), Repo::new());
    inner.write("x", "SECRET\n").commit("inner");
    repo.git(&["submodule", "--quiet", "add", inner.path().to_str().unwrap(), "sub"]);
    repo.commit("outer");
    let shown = scan(&open(&repo.path().join("sub")), &Refs::All);
    assert_eq!(shown.texts(), ["SECRET\n", "inner\n"]);
    assert!(shown.coverage.complete());
    let outer = scan(&open(repo.path()), &Refs::All);
    assert!(outer.coverage.complete() && !outer.texts().contains(&"SECRET\n".to_owned()));
}

#[test]
fn alternates_are_followed_when_they_are_the_same_owners() {
    let (repo, lender) = (Repo::new(), Repo::new());
    lender.write("x", "SECRET\n").commit("lent");
    repo.write("y", "own\n").commit("own");
    let objects = lender.git_path("objects");
    fs::create_dir_all(repo.git_path("objects/info")).unwrap();
    fs::write(repo.git_path("objects/info/alternates"), format!("# a comment\n{}\n", objects.display())).unwrap();
    let shown = scan(&open(repo.path()), &Refs::All);
    assert_eq!(shown.texts(), ["SECRET\n", "lent\n", "own\n", "own\n"]);
    assert!(shown.coverage.complete());
    assert!(shown.coverage.notes.iter().any(|note| note.contains("alternates")), "{:?}", shown.coverage);

    let refused = Repository::open(repo.path(), Outside::Never).unwrap().unwrap();
    let shown = scan(&refused, &Refs::All);
    assert_eq!(shown.texts(), ["own\n", "own\n"]);
    assert!(shown.coverage.failed[0].reason.contains("is not followed"), "{:?}", shown.coverage);
    let mut coverage = stanch::coverage::Coverage::default();
    assert!(refused.changes(&Change::Since("HEAD".to_owned()), &mut coverage).unwrap().is_empty());
    assert!(!coverage.complete());
}

#[test]
fn alternates_may_go_round_in_circles() {
    let (one, two) = (Repo::new(), Repo::new());
    one.write("x", "1\n").commit("first");
    let rev = two.write("y", "SECRET\n").commit("second");
    for (from, to) in [(&one, &two), (&two, &one)] {
        let alternates = from.git_path("objects/info/alternates");
        fs::create_dir_all(alternates.parent().unwrap()).unwrap();
        fs::write(alternates, format!("{}\n", to.git_path("objects").display())).unwrap();
    }
    let mut coverage = stanch::coverage::Coverage::default();
    let added = open(one.path()).changes(&Change::Range(format!("HEAD..{}", &rev[..10])), &mut coverage).unwrap();
    assert_eq!(added.len(), 2);
    assert!(coverage.complete(), "{coverage:?}");
}

#[test]
fn what_belongs_to_somebody_else_is_not_followed() {
    let repo = Repo::new();
    repo.write("x", "SECRET\n").commit("first");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    // Only root can give files away.
    if std::os::unix::fs::chown(&linked, Some(12345), None).is_ok() {
        let error = Repository::open(&linked, Outside::SameOwner).unwrap_err();
        assert!(matches!(error, Error::Refused { why: "belongs to somebody else", .. }), "{error:?}");
    }
}

#[test]
fn what_is_no_repository_is_none() {
    let folder = tempfile::TempDir::new().unwrap();
    let open = |name: &str| Repository::open(&folder.path().join(name), Outside::SameOwner);
    assert!(open("").unwrap().is_none());
    fs::write(folder.path().join("HEAD"), "x").unwrap();
    assert!(open("").unwrap().is_none());
    assert!(open("HEAD").unwrap().is_none());
    assert!(open("nothing").is_err());
    fs::write(folder.path().join(".git"), "gitdir: nowhere\n").unwrap();
    assert!(open("").is_err());
}
