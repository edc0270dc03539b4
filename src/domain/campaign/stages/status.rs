//! The status: only a campaign that is known to be running or paused is commanded.

use serde::{Deserialize, Serialize};

use crate::domain::belief::{Belief, PauseOwner};
use crate::domain::campaign::state::CampaignState;

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
    /// Paused by us, because its calendar is closed or was when it was paused.
    PausedByCalendar,
    /// Paused by somebody else.
    PausedByPerson,
    /// Paused, perhaps by us, which cannot be shown.
    PausedUnproven,
    /// On its way between two states. Whether that holds a command back is for the stages behind this one.
    Changing,
    /// In a state that is never commanded.
    Other,
    /// Not known to the platform.
    Missing,
}

impl BelievedStatus {
    /// Returns the status that the campaign's state amounts to.
    pub(crate) fn from_state(state: &CampaignState) -> Self {
        match &state.belief {
            Belief::Missing { .. } => Self::Missing,
            Belief::Unread | Belief::Running | Belief::Paused(_) | Belief::Other { .. }
                if state.is_changing() =>
            {
                Self::Changing
            }
            Belief::Unread => Self::Unread,
            Belief::Running => Self::Running,
            Belief::Paused(PauseOwner::Autopilot { .. }) if state.paused_by_calendar() => {
                Self::PausedByCalendar
            }
            Belief::Paused(PauseOwner::Autopilot { .. }) => Self::PausedByUs,
            Belief::Paused(PauseOwner::Person) => Self::PausedByPerson,
            Belief::Paused(PauseOwner::Unproven { .. }) => Self::PausedUnproven,
            Belief::Other { .. } => Self::Other,
        }
    }

    /// Whether it runs or is paused; none where it does neither, as far as is known.
    pub(crate) fn running(self) -> Option<bool> {
        match self {
            Self::Running => Some(true),
            Self::PausedByUs
            | Self::PausedByCalendar
            | Self::PausedByPerson
            | Self::PausedUnproven => Some(false),
            Self::Changing | Self::Unread | Self::Other | Self::Missing => None,
        }
    }

    /// Whether it is in a status that is never commanded, or none is known.
    pub(super) fn not_commandable(self) -> bool {
        match self {
            Self::Unread | Self::Other | Self::Missing => true,
            Self::Running
            | Self::PausedByUs
            | Self::PausedByCalendar
            | Self::PausedByPerson
            | Self::PausedUnproven
            | Self::Changing => false,
        }
    }
}
