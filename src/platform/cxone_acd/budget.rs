//! How many calls a day the polling takes, and how many the tenant has.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::drift;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What polling costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollingCost {
    /// From one poll to the next.
    pub(super) poll_interval: Duration,
    /// Calls of a poll: the agents' states and the run states, in pages.
    pub(super) calls_a_poll: u32,
    /// From one look at a skill's assignments to the next.
    pub(super) assignments_interval: Duration,
    /// Skills whose assignments are looked at.
    pub(super) skills: u32,
}

impl PollingCost {
    /// Calls of a day.
    pub(super) fn calls_a_day(&self) -> u64 {
        let polls = times_a_day(self.poll_interval).saturating_mul(self.calls_a_poll.into());
        let looks = times_a_day(self.assignments_interval).saturating_mul(self.skills.into());
        polls.saturating_add(looks)
    }
}

/// The plan of a day's calls against the tenant's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetPlan {
    /// Calls that the polling takes.
    pub(super) planned: u64,
    /// Calls after which the tenant is told; nothing where the platform names no limit.
    pub(super) limit: Option<u64>,
}

impl BudgetPlan {
    /// The plan, with the limit from the answer of `/business-unit`.
    pub(super) fn new(cost: &PollingCost, limit: Option<u64>) -> Self {
        Self {
            planned: cost.calls_a_day(),
            limit: limit.filter(|limit| *limit > 0),
        }
    }

    /// Whether the polling alone stays below the limit.
    pub(super) fn fits(&self) -> bool {
        self.limit.is_none_or(|limit| self.planned <= limit)
    }

    /// The plan for people.
    pub(super) fn describe(&self) -> String {
        match self.limit {
            None => format!(
                "polling takes {} calls a day; the tenant names no limit",
                self.planned
            ),
            Some(limit) if self.fits() => format!(
                "polling takes {} of the {limit} calls a day that the tenant has",
                self.planned
            ),
            Some(limit) => format!(
                "polling takes {} calls a day, more than the {limit} that the tenant has: poll less often",
                self.planned
            ),
        }
    }
}

/// The limit that `/business-unit` tells. Where there are several, the smallest counts.
pub(super) fn daily_limit(body: &[u8]) -> Result<Option<u64>, String> {
    #[derive(Deserialize)]
    struct Unit {
        #[serde(
            rename = "apiPublishedLimit",
            default,
            deserialize_with = "drift::count"
        )]
        limit: Option<u64>,
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|wrong| format!("the business unit cannot be read: {wrong}"))?;
    let answer = value.get("resultSet").unwrap_or(&value);
    let units = answer
        .get("businessUnits")
        .or_else(|| answer.get("businessUnit"))
        .ok_or_else(|| "the answer holds no business unit".to_owned())?;
    let units: Vec<Unit> = if units.is_array() {
        serde_json::from_value(units.clone())
    } else {
        serde_json::from_value(units.clone()).map(|unit| vec![unit])
    }
    .map_err(|wrong| format!("the business unit cannot be read: {wrong}"))?;
    Ok(units.into_iter().filter_map(|unit| unit.limit).min())
}

fn times_a_day(interval: Duration) -> u64 {
    let interval = interval.as_millis().max(1);
    u64::try_from(DAY.as_millis().div_ceil(interval)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(seconds: u64) -> PollingCost {
        PollingCost {
            poll_interval: Duration::from_secs(seconds),
            calls_a_poll: 2,
            assignments_interval: Duration::from_secs(300),
            skills: 10,
        }
    }

    #[test]
    fn a_call_each_five_seconds_is_17_280_a_day() {
        assert_eq!(times_a_day(Duration::from_secs(5)), 17_280);
        assert_eq!(cost(5).calls_a_day(), 2 * 17_280 + 10 * 288);
        assert!(times_a_day(Duration::ZERO) > 0);
    }

    #[test]
    fn a_plan_says_whether_it_fits() {
        let plan = |seconds, limit| BudgetPlan::new(&cost(seconds), limit);
        assert!(plan(15, Some(20_000)).fits());
        assert!(!plan(5, Some(20_000)).fits());
        assert!(plan(5, Some(20_000)).describe().contains("poll less often"));
        assert!(plan(5, Some(0)).fits(), "nought is no limit");
        assert!(plan(5, None).describe().contains("no limit"));
    }

    #[test]
    fn the_limit_is_read_from_the_business_unit() {
        for (text, expected) in [
            (
                r#"{"businessUnits":[{"businessUnitId":1,"apiPublishedLimit":100000}]}"#,
                Some(100_000),
            ),
            (
                r#"{"resultSet":{"businessUnits":[{"apiPublishedLimit":"9"},{"apiPublishedLimit":7}]}}"#,
                Some(7),
            ),
            (r#"{"businessUnit":{"businessUnitId":1}}"#, None),
        ] {
            assert_eq!(daily_limit(text.as_bytes()), Ok(expected), "{text}");
        }
        for wrong in ["", "{}"] {
            assert!(daily_limit(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
