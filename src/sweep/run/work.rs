//! One fork network: fetched, scanned, asked about and recorded.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Committed, Error, Group, Sweeper, committed, lock, plan::Seen};
use crate::{
    blob::ObjectId,
    escape,
    incident::{Incident, Occurrence},
    scan::{self, Cursor, Member, Outcome, with_causes},
    source::git::{Outside, Repository},
    sweep::{
        fetch::{self, Credentials, Fetched, Network},
        forge::{Client, Forgetful},
        owners::{self, Authors, CodeOwners},
        repository::{Address, Listed},
        state::{self, Changes, Scanned, Sweep},
    },
};

/// What is said of a repository in the end.
#[derive(Debug)]
pub(super) struct Line<'g> {
    pub(super) listed: &'g Listed,
    /// The commit at its HEAD.
    pub(super) fetched: Option<String>,
    pub(super) covered: bool,
    /// Whether it is as it was.
    pub(super) unchanged: bool,
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    /// How many incidents it holds.
    pub(super) incidents: u64,
    pub(super) failed: Option<String>,
}

impl<'g> Line<'g> {
    /// Nothing said of `listed` yet.
    pub(super) fn of(listed: &'g Listed) -> Self {
        Self {
            listed,
            fetched: None,
            covered: false,
            unchanged: false,
            bytes: 0,
            seconds: 0.0,
            incidents: 0,
            failed: None,
        }
    }

    fn failed(listed: &'g Listed, reason: String) -> Self {
        Self { failed: Some(reason), ..Self::of(listed) }
    }
}

/// A repository that is here by now.
struct Here<'g> {
    listed: &'g Listed,
    /// Where its refs are; nothing where it has the git directory for itself.
    namespace: Option<String>,
    /// What its refs name, as a hash.
    refs: String,
    /// What it was when it was last scanned, where nothing that decides what is found has changed since.
    seen: Option<Seen>,
}

/// A repository that is about to be recorded.
struct Covered<'h, 'g> {
    here: &'h Here<'g>,
    tips: String,
    outcome: Outcome,
    head: Option<ObjectId>,
    code_owners: Option<CodeOwners>,
}

