//! What happens to queues: a log line and its metric.

use std::time::Duration;

use tracing::{info, warn};

use crate::domain::queue::QueueConclusion;
use crate::domain::{DecisionId, QueueId};

use super::metrics::QueueMetrics;

/// Tells what happens to queues to the log and the metrics.
pub struct QueueEvents {
    metrics: QueueMetrics,
}

impl QueueEvents {
    /// Tells them here.
    #[must_use]
    pub fn new(metrics: QueueMetrics) -> Self {
        Self { metrics }
    }

    /// Somebody changed the queue between our reading and our writing; it is read and merged again.
    pub fn stale(&self, queue: &QueueId, decision: DecisionId, version: i64) {
        self.metrics.attempt(QueueConclusion::Stale);
        info!(%queue, %decision, version, "queue changed meanwhile: read and merged again");
    }

    /// A change ended.
    pub fn finished(
        &self,
        queue: &QueueId,
        decision: DecisionId,
        conclusion: QueueConclusion,
        why: &[String],
        took: Duration,
    ) {
        self.metrics.finished(conclusion, took.as_secs_f64());
        let outcome = conclusion.label();
        match conclusion {
            QueueConclusion::Applied | QueueConclusion::Unchanged | QueueConclusion::Stale => {
                info!(%queue, %decision, outcome, "queue");
            }
            QueueConclusion::Conflict
            | QueueConclusion::Invalid
            | QueueConclusion::Refused
            | QueueConclusion::NotSent
            | QueueConclusion::Unknown
            | QueueConclusion::Differs => {
                warn!(%queue, %decision, outcome, why = why.join("; "), "queue not changed as asked");
            }
        }
    }
}
