//! A repository that was looked at and is as it was.

use rusqlite::OptionalExtension;

use super::{Error, State, Sweep, later};
use crate::sweep::repository::Listed;

impl State {
    /// Notes that a repository holds what it held when it was last scanned, though its list says that it may have changed: `tips` and the stamp of
    /// `listed` take the place of those before.
    ///
    /// # Errors
    /// Where it was never scanned, or the database refuses.
    pub fn note_unchanged(&mut self, sweep: Sweep, listed: &Listed, tips: &str) -> Result<(), Error> {
        let step = self.database.transaction()?;
        let select = "SELECT id, scanned, failed FROM repository WHERE identity = ?1 AND scanned <> 0";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(i64, i64, i64)> = step.query_row(select, [listed.id.as_str()], read).optional()?;
        let (id, before, failed) = found.ok_or_else(|| Error::Unknown { id: listed.id.to_string() })?;
        let now = later(sweep.began, before.max(failed));
        let places = "UPDATE occurrence SET seen = ?3 WHERE repository = ?1 AND seen = ?2
            AND incident IN (SELECT incident FROM holding WHERE repository = ?1)";
        step.execute(places, (id, before, now))?;
        step.execute("UPDATE holding SET seen = ?3 WHERE repository = ?1 AND seen = ?2", (id, before, now))?;
        let update = "UPDATE repository SET scanned = ?2, completed = ?2, stamp = ?3, tips = ?4 WHERE id = ?1";
        step.execute(update, (id, now, listed.stamp.as_deref().unwrap_or_default(), tips))?;
        step.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        incident::Status,
        sweep::state::{
            Filter,
            samples::{THEN, incident, listed, record, rules, state},
        },
    };

    fn pushed(number: u32) -> Listed {
        Listed { stamp: Some("2".to_owned()), ..listed(number) }
    }

    #[test]
    fn what_is_as_it_was_is_covered_and_holds_what_it_held() {
        let (_dir, mut state) = state();
        let first = state.begin(THEN).unwrap();
        let (held, left) = (incident(&state, 1, &["a", "b"]), incident(&state, 2, &["c"]));
        record(&mut state, first, 1, &[held.clone(), left.clone()]);
        record(&mut state, first, 1, std::slice::from_ref(&held));
        let sweep = state.begin(THEN + 60).unwrap();
        assert!(!state.repositories().unwrap()[0].covers(&pushed(1)));
        state.note_unchanged(sweep, &pushed(1), "new tips").unwrap();
        let known = state.repositories().unwrap().remove(0);
        assert!(known.covers(&pushed(1)) && !known.covers(&listed(1)));
        assert_eq!((known.tips.as_deref(), known.network.as_deref()), (Some("new tips"), Some("net1")));
        assert_eq!((known.scanned_at, known.completed_at), (Some(THEN + 60), Some(THEN + 60)));
        assert_eq!(known.coverage.unwrap().blobs, 10, "what was covered then counts");
        let recalled = state.incidents(&Filter::default(), &rules()).unwrap().incidents;
        assert_eq!((recalled.len(), recalled[0].id, recalled[0].occurrences.len()), (1, held.id, 2));
        let life = recalled[0].life.unwrap();
        assert_eq!((life.status, life.first_seen, life.last_seen), (Status::Open, THEN, THEN + 60));
        // What had left is no more there than before, and what is there leaves as ever.
        let resolved = Filter { statuses: vec![Status::Resolved], ..Filter::default() };
        assert_eq!(state.incidents(&resolved, &rules()).unwrap().incidents[0].id, left.id);
        let sweep = state.begin(THEN + 120).unwrap();
        assert_eq!(record(&mut state, sweep, 1, &[]).resolved, [held.id]);
    }

    #[test]
    fn a_failure_is_over_once_it_is_looked_at() {
        let (_dir, mut state) = state();
        let sweep = state.begin(THEN).unwrap();
        record(&mut state, sweep, 1, &[]);
        state.note_failed(sweep, &listed(1).id, "cannot be fetched").unwrap();
        assert!(!state.repositories().unwrap()[0].is_complete);
        state.note_unchanged(sweep, &pushed(1), "tips").unwrap();
        let known = state.repositories().unwrap().remove(0);
        assert!(known.is_complete && known.failure.is_none() && known.covers(&pushed(1)));
    }

    #[test]
    fn what_was_never_scanned_is_not_as_it_was() {
        let (_dir, mut state) = state();
        let sweep = state.begin(THEN).unwrap();
        state.note_listed(sweep, &[listed(1)]).unwrap();
        for number in [1, 2] {
            let error = state.note_unchanged(sweep, &listed(number), "tips").unwrap_err();
            assert!(matches!(error, Error::Unknown { .. }), "{error}");
        }
        assert!(state.repositories().unwrap()[0].scanned_at.is_none());
    }

    /// What one repository holds is left alone by another's step, though both have the same incident.
    #[test]
    fn other_repositories_are_left_alone() {
        let (_dir, mut state) = state();
        let sweep = state.begin(THEN).unwrap();
        let found = [incident(&state, 1, &["a"])];
        record(&mut state, sweep, 1, &found);
        record(&mut state, sweep, 2, &found);
        let sweep = state.begin(THEN + 60).unwrap();
        state.note_unchanged(sweep, &pushed(1), "tips").unwrap();
        assert_eq!(record(&mut state, sweep, 2, &[]).resolved, []);
        let places = state.incidents(&Filter::default(), &rules()).unwrap().incidents.remove(0).occurrences;
        assert_eq!(places.iter().map(|place| place.repository.as_deref().unwrap()).collect::<Vec<_>>(), ["acme/r1"]);
    }
}
