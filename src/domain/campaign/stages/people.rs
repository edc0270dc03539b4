//! People: a person's pause is theirs to end, and a person's resume of our pause is left alone for the grace.

use crate::domain::belief::{Belief, PauseOwner};
use crate::domain::campaign::state::CampaignState;
use crate::domain::policy::Policy;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

/// What people did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeopleVerdict {
    /// The pause is a person's.
    pub persons_pause: bool,
    /// A person resumed our pause, and it is left alone until then.
    pub grace_until: Option<Timestamp>,
    /// Under `on_manual_change = enforce`, the direction in which a person's change is turned back.
    pub turned_back: Option<Direction>,
}

impl PeopleVerdict {
    pub(super) fn of(state: &CampaignState, policy: &Policy, now: Timestamp) -> Self {
        let grace_from = state.grace_from.map(|from| from.min(now));
        let grace_until = grace_from.map(|from| from.plus(policy.manual_grace));
        Self {
            persons_pause: state.belief == Belief::Paused(PauseOwner::Person),
            grace_until: grace_until.filter(|until| now < *until),
            turned_back: state.enforcing,
        }
    }

    /// Whether a command of this direction would undo what a person did.
    pub(super) fn forbids(self, direction: Direction) -> bool {
        self.persons_pause || (direction == Direction::Pause && self.grace_until.is_some())
    }
}
