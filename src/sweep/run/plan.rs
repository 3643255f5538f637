//! What a sweep has to do: fork networks, and which of their repositories may have changed.
//!
//! It decides by what the list says and what the state has; nothing is asked here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::texts::Beside;
use crate::sweep::{
    repository::{Address, Kind, Listed, RepositoryId},
    shard::Shard,
    state::Known,
};

/// How long a list is believed that calls a repository unchanged, in seconds: GitHub's and Gitea's do not tell of what is added to the
/// pull request of a fork. Then its refs are asked for, which costs two requests.
const TRUSTED: i64 = 7 * 24 * 3600;

/// What a repository looked like when it was last scanned: what the state keeps as its tips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// What decides what is found, as a hash.
    pub(super) terms: String,
    /// What its refs named, as a hash.
    pub(super) refs: String,
}

impl Seen {
    /// What the state has of `known`, if that makes sense.
    pub(super) fn of(known: &Known) -> Option<Self> {
        serde_json::from_str(known.tips.as_deref()?).ok()
    }

    /// As the state keeps it.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What has to be done.
pub(super) struct Plan {
    /// The largest first.
    pub(super) groups: Vec<Group>,
    /// Texts beside the code of repositories, where they are wanted.
    pub(super) texts: Vec<Beside>,
    /// Repositories that are as they were.
    pub(super) unchanged: Vec<Listed>,
    /// What decides what is found, as a hash.
    pub(super) terms: String,
}

/// A network, and those of its repositories that may have changed.
pub(super) struct Group {
    /// The network's name.
    pub(super) network: String,
    /// Each with what it looked like before, where that still counts.
    pub(super) members: Vec<(Listed, Option<Seen>)>,
}

impl Group {
    /// How much there may be to fetch, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.members.iter().filter_map(|(listed, _)| listed.size).fold(0, u64::saturating_add)
    }
}

/// What decides, besides lists and state, what has to be done.
pub(super) struct Standing<'a> {
    /// What decides what is found, as a hash.
    pub(super) terms: &'a str,
    /// In seconds since 1970 UTC.
    pub(super) now: i64,
    /// Repositories that are scanned whether they changed or not.
    pub(super) again: &'a BTreeSet<RepositoryId>,
    /// Whether texts beside code are wanted.
    pub(super) texts: bool,
}

impl Plan {
    /// What is to be done with `networks`, where things stand so.
    pub(super) fn new(networks: BTreeMap<String, Vec<Listed>>, known: &[Known], standing: &Standing<'_>) -> Self {
        let known: BTreeMap<&RepositoryId, &Known> = known.iter().map(|known| (&known.listed.id, known)).collect();
        let (mut groups, mut unchanged, mut beside) = (Vec::new(), Vec::new(), Vec::new());
        for (network, members) in networks {
            let mut changed = Vec::new();
            for listed in members {
                if standing.texts && listed.kind == Kind::Code {
                    beside.push(Beside::new(&listed, &known, standing.terms));
                }
                let before = known.get(&listed.id).copied();
                let is_wanted = standing.again.contains(&listed.id);
                let seen = before.and_then(Seen::of).filter(|seen| seen.terms == standing.terms && !is_wanted);
                let is_fresh = |known: &Known| known.completed_at.is_some_and(|at| standing.now - at < TRUSTED);
                let is_covered = seen.is_some() && before.is_some_and(|known| known.covers(&listed) && is_fresh(known));
                if is_covered {
                    unchanged.push(listed);
                } else {
                    let seen = seen.filter(|_| before.is_some_and(|known| known.is_complete));
                    changed.push((listed, seen));
                }
            }
            if !changed.is_empty() {
                groups.push(Group { network, members: changed });
            }
        }
        groups.sort_by(|one, other| other.size().cmp(&one.size()).then_with(|| one.network.cmp(&other.network)));
        Self { groups, texts: beside, unchanged, terms: standing.terms.to_owned() }
    }

