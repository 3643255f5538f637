//! Incidents, as every reporter takes them, out of what was kept.
//!
//! Their secrets are recalled by their masked forms alone, and lines of code are not kept. Only places that are there now are given: an incident that is
//! gone from every repository has none.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use globset::GlobMatcher;
use rayon::prelude::*;
use rusqlite::Connection;

use super::{
    Error, State,
    facts::{self, Facts, Said},
    reader::{COLUMNS, Numbered, Reader},
    repositories::{self, Holder},
    seconds,
};
use crate::{
    coverage::{Coverage, History},
    finding::Checksum,
    incident::{Incident, IncidentId, Life, Occurrence, Status},
    rule::{Bounds, Class, Confidence, Detection, Rule, RuleIx, Severity},
    scan::group,
    secret::Secret,
};

/// Which incidents are wanted: those that everything here lets through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of these statuses; of those that are not resolved, where none is named.
    pub statuses: Vec<Status>,
    /// Those in repositories with such names, and of their places those there.
    pub repository: Option<GlobMatcher>,
    /// Those that were first seen then or later, in seconds since 1970.
    pub since: Option<i64>,
    /// These alone.
    pub only: Option<BTreeSet<IncidentId>>,
}

/// What is recalled.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// Most urgent first.
    pub incidents: Vec<Incident>,
    /// The rules that they name: those of the run, and behind them stand-ins for those that are no more.
    pub rules: Vec<Rule>,
    /// What the last scan of each repository covered, and which repositories were not.
    pub coverage: Coverage,
}

/// An incident without its places.
pub(super) struct Head {
    /// Its row.
    pub(super) number: i64,
    pub(super) id: IncidentId,
    pub(super) life: Life,
    /// Since when its status is what it is.
    pub(super) since: i64,
    /// Repositories that hold it now.
    pub(super) repositories: Vec<i64>,
    pub(super) facts: Facts,
    pub(super) said: Said,
}

impl State {
    /// The incidents that `filter` lets through, for a run with `rules`.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn incidents(&self, filter: &Filter, rules: &[Rule]) -> Result<Recalled, Error> {
        // All of it as it is at one moment.
        let moment = self.database.unchecked_transaction()?;
        let holders = repositories::holders(&moment)?;
        let mut reader = Reader::new(&moment)?;
        let mut heads = heads(&moment, &reader, &holders)?;
        heads.retain(|head| filter.takes(head));
        let mut wanted = Wanted { filter, holders: &holders, names: Numbered::default(), places: Numbered::default() };
        wanted.read(&moment, &mut reader, &heads)?;
        wanted.sort();
        let mut rules = Rules::new(rules);
        let mut incidents = Vec::with_capacity(heads.len());
        for head in heads {
            let places = wanted.places.remove(&head.number).unwrap_or_default();
            if filter.repository.is_none() || !places.is_empty() {
                incidents.push(incident(head, places, &mut rules));
            }
        }
        group::sort(&mut incidents, &rules.all);
        let mut coverage = self.coverage()?;
        coverage.notes.extend(rules.note());
        Ok(Recalled { incidents, rules: rules.all, coverage })
    }

    /// What the last scans of all repositories that are there covered. One that could not be scanned is a failure.
    ///
    /// # Errors
    /// Where the database refuses.
    pub fn coverage(&self) -> Result<Coverage, Error> {
        let mut all = Coverage::default();
        let mut histories = BTreeSet::new();
        for known in self.repositories()?.into_iter().filter(|known| known.gone_at.is_none()) {
            let name = &known.listed.name;
            if let Some(mut coverage) = known.coverage {
                for failure in &mut coverage.failed {
                    failure.subject = format!("{name}: {}", failure.subject);
                }
                for note in &mut coverage.notes {
                    *note = format!("{name}: {note}");
                }
                histories.insert(coverage.history.name());
                all.add(coverage);
            } else if known.failure.is_none() {
                all.fail(name, "was not scanned yet");
            }
            if let Some(reason) = known.failure {
                all.fail(name, reason);
            }
        }
        // The least of them stands for all.
        let least = [History::Shallow, History::Selected, History::Full];
        all.history = least.into_iter().find(|history| histories.contains(history.name())).unwrap_or_default();
        all.sort();
        Ok(all)
    }
}

impl Filter {
    fn takes(&self, head: &Head) -> bool {
        let status = head.life.status;
        let of_status =
            if self.statuses.is_empty() { status != Status::Resolved } else { self.statuses.contains(&status) };
        let is_named = self.only.as_ref().is_none_or(|only| only.contains(&head.id));
        of_status && is_named && self.since.is_none_or(|since| head.life.first_seen >= since)
    }
}

