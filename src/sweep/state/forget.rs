//! What is forgotten is gone from the file, not only from the tables.
//!
//! Another state that still has it brings it back when the two are joined.

use std::collections::BTreeSet;

use globset::Glob;
use rusqlite::Connection;

use super::{Error, State, record, repositories, settle};
use crate::incident::IncidentId;

/// What to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Repositories of this id or name, or whose names are like this pattern.
    Repository(String),
    /// One incident. It is an incident again where a scan finds it anew.
    Incident(IncidentId),
    /// What was there before this time and is there no more, in seconds since 1970: repositories, incidents, places, sweeps, verdicts.
    Before(i64),
}

/// How much was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Repositories.
    pub repositories: u64,
    /// Incidents.
    pub incidents: u64,
    /// Occurrences.
    pub occurrences: u64,
}

/// Texts and commits that no row names.
const ORPHANS: &str = "
DELETE FROM commits WHERE id NOT IN (SELECT introduced FROM occurrence WHERE introduced IS NOT NULL)
    AND id NOT IN (SELECT last FROM occurrence WHERE last IS NOT NULL);
DELETE FROM text WHERE id <> 0 AND id NOT IN (SELECT path FROM occurrence UNION SELECT allowed_by FROM occurrence
    UNION SELECT owner FROM occurrence UNION SELECT refs FROM occurrence UNION SELECT facts FROM holding
    UNION SELECT author FROM commits UNION SELECT email FROM commits);
";

impl State {
    /// Forgets what `selector` names.
    ///
    /// # Errors
    /// Where there is nothing like it, or the database refuses.
    pub fn forget(&mut self, selector: &Selector) -> Result<Forgotten, Error> {
        let step = self.database.transaction()?;
        let before = counts(&step)?;
        match selector {
            Selector::Repository(name) => forget_repositories(&step, name)?,
            Selector::Incident(id) => forget_incident(&step, *id)?,
            Selector::Before(time) => forget_before(&step, time.saturating_mul(1000))?,
        }
        step.execute_batch(
            "DELETE FROM incident WHERE id NOT IN (SELECT incident FROM holding);
            DELETE FROM verdict WHERE incident NOT IN (SELECT id FROM incident);
            DELETE FROM moving WHERE NOT EXISTS
                (SELECT 1 FROM holding h WHERE h.incident = moving.incident AND h.repository = moving.repository);",
        )?;
        step.execute_batch(ORPHANS)?;
        settle::all(&step)?;
        let after = counts(&step)?;
        step.commit()?;
        self.database.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(Forgotten {
            repositories: before.repositories - after.repositories,
            incidents: before.incidents - after.incidents,
            occurrences: before.occurrences - after.occurrences,
        })
    }
}

fn counts(step: &Connection) -> Result<Forgotten, Error> {
    let count = |table: &str| super::count(step, &format!("SELECT count(*) FROM {table}"), []);
    Ok(Forgotten {
        repositories: count("repository")?,
        incidents: count("incident")?,
        occurrences: count("occurrence")?,
    })
}

fn forget_repositories(step: &Connection, name: &str) -> Result<(), Error> {
    let glob = Glob::new(name).map_err(|source| Error::Glob { glob: name.to_owned(), source })?.compile_matcher();
    let holders = repositories::holders(step)?;
    let is_named = |listed: &crate::sweep::repository::Listed| {
        listed.id.as_str() == name || listed.name == name || glob.is_match(&listed.name)
    };
    let named: BTreeSet<i64> =
        holders.iter().filter(|(_, holder)| is_named(&holder.listed)).map(|(id, _)| *id).collect();
    if named.is_empty() {
        return Err(Error::Nothing { what: name.to_owned() });
    }
    named.iter().try_for_each(|id| forget_repository(step, *id))?;
    // What forges answered may name them.
    step.execute("DELETE FROM answer", [])?;
    Ok(())
}

fn forget_repository(step: &Connection, id: i64) -> Result<(), Error> {
    let of_incident = "DELETE FROM occurrence WHERE repository = ?1
        AND incident IN (SELECT incident FROM holding WHERE repository = ?1)";
    // Its network is scanned from the beginning, should it be listed again.
    let cursor = "DELETE FROM cursor WHERE network = (SELECT network FROM repository WHERE id = ?1)";
    for sql in [
        of_incident,
        cursor,
        "DELETE FROM holding WHERE repository = ?1",
        "DELETE FROM moving WHERE repository = ?1",
        "DELETE FROM going WHERE repository = ?1",
        "DELETE FROM repository WHERE id = ?1",
    ] {
        step.execute(sql, [id])?;
    }
    Ok(())
}

fn forget_incident(step: &Connection, id: IncidentId) -> Result<(), Error> {
    let number = record::number_of(step, id)?.ok_or_else(|| Error::Nothing { what: id.to_string() })?;
    for sql in [
        "DELETE FROM occurrence WHERE incident = ?1",
        "DELETE FROM holding WHERE incident = ?1",
        "DELETE FROM incident WHERE id = ?1",
    ] {
        step.execute(sql, [number])?;
    }
    Ok(())
}

fn forget_before(step: &Connection, at: i64) -> Result<(), Error> {
    let mut select = step.prepare("SELECT id FROM repository WHERE gone = 1 AND listed_at < ?1")?;
    let gone = select.query_map([at], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    gone.into_iter().try_for_each(|id| forget_repository(step, id))?;
    for table in ["occurrence", "holding"] {
        let sql = format!(
            "DELETE FROM {table} WHERE seen < ?1
            AND seen <> (SELECT scanned FROM repository r WHERE r.id = {table}.repository)"
        );
        step.execute(&sql, [at])?;
    }
    for sql in [
        "DELETE FROM verdict WHERE at < ?1",
        "DELETE FROM answer WHERE at < ?1",
        "DELETE FROM sweep WHERE ended <> 0 AND ended < ?1 AND began < (SELECT max(began) FROM sweep WHERE complete = 1)",
    ] {
        step.execute(sql, [at])?;
    }
    Ok(())
}
