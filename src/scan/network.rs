//! Repositories that share their objects: what is new is scanned once, and each gets the places that its own refs lead to.
//!
//! The members of a fork network are kept in one git directory, each under a namespace of its own (gitnamespaces(7)). One [`Cursor`] stands
//! for all of them: it says which objects have been seen, and which of them hold something. Unlike a scan of what is new, this gives all places
//! of each member, so that whoever keeps them replaces what was there. Which repositories make a network, and how they are had, is for others.

use std::path::Path;

use super::{
    Error, Gathered, Options, Outcome, Progress, Scan,
    cursor::Cursor,
    history::{Placing, Receiver},
    news::{Holders, Renewal},
    pool,
};
use crate::{
    coverage::{Coverage, History},
    detect::Detector,
    source::git::{Place, Refs, Repository, Scope, Snapshot},
};

/// One repository of a network.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Under which name its refs are kept; nothing where it has the git directory for itself.
    pub namespace: Option<&'a str>,
    /// What is reported of it: what it allows, and what is known there.
    pub options: &'a Options,
}

/// What the scan of a network came to.
#[derive(Debug)]
pub struct Network {
    /// What each member holds, in the order in which they were given.
    pub members: Vec<Outcome>,
    /// What was read of the objects that they share.
    pub coverage: Coverage,
    /// Where the next scan goes on; nothing where this one is not complete.
    pub cursor: Option<Cursor>,
}

/// Scans what `seen` has not seen of `repository`, and works out what each of `members` holds, new or not. `options` say how sure something
/// has to be, and under which key it is named; those of members have to agree.
///
/// # Errors
/// Where no threads can be had. What could not be read is in the coverage, of the network and of each member.
pub fn network(
    options: &Options,
    detector: &Detector,
    (repository, seen): (&Repository, Option<&Cursor>),
    members: &[Member<'_>],
    progress: &Progress,
) -> Result<Network, Error> {
    let pool = pool(options)?;
    let scan = Scan { options, detector, progress, pool: &pool };
    let mut coverage = Coverage::default();
    let mut now = Cursor::new(options, detector, repository.snapshot());
    let seen = seen.filter(|seen| seen.outdated(&now).is_none());
    let holders = pool.install(|| held(&scan, repository, seen, &mut coverage));
    holders.note_in(&mut now);
    let places = pool.install(|| places(repository, &holders, members, &mut coverage));
    if progress.is_stopped() {
        coverage.fail("the run", "was stopped: what was left is not scanned");
    }
    let about = Coverage { failed: coverage.failed.clone(), history: history(repository), ..Coverage::default() };
    let mut gathered: Vec<_> = members.iter().map(|member| Gathered::new(member.options, detector)).collect();
    for (member, gathered) in members.iter().zip(&mut gathered) {
        gathered.coverage = Coverage { refs: repository.ref_count(member.namespace), ..about.clone() };
    }
    let pairs = members.iter().zip(&mut gathered);
    let mut receivers: Vec<_> =
        pairs.map(|(member, gathered)| Receiver { options: member.options, gathered }).collect();
    Placing { scan: &scan, repository, prefix: Path::new("") }.add_each(places, &holders.ids, &mut receivers);
    let finish = |(member, gathered): (&Member<'_>, _)| Scan { options: member.options, ..scan }.finish(gathered);
    let members: Vec<_> = members.iter().zip(gathered).map(finish).collect();
    let is_complete = coverage.complete() && members.iter().all(|member| member.coverage.complete());
    Ok(Network { members, coverage, cursor: Some(now).filter(|_| is_complete) })
}

/// Which objects hold something: what is new, and what was seen before.
fn held(scan: &Scan<'_>, repository: &Repository, seen: Option<&Cursor>, coverage: &mut Coverage) -> Holders {
    let renewal = Renewal { scan, repository, seen };
    let nothing = Snapshot::default();
    let news = repository.news(seen.map_or(&nothing, Cursor::repository));
    let rules = seen.map_or(Vec::new(), |seen| seen.unseen_rules(scan.detector));
    let found = renewal.found(&news, &rules, coverage);
    renewal.holders(&found)
}

/// Where each member has what `holders` hold.
fn places(
    repository: &Repository,
    holders: &Holders,
    members: &[Member<'_>],
    coverage: &mut Coverage,
) -> Vec<Vec<Place>> {
    let namespaces: Option<Vec<&str>> = members.iter().map(|member| member.namespace).collect();
    if let Some(namespaces) = namespaces {
        return repository.attribute_namespaces(&holders.by_object, &namespaces, false, coverage);
    }
    // It has the git directory for itself.
    let scope = Scope { refs: &Refs::All, all_versions: false, complete: true };
    let places = repository.attribute(&holders.by_object, scope, coverage);
    members.iter().map(|_| places.clone()).collect()
}

fn history(repository: &Repository) -> History {
    if repository.is_shallow() { History::Shallow } else { History::Full }
}
