//! What happens to letters on their way to the receiver, told once: a log line and its metric.

use std::time::Duration;

use tracing::{debug, info, warn};

use crate::domain::DecisionId;

use super::metrics::{DeliveryOutcome, OutboxMetrics};

/// Which letter, as log lines name it.
#[derive(Clone, Copy, Debug)]
pub struct LetterLabel<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it reports.
    pub event: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// Which decision it belongs to.
    pub decision: DecisionId,
    /// Which attempt, from 1.
    pub attempt: u32,
}

/// Tells deliveries to the log and the metrics. A receiver that is down is told once, and once when it is back: its letters
/// may be tried thousands of times meanwhile.
pub struct DeliveryEvents {
    metrics: OutboxMetrics,
    receiver_works: bool,
    outbox_works: bool,
    crowded: bool,
}

impl DeliveryEvents {
    /// For a receiver that is thought to work.
    #[must_use]
    pub fn new(metrics: OutboxMetrics) -> Self {
        Self {
            metrics,
            receiver_works: true,
            outbox_works: true,
            crowded: false,
        }
    }

    /// The receiver has it, `since` the time when it happened.
    pub fn delivered(&mut self, letter: LetterLabel<'_>, took: Duration, since: Duration) {
        let metrics = &self.metrics;
        metrics.attempt(DeliveryOutcome::Delivered, took.as_secs_f64());
        metrics.delivered_after(since.as_secs_f64());
        if !self.receiver_works {
            self.receiver_works = true;
            info!("the webhook's receiver takes messages again");
        }
        debug!(
            letter = letter.id, event = letter.event, subject = letter.subject,
            decision = %letter.decision, attempt = letter.attempt, took_ms = took.as_millis(), "delivered"
        );
    }

    /// It is tried again after `wait`.
    pub fn failed(
        &mut self,
        letter: LetterLabel<'_>,
        outcome: DeliveryOutcome,
        why: &str,
        took: Duration,
        wait: Duration,
    ) {
        self.metrics.attempt(outcome, took.as_secs_f64());
        if self.receiver_works {
            self.receiver_works = false;
            warn!(
                letter = letter.id,
                event = letter.event,
                subject = letter.subject,
                decision = %letter.decision,
                why,
                "the webhook's receiver did not take a message: it is kept and tried again"
            );
        } else {
            debug!(
                letter = letter.id,
                attempt = letter.attempt,
                why,
                wait_ms = wait.as_millis(),
                "not delivered"
            );
        }
    }

    /// It became a dead letter.
    pub fn given_up(
        &mut self,
        letter: LetterLabel<'_>,
        outcome: DeliveryOutcome,
        why: &str,
        took: Duration,
    ) {
        self.metrics.attempt(outcome, took.as_secs_f64());
        self.metrics.dead_letter();
        warn!(
            letter = letter.id, event = letter.event, subject = letter.subject,
            decision = %letter.decision, attempts = letter.attempt, why,
            "message given up: `outbox retry` tries it again"
        );
    }

    /// The outbox was counted; `oldest` is the Unix time of the oldest message that waits, `crowded` says that there is not
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

    /// The outbox could not be read or written.
    pub fn outbox_failed(&mut self, why: &str) {
        if self.outbox_works {
            self.outbox_works = false;
            warn!(why, "outbox not read or written: messages wait");
        }
    }

    /// The outbox could be read.
    pub fn outbox_works(&mut self) {
        if !self.outbox_works {
            self.outbox_works = true;
            info!("the outbox is read and written again");
        }
    }
}
