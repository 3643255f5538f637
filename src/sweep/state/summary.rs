//! Incidents that are not resolved, counted by what people ask for, and what is new.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension};

use super::{Error, State, read, reader::Reader, repositories, seconds};
use crate::incident::{IncidentId, Status};

/// Ages in days up to which incidents are counted together, and what that is called.
const AGES: [(i64, &str); 4] = [(1, "up to 1 day"), (7, "up to 7 days"), (30, "up to 30 days"), (90, "up to 90 days")];
/// What older ones are called.
const OLDER: &str = "more than 90 days";
/// Stands for whoever owns what nobody is known to own.
const NOBODY: &str = "nobody known";

/// Incidents that are not resolved, counted. One in several repositories or of several owners counts for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many there are.
    pub incidents: u64,
    /// By the name of their provider.
    pub providers: BTreeMap<String, u64>,
    /// By class.
    pub classes: BTreeMap<String, u64>,
    /// By severity.
    pub severities: BTreeMap<String, u64>,
    /// By verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// By how long they have been known, the youngest first.
    pub ages: Vec<(&'static str, u64)>,
    /// By whose they probably are.
    pub owners: BTreeMap<String, u64>,
    /// By repository.
    pub repositories: BTreeMap<String, u64>,
    /// When the last complete sweep before the newest one ended, in seconds since 1970; nothing where there was none.
    pub since: Option<i64>,
    /// Those that were first seen since; all, where there was no sweep before.
    pub new: Vec<IncidentId>,
    /// Those that were reopened since.
    pub reopened: Vec<IncidentId>,
    /// Those that were resolved since.
    pub resolved: Vec<IncidentId>,
}

impl State {
    /// Counts incidents as of `now`, in seconds since 1970.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn summary(&self, now: i64) -> Result<Summary, Error> {
        let moment = self.database.unchecked_transaction()?;
        let holders = repositories::holders(&moment)?;
        let reader = Reader::new(&moment)?;
        let owners = owners(&moment, &reader)?;
        let since = last_sweep(&moment)?;
        let mut summary = Summary { since: since.map(seconds), ages: ages(), ..Summary::default() };
        for head in read::heads(&moment, &reader, &holders)? {
            let is_later = since.is_none_or(|since| head.since > since);
            match head.life.status {
                Status::Resolved if is_later => summary.resolved.push(head.id),
                Status::Reopened if is_later => summary.reopened.push(head.id),
                Status::Open if is_later => summary.new.push(head.id),
                _ => {}
            }
            if head.life.status != Status::Resolved {
                summary.count(&head, now, owners.get(&head.number));
                let names = head.repositories.iter().filter_map(|id| holders.get(id));
                names.for_each(|holder| add(&mut summary.repositories, &holder.listed.name));
            }
        }
        for ids in [&mut summary.new, &mut summary.reopened, &mut summary.resolved] {
            ids.sort();
        }
        Ok(summary)
    }
}

impl Summary {
    fn count(&mut self, head: &read::Head, now: i64, owners: Option<&BTreeSet<String>>) {
        self.incidents += 1;
        add(&mut self.providers, &head.facts.provider_name);
        add(&mut self.classes, &head.facts.class);
        add(&mut self.severities, &head.facts.severity);
        add(&mut self.verdicts, head.said.verdict().status());
        let days = now.saturating_sub(head.life.first_seen).div_euclid(24 * 60 * 60);
        let age = AGES.iter().position(|(most, _)| days < *most).unwrap_or(AGES.len());
        self.ages[age].1 += 1;
        match owners {
            Some(owners) => owners.iter().for_each(|owner| add(&mut self.owners, owner)),
            None => add(&mut self.owners, NOBODY),
        }
    }
}

fn add(counts: &mut BTreeMap<String, u64>, what: &str) {
    *counts.entry(what.to_owned()).or_default() += 1;
}

fn ages() -> Vec<(&'static str, u64)> {
    AGES.iter().map(|(_, name)| *name).chain([OLDER]).map(|name| (name, 0)).collect()
}

/// Whose the places of each incident are that are there now.
fn owners(database: &Connection, reader: &Reader) -> Result<HashMap<i64, BTreeSet<String>>, Error> {
    let mut select = database.prepare(
        "SELECT DISTINCT o.incident, o.owner FROM occurrence o JOIN repository r ON r.id = o.repository
         WHERE o.owner <> 0 AND o.seen = r.scanned AND r.gone = 0",
    )?;
    let mut rows = select.query([])?;
    let mut owners: HashMap<i64, BTreeSet<String>> = HashMap::new();
    while let Some(row) = rows.next()? {
        owners.entry(row.get(0)?).or_default().insert(reader.string(row.get(1)?)?);
    }
    Ok(owners)
}

/// When the last complete sweep before the newest one ended. Where several states were joined, each has its own newest one.
fn last_sweep(database: &Connection) -> Result<Option<i64>, Error> {
    let select = "SELECT max(ended) FROM sweep s WHERE complete = 1
        AND EXISTS (SELECT 1 FROM sweep later WHERE later.origin = s.origin AND later.began > s.began)";
    Ok(database.query_row(select, [], |row| row.get::<_, Option<i64>>(0)).optional()?.flatten())
}
