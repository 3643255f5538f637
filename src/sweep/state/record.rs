//! What a scan of a fork network came to, recorded in one transaction.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension};

use super::{
    Changes, Error, State, Sweep,
    facts::{self, Facts, Said},
    later,
    place::{Place, Writer},
    repositories, settle,
};
use crate::{
    coverage::Coverage,
    incident::{Incident, IncidentId, Occurrence},
    report::Redactor,
    rule::Rule,
    secret::Secret,
    sweep::repository::Listed,
    verdict::Verdict,
};

/// Whose an occurrence probably is.
pub type Owner<'a> = dyn Fn(&Incident, &Occurrence) -> Option<String> + 'a;

/// What a scan of a fork network came to.
pub struct Scanned<'a> {
    /// The network's name.
    pub network: &'a str,
    /// Where the next scan goes on; nothing to leave that as it was.
    pub cursor: Option<&'a [u8]>,
    /// The rules, by [`crate::rule::RuleIx`].
    pub rules: &'a [Rule],
    /// Secrets besides the incidents' that paths, names and other texts may hold.
    pub named: &'a [Secret],
    /// Those of its repositories that were scanned.
    pub members: &'a [Member<'a>],
}

/// A repository that was scanned.
pub struct Member<'a> {
    /// It, as it was listed before it was fetched.
    pub listed: &'a Listed,
    /// Its refs, in whatever form: given back by [`super::Known::tips`]. It is kept as it is, so it must hold nothing that may not be.
    pub tips: &'a str,
    /// What was covered. Where that is incomplete, what was there before and was not found again is taken to be there still.
    pub coverage: &'a Coverage,
    /// Whether what was there before and was not found again is there still, because only what changed was looked at.
    pub adds: bool,
    /// What is in it.
    pub incidents: &'a [Incident],
    /// Whose each occurrence is.
    pub owner: &'a Owner<'a>,
}

impl State {
    /// Records what a scan came to: all of it, or nothing. Its members hold what was found in them, and nothing else.
    ///
    /// # Errors
    /// Where the database refuses; then nothing is recorded.
    pub fn record(&mut self, sweep: Sweep, scanned: &Scanned<'_>) -> Result<Changes, Error> {
        let step = self.database.transaction()?;
        let incidents = scanned.members.iter().flat_map(|member| member.incidents);
        let redactor = Redactor::of(incidents, scanned.rules, scanned.named);
        let mut recorder =
            Recorder { step: &step, writer: Writer::new(&step)?, redactor, scanned, sweep, touched: BTreeSet::new() };
        for member in scanned.members {
            recorder.member(member)?;
        }
        recorder.cursor()?;
        let touched = std::mem::take(&mut recorder.touched);
        drop(recorder);
        let changes = settle::of(&step, &touched)?;
        step.commit()?;
        Ok(changes)
    }

    /// Records what providers said of `incidents` at `now`, in seconds since 1970. Those that the state does not know, and those that nobody was
    /// asked about, are passed over.
    ///
    /// # Errors
    /// Where the database refuses; then nothing is recorded.
    pub fn note_verdicts(&mut self, incidents: &[Incident], rules: &[Rule], now: i64) -> Result<Changes, Error> {
        let step = self.database.transaction()?;
        let redactor = Redactor::of(incidents, rules, &[]);
        let mut touched = BTreeSet::new();
        for incident in incidents {
            let Some(id) = number_of(&step, incident.id)? else { continue };
            if note_verdict(&step, id, incident, now.saturating_mul(1000), &redactor)? {
                touched.insert(id);
            }
        }
        let changes = settle::of(&step, &touched)?;
        step.commit()?;
        Ok(changes)
    }
}

/// The row of an incident, if there is one.
pub(super) fn number_of(step: &Connection, id: IncidentId) -> Result<Option<i64>, Error> {
    let select = "SELECT id FROM incident WHERE identity = ?1";
    Ok(step.query_row(select, [id.as_bytes().as_slice()], |row| row.get(0)).optional()?)
}

