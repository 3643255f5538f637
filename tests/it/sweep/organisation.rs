//! A simulated organisation: many bare repositories, some of them forks, with tokens planted here and there; the same for the same seed.
//!
//! Repositories are written by `git fast-import`, whose packs a fork begins with. What a forge would say of them is in an index, as
//! `index.json` beside them and as values for a stand-in.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use serde::Serialize;

use crate::stanch::{leak, token};

/// When the first repository was pushed to.
const FIRST_PUSH: i64 = 1_700_000_000;
/// When a repository is pushed to later.
const LATER: i64 = 1_766_000_000;

/// How an organisation is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub repositories: usize,
    /// Of a hundred repositories so many are forks.
    pub forks: usize,
    /// Of a hundred repositories so many get a token of their own, and as many one that others have, too.
    pub leaks: usize,
    pub seed: u64,
}

impl Plan {
    /// So many repositories, of the kind that sweeps are measured with.
    pub fn of(repositories: usize) -> Self {
        Self { repositories, forks: 30, leaks: 10, seed: 1 }
    }
}

/// What a forge says of a repository, and what is planted in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repository {
    pub id: u64,
    /// `acme/NAME`.
    pub name: String,
    /// The name of its folder.
    pub folder: String,
    /// Bytes of its packs.
    pub size: u64,
    /// The id of what it is a fork of.
    pub parent: Option<u64>,
    /// RFC 3339, UTC.
    pub pushed_at: String,
    /// The commit of its `main`.
    pub tip: String,
    /// Numbers of the tokens in its history, those that a fork has from its parent included. What is planted in a fork is at HEAD, the rest is in the past.
    pub planted: BTreeSet<u64>,
}

/// Bare repositories in a folder.
pub struct Organisation {
    pub folder: PathBuf,
    pub repositories: Vec<Repository>,
}

impl Organisation {
    /// Makes one in `folder`, which is empty, by all processors.
    pub fn create(folder: &Path, plan: Plan) -> Self {
        let planned = planned(plan);
        let done: Vec<Mutex<Option<Repository>>> = planned.iter().map(|_| Mutex::default()).collect();
        let tip = |number: usize| done[number].lock().unwrap().as_ref().unwrap().tip.clone();
        // Originals come before their forks.
        for forks in [false, true] {
            let wanted: Vec<&Planned> = planned.iter().filter(|planned| planned.parent.is_some() == forks).collect();
            in_parallel(&wanted, |planned| {
                let parent = planned.parent.map(|number| (folder.join(folder_of(number)), tip(number)));
                *done[planned.number].lock().unwrap() = Some(planned.create(folder, parent.as_ref(), plan.seed));
            });
        }
        let repositories: Vec<_> = done.into_iter().map(|done| done.into_inner().unwrap().unwrap()).collect();
        fs::write(folder.join("index.json"), serde_json::to_vec_pretty(&repositories).unwrap()).unwrap();
        Self { folder: folder.to_owned(), repositories }
    }

    /// Where a repository is.
    pub fn path(&self, repository: &Repository) -> PathBuf {
        self.folder.join(&repository.folder)
    }

    /// The tokens that are planted anywhere, as numbers.
    pub fn planted(&self) -> BTreeSet<u64> {
        self.repositories.iter().flat_map(|repository| repository.planted.iter().copied()).collect()
    }

    /// Adds a commit with these tokens to a repository, as a push would. The index is as it was.
    pub fn push(&mut self, at: usize, tokens: &[u64]) {
        let path = self.path(&self.repositories[at]);
        let repository = &mut self.repositories[at];
        let mut stream = Stream::default();
        stream.commit(LATER, "Push", Some(&repository.tip), &[("pushed.env", Some(&leaks(tokens)))]);
        repository.planted.extend(tokens);
        repository.tip = stream.import(&path);
        (repository.size, repository.pushed_at) = (packed(&path), time(LATER));
    }
}

/// A repository before it is made.
struct Planned {
    number: usize,
    parent: Option<usize>,
    /// Tokens that are its own, and with those that a fork inherits.
    own: Vec<u64>,
    planted: BTreeSet<u64>,
}

