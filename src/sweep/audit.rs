//! The audit log: one line of JSON for every repository that a sweep came to, so that it can be shown later what was covered, and when.
//!
//! Lines are only ever added, each by one write, so a run that is killed tears at most the last one; the next line then begins on its own. What a
//! line says holds no secret: names and reasons come masked from those who made them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use super::repository::RepositoryId;
use crate::report::write_json;

/// What is said of one repository. The names of fields are the log's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record<'a> {
    /// When it was done: RFC 3339, UTC.
    pub time: &'a str,
    /// The sweep's number in its state.
    pub sweep: u64,
    /// What it is for good.
    pub repository: &'a RepositoryId,
    /// What people call it.
    pub name: &'a str,
    /// The commit that its HEAD led to when it was fetched; nothing where it has none.
    pub fetched: Option<&'a str>,
    /// Whether all of it was looked at, or had not changed since it was.
    pub covered: bool,
    /// Bytes scanned.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// Incidents that have an occurrence in it.
    pub incidents: u64,
    /// Why it could not be covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<&'a str>,
}

/// Why there is no audit log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error("cannot open the audit log {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line could not be written. What follows is tried all the same, and told no more.
    #[error("cannot write the audit log {}: lines are missing from now on", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A file that lines are added to.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    file: File,
    /// Whether the last line has no end.
    torn: bool,
    /// Lines that could not be written.
    lost: u64,
}

impl Log {
    /// The log at `path`, which is made where there is none, for its owner alone to read.
    ///
    /// # Errors
    /// Where it cannot be opened, or is something else than a file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let opened = open(path).and_then(|mut file| Ok((is_torn(&mut file)?, file)));
        let (torn, file) = opened.map_err(|source| Error::Open { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), tail: Mutex::new(Tail { file, torn, lost: 0 }) })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Where it cannot be written, the first time: a full disk is told once, and [`Log::lost`] counts.
    pub fn write(&self, record: &Record<'_>) -> Result<(), Error> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let written = line(record, tail.torn).and_then(|line| tail.add(&line));
        let Err(source) = written else { return Ok(()) };
        tail.lost += 1;
        match tail.lost {
            1 => Err(Error::Write { path: self.path.clone(), source }),
            _ => Ok(()),
        }
    }

    /// How many lines could not be written.
    pub fn lost(&self) -> u64 {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).lost
    }
}

impl Tail {
    /// Adds `line`, which ends, as a whole or not at all; what a full disk took of it is a torn line.
    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        let written = loop {
            match self.file.write(line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written?,
            }
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.torn = written < line.len();
        if self.torn { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

/// The record as a line, which ends a torn one first.
fn line(record: &Record<'_>, torn: bool) -> io::Result<Vec<u8>> {
    let mut line = if torn { b"\n".to_vec() } else { Vec::new() };
    write_json(&mut line, record)?;
    line.push(b'\n');
    Ok(line)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe would wait for its reader, and a link would lead elsewhere.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a file")) }
}

/// Whether the last line has no end, as one that was being written when the run was killed.
fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;
    use crate::escape;

    fn repository() -> RepositoryId {
        RepositoryId::new("github.com", 1_296_269)
    }

    fn record<'a>(repository: &'a RepositoryId, name: &'a str) -> Record<'a> {
        Record {
            time: "2026-01-02T03:04:05Z",
            sweep: 7,
            repository,
            name,
            fetched: Some("0123456789012345678901234567890123456789"),
            covered: true,
            bytes: 1_024,
            seconds: 0.5,
            incidents: 2,
            failed: None,
        }
    }

    fn place() -> (TempDir, PathBuf) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("audit.jsonl");
        (dir, path)
    }

    /// Its lines, those that are no JSON as nothing.
    fn lines(path: &Path) -> Vec<Option<Value>> {
        fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).ok()).collect()
    }

    #[test]
    fn lines_follow_those_of_runs_before() {
        let (_dir, path) = place();
        let id = repository();
        for name in ["acme/app", "c/d"] {
            Log::open(&path).unwrap().write(&record(&id, name)).unwrap();
        }
        let expected = "{\"time\":\"2026-01-02T03:04:05Z\",\"sweep\":7,\"repository\":\"github.com/1296269\",\"name\":\"acme/app\",\
            \"fetched\":\"0123456789012345678901234567890123456789\",\"covered\":true,\"bytes\":1024,\"seconds\":0.5,\"incidents\":2}\n";
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{expected}{}", expected.replace("acme/app", "c/d")));
        assert!(include_str!("../../docs/sweep.md").contains(expected), "docs/sweep.md shows another line");
    }

    #[test]
    fn a_torn_line_is_ended_before_the_next() {
        let (_dir, path) = place();
        let id = repository();
        Log::open(&path).unwrap().write(&record(&id, "a/b")).unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            Log::open(&path).unwrap().write(&record(&id, "c/d")).unwrap();
            let lines = lines(&path);
            assert_eq!(lines.len(), 2, "{cut}");
            assert_eq!(lines[1].as_ref().unwrap()["name"], "c/d");
        }
    }

    #[test]
    fn lines_of_many_jobs_are_whole() {
        let (_dir, path) = place();
        // Two runs at once, too: they should take turns, but the log must not depend on it.
        let logs = [Log::open(&path).unwrap(), Log::open(&path).unwrap()];
        std::thread::scope(|scope| {
            for job in 0..8 {
                let log = &logs[job % 2];
                scope.spawn(move || {
                    let (id, name) = (repository(), "n".repeat(3_000));
                    (0..100).for_each(|_| log.write(&record(&id, &name)).unwrap());
                });
            }
        });
        assert_eq!(lines(&path).into_iter().flatten().count(), 800);
    }

    #[test]
    fn what_a_terminal_would_act_upon_is_escaped() {
        let (_dir, path) = place();
        let (id, name) = (repository(), "a\u{1b}[2J\u{9b}31m\u{202e}/\u{e0041}b\n");
        Log::open(&path).unwrap().write(&Record { failed: Some(name), ..record(&id, name) }).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.trim_end_matches('\n').contains(escape::hostile), "{text:?}");
        let line = lines(&path).remove(0).unwrap();
        assert_eq!([&line["name"], &line["failed"]], [name, name]);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_and_a_file() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let (dir, path) = place();
        Log::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        let told = Log::open(&link).unwrap_err().to_string();
        assert_eq!(told, format!("cannot open the audit log {}", link.display()));
        assert!(Log::open(dir.path()).is_err());
        assert!(Log::open(Path::new("/dev/null")).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_once() {
        let full = Tail { file: OpenOptions::new().write(true).open("/dev/full").unwrap(), torn: false, lost: 0 };
        let log = Log { path: "/dev/full".into(), tail: Mutex::new(full) };
        let id = repository();
        let told = log.write(&record(&id, "a/b")).unwrap_err().to_string();
        assert_eq!(told, "cannot write the audit log /dev/full: lines are missing from now on");
        assert!(log.write(&record(&id, "a/b")).is_ok());
        assert_eq!(log.lost(), 2);
    }
}
