//! Finds the hits below every tree, each tree looked at once.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use super::{
    super::{
        store::Num,
        trees::{Mark, Marks, Trees, What},
    },
    sets::{Dir, EMPTY, Held, Sets},
};
use crate::coverage::Coverage;

/// Deeper folders than git itself would read are not entered; nor are trees within themselves, which only forgery makes,
/// for ever.
const MOST_DEPTH: usize = 2048;

/// The hits below every tree that was looked at.
pub(super) struct Dirs<'a> {
    trees: &'a Trees,
    /// By number: nothing while 0, else the folder and one.
    known: Vec<AtomicU32>,
    sets: Mutex<Sets>,
}

/// One thread's means to look at trees.
pub(super) struct Eyes<'a> {
    pub(super) marks: Marks<'a>,
    /// Lists of marks not in use.
    spare: Vec<Vec<Mark>>,
    /// Trees that lie too deep.
    pub(super) notes: Coverage,
}

impl<'a> Eyes<'a> {
    pub(super) fn new(trees: &'a Trees) -> Self {
        Self { marks: Marks::new(trees), spare: Vec::new(), notes: Coverage::default() }
    }
}

impl<'a> Dirs<'a> {
    /// None looked at yet, of as many objects.
    pub(super) fn new(trees: &'a Trees, objects: usize) -> Self {
        let known = (0..objects).map(|_| AtomicU32::new(0)).collect();
        Self { trees, known, sets: Mutex::new(Sets::new(trees.names.clone())) }
    }

    /// The sets that folders are.
    pub(super) fn sets(&self) -> MutexGuard<'_, Sets> {
        // Nothing is left half done in them by a thread that panics.
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's means to look.
    pub(super) fn eyes(&self) -> Eyes<'a> {
        Eyes::new(self.trees)
    }

    /// The hits below a tree that was looked at.
    pub(super) fn known(&self, tree: Num) -> Option<Dir> {
        self.known[tree as usize].load(Ordering::Relaxed).checked_sub(1)
    }

    /// Looks at a tree and all below it.
    pub(super) fn look(&self, eyes: &mut Eyes<'a>, tree: Num) -> Dir {
        self.look_below(eyes, tree, 0)
    }

    fn look_below(&self, eyes: &mut Eyes<'a>, tree: Num, depth: usize) -> Dir {
        if let Some(dir) = self.known(tree) {
            return dir;
        }
        let dir = if depth < MOST_DEPTH {
            let mut marks = eyes.spare.pop().unwrap_or_default();
            eyes.marks.of(tree, &mut marks);
            let dir = self.dir_of(eyes, &marks, depth);
            eyes.spare.push(marks);
            dir
        } else {
            eyes.notes.fail("trees", "one lies too deep");
            EMPTY
        };
        self.known[tree as usize].store(dir + 1, Ordering::Relaxed);
        dir
    }

    fn dir_of(&self, eyes: &mut Eyes<'a>, marks: &[Mark], depth: usize) -> Dir {
        let mut held = Vec::new();
        for mark in marks {
            match mark.what() {
                What::Hit(hit) => held.push((mark.name, Held::Blob(hit))),
                What::Folder(tree) => match self.look_below(eyes, tree, depth + 1) {
                    EMPTY => {}
                    dir => held.push((mark.name, Held::Dir(dir))),
                },
                What::Missing(_) => {}
            }
        }
        if held.is_empty() { EMPTY } else { self.sets().dir(held) }
    }
}
