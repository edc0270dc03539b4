//! One protocol for everything that is changed on a platform: campaigns, their paces, lists, queues and routing profiles.
//!
//! ```text
//!  read ─▶ still wanted? ─▶ intent committed ─▶ write ─▶ read back ─▶ outcome committed
//!              │ no             │ cannot          │ refused for now, not sent, lost
//!              ▼                ▼                 └─▶ wait, read ─ untouched ─▶ write once more
//!            done        nothing is sent
//! ```
//!
//! *Why one.* A platform may refuse, be slow, lose an answer or be changed by a person at any moment, whatever the object is.
//! What follows from that is written once, in [`Engine`](engine::Engine); each kind of object adds only what it alone knows, as a
//! [`Target`](engine::Target): how it is read and written, what shows that nobody touched it, and what shows that the change is in force.
//!
//! *The intent* is committed before the first write of an operation and covers its further attempts, which write the same
//! thing on a reading that shows the object untouched. A change that has to be made up anew, such as a merge with what
//! somebody else wrote meanwhile, is another operation with an intent of its own.
//!
//! *Recovery.* An operation whose outcome is not known is open in the store, where all kinds have one table. Nothing is
//! remembered of how far it got: the first reading after it shows that, as [`Recovery`] says for each kind.
//!
//! *Never here:* which change is wanted, and what is believed of an object. `domain` says both.

use std::time::Duration;

mod campaign;
#[cfg(test)]
mod campaign_tests;
mod engine;
mod list;
mod pace;
mod profile;
mod queue;
mod recovery;

pub(super) use campaign::{CampaignOperation, read_one};
pub(super) use engine::{Carried, Seen};
pub(super) use list::{ListOperation, ListSeen};
pub(super) use pace::{PaceOperation, PaceSeen};
pub(super) use profile::{ProfileOperation, StatusSeen, read_status};
pub(super) use queue::{QueueOperation, differing};
pub use recovery::{LeftOpen, Recovery};

/// What was read longer ago than this, in real time, is not written on: a person may have acted since.
pub const FRESHEST: Duration = Duration::from_secs(1);