impl Sweeper<'_> {
    /// Does one network: gives what that changed, and a line for each of its repositories.
    pub(super) fn network<'g>(
        &self,
        sweep: Sweep,
        group: &'g Group,
        terms: &str,
    ) -> Result<(Changes, Vec<Line<'g>>), Error> {
        let mut lines = Vec::new();
        let local = group.members.iter().find_map(|(listed, _)| match &listed.address {
            Address::Local(path) => Some(path),
            Address::Remote(_) => None,
        });
        let (repository, mirror, here) = match local {
            Some(path) => (open(path), None, Vec::new()),
            None => match self.fetched(group, &mut lines) {
                Ok((mirror, here)) => (open(mirror.path()), Some(mirror), here),
                Err(reason) => (Err(reason), None, Vec::new()),
            },
        };
        let repository = match repository {
            Ok(repository) => repository,
            Err(reason) => {
                let told: Vec<_> = lines.iter().map(|line: &Line<'_>| &line.listed.id).collect();
                let untold: Vec<_> = group
                    .members
                    .iter()
                    .map(|(listed, _)| listed)
                    .filter(|listed| !told.contains(&&listed.id))
                    .collect();
                lines.extend(untold.into_iter().map(|listed| Line::failed(listed, reason.clone())));
                self.note_failed(sweep, &lines)?;
                return Ok((Changes::default(), lines));
            }
        };
        let here = if mirror.is_some() { here } else { in_place(group, &repository) };
        self.note_failed(sweep, &lines)?;
        let (same, differing): (Vec<_>, Vec<_>) =
            here.iter().partition(|here| here.seen.as_ref().is_some_and(|seen| seen.refs == here.refs));
        lines.extend(self.note_same(sweep, &same, terms)?);
        let mut changes = Changes::default();
        if !differing.is_empty() {
            let (more, told) = self.scanned(sweep, &group.network, &repository, &differing, terms)?;
            changes.add(more);
            lines.extend(told);
        }
        Ok((changes, lines))
    }

    /// Fetches those of the group that can be had.
    fn fetched<'g>(&self, group: &'g Group, lines: &mut Vec<Line<'g>>) -> Result<(Network, Vec<Here<'g>>), String> {
        let room = self.cache.make_room(group.size());
        room.map_err(|error| with_causes(&error))?;
        let mut network = self.cache.network(&group.network).map_err(|error| with_causes(&error))?;
        let mut here = Vec::new();
        for (listed, seen) in &group.members {
            match self.fetch(&mut network, listed) {
                Ok(fetched) => here.push(Here {
                    listed,
                    namespace: Some(listed.id.namespace()),
                    refs: refs_hash(&fetched),
                    seen: seen.clone(),
                }),
                Err(reason) => lines.push(Line::failed(listed, reason)),
            }
        }
        Ok((network, here))
    }

    fn fetch(&self, network: &mut Network, listed: &Listed) -> Result<Fetched, String> {
        if let (Some(most), Some(size)) = (self.most_size, listed.size)
            && size > most
        {
            return Err(format!("is too large to be fetched: {size} bytes, and at most {most} are wanted"));
        }
        let stopped = || self.scanning.is_stopped();
        let mut nothing = Forgetful;
        let mut client = Client::new(self.net, &mut nothing, &stopped).waiting(self.patience);
        let shown = self.forge.credentials(&mut client, listed).map_err(|error| with_causes(&error))?;
        let credentials = shown.and_then(|shown| {
            let token = String::from_utf8_lossy(shown.token.expose()).into_owned();
            let scheme = match &listed.address {
                Address::Remote(url) if url.starts_with("http://") => "http",
                _ => "https",
            };
            Credentials::new(&format!("{scheme}://{}", shown.host), &shown.user, &token)
        });
        let namespace = listed.id.namespace();
        let member =
            fetch::Member { namespace: &namespace, address: &listed.address, credentials: credentials.as_ref() };
        network.fetch(&member, self.limits, &stopped).map_err(|error| with_causes(&error))
    }

    fn note_failed(&self, sweep: Sweep, lines: &[Line<'_>]) -> Result<(), state::Error> {
        let mut state = self.state();
        for line in lines {
            if let Some(reason) = &line.failed {
                state.note_failed(sweep, &line.listed.id, &escape::terminal(reason))?;
            }
        }
        Ok(())
    }

    /// Notes that repositories are as they were, whatever their stamps say.
    fn note_same<'g>(&self, sweep: Sweep, same: &[&Here<'g>], terms: &str) -> Result<Vec<Line<'g>>, state::Error> {
        let mut lines = Vec::new();
        for here in same {
            // Without a stamp there is nothing to remember that is not remembered.
            if here.listed.stamp.is_some() {
                lock(self.state).note_unchanged(sweep, here.listed, &tips(here, terms))?;
            }
            lines.push(Line { covered: true, unchanged: true, ..Line::of(here.listed) });
        }
        Ok(lines)
    }

    /// Scans and records those that changed.
    fn scanned<'g>(
        &self,
        sweep: Sweep,
        network: &str,
        repository: &Repository,
        differing: &[&Here<'g>],
        terms: &str,
    ) -> Result<(Changes, Vec<Line<'g>>), Error> {
        let before = self.state().cursor(network)?;
        let seen: Option<Cursor> = before.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let heads: Vec<_> = differing.iter().map(|here| head(repository, here)).collect();
        let configured: Vec<_> = heads.iter().map(|head| (self.configure)(&Committed::at(repository, *head))).collect();
        let members: Vec<_> = differing
            .iter()
            .zip(&configured)
            .map(|(here, (options, _))| Member { namespace: here.namespace.as_deref(), options })
            .collect();
        let scanned = scan::network(self.options, self.detector, (repository, seen.as_ref()), &members, self.scanning)?;
        let mut covered = Vec::new();
        for (((here, mut outcome), head), (_, notes)) in
            differing.iter().zip(scanned.members).zip(heads).zip(&configured)
        {
            outcome.coverage.notes.extend(notes.iter().cloned());
            self.ask(&mut outcome);
            let code_owners = committed::code_owners(repository, head);
            covered.push(Covered { here, tips: tips(here, terms), outcome, head, code_owners });
        }
        // What was read is said once, of the first.
        if let Some(first) = covered.first_mut() {
            let read = &scanned.coverage;
            let coverage = &mut first.outcome.coverage;
            (coverage.blobs, coverage.commits) = (read.blobs, read.commits);
            (coverage.tags, coverage.bytes) = (read.tags, read.bytes);
        }
        let changes = self.record(sweep, network, scanned.cursor.as_ref(), &covered)?;
        Ok((changes, covered.iter().map(Covered::line).collect()))
    }

    /// Asks providers about what was found.
    fn ask(&self, outcome: &mut Outcome) {
        if let Some(verifier) = self.verifier {
            scan::verify(outcome, self.detector.rules(), verifier, self.scanning);
        }
    }

    fn record(
        &self,
        sweep: Sweep,
        network: &str,
        cursor: Option<&Cursor>,
        covered: &[Covered<'_, '_>],
    ) -> Result<Changes, Error> {
        let cursor = cursor.and_then(|cursor| serde_json::to_vec(cursor).ok());
        let named: Vec<_> = covered.iter().flat_map(|one| one.outcome.named.iter().cloned()).collect();
        let owners: Vec<_> = covered.iter().map(|one| owner(one.code_owners.as_ref())).collect();
        let members: Vec<_> = covered
            .iter()
            .zip(&owners)
            .map(|(one, owner)| state::Member {
                listed: one.here.listed,
                tips: &one.tips,
                coverage: &one.outcome.coverage,
                incidents: &one.outcome.incidents,
                owner,
            })
            .collect();
        let rules = self.detector.rules();
        let scanned = Scanned { network, cursor: cursor.as_deref(), rules, named: &named, members: &members };
        Ok(self.state().record(sweep, &scanned)?)
    }
}

