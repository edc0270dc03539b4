//! Everything that was done to the platform, in the order in which it was done.

use std::fmt;

use super::assignments::Assignment;
use super::centre::TenthsOfAgents;
use super::journal::{Actor, JournalEntry};
use super::queues::{Queue, version};
use super::time::SimTime;

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A campaign's status was set; the campaigns' own journal has it as well.
    Status(JournalEntry),
    /// A campaign's preview assignments were replaced.
    Assigned(AssignmentsReplaced),
    /// A queue was written.
    QueueWritten(QueueWritten),
    /// An agent was moved to queues.
    Moved(AgentMoved),
    /// A campaign's dials for each agent were written.
    Paced(PaceWritten),
    /// The number of agents that a campaign's dialler keeps idle was written.
    Reserved(ReserveWritten),
}

/// A campaign's preview assignments were replaced as one.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignmentsReplaced {
    /// When it took effect.
    pub at: SimTime,
    /// The campaign's id.
    pub campaign: String,
    /// Who did it.
    pub by: Actor,
    /// The assignments before.
    pub from: Vec<Assignment>,
    /// The assignments after.
    pub to: Vec<Assignment>,
    /// What the answer calls this assignment.
    pub assignment_id: String,
}

/// A queue was changed in part or as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueWritten {
    /// When it took effect.
    pub at: SimTime,
    /// The queue's id.
    pub queue: String,
    /// Who did it.
    pub by: Actor,
    /// The whole object before, its version included.
    pub from: Queue,
    /// The whole object after.
    pub to: Queue,
}

/// An agent's routing profile was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentMoved {
    /// When it took effect.
    pub at: SimTime,
    /// The agent's id.
    pub agent: String,
    /// Who did it.
    pub by: Actor,
    /// The queues before; none where the agent had no profile.
    pub from: Vec<String>,
    /// The queues after.
    pub to: Vec<String>,
    /// The agent's state before.
    pub state_before: String,
    /// The state that the request put the agent in, on a break or not.
    pub state_after: String,
}

/// A campaign's dials for each agent were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceWritten {
    /// When it took effect.
    pub at: SimTime,
    /// The campaign's id.
    pub campaign: String,
    /// Who did it.
    pub by: Actor,
    /// Dials for each agent before.
    pub from: u32,
    /// Dials for each agent after.
    pub to: u32,
    /// Dials for each agent at first: from here on the mode alone decides.
    pub usual: u32,
}

/// The number of agents that a campaign's dialler keeps idle was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReserveWritten {
    /// When it took effect.
    pub at: SimTime,
    /// The campaign's id.
    pub campaign: String,
    /// Who did it.
    pub by: Actor,
    /// Agents before.
    pub from: TenthsOfAgents,
    /// Agents after.
    pub to: TenthsOfAgents,
}

impl Effect {
    /// Returns when it took effect.
    #[must_use]
    pub fn time(&self) -> SimTime {
        match self {
            Self::Status(entry) => entry.at,
            Self::Assigned(entry) => entry.at,
            Self::QueueWritten(entry) => entry.at,
            Self::Moved(entry) => entry.at,
            Self::Paced(entry) => entry.at,
            Self::Reserved(entry) => entry.at,
        }
    }

    /// Returns who did it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        match self {
            Self::Status(entry) => &entry.by,
            Self::Assigned(entry) => &entry.by,
            Self::QueueWritten(entry) => &entry.by,
            Self::Moved(entry) => &entry.by,
            Self::Paced(entry) => &entry.by,
            Self::Reserved(entry) => &entry.by,
        }
    }
}

impl fmt::Display for Effect {
    /// A line for people: when, what, where and by whom.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}  ", self.time())?;
        match self {
            Self::Status(JournalEntry {
                from, to, campaign, ..
            }) => write!(formatter, "{from} -> {to}  {campaign}")?,
            Self::Assigned(AssignmentsReplaced {
                from, to, campaign, ..
            }) => {
                let (before, after) = (from.len(), to.len());
                write!(formatter, "{before} -> {after} agents assigned  {campaign}")?;
            }
            Self::QueueWritten(QueueWritten {
                from, to, queue, ..
            }) => {
                let (before, after) = (version(from), version(to));
                write!(formatter, "version {before} -> {after}  {queue}")?;
            }
            Self::Moved(AgentMoved {
                to,
                agent,
                state_before,
                state_after,
                ..
            }) => {
                let queues = to.join(", ");
                write!(
                    formatter,
                    "{state_before} -> {state_after}, in queues [{queues}]  {agent}"
                )?;
            }
            Self::Paced(PaceWritten {
                from, to, campaign, ..
            }) => write!(formatter, "{from} -> {to} dials for each agent  {campaign}")?,
            Self::Reserved(ReserveWritten {
                from, to, campaign, ..
            }) => write!(formatter, "{from} -> {to} agents kept idle  {campaign}")?,
        }
        match self.actor() {
            Actor::Person => formatter.write_str(" by a person"),
            Actor::Client {
                request_id,
                token_client,
            } => {
                let request_id = request_id.as_deref().unwrap_or("no request id");
                write!(formatter, " by {token_client} [{request_id}]")
            }
        }
    }
}
