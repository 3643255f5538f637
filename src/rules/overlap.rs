//! How closely attempts at a pattern can follow one another while both stay alive.
//!
//! An anchor starts an attempt, and input can be made in which anchors are dense. That costs little where attempts die at
//! once, and is linear where they lie side by side; it is quadratic where each lives on while many more begin. So two attempts are walked
//! over the same bytes, the second so many bytes behind the first, and the least distance at which both live is what counts. Part of
//! [`super`], and like it shared with `build.rs`.

use std::collections::{BTreeMap, BTreeSet};

use regex_automata::{
    nfa::thompson::State,
    util::{look::Look, primitives::StateID},
};

use super::{Lead, Pattern, closure, transitions};
use crate::rule::{Body, Detection};

/// An attempt that lives on for fewer bytes behind its keyword costs as much as the keyword, more or less.
pub(super) const SHORT_LIFE: usize = 16;

/// Where an attempt is: in a state of the pattern's automaton, or in the run of bytes behind it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Pattern(StateID),
    Body,
}

/// What the byte before an attempt is, as far as look-around can tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Before {
    Word,
    LineBreak,
    Other,
}

/// A step that the bytes `first..=last` make.
#[derive(Clone, Copy)]
struct Move {
    first: u8,
    last: u8,
    to: Place,
}

/// The least number of bytes between the starts of two attempts that are both alive when the second has its keyword and
/// [`SHORT_LIFE`] bytes more behind it; nothing where there are no such two.
pub(super) fn distance(pattern: &Pattern, detect: &Detection, lead: Lead) -> Option<usize> {
    let keyword = detect.keywords.iter().map(|keyword| keyword.len()).min().unwrap_or(1);
    let mut walk = Walk {
        pattern,
        body: detect.body.first(),
        moves: BTreeMap::new(),
        viable: BTreeMap::new(),
        depth: lead.min + keyword + SHORT_LIFE,
    };
    let start = Place::Pattern(pattern.nfa.start_anchored());
    let mut layer = BTreeSet::from([(start, Before::Other)]);
    for distance in 1..=pattern.longest {
        layer = walk.step(&layer);
        if layer.iter().any(|&(place, before)| walk.is_viable(place, before)) {
            return Some(distance);
        }
    }
    let in_body = walk.body.is_some()
        && [Before::Word, Before::LineBreak, Before::Other]
            .into_iter()
            .any(|before| walk.body_can_end_with(before) && walk.is_viable(Place::Body, before));
    in_body.then_some(keyword)
}

struct Walk<'p> {
    pattern: &'p Pattern,
    /// The first one: where it ends, the others do, for all attempts in it.
    body: Option<&'p Body>,
    moves: BTreeMap<Place, Vec<Move>>,
    viable: BTreeMap<(Place, Before), bool>,
    /// For how many bytes a second attempt has to live to count.
    depth: usize,
}

impl Walk<'_> {
    /// The steps out of `place`, look-around taken as true.
    fn moves(&mut self, place: Place) -> &[Move] {
        if !self.moves.contains_key(&place) {
            let moves = self.moves_of(place);
            self.moves.insert(place, moves);
        }
        &self.moves[&place]
    }

    fn moves_of(&self, place: Place) -> Vec<Move> {
        let Place::Pattern(state) = place else { return self.body_moves() };
        let closed = closure(&self.pattern.nfa, [state]);
        let mut moves = Vec::new();
        for state in closed {
            if matches!(self.pattern.nfa.state(state), State::Match { .. }) {
                moves.extend(self.body_moves());
            }
            let to_move = |(first, last, to)| Move { first, last, to: Place::Pattern(to) };
            moves.extend(transitions(&self.pattern.nfa, state).into_iter().map(to_move));
        }
        moves
    }

    fn body_moves(&self) -> Vec<Move> {
        let Some(body) = self.body else { return Vec::new() };
        (0..=255).filter(|&byte| body.has(byte)).map(|byte| Move { first: byte, last: byte, to: Place::Body }).collect()
    }

    fn body_can_end_with(&self, before: Before) -> bool {
        (0..=255).any(|byte| self.body.is_some_and(|body| body.has(byte)) && kind(byte) == before)
    }

    /// The first steps of an attempt that `before` stands before, where look-around at its start can be decided.
    fn first_moves(&self, before: Before) -> Vec<Move> {
        let mut moves = Vec::new();
        let (mut open, mut seen) = (vec![(self.pattern.nfa.start_anchored(), false)], BTreeSet::new());
        while let Some((state, at_boundary)) = open.pop() {
            if !seen.insert((state, at_boundary)) {
                continue;
            }
            match self.pattern.nfa.state(state) {
                State::Look { look: Look::StartLF, .. } if before != Before::LineBreak => {}
                State::Look { look: Look::WordAscii, next } => open.push((*next, true)),
                State::Look { next, .. } | State::Capture { next, .. } => open.push((*next, at_boundary)),
                State::Union { alternates } => open.extend(alternates.iter().map(|&next| (next, at_boundary))),
                State::BinaryUnion { alt1, alt2 } => open.extend([(*alt1, at_boundary), (*alt2, at_boundary)]),
                _ => {
                    for (first, last, to) in transitions(&self.pattern.nfa, state) {
                        let fits =
                            |byte: &u8| !at_boundary || (kind(*byte) == Before::Word) != (before == Before::Word);
                        let bytes = (first..=last).filter(fits);
                        moves.extend(bytes.map(|byte| Move { first: byte, last: byte, to: Place::Pattern(to) }));
                    }
                }
            }
        }
        moves
    }

    fn step(&mut self, layer: &BTreeSet<(Place, Before)>) -> BTreeSet<(Place, Before)> {
        let places: BTreeSet<Place> = layer.iter().map(|&(place, _)| place).collect();
        let mut next = BTreeSet::new();
        for place in places {
            for &Move { first, last, to } in self.moves(place) {
                next.extend((first..=last).map(|byte| (to, kind(byte))));
            }
        }
        next
    }

    /// Whether a second attempt can begin and live while the first, which is at `place`, lives too.
    fn is_viable(&mut self, place: Place, before: Before) -> bool {
        if let Some(&known) = self.viable.get(&(place, before)) {
            return known;
        }
        let mut pairs = self.pairs(place, &self.first_moves(before));
        for _ in 1..self.depth {
            let mut next = BTreeSet::new();
            for (first, second) in pairs {
                let second_moves = self.moves(second).to_vec();
                next.extend(self.pairs(first, &second_moves));
            }
            pairs = next;
        }
        self.viable.insert((place, before), !pairs.is_empty());
        !pairs.is_empty()
    }

    /// Where two attempts get by one more byte, of which one is at `place` and the other has `moves`.
    fn pairs(&mut self, place: Place, moves: &[Move]) -> BTreeSet<(Place, Place)> {
        let mut pairs = BTreeSet::new();
        for own in self.moves(place) {
            let meeting = moves.iter().filter(|other| own.first <= other.last && other.first <= own.last);
            pairs.extend(meeting.map(|other| (own.to, other.to)));
        }
        pairs
    }
}

fn kind(byte: u8) -> Before {
    match byte {
        b'\n' => Before::LineBreak,
        byte if byte.is_ascii_alphanumeric() || byte == b'_' => Before::Word,
        _ => Before::Other,
    }
}
