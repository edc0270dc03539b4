//! Whatever happens, the invariants hold; and what happened can be decided again.

use campaign_autopilot::domain::replay::replay;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};

use super::driver::Driver;
use super::script::{Action, Setting, history};

/// Cases in the default run; `PROPTEST_CASES` asks for others.
pub(crate) fn cases(default: u32) -> Config {
    let set = Config::default().cases;
    Config {
        cases: if set == 256 { default } else { set },
        failure_persistence: None,
        max_shrink_iters: 1500,
        ..Config::default()
    }
}

pub(crate) fn run(setting: &Setting, actions: &[Action]) -> Result<Driver, TestCaseError> {
    let mut driver = Driver::new(setting);
    for (at, action) in actions.iter().enumerate() {
        driver.act(action);
        if let Some(fault) = driver.judge.faults.first() {
            return Err(TestCaseError::fail(format!("action {at}: {fault}")));
        }
    }
    Ok(driver)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn no_history_breaks_an_invariant((setting, actions) in history()) {
        run(&setting, &actions)?;
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_history_is_decided_again_alike((setting, actions) in history()) {
        let driver = run(&setting, &actions)?;
        let replayed = replay(driver.inputs.clone())
            .map_err(|divergence| TestCaseError::fail(divergence.to_string()))?;
        let fed = u64::try_from(driver.inputs.len()).unwrap();
        prop_assert_eq!(replayed.inputs, fed);
    }
}

#[test]
fn the_histories_are_not_idle() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut commands, mut confirmed) = (0, 0);
    for _ in 0..100 {
        let (setting, actions) = history().new_tree(&mut runner).unwrap().current();
        let mut driver = Driver::new(&setting);
        for action in &actions {
            driver.act(action);
        }
        commands += driver.judge.left;
        confirmed += driver
            .conclusions
            .iter()
            .filter(|c| **c == campaign_autopilot::domain::Conclusion::Confirmed)
            .count();
    }
    assert!(commands > 150 && confirmed > 70, "{commands} {confirmed}");
}
