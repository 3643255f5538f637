//! Repositories that lie below a folder of this machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Client, Error, Forge, Listing, Problem, Why, list::listed};
use crate::sweep::repository::{Address, Listed};

/// How far below the folder repositories are looked for.
const DEEPEST: usize = 16;

/// All repositories below a folder: bare ones, and work trees with theirs. What lies within a repository is not looked at, nor are links followed.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Those below `path`.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
}

impl Forge for Folder {
    fn list(&self, _: &mut Client<'_>, each: &mut dyn FnMut(Listed)) -> Result<Listing, Error> {
        let path = fs::canonicalize(&self.path).map_err(|error| Why::Io(error).of(&self.path.display().to_string()))?;
        let mut listing = Listing::default();
        visit(&path, DEEPEST, &mut listing, each);
        Ok(listing)
    }

    fn host(&self) -> &'static str {
        ""
    }
}

fn visit(folder: &Path, left: usize, listing: &mut Listing, each: &mut dyn FnMut(Listed)) {
    if is_git_directory(folder) || folder.join(".git").exists() {
        listing.repositories += 1;
        each(listed(Address::Local(folder.to_owned())));
        return;
    }
    let mut problem = |reason: String| {
        listing.problems.push(Problem { subject: folder.display().to_string(), reason });
    };
    if left == 0 {
        problem(format!("repositories are looked for in {DEEPEST} folders within each other, not deeper"));
        return;
    }
    let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => {
            problem(error.to_string());
            return;
        }
    };
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut folders: Vec<PathBuf> = entries.iter().filter(|entry| is_folder(entry)).map(fs::DirEntry::path).collect();
    folders.sort();
    for folder in folders {
        visit(&folder, left - 1, listing, each);
    }
}

/// Whether `folder` is what git takes for a repository (gitrepository-layout(5)).
fn is_git_directory(folder: &Path) -> bool {
    folder.join("HEAD").exists() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        net::Net,
        sweep::forge::{Forgetful, limits},
    };

    #[test]
    fn repositories_are_found_and_not_looked_into() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["a/x.git/objects", "a/x.git/refs", "a/x.git/modules/y/objects", "b/.git", "c/d", "e/objects"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        for file in ["a/x.git/HEAD", "a/x.git/modules/y/HEAD", "c/HEAD"] {
            fs::write(dir.path().join(file), "ref: refs/heads/main\n").unwrap();
        }
        let net = Net::new(limits());
        let (mut answers, mut found) = (Forgetful, Vec::new());
        let mut ask = Client::new(&net, &mut answers, &|| false);
        let listing = Folder::new(dir.path()).list(&mut ask, &mut |listed| found.push(listed.address)).unwrap();
        let top = fs::canonicalize(dir.path()).unwrap();
        assert_eq!(found, ["a/x.git", "b"].map(|path| Address::Local(top.join(path))));
        assert_eq!((listing.repositories, listing.is_complete()), (2, true));
        assert!(Folder::new(&top.join("none")).list(&mut ask, &mut |_| {}).is_err());
    }
}