    /// The sizes of all repositories, as far as they are known.
    pub(super) fn sizes(&self) -> Vec<Option<u64>> {
        let changed = self.groups.iter().flat_map(|group| &group.members).map(|(listed, _)| listed);
        let texts = self.texts.iter().map(|_| Some(0));
        self.unchanged.iter().chain(changed).map(|listed| listed.size).chain(texts).collect()
    }
}

/// The repositories by the networks that they are of, as far as they are for this machine. What the state knows of forks counts, too: a
/// list that is cut short must not tear a network apart.
pub(super) fn networks(listed: Vec<Listed>, known: &[Known], shard: Option<Shard>) -> BTreeMap<String, Vec<Listed>> {
    let mut parents: BTreeMap<RepositoryId, RepositoryId> = BTreeMap::new();
    for listed in known.iter().map(|known| &known.listed).chain(&listed) {
        if let Some(parent) = &listed.parent {
            parents.insert(listed.id.clone(), parent.clone());
        }
    }
    let mut networks: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for listed in listed {
        // What is scanned where it is shares nothing.
        let root = if matches!(listed.address, Address::Local(_)) { &listed.id } else { root(&listed.id, &parents) };
        let network = root.namespace();
        if shard.is_none_or(|shard| shard.holds(&network)) {
            networks.entry(network).or_default().push(listed);
        }
    }
    networks
}

/// Where the network of `id` began, as far as that is known.
fn root<'a>(id: &'a RepositoryId, parents: &'a BTreeMap<RepositoryId, RepositoryId>) -> &'a RepositoryId {
    let (mut root, mut met) = (id, BTreeSet::from([id]));
    // A forge that lists a circle of parents lists nonsense; the least of them names it.
    while let Some(parent) = parents.get(root) {
        if !met.insert(parent) {
            return met.first().copied().unwrap_or(id);
        }
        root = parent;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> Listed {
        let address = Address::Remote(format!("https://forge/{name}"));
        Listed::at(RepositoryId::new("forge", name), name.to_owned(), address)
    }

    fn fork(name: &str, parent: &str) -> Listed {
        Listed { parent: Some(RepositoryId::new("forge", parent)), is_fork: true, ..listed(name) }
    }

    fn names(networks: &BTreeMap<String, Vec<Listed>>) -> Vec<Vec<&str>> {
        let mut names: Vec<Vec<_>> =
            networks.values().map(|members| members.iter().map(|listed| listed.name.as_str()).collect()).collect();
        names.sort();
        names
    }

    #[test]
    fn forks_of_forks_are_one_network() {
        let all = vec![listed("a"), fork("b", "a"), fork("c", "b"), listed("d"), fork("e", "elsewhere")];
        let networks = networks(all, &[], None);
        assert_eq!(names(&networks), [vec!["a", "b", "c"], vec!["d"], vec!["e"]]);
        let elsewhere = RepositoryId::new("forge", "elsewhere").namespace();
        assert!(networks.contains_key(&elsewhere));
    }

    #[test]
    fn a_circle_of_parents_is_one_network() {
        let networks = networks(vec![fork("a", "b"), fork("b", "c"), fork("c", "b")], &[], None);
        assert_eq!(networks.values().flatten().count(), 3);
    }

    #[test]
    fn each_network_is_for_one_machine() {
        let all: Vec<_> = (0..40).map(|number| listed(&number.to_string())).collect();
        let of = |index| networks(all.clone(), &[], Some(Shard::new(index, 3).unwrap())).into_keys();
        let mut held: Vec<_> = of(1).chain(of(2)).chain(of(3)).collect();
        held.sort();
        assert_eq!(held, networks(all.clone(), &[], None).into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn the_largest_comes_first() {
        let sized = |name, size| Listed { size: Some(size), ..listed(name) };
        let networks = networks(vec![sized("a", 5), sized("b", 50), fork("c", "a"), sized("d", 20)], &[], None);
        let plan =
            Plan::new(networks, &[], &Standing { terms: "terms", now: 0, again: &BTreeSet::new(), texts: false });
        let first: Vec<_> = plan.groups.iter().map(|group| group.members[0].0.name.as_str()).collect();
        assert_eq!(first, ["b", "d", "a"]);
        assert!(plan.unchanged.is_empty());
    }
}
