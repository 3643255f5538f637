//! Which logs are meant: files, all files of a folder, what a glob matches, standard input; rotated ones oldest first.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Component, Path, PathBuf},
};

use globset::GlobBuilder;

/// A log to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input, which can be read once.
    Stdin,
}

impl Source {
    /// As it is named or was found.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }
}

/// The logs that `named` mean, each once, in the order named; within a folder or glob by name, rotated ones oldest first. What does not exist is among
/// them, and fails when it is opened. Symbolic links within folders are not followed.
pub fn sources(named: &[PathBuf]) -> Vec<Source> {
    let mut sources = Vec::new();
    for path in named {
        let found = if path.as_os_str() == "-" {
            vec![Source::Stdin]
        } else {
            let mut files = files(path);
            files.sort_by_cached_key(|path| rotation(path));
            files.into_iter().map(Source::File).collect()
        };
        for source in found {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    sources
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        let mut files = Vec::new();
        walk(path, &mut files);
        return files;
    }
    if path.exists() || !path.to_string_lossy().contains(['*', '?', '[', '{']) {
        return vec![path.to_owned()];
    }
    let matched = matched(path);
    // So that it is said that nothing is there.
    if matched.is_empty() { vec![path.to_owned()] } else { matched }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        files.push(folder.to_owned());
        return;
    };
    let entries: BTreeSet<_> = entries.flatten().map(|entry| entry.path()).collect();
    for path in entries {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            walk(&path, files);
        } else if metadata.is_file() {
            files.push(path);
        }
    }
}

/// The files that a glob matches, below the folders that stand before its first wildcard.
fn matched(glob: &Path) -> Vec<PathBuf> {
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let base: PathBuf = glob.components().take_while(is_plain).collect();
    let Ok(built) = GlobBuilder::new(&glob.to_string_lossy()).literal_separator(true).build() else {
        return Vec::new();
    };
    let matcher = built.compile_matcher();
    let (mut files, here) = (Vec::new(), base.as_os_str().is_empty());
    walk(if here { Path::new(".") } else { &base }, &mut files);
    let named = |path: PathBuf| if here { path.strip_prefix(".").map_or(path.clone(), Path::to_owned) } else { path };
    files.into_iter().map(named).filter(|path| matcher.is_match(path)).collect()
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
}
