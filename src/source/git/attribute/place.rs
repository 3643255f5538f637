//! Puts what was collected into the words of reports.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

use gix::objs::Kind;

use super::{
    super::{
        Repository,
        graph::CommitIx,
        object,
        store::{Num, Reader},
    },
    Place, View,
    contain::{self, Answer},
    history::History,
    keys::{Class, Key, NOTE, NOWHERE},
    sets::Hit,
    tips::Tips,
};
use crate::{
    blob::PathName,
    coverage::Coverage,
    incident::{CommitInfo, GitPlace, Reach},
};

/// All that places are made of.
pub(super) struct Placing<'a> {
    repository: &'a Repository,
    history: History<'a>,
    tips: &'a Tips,
    picked: &'a [bool],
    /// Whether what nothing names has a place.
    strays: bool,
    all_versions: bool,
    reader: Reader<'a>,
    infos: HashMap<CommitIx, Arc<CommitInfo>>,
    questions: Questions,
}

/// Sets of commits, each asked about once.
#[derive(Default)]
struct Questions {
    places: HashMap<Rc<[CommitIx]>, usize>,
    all: Vec<Rc<[CommitIx]>>,
}

impl Questions {
    /// The place of the answer to come.
    fn ask(&mut self, commits: &[CommitIx]) -> usize {
        if let Some(&place) = self.places.get(commits) {
            return place;
        }
        let commits: Rc<[CommitIx]> = commits.into();
        self.all.push(Rc::clone(&commits));
        self.places.insert(commits, self.all.len() - 1);
        self.all.len() - 1
    }
}

impl<'a> Placing<'a> {
    pub(super) fn new(repository: &'a Repository, history: History<'a>, view: &View<'a>, all_versions: bool) -> Self {
        let View { tips, picked, strays, .. } = *view;
        let reader = Reader::new(&repository.store);
        let (infos, questions) = Default::default();
        Self { repository, history, tips, picked, strays, all_versions, reader, infos, questions }
    }

    /// All places.
    pub(super) fn places(mut self, coverage: &mut Coverage) -> Vec<Place> {
        let (messages, tags) = self.sort_texts();
        let keys = std::mem::take(&mut self.history.keys.all);
        let of_keys: Vec<_> = keys.iter().map(|key| self.questions.ask(&key.origins)).collect();
        let of_messages: Vec<_> = messages.iter().map(|&(_, commit)| self.questions.ask(&[commit])).collect();
        let questions: Vec<&[CommitIx]> = self.questions.all.iter().map(|commits| &**commits).collect();
        let answers = contain::answer(self.history.graph, self.tips, &questions);
        let mut places = Vec::new();
        for (key, question) in keys.iter().zip(of_keys) {
            let git = self.git_of_key(key, &answers[question], coverage);
            self.push(&mut places, key.class, self.path(key).as_ref(), &git);
        }
        let message = PathName::new(*b"commit message");
        for (&(hit, commit), question) in messages.iter().zip(of_messages) {
            let git = self.git_of_message(hit, commit, &answers[question], coverage);
            for &class in self.history.hits.classes(hit) {
                self.push(&mut places, class, Some(&message), &git);
            }
        }
        for ((name, class), holders) in tags {
            let path = PathName::new([b"tag ", name.as_slice()].concat());
            self.push(&mut places, class, Some(&path), &self.git_of_tag(&holders));
        }
        places.sort_by(|one, other| {
            (one.secret, &one.path, one.git.blob).cmp(&(other.secret, &other.path, other.git.blob))
        });
        places
    }

    /// What was found in commit messages and in tags; what has no other place is noted as such.
    fn sort_texts(&mut self) -> (Vec<(Hit, CommitIx)>, Tags) {
        let (mut messages, mut tags) = (Vec::new(), Tags::new());
        let hits = self.history.hits;
        let mut buffer = Vec::new();
        for (hit, id) in (0..).zip(&hits.ids) {
            let num = self.repository.store.num(id.as_bytes());
            match num.and_then(|num| Some((num, self.repository.inventory().kind(num)?))) {
                Some((num, Kind::Commit)) => {
                    let commit = self.history.graph.find(num);
                    messages.extend(commit.filter(|&at| self.picked[at as usize]).map(|commit| (hit, commit)));
                }
                Some((num, Kind::Tag)) if !self.strays && !self.tips.tags.contains_key(&num) => {}
                Some((num, Kind::Tag)) if self.reader.read(num, &mut buffer).is_ok() => {
                    let name = object::Tag::parse(&buffer).name;
                    for &class in hits.classes(hit) {
                        tags.entry((name.clone(), class)).or_default().push((hit, num));
                    }
                }
                _ if self.history.keys.placed[hit as usize] => {}
                _ if self.strays => self.history.note_nowhere(hit),
                _ => {}
            }
        }
        (messages, tags)
    }

