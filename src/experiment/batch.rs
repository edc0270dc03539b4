//! Many independent runs on all cores, with results that do not depend on how many there are.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Returns as many threads as there are cores for this process.
#[must_use]
pub fn all_cores() -> NonZero<usize> {
    std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

/// Runs `work` for 0, 1, ... up to `runs`, on so many threads, and returns the results in that order. `done` is called for
/// each one that is finished.
pub fn replicate<T: Send>(
    runs: usize,
    threads: NonZero<usize>,
    work: impl Fn(usize) -> T + Sync,
    done: impl Fn() + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let finished = Mutex::new(Vec::with_capacity(runs));
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(runs) {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= runs {
                        break;
                    }
                    let result = work(run);
                    finished
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((run, result));
                    done();
                }
            });
        }
    });
    let mut finished = finished
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    finished.sort_by_key(|(run, _)| *run);
    finished.into_iter().map(|(_, result)| result).collect()
}
