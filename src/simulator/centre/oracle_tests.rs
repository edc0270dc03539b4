//! The centre against closed forms: Erlang-C, Erlang-A and the blend, and the laws that every centre obeys.
//!
//! The exact values were computed by two programs that agree to every digit shown, and stand in the literature where
//! that is said. Seeds are fixed; a figure holds when it is within 3.5 of its own standard errors, and the standard error
//! itself below 1% of the value.

use std::num::NonZero;
use std::time::Duration;

use super::figures::count;
use super::*;

/// One case of the tests: agents, calls an hour, seconds a call, seconds of patience, seconds of the service level.
struct Case {
    agents: u32,
    calls_per_hour: f64,
    talk: f64,
    patience: Option<f64>,
    answer_within: f64,
    /// An outbound call begins whenever more than so many agents are idle.
    keep_available: Option<u32>,
}

fn scenario(case: &Case) -> Scenario {
    let exponential = |seconds: f64| Distribution::Exponential {
        mean: Duration::from_secs_f64(seconds),
    };
    let text = Scenario::text("blended-40").unwrap();
    let mut scenario = Scenario::parse(text, "blended-40").unwrap();
    let team = scenario.teams.first_mut().unwrap();
    team.agents = case.agents;
    team.random_breaks = None;
    let queue = scenario.queues.first_mut().unwrap();
    queue.calls_per_hour = case.calls_per_hour;
    queue.swing = None;
    queue.surges.clear();
    queue.talk = exponential(case.talk);
    queue.wrap_up = Distribution::Fixed(Duration::ZERO);
    queue.patience = case.patience.map(exponential);
    queue.answer_within = Duration::from_secs_f64(case.answer_within);
    let campaign = scenario.campaigns.first_mut().unwrap();
    campaign.mode = Mode::Instant {
        // More than there are: nothing is dialled.
        keep_available: case.keep_available.unwrap_or(case.agents),
    };
    campaign.talk = exponential(case.talk);
    campaign.wrap_up = Distribution::Fixed(Duration::ZERO);
    scenario
}

/// What one run gives.
struct Run {
    /// P(wait), P(hang up), mean wait of all in seconds, service level, outbound calls a minute.
    measured: [f64; 5],
    /// By what shares there were more calls than expected, and longer ones.
    controls: [f64; 2],
}

const RUNS: u32 = 40;

/// Each run has a seed of its own.
const FIRST_SEED: u64 = 2_000;

fn measure(case: &Case, hours_a_run: f64) -> [(f64, f64); 5] {
    let scenario = scenario(case);
    let runs = usize::try_from(RUNS).unwrap();
    let threads = NonZero::new(2).unwrap();
    let measured: Vec<Run> = replicate_for_tests(runs, threads, |run| {
        one_run(
            &scenario,
            case,
            FIRST_SEED + u64::try_from(run).unwrap(),
            hours_a_run,
        )
    });
    std::array::from_fn(|place| {
        let values: Vec<f64> = measured.iter().map(|run| run.measured[place]).collect();
        adjusted(&values, &measured)
    })
}

/// The mean with its standard error, less what the runs' own luck explains (control variates: Lavenberg and Welch 1981).
/// What the controls' means are is known, so a run that had more or longer calls than that is told apart from a centre
/// that works differently.
fn adjusted(values: &[f64], runs: &[Run]) -> (f64, f64) {
    let n = f64::from(RUNS);
    let mean = |of: &dyn Fn(usize) -> f64| (0..values.len()).map(of).sum::<f64>() / n;
    let control = |which: usize, run: usize| runs[run].controls[which];
    let means = [0, 1].map(|which| mean(&|run| control(which, run)));
    let average = mean(&|run| values[run]);
    let product = |one: &dyn Fn(usize) -> f64, other: &dyn Fn(usize) -> f64| {
        mean(&|run| one(run) * other(run))
    };
    let x = |run: usize| control(0, run) - means[0];
    let z = |run: usize| control(1, run) - means[1];
    let y = |run: usize| values[run] - average;
    let (xx, zz, xz) = (product(&x, &x), product(&z, &z), product(&x, &z));
    let (xy, zy) = (product(&x, &y), product(&z, &y));
    let determinant = xx * zz - xz * xz;
    let slopes = [
        (xy * zz - zy * xz) / determinant,
        (zy * xx - xy * xz) / determinant,
    ];
    let residual = |run: usize| y(run) - slopes[0] * x(run) - slopes[1] * z(run);
    // Three numbers were fitted.
    let variance = product(&residual, &residual) * n / (n - 3.0);
    let estimate = average - slopes[0] * means[0] - slopes[1] * means[1];
    (estimate, (variance / n).sqrt())
}

