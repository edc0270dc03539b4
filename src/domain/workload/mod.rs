//! What the agents of a campaign did, in slots of ten minutes: the record that `tune` fits a model to.
//!
//! *Terms.* A **call start** is an agent who was in no call at one poll and is in one, or in the paperwork of one, at the next. A
//! **slot** sums ten minutes up: agent-time by state, call starts, and the time in which the campaign ran or was paused by us.
//!
//! *The way in* is [`WorkloadRecorder::observe`], once a poll; *the way out* is a [`WorkloadSlot`] when its ten minutes are over.
//!
//! *Shared agents.* Where two campaigns have agents in common, those are a slot of their own, in which nothing dials
//! ([`WorkloadPoll::of_agents`]): the agents of either campaign are those of both less the shared ones.
//!
//! *Missing data.* Between two polls that lie too far apart, and after one that failed, nothing is added: the covered time of a slot
//! says for how much of it the sums stand. Call starts have a covered time of their own, since they need two polls of the same agents.
//!
//! *Why sums.* The fit needs means over ten minutes and more, and no single poll. Sums take about a byte a poll.
//!
//! *Restart.* The slot that is not over is lost; nothing is made up for it.

mod call_starts;
mod members;
mod poll;
mod recorder;
mod sample;
mod slot;

pub use call_starts::call_began;
pub use members::GroupMembers;
pub use poll::{Dialling, WorkloadHeads, WorkloadPoll};
pub use recorder::WorkloadRecorder;
pub use sample::{GroupWorkload, SharedWorkload, WorkloadSample, WorkloadWatch};
pub use slot::{SLOT, WorkloadSlot};
