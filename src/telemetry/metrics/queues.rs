//! Changes of queues, and the queues that are calibrated: twelve series each.

use prometheus::{Gauge, GaugeVec, Histogram, IntCounterVec, IntGauge, IntGaugeVec};

use crate::domain::queue::{QueueFlow, QueueStanding};
use crate::domain::{Conclusion, QueueId};

use super::families::Families;

/// Changes of queues.
#[derive(Clone)]
pub struct QueueMetrics {
    operations: IntCounterVec,
    duration: Histogram,
    standing: IntGaugeVec,
    utilisation: GaugeVec,
    drain: GaugeVec,
    waiting: GaugeVec,
    last_success: GaugeVec,
    last_change: GaugeVec,
}

/// The series of one queue, looked up once.
#[derive(Clone)]
pub struct QueueGauges {
    standing: Vec<(QueueStanding, IntGauge)>,
    utilisation: Gauge,
    drain: Gauge,
    waiting: Gauge,
    last_success: Gauge,
    last_change: Gauge,
}

impl QueueMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let one = ["queue"];
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
            standing: families.int_gauges(
                "queue_state",
                "The state of a calibrated queue: 1 for that state, 0 for the others.",
                &["queue", "state"],
            )?,
            utilisation: families.gauges(
                "queue_utilisation_ratio",
                "Interactions under way by the most that can be; NaN when it cannot be measured.",
                &one,
            )?,
            drain: families.gauges(
                "queue_drain_rate_per_second",
                "Callers by which the queue shrinks each second, from its last two readings; NaN when it cannot be measured.",
                &one,
            )?,
            waiting: families.gauges(
                "queue_waiting_callers",
                "Callers waiting; NaN when it cannot be measured.",
                &one,
            )?,
            last_success: families.gauges(
                "queue_last_success_timestamp_seconds",
                "When the queue and its counters were last read; the start of the process until then.",
                &one,
            )?,
            last_change: families.gauges(
                "queue_last_change_timestamp_seconds",
                "When its figures were last moved; 0 before the first time.",
                &one,
            )?,
        };
        for outcome in Conclusion::OF_QUEUES {
            metrics
                .operations
                .get_metric_with_label_values(&[outcome.queue_label()])?;
        }
        Ok(metrics)
    }

    /// The series of one queue, all made now; `now_s` is the Unix time from which freshness counts.
    ///
    /// # Errors
    /// A fault of this folder.
    pub fn queue(&self, id: &QueueId, now_s: f64) -> prometheus::Result<QueueGauges> {
        let queue = id.as_str();
        let states = QueueStanding::ALL.into_iter().map(|standing| {
            let labels = [queue, standing.label()];
            let gauge = self.standing.get_metric_with_label_values(&labels)?;
            Ok((standing, gauge))
        });
        let of = |family: &GaugeVec| family.get_metric_with_label_values(&[queue]);
        let gauges = QueueGauges {
            standing: states.collect::<prometheus::Result<_>>()?,
            utilisation: of(&self.utilisation)?,
            drain: of(&self.drain)?,
            waiting: of(&self.waiting)?,
            last_success: of(&self.last_success)?,
            last_change: of(&self.last_change)?,
        };
        gauges.flow(&QueueFlow::default());
        gauges.report_standing(QueueStanding::Unmeasured);
        gauges.last_success.set(now_s);
        Ok(gauges)
    }

    /// An attempt that is made again ended.
    pub fn attempt(&self, outcome: Conclusion) {
        self.operations
            .with_label_values(&[outcome.queue_label()])
            .inc();
    }

    /// A change ended.
    pub fn finished(&self, outcome: Conclusion, seconds: f64) {
        self.attempt(outcome);
        self.duration.observe(seconds);
    }
}

impl QueueGauges {
    /// Reports the state of the queue's calibration.
    pub fn report_standing(&self, standing: QueueStanding) {
        for (one, gauge) in &self.standing {
            gauge.set(i64::from(*one == standing));
        }
    }

    /// It was read, with its counters.
    pub fn read(&self, flow: &QueueFlow, unix_seconds: f64) {
        self.flow(flow);
        self.last_success.set(unix_seconds);
    }

    /// What was measured; what was not measured is not a number.
    pub fn flow(&self, flow: &QueueFlow) {
        self.utilisation.set(flow.utilisation.unwrap_or(f64::NAN));
        self.drain.set(flow.drain_per_s.unwrap_or(f64::NAN));
        let waiting = flow.waiting.and_then(|many| u32::try_from(many).ok());
        self.waiting.set(waiting.map_or(f64::NAN, f64::from));
    }

    /// Its figures were moved.
    pub fn changed(&self, unix_seconds: f64) {
        self.last_change.set(unix_seconds);
    }
}
