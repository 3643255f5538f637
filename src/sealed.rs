//! Files that the program keeps for itself between runs.
//!
//! Whoever can write one decides what the next run believes, so each is sealed under the identity key; and it takes the place of the one before as a whole, or not at all. What is in
//! one, and when it no longer counts, is for the modules that keep them.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{bounded, incident::IdentityKey};

/// A larger file is none of ours, in bytes.
const MOST: u64 = 1 << 30;

/// What such a file holds.
pub trait Sealed: Serialize + DeserializeOwned {
    /// What people call it.
    const NAME: &'static str;
    /// Names its format.
    const SCHEMA: &'static str;

    /// The id of the key that it is sealed under.
    fn key(&self) -> &str;
}

/// Why such a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the {name} {}", path.display())]
    Read {
        /// What it is called.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the {name} {}", path.display())]
    Write {
        /// What it is called.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what this program writes.
    #[error("{} is no {name}, or is damaged ({why}): delete it to begin anew", path.display())]
    Damaged {
        /// What it is called.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// In which way.
        why: String,
    },
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<S> {
    schema: String,
    seal: String,
    content: S,
}

/// Reads the file at `path`, sealed under `key`; nothing where there is none. A symbolic link is refused, wherever it leads. Asks, too, whether it can be written afterwards: what comes
/// between may take long.
///
/// # Errors
/// Where it cannot be read or written, or is not what was written. One that another key sealed is read: whether it counts is for the caller.
pub fn read<S: Sealed>(path: &Path, key: &IdentityKey) -> Result<Option<S>, Error> {
    let content = match bounded::read_unlinked(path, MOST) {
        Ok(text) => {
            let damaged = |why| Error::Damaged { name: S::NAME, path: path.to_owned(), why };
            Some(parse(&text, key).map_err(damaged)?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(Error::Read { name: S::NAME, path: path.to_owned(), source }),
    };
    let writable = temporary_beside(path).map(drop);
    writable.map_err(|source| Error::Write { name: S::NAME, path: path.to_owned(), source })?;
    Ok(content)
}

/// Puts `content` in the place of `path`, for its owner alone: whole, or not at all.
///
/// # Errors
/// Where it cannot be written.
pub fn write<S: Sealed>(content: &S, path: &Path, key: &IdentityKey) -> Result<(), Error> {
    let written = temporary_beside(path).and_then(|mut file| {
        file.write_all(&text(content, key))?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|source| Error::Write { name: S::NAME, path: path.to_owned(), source })
}

fn parse<S: Sealed>(text: &[u8], key: &IdentityKey) -> Result<S, String> {
    let file: File<S> = serde_json::from_slice(text).map_err(|error| place_of(&error))?;
    if file.schema != S::SCHEMA {
        return Err("its format is not known".to_owned());
    }
    // What another key sealed cannot be told from what nobody did; it is not used either.
    if file.content.key() == key.id() && seal(&file.content, key) != file.seal {
        return Err("its seal is broken".to_owned());
    }
    Ok(file.content)
}

fn text<S: Sealed>(content: &S, key: &IdentityKey) -> Vec<u8> {
    let file = File { schema: S::SCHEMA.to_owned(), seal: seal(content, key), content };
    [json(&file), b"\n".to_vec()].concat()
}

fn seal<S: Sealed>(content: &S, key: &IdentityKey) -> String {
    key.hash(S::NAME, &json(content))
}

fn json(what: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(what).unwrap_or_else(|_| unreachable!("all keys are strings, and memory does not fail"))
}

/// Where JSON makes no sense, without what stands there.
fn place_of(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "it ends early" } else { "it makes no sense" };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

/// A file in the same folder, so that it can take the place of `path` at once; others cannot read it.
fn temporary_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        key: String,
        text: String,
        numbers: Vec<u32>,
    }

    impl Sealed for Note {
        const NAME: &'static str = "note";
        const SCHEMA: &'static str = "note/1";

        fn key(&self) -> &str {
            &self.key
        }
    }

    fn key() -> IdentityKey {
        IdentityKey::new(b"a key for these tests")
    }

    fn note() -> Note {
        Note { key: key().id().to_owned(), text: "what was seen".to_owned(), numbers: vec![1, 20, 300] }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        assert_eq!(read::<Note>(&path, &key()).unwrap(), None);
        write(&note(), &path, &key()).unwrap();
        assert_eq!(read(&path, &key()).unwrap(), Some(note()));
        let other = Note { text: "2".to_owned(), ..note() };
        write(&other, &path, &key()).unwrap();
        assert_eq!(read(&path, &key()).unwrap(), Some(other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_part_of_a_file_is_none() {
        let text = text(&note(), &key());
        for len in 0..text.len() - 1 {
            assert!(parse::<Note>(&text[..len], &key()).is_err(), "{len} of {} bytes", text.len());
        }
        parse::<Note>(&text, &key()).unwrap();
    }

    #[test]
    fn a_changed_file_is_none() {
        let text = text(&note(), &key());
        for at in 0..text.len() - 1 {
            let mut changed = text.clone();
            changed[at] ^= 1;
            // Under another key nothing of it counts.
            let is_harmless = parse::<Note>(&changed, &key()).is_ok_and(|read| read.key != note().key);
            assert!(parse::<Note>(&changed, &key()).is_err() || is_harmless, "byte {at}");
        }
        for foreign in ["", "{}", "[]", "null", "PK\x03\x04", r#"{"schema":"stanch/1","tool":{}}"#] {
            assert!(parse::<Note>(foreign.as_bytes(), &key()).is_err(), "{foreign}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused_and_the_file_is_the_owners_alone() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("note"), folder.path().join("link"));
        write(&note(), &path, &key()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        symlink(&path, &link).unwrap();
        assert!(matches!(read::<Note>(&link, &key()), Err(Error::Read { .. })));
        symlink(folder.path().join("no/such"), folder.path().join("dangling")).unwrap();
        assert!(matches!(read::<Note>(&folder.path().join("dangling"), &key()), Err(Error::Read { .. })));
        assert!(matches!(read::<Note>(folder.path(), &key()), Err(Error::Read { .. })));
        assert!(matches!(read::<Note>(&folder.path().join("no/such"), &key()), Err(Error::Write { .. })));
    }
}
