//! People pause, resume, touch and remove campaigns; operators hold them.

use std::time::Duration;

use campaign_autopilot::domain::{
    Belief, CampaignActivity, Cause, Direction, Doubt, HoldKind, Notice, OnManualChange,
    PauseOwner, Policy,
};

use super::driver::Driver;
use super::script::{Action, Fate, Tick};
use super::world::Act;

const GRACE_POLLS: usize = 30;
const PERSONS: Belief = Belief::Paused(PauseOwner::Person);
const TOUCHED: Belief = Belief::Paused(PauseOwner::Unproven {
    doubt: Doubt::Touched,
});

/// Running for one poll, then paused by us.
fn paused_by_us(policy: Policy) -> Driver {
    let mut driver = Driver::one(policy);
    driver.calm(9);
    driver.calm(0);
    assert!(driver.belief(0).paused_by_us());
    driver.sent.clear();
    driver
}

fn calm(driver: &mut Driver, available: u8, polls: usize) {
    for _ in 0..polls {
        driver.calm(available);
    }
    assert_eq!(driver.judge.faults, Vec::<String>::new());
}

fn with(on_manual_change: OnManualChange) -> Policy {
    Policy {
        on_manual_change,
        ..Policy::default()
    }
}

#[test]
fn a_persons_pause_stays_until_a_person_resumes_it() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.person(0, Act::Pause);
    calm(&mut driver, 20, 10);
    assert_eq!(driver.sent, []);
    assert_eq!(driver.belief(0), &PERSONS);
    driver.person(0, Act::Resume);
    driver.calm(20);
    calm(&mut driver, 0, 1);
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::Threshold)]);
}

#[test]
fn a_persons_resume_of_our_pause_is_left_alone_for_the_grace_and_no_longer() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Resume);
    calm(&mut driver, 0, GRACE_POLLS - 1);
    assert_eq!(driver.sent, []);
    calm(&mut driver, 0, 2);
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::Threshold)]);
}

#[test]
fn the_grace_survives_a_restart_and_a_clock_that_jumps_back() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Resume);
    calm(&mut driver, 0, 2);
    driver.restart(Duration::ZERO, -7200);
    calm(&mut driver, 0, GRACE_POLLS - 3);
    assert_eq!(driver.sent, []);
    calm(&mut driver, 0, 4);
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::Threshold)]);
}

#[test]
fn the_grace_survives_a_404_in_between() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Resume);
    driver.calm(0);
    driver.person(0, Act::Vanish);
    driver.calm(0);
    assert!(matches!(driver.belief(0), Belief::Missing { .. }));
    driver.person(0, Act::Return);
    driver.restart(Duration::ZERO, 0);
    calm(&mut driver, 0, GRACE_POLLS - 4);
    assert_eq!(driver.sent, []);
}

#[test]
fn our_pause_that_a_person_touched_is_not_ours_any_more() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Touch);
    calm(&mut driver, 20, 5);
    assert_eq!(driver.sent, []);
    assert_eq!(driver.belief(0), &TOUCHED);
}

#[test]
fn our_pause_that_a_person_touched_while_we_were_down_is_not_ours_any_more() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Resume);
    driver.wait(60);
    driver.person(0, Act::Pause);
    driver.restart(Duration::from_secs(60), 0);
    calm(&mut driver, 20, 5);
    assert_eq!(driver.sent, []);
}

#[test]
fn the_remaining_race_is_a_person_who_pauses_between_our_read_and_our_pause() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.act(&Action::Tick(Tick {
        race: Some(Act::Pause),
        ..Tick::calm(0)
    }));
    assert!(driver.belief(0).paused_by_us(), "documented, not hidden");
}

#[test]
fn a_person_who_pauses_between_decision_and_read_is_seen_by_the_read() {
    let mut driver = paused_by_us(Policy::default());
    // Seen only by the read before the command: no routine read comes between.
    driver.person(0, Act::Touch);
    driver.calm(20);
    assert_eq!(driver.sent, []);
}