fn planned(plan: Plan) -> Vec<Planned> {
    let mut random = Random(plan.seed);
    let mut all: Vec<Planned> = Vec::new();
    let mut originals: Vec<usize> = Vec::new();
    for number in 0..plan.repositories {
        let is_fork = !originals.is_empty() && random.below(100) < plan.forks;
        // A few are forked often.
        let favourite = random.below(originals.len().clamp(1, 40));
        let any = random.below(originals.len().max(1));
        let parent = is_fork.then(|| originals[favourite.min(any)]);
        let mut own = Vec::new();
        if random.below(100) < plan.leaks {
            own.push(1_000 + number as u64);
        }
        if random.below(100) < plan.leaks {
            own.push(random.below(20) as u64);
        }
        if parent.is_none() {
            originals.push(number);
        }
        let inherited = parent.map(|parent| all[parent].planted.clone()).unwrap_or_default();
        let planted = inherited.into_iter().chain(own.iter().copied()).collect();
        all.push(Planned { number, parent, own, planted });
    }
    all
}

impl Planned {
    /// Makes it; a fork begins with what its parent has, and gets one more commit.
    fn create(&self, folder: &Path, parent: Option<&(PathBuf, String)>, seed: u64) -> Repository {
        let name = folder_of(self.number);
        let path = folder.join(&name);
        for inner in ["objects/info", "objects/pack", "refs/heads"] {
            fs::create_dir_all(path.join(inner)).unwrap();
        }
        fs::write(path.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(path.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n").unwrap();
        let pushed = FIRST_PUSH + 600 * seconds(self.number);
        let mut random = Random(seed ^ (self.number as u64).rotate_left(32));
        let stream = match parent {
            Some((parent, tip)) => {
                for entry in fs::read_dir(parent.join("objects/pack")).unwrap() {
                    let entry = entry.unwrap();
                    fs::hard_link(entry.path(), path.join("objects/pack").join(entry.file_name())).unwrap();
                }
                fs::write(path.join("refs/heads/main"), format!("{tip}\n")).unwrap();
                self.as_fork(pushed, tip, &mut random)
            }
            None => self.as_original(pushed, &mut random),
        };
        Repository {
            id: id_of(self.number),
            name: format!("acme/{}", name.trim_end_matches(".git")),
            folder: name,
            tip: stream.import(&path),
            size: packed(&path),
            parent: self.parent.map(id_of),
            pushed_at: time(pushed),
            planted: self.planted.clone(),
        }
    }

    /// A few commits; the tokens come in the middle, and are gone in the end.
    fn as_original(&self, pushed: i64, random: &mut Random) -> Stream {
        let mut stream = Stream::default();
        let commits = 3 + random.below(6);
        let leaked = leaks(&self.own);
        for nth in 0..commits {
            let path = format!("src/module_{}.txt", random.below(4));
            let text = text(random);
            let mut files: Vec<(&str, Option<&str>)> = vec![(&path, Some(&text))];
            if !self.own.is_empty() && nth == 1 {
                files.push(("deploy/.env", Some(&leaked)));
            }
            if !self.own.is_empty() && nth == commits - 1 {
                files.push(("deploy/.env", None));
            }
            stream.commit(pushed - 60 * seconds(commits - nth), &format!("Change {nth}"), None, &files);
        }
        stream
    }

    /// One commit.
    fn as_fork(&self, pushed: i64, tip: &str, random: &mut Random) -> Stream {
        let mut stream = Stream::default();
        let text = format!("{}{}", text(random), leaks(&self.own));
        stream.commit(pushed, "Fork", Some(tip), &[("fork.txt", Some(&text))]);
        stream
    }
}

/// What `git fast-import` reads.
#[derive(Default)]
struct Stream(String);

impl Stream {
    /// One more commit on `main`, after `parent` or the one before; a file without text is deleted.
    fn commit(&mut self, at: i64, message: &str, parent: Option<&str>, files: &[(&str, Option<&str>)]) {
        let person = "A U Thor <author@example.com>";
        self.0 +=
            &format!("commit refs/heads/main\ncommitter {person} {at} +0000\ndata {}\n{message}\n", message.len());
        if let Some(parent) = parent {
            self.0 += &format!("from {parent}\n");
        }
        for (path, text) in files {
            self.0 += &match text {
                Some(text) => format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len()),
                None => format!("D {path}\n"),
            };
        }
    }

    /// Has git write it into the repository at `path`, as one pack; gives the commit that `main` is then.
    fn import(&self, path: &Path) -> String {
        let mut command = Command::new("git");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", path);
        command.args(["-c", "fastimport.unpackLimit=0", "-c", "core.fsync=none", "-c", "pack.threads=1"]);
        command.arg("--git-dir").arg(path).args(["fast-import", "--quiet"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(self.0.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{}", path.display());
        fs::read_to_string(path.join("refs/heads/main")).unwrap().trim_end().to_owned()
    }
}

/// Does `work` with each, as many at once as there are processors.
fn in_parallel<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(item) = all.get(next.fetch_add(1, Relaxed)) {
                    work(item);
                }
            });
        }
    });
}

