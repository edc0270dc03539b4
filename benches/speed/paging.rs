//! Pages at once against the same pages one after the other, at 20 ms a request.

use std::time::Duration;

use crate::platform::{InProcess, client, read, reader};
use crate::stopwatch::{median, ms, report, time};

const AGENTS: usize = 10_000;
const LATENCY: Duration = Duration::from_millis(20);

pub(crate) fn run() {
    // The platform waits most of the time, so it may live in this process.
    let centre = InProcess::with_agents(AGENTS, |settings| settings.latency = LATENCY);
    let (threads, base_url) = (&centre.threads, centre.base_url.clone());
    let (client, clock) = client(&base_url);
    // A reader remembers how many agents there were, and a new one knows nothing.
    let fresh = |page_concurrency| reader(&client, &clock, &base_url, page_concurrency);
    let measure = |page_concurrency: usize, is_warm: bool, runs: usize| {
        let mut reader = fresh(page_concurrency);
        if is_warm {
            threads.block_on(read(&reader, &*clock));
        }
        median(runs, || {
            if !is_warm {
                reader = fresh(page_concurrency);
            }
            let (took, agents) = time(|| threads.block_on(read(&reader, &*clock)));
            assert_eq!(agents, AGENTS);
            took
        })
    };
    let warm = measure(16, true, 9);
    let cold = measure(16, false, 5);
    let one_by_one = measure(1, true, 1);
    let round_trip = one_by_one / 101;
    report(format_args!(
        "paging: {AGENTS} agents in pages of 100, {} a round trip",
        ms(round_trip)
    ));
    report(format_args!(
        "  warm, 16 at once    {}, {:.1} round trips (bar: 10)",
        ms(warm),
        warm.div_duration_f64(round_trip)
    ));
    report(format_args!(
        "  cold, 16 at once    {}, {:.1} round trips",
        ms(cold),
        cold.div_duration_f64(round_trip)
    ));
    report(format_args!(
        "  one after the other {}, {:.1} times the warm poll (bar: 10)",
        ms(one_by_one),
        one_by_one.div_duration_f64(warm)
    ));
}
