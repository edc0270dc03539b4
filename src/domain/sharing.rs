//! Campaigns that take their agents from one pool.
//!
//! *Claims.* Campaigns of a group stand in an order. One that runs, or may run, claims agents: as many as it is paused below, unless
//! its group says how many. The number that the rule of a campaign compares is what those before it leave. So of several
//! campaigns that run on too few agents the last one is paused first, and none is resumed on agents whom another one needs.
//!
//! *One resume at a time.* While a resume of one campaign of a group is on its way the others wait, and of several that
//! could be resumed the first one is: the next poll shows what it took.

use serde::{Deserialize, Serialize};

/// A campaign's place in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPlace {
    /// The group's name.
    pub group: String,
    /// How many campaigns come before it.
    pub rank: u32,
    /// Agents that it claims while it runs; as many as it is paused below when absent.
    pub claim: Option<u32>,
}

/// What the others of its group leave to a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PoolShare {
    /// Agents that campaigns before it claim.
    pub(crate) claimed: u32,
    /// Another campaign of the group is being resumed.
    pub(crate) resuming: bool,
    /// Whether the campaign is in a group at all.
    pub(crate) grouped: bool,
}
