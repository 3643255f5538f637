//! How far a run is, counted by all threads and read by whoever shows it; and whether it is to end early.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Counters that only grow, for people to look at: a run's result never depends on them, unless it is stopped.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicU64,
    objects: AtomicU64,
    objects_known: AtomicU64,
    bytes: AtomicU64,
    findings: AtomicU64,
    attributing: AtomicBool,
    stopped: AtomicBool,
}

impl Progress {
    /// One more window of `bytes` bytes of a file was scanned, with so many findings; `ends` says whether the file ended with it.
    pub(super) fn add_file(&self, bytes: u64, findings: u64, ends: bool) {
        self.files.fetch_add(u64::from(ends), Relaxed);
        self.add(bytes, findings);
    }

    /// The same for a window of an object.
    #[cfg(feature = "git")]
    pub(super) fn add_object(&self, bytes: u64, findings: u64, ends: bool) {
        self.objects.fetch_add(u64::from(ends), Relaxed);
        self.add(bytes, findings);
    }

    fn add(&self, bytes: u64, findings: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
        self.findings.fetch_add(findings, Relaxed);
    }

    /// So many more objects are to be scanned.
    #[cfg(feature = "git")]
    pub(super) fn expect_objects(&self, objects: u64) {
        self.objects_known.fetch_add(objects, Relaxed);
    }

    /// Says whether it is now being worked out where in the history the findings are.
    #[cfg(feature = "git")]
    pub(super) fn attribute(&self, begins: bool) {
        self.attributing.store(begins, Relaxed);
    }

    /// Asks the run to end: it reports what it has found so far, and that the rest was not scanned.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether the run is to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// Files scanned.
    pub fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    /// Objects of repositories scanned: blobs, commits and tags.
    pub fn objects(&self) -> u64 {
        self.objects.load(Relaxed)
    }

    /// How many objects there are to be scanned, those that were included; 0 where that is not known before they are read.
    pub fn objects_known(&self) -> u64 {
        self.objects_known.load(Relaxed)
    }

    /// Bytes scanned.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Findings so far, before they are grouped.
    pub fn findings(&self) -> u64 {
        self.findings.load(Relaxed)
    }

    /// Whether the objects are done, and it is being worked out where in the history the findings are.
    pub fn is_attributing(&self) -> bool {
        self.attributing.load(Relaxed)
    }
}
