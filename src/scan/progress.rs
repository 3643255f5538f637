//! How far a run is, counted by all threads and read by whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters that only grow. They are for people to look at: a run's result never depends on them.
#[derive(Debug, Default)]
pub struct Progress {
    blobs: AtomicU64,
    bytes: AtomicU64,
    findings: AtomicU64,
}

impl Progress {
    /// One more window of `bytes` bytes was scanned, with so many findings; `ends` says whether its blob ended with it.
    pub(super) fn add(&self, bytes: u64, findings: u64, ends: bool) {
        self.blobs.fetch_add(u64::from(ends), Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.findings.fetch_add(findings, Relaxed);
    }

    /// Files and objects scanned.
    pub fn blobs(&self) -> u64 {
        self.blobs.load(Relaxed)
    }

    /// Bytes scanned.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Findings so far, before they are grouped.
    pub fn findings(&self) -> u64 {
        self.findings.load(Relaxed)
    }
}
