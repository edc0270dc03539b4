//! Preview assignments.

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGaugeVec};

use crate::domain::Conclusion;
use crate::domain::assignment::Trigger;

use super::families::Families;

/// Preview assignments.
pub struct AssignMetrics {
    plans: IntCounterVec,
    duration: Histogram,
    moves: IntCounter,
    dispatches: IntCounterVec,
    agents: IntGaugeVec,
}

impl AssignMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let metrics = Self {
            plans: families.counters(
                "assignment_plans_total",
                "Plans of the preview assignments, by their cause.",
                &["trigger"],
            )?,
            duration: families.histogram(
                "assignment_plan_duration_seconds",
                "The time to make one plan.",
                &[0.005, 0.025, 0.06, 0.25, 1.5],
            )?,
            moves: families.counter(
                "assignment_moves_total",
                "Agents that plans moved onto a list, off it, or from one to another.",
            )?,
            dispatches: families.counters(
                "assignment_dispatches_total",
                "Lists sent to the platform, by outcome.",
                &["outcome"],
            )?,
            agents: families.int_gauges(
                "assigned_agents",
                "Agents on a preview campaign's list, as far as it is known.",
                &["campaign"],
            )?,
        };
        for trigger in Trigger::ALL {
            metrics
                .plans
                .get_metric_with_label_values(&[trigger.label()])?;
        }
        for end in Conclusion::OF_LISTS {
            let label = [end.list_label()];
            metrics.dispatches.get_metric_with_label_values(&label)?;
        }
        Ok(metrics)
    }

    /// A plan was made.
    pub fn planned(&self, trigger: Trigger, moves: usize, seconds: f64) {
        self.plans.with_label_values(&[trigger.label()]).inc();
        self.moves.inc_by(u64::try_from(moves).unwrap_or(u64::MAX));
        self.duration.observe(seconds);
    }

    /// A dispatch ended.
    pub fn dispatched(&self, end: Conclusion) {
        let label = [end.list_label()];
        self.dispatches.with_label_values(&label).inc();
    }

    /// So many agents are on a list.
    pub fn on_list(&self, campaign: &str, agents: usize) {
        let agents = i64::try_from(agents).unwrap_or(i64::MAX);
        self.agents.with_label_values(&[campaign]).set(agents);
    }
}