#[test]
fn a_campaign_found_paused_at_start_is_a_persons() {
    let mut driver = Driver::one_found(CampaignActivity::Paused, Policy::default());
    calm(&mut driver, 20, 5);
    assert_eq!(driver.sent, []);
    assert_eq!(driver.notices, [Notice::FoundPaused]);
}

#[test]
fn a_campaign_found_paused_at_start_is_taken_over_when_that_is_asked() {
    let policy = Policy {
        adopt_paused: true,
        ..Policy::default()
    };
    let mut driver = Driver::one_found(CampaignActivity::Paused, policy);
    calm(&mut driver, 20, 2);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Threshold)]);
    driver.person(0, Act::Pause);
    calm(&mut driver, 20, 5);
    assert_eq!(driver.belief(0), &PERSONS, "only at start");
}

#[test]
fn a_campaign_that_was_known_is_never_taken_over_at_a_later_start() {
    let policy = Policy {
        adopt_paused: true,
        ..Policy::default()
    };
    let mut driver = Driver::one(policy);
    calm(&mut driver, 20, 2);
    driver.person(0, Act::Pause);
    driver.restart(Duration::from_secs(60), 0);
    calm(&mut driver, 20, 3);
    driver.restart(Duration::from_secs(60), 0);
    calm(&mut driver, 20, 3);
    assert_eq!(driver.sent, []);
    assert_eq!(driver.belief(0), &PERSONS);
}

#[test]
fn a_campaign_that_is_missing_once_is_asked_for_again_at_the_next_poll() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Vanish);
    calm(&mut driver, 0, 1);
    assert!(matches!(driver.belief(0), Belief::Missing { .. }));
    driver.person(0, Act::Return);
    calm(&mut driver, 20, 2);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Threshold)]);
}

#[test]
fn enforce_resumes_what_a_person_paused_between_the_lines() {
    let mut driver = Driver::one(with(OnManualChange::Enforce));
    driver.calm(9);
    driver.person(0, Act::Pause);
    calm(&mut driver, 6, 3);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Reconcile)]);
}

#[test]
fn enforce_pauses_again_what_a_person_resumed_between_the_lines() {
    let mut driver = paused_by_us(with(OnManualChange::Enforce));
    driver.person(0, Act::Resume);
    calm(&mut driver, 6, 3);
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::Reconcile)]);
}

#[test]
fn enforce_ends_when_the_samples_agree_with_the_person() {
    let mut driver = Driver::one(with(OnManualChange::Enforce));
    driver.calm(9);
    driver.person(0, Act::Pause);
    calm(&mut driver, 4, 3);
    calm(&mut driver, 7, 3);
    assert_eq!(driver.sent, [], "between the lines nothing changes");
    calm(&mut driver, 8, 1);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Threshold)]);
}

#[test]
fn samples_that_spoke_for_turning_a_person_back_do_not_confirm_a_crossing() {
    let policy = Policy {
        confirm_resume: "2/3".parse().unwrap(),
        ..with(OnManualChange::Enforce)
    };
    let mut driver = Driver::one(policy);
    driver.calm(9);
    driver.person(0, Act::Pause);
    driver.calm(4);
    // Not below the pause line: one sample for RUNNING as before. Then the samples agree with the person.
    driver.person(0, Act::Touch);
    for available in [6, 4, 8] {
        calm(&mut driver, available, 1);
    }
    assert_eq!(driver.sent, [], "one sample of three is at the resume line");
    calm(&mut driver, 8, 1);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Threshold)]);
}

