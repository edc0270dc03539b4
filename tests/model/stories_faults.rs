//! Replies get lost, processes die, samples stay away, clocks jump.

use std::collections::BTreeMap;
use std::time::Duration;

use campaign_autopilot::domain::{
    Alert, Autopilot, Belief, CampaignActivity, Cause, Conclusion, Direction, Doubt, GroupCount,
    HeadCount, Notice, OnStale, PauseOwner, Policy, StatusFinding, StatusReading, Timestamp,
};

use super::driver::{Driver, LONGEST};
use super::script::{Action, Crash, Fate, Poll, Tick};
use super::world::Act;

const PERSONS: Belief = Belief::Paused(PauseOwner::Person);
const PAUSED: (usize, Direction, Cause) = (0, Direction::Pause, Cause::Threshold);
const RESUMED: (usize, Direction, Cause) = (0, Direction::Resume, Cause::Threshold);

fn running(policy: Policy) -> Driver {
    let mut driver = Driver::one(policy);
    driver.calm(9);
    driver
}

fn sound(driver: &Driver) {
    assert_eq!(driver.judge.faults, Vec::<String>::new());
}

#[test]
fn a_pause_whose_reply_was_lost_but_that_landed_is_ours() {
    let mut driver = running(Policy::default());
    driver.fated(0, Fate::LostButApplied);
    assert_eq!(driver.conclusions, [Conclusion::Confirmed]);
    driver.calm(20);
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    sound(&driver);
}

#[test]
fn a_pause_whose_reply_was_lost_and_that_did_not_land_is_commanded_again() {
    let mut driver = running(Policy::default());
    driver.fated(0, Fate::LostAndNotApplied);
    assert_eq!(driver.conclusions, [Conclusion::Unknown]);
    assert_eq!(driver.belief(0), &Belief::Running);
    driver.calm(0);
    assert_eq!(driver.sent, [PAUSED, PAUSED]);
    assert!(driver.belief(0).paused_by_us());
    sound(&driver);
}

#[test]
fn a_pause_that_lands_after_it_was_given_up_is_nobodys_and_alerts_while_agents_idle() {
    let mut driver = running(Policy::default());
    driver.fated(0, Fate::Late { after_s: 20 });
    assert_eq!(driver.belief(0), &Belief::Running);
    driver.calm(6);
    let doubt = Doubt::Outcome;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    assert_eq!(driver.belief(0), &unproven);
    for _ in 0..5 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED], "in doubt it is not resumed");
    let campaign = driver.ids[0].clone();
    let alert = Alert::UnprovenPause { campaign, doubt };
    assert_eq!(driver.alerts, [alert], "told once");
    assert!(!driver.notices.contains(&Notice::PersonPaused));
    sound(&driver);
}

#[test]
fn a_person_who_pauses_in_an_outage_of_commands_keeps_the_pause() {
    let mut driver = running(Policy::default());
    for _ in 0..4 {
        driver.fated(0, Fate::LostAndNotApplied);
    }
    driver.wait(10);
    driver.person(0, Act::Pause);
    for _ in 0..5 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED; 4], "no try leaves a window open");
    assert!(!driver.belief(0).paused_by_us());
    sound(&driver);
}

#[test]
fn a_command_that_is_long_on_its_way_is_ours_to_the_end() {
    for (after_s, overdue) in [(50, 0), (150, 1)] {
        let mut driver = running(Policy::default());
        driver.world.shows_changes = true;
        driver.fated(0, Fate::Slow { after_s });
        for _ in 0..6 {
            driver.calm(0);
        }
        assert!(driver.belief(0).paused_by_us(), "{:?}", driver.belief(0));
        let told = |notice: &&Notice| matches!(notice, Notice::StillChanging { .. });
        assert_eq!(driver.notices.iter().filter(told).count(), overdue);
        driver.world.shows_changes = false;
        driver.calm(20);
        assert_eq!(driver.sent, [PAUSED, RESUMED]);
        sound(&driver);
    }
}

#[test]
fn a_stamp_that_moves_by_itself_is_no_evidence() {
    let mut driver = running(Policy::default());
    driver.world.restless_stamps = true;
    for _ in 0..7 {
        driver.calm(9);
    }
    for _ in 0..3 {
        driver.calm(0);
    }
    assert!(driver.belief(0).paused_by_us(), "{:?}", driver.belief(0));
    driver.calm(20);
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    assert_eq!(driver.notices, [Notice::StampWorthless], "told once");
    sound(&driver);
}

#[test]
fn an_acknowledged_pause_is_believed_only_when_the_status_shows_it() {
    let mut driver = running(Policy::default());
    driver.fated(0, Fate::Slow { after_s: 20 });
    assert_eq!(driver.conclusions, [Conclusion::Unknown]);
    assert_eq!(driver.belief(0), &Belief::Running);
    driver.calm(6);
    assert!(driver.belief(0).paused_by_us());
    assert_eq!(driver.sent, [PAUSED]);
    sound(&driver);
}

