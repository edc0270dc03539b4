//! What people are told of a decision is what was decided.

use std::cmp::Ordering;
use std::time::Duration;

use campaign_autopilot::domain::{
    Asked, Cause, Direction, HoldKind, OnStale, Outcome, Policy, Stage, Suppression,
};

use super::driver::Driver;
use super::script::Fate;
use super::world::Act;

/// What came of asking each stage, with the stage that decided in front.
fn told(driver: &Driver) -> (Option<Stage>, Vec<(Stage, Asked)>) {
    let explained = driver.explanation(0).stages;
    let asked: Vec<(Stage, Asked)> = explained.iter().map(|one| (one.stage, one.asked)).collect();
    let decided = asked.iter().find(|(_, asked)| *asked == Asked::Decided);
    (decided.map(|(stage, _)| *stage), asked)
}

fn says(driver: &Driver, stage: Stage) -> String {
    let explained = driver.explanation(0).stages;
    let one = explained.into_iter().find(|one| one.stage == stage);
    one.unwrap().says
}

fn sound(driver: &Driver) {
    assert_eq!(driver.judge.faults, Vec::<String>::new());
}

/// A campaign whose pauses the platform has refused `times` times in a row.
fn refused(times: u32) -> Driver {
    let mut driver = Driver::one(Policy {
        min_running: Duration::from_secs(10),
        ..Policy::default()
    });
    driver.calm(9);
    for _ in 0..times {
        driver.fated(0, Fate::Refused);
    }
    driver
}

#[test]
fn after_two_refusals_the_back_off_holds_it_and_the_dwell_has_passed() {
    let mut driver = refused(2);
    // Right after the second refusal: a whole tick later its 5 s are over.
    let plan = driver.pilot.decide(driver.clock());
    driver.reasons = plan.reasons.into_iter().map(|(_, reason)| reason).collect();
    let reason = &driver.reasons[0];
    assert_eq!(
        reason.outcome,
        Outcome::Suppressed {
            direction: Some(Direction::Pause),
            by: Suppression::Refused,
        }
    );
    let (decided, asked) = told(&driver);
    assert_eq!(decided, Some(Stage::BackOff));
    for (stage, asked) in asked {
        let expected = match stage.cmp(&Stage::BackOff) {
            Ordering::Less => Asked::Passed,
            Ordering::Equal => Asked::Decided,
            Ordering::Greater => Asked::NotAsked,
        };
        assert_eq!(asked, expected, "{stage:?}");
    }
    assert_eq!(says(&driver, Stage::Dwell), "over");
    assert_eq!(says(&driver, Stage::Status), "running");
    assert_eq!(
        says(&driver, Stage::BackOff),
        "the platform refused 2 commands in a row"
    );
    let until = reason.stages.back_off.found.unwrap().until.unwrap();
    let explanation = driver.explanation(0);
    assert_eq!(
        explanation.summary,
        "running, pause held back by the back-off after refusals; 0 available, pause below 5, resume at 8"
    );
    assert_eq!(
        explanation.would_change,
        [format!("it is tried again at {until}")]
    );
    driver.calm(0);
    assert_eq!(driver.sent.len(), 3, "the back-off has ended");
    sound(&driver);
}

#[test]
fn one_refusal_is_told_and_holds_nothing_back() {
    let driver = refused(2);
    let reason = &driver.reasons[0];
    assert_eq!(reason.stages.back_off.found.unwrap().refusals, 1);
    assert_eq!(reason.stages.back_off.asked, Asked::Passed);
    assert_eq!(
        says(&driver, Stage::BackOff),
        "the platform refused one command"
    );
    sound(&driver);
}

/// The polls until the next command is sent.
fn polls_until_sent(driver: &mut Driver, fate: Fate) -> usize {
    driver.sent.clear();
    let mut polls = 0;
    while driver.sent.is_empty() {
        driver.fated(9, fate);
        polls += 1;
        assert!(polls < 1_000, "it is never tried again");
    }
    polls
}

