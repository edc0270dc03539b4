//! The state of a queue, for status and page.

use crate::domain::queue::{Figures, QueueFlow, QueueStanding, QueueVersion};
use crate::domain::{DecisionId, QueueId, Timestamp};

/// The state of one queue; what could not be read or measured is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueView {
    /// The queue's id.
    pub id: QueueId,
    /// Its name on the platform.
    pub name: Option<String>,
    /// The state of its calibration.
    pub standing: QueueStanding,
    /// The flow between its last two readings.
    pub flow: QueueFlow,
    /// Its figures.
    pub figures: Figures,
    /// The figures that the model advises.
    pub advised: Option<Figures>,
    /// The reason of its standing.
    pub why: String,
    /// When the operator's hold ends, while there is one.
    pub held_until: Option<Timestamp>,
    /// When its figures were last moved.
    pub last_change_at: Option<Timestamp>,
    /// The decision that moved them, or last tried to.
    pub decision: Option<DecisionId>,
    /// Its version, as it was last read.
    pub version: Option<QueueVersion>,
    /// When it was last read.
    pub read_at: Option<Timestamp>,
}

impl QueueView {
    /// Returns a queue of which nothing is known.
    #[must_use]
    pub fn unread(id: QueueId) -> Self {
        Self {
            id,
            name: None,
            standing: QueueStanding::Unmeasured,
            flow: QueueFlow::default(),
            figures: Figures::default(),
            advised: None,
            why: "it was not read yet".to_owned(),
            held_until: None,
            last_change_at: None,
            decision: None,
            version: None,
            read_at: None,
        }
    }
}
