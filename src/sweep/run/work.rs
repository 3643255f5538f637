//! One fork network: fetched, scanned, asked about and recorded.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{
    Committed, Error, Sweeper, committed, lock,
    plan::{Group, Seen},
};
use crate::{
    blob::ObjectId,
    coverage::{Coverage, History},
    detect::Scratch,
    escape,
    incident::{Incident, Occurrence},
    scan::{self, Cursor, Member, Outcome, with_causes},
    source::git::{Outside, Repository},
    sweep::{
        fetch::{self, Credentials, Fetched, Network},
        forge::{Client, Forgetful},
        owners::{self, Authors, CodeOwners},
        repository::{Address, Kind, Listed},
        state::{self, Changes, Scanned, Sweep},
    },
};

/// What is said of a repository in the end.
#[derive(Clone, Debug)]
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

    /// What a scan of `listed` came to, whose HEAD names this commit.
    pub(super) fn told(listed: &'g Listed, outcome: &Outcome, head: Option<ObjectId>) -> Self {
        let coverage = &outcome.coverage;
        let why = coverage.failed.first().map(|failure| {
            let more = coverage.failed.len() - 1;
            let more = if more == 0 { String::new() } else { format!("; and {more} more") };
            escape::terminal(&format!("{}: {}{more}", failure.subject, failure.reason)).into_owned()
        });
        Self {
            fetched: head.map(|id| id.to_string()),
            covered: coverage.complete(),
            bytes: coverage.bytes,
            incidents: outcome.incidents.len() as u64,
            failed: why,
            ..Self::of(listed)
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
    /// How many of its refs git could not store.
    unstored: usize,
}

impl Here<'_> {
    /// Whether it is what it was when it was last scanned.
    fn is_same(&self) -> bool {
        self.unstored == 0 && self.seen.as_ref().is_some_and(|seen| seen.refs == self.refs)
    }
}

