//! The status: only a campaign that is known to be running or paused is commanded.

use serde::{Deserialize, Serialize};

use crate::domain::belief::{Belief, PauseOwner};

/// What a campaign was believed to be when it was decided upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BelievedStatus {
    /// Its status was never read.
    Unread,
    /// It dials.
    Running,
    /// Paused by us.
    PausedByUs,
    /// Paused by somebody else, or not shown to be paused by us.
    PausedByPerson,
    /// In a state that is never commanded.
    Other,
    /// Not known to the platform.
    Missing,
}

impl BelievedStatus {
    /// What a belief comes to.
    pub(crate) fn of(belief: &Belief) -> Self {
        match belief {
            Belief::Unread => Self::Unread,
            Belief::Running => Self::Running,
            Belief::Paused(PauseOwner::Autopilot { .. }) => Self::PausedByUs,
            Belief::Paused(PauseOwner::Person) => Self::PausedByPerson,
            Belief::Other { .. } => Self::Other,
            Belief::Missing { .. } => Self::Missing,
        }
    }

    /// Whether it runs or is paused; none where it is not commanded.
    pub(crate) fn running(self) -> Option<bool> {
        match self {
            Self::Running => Some(true),
            Self::PausedByUs | Self::PausedByPerson => Some(false),
            Self::Unread | Self::Other | Self::Missing => None,
        }
    }
}
