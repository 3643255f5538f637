//! How far a sweep is: counted by all jobs, read by whoever shows it.
//!
//! Drawing the line is the program's. What a job does within a repository is [`crate::scan::Progress`]'s to count.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::report::grouped;

/// What one more repository costs beside its bytes, told in bytes: asking, starting git, writing down what was learned.
const OVERHEAD: u64 = 1 << 20;
/// How many repositories have to be done before anybody says how long the rest will take.
const FEWEST: u64 = 3;

/// Counters that only grow, for people to look at: what a sweep finds never depends on them.
#[derive(Debug)]
pub struct Progress {
    repositories: u64,
    /// What a repository counts for whose size nobody knows.
    typical: u64,
    /// All sizes, each with [`OVERHEAD`].
    work: u64,
    done: AtomicU64,
    worked: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
    incidents: AtomicU64,
}

impl Progress {
    /// Nothing done yet of repositories of these sizes, in bytes as their forge counts them; where it does not, they count like the mean of
    /// the others.
    pub fn new(sizes: &[Option<u64>]) -> Self {
        let known: Vec<u64> = sizes.iter().copied().flatten().collect();
        let sum = known.iter().fold(0, |sum: u64, size| sum.saturating_add(*size));
        let (count, known) = (sizes.len() as u64, known.len() as u64);
        let typical = sum.checked_div(known).unwrap_or(0);
        let guessed = typical.saturating_mul(count - known);
        Self {
            repositories: count,
            typical,
            work: sum.saturating_add(guessed).saturating_add(OVERHEAD.saturating_mul(count)),
            done: AtomicU64::new(0),
            worked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            incidents: AtomicU64::new(0),
        }
    }

    /// A repository is done, whose size was told as `size`, with so many incidents that were new.
    pub fn finish(&self, size: Option<u64>, incidents: u64, covered: bool) {
        self.worked.fetch_add(size.unwrap_or(self.typical).saturating_add(OVERHEAD), Relaxed);
        self.incidents.fetch_add(incidents, Relaxed);
        self.failed.fetch_add(u64::from(!covered), Relaxed);
        self.done.fetch_add(1, Relaxed);
    }

    /// So many more bytes were scanned.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Repositories that are done, those that could not be covered included.
    pub fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }

    /// How long the rest will take where it goes on as in the time `elapsed`; nothing where that cannot be told yet.
    #[expect(clippy::cast_precision_loss, reason = "a guess")]
    pub fn left(&self, elapsed: Duration) -> Option<Duration> {
        let (done, worked) = (self.done(), self.worked.load(Relaxed));
        if done < FEWEST.min(self.repositories) || worked == 0 {
            return None;
        }
        let rest = self.work.saturating_sub(worked) as f64 / worked as f64;
        Duration::try_from_secs_f64(elapsed.as_secs_f64() * rest).ok()
    }

    /// One line that says all of it, when so much time has passed.
    pub fn line(&self, elapsed: Duration) -> String {
        let mut parts = vec![format!("{} of {} repositories", grouped(self.done()), grouped(self.repositories))];
        let failed = self.failed.load(Relaxed);
        if failed > 0 {
            parts.push(format!("{} not covered", grouped(failed)));
        }
        parts.push(size(self.bytes.load(Relaxed)));
        parts.push(format!("{} incidents", grouped(self.incidents.load(Relaxed))));
        if let Some(left) = self.left(elapsed).filter(|_| self.done() < self.repositories) {
            parts.push(format!("about {} left", span(left)));
        }
        parts.join(", ")
    }
}

/// A number of bytes with two decimals, in the units that the program's other lines use.
#[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
fn size(bytes: u64) -> String {
    let units = [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{:.2} {name}", bytes as f64 / unit as f64))
}

/// A time in its largest two units.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn nothing_is_foretold_before_something_is_done() {
        let progress = Progress::new(&vec![Some(0); 2_000]);
        assert_eq!(progress.line(MINUTE), "0 of 2,000 repositories, 0 B, 0 incidents");
        progress.finish(Some(0), 1, true);
        assert_eq!(progress.left(MINUTE), None);
    }

    #[test]
    fn what_is_left_goes_by_size() {
        let mib = 1 << 20;
        // With what each costs beside: 10, 10, 10, 30, and 15 for the one that nobody knows.
        let progress = Progress::new(&[Some(9 * mib), Some(9 * mib), Some(9 * mib), Some(29 * mib), None]);
        (0..3).for_each(|_| progress.finish(Some(9 * mib), 2, true));
        assert_eq!(progress.left(MINUTE), Some(MINUTE * 3 / 2));
        progress.add_bytes(1_610_612_736);
        assert_eq!(progress.line(MINUTE), "3 of 5 repositories, 1.50 GiB, 6 incidents, about 1 min 30 s left");
    }

    #[test]
    fn in_the_end_nothing_is_left() {
        let progress = Progress::new(&[None, None]);
        progress.finish(None, 0, true);
        progress.finish(None, 0, false);
        assert_eq!(progress.left(MINUTE), Some(Duration::ZERO));
        assert_eq!(progress.line(MINUTE), "2 of 2 repositories, 1 not covered, 0 B, 0 incidents");
    }

    #[test]
    fn sizes_that_are_lies_do_no_harm() {
        let progress = Progress::new(&[Some(u64::MAX), Some(u64::MAX), None]);
        progress.finish(None, 0, true);
        progress.finish(Some(u64::MAX), 0, true);
        progress.finish(Some(u64::MAX), 0, true);
        assert!(progress.line(Duration::MAX).starts_with("3 of 3 repositories"));
    }

    #[test]
    fn times_have_two_units() {
        let seconds = [59, 3_599, 7_260, 90_000];
        let told = seconds.map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(told, ["59 s", "59 min 59 s", "2 h 1 min", "1 d 1 h"]);
    }
}