/// The tests need no more than this of running in parallel.
fn replicate_for_tests<T: Send>(
    runs: usize,
    threads: NonZero<usize>,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let mut results: Vec<(usize, T)> = std::thread::scope(|scope| {
        let work = &work;
        let spawned: Vec<_> = (0..threads.get())
            .map(|first| {
                scope.spawn(move || {
                    (first..runs)
                        .step_by(threads.get())
                        .map(|run| (run, work(run)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        spawned
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    results.sort_by_key(|(run, _)| *run);
    results.into_iter().map(|(_, result)| result).collect()
}

fn one_run(scenario: &Scenario, case: &Case, seed: u64, hours: f64) -> Run {
    let mut centre = Centre::new(scenario, seed);
    // Two hours are more than thirty mean calls: the empty start is forgotten.
    let warm = scenario.start().plus(Duration::from_secs(7_200));
    centre.advance(warm);
    centre.reset_figures();
    let waiting_before = f64::from(centre.waiting());
    centre.advance(warm.plus(Duration::from_secs_f64(hours * 3_600.0)));
    let figures = centre.figures();
    let queue = figures.queues.first().unwrap();
    let offered = count(queue.offered);
    the_laws_hold(
        scenario,
        &figures,
        waiting_before,
        f64::from(centre.waiting()),
    );
    let measured = [
        count(queue.waited) / offered,
        count(queue.abandoned) / offered,
        // The mean over arrivals by Little's law: steadier than the waits of those who are done.
        queue.queue_seconds / offered,
        count(queue.answered_in_time) / offered,
        count(figures.campaigns.first().unwrap().connected) / (hours * 60.0),
    ];
    let talk = figures.agent_hours[2] * 3_600.0 / count(queue.served);
    let controls = [
        offered / (case.calls_per_hour * hours) - 1.0,
        talk / case.talk - 1.0,
    ];
    Run { measured, controls }
}

/// Agent-seconds are neither made nor lost, every caller is somewhere, and Little's law holds over the run.
fn the_laws_hold(scenario: &Scenario, figures: &CentreFigures, before: f64, after: f64) {
    let agent_hours: f64 = figures.agent_hours.iter().sum();
    let expected = f64::from(scenario.agents()) * figures.hours;
    assert!((agent_hours - expected).abs() < 1e-6 * expected);
    for queue in &figures.queues {
        let came = count(queue.offered) + before;
        let went = count(queue.served + queue.abandoned) + after;
        assert!((came - went).abs() < 0.5, "{queue:?}");
        // L = lambda W, with those who waited at the edges of the run as the only slack.
        let length = queue.queue_seconds / (figures.hours * 3_600.0);
        let rate = count(queue.offered) / (figures.hours * 3_600.0);
        let wait = queue.wait_seconds / count(queue.offered);
        let slack = 0.02 * length + 0.02;
        assert!(
            (length - rate * wait).abs() < slack,
            "{length} {rate} {wait}"
        );
    }
}

#[track_caller]
fn holds(what: &str, (measured, error): (f64, f64), exact: f64) {
    assert!(
        error < 0.01 * exact,
        "{what}: standard error {error} of {exact} is not below 1%"
    );
    assert!(
        (measured - exact).abs() <= 3.5 * error,
        "{what}: {measured} +- {error}, exactly {exact}"
    );
}

fn erlang_c(agents: u32, calls_per_hour: f64, talk: f64, within: f64) -> Case {
    Case {
        agents,
        calls_per_hour,
        talk,
        patience: None,
        answer_within: within,
        keep_available: None,
    }
}

fn erlang_a(agents: u32, calls_per_hour: f64, talk: f64, patience: f64, within: f64) -> Case {
    Case {
        patience: Some(patience),
        ..erlang_c(agents, calls_per_hour, talk, within)
    }
}

#[test]
fn erlang_c_with_100_calls_in_30_minutes() {
    for (agents, hours, wait, level) in [
        (12, 150.0, 0.449_388_224_3, 0.640_158_040_4),
        (13, 150.0, 0.285_270_453_0, 0.795_594_788_4),
        (14, 250.0, 0.174_131_933_6, 0.888_350_019_2),
    ] {
        let [waits, _, _, levels, _] = measure(&erlang_c(agents, 200.0, 180.0, 20.0), hours);
        holds(&format!("P(wait), {agents} agents"), waits, wait);
        holds(&format!("service level, {agents} agents"), levels, level);
    }
}

#[test]
fn erlang_c_with_360_calls_an_hour() {
    for (agents, hours, wait, level) in [
        (26, 250.0, 0.596_682_430_0, 0.494_919_227_4),
        (28, 170.0, 0.333_138_528_0, 0.761_295_813_9),
        (30, 250.0, 0.172_862_055_5, 0.895_153_863_4),
    ] {
        let [waits, _, _, levels, _] = measure(&erlang_c(agents, 360.0, 240.0, 20.0), hours);
        holds(&format!("P(wait), {agents} agents"), waits, wait);
        holds(&format!("service level, {agents} agents"), levels, level);
    }
}

#[test]
fn erlang_c_with_a_published_example_of_55_agents() {
    let [waits, _, asa, levels, _] = measure(&erlang_c(55, 720.0, 240.0, 15.0), 600.0);
    holds("P(wait)", waits, 0.238_700_936_4);
    holds("service level", levels, 0.845_883_092_2);
    holds("mean wait", asa, 8.184_032);
}

#[test]
fn erlang_a_where_callers_hang_up() {
    for (case, hours, exact) in [
        (
            erlang_a(12, 200.0, 180.0, 300.0, 20.0),
            120.0,
            [0.331_802_04, 0.042_711_11, 12.813_332, 0.772_279_31],
        ),
        (
            erlang_a(10, 200.0, 180.0, 300.0, 20.0),
            70.0,
            [0.599_433_32, 0.109_438_00, 32.831_400, 0.516_810_17],
        ),
        // Mandelbaum and Zeltyn's example.
        (
            erlang_a(50, 2_880.0, 60.0, 120.0, 6.0),
            12.0,
            [0.467_774_07, 0.030_912_25, 3.709_470, 0.738_621_72],
        ),
        (
            erlang_a(22, 360.0, 240.0, 180.0, 20.0),
            60.0,
            [0.644_342_70, 0.134_460_79, 24.202_942, 0.515_883_61],
        ),
    ] {
        let [waits, hangs_up, asa, levels, _] = measure(&case, hours);
        let named = |what: &str| format!("{what}, {} agents", case.agents);
        holds(&named("P(wait)"), waits, exact[0]);
        holds(&named("P(hang up)"), hangs_up, exact[1]);
        holds(&named("mean wait"), asa, exact[2]);
        holds(&named("service level"), levels, exact[3]);
    }
}

/// Inbound calls on 30 agents of whom outbound calls keep 28 busy: the closed form for equal mean durations.
#[test]
fn the_blend_of_inbound_and_outbound() {
    let blend = |patience| Case {
        agents: 30,
        calls_per_hour: 300.0,
        talk: 240.0,
        patience,
        answer_within: 20.0,
        keep_available: Some(2),
    };
    let [waits, _, asa, _, outbound] = measure(&blend(None), 140.0);
    holds("P(wait)", waits, 0.449_438_20);
    holds("mean wait", asa, 10.786_517);
    holds("outbound a minute", outbound, 2.280_899);
    let [waits, hangs_up, asa, _, outbound] = measure(&blend(Some(375.0)), 80.0);
    holds("P(wait)", waits, 0.425_436_51);
    holds("P(hang up)", hangs_up, 0.021_797);
    holds("mean wait", asa, 8.174_045);
    holds("outbound a minute", outbound, 2.380_334);
}

/// A whole blended day, paused and resumed on the way: nobody is lost, and no agent-second is.
#[test]
fn the_laws_hold_on_every_embedded_day() {
    for name in Scenario::names() {
        let scenario = Scenario::parse(Scenario::text(name).unwrap(), name).unwrap();
        let mut centre = Centre::new(&scenario, 5);
        let half_hour = Duration::from_secs(1_800);
        let mut running = true;
        while centre.now() < scenario.end() {
            centre.advance(centre.now().plus(half_hour));
            running = !running;
            for campaign in &scenario.campaigns {
                centre.allow(&campaign.id, running, centre.now());
            }
        }
        let (figures, waiting) = (centre.figures(), f64::from(centre.waiting()));
        the_laws_hold(&scenario, &figures, 0.0, waiting);
        for campaign in &figures.campaigns {
            assert!(campaign.connected > 0, "{name}: {campaign:?}");
            assert!(campaign.connected + campaign.abandoned <= campaign.answered);
            assert!(campaign.answered <= campaign.dials);
            assert!(campaign.transitions > 0 && campaign.paused_hours > 0.0);
        }
    }
}
