//! One sweep, from the list of repositories to the last line of the audit log.
//!
//! What changed is worked out by [`plan`], one fork network after another is fetched and scanned by [`work`], and this module has them take
//! turns: `jobs` networks at once, the largest first, each recorded in one transaction as soon as it is done. Whatever fails is
//! recorded and told, and the rest is done all the same.

mod committed;
mod masking;
mod missing;
mod plan;
mod texts;
mod work;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use super::{
    audit,
    fetch::{self, Cache},
    filter::Filter,
    forge::{self, Answers, Client, Forge, Listing},
    progress::Progress,
    repository::{Address, Listed, RepositoryId, Visibility},
    shard::Shard,
    state::{self, Changes, Known, State, Sweep},
};
use crate::{
    detect::{Detector, Scratch},
    net::Net,
    scan,
    verify::Verifier,
};

pub use committed::Committed;
use missing::Named;
use plan::{Plan, Standing};

/// What a sweep is made with.
pub struct Sweeper<'a> {
    /// What was learned so far; what is learned goes there.
    pub state: &'a Mutex<State>,
    /// Who lists repositories.
    pub forge: &'a dyn Forge,
    /// Whether it is asked for texts beside code.
    pub texts: bool,
    /// What the list is called, the same in every sweep of it: what it no longer names is gone.
    pub source: &'a str,
    /// Which of them are wanted.
    pub filter: &'a Filter,
    /// Which of them are for this machine.
    pub shard: Option<Shard>,
    /// Where mirrors are kept.
    pub cache: &'a Cache,
    /// How far a fetch may go.
    pub limits: &'a fetch::Limits,
    /// Repositories that their forge calls larger than so many bytes are not fetched.
    pub most_size: Option<u64>,
    /// What finds secrets.
    pub detector: &'a Detector,
    /// How sure they have to be, and under which key they are named: the state's.
    pub options: &'a scan::Options,
    /// The same for one repository, with what it says itself about what is allowed and known in it; and what is wrong with that.
    pub configure: &'a Configure<'a>,
    /// What asks providers, where they are to be asked.
    pub verifier: Option<&'a Verifier<'a>>,
    /// How forges are asked.
    pub net: &'a Net,
    /// How long they are waited for.
    pub patience: forge::Patience,
    /// How many networks are worked on at once; at least 1.
    pub jobs: usize,
    /// Where a line is written for every repository.
    pub audit: Option<&'a audit::Log>,
    /// What scans count, and who stops them.
    pub scanning: &'a scan::Progress,
    /// Told how many repositories there are to do, once that is known.
    pub shown: &'a (dyn Fn(Progress) -> std::sync::Arc<Progress> + Sync),
}

/// The options for a repository with these files in its tree at HEAD, and notes for whoever reads the report.
pub type Configure<'a> = dyn Fn(&Committed) -> (scan::Options, Vec<String>) + Sync + 'a;

/// What a sweep came to.
#[derive(Debug, Default)]
pub struct Swept {
    /// Repositories that the list names and that are for this machine.
    pub repositories: u64,
    /// Of these, those that are as they were.
    pub unchanged: u64,
    /// Of these, those that were scanned.
    pub scanned: u64,
    /// Repositories that are not wanted.
    pub filtered: u64,
    /// Repositories that the list named before, and does not any more.
    pub gone: u64,
    /// What could not be covered, and why; by what it is.
    pub problems: Vec<forge::Problem>,
    /// What is new, back or resolved.
    pub changes: Changes,
    /// How many requests were sent to the forge.
    pub requests: u64,
}

