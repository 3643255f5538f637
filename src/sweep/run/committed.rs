//! What a repository says of itself, in the files of the tree at its HEAD: what is allowed and known there, and whose it is.
//!
//! Only what such files may say counts (law 9): reading them as a configuration is for whoever makes options of them.

use crate::{
    blob::ObjectId,
    source::git::Repository,
    sweep::owners::{CodeOwners, Dialect},
};

/// Files of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The configuration.
    pub config: Option<Vec<u8>>,
    /// Incidents that are known.
    pub baseline: Option<Vec<u8>>,
    /// Paths that are left out.
    pub ignore: Option<Vec<u8>>,
}

impl Committed {
    /// The names of these files, in the order of the fields.
    pub const NAMES: [&str; 3] = ["stanch.toml", "stanch.baseline.jsonl", ".stanchignore"];

    /// Those that `commit` has. One that cannot be read is not there: what it would hide is reported.
    pub(super) fn at(repository: &Repository, commit: Option<ObjectId>) -> Self {
        let file = |name| commit.and_then(|commit| repository.file_at(commit, name).ok().flatten());
        let [config, baseline, ignore] = Self::NAMES.map(file);
        Self { config, baseline, ignore }
    }
}

/// Who owns which paths, where `commit` says so.
pub(super) fn code_owners(repository: &Repository, commit: Option<ObjectId>) -> Option<CodeOwners> {
    let places = Dialect::GitHub.places().into_iter().chain(Dialect::GitLab.places());
    places.into_iter().find_map(|place| {
        let text = repository.file_at(commit?, place).ok().flatten()?;
        CodeOwners::read(Dialect::of(place, &text), &text).ok()
    })
}
