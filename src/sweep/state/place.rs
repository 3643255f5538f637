//! One occurrence as a row, masked; and a row as an occurrence.
//!
//! Names of enums are kept as small numbers, which must never change their meaning.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use rusqlite::{Connection, Row, Statement, params};
use sha2::{Digest, Sha256};

use super::Error;
use crate::{
    blob::{ObjectId, PathName},
    finding::Excerpt,
    incident::{CommitInfo, GitPlace, Occurrence, Reach, SourceKind},
    location::{Location, Span},
    report::Redactor,
    rule::Confidence,
};

const SOURCES: [SourceKind; 4] = [SourceKind::File, SourceKind::Stdin, SourceKind::Git, SourceKind::Forge];
const REACHES: [Reach; 6] = [Reach::Head, Reach::Ref, Reach::Stash, Reach::Reflog, Reach::Index, Reach::Unreachable];

/// Between names of refs, which hold no such byte.
const BETWEEN: u8 = b'\n';

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
            introduced: commit(git.and_then(|git| git.introduced.as_ref())),
            last: commit(git.and_then(|git| git.last.as_ref())),
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
            position(&SOURCES, self.found.source),
            position(Confidence::ALL, self.found.confidence),
            number(at.span.start()),
            number(at.span.end()),
            number(at.line),
            number(at.column),
            number(at.end_line),
            number(at.end_column),
            number(self.found.excerpt.wide),
            i64::from(git.is_some()),
            i64::from(git.is_some_and(|git| git.in_head)),
            position(&REACHES, git.map_or(Reach::Unreachable, |git| git.reach)),
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

fn position<T: PartialEq>(all: &[T], one: T) -> i64 {
    all.iter().position(|other| *other == one).map_or(0, |at| number(at as u64))
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
        let id = match found.next()? {
            Some(row) => row.get(0)?,
            None => {
                self.add_text.execute([text])?;
                self.step.last_insert_rowid()
            }
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
        let id = match found.next()? {
            Some(row) => row.get(0)?,
            None => {
                self.add_commit.execute(columns)?;
                self.step.last_insert_rowid()
            }
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

/// The columns that [`Reader::occurrence`] reads, behind those that are the caller's.
pub(super) const COLUMNS: &str = "path, source, confidence, start, stop, line, col, end_line, end_col, wide, allowed_by, git, blob, introduced, last, in_head, reach, refs, refs_count, versions, blobs";

/// Texts and commits by their numbers.
pub(super) struct Reader {
    texts: HashMap<i64, Arc<[u8]>>,
    commits: HashMap<i64, CommitInfo>,
}

impl Reader {
    /// Reads all of them.
    pub(super) fn new(database: &Connection) -> Result<Self, Error> {
        let mut texts = HashMap::new();
        let mut select = database.prepare("SELECT id, bytes FROM text")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            texts.insert(row.get(0)?, row.get::<_, Arc<[u8]>>(1)?);
        }
        let mut reader = Self { texts, commits: HashMap::new() };
        let mut select = database.prepare("SELECT id, object, author, email, at FROM commits")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let object: Vec<u8> = row.get(1)?;
            let commit = CommitInfo {
                id: object_id(&object)?,
                author: reader.string(row.get(2)?)?,
                email: reader.string(row.get(3)?)?,
                at: row.get(4)?,
            };
            reader.commits.insert(row.get(0)?, commit);
        }
        Ok(reader)
    }

    /// A text.
    pub(super) fn bytes(&self, id: i64) -> Result<&[u8], Error> {
        self.texts.get(&id).map(|text| &**text).ok_or_else(|| damaged("a text is missing"))
    }

    /// A text that is one.
    pub(super) fn string(&self, id: i64) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(self.bytes(id)?).into_owned())
    }

    /// The occurrence in the columns from `first` on, in `repository`.
    pub(super) fn occurrence(&self, row: &Row<'_>, first: usize, repository: &Arc<str>) -> Result<Occurrence, Error> {
        let column = |at: usize| row.get::<_, i64>(first + at);
        let count = |at: usize| Ok::<_, Error>(u64::try_from(column(at)?).unwrap_or_default());
        let (start, stop) = (count(3)?, count(4)?);
        let path = column(0)?;
        let allowed_by = column(10)?;
        Ok(Occurrence {
            repository: Some(repository.clone()),
            source: one_of(&SOURCES, column(1)?)?,
            path: (path != 0).then(|| self.bytes(path).map(PathName::new)).transpose()?,
            location: Location {
                span: Span::new(start, stop.max(start)),
                line: count(5)?,
                column: count(6)?,
                end_line: count(7)?,
                end_column: count(8)?,
            },
            excerpt: Excerpt { wide: count(9)?, ..Excerpt::default() },
            confidence: one_of(Confidence::ALL, column(2)?)?,
            allowed_by: (allowed_by != 0).then(|| self.string(allowed_by)).transpose()?,
            git: (column(11)? != 0).then(|| self.git(row, first + 12)).transpose()?,
        })
    }

    fn git(&self, row: &Row<'_>, first: usize) -> Result<GitPlace, Error> {
        let count = |at: usize| Ok::<_, Error>(u64::try_from(row.get::<_, i64>(first + at)?).unwrap_or_default());
        let blob = row.get_ref(first)?.as_blob_or_null().map_err(|_| damaged("an object's id is none"))?;
        let refs = self.bytes(row.get(first + 5)?)?;
        let refs = refs.split(|byte| *byte == BETWEEN).filter(|name| !name.is_empty());
        let blobs = row.get_ref(first + 8)?.as_blob().map_err(|_| damaged("objects' ids are none"))?;
        Ok(GitPlace {
            blob: blob.map(object_id).transpose()?,
            introduced: self.commit(row.get(first + 1)?)?,
            last: self.commit(row.get(first + 2)?)?,
            in_head: row.get(first + 3)?,
            reach: one_of(&REACHES, row.get(first + 4)?)?,
            refs: refs.map(|name| String::from_utf8_lossy(name).into_owned()).collect(),
            refs_count: count(6)?,
            versions: count(7)?,
            blobs: object_ids(blobs)?,
        })
    }

    fn commit(&self, id: Option<i64>) -> Result<Option<CommitInfo>, Error> {
        let commit = |id| self.commits.get(&id).cloned().ok_or_else(|| damaged("a commit is missing"));
        id.map(commit).transpose()
    }
}

fn damaged(why: &str) -> Error {
    Error::Damaged { why: why.to_owned() }
}

fn one_of<T: Copy>(all: &[T], at: i64) -> Result<T, Error> {
    let one = usize::try_from(at).ok().and_then(|at| all.get(at));
    one.copied().ok_or_else(|| damaged("a word is none"))
}

fn object_id(bytes: &[u8]) -> Result<ObjectId, Error> {
    if matches!(bytes.len(), 20 | 32) { Ok(ObjectId::new(bytes)) } else { Err(damaged("an object's id is none")) }
}

fn object_ids(mut bytes: &[u8]) -> Result<Vec<ObjectId>, Error> {
    let mut ids = Vec::new();
    while let Some((&length, rest)) = bytes.split_first() {
        let (id, rest) = rest.split_at_checked(usize::from(length)).ok_or_else(|| damaged("objects' ids are none"))?;
        ids.push(object_id(id)?);
        bytes = rest;
    }
    Ok(ids)
}