    fn push(&self, places: &mut Vec<Place>, class: Class, path: Option<&PathName>, git: &GitPlace) {
        let secrets = &self.history.hits.secrets[class as usize];
        places.extend(secrets.iter().map(|&secret| Place { secret, path: path.cloned(), git: git.clone() }));
    }

    fn path(&self, key: &Key) -> Option<PathName> {
        match key.path {
            NOWHERE => None,
            NOTE => Some(PathName::new(*b"note")),
            path => Some(PathName::new(self.history.paths.bytes(self.history.sets, path))),
        }
    }

    fn git_of_key(&mut self, key: &Key, answer: &Answer, coverage: &mut Coverage) -> GitPlace {
        let graph = self.history.graph;
        let by_age = |&commit: &CommitIx| (graph.time(commit), self.repository.sort_key(graph.num(commit)));
        let introduced = answer.earliest.iter().copied().min_by_key(by_age);
        let version = introduced.and_then(|commit| self.history.version_at(commit, key.path, key.class));
        let hit = key.head.or(version).or(key.versions.first().copied());
        let ids = &self.history.hits.ids;
        let all = if self.all_versions { usize::MAX } else { 0 };
        let blobs = key.versions.iter().take(all).map(|&hit| ids[hit as usize]).collect();
        let mut git = GitPlace {
            blob: hit.map(|hit| ids[hit as usize]),
            introduced: introduced.and_then(|commit| self.info(commit, coverage)),
            last: key.last.and_then(|commit| self.info(commit, coverage)),
            in_head: key.head.is_some(),
            reach: if key.head.is_some() { Reach::Head } else { key.reach.min(reach(answer)) },
            versions: key.versions.len() as u64,
            blobs,
            ..GitPlace::default()
        };
        self.name_refs(&mut git, answer, &key.refs);
        git
    }

    fn git_of_message(&mut self, hit: Hit, commit: CommitIx, answer: &Answer, coverage: &mut Coverage) -> GitPlace {
        let id = self.history.hits.ids[hit as usize];
        let info = self.info(commit, coverage);
        let mut git = GitPlace {
            blob: Some(id),
            introduced: info.clone(),
            last: info,
            reach: reach(answer),
            versions: 1,
            blobs: if self.all_versions { vec![id] } else { Vec::new() },
            ..GitPlace::default()
        };
        self.name_refs(&mut git, answer, &BTreeSet::new());
        git
    }

    /// A tag's text is in no commit. Of several tags of one name, the one that can best be got at is named.
    fn git_of_tag(&self, holders: &[(Hit, Num)]) -> GitPlace {
        let names = |num: &Num| self.tips.tags.get(num).into_iter().flatten();
        let reach_of = |num: &Num| names(num).map(|by| by.reach).min().unwrap_or_default();
        let ids = &self.history.hits.ids;
        let best = holders.iter().min_by_key(|(hit, num)| (reach_of(num), *hit));
        let refs = holders.iter().flat_map(|(_, num)| names(num)).filter_map(|by| by.place).collect();
        let all = holders.iter().filter(|_| self.all_versions);
        let mut git = GitPlace {
            blob: best.map(|&(hit, _)| ids[hit as usize]),
            reach: best.map(|(_, num)| reach_of(num)).unwrap_or_default(),
            versions: holders.len() as u64,
            blobs: all.map(|&(hit, _)| ids[hit as usize]).collect(),
            ..GitPlace::default()
        };
        self.name_refs(&mut git, &Answer::default(), &refs);
        git
    }

    fn name_refs(&self, git: &mut GitPlace, answer: &Answer, others: &BTreeSet<usize>) {
        // A ref that names no commit is in no answer.
        let places = answer.refs.iter().chain(others).take(GitPlace::MOST_REFS);
        git.refs = places.map(|&place| self.tips.refs[place].0.clone()).collect();
        git.refs_count = answer.refs_count + others.len() as u64;
    }

    fn info(&mut self, commit: CommitIx, coverage: &mut Coverage) -> Option<Arc<CommitInfo>> {
        if let Some(info) = self.infos.get(&commit) {
            return Some(info.clone());
        }
        let id = self.repository.store.id(self.history.graph.num(commit));
        let mut buffer = Vec::new();
        match super::super::find(&mut self.reader, id, &mut buffer) {
            Ok(_) => {
                let info = Arc::new(object::commit_info(id, &buffer));
                self.infos.insert(commit, info.clone());
                Some(info)
            }
            Err(error) => {
                coverage.fail(format!("object {id}"), super::super::error::chain(&error));
                None
            }
        }
    }
}

/// Tag objects by name and by what they hold.
type Tags = BTreeMap<(Vec<u8>, Class), Vec<(Hit, Num)>>;

fn reach(answer: &Answer) -> Reach {
    match answer {
        Answer { in_ref: true, .. } => Reach::Ref,
        Answer { in_stash: true, .. } => Reach::Stash,
        Answer { in_reflog: true, .. } => Reach::Reflog,
        _ => Reach::Unreachable,
    }
}
