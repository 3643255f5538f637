//! The search: blocks of logs looked through in parallel, and what holds something that is looked for read as events, in the logs' order.
//!
//! A first search asks for tokens; a later one for what else their principals and addresses did.

use std::{collections::BTreeSet, io, net::IpAddr, sync::Arc};

use rayon::prelude::*;

use super::{
    clock::Clocks,
    event::{Event, Matched, Token},
    find::Finder,
    format::Reading,
    log::Log,
    read::{Block, Reader, Records, Source},
    record::{Long, Looked, Seen},
};

/// How many blocks are looked through at a time, for each thread.
const BLOCKS: usize = 4;
/// More than this around a needle decides nothing, in bytes.
const AROUND: usize = 1;

/// Whose events are asked for, whether or not they hold a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These users, accounts and services, as events name them.
    pub principals: BTreeSet<Arc<str>>,
    /// These peers.
    pub addresses: BTreeSet<IpAddr>,
}

/// Why a search cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is more to look for than can be.
    #[error("cannot look for all of this at once")]
    TooMuch(#[from] aho_corasick::BuildError),
}

/// Something ready to be looked for.
#[derive(Debug)]
pub struct Search<'s> {
    pub(super) tokens: &'s [Token],
    pub(super) wanted: &'s Wanted,
    pub(super) finder: Finder,
    /// What each needle of the finder is of: a token, or somebody asked for.
    pub(super) sought: Vec<Option<(usize, Matched)>>,
    reading: Reading,
}

impl<'s> Search<'s> {
    /// Looks for `tokens`, and for all that is `wanted`.
    ///
    /// # Errors
    /// If that is too much for one search.
    pub fn new(tokens: &'s [Token], wanted: &'s Wanted, reading: Reading) -> Result<Self, Error> {
        let (mut needles, mut sought): (Vec<Box<[u8]>>, _) = (Vec::new(), Vec::new());
        for (ix, token) in tokens.iter().enumerate() {
            for needle in &token.needles {
                needles.push(needle.bytes.expose().into());
                sought.push(Some((ix, needle.matched)));
            }
        }
        for text in names(wanted) {
            needles.push(text.into_bytes().into());
            sought.push(None);
        }
        Ok(Self { tokens, wanted, finder: Finder::new(needles)?, sought, reading })
    }

    /// Calls `each` with every event of these logs that is looked for: by the order of the logs, within one by its own. An event of two tokens comes once for
    /// each. Gives what was read of each log, and how far their clocks are apart.
    ///
    /// # Errors
    /// Those of `each` alone: what cannot be read is said in the logs.
    pub fn run<E>(&self, sources: &[Source], mut each: impl FnMut(&Event) -> Result<(), E>) -> Result<Vec<Log>, E> {
        let (mut logs, mut clocks) = (Vec::new(), Clocks::default());
        for (ix, source) in sources.iter().enumerate() {
            let ix = u32::try_from(ix).unwrap_or(u32::MAX);
            logs.push(self.log(ix, source, &mut clocks, &mut each)?);
        }
        clocks.compare(&mut logs);
        Ok(logs)
    }

