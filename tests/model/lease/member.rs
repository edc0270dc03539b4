//! One daemon, as far as the lease is concerned. One that is killed is one that does nothing any more.

use super::state::{Intent, Left, Status};

/// A daemon.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Member {
    /// It waits for the lease.
    Standby,
    /// It has the lease, as far as it knows.
    Holding(Holding),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holding {
    pub(super) epoch: u8,
    /// It sends nothing when none is left, by its own clock, which is as slow as it may be.
    pub(super) left: Left,
    /// The server has renewed the lease, and it has not heard of that yet.
    pub(super) renewed: bool,
    pub(super) step: Step,
}

/// What the loop does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// It waits until nothing can be under way of whoever had the lease before.
    Waits {
        left: Left,
    },
    Idle,
    /// It has read, and asked for an intent to be written; `good` is how the lease was judged then.
    Intends {
        to: Status,
        good: bool,
    },
    Intended {
        intent: Intent,
        against_a_person: bool,
    },
    /// It waits for an answer, and reads.
    Sent {
        intent: Intent,
    },
}

impl Member {
    pub(super) fn holding(&self) -> Option<&Holding> {
        match self {
            Self::Holding(holding) => Some(holding),
            Self::Standby => None,
        }
    }

    /// The epoch in which it has begun to steer; whether it still believes so is another matter.
    pub(super) fn begun(&self) -> Option<u8> {
        let begun = |holding: &&Holding| !matches!(holding.step, Step::Waits { .. });
        self.holding().filter(begun).map(|holding| holding.epoch)
    }

    /// Whether it would command now.
    pub(super) fn steers(&self) -> bool {
        self.begun().is_some() && self.holding().is_some_and(|holding| holding.left > 0)
    }
}
