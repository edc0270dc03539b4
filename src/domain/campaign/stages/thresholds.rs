//! The thresholds: below the lower one a running campaign is paused, from the upper one on a paused one is resumed.

use serde::{Deserialize, Serialize};

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
    /// The relation of `number` to `thresholds` in the same unit.
    #[must_use]
    pub fn new(number: u32, thresholds: AgentThresholds) -> Self {
        if number < thresholds.pause_below {
            Self::BelowPause
        } else if number >= thresholds.resume_at {
            Self::AtResume
        } else {
            Self::Between
        }
    }
}

/// What a decision compares, in one unit: whole agents, or halves of agents under an aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) number: u32,
    pub(crate) thresholds: AgentThresholds,
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
    /// `thresholds` are those that were compared, in whole agents.
    pub(super) fn evaluate(
        compared: Compared,
        thresholds: AgentThresholds,
        status: BelievedStatus,
        enforcing: Option<Direction>,
    ) -> Self {
        let (pausing, resuming) = crossings(compared, enforcing);
        let asks = match status.running() {
            Some(true) => pausing.then_some(Direction::Pause),
            Some(false) => resuming.then_some(Direction::Resume),
            None => None,
        };
        Self {
            thresholds,
            relation: Relation::new(compared.number, compared.thresholds),
            asks,
        }
    }
}

/// Whether the count asks for a pause, and for a resume. While a person's change is being turned back, the campaign is
/// judged by the threshold of the status that it is to have.
pub(super) fn crossings(compared: Compared, enforcing: Option<Direction>) -> (bool, bool) {
    let Compared {
        number: x,
        thresholds,
    } = compared;
    match enforcing {
        None => (x < thresholds.pause_below, x >= thresholds.resume_at),
        Some(Direction::Pause) => (x < thresholds.resume_at, x >= thresholds.resume_at),
        Some(Direction::Resume) => (x < thresholds.pause_below, x >= thresholds.pause_below),
    }
}
