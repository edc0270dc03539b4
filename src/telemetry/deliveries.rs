//! The events of delivery to a receiver of webhooks, each with its log line and its metric.

use std::time::Duration;

use tracing::{debug, info, warn};

use crate::domain::DecisionId;

use super::metrics::{DeliveryOutcome, OutboxMetrics, ReceiverMetrics};

/// An outbox entry, as log lines name it.
#[derive(Clone, Copy, Debug)]
pub struct EntryLabel<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it reports.
    pub event: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// The decision that it belongs to.
    pub decision: DecisionId,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

/// Reports deliveries to the log and the metrics. A receiver that is down is logged once, and once when it is back: its entries
/// may be attempted thousands of times meanwhile.
pub struct DeliveryEvents {
    metrics: OutboxMetrics,
    own: Option<ReceiverMetrics>,
    receiver_works: bool,
    outbox_works: bool,
    crowded: bool,
}

impl DeliveryEvents {
    /// Assumes at first that the receiver works. Its own metrics, with its name, are there where there are several receivers.
    #[must_use]
    pub fn new(metrics: OutboxMetrics, own: Option<ReceiverMetrics>) -> Self {
        Self {
            metrics,
            own,
            receiver_works: true,
            outbox_works: true,
            crowded: false,
        }
    }

    /// Reports a delivery, `since` the time when the event happened.
    pub fn delivered(&mut self, entry: EntryLabel<'_>, took: Duration, since: Duration) {
        self.attempt(DeliveryOutcome::Delivered, took);
        self.metrics.delivered_after(since.as_secs_f64());
        if !self.receiver_works {
            self.receiver_works = true;
            let receiver = self.name();
            info!(receiver, "the webhook's receiver accepts messages again");
        }
        debug!(
            message_id = entry.id, event = entry.event, subject = entry.subject,
            decision = %entry.decision, attempt = entry.attempt, took_ms = took.as_millis(), "delivered"
        );
    }

    /// Reports a failed attempt; the next comes after `wait`.
    pub fn failed(
        &mut self,
        entry: EntryLabel<'_>,
        outcome: DeliveryOutcome,
        why: &str,
        took: Duration,
        wait: Duration,
    ) {
        self.attempt(outcome, took);
        if self.receiver_works {
            self.receiver_works = false;
            warn!(
                receiver = self.name(),
                message_id = entry.id,
                // The field's former name, for one release.
                letter = entry.id,
                event = entry.event,
                subject = entry.subject,
                decision = %entry.decision,
                why,
                "the webhook's receiver did not accept a message: it is kept and retried"
            );
        } else {
            debug!(
                receiver = self.name(),
                message_id = entry.id,
                attempt = entry.attempt,
                why,
                wait_ms = wait.as_millis(),
                "not delivered"
            );
        }
    }

    /// Reports that an entry became a dead letter.
    pub fn given_up(
        &mut self,
        entry: EntryLabel<'_>,
        outcome: DeliveryOutcome,
        why: &str,
        took: Duration,
    ) {
        self.attempt(outcome, took);
        self.metrics.dead_letter();
        warn!(
            receiver = self.name(),
            // `letter` is the former name of `message_id`, for one release.
            message_id = entry.id, letter = entry.id, event = entry.event, subject = entry.subject,
            decision = %entry.decision, attempts = entry.attempt, why,
            "message given up: `outbox retry` tries it again"
        );
    }

    /// Updates the gauges of the outbox; `oldest` is the Unix time of the oldest message that waits, `crowded` says that there is not
    /// much room left.
    pub fn counted(&mut self, waiting: u64, dead: u64, oldest: Option<f64>, crowded: bool) {
        self.metrics.counted(waiting, dead, oldest);
        if crowded && !self.crowded {
            warn!(
                waiting,
                "the outbox is nearly full: then the oldest messages are given up"
            );
        }
        self.crowded = crowded;
    }

    /// Whether the receiver has metrics of its own.
    #[must_use]
    pub fn tells_of_each(&self) -> bool {
        self.own.is_some()
    }

    /// Updates the gauges of what is for this receiver.
    pub fn counted_own(&mut self, waiting: u64, dead: u64, oldest: Option<f64>) {
        if let Some(own) = &self.own {
            own.counted(waiting, dead, oldest);
        }
    }

    fn attempt(&self, outcome: DeliveryOutcome, took: Duration) {
        self.metrics.attempt(outcome, took.as_secs_f64());
        if let Some(own) = &self.own {
            own.attempt(outcome);
        }
    }

    /// The receiver's name, where there are several.
    fn name(&self) -> Option<&str> {
        self.own.as_ref().map(ReceiverMetrics::name)
    }

    /// Reports that the outbox could not be read or written.
    pub fn outbox_failed(&mut self, why: &str) {
        if self.outbox_works {
            self.outbox_works = false;
            warn!(why, "outbox not read or written: messages wait");
        }
    }

    /// Reports that the outbox can be read.
    pub fn outbox_works(&mut self) {
        if !self.outbox_works {
            self.outbox_works = true;
            info!("the outbox is read and written again");
        }
    }
}
