//! Repositories: how forges list them, what their last scans came to, and which are gone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Changes, Error, State, Sweep, facts, later, seconds, settle};
use crate::{
    coverage::Coverage,
    sweep::repository::{Listed, RepositoryId},
};

/// What is known of a repository. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// It, as a forge last listed it.
    pub listed: Listed,
    /// The fork network that it was last scanned in.
    pub network: Option<String>,
    /// Its refs as they were last scanned, as [`super::State::record`] was told.
    pub tips: Option<String>,
    /// What [`Listed::stamp`] was when it was last scanned.
    pub stamp: Option<String>,
    /// When it was last scanned, completely or not.
    pub scanned_at: Option<i64>,
    /// When it was last scanned completely.
    pub completed_at: Option<i64>,
    /// What that scan covered.
    pub coverage: Option<Coverage>,
    /// Why it could not be scanned, if it could not since.
    pub failure: Option<String>,
    /// When it was first listed.
    pub first_seen: i64,
    /// When it was last listed.
    pub last_seen: i64,
    /// Since when no forge lists it.
    pub gone_at: Option<i64>,
    /// Whether its last scan is its last complete one, and nothing failed since.
    pub is_complete: bool,
}

impl Known {
    /// Whether the repository, as it is listed now, holds nothing that was not scanned: by its stamp.
    pub fn covers(&self, listed: &Listed) -> bool {
        self.is_complete && listed.stamp.is_some() && self.stamp == listed.stamp
    }
}

const SELECT: &str = "SELECT listed, network, tips, stamp, scanned, completed, failed, failure, first_seen, last_seen, gone, listed_at, coverage FROM repository ORDER BY identity";

impl State {
    /// Every repository that was ever listed, in order of its id.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn repositories(&self) -> Result<Vec<Known>, Error> {
        let mut select = self.database.prepare(SELECT)?;
        let mut rows = select.query([])?;
        let mut known = Vec::new();
        while let Some(row) = rows.next()? {
            known.push(read(row)?);
        }
        Ok(known)
    }

    /// Notes what forges list. One that was gone is there again.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn note_listed(&mut self, sweep: Sweep, repositories: &[Listed]) -> Result<Changes, Error> {
        let step = self.database.transaction()?;
        let mut back = Vec::new();
        for listed in repositories {
            let noted = note(&step, sweep, listed)?;
            if noted.was_gone {
                back.push(noted.id);
            }
        }
        let changes = settle::of_repositories(&step, &back)?;
        step.commit()?;
        Ok(changes)
    }

    /// Notes that a repository could not be scanned, and why: a printable text without secrets.
    ///
    /// # Errors
    /// Where it was never listed, or the database refuses.
    pub fn note_failed(&mut self, sweep: Sweep, id: &RepositoryId, reason: &str) -> Result<(), Error> {
        let select = "SELECT max(failed, scanned) FROM repository WHERE identity = ?1";
        let last: Option<i64> = self.database.query_row(select, [id.as_str()], |row| row.get(0)).optional()?;
        let last = last.ok_or_else(|| Error::Unknown { id: id.to_string() })?;
        let update = "UPDATE repository SET failed = ?2, failure = ?3 WHERE identity = ?1";
        self.database.execute(update, (id.as_str(), later(sweep.began, last), reason))?;
        Ok(())
    }

    /// Notes that forges list these repositories no more: what is in them is gone.
    ///
    /// # Errors
    /// Where the database refuses. Those that were never listed are passed over.
    pub fn note_gone(&mut self, sweep: Sweep, ids: &[RepositoryId]) -> Result<Changes, Error> {
        let step = self.database.transaction()?;
        let mut gone = Vec::new();
        for id in ids {
            let select = "SELECT id, listed_at FROM repository WHERE identity = ?1 AND gone = 0";
            let found: Option<(i64, i64)> =
                step.query_row(select, [id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((id, last)) = found else { continue };
            let at = later(sweep.began, last);
            step.execute("UPDATE repository SET gone = 1, listed_at = ?2 WHERE id = ?1", (id, at))?;
            step.execute("INSERT INTO going VALUES (?1, ?2, 1)", (id, at))?;
            gone.push(id);
        }
        let changes = settle::of_repositories(&step, &gone)?;
        step.commit()?;
        Ok(changes)
    }
}

/// A repository that was noted.
pub(super) struct Noted {
    pub(super) id: i64,
    pub(super) was_gone: bool,
}

/// Notes how a forge lists a repository.
pub(super) fn note(step: &Connection, sweep: Sweep, listed: &Listed) -> Result<Noted, Error> {
    let json = facts::json(listed);
    let select = "SELECT id, listed_at, gone FROM repository WHERE identity = ?1";
    let found: Option<(i64, i64, bool)> =
        step.query_row(select, [listed.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((id, last, was_gone)) = found else {
        let insert = "INSERT INTO repository (identity, listed_at, gone, listed, first_seen, last_seen) VALUES (?1, ?2, 0, ?3, ?2, ?2)";
        step.execute(insert, (listed.id.as_str(), sweep.began, json))?;
        return Ok(Noted { id: step.last_insert_rowid(), was_gone: false });
    };
    let at = later(sweep.began, last);
    let update = "UPDATE repository SET listed_at = ?2, gone = 0, listed = ?3, last_seen = ?2 WHERE id = ?1";
    step.execute(update, (id, at, json))?;
    if was_gone {
        step.execute("INSERT INTO going VALUES (?1, ?2, 0)", (id, at))?;
    }
    Ok(Noted { id, was_gone })
}

fn read(row: &Row<'_>) -> Result<Known, Error> {
    let text = |at: usize| -> Result<Option<String>, rusqlite::Error> {
        Ok(Some(row.get::<_, String>(at)?).filter(|text| !text.is_empty()))
    };
    let time = |at: usize| -> Result<i64, rusqlite::Error> { row.get(at) };
    let (scanned, completed, failed) = (time(4)?, time(5)?, time(6)?);
    let known = |stamp: i64| (stamp != 0).then(|| seconds(stamp));
    let coverage = text(12)?.map(|json| facts::coverage_of(&json)).transpose()?;
    Ok(Known {
        listed: facts::parsed(&row.get::<_, String>(0)?)?,
        network: text(1)?,
        tips: text(2)?.filter(|_| scanned != 0),
        stamp: text(3)?,
        scanned_at: known(scanned),
        completed_at: known(completed),
        coverage,
        failure: text(7)?.filter(|_| failed > scanned),
        first_seen: seconds(time(8)?),
        last_seen: seconds(time(9)?),
        gone_at: row.get::<_, bool>(10)?.then(|| time(11)).transpose()?.map(seconds),
        is_complete: scanned != 0 && completed == scanned && failed <= scanned,
    })
}

/// What reading incidents has to know of a repository.
pub(super) struct Holder {
    pub(super) listed: Listed,
    pub(super) scanned: i64,
    pub(super) last_seen: i64,
    pub(super) is_gone: bool,
}

/// All repositories by their numbers.
pub(super) fn holders(database: &Connection) -> Result<BTreeMap<i64, Holder>, Error> {
    let mut select = database.prepare("SELECT id, listed, scanned, last_seen, gone FROM repository")?;
    let mut rows = select.query([])?;
    let mut holders = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let listed = facts::parsed(&row.get::<_, String>(1)?)?;
        let holder = Holder { listed, scanned: row.get(2)?, last_seen: row.get(3)?, is_gone: row.get(4)? };
        holders.insert(row.get(0)?, holder);
    }
    Ok(holders)
}
