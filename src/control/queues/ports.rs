//! What changing queues needs from a platform.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;

use crate::control::ports::PlatformFault;
use crate::domain::queue::{ChangeFault, Members, QueueRecord, QueueStatistics, WriteForm};
use crate::domain::{AgentId, AgentState, DecisionId, QueueId, SkillId, Timestamp};

/// A queue as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueReading {
    /// Which queue.
    pub queue: QueueId,
    /// The version, which a write names.
    pub version: i64,
    /// What is known of it.
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
    /// In which form.
    pub form: WriteForm,
    /// Goes along, so that the platform's log can be tied to ours.
    pub decision: DecisionId,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueWriteEnd {
    /// The platform said yes.
    Written,
    /// The version is no longer in force; nothing changed.
    Stale {
        /// What it said.
        why: String,
    },
    /// The platform said no; nothing changed.
    Refused {
        /// What it said.
        why: String,
    },
    /// It never left.
    NotSent {
        /// What kept it.
        why: String,
    },
    /// It may have arrived; no usable answer came back.
    Lost {
        /// What happened.
        why: String,
    },
}

/// A write whose outcome is not in the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQueueIntent {
    /// Which decision sent it.
    pub decision: DecisionId,
    /// When.
    pub at: Timestamp,
    /// The intent, as the audit has it.
    pub record: QueueRecord,
}

/// Reads queues and what they refer to. Nothing here can change anything there.
pub trait QueuePlatform: Send + Sync + 'static {
    /// Reads a queue; nothing when the platform has none of that id.
    fn read_queue<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueReading>, PlatformFault>>;

    /// Reads what a queue has counted; nothing when the platform does not show it.
    fn read_statistics<'a>(
        &'a self,
        queue: &'a QueueId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Option<QueueStatistics>, PlatformFault>>;

    /// Reads every skill.
    fn read_skills(
        &self,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<BTreeSet<SkillId>, PlatformFault>>;

    /// What of a change this form cannot carry.
    fn form_faults(
        &self,
        reading: &QueueReading,
        change: &Members,
        form: WriteForm,
    ) -> Vec<ChangeFault>;
}

/// An agent with the queues that it is to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassignment {
    /// Who.
    pub agent: AgentId,
    /// Which queues; no others any more.
    pub queues: Vec<QueueId>,
    /// The status that goes along, as it was read.
    pub status: AgentState,
}

/// Moves agents to queues. A dry run has none.
pub trait ProfileWriter: Send + Sync + 'static {
    /// Writes an agent's queues, with the status in the order.
    fn reassign<'a>(
        &'a self,
        order: &'a Reassignment,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, QueueWriteEnd>;
}

/// Changes queues. A dry run has none.
pub trait QueueWriter: Send + Sync + 'static {
    /// Writes a change, if the version that it rests on is in force.
    fn write_queue<'a>(
        &'a self,
        order: QueueOrder<'a>,
        deadline: Timestamp,
    ) -> BoxFuture<'a, QueueWriteEnd>;
}
