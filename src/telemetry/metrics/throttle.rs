//! Changes of the campaigns' paces. Outcomes that few daemons see have no series before a pace is read.

use prometheus::{IntCounterVec, IntGauge};

use crate::domain::Conclusion;
use crate::domain::throttle::PaceStep;

use super::families::Families;

/// What a change can come to, as labels.
const OUTCOMES: [Conclusion; 7] = [
    Conclusion::Confirmed,
    Conclusion::Conflict,
    Conclusion::Refused,
    Conclusion::NotSent,
    Conclusion::NotApplied,
    Conclusion::NotOurs,
    Conclusion::Unknown,
];

/// Changes and readings of paces.
pub struct ThrottleMetrics {
    changes: IntCounterVec,
    readings: IntCounterVec,
    stepped_down: IntGauge,
    reserved: IntGauge,
}

impl ThrottleMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let metrics = Self {
            changes: families.counters(
                "pace_changes_total",
                "Changes of campaigns' paces, by direction and outcome.",
                &["step", "outcome"],
            )?,
            readings: families.counters(
                "pace_readings_total",
                "Readings of campaigns' paces, by result.",
                &["result"],
            )?,
            stepped_down: families.int_gauge(
                "campaigns_stepped_down",
                "Campaigns that dial one call for each idle agent by the autopilot, and whose original pace is to be put back.",
            )?,
            reserved: families.int_gauge(
                "campaigns_with_idle_reserve",
                "Campaigns whose dialler keeps agents idle by the autopilot, and whose original reserve is to be put back.",
            )?,
        };
        let usual = [PaceStep::Down, PaceStep::Back];
        metrics.create(&usual, &[Conclusion::Confirmed], &["read"]);
        Ok(metrics)
    }

    fn create(&self, steps: &[PaceStep], outcomes: &[Conclusion], results: &[&str]) {
        for step in steps {
            for outcome in outcomes {
                self.changes
                    .with_label_values(&[step.label(), outcome.label()]);
            }
        }
        for result in results {
            self.readings.with_label_values(&[result]);
        }
    }

    /// Creates every series: a pace is read from here on.
    pub fn begin(&self) {
        self.create(&PaceStep::ALL, &OUTCOMES, &["read", "failed"]);
    }

    /// A change came to this.
    pub fn changed(&self, step: PaceStep, outcome: Conclusion) {
        self.changes
            .with_label_values(&[step.label(), outcome.label()])
            .inc();
    }

    /// A pace was read, or could not be.
    pub fn read(&self, result: &str) {
        self.readings.with_label_values(&[result]).inc();
    }

    /// So many campaigns are stepped down, and so many have an idle reserve of ours.
    pub fn changed_campaigns(&self, stepped_down: usize, reserved: usize) {
        for (gauge, campaigns) in [
            (&self.stepped_down, stepped_down),
            (&self.reserved, reserved),
        ] {
            gauge.set(i64::try_from(campaigns).unwrap_or(i64::MAX));
        }
    }
}
