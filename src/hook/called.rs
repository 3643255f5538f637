//! How git called: what it says of the repository in variables. Only a hook, which git itself runs, listens to them.

use std::path::{Path, PathBuf};

use super::{Error, push::object_id};
use crate::{
    blob::ObjectId,
    source::git::{Outside, Repository},
};

/// What git's variables say.
#[derive(Clone, Debug, Default)]
pub struct Called {
    /// The folder in which it called: the top of the work tree, or the git directory of a bare repository.
    pub folder: PathBuf,
    /// `GIT_DIR`, where it is set.
    pub git_dir: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: what `commit -a` and `commit FILE` are about to commit is in an index of its own.
    pub index_file: Option<PathBuf>,
    /// The commits that are about to be merged: the only place where git names them before a clean merge is committed is a variable for
    /// each, `GITHEAD_` and the id.
    pub heads: Vec<ObjectId>,
    /// Where the objects are that somebody pushes, until they are accepted: `GIT_OBJECT_DIRECTORY` and
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`.
    pub objects: Vec<PathBuf>,
}

impl Called {
    /// What the environment says to a program that runs in `folder`. Where objects lie is for [`Called::in_quarantine`].
    pub fn in_folder(folder: &Path) -> Self {
        let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| folder.join(value));
        let heads = std::env::vars_os().filter_map(|(name, _)| object_id(name.to_str()?.strip_prefix("GITHEAD_")?));
        Self {
            folder: folder.to_owned(),
            git_dir: path("GIT_DIR"),
            index_file: path("GIT_INDEX_FILE"),
            heads: heads.collect(),
            objects: Vec::new(),
        }
    }

    /// The same, on the other side of a push.
    #[must_use]
    pub fn in_quarantine(mut self) -> Self {
        let own = std::env::var_os("GIT_OBJECT_DIRECTORY").map(PathBuf::from);
        let others = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        let named = own.into_iter().chain(std::env::split_paths(&others));
        let named = named.filter(|path| !path.as_os_str().is_empty()).map(|path| self.folder.join(path));
        self.objects = named.filter(|path| path.is_dir()).collect();
        self
    }

    /// The repository that git means.
    pub fn repository(&self) -> Result<Repository, Error> {
        let found = match &self.git_dir {
            Some(git_dir) => Repository::open_with(git_dir, Outside::SameOwner, &self.objects)?,
            None if self.objects.is_empty() => Repository::discover(&self.folder, Outside::SameOwner)?,
            None => Repository::open_with(&self.folder, Outside::SameOwner, &self.objects)?,
        };
        found.ok_or_else(|| Error::NoRepository { path: self.git_dir.clone().unwrap_or_else(|| self.folder.clone()) })
    }
}
