//! Single refs by name. Where refs are files, the others are not read.

use std::{
    cell::OnceCell,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    super::{
        config::RefStorage,
        error::Error,
        layout::{Layout, read_regular},
    },
    Found, HEAD, LARGE, MOST_HOPS, OWN, Target, Update,
    files::{is_pseudo, packed_lines, packed_ref, read_log, read_target},
    is_below_refs,
};
use crate::blob::ObjectId;

/// The refs that one worktree sees.
pub(in crate::source::git) struct Lookup<'a> {
    layout: &'a Layout,
    id_len: usize,
    source: Source,
}

/// Where they are looked up.
enum Source {
    /// In files, with `packed-refs` kept once it was read.
    Files { packed: OnceCell<Vec<u8>> },
    /// In tables: the worktree's own, then the common ones.
    Tables(Vec<Found>),
}

impl<'a> Lookup<'a> {
    /// Prepares to look up refs. Tables have to be sound: of broken ones nobody can say what is not in them.
    pub(in crate::source::git) fn new(layout: &'a Layout, storage: RefStorage, id_len: usize) -> Result<Self, Error> {
        let source = match storage {
            RefStorage::Files => Source::Files { packed: OnceCell::new() },
            RefStorage::Tables => {
                let mut dirs = vec![&layout.git_dir, &layout.common_dir];
                dirs.dedup();
                let read = |dir: &PathBuf| sound(Found::read(dir, layout, storage, id_len));
                Source::Tables(dirs.into_iter().map(read).collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { layout, id_len, source })
    }

    /// What HEAD names; nothing for a branch that is not born.
    pub(in crate::source::git) fn head(&self) -> Result<Option<ObjectId>, Error> {
        self.resolve(HEAD)
    }

    /// The full name of the branch that HEAD is on.
    pub(in crate::source::git) fn branch(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(match self.target(HEAD)? {
            Some(Target::Symbolic(name)) => Some(name),
            _ => None,
        })
    }

    /// The object that the ref with this full name leads to; nothing if it or what it leads to is not there.
    pub(in crate::source::git) fn resolve(&self, name: &[u8]) -> Result<Option<ObjectId>, Error> {
        let mut name = name.to_vec();
        for _ in 0..=MOST_HOPS {
            match self.target(&name)? {
                Some(Target::Object(id)) => return Ok(Some(id)),
                Some(Target::Symbolic(next)) if is_ref_name(&next) => name = next,
                Some(Target::Symbolic(_)) => break,
                None => return Ok(None),
            }
        }
        Err(Error::malformed(&self.layout.git_dir.join(path_of(&name)), "symbolic ref"))
    }

    /// The reflog of the ref with this full name, newest first.
    pub(in crate::source::git) fn log(&self, name: &[u8]) -> Result<Vec<Update>, Error> {
        let log = match &self.source {
            Source::Tables(found) => found.iter().find_map(|found| found.logs.get(name)).cloned().unwrap_or_default(),
            Source::Files { .. } => {
                let path = self.dir_of(name).join("logs").join(path_of(name));
                match read_log(&path, self.id_len) {
                    Ok(log) => log,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                    Err(error) => return Err(Error::io(&path, error)),
                }
            }
        };
        Ok(log.into_values().rev().collect())
    }

    fn target(&self, name: &[u8]) -> Result<Option<Target>, Error> {
        if !is_ref_name(name) {
            return Ok(None);
        }
        let packed = match &self.source {
            Source::Files { packed } => packed,
            Source::Tables(found) => match found.iter().find_map(|found| found.targets.get(name)) {
                // These stay files.
                None if is_pseudo(name) => return self.loose(name),
                target => return Ok(target.cloned()),
            },
        };
        match self.loose(name)? {
            None if is_below_refs(name) => self.packed(name, packed),
            target => Ok(target),
        }
    }

    fn loose(&self, name: &[u8]) -> Result<Option<Target>, Error> {
        let path = self.dir_of(name).join(path_of(name));
        match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_dir() => {
                read_target(&path, self.id_len).map(Some).map_err(|error| Error::io(&path, error))
            }
            _ => Ok(None),
        }
    }

    fn packed(&self, name: &[u8], text: &OnceCell<Vec<u8>>) -> Result<Option<Target>, Error> {
        if text.get().is_none() {
            let path = self.layout.common_dir.join("packed-refs");
            let read = match read_regular(&path, LARGE) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(Error::io(&path, error)),
            };
            let _ = text.set(read);
        }
        let mut refs = packed_lines(text.get().map_or(&[], Vec::as_slice));
        let found = refs.find_map(|line| packed_ref(line, self.id_len).filter(|&(listed, _)| listed == name));
        Ok(found.map(|(_, id)| Target::Object(id)))
    }

    fn dir_of(&self, name: &[u8]) -> &Path {
        let is_own = !is_below_refs(name) || OWN.iter().any(|own| name.starts_with(own.as_bytes()));
        if is_own { &self.layout.git_dir } else { &self.layout.common_dir }
    }
}

/// Whether a name is one of a ref: it leads nowhere else.
fn is_ref_name(name: &[u8]) -> bool {
    (is_below_refs(name) || is_pseudo(name)) && gix::validate::reference::name(name.into()).is_ok()
}

fn path_of(name: &[u8]) -> PathBuf {
    gix::path::from_byte_slice(name).map_or_else(|_| "\u{fffd}".into(), Path::to_owned)
}

/// Tables that could all be read.
fn sound(found: Found) -> Result<Found, Error> {
    match found.notes.failed.first() {
        None => Ok(found),
        Some(failure) => Err(Error::Malformed {
            path: failure.subject.clone().into(),
            what: "table of refs",
            source: Some(failure.reason.clone().into()),
        }),
    }
}
