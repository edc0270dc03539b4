//! Simulated days a second, and a large centre served faster than real time.

use std::time::Duration;

use campaign_autopilot::simulator::{Centre, Scenario, Settings, Simulator};

use crate::platform::{client, read, reader};
use crate::stopwatch::{cpu_of_this_thread, ms, report, time};

const DAYS: u32 = 400;
const SPEED: f64 = 600.0;
const AGENTS: u32 = 2_000;
const SERVED_FOR: Duration = Duration::from_secs(6);

/// The daemon's 30 seconds at 600 times real time.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) fn run() {
    let scenario = scenario();
    days(&scenario);
    serving(scenario);
}

fn scenario() -> Scenario {
    let text = Scenario::text("blended-40").expect("a scenario of ours");
    Scenario::parse(text, "blended-40").expect("a scenario of ours")
}

fn days(scenario: &Scenario) {
    let before = cpu_of_this_thread();
    let mut events = 0;
    for seed in 0..u64::from(DAYS) {
        let mut centre = Centre::new(scenario, seed);
        centre.advance(scenario.end());
        assert!(
            centre
                .figures()
                .campaigns
                .iter()
                .all(|one| one.connected > 0)
        );
        events += centre.events();
    }
    let spent = cpu_of_this_thread().saturating_sub(before);
    // The least that any event costs: in and out of a heap that holds as many as a centre plans ahead.
    let heap = heap(events);
    let a_second = f64::from(DAYS) / spent.as_secs_f64();
    report("simulating: the 40-agent blended centre for eight hours, one core");
    report(format_args!(
        "  {a_second:.0} days a second (bar: 300), {:.1} times the heap's share alone",
        spent.as_secs_f64() / heap.as_secs_f64(),
    ));
}

fn heap(events: u64) -> Duration {
    let mut chance = fastrand::Rng::with_seed(3);
    let mut heap: std::collections::BinaryHeap<[u64; 4]> = (0..100)
        .map(|number| [chance.u64(..), number, 0, 0])
        .collect();
    let before = cpu_of_this_thread();
    for number in 0..events {
        heap.push([chance.u64(..), number, 0, 0]);
        assert!(heap.pop().is_some());
    }
    cpu_of_this_thread().saturating_sub(before)
}

fn serving(mut scenario: Scenario) {
    // Fifty times the centre, with its calls.
    for team in &mut scenario.teams {
        team.agents = AGENTS;
    }
    for queue in &mut scenario.queues {
        queue.calls_per_hour *= 50.0;
    }
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let settings = Settings::staging(&scenario, SPEED);
    let simulator = threads
        .block_on(async { Simulator::start(settings) })
        .expect("the platform");
    let base_url = simulator.base_url();
    let (client, clock) = client(&base_url);
    let reader = reader(&client, &clock, &base_url, 8);
    let mut readings = Vec::new();
    let (_, ()) = time(|| {
        threads.block_on(async {
            let end = clock.now().plus(SERVED_FOR);
            let mut ticks = tokio::time::interval(POLL_INTERVAL);
            while clock.now() < end {
                ticks.tick().await;
                let before = clock.now();
                read(&reader, &*clock).await;
                readings.push(clock.now().since(before));
            }
        });
    });
    let simulated = simulator.handle().now().since(scenario.start());
    let handle = simulator.handle();
    let (follow, figures) = time(|| handle.figures());
    assert!(figures.is_some_and(|(figures, _)| figures.campaigns.iter().all(|one| one.dials > 0)));
    threads.block_on(simulator.stop());
    readings.sort();
    let at = |share: usize| {
        readings
            .get(readings.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    // What the centre itself needs for the same time, without a client.
    let (alone, ()) = time(|| {
        let mut centre = Centre::new(&scenario, 0);
        centre.advance(scenario.start().plus(simulated));
    });
    report(format_args!(
        "serving: {AGENTS} agents at {SPEED} times real time, a poll of all available ones each {} ms",
        POLL_INTERVAL.as_millis()
    ));
    report(format_args!(
        "  {} polls; half of them within {}, 99 of 100 within {} (bar: {} ms, the interval)",
        readings.len(),
        ms(at(50)),
        ms(at(99)),
        POLL_INTERVAL.as_millis()
    ));
    report(format_args!(
        "  caught up in {}; the centre alone needs {:.1}% of the time that is lived through",
        ms(follow),
        alone.as_secs_f64() * SPEED / simulated.as_secs_f64() * 100.0,
    ));
}
