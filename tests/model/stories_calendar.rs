//! Campaigns with calling hours, through commands that get lost, restarts and people.

use std::time::Duration;

use campaign_autopilot::domain::{Cause, Direction, Policy};

use super::calendar;
use super::driver::Driver;
use super::script::Fate;
use super::world::Act;

fn with_calendar(alone: bool) -> Policy {
    Policy {
        calendar: Some(calendar::rule(alone)),
        ..Policy::default()
    }
}

/// Polls, with so many agents, until the calendar is open or closed.
fn until(driver: &mut Driver, open: bool, available: u8) {
    while calendar::open(driver.clock().as_unix_millis()) != open {
        driver.calm(available);
    }
    driver.calm(available);
}

/// A campaign that runs while the calendar is open.
fn running(policy: Policy) -> Driver {
    let mut driver = Driver::one(policy);
    until(&mut driver, false, 9);
    until(&mut driver, true, 9);
    driver.calm(9);
    driver.sent.clear();
    driver
}

#[test]
fn it_is_paused_at_the_close_and_goes_on_by_the_rule() {
    for (alone, cause) in [(false, Cause::Threshold), (true, Cause::Calendar)] {
        let mut driver = running(with_calendar(alone));
        until(&mut driver, false, 9);
        until(&mut driver, true, 9);
        let expected = [
            (0, Direction::Pause, Cause::Calendar),
            (0, Direction::Resume, cause),
        ];
        assert_eq!(driver.sent, expected);
        assert_eq!(driver.judge.faults, Vec::<String>::new());
    }
}

#[test]
fn a_pause_whose_answer_got_lost_is_the_calendars_after_a_restart_too() {
    let mut driver = running(with_calendar(false));
    while calendar::open(driver.clock().as_unix_millis() + 30_000) {
        driver.calm(9);
    }
    driver.fated(9, Fate::LostButApplied);
    driver.restart(Duration::from_secs(5), 0);
    driver.calm(9);
    assert!(
        driver.state(0).paused_by_calendar(),
        "{:?}",
        driver.state(0)
    );
    until(&mut driver, true, 9);
    let last = driver.sent.last();
    assert_eq!(last, Some(&(0, Direction::Resume, Cause::Threshold)));
    assert_eq!(driver.state(0).resumes, [], "charged to no budget");
    assert_eq!(driver.judge.faults, Vec::<String>::new());
}

#[test]
fn a_persons_resume_outside_the_hours_is_paused_again_at_once() {
    let mut driver = running(with_calendar(false));
    until(&mut driver, false, 9);
    driver.person(0, Act::Resume);
    driver.calm(9);
    driver.calm(9);
    let pause = (0, Direction::Pause, Cause::Calendar);
    assert_eq!(driver.sent, [pause, pause]);
}
