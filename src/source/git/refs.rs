//! Refs, reflogs and the pseudo refs of all worktrees: what keeps objects alive, and under which name.
//!
//! Only files are read; whether the objects named are there is for others to say. A broken ref is noted and the rest read
//! on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use globset::GlobSet;

use super::{
    error::Error,
    layout::{Layout, read_regular, read_small},
    object::parse_id,
};
use crate::{
    blob::{ObjectId, PathName},
    coverage::Coverage,
};

/// Which history to read.
#[derive(Clone, Debug, Default)]
pub enum Refs {
    /// Every object there is, reachable or not.
    #[default]
    All,
    /// What is reachable from the refs that match, by their full name (`refs/heads/main`) or the usual short one (`main`,
    /// `v1.0`, `origin/main`).
    Matching(GlobSet),
}

impl Refs {
    /// Whether the ref is among those asked for.
    pub(super) fn wants(&self, name: &str) -> bool {
        let Self::Matching(globs) = self else { return true };
        let short = ["refs/heads/", "refs/tags/", "refs/remotes/"].iter().find_map(|kind| name.strip_prefix(kind));
        globs.is_match(name) || short.is_some_and(|short| globs.is_match(short))
    }
}

/// A ref and what it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref {
    /// `refs/heads/main`.
    pub(super) name: String,
    pub(super) id: ObjectId,
}

/// Everything that points into the history.
#[derive(Debug, Default)]
pub(super) struct RefTable {
    /// The branch that HEAD is on, born or not.
    pub(super) branch: Option<String>,
    /// What HEAD names.
    pub(super) head: Option<ObjectId>,
    /// All refs under `refs/` by name, the stash aside.
    pub(super) refs: Vec<Ref>,
    /// What other worktrees' HEADs name, and refs of theirs alone.
    pub(super) heads: BTreeSet<ObjectId>,
    /// The stash and its reflog.
    pub(super) stash: BTreeSet<ObjectId>,
    /// What reflogs and the likes of `ORIG_HEAD` name.
    pub(super) reflog: BTreeSet<ObjectId>,
    /// Of these, what reflogs of notes name.
    pub(super) old_notes: BTreeSet<ObjectId>,
    /// What could not be read.
    pub(super) notes: Coverage,
}

/// The stash, the one ref whose reflog holds what users still want.
const STASH: &str = "refs/stash";
/// Kinds of refs that each worktree has for itself.
const OWN: [&str; 3] = ["refs/bisect", "refs/rewritten", "refs/worktree"];
/// A symbolic ref to a symbolic ref to … ends here, as in git.
const MOST_HOPS: usize = 5;
/// Larger logs and lists of refs than this are not git's.
const LARGE: u64 = 1 << 30;

/// What a ref's file says.
enum Target {
    Object(ObjectId),
    Symbolic(Vec<u8>),
}

impl RefTable {
    /// Reads the refs of a repository whose ids have `id_len` bytes.
    pub(super) fn read(layout: &Layout, id_len: usize) -> Self {
        let mut found = Found { id_len, targets: BTreeMap::new(), notes: Coverage::default() };
        found.read_packed(&layout.common_dir.join("packed-refs"));
        found.walk(&layout.common_dir, "refs");
        let mut table = Self::default();
        for git_dir in layout.git_dirs() {
            table.read_worktree(&git_dir, layout, &mut found);
        }
        table.read_logs(&layout.common_dir.join("logs"), id_len, &mut found.notes);
        for name in found.targets.keys() {
            let shown = PathName::new(name.as_slice()).to_text().into_owned();
            match found.resolve(name) {
                Ok(Some(id)) if shown == STASH => drop(table.stash.insert(id)),
                Ok(Some(id)) => table.refs.push(Ref { name: shown, id }),
                // `origin/HEAD` often outlives the branch it names.
                Ok(None) => table.notes.notes.push(format!("{shown} is a symbolic ref to nothing")),
                Err(why) => table.notes.fail(shown, why),
            }
        }
        table.notes.add(found.notes);
        table
    }

    fn read_worktree(&mut self, git_dir: &Path, layout: &Layout, found: &mut Found) {
        let (id_len, is_own) = (found.id_len, *git_dir == layout.git_dir);
        match read_target(&git_dir.join("HEAD"), id_len) {
            Ok(Target::Object(id)) if is_own => self.head = Some(id),
            Ok(Target::Object(id)) => drop(self.heads.insert(id)),
            Ok(Target::Symbolic(name)) => {
                let id = found.resolve(&name).unwrap_or_default();
                if is_own {
                    self.branch = Some(PathName::new(name).to_text().into_owned());
                    self.head = id;
                } else {
                    self.heads.extend(id);
                }
            }
            Err(error) => found.notes.fail(shown(&git_dir.join("HEAD")), error.to_string()),
        }
        if *git_dir != layout.common_dir {
            let mut own = Found { id_len, targets: BTreeMap::new(), notes: Coverage::default() };
            for dir in OWN {
                own.walk(git_dir, dir);
            }
            self.heads.extend(own.targets.keys().filter_map(|name| own.resolve(name).ok().flatten()));
            self.read_logs(&git_dir.join("logs"), id_len, &mut found.notes);
            found.notes.add(own.notes);
        }
        self.read_pseudo_refs(git_dir, id_len);
    }

