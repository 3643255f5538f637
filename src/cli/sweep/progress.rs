//! Lines on standard error while a sweep lasts.

use std::{
    sync::{
        Arc, OnceLock,
        mpsc::{RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

use stanch::sweep::progress::Progress;

/// How often a line is written.
const PERIOD: Duration = Duration::from_secs(5);

pub(super) fn during<T>(progress: &Arc<OnceLock<Arc<Progress>>>, shown: bool, work: impl FnOnce() -> T) -> T {
    if !shown {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, over) = channel::<()>();
        let started = Instant::now();
        scope.spawn(move || {
            while over.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                if let Some(progress) = progress.get() {
                    anstream::eprintln!("stanch: {}", progress.line(started.elapsed()));
                }
            }
        });
        let result = work();
        drop(done);
        result
    })
}