#[test]
fn a_person_who_paused_after_the_window_of_our_lost_pause_keeps_the_pause() {
    let doubt = Doubt::Outcome;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    let minute = 60;
    // A gateway may hold the request for five minutes, and what it does may show a minute later; eight minutes later none has.
    for (waits, owner) in [(LONGEST.as_secs() + 2, unproven), (8 * minute, PERSONS)] {
        let mut driver = running(Policy::default());
        driver.fated(0, Fate::LostAndNotApplied);
        driver.wait(waits);
        driver.person(0, Act::Pause);
        driver.calm(20);
        driver.calm(20);
        assert_eq!(driver.belief(0), &owner);
        assert_eq!(driver.sent, [PAUSED]);
        sound(&driver);
    }
}

#[test]
fn a_person_who_paused_long_after_our_lost_pause_keeps_it_on_a_platform_without_versions() {
    let mut driver = Driver::one_without_versions(Policy::default());
    driver.calm(9);
    driver.crashing(0, Fate::LostAndNotApplied, Crash::Sent);
    driver.wait(3600);
    driver.person(0, Act::Pause);
    driver.calm(20);
    driver.calm(20);
    assert_eq!(driver.sent, [PAUSED], "nothing shows the pause to be ours");
    let doubt = Doubt::Outcome;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    assert_eq!(driver.belief(0), &unproven, "nor a person's");
}

#[test]
fn strict_ownership_never_counts_a_lost_pause_as_ours() {
    let strict = Policy {
        strict_ownership: true,
        ..Policy::default()
    };
    let mut driver = running(strict);
    driver.fated(0, Fate::LostButApplied);
    assert_eq!(driver.conclusions, [Conclusion::NotOurs]);
    for _ in 0..5 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED]);
    assert!(!driver.belief(0).paused_by_us());
    assert!(!driver.notices.contains(&Notice::PersonPaused));
}

#[test]
fn strict_ownership_claims_nothing_on_a_yes_without_a_version() {
    let strict = Policy {
        strict_ownership: true,
        ..Policy::default()
    };
    let mut driver = running(strict);
    driver.fated(0, Fate::Slow { after_s: 20 });
    for _ in 0..5 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED]);
    let doubt = Doubt::Unmatched;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    assert_eq!(driver.belief(0), &unproven);
    sound(&driver);
}

#[test]
fn strict_ownership_counts_an_acknowledged_pause_as_ours() {
    let strict = Policy {
        strict_ownership: true,
        ..Policy::default()
    };
    let mut driver = running(strict);
    // The read before the command works; the one after it does not.
    driver.act(&Action::Tick(Tick {
        reads_fail: 0b110,
        ..Tick::calm(0)
    }));
    assert_eq!(driver.conclusions, [Conclusion::Unknown]);
    driver.calm(20);
    assert!(driver.belief(0).paused_by_us());
    driver.calm(20);
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    sound(&driver);
}

#[test]
fn a_restart_with_a_dangling_intent_that_landed_finds_the_pause_ours() {
    for crash in [Crash::Sent, Crash::Reported] {
        let mut driver = running(Policy::default());
        driver.crashing(0, Fate::Acknowledged, crash);
        assert_eq!(driver.belief(0), &Belief::Running, "as committed");
        driver.calm(20);
        driver.calm(20);
        assert_eq!(driver.sent, [PAUSED, RESUMED], "{crash:?}");
        sound(&driver);
    }
}

#[test]
fn a_restart_with_a_dangling_intent_that_never_left_commands_again() {
    let mut driver = running(Policy::default());
    driver.crashing(0, Fate::Acknowledged, Crash::Committed);
    driver.calm(0);
    assert_eq!(driver.sent, [PAUSED, PAUSED]);
    assert!(driver.belief(0).paused_by_us());
    assert_eq!(driver.state(0).unresolved, None);
    sound(&driver);
}

#[test]
fn a_restart_with_a_dangling_resume_that_landed_counts_against_the_budget() {
    let policy = Policy {
        max_resumes_per_hour: Some(1),
        ..Policy::default()
    };
    let mut driver = running(policy);
    driver.calm(0);
    driver.crashing(20, Fate::Acknowledged, Crash::Sent);
    driver.calm(0);
    driver.calm(0);
    for _ in 0..5 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED, RESUMED, PAUSED]);
    sound(&driver);
}

#[test]
fn an_intent_that_cannot_be_committed_is_not_sent_and_tried_again() {
    let mut driver = running(Policy::default());
    driver.fated(0, Fate::StoreDown);
    assert_eq!(driver.sent, []);
    assert_eq!(driver.conclusions, [Conclusion::NotSent]);
    driver.calm(0);
    assert_eq!(driver.sent, [PAUSED]);
}

