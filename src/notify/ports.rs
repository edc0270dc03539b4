//! What the courier needs of a store.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::{DecisionId, Timestamp};

/// No letter is put off for longer than this, whatever the receiver wishes.
pub const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// A message of the outbox, with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The `webhook-id` of every attempt; unique for all time.
    pub id: String,
    /// What it reports, such as `campaign.paused`.
    pub event: String,
    /// In whose order it is delivered.
    pub key: String,
    /// What it is about.
    pub subject: String,
    /// The JSON that is sent.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
    /// Since when it waits: when it happened, or when an operator had it tried again.
    pub since: Timestamp,
    /// Attempts that failed.
    pub attempts: u32,
    /// Which decision it belongs to.
    pub decision: DecisionId,
}

/// What can be sent now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// The first letters of their keys that are due, the one that waits longest for its attempt first.
    pub due: Vec<Letter>,
    /// When the next one is due after these.
    pub next: Option<Timestamp>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The receiver has it.
    Delivered,
    /// It is tried again.
    Again {
        /// Not before then.
        not_before: Timestamp,
        /// What went wrong, for people.
        why: String,
    },
    /// It is not tried again; the next letter of its key may go.
    GivenUp {
        /// What went wrong, for people.
        why: String,
    },
}

/// How full the outbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Letters that wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
    /// The most letters that may wait; beyond, the oldest is given up.
    pub most: u64,
    /// Dead letters.
    pub dead: u64,
}

/// The outbox cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutboxFault(pub String);

/// The letters, kept durably.
pub trait Outbox: Send + Sync + 'static {
    /// At most `at_most` letters that are due.
    fn round(&self, now: Timestamp, at_most: usize) -> BoxFuture<'_, Result<Round, OutboxFault>>;

    /// Commits what became of an attempt. A letter that is not there any more is no fault.
    fn settle(
        &self,
        letter: Letter,
        settlement: Settlement,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<(), OutboxFault>>;

    /// Counts.
    fn census(&self) -> BoxFuture<'_, Result<Census, OutboxFault>>;

    /// Ends when messages were written since it last ended.
    fn written(&self) -> BoxFuture<'_, ()>;
}
