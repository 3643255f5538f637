//! Repositories: what their objects hold, where in the history that is, and what a change adds.
//!
//! The objects are scanned first, and of each only remembered which secrets it holds; then the history is asked where those few objects are, and the
//! version that a report shows of each occurrence is read again for its lines.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Error, Gathered, Options, Scan, with_causes, worker};
use crate::{
    blob::{ObjectId, Origin, PathName, Shared, VersionVisitor, Visitor, Window},
    coverage::{Coverage, Skipped},
    detect::{Detector, Scratch, Token, Trace},
    finding::Finding,
    incident::{GitPlace, IdentityKey, IncidentId, Reach},
    rule::{Confidence, RuleIx, Text},
    secret::{Secret, Shown},
    source::git::{self, Change, Changed, Place, Refs, Repository, Scope},
};

/// A secret as identity sees it: the family of its rule, and its bytes.
pub(super) type Key = (Text, Secret);

/// Scans the objects of `repository` that `refs` select, and adds what they hold; its paths get `prefix` in front.
pub(super) fn scan(
    scan: &Scan<'_>,
    (repository, prefix): (&Repository, &Path),
    refs: &Refs,
    gathered: &mut Gathered<'_>,
) {
    if matches!(refs, Refs::All) {
        scan.progress.expect_objects(scan.pool.install(|| repository.objects()));
    }
    let workers = scan.pool.install(|| repository.scan(refs, scan.detector.margin(), || Worker::new(scan)));
    let mut secrets = Secrets::default();
    for worker in workers {
        secrets.merge(worker.secrets);
        gathered.coverage.add(worker.coverage);
    }
    let complete = matches!(refs, Refs::All) && !scan.progress.is_stopped();
    scan.progress.attribute(true);
    let scope = Scope { refs, all_versions: scan.options.all_versions, complete };
    let places = scan.pool.install(|| repository.attribute(&secrets.held, scope, &mut gathered.coverage));
    Placing { scan, repository, prefix }.add(places, &secrets.ids(&scan.options.key), gathered);
    scan.progress.attribute(false);
}

/// Scans what `change` adds to the repository that `path` lies in.
pub(super) fn scan_change(
    scan: &Scan<'_>,
    path: &Path,
    change: &Change,
    gathered: &mut Gathered<'_>,
) -> Result<(), Error> {
    add_change(scan, (&around(path)?, path), change, gathered)
}

/// The repository that `path` lies in.
pub(super) fn around(path: &Path) -> Result<Repository, Error> {
    let found = Repository::discover(path, git::Outside::SameOwner).map_err(Error::History)?;
    found.ok_or_else(|| Error::NoRepository { path: path.to_owned() })
}

/// Scans what `change` adds to `repository`, at and below `path`.
pub(super) fn add_change(
    scan: &Scan<'_>,
    (repository, path): (&Repository, &Path),
    change: &Change,
    gathered: &mut Gathered<'_>,
) -> Result<(), Error> {
    let within = |changed| below(changed, repository, path);
    scan_changes(scan, (repository, change), within, gathered)
}

/// Scans what `change` adds to `repository`, as far as `within` lets it pass.
pub(super) fn scan_changes(
    scan: &Scan<'_>,
    (repository, change): (&Repository, &Change),
    within: impl FnOnce(Vec<Changed>) -> Vec<Changed>,
    gathered: &mut Gathered<'_>,
) -> Result<(), Error> {
    let changed = match scan.pool.install(|| repository.changes(change, &mut gathered.coverage)) {
        Ok(changed) => changed,
        Err(error) if error.is_usage() => return Err(Error::History(error)),
        // A repository that cannot be read is no mistake of the user's: the run is incomplete.
        Err(error) => {
            let subject = repository.work_tree().unwrap_or(repository.git_dir()).display().to_string();
            gathered.coverage.fail(subject, format!("its history cannot be read: {}", with_causes(&error)));
            return Ok(());
        }
    };
    let changed = within(changed);
    let mut addition = Addition { scan, repository, counts: HashMap::new() };
    let added = scan.pool.install(|| addition.of(&changed, &mut gathered.coverage));
    let places = match change {
        Change::Pushed { .. } | Change::Unpushed { .. } => {
            added.iter().zip(0..).map(|((_, at), number)| pushed(number, &changed[*at])).collect()
        }
        Change::Staged { .. } | Change::Merged { .. } => {
            added.iter().zip(0..).map(|((key, at), number)| staged(key, number, &changed[*at], &addition)).collect()
        }
        Change::Since(_) | Change::Range(_) => addition.attributed(&added, &changed, &mut gathered.coverage),
    };
    let ids: Vec<_> = added.iter().map(|((family, secret), _)| scan.options.key.identify(family, secret)).collect();
    Placing { scan, repository, prefix: Path::new("") }.add(places, &ids, gathered);
    Ok(())
}

