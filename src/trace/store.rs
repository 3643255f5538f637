//! Holds events in the order of their times, in bounded memory however many there are.
//!
//! A record's bytes sort as its event does (`record`), so sorting and merging compare bytes and decode nothing. Over a bound, what is held is sorted and goes into a temporary file without a name; what such
//! files hold is merged as it is read. Two logs that say the same thing (one file given twice, or an archive that overlaps the next) say it once: of records alike in all but their origin, as many count as
//! the log has that says it most often. Requests alike within one log all happened.

mod record;

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write},
    iter, mem,
};

use super::event::Event;

/// How many bytes of records are held in memory, unless one says otherwise.
const BOUND: usize = 64 << 20;
/// How many files are open at once.
const MOST_RUNS: usize = 64;
/// What is read or written of a file at once, in bytes.
const BUFFER: usize = 1 << 16;

/// Takes events in any order.
#[derive(Debug)]
pub struct Store {
    bound: usize,
    held: Held,
    runs: Vec<File>,
}

/// Records in memory, one behind the other.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// Where each begins and ends.
    spans: Vec<(usize, usize)>,
}

impl Default for Store {
    fn default() -> Self {
        Self::with_bound(BOUND)
    }
}

impl Store {
    /// Holds at most about `bound` bytes in memory.
    pub fn with_bound(bound: usize) -> Self {
        Self { bound, held: Held::default(), runs: Vec::new() }
    }

    /// Takes `event`.
    ///
    /// # Errors
    /// If a temporary file cannot be written.
    pub fn push(&mut self, event: &Event) -> io::Result<()> {
        self.held.push(event);
        if self.held.size() < self.bound {
            return Ok(());
        }
        let held = mem::take(&mut self.held);
        self.runs.push(written(held.sorted().map(Ok))?);
        if self.runs.len() == MOST_RUNS {
            let runs = mem::take(&mut self.runs);
            self.runs.push(written(Merged::new(Held::default(), runs)?)?);
        }
        Ok(())
    }

    /// All events: by token, those of none last; of each, those without a time first, then in the order of their times.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub fn sorted(self) -> io::Result<Sorted> {
        let merged = Merged::new(self.held, self.runs)?;
        Ok(Sorted { merged, next: None, again: None })
    }
}

impl Held {
    fn push(&mut self, event: &Event) {
        let start = self.bytes.len();
        record::write(event, &mut self.bytes);
        self.spans.push((start, self.bytes.len()));
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.spans.len() * size_of::<(usize, usize)>()
    }

    fn sorted(mut self) -> impl Iterator<Item = Vec<u8>> + use<> {
        self.spans.sort_unstable_by(|a, b| self.bytes[a.0..a.1].cmp(&self.bytes[b.0..b.1]));
        self.spans.into_iter().map(move |(start, end)| self.bytes[start..end].to_vec())
    }
}

/// A temporary file that holds `records`, ready to be read; each behind its length.
fn written(records: impl Iterator<Item = io::Result<Vec<u8>>>) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
    for record in records {
        let record = record?;
        out.write_all(&u32::try_from(record.len()).map_err(io::Error::other)?.to_le_bytes())?;
        out.write_all(&record)?;
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// The records of a file that [`written`] wrote.
fn read(file: File) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    let mut file = BufReader::with_capacity(BUFFER, file);
    iter::from_fn(move || {
        let mut length = [0; 4];
        match file.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return None,
            Err(error) => return Some(Err(error)),
            Ok(()) => {}
        }
        let mut record = vec![0; u32::from_le_bytes(length) as usize];
        Some(file.read_exact(&mut record).map(|()| record))
    })
}

