//! Refs in tables: `reftable/tables.list` names tables, oldest first, and what a later one says of a ref or an update
//! holds.
//!
//! A table is a header, blocks of records with compressed names, and a footer with a checksum of itself. It is read from
//! front to back, so what the format has for finding single records (restarts, indexes, blocks of objects) is passed over.

use std::{
    collections::BTreeSet,
    io,
    path::{Component, Path},
};

use gix::zlib::{Decompress, FlushDecompress, Status};

use super::{super::layout::read_regular, Found, HEAD, LARGE, Target, Update};
use crate::blob::ObjectId;

/// How often a stack is read again when tables of it were gone, because git had merged them.
const MOST_TRIES: usize = 3;
/// Longer lists of tables are not git's, which keeps merging them.
const MOST_LIST: u64 = 1 << 20;
/// How many bytes a stack may come to, unpacked. Names and messages are compressed, so that little could mean a lot.
const MOST_BYTES: usize = 1 << 30;
/// What a record takes in memory beside its name.
const RECORD: usize = 128;
/// Between a ref's name and the number of an update, in the names of log records.
const NUMBER: usize = 8;

/// Why a table cannot be read.
type Broken = &'static str;
const NONSENSE: Broken = "a block of it makes no sense";
const TRUNCATED: Broken = "it ends in the middle of a block";

/// Reads the refs of a git directory. A table that is broken is noted and the others are read.
pub(super) fn read(git_dir: &Path, id_len: usize) -> Found {
    let dir = git_dir.join("reftable");
    let list_path = dir.join("tables.list");
    let mut tries = 0;
    loop {
        tries += 1;
        let list = match read_regular(&list_path, MOST_LIST) {
            Ok(list) => list,
            Err(error) => {
                let mut found = Found::default();
                found.notes.fail(shown(&list_path), error.to_string());
                return found;
            }
        };
        let mut stack = Stack::new(id_len);
        let is_whole = stack.read_tables(&dir, &list);
        let has_changed = || read_regular(&list_path, MOST_LIST).is_ok_and(|now| now != list);
        if is_whole || tries == MOST_TRIES || !has_changed() {
            return stack.finish(git_dir);
        }
    }
}

/// What the tables that were read so far come to.
struct Stack {
    id_len: usize,
    found: Found,
    /// How many more bytes are taken.
    left: usize,
    inflate: Decompress,
    inflated: Vec<u8>,
}

impl Stack {
    fn new(id_len: usize) -> Self {
        Self { id_len, found: Found::default(), left: MOST_BYTES, inflate: Decompress::new(), inflated: Vec::new() }
    }

    /// Reads the tables of a list, and says whether all of them were there.
    fn read_tables(&mut self, dir: &Path, list: &[u8]) -> bool {
        let (mut seen, mut is_whole, mut is_sound) = (BTreeSet::new(), true, true);
        for name in list.split(|&byte| byte == b'\n').filter(|name| !name.is_empty()) {
            let Some(name) = file_name(name).filter(|name| seen.insert(*name)) else {
                is_sound = false;
                continue;
            };
            let path = dir.join(name);
            if let Err(why) = self.read_file(&path) {
                is_whole &= why.kind() != io::ErrorKind::NotFound;
                self.found.notes.fail(shown(&path), why.to_string());
            }
        }
        if !is_sound {
            self.found.notes.fail(shown(&dir.join("tables.list")), "it names something that is no table");
        }
        is_whole
    }

    fn read_file(&mut self, path: &Path) -> io::Result<()> {
        // git makes no links here, and they could lead anywhere.
        if path.symlink_metadata()?.is_symlink() {
            return Err(io::Error::other("it is a symbolic link"));
        }
        let table = read_regular(path, LARGE)?;
        self.spend(table.len()).and_then(|()| self.read_table(&table)).map_err(io::Error::other)
    }

    fn finish(mut self, git_dir: &Path) -> Found {
        if !self.found.targets.contains_key(HEAD) && self.found.notes.failed.is_empty() {
            self.found.notes.fail(shown(&git_dir.join("reftable")), "no table has a HEAD");
        }
        self.found
    }

