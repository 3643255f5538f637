//! A row as an occurrence, with the texts and commits that it names.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use rusqlite::{Connection, Row};

use super::{
    Error,
    place::{BETWEEN, REACHES, SOURCES},
};
use crate::{
    blob::ObjectId,
    finding::Excerpt,
    incident::{CommitInfo, GitPlace, Occurrence},
    location::{Location, Span},
    rule::Confidence,
};

/// The columns that [`Reader::occurrence`] reads, behind those that are the caller's.
pub(super) const COLUMNS: &str = "path, source, confidence, start, stop, line, col, end_line, end_col, wide, allowed_by, git, blob, introduced, last, in_head, reach, refs, refs_count, versions, blobs, owner";

/// Texts and commits by their numbers. Occurrences share what they have in common.
pub(super) struct Reader {
    texts: Numbered<Arc<[u8]>>,
    commits: Numbered<Arc<CommitInfo>>,
    /// Texts that were asked for as names of refs.
    refs: Numbered<Arc<[String]>>,
    /// Texts that were asked for as names of owners; nothing where nobody is named.
    owners: Numbered<Option<Arc<str>>>,
}

/// What is looked up by its number: some times for each occurrence.
pub(super) type Numbered<T> = HashMap<i64, T, BuildHasherDefault<NumberHasher>>;

/// Spreads numbers. They are the database's own, so nobody chooses them to collide.
#[derive(Default)]
pub(super) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // 2^64 divided by the golden ratio. A table takes the high bits and the low ones.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

impl Reader {
    /// Reads all of them.
    pub(super) fn new(database: &Connection) -> Result<Self, Error> {
        let mut texts = Numbered::default();
        let mut select = database.prepare("SELECT id, bytes FROM text")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            texts.insert(row.get(0)?, row.get::<_, Arc<[u8]>>(1)?);
        }
        let mut reader =
            Self { texts, commits: Numbered::default(), refs: Numbered::default(), owners: Numbered::default() };
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
            reader.commits.insert(row.get(0)?, Arc::new(commit));
        }
        Ok(reader)
    }

    fn text(&self, id: i64) -> Result<&Arc<[u8]>, Error> {
        self.texts.get(&id).ok_or_else(|| damaged("a text is missing"))
    }

    /// A text.
    pub(super) fn bytes(&self, id: i64) -> Result<&[u8], Error> {
        self.text(id).map(|text| &**text)
    }

    /// A text that is one.
    pub(super) fn string(&self, id: i64) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(self.bytes(id)?).into_owned())
    }

    /// The occurrence in the columns from `first` on, in `repository`.
    pub(super) fn occurrence(
        &mut self,
        row: &Row<'_>,
        first: usize,
        repository: &Arc<str>,
    ) -> Result<Occurrence, Error> {
        let column = |at: usize| row.get::<_, i64>(first + at);
        let count = |at: usize| Ok::<_, Error>(u64::try_from(column(at)?).unwrap_or_default());
        let (start, stop) = (count(3)?, count(4)?);
        let path = column(0)?;
        let allowed_by = column(10)?;
        Ok(Occurrence {
            repository: Some(repository.clone()),
            owner: self.owner(column(21)?)?,
            source: one_of(&SOURCES, column(1)?)?,
            path: (path != 0).then(|| self.text(path).map(|text| text.clone().into())).transpose()?,
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

    fn git(&mut self, row: &Row<'_>, first: usize) -> Result<GitPlace, Error> {
        let count = |at: usize| Ok::<_, Error>(u64::try_from(row.get::<_, i64>(first + at)?).unwrap_or_default());
        let blob = row.get_ref(first)?.as_blob_or_null().map_err(|_| damaged("an object's id is none"))?;
        let blobs = row.get_ref(first + 8)?.as_blob().map_err(|_| damaged("objects' ids are none"))?;
        Ok(GitPlace {
            blob: blob.map(object_id).transpose()?,
            introduced: self.commit(row.get(first + 1)?)?,
            last: self.commit(row.get(first + 2)?)?,
            in_head: row.get(first + 3)?,
            reach: one_of(&REACHES, row.get(first + 4)?)?,
            refs: self.refs(row.get(first + 5)?)?,
            refs_count: count(6)?,
            versions: count(7)?,
            blobs: object_ids(blobs)?,
        })
    }

    fn owner(&mut self, id: i64) -> Result<Option<Arc<str>>, Error> {
        if let Some(owner) = self.owners.get(&id) {
            return Ok(owner.clone());
        }
        let owner = Some(self.string(id)?).filter(|name| !name.is_empty()).map(Arc::from);
        self.owners.insert(id, owner.clone());
        Ok(owner)
    }

    fn refs(&mut self, id: i64) -> Result<Arc<[String]>, Error> {
        if let Some(refs) = self.refs.get(&id) {
            return Ok(refs.clone());
        }
        let names = self.bytes(id)?.split(|byte| *byte == BETWEEN).filter(|name| !name.is_empty());
        let refs: Arc<[String]> = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        self.refs.insert(id, refs.clone());
        Ok(refs)
    }

    fn commit(&self, id: Option<i64>) -> Result<Option<Arc<CommitInfo>>, Error> {
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
    // One takes 21 bytes or more.
    let mut ids = Vec::with_capacity(bytes.len() / 21);
    while let Some((&length, rest)) = bytes.split_first() {
        let (id, rest) = rest.split_at_checked(usize::from(length)).ok_or_else(|| damaged("objects' ids are none"))?;
        ids.push(object_id(id)?);
        bytes = rest;
    }
    Ok(ids)
}
