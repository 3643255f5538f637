//! An object's bytes: in memory, or in a file without a name where there are too many of them.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
};

/// A decoded object.
#[derive(Debug)]
pub(super) enum Bytes {
    /// In memory.
    Memory(Vec<u8>),
    /// In a temporary file that is gone when it is closed.
    Spilled(Spilled),
}

/// What has to be in memory in one piece may be this large: a tree of some three million entries is.
pub(super) const MOST_IN_ONE_PIECE: u64 = 128 << 20;

/// A temporary file and how long it is.
#[derive(Debug)]
pub(super) struct Spilled {
    // Reading moves the file's position, which nobody else relies on.
    file: RefCell<File>,
    len: u64,
}

impl Bytes {
    /// Writes what `write` writes into a file; it says how much that is.
    pub(super) fn spill(write: impl FnOnce(&mut dyn Write) -> io::Result<u64>) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 16, tempfile::tempfile()?);
        let len = write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self::Spilled(Spilled { file: RefCell::new(file), len }))
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spilled(spilled) => spilled.len,
        }
    }

    /// Reads `len` of them from `from` into `out`.
    pub(super) fn read_at(&self, from: u64, len: usize, out: &mut Vec<u8>) -> io::Result<()> {
        out.clear();
        match self {
            Self::Memory(bytes) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                let end = from.saturating_add(len);
                out.extend_from_slice(bytes.get(from..end).ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            Self::Spilled(spilled) => {
                let mut file = spilled.file.borrow_mut();
                file.seek(SeekFrom::Start(from))?;
                out.resize(len, 0);
                file.read_exact(out)
            }
        }
    }

    /// All of them in memory.
    pub(super) fn into_memory(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes),
            Self::Spilled(spilled) => spilled.read(),
        }
    }
}

impl Spilled {
    /// All of them.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        if self.len > MOST_IN_ONE_PIECE {
            return Err(io::Error::other("too large for memory"));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve(usize::try_from(self.len).unwrap_or(usize::MAX)).map_err(io::Error::other)?;
        self.reader()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads them from the first on.
    pub(super) fn reader(&self) -> io::Result<impl Read + use<>> {
        let mut file = self.file.borrow().try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(BufReader::with_capacity(1 << 16, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spilled_is_read_back() {
        let bytes = Bytes::spill(|out| out.write_all(b"0123456789").map(|()| 10)).unwrap();
        let mut piece = Vec::new();
        bytes.read_at(3, 4, &mut piece).unwrap();
        assert_eq!(piece, b"3456");
        assert!(bytes.read_at(8, 3, &mut piece).is_err());
        assert_eq!((bytes.len(), bytes.into_memory().unwrap()), (10, b"0123456789".to_vec()));
    }
}
