//! The thresholds: below the lower one a running campaign is paused, from the upper one on a paused one is resumed.

use serde::{Deserialize, Serialize};

use crate::domain::campaign::state::CampaignState;
use crate::domain::count::Count;
use crate::domain::status::Direction;
use crate::domain::thresholds::AgentThresholds;

use super::status::BelievedStatus;

/// Where the available agents stand to the thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Below the pause line.
    BelowPause,
    /// Neither below the pause line nor at the resume line.
    Between,
    /// At the resume line or above.
    AtResume,
}

impl Relation {
    /// The relation of `available` to `lines`.
    #[must_use]
    pub fn of(available: u32, lines: AgentThresholds) -> Self {
        if available < lines.pause_below {
            Self::BelowPause
        } else if available >= lines.resume_at {
            Self::AtResume
        } else {
            Self::Between
        }
    }
}

/// Where the available agents stand, and what that asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThresholdsVerdict {
    /// The thresholds in force, in whole agents.
    pub lines: AgentThresholds,
    /// Where the available agents stand to them.
    pub relation: Relation,
    /// The command that this asks for in the status that the campaign has.
    pub asks: Option<Direction>,
}

impl ThresholdsVerdict {
    pub(super) fn of(count: Count, lines: AgentThresholds, state: &CampaignState) -> Self {
        let (pausing, resuming) = crossings(count, lines, state.enforcing);
        let asks = match BelievedStatus::of(state).running() {
            Some(true) => pausing.then_some(Direction::Pause),
            Some(false) => resuming.then_some(Direction::Resume),
            None => None,
        };
        Self {
            lines,
            relation: Relation::of(count.available, lines),
            asks,
        }
    }
}

/// Whether the count asks for a pause, and for a resume. While a person's change is being turned back, the campaign is
/// judged by the threshold of the status that it is to have.
pub(super) fn crossings(
    count: Count,
    lines: AgentThresholds,
    enforcing: Option<Direction>,
) -> (bool, bool) {
    let x = count.available;
    match enforcing {
        None => (x < lines.pause_below, x >= lines.resume_at),
        Some(Direction::Pause) => (x < lines.resume_at, x >= lines.resume_at),
        Some(Direction::Resume) => (x < lines.pause_below, x >= lines.pause_below),
    }
}
