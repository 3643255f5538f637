//! Networks: what each member is said to hold is what a scan of it alone says.

use std::path::Path;

use stanch::{
    blob::PathName,
    config::{Config, File, Flags},
    detect::Detector,
    incident::{GitPlace, IncidentId},
    scan::{self, Cursor, History, Member, Network, Options, Outcome, Progress, Target},
    source::git::{Outside, Refs, Repository},
};

use crate::{repo::Repo, stanch::leak};

/// Two forks of one repository, gathered in one git directory.
struct Forks {
    first: Repo,
    second: Repo,
}

impl Forks {
    fn new() -> Self {
        let first = Repo::new();
        first.write("a/settings.env", &format!("{}\n", leak(1))).commit("one");
        first.git(&["tag", "-a", "v1", "-m", &format!("see {}", leak(2))]);
        first.write("a/settings.env", "nothing\n").commit("two");
        let second = Repo::new();
        second.git(&["pull", "--quiet", "--tags", first.path().to_str().unwrap(), "main"]);
        second.git(&["checkout", "--quiet", "-b", "fork"]);
        second.write("b.env", &format!("{}\n", leak(3))).commit("three");
        let forks = Self { first, second };
        forks.first.git(&["init", "--quiet", "--bare", forks.store().to_str().unwrap()]);
        forks
    }

    fn store(&self) -> std::path::PathBuf {
        self.first.beside("network.git")
    }

    /// Brings what `member` has by now under its namespace.
    fn fetch(&self, member: &Repo, namespace: &str) {
        let refs = format!("+refs/*:refs/namespaces/{namespace}/refs/*");
        let head = member.git(&["symbolic-ref", "HEAD"]);
        let (path, store) = (member.path().to_str().unwrap(), self.store());
        self.first.git_in(&store, &["fetch", "--quiet", "--prune", path, &refs]);
        let [name, target] = ["HEAD", &head].map(|name| format!("refs/namespaces/{namespace}/{name}"));
        self.first.git_in(&store, &["symbolic-ref", &name, &target]);
    }
}

fn config(history: History, path: &Path) -> Config {
    let targets = vec![Target::Path(path.to_owned())];
    let flags = Flags { targets, history, now: 1_700_000_000, jobs: Some(2), ..Flags::default() };
    Config::new(File::default(), flags).unwrap()
}

fn scanned(path: &Path, seen: Option<&Cursor>, namespaces: &[&str]) -> Network {
    let config = config(History::FilesOnly, path);
    let detector = Detector::new(config.rules.rules().to_vec());
    let repository = Repository::open(path, Outside::Never).unwrap().unwrap();
    let member = |namespace| Member { namespace: Some(namespace), options: &config.options };
    let members: Vec<_> = namespaces.iter().copied().map(member).collect();
    scan::network(&config.options, &detector, (&repository, seen), &members, &Progress::default()).unwrap()
}

/// What a scan of the repository alone says of what its refs lead to.
fn alone(member: &Repo) -> Outcome {
    let globs = stanch::config::ref_globs(&["refs/**".to_owned()]).unwrap();
    let config = config(History::Full { refs: Refs::Matching(globs), files: false }, member.path());
    let detector = Detector::new(config.rules.rules().to_vec());
    let options: &Options = &config.options;
    scan::run(options, &detector, &mut std::io::empty(), &Progress::default()).unwrap()
}

/// What is compared: all that git says of every place.
fn places(outcome: &Outcome) -> Vec<(IncidentId, Option<PathName>, Option<GitPlace>)> {
    let of_incident = |incident: &stanch::incident::Incident| {
        let id = incident.id;
        let places = incident.occurrences.iter().map(move |one| (id, one.path.clone(), one.git.clone()));
        places.collect::<Vec<_>>()
    };
    let mut places: Vec<_> = outcome.incidents.iter().flat_map(of_incident).collect();
    places.sort_by_key(|(id, path, _)| (*id, path.clone()));
    places
}

#[test]
fn a_member_has_what_a_scan_of_it_alone_finds() {
    let forks = Forks::new();
    forks.fetch(&forks.first, "one");
    forks.fetch(&forks.second, "two");
    let network = scanned(&forks.store(), None, &["one", "two"]);
    assert!(network.coverage.complete(), "{:?}", network.coverage);
    let [first, second] = [&forks.first, &forks.second].map(|repo| places(&alone(repo)));
    assert_eq!((first.len(), second.len()), (2, 3));
    assert_eq!(places(&network.members[0]), first);
    assert_eq!(places(&network.members[1]), second);
}

/// Objects that were seen are not read again, and what they hold is told all the same.
#[test]
fn a_fork_costs_its_own_objects_alone() {
    let forks = Forks::new();
    forks.fetch(&forks.first, "one");
    let before = scanned(&forks.store(), None, &["one"]);
    forks.fetch(&forks.second, "two");
    let after = scanned(&forks.store(), before.cursor.as_ref(), &["one", "two"]);
    assert_eq!((before.coverage.commits, after.coverage.commits), (2, 1));
    assert_eq!(after.coverage.blobs, 1);
    assert_eq!(places(&after.members[0]), places(&before.members[0]));
    assert_eq!(places(&after.members[1]), places(&alone(&forks.second)));
    let again = scanned(&forks.store(), after.cursor.as_ref(), &["two"]);
    assert_eq!((again.coverage.commits, again.coverage.bytes), (0, 0));
    assert_eq!(places(&again.members[0]), places(&after.members[1]));
}

#[test]
fn a_member_without_commits_holds_nothing() {
    let forks = Forks::new();
    let empty = Repo::new();
    forks.fetch(&empty, "empty");
    forks.fetch(&forks.first, "one");
    let network = scanned(&forks.store(), None, &["empty", "one"]);
    assert!(network.coverage.complete(), "{:?}", network.coverage);
    assert!(network.members[0].incidents.is_empty());
    assert_eq!(network.members[1].incidents.len(), 2);
}
