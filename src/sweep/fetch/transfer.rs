//! One member's fetch: what the server offers is listed, and fetched where it is not what the mirror holds.
//!
//! The list tells where HEAD leads, which a fetch does not, and makes an unchanged repository cost nothing else. A member that the
//! mirror lacks is fetched without it: of a new organisation, the list would be much of the cost.

use std::{
    ffi::OsStr,
    time::{Duration, Instant},
};

use super::{
    Fetched, Limits, Member, Network,
    address::{self, Checked},
    disk,
    error::{Error, Kind},
    refs::{self, Head, Refs},
    run::{Ended, Ran, Watch},
    said,
    undo::Before,
};

/// How many refs are named that git could not store.
const MOST_UNSTORED: usize = 100;

/// How often a repository may have moved.
const MOST_MOVES: usize = 3;

/// A fetch that is to be done.
pub(super) struct Transfer<'t> {
    pub(super) member: Member<'t>,
    pub(super) limits: &'t Limits,
    stopped: &'t dyn Fn() -> bool,
    address: Checked,
}

impl<'t> Transfer<'t> {
    pub(super) fn new(
        member: &'t Member<'t>,
        limits: &'t Limits,
        stopped: &'t dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        let address = address::check(member.address, limits)?;
        Ok(Self { member: *member, limits, stopped, address })
    }

    /// What git is told to ask at.
    pub(super) fn address(&self) -> &Checked {
        &self.address
    }

    /// Does it.
    pub(super) fn run(mut self, network: &mut Network) -> Result<Fetched, Error> {
        let (_, packed) = disk::packs(network.path());
        let first = if network.lacks(self.member.namespace) { self.retried(|| self.first(network))? } else { None };
        let (before, offered, after) = match first {
            Some(held) => (Refs::default(), held.clone(), held),
            None => self.again(network)?,
        };
        let moved = after.tips.iter().filter(|(name, id)| before.tips.get(*name) != Some(*id)).count();
        if after != before {
            // What is not joined now is joined the next time; it was fetched all the same.
            let _ = network.at_work(|network| network.join(moved));
        }
        let unstored = offered.tips.keys().filter(|name| !after.tips.contains_key(*name)).take(MOST_UNSTORED);
        Ok(Fetched {
            changed: after != before,
            unstored: unstored.cloned().collect(),
            head: after.head,
            tips: after.tips,
            bytes: if before.tips == offered.tips { 0 } else { disk::packs(network.path()).1.saturating_sub(packed) },
            shallow: is_shallow(network),
        })
    }

    /// Brings all of a member that the mirror lacks, with nothing asked before. Nothing where that does not go: it is done the long
    /// way then, which tells why.
    fn first(&self, network: &Network) -> Result<Option<Refs>, Error> {
        network.at_work(|network| {
            let nothing = Refs::default();
            let before = Before::new(network, self.member.namespace, &nothing)?;
            let ran = self.fetched(network, true, &["--atomic"])?;
            if ran.is_fine() {
                return self.named(network).map(Some);
            }
            let error = self.failure(&ran);
            let undone = network.tidied().and_then(|()| before.restore(network));
            match error.kind() {
                // HEAD leads nowhere, or elsewhere; refs cannot be stored.
                Some(Kind::Broken | Kind::Moved | Kind::Damaged) => undone.map(|()| None),
                Some(Kind::TooLarge) if undone.is_ok() => before.delete_packs(network).and(Err(error)),
                _ => Err(error),
            }
        })
    }

    /// What is held after a first fetch, which tells the commit at HEAD and not its branch: the likeliest one there.
    fn named(&self, network: &Network) -> Result<Refs, Error> {
        let files = Refs::in_files(network.path(), self.member.namespace);
        let mut held = files.map_or_else(|| self.held(network), Ok)?;
        if let Some(branch) = held.likely_branch() {
            network.set_head(self.member.namespace, &branch)?;
            held.head = Some(Head::Ref(branch));
        }
        Ok(held)
    }

