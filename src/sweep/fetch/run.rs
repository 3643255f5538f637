//! A program run under watch: until it ends, or has to.
//!
//! It has a process group of its own, so that what it started ends with it. Should this program die first, the next thing it
//! writes to its standard error, which shows progress all the time, ends it.

use std::{
    io::{self, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::said::Said;

/// How often is looked whether it has to end.
const TICK: Duration = Duration::from_millis(50);
/// How long what a program left behind may keep its pipes open once it has ended.
const GRACE: Duration = Duration::from_millis(500);
/// The most that it may print, in bytes: a list of a few million refs.
const MOST_PRINTED: u64 = 512 * 1024 * 1024;

/// When a program has to end.
pub(super) struct Watch<'w> {
    /// Whether it is called off.
    pub(super) stopped: &'w dyn Fn() -> bool,
    /// How long it may show no progress.
    pub(super) stalled: Duration,
    /// What it takes on the disk, which is progress where it grows.
    pub(super) size: &'w dyn Fn() -> u64,
    /// The most of that.
    pub(super) most: Option<u64>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself.
    With(ExitStatus),
    /// Called off.
    Stopped,
    /// For want of progress.
    Stalled,
    /// For taking or printing too much.
    TooLarge,
}

/// What it came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ended: Ended,
    pub(super) out: Vec<u8>,
    pub(super) said: String,
}

impl Ran {
    /// Whether it did what it should.
    pub(super) fn is_fine(&self) -> bool {
        matches!(self.ended, Ended::With(status) if status.success())
    }
}

/// Runs it to its end with `input` on its standard input, unless that is something already.
pub(super) fn run(command: &mut Command, input: Option<Vec<u8>>, watch: &Watch<'_>) -> io::Result<Ran> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // One that reads nothing says why itself.
        thread::spawn(move || stdin.write_all(&input).ok());
    }
    let pipes = Pipes::of(&mut child);
    let ended = until_end(&mut child, &pipes, watch)?;
    let out = std::mem::take(&mut *lock(&pipes.out));
    let said = std::mem::take(&mut *lock(&pipes.said)).text();
    Ok(Ran { ended, out, said })
}

fn until_end(child: &mut Child, pipes: &Pipes, watch: &Watch<'_>) -> io::Result<Ended> {
    let (mut progress, mut since) = (0, Instant::now());
    loop {
        let are_closed = pipes.are_closed_within(TICK);
        if let Some(status) = if are_closed { Some(child.wait()?) } else { child.try_wait()? } {
            pipes.are_closed_within(GRACE);
            return Ok(Ended::With(status));
        }
        let size = (watch.size)();
        let now = size.wrapping_add(pipes.read.load(Ordering::Relaxed));
        if now != progress {
            (progress, since) = (now, Instant::now());
        }
        let is_large = watch.most.is_some_and(|most| size > most) || lock(&pipes.out).len() as u64 >= MOST_PRINTED;
        let why = match () {
            () if (watch.stopped)() => Ended::Stopped,
            () if is_large => Ended::TooLarge,
            () if since.elapsed() >= watch.stalled => Ended::Stalled,
            () => continue,
        };
        kill(child)?;
        pipes.are_closed_within(GRACE);
        return Ok(why);
    }
}

/// What a program prints and says, read by threads of their own.
struct Pipes {
    out: Arc<Mutex<Vec<u8>>>,
    said: Arc<Mutex<Said>>,
    /// How many bytes were read.
    read: Arc<AtomicU64>,
    /// Closed once both are at their ends.
    open: mpsc::Receiver<()>,
}

impl Pipes {
    fn of(child: &mut Child) -> Self {
        let (held, open) = mpsc::channel();
        let pipes = Self { out: Arc::default(), said: Arc::default(), read: Arc::default(), open };
        let (out, said) = (Arc::clone(&pipes.out), Arc::clone(&pipes.said));
        if let Some(pipe) = child.stdout.take() {
            let take = move |bytes: &[u8]| {
                let mut out = lock(&out);
                out.extend_from_slice(bytes);
                (out.len() as u64) < MOST_PRINTED
            };
            pipes.read(pipe, take, held.clone());
        }
        if let Some(pipe) = child.stderr.take() {
            let take = move |bytes: &[u8]| {
                lock(&said).push(bytes);
                true
            };
            pipes.read(pipe, take, held);
        }
        pipes
    }

