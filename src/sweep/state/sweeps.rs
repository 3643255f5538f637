//! Sweeps: when each began, and how it ended.

use rusqlite::OptionalExtension;

use super::{Error, State, key, seconds, stamp};

/// One sweep of a state. Whatever it learns counts as learned when it began, so that what only moves between two repositories is never gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub(super) number: i64,
    pub(super) began: i64,
}

impl Sweep {
    /// Its number within its state, from 1.
    pub fn number(self) -> i64 {
        self.number
    }

    /// When it began, in seconds since 1970.
    pub fn began(self) -> i64 {
        seconds(self.began)
    }
}

impl State {
    /// Begins a sweep at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn begin(&mut self, now: i64) -> Result<Sweep, Error> {
        let identity = key::random::<16>().map_err(|source| Error::File { path: self.dir.clone(), source })?;
        let step = self.database.transaction()?;
        let last: i64 = step.query_row("SELECT coalesce(max(began), 0) FROM sweep", [], |row| row.get(0))?;
        let began = stamp(now, last);
        let insert = "INSERT INTO sweep (identity, origin, began) SELECT ?1, value, ?2 FROM meta WHERE name = 'origin'";
        step.execute(insert, (identity.as_slice(), began))?;
        let number = step.last_insert_rowid();
        step.commit()?;
        Ok(Sweep { number, began })
    }

    /// Ends it at `now`; `complete` says whether every repository was covered.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn end(&mut self, sweep: Sweep, now: i64, complete: bool) -> Result<(), Error> {
        let ended = stamp(now, sweep.began);
        let update = "UPDATE sweep SET ended = max(ended, ?2), complete = ?3 WHERE number = ?1";
        self.database.execute(update, (sweep.number, ended, complete))?;
        Ok(())
    }

    /// The last sweep, if it did not come to its end.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn unfinished(&self) -> Result<Option<Sweep>, Error> {
        let select = "SELECT number, began, ended FROM sweep
            WHERE origin = (SELECT value FROM meta WHERE name = 'origin') ORDER BY began DESC, number DESC LIMIT 1";
        let last = self.database.query_row(select, [], |row| {
            Ok((Sweep { number: row.get(0)?, began: row.get(1)? }, row.get::<_, i64>(2)?))
        });
        Ok(last.optional()?.filter(|(_, ended)| *ended == 0).map(|(sweep, _)| sweep))
    }
}
