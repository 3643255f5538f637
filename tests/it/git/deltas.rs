//! A blob that is stored as a change of another is scanned only where the two differ: the report is the one that scanning all
//! of it gives, however the objects are packed.

use std::{collections::BTreeMap, fs, ops::Range};

use serde_json::Value;
use stanch::rules::{Ruleset, examples};

use super::random::Dice;
use crate::{
    repo::Repo,
    stanch::{rule, scan},
};

const COMMITS: usize = 60;
/// Files are cut down to this.
const MOST: usize = 30_000;

/// What files are made of.
struct Material {
    /// Examples of every rule, and what is nearly one.
    pieces: Vec<String>,
    /// Private keys of several thousand bytes.
    keys: Vec<String>,
    /// The halves of pairs; the secret alone is none.
    pairs: Vec<(String, String)>,
    /// Every keyword there is.
    dense: String,
}

impl Material {
    fn new() -> Self {
        let rules = Ruleset::builtin();
        let of_rule = |rule| [examples::matching(rule), examples::not_matching(rule)].concat();
        let keywords = rules.rules().iter().flat_map(|rule| rule.detect.keywords.iter().map(ToString::to_string));
        let (pem, line) = (rule("private-key-rsa"), "{base64(64)}\n");
        let long = pem.matching[0].replacen(line, &line.repeat(120), 1);
        let aws = rule("aws-access-key");
        let pair = |number| {
            let text = examples::expanded(&aws, &aws.matching[3], number);
            let halves: Vec<_> = text.split('"').collect();
            (halves[1].to_owned(), format!("\"{}\"\n", halves[3]))
        };
        Self {
            pieces: rules.rules().iter().flat_map(of_rule).map(|text| text + "\n").collect(),
            keys: (0..4).map(|number| examples::expanded(&pem, &long, number) + "\n").collect(),
            pairs: (0..6).map(pair).collect(),
            dense: keywords.collect::<Vec<_>>().join(" ").repeat(3) + "\n",
        }
    }
}

/// A history in the making.
struct Author<'m> {
    dice: Dice,
    material: &'m Material,
    files: BTreeMap<String, Vec<u8>>,
    /// What the next version of a file makes of a text in this one.
    mends: BTreeMap<String, (Vec<u8>, Vec<u8>)>,
    /// For `git fast-import`.
    stream: Vec<u8>,
}