impl Swept {
    /// Whether everything was covered.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Why a sweep came to nothing, or to an end before it was through.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state refuses: what was recorded before is kept.
    #[error(transparent)]
    State(#[from] state::Error),
    /// What is to be listed is nothing that can be.
    #[error("cannot list the repositories")]
    Listing(#[from] forge::Error),
    /// No scan can be begun.
    #[error(transparent)]
    Scan(#[from] scan::Error),
}

/// A sweep that is going on.
struct Going<'a> {
    sweep: Sweep,
    swept: &'a Mutex<Swept>,
    progress: &'a Progress,
    clock: &'a (dyn Fn() -> i64 + Sync),
}

impl Sweeper<'_> {
    /// Sweeps once; `now` is when, in seconds since 1970 UTC, and `clock` says so at its end.
    ///
    /// # Errors
    /// Where nothing is named that could be listed, or the state cannot be written. What could not be covered is in [`Swept::problems`].
    pub fn run(&self, now: i64, clock: &(dyn Fn() -> i64 + Sync)) -> Result<Swept, Error> {
        let sweep = self.state().begin(now)?;
        let mut swept = Swept::default();
        let plan = match self.plan(sweep, &mut swept) {
            Ok(plan) => plan,
            Err(error) => {
                // It is over, and was not killed; why is told by whoever gets the error.
                self.state().end(sweep, clock(), false)?;
                return Err(error);
            }
        };
        let progress = (self.shown)(Progress::new(&plan.sizes()));
        self.note_unchanged(sweep, &plan, &progress, clock);
        let shared = Mutex::new(swept);
        let done = self.work(&plan, &Going { sweep, swept: &shared, progress: &progress, clock });
        let mut swept = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.scanning.is_stopped() {
            let reason = "was stopped: what was left is done by the next one".to_owned();
            swept.problems.push(forge::Problem { subject: "the sweep".to_owned(), reason });
        }
        swept.problems.sort_by(|one, other| (&one.subject, &one.reason).cmp(&(&other.subject, &other.reason)));
        let complete = swept.is_complete() && done.is_ok();
        self.state().end(sweep, clock(), complete)?;
        done.map(|()| swept)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(self.state)
    }

    /// Has the forge list what there is, and works out what of it has to be done.
    fn plan(&self, sweep: Sweep, swept: &mut Swept) -> Result<Plan, Error> {
        let (mut wanted, mut named) = (Vec::new(), Named::default());
        let mut answers = Remembered { state: self.state, detector: self.detector, now: self.options.now };
        let stopped = || self.scanning.is_stopped();
        let mut client = Client::new(self.net, &mut answers, &stopped).waiting(self.patience);
        let listed = self.forge.list(&mut client, &mut |listed| {
            named.ids.insert(listed.id.clone());
            named.ids.insert(listed.texts().id);
            named.has_private |= listed.visibility != Some(Visibility::Public);
            if self.filter.fits(&listed) {
                wanted.push(Listed { source: self.source.to_owned(), ..listed });
            } else {
                swept.filtered += 1;
            }
        });
        let listing = told(listed)?;
        swept.requests = client.requests();
        let mut state = self.state();
        let known = state.repositories()?;
        let networks = plan::networks(wanted, &known, self.shard);
        let scratch = &mut Scratch::default();
        let listed: Vec<Listed> = networks.values().flatten().map(|listed| self.kept(listed, scratch)).collect();
        swept.repositories = listed.len() as u64;
        swept.changes.add(state.note_listed(sweep, &listed)?);
        if listing.is_complete() {
            self.note_missing(sweep, swept, (&mut state, &known), &named)?;
        }
        swept.problems.extend(listing.problems);
        let terms = scan::terms(self.options, self.detector);
        // Tokens are not kept: to ask about them again, they have to be found again.
        let again = if self.verifier.is_some() { state.unresolved()? } else { BTreeSet::new() };
        let now = self.options.now;
        let plan = Plan::new(networks, &known, &Standing { terms: &terms, now, again: &again, texts: self.texts });
        let texts: Vec<Listed> = plan.texts.iter().map(|beside| self.kept(&beside.listed, scratch)).collect();
        swept.changes.add(state.note_listed(sweep, &texts)?);
        swept.repositories += texts.len() as u64;
        swept.unchanged = plan.unchanged.len() as u64;
        Ok(plan)
    }

    /// Notes as gone what this complete list does not name any more, unless that is too much to be believed.
    fn note_missing(
        &self,
        sweep: Sweep,
        swept: &mut Swept,
        (state, known): (&mut State, &[Known]),
        named: &Named,
    ) -> Result<(), Error> {
        let missing = missing::missing(known, self.source, self.forge, named);
        if let Some(doubt) = missing::doubt(known, self.source, &missing, named).filter(|_| self.forge.may_hide()) {
            swept.problems.push(doubt);
            return Ok(());
        }
        swept.gone = missing.len() as u64;
        let ids: Vec<RepositoryId> = missing.iter().map(|known| known.listed.id.clone()).collect();
        swept.changes.add(state.note_gone(sweep, &ids)?);
        // What stays in a mirror that cannot be had now takes room, and is in no report.
        for known in missing {
            let _ = self.leave_network(known);
        }
        Ok(())
    }

    /// Takes what is gone out of the mirror of its network, which goes with the last of its members.
    fn leave_network(&self, known: &Known) -> Result<(), fetch::Error> {
        let Some(name) = known.network.as_deref().filter(|_| matches!(known.listed.address, Address::Remote(_))) else {
            return Ok(());
        };
        let Some(mut network) = self.cache.existing(name)? else { return Ok(()) };
        network.drop_member(&known.listed.id.namespace())?;
        if network.is_empty()? { network.discard() } else { Ok(()) }
    }

    fn note_unchanged(&self, sweep: Sweep, plan: &Plan, progress: &Progress, clock: &dyn Fn() -> i64) {
        let scratch = &mut Scratch::default();
        for listed in &plan.unchanged {
            let line = work::Line { covered: true, unchanged: true, ..work::Line::of(listed) };
            self.write_line(sweep, &line, &self.masked(&listed.name, scratch), clock());
            progress.finish(listed.size, 0, true);
        }
    }

    /// Works on all networks, on as many at once as there are jobs.
    fn work(&self, plan: &Plan, going: &Going<'_>) -> Result<(), Error> {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        let job = || {
            while !self.scanning.is_stopped() && lock(&failed).is_none() {
                let number = next.fetch_add(1, Relaxed);
                let started = Instant::now();
                let done = match (plan.groups.get(number), number.checked_sub(plan.groups.len())) {
                    (Some(group), _) => self.network(going.sweep, group, &plan.terms),
                    (None, Some(after)) if after < plan.texts.len() => {
                        self.texts(going.sweep, &plan.texts[after], &plan.terms)
                    }
                    _ => break,
                };
                // What is over the bound is deleted as soon as nobody uses it; where it cannot be, the next network tells.
                let _ = self.cache.make_room(0);
                match done {
                    Ok(done) => self.tell(going, done, started),
                    Err(error) => drop(lock(&failed).get_or_insert(error)),
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.jobs.min(plan.groups.len() + plan.texts.len()) {
                scope.spawn(job);
            }
            job();
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Tells what came of one network, or of the texts of one repository.
    fn tell(&self, going: &Going<'_>, (changes, lines): (Changes, Vec<work::Line<'_>>), started: Instant) {
        let seconds = started.elapsed().as_secs_f64();
        let scratch = &mut Scratch::default();
        let names: Vec<_> = lines.iter().map(|line| self.masked(&line.listed.name, scratch)).collect();
        for (line, name) in lines.iter().zip(&names) {
            self.write_line(going.sweep, &work::Line { seconds, ..line.clone() }, name, (going.clock)());
            going.progress.finish(line.listed.size, line.incidents, line.covered);
            going.progress.add_bytes(line.bytes);
        }
        let mut swept = lock(going.swept);
        swept.changes.add(changes);
        for (line, subject) in lines.into_iter().zip(names) {
            swept.unchanged += u64::from(line.unchanged);
            swept.scanned += u64::from(line.covered && !line.unchanged);
            if let Some(reason) = line.failed {
                swept.problems.push(forge::Problem { subject, reason });
            }
        }
    }

    /// Adds a line to the audit log. A full disk is told in the log's own way: by whoever opened it.
    fn write_line(&self, sweep: Sweep, line: &work::Line<'_>, name: &str, at: i64) {
        let Some(log) = self.audit else { return };
        let time = jiff::Timestamp::from_second(at).map(|time| time.to_string()).unwrap_or_default();
        // The first that cannot be written is told by `Log::lost` in the end.
        let _ = log.write(&audit::Record {
            time: &time,
            sweep: sweep.number().unsigned_abs(),
            repository: &line.listed.id,
            name,
            fetched: line.fetched.as_deref(),
            covered: line.covered,
            bytes: line.bytes,
            seconds: line.seconds,
            incidents: line.incidents,
            failed: line.failed.as_deref(),
        });
    }
}

/// A list that nobody gave is one with nothing in it, and that is missing: what is known is kept, and what has to be done besides is done.
fn told(listing: Result<Listing, forge::Error>) -> Result<Listing, forge::Error> {
    match listing {
        Err(forge::Error { subject, why }) if !why.is_usage() => {
            Ok(Listing { problems: vec![forge::Problem { subject, reason: why.to_string() }], ..Listing::default() })
        }
        listing => listing,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What answers of the forge came to, kept in the state.
struct Remembered<'s> {
    state: &'s Mutex<State>,
    detector: &'s Detector,
    now: i64,
}

impl Answers for Remembered<'_> {
    fn get(&self, url: &str) -> Option<(String, Vec<u8>)> {
        lock(self.state).answer(&hashed(url)).ok().flatten()
    }

    fn put(&mut self, url: &str, tag: &str, came_to: &[u8]) {
        // It costs a request more where it is not kept.
        if masking::has_token(self.detector, came_to) {
            return;
        }
        let _ = lock(self.state).keep_answer(&hashed(url), tag, came_to, self.now);
    }
}

/// What an address is remembered by.
fn hashed(url: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(url.as_bytes())[..16])
}
