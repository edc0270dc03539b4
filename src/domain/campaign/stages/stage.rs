//! The one list of stages.

use serde::{Deserialize, Serialize};

/// A stage of a decision. Their order is that in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Whether the campaign is in a status that is commanded.
    Status,
    /// Whether a command is on its way.
    InFlight,
    /// Whether it is between two states.
    Changing,
    /// Whether its calendar is open.
    Calendar,
    /// Whether an operator holds it.
    Hold,
    /// Whether the reading of the agents is complete and fresh.
    Sample,
    /// How many of its agents are available.
    Signal,
    /// The relation of that number to the thresholds.
    Thresholds,
    /// Whether a person has changed it.
    People,
    /// Whether enough samples agree.
    Confirmation,
    /// Whether it has been running or paused for long enough.
    Dwell,
    /// Whether a resume is left in this hour.
    ResumeBudget,
    /// Whether the platform has to be left alone after refusals.
    BackOff,
    /// Whether another campaign of its group is resumed first.
    Turn,
    /// Whether it is stepped down before it is paused.
    Throttle,
}

impl Stage {
    /// Every stage, in the order in which they are asked.
    pub const ALL: [Self; 15] = [
        Self::Status,
        Self::InFlight,
        Self::Changing,
        Self::Calendar,
        Self::Hold,
        Self::Sample,
        Self::Signal,
        Self::Thresholds,
        Self::People,
        Self::Confirmation,
        Self::Dwell,
        Self::ResumeBudget,
        Self::BackOff,
        Self::Turn,
        Self::Throttle,
    ];

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::InFlight => "in flight",
            Self::Changing => "changing",
            Self::Calendar => "calendar",
            Self::Hold => "hold",
            Self::Sample => "sample",
            Self::Signal => "signal",
            Self::Thresholds => "thresholds",
            Self::People => "people",
            Self::Confirmation => "confirmation",
            Self::Dwell => "dwell",
            Self::ResumeBudget => "resume budget",
            Self::BackOff => "back-off",
            Self::Turn => "turn",
            Self::Throttle => "throttle",
        }
    }

    /// The number in the admin API. It identifies the stage and says nothing of the order: those of version 0.1.0 keep
    /// theirs.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Sample => 0,
            Self::Signal => 1,
            Self::Thresholds => 2,
            Self::Confirmation => 3,
            Self::Dwell => 4,
            Self::ResumeBudget => 5,
            Self::People => 6,
            Self::Hold => 7,
            Self::Status => 8,
            Self::InFlight => 9,
            Self::BackOff => 10,
            Self::Changing => 11,
            Self::Turn => 12,
            Self::Calendar => 13,
            Self::Throttle => 14,
        }
    }
}