/// All incidents, in order of their rows.
pub(super) fn heads(
    database: &Connection,
    reader: &Reader,
    holders: &BTreeMap<i64, Holder>,
) -> Result<Vec<Head>, Error> {
    let mut held = held(database, reader, holders)?;
    let mut select = database.prepare("SELECT id, identity, verdict, status, since FROM incident ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        let Some(held) = held.remove(&number) else { continue };
        let since = row.get(4)?;
        let status = Status::from_name(&row.get::<_, String>(3)?).unwrap_or(Status::Open);
        heads.push(Head {
            number,
            id: IncidentId::from_bytes(row.get(1)?),
            life: Life {
                status,
                first_seen: seconds(held.first_seen),
                last_seen: seconds(held.last_seen),
                resolved_at: (status == Status::Resolved).then(|| seconds(since)),
            },
            since,
            repositories: held.repositories,
            facts: facts::parsed(&String::from_utf8_lossy(held.facts))?,
            said: Said::read(&row.get::<_, String>(2)?)?,
        });
    }
    Ok(heads)
}

/// What repositories have of an incident.
struct Held<'t> {
    first_seen: i64,
    last_seen: i64,
    repositories: Vec<i64>,
    /// Of those that have it now, or had it last, the facts that count.
    facts: &'t [u8],
    weight: (bool, i64, u8),
}

/// What repositories have of each incident.
fn held<'t>(
    database: &Connection,
    reader: &'t Reader,
    holders: &BTreeMap<i64, Holder>,
) -> Result<Numbered<Held<'t>>, Error> {
    let mut select = database.prepare("SELECT incident, repository, first_seen, seen, facts FROM holding")?;
    let mut rows = select.query([])?;
    let mut all: Numbered<Held<'t>> = Numbered::default();
    let mut ranks: Numbered<u8> = Numbered::default();
    while let Some(row) = rows.next()? {
        let (incident, repository, first_seen, seen) =
            (row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?);
        let Some(holder) = holders.get(&repository) else { continue };
        let is_here = holder.scanned == seen && !holder.is_gone;
        let last_seen = if is_here { seen.max(holder.last_seen) } else { seen };
        let number = row.get(4)?;
        let facts = reader.bytes(number)?;
        let rank = match ranks.get(&number) {
            Some(rank) => *rank,
            None => *ranks.entry(number).or_insert(rank_of(facts)?),
        };
        // Where it is now, the rule of the highest rank counts; where it is nowhere, what was seen last.
        let weight = (is_here, if is_here { 0 } else { seen }, rank);
        let held = all.entry(incident).or_insert_with(|| Held {
            first_seen,
            last_seen,
            repositories: Vec::new(),
            facts,
            weight,
        });
        held.first_seen = held.first_seen.min(first_seen);
        held.last_seen = held.last_seen.max(last_seen);
        if is_here {
            held.repositories.push(repository);
        }
        if (weight, facts) > (held.weight, held.facts) {
            (held.weight, held.facts) = (weight, facts);
        }
    }
    Ok(all)
}

/// The rank alone.
fn rank_of(json: &[u8]) -> Result<u8, Error> {
    #[derive(serde::Deserialize)]
    struct Ranked {
        rank: u8,
    }
    Ok(facts::parsed::<Ranked>(&String::from_utf8_lossy(json))?.rank)
}

/// The places of the incidents that are wanted.
struct Wanted<'a> {
    filter: &'a Filter,
    holders: &'a BTreeMap<i64, Holder>,
    /// Names of repositories; nothing for one whose places are not wanted.
    names: Numbered<Option<(Arc<str>, i64)>>,
    places: Numbered<Vec<Occurrence>>,
}

impl Wanted<'_> {
    fn read(&mut self, database: &Connection, reader: &mut Reader, heads: &[Head]) -> Result<(), Error> {
        self.names = self.holders.iter().map(|(id, holder)| (*id, self.name(holder))).collect();
        self.places = heads.iter().map(|head| (head.number, Vec::new())).collect();
        // The table is in this order.
        let select = format!("SELECT incident, repository, seen, {COLUMNS} FROM occurrence ORDER BY incident");
        let mut select = database.prepare(&select)?;
        let mut rows = select.query([])?;
        let (mut incident, mut places) = (None, Vec::new());
        while let Some(row) = rows.next()? {
            let Some(Some((name, scanned))) = self.names.get(&row.get(1)?) else { continue };
            if *scanned != row.get::<_, i64>(2)? {
                continue;
            }
            let number = row.get(0)?;
            if incident != Some(number) {
                keep(&mut self.places, incident, &mut places);
                incident = self.places.contains_key(&number).then_some(number);
            }
            if incident.is_some() {
                places.push(reader.occurrence(row, 3, name)?);
            }
        }
        keep(&mut self.places, incident, &mut places);
        Ok(())
    }

    /// Puts each incident's places in order.
    fn sort(&mut self) {
        let mut all: Vec<&mut Vec<Occurrence>> = self.places.values_mut().filter(|places| places.len() > 1).collect();
        all.par_iter_mut().for_each(|places| places.sort_by(|a, b| order(a).cmp(&order(b))));
    }

    fn name(&self, holder: &Holder) -> Option<(Arc<str>, i64)> {
        let name = &holder.listed.name;
        let is_wanted = self.filter.repository.as_ref().is_none_or(|glob| glob.is_match(name));
        (is_wanted && !holder.is_gone).then(|| (name.as_str().into(), holder.scanned))
    }
}

