//! The days that every arm meets.

use crate::simulator::{CentreFigures, Scenario};

use super::arm::Arm;
use super::day::{run_day, run_learning};
use super::learned::Learned;

/// The days that every arm meets. Their seeds count up from the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// How many are counted.
    pub count: u32,
    /// The seed of the first one.
    pub first_seed: u64,
    /// Whether an arm goes on from what it learned on the day before, and after how many days of learning the first one is
    /// counted; none when each day begins anew.
    pub consecutive: Option<u32>,
}

impl Days {
    /// How many days of an arm are simulated, those of learning included.
    #[must_use]
    pub fn simulated(&self, arm: &Arm) -> u32 {
        self.learning(arm).saturating_add(self.count)
    }

    /// Only an aim learns.
    fn learning(&self, arm: &Arm) -> u32 {
        if arm.learns() {
            self.consecutive.unwrap_or(0)
        } else {
            0
        }
    }

    /// Whether the days of this arm depend on each other.
    pub(super) fn chained(&self, arm: &Arm) -> bool {
        self.consecutive.is_some() && arm.learns()
    }

    fn seed(&self, day: u32) -> u64 {
        self.first_seed.wrapping_add(u64::from(day))
    }

    /// Simulates one day by itself.
    pub(super) fn run_one(&self, scenario: &Scenario, arm: &Arm, day: u32) -> CentreFigures {
        run_day(scenario, self.seed(day), arm)
    }

