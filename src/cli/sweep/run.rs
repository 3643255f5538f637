//! Runs a sweep: flags in, one line for every repository that could not be covered, and a few that sum up.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use stanch::{
    config,
    detect::Detector,
    escape,
    net::{Authorities, Net},
    scan::{self, FailOn, Status},
    sweep::{
        audit,
        fetch::{self, Cache},
        forge, notify,
        run::{Committed, Sweeper, Swept},
        state::State,
    },
};

use super::{flags::Common, listed::Source, progress};
use crate::cli::{asking::Verify, error::AnyError, interrupt};

pub(super) fn run(source: &Source) -> Result<Status, AnyError> {
    let common = source.common();
    let lister = source.lister()?;
    let hook = common.telling.hook(&common.asking)?;
    let filter = common.wanted.filter()?;
    let state = Mutex::new(common.kept.open(common.running.key_file.as_deref())?);
    let config = common.config(&lock(&state))?;
    let detector = Detector::new(config.rules.rules().to_vec());
    common.asking.check_endpoints(source.provider(), detector.rules())?;
    let verifier = match common.asking.verify {
        Some(Verify::Ask) => Some(common.asking.verifier(detector.rules(), &config.options)?),
        Some(Verify::Plan) => return Err("a sweep cannot say beforehand whom it would ask".into()),
        None => None,
    };
    let dir = common.running.cache.clone().unwrap_or_else(|| common.kept.state.join("cache"));
    let mut cache = Cache::open(&dir, common.running.cache_size)?;
    if let Some(authorities) = common.asking.ca_file() {
        // Git works in another folder.
        cache = cache.trusting(&authorities.canonicalize()?);
    }
    let log = common.telling.log(common)?;
    let (scanning, shown) = (Arc::new(scan::Progress::default()), Arc::new(OnceLock::new()));
    interrupt::stop_on_signal(&scanning);
    let common_files =
        config::committed::Common { options: &config.options, rules: &config.rules, exclude: &common.rules.exclude };
    let sweeper = Sweeper {
        state: &state,
        forge: &*lister.forge,
        texts: lister.texts,
        source: &lister.source,
        filter: &filter,
        shard: common.running.shard,
        cache: &cache,
        limits: &fetch::Limits { most_bytes: common.running.max_repo_size, ..fetch::Limits::default() },
        most_size: common.running.max_repo_size,
        detector: &detector,
        options: &config.options,
        configure: &|files: &Committed| common_files.over(files),
        verifier: verifier.as_ref(),
        net: &Net::trusting(forge::limits(), common.asking.authorities()?),
        patience: common.running.patience(),
        jobs: common.running.jobs(),
        audit: Some(&log),
        scanning: &scanning,
        shown: &|progress| Arc::clone(shown.get_or_init(|| Arc::new(progress))),
    };
    let now = config.options.now;
    let clock = || common.running.now.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let swept = progress::during(&shown, common.running.shows_progress(), || sweeper.run(now, &clock))?;
    if let Some(verifier) = &verifier {
        common.asking.keep(verifier, &config.options.key)?;
    }
    let notified = hook.map_or(Ok(()), |hook| tell(&hook, common.asking.authorities()?, &state, &detector, &scanning));
    let unnotified = notified.err();
    end(common, &Ended { swept: &swept, state: &lock(&state), log: &log, unnotified })
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells of what is new or back, and remembers that it was told.
fn tell(
    hook: &notify::Hook,
    authorities: Option<Authorities>,
    state: &Mutex<State>,
    detector: &Detector,
    scanning: &scan::Progress,
) -> Result<(), AnyError> {
    let net = Net::trusting(notify::limits(), authorities);
    let (pending, ids) = lock(state).pending(detector.rules())?;
    hook.send(&net, &pending, detector, &|| scanning.is_stopped())?;
    Ok(lock(state).note_told(&ids)?)
}

/// All that is said at the end.
struct Ended<'a> {
    swept: &'a Swept,
    state: &'a State,
    log: &'a audit::Log,
    unnotified: Option<AnyError>,
}

/// Says how it ended.
fn end(common: &Common, ended: &Ended<'_>) -> Result<Status, AnyError> {
    let Ended { swept, state, log, unnotified } = ended;
    let status = state.status()?;
    for problem in &swept.problems {
        let (subject, reason) = (escape::terminal(&problem.subject), escape::terminal(&problem.reason));
        anstream::eprintln!("stanch: not covered: {subject}: {reason}");
    }
    if log.lost() > 0 {
        anstream::eprintln!("stanch: {} lines are missing from the audit log: it could not be written", log.lost());
    }
    if let Some(error) = unnotified {
        anstream::eprintln!("stanch: {error}");
    }
    let are_none = swept.repositories + swept.filtered == 0 && swept.is_complete();
    if are_none && common.running.shard.is_none() {
        anstream::eprintln!("stanch: nothing was listed: there is no repository, or none that the token may see");
    }
    if !common.running.quiet {
        say(swept, &status);
    }
    let fails = match common.running.fail_on.map_or_else(FailOn::default, |name| name.0) {
        FailOn::Never => false,
        FailOn::Any => status.open + status.reopened > 0,
        FailOn::Active => state.active()? > 0,
    };
    let complete = swept.is_complete() && log.lost() == 0 && unnotified.is_none();
    Ok(match (fails, complete) {
        (true, _) => Status::Incidents,
        (false, true) => Status::Clean,
        (false, false) => Status::Incomplete,
    })
}

fn say(swept: &Swept, status: &stanch::sweep::state::Status) {
    let changes = &swept.changes;
    anstream::println!(
        "{}: {} unchanged, {} scanned, {} not covered; {} gone, {} not wanted",
        counted(swept.repositories, "repository", "repositories"),
        swept.unchanged,
        swept.scanned,
        swept.repositories.saturating_sub(swept.unchanged + swept.scanned),
        swept.gone,
        swept.filtered,
    );
    anstream::println!(
        "{} open: {} new, {} reopened, {} resolved by this sweep",
        counted(status.open + status.reopened, "incident", "incidents"),
        changes.new.len(),
        changes.reopened.len(),
        changes.resolved.len(),
    );
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
