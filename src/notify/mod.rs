//! Webhooks: takes entries out of the outbox and posts them to receivers, each in its form.
//!
//! *Decides* when a message is attempted, when it is retried, and when it is given up ([`decide_retry()`]). *Terms.* An **outbox
//! entry** is a message with its id and the history of its attempts. A **key** is a campaign, or the readings; delivery is in
//! order within a key. A **dead letter** is an entry that is not attempted any more until an operator has it retried.
//!
//! # What a receiver can rely on
//!
//! - *At least once.* An entry leaves the outbox only after the receiver said 2xx and that is committed. After a crash in
//!   between it is sent again with the same `webhook-id`; a receiver uses it to deduplicate.
//! - *In order within a key.* The next entry of a key is sent after the one before was delivered or given up; keys do not
//!   wait for each other.
//! - *Retried* after anything but 2xx: after a random time between nothing and 1, 2, 4, ... s, at most 5 minutes, and
//!   not before the receiver's `Retry-After`, up to an hour.
//! - *Given up* when it is older than the time allowed (24 hours) and an attempt has failed, or at the third refusal that is
//!   about the entry itself (400, 405, 410, 413, 414, 415, 422), so that one entry cannot hold up its key for a day. It
//!   becomes a dead letter, which stays until an operator has it retried or drops it.
//! - *Signed*, unless the receiver wants another form ([`Form`]), as Standard Webhooks says, and described as `CloudEvents`' binary mode says ([`Envelope`]).
//!
//! A receiver that is down or slow delays nothing else, no other receiver either: each has a task, a client, connections and entries of
//! its own, and the loop only ever writes to its own disk. What refuses an entry itself depends on the form ([`Form::refusals`]).
//!
//! *First start.* What earlier runs left is delivered first. *Ending:* what is due is tried for a little while; what is left
//! stays in the outbox. *Never here:* SQL, campaigns, or a word of the secret or of the receiver's path in any text.

mod envelope;
mod forms;
pub mod ports;
mod post;
#[cfg(test)]
mod post_tests;
mod receiver;
mod retry;
mod signature;
mod worker;

pub use envelope::Envelope;
pub use forms::{Form, FormName, PAGERDUTY_ENQUEUE, alerting, usually_alerting, with_ends};
pub use ports::{Outbox, OutboxEntry, OutboxFault, OutboxStats, ReceiverStats, Round, Settlement};
pub use post::{HttpPost, Post};
pub use receiver::{Receiver, ReceiverUrl};
pub use retry::{Answer, Refusals, decide_retry};
pub use signature::{KeyError, SigningKeys};
pub use worker::{Delivering, DeliveryTerms, DeliveryWorker, MAX_IN_FLIGHT};
