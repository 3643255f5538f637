//! Files that somebody else has picked, as hook managers do: each is read where what is about to be committed lies.
//!
//! A path that is staged otherwise than HEAD has it is read from the index, and only what that adds is reported; all others are
//! read from disk, whole. Nothing but the files handed in is looked at, and each of them is read, left out by the configuration, or a failure.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Error, Gathered, Scan, Target, history, plain, with_causes};
use crate::{
    blob::PathName,
    coverage::Skipped,
    source::git::{Change, Repository},
};

/// Scans the targets, which are paths of files in the work tree around the current folder.
pub(super) fn scan(scan: &Scan<'_>, index_file: Option<&Path>, gathered: &mut Gathered<'_>) -> Result<(), Error> {
    let here = Path::new(".");
    let repository = history::around(here)?;
    let staged: BTreeSet<PathName> = match repository.staged_paths(index_file, &mut gathered.coverage) {
        Ok(paths) => paths.into_iter().collect(),
        Err(error) => {
            gathered.coverage.fail("the index", format!("cannot be read: {}", with_causes(&error)));
            BTreeSet::new()
        }
    };
    let handed = scan.options.targets.iter().filter_map(|target| match target {
        Target::Path(path) => Some(path),
        Target::Stdin | Target::StdinAs(_) => None,
    });
    let (mut from_index, mut from_disk) = (BTreeSet::new(), Vec::new());
    let below_top = below_top(&repository, here);
    for path in handed {
        let name = PathName::from_path(&below_top.join(plain(path)));
        if staged.contains(&name) {
            from_index.insert(name);
        } else {
            from_disk.push(path);
        }
    }
    if !from_index.is_empty() {
        let change = Change::Staged { index_file: index_file.map(Path::to_owned) };
        let picked = |mut changed: Vec<crate::source::git::Changed>| {
            changed.retain(|changed| from_index.contains(&changed.path));
            changed
        };
        history::scan_changes(scan, (&repository, &change), picked, gathered)?;
    }
    for path in from_disk {
        file(scan, path, gathered);
    }
    Ok(())
}

/// Where in the work tree the folder `here` is.
fn below_top(repository: &Repository, here: &Path) -> PathBuf {
    let top = repository.work_tree().and_then(|top| top.canonicalize().ok());
    let below = top.and_then(|top| Some(here.canonicalize().ok()?.strip_prefix(top).ok()?.to_owned()));
    below.unwrap_or_default()
}

/// Scans a file as it is on disk, unless the configuration leaves it or a folder above it out. Links are not followed.
fn file(scan: &Scan<'_>, path: &Path, gathered: &mut Gathered<'_>) {
    let path = plain(path);
    let shown = PathName::from_path(&path).to_text().into_owned();
    let mut parts = path.ancestors().filter(|part| !part.as_os_str().is_empty());
    if parts.any(|part| scan.options.files.leaves_out(part, part != path)) {
        gathered.coverage.skip(Skipped::Excluded, shown);
    } else if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        gathered.coverage.fail(shown, "is a symbolic link, and was not staged");
    } else {
        scan.files(&path, &path, gathered);
    }
}