/// Records from memory and from files, in order.
struct Merged {
    runs: Vec<Box<dyn Iterator<Item = io::Result<Vec<u8>>>>>,
    /// The first record of each run that is not yet given out.
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Merged {
    fn new(held: Held, files: Vec<File>) -> io::Result<Self> {
        let mut merged = Self { runs: vec![Box::new(held.sorted().map(Ok))], heads: BinaryHeap::new() };
        merged.runs.extend(files.into_iter().map(|file| Box::new(read(file)) as Box<_>));
        (0..merged.runs.len()).try_for_each(|run| merged.advance(run))?;
        Ok(merged)
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        self.heads.extend(self.runs[run].next().transpose()?.map(|record| Reverse((record, run))));
        Ok(())
    }
}

impl Iterator for Merged {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((record, run)) = self.heads.pop()?;
        Some(self.advance(run).map(|()| record))
    }
}

/// Events in order.
pub struct Sorted {
    merged: Merged,
    /// The first record behind those alike that are being given out.
    next: Option<Vec<u8>>,
    /// An event, and how many more times it happened.
    again: Option<(Event, u64)>,
}

impl std::fmt::Debug for Sorted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sorted({} runs)", self.merged.runs.len())
    }
}

impl Sorted {
    /// The next records that are alike, as one event and how often it happened.
    fn alike(&mut self) -> io::Result<Option<(Event, u64)>> {
        let Some(first) = self.next.take().map(Ok).or_else(|| self.merged.next()).transpose()? else { return Ok(None) };
        let event = record::read(&first).ok_or(ErrorKind::InvalidData)?;
        let (mut count, mut most) = (1, 1);
        let mut last = first.clone();
        while let Some(record) = self.merged.next().transpose()? {
            if record::content(&record) != record::content(&first) {
                self.next = Some(record);
                break;
            }
            // The same place of the same log is the same record, read twice.
            if record != last {
                count = if record::log(&record) == record::log(&last) { count + 1 } else { 1 };
                most = most.max(count);
            }
            last = record;
        }
        Ok(Some((event, most)))
    }
}

impl Iterator for Sorted {
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.again.is_none() {
            self.again = match self.alike() {
                Ok(alike) => alike,
                Err(error) => return Some(Err(error)),
            };
        }
        let (event, times) = self.again.take()?;
        if times > 1 {
            self.again = Some((event.clone(), times - 1));
        }
        Some(Ok(event))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{record::tests::any_event, *};

    fn sorted(events: &[Event], bound: usize) -> Vec<Event> {
        let mut store = Store::with_bound(bound);
        for event in events {
            store.push(event).unwrap();
        }
        store.sorted().unwrap().collect::<io::Result<_>>().unwrap()
    }

    fn distinct(mut events: Vec<Event>) -> Vec<Event> {
        for (nth, event) in events.iter_mut().enumerate() {
            (event.origin.log, event.origin.line) = (0, nth as u64);
        }
        events
    }

    proptest! {
        #[test]
        fn what_is_spilled_comes_back_in_order(events in prop::collection::vec(any_event(), 0..200), bound in 1usize..4_000) {
            let events = distinct(events);
            let all = sorted(&events, usize::MAX);
            prop_assert_eq!(&sorted(&events, bound), &all);
            prop_assert_eq!(all.len(), events.len());
            let order = |event: &Event| (event.token.is_none(), event.token, event.at);
            prop_assert!(all.is_sorted_by_key(order));
        }

        #[test]
        fn what_two_logs_say_happened_once(events in prop::collection::vec(any_event(), 0..40)) {
            let events = distinct(events);
            let again = events.iter().map(|event| {
                let mut event = event.clone();
                event.origin.log = 1;
                event
            });
            let both: Vec<Event> = again.chain(events.clone()).chain(events.clone()).collect();
            prop_assert_eq!(sorted(&both, 500).len(), events.len());
        }
    }

    #[test]
    fn many_files_are_merged_before_there_are_too_many() {
        let event = crate::trace::samples::event(0);
        let events = distinct(vec![event; 3 * MOST_RUNS]);
        let mut store = Store::with_bound(1);
        for event in &events {
            store.push(event).unwrap();
            assert!(store.runs.len() < MOST_RUNS);
        }
        assert_eq!(store.sorted().unwrap().count(), events.len());
    }
}
