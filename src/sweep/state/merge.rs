//! Two states become one.
//!
//! Whatever the order, and however often, the outcome is the same: sets are united, of times the least or the greatest stays, and of two values the
//! newer one, or of one age the greater. Rows are matched by what they are of, never by their numbers, which each state gives as it likes.

use std::{fs, path::Path};

use super::{Changes, DATABASE, Error, State, Wait, schema, settle, turn::Turn};

/// What is in theirs becomes a part of ours. `their_…` give our numbers for theirs.
const JOIN: &[&str] = &[
    "CREATE TEMP TABLE their_text (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)",
    "CREATE TEMP TABLE their_commit (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)",
    "CREATE TEMP TABLE their_repository (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)",
    "CREATE TEMP TABLE their_incident (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)",
    "INSERT INTO main.text (bytes) SELECT bytes FROM other.text WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO their_text SELECT t.id, o.id FROM other.text t JOIN main.text o ON o.bytes = t.bytes",
    "INSERT INTO main.commits (object, author, email, at) SELECT c.object, a.ours, e.ours, c.at FROM other.commits c
        JOIN their_text a ON a.theirs = c.author JOIN their_text e ON e.theirs = c.email WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO their_commit SELECT c.id, o.id FROM other.commits c
        JOIN their_text a ON a.theirs = c.author JOIN their_text e ON e.theirs = c.email
        JOIN main.commits o ON o.object = c.object AND o.author = a.ours AND o.email = e.ours AND o.at = c.at",
    "INSERT INTO main.repository (identity, listed_at, gone, listed, first_seen, last_seen, scanned, network, stamp, tips, coverage,
            completed, failed, failure)
        SELECT identity, listed_at, gone, listed, first_seen, last_seen, scanned, network, stamp, tips, coverage, completed,
            failed, failure FROM other.repository WHERE true
        ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
            last_seen = max(last_seen, excluded.last_seen), completed = max(completed, excluded.completed)",
    "UPDATE main.repository AS o SET listed_at = t.listed_at, gone = t.gone, listed = t.listed FROM other.repository t
        WHERE t.identity = o.identity AND (t.listed_at, t.gone, t.listed) > (o.listed_at, o.gone, o.listed)",
    "UPDATE main.repository AS o SET scanned = t.scanned, network = t.network, stamp = t.stamp, tips = t.tips, coverage = t.coverage
        FROM other.repository t WHERE t.identity = o.identity
        AND (t.scanned, t.network, t.stamp, t.tips, t.coverage) > (o.scanned, o.network, o.stamp, o.tips, o.coverage)",
    "UPDATE main.repository AS o SET failed = t.failed, failure = t.failure FROM other.repository t
        WHERE t.identity = o.identity AND (t.failed, t.failure) > (o.failed, o.failure)",
    "INSERT INTO their_repository SELECT t.id, o.id FROM other.repository t JOIN main.repository o ON o.identity = t.identity",
    "INSERT INTO main.incident (identity, verdict_at, verdict) SELECT identity, verdict_at, verdict FROM other.incident
        WHERE true ON CONFLICT DO NOTHING",
    "UPDATE main.incident AS o SET verdict_at = t.verdict_at, verdict = t.verdict FROM other.incident t
        WHERE t.identity = o.identity AND (t.verdict_at, t.verdict) > (o.verdict_at, o.verdict)",
    "UPDATE main.incident AS o SET told = t.told FROM other.incident t WHERE t.identity = o.identity AND t.told > o.told",
    "INSERT INTO their_incident SELECT t.id, o.id FROM other.incident t JOIN main.incident o ON o.identity = t.identity",
    "INSERT INTO main.verdict SELECT i.ours, v.at, v.verdict FROM other.verdict v
        JOIN their_incident i ON i.theirs = v.incident WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO main.going SELECT r.ours, g.at, g.gone FROM other.going g
        JOIN their_repository r ON r.theirs = g.repository WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO main.moving SELECT i.ours, r.ours, m.at, m.here FROM other.moving m
        JOIN their_incident i ON i.theirs = m.incident JOIN their_repository r ON r.theirs = m.repository
        WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO main.holding SELECT i.ours, r.ours, h.first_seen, h.seen, t.ours FROM other.holding h
        JOIN their_incident i ON i.theirs = h.incident JOIN their_repository r ON r.theirs = h.repository
        JOIN their_text t ON t.theirs = h.facts WHERE true
        ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen), seen = max(seen, excluded.seen),
        facts = CASE WHEN excluded.seen > seen OR excluded.seen = seen
            AND (SELECT bytes FROM main.text WHERE id = excluded.facts) > (SELECT bytes FROM main.text WHERE id = facts)
            THEN excluded.facts ELSE facts END",
    "INSERT INTO main.sweep (identity, origin, began, ended, complete)
        SELECT identity, origin, began, ended, complete FROM other.sweep WHERE true ORDER BY began, identity
        ON CONFLICT (identity) DO UPDATE SET ended = max(ended, excluded.ended), complete = max(complete, excluded.complete)",
    "INSERT INTO main.cursor SELECT network, at, bytes FROM other.cursor WHERE true ON CONFLICT DO UPDATE
        SET at = excluded.at, bytes = excluded.bytes WHERE (excluded.at, excluded.bytes) > (at, bytes)",
    "INSERT INTO main.answer SELECT url, at, etag, body FROM other.answer WHERE true ON CONFLICT DO UPDATE
        SET at = excluded.at, etag = excluded.etag, body = excluded.body
        WHERE (excluded.at, excluded.etag, excluded.body) > (at, etag, body)",
];

