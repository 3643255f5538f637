//! Records of a document on their way out: copied as they are read, and handed out in blocks; those that are too long in parts.

use std::{collections::VecDeque, mem};

use super::{
    BLOCK, LONGEST,
    block::{Block, Part, Place, Records},
};

/// What is handed out.
pub(super) struct Out {
    bytes: Vec<u8>,
    places: Vec<Place>,
    pub(super) blocks: VecDeque<Block>,
    /// The record that is being read.
    pub(super) open: Option<Place>,
    /// Whether parts of it were handed out.
    pub(super) long: bool,
    overlap: usize,
}

impl Out {
    /// Parts of a long record share `overlap` bytes.
    pub(super) fn new(overlap: usize) -> Self {
        Self { bytes: Vec::new(), places: Vec::new(), blocks: VecDeque::new(), open: None, long: false, overlap }
    }

    /// Begins what is at `place`, at the end of what is there.
    pub(super) fn begin(&mut self, place: Place) {
        if self.bytes.len() >= BLOCK {
            self.hand_out();
        }
        self.open = Some(Place { start: self.bytes.len(), ..place });
    }

    pub(super) fn copy(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let start = self.open.map_or(0, |place| place.start);
        if self.bytes.len() - start >= LONGEST {
            self.part(false);
        }
    }

    pub(super) fn end(&mut self) {
        if self.long {
            self.part(true);
            self.long = false;
            self.bytes.clear();
        } else if let Some(place) = self.open.take() {
            self.places.push(Place { end: self.bytes.len(), ..place });
        }
        self.open = None;
    }

    /// Ends what was taken for a record: it is none, but the frame of a list, which is kept or let go.
    pub(super) fn frames(&mut self, keep: bool) {
        let Some(place) = self.open.take() else { return };
        if keep {
            self.places.push(Place { end: self.bytes.len(), frame: true, ..place });
        } else {
            self.bytes.truncate(place.start);
        }
    }

    /// Hands out what is there of a long record, and keeps what its next part shares with it.
    fn part(&mut self, last: bool) {
        let Some(place) = self.open else { return };
        let bytes = self.bytes.split_off(place.start);
        self.hand_out();
        self.bytes = bytes[bytes.len().saturating_sub(self.overlap)..].to_vec();
        self.open = Some(Place { start: 0, ..place });
        self.long = true;
        let records = Records::Part(Part { line: Some(place.line), last });
        self.blocks.push_back(Block { bytes, records });
    }

    pub(super) fn hand_out(&mut self) {
        if !self.places.is_empty() {
            let records = Records::Listed(mem::take(&mut self.places));
            self.blocks.push_back(Block { bytes: mem::take(&mut self.bytes), records });
        }
        self.bytes.clear();
    }
}
