//! The whole daemon in one deterministic process, judged by the truth at the simulated platform.
#![cfg(test)]

mod whole;

use std::io::Write as _;
use std::sync::Mutex;
use std::thread::available_parallelism;

use whole::dialect::Dialect;
use whole::draw::draw;
use whole::run::{all, try_out};
use whole::shrink::{shows, shrink};
use whole::story::{explained, replay_command, whole as whole_story};
use whole::tally::Tally;

/// Schedules in each test run.
const SCHEDULES: u64 = 500;

/// Schedules on each further dialect: about a minute of them.
const SCHEDULES_ELSEWHERE: u64 = 120;

#[test]
fn five_hundred_schedules_break_no_promise() {
    let tally = lived_through(Dialect::CxoneV2, SCHEDULES);
    assert_eq!(tally.idle(Dialect::CxoneV2), [""; 0]);
}

#[test]
fn schedules_on_skills_that_start_and_stop_break_no_promise() {
    // Too few to meet everything.
    lived_through(Dialect::CxoneAcd, SCHEDULES_ELSEWHERE);
}

#[test]
fn schedules_on_campaigns_that_dial_by_a_level_break_no_promise() {
    // The shortest of them all.
    lived_through(Dialect::Vicidial, SCHEDULES_ELSEWHERE);
}

fn lived_through(dialect: Dialect, schedules: u64) -> Tally {
    let tally = Mutex::new(Tally::default());
    let threads = available_parallelism().map_or(1, usize::from);
    all(dialect, 0..schedules, threads, |record, verdict| {
        tally.lock().unwrap().add(record, verdict);
    });
    let tally = tally.into_inner().unwrap();
    let mut out = std::io::stdout().lock();
    out.write_all(tally.report().as_bytes()).unwrap();
    if let Some((seed, violation)) = tally.violations.first() {
        let smallest = shrink(&draw(dialect, *seed), |verdict| {
            shows(verdict, violation.invariant)
        });
        let (record, verdict) = try_out(&smallest);
        let shown = verdict
            .violations
            .iter()
            .find(|found| found.invariant == violation.invariant);
        let story = shown.map_or(String::new(), |shown| explained(&record, shown));
        panic!(
            "{} violations, the first in seed {seed}: {}\n\nshrunk to\n{}\n{story}\nreplay with: {}",
            tally.violations.len(),
            violation.line(),
            smallest.story(),
            replay_command(dialect, *seed)
        );
    }
    tally
}

#[test]
fn a_seed_gives_the_same_story_again() {
    for dialect in Dialect::ALL {
        for seed in 0..4 {
            let told = || {
                let (record, verdict) = try_out(&draw(dialect, seed));
                whole_story(&record, &verdict)
            };
            let (first, again) = (told(), told());
            let differs = first.lines().zip(again.lines()).find(|(a, b)| a != b);
            assert_eq!(differs, None, "{} {seed}", dialect.name());
            assert_eq!(first.lines().count(), again.lines().count(), "seed {seed}");
        }
    }
}
