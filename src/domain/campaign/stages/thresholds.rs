//! The thresholds: below the lower one a running campaign is paused, from the upper one on a paused one is resumed.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::state::CampaignState;
use crate::domain::count::Count;
use crate::domain::status::Direction;
use crate::domain::thresholds::AgentThresholds;

use super::status::BelievedStatus;

/// The relation of the available agents to the thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Below the pause threshold.
    BelowPause,
    /// Neither below the pause threshold nor at the resume threshold.
    Between,
    /// At the resume threshold or above.
    AtResume,
}

impl Relation {
    /// The relation of `available` to `thresholds`.
    #[must_use]
    pub fn new(available: u32, thresholds: AgentThresholds) -> Self {
        if available < thresholds.pause_below {
            Self::BelowPause
        } else if available >= thresholds.resume_at {
            Self::AtResume
        } else {
            Self::Between
        }
    }
}

/// The relation of the available agents to the thresholds, and the command that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThresholdsVerdict {
    /// The thresholds in force, in whole agents.
    pub thresholds: AgentThresholds,
    /// The relation of the available agents to them.
    pub relation: Relation,
    /// The command that this asks for in the status that the campaign has.
    pub asks: Option<Direction>,
}

impl ThresholdsVerdict {
    pub(super) fn evaluate(
        count: Count,
        thresholds: AgentThresholds,
        state: &CampaignState,
    ) -> Self {
        let (pausing, resuming) = crossings(count, thresholds, state.enforcing);
        let asks = match BelievedStatus::from_state(state).running() {
            Some(true) => pausing.then_some(Direction::Pause),
            Some(false) => resuming.then_some(Direction::Resume),
            None => None,
        };
        Self {
            thresholds,
            relation: Relation::new(count.available, thresholds),
            asks,
        }
    }
}

/// Whether the count asks for a pause, and for a resume. While a person's change is being turned back, the campaign is
/// judged by the threshold of the status that it is to have.
pub(super) fn crossings(
    count: Count,
    thresholds: AgentThresholds,
    enforcing: Option<Direction>,
) -> (bool, bool) {
    let x = count.available;
    match enforcing {
        None => (x < thresholds.pause_below, x >= thresholds.resume_at),
        Some(Direction::Pause) => (x < thresholds.resume_at, x >= thresholds.resume_at),
        Some(Direction::Resume) => (x < thresholds.pause_below, x >= thresholds.pause_below),
    }
}