    /// Simulates all days, one after the other. Those of learning have the seeds behind the last counted one, so that what is
    /// counted are the days that every other arm meets.
    pub(super) fn run_chained(
        &self,
        scenario: &Scenario,
        arm: &Arm,
        done: impl Fn(),
    ) -> Vec<CentreFigures> {
        let mut learned = Learned::default();
        let learning = (self.count..).take(usize::try_from(self.learning(arm)).unwrap_or(0));
        let mut run = |day| {
            let end = scenario.end();
            let figures = run_learning(scenario, self.seed(day), arm, end, &mut learned);
            done();
            figures
        };
        learning.for_each(|day| drop(run(day)));
        (0..self.count).map(run).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;
    use crate::experiment::{ArmRow, compare};

    const DAYS: Days = Days {
        count: 40,
        first_seed: 1,
        consecutive: Some(10),
    };

    fn rows(scenario: &str, policies: &[&str], days: Days, threads: usize) -> Vec<ArmRow> {
        let text = Scenario::text(scenario).unwrap();
        let scenario = Scenario::parse(text, scenario).unwrap();
        let arms: Vec<Arm> = policies
            .iter()
            .map(|text| Arm::parse(text).unwrap())
            .collect();
        let threads = NonZero::new(threads).unwrap();
        compare(&scenario, &arms, days, threads, || {})
    }

    /// More calls connected than with fixed thresholds, at the share that was asked for.
    #[test]
    fn an_aim_meets_its_share_and_connects_more() {
        let rows = rows("blended-40", &["5/8", "aim=0.5%", "aim=1%"], DAYS, 2);
        let [fixed, half, one] = rows.as_slice() else {
            panic!("three rows")
        };
        for (row, share) in [(half, 0.005), (one, 0.01)] {
            let off = (row.abandoned_share.mean - share).abs();
            assert!(off < 0.0005, "{}: {:?}", row.arm, row.abandoned_share);
        }
        assert!(half.connects_per_hour.mean > fixed.connects_per_hour.mean + 10.0);
        assert!(one.connects_per_hour.mean > half.connects_per_hour.mean);
    }

    /// What the dialler looks at itself needs no pause.
    #[test]
    fn an_idle_reserve_meets_the_share_and_pauses_nothing() {
        let rows = rows("blended-40", &["aim=0.5%", "aim=0.5%,reserve"], DAYS, 2);
        let [pausing, reserve] = rows.as_slice() else {
            panic!("two rows")
        };
        let off = (reserve.abandoned_share.mean - 0.005).abs();
        assert!(off < 0.0005, "{:?}", reserve.abandoned_share);
        assert!(reserve.connects_per_hour.mean > pausing.connects_per_hour.mean);
        assert!(reserve.transitions_per_hour.mean.abs() < f64::EPSILON);
        assert!(reserve.pace_changes_per_hour.mean < 5.0);
    }

    /// At one call for each idle agent a campaign that dials ahead abandons fewer calls, and is not paused for that.
    #[test]
    fn a_step_down_comes_before_a_pause() {
        let policies = [
            "always",
            "aim=0.2%,actuator=step-down",
            "aim=0.2%,actuator=step-down-then-pause",
        ];
        let rows = rows("lunch-dip", &policies, DAYS, 2);
        let [always, down, pause] = rows.as_slice() else {
            panic!("three rows")
        };
        assert!(down.abandoned_share.mean < always.abandoned_share.mean);
        assert!(down.transitions_per_hour.mean <= always.transitions_per_hour.mean + 1e-9);
        assert!(pause.abandoned_share.mean < down.abandoned_share.mean + 1e-9);
        assert!(pause.transitions_per_hour.mean > always.transitions_per_hour.mean);
        assert!(down.pace_changes_per_hour.mean > 1.0);
    }

    /// Where too few calls are abandoned to matter, nothing is paused once that is learned.
    #[test]
    fn a_campaign_that_never_exceeds_the_share_is_left_running() {
        let rows = rows("calm-day", &["always", "aim=0.5%"], DAYS, 2);
        let [always, aim] = rows.as_slice() else {
            panic!("two rows")
        };
        assert!(always.abandoned_share.mean < 0.005);
        assert!(aim.transitions_per_hour.mean < 0.5, "{aim:?}");
        let lost = always.connects_per_hour.mean - aim.connects_per_hour.mean;
        assert!(lost < 0.2, "{lost} connects an hour");
    }

    #[test]
    fn the_threads_change_nothing() {
        let days = Days { count: 3, ..DAYS };
        let with = |threads| {
            rows(
                "two-campaigns",
                &["2/5", "aim=0.5%", "always"],
                days,
                threads,
            )
        };
        assert_eq!(with(1), with(3));
    }

    /// All arms meet the same days, whether they learn before or not.
    #[test]
    fn what_is_counted_are_the_same_days() {
        let apart = Days {
            count: 1,
            consecutive: None,
            ..DAYS
        };
        let without_learning = Days {
            consecutive: Some(0),
            ..apart
        };
        let learned = Days {
            consecutive: Some(2),
            ..apart
        };
        let policies = ["5/8", "aim=0.5%"];
        let [apart, without_learning, learned] =
            [apart, without_learning, learned].map(|days| rows("blended-40", &policies, days, 2));
        assert_eq!(apart, without_learning);
        assert_eq!(apart[0], learned[0]);
        assert_ne!(apart[1], learned[1]);
    }

    #[test]
    fn consecutive_days_are_learned_from() {
        let days = Days { count: 2, ..DAYS };
        let apart = Days {
            consecutive: None,
            ..days
        };
        let policies = ["aim=0.5%,start=12"];
        let [learned, anew] = [days, apart].map(|days| rows("calm-day", &policies, days, 1));
        assert!(learned[0].paused_share.mean < anew[0].paused_share.mean);
    }

    #[test]
    fn a_manual_pause_is_left_alone() {
        let paused = Scenario::text("calm-day").unwrap().to_owned()
            + "\n[[event]]\nat = \"09:00\"\nperson_sets = { campaign = \"campaign-1\", status = \"PAUSED\" }\n";
        let scenario = Scenario::parse(&paused, "paused").unwrap();
        let arm = Arm::parse("aim=0.5%,start=0").unwrap();
        let figures = run_day(&scenario, 1, &arm);
        let [campaign] = figures.campaigns.as_slice() else {
            panic!("one campaign")
        };
        // From nine to the closing at six.
        assert!(campaign.paused_hours > 8.9, "{campaign:?}");
    }
}
