//! A log opened, and unpacked where its first bytes say that it is packed: gzip (RFC 1952) of any number of members, or Zstandard (RFC 8878) of any
//! number of frames. Which it is, a file's name does not say.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read},
};

use flate2::read::MultiGzDecoder;

use super::{BLOCK, fill, source::Source};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What begins so holds tokens in a form that is not looked for: its content is not text, or not as it stands.
const FOREIGN: [(&[u8], &str); 13] = [
    (b"\xfd7zXZ\0", "packed by xz"),
    (b"BZh", "packed by bzip2"),
    (b"\x1f\x9d", "packed by compress"),
    (b"\x04\x22\x4d\x18", "packed by lz4"),
    (b"\xff\x06\x00\x00sNaPpY", "packed by snappy"),
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"LPKSHHRH", "a journal of systemd"),
    (b"ElfFile\0", "an event log of Windows"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\xfe", "in UTF-16"),
    (b"\xfe\xff", "in UTF-16"),
];
/// How many packed bytes are read at a time.
const PACKED: usize = 256 << 10;

pub(super) struct Opened {
    /// What was read to see what the log is, and is handed out first.
    first: Cursor<Vec<u8>>,
    rest: Box<dyn Read + Send>,
    read: u64,
    /// An error behind the first bytes.
    failed: Option<io::Error>,
}

impl Opened {
    pub(super) fn new(source: &Source) -> io::Result<Self> {
        let mut raw: Box<dyn Read + Send> = match source {
            Source::Stdin => Box::new(io::stdin()),
            Source::File(path) => Box::new(regular(File::open(path)?)?),
            Source::Link(_) => {
                let why = "it is a link out of its folder, which is not followed: name what it leads to";
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
        };
        let mut magic = Vec::new();
        fill(&mut raw, &mut magic, ZSTANDARD.len())?;
        let (gzip, zstandard) = (magic.starts_with(&GZIP), magic == ZSTANDARD);
        let raw = Cursor::new(magic).chain(raw);
        let mut rest: Box<dyn Read + Send> = if gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(PACKED, raw)))
        } else if zstandard {
            Box::new(zstd::Decoder::new(raw)?)
        } else {
            Box::new(raw)
        };
        let mut first = Vec::new();
        let failed = fill(&mut rest, &mut first, BLOCK).err();
        let packed_twice = (gzip || zstandard) && (first.starts_with(&GZIP) || first.starts_with(&ZSTANDARD));
        let foreign = FOREIGN.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, what)| *what);
        if let Some(what) = foreign.or(packed_twice.then_some("packed twice")) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is {what}, which is not read")));
        }
        Ok(Self { first: Cursor::new(first), rest, read: 0, failed })
    }

    /// The first bytes, as many as were looked at.
    pub(super) fn first(&self) -> &[u8] {
        self.first.get_ref()
    }

    /// How many bytes were handed out.
    pub(super) fn position(&self) -> u64 {
        self.read
    }
}

/// A folder opens like a file on some systems, and a device or pipe may never end.
fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    Ok(file)
}

impl Read for Opened {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut read = self.first.read(bytes)?;
        if read == 0 {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            read = self.rest.read(bytes)?;
        }
        self.read += read as u64;
        Ok(read)
    }
}
