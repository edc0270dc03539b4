//! Changes of queues.

use prometheus::{Histogram, IntCounterVec};

use crate::domain::queue::QueueConclusion;

use super::families::Families;

/// Changes of queues.
pub struct QueueMetrics {
    operations: IntCounterVec,
    duration: Histogram,
}

impl QueueMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let metrics = Self {
            operations: families.counters(
                "queue_operations_total",
                "Attempts to change a queue, by outcome.",
                &["outcome"],
            )?,
            duration: families.histogram(
                "queue_operation_duration_seconds",
                "A change of a queue, from the first read to the last, however it ended.",
                &[0.25, 1.5, 5.5, 30.5],
            )?,
        };
        for outcome in QueueConclusion::ALL {
            metrics
                .operations
                .get_metric_with_label_values(&[outcome.label()])?;
        }
        Ok(metrics)
    }

    /// An attempt that is made again ended.
    pub fn attempt(&self, outcome: QueueConclusion) {
        self.operations.with_label_values(&[outcome.label()]).inc();
    }

    /// A change ended.
    pub fn finished(&self, outcome: QueueConclusion, seconds: f64) {
        self.attempt(outcome);
        self.duration.observe(seconds);
    }
}