    /// Brings what changed, and tells what was held before, what is offered and what is held now.
    fn again(&mut self, network: &mut Network) -> Result<(Refs, Refs, Refs), Error> {
        let offered = self.find(network)?;
        if let Some(is_sha256) = offered.are_sha256()
            && !network.suit(is_sha256)?
        {
            return Err(self.failed(Kind::Broken, "its objects are named otherwise than those of its network"));
        }
        let before = self.held(network)?;
        if before == offered {
            return Ok((before.clone(), offered, before));
        }
        self.retried(|| network.at_work(|network| self.brought(network, &before, &offered)))?;
        let after = self.held(network)?;
        Ok((before, offered, after))
    }

    /// What the server offers, wherever it is by now. With credentials git follows nobody: it is told where to go at the same
    /// host, and goes elsewhere without them.
    fn find(&mut self, network: &Network) -> Result<Refs, Error> {
        for _ in 0..MOST_MOVES {
            match self.retried(|| self.list(network)) {
                Err(error) if error.kind() == Some(Kind::Moved) && self.member.credentials.is_some() => {
                    let traced = [("GIT_TRACE_CURL", "2"), ("GIT_TRACE_CURL_NO_DATA", "1")];
                    let Some(text) = address::moved(&self.listed(network, &traced)?.said, &self.address) else {
                        self.member.credentials = None;
                        let refused = |other: &Error| matches!(other.kind(), Some(Kind::Denied | Kind::NotFound));
                        let open = self.retried(|| self.list(network));
                        return open.map_err(|other| if refused(&other) { error } else { other });
                    };
                    self.address.text = text;
                }
                done => return done,
            }
        }
        Err(self.failed(Kind::Broken, "it has moved too often"))
    }

    fn list(&self, network: &Network) -> Result<Refs, Error> {
        let ran = self.listed(network, &[])?;
        if ran.is_fine() { Ok(Refs::listed(&ran.out)) } else { Err(self.failure(&ran)) }
    }

    fn listed(&self, network: &Network, variables: &[(&str, &str)]) -> Result<Ran, Error> {
        let mut command = network.remote(self)?;
        command.args(["ls-remote", "--quiet", "--symref", "--"]).arg(&self.address.text);
        network.ran(command.envs(variables.iter().copied()), None, &self.watch(&|| 0))
    }

    fn held(&self, network: &Network) -> Result<Refs, Error> {
        network.refs(self.member.namespace).map_err(|error| self.damaged(error))
    }

    /// Makes the namespace what the server offers, or leaves it as it is.
    fn brought(&self, network: &Network, held: &Refs, offered: &Refs) -> Result<(), Error> {
        let before = Before::new(network, self.member.namespace, held)?;
        let Err(error) = self.bring(network, held, offered) else { return Ok(()) };
        // Where even this fails, the error that came first tells more.
        let undone = network.tidied().and_then(|()| before.restore(network));
        if undone.is_ok() && error.kind() == Some(Kind::TooLarge) {
            before.delete_packs(network)?;
        }
        Err(error)
    }

    fn bring(&self, network: &Network, before: &Refs, offered: &Refs) -> Result<(), Error> {
        let head = format!("{}HEAD", refs::prefix(self.member.namespace));
        let local = |arguments: &[&str]| network.local(arguments, None).map(drop).map_err(|error| self.damaged(error));
        if before.head.is_some() && !matches!(offered.head, Some(Head::Ref(_))) {
            // Else what is fetched into it would go where it leads.
            local(&["update-ref", "--no-deref", "-d", &head])?;
        }
        if before.tips != offered.tips || offered.is_detached() {
            self.fetch(network, offered)?;
        }
        match &offered.head {
            Some(Head::Ref(target)) if before.head != offered.head => {
                local(&["symbolic-ref", &head, &format!("{}{target}", refs::prefix(self.member.namespace))])
            }
            _ => Ok(()),
        }
    }

