//! Git repositories: every object of every pack, loose object and alternate, reachable or not, and what the history says
//! of it.
//!
//! [`Repository::scan`] pushes what there is to be scanned, [`Repository::attribute`] then works out the paths, commits
//! and refs of the few objects in which something was found, [`Repository::changes`] tells what the index or a range of
//! commits adds, and [`Repository::news`] which objects are new since a [`Snapshot`]. Nothing here runs a program, opens a socket, reads configuration that is not the repository's own, or heeds
//! the environment, `refs/replace` or grafts.
//!
//! A repository is read as it was when it was opened. What is in the bytes is for the stages above.

mod attribute;
mod change;
mod config;
mod error;
mod graph;
mod index;
mod interner;
mod layout;
mod lists;
mod object;
mod parallel;
mod reachable;
mod refs;
mod scan;
mod snapshot;
mod store;
mod trees;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use gix::objs::Kind;

pub use self::{
    attribute::{Place, Scope},
    change::{Change, Changed, There, Tip},
    error::Error,
    layout::Outside,
    refs::Refs,
    snapshot::{News, Snapshot},
};
use self::{
    config::Format,
    graph::Commits,
    layout::Layout,
    refs::{Lookup, RefTable},
    store::{Inventory, ReadError, Reader, Store},
};
use crate::{
    blob::{ObjectId, Window},
    incident::CommitInfo,
};

/// A larger file of a commit is none that is read as a whole, in bytes.
const MOST_SMALL: u64 = 10 << 20;

/// A git repository: its objects, refs and index.
pub struct Repository {
    layout: Layout,
    format: Format,
    store: Store,
    /// Commits whose parents a shallow clone left out.
    cut: BTreeSet<ObjectId>,
    refs: OnceLock<RefTable>,
    inventory: OnceLock<Inventory>,
    commits: OnceLock<Commits>,
}

impl Repository {
    /// The repository whose work tree's top, git directory or `.git` file `path` is; nothing where it is none of these.
    pub fn open(path: &Path, outside: Outside) -> Result<Option<Self>, Error> {
        Self::open_with(path, outside, &[])
    }

    /// The same with object directories besides those that it names itself: where git keeps what is pushed until it is accepted. Nobody
    /// but the caller vouches for them.
    pub fn open_with(path: &Path, outside: Outside, objects: &[PathBuf]) -> Result<Option<Self>, Error> {
        let Some(mut layout) = Layout::at(path, outside)? else { return Ok(None) };
        layout.objects.extend(objects.iter().cloned());
        let format = Format::read(&layout)?;
        let store = Store::open(&layout.objects, format.hash);
        let shallow = layout.common_dir.join("shallow");
        let cut = match layout::read_regular(&shallow, 1 << 30) {
            Ok(text) => text.split(|&byte| byte == b'\n').filter_map(object::parse_id).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(Error::io(&shallow, error)),
        };
        let (refs, inventory, commits) = Default::default();
        Ok(Some(Self { layout, format, store, cut, refs, inventory, commits }))
    }

    /// The repository that `path` lies in: of it and the folders above, the first that is one.
    pub fn discover(path: &Path, outside: Outside) -> Result<Option<Self>, Error> {
        let path = path.canonicalize().map_err(|error| Error::io(path, error))?;
        for folder in path.ancestors() {
            if let Some(repository) = Self::open(folder, outside)? {
                return Ok(Some(repository));
            }
        }
        Ok(None)
    }

    /// The top of its work tree, where it was opened by that.
    pub fn work_tree(&self) -> Option<&Path> {
        self.layout.work_tree.as_deref()
    }

    /// Its git directory: of a linked worktree, that worktree's own.
    pub fn git_dir(&self) -> &Path {
        &self.layout.git_dir
    }

    /// The directory that its worktrees share: where its configuration is, and its hooks unless it says otherwise.
    pub fn common_dir(&self) -> &Path {
        &self.layout.common_dir
    }

    /// The commit at HEAD; nothing before the first one.
    pub fn head(&self) -> Result<Option<ObjectId>, Error> {
        self.lookup()?.head()
    }