    fn log<E>(
        &self,
        ix: u32,
        source: &Source,
        clocks: &mut Clocks,
        each: &mut impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<Log, E> {
        let mut log = Log { name: source.name(), ..Log::default() };
        let opened = Reader::open(source, &self.reading.fields, self.finder.longest() + AROUND);
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                log.failed = Some(format!("cannot be read: {error}"));
                return Ok(log);
            }
        };
        let reading = Reading { columns: reader.columns.clone(), ..self.reading.clone() };
        let mut pending = None;
        let (mut blocks, mut failed) = batch(&mut reader);
        while !blocks.is_empty() {
            let look = || blocks.par_iter().map(|block| self.look(block, &reading)).collect::<Vec<_>>();
            let (looked, next) =
                rayon::join(look, || if failed.is_none() { batch(&mut reader) } else { (Vec::new(), None) });
            for (block, looked) in blocks.iter().zip(looked) {
                if let Records::Part(part) = block.records {
                    let line = part.line.unwrap_or(log.lines + 1);
                    let pending = pending.get_or_insert_with(|| Long::new(line));
                    pending.add(&block.bytes, &looked);
                }
                let seen = if ends_long(block) {
                    pending.take().map(|record: Long| record.seen(self, &reading)).unwrap_or_default()
                } else {
                    looked.seen
                };
                clocks.add(ix, &seen.sightings);
                deliver(&mut log, ix, seen, each)?;
                log.lines += looked.lines;
            }
            for block in blocks {
                reader.take_back(block);
            }
            blocks = next.0;
            failed = failed.or(next.1);
        }
        log.bytes = reader.bytes();
        log.lines = reader.lines().unwrap_or(log.lines);
        log.failed = failed.map(|error| ended(&error));
        if log.failed.is_none() && reader.ended_early() {
            log.failed = Some("ends in the middle of a document".to_owned());
        }
        if log.failed.is_none() && log.first.is_none() && !reader.is_text() {
            log.failed =
                Some("is no text, and no record of it is known: a token may stand in it in another form".to_owned());
        }
        Ok(log)
    }

    fn look(&self, block: &Block, reading: &Reading) -> Looked {
        match &block.records {
            Records::Lines => self.lines(&block.bytes, reading),
            Records::Listed(places) => self.listed(&block.bytes, places, reading),
            Records::Part(_) => self.part(&block.bytes),
        }
    }
}

/// Whether a long record ends with this block.
fn ends_long(block: &Block) -> bool {
    matches!(block.records, Records::Part(part) if part.last)
}

/// The next blocks, and the error that ended them.
fn batch(reader: &mut Reader) -> (Vec<Block>, Option<io::Error>) {
    let mut blocks = Vec::new();
    while blocks.len() < BLOCKS * rayon::current_num_threads() {
        match reader.next() {
            Ok(Some(block)) => blocks.push(block),
            Ok(None) => break,
            Err(error) => return (blocks, Some(error)),
        }
    }
    (blocks, None)
}

fn ended(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "is cut off: its packed data has no end".to_owned(),
        _ => format!("cannot be read on: {error}"),
    }
}

fn deliver<E>(log: &mut Log, ix: u32, seen: Seen, each: &mut impl FnMut(&Event) -> Result<(), E>) -> Result<(), E> {
    let before = if seen.relative { log.lines } else { 0 };
    log.unparsed += seen.unparsed;
    log.unparsed_at.extend(seen.unparsed_at.iter().map(|line| line + before));
    log.unparsed_at.truncate(MOST_PLACES);
    log.without_zone += seen.without_zone;
    log.mentioned += seen.mentioned;
    log.announced += seen.announced;
    log.cut += seen.cut;
    for at in seen.times {
        log.saw(at);
    }
    for (format, count) in seen.formats {
        *log.formats.entry(format).or_default() += count;
    }
    for mut event in seen.events {
        event.origin.log = ix;
        event.origin.line += before;
        each(&event)?;
    }
    Ok(())
}

/// How many places of records that are in no format are told.
const MOST_PLACES: usize = 5;

/// How logs write those who are asked for.
fn names(wanted: &Wanted) -> Vec<String> {
    let mut names = BTreeSet::new();
    for principal in wanted.principals.iter().filter(|principal| !principal.is_empty()) {
        names.insert(principal.to_string());
        let escaped = serde_json::to_string(&**principal).unwrap_or_default();
        let escaped = escaped.trim_matches('"').to_owned();
        names.insert(escaped.replace('/', "\\/"));
        names.insert(escaped);
    }
    for address in &wanted.addresses {
        names.insert(address.to_string());
        if let IpAddr::V6(address) = address {
            let long = address.segments().map(|segment| format!("{segment:04x}")).join(":");
            let short = address.segments().map(|segment| format!("{segment:x}")).join(":");
            names.extend([address.to_string().to_uppercase(), long.to_uppercase(), long, short]);
        }
    }
    names.into_iter().collect()
}

#[cfg(test)]
mod tests;