#[test]
fn unknown_is_neither_zero_nor_enough() {
    let mut driver = running(Policy::default());
    for _ in 0..10 {
        driver.blind();
    }
    assert_eq!(driver.sent, []);
    let stale = |alert: &&Alert| matches!(alert, Alert::Stale { .. });
    assert_eq!(driver.alerts.iter().filter(stale).count(), 1, "told once");
    driver.calm(9);
    assert_eq!(driver.alerts.last(), Some(&Alert::Fresh));
    driver.calm(0);
    for _ in 0..10 {
        driver.blind();
    }
    assert_eq!(driver.sent, [PAUSED]);
}

#[test]
fn on_stale_pause_pauses_after_stale_after_and_never_resumes_blindly() {
    let policy = Policy {
        on_stale: OnStale::Pause,
        ..Policy::default()
    };
    let mut driver = running(policy);
    driver.blind();
    driver.act(&Action::Tick(Tick {
        poll: Poll::TooOld,
        ..Tick::calm(0)
    }));
    assert_eq!(driver.sent, []);
    driver.blind();
    assert_eq!(driver.sent, [(0, Direction::Pause, Cause::StaleFailsafe)]);
    for _ in 0..5 {
        driver.blind();
    }
    assert_eq!(driver.sent.len(), 1);
    driver.calm(8);
    assert_eq!(driver.sent[1..], [RESUMED]);
    sound(&driver);
}

#[test]
fn the_stale_rule_leaves_a_persons_resume_alone_too() {
    let policy = Policy {
        on_stale: OnStale::Pause,
        ..Policy::default()
    };
    let mut driver = running(policy);
    driver.calm(0);
    driver.person(0, Act::Resume);
    for _ in 0..20 {
        driver.blind();
    }
    assert_eq!(driver.sent, [PAUSED]);
    for _ in 0..15 {
        driver.blind();
    }
    assert_eq!(
        driver.sent[1..],
        [(0, Direction::Pause, Cause::StaleFailsafe)]
    );
}

#[test]
fn a_sample_that_aged_before_its_command_could_leave_commands_nothing() {
    let mut driver = running(Policy::default());
    let id = driver.ids[0].clone();
    let at = driver.clock();
    driver.pilot.observe_sample(
        campaign_autopilot::domain::Sample::Complete {
            taken_at: at,
            heads: vec![GroupCount::Known(HeadCount::default())],
        },
        at,
    );
    let later = at.plus(Duration::from_secs(61));
    assert_eq!(driver.pilot.authorise(&id, Direction::Pause, later), None);
    assert!(driver.pilot.authorise(&id, Direction::Pause, at).is_some());
    assert_eq!(driver.pilot.authorise(&id, Direction::Pause, at), None);
}

#[test]
fn dwell_survives_a_restart() {
    let policy = Policy {
        min_paused: Duration::from_secs(600),
        ..Policy::default()
    };
    let mut driver = running(policy);
    driver.calm(0);
    driver.calm(20);
    driver.restart(Duration::from_secs(60), 0);
    for _ in 0..16 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED]);
    for _ in 0..3 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    sound(&driver);
}

#[test]
fn a_clock_that_jumps_back_delays_by_no_more_than_the_dwell_and_the_hour() {
    let policy = Policy {
        min_paused: Duration::from_secs(600),
        max_resumes_per_hour: Some(1),
        ..Policy::default()
    };
    let mut driver = running(policy);
    driver.calm(0);
    driver.restart(Duration::ZERO, -86_400 * 30);
    for _ in 0..22 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    driver.calm(0);
    driver.restart(Duration::ZERO, -86_400 * 30);
    for _ in 0..122 {
        driver.calm(20);
    }
    assert_eq!(driver.sent, [PAUSED, RESUMED, PAUSED, RESUMED]);
}

#[test]
fn one_campaign_that_cannot_be_read_does_not_keep_the_others_from_being_looked_at() {
    let at = |s: u64| Timestamp::default().plus(Duration::from_secs(s));
    let found = |s: u64| {
        StatusFinding::Found(StatusReading::without_evidence(
            CampaignActivity::Running,
            "RUNNING".to_owned(),
            at(s),
        ))
    };
    let ids: Vec<campaign_autopilot::domain::CampaignId> =
        ["a", "b"].map(|id| id.parse().unwrap()).to_vec();
    let policies = ids.iter().map(|id| (id.clone(), Policy::default()));
    let mut pilot = Autopilot::new(1, policies.collect(), BTreeMap::new(), LONGEST, at(0));
    for id in &ids {
        assert_eq!(
            pilot.observe_status(id, &found(0), at(0)),
            Vec::<Notice>::new()
        );
    }
    let mut looked_at_b = 0;
    for tick in 1..=10 {
        for id in pilot.due_status_reads(1, 0, at(tick * 30)) {
            let finding = if id == ids[0] {
                StatusFinding::Unreadable
            } else {
                looked_at_b += 1;
                found(tick * 30)
            };
            pilot.observe_status(&id, &finding, at(tick * 30));
        }
    }
    assert!(
        looked_at_b >= 4,
        "looked at b {looked_at_b} times in 10 ticks"
    );
}
