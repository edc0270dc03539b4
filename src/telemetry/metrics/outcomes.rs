//! Readings of what became of the campaigns' dials.

use prometheus::{IntCounterVec, IntGauge};

use crate::domain::outcomes::OutcomesRead;

use super::families::Families;

/// Readings, by their results. What was counted is among the series of the campaigns.
pub struct OutcomeMetrics {
    readings: IntCounterVec,
    without_effect: IntGauge,
    standstill: IntGauge,
}

impl OutcomeMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let readings = families.counters(
            "outcome_readings_total",
            "Readings of campaigns' counters of dials and of what became of them, by result.",
            &["result"],
        )?;
        for result in OutcomesRead::LABELS.into_iter().chain(["failed"]) {
            readings.with_label_values(&[result]);
        }
        Ok(Self {
            readings,
            without_effect: families.int_gauge(
                "pauses_without_effect",
                "Campaigns that are paused by the autopilot, and whose calls grow all the same, where the platform shows calls.",
            )?,
            standstill: families.int_gauge(
                "campaigns_at_standstill",
                "Campaigns that run and place no call although the same agents wait in them for minutes, where the platform shows calls.",
            )?,
        })
    }

    /// So many campaigns dial although they are paused.
    pub fn pauses_without_effect(&self, campaigns: usize) {
        self.without_effect
            .set(i64::try_from(campaigns).unwrap_or(i64::MAX));
    }

    /// So many campaigns run and are not dialled.
    pub fn campaigns_at_standstill(&self, campaigns: usize) {
        self.standstill
            .set(i64::try_from(campaigns).unwrap_or(i64::MAX));
    }

    /// So many readings had this result.
    pub fn read(&self, result: &str, many: u64) {
        self.readings.with_label_values(&[result]).inc_by(many);
    }
}
