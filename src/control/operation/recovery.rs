//! Finds out the outcomes of operations that are not known: after a crash, and after an answer that was lost.
//!
//! | kind | what remembers that its outcome is awaited | what finds it out |
//! |---|---|---|
//! | campaign | its state's `unresolved` | the next status read, by the evidence of whose a change is |
//! | list | its memory's `uncertain` | the next reading of the list, before it is planned on |
//! | pace | its campaign's `throttle.open` | the next reading of the pace |
//! | queue | the operation alone | [`Recovery::resolve`] reads the queue |
//! | profile | the operation alone | [`Recovery::resolve`] reads the agent |
//!
//! What a campaign, a list or a pace awaits is part of what is decided on, so the loop resolves it with its first readings. A queue is
//! not written meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::control::ports::{
    AuditEvent, AuditRow, Batch, Clock, Journal, JournalFault, OpenOperation, OperationKind,
};
use crate::domain::queue::{Member, QueueRecord, QueueVersion};
use crate::domain::{AgentId, AgentState, Conclusion, DecisionId, QueueId, Timestamp};
use crate::platform::port::{AgentObserver, QueueReader, QueueReading};
use crate::telemetry::QueueEvents;

use super::profile::read_status;
use super::queue::differing;

/// What an earlier run left open, by what finds out about it.
pub struct LeftOpen {
    /// Commands, which the loop resolves by the states of their campaigns.
    pub commands: usize,
    /// Lists, which the loop resolves by what it remembers of them.
    pub lists: usize,
    /// Changes of paces, which the loop resolves by the states of their campaigns.
    pub paces: usize,
    /// Operations on queues and agents, which [`Recovery`] resolves.
    pub to_resolve: Vec<OpenOperation>,
}

impl LeftOpen {
    /// Sorts the open operations of the store.
    #[must_use]
    pub fn new(open: Vec<OpenOperation>) -> Self {
        let mut left = Self {
            commands: 0,
            lists: 0,
            paces: 0,
            to_resolve: Vec::new(),
        };
        for operation in open {
            match operation.target.kind() {
                OperationKind::Campaign => left.commands = left.commands.saturating_add(1),
                OperationKind::List => left.lists = left.lists.saturating_add(1),
                OperationKind::Pace => left.paces = left.paces.saturating_add(1),
                OperationKind::Queue | OperationKind::Profile => left.to_resolve.push(operation),
            }
        }
        left
    }
}

/// Resolves operations by reading what they were to change.
pub struct Recovery {
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The store.
    pub journal: Arc<dyn Journal>,
    /// Reads queues, where the platform has any.
    pub queues: Option<Arc<dyn QueueReader>>,
    /// Reads agents.
    pub agents: Arc<dyn AgentObserver>,
    /// The log and the metrics.
    pub events: QueueEvents,
    /// The longest that one exchange with the platform may take.
    pub longest: Duration,
}

impl Recovery {
    /// Finds out the outcome of an operation, and commits it. Returns `false` when it cannot be known yet: the object cannot
    /// be read, or the write may still be on its way. The loop resolves what campaigns and lists await.
    ///
    /// # Errors
    /// When it cannot be committed.
    pub async fn resolve(&self, open: &OpenOperation) -> Result<bool, JournalFault> {
        let AuditEvent::Queue { record } = &open.intent else {
            return Ok(true);
        };
        if self.clock.now().since(open.at) < self.longest {
            return Ok(false);
        }
        match &**record {
            QueueRecord::Intent {
                queue,
                version_before,
                change,
                ..
            } => {
                let rested = (version_before, change);
                self.resolve_queue(open.decision, queue, rested).await
            }
            QueueRecord::ReassignIntent { agent, status, .. } => {
                self.resolve_profile(open.decision, agent, *status).await
            }
            QueueRecord::Outcome { .. }
            | QueueRecord::ReassignOutcome { .. }
            | QueueRecord::Resolved { .. }
            | QueueRecord::ReassignResolved { .. } => Ok(true),
        }
    }

