//! Writing which queues one agent serves.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::{AgentId, AgentState, DecisionId, Delivery, Timestamp};
use crate::platform::port::{
    AgentObserver, Observation, ObserveRequest, PlatformFault, ProfileWriter, Reassignment, Urgency,
};

use super::engine::{Attempt, Carried, Engine, Seen, Target};

/// How often one profile is sent. The write has no version, so that a second one would rest on chance.
const MOST_WRITES: u32 = 1;

/// An agent's status as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) struct StatusSeen {
    pub(in crate::control) status: AgentState,
    /// When the reading was complete.
    pub(in crate::control) read_at: Timestamp,
}

/// One agent to be moved.
pub(in crate::control) struct ProfileOperation<'a> {
    pub(in crate::control) agents: &'a dyn AgentObserver,
    pub(in crate::control) writer: &'a dyn ProfileWriter,
    pub(in crate::control) clock: &'a dyn Clock,
    pub(in crate::control) order: &'a Reassignment,
    pub(in crate::control) decision: DecisionId,
    /// The longest that one exchange with the platform may take.
    pub(in crate::control) longest: Duration,
    /// A status that was read longer ago is not written back.
    pub(in crate::control) freshest: Duration,
    /// How long the platform usually takes to show a change.
    pub(in crate::control) usually_settles: Duration,
}

/// Reads the status of one agent; nothing when there is no such agent.
///
/// # Errors
/// When the agents cannot be read.
pub(in crate::control) async fn read_status(
    agents: &dyn AgentObserver,
    clock: &dyn Clock,
    agent: &AgentId,
    deadline: Timestamp,
) -> Result<Option<StatusSeen>, PlatformFault> {
    let request = ObserveRequest {
        groups: &[],
        staffed: true,
        agents: true,
        skills: false,
        serving: &[],
        deadline,
    };
    let observed = agents.observe(request).await;
    let Observation { agents, .. } = observed.map_err(|failed| failed.fault)?;
    let status = agents.and_then(|agents| agents.state_of(agent));
    Ok(status.map(|status| StatusSeen {
        status,
        read_at: clock.now(),
    }))
}

impl ProfileOperation<'_> {
    /// Writes the queues with the status that was read, and finds out what came of it.
    pub(in crate::control) async fn write(&self, before: StatusSeen) -> Carried<StatusSeen> {
        let engine = Engine {
            clock: self.clock,
            deadline: self.clock.now().plus(self.longest),
            reading: self.longest,
            most_writes: MOST_WRITES,
            usually_settles: self.usually_settles,
        };
        engine.carry_out(self, before).await
    }
}

impl Target for ProfileOperation<'_> {
    type Reading = StatusSeen;

    fn read(
        &self,
        _urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<Seen<StatusSeen>, PlatformFault>> {
        Box::pin(async move {
            let read = read_status(self.agents, self.clock, &self.order.agent, deadline);
            Ok(read.await?.map_or(Seen::Missing, Seen::Found))
        })
    }

    fn good_until(&self, reading: &StatusSeen) -> Option<Timestamp> {
        Some(reading.read_at.plus(self.freshest))
    }

    fn is_untouched(&self, before: &StatusSeen, now: &StatusSeen) -> bool {
        before.status == now.status
    }

    /// The queues are not shown; that the status is as it was is all that can be seen.
    fn is_shown(&self, reading: &StatusSeen) -> bool {
        reading.status == self.order.status
    }

    fn write<'a>(&'a self, attempt: Attempt<'a, StatusSeen>) -> BoxFuture<'a, Delivery> {
        self.writer
            .reassign(self.order, self.decision, attempt.deadline)
    }
}
