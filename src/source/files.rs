//! Files and folders, walked in parallel.
//!
//! Hidden and binary files are scanned like all others; what `.gitignore` and the like name is left out unless asked for. Symbolic links are not followed:
//! their target text is scanned. `.git` is left to [`super::git`].

use std::{
    fs::{File, FileType, Metadata, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState, gitignore::Gitignore};

use super::windows::Windows;
use crate::{
    blob::{Origin, PathName, Visitor, Window},
    coverage::{Coverage, Skipped},
};

/// Which files are read, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Paths, relative to the root, that are left out.
    pub exclude: GlobSet,
    /// The same, as the lines of an ignore file of the user's say it.
    pub ignored: Gitignore,
    /// Files larger than this many bytes are left out.
    pub max_size: Option<u64>,
    /// Whether `.gitignore`, `.ignore` and git's own exclude files leave files out.
    pub obey_ignore_files: bool,
    /// How many threads walk and read.
    pub threads: usize,
    /// How many bytes the visitor needs to see around each window of a large file.
    pub margin: usize,
}

impl Options {
    /// Whether the user leaves out what is at `path`, relative to the root.
    pub fn leaves_out(&self, path: &Path, is_folder: bool) -> bool {
        self.exclude.is_match(path) || self.ignored.matched(path, is_folder).is_ignore()
    }

    /// Whether the user leaves out the file at `path`, relative to the root, or a folder above it, which takes everything in it along.
    pub fn leaves_out_below(&self, path: &Path) -> bool {
        let mut folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        folders.any(|folder| self.leaves_out(folder, true)) || self.leaves_out(path, false)
    }
}

/// A folder or file to scan, and what its paths are called in reports.
#[derive(Clone, Debug)]
pub struct Root {
    /// Where it is.
    pub path: PathBuf,
    /// What stands before the path of a file within the folder; for a file, its whole name.
    pub prefix: PathBuf,
}

/// Pushes every file under `root` to the visitors that `make_visitor` makes, one for each thread, and gives them back.
///
/// What was named and cannot be read is a failure in their coverage, as is whatever cannot be read beneath it.
pub fn scan<V: Visitor + Send>(root: &Root, options: &Options, make_visitor: impl Fn() -> V + Sync) -> Vec<V> {
    let walk = Walk { root, options };
    match root.path.symlink_metadata() {
        Err(error) => {
            let mut visitor = make_visitor();
            visitor.coverage().fail(printable(&root.path), reason(&error));
            vec![visitor]
        }
        Ok(metadata) if !metadata.is_dir() && !leads_to_folder(&root.path, &metadata) => {
            let mut visitor = make_visitor();
            walk.named_file(&mut visitor, &metadata);
            vec![visitor]
        }
        Ok(_) => walk.folder(&make_visitor),
    }
}

/// Whether there is anything beneath `path` but folders and a `.git`, whatever ignore files say.
pub fn holds_any(path: &Path) -> bool {
    let mut walk = WalkBuilder::new(path);
    walk.standard_filters(false).filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0);
    walk.build().flatten().any(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()))
}

/// A link that the user named is followed: a link to a folder is that folder.
fn leads_to_folder(path: &Path, metadata: &Metadata) -> bool {
    metadata.is_symlink() && path.is_dir()
}

struct Walk<'a> {
    root: &'a Root,
    options: &'a Options,
}

/// A thread's visitor, handed in when the thread is done.
struct Worker<'a, V: Visitor + Send> {
    visitor: Option<V>,
    windows: Windows,
    done: &'a Mutex<Vec<V>>,
}

impl<V: Visitor + Send> Drop for Worker<'_, V> {
    fn drop(&mut self) {
        if let (Some(visitor), Ok(mut done)) = (self.visitor.take(), self.done.lock()) {
            done.push(visitor);
        }
    }
}

