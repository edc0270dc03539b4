//! Moves an agent to other queues, with the status that the agent has.
//!
//! The platform's one operation for it wants a status along with the queues. A fixed `available` would
//! pull agents off their breaks. Here the status goes back as it was read just before; one that cannot be written, a break
//! say, keeps the agent from being moved. What an agent does in the moment between that reading and the write is
//! overwritten all the same, since the operation knows no version: this is why nobody but an operator starts it.

use std::sync::Arc;
use std::time::Duration;

use crate::control::ports::{AuditRow, Batch, Clock, Journal, JournalFault};
use crate::domain::queue::QueueRecord;
use crate::domain::{AgentId, AgentState, Conclusion, DecisionId, Delivery, QueueId, Timestamp};

use crate::control::operation::{Carried, ProfileOperation, Seen, StatusSeen, read_status};
use crate::platform::port::{
    AgentObserver, PlatformFault, ProfileWriter, QueueReader, Reassignment,
};

/// Why an agent was not moved; nothing was sent then.
#[derive(Debug, thiserror::Error)]
pub enum ReassignFault {
    /// No such agent.
    #[error("the platform has no agent {0}; check the id")]
    NoAgent(AgentId),
    /// No such queue.
    #[error("the platform has no queue {0}; check the id")]
    NoQueue(QueueId),
    /// A break, or the like.
    #[error(
        "agent {0} is in a state that cannot be written back, such as a break; try again when the agent is back"
    )]
    State(AgentId),
    /// The platform.
    #[error(transparent)]
    Platform(#[from] PlatformFault),
    /// The intent could not be committed.
    #[error("nothing was sent, since the intent cannot be recorded: {0}")]
    Unrecordable(JournalFault),
    /// This is a dry run.
    #[error("a dry run changes nothing")]
    DryRun,
}

/// The outcome of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassigned {
    /// The verdict: whether the platform took it, and the agent's status is as it was.
    pub conclusion: Conclusion,
    /// The id of the decision.
    pub decision: DecisionId,
    /// The status read back, where it was.
    pub status_after: Option<AgentState>,
    /// What went wrong, in words.
    pub why: Vec<String>,
    /// Why the outcome is not recorded, if it is not.
    pub unrecorded: Option<JournalFault>,
}

/// Moves agents.
pub struct Reassigner {
    /// Reads agents.
    pub agents: Arc<dyn AgentObserver>,
    /// Reads queues.
    pub queues: Arc<dyn QueueReader>,
    /// Writes profiles; a dry run has none.
    pub writer: Option<Arc<dyn ProfileWriter>>,
    /// The store.
    pub journal: Arc<dyn Journal>,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The run in decision ids.
    pub run: u64,
    /// The longest that one exchange with the platform may take.
    pub longest: Duration,
    /// A status that was read longer ago is not written back.
    pub freshest: Duration,
    /// How long the platform usually takes to show a change.
    pub usually_settles: Duration,
    /// Who asks, where it is known.
    pub by: Option<String>,
}

impl Reassigner {
    /// Returns the order that would be sent, once the queues are found and the agent's status is read.
    ///
    /// # Errors
    /// Why the agent cannot be moved.
    pub async fn prepare(
        &self,
        agent: &AgentId,
        queues: &[QueueId],
    ) -> Result<Reassignment, ReassignFault> {
        self.read(agent, queues).await.map(|(order, _)| order)
    }

    async fn read(
        &self,
        agent: &AgentId,
        queues: &[QueueId],
    ) -> Result<(Reassignment, StatusSeen), ReassignFault> {
        for queue in queues {
            let read = self.queues.read_queue(queue, self.deadline()).await?;
            if read.is_none() {
                return Err(ReassignFault::NoQueue(queue.clone()));
            }
        }
        let seen = read_status(&*self.agents, &*self.clock, agent, self.deadline()).await?;
        let seen = seen.ok_or_else(|| ReassignFault::NoAgent(agent.clone()))?;
        if seen.status == AgentState::Other {
            return Err(ReassignFault::State(agent.clone()));
        }
        let order = Reassignment {
            agent: agent.clone(),
            queues: queues.to_vec(),
            status: seen.status,
        };
        Ok((order, seen))
    }

    /// Moves the agent: the status is read, the intent committed, the write sent, the status read back, the outcome
    /// committed.
    ///
    /// # Errors
    /// Why nothing was sent.
    pub async fn apply(
        &self,
        agent: &AgentId,
        queues: &[QueueId],
    ) -> Result<(Reassignment, Reassigned), ReassignFault> {
        let writer = self.writer.as_ref().ok_or(ReassignFault::DryRun)?;
        let started = self.clock.monotonic();
        let (order, seen) = self.read(agent, queues).await?;
        let decision = DecisionId {
            run: self.run,
            tick: 1,
        };
        let intent = QueueRecord::ReassignIntent {
            agent: agent.clone(),
            queues: queues.to_vec(),
            status: order.status,
            by: self.by.clone(),
        };
        let committed = self.commit(decision, intent).await;
        committed.map_err(ReassignFault::Unrecordable)?;
        let operation = ProfileOperation {
            agents: &*self.agents,
            writer: &**writer,
            clock: &*self.clock,
            order: &order,
            decision,
            longest: self.longest,
            freshest: self.freshest,
            usually_settles: self.usually_settles,
        };
        let Carried {
            delivery, after, ..
        } = operation.write(seen).await;
        let (mut conclusion, mut why) = match delivery {
            Delivery::Acknowledged { .. } => (Conclusion::Confirmed, Vec::new()),
            Delivery::Lost { why } => (Conclusion::Unknown, vec![why]),
            Delivery::NotSent { why }
            | Delivery::Refused {
                why, wait: Some(_), ..
            } => (Conclusion::NotSent, vec![why]),
            Delivery::Refused { why, wait: None } | Delivery::Conflict { why } => {
                (Conclusion::Refused, vec![why])
            }
        };
        let status_after = match after {
            Seen::Found(after) => Some(after.status),
            Seen::Missing | Seen::Unreadable { .. } => None,
        };
        if conclusion == Conclusion::Confirmed && status_after != Some(order.status) {
            conclusion = Conclusion::Differs;
            why.push(
                "the agent's status is another one since; look at what the agent does".to_owned(),
            );
        }
        let took = self.clock.monotonic().saturating_sub(started);
        let outcome = QueueRecord::ReassignOutcome {
            agent: agent.clone(),
            conclusion,
            status_after,
            latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            why: why.clone(),
        };
        let reassigned = Reassigned {
            conclusion,
            decision,
            status_after,
            why,
            unrecorded: self.commit(decision, outcome).await.err(),
        };
        Ok((order, reassigned))
    }

    async fn commit(&self, decision: DecisionId, record: QueueRecord) -> Result<(), JournalFault> {
        let row = AuditRow::of_queue(self.clock.now(), decision, record);
        self.journal.commit(Arc::new(Batch::of_audit(row))).await
    }

    fn deadline(&self) -> Timestamp {
        self.clock.now().plus(self.longest)
    }
}