    /// Reads a table. What precedes the place where it is broken counts.
    fn read_table(&mut self, table: &[u8]) -> Result<(), Broken> {
        let start = header_len(table, self.id_len)?;
        let footer = check_footer(table, start);
        // Without a footer, whatever is there is read.
        let blocks = &table[..*footer.as_ref().unwrap_or(&table.len())];
        self.read_blocks(blocks, start).and(footer.map(drop))
    }

    fn read_blocks(&mut self, blocks: &[u8], start: usize) -> Result<(), Broken> {
        let mut at = start;
        // Blocks may be aligned, with zeros between them; none begins with one.
        while let Some(padding) = blocks.get(at..).and_then(|rest| rest.iter().position(|&byte| byte != 0)) {
            at += padding;
            // The first block's length counts from the beginning of the file.
            let begin = if at == start { 0 } else { at };
            let mut head = Fields(&blocks[at..]);
            let (kind, len) = head.take(1).zip(head.number(3)).ok_or(TRUNCATED)?;
            let body = at + 4..begin + len;
            at = match kind {
                b"r" => {
                    self.read_refs(blocks.get(body.clone()).ok_or(TRUNCATED)?)?;
                    body.end
                }
                b"o" | b"i" => blocks.get(body.clone()).map(|_| body.end).ok_or(TRUNCATED)?,
                b"g" => body.start + self.read_log_block(&blocks[body.start..], len)?,
                _ => return Err(NONSENSE),
            };
        }
        Ok(())
    }

    fn read_refs(&mut self, block: &[u8]) -> Result<(), Broken> {
        let mut records = Records::of(block)?;
        while let Some(kind) = records.next()? {
            let Records { name, fields } = &mut records;
            self.spend(name.len() + RECORD)?;
            let _number = fields.varint().ok_or(NONSENSE)?;
            let target = match kind {
                0 => {
                    self.found.targets.remove(name.as_slice());
                    continue;
                }
                1 => fields.id(self.id_len).map(Target::Object),
                // The second is what the first, a tag, leads to.
                2 => fields.id(self.id_len).zip(fields.take(self.id_len)).map(|(id, _)| Target::Object(id)),
                3 => fields.text().map(|name| Target::Symbolic(name.to_vec())),
                _ => None,
            };
            self.found.targets.insert(name.clone(), target.ok_or(NONSENSE)?);
        }
        Ok(())
    }

    /// Reads a block of reflogs that is to have `len` bytes; gives how many it has as it is.
    fn read_log_block(&mut self, packed: &[u8], len: usize) -> Result<usize, Broken> {
        if self.inflated.len() < len {
            self.inflated.resize(len, 0);
        }
        self.inflate.reset();
        let status = self.inflate.decompress(packed, &mut self.inflated[..len], FlushDecompress::Finish);
        if !matches!(status, Ok(Status::StreamEnd)) {
            return Err(NONSENSE);
        }
        let size = |total: u64| usize::try_from(total).map_err(|_| NONSENSE);
        let (used, len) = (size(self.inflate.total_in())?, size(self.inflate.total_out())?);
        self.spend(len)?;
        let block = std::mem::take(&mut self.inflated);
        let outcome = self.read_log(&block[..len]);
        self.inflated = block;
        outcome.map(|()| used)
    }