/// Of the changes, those of the files at or below `path`, where that is a part of the work tree.
fn below(changed: Vec<Changed>, repository: &Repository, path: &Path) -> Vec<Changed> {
    let top = repository.work_tree().and_then(|top| top.canonicalize().ok());
    let (Some(top), Ok(path)) = (top, path.canonicalize()) else { return changed };
    let Ok(part) = path.strip_prefix(&top) else { return changed };
    let part = PathName::from_path(part);
    if part.as_bytes().is_empty() {
        return changed;
    }
    let within = |name: &PathName| {
        let rest = name.as_bytes().strip_prefix(part.as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    changed.into_iter().filter(|changed| within(&changed.path)).collect()
}

/// Which secrets there are, and which objects hold them.
#[derive(Default)]
pub(super) struct Secrets {
    pub(super) keys: Vec<Key>,
    numbers: HashMap<Key, u32>,
    pub(super) held: BTreeMap<ObjectId, Vec<u32>>,
}

impl Secrets {
    /// Their identities, by number.
    pub(super) fn ids(&self, key: &IdentityKey) -> Vec<IncidentId> {
        self.keys.iter().map(|(family, secret)| key.identify(family, secret)).collect()
    }

    pub(super) fn add(&mut self, object: ObjectId, key: Key) {
        let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(key).or_insert_with_key(|key| {
            self.keys.push(key.clone());
            next
        });
        let held = self.held.entry(object).or_default();
        if !held.contains(&number) {
            held.push(number);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (object, numbers) in other.held {
            for number in numbers {
                self.add(object, other.keys[number as usize].clone());
            }
        }
    }
}

/// One thread's visitor for objects.
pub(super) struct Worker<'a> {
    scan: Scan<'a>,
    scratch: Scratch,
    pub(super) secrets: Secrets,
    pub(super) coverage: Coverage,
}

impl<'a> Worker<'a> {
    pub(super) fn new(scan: &Scan<'a>) -> Self {
        Self { scan: *scan, scratch: Scratch::default(), secrets: Secrets::default(), coverage: Coverage::default() }
    }
}

impl Visitor for Worker<'_> {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        let mut found = 0;
        if let Origin::Git(id) = origin {
            for key in keys(self.scan.detector, self.scan.options.min_confidence, window, &mut self.scratch) {
                found += 1;
                self.secrets.add(*id, key);
            }
        }
        self.scan.progress.add_object(window.owned().len() as u64, found, window.ends());
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    fn is_done(&self) -> bool {
        self.scan.progress.is_stopped()
    }
}

impl VersionVisitor for Worker<'_> {
    type Trace = Trace;

    fn visit_version(
        &mut self,
        origin: &Origin,
        bytes: &[u8],
        base: Option<(&Trace, &[Shared])>,
        has_versions: bool,
    ) -> Option<Trace> {
        let (Origin::Git(id), true) = (origin, self.scan.options.follow_deltas) else {
            self.visit(origin, &Window::whole(bytes));
            return None;
        };
        let (tokens, trace) = self.scan.detector.tokens_of_version(bytes, base, has_versions, &mut self.scratch);
        let mut found = 0;
        for key in sure_keys(self.scan.detector, self.scan.options.min_confidence, tokens) {
            found += 1;
            self.secrets.add(*id, key);
        }
        self.scan.progress.add_object(bytes.len() as u64, found, true);
        trace
    }
}

/// The secrets of a window that are sure enough to be reported wherever they are; a path can only make them less sure.
fn keys(detector: &Detector, least: Confidence, window: &Window<'_>, scratch: &mut Scratch) -> Vec<Key> {
    sure_keys(detector, least, detector.tokens(window, scratch)).collect()
}

pub(super) fn sure_keys(detector: &Detector, least: Confidence, tokens: Vec<Token<'_>>) -> impl Iterator<Item = Key> {
    let family = |rule: RuleIx| detector.rules()[rule.0 as usize].family.clone();
    let tokens = tokens.into_iter().filter(move |token| token.confidence >= least);
    tokens.map(move |token| (family(token.rule), Secret::new(token.secret, Shown::Nothing)))
}

/// Adds places to the grouping, each with the finding that shows it.
pub(super) struct Placing<'a> {
    pub(super) scan: &'a Scan<'a>,
    pub(super) repository: &'a Repository,
    pub(super) prefix: &'a Path,
}

/// Who gets places: a repository, or one of those that share their objects.
pub(super) struct Receiver<'g, 'a> {
    pub(super) options: &'g Options,
    pub(super) gathered: &'g mut Gathered<'a>,
}

