//! What a fetch that failed did, undone: the refs of a namespace are again those of before.

use std::{collections::BTreeSet, ffi::OsString, fs, io};

use super::{
    Network,
    error::Error,
    refs::{self, Head, Refs},
    tidy,
};

/// A member's refs before a fetch, and the packs that were there.
pub(super) struct Before<'b> {
    namespace: &'b str,
    refs: &'b Refs,
    packs: BTreeSet<OsString>,
}

impl<'b> Before<'b> {
    /// What there is now, of which `refs` was read before.
    pub(super) fn new(network: &Network, namespace: &'b str, refs: &'b Refs) -> Result<Self, Error> {
        let packs = packs(network).map_err(|error| Error::io(network.path(), error))?;
        Ok(Self { namespace, refs, packs })
    }

    /// Makes the refs what they were.
    pub(super) fn restore(&self, network: &Network) -> Result<(), Error> {
        let now = network.refs(self.namespace)?;
        let prefix = refs::prefix(self.namespace);
        let head = format!("{prefix}HEAD");
        let (mut gone, mut back) = (Vec::new(), Vec::new());
        for name in now.tips.keys().filter(|name| !self.refs.tips.contains_key(*name)) {
            gone.push(format!("delete {prefix}{name}\n"));
        }
        for (name, id) in self.refs.tips.iter().filter(|(name, id)| now.tips.get(*name) != Some(*id)) {
            back.push(format!("update {prefix}{name} {id}\n"));
        }
        match &self.refs.head {
            None if now.head.is_some() => gone.push(format!("delete {head}\n")),
            Some(Head::Detached(id)) => back.push(format!("update {head} {id}\n")),
            _ => {}
        }
        // First what goes: a ref may have been a folder of refs.
        for list in [gone, back].into_iter().filter(|list| !list.is_empty()) {
            network.local(&["update-ref", "--no-deref", "--stdin"], Some(list.concat().into_bytes()))?;
        }
        match &self.refs.head {
            Some(Head::Ref(target)) if now.head != self.refs.head => {
                network.local(&["symbolic-ref", &head, &format!("{prefix}{target}")], None).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Deletes the packs that came since, whose objects no ref needs.
    pub(super) fn delete_packs(&self, network: &Network) -> Result<(), Error> {
        let folder = network.path().join("objects/pack");
        let mut new = packs(network).map_err(|error| Error::io(&folder, error))?;
        new.retain(|name| !self.packs.contains(name));
        let deleted = new.iter().try_for_each(|name| tidy::remove(&folder.join(name)));
        deleted.map_err(|error| Error::io(&folder, error))
    }
}

/// The names of all files of packs.
fn packs(network: &Network) -> io::Result<BTreeSet<OsString>> {
    let entries = fs::read_dir(network.path().join("objects/pack"))?;
    entries.map(|entry| entry.map(|entry| entry.file_name())).collect()
}
