//! A stretch of a log that holds whole records, or a part of one long record.

/// A stretch of a log.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::trace) struct Block {
    pub(in crate::trace) bytes: Vec<u8>,
    pub(in crate::trace) records: Records,
}

/// What the bytes of a block are.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::trace) enum Records {
    /// Lines, each of them a record.
    Lines,
    /// These records, in order.
    Listed(Vec<Place>),
    /// Part of one that is too long to be kept.
    Part(Part),
}

/// Where in its block a record is, and where in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trace) struct Place {
    pub(in crate::trace) start: usize,
    pub(in crate::trace) end: usize,
    /// The line it begins on, from 1.
    pub(in crate::trace) line: u64,
    /// How many records begin on that line before it.
    pub(in crate::trace) nth: u32,
    /// Whether it is no record, but what stands around a list of them: what is found there is in no format.
    pub(in crate::trace) frame: bool,
}

/// Part of a long record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trace) struct Part {
    /// The line that the record begins on, where that is known.
    pub(in crate::trace) line: Option<u64>,
    /// Whether the record ends with it.
    pub(in crate::trace) last: bool,
}