/// Keeps all `places` of one incident in no more memory than they take: there can be a million of them in all.
fn keep(all: &mut Numbered<Vec<Occurrence>>, incident: Option<i64>, places: &mut Vec<Occurrence>) {
    if let Some(kept) = incident.and_then(|incident| all.get_mut(&incident)) {
        kept.reserve_exact(places.len());
        kept.append(places);
    }
}

/// The order of places.
fn order(found: &Occurrence) -> impl Ord {
    (group::nearness(found), &found.repository)
}

/// `places` are in order.
fn incident(head: Head, places: Vec<Occurrence>, rules: &mut Rules) -> Incident {
    let rule = rules.find(&head.facts);
    let surest = places.iter().map(|found| found.confidence).max();
    let confidence = surest.or_else(|| Confidence::from_name(&head.facts.confidence)).unwrap_or(Confidence::Low);
    let verdict = head.said.verdict();
    Incident {
        id: head.id,
        rule,
        secret: Secret::recalled(&head.facts.masked),
        confidence,
        checksum: if head.facts.is_valid { Checksum::Valid } else { Checksum::None },
        entropy: head.facts.entropy,
        severity: Severity::from_name(&head.facts.severity).unwrap_or(Severity::Medium),
        verdict,
        access: head.said.access,
        parts: head.facts.parts(),
        claims: head.facts.claims,
        notes: head.facts.notes.into_iter().map(Into::into).collect(),
        occurrences: places,
        life: Some(head.life),
    }
}

/// The rules of the run, and stand-ins for those that found something and are no more.
struct Rules {
    all: Vec<Rule>,
    /// Of the run.
    current: usize,
    places: HashMap<String, RuleIx>,
    /// How many incidents each stand-in has.
    retired: BTreeMap<String, u64>,
}

impl Rules {
    fn new(rules: &[Rule]) -> Self {
        Self { all: rules.to_vec(), current: rules.len(), places: HashMap::new(), retired: BTreeMap::new() }
    }

    fn find(&mut self, facts: &Facts) -> RuleIx {
        let ix = match self.places.get(&facts.rule) {
            Some(ix) => *ix,
            None => self.place(facts),
        };
        if ix.0 as usize >= self.current {
            *self.retired.entry(facts.rule.clone()).or_default() += 1;
        }
        ix
    }

    fn place(&mut self, facts: &Facts) -> RuleIx {
        let rules = &self.all[..self.current];
        // What is called so now comes before what once was.
        let found = rules.iter().position(|rule| rule.id == facts.rule);
        let found = found.or_else(|| rules.iter().position(|rule| rule.is_called(&facts.rule)));
        let at = found.unwrap_or_else(|| {
            self.all.push(stand_in(facts));
            self.all.len() - 1
        });
        let ix = RuleIx(u32::try_from(at).unwrap_or(u32::MAX));
        self.places.insert(facts.rule.clone(), ix);
        ix
    }

    /// What to say of rules that are no more.
    fn note(&self) -> Option<String> {
        let count: u64 = self.retired.values().sum();
        let ids: Vec<&str> = self.retired.keys().map(String::as_str).collect();
        let rules = if count == 1 { "1 incident was" } else { &format!("{count} incidents were") };
        (count > 0).then(|| {
            format!(
                "{rules} found by rules that this run does not have, and no scan finds them anew: {}",
                ids.join(", ")
            )
        })
    }
}

/// A rule that finds nothing, and is called as the one that is no more.
fn stand_in(facts: &Facts) -> Rule {
    let text = |text: &String| text.clone().into();
    Rule {
        id: text(&facts.rule),
        aliases: Vec::new().into(),
        family: text(&facts.family),
        name: text(&facts.name),
        provider: text(&facts.provider),
        provider_name: text(&facts.provider_name),
        class: Class::from_name(&facts.class).unwrap_or(Class::ApiKey),
        severity: Severity::from_name(&facts.severity).unwrap_or(Severity::Medium),
        confidence: Confidence::from_name(&facts.confidence).unwrap_or(Confidence::Low),
        rank: facts.rank,
        source: "".into(),
        documented: false,
        note: None,
        detect: Detection {
            keywords: Vec::new().into(),
            regex: "".into(),
            body: Vec::new().into(),
            parts: Vec::new().into(),
            entropy: 0.0,
            checksum: None,
            reject: Vec::new().into(),
            words: false,
            generic: None,
            bounds: Bounds::default(),
            cut: None,
        },
        verify: None,
        access: None,
        revoke: None,
        delete: None,
        playbook: None,
        matching: Vec::new().into(),
        not_matching: Vec::new().into(),
        hidden: false,
        identifier: false,
    }
}