/// Notes an incident's verdict, if it has one, at the stamp `at` or later.
fn note_verdict(
    step: &Connection,
    id: i64,
    incident: &Incident,
    at: i64,
    redactor: &Redactor<'_>,
) -> Result<bool, Error> {
    if incident.verdict == Verdict::Unchecked {
        return Ok(false);
    }
    let said = facts::json(&Said::new(&incident.verdict, incident.access.as_ref(), redactor));
    let select = "SELECT verdict_at, verdict FROM incident WHERE id = ?1";
    let (last, before): (i64, String) = step.query_row(select, [id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let at = later(at, last);
    step.execute("UPDATE incident SET verdict_at = ?2, verdict = ?3 WHERE id = ?1", (id, at, &said))?;
    if said != before {
        step.execute("INSERT INTO verdict VALUES (?1, ?2, ?3)", (id, at, &said))?;
    }
    Ok(true)
}

/// One record in the making.
struct Recorder<'c, 'a> {
    step: &'c Connection,
    writer: Writer<'c>,
    redactor: Redactor<'a>,
    scanned: &'a Scanned<'a>,
    sweep: Sweep,
    /// Incidents that may have another status now.
    touched: BTreeSet<i64>,
}

/// A member's row, and its stamps.
struct Target {
    id: i64,
    before: i64,
    now: i64,
}

impl<'a> Recorder<'_, 'a> {
    fn member(&mut self, member: &Member<'a>) -> Result<(), Error> {
        let target = self.target(member)?;
        let before = self.held(target.id)?;
        let is_partial = member.adds || !member.coverage.complete();
        if is_partial {
            self.carry_over(&target, &before)?;
        }
        self.cover(member, &target)?;
        let mut now = BTreeSet::new();
        for incident in member.incidents {
            now.insert(self.incident(member, incident, &target)?);
        }
        for (&incident, &seen) in &before {
            let was_here = seen == target.before;
            let is_here = now.contains(&incident) || is_partial && was_here;
            if was_here != is_here {
                let insert = "INSERT INTO moving VALUES (?1, ?2, ?3, ?4)";
                self.step.execute(insert, (incident, target.id, target.now, is_here))?;
            }
        }
        self.touched.extend(before.into_keys());
        self.touched.extend(now);
        Ok(())
    }

    fn target(&self, member: &Member<'a>) -> Result<Target, Error> {
        let find = "SELECT id, scanned, failed FROM repository WHERE identity = ?1";
        let identity = member.listed.id.as_str();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let found: Option<(i64, i64, i64)> = self.step.query_row(find, [identity], read).optional()?;
        let (id, before, failed) = match found {
            Some(found) => found,
            None => (repositories::note(self.step, self.sweep, member.listed)?.id, 0, 0),
        };
        Ok(Target { id, before, now: later(self.sweep.began, before.max(failed)) })
    }

    /// The incidents that a repository holds or held, and when each was last seen.
    fn held(&self, repository: i64) -> Result<HashMap<i64, i64>, Error> {
        let mut select = self.step.prepare("SELECT incident, seen FROM holding WHERE repository = ?1")?;
        let rows = select.query_map([repository], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes everything that was there before to be there still.
    fn carry_over(&self, target: &Target, held: &HashMap<i64, i64>) -> Result<(), Error> {
        let update = "UPDATE holding SET seen = ?3 WHERE repository = ?1 AND seen = ?2";
        self.step.execute(update, (target.id, target.before, target.now))?;
        let update = "UPDATE occurrence SET seen = ?4 WHERE incident = ?1 AND repository = ?2 AND seen = ?3";
        let mut update = self.step.prepare(update)?;
        for incident in held.keys() {
            update.execute((incident, target.id, target.before, target.now))?;
        }
        Ok(())
    }

    fn cover(&self, member: &Member<'a>, target: &Target) -> Result<(), Error> {
        let completed = if member.coverage.complete() { target.now } else { 0 };
        let coverage = facts::coverage(member.coverage, &self.redactor);
        let stamp = member.listed.stamp.as_deref().unwrap_or_default();
        let update = "UPDATE repository SET scanned = ?2, network = ?3, stamp = ?4, tips = ?5, coverage = ?6,
            completed = max(completed, ?7) WHERE id = ?1";
        let network = self.scanned.network;
        self.step.execute(update, (target.id, target.now, network, stamp, member.tips, coverage, completed))?;
        Ok(())
    }

    /// Puts an incident into a repository; gives its row.
    fn incident(&mut self, member: &Member<'a>, incident: &Incident, target: &Target) -> Result<i64, Error> {
        let id = self.row_of(incident.id)?;
        note_verdict(self.step, id, incident, self.sweep.began, &self.redactor)?;
        let rule = &self.scanned.rules[incident.rule.0 as usize];
        let facts = facts::json(&Facts::new(incident, rule, &self.redactor));
        let facts = self.writer.text(facts.as_bytes())?;
        let put = "INSERT INTO holding VALUES (?1, ?2, ?3, ?3, ?4)
            ON CONFLICT DO UPDATE SET seen = excluded.seen, facts = excluded.facts";
        self.step.execute(put, (id, target.id, target.now, facts))?;
        let mut numbers: HashMap<(Vec<u8>, Vec<u8>), usize> = HashMap::new();
        for found in &incident.occurrences {
            let mut place = Place::new(found, (member.owner)(incident, found), &self.redactor);
            let nth = numbers.entry(place.key()).or_default();
            place.number(*nth);
            *nth += 1;
            self.writer.put(id, target.id, target.now, &place)?;
        }
        Ok(id)
    }

    fn row_of(&self, id: IncidentId) -> Result<i64, Error> {
        if let Some(number) = number_of(self.step, id)? {
            return Ok(number);
        }
        self.step.execute("INSERT INTO incident (identity) VALUES (?1)", [id.as_bytes().as_slice()])?;
        Ok(self.step.last_insert_rowid())
    }

    fn cursor(&self) -> Result<(), Error> {
        let Some(bytes) = self.scanned.cursor else { return Ok(()) };
        let select = "SELECT at FROM cursor WHERE network = ?1";
        let last: Option<i64> = self.step.query_row(select, [self.scanned.network], |row| row.get(0)).optional()?;
        let at = later(self.sweep.began, last.unwrap_or_default());
        let put = "INSERT OR REPLACE INTO cursor VALUES (?1, ?2, ?3)";
        self.step.execute(put, (self.scanned.network, at, bytes))?;
        Ok(())
    }
}