impl<'m> Author<'m> {
    fn new(seed: u64, material: &'m Material) -> Self {
        let files = (0..5).map(|number| (format!("d{}/f{number}", number % 2), Vec::new())).collect();
        let mut author = Self { dice: Dice(seed), material, files, mends: BTreeMap::new(), stream: Vec::new() };
        let names: Vec<_> = author.files.keys().cloned().collect();
        for name in &names {
            let text: Vec<u8> = (0..12).flat_map(|_| author.some_text()).collect();
            author.files.insert(name.clone(), text);
        }
        author.commit(0, &names);
        author
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.dice.below(from.len())]
    }

    /// Something new to be put into a file.
    fn some_text(&mut self) -> Vec<u8> {
        let material = self.material;
        match self.dice.below(12) {
            0..5 => self.pick(&material.pieces).clone().into_bytes(),
            5 => self.pick(&material.keys).clone().into_bytes(),
            6 => self.pick(&material.pairs).1.clone().into_bytes(),
            7 => material.dense.clone().into_bytes(),
            8 => (0..200).map(|_| u8::try_from(self.dice.below(256)).unwrap()).collect(),
            _ => (0..20).map(|at| format!("line {at} of {}\n", self.dice.below(50))).collect::<String>().into_bytes(),
        }
    }

    /// A place in a text, most often where a line begins.
    fn place(&mut self, text: &[u8]) -> usize {
        let at = self.dice.below(text.len() + 1);
        if self.dice.below(4) == 0 {
            return at;
        }
        text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)
    }

    fn stretch(&mut self, text: &[u8]) -> Range<usize> {
        let (one, other) = (self.place(text), self.place(text));
        one.min(other)..one.max(other).min(one.min(other) + 2000)
    }

    /// The next version of a file.
    fn edited(&mut self, name: &str, mut text: Vec<u8>) -> Vec<u8> {
        let (at, stretch) = (self.place(&text), self.stretch(&text));
        match self.dice.below(14) {
            0 | 1 => {
                let new: Vec<u8> = (0..=self.dice.below(4)).flat_map(|_| self.some_text()).collect();
                insert(&mut text, at, &new);
            }
            2 => self.add_broken(name, at, &mut text),
            3 | 4 => self.complete_a_pair(&mut text),
            5 => self.allow(&mut text),
            6 => {
                let moved: Vec<u8> = text.drain(stretch).collect();
                let to = self.place(&text);
                insert(&mut text, to, &moved);
            }
            7 => drop(text.drain(stretch)),
            8 => {
                let files: Vec<_> = self.files.values().cloned().collect();
                text.extend(self.pick(&files));
            }
            9 => drop(text.drain(..at.min(500))),
            10 => text.truncate(at.max(text.len().saturating_sub(500))),
            11 => self.hurt(at..text.len(), &mut text),
            _ => {
                let inside_a_key = find(&text, b"PRIVATE KEY-----").map_or(0, |at| at + 20);
                self.hurt(inside_a_key..(inside_a_key + 8000).min(text.len()), &mut text);
            }
        }
        text
    }

    /// Adds a token that lacks a byte or its end, which the next version has.
    fn add_broken(&mut self, name: &str, at: usize, text: &mut Vec<u8>) {
        let whole = self.pick(&self.material.pieces).clone().into_bytes();
        let cut = self.dice.below(whole.len());
        let behind = if self.dice.below(2) == 0 { cut + 1 } else { whole.len() };
        let broken = [&whole[..cut], &whole[behind..]].concat();
        insert(text, at, &broken);
        self.mends.insert(name.to_owned(), (broken, whole));
    }

    /// Puts the id of a pair so far from its secret that it is just seen, or just not; or takes it away.
    fn complete_a_pair(&mut self, text: &mut Vec<u8>) {
        let (id, secret) = self.pick(&self.material.pairs);
        if let Some(at) = find(text, id.as_bytes()) {
            text.drain(at..at + id.len());
        } else if let Some(at) = find(text, secret.as_bytes()) {
            let away = [20, 200, 260, 290, 296, 300, 320][self.dice.below(7)];
            let to = if self.dice.below(2) == 0 { at.saturating_sub(away) } else { at + secret.len() + away };
            insert(text, to.min(text.len()), format!(" {id} ").as_bytes());
        } else {
            let at = self.place(text);
            insert(text, at, secret.as_bytes());
        }
    }

    /// Adds a comment that allows what stands beside it, or takes one away.
    fn allow(&mut self, text: &mut Vec<u8>) {
        const COMMENT: &[u8] = b" # stanch:allow";
        if let Some(at) = find(text, COMMENT).filter(|_| self.dice.below(3) == 0) {
            text.drain(at..at + COMMENT.len());
        }
        let at = self.place(text);
        insert(text, at.saturating_sub(1), COMMENT);
    }

    /// Changes a byte in a stretch.
    fn hurt(&mut self, within: Range<usize>, text: &mut [u8]) {
        if !within.is_empty() {
            text[within.start + self.dice.below(within.len())] = *self.pick(b"!a0\n-\xff");
        }
    }

    /// Writes a commit of these files.
    fn commit(&mut self, number: usize, names: &[String]) {
        let head = format!("commit refs/heads/main\ncommitter A <a@b> {} +0000\ndata 1\nm\n", 1_700_000_000 + number);
        self.stream.extend(head.into_bytes());
        for name in names {
            let text = &self.files[name];
            self.stream.extend(format!("M 100644 inline {name}\ndata {}\n", text.len()).into_bytes());
            self.stream.extend(text);
            self.stream.push(b'\n');
        }
    }

    /// Edits a file, now and then under another name.
    fn work(&mut self, number: usize) {
        let names: Vec<_> = self.files.keys().cloned().collect();
        let mut name = self.pick(&names).clone();
        let mut text = self.files[&name].clone();
        if let Some((broken, whole)) = self.mends.remove(&name)
            && let Some(at) = find(&text, &broken)
        {
            text.splice(at..at + broken.len(), whole);
        }
        for _ in 0..=self.dice.below(3) {
            text = self.edited(&name, text);
        }
        text.truncate(MOST);
        if self.dice.below(12) == 0 {
            self.files.remove(&name);
            name = format!("d{}/renamed{number}", number % 3);
        }
        self.files.insert(name.clone(), text);
        self.commit(number, &[name]);
    }
}

