//! What the delivery worker needs of a store.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::{DecisionId, Timestamp, receiver_of};

/// No entry is put off for longer than this, whatever `Retry-After` asks.
pub const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// A message of the outbox, with the history of its attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The `webhook-id` of every attempt; unique for all time.
    pub id: String,
    /// What it reports, such as `campaign.paused`.
    pub event: String,
    /// The key within which messages are delivered in order; begins with the name of the receiver, where that has one.
    pub key: String,
    /// What it is about.
    pub subject: String,
    /// The JSON that is sent.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it began to wait: when it happened, or when an operator had it retried.
    pub since: Timestamp,
    /// Attempts that failed.
    pub attempts: u32,
    /// The decision that it belongs to.
    pub decision: DecisionId,
}

impl OutboxEntry {
    /// The name of the receiver that it is for, if that has one.
    #[must_use]
    pub fn receiver(&self) -> Option<&str> {
        receiver_of(&self.key).0
    }
}

/// What can be sent now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// The first entries of their keys that are due, the one that waits longest for its attempt first.
    pub due: Vec<OutboxEntry>,
    /// When the next one is due after these.
    pub next: Option<Timestamp>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The receiver has it.
    Delivered,
    /// It is retried.
    Again {
        /// The earliest time of the next attempt.
        not_before: Timestamp,
        /// What went wrong, for people.
        why: String,
    },
    /// It is not retried; the next entry of its key may go.
    GivenUp {
        /// What went wrong, for people.
        why: String,
    },
}

/// How full the outbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Entries that wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
    /// The most entries that may wait; beyond, the oldest is given up.
    pub most: u64,
    /// Dead letters.
    pub dead: u64,
}

/// How much of it is for one receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiverStats {
    /// Entries that wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
    /// Dead letters.
    pub dead: u64,
}

/// The outbox cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutboxFault(pub String);

/// The outbox as one receiver's delivery worker uses it, kept durably.
pub trait Outbox: Send + Sync + 'static {
    /// Returns at most `at_most` entries for this receiver that are due.
    fn round(&self, now: Timestamp, at_most: usize) -> BoxFuture<'_, Result<Round, OutboxFault>>;

    /// Commits what became of an attempt. An entry that is no longer there is not a fault.
    fn settle(
        &self,
        entry: OutboxEntry,
        settlement: Settlement,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<(), OutboxFault>>;

    /// Returns how full the outbox is, with what is for all receivers.
    fn stats(&self) -> BoxFuture<'_, Result<OutboxStats, OutboxFault>>;

    /// Returns how much of it is for this receiver.
    fn own_stats(&self) -> BoxFuture<'_, Result<ReceiverStats, OutboxFault>>;

    /// Completes when messages were written since it last completed.
    fn written(&self) -> BoxFuture<'_, ()>;
}
