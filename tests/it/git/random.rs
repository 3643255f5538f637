//! Attribution against answers worked out the long way, with git itself, over histories made at random.

use std::collections::{BTreeMap, BTreeSet};

use super::{open, places_in};
use crate::repo::Repo;

/// Numbers that are the same on every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

const PATHS: [&str; 6] = ["a", "b", "d/a", "d/e/f", "d/e/g", "z"];
const WORDS: [&str; 3] = ["SECRET-ONE", "SECRET-TWO", "SECRET-THREE"];
const COMMITS: usize = 60;

/// A stream for `git fast-import`: a graph with merges and several roots, clocks that go wrong, files that come, move, go
/// and come back.
fn history(seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut stream = String::new();
    for at in 1..=COMMITS {
        let parents: BTreeSet<_> = (0..[1, 1, 1, 2, 2, 3][dice.below(6)])
            .map(|_| at.saturating_sub(1 + dice.below(7)))
            .filter(|&parent| parent > 0)
            .collect();
        let parents: Vec<_> = if dice.below(20) == 0 { Vec::new() } else { parents.into_iter().collect() };
        let time = 1_700_000_000 + at / 2 * 60 + dice.below(4) * 120;
        let branch = dice.below(6);
        if parents.is_empty() {
            stream += &format!("reset refs/heads/b{branch}\n");
        }
        stream += &format!("commit refs/heads/b{branch}\nmark :{at}\ncommitter A <a@b> {time} +0000\ndata 1\nm\n");
        for (place, parent) in parents.iter().enumerate() {
            stream += &format!("{} :{parent}\n", if place == 0 { "from" } else { "merge" });
        }
        for _ in 0..dice.below(3) {
            let path = PATHS[dice.below(PATHS.len())];
            if dice.below(4) == 0 {
                stream += &format!("D {path}\n");
                continue;
            }
            let word = [WORDS[dice.below(3)], "clean"][dice.below(2)];
            let text = format!("{word} {}\n", dice.below(3));
            stream += &format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        }
        if dice.below(10) == 0 {
            stream += &format!("reset refs/tags/t{at}\nfrom :{at}\n\n");
        }
    }
    stream
}

/// What git says of the history.
struct Truth {
    /// By commit: path → blob.
    trees: BTreeMap<String, BTreeMap<String, String>>,
    parents: BTreeMap<String, Vec<String>>,
    times: BTreeMap<String, i64>,
    /// By commit: the refs that contain it.
    refs: BTreeMap<String, BTreeSet<String>>,
    head: String,
}

impl Truth {
    fn of(repo: &Repo) -> Self {
        let (mut trees, mut parents, mut times, mut refs) =
            <(BTreeMap<_, _>, BTreeMap<_, _>, BTreeMap<_, _>, BTreeMap<_, _>)>::default();
        for line in repo.git(&["log", "--all", "--format=%H %ct %P"]).lines() {
            let mut parts = line.trim().split(' ').map(str::to_owned);
            let (id, time) = (parts.next().unwrap(), parts.next().unwrap().parse().unwrap());
            let tree = repo.git(&["ls-tree", "-r", &id]);
            let entry = |line: &str| {
                let (head, path) = line.split_once('\t').unwrap();
                (path.to_owned(), head.split(' ').nth(2).unwrap().to_owned())
            };
            trees.insert(id.clone(), tree.lines().map(entry).collect());
            let contain = repo.git(&["for-each-ref", "--contains", &id, "--format=%(refname)"]);
            refs.insert(id.clone(), contain.lines().map(str::to_owned).collect());
            times.insert(id.clone(), time);
            parents.insert(id, parts.collect());
        }
        Self { trees, parents, times, refs, head: repo.id("HEAD") }
    }

    /// Introduced, last, whether in HEAD, refs and versions of what is in these blobs at this path.
    fn place(&self, repo: &Repo, path: &str, blobs: &BTreeSet<String>) -> Option<String> {
        let holds = |id: &String| self.trees[id].get(path).is_some_and(|blob| blobs.contains(blob));
        let holders: Vec<_> = self.trees.keys().filter(|id| holds(id)).collect();
        let origins: Vec<_> = holders.iter().filter(|id| !self.parents[**id].iter().any(holds)).collect();
        let is_ancestor =
            |one: &str, other: &str| one != other && repo.git_ok(&["merge-base", "--is-ancestor", one, other]);
        let earliest = origins.iter().filter(|id| !origins.iter().any(|other| is_ancestor(other, id)));
        let introduced = earliest.min_by_key(|id| (self.times[**id.to_owned()], id.to_owned()))?;
        let in_head = holds(&self.head);
        let newest = holders.iter().max_by_key(|id| (self.times[**id], std::cmp::Reverse(id.to_owned())))?;
        let last = if in_head { &self.head } else { *newest };
        let refs: BTreeSet<_> = holders.iter().flat_map(|id| &self.refs[*id]).collect();
        let versions: BTreeSet<_> = holders.iter().map(|id| &self.trees[*id][path]).collect();
        Some(format!("{path} {introduced}..{last} {in_head} {refs:?} {}", versions.len()))
    }
}

fn check(seed: u64) {
    let repo = Repo::new();
    repo.git_with(&["fast-import", "--quiet", "--force"], history(seed).as_bytes());
    let branch = repo.git(&["for-each-ref", "--count=1", "--format=%(refname)", "refs/heads"]);
    repo.git(&["symbolic-ref", "HEAD", &branch]);
    // A branch that was reset leaves commits behind that git lists nowhere.
    repo.git(&["repack", "--quiet", "-ad"]);
    repo.git(&["prune", "--expire=now"]);
    let truth = Truth::of(&repo);
    let found = places_in(&open(repo.path()), &WORDS);
    for (secret, word) in (0..).zip(WORDS) {
        let all = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"]);
        let blobs = all.lines().filter_map(|line| line.strip_suffix(" blob"));
        let holds = |id: &&str| repo.git(&["cat-file", "blob", id]).contains(word);
        let blobs: BTreeSet<_> = blobs.filter(holds).map(str::to_owned).collect();
        let expected: Vec<_> = PATHS.iter().filter_map(|path| truth.place(&repo, path, &blobs)).collect();
        let of_word = found.iter().filter(|place| place.secret == secret);
        let said: Vec<_> = of_word
            .map(|place| {
                let (path, git) = (place.path.as_ref().unwrap().to_text(), &place.git);
                let (introduced, last) = (git.introduced.as_ref().unwrap().id, git.last.as_ref().unwrap().id);
                let refs: BTreeSet<_> = git.refs.iter().collect();
                assert_eq!(git.refs.first() == Some(&branch), refs.contains(&branch), "HEAD's branch comes first");
                let shown = git.blob.unwrap().to_string();
                let at = if git.in_head { &truth.head } else { &introduced.to_string() };
                assert_eq!(truth.trees[at][&*path], shown, "the version that is named");
                let find = format!("--find-object={shown}");
                let log = repo.git(&["log", "--all", "-m", "--format=%H", &find, "--", &path]);
                assert!(git.in_head || log.contains(&introduced.to_string()) || truth.parents[at].len() > 1);
                format!("{path} {introduced}..{last} {} {refs:?} {}", git.in_head, git.versions)
            })
            .collect();
        assert_eq!(said, expected, "seed {seed}, {word}");
    }
}

#[test]
fn attribution_is_what_git_says() {
    (1..=6).for_each(check);
}
