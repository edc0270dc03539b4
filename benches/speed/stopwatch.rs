//! Measuring time and reporting it.

use std::time::{Duration, Instant};

/// Runs `work` and returns how long it took.
#[expect(clippy::disallowed_methods, reason = "benchmarks measure real time")]
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let done = work();
    (started.elapsed(), done)
}

/// Returns the median of `runs` measurements.
pub(crate) fn median(runs: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..runs).map(|_| measure()).collect();
    all.sort();
    all.get(runs / 2).copied().unwrap_or_default()
}

/// Returns the CPU time of this thread, as the kernel's scheduler counts it.
pub(crate) fn cpu_of_this_thread() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    Duration::from_nanos(nanos)
}

/// Prints a line of the result.
#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
pub(crate) fn report(line: impl std::fmt::Display) {
    println!("{line}");
}

/// Formats a duration as milliseconds with two digits.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1_000.0)
}
