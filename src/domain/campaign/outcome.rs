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
    /// A person resumed our pause, and the grace runs.
    PersonsResume,
    /// An operator's hold forbids it.
    Override,
    /// Its status is not one that is commanded, or not known. Version 0.1.0 wrote this for [`Self::BackOff`] too.
    NotCommandable,
    /// The platform keeps refusing our commands, and the next attempt is not due yet.
    BackOff,
    /// A command is on its way.
    InFlight,
}

impl Suppression {
    /// Every suppression, so that each counter exists from the start.
    pub const ALL: [Self; 10] = [
        Self::StaleData,
        Self::Confirming,
        Self::Cooldown,
        Self::ResumeBudget,
        Self::PersonsPause,
        Self::PersonsResume,
        Self::Override,
        Self::NotCommandable,
        Self::BackOff,
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
            Self::PersonsResume => "persons_resume",
            Self::Override => "override",
            Self::NotCommandable => "not_commandable",
            Self::BackOff => "back_off",
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
            Self::PersonsPause | Self::PersonsResume => Stage::People,
            Self::Override => Stage::Hold,
            Self::NotCommandable => Stage::Status,
            Self::BackOff => Stage::BackOff,
            Self::InFlight => Stage::InFlight,
        }
    }
}

/// What one decision comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// A command is wanted.
    Command {
        /// Which way.
        direction: Direction,
        /// Because of what.
        cause: Cause,
    },
    /// The campaign is as it should be.
    NothingToDo,
    /// A command would be wanted, but a stage denies it.
    Suppressed {
        /// Which way it would go; absent where that cannot be told.
        direction: Option<Direction>,
        /// What stands in the way.
        by: Suppression,
    },
}
