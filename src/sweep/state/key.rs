//! The key of a state's identities: a file of its own, so that it can be copied to the machines that share a sweep, and named by
//! `--key-file` elsewhere.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use ring::rand::{SecureRandom, SystemRandom};

use super::Error;
use crate::incident::IdentityKey;

/// Its name within the state's folder.
pub const FILE: &str = "identity.key";
/// What it is called until all of it is written.
pub(super) const PART: &str = "identity.key.part";
/// How many random bytes make one.
const LENGTH: usize = 32;
/// A shorter one could be guessed, in bytes.
const SHORTEST: usize = 16;

/// The key in `dir`. One that is not there is copied from `given`, or made; but never for a state that had another one.
pub(super) fn have(dir: &Path, given: Option<&Path>, is_new: bool) -> Result<IdentityKey, Error> {
    let given = given.map(bytes).transpose()?;
    let kept = match fs::symlink_metadata(dir.join(FILE)) {
        Ok(_) => Some(bytes(&dir.join(FILE))?),
        Err(_) if !is_new => return Err(Error::NoKey { dir: dir.to_owned() }),
        Err(_) => None,
    };
    let key = match (kept, given) {
        (Some(kept), Some(given)) if kept != given => {
            let [theirs, ours] = [kept, given].map(|bytes| IdentityKey::new(&bytes).id().to_owned());
            return Err(Error::OtherKey { dir: dir.to_owned(), theirs, ours });
        }
        (Some(kept), _) => kept,
        (None, given) => write(dir, given)?,
    };
    Ok(IdentityKey::new(&key))
}

/// The key in `dir`, if there is one.
pub(super) fn read(dir: &Path) -> Result<Option<IdentityKey>, Error> {
    match fs::symlink_metadata(dir.join(FILE)) {
        Ok(_) => Ok(Some(IdentityKey::new(&bytes(&dir.join(FILE))?))),
        Err(_) => Ok(None),
    }
}

/// What a key file holds, as `--key-file` reads it.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let key = bytes.trim_ascii_end();
    if key.len() < SHORTEST {
        return Err(Error::ShortKey { path: path.to_owned() });
    }
    Ok(key.to_vec())
}

/// Writes `given`, or a new key, for its owner alone: whole, or not at all. Who has the state's turn is the only one that does.
fn write(dir: &Path, given: Option<Vec<u8>>) -> Result<Vec<u8>, Error> {
    let key = given.map_or_else(made, Ok);
    let part = dir.join(PART);
    let written = key.and_then(|key| {
        // What a run that was killed left of its own.
        if fs::symlink_metadata(&part).is_ok() {
            fs::remove_file(&part)?;
        }
        let mut file = private(&part)?;
        file.write_all(&[&key, &b"\n"[..]].concat())?;
        file.sync_all()?;
        fs::rename(&part, dir.join(FILE))?;
        Ok(key)
    });
    written.map_err(|source| Error::File { path: dir.join(FILE), source })
}

/// A new file for its owner alone.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn made() -> io::Result<Vec<u8>> {
    Ok(data_encoding::HEXLOWER.encode(&random::<LENGTH>()?).into_bytes())
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(bytes)
}
