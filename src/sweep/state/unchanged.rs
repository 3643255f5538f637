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