    fn read_log(&mut self, block: &[u8]) -> Result<(), Broken> {
        let mut records = Records::of(block)?;
        while let Some(kind) = records.next()? {
            self.spend(records.name.len() + RECORD)?;
            let (name, number) = log_key(&records.name).ok_or(NONSENSE)?;
            let update = match kind {
                0 => None,
                1 => Some(records.fields.update(self.id_len).ok_or(NONSENSE)?),
                _ => return Err(NONSENSE),
            };
            match update.filter(|update| update.names_something()) {
                Some(update) => {
                    self.found.logs.entry(name.to_vec()).or_default().insert(number, update);
                }
                None => {
                    self.found.logs.get_mut(name).map(|log| log.remove(&number));
                }
            }
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Broken> {
        self.left = self.left.checked_sub(bytes).ok_or("the tables hold more than git would write")?;
        Ok(())
    }
}

/// How long a table's header is, if it is one of this kind of ids.
fn header_len(table: &[u8], id_len: usize) -> Result<usize, Broken> {
    let (len, hash) = match table.get(..5) {
        Some(b"REFT\x01") => (24, &b"sha1"[..]),
        Some(b"REFT\x02") => (28, table.get(24..28).ok_or(TRUNCATED)?),
        _ => return Err("it is no table of refs, or of a version that is not known"),
    };
    if table.len() < len {
        return Err(TRUNCATED);
    }
    let fits = matches!((hash, id_len), (b"sha1", 20) | (b"s256", 32));
    if fits { Ok(len) } else { Err("its ids are of another type than the repository's") }
}

/// Where the footer of a table begins, which has a copy of the header, five places, and the checksum of both.
fn check_footer(table: &[u8], header_len: usize) -> Result<usize, Broken> {
    let len = header_len + 5 * 8 + 4;
    let start = table.len().checked_sub(len).filter(|&start| start >= header_len).ok_or(TRUNCATED)?;
    let (footer, sum) = table[start..].split_at(len - 4);
    let is_sound = footer.starts_with(&table[..header_len]) && crc32fast::hash(footer).to_be_bytes() == *sum;
    if is_sound { Ok(start) } else { Err("its end is missing or does not match its checksum") }
}

/// The name of a file in the same folder.
fn file_name(name: &[u8]) -> Option<&Path> {
    let path = gix::path::from_byte_slice(name).ok()?;
    let mut parts = path.components();
    let is_one = matches!(parts.next(), Some(Component::Normal(part)) if part == path.as_os_str());
    (is_one && parts.next().is_none()).then_some(path)
}

/// The ref and the number of an update.
fn log_key(key: &[u8]) -> Option<(&[u8], u64)> {
    let (name, number) = key.split_last_chunk::<NUMBER>()?;
    // The newest comes first.
    Some((name.strip_suffix(b"\0")?, u64::MAX - u64::from_be_bytes(*number)))
}

/// The records of a block one by one.
struct Records<'a> {
    /// Of the last record.
    name: Vec<u8>,
    /// What follows the last record's name; whoever asked for it takes its value.
    fields: Fields<'a>,
}

impl<'a> Records<'a> {
    /// The records of a block that ends in a list of places and its length.
    fn of(block: &'a [u8]) -> Result<Self, Broken> {
        let (rest, count) = block.split_last_chunk::<2>().ok_or(NONSENSE)?;
        let restarts = usize::from(u16::from_be_bytes(*count)) * 3;
        let len = rest.len().checked_sub(restarts).ok_or(NONSENSE)?;
        Ok(Self { name: Vec::new(), fields: Fields(&rest[..len]) })
    }

    /// Reads the next record's name; gives the kind of its value.
    fn next(&mut self) -> Result<Option<u8>, Broken> {
        if self.fields.0.is_empty() { Ok(None) } else { self.read_name().map(Some).ok_or(NONSENSE) }
    }

    /// A name is the beginning of the one before and something new.
    fn read_name(&mut self) -> Option<u8> {
        let shared = usize::try_from(self.fields.varint()?).ok().filter(|&shared| shared <= self.name.len())?;
        let word = self.fields.varint()?;
        let added = self.fields.take(usize::try_from(word >> 3).ok()?)?;
        self.name.truncate(shared);
        self.name.extend_from_slice(added);
        u8::try_from(word & 7).ok()
    }
}

/// Bytes that are read field by field.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(field)
    }

    /// A number of so many bytes, the highest first.
    fn number(&mut self, len: usize) -> Option<usize> {
        Some(self.take(len)?.iter().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    /// A number of seven bits per byte, the highest first; each byte but the last adds one, so that there is one way to
    /// write it.
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        loop {
            let byte = self.number(1)? as u64;
            number = number.checked_mul(128)?.checked_add(byte & 127)?;
            if byte < 128 {
                return Some(number);
            }
            number = number.checked_add(1)?;
        }
    }

    /// Bytes with their number before them.
    fn text(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.varint()?).ok()?;
        self.take(len)
    }

    /// An id that is not all zeros.
    fn id(&mut self, len: usize) -> Option<ObjectId> {
        nonzero(self.take(len)?)
    }

    /// What a log record says, with who did it, when, in which time zone and why passed over.
    fn update(&mut self, id_len: usize) -> Option<Update> {
        let update = Update { old: nonzero(self.take(id_len)?), new: nonzero(self.take(id_len)?) };
        let (_name, _email, _seconds, _zone) = (self.text()?, self.text()?, self.varint()?, self.take(2)?);
        self.text().map(|_message| update)
    }
}