impl Placing<'_> {
    /// Adds `places`, whose secrets have these identities.
    pub(super) fn add(&self, places: Vec<Place>, ids: &[IncidentId], gathered: &mut Gathered<'_>) {
        self.add_each(vec![places], ids, &mut [Receiver { options: self.scan.options, gathered }]);
    }

    /// Adds to each of `receivers` its places. What several of them have is read once.
    pub(super) fn add_each(&self, places: Vec<Vec<Place>>, ids: &[IncidentId], receivers: &mut [Receiver<'_, '_>]) {
        let by_blob = by_blob(places, receivers);
        let shown = self.scan.pool.install(|| {
            let shown = by_blob.into_par_iter().map_init(Scratch::default, |scratch, (blob, places)| {
                let (findings, outcome) = self.findings(blob, scratch);
                let wanted = places.iter().map(|(_, place)| ids[place.secret as usize]).collect();
                (blob, self.first_of_each(findings, &wanted), places, outcome)
            });
            shown.collect::<Vec<_>>()
        });
        for (blob, shown, places, outcome) in shown {
            let failure = outcome.err().map(|error| format!("cannot be read again: {error}"));
            for (receiver, place) in places {
                let gathered = &mut *receivers[receiver].gathered;
                if let Some(reason) = &failure {
                    note_unread(blob, reason, &mut gathered.coverage);
                }
                if let Some(finding) = shown.get(&ids[place.secret as usize]) {
                    self.add_place(place, finding.clone(), gathered);
                }
            }
        }
    }

    /// What an object holds, as far as it can be read.
    fn findings(&self, blob: ObjectId, scratch: &mut Scratch) -> (Vec<Finding>, Result<(), git::Error>) {
        let (detector, mut findings) = (self.scan.detector, Vec::new());
        let outcome = self.repository.show(blob, detector.margin(), &mut |window| {
            findings.extend(worker::findings(detector, window, scratch));
        });
        (findings, outcome)
    }

    /// The first finding of each of these secrets; the others are not kept.
    fn first_of_each(&self, findings: Vec<Finding>, wanted: &HashSet<IncidentId>) -> HashMap<IncidentId, Finding> {
        let rules = self.scan.detector.rules();
        let mut first = HashMap::new();
        for finding in findings {
            let id = self.scan.options.key.identify(&rules[finding.rule.0 as usize].family, &finding.secret);
            if wanted.contains(&id) {
                first.entry(id).or_insert(finding);
            }
        }
        first
    }

    fn add_place(&self, place: Place, finding: Finding, gathered: &mut Gathered<'_>) {
        let is_file = place.path.as_ref().is_some_and(|path| !is_text_outside_blobs(path));
        let path = place.path.map(|path| {
            if !is_file || self.prefix.as_os_str().is_empty() {
                return path;
            }
            let prefix = PathName::from_path(self.prefix);
            PathName::new([prefix.as_bytes(), b"/", path.as_bytes()].concat())
        });
        gathered.grouping.add_git(path, is_file, place.git, finding);
    }
}

/// Who has which places of each object; those that are left out are counted.
fn by_blob(places: Vec<Vec<Place>>, receivers: &mut [Receiver<'_, '_>]) -> BTreeMap<ObjectId, Vec<(usize, Place)>> {
    let mut by_blob: BTreeMap<ObjectId, Vec<(usize, Place)>> = BTreeMap::new();
    for ((number, receiver), places) in receivers.iter_mut().enumerate().zip(places) {
        for place in places {
            if is_excluded(receiver.options, place.path.as_ref()) {
                let path = place.path.map_or(String::new(), |path| path.to_text().into_owned());
                receiver.gathered.coverage.skip(Skipped::Excluded, path);
            } else if let Some(blob) = place.git.blob {
                by_blob.entry(blob).or_default().push((number, place));
            }
        }
    }
    by_blob
}

/// Notes an object that could not be read again. What ends early was told when it was scanned.
fn note_unread(blob: ObjectId, reason: &str, coverage: &mut Coverage) {
    let subject = format!("object {blob}");
    if !coverage.failed.iter().any(|failure| failure.subject == subject) {
        coverage.fail(subject, reason);
    }
}

fn is_excluded(options: &Options, path: Option<&PathName>) -> bool {
    let Some(path) = path.filter(|path| !is_text_outside_blobs(path)) else { return false };
    options.files.leaves_out_below(Path::new(&*path.to_text()))
}

/// Whether a place's name stands for a message rather than for a file.
fn is_text_outside_blobs(path: &PathName) -> bool {
    let path = path.as_bytes();
    path == b"commit message" || path == b"note" || path.starts_with(b"tag ")
}

/// Works out what a change adds: what occurs more often in the new version of a path than in every parent's version of it.
struct Addition<'a> {
    scan: &'a Scan<'a>,
    repository: &'a Repository,
    /// How often each secret occurs in the blobs that were looked at.
    counts: HashMap<ObjectId, BTreeMap<Key, usize>>,
}