fn insert(text: &mut Vec<u8>, at: usize, new: &[u8]) {
    text.splice(at..at, new.iter().copied());
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

/// How many deltas a blob of the one pack is made with, at most.
fn deepest(repo: &Repo) -> usize {
    let index = packs(repo).into_iter().next().unwrap() + ".idx";
    let blobs = repo.git(&["verify-pack", "-v", &index]);
    let depth = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        if fields.len() == 7 && fields[1] == "blob" { fields[5].parse().unwrap() } else { 0 }
    };
    blobs.lines().map(depth).max().unwrap()
}

/// The packs' paths without their extension.
fn packs(repo: &Repo) -> Vec<String> {
    let files = fs::read_dir(repo.git_path("objects/pack")).unwrap().map(|file| file.unwrap().path());
    files.filter_map(|path| Some(path.to_str().unwrap().strip_suffix(".pack")?.to_owned())).collect()
}

/// Takes the pack apart.
fn unpack(repo: &Repo) {
    for pack in packs(repo) {
        let bytes = fs::read(format!("{pack}.pack")).unwrap();
        fs::remove_dir_all(repo.git_path("objects/pack")).unwrap();
        repo.git_with(&["unpack-objects", "-q"], &bytes);
    }
}

/// Packs every `nth` object that is there.
fn pack_some(repo: &Repo, nth: usize) {
    let all = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
    let some: Vec<_> = all.lines().step_by(nth).collect();
    repo.git_with(&["pack-objects", "-q", "--depth=50", ".git/objects/pack/pack"], some.join("\n").as_bytes());
    repo.git(&["prune-packed", "-q"]);
}

/// The report of all versions, the same whether blobs are scanned whole or not.
fn report(repo: &Repo, packing: &str) -> Value {
    let flags = ["--history-only", "--all-versions", "--min-confidence", "low"];
    let report = |more: &[&str]| scan(repo.path(), &[&flags, more].concat()).ended(1).timeless();
    let whole = report(&["--whole-blobs", "-j", "1"]);
    assert_same(&whole, &report(&["-j", "2"]), packing);
    whole
}

#[track_caller]
fn assert_same(one: &Value, other: &Value, what: &str) {
    let incidents = |report: &Value| report["incidents"].as_array().unwrap().clone();
    let (one_has, other_has) = (incidents(one), incidents(other));
    let of_one = one_has.iter().find(|incident| !other_has.contains(incident));
    let of_other = other_has.iter().find(|incident| !one_has.contains(incident));
    assert!(of_one.is_none() && of_other.is_none(), "{what}: {of_one:#?} or {of_other:#?}");
    assert!(one == other, "{what}: {:#} {:#}", one["coverage"], other["coverage"]);
}

fn check(seed: u64, material: &Material, options: &[&str]) {
    let mut author = Author::new(seed, material);
    (1..COMMITS).for_each(|number| author.work(number));
    let repo = Repo::init(options);
    repo.git_with(&["fast-import", "--quiet"], &author.stream);
    let first = report(&repo, &format!("seed {seed}, as imported"));
    let incidents = first["incidents"].as_array().unwrap().len();
    assert!(incidents > 40, "{incidents}");
    let same = |packing: &str| assert_same(&first, &report(&repo, &format!("seed {seed}, {packing}")), packing);
    for (depth, window) in [(1, 10), (50, 10), (250, 50)] {
        repo.git(&["repack", "-adfq", &format!("--depth={depth}"), &format!("--window={window}")]);
        assert!((depth.min(5)..=depth).contains(&deepest(&repo)), "{} of {depth}", deepest(&repo));
        same(&format!("depth {depth}, window {window}"));
    }
    repo.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"]);
    same("bases by id");
    unpack(&repo);
    same("loose");
    pack_some(&repo, 2);
    same("one half packed");
    pack_some(&repo, 3);
    same("in two packs and loose");
}

#[test]
fn what_deltas_share_is_what_whole_blobs_hold() {
    let material = Material::new();
    check(1, &material, &[]);
    check(2, &material, &["--object-format=sha256"]);
}