    /// Resolves the operations of `open`; those whose outcome cannot be known yet stay there.
    pub async fn resolve_all(&self, open: &mut Vec<OpenOperation>, shutdown: &CancellationToken) {
        let mut left = Vec::new();
        for operation in open.drain(..) {
            let resolved = tokio::select! {
                biased;
                resolved = self.resolve(&operation) => resolved,
                // What is left open is open at the next start too.
                () = shutdown.cancelled() => return,
            };
            match resolved {
                Ok(true) => {}
                Ok(false) => left.push(operation),
                Err(fault) => {
                    self.events.not_kept(&fault.to_string());
                    left.push(operation);
                }
            }
        }
        *open = left;
    }

    /// Resolves `open` for a daemon that has nothing else to do with queues and agents.
    pub async fn run(
        self,
        mut open: Vec<OpenOperation>,
        every: Duration,
        shutdown: CancellationToken,
    ) {
        loop {
            self.resolve_all(&mut open, &shutdown).await;
            if open.is_empty() {
                return;
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(every) => {}
            }
        }
    }

    async fn resolve_queue(
        &self,
        decision: DecisionId,
        queue: &QueueId,
        (version_before, change): (&QueueVersion, &serde_json::Value),
    ) -> Result<bool, JournalFault> {
        let Some(reader) = &self.queues else {
            return Ok(false);
        };
        let Ok(read) = reader.read_queue(queue, self.deadline()).await else {
            return Ok(false);
        };
        let (conclusion, why) = conclude_queue(version_before, change, read.as_ref());
        let record = QueueRecord::Resolved {
            queue: queue.clone(),
            conclusion,
            version_before: version_before.clone(),
            version_after: read.as_ref().map(|read| read.version.clone()),
            configuration_sha256: read.map(|read| read.sha256),
            why: why.clone(),
        };
        self.commit(decision, record).await?;
        self.events.resolved(queue, decision, conclusion, &why);
        Ok(true)
    }

    /// Platforms do not show which queues an agent serves; only whether the status is as it was written can be found out.
    async fn resolve_profile(
        &self,
        decision: DecisionId,
        agent: &AgentId,
        status: AgentState,
    ) -> Result<bool, JournalFault> {
        let read = read_status(&*self.agents, &*self.clock, agent, self.deadline());
        let Ok(seen) = read.await else {
            return Ok(false);
        };
        let status_after = seen.map(|seen| seen.status);
        let why = profile_found(status, status_after);
        let conclusion = Conclusion::Unknown;
        let record = QueueRecord::ReassignResolved {
            agent: agent.clone(),
            conclusion,
            status_after,
            why: vec![why.clone()],
        };
        self.commit(decision, record).await?;
        self.events.reassign_resolved(agent, decision, &why);
        Ok(true)
    }

    async fn commit(&self, decision: DecisionId, record: QueueRecord) -> Result<(), JournalFault> {
        let row = AuditRow::of_queue(self.clock.now(), decision, record);
        self.journal.commit(Arc::new(Batch::of_audit(row))).await
    }

    fn deadline(&self) -> Timestamp {
        self.clock.now().plus(self.longest)
    }
}

/// Returns what a reading shows of a write of a queue that rested on `version_before`.
fn conclude_queue(
    version_before: &QueueVersion,
    change: &serde_json::Value,
    read: Option<&QueueReading>,
) -> (Conclusion, Vec<String>) {
    let Some(read) = read else {
        return (Conclusion::Unknown, vec!["the queue is gone".to_owned()]);
    };
    if read.version == *version_before {
        let why = format!("the queue is still at version {version_before}");
        return (Conclusion::NotApplied, vec![why]);
    }
    let entries = change.as_object().into_iter().flatten();
    let differing: Vec<String> = entries
        .filter_map(|(key, value)| {
            let member = Member::from_key(key)?;
            differing(member, &member.read_stored(value).ok()?, read)
        })
        .collect();
    if differing.is_empty() {
        (Conclusion::Confirmed, differing)
    } else {
        (Conclusion::Differs, differing)
    }
}

/// Returns what a reading shows of an agent to whom `written` was sent.
fn profile_found(written: AgentState, found: Option<AgentState>) -> String {
    let written = written.label();
    match found.map(AgentState::label) {
        None => "the agent is gone".to_owned(),
        Some(found) if found == written => format!(
            "the agent's status is {found}, as it was written; which queues the agent serves is not shown: look there"
        ),
        Some(found) => format!(
            "the agent's status is {found}, and {written} was written; which queues the agent serves is not shown: look there"
        ),
    }
}