    /// The content of the file at `path` in a commit's tree, if there is one. One of more than 10 MiB is refused: whoever asks reads a
    /// configuration.
    pub fn file_at(&self, commit: ObjectId, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut tree = object::Commit::parse(&self.object(commit)?.1).tree;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            let Some(outer) = tree else { return Ok(None) };
            tree = self.entry(outer, folder, object::EntryKind::Tree)?;
        }
        let Some(tree) = tree else { return Ok(None) };
        let found = self.entry(tree, name, object::EntryKind::Blob)?;
        found.map(|id| self.small(id)).transpose()
    }

    /// The bytes of an object that is not large.
    fn small(&self, id: ObjectId) -> Result<Vec<u8>, Error> {
        let (mut bytes, mut size) = (Vec::new(), 0);
        self.show(id, 0, &mut |window| {
            size += window.owned().len() as u64;
            if size <= MOST_SMALL {
                bytes.extend_from_slice(&window.bytes()[window.owned()]);
            }
        })?;
        let too_large = || Error::Object { id: id.to_string(), source: "it is too large".into() };
        if size > MOST_SMALL { Err(too_large()) } else { Ok(bytes) }
    }

    /// What a tree has of this kind under this name.
    fn entry(&self, tree: ObjectId, name: &str, kind: object::EntryKind) -> Result<Option<ObjectId>, Error> {
        let tree = self.object(tree)?.1;
        let mut entries = object::entries(&tree, self.store.id_len()).filter_map(Result::ok);
        let found = entries.find(|entry| entry.name == name.as_bytes() && entry.kind == kind);
        Ok(found.map(|entry| ObjectId::new(entry.id)))
    }

    /// Whether there are no files beside it: it is bare, or was opened by its git directory.
    pub fn is_bare(&self) -> bool {
        self.layout.work_tree.is_none()
    }

    /// Whether its history is cut off.
    pub fn is_shallow(&self) -> bool {
        !self.cut.is_empty()
    }

    /// The bytes of an object that [`Repository::scan`] pushes: a blob whole, a commit's message, a tag's text.
    pub fn read(&self, id: ObjectId) -> Result<Vec<u8>, Error> {
        let (kind, object) = self.object(id)?;
        let not_text = || Error::Object { id: id.to_string(), source: "it is a tree".into() };
        object::text(kind, &object).map(std::borrow::Cow::into_owned).ok_or_else(not_text)
    }

    /// How many objects [`Repository::scan`] pushes of all refs.
    pub fn objects(&self) -> u64 {
        self.inventory().texts()
    }

    /// Shows the bytes of an object that [`Repository::scan`] pushes, in windows with `margin` bytes on both sides where they are too
    /// many for memory.
    pub fn show(&self, id: ObjectId, margin: usize, each: &mut dyn FnMut(&Window<'_>)) -> Result<(), Error> {
        let failed = |error: ReadError| Error::Object { id: id.to_string(), source: error.into() };
        let mut reader = Reader::new(&self.store);
        let found = reader.show(&id, margin, &mut |kind, window| match kind {
            Kind::Blob => each(window),
            // These come whole.
            _ => object::text(kind, window.bytes()).iter().for_each(|text| each(&Window::whole(text))),
        });
        if found.map_err(failed)? { Ok(()) } else { Err(Error::Missing { id: id.to_string() }) }
    }

    /// How many refs it has, or one of its namespaces (gitnamespaces(7)).
    pub fn ref_count(&self, namespace: Option<&str>) -> u64 {
        let count = |table: &RefTable| table.refs.len() as u64;
        namespace.map_or_else(|| count(self.refs()), |namespace| count(&self.refs().within(namespace)))
    }

    /// The commit that the HEAD of a namespace names; nothing before the first one.
    pub fn head_of(&self, namespace: &str) -> Option<ObjectId> {
        self.refs().within(namespace).head
    }

    /// Whether it has the object.
    pub fn holds(&self, id: ObjectId) -> bool {
        self.store.num(id.as_bytes()).is_some()
    }

    /// The id that git would give a blob of these bytes.
    pub fn blob_id(&self, bytes: &[u8]) -> Result<ObjectId, Error> {
        match gix::objs::compute_hash(self.format.hash, Kind::Blob, bytes) {
            Ok(id) => Ok(ObjectId::new(id.as_slice())),
            // SHA-1 refuses bytes that were made to collide.
            Err(error) => Err(Error::Unsupported { what: error::chain(&error) }),
        }
    }

    /// A commit as reports name it.
    pub fn commit(&self, id: ObjectId) -> Result<CommitInfo, Error> {
        match self.object(id)? {
            (Kind::Commit, object) => Ok(object::commit_info(id, &object)),
            _ => Err(Error::Object { id: id.to_string(), source: "it is no commit".into() }),
        }
    }

    fn object(&self, id: ObjectId) -> Result<(Kind, Vec<u8>), Error> {
        let mut object = Vec::new();
        let kind = find(&mut Reader::new(&self.store), id, &mut object)?;
        Ok((kind, object))
    }

    /// Refs are read when they are first asked for.
    fn refs(&self) -> &RefTable {
        self.refs.get_or_init(|| {
            let read = |storage| RefTable::read(&self.layout, storage, self.store.id_len());
            self.format.refs.map(read).unwrap_or_default()
        })
    }

    /// A way to single refs that does not read all of them.
    fn lookup(&self) -> Result<Lookup<'_>, Error> {
        let unknown = || Error::Unsupported { what: "how this repository stores refs is not known".to_owned() };
        Lookup::new(&self.layout, self.format.refs.ok_or_else(unknown)?, self.store.id_len())
    }

    fn inventory(&self) -> &Inventory {
        self.inventory.get_or_init(|| Inventory::new(&self.store))
    }

    /// All commits are read when they are first asked for, unless a scan has just done so.
    fn commits(&self) -> &Commits {
        self.commits.get_or_init(|| Commits::load(&self.store, self.inventory()))
    }

    /// The index files of all worktrees.
    fn index_files(&self) -> Vec<PathBuf> {
        self.layout.git_dirs().iter().map(|dir| dir.join("index")).collect()
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("layout", &self.layout).field("format", &self.format).finish_non_exhaustive()
    }
}

/// Reads an object that has to be there.
fn find(reader: &mut Reader<'_>, id: ObjectId, out: &mut Vec<u8>) -> Result<Kind, Error> {
    match reader.find(&id, out) {
        Ok(Some(kind)) => Ok(kind),
        Ok(None) => Err(Error::Missing { id: id.to_string() }),
        Err(error) => Err(Error::Object { id: id.to_string(), source: error.into() }),
    }
}
