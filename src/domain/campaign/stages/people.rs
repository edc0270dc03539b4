//! People: a person's pause, and one that cannot be shown to be ours, is theirs to end, and a person's resume of our pause
//! is left alone for the grace.

use crate::domain::belief::{Belief, Doubt, PauseOwner};
use crate::domain::campaign::state::CampaignState;
use crate::domain::policy::Policy;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

/// What people changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeopleVerdict {
    /// The pause is a person's.
    pub persons_pause: bool,
    /// What keeps the pause from being shown to be ours, if it may be.
    pub unproven: Option<Doubt>,
    /// A person resumed our pause, and it is left alone until then.
    pub grace_until: Option<Timestamp>,
    /// Under `on_manual_change = enforce`, the direction in which a person's change is turned back.
    pub turned_back: Option<Direction>,
}

impl PeopleVerdict {
    pub(super) fn evaluate(state: &CampaignState, policy: &Policy, now: Timestamp) -> Self {
        let grace_from = state.grace_from.map(|from| from.min(now));
        let grace_until = grace_from.map(|from| from.plus(policy.manual_grace));
        let (persons_pause, unproven) = match &state.belief {
            Belief::Paused(PauseOwner::Person) => (true, None),
            Belief::Paused(PauseOwner::Unproven { doubt }) => (false, Some(*doubt)),
            Belief::Paused(PauseOwner::Autopilot { .. })
            | Belief::Running
            | Belief::Unread
            | Belief::Other { .. }
            | Belief::Missing { .. } => (false, None),
        };
        Self {
            persons_pause,
            unproven,
            grace_until: grace_until.filter(|until| now < *until),
            turned_back: state.enforcing,
        }
    }

    /// Whether the campaign is paused and the pause is not ours to end.
    pub(crate) fn not_ours(self) -> bool {
        self.persons_pause || self.unproven.is_some()
    }

    /// Whether a command of this direction would undo what a person did.
    pub(crate) fn forbids(self, direction: Direction) -> bool {
        self.not_ours() || (direction == Direction::Pause && self.grace_until.is_some())
    }
}
