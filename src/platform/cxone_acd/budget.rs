//! How many calls a day the polling takes, and how many the tenant has.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::{HttpResponse, RateShare};
use crate::platform::port::{CallPlan, CallPlanner, PlatformFault};

use super::campaign_skills::Target;
use super::drift;
use super::groups::Groups;
use super::operation::Operation;
use super::outcomes::MOST_AT_ONCE;
use super::reading::{PageSettings, decode};
use super::tenant::{Ask, Tenant};

/// The agents' changes, or every skill's counts, and the run states, as long as each fits into a page.
const CALLS_A_POLL: u32 = 2;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The cost of polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollingCost {
    /// From one poll to the next.
    pub(super) poll_interval: Duration,
    /// Calls of a poll: the agents' states and the run states, in pages.
    pub(super) calls_a_poll: u32,
    /// The time from one reading of a skill's assignments to the next.
    pub(super) assignments_interval: Duration,
    /// Skills whose assignments are looked at.
    pub(super) skills: u32,
    /// Calls of a day that read what became of dials.
    pub(super) outcomes: u64,
}

impl PollingCost {
    /// Calls of a day.
    pub(super) fn calls_a_day(&self) -> u64 {
        let polls = times_a_day(self.poll_interval).saturating_mul(self.calls_a_poll.into());
        let readings = times_a_day(self.assignments_interval).saturating_mul(self.skills.into());
        polls.saturating_add(readings).saturating_add(self.outcomes)
    }
}

/// Plans the calls of a tenant.
pub(super) struct Budget {
    pub(super) tenant: Arc<Tenant>,
    pub(super) groups: Arc<Groups>,
    pub(super) pages: PageSettings,
    /// The time from one reading of a skill's assignments to the next; nothing where nobody reads them.
    pub(super) assignments_every: Option<Duration>,
}

impl Budget {
    async fn read(
        &self,
        campaigns: &[CampaignId],
        lists: &[CampaignId],
        poll_interval: Duration,
        outcomes_interval: Option<Duration>,
        deadline: Timestamp,
    ) -> Result<CallPlan, PlatformFault> {
        let mut skills: u32 = 0;
        for campaign in campaigns {
            let target: Target = campaign.as_str().parse().map_err(decode)?;
            let members = self
                .groups
                .skills_of(target, &self.tenant, self.pages, deadline)
                .await?;
            let members = u32::try_from(members.len()).unwrap_or(u32::MAX);
            skills = skills.saturating_add(members);
        }
        let ask = Ask {
            operation: Operation::BusinessUnit,
            id: None,
            query: Vec::new(),
            share: RateShare::Readings,
            deadline,
        };
        let parse = |response: &HttpResponse| daily_limit(&response.body);
        let limit = self.tenant.read(&ask, parse).await?;
        let cost = PollingCost {
            poll_interval,
            calls_a_poll: CALLS_A_POLL.saturating_add(calls_for_lists(campaigns, lists)),
            assignments_interval: self.assignments_every.unwrap_or(DAY).max(poll_interval),
            skills: if self.assignments_every.is_some() {
                skills
            } else {
                0
            },
            outcomes: outcomes_interval.map_or(0, |interval| {
                calls_for_outcomes(skills, interval, poll_interval)
            }),
        };
        Ok(plan(&cost, limit))
    }
}

impl CallPlanner for Budget {
    fn plan<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        lists: &'a [CampaignId],
        poll_interval: Duration,
        outcomes_interval: Option<Duration>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<CallPlan, PlatformFault>> {
        Box::pin(self.read(campaigns, lists, poll_interval, outcomes_interval, deadline))
    }
}

/// One list is read at each poll, and the status of the preview campaigns that are not looked after.
fn calls_for_lists(campaigns: &[CampaignId], lists: &[CampaignId]) -> u32 {
    let strangers = lists.iter().any(|list| !campaigns.contains(list));
    u32::from(!lists.is_empty()).saturating_add(u32::from(strangers))
}

/// Each skill once an interval, and no more than a few at each poll.
fn calls_for_outcomes(skills: u32, interval: Duration, poll_interval: Duration) -> u64 {
    let wanted = times_a_day(interval).saturating_mul(skills.into());
    let at_once = u64::try_from(MOST_AT_ONCE).unwrap_or(u64::MAX);
    wanted.min(times_a_day(poll_interval).saturating_mul(at_once))
}

/// The plan, with the limit from the answer of `/business-unit`.
fn plan(cost: &PollingCost, limit: Option<u64>) -> CallPlan {
    CallPlan {
        planned: cost.calls_a_day(),
        limit: limit.filter(|limit| *limit > 0),
    }
}

/// The limit that `/business-unit` reports. Where there are several, the smallest counts.
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
            outcomes: 0,
        }
    }

    #[test]
    fn a_call_each_five_seconds_is_17_280_a_day() {
        assert_eq!(times_a_day(Duration::from_secs(5)), 17_280);
        assert_eq!(cost(5).calls_a_day(), 2 * 17_280 + 10 * 288);
        assert!(times_a_day(Duration::ZERO) > 0);
    }

    #[test]
    fn reading_outcomes_is_bounded_by_the_polls() {
        let seconds = Duration::from_secs;
        assert_eq!(calls_for_outcomes(3, seconds(60), seconds(30)), 3 * 1_440);
        assert_eq!(
            calls_for_outcomes(1_000, seconds(60), seconds(30)),
            4 * 2_880
        );
    }

    #[test]
    fn lists_cost_calls_of_their_own() {
        let ids = |ids: &[&str]| -> Vec<CampaignId> {
            ids.iter().map(|id| id.parse().unwrap()).collect()
        };
        let campaigns = ids(&["4711"]);
        assert_eq!(calls_for_lists(&campaigns, &[]), 0);
        assert_eq!(calls_for_lists(&campaigns, &campaigns), 1);
        assert_eq!(calls_for_lists(&campaigns, &ids(&["4711", "4712"])), 2);
    }

    #[test]
    fn a_plan_says_whether_it_fits() {
        let plan = |seconds, limit| plan(&cost(seconds), limit);
        assert!(plan(15, Some(20_000)).fits());
        assert!(!plan(5, Some(20_000)).fits());
        assert!(plan(5, Some(20_000)).describe().contains("poll less often"));
        assert!(plan(5, Some(0)).fits(), "zero means no limit");
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
