//! The rule's own corners: the first poll, budgets, confirmation, dwell, shares, order.

use std::time::Duration;

use campaign_autopilot::domain::{Alert, CampaignActivity, Cause, Direction, Policy, Thresholds};

use super::driver::Driver;
use super::script::{Action, Poll, Setting, Tick};

const PAUSED: (usize, Direction, Cause) = (0, Direction::Pause, Cause::Threshold);
const RESUMED: (usize, Direction, Cause) = (0, Direction::Resume, Cause::Threshold);

fn polls(driver: &mut Driver, available: &[u8]) {
    for x in available {
        driver.calm(*x);
    }
    assert_eq!(driver.judge.faults, Vec::<String>::new());
}

#[test]
fn the_first_poll_already_commands() {
    let mut driver = Driver::one(Policy::default());
    polls(&mut driver, &[4]);
    assert_eq!(driver.sent, [PAUSED], "also what `--once` has to do");
}

#[test]
fn between_the_lines_nothing_happens() {
    let mut driver = Driver::one(Policy::default());
    polls(&mut driver, &[9, 5, 6, 7, 5, 4, 5, 6, 7, 4, 8, 7, 5]);
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
}

#[test]
fn an_exhausted_budget_denies_resuming_allows_pausing_and_is_told_once() {
    let policy = Policy {
        max_resumes_per_hour: Some(1),
        ..Policy::default()
    };
    let mut driver = Driver::one(policy);
    polls(&mut driver, &[9, 0, 9, 0, 9, 9, 9, 0, 9]);
    assert_eq!(driver.sent, [PAUSED, RESUMED, PAUSED]);
    let exhausted = Alert::BudgetExhausted {
        campaign: driver.ids[0].clone(),
    };
    assert_eq!(driver.alerts, std::slice::from_ref(&exhausted));
    polls(&mut driver, &[9; 120]);
    assert_eq!(driver.sent, [PAUSED, RESUMED, PAUSED, RESUMED]);
    polls(&mut driver, &[0, 9, 9]);
    assert_eq!(
        driver.alerts,
        [exhausted.clone(), exhausted],
        "a new exhaustion"
    );
}

#[test]
fn confirmation_counts_valid_samples_since_the_last_transition() {
    let policy = Policy {
        confirm_pause: "2/3".parse().unwrap(),
        confirm_resume: "2/2".parse().unwrap(),
        ..Policy::default()
    };
    let mut driver = Driver::one(policy);
    polls(&mut driver, &[9, 4, 9, 9, 4]);
    assert_eq!(driver.sent, [], "two of four");
    driver.blind();
    driver.blind();
    assert_eq!(driver.sent, [], "an invalid poll says nothing");
    polls(&mut driver, &[4]);
    assert_eq!(driver.sent, [PAUSED], "and wipes nothing out");
    polls(&mut driver, &[8, 7, 8, 9]);
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    polls(&mut driver, &[4]);
    assert_eq!(
        driver.sent.len(),
        2,
        "what was seen before the resume is over"
    );
    polls(&mut driver, &[4]);
    assert_eq!(driver.sent.len(), 3);
}

#[test]
fn dwell_counts_from_the_confirmed_command_in_each_direction() {
    let policy = Policy {
        min_running: Duration::from_secs(95),
        min_paused: Duration::from_secs(65),
        ..Policy::default()
    };
    let mut driver = Driver::one(policy);
    polls(&mut driver, &[9, 0]);
    assert_eq!(driver.sent, [PAUSED], "the first pause follows no resume");
    polls(&mut driver, &[9, 9]);
    assert_eq!(driver.sent, [PAUSED]);
    polls(&mut driver, &[9]);
    assert_eq!(driver.sent, [PAUSED, RESUMED]);
    polls(&mut driver, &[0, 0, 0]);
    assert_eq!(driver.sent.len(), 2);
    polls(&mut driver, &[0]);
    assert_eq!(driver.sent, [PAUSED, RESUMED, PAUSED]);
}

#[test]
fn nobody_staffed_counts_as_below_a_share() {
    for share in ["0%", "20%"] {
        let policy = Policy {
            thresholds: Thresholds::new(share.parse().unwrap(), "30%".parse().unwrap()).unwrap(),
            ..Policy::default()
        };
        let mut driver = Driver::one(policy);
        let poll = |available, busy| {
            Action::Tick(Tick {
                poll: Poll::Valid { available, busy },
                ..Tick::calm(0)
            })
        };
        driver.act(&poll(9, 1));
        driver.act(&poll(0, 0));
        assert_eq!(driver.sent, [PAUSED], "{share}");
        driver.act(&poll(0, 0));
        assert_eq!(driver.sent.len(), 1, "nobody is not enough: {share}");
        driver.act(&poll(3, 7));
        assert_eq!(driver.sent, [PAUSED, RESUMED], "{share}");
    }
}

#[test]
fn one_read_of_the_agents_serves_every_campaign_and_pauses_go_first() {
    let lines = |p: &str, r: &str| Policy {
        thresholds: Thresholds::new(p.parse().unwrap(), r.parse().unwrap()).unwrap(),
        ..Policy::default()
    };
    let mut driver = Driver::new(&Setting {
        campaigns: vec![
            (CampaignActivity::Running, true, lines("3", "5")),
            (CampaignActivity::Running, true, lines("7", "12")),
        ],
        tells_time: false,
        routine: 2,
    });
    polls(&mut driver, &[12, 2, 12]);
    driver.sent.clear();
    polls(&mut driver, &[2]);
    assert_eq!(
        driver.sent,
        [PAUSED, (1, Direction::Pause, Cause::Threshold)]
    );
    driver.sent.clear();
    // The first comes back while the second, resumed by hand, has to go.
    driver.hold(1, Some(campaign_autopilot::domain::HoldKind::Running), 60);
    driver.blind();
    driver.sent.clear();
    driver.hold(1, None, 0);
    polls(&mut driver, &[5]);
    assert_eq!(
        driver.sent,
        [(1, Direction::Pause, Cause::Threshold), RESUMED]
    );
}
