//! Settings of queues, and which queues an agent serves.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;

use crate::domain::queue::{ChangeFault, Members, QueueStatistics, QueueVersion, WriteForm};
use crate::domain::{AgentId, AgentState, DecisionId, Delivery, QueueId, SkillId, Timestamp};

use super::fault::PlatformFault;

/// A queue as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueReading {
    /// The queue.
    pub queue: QueueId,
    /// The version: the platform's own, which a write names, or a digest of ours where it has none.
    pub version: QueueVersion,
    /// The members that this program knows.
    pub members: Members,
    /// SHA-256 of the whole object, in hexadecimal; the same however its members are ordered.
    pub sha256: String,
    /// The whole object, for the dialect that wrote it.
    pub original: Original,
}

/// A queue's whole object as its platform wrote it. Only the dialect reads it: what is not known goes back as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original(pub String);

/// A change to be written.
#[derive(Clone, Copy, Debug)]
pub struct QueueOrder<'a> {
    /// What it rests on.
    pub reading: &'a QueueReading,
    /// Members with what they are to become.
    pub change: &'a Members,
    /// The form of the write.
    pub form: WriteForm,
    /// Goes along, so that the platform's log can be tied to ours.
    pub decision: DecisionId,
}

/// Reads queues and what they refer to. Nothing here can change anything on the platform.
pub trait QueueReader: Send + Sync + 'static {
    /// Reads a queue, whole; nothing when the platform says that it has none of that id.
    ///
    /// *Comparable.* Two readings of an unchanged queue have the same `sha256`, however the platform orders it.
    ///
    /// *Errors.* Nothing is known of it, and nothing is written.
    fn read_queue<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueReading>, PlatformFault>>;

    /// Reads what a queue has counted; nothing when the platform does not show it.
    ///
    /// *Freshness.* The figures carry the time at which the platform counted them; a span that ended before is reported as
    /// it was.
    fn read_statistics<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueStatistics>, PlatformFault>>;

    /// Reads every skill, or fails: a part of them would make a skill look as if it did not exist.
    fn read_skills(
        &self,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<BTreeSet<SkillId>, PlatformFault>>;

    /// Names what of a change this form cannot carry, without a request.
    fn form_faults(
        &self,
        reading: &QueueReading,
        change: &Members,
        form: WriteForm,
    ) -> Vec<ChangeFault>;
}

/// Changes queues. A dry run has none.
pub trait QueueWriter: Send + Sync + 'static {
    /// Writes a change, once, if the version that it rests on is in force; [`Delivery::Conflict`] when it is not.
    ///
    /// *Whole.* What is not known of the queue goes back as it was read. Without conditional writes the dialect reads,
    /// compares with `order.reading` and writes, and says in its capabilities that a gap remains.
    fn write_queue<'a>(
        &'a self,
        order: QueueOrder<'a>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Delivery>;
}

/// An agent with the queues that it is to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassignment {
    /// The agent.
    pub agent: AgentId,
    /// The queues that the agent serves from then on, and no others.
    pub queues: Vec<QueueId>,
    /// The status that goes along, as it was read.
    pub status: AgentState,
}

/// Moves agents to queues. A dry run has none.
pub trait ProfileWriter: Send + Sync + 'static {
    /// Writes an agent's queues, once, with the status in the order where the platform wants one along.
    fn reassign<'a>(
        &'a self,
        order: &'a Reassignment,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Delivery>;
}
