//! How campaigns stand under guards: six series for each campaign and guard.

use std::collections::BTreeSet;

use prometheus::{Gauge, GaugeVec, IntGaugeVec};

use crate::domain::guard::{GuardStanding, GuardState};
use crate::domain::{CampaignId, Timestamp};

use super::families::Families;

/// How campaigns stand.
pub struct GuardMetrics {
    limit: GaugeVec,
    share: GaugeVec,
    upper: GaugeVec,
    calls: GaugeVec,
    budget: GaugeVec,
    unknown: GaugeVec,
    above: IntGaugeVec,
    compared: Gauge,
    /// The series that there are.
    shown: BTreeSet<(CampaignId, String)>,
}

impl GuardMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let labels = ["campaign", "guard"];
        Ok(Self {
            limit: families.gauges(
                "guard_limit",
                "The share of calls that a guard allows.",
                &["guard"],
            )?,
            share: families.gauges(
                "guard_share",
                "The share of calls that count under a guard, in the period under way; NaN while no call was counted.",
                &labels,
            )?,
            upper: families.gauges(
                "guard_share_upper_bound",
                "The one-sided 95% upper bound of that share; NaN while no call was counted.",
                &labels,
            )?,
            calls: families.gauges(
                "guard_calls",
                "The calls of which it is a share, in the period under way.",
                &labels,
            )?,
            budget: families.gauges(
                "guard_budget_calls",
                "How many more calls may count under the guard, by the calls so far; negative above the limit.",
                &labels,
            )?,
            unknown: families.gauges(
                "guard_unknown_seconds",
                "How much of the period under way has passed without its calls being known.",
                &labels,
            )?,
            above: families.int_gauges(
                "guard_above",
                "1 while the share is above the limit and the calls are enough to tell.",
                &labels,
            )?,
            compared: families.gauge(
                "guard_compared_timestamp_seconds",
                "When the guards were last compared with what was counted; 0 before the first time.",
            )?,
            shown: BTreeSet::new(),
        })
    }

    /// Shows how every campaign stands, and nothing of others any more.
    pub fn compared<'a>(
        &mut self,
        standings: impl Iterator<Item = (&'a CampaignId, &'a str, &'a GuardStanding)>,
        now: Timestamp,
    ) {
        let mut shown = BTreeSet::new();
        for (campaign, guard, standing) in standings {
            self.show(campaign, guard, standing);
            shown.insert((campaign.clone(), guard.to_owned()));
        }
        for (campaign, guard) in self.shown.difference(&shown) {
            let labels = [campaign.as_str(), guard];
            let families = [
                &self.share,
                &self.upper,
                &self.calls,
                &self.budget,
                &self.unknown,
            ];
            // They are there: what is shown was made.
            for family in families {
                drop(family.remove_label_values(&labels));
            }
            drop(self.above.remove_label_values(&labels));
        }
        self.shown = shown;
        self.compared.set(now.as_unix_seconds());
    }

    fn show(&self, campaign: &CampaignId, guard: &str, standing: &GuardStanding) {
        let labels = [campaign.as_str(), guard];
        let limit = self.limit.with_label_values(&[guard]);
        limit.set(standing.limit.as_ratio());
        let set = |family: &GaugeVec, value: f64| family.with_label_values(&labels).set(value);
        set(&self.share, standing.share.unwrap_or(f64::NAN));
        set(&self.upper, standing.upper.unwrap_or(f64::NAN));
        set(&self.calls, real(standing.whole));
        let budget = real(standing.budget.unsigned_abs());
        let sign = if standing.budget < 0 { -1.0 } else { 1.0 };
        set(&self.budget, sign * budget);
        set(&self.unknown, standing.unknown.as_secs_f64());
        let above = standing.state == GuardState::Above;
        let gauge = self.above.with_label_values(&labels);
        gauge.set(i64::from(above));
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of calls are exact in a float"
)]
fn real(count: u64) -> f64 {
    count as f64
}
