//! Work shared among the threads of the current pool.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many neighbours one thread takes at a time: they share delta bases.
const CHUNK: usize = 512;

/// Hands every item to one of the threads, each of which has a state of its own, and returns the states. What ends up in
/// which state depends on the threads.
pub(super) fn share<T: Sync, S: Send>(
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) + Sync,
) -> Vec<S> {
    let next = AtomicUsize::new(0);
    // Few items are still worth all threads: they may be large.
    let chunk = (items.len() / (rayon::current_num_threads() * 4)).clamp(1, CHUNK);
    rayon::broadcast(|_| {
        let mut state = state();
        loop {
            let start = next.fetch_add(chunk, Ordering::Relaxed);
            let Some(rest) = items.get(start..) else { return state };
            for item in &rest[..chunk.min(rest.len())] {
                work(&mut state, item);
            }
        }
    })
}