#[test]
fn adopt_takes_a_persons_pause_and_resume_for_our_own() {
    let mut driver = Driver::one(with(OnManualChange::Adopt));
    driver.calm(9);
    driver.person(0, Act::Pause);
    calm(&mut driver, 6, 3);
    assert_eq!(driver.sent, []);
    calm(&mut driver, 8, 1);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Threshold)]);
    calm(&mut driver, 0, 1);
    driver.person(0, Act::Resume);
    driver.sent.clear();
    calm(&mut driver, 0, 2);
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::Threshold)]);
}

#[test]
fn a_pause_that_somebody_touched_is_still_unproven_after_a_404() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Touch);
    driver.calm(9);
    assert_eq!(driver.belief(0), &TOUCHED);
    driver.person(0, Act::Vanish);
    driver.restart(Duration::ZERO, 0);
    driver.calm(9);
    assert!(matches!(driver.belief(0), Belief::Missing { .. }));
    driver.person(0, Act::Return);
    calm(&mut driver, 20, 40);
    assert_eq!(driver.belief(0), &TOUCHED);
    assert_eq!(driver.sent, []);
}

#[test]
fn our_untouched_pause_is_still_ours_after_a_404() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Vanish);
    calm(&mut driver, 20, 3);
    assert_eq!(driver.sent, []);
    driver.person(0, Act::Return);
    calm(&mut driver, 20, 32);
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Threshold)]);
    assert!(driver.notices.contains(&Notice::Missing));
    assert!(driver.notices.contains(&Notice::Back));
}

#[test]
fn our_pause_touched_behind_a_404_is_a_persons() {
    let mut driver = paused_by_us(Policy::default());
    driver.person(0, Act::Vanish);
    calm(&mut driver, 9, 3);
    driver.person(0, Act::Return);
    driver.person(0, Act::Touch);
    calm(&mut driver, 20, 40);
    assert_eq!(driver.sent, []);
}

#[test]
fn other_statuses_are_never_commanded_and_what_follows_them_is_a_persons() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.person(0, Act::Stop);
    driver.hold(0, Some(HoldKind::Running), 60);
    calm(&mut driver, 0, 3);
    calm(&mut driver, 20, 3);
    driver.person(0, Act::Pause);
    calm(&mut driver, 20, 3);
    assert_eq!(driver.sent, []);
    assert_eq!(driver.belief(0), &PERSONS);
}

#[test]
fn a_hold_beats_the_lines_the_grace_and_a_persons_pause() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.hold(0, Some(HoldKind::AsIs), 300);
    calm(&mut driver, 0, 3);
    assert_eq!(driver.sent, []);
    driver.person(0, Act::Pause);
    driver.calm(20);
    driver.hold(0, Some(HoldKind::Running), 300);
    driver.blind();
    assert_eq!(driver.sent, [(0, Direction::Resume, Cause::Hold)]);
    driver.hold(0, Some(HoldKind::Paused), 300);
    calm(&mut driver, 20, 2);
    driver.person(0, Act::Resume);
    calm(&mut driver, 20, 2);
    assert_eq!(
        driver.sent[1..],
        [
            (0, Direction::Pause, Cause::Hold),
            (0, Direction::Pause, Cause::Hold)
        ]
    );
}

#[test]
fn a_hold_ends_by_itself_also_after_a_restart_and_a_clock_that_jumps_back() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.hold(0, Some(HoldKind::AsIs), 300);
    driver.restart(Duration::from_secs(30), -86_400);
    calm(&mut driver, 0, 8);
    assert_eq!(driver.sent, []);
    calm(&mut driver, 0, 4);
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::Threshold)]);
}

#[test]
fn a_refused_pause_beside_a_persons_pause_is_the_persons() {
    let mut driver = Driver::one(Policy::default());
    driver.calm(9);
    driver.act(&Action::Tick(Tick {
        fate: Fate::Refused,
        race: Some(Act::Pause),
        ..Tick::calm(0)
    }));
    calm(&mut driver, 20, 5);
    assert_eq!(driver.belief(0), &PERSONS);
    assert_eq!(driver.sent.len(), 1);
}