    /// Reads `pipe` to its end in a thread, as long as `take` wants more.
    fn read(
        &self,
        mut pipe: impl Read + Send + 'static,
        take: impl Fn(&[u8]) -> bool + Send + 'static,
        held: mpsc::Sender<()>,
    ) {
        let count = Arc::clone(&self.read);
        thread::spawn(move || {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                count.fetch_add(read as u64, Ordering::Relaxed);
                if !take(&buffer[..read]) {
                    break;
                }
            }
            drop(held);
        });
    }

    fn are_closed_within(&self, time: Duration) -> bool {
        matches!(self.open.recv_timeout(time), Err(RecvTimeoutError::Disconnected))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends it with all that it started, and waits for it.
fn kill(child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    if let Ok(group) = libc::pid_t::try_from(child.id()) {
        #[expect(
            unsafe_code,
            reason = "sound: it takes two numbers; the group is the child's, which was not waited for yet"
        )]
        // It fails where none of them is left.
        let _ = unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    // Where there are no groups, at least this one.
    let _ = child.kill();
    child.wait().map(drop)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, watch: &Watch<'_>) -> Ran {
        run(Command::new("sh").args(["-c", script]).stdin(Stdio::null()), None, watch).unwrap()
    }

    fn watch<'w>() -> Watch<'w> {
        Watch { stopped: &|| false, stalled: Duration::from_mins(1), size: &|| 0, most: None }
    }

    #[test]
    fn what_is_printed_and_said_is_kept() {
        let ran = shell("echo out; echo err >&2; exit 3", &watch());
        assert!(!ran.is_fine() && matches!(ran.ended, Ended::With(status) if status.code() == Some(3)));
        assert_eq!((ran.out.as_slice(), ran.said.trim()), (b"out\n".as_slice(), "err"));
        let ran = run(&mut Command::new("cat"), Some(vec![7; 100_000]), &watch()).unwrap();
        assert!(ran.is_fine() && ran.out == vec![7; 100_000]);
    }

    #[test]
    fn what_was_started_ends_with_it() {
        let start = Instant::now();
        let stopped = || start.elapsed() > Duration::from_millis(300);
        let ran = shell("sleep 600 & echo $!; wait", &Watch { stopped: &stopped, ..watch() });
        assert_eq!(ran.ended, Ended::Stopped);
        let sleeper = String::from_utf8(ran.out).unwrap();
        let is_gone = || {
            let told = std::fs::read_to_string(format!("/proc/{}/stat", sleeper.trim())).unwrap_or_default();
            told.is_empty() || told.contains(") Z ")
        };
        // The system ends it when it comes to it.
        let end = Instant::now() + Duration::from_secs(20);
        while !is_gone() {
            assert!(Instant::now() < end, "{sleeper} goes on");
            thread::sleep(TICK);
        }
    }

    #[test]
    fn one_that_shows_no_progress_or_takes_too_much_ends() {
        let stalled = Duration::from_millis(300);
        assert_eq!(shell("sleep 600", &Watch { stalled, ..watch() }).ended, Ended::Stalled);
        let busy = shell("for i in 1 2 3 4 5 6; do sleep 0.1; echo $i >&2; done", &Watch { stalled, ..watch() });
        assert!(busy.is_fine());
        assert_eq!(shell("sleep 600", &Watch { size: &|| 11, most: Some(10), ..watch() }).ended, Ended::TooLarge);
    }

    #[test]
    fn what_is_left_behind_holds_nothing_up() {
        let start = Instant::now();
        assert!(shell("sleep 5 & exit 0", &watch()).is_fine());
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}
