//! The names of the files in a folder.

use std::path::Path;

use ignore::WalkBuilder;

use crate::blob::PathName;

/// The files under `top` that are not left out by `.gitignore` and the like, named from there with slashes between, in order. What cannot be
/// read is passed over: a scan tells of it. Symbolic links are not followed.
pub fn names(top: &Path) -> Vec<String> {
    let mut walk = WalkBuilder::new(top);
    walk.hidden(false).follow_links(false).git_global(false);
    walk.filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0);
    let files = walk.build().flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let name = |path: &Path| PathName::from_path(path.strip_prefix(top).unwrap_or(path)).to_text().into_owned();
    let mut names: Vec<String> = files.map(|entry| name(entry.path())).collect();
    names.sort_unstable();
    names
}
