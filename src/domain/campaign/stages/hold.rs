//! An operator's hold: it beats every rule but a closed calendar, and asks for a command of its own where the status differs from it.

use crate::domain::belief::HoldKind;
use crate::domain::campaign::state::CampaignState;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::status::BelievedStatus;

/// A hold in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldVerdict {
    /// The kind of the hold.
    pub kind: HoldKind,
    /// When it ends.
    pub until: Timestamp,
}

impl HoldVerdict {
    /// The hold in force, if there is one.
    pub(super) fn evaluate(state: &CampaignState, now: Timestamp) -> Option<Self> {
        let hold = state.hold.as_ref().filter(|hold| hold.active(now))?;
        Some(Self {
            kind: hold.kind,
            until: hold.until(now),
        })
    }

    /// The command that it asks for at this status.
    pub(super) fn asks(self, status: BelievedStatus) -> Option<Direction> {
        match (self.kind, status.running()) {
            (HoldKind::Running, Some(false)) => Some(Direction::Resume),
            (HoldKind::Paused, Some(true)) => Some(Direction::Pause),
            (HoldKind::Running | HoldKind::Paused | HoldKind::AsIs, _) => None,
        }
    }
}
