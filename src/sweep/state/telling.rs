//! What somebody has to be told of: incidents that are new or back, and that nobody was told of since.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};

use super::{Error, Filter, State, read, reader::Reader, repositories, seconds};
use crate::{
    escape,
    incident::{Incident, IncidentId, Status},
    rule::Rule,
    sweep::{
        notify::{Change, Notice, Pending, Place},
        owners::{By, Owner},
        repository::RepositoryId,
    },
    verdict::Verdict,
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
        let filter = Filter { only: Some(since.keys().copied().collect()), ..Filter::default() };
        let recalled = self.incidents(&filter, rules)?;
        let mut notices = Vec::new();
        for incident in recalled.incidents.iter().take(Pending::MOST) {
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
    pub fn active(&self) -> Result<u64, Error> {
        let moment = self.database.unchecked_transaction()?;
        let (holders, reader) = (repositories::holders(&moment)?, Reader::new(&moment)?);
        let heads = read::heads(&moment, &reader, &holders)?;
        let works = |head: &read::Head| head.life.status != Status::Resolved && head.said.verdict() == Verdict::Active;
        Ok(heads.iter().filter(|head| works(head)).count() as u64)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::state::{
        Wait,
        samples::{THEN, incident, record, rules, sibling, state, token},
    };

    fn pending(state: &State) -> (Pending, Told) {
        state.pending(&rules()).unwrap()
    }

    #[test]
    fn what_is_new_or_back_is_told_once() {
        let (_dir, mut state) = state();
        assert_eq!(
            pending(&state),
            (Pending { key: state.key().id().to_owned(), notices: vec![], more: 0 }, Told(vec![]))
        );
        let found = [incident(&state, 1, &["a/b.env", "c", "d", "e"])];
        let sweep = state.begin(THEN).unwrap();
        record(&mut state, sweep, 1, &found);
        record(&mut state, sweep, 2, &found);
        let (first, told) = pending(&state);
        let [notice] = &first.notices[..] else { panic!("{first:?}") };
        assert_eq!((notice.change, notice.at, first.more), (Change::New, THEN, 0));
        assert_eq!((&*notice.incident, &*notice.rule), (&*found[0].id.to_string(), "github-pat"));
        assert_eq!((notice.repositories, notice.occurrences, notice.places.len()), (2, 8, Notice::MOST_PLACES));
        assert_eq!((notice.places[0].repository.as_str(), notice.places[0].line), ("acme/r1", Some(3)));
        let owner = notice.owner.as_ref().unwrap();
        assert_eq!(
            (owner.team.as_deref(), owner.person.as_deref(), owner.by),
            (Some("@acme/team"), None, By::CodeOwners)
        );
        assert!(!format!("{first:?}").contains(std::str::from_utf8(&token(1)).unwrap()));
        // It is told again until it was told.
        assert_eq!(pending(&state).0, first);
        state.note_told(&told).unwrap();
        let sweep = state.begin(THEN + 60).unwrap();
        record(&mut state, sweep, 1, &found);
        assert!(pending(&state).0.notices.is_empty());
        record(&mut state, sweep, 1, &[]);
        record(&mut state, sweep, 2, &[]);
        assert!(pending(&state).0.notices.is_empty(), "what is resolved is no news");
        let sweep = state.begin(THEN + 120).unwrap();
        record(&mut state, sweep, 2, &found);
        let (back, told_again) = pending(&state);
        assert_eq!((back.notices[0].change, back.notices[0].at), (Change::Reopened, THEN + 120));
        state.note_told(&told_again).unwrap();
        // What was noted late undoes nothing.
        state.note_told(&told).unwrap();
        assert!(pending(&state).0.notices.is_empty());
    }

    #[test]
    fn of_many_the_rest_is_counted_and_told_with_them() {
        let (_dir, mut state) = state();
        let sweep = state.begin(THEN).unwrap();
        let many: Vec<Incident> = (0..25).map(|number| incident(&state, number, &["a"])).collect();
        record(&mut state, sweep, 1, &many);
        let (all, told) = pending(&state);
        assert_eq!((all.notices.len(), all.more), (Pending::MOST, 5));
        state.note_told(&told).unwrap();
        assert_eq!((pending(&state).0.notices.len(), pending(&state).0.more), (0, 0));
        record(&mut state, sweep, 1, &many[..24]);
        let one_more: Vec<Incident> = (0..26).map(|number| incident(&state, number, &["a"])).collect();
        record(&mut state, sweep, 2, &one_more[25..]);
        let next = pending(&state).0;
        assert_eq!((next.notices.len(), &next.notices[0].incident), (1, &one_more[25].id.to_string()));
    }

    #[test]
    fn what_one_state_told_the_other_does_not_tell() {
        let (dir, mut left) = state();
        let (right_dir, mut right) = sibling(&dir);
        let (both, one) = (incident(&left, 1, &["a"]), incident(&left, 2, &["a"]));
        let (in_left, in_right) = (left.begin(THEN).unwrap(), right.begin(THEN).unwrap());
        record(&mut left, in_left, 1, std::slice::from_ref(&both));
        let told = pending(&left).1;
        left.note_told(&told).unwrap();
        record(&mut right, in_right, 1, &[both.clone(), one.clone()]);
        drop((left, right));
        let paths = [&dir, &right_dir].map(|dir| dir.path().join("state"));
        for order in [[0, 1], [1, 0]] {
            let (_into, mut into) = sibling(&dir);
            for nth in order {
                into.merge(&paths[nth], Wait::No).unwrap();
            }
            let (pending, told) = pending(&into);
            let incidents: Vec<&str> = pending.notices.iter().map(|notice| notice.incident.as_str()).collect();
            assert_eq!(incidents, [one.id.to_string()]);
            into.note_told(&told).unwrap();
            into.merge(&paths[1], Wait::No).unwrap();
            assert!(into.pending(&rules()).unwrap().0.notices.is_empty());
        }
    }

    #[test]
    fn what_works_is_counted_unless_it_is_resolved() {
        let (_dir, mut state) = state();
        let sweep = state.begin(THEN).unwrap();
        let works = |number| Incident { verdict: Verdict::Active, ..incident(&state, number, &["a"]) };
        let found = [works(1), works(2), incident(&state, 3, &["a"])];
        record(&mut state, sweep, 1, &found);
        assert_eq!(state.active().unwrap(), 2);
        record(&mut state, sweep, 1, &found[1..]);
        assert_eq!(state.active().unwrap(), 1);
    }
}
