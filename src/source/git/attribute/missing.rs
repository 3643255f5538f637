//! Which objects something reachable names that are not here.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use super::{
    super::{
        Repository, error, index, parallel,
        store::Num,
        trees::{Marks, Trees, What},
    },
    tips::Tips,
};
use crate::{blob::ObjectId, coverage::Coverage, incident::Reach};

/// How many missing objects are named one by one.
const MOST_NAMED: usize = 100;

impl Repository {
    /// Notes what refs, the stash, HEADs and indexes name and lead to, and that is not here. What only garbage names has gone
    /// with good reason.
    pub(super) fn note_missing(&self, trees: &Trees, tips: &Tips, coverage: &mut Coverage) {
        let mut missing = self.missing_tips(coverage);
        missing.extend(&tips.missing);
        let commits = self.commits();
        let reachable = commits.graph.ancestry(tips.ref_commits.iter().chain(&tips.stash_commits).copied());
        let is_reachable = |commit| commits.graph.find(commit).is_some_and(|commit| reachable[commit as usize]);
        let by_commits = || commits.missing.iter().filter(|(_, by)| !self.cut.contains(&self.store.id(*by)));
        missing.extend(by_commits().filter(|&&(_, by)| is_reachable(by)).map(|&(id, _)| id));
        if !trees.missing.is_empty() {
            let kept = |by: &super::tips::Name| matches!(by.reach, Reach::Ref | Reach::Stash);
            let bare = tips.bare.iter().filter(|(_, _, by)| kept(by)).map(|&(num, _, _)| num);
            let kept_commits = commits.graph.commits().rev().filter(|&commit| reachable[commit as usize]);
            let roots: Vec<Num> = kept_commits.filter_map(|commit| commits.graph.tree(commit)).chain(bare).collect();
            missing.extend(self.missing_below(trees, &roots));
        }
        fail_missing(&missing, coverage);
        let named: BTreeSet<_> = by_commits().map(|&(id, _)| id).chain(trees.missing.iter().copied()).collect();
        let garbage = named.difference(&missing).count();
        if garbage > 0 {
            coverage.notes.push(format!("{garbage} missing objects are named by unreachable ones alone"));
        }
        if !named.is_empty() && self.store.promises() {
            coverage.notes.push("this is a partial clone: `git fetch --refetch` brings what is missing".to_owned());
        }
    }

    /// Of what HEADs and indexes name, what is not here. That of refs is noted with the refs.
    fn missing_tips(&self, coverage: &mut Coverage) -> BTreeSet<ObjectId> {
        let refs = self.refs();
        let mut tips: BTreeSet<_> = refs.heads.iter().copied().chain(refs.head).collect();
        for path in self.index_files() {
            match index::read(&path, self.format.hash) {
                Ok(index) => tips.extend(index.iter().flat_map(index::blobs).map(|(_, id)| id)),
                Err(error) => coverage.fail(path.display().to_string(), error::chain(&error)),
            }
        }
        tips.retain(|id| self.store.num(id.as_bytes()).is_none());
        tips.retain(|id| !refs.refs.iter().any(|one| one.id == *id));
        tips
    }

    /// What these trees and those below them name that is not here.
    fn missing_below(&self, trees: &Trees, roots: &[Num]) -> BTreeSet<ObjectId> {
        let flags = |count: usize| (0..count).map(|_| AtomicBool::new(false)).collect::<Vec<_>>();
        let (met, found) = (flags(self.store.len()), flags(trees.missing.len()));
        let left = AtomicUsize::new(found.len());
        let is_new = |flag: &AtomicBool| !flag.load(Relaxed) && !flag.swap(true, Relaxed);
        let state = || (Marks::new(trees), Vec::new(), Vec::new());
        parallel::share(roots, state, |(marks, of_tree, waiting), &root| {
            waiting.extend(Some(root).filter(|&root| is_new(&met[root as usize])));
            while let Some(tree) = waiting.pop().filter(|_| left.load(Relaxed) > 0) {
                marks.of(tree, of_tree);
                for mark in &*of_tree {
                    match mark.what() {
                        What::Folder(tree) => waiting.extend(Some(tree).filter(|&tree| is_new(&met[tree as usize]))),
                        What::Missing(number) if is_new(&found[number as usize]) => drop(left.fetch_sub(1, Relaxed)),
                        What::Missing(_) | What::Hit(_) => {}
                    }
                }
            }
        });
        found.iter().zip(&trees.missing).filter(|(found, _)| found.load(Relaxed)).map(|(_, &id)| id).collect()
    }
}

/// Notes that these are missing.
pub(in crate::source::git) fn fail_missing(missing: &BTreeSet<ObjectId>, coverage: &mut Coverage) {
    for id in missing.iter().take(MOST_NAMED) {
        coverage.fail(format!("object {id}"), "missing");
    }
    if missing.len() > MOST_NAMED {
        coverage.fail("objects", format!("{} more are missing", missing.len() - MOST_NAMED));
    }
}
