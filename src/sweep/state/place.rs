//! One occurrence as a row, masked. A row as an occurrence is [`super::reader`]'s.
//!
//! Names of enums are kept as small numbers, which must never change their meaning.

use std::{borrow::Cow, collections::HashMap};

use rusqlite::{Connection, Statement, params};
use sha2::{Digest, Sha256};

use super::Error;
use crate::{
    blob::{ObjectId, PathName},
    incident::{CommitInfo, GitPlace, Occurrence, Reach, SourceKind},
    report::Redactor,
    rule::Confidence,
};

pub(super) const SOURCES: [SourceKind; 4] = [SourceKind::File, SourceKind::Stdin, SourceKind::Git, SourceKind::Forge];
pub(super) const REACHES: [Reach; 6] =
    [Reach::Head, Reach::Ref, Reach::Stash, Reach::Reflog, Reach::Index, Reach::Unreachable];

/// Between names of refs, which hold no such byte.
pub(super) const BETWEEN: u8 = b'\n';

/// What an occurrence comes to, masked, before its texts have numbers.
pub(super) struct Place<'a> {
    found: &'a Occurrence,
    path: Cow<'a, [u8]>,
    /// Tells occurrences of one path apart.
    mark: Vec<u8>,
    allowed_by: Cow<'a, str>,
    owner: String,
    refs: Vec<u8>,
    introduced: Option<Commit>,
    last: Option<Commit>,
}

/// A commit, masked.
struct Commit {
    id: ObjectId,
    author: String,
    email: String,
    at: i64,
}

impl Commit {
    fn new(commit: &CommitInfo, redactor: &Redactor<'_>) -> Self {
        let text = |text: &str| redactor.text(text).into_owned();
        Self { id: commit.id, author: text(&commit.author), email: text(&commit.email), at: commit.at }
    }
}

impl<'a> Place<'a> {
    /// `nth` counts occurrences of one incident at one path and object, from 0.
    pub(super) fn new(found: &'a Occurrence, owner: Option<String>, redactor: &Redactor<'_>) -> Self {
        let git = found.git.as_ref();
        let commit = |commit: Option<&CommitInfo>| commit.map(|commit| Commit::new(commit, redactor));
        let refs: Vec<Cow<'_, str>> =
            git.map_or(&[][..], |git| &git.refs).iter().map(|name| redactor.text(name)).collect();
        Self {
            found,
            path: found.path.as_ref().map_or(Cow::Borrowed(&[]), |path| redactor.bytes(path.as_bytes())),
            mark: git
                .and_then(|git| git.blob.filter(|_| is_message(found)))
                .map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
            allowed_by: found
                .allowed_by
                .as_deref()
                .map_or(Cow::Borrowed(""), |by| Cow::Owned(redactor.text(by).into_owned())),
            owner: owner.map_or_else(String::new, |owner| redactor.text(&owner).into_owned()),
            refs: refs.join("\n").into_bytes(),
            introduced: commit(git.and_then(|git| git.introduced.as_deref())),
            last: commit(git.and_then(|git| git.last.as_deref())),
        }
    }

    /// What tells it from others of its incident in its repository.
    pub(super) fn key(&self) -> (Vec<u8>, Vec<u8>) {
        (self.path.to_vec(), self.mark.clone())
    }

    /// Tells it from `nth` others that have its key.
    pub(super) fn number(&mut self, nth: usize) {
        if nth > 0 {
            self.mark.extend(format!("#{nth}").into_bytes());
        }
    }

    /// A hash of everything but when it was seen, by which of two at one time one is chosen.
    fn digest(&self, numbers: &[i64]) -> i64 {
        let mut hash = Sha256::new();
        let git = self.found.git.as_ref();
        for number in numbers {
            hash.update(number.to_le_bytes());
        }
        let commit = |commit: &Option<Commit>| {
            commit.as_ref().map_or_else(Vec::new, |commit| {
                let head = [commit.id.as_bytes(), &commit.at.to_le_bytes()].concat();
                [&head, commit.author.as_bytes(), b"\0", commit.email.as_bytes()].concat()
            })
        };
        let (introduced, last) = (commit(&self.introduced), commit(&self.last));
        let blob = git.and_then(|git| git.blob).map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let blobs = blobs(git);
        let texts: [&[u8]; 7] =
            [self.allowed_by.as_bytes(), self.owner.as_bytes(), &self.refs, &introduced, &last, &blob, &blobs];
        for text in texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let digest = hash.finalize();
        i64::from_le_bytes(std::array::from_fn(|at| digest[at]))
    }

    /// The numbers of its row that stand for themselves.
    fn numbers(&self) -> [i64; 15] {
        let (at, git) = (self.found.location, self.found.git.as_ref());
        [
            position(&SOURCES, &self.found.source),
            position(Confidence::ALL, &self.found.confidence),
            number(at.span.start()),
            number(at.span.end()),
            number(at.line),
            number(at.column),
            number(at.end_line),
            number(at.end_column),
            number(self.found.excerpt.wide),
            i64::from(git.is_some()),
            i64::from(git.is_some_and(|git| git.in_head)),
            position(&REACHES, &git.map_or(Reach::Unreachable, |git| git.reach)),
            number(git.map_or(0, |git| git.refs_count)),
            number(git.map_or(0, |git| git.versions)),
            i64::from(self.found.path.is_some()),
        ]
    }
}

