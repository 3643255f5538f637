//! Which logs are meant: files, all files of a folder, what a glob matches, standard input; rotated ones oldest first.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashSet},
    ffi::OsStr,
    fs,
    path::{Component, Path, PathBuf},
};

use globset::GlobBuilder;

/// A log to be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A link that was found in a folder and leads out of it. It is not followed, and that is an error when it is opened: logs may be there.
    Link(PathBuf),
    /// Standard input, which can be read once.
    Stdin,
}

impl Source {
    /// As it is named or was found.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Link(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }
}

/// The logs that `named` mean, each once, in the order named; within a folder or glob by name, rotated ones oldest first. What does not exist is among
/// them, and fails when it is opened. Symbolic links within folders are not followed: those that lead out of their folder are among them, as [`Source::Link`].
pub fn sources(named: &[PathBuf]) -> Vec<Source> {
    let (mut sources, mut known) = (Vec::new(), HashSet::new());
    for path in named {
        let found = if path.as_os_str() == "-" {
            vec![Source::Stdin]
        } else {
            let mut files = files(path);
            files.sort_by_cached_key(|source| rotation(Path::new(&source.name())));
            files
        };
        for source in found {
            if known.insert(source.clone()) {
                sources.push(source);
            }
        }
    }
    sources
}

fn files(path: &Path) -> Vec<Source> {
    if path.is_dir() {
        return below(path);
    }
    let named = || vec![Source::File(path.to_owned())];
    if path.exists() || !path.to_string_lossy().contains(['*', '?', '[', '{']) {
        return named();
    }
    let matched = matched(path);
    // So that it is said that nothing is there.
    if matched.is_empty() { named() } else { matched }
}

/// All files below a folder.
fn below(folder: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    walk(folder, folder.canonicalize().ok().as_deref(), &mut files);
    files
}

/// What is below `folder`, itself below `top`. What cannot be read is among them, and fails when it is opened.
fn walk(folder: &Path, top: Option<&Path>, files: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else {
        files.push(Source::File(folder.to_owned()));
        return;
    };
    // Where an entry cannot be read, the folder itself stands for it, and where nothing is known of one, it fails as a file.
    let paths: BTreeSet<_> =
        entries.map(|entry| entry.map_or_else(|_| folder.to_owned(), |entry| entry.path())).collect();
    for path in paths {
        let Ok(metadata) = path.symlink_metadata() else {
            files.push(Source::File(path));
            continue;
        };
        if path == folder {
            files.push(Source::File(path));
        } else if metadata.is_dir() {
            walk(&path, top, files);
        } else if metadata.is_file() {
            files.push(Source::File(path));
        } else if metadata.is_symlink() && leads_out(&path, top) {
            files.push(Source::Link(path));
        }
    }
}

/// Whether a link leads to something that is not below `top`. One to nowhere leads to no log.
fn leads_out(link: &Path, top: Option<&Path>) -> bool {
    link.canonicalize().is_ok_and(|target| top.is_none_or(|top| !target.starts_with(top)))
}

/// The files that a glob matches, below the folders that stand before its first wildcard.
fn matched(glob: &Path) -> Vec<Source> {
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let base: PathBuf = glob.components().take_while(is_plain).collect();
    let Ok(built) = GlobBuilder::new(&glob.to_string_lossy()).literal_separator(true).build() else {
        return Vec::new();
    };
    let matcher = built.compile_matcher();
    let here = base.as_os_str().is_empty();
    let named = |path: PathBuf| if here { path.strip_prefix(".").map_or(path.clone(), Path::to_owned) } else { path };
    let named = |source: Source| match source {
        Source::File(path) => Source::File(named(path)),
        Source::Link(path) => Source::Link(named(path)),
        Source::Stdin => Source::Stdin,
    };
    let files = below(if here { Path::new(".") } else { &base }).into_iter().map(named);
    files.filter(|source| matcher.is_match(source.name())).collect()
}

/// What files are sorted by: the name without what rotation added, then the oldest first. A number counts backwards, a date forwards; the
/// file that is still written to comes last.
fn rotation(path: &Path) -> (PathBuf, Vec<u8>, bool, u64, Reverse<u64>, PathBuf) {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let bare = [".gz", ".zst", ".zstd", ".gzip"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let digits = bare.len() - bare.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').len();
    let (stem, tail) = bare.split_at(bare.len() - digits);
    let number: Option<u64> = tail.replace('-', "").parse().ok();
    let (live, date, age) = match number {
        Some(number) if stem.ends_with('.') && number < 100_000 => (false, 0, number),
        Some(number) if number >= 19_700_101 => (false, number, 0),
        _ => (true, 0, 0),
    };
    let stem = if live { bare } else { stem.trim_end_matches(['.', '-']) };
    (folder, stem.as_bytes().to_vec(), live, date, Reverse(age), path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_logs_come_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["a.log", "a.log.1", "a.log.2.gz", "a.log.10.gz", "b.log-20260102", "b.log-20260101.zst", "b.log"];
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let found = |path: PathBuf| -> Vec<String> {
            let name = |source: &Source| Path::new(&source.name()).file_name().unwrap().to_str().unwrap().to_owned();
            sources(&[path]).iter().map(name).collect()
        };
        let expected =
            ["a.log.10.gz", "a.log.2.gz", "a.log.1", "a.log", "b.log-20260101.zst", "b.log-20260102", "b.log"];
        assert_eq!(found(dir.path().to_owned()), expected);
        assert_eq!(found(dir.path().join("a.log*")), expected[..4]);
        assert_eq!(found(dir.path().join("*.nothing")), ["*.nothing"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_a_folder_are_told_and_not_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(dir.path().join("a.log"), "").unwrap();
        fs::write(other.path().join("b.log"), "").unwrap();
        for (name, target) in [("now.log", dir.path().join("a.log")), ("out.log", other.path().join("b.log"))] {
            std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
        }
        let wanted = vec![Source::File(dir.path().join("a.log")), Source::Link(dir.path().join("out.log"))];
        assert_eq!(sources(&[dir.path().to_owned()]), wanted);
        assert_eq!(sources(&[dir.path().join("*.log")]), wanted);
    }
}
