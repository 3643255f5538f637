//! One sweep, from the list of repositories to the last line of the audit log.
//!
//! What changed is worked out by [`plan`], one fork network after another is fetched and scanned by [`work`], and this module has them take
//! turns: `jobs` networks at once, the largest first, each recorded in one transaction as soon as it is done. Whatever fails is
//! recorded and told, and the rest is done all the same.

mod committed;
mod plan;
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
    forge::{self, Answers, Client, Forge},
    progress::Progress,
    repository::{Listed, RepositoryId},
    shard::Shard,
    state::{self, Changes, Known, State, Sweep},
};
use crate::{detect::Detector, net::Net, scan, verify::Verifier};

pub use committed::Committed;
use plan::{Group, Plan};

/// What a sweep is made with.
pub struct Sweeper<'a> {
    /// What was learned so far; what is learned goes there.
    pub state: &'a Mutex<State>,
    /// Who lists repositories.
    pub forge: &'a dyn Forge,
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
    /// Nothing was listed.
    #[error("cannot list the repositories")]
    Listing(#[from] forge::Error),
    /// No scan can be begun.
    #[error(transparent)]
    Scan(#[from] scan::Error),
}

impl Sweeper<'_> {
    /// Sweeps once; `now` is when, in seconds since 1970 UTC, and `clock` says so at its end.
    ///
    /// # Errors
    /// Where nothing can be listed, or the state cannot be written. What could not be covered is in [`Swept::problems`].
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
        let done = self.work(sweep, &plan, &shared, &progress, clock);
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
        let (mut wanted, mut named) = (Vec::new(), BTreeSet::new());
        let mut answers = Remembered { state: self.state, now: self.options.now };
        let stopped = || self.scanning.is_stopped();
        let mut client = Client::new(self.net, &mut answers, &stopped).waiting(self.patience);
        let listing = self.forge.list(&mut client, &mut |listed| {
            named.insert(listed.id.clone());
            if self.filter.fits(&listed) {
                wanted.push(Listed { source: self.source.to_owned(), ..listed });
            } else {
                swept.filtered += 1;
            }
        })?;
        swept.requests = client.requests();
        drop(client);
        let mut state = self.state();
        let known = state.repositories()?;
        let networks = plan::networks(wanted, &known, self.shard);
        let listed: Vec<Listed> = networks.values().flatten().cloned().collect();
        swept.repositories = listed.len() as u64;
        swept.changes.add(state.note_listed(sweep, &listed)?);
        if listing.is_complete() {
            let gone = self.gone(&known, &named);
            swept.gone = gone.len() as u64;
            swept.changes.add(state.note_gone(sweep, &gone)?);
        }
        swept.problems.extend(listing.problems);
        let terms = scan::terms(self.options, self.detector.rules());
        let plan = Plan::new(networks, &known, &terms);
        swept.unchanged = plan.unchanged.len() as u64;
        Ok(plan)
    }

    /// What this list named before, and does not any more.
    fn gone(&self, known: &[Known], named: &BTreeSet<RepositoryId>) -> Vec<RepositoryId> {
        let ours = known.iter().filter(|known| known.gone_at.is_none() && known.listed.source == self.source);
        ours.map(|known| known.listed.id.clone()).filter(|id| !named.contains(id)).collect()
    }

    fn note_unchanged(&self, sweep: Sweep, plan: &Plan, progress: &Progress, clock: &dyn Fn() -> i64) {
        for listed in &plan.unchanged {
            let line = work::Line { covered: true, unchanged: true, ..work::Line::of(listed) };
            self.write_line(sweep, &line, clock());
            progress.finish(listed.size, 0, true);
        }
    }

    /// Works on all networks, on as many at once as there are jobs.
    fn work(
        &self,
        sweep: Sweep,
        plan: &Plan,
        swept: &Mutex<Swept>,
        progress: &Progress,
        clock: &(dyn Fn() -> i64 + Sync),
    ) -> Result<(), Error> {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        let job = || {
            while !self.scanning.is_stopped() && lock(&failed).is_none() {
                let Some(group) = plan.groups.get(next.fetch_add(1, Relaxed)) else { break };
                if let Err(error) = self.group(sweep, group, &plan.terms, (swept, progress), clock) {
                    lock(&failed).get_or_insert(error);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.jobs.min(plan.groups.len()) {
                scope.spawn(job);
            }
            job();
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Does one network, and tells what came of it.
    fn group(
        &self,
        sweep: Sweep,
        group: &Group,
        terms: &str,
        (swept, progress): (&Mutex<Swept>, &Progress),
        clock: &(dyn Fn() -> i64 + Sync),
    ) -> Result<(), Error> {
        let started = Instant::now();
        let (changes, mut lines) = self.network(sweep, group, terms)?;
        let seconds = started.elapsed().as_secs_f64();
        for line in &mut lines {
            line.seconds = seconds;
            self.write_line(sweep, line, clock());
            progress.finish(line.listed.size, line.incidents, line.covered);
            progress.add_bytes(line.bytes);
        }
        let mut swept = lock(swept);
        swept.changes.add(changes);
        for line in lines {
            swept.unchanged += u64::from(line.unchanged);
            swept.scanned += u64::from(line.covered && !line.unchanged);
            if let Some(reason) = line.failed {
                swept.problems.push(forge::Problem { subject: line.listed.name.clone(), reason });
            }
        }
        Ok(())
    }

    /// Adds a line to the audit log. A full disk is told in the log's own way: by whoever opened it.
    fn write_line(&self, sweep: Sweep, line: &work::Line<'_>, at: i64) {
        let Some(log) = self.audit else { return };
        let time = jiff::Timestamp::from_second(at).map(|time| time.to_string()).unwrap_or_default();
        // The first that cannot be written is told by `Log::lost` in the end.
        let _ = log.write(&audit::Record {
            time: &time,
            sweep: sweep.number().unsigned_abs(),
            repository: &line.listed.id,
            name: &line.listed.name,
            fetched: line.fetched.as_deref(),
            covered: line.covered,
            bytes: line.bytes,
            seconds: line.seconds,
            incidents: line.incidents,
            failed: line.failed.as_deref(),
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What answers of the forge came to, kept in the state.
struct Remembered<'s> {
    state: &'s Mutex<State>,
    now: i64,
}

impl Answers for Remembered<'_> {
    fn get(&self, url: &str) -> Option<(String, Vec<u8>)> {
        lock(self.state).answer(&hashed(url)).ok().flatten()
    }

    fn put(&mut self, url: &str, tag: &str, came_to: &[u8]) {
        // It costs a request more where it is not kept.
        let _ = lock(self.state).keep_answer(&hashed(url), tag, came_to, self.now);
    }
}

/// What an address is remembered by.
fn hashed(url: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(url.as_bytes())[..16])
}
