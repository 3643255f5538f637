//! What is new in a repository since a run that a [`Cursor`] tells of.
//!
//! New objects are scanned with all rules; where rules are new, the others are, too, with these. What is reported are places: a secret
//! at a path where it was not before. The history is asked about all objects that hold a secret, new or not, so that what it says of a
//! place is what it says when everything is scanned.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{
    Error, Gathered, Scan, Target,
    cursor::{self, Cursor},
    history::{self, Placing, Secrets, Worker},
};
use crate::{
    blob::ObjectId,
    coverage::{Coverage, History},
    detect::{Detector, Scratch},
    incident::{IdentityKey, Incident, IncidentId},
    rule::RuleIx,
    source::git::{self, News, Place, Refs, Repository, Scope, Snapshot},
};

/// A cursor is for one repository.
pub(super) fn check_targets(targets: &[Target]) -> Result<(), Error> {
    let what = match targets {
        [Target::Path(_)] => return Ok(()),
        [Target::Stdin | Target::StdinAs(_)] => "standard input".to_owned(),
        several => format!("what {} paths name", several.len()),
    };
    Err(Error::NotOneRepository { what })
}

/// Scans what `seen` has not seen of the repository at `path`.
pub(super) fn scan(
    scan: &Scan<'_>,
    path: &Path,
    seen: Option<&Cursor>,
    gathered: &mut Gathered<'_>,
) -> Result<(), Error> {
    let repository = Repository::open(path, git::Outside::SameOwner).map_err(Error::History)?;
    let repository = repository.ok_or_else(|| Error::NotOneRepository { what: path.display().to_string() })?;
    let now = Cursor::new(scan.options, scan.detector, repository.snapshot());
    let seen = seen.filter(|seen| match seen.outdated(&now) {
        Some(why) => {
            gathered.coverage.notes.push(format!("everything is scanned again: of the cursor, {why}"));
            false
        }
        None => true,
    });
    let finds = scan.pool.install(|| Renewal { scan, repository: &repository, seen }.run(now, gathered));
    Placing { scan, repository: &repository, prefix: Path::new("") }.add(finds.places, &finds.ids, gathered);
    if gathered.coverage.history == History::Full {
        gathered.coverage.history = History::Selected;
    }
    Ok(())
}

/// The cursor for the next run; nothing where this one is not complete.
pub(super) fn advance(
    mut cursor: Cursor,
    incidents: &[Incident],
    key: &IdentityKey,
    coverage: &mut Coverage,
) -> Option<Cursor> {
    if !coverage.complete() {
        coverage.notes.push("the cursor stays where it was, because the run is incomplete".to_owned());
        return None;
    }
    cursor.note_reported(incidents, key);
    Some(cursor)
}

/// What goes from one cursor to the next.
pub(super) struct Renewal<'a> {
    pub(super) scan: &'a Scan<'a>,
    pub(super) repository: &'a Repository,
    pub(super) seen: Option<&'a Cursor>,
}

/// Places that are news, and the identities of their secrets.
#[derive(Default)]
struct Finds {
    places: Vec<Place>,
    ids: Vec<IncidentId>,
}

/// Which objects hold which incidents.
#[derive(Default)]
pub(super) struct Holders {
    pub(super) ids: Vec<IncidentId>,
    numbers: HashMap<IncidentId, u32>,
    pub(super) by_object: BTreeMap<ObjectId, Vec<u32>>,
}

impl Holders {
    fn add(&mut self, object: ObjectId, id: IncidentId) {
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(id).or_insert_with(|| {
            self.ids.push(id);
            next
        });
        let held = self.by_object.entry(object).or_default();
        if !held.contains(&number) {
            held.push(number);
        }
    }

    fn add_all(&mut self, secrets: &Secrets, key: &IdentityKey) {
        let ids = secrets.ids(key);
        for (&object, numbers) in &secrets.held {
            for &number in numbers {
                self.add(object, ids[number as usize]);
            }
        }
    }

    /// Has `cursor` remember which objects hold what.
    pub(super) fn note_in(&self, cursor: &mut Cursor) {
        for (&object, numbers) in &self.by_object {
            for &number in numbers {
                cursor.held.entry(self.ids[number as usize]).or_default().objects.insert(object);
            }
        }
    }
}