    /// `ORIG_HEAD`, `FETCH_HEAD`, `MERGE_HEAD`, `AUTO_MERGE` and whatever else git leaves there.
    fn read_pseudo_refs(&mut self, git_dir: &Path, id_len: usize) {
        for entry in fs::read_dir(git_dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_pseudo = name.as_encoded_bytes().iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'));
            if is_pseudo && name != "HEAD" {
                let text = read_regular(&entry.path(), LARGE).unwrap_or_default();
                self.reflog.extend(lines(&text).filter_map(|line| first_id(line, id_len)));
            }
        }
    }

    /// All reflogs under a folder.
    fn read_logs(&mut self, logs: &Path, id_len: usize, notes: &mut Coverage) {
        let mut folders = vec![logs.to_owned()];
        while let Some(folder) = folders.pop() {
            for (path, is_folder) in listing(&folder, notes) {
                if is_folder {
                    folders.push(path);
                    continue;
                }
                let text = match read_regular(&path, LARGE) {
                    Ok(text) => text,
                    Err(error) => {
                        notes.fail(shown(&path), error.to_string());
                        continue;
                    }
                };
                let ids = lines(&text).flat_map(|line| {
                    let rest = line.get(id_len * 2 + 1..).unwrap_or_default();
                    [first_id(line, id_len), first_id(rest, id_len)]
                });
                let name = path.strip_prefix(logs).unwrap_or(&path);
                if name == Path::new(STASH) {
                    self.stash.extend(ids.flatten());
                    continue;
                }
                let ids: Vec<_> = ids.flatten().collect();
                self.reflog.extend(&ids);
                if name.starts_with("refs/notes") {
                    self.old_notes.extend(ids);
                }
            }
        }
    }
}

/// Refs by name before symbolic ones are resolved.
struct Found {
    id_len: usize,
    targets: BTreeMap<Vec<u8>, Target>,
    notes: Coverage,
}

impl Found {
    fn read_packed(&mut self, path: &Path) {
        let text = match read_regular(path, LARGE) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.notes.fail(shown(path), error.to_string()),
        };
        for line in lines(&text).filter(|line| !matches!(line.first(), None | Some(b'#' | b'^'))) {
            match (first_id(line, self.id_len), line.get(self.id_len * 2 + 1..)) {
                (Some(id), Some(name)) if !name.is_empty() => {
                    self.targets.insert(name.to_vec(), Target::Object(id));
                }
                _ => self.notes.fail(shown(path), "it has a line that names no object"),
            }
        }
    }

    /// Reads the loose refs in the folder `name` of `dir` and below; they outrank packed ones.
    fn walk(&mut self, dir: &Path, name: &str) {
        let mut folders = vec![dir.join(name)];
        while let Some(folder) = folders.pop() {
            for (path, is_folder) in listing(&folder, &mut self.notes) {
                if is_folder {
                    folders.push(path);
                    continue;
                }
                if path.extension().is_some_and(|extension| extension == "lock") {
                    continue;
                }
                let below = path.strip_prefix(dir).unwrap_or(&path);
                let full = PathName::from_path(below).as_bytes().to_vec();
                match read_target(&path, self.id_len) {
                    Ok(target) => drop(self.targets.insert(full, target)),
                    Err(error) => {
                        self.targets.remove(&full);
                        self.notes.fail(PathName::new(full).to_text().into_owned(), error.to_string());
                    }
                }
            }
        }
    }

    /// The object that a ref leads to; nothing where it leads to a ref that is not there.
    fn resolve(&self, name: &[u8]) -> Result<Option<ObjectId>, &'static str> {
        let mut name = name;
        for _ in 0..=MOST_HOPS {
            match self.targets.get(name) {
                Some(Target::Object(id)) => return Ok(Some(*id)),
                Some(Target::Symbolic(next)) => name = next,
                None => return Ok(None),
            }
        }
        Err("too many symbolic refs in a row")
    }
}

/// What HEAD names, read without reading all other refs; nothing for a branch that is not born.
pub(super) fn head(layout: &Layout, id_len: usize) -> Result<Option<ObjectId>, Error> {
    let mut path = layout.git_dir.join("HEAD");
    for _ in 0..=MOST_HOPS {
        let name = match read_target(&path, id_len) {
            Ok(Target::Object(id)) => return Ok(Some(id)),
            Ok(Target::Symbolic(name)) => name,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&path, error)),
        };
        let text = str::from_utf8(&name).ok().filter(|name| is_ref_name(name));
        let text = text.ok_or_else(|| Error::malformed(&path, "symbolic ref"))?;
        let dir = if OWN.iter().any(|own| text.starts_with(own)) { &layout.git_dir } else { &layout.common_dir };
        path = dir.join(text);
        if fs::symlink_metadata(&path).is_err() {
            let packed = layout.common_dir.join("packed-refs");
            let list = match read_regular(&packed, LARGE) {
                Ok(list) => list,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Error::io(&packed, error)),
            };
            let mut line = lines(&list).filter(|line| line.get(id_len * 2 + 1..) == Some(&name));
            return Ok(line.next().and_then(|line| first_id(line, id_len)));
        }
    }
    Err(Error::malformed(&path, "symbolic ref"))
}

/// Whether a name stays among the refs.
fn is_ref_name(name: &str) -> bool {
    name.starts_with("refs/") && !name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// What a ref's file says. Its bytes are in no message: it may be a link to anything.
fn read_target(path: &Path, id_len: usize) -> io::Result<Target> {
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

fn shown(path: &Path) -> String {
    path.display().to_string()
}
