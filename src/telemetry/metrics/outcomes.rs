//! Readings of what became of the campaigns' dials.

use prometheus::IntCounterVec;

use crate::domain::outcomes::OutcomesRead;

use super::families::Families;

/// Readings, by their results. What was counted is among the series of the campaigns.
pub struct OutcomeMetrics {
    readings: IntCounterVec,
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
        Ok(Self { readings })
    }

    /// So many readings had this result.
    pub fn read(&self, result: &str, many: u64) {
        self.readings.with_label_values(&[result]).inc_by(many);
    }
}
