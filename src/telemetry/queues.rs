//! The events of queues, each with its log line and its metric.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::queue::{QueueFlow, QueueStanding, QueueVersion};
use crate::domain::{AgentId, Conclusion, DecisionId, QueueId, Timestamp};

use super::metrics::{Metrics, QueueGauges, QueueMetrics};

/// Reports what happens to queues to the log and the metrics.
#[derive(Clone)]
pub struct QueueEvents {
    all: Arc<Metrics>,
    metrics: QueueMetrics,
    watched: BTreeMap<QueueId, Told>,
}

/// One queue, and what was said of it last.
#[derive(Clone)]
struct Told {
    series: QueueGauges,
    standing: Option<QueueStanding>,
}

impl QueueEvents {
    /// Tells them here. To be made once for all metrics.
    ///
    /// # Errors
    /// A fault of the metrics' names.
    pub fn new(all: Arc<Metrics>) -> prometheus::Result<Self> {
        let metrics = all.queues()?;
        Ok(Self {
            all,
            metrics,
            watched: BTreeMap::new(),
        })
    }

    /// A queue is calibrated from `now` on; its series exist from here on. `last_change` is remembered.
    ///
    /// # Errors
    /// A fault of the metrics' names.
    pub fn watch(
        &mut self,
        queue: &QueueId,
        last_change: Option<Timestamp>,
        now: Timestamp,
    ) -> prometheus::Result<()> {
        let series = self.metrics.queue(queue, now.as_unix_seconds())?;
        if let Some(at) = last_change {
            series.changed(at.as_unix_seconds());
        }
        let told = Told {
            series,
            standing: None,
        };
        self.watched.insert(queue.clone(), told);
        Ok(())
    }

    /// A queue and its counters were read.
    pub fn measured(&self, queue: &QueueId, flow: &QueueFlow, now: Timestamp) {
        if let Some(entry) = self.watched.get(queue) {
            entry.series.read(flow, now.as_unix_seconds());
        }
    }

    /// They could not be read.
    pub fn unmeasured(&self, queue: &QueueId) {
        if let Some(entry) = self.watched.get(queue) {
            entry.series.flow(&QueueFlow::default());
        }
    }

    /// Its figures were moved.
    pub fn changed(&self, queue: &QueueId, now: Timestamp) {
        if let Some(entry) = self.watched.get(queue) {
            entry.series.changed(now.as_unix_seconds());
        }
    }

    /// Reports the state of a queue's calibration; the log has it when it differs from the one before.
    pub fn report_standing(&mut self, queue: &QueueId, standing: QueueStanding, why: &str) {
        let Some(entry) = self.watched.get_mut(queue) else {
            return;
        };
        entry.series.report_standing(standing);
        if entry.standing.replace(standing) == Some(standing) {
            return;
        }
        let state = standing.label();
        match standing {
            QueueStanding::Steady
            | QueueStanding::Changed
            | QueueStanding::Advising
            | QueueStanding::Unmeasured
            | QueueStanding::Held => info!(%queue, state, why, "queue calibrated"),
            QueueStanding::Conflict => {
                warn!(%queue, state, why, "queue not calibrated: somebody changed its figures");
            }
            QueueStanding::Unreachable => warn!(%queue, state, why, "queue not calibrated"),
        }
    }

    /// An operator held a queue or released it.
    pub fn operated(&self, queue: &QueueId, what: &str, label: &str, (by, reason): (&str, &str)) {
        self.all.operator.changed(label);
        info!(%queue, by, reason, change = label, "{what}");
    }

    /// Something about queues could not be committed.
    pub fn not_kept(&self, why: &str) {
        self.all.cycle.journal_failed();
        warn!(
            why,
            "store not written: no queue is changed until it can be"
        );
    }

    /// Somebody changed the queue between our reading and our writing; it is read and merged again.
    pub fn stale(&self, queue: &QueueId, decision: DecisionId, version: &QueueVersion) {
        self.metrics.attempt(Conclusion::Stale);
        info!(%queue, %decision, %version, "queue changed meanwhile: read and merged again");
    }

    /// What became of a change whose outcome was not known.
    pub fn resolved(
        &self,
        queue: &QueueId,
        decision: DecisionId,
        conclusion: Conclusion,
        why: &[String],
    ) {
        self.metrics.attempt(conclusion);
        let (outcome, why) = (conclusion.queue_label(), why.join("; "));
        if conclusion == Conclusion::Confirmed {
            info!(%queue, %decision, outcome, "change of a queue whose outcome was unknown has taken effect");
        } else {
            warn!(%queue, %decision, outcome, why, "change of a queue whose outcome was unknown");
        }
    }

    /// What a later reading shows of a move of an agent whose outcome was not known.
    pub fn reassign_resolved(&self, agent: &AgentId, decision: DecisionId, why: &str) {
        warn!(%agent, %decision, why, "move of an agent whose outcome was unknown");
    }

    /// A change ended.
    pub fn finished(
        &self,
        queue: &QueueId,
        decision: DecisionId,
        conclusion: Conclusion,
        why: &[String],
        took: Duration,
    ) {
        self.metrics.finished(conclusion, took.as_secs_f64());
        let outcome = conclusion.queue_label();
        match conclusion {
            Conclusion::Confirmed | Conclusion::Unchanged | Conclusion::Stale => {
                info!(%queue, %decision, outcome, "queue");
            }
            Conclusion::Conflict
            | Conclusion::Invalid
            | Conclusion::Refused
            | Conclusion::NotSent
            | Conclusion::NotApplied
            | Conclusion::NotOurs
            | Conclusion::Unknown
            | Conclusion::Differs => {
                warn!(%queue, %decision, outcome, why = why.join("; "), "queue not changed as asked");
            }
        }
    }
}
