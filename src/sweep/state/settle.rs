//! Whether an incident is open, reopened or resolved, out of everything that happened to it.
//!
//! It is computed from what is kept, never kept by itself: so two states that are joined agree about it, in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Statement};

use super::{Changes, Error, facts::Said};
use crate::incident::{IncidentId, Status};

/// Something that happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A repository holds it, or holds it no more.
    Here(i64, bool),
    /// A repository is gone, or back.
    Gone(i64, bool),
    /// It works no more, or does again.
    Dead(bool),
}

/// What became of an incident through `events`, each with its stamp, and since when. Of what happened at once, the last counts.
fn outcome(mut events: Vec<(i64, Event)>) -> (Status, i64) {
    events.sort_by_key(|(at, _)| *at);
    let (mut places, mut dead) = (BTreeMap::<i64, (bool, bool)>::new(), false);
    let mut now = None;
    for together in events.chunk_by(|(a, _), (b, _)| a == b) {
        for (_, event) in together {
            match *event {
                Event::Here(place, here) => places.entry(place).or_default().0 = here,
                Event::Gone(place, gone) => places.entry(place).or_default().1 = gone,
                Event::Dead(is_dead) => dead = is_dead,
            }
        }
        let is_somewhere = places.values().any(|(here, gone)| *here && !gone);
        let next = match now {
            // Not seen yet.
            None if !places.values().any(|(here, _)| *here) => continue,
            _ if dead || !is_somewhere => Status::Resolved,
            None | Some((Status::Open, _)) => Status::Open,
            Some((Status::Resolved | Status::Reopened, _)) => Status::Reopened,
        };
        if now.is_none_or(|(status, _)| status != next) {
            now = Some((next, together[0].0));
        }
    }
    now.unwrap_or((Status::Resolved, 0))
}

/// Settles the incidents that these repositories hold or held.
pub(super) fn of_repositories(step: &Connection, repositories: &[i64]) -> Result<Changes, Error> {
    let mut incidents = BTreeSet::new();
    let mut select = step.prepare("SELECT incident FROM holding WHERE repository = ?1")?;
    for repository in repositories {
        let mut rows = select.query([repository])?;
        while let Some(row) = rows.next()? {
            incidents.insert(row.get(0)?);
        }
    }
    of(step, &incidents)
}

/// Settles all of them.
pub(super) fn all(step: &Connection) -> Result<Changes, Error> {
    let mut select = step.prepare("SELECT id FROM incident")?;
    let ids = select.query_map([], |row| row.get(0))?.collect::<Result<BTreeSet<i64>, _>>()?;
    of(step, &ids)
}

/// Settles these incidents, and says which of them changed.
pub(super) fn of(step: &Connection, incidents: &BTreeSet<i64>) -> Result<Changes, Error> {
    let mut happened = Happened::new(step)?;
    let mut update = step.prepare("UPDATE incident SET status = ?2, since = ?3 WHERE id = ?1")?;
    let mut changes = Changes::default();
    for &incident in incidents {
        let (identity, before) = happened.incident(incident)?;
        let (status, since) = outcome(std::mem::take(&mut happened.events));
        update.execute((incident, status.name(), since))?;
        match (before, status) {
            (None, Status::Open | Status::Reopened) => changes.new.push(identity),
            (Some(Status::Open | Status::Resolved), Status::Reopened) => changes.reopened.push(identity),
            (Some(Status::Open | Status::Reopened), Status::Resolved) => changes.resolved.push(identity),
            _ => {}
        }
    }
    Ok(changes)
}

/// Looks up what happened to incidents.
struct Happened<'c> {
    events: Vec<(i64, Event)>,
    incident: Statement<'c>,
    holdings: Statement<'c>,
    moves: Statement<'c>,
    goings: Statement<'c>,
    verdicts: Statement<'c>,
}