    /// All refs at once, or where some cannot be stored, all others.
    fn fetch(&self, network: &Network, offered: &Refs) -> Result<(), Error> {
        let ran = self.fetched(network, offered.is_detached(), &["--atomic"])?;
        if ran.is_fine() {
            return Ok(());
        }
        let is_about_refs = |ran: &Ran| {
            matches!(ran.ended, Ended::With(_))
                && said::is_about_refs(&ran.said)
                && said::kind(&ran.said) != Kind::DiskFull
        };
        if !is_about_refs(&ran) {
            return Err(self.failure(&ran));
        }
        // Git may die of it where it stands: with the locks in its hands.
        network.tidied()?;
        let ran = self.fetched(network, offered.is_detached(), &[])?;
        if ran.is_fine() || is_about_refs(&ran) { Ok(()) } else { Err(self.failure(&ran)) }
    }

    fn fetched(&self, network: &Network, with_head: bool, how: &[&str]) -> Result<Ran, Error> {
        let namespace = refs::prefix(self.member.namespace);
        let mut command = network.remote(self)?;
        command.args([
            "fetch",
            "--progress",
            "--prune",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
        ]);
        command.args(["--no-write-fetch-head", "--update-shallow"]).args(how);
        if is_shallow(network) {
            // One server had no more, this one may.
            command.arg("--unshallow");
        }
        command.args([OsStr::new("--"), &self.address.text]).arg(format!("+refs/*:{namespace}refs/*"));
        if with_head {
            command.arg(format!("+HEAD:{namespace}HEAD"));
        }
        let packs = network.path().join("objects/pack");
        let before = disk::taken(&packs);
        let size = || disk::taken(&packs).saturating_sub(before);
        let ran = network.ran(&mut command, None, &self.watch(&size))?;
        // One that is done at once was not looked at meanwhile.
        let is_large = self.limits.most_bytes.is_some_and(|most| size() > most);
        Ok(if is_large && ran.is_fine() { Ran { ended: Ended::TooLarge, ..ran } } else { ran })
    }

    fn watch<'w>(&'w self, size: &'w dyn Fn() -> u64) -> Watch<'w> {
        Watch { stopped: self.stopped, stalled: self.limits.stalled, size, most: self.limits.most_bytes }
    }

    /// Tries it again where the failure is one that passes.
    fn retried<T>(&self, mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut pause = self.limits.pause;
        for _ in 1..self.limits.attempts {
            match attempt() {
                Err(error) if error.kind() == Some(Kind::Unavailable) => self.wait(pause)?,
                done => return done,
            }
            pause = pause.saturating_mul(2);
        }
        attempt()
    }

    fn wait(&self, time: Duration) -> Result<(), Error> {
        let start = Instant::now();
        while start.elapsed() < time {
            if (self.stopped)() {
                return Err(self.failed(Kind::Interrupted, ""));
            }
            std::thread::sleep(Duration::from_millis(20).min(time));
        }
        Ok(())
    }

    fn failure(&self, ran: &Ran) -> Error {
        match ran.ended {
            Ended::Stopped => self.failed(Kind::Interrupted, ""),
            Ended::TooLarge => self.failed(Kind::TooLarge, ""),
            Ended::Stalled => {
                let seconds = self.limits.stalled.as_secs();
                self.failed(Kind::Unavailable, &format!("no progress for {seconds} s"))
            }
            Ended::With(_) => {
                let credentials = self.member.credentials;
                let said = credentials.map_or_else(|| ran.said.clone(), |it| it.taken_out(&ran.said));
                self.failed(said::kind(&said), &said::gist(&said))
            }
        }
    }

    /// What went wrong in the mirror itself.
    fn damaged(&self, error: Error) -> Error {
        match error {
            Error::Mirror { said, .. } if said::kind(&said) == Kind::DiskFull => self.failed(Kind::DiskFull, &said),
            Error::Mirror { said, .. } => self.failed(Kind::Damaged, &said),
            other => other,
        }
    }

    fn failed(&self, kind: Kind, said: &str) -> Error {
        Error::failed(self.member.address, kind, said)
    }
}

fn is_shallow(network: &Network) -> bool {
    network.path().join("shallow").metadata().is_ok_and(|metadata| metadata.len() > 0)
}
