//! The dwell: after a command of ours the campaign stays as it is for a while. A pause by the calendar starts none.

use crate::domain::campaign::state::CampaignState;
use crate::domain::policy::Policy;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

/// How long the campaign stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DwellVerdict {
    /// No command of this direction before then; none when the dwell is over.
    pub until: Option<Timestamp>,
}

impl DwellVerdict {
    pub(super) fn evaluate(
        direction: Direction,
        state: &CampaignState,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        let dwell = match direction {
            Direction::Pause => policy.min_running,
            Direction::Resume => policy.min_paused,
        };
        let last = state.last_transition.filter(|last| last.to != direction);
        let by_calendar = direction == Direction::Resume && state.paused_by_calendar();
        let last = last.filter(|_| !by_calendar);
        let until = last.map(|last| last.at.min(now).plus(dwell));
        Self {
            until: until.filter(|until| now < *until),
        }
    }
}