/// Their occurrences, under our numbers.
const THEIR_OCCURRENCES: &str = "
INSERT INTO main.occurrence (incident, repository, path, mark, first_seen, seen, digest, source, confidence, start, stop, line, col,
    end_line, end_col, wide, git, in_head, reach, refs_count, versions, allowed_by, owner, refs, blob, introduced, last, blobs)
SELECT i.ours, r.ours, p.ours, mark, first_seen, seen, digest, source, confidence, start, stop, line, col, end_line, end_col, wide, git,
    in_head, reach, refs_count, versions, a.ours, w.ours, f.ours, blob, c.ours, l.ours, blobs
FROM other.occurrence o JOIN their_incident i ON i.theirs = o.incident JOIN their_repository r ON r.theirs = o.repository
    JOIN their_text p ON p.theirs = o.path JOIN their_text a ON a.theirs = o.allowed_by
    JOIN their_text w ON w.theirs = o.owner JOIN their_text f ON f.theirs = o.refs
    LEFT JOIN their_commit c ON c.theirs = o.introduced LEFT JOIN their_commit l ON l.theirs = o.last
WHERE true ON CONFLICT DO UPDATE SET ";

/// What becomes of ours where theirs is newer.
const NEWER: &str = "
    first_seen = min(first_seen, excluded.first_seen), seen = excluded.seen, digest = excluded.digest, source = excluded.source,
    confidence = excluded.confidence, start = excluded.start, stop = excluded.stop, line = excluded.line, col = excluded.col,
    end_line = excluded.end_line, end_col = excluded.end_col, wide = excluded.wide, git = excluded.git,
    in_head = excluded.in_head, reach = excluded.reach, refs_count = excluded.refs_count, versions = excluded.versions,
    allowed_by = excluded.allowed_by, owner = excluded.owner, refs = excluded.refs, blob = excluded.blob,
    introduced = excluded.introduced, last = excluded.last, blobs = excluded.blobs
WHERE (excluded.seen, excluded.digest) > (seen, digest)";

/// What becomes of ours where theirs was seen earlier.
const EARLIER: &str = "first_seen = excluded.first_seen WHERE excluded.first_seen < first_seen";

const END: &str =
    "DROP TABLE their_text; DROP TABLE their_commit; DROP TABLE their_repository; DROP TABLE their_incident;";

impl State {
    /// Takes in what the state in `dir` has learned, which stays as it is. It takes that state's turn, too.
    ///
    /// # Errors
    /// Where that state has another key, is in use and `wait` says not to wait, or cannot be used; then nothing is taken in.
    pub fn merge(&mut self, dir: &Path, wait: Wait<'_>) -> Result<Changes, Error> {
        let real = |dir: &Path| fs::canonicalize(dir).map_err(|source| Error::File { path: dir.to_owned(), source });
        let (theirs, ours) = (real(dir)?, real(&self.dir)?);
        if theirs == ours {
            return Ok(Changes::default());
        }
        if fs::symlink_metadata(dir.join(DATABASE)).is_err() {
            return Err(Error::None { dir: dir.to_owned() });
        }
        let other = self.beside(dir, theirs < ours, wait)?;
        if other.key.id() != self.key.id() {
            let (theirs, ours) = (other.key.id().to_owned(), self.key.id().to_owned());
            return Err(Error::OtherKey { dir: dir.to_owned(), theirs, ours });
        }
        let path = dir.join(DATABASE);
        let path = path
            .to_str()
            .ok_or_else(|| Error::File { path: path.clone(), source: std::io::Error::other("its path is no text") })?;
        self.database.execute("ATTACH DATABASE ?1 AS other", [path])?;
        let joined = self.join();
        self.database.execute("DETACH DATABASE other", [])?;
        joined
    }

    /// The state in `dir`, with its turn taken besides this one's. Of two that take in each other at once, each waits with the turn alone that comes
    /// first in the order of their folders, so neither waits for the other for good.
    fn beside(&mut self, dir: &Path, is_first: bool, wait: Wait<'_>) -> Result<Self, Error> {
        match (Self::open(dir, Wait::No), wait) {
            (Err(Error::Busy { .. }), Wait::Told(_)) => {}
            (opened, _) => return opened,
        }
        if !is_first {
            return Self::open(dir, wait);
        }
        self.turn = None;
        let other = Self::open(dir, wait);
        self.turn = Some(Turn::take(&self.dir, wait)?);
        other
    }

    fn join(&mut self) -> Result<Changes, Error> {
        schema::cache(&self.database, schema::FOR_ALL)?;
        let step = self.database.transaction()?;
        for sql in JOIN {
            step.execute(sql, [])?;
        }
        for conflict in [NEWER, EARLIER] {
            step.execute(&format!("{THEIR_OCCURRENCES}{conflict}"), [])?;
        }
        let changes = settle::all(&step)?;
        step.execute_batch(END)?;
        step.commit()?;
        schema::cache(&self.database, schema::FOR_STEPS)?;
        Ok(changes)
    }
}
