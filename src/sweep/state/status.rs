//! How far sweeps have come, in a few numbers.

use rusqlite::OptionalExtension;

use super::{DATABASE, Error, State, seconds};

/// How far sweeps have come. Times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How many sweeps were begun.
    pub sweeps: u64,
    /// When the newest one began.
    pub began: Option<i64>,
    /// When it ended, if it did.
    pub ended: Option<i64>,
    /// Whether it covered every repository.
    pub is_complete: bool,
    /// Repositories that forges list.
    pub repositories: u64,
    /// Of these, those whose last scan covered everything.
    pub done: u64,
    /// Of these, those whose last scan did not, or could not begin.
    pub failed: u64,
    /// Of these, those that were never scanned.
    pub left: u64,
    /// Repositories that no forge lists any more.
    pub gone: u64,
    /// Incidents that are open for the first time.
    pub open: u64,
    /// Incidents that are open again.
    pub reopened: u64,
    /// Incidents that are resolved.
    pub resolved: u64,
    /// Bytes that the last scans read.
    pub bytes: u64,
    /// Bytes that the state takes on disk.
    pub size: u64,
}

impl State {
    /// How far sweeps have come.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn status(&self) -> Result<Status, Error> {
        let mut status = Status { size: self.size(), ..Status::default() };
        self.count_sweeps(&mut status)?;
        for known in self.repositories()? {
            status.bytes += known.coverage.as_ref().map_or(0, |coverage| coverage.bytes);
            if known.gone_at.is_some() {
                status.gone += 1;
                continue;
            }
            status.repositories += 1;
            match (known.is_complete, known.failure.is_some() || known.scanned_at.is_some()) {
                (true, _) => status.done += 1,
                (false, true) => status.failed += 1,
                (false, false) => status.left += 1,
            }
        }
        let count =
            |name: &str| super::count(&self.database, "SELECT count(*) FROM incident WHERE status = ?1", [name]);
        (status.open, status.reopened, status.resolved) = (count("open")?, count("reopened")?, count("resolved")?);
        Ok(status)
    }

    fn count_sweeps(&self, status: &mut Status) -> Result<(), Error> {
        status.sweeps = super::count(&self.database, "SELECT count(*) FROM sweep", [])?;
        let select = "SELECT began, ended, complete FROM sweep ORDER BY began DESC, identity DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let newest: Option<(i64, i64, bool)> = self.database.query_row(select, [], read).optional()?;
        if let Some((began, ended, is_complete)) = newest {
            status.began = Some(seconds(began));
            status.ended = (ended != 0).then(|| seconds(ended));
            status.is_complete = is_complete;
        }
        Ok(())
    }

    fn size(&self) -> u64 {
        let files = ["", "-wal"].map(|end| self.dir.join(format!("{DATABASE}{end}")));
        files.iter().map(|file| file.metadata().map_or(0, |metadata| metadata.len())).sum()
    }
}