impl Renewal<'_> {
    /// Scans what is new, and leaves in `gathered` what has been seen then: `now`, with what it holds.
    fn run(&self, mut now: Cursor, gathered: &mut Gathered<'_>) -> Finds {
        let coverage = &mut gathered.coverage;
        let nothing = Snapshot::default();
        let news = self.repository.news(self.seen.map_or(&nothing, Cursor::repository));
        let rules = self.seen.map_or(Vec::new(), |seen| seen.unseen_rules(self.scan.detector));
        let is_news = !news.is_empty() || !rules.is_empty();
        if !is_news {
            coverage.notes.push("nothing is new since the cursor".to_owned());
        } else if self.seen.is_some() && news.is_everything() {
            coverage.notes.push("nothing of what the cursor has seen is here: everything is scanned".to_owned());
        }
        let found = self.found(&news, &rules, coverage);
        let finds = match self.seen {
            Some(seen) if news.is_unchanged() && found.held.is_empty() => {
                now.held.clone_from(&seen.held);
                Finds::default()
            }
            _ => self.placed(&found, &mut now, coverage),
        };
        gathered.cursor = Some(now);
        if is_news { finds } else { Finds::default() }
    }

    /// Where in the history it is news that what was found or seen before is there; `now` holds it all.
    fn placed(&self, found: &Secrets, now: &mut Cursor, coverage: &mut Coverage) -> Finds {
        let holders = self.holders(found);
        let scope = Scope { refs: &Refs::All, all_versions: self.scan.options.all_versions, complete: true };
        let places = self.repository.attribute(&holders.by_object, scope, coverage);
        Finds { places: self.sort_out(places, &holders, now), ids: holders.ids }
    }

    /// What new objects hold, and by these rules the others.
    pub(super) fn found(&self, news: &News, rules: &[RuleIx], coverage: &mut Coverage) -> Secrets {
        let margin = self.scan.detector.margin();
        let make = || Worker::new(self.scan);
        let workers = if news.is_everything() {
            // The commits are remembered then, and need not be read again.
            self.repository.scan(&Refs::All, margin, make)
        } else {
            coverage.add(self.repository.describe_all());
            if news.is_empty() { Vec::new() } else { self.repository.scan_new(news, margin, make) }
        };
        let mut found = Secrets::default();
        for worker in workers {
            found.merge(worker.secrets);
            coverage.add(worker.coverage);
        }
        if !rules.is_empty() {
            found.merge(self.found_by(rules, news, coverage));
        }
        found
    }

    /// What objects that are not new hold by these rules. They alone say which objects could matter; these are then looked at with all
    /// rules, so that overlaps are settled as they always are.
    fn found_by(&self, rules: &[RuleIx], news: &News, coverage: &mut Coverage) -> Secrets {
        let all = self.scan.detector;
        let detector = Detector::new(rules.iter().map(|rule| all.rules()[rule.0 as usize].clone()).collect());
        let scan = Scan { detector: &detector, ..*self.scan };
        let mut suspects = BTreeSet::new();
        for worker in self.repository.scan_seen(news, detector.margin(), || Worker::new(&scan)) {
            suspects.extend(worker.secrets.held.into_keys());
            coverage.add(worker.coverage);
        }
        let looked = suspects.into_par_iter().map_init(Scratch::default, |scratch, object| {
            let mut found = Secrets::default();
            let shown = self.repository.show(object, all.margin(), &mut |window| {
                let mut tokens = all.tokens(window, scratch);
                tokens.retain(|token| rules.contains(&token.rule));
                for key in history::sure_keys(all, self.scan.options.min_confidence, tokens) {
                    found.add(object, key);
                }
            });
            shown.map(|()| found).map_err(|error| (object, error))
        });
        let mut found = Secrets::default();
        for result in looked.collect::<Vec<_>>() {
            match result {
                Ok(of_object) => found.merge(of_object),
                Err((object, error)) => {
                    coverage.fail(format!("object {object}"), format!("cannot be read again: {error}"));
                }
            }
        }
        found
    }

    /// Which objects that are here hold something: what was found, and what was seen before.
    pub(super) fn holders(&self, found: &Secrets) -> Holders {
        let mut holders = Holders::default();
        for (&id, held) in self.seen.iter().flat_map(|seen| &seen.held) {
            let here = held.objects.iter().filter(|&&object| self.repository.holds(object));
            here.for_each(|&object| holders.add(object, id));
        }
        holders.add_all(found, &self.scan.options.key);
        holders
    }

    /// Of the places, those that are news; what is held, and where it was reported before, goes into `now`.
    fn sort_out(&self, mut places: Vec<Place>, holders: &Holders, now: &mut Cursor) -> Vec<Place> {
        holders.note_in(now);
        places.retain(|place| {
            let id = holders.ids[place.secret as usize];
            let hash = cursor::place(&self.scan.options.key, id, place.path.as_ref(), place.git.blob);
            let before = self.seen.and_then(|seen| seen.held.get(&id));
            let is_known = before.is_some_and(|held| held.places.contains(&hash));
            if is_known {
                now.held.entry(id).or_default().places.insert(hash);
            }
            !is_known
        });
        places
    }
}
