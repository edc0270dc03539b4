//! Once faults and people stop, every campaign comes to where the samples want it, in bounded time.

use std::time::Duration;

use campaign_autopilot::domain::{Belief, CampaignActivity};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::calendar;
use super::driver::{Driver, lines};
use super::properties::{cases, run};
use super::script::{Setting, history};
use super::world::Act;

/// Polls after which the longest of everything that may delay is over: settling of a command, the grace, dwell, an
/// hour's budget, the slow re-check of a missing campaign, the samples that confirm; twice, for one more change.
fn enough_polls(setting: &Setting) -> usize {
    let of = |pick: fn(&campaign_autopilot::domain::Policy) -> Duration| {
        setting
            .campaigns
            .iter()
            .map(|(.., p)| pick(p))
            .max()
            .unwrap()
    };
    let delay = of(|p| p.manual_grace)
        + of(|p| p.min_paused)
        + of(|p| p.min_running)
        + Duration::from_secs(3600 + 900 + 120);
    usize::try_from(delay.as_secs() / 30).unwrap() + 20
}

/// Everything works again and nobody acts.
fn heal(driver: &mut Driver, available: u8, polls: usize) -> Result<(), TestCaseError> {
    for index in 0..driver.ids.len() {
        driver.person(index, Act::Return);
        driver.hold(index, None, 0);
    }
    for _ in 0..polls {
        driver.calm(available);
        if let Some(fault) = driver.judge.faults.first() {
            return Err(TestCaseError::fail(format!("after healing: {fault}")));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn with_agents_enough_no_pause_of_ours_stays((mut setting, actions) in history()) {
        for (.., policy) in &mut setting.campaigns {
            policy.calendar = None;
            // A budget of zero never resumes.
            policy.max_resumes_per_hour = policy.max_resumes_per_hour.map(|limit| limit.max(1));
        }
        setting.routine = 3;
        let mut driver = run(&setting, &actions)?;
        heal(&mut driver, 200, enough_polls(&setting))?;
        for index in 0..driver.ids.len() {
            let truth = driver.world.campaigns[index].status.clone();
            let belief = driver.belief(index).clone();
            match truth {
                CampaignActivity::Running => prop_assert_eq!(belief, Belief::Running),
                CampaignActivity::Paused => prop_assert!(
                    matches!(belief, Belief::Paused(_)) && !belief.paused_by_us(),
                    "{index} stays paused: {belief:?}"
                ),
                CampaignActivity::NotCommandable { word } | CampaignActivity::Unknown { word } => {
 prop_assert_eq!(belief, Belief::Other { word });
 }
                CampaignActivity::Changing { .. } => unreachable!("this world changes at once"),
            }
        }
    }

    #[test]
    fn without_agents_nothing_keeps_running((mut setting, actions) in history()) {
        for (.., policy) in &mut setting.campaigns {
            policy.calendar = None;
        }
        setting.routine = 3;
        let mut driver = run(&setting, &actions)?;
        heal(&mut driver, 0, enough_polls(&setting))?;
        for index in 0..driver.ids.len() {
            let below = 0 < lines(driver.policy(index), 0).pause_below;
            let running = driver.world.campaigns[index].status == CampaignActivity::Running;
            prop_assert!(!(below && running), "{index} still runs: {:?}", driver.state(index));
        }
    }
}

proptest! {
    #![proptest_config(cases(250))]

    /// However its history went, and with agents enough.
    #[test]
    fn outside_its_calling_hours_nothing_keeps_running(
        (mut setting, actions) in history(),
        alone in any::<bool>(),
    ) {
        for (.., policy) in &mut setting.campaigns {
            policy.calendar = Some(calendar::rule(alone));
        }
        setting.routine = 3;
        let mut driver = run(&setting, &actions)?;
        heal(&mut driver, 200, enough_polls(&setting))?;
        // Into the beginning of a closed third of the half hour, and some polls within.
        for open in [false, true] {
            while calendar::open(driver.clock().as_unix_millis()) == open {
                driver.calm(200);
            }
        }
        heal(&mut driver, 200, 10)?;
        prop_assert!(!calendar::open(driver.clock().as_unix_millis()));
        for index in 0..driver.ids.len() {
            let running = driver.world.campaigns[index].status == CampaignActivity::Running;
            prop_assert!(!running, "{index} still runs: {:?}", driver.state(index));
        }
    }
}

proptest! {
    #![proptest_config(cases(250))]

    /// Without people and with answers that only get lost, or effects that show late, every pause is known as ours in the
    /// end.
    #[test]
    fn where_nobody_acts_every_campaign_runs_again(
        (mut setting, actions) in history(),
    ) {
        use super::script::{Action, Crash};
        for (status, versioned, policy) in &mut setting.campaigns {
            *status = CampaignActivity::Running;
            // Without a version, a pause first seen after its request's time cannot be shown to be ours.
            *versioned = true;
            policy.max_resumes_per_hour = policy.max_resumes_per_hour.map(|limit| limit.max(1));
            policy.strict_ownership = false;
            policy.calendar = None;
        }
        setting.routine = 3;
        let alone: Vec<Action> = actions
            .into_iter()
            .filter_map(|action| match action {
                Action::Tick(mut tick) => {
                    use super::script::Fate;
                    tick.race = None;
                    tick.crash = tick.crash.filter(|crash| *crash == Crash::Sent);
                    tick.reads_fail = 0;
                    // What lands only after its request was given up cannot be shown to be ours, and may stay.
                    let unshown = matches!(
                        tick.fate,
                        Fate::Refused | Fate::NotSent | Fate::StoreDown | Fate::Late { .. }
                    );
                    if unshown {
                        tick.fate = Fate::LostButApplied;
                    }
                    Some(Action::Tick(tick))
                }
                Action::Wait { .. } => Some(action),
                Action::Person { .. } | Action::Restart { .. } | Action::Hold { .. } => None,
            })
            .collect();
        let mut driver = run(&setting, &alone)?;
        heal(&mut driver, 200, enough_polls(&setting))?;
        for index in 0..driver.ids.len() {
            prop_assert_eq!(
                &driver.world.campaigns[index].status,
                &CampaignActivity::Running,
                "{:?}",
                driver.state(index)
            );
        }
    }
}