impl<'c> Happened<'c> {
    fn new(step: &'c Connection) -> Result<Self, Error> {
        Ok(Self {
            events: Vec::new(),
            incident: step.prepare("SELECT identity, status, verdict_at, verdict FROM incident WHERE id = ?1")?,
            holdings: step.prepare(
                "SELECT h.repository, h.first_seen, h.seen, r.scanned, r.listed_at, r.gone
                 FROM holding h JOIN repository r ON r.id = h.repository WHERE h.incident = ?1",
            )?,
            moves: step.prepare("SELECT repository, at, here FROM moving WHERE incident = ?1")?,
            goings: step.prepare("SELECT at, gone FROM going WHERE repository = ?1")?,
            verdicts: step.prepare("SELECT at, verdict FROM verdict WHERE incident = ?1")?,
        })
    }

    /// Fills `events`; gives the incident's id and the status that it had.
    fn incident(&mut self, incident: i64) -> Result<(IncidentId, Option<Status>), Error> {
        self.events.clear();
        self.add_history(incident)?;
        // What is known to be so now comes after whatever is known to have happened by then.
        self.add_places(incident)?;
        let row = self.incident.query_row([incident], |row| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
        });
        let (identity, status, at, verdict) = row?;
        self.events.push((at, Event::Dead(Said::read(&verdict)?.is_dead())));
        Ok((IncidentId::from_bytes(identity), Status::from_name(&status)))
    }

    fn add_history(&mut self, incident: i64) -> Result<(), Error> {
        let mut moves = self.moves.query([incident])?;
        while let Some(row) = moves.next()? {
            self.events.push((row.get(1)?, Event::Here(row.get(0)?, row.get(2)?)));
        }
        let mut verdicts = self.verdicts.query([incident])?;
        while let Some(row) = verdicts.next()? {
            let said = Said::read(&row.get::<_, String>(1)?)?;
            self.events.push((row.get(0)?, Event::Dead(said.is_dead())));
        }
        Ok(())
    }

    fn add_places(&mut self, incident: i64) -> Result<(), Error> {
        let mut holdings = self.holdings.query([incident])?;
        while let Some(row) = holdings.next()? {
            let place: i64 = row.get(0)?;
            let (first, seen, scanned): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            // First of what happened then: it may have left at once.
            self.events.insert(0, (first, Event::Here(place, true)));
            self.events.push((scanned.max(seen), Event::Here(place, seen == scanned)));
            let mut goings = self.goings.query([place])?;
            while let Some(going) = goings.next()? {
                self.events.push((going.get(0)?, Event::Gone(place, going.get(1)?)));
            }
            self.events.push((row.get(4)?, Event::Gone(place, row.get(5)?)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Event::*, *};

    #[test]
    fn an_incident_is_resolved_where_it_is_nowhere_or_works_no_more() {
        assert_eq!(outcome(vec![(1, Here(1, true))]), (Status::Open, 1));
        assert_eq!(outcome(vec![(1, Here(1, true)), (5, Here(1, false))]), (Status::Resolved, 5));
        assert_eq!(outcome(vec![(1, Here(1, true)), (2, Here(2, true)), (5, Here(1, false))]), (Status::Open, 1));
        assert_eq!(outcome(vec![(7, Dead(true)), (1, Here(1, true))]), (Status::Resolved, 7));
        assert_eq!(outcome(vec![(1, Here(1, true)), (5, Gone(1, true))]), (Status::Resolved, 5));
    }

    #[test]
    fn what_comes_back_is_reopened() {
        let left = [(1, Here(1, true)), (5, Here(1, false)), (9, Here(1, true))];
        assert_eq!(outcome(left.to_vec()), (Status::Reopened, 9));
        let revived = [(1, Here(1, true)), (5, Dead(true)), (9, Dead(false)), (11, Here(2, true))];
        assert_eq!(outcome(revived.to_vec()), (Status::Reopened, 9));
    }

    #[test]
    fn what_moves_at_once_was_never_gone() {
        let moved = [(1, Here(1, true)), (5, Here(1, false)), (5, Here(2, true))];
        assert_eq!(outcome(moved.to_vec()), (Status::Open, 1));
        assert_eq!(outcome(vec![(1, Gone(1, true)), (2, Gone(1, false)), (3, Here(1, true))]), (Status::Open, 3));
    }
}
