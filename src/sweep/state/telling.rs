//! What somebody has to be told of: incidents that are new or back, and that nobody was told of since.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};

use super::{Error, Filter, State, seconds};
use crate::{
    escape,
    incident::{Incident, IncidentId, Status},
    rule::Rule,
    sweep::{
        notify::{Change, Notice, Pending, Place},
        owners::{By, Owner},
        repository::RepositoryId,
    },
};

/// What was taken to be told, and as of when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(Vec<(i64, i64)>);

/// An incident's row, and since when it is what it is.
type Since = BTreeMap<IncidentId, (i64, i64)>;

impl State {
    /// What has to be told by now, for a run with `rules`; [`State::note_told`] takes the rest once it was.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn pending(&self, rules: &[Rule]) -> Result<(Pending, Told), Error> {
        let key = self.key.id().to_owned();
        let since = untold(&self.database)?;
        if since.is_empty() {
            return Ok((Pending { key, notices: Vec::new(), more: 0 }, Told::default()));
        }
        let recalled = self.incidents(&Filter::default(), rules)?;
        let mut notices = Vec::new();
        for incident in
            recalled.incidents.iter().filter(|incident| since.contains_key(&incident.id)).take(Pending::MOST)
        {
            let (number, at) = since[&incident.id];
            let rule = &recalled.rules[incident.rule.0 as usize];
            notices.push(notice(incident, rule, seconds(at), owner(&self.database, number)?));
        }
        let more = (since.len() - notices.len()) as u64;
        Ok((Pending { key, notices, more }, Told(since.into_values().collect())))
    }

    /// Notes that this was told.
    ///
    /// # Errors
    /// Where the database refuses; then it is told once more.
    pub fn note_told(&mut self, told: &Told) -> Result<(), Error> {
        let step = self.database.transaction()?;
        for (number, since) in &told.0 {
            step.execute("UPDATE incident SET told = max(told, ?2) WHERE id = ?1", (number, since))?;
        }
        step.commit()?;
        Ok(())
    }

    /// How many incidents that are not resolved work, as far as anybody has asked.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn active(&self, rules: &[Rule]) -> Result<u64, Error> {
        let recalled = self.incidents(&Filter::default(), rules)?;
        let active = recalled.incidents.iter().filter(|incident| incident.verdict == crate::verdict::Verdict::Active);
        Ok(active.count() as u64)
    }

    /// Repositories that hold incidents which are not resolved.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn unresolved(&self) -> Result<BTreeSet<RepositoryId>, Error> {
        let select = "SELECT DISTINCT repository.identity FROM holding
            JOIN repository ON repository.id = holding.repository AND repository.scanned = holding.seen
            JOIN incident ON incident.id = holding.incident
            WHERE repository.gone = 0 AND incident.status IN ('open', 'reopened')";
        let mut select = self.database.prepare(select)?;
        let rows = select.query_map([], |row| Ok(RepositoryId::known(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn untold(database: &Connection) -> Result<Since, Error> {
    let select = "SELECT identity, id, since FROM incident WHERE status IN ('open', 'reopened') AND since > told";
    let mut select = database.prepare(select)?;
    let rows = select.query_map([], |row| Ok((IncidentId::from_bytes(row.get(0)?), (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whose an incident probably is: of the first place that says so.
fn owner(database: &Connection, incident: i64) -> Result<Option<Owner>, Error> {
    let select = "SELECT text.bytes FROM occurrence JOIN text ON text.id = occurrence.owner
        WHERE incident = ?1 AND owner <> 0 LIMIT 1";
    let found: Option<Vec<u8>> = database.query_row(select, [incident], |row| row.get(0)).optional()?;
    Ok(found.map(|name| {
        let name = String::from_utf8_lossy(&name).into_owned();
        let by = if name.starts_with('@') { By::CodeOwners } else { By::Author };
        let is_team = by == By::CodeOwners && (name.contains('/') || name.starts_with("@@"));
        let (team, person) = if is_team { (Some(name), None) } else { (None, Some(name)) };
        Owner { team, person, by }
    }))
}

fn notice(incident: &Incident, rule: &Rule, at: i64, owner: Option<Owner>) -> Notice {
    let is_back = incident.life.is_some_and(|life| life.status == Status::Reopened);
    let place = |repository: &std::sync::Arc<str>, path: Option<String>, line: u64| Place {
        repository: repository.to_string(),
        path,
        line: Some(line),
    };
    let mut repositories: Vec<_> = incident.occurrences.iter().filter_map(|one| one.repository.clone()).collect();
    let places = incident.occurrences.iter().take(Notice::MOST_PLACES).filter_map(|one| {
        let path = one.path.as_ref().map(|path| path.to_text().into_owned());
        Some(place(one.repository.as_ref()?, path, one.location.line))
    });
    let places = places.collect();
    repositories.sort();
    repositories.dedup();
    Notice {
        incident: incident.id.to_string(),
        change: if is_back { Change::Reopened } else { Change::New },
        at,
        rule: rule.id.to_string(),
        provider: rule.provider.to_string(),
        name: escape::terminal(&rule.name).into_owned(),
        severity: incident.severity.name().to_owned(),
        masked: incident.secret.masked(),
        verdict: incident.verdict.status().to_owned(),
        repositories: repositories.len() as u64,
        occurrences: incident.occurrences.len() as u64,
        places,
        owner,
    }
}