impl Addition<'_> {
    /// Each added secret with the index of the change that adds it, in the changes' order.
    fn of(&mut self, changed: &[Changed], coverage: &mut Coverage) -> Vec<(Key, usize)> {
        let read = self.count(changed.iter().map(|changed| changed.blob).collect(), coverage);
        coverage.blobs += read.blobs;
        coverage.bytes += read.bytes;
        let suspects =
            changed.iter().filter(|changed| self.counts.get(&changed.blob).is_some_and(|counts| !counts.is_empty()));
        let before: BTreeSet<ObjectId> =
            suspects.flat_map(|changed| changed.before.iter().copied().flatten()).collect();
        self.count(before, coverage);
        let mut added = Vec::new();
        for (at, changed) in changed.iter().enumerate() {
            let Some(counts) = self.counts.get(&changed.blob) else { continue };
            for (key, &count) in counts {
                let before = |blob: &Option<ObjectId>| {
                    blob.and_then(|blob| self.counts.get(&blob)?.get(key).copied()).unwrap_or(0)
                };
                if changed.before.iter().all(|blob| count > before(blob)) {
                    added.push((key.clone(), at));
                }
            }
        }
        added
    }

    /// Counts the secrets in `blobs`, those that were not counted yet; says how much it read, and notes in `coverage` what it could not.
    fn count(&mut self, blobs: BTreeSet<ObjectId>, coverage: &mut Coverage) -> Coverage {
        let wanted: Vec<_> = blobs.into_iter().filter(|blob| !self.counts.contains_key(blob)).collect();
        let (scan, repository) = (self.scan, self.repository);
        let counted = wanted.into_par_iter().map_init(Scratch::default, |scratch, blob| {
            let (mut counts, mut bytes) = (BTreeMap::new(), 0);
            let shown = repository.show(blob, scan.detector.margin(), &mut |window| {
                for key in keys(scan.detector, scan.options.min_confidence, window, scratch) {
                    *counts.entry(key).or_insert(0) += 1;
                }
                bytes += window.owned().len() as u64;
            });
            shown.map_err(|error| (blob, error))?;
            scan.progress.add_object(bytes, counts.len() as u64, true);
            Ok((blob, bytes, counts))
        });
        let counted: Vec<Result<_, (ObjectId, git::Error)>> = counted.collect();
        let mut read = Coverage::default();
        for result in counted {
            match result {
                Ok((blob, bytes, counts)) => {
                    read.blobs += 1;
                    read.bytes += bytes;
                    self.counts.insert(blob, counts);
                }
                Err((blob, error)) => coverage.fail(format!("object {blob}"), format!("cannot be read: {error}")),
            }
        }
        read
    }

    /// Where the history has what a range adds: the places at the paths that add it, introduced by the commits that do.
    fn attributed(&self, added: &[(Key, usize)], changed: &[Changed], coverage: &mut Coverage) -> Vec<Place> {
        let mut held: BTreeMap<ObjectId, Vec<u32>> = BTreeMap::new();
        for ((_, at), number) in added.iter().zip(0..) {
            held.entry(changed[*at].blob).or_default().push(number);
        }
        let scope = Scope { refs: &Refs::All, all_versions: self.scan.options.all_versions, complete: false };
        let places = self.scan.pool.install(|| self.repository.attribute(&held, scope, coverage));
        let mut kept = Vec::new();
        for mut place in places {
            let change = &changed[added[place.secret as usize].1];
            if place.path.as_ref() == Some(&change.path) {
                place.git.introduced.clone_from(&change.commit);
                kept.push(place);
            }
        }
        kept
    }
}

/// The place of the pushed secret with this number. No history is read for it: the refs that it will be in are not there yet.
fn pushed(number: u32, change: &Changed) -> Place {
    let introduced = change.commit.clone();
    let git = GitPlace { blob: Some(change.blob), introduced, reach: Reach::Ref, versions: 1, ..GitPlace::default() };
    Place { secret: number, path: Some(change.path.clone()), git }
}

/// The place of the staged secret with this number: the index, and HEAD where that had it already, though less often.
fn staged(key: &Key, number: u32, change: &Changed, addition: &Addition<'_>) -> Place {
    let has = |blob: ObjectId| addition.counts.get(&blob).is_some_and(|counts| counts.contains_key(key));
    let in_head = change.before.first().copied().flatten().is_some_and(has);
    let reach = if in_head { Reach::Head } else { Reach::Index };
    let git = GitPlace { blob: Some(change.blob), in_head, reach, versions: 1, ..GitPlace::default() };
    Place { secret: number, path: Some(change.path.clone()), git }
}