#[test]
fn a_resume_under_a_hold_that_is_refused_is_tried_again_slowly_and_a_new_hold_at_once() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.hold(0, Some(HoldKind::Paused), 7 * 24 * 3600);
    driver.calm(9);
    driver.sent.clear();
    driver.hold(0, Some(HoldKind::Running), 7 * 24 * 3600);
    let tries: Vec<usize> = (0..6)
        .map(|_| polls_until_sent(&mut driver, Fate::Refused))
        .collect();
    // A tick is half a minute; one refusal may be chance.
    assert_eq!(tries, [1, 1, 1, 2, 4, 8]);
    driver.calm(9);
    let reason = &driver.reasons[0];
    assert_eq!(
        reason.outcome,
        Outcome::Suppressed {
            direction: Some(Direction::Resume),
            by: Suppression::Refused,
        }
    );
    let (decided, asked) = told(&driver);
    assert_eq!(decided, Some(Stage::BackOff));
    assert!(asked.contains(&(Stage::Hold, Asked::Passed)));
    // Somebody has given us the right, and says so.
    driver.hold(0, Some(HoldKind::Running), 3600);
    assert_eq!(polls_until_sent(&mut driver, Fate::Refused), 1);
    sound(&driver);
}

#[test]
fn a_pause_under_a_hold_that_is_refused_is_tried_at_each_poll() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.hold(0, Some(HoldKind::Paused), 7 * 24 * 3600);
    for _ in 0..8 {
        assert_eq!(polls_until_sent(&mut driver, Fate::Refused), 1);
    }
    sound(&driver);
}

#[test]
fn a_stopped_campaign_is_left_alone_for_its_status() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.person(0, Act::Stop);
    driver.calm(0);
    driver.calm(0);
    let (decided, asked) = told(&driver);
    assert_eq!(decided, Some(Stage::Status));
    assert!(
        asked
            .iter()
            .skip(1)
            .all(|(_, asked)| *asked == Asked::NotAsked),
        "{asked:?}"
    );
    assert_eq!(says(&driver, Stage::Status), "STOPPED on the platform");
    assert_eq!(
        says(&driver, Stage::Signal),
        "0 available",
        "what was read is told whoever decides"
    );
    assert_eq!(says(&driver, Stage::Dwell), "not asked");
    sound(&driver);
}

#[test]
fn a_hold_that_asks_for_a_command_is_the_stage_that_decides() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.hold(0, Some(HoldKind::Paused), 3600);
    driver.calm(9);
    let outcome = Outcome::Command {
        direction: Direction::Pause,
        cause: Cause::Hold,
    };
    assert_eq!(driver.reasons[0].outcome, outcome);
    assert_eq!(told(&driver).0, Some(Stage::Hold));
    assert_eq!(says(&driver, Stage::Hold), "held paused by ops: a test");
    driver.calm(9);
    assert_eq!(told(&driver).0, Some(Stage::Hold));
    assert_eq!(driver.explanation(0).would_change.len(), 1);
    sound(&driver);
}

#[test]
fn stale_data_that_asks_for_a_pause_passes_without_being_counted() {
    let mut driver = Driver::one(Policy {
        on_stale: OnStale::Pause,
        ..Policy::default()
    });
    driver.calm(9);
    for _ in 0..3 {
        driver.blind();
    }
    let (decided, asked) = told(&driver);
    assert_eq!(decided, None);
    let passed: Vec<Stage> = asked
        .into_iter()
        .filter(|(_, asked)| *asked == Asked::Passed)
        .map(|(stage, _)| stage)
        .collect();
    assert_eq!(
        passed,
        [
            Stage::Status,
            Stage::InFlight,
            Stage::Changing,
            Stage::Calendar,
            Stage::Hold,
            Stage::Sample,
            Stage::People
        ]
    );
    assert_eq!(
        says(&driver, Stage::Sample),
        "stale: 3 invalid in a row, which asks for a pause"
    );
    assert_eq!(driver.sent.len(), 1);
    sound(&driver);
}

#[test]
fn every_suppression_belongs_to_the_stage_that_is_told() {
    let held_back = Suppression::ALL.into_iter().chain([Suppression::Changing]);
    let mut stages: Vec<Stage> = held_back.map(Suppression::stage).collect();
    stages.sort();
    stages.dedup();
    let never: Vec<Stage> = Stage::ALL
        .into_iter()
        .filter(|stage| !stages.contains(stage))
        .collect();
    assert_eq!(never, [Stage::Signal, Stage::Thresholds]);
    let mut numbers = Stage::ALL.map(Stage::number);
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..15));
}
