//! What one decision comes to.

use serde::{Deserialize, Serialize};

use crate::domain::cause::Cause;
use crate::domain::status::Direction;

use super::stages::Stage;

/// Why a command that is asked for is held back. Each belongs to one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// No valid sample.
    StaleData,
    /// Not enough samples agree yet.
    Confirming,
    /// The campaign has not run, or not been paused, for long enough.
    Cooldown,
    /// The hour's resumes are used up.
    ResumeBudget,
    /// The pause is a person's.
    PersonsPause,
    /// The pause may be ours and cannot be shown to be.
    Unproven,
    /// A person resumed our pause, and the grace runs.
    PersonsResume,
    /// The calendar is closed.
    Calendar,
    /// An operator's hold forbids it.
    Override,
    /// Its status is not one that is commanded, or not known. Version 0.1.0 wrote this for [`Self::Refused`] too.
    NotCommandable,
    /// The campaign is between two states.
    Changing,
    /// The platform keeps refusing, and is not asked again for a while.
    Refused,
    /// Another campaign of its group is resumed first.
    GroupTurn,
    /// The campaign is stepped down instead of being paused, or before.
    Throttle,
    /// A command is on its way.
    InFlight,
}

impl Suppression {
    /// Every suppression that can hold back a direction, so that each counter exists from the start. Between two states
    /// none is asked for.
    pub const ALL: [Self; 14] = [
        Self::StaleData,
        Self::Confirming,
        Self::Cooldown,
        Self::ResumeBudget,
        Self::PersonsPause,
        Self::Unproven,
        Self::PersonsResume,
        Self::Calendar,
        Self::Override,
        Self::NotCommandable,
        Self::Refused,
        Self::GroupTurn,
        Self::Throttle,
        Self::InFlight,
    ];

    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::StaleData => "stale_data",
            Self::Confirming => "confirming",
            Self::Cooldown => "cooldown",
            Self::ResumeBudget => "resume_budget",
            Self::PersonsPause => "persons_pause",
            Self::Unproven => "unproven",
            Self::PersonsResume => "persons_resume",
            Self::Calendar => "calendar",
            Self::Override => "override",
            Self::NotCommandable => "not_commandable",
            Self::Changing => "changing",
            Self::Refused => "refused",
            Self::GroupTurn => "group_turn",
            Self::Throttle => "throttle",
            Self::InFlight => "in_flight",
        }
    }

    /// The stage that holds back for this reason.
    #[must_use]
    pub fn stage(self) -> Stage {
        match self {
            Self::StaleData => Stage::Sample,
            Self::Confirming => Stage::Confirmation,
            Self::Cooldown => Stage::Dwell,
            Self::ResumeBudget => Stage::ResumeBudget,
            Self::PersonsPause | Self::Unproven | Self::PersonsResume => Stage::People,
            Self::Calendar => Stage::Calendar,
            Self::Override => Stage::Hold,
            Self::NotCommandable => Stage::Status,
            Self::Changing => Stage::Changing,
            Self::Refused => Stage::BackOff,
            Self::GroupTurn => Stage::Turn,
            Self::Throttle => Stage::Throttle,
            Self::InFlight => Stage::InFlight,
        }
    }
}

/// The outcome of one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// A command is wanted.
    Command {
        /// The direction of the command.
        direction: Direction,
        /// The cause of the command.
        cause: Cause,
    },
    /// The campaign is as it should be.
    NothingToDo,
    /// A command would be wanted, but a stage denies it.
    Suppressed {
        /// The direction that the command would have; absent where that is not known.
        direction: Option<Direction>,
        /// What holds it back.
        by: Suppression,
    },
}
