//! Tells other systems: takes messages out of the outbox and posts them to one receiver, signed.
//!
//! *Decides* when a message is tried, when again, and when it is given up ([`judge()`]). *Terms.* A **letter** is a message of
//! the outbox with its id and its history. A **key** is a campaign, or the readings; a **dead letter** is one that is not
//! tried any more until an operator says so.
//!
//! # What a receiver can rely on
//!
//! - *At least once.* A letter leaves the outbox only after the receiver said 2xx and that is committed. After a crash in
//!   between it comes again with the same `webhook-id`, by which a receiver tells that it has it already.
//! - *In order within a key.* The next letter of a key is sent after the one before was delivered or given up; keys do not
//!   wait for each other.
//! - *Tried again* after anything but 2xx: after a random time between nothing and 1, 2, 4, ... s, at most 5 minutes, and
//!   not before the receiver's `Retry-After`, up to an hour.
//! - *Given up* when it is older than the time allowed (24 hours) and an attempt has failed, or at the third refusal that is
//!   about the letter itself (400, 405, 410, 413, 414, 415, 422), so that one letter cannot hold up its key for a day. It
//!   becomes a dead letter, which stays until an operator has it tried again or drops it.
//! - *Signed* as Standard Webhooks says, and described as `CloudEvents`' binary mode says ([`Envelope`]).
//!
//! A receiver that is down or slow delays nothing else: letters have a task, a client and connections of their own, and the
//! loop only ever writes to its own disk.
//!
//! *First start.* What earlier runs left is delivered first. *Ending:* what is due is tried for a little while; what is left
//! stays in the outbox. *Never here:* SQL, campaigns, or a word of the secret or of the receiver's path in any text.

mod courier;
mod envelope;
mod judge;
pub mod ports;
mod post;
mod receiver;
mod signature;

pub use courier::{Courier, Delivering, MOST_AT_ONCE};
pub use envelope::Envelope;
pub use judge::{Answer, judge};
pub use ports::{Census, Letter, Outbox, OutboxFault, Round, Settlement};
pub use post::{HttpPost, Post};
pub use receiver::{Receiver, ReceiverUrl};
pub use signature::{KeyError, SigningKeys};