fn nonzero(id: &[u8]) -> Option<ObjectId> {
    id.iter().any(|&byte| byte != 0).then(|| ObjectId::new(id))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    /// The tables of a repository with two branches, an annotated tag, a deleted branch and a stash, merged into one.
    fn table_of_git(options: &[&str]) -> Vec<u8> {
        let dir = tempfile::TempDir::new().unwrap();
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(dir.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
            command.env("HOME", dir.path()).env("GIT_CONFIG_NOSYSTEM", "1");
            for who in ["AUTHOR", "COMMITTER"] {
                command.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.com");
            }
            assert!(command.args(args).status().unwrap().success(), "git {args:?}");
        };
        git(&[&["init", "--quiet", "--ref-format=reftable", "--initial-branch=main"], options].concat());
        git(&["commit", "--quiet", "--allow-empty", "--message=one"]);
        git(&["branch", "side"]);
        git(&["branch", "gone"]);
        git(&["branch", "--quiet", "-D", "gone"]);
        git(&["tag", "--annotate", "--message=text", "v1"]);
        git(&["pack-refs", "--all"]);
        let tables = fs::read_dir(dir.path().join(".git/reftable")).unwrap().map(|entry| entry.unwrap().path());
        let tables: Vec<_> = tables.filter(|path| path.extension().is_some_and(|kind| kind == "ref")).collect();
        assert_eq!(tables.len(), 1);
        fs::read(&tables[0]).unwrap()
    }

    fn read(table: &[u8], id_len: usize) -> (Found, Result<(), Broken>) {
        let mut stack = Stack::new(id_len);
        let outcome = stack.read_table(table);
        (stack.found, outcome)
    }

    /// A table with these blocks behind its header, and a footer that is right.
    fn table(blocks: &[u8]) -> Vec<u8> {
        let mut header = b"REFT\x01\0\0\0".to_vec();
        header.extend([0; 16]);
        let mut footer = header.clone();
        footer.extend([0; 40]);
        footer.extend(crc32fast::hash(&footer).to_be_bytes());
        [&header, blocks, &footer].concat()
    }

    /// A first block of refs with these records.
    fn ref_block(records: &[u8]) -> Vec<u8> {
        let len = u32::try_from(24 + 4 + records.len() + 5).unwrap().to_be_bytes();
        [b"r", &len[1..], records, &[0, 0, 28, 0, 1]].concat()
    }

    #[test]
    fn a_table_of_git_is_read() {
        for (options, id_len) in [(&[][..], 20), (&["--object-format=sha256"], 32)] {
            let (found, outcome) = read(&table_of_git(options), id_len);
            assert_eq!(outcome, Ok(()));
            let names: Vec<_> = found.targets.keys().map(|name| str::from_utf8(name).unwrap()).collect();
            assert_eq!(names, ["HEAD", "refs/heads/main", "refs/heads/side", "refs/tags/v1"]);
            let logs: Vec<_> = found.logs.keys().map(|name| str::from_utf8(name).unwrap()).collect();
            assert_eq!(logs, ["HEAD", "refs/heads/main", "refs/heads/side"]);
        }
    }

    #[test]
    fn a_table_that_is_cut_off_is_never_whole() {
        for (options, id_len) in [(&[][..], 20), (&["--object-format=sha256"], 32)] {
            let table = table_of_git(options);
            for len in 0..table.len() {
                assert!(read(&table[..len], id_len).1.is_err(), "{len} of {}", table.len());
            }
        }
    }

    #[test]
    fn a_byte_that_is_wrong_never_panics() {
        for (options, id_len) in [(&[][..], 20), (&["--object-format=sha256"], 32)] {
            let mut table = table_of_git(options);
            let header = if id_len == 20 { 24 } else { 28 };
            let footer = table.len() - header - 44;
            for at in 0..table.len() {
                for flip in [0x01, 0x80, 0xff] {
                    table[at] ^= flip;
                    let outcome = read(&table, id_len).1;
                    assert!(outcome.is_err() || (header..footer).contains(&at), "{at}");
                    table[at] ^= flip;
                }
            }
        }
    }

    #[test]
    fn ids_of_the_other_type_are_refused() {
        assert!(read(&table_of_git(&[]), 32).1.is_err());
        assert!(read(&table_of_git(&["--object-format=sha256"]), 20).1.is_err());
    }

    #[test]
    fn records_that_make_no_sense_are_refused() {
        let id = [7; 20];
        let good = [&[0, 1 << 3 | 1, b'a', 0][..], &id].concat();
        let (found, outcome) = read(&table(&ref_block(&good)), 20);
        assert!(outcome.is_ok() && matches!(found.targets[&b"a"[..]], Target::Object(_)));
        for bad in [
            // It shares more than there is; it is longer than the block; its numbers do not end, or not in 64 bits.
            &[&[2, 1 << 3 | 1, b'a', 0][..], &id].concat(),
            &[0, 0xff, 0xff, 0xff, 0xff, 0x7f, b'a', 0][..],
            &[0x80],
            &[0xff; 12],
            // Its kind is not known, its id is cut off or none, its target is longer than the block.
            &[&[0, 1 << 3 | 4, b'a', 0][..], &id].concat(),
            &[0, 1 << 3 | 1, b'a', 0, 7, 7],
            &[&[0, 1 << 3 | 1, b'a', 0][..], &[0; 20]].concat(),
            &[0, 1 << 3 | 3, b'a', 0, 9, b'b'],
        ] {
            let records = [&good, bad].concat();
            let (found, outcome) = read(&table(&ref_block(&records)), 20);
            assert!(outcome.is_err() && found.targets.len() == 1, "{bad:?}");
        }
    }

    #[test]
    fn blocks_may_follow_each_other_without_padding() {
        let record = |name: u8| [&[0, 1 << 3 | 1, name, 0][..], &[7; 20]].concat();
        let (first, mut second) = (ref_block(&record(b'a')), ref_block(&record(b'b')));
        // Only the first block's length counts the header.
        second[3] -= 24;
        for padding in [0, 1, 100] {
            let (found, outcome) = read(&table(&[&first[..], &vec![0; padding], &second].concat()), 20);
            assert_eq!(outcome, Ok(()));
            assert_eq!(found.targets.len(), 2);
        }
    }

    #[test]
    fn blocks_that_make_no_sense_are_refused() {
        for bad in [
            &b"x\0\0\x20"[..],
            b"r\0\0\0",
            b"r\0\0\x1c",
            b"r\0\0\x1d\0",
            b"r\0\0\x1e\xff\xff",
            b"r\xff\xff\xff",
            b"o\0\0\0",
            b"i\xff\xff\xff",
            b"g\xff\xff\xff",
            b"g\0\0\x20not deflated",
            b"r",
        ] {
            assert!(read(&table(bad), 20).1.is_err(), "{bad:?}");
        }
        assert_eq!(read(&table(b""), 20).1, Ok(()), "a table may be empty");
        assert_eq!(read(&table(&[0; 4096]), 20).1, Ok(()), "or nothing but padding");
    }

    #[test]
    fn long_names_that_share_their_beginning_come_to_an_end() {
        let name = vec![b'a'; 1 << 20];
        let mut records = vec![0];
        records.extend(varint((name.len() as u64) << 3));
        records.extend(&name);
        records.push(0);
        for _ in 0..4000 {
            records.extend(varint(name.len() as u64));
            records.extend([0, 0]);
        }
        let (_, outcome) = read(&table(&ref_block(&records)), 20);
        assert_eq!(outcome, Err("the tables hold more than git would write"));
    }

    fn varint(number: u64) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(number & 127).unwrap()];
        let mut rest = number >> 7;
        while rest > 0 {
            rest -= 1;
            bytes.push(0x80 | u8::try_from(rest & 127).unwrap());
            rest >>= 7;
        }
        bytes.reverse();
        bytes
    }

    #[test]
    fn only_files_of_the_same_folder_are_tables() {
        for good in ["a", "0x000000000001-0x000000000002-1234abcd.ref", "..a"] {
            assert!(file_name(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["", ".", "..", "/", "/a", "a/b", "a/", "../a", "./a"] {
            assert!(file_name(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
