//! Metrics of the outbox and of webhook deliveries.

use prometheus::{Gauge, GaugeVec, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::families::Families;
use super::labels::DeliveryOutcome;

/// Metrics of the outbox and of webhook deliveries. Clones count as one.
#[derive(Clone)]
pub struct OutboxMetrics {
    messages: IntGaugeVec,
    oldest: Gauge,
    attempts: IntCounterVec,
    duration: Histogram,
    delay: Histogram,
    dead_letters: IntCounter,
}

impl OutboxMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let metrics = Self {
            messages: families.int_gauges(
                "outbox_messages",
                "Messages in the outbox: waiting for their delivery, or dead.",
                &["state"],
            )?,
            oldest: families.gauge(
                "outbox_oldest_timestamp_seconds",
                "When the oldest message that waits happened; 0 when none waits.",
            )?,
            attempts: families.counters(
                "webhook_attempts_total",
                "Attempts to deliver a message, by outcome.",
                &["outcome"],
            )?,
            duration: families.histogram(
                "webhook_duration_seconds",
                "One attempt to deliver a message, however it ended.",
                &[0.05, 0.5, 2.5, 10.5],
            )?,
            delay: families.histogram(
                "webhook_delivery_delay_seconds",
                "From the event to the receiver's confirmation.",
                &[0.5, 5.5, 60.5, 600.5, 3600.5],
            )?,
            dead_letters: families
                .counter("outbox_dead_letters_total", "Messages that were given up.")?,
        };
        for state in ["waiting", "dead"] {
            metrics.messages.get_metric_with_label_values(&[state])?;
        }
        for outcome in DeliveryOutcome::ALL {
            metrics
                .attempts
                .get_metric_with_label_values(&[outcome.label()])?;
        }
        Ok(metrics)
    }

    /// An attempt ended.
    pub fn attempt(&self, outcome: DeliveryOutcome, seconds: f64) {
        self.attempts.with_label_values(&[outcome.label()]).inc();
        self.duration.observe(seconds);
    }

    /// A message was delivered so long after it had happened.
    pub fn delivered_after(&self, seconds: f64) {
        self.delay.observe(seconds);
    }

    /// A message was given up.
    pub fn dead_letter(&self) {
        self.dead_letters.inc();
    }

    /// The outbox was counted; `oldest` is a Unix time.
    pub fn counted(&self, waiting: u64, dead: u64, oldest: Option<f64>) {
        for (state, messages) in [("waiting", waiting), ("dead", dead)] {
            self.messages
                .with_label_values(&[state])
                .set(i64::try_from(messages).unwrap_or(i64::MAX));
        }
        self.oldest.set(oldest.unwrap_or_default());
    }
}

/// The series by receiver: only there where receivers have names.
pub struct ReceiverFamilies {
    messages: IntGaugeVec,
    oldest: GaugeVec,
    attempts: IntCounterVec,
}

/// Metrics of what is for one receiver.
pub struct ReceiverMetrics {
    name: String,
    waiting: IntGauge,
    dead: IntGauge,
    oldest: Gauge,
    attempts: IntCounterVec,
}

impl ReceiverFamilies {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            messages: families.int_gauges(
                "receiver_messages",
                "Messages in the outbox for one receiver: waiting for their delivery, or dead.",
                &["receiver", "state"],
            )?,
            oldest: families.gauges(
                "receiver_oldest_timestamp_seconds",
                "When the oldest message that waits for a receiver happened; 0 when none waits.",
                &["receiver"],
            )?,
            attempts: families.counters(
                "receiver_attempts_total",
                "Attempts to deliver a message to a receiver, by outcome.",
                &["receiver", "outcome"],
            )?,
        })
    }

    /// The series of one receiver, all of which are there at once.
    ///
    /// # Errors
    /// A fault of the labels.
    pub fn of(&self, receiver: &str) -> prometheus::Result<ReceiverMetrics> {
        let messages = |state| {
            self.messages
                .get_metric_with_label_values(&[receiver, state])
        };
        for outcome in DeliveryOutcome::ALL {
            let labels = [receiver, outcome.label()];
            self.attempts.get_metric_with_label_values(&labels)?;
        }
        Ok(ReceiverMetrics {
            name: receiver.to_owned(),
            waiting: messages("waiting")?,
            dead: messages("dead")?,
            oldest: self.oldest.get_metric_with_label_values(&[receiver])?,
            attempts: self.attempts.clone(),
        })
    }
}

impl ReceiverMetrics {
    /// The receiver's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An attempt ended.
    pub fn attempt(&self, outcome: DeliveryOutcome) {
        let labels = [self.name.as_str(), outcome.label()];
        self.attempts.with_label_values(&labels).inc();
    }

    /// What is for it was counted; `oldest` is a Unix time.
    pub fn counted(&self, waiting: u64, dead: u64, oldest: Option<f64>) {
        for (gauge, messages) in [(&self.waiting, waiting), (&self.dead, dead)] {
            gauge.set(i64::try_from(messages).unwrap_or(i64::MAX));
        }
        self.oldest.set(oldest.unwrap_or_default());
    }
}
