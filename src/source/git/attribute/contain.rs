//! From which refs commits can be reached, for sixty-four questions in one pass over the graph.

use rayon::prelude::*;

use super::{
    super::graph::{CommitIx, Graph},
    tips::Tips,
};
use crate::incident::GitPlace;

/// What can be reached from where.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// Those of the commits asked about that are nobody's descendants among them, ascending.
    pub(super) earliest: Vec<CommitIx>,
    /// The first refs from which one of them can be reached, by place.
    pub(super) refs: Vec<usize>,
    /// How many refs there are in all.
    pub(super) refs_count: u64,
    /// Whether one can be reached from a ref or a HEAD.
    pub(super) in_ref: bool,
    /// From the stash.
    pub(super) in_stash: bool,
    /// From where a ref once was.
    pub(super) in_reflog: bool,
}

/// Answers where each of these sets of commits, each ascending, can be reached from.
pub(super) fn answer(graph: &Graph, tips: &Tips, questions: &[&[CommitIx]]) -> Vec<Answer> {
    questions.par_chunks(64).flat_map_iter(|questions| answer_some(graph, tips, questions)).collect()
}

fn answer_some(graph: &Graph, tips: &Tips, questions: &[&[CommitIx]]) -> Vec<Answer> {
    let mut answers = vec![Answer::default(); questions.len()];
    let mut seeds: Vec<(CommitIx, usize)> = Vec::new();
    for (bit, commits) in questions.iter().enumerate() {
        seeds.extend(commits.iter().map(|&commit| (commit, bit)));
    }
    seeds.sort_unstable();
    let first = seeds.first().map_or(0, |&(commit, _)| commit);
    let mut seeds = seeds.into_iter().peekable();
    let mut masks = vec![0u64; graph.len()];
    for commit in graph.commits().skip(first as usize) {
        let mut mask = graph.parents(commit).iter().fold(0, |mask, &parent| mask | masks[parent as usize]);
        while let Some((_, bit)) = seeds.next_if(|&(seed, _)| seed == commit) {
            if mask >> bit & 1 == 0 {
                answers[bit].earliest.push(commit);
                mask |= 1 << bit;
            }
        }
        masks[commit as usize] = mask;
    }
    for (place, (_, commit)) in tips.refs.iter().enumerate() {
        for answer in reached(&mut answers, commit.map_or(0, |commit| masks[commit as usize])) {
            answer.refs_count += 1;
            if answer.refs.len() < GitPlace::MOST_REFS {
                answer.refs.push(place);
            }
        }
    }
    let any = |commits: &[CommitIx]| commits.iter().fold(0, |mask, &commit| mask | masks[commit as usize]);
    reached(&mut answers, any(&tips.ref_commits)).for_each(|answer| answer.in_ref = true);
    reached(&mut answers, any(&tips.stash_commits)).for_each(|answer| answer.in_stash = true);
    reached(&mut answers, any(&tips.reflog_commits)).for_each(|answer| answer.in_reflog = true);
    answers
}

/// The answers whose bits are set.
fn reached(answers: &mut [Answer], mask: u64) -> impl Iterator<Item = &mut Answer> {
    answers.iter_mut().enumerate().filter(move |(bit, _)| mask >> bit & 1 == 1).map(|(_, answer)| answer)
}