fn id_of(number: usize) -> u64 {
    10_000 + number as u64
}

fn seconds(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

fn folder_of(number: usize) -> String {
    format!("repository-{number:05}.git")
}

fn leaks(tokens: &[u64]) -> String {
    tokens.iter().map(|number| leak(*number)).collect()
}

/// A page of words that mean nothing.
fn text(random: &mut Random) -> String {
    const WORDS: [&str; 8] = ["river", "stone", "lantern", "meadow", "copper", "window", "harbour", "thistle"];
    let mut line = || -> String { (0..6).map(|_| WORDS[random.below(8)]).collect::<Vec<_>>().join(" ") + "\n" };
    let lines: Vec<String> = (0..40).map(|_| line()).collect();
    lines.concat()
}

/// Bytes of a repository's packs.
fn packed(path: &Path) -> u64 {
    let entries = fs::read_dir(path.join("objects/pack")).unwrap();
    entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

fn time(at: i64) -> String {
    jiff::Timestamp::from_second(at).unwrap().to_string()
}

/// Numbers as random as they have to be (`SplitMix64`).
pub struct Random(u64);

impl Random {
    /// The same for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

#[test]
fn an_organisation_is_the_same_for_the_same_seed() {
    let make = |seed| {
        let dir = tempfile::TempDir::new().unwrap();
        let mut organisation = Organisation::create(dir.path(), Plan { seed, ..Plan::of(60) });
        let index: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.path().join("index.json")).unwrap()).unwrap();
        assert_eq!(index, serde_json::to_value(&organisation.repositories).unwrap());
        organisation.push(0, &[77]);
        (organisation, dir)
    };
    let [(one, dir), (same, _same), (other, _other)] = [make(1), make(1), make(2)];
    assert_eq!(one.repositories, same.repositories);
    assert_ne!(one.repositories, other.repositories);
    let forks: Vec<_> = one.repositories.iter().filter(|repository| repository.parent.is_some()).collect();
    assert!((10..=30).contains(&forks.len()), "{}", forks.len());
    assert!(forks.iter().any(|fork| !fork.planted.is_empty()) && one.planted().contains(&77));
    for repository in one.repositories.iter().step_by(7).chain(forks.into_iter().take(3)) {
        let run = crate::stanch::scan(dir.path(), &[&repository.folder]);
        let found: BTreeSet<String> =
            run.incidents().iter().map(|incident| incident["secret"]["masked"].as_str().unwrap().to_owned()).collect();
        let masked = |number: &u64| format!("ghp_…{}", &token(*number)[36..]);
        assert_eq!(found, repository.planted.iter().map(masked).collect(), "{repository:?}");
    }
}

/// How long the organisation takes that sweeps are measured with: `cargo test --test it -- --ignored thousand`.
#[test]
#[ignore = "writes two thousand repositories"]
fn two_thousand_take_less_than_a_minute() {
    let dir = tempfile::TempDir::new().unwrap();
    let began = std::time::Instant::now();
    Organisation::create(dir.path(), Plan::of(2_000));
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
