//! Refs as files: loose ones, `packed-refs`, and reflogs.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    super::{
        layout::{read_regular, read_small},
        object::parse_id,
    },
    Found, HEAD, LARGE, Log, OWN, Target, Update,
};
use crate::{
    blob::{ObjectId, PathName},
    coverage::Coverage,
};

/// Reads a git directory; one that is not the common one has few refs of its own.
pub(super) fn read(git_dir: &Path, is_common: bool, id_len: usize) -> Found {
    let mut found = Found::default();
    if is_common {
        read_packed(&git_dir.join("packed-refs"), id_len, &mut found);
        walk(git_dir, "refs", id_len, &mut found);
    } else {
        for dir in OWN {
            walk(git_dir, dir, id_len, &mut found);
        }
    }
    match read_target(&git_dir.join("HEAD"), id_len) {
        Ok(target) => drop(found.targets.insert(HEAD.to_vec(), target)),
        Err(error) => {
            found.targets.remove(HEAD);
            found.notes.fail(shown(&git_dir.join("HEAD")), error.to_string());
        }
    }
    read_logs(&git_dir.join("logs"), id_len, &mut found);
    found
}

/// What `ORIG_HEAD`, `FETCH_HEAD`, `MERGE_HEAD`, `AUTO_MERGE` and whatever else git leaves there name.
pub(super) fn read_pseudo_refs(git_dir: &Path, id_len: usize) -> BTreeSet<ObjectId> {
    let mut named = BTreeSet::new();
    for entry in fs::read_dir(git_dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if is_pseudo(name.as_encoded_bytes()) && name.as_encoded_bytes() != HEAD {
            let text = read_regular(&entry.path(), LARGE).unwrap_or_default();
            named.extend(lines(&text).filter_map(|line| first_id(line, id_len)));
        }
    }
    named
}

/// Whether a name is one of a ref that is not below `refs/`.
pub(super) fn is_pseudo(name: &[u8]) -> bool {
    name.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'))
}

fn read_packed(path: &Path, id_len: usize, found: &mut Found) {
    let text = match read_regular(path, LARGE) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return found.notes.fail(shown(path), error.to_string()),
    };
    let mut is_sound = true;
    for line in packed_lines(&text) {
        match packed_ref(line, id_len) {
            Some((name, id)) => drop(found.targets.insert(name.to_vec(), Target::Object(id))),
            None => is_sound = false,
        }
    }
    if !is_sound {
        found.notes.fail(shown(path), "it has a line that names no object");
    }
}

/// The lines of `packed-refs` that are refs.
pub(super) fn packed_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines(text).filter(|line| !matches!(line.first(), None | Some(b'#' | b'^')))
}

/// The name and the object of such a line.
pub(super) fn packed_ref(line: &[u8], id_len: usize) -> Option<(&[u8], ObjectId)> {
    let name = line.get(id_len * 2 + 1..).filter(|name| !name.is_empty())?;
    Some((name, first_id(line, id_len)?))
}

/// Reads the loose refs in the folder `name` of `dir` and below; they outrank packed ones.
fn walk(dir: &Path, name: &str, id_len: usize, found: &mut Found) {
    let mut folders = vec![dir.join(name)];
    while let Some(folder) = folders.pop() {
        for (path, is_folder) in listing(&folder, &mut found.notes) {
            if is_folder {
                folders.push(path);
                continue;
            }
            if path.extension().is_some_and(|extension| extension == "lock") {
                continue;
            }
            let full = name_below(&path, dir);
            match read_target(&path, id_len) {
                Ok(target) => drop(found.targets.insert(full, target)),
                Err(error) => {
                    found.targets.remove(&full);
                    found.notes.fail(PathName::new(full).to_text().into_owned(), error.to_string());
                }
            }
        }
    }
}

/// All reflogs under a folder.
fn read_logs(logs: &Path, id_len: usize, found: &mut Found) {
    let mut folders = vec![logs.to_owned()];
    while let Some(folder) = folders.pop() {
        for (path, is_folder) in listing(&folder, &mut found.notes) {
            if is_folder {
                folders.push(path);
                continue;
            }
            match read_log(&path, id_len) {
                Ok(log) => drop(found.logs.insert(name_below(&path, logs), log)),
                Err(error) => found.notes.fail(shown(&path), error.to_string()),
            }
        }
    }
}

/// Reads one reflog.
pub(super) fn read_log(path: &Path, id_len: usize) -> io::Result<Log> {
    let text = read_regular(path, LARGE)?;
    let updates = lines(&text).filter_map(|line| {
        let rest = line.get(id_len * 2 + 1..).unwrap_or_default();
        let update = Update { old: first_id(line, id_len), new: first_id(rest, id_len) };
        update.names_something().then_some(update)
    });
    Ok((0..).zip(updates).collect())
}

/// What a ref's file says. Its bytes are in no message: it may be a link to anything.
pub(super) fn read_target(path: &Path, id_len: usize) -> io::Result<Target> {
    let text = read_small(path)?;
    if let Some(name) = text.strip_prefix(b"ref:") {
        return Ok(Target::Symbolic(name.trim_ascii().to_vec()));
    }
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "it names no object");
    first_id(text.trim_ascii(), id_len).map(Target::Object).ok_or_else(broken)
}

/// The id at the beginning of a line, unless it is all zeros.
fn first_id(line: &[u8], id_len: usize) -> Option<ObjectId> {
    let (hex, rest) = line.split_at_checked(id_len * 2)?;
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    let id = parse_id(hex).filter(|_| ends)?;
    id.as_bytes().iter().any(|&byte| byte != 0).then_some(id)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// What a folder holds, and whether each is a folder itself. Links to folders are not followed.
fn listing(folder: &Path, notes: &mut Coverage) -> Vec<(PathBuf, bool)> {
    match fs::read_dir(folder) {
        Ok(listing) => {
            let typed = |entry: fs::DirEntry| Some((entry.path(), entry.file_type().ok()?.is_dir()));
            listing.flatten().filter_map(typed).collect()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            notes.fail(shown(folder), error.to_string());
            Vec::new()
        }
    }
}

/// A file's path from a folder above it, as refs are named.
fn name_below(path: &Path, folder: &Path) -> Vec<u8> {
    PathName::from_path(path.strip_prefix(folder).unwrap_or(path)).as_bytes().to_vec()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
