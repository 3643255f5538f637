//! What is kept as it came: answers of forges, for conditional requests, and where the scan of each network goes on.

use rusqlite::OptionalExtension;

use super::{Error, State, stamp};

impl State {
    /// What was answered to the request that `url` is a hash of: the tag to ask with whether it still is so, and the answer.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn answer(&self, url: &str) -> Result<Option<(String, Vec<u8>)>, Error> {
        let select = "SELECT etag, body FROM answer WHERE url = ?1";
        Ok(self.database.query_row(select, [url], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Keeps an answer of `now`, in seconds since 1970, in the place of the one before.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn keep_answer(&mut self, url: &str, etag: &str, body: &[u8], now: i64) -> Result<(), Error> {
        let step = self.database.transaction()?;
        let select = "SELECT at FROM answer WHERE url = ?1";
        let last: Option<i64> = step.query_row(select, [url], |row| row.get(0)).optional()?;
        let at = stamp(now, last.unwrap_or_default());
        step.execute(
            "INSERT OR REPLACE INTO answer (url, at, etag, body) VALUES (?1, ?2, ?3, ?4)",
            (url, at, etag, body),
        )?;
        Ok(step.commit()?)
    }

    /// Where the scan of a network goes on, as [`State::record`] was told.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn cursor(&self, network: &str) -> Result<Option<Vec<u8>>, Error> {
        let select = "SELECT bytes FROM cursor WHERE network = ?1";
        Ok(self.database.query_row(select, [network], |row| row.get(0)).optional()?)
    }
}
