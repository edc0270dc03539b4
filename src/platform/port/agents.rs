//! The port that counts available agents.

use futures_util::future::BoxFuture;

use crate::domain::workload::GroupMembers;
use crate::domain::{Group, GroupCount, Snapshot, StateCounts, Timestamp};

use super::fault::PlatformFault;

/// The scope of one observation.
#[derive(Clone, Copy, Debug)]
pub struct ObserveRequest<'a> {
    /// The groups to count, distinct.
    pub groups: &'a [Group],
    /// Whether staffed agents are wanted too; without it `staffed` may equal `free`.
    pub staffed: bool,
    /// Whether the agents themselves are wanted, with their states.
    pub agents: bool,
    /// Whether their skills are wanted as well.
    pub skills: bool,
    /// For each group, in the same order, whether agents on the campaign's own calls are wanted; nothing means nowhere. Without it
    /// `serving` may be 0.
    pub serving: &'a [bool],
    /// The observation has failed when it is not complete by then.
    pub deadline: Timestamp,
}

/// The cost and coverage of one observation; shown, not decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Agents that the platform returned, before repeated ones were merged; after a delta, those that are known.
    /// None where it returns no agents. The loop asks once more when this is zero and was not before.
    pub rows: Option<usize>,
    /// Calls made.
    pub calls: usize,
    /// Rows that a full page has, as far as is known: fewer than were asked for where the platform cuts pages.
    pub page_rows: Option<usize>,
    /// Agents who can take a call now, over all groups, where that is known.
    pub free: Option<u32>,
    /// Agents by state, where every state was asked for.
    pub states: Option<StateCounts>,
}

/// One complete look at the agents.
pub struct Observation {
    /// No agent's state is older than this: the moment at which the first call was made, or for a stream the moment
    /// up to which it is known to be whole.
    pub taken_at: Timestamp,
    /// One for each group that was asked for, in that order.
    pub heads: Vec<GroupCount>,
    /// The agents, where they were asked for and the platform returns them.
    pub agents: Option<Snapshot>,
    /// For each group, in the same order, how many agents it has, those who are offline included. Nothing where agents were
    /// not asked for, and none for a group of which the platform does not show it. Shown, and not decided on.
    pub sizes: Vec<Option<u32>>,
    /// For each group, in the same order, its agents one by one with their states for it, each by a number that stays the agent's. Nothing
    /// where agents were not asked for, and none for a group of which the platform does not show them. Recorded, and not decided on.
    pub members: Vec<Option<GroupMembers>>,
    /// A word for an agent's state that is not known, where there was one. Shown, and not decided on.
    pub unknown_state: Option<String>,
    /// Its cost and coverage.
    pub tally: Tally,
}

impl Observation {
    /// The observation of no group, which asks the platform for nothing.
    #[must_use]
    pub fn of_nothing(taken_at: Timestamp) -> Self {
        Self {
            taken_at,
            heads: Vec::new(),
            agents: None,
            sizes: Vec::new(),
            members: Vec::new(),
            unknown_state: None,
            tally: Tally::default(),
        }
    }
}

/// An observation that said nothing about any group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct ObserveFault {
    /// The fault.
    pub fault: PlatformFault,
    /// Whether some parts arrived all the same; they are thrown away.
    pub partial: bool,
}

/// Counts who is available. Nothing here can change anything on the platform.
pub trait AgentObserver: Send + Sync + 'static {
    /// Counts the groups.
    ///
    /// *Completeness.* Each head is the whole group or [`GroupCount::Unknown`]: a page, batch or delta that failed makes every
    /// group unknown that it may have touched, and no other. An agent who appears twice, because pages move while they
    /// are read, counts once, in the least available of the states seen. A group that the platform does not know, or may
    /// not be shown, is unknown and never zero. An answer whose rows cannot be read is unknown; a complete answer of
    /// "nobody" is zero.
    ///
    /// *What counts.* `free` can take a call now, in either run state of the campaign: where agents join a dialler only
    /// while it runs, those who would join count as well, or a pause would keep itself in force. `serving` are those on
    /// this campaign's calls or in their wrap-up. A state that is not known counts as staffed and not free.
    ///
    /// *Freshness.* `taken_at` is the start of the oldest part. A stream or a merged delta whose last confirmation lies
    /// further back than that is unknown.
    ///
    /// *Idempotence.* Changes nothing; may be called again at once, and must then read again.
    ///
    /// *Errors.* The whole observation failed: the platform could not be reached, refused the credentials, or answered
    /// nothing usable. The caller counts it as one invalid poll for every campaign.
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>>;

    /// Ends when something may have changed that is worth an early poll; may end for nothing, or never.
    ///
    /// It carries no value: what changed is read by [`observe`](Self::observe). Changes that arrive while nobody waits
    /// are remembered as one. The caller bounds how often it polls for this.
    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
