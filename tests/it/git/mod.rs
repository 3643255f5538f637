//! Reading git repositories, through the library.

mod attribute;
#[cfg(feature = "cli")]
mod bounds;
mod broken;
mod changes;
#[cfg(feature = "cli")]
mod deltas;
mod layout;
#[cfg(feature = "cli")]
mod network;
#[cfg(feature = "cli")]
mod pack;
mod random;
mod refs;
mod revisions;
mod scan;

use std::collections::BTreeMap;
use std::path::Path;

use stanch::{
    blob::{ObjectId, Origin, Shared, VersionVisitor, Visitor, Window},
    coverage::Coverage,
    source::git::{Outside, Place, Refs, Repository, Scope},
};

use crate::repo::Repo;

/// Keeps what it is shown.
#[derive(Default)]
pub struct Collect {
    coverage: Coverage,
    objects: BTreeMap<ObjectId, Vec<u8>>,
}

impl Visitor for Collect {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        let Origin::Git(id) = origin else { panic!("{origin:?} is not of git") };
        assert!(window.owned() == (window.owned().start..window.bytes().len()) || !window.ends());
        let object = self.objects.entry(*id).or_default();
        assert_eq!(object.len() as u64, window.start() + window.owned().start as u64, "windows come in order, once");
        object.extend_from_slice(&window.bytes()[window.owned()]);
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }
}

impl VersionVisitor for Collect {
    /// The whole blob, to see that the next one is made of it as it says.
    type Trace = Vec<u8>;

    fn visit_version(
        &mut self,
        origin: &Origin,
        bytes: &[u8],
        base: Option<(&Vec<u8>, &[Shared])>,
        has_versions: bool,
    ) -> Option<Vec<u8>> {
        if let Some((base, shared)) = base {
            for &Shared { from, to, len } in shared {
                assert_eq!(base[from..from + len], bytes[to..to + len]);
            }
            assert!(shared.is_sorted_by(|one, other| one.to + one.len <= other.to));
        }
        self.visit(origin, &Window::whole(bytes));
        has_versions.then(|| bytes.to_vec())
    }
}

/// What a scan shows, from all threads.
pub fn scan(repository: &Repository, selection: &Refs) -> Collect {
    let mut all = Collect::default();
    for mut one in repository.scan(selection, 64, Collect::default) {
        for id in one.objects.keys() {
            assert!(!all.objects.contains_key(id), "{id} was shown twice");
        }
        all.objects.append(&mut one.objects);
        all.coverage.add(one.coverage);
    }
    if matches!(selection, Refs::All) {
        let scope = Scope { refs: selection, all_versions: false, complete: true };
        assert_eq!(repository.attribute(&BTreeMap::new(), scope, &mut all.coverage), []);
    }
    all.coverage.sort();
    all
}

impl Collect {
    /// Everything it was shown, as one text for each object.
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<_> = self.objects.values().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        texts.sort();
        texts
    }

    /// Which of these words each object holds, by their places.
    pub fn hits(&self, words: &[&str]) -> BTreeMap<ObjectId, Vec<u32>> {
        let holds = |text: &[u8], word: &str| text.windows(word.len()).any(|window| window == word.as_bytes());
        let found = |text: &[u8]| (0..).zip(words).filter(|(_, word)| holds(text, word)).map(|(at, _)| at).collect();
        let hits = self.objects.iter().map(|(id, text)| (*id, found(text)));
        hits.filter(|(_, words): &(_, Vec<u32>)| !words.is_empty()).collect()
    }
}

/// Opens what has to be a repository.
pub fn open(path: &Path) -> Repository {
    Repository::open(path, Outside::SameOwner).unwrap().unwrap()
}

/// The places of one word.
pub fn places(repo: &Repo, word: &str) -> Vec<Place> {
    places_in(&open(repo.path()), &[word])
}

/// The places of several.
pub fn places_in(repository: &Repository, words: &[&str]) -> Vec<Place> {
    let shown = scan(repository, &Refs::All);
    let mut coverage = Coverage::default();
    let places = repository.attribute(&shown.hits(words), everything(), &mut coverage);
    assert!(coverage.complete(), "{coverage:?}");
    places
}

/// All of the history, with all versions.
pub fn everything() -> Scope<'static> {
    Scope { refs: &Refs::All, all_versions: true, complete: true }
}

/// A place as one line: path, reach, the commits that introduced it and hold it last, refs and versions.
pub fn line(place: &Place) -> String {
    let commit = |info: &Option<std::sync::Arc<stanch::incident::CommitInfo>>| {
        info.as_ref().map_or_else(|| "-".to_owned(), |info| info.id.to_string()[..7].to_owned())
    };
    let path = place.path.as_ref().map_or_else(|| "(none)".into(), |path| path.to_text().into_owned());
    let (git, reach) = (&place.git, place.git.reach.name());
    let (introduced, last) = (commit(&git.introduced), commit(&git.last));
    assert_eq!(git.blobs.len() as u64, git.versions);
    assert_eq!(git.in_head, reach == "head");
    format!("{path} {reach} {introduced}..{last} {}:{} v{}", git.refs_count, git.refs.join(","), git.versions)
}

/// All places of a word as lines.
pub fn lines(repo: &Repo, word: &str) -> Vec<String> {
    places(repo, word).iter().map(line).collect()
}

/// The first seven digits of an id.
pub fn short(id: &str) -> &str {
    &id[..7]
}