/// What of a network is here.
struct Had<'g> {
    repository: Repository,
    here: Vec<Here<'g>>,
    /// Held as long as the repository is read.
    _mirror: Option<Network>,
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
        let had = self.had(group, &mut lines);
        if let Err(reason) = &had {
            let reason = self.masked(reason, &mut Scratch::default());
            let is_told = |listed: &Listed| lines.iter().any(|line: &Line<'_>| line.listed.id == listed.id);
            let untold: Vec<_> =
                group.members.iter().map(|(listed, _)| listed).filter(|listed| !is_told(listed)).collect();
            lines.extend(untold.into_iter().map(|listed| Line::failed(listed, reason.clone())));
        }
        self.note_failed(sweep, &lines)?;
        let Ok(Had { repository, here, .. }) = &had else { return Ok((Changes::default(), lines)) };
        let (same, differing): (Vec<_>, Vec<_>) = here.iter().partition(|here| here.is_same());
        lines.extend(self.note_same(sweep, &same, terms)?);
        if differing.is_empty() {
            return Ok((Changes::default(), lines));
        }
        let (changes, told) = self.scanned(sweep, (&group.network, repository), &differing, terms)?;
        lines.extend(told);
        Ok((changes, lines))
    }

    /// The git directory that the group is in by now, and what of it is there; `lines` tell what is not.
    fn had<'g>(&self, group: &'g Group, lines: &mut Vec<Line<'g>>) -> Result<Had<'g>, String> {
        let local = group.members.iter().find_map(|(listed, _)| match &listed.address {
            Address::Local(path) => Some(path),
            Address::Remote(_) => None,
        });
        if let Some(path) = local {
            let repository = open(path)?;
            let here = in_place(group, &repository);
            return Ok(Had { repository, here, _mirror: None });
        }
        let (mirror, here) = self.fetched(group, lines)?;
        Ok(Had { repository: open(mirror.path())?, here, _mirror: Some(mirror) })
    }

    /// Fetches those of the group that can be had. A mirror that turns out to be damaged is made anew, once.
    fn fetched<'g>(&self, group: &'g Group, lines: &mut Vec<Line<'g>>) -> Result<(Network, Vec<Here<'g>>), String> {
        self.cache.make_room(group.size()).map_err(|error| with_causes(&error))?;
        let open = || self.cache.network(&group.network).map_err(|error| with_causes(&error));
        let mut network = open()?;
        let (mut here, mut failed, is_damaged) = self.fetch_all(&mut network, group);
        if is_damaged {
            network.discard().map_err(|error| with_causes(&error))?;
            network = open()?;
            (here, failed, _) = self.fetch_all(&mut network, group);
        }
        lines.append(&mut failed);
        Ok((network, here))
    }

    /// Fetches them: what is here then, what is not, and whether the mirror is damaged.
    fn fetch_all<'g>(&self, network: &mut Network, group: &'g Group) -> (Vec<Here<'g>>, Vec<Line<'g>>, bool) {
        let (mut here, mut failed, mut is_damaged) = (Vec::new(), Vec::new(), false);
        for (listed, seen) in &group.members {
            let fetched = self.may_fetch(listed).and_then(|credentials| {
                let fetched = self.fetch(network, listed, credentials.as_ref());
                fetched.map_err(|error| {
                    is_damaged |= error.kind() == Some(fetch::Kind::Damaged);
                    with_causes(&error)
                })
            });
            match fetched {
                Ok(fetched) => here.push(Here {
                    listed,
                    namespace: Some(listed.id.namespace()),
                    refs: refs_hash(&fetched),
                    seen: seen.clone(),
                    unstored: fetched.unstored.len(),
                }),
                Err(reason) => {
                    let off = if listed.is_disabled { "is switched off at its forge: " } else { "" };
                    let reason = self.masked(&format!("{off}{reason}"), &mut Scratch::default());
                    failed.push(Line::failed(listed, reason));
                }
            }
        }
        (here, failed, is_damaged)
    }

    /// What has to be shown to fetch a repository, where it is not too large for that.
    fn may_fetch(&self, listed: &Listed) -> Result<Option<Credentials>, String> {
        if let (Some(most), Some(size)) = (self.most_size, listed.size)
            && size > most
        {
            return Err(format!("is too large to be fetched: {size} bytes, and at most {most} are wanted"));
        }
        let stopped = || self.scanning.is_stopped();
        let mut nothing = Forgetful;
        let mut client = Client::new(self.net, &mut nothing, &stopped).waiting(self.patience);
        let shown = self.forge.credentials(&mut client, listed).map_err(|error| with_causes(&error))?;
        let scheme = match &listed.address {
            Address::Remote(url) if url.starts_with("http://") => "http",
            _ => "https",
        };
        Ok(shown.and_then(|shown| {
            let token = zeroize::Zeroizing::new(String::from_utf8_lossy(shown.token.expose()).into_owned());
            Credentials::new(&format!("{scheme}://{}", shown.host), &shown.user, &token)
        }))
    }

    fn fetch(
        &self,
        network: &mut Network,
        listed: &Listed,
        credentials: Option<&Credentials>,
    ) -> Result<Fetched, fetch::Error> {
        let namespace = listed.id.namespace();
        let member = fetch::Member { namespace: &namespace, address: &listed.address, credentials };
        match network.fetch(&member, self.limits, &|| self.scanning.is_stopped()) {
            // A wiki is there from its first page on, and forges list it before.
            Err(error) if listed.kind == Kind::Wiki && error.kind() == Some(fetch::Kind::NotFound) => {
                Ok(Fetched::default())
            }
            fetched => fetched,
        }
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
        (network, repository): (&str, &Repository),
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
            note_missing(&mut outcome.coverage, here.unstored);
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
    pub(super) fn ask(&self, outcome: &mut Outcome) {
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
                adds: false,
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
        Line::told(self.here.listed, &self.outcome, self.head)
    }
}

/// Notes what of a repository nobody could look at, though nothing failed.
fn note_missing(coverage: &mut Coverage, unstored: usize) {
    if coverage.history == History::Shallow {
        coverage.fail("history", "is cut off (shallow): where it was had from, there is no more of it");
    }
    if unstored > 0 {
        coverage.fail("refs", format!("{unstored} have names that git cannot store"));
    }
}

/// Whose an occurrence is, in words.
fn owner(code_owners: Option<&CodeOwners>) -> impl Fn(&Incident, &Occurrence) -> Option<String> {
    move |_, occurrence| {
        let git = occurrence.git.as_ref();
        let authors = Authors {
            introduced: git.and_then(|git| git.introduced.as_deref()),
            last: git.and_then(|git| git.last.as_deref()),
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
        unstored: 0,
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
    Seen { terms: terms.to_owned(), refs: here.refs.clone() }.text()
}

/// What the refs of a repository name. Their names do not show in it: one may be a secret.
fn refs_hash(fetched: &Fetched) -> String {
    let tips: BTreeMap<&str, String> = fetched.tips.iter().map(|(name, id)| (name.as_str(), id.to_string())).collect();
    hash(format!("{:?} {tips:?}", fetched.head).as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..16])
}