impl<'g> Covered<'_, 'g> {
    fn line(&self) -> Line<'g> {
        let coverage = &self.outcome.coverage;
        let why = coverage.failed.first().map(|failure| {
            let more = coverage.failed.len() - 1;
            let more = if more == 0 { String::new() } else { format!("; and {more} more") };
            escape::terminal(&format!("{}: {}{more}", failure.subject, failure.reason)).into_owned()
        });
        Line {
            fetched: self.head.map(|id| id.to_string()),
            covered: coverage.complete(),
            bytes: coverage.bytes,
            incidents: self.outcome.incidents.len() as u64,
            failed: why,
            ..Line::of(self.here.listed)
        }
    }
}

/// Whose an occurrence is, in words.
fn owner(code_owners: Option<&CodeOwners>) -> impl Fn(&Incident, &Occurrence) -> Option<String> {
    move |_, occurrence| {
        let git = occurrence.git.as_ref();
        let authors = Authors {
            introduced: git.and_then(|git| git.introduced.as_ref()),
            last: git.and_then(|git| git.last.as_ref()),
        };
        let owner = owners::guess(occurrence.path.as_ref(), code_owners, authors)?;
        owner.team.or(owner.person)
    }
}

fn open(path: &std::path::Path) -> Result<Repository, String> {
    match Repository::open(path, Outside::Never) {
        Ok(Some(repository)) => Ok(repository),
        Ok(None) => Err(format!("{} is no git repository", path.display())),
        Err(error) => Err(format!("its history cannot be read: {}", with_causes(&error))),
    }
}

/// The one repository that is scanned where it is.
fn in_place<'g>(group: &'g Group, repository: &Repository) -> Vec<Here<'g>> {
    let refs = serde_json::to_vec(&repository.snapshot()).map(|text| hash(&text)).unwrap_or_default();
    let here = |(listed, seen): &'g (Listed, Option<Seen>)| Here {
        listed,
        namespace: None,
        refs: refs.clone(),
        seen: seen.clone(),
    };
    group.members.iter().map(here).collect()
}

fn head(repository: &Repository, here: &Here<'_>) -> Option<ObjectId> {
    match &here.namespace {
        Some(namespace) => repository.head_of(namespace),
        None => repository.head().ok().flatten(),
    }
}

fn tips(here: &Here<'_>, terms: &str) -> String {
    let seen = Seen { terms: terms.to_owned(), refs: here.refs.clone() };
    serde_json::to_string(&seen).unwrap_or_default()
}

/// What the refs of a repository name. Their names do not show in it: one may be a secret.
fn refs_hash(fetched: &Fetched) -> String {
    let tips: BTreeMap<&str, String> = fetched.tips.iter().map(|(name, id)| (name.as_str(), id.to_string())).collect();
    hash(format!("{:?} {tips:?}", fetched.head).as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..16])
}
