//! Changing queues: read, merge, validate, write under the version that was read, read back.
//!
//! [`QueueKeeper`] is the way in. Everything outside is reached through [`ports`] and the loop's journal and clock.
//!
//! *Never here:* units and names of a wire, or a rule about what a queue may be.

mod keeper;
pub mod ports;

pub use keeper::{Finished, KeeperFault, KeeperSettings, Prepared, QueueKeeper, QueueRequest};
