//! Runs many schedules, a thread a core.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::dialect::Dialect;
use super::draw::draw;
use super::judge::{Verdict, judge};
use super::life::{directory, live};
use super::record::Record;
use super::schedule::Schedule;

/// Lives through a schedule and judges it.
pub(crate) fn try_out(schedule: &Schedule) -> (Record, Verdict) {
    let directory = directory();
    let record = live(schedule, directory.path());
    let verdict = judge(&record);
    (record, verdict)
}

/// Lives through the schedules of these seeds on so many threads, and gives each to `each` as it is done.
pub(crate) fn all(
    dialect: Dialect,
    seeds: std::ops::Range<u64>,
    threads: usize,
    each: impl Fn(&Record, &Verdict) + Sync,
) {
    let next = AtomicU64::new(seeds.start);
    let one_at_a_time = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        return;
                    }
                    let (record, verdict) = try_out(&draw(dialect, seed));
                    let _turn = one_at_a_time.lock();
                    each(&record, &verdict);
                }
            });
        }
    });
}