impl Walk<'_> {
    fn named_file(&self, visitor: &mut impl Visitor, metadata: &Metadata) {
        let name = PathName::from_path(&self.root.prefix);
        if metadata.is_symlink() || metadata.is_file() {
            self.file(visitor, &mut Windows::default(), &self.root.path, name);
        } else {
            visitor
                .coverage()
                .fail(printable(&self.root.path), format!("is a {}, not a file", kind(metadata.file_type())));
        }
    }

    fn folder<V: Visitor + Send>(&self, make_visitor: &(impl Fn() -> V + Sync)) -> Vec<V> {
        let done = Mutex::new(Vec::new());
        self.builder().build_parallel().run(|| {
            let mut worker = Worker { visitor: Some(make_visitor()), windows: Windows::default(), done: &done };
            Box::new(move |entry| {
                let Some(visitor) = &mut worker.visitor else { return WalkState::Quit };
                match entry {
                    _ if visitor.is_done() => WalkState::Quit,
                    Ok(entry) => self.entry(visitor, &mut worker.windows, &entry),
                    Err(error) => {
                        note(visitor.coverage(), &self.root.path, &error);
                        WalkState::Continue
                    }
                }
            })
        });
        let mut visitors = done.into_inner().unwrap_or_default();
        if visitors.is_empty() {
            visitors.push(make_visitor());
        }
        visitors
    }

    fn builder(&self) -> WalkBuilder {
        let mut builder = WalkBuilder::new(&self.root.path);
        let obey = self.options.obey_ignore_files;
        builder.hidden(false).follow_links(false).threads(self.options.threads);
        builder.git_ignore(obey).git_exclude(obey).ignore(obey).parents(obey);
        // The user's own git configuration must not decide what a run covers.
        builder.git_global(false);
        builder.filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0);
        builder
    }

    fn entry<V: Visitor>(&self, visitor: &mut V, windows: &mut Windows, entry: &DirEntry) -> WalkState {
        let path = entry.path();
        if let Some(error) = entry.error() {
            note(visitor.coverage(), path, error);
        }
        let Some(kind_of) = entry.file_type() else { return WalkState::Continue };
        let relative = path.strip_prefix(&self.root.path).unwrap_or(path);
        let name = PathName::from_path(&self.root.prefix.join(relative));
        if entry.depth() > 0 && self.options.leaves_out(relative, kind_of.is_dir()) {
            visitor.skip(Skipped::Excluded, &name.to_text());
            return WalkState::Skip;
        }
        if kind_of.is_dir() {
            if entry.depth() > 0 && path.join(".git").symlink_metadata().is_ok() {
                visitor.skip(Skipped::NestedRepository, &name.to_text());
            }
        } else if kind_of.is_symlink() {
            link(visitor, path, name);
        } else if kind_of.is_file() {
            self.file(visitor, windows, path, name);
        } else {
            visitor.skip(Skipped::NotAFile, &name.to_text());
        }
        WalkState::Continue
    }

    fn file(&self, visitor: &mut impl Visitor, windows: &mut Windows, path: &Path, name: PathName) {
        let subject = name.to_text().into_owned();
        let opened = open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (mut file, metadata) = match opened {
            Ok(opened) => opened,
            Err(error) => return visitor.coverage().fail(subject, reason(&error)),
        };
        if !metadata.is_file() {
            return visitor.coverage().fail(subject, format!("is a {}, not a file", kind(metadata.file_type())));
        }
        if visitor.largest(&name).or(self.options.max_size).is_some_and(|most| metadata.len() > most) {
            return visitor.skip(Skipped::TooLarge, &subject);
        }
        let origin = Origin::File(name);
        let (bytes, outcome) = windows.push(&mut file, self.options.margin, &mut |window| {
            visitor.visit(&origin, window);
            !visitor.is_done()
        });
        let coverage = visitor.coverage();
        coverage.files += 1;
        coverage.bytes += bytes;
        if let Err(error) = outcome {
            coverage.fail(subject, format!("cannot be read to its end: {error}"));
        }
    }
}

/// Scans the text of a link's target, which may hold a token as any other text may.
fn link(visitor: &mut impl Visitor, path: &Path, name: PathName) {
    match path.read_link() {
        Ok(target) => {
            let target = PathName::from_path(&target);
            visitor.visit(&Origin::File(name), &Window::whole(target.as_bytes()));
            visitor.coverage().files += 1;
            visitor.coverage().bytes += target.as_bytes().len() as u64;
        }
        Err(error) => visitor.coverage().fail(name.to_text(), reason(&error)),
    }
}

/// Opens a file for reading, and never waits for the other end of a FIFO that took its place a moment ago.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    options.open(path)
}

fn note(coverage: &mut Coverage, root: &Path, error: &ignore::Error) {
    match error {
        ignore::Error::Partial(errors) => errors.iter().for_each(|error| note(coverage, root, error)),
        ignore::Error::WithLineNumber { err, .. } | ignore::Error::WithDepth { err, .. } => note(coverage, root, err),
        ignore::Error::WithPath { path, err } => note(coverage, path, err),
        // A line of an ignore file that cannot be parsed leaves nothing out: nothing is lost.
        ignore::Error::Glob { .. } => coverage.notes.push(format!("in {}: {error}", printable(root))),
        error => coverage.fail(printable(root), error.to_string()),
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission to read it is denied".to_owned(),
        _ => error.to_string(),
    }
}

fn printable(path: &Path) -> String {
    PathName::from_path(path).to_text().into_owned()
}

fn kind(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "FIFO";
        }
        if kind.is_socket() {
            return "socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "device";
        }
    }
    if kind.is_dir() { "folder" } else { "special file" }
}