/// Whether it is in a commit's or tag's text, or in a blob without a name: then each object is a place of its own.
fn is_message(found: &Occurrence) -> bool {
    let is_text = |path: &PathName| {
        let path = path.as_bytes();
        path == b"commit message" || path == b"note" || path.starts_with(b"tag ")
    };
    found.source == SourceKind::Git && found.path.as_ref().is_none_or(is_text)
}

fn position<T: PartialEq>(all: &[T], one: &T) -> i64 {
    all.iter().position(|other| other == one).map_or(0, |at| number(at as u64))
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn blobs(git: Option<&GitPlace>) -> Vec<u8> {
    let blobs = git.map_or(&[][..], |git| &git.blobs);
    let one = |id: &ObjectId| [&[u8::try_from(id.as_bytes().len()).unwrap_or_default()], id.as_bytes()].concat();
    blobs.iter().flat_map(one).collect()
}

/// Writes occurrences, and the texts and commits that they name.
pub(super) struct Writer<'c> {
    texts: HashMap<Vec<u8>, i64>,
    find_text: Statement<'c>,
    add_text: Statement<'c>,
    commits: HashMap<(ObjectId, i64, i64, i64), i64>,
    find_commit: Statement<'c>,
    add_commit: Statement<'c>,
    put: Statement<'c>,
    step: &'c Connection,
}

const PUT: &str = "
INSERT INTO occurrence (incident, repository, path, mark, first_seen, seen, digest, source, confidence, start, stop, line, col,
    end_line, end_col, wide, git, in_head, reach, refs_count, versions, allowed_by, owner, refs, blob, introduced, last, blobs)
VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27)
ON CONFLICT DO UPDATE SET seen = excluded.seen, digest = excluded.digest, source = excluded.source,
    confidence = excluded.confidence, start = excluded.start, stop = excluded.stop, line = excluded.line, col = excluded.col,
    end_line = excluded.end_line, end_col = excluded.end_col, wide = excluded.wide, git = excluded.git,
    in_head = excluded.in_head, reach = excluded.reach, refs_count = excluded.refs_count, versions = excluded.versions,
    allowed_by = excluded.allowed_by, owner = excluded.owner, refs = excluded.refs, blob = excluded.blob,
    introduced = excluded.introduced, last = excluded.last, blobs = excluded.blobs";

impl<'c> Writer<'c> {
    pub(super) fn new(step: &'c Connection) -> Result<Self, Error> {
        Ok(Self {
            texts: HashMap::new(),
            find_text: step.prepare("SELECT id FROM text WHERE bytes = ?1")?,
            add_text: step.prepare("INSERT INTO text (bytes) VALUES (?1)")?,
            commits: HashMap::new(),
            find_commit: step
                .prepare("SELECT id FROM commits WHERE object = ?1 AND author = ?2 AND email = ?3 AND at = ?4")?,
            add_commit: step.prepare("INSERT INTO commits (object, author, email, at) VALUES (?1, ?2, ?3, ?4)")?,
            put: step.prepare(PUT)?,
            step,
        })
    }

    /// The number of a text.
    pub(super) fn text(&mut self, text: &[u8]) -> Result<i64, Error> {
        if let Some(&id) = self.texts.get(text) {
            return Ok(id);
        }
        let mut found = self.find_text.query([text])?;
        let id = if let Some(row) = found.next()? {
            row.get(0)?
        } else {
            self.add_text.execute([text])?;
            self.step.last_insert_rowid()
        };
        self.texts.insert(text.to_vec(), id);
        Ok(id)
    }

    fn commit(&mut self, commit: Option<&Commit>) -> Result<Option<i64>, Error> {
        let Some(commit) = commit else { return Ok(None) };
        let key = (commit.id, self.text(commit.author.as_bytes())?, self.text(commit.email.as_bytes())?, commit.at);
        if let Some(&id) = self.commits.get(&key) {
            return Ok(Some(id));
        }
        let columns = (commit.id.as_bytes(), key.1, key.2, key.3);
        let mut found = self.find_commit.query(columns)?;
        let id = if let Some(row) = found.next()? {
            row.get(0)?
        } else {
            self.add_commit.execute(columns)?;
            self.step.last_insert_rowid()
        };
        self.commits.insert(key, id);
        Ok(Some(id))
    }

    /// Puts `place` of an incident into a repository, seen at `at`; when it was first seen stays.
    pub(super) fn put(&mut self, incident: i64, repository: i64, at: i64, place: &Place<'_>) -> Result<(), Error> {
        let numbers = place.numbers();
        let digest = place.digest(&numbers);
        let path = self.text(&place.path)?;
        let (allowed_by, owner) = (self.text(place.allowed_by.as_bytes())?, self.text(place.owner.as_bytes())?);
        let refs = self.text(&place.refs)?;
        let (introduced, last) = (self.commit(place.introduced.as_ref())?, self.commit(place.last.as_ref())?);
        let git = place.found.git.as_ref();
        let blob = git.and_then(|git| git.blob);
        let blob = blob.as_ref().map(ObjectId::as_bytes);
        let [
            source,
            confidence,
            start,
            stop,
            line,
            col,
            end_line,
            end_col,
            wide,
            has_git,
            head,
            reach,
            refs_count,
            versions,
            _,
        ] = numbers;
        self.put.execute(params![
            incident,
            repository,
            path,
            place.mark,
            at,
            digest,
            source,
            confidence,
            start,
            stop,
            line,
            col,
            end_line,
            end_col,
            wide,
            has_git,
            head,
            reach,
            refs_count,
            versions,
            allowed_by,
            owner,
            refs,
            blob,
            introduced,
            last,
            blobs(git)
        ])?;
        Ok(())
    }
}
