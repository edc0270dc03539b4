//! The documents about queues. What could not be read or measured is null, never a number.

use serde::{Deserialize, Serialize};

use crate::control::QueueView;
use crate::domain::queue::{Figures, QueueStanding};

use super::schema::SCHEMA;

/// One queue that is calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueDocument {
    /// The tenant whose it is, where there are several: requests name it `TENANT/ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its id on the platform.
    pub id: String,
    /// Its name there.
    pub name: Option<String>,
    /// Its state.
    pub state: QueueStanding,
    /// Interactions under way by the most that can be.
    pub utilisation: Option<f64>,
    /// Callers a second by which it shrinks; negative while it grows.
    pub drain_per_s: Option<f64>,
    /// Seconds until it is empty; null also when it does not shrink.
    pub time_to_drain_s: Option<f64>,
    /// Callers waiting.
    pub waiting: Option<u64>,
    /// Agents who serve it.
    pub agents: Option<u64>,
    /// Its figures.
    pub figures: Figures,
    /// What they should be, by its model.
    pub advised: Option<Figures>,
    /// The reason for its state, in one sentence.
    pub why: String,
    /// When the operator's hold ends, while there is one.
    pub held_until: Option<String>,
    /// When its figures were last moved.
    pub last_change_at: Option<String>,
    /// The decision that moved them, or last tried to.
    pub decision: Option<String>,
    /// When it was last read.
    pub read_at: Option<String>,
}

impl QueueDocument {
    /// Describes a queue.
    #[must_use]
    pub fn of(view: &QueueView) -> Self {
        let QueueView {
            id,
            name,
            standing,
            flow,
            figures,
            advised,
            why,
            held_until,
            last_change_at,
            decision,
            version: _,
            read_at,
        } = view;
        let shown = |at: &Option<crate::domain::Timestamp>| at.map(|at| at.to_string());
        Self {
            tenant: None,
            id: id.to_string(),
            name: name.clone(),
            state: *standing,
            utilisation: flow.utilisation,
            drain_per_s: flow.drain_per_s,
            time_to_drain_s: flow.time_to_drain.map(|time| time.as_secs_f64()),
            waiting: flow.waiting,
            agents: flow.agents,
            figures: *figures,
            advised: *advised,
            why: why.clone(),
            held_until: shown(held_until),
            last_change_at: shown(last_change_at),
            decision: decision.map(|decision| decision.to_string()),
            read_at: shown(read_at),
        }
    }
}

/// Every queue that is calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueuesDocument {
    /// The form's version.
    pub schema: u32,
    /// The queues, by id.
    pub queues: Vec<QueueDocument>,
}

impl QueuesDocument {
    pub(super) fn of(queues: Vec<QueueDocument>) -> Self {
        Self {
            schema: SCHEMA,
            queues,
        }
    }
}
