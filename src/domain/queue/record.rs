//! What the audit keeps of a queue's changes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::conclusion::Conclusion;
use crate::domain::ids::{AgentId, QueueId};
use crate::domain::snapshot::AgentState;

use super::member::{Member, Members, OverflowAction, Setting};
use super::version::QueueVersion;

/// In which form a change is written.
///
/// What is stored keeps the words of 0.1.0, so that an audit chain has one word for one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteForm {
    /// The whole object, under the version that was read where the platform has one.
    #[serde(rename = "put", alias = "whole")]
    Whole,
    /// The changed members, with the version that was read.
    #[serde(rename = "patch", alias = "members")]
    Members,
}

/// The compliance flags that a change of a queue is announced with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    /// It requires at least one skill.
    pub skill_requirements_valid: bool,
    /// It has a service level above 0%.
    pub sla_configured: bool,
    /// It overflows into another queue.
    pub overflow_defined: bool,
}

impl Compliance {
    /// Returns the flags of a queue with these members.
    #[must_use]
    pub fn from_members(members: &Members) -> Self {
        let listed = matches!(
            members.get(&Member::SkillRequirements),
            Some(Setting::Requirements(requirements)) if !requirements.is_empty()
        );
        let level = matches!(
            members.get(&Member::ServiceLevel),
            Some(Setting::ServiceLevel(level)) if level.percent > 0
        );
        let directive = matches!(
            members.get(&Member::Overflow),
            Some(Setting::Overflow(overflow)) if overflow.action != OverflowAction::Drop
        );
        let targets = matches!(
            members.get(&Member::OverflowTargets),
            Some(Setting::Queues(ids)) if !ids.is_empty()
        );
        Self {
            skill_requirements_valid: listed,
            sla_configured: level,
            overflow_defined: directive || targets,
        }
    }
}

/// One step of a change, as an audit row keeps it. Settings are in the form of change sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum QueueRecord {
    /// A write is about to be sent.
    Intent {
        /// The queue.
        queue: QueueId,
        /// The form of the write.
        form: WriteForm,
        /// The version that it rests on.
        version_before: QueueVersion,
        /// Members with what they are to become.
        change: Value,
        /// Members of the change that somebody changed meanwhile and that are overwritten all the same, with both values.
        overridden: Value,
        /// Who asked for it, as the system calls them, where it is known.
        by: Option<String>,
    },
    /// The outcome of the write or move.
    Outcome {
        /// The queue.
        queue: QueueId,
        /// The verdict.
        #[serde(serialize_with = "Conclusion::as_queue_label")]
        conclusion: Conclusion,
        /// The version that it rested on, where the queue was read.
        version_before: Option<QueueVersion>,
        /// The version read back, where it was.
        version_after: Option<QueueVersion>,
        /// SHA-256 of the object read back, in hexadecimal, where it was.
        configuration_sha256: Option<String>,
        /// The flags of the queue read back, where it was.
        compliance: Option<Compliance>,
        /// From the first read to the last, in milliseconds.
        latency_ms: u64,
        /// What is wrong, for people; empty when nothing is.
        why: Vec<String>,
    },
    /// An agent is about to be moved to queues.
    ReassignIntent {
        /// The agent.
        agent: AgentId,
        /// The queues.
        queues: Vec<QueueId>,
        /// The status that goes along, as it was read.
        status: AgentState,
        /// Who asked for it, as the system calls them, where it is known.
        by: Option<String>,
    },
    /// The outcome of the write or move.
    ReassignOutcome {
        /// The agent.
        agent: AgentId,
        /// The verdict.
        #[serde(serialize_with = "Conclusion::as_queue_label")]
        conclusion: Conclusion,
        /// The status read back, where it was.
        status_after: Option<AgentState>,
        /// From the first read to the last, in milliseconds.
        latency_ms: u64,
        /// What is wrong, for people; empty when nothing is.
        why: Vec<String>,
    },
    /// What became of a write whose outcome was not known, as a later reading shows. Its row has the decision of the
    /// write.
    Resolved {
        /// The queue.
        queue: QueueId,
        /// The verdict.
        #[serde(serialize_with = "Conclusion::as_queue_label")]
        conclusion: Conclusion,
        /// The version that it rested on.
        version_before: QueueVersion,
        /// The version read, where the queue is still there.
        version_after: Option<QueueVersion>,
        /// SHA-256 of the object read, in hexadecimal, where it was.
        configuration_sha256: Option<String>,
        /// What differs, for people.
        why: Vec<String>,
    },
    /// What became of a move of an agent whose outcome was not known, as far as a later reading shows. Its row has the decision
    /// of the move.
    ReassignResolved {
        /// The agent.
        agent: AgentId,
        /// The verdict.
        #[serde(serialize_with = "Conclusion::as_queue_label")]
        conclusion: Conclusion,
        /// The status read, where the agent is still there.
        status_after: Option<AgentState>,
        /// What was found, for people.
        why: Vec<String>,
    },
}
