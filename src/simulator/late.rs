//! Effects that come later than their request, in a queue by simulated time.
//!
//! Nothing waits for them: they are carried out, in their order and at their own times, whenever the platform is
//! touched after they are due.

use std::collections::BTreeMap;

use super::call::Call;
use super::journal::Actor;
use super::request_seen::RequestSeen;
use super::time::SimTime;
use super::tokens::Token;

/// The queue of late effects.
#[derive(Default)]
pub(super) struct LateEffects {
    coming: BTreeMap<(SimTime, u64), LateEffect>,
    /// How many were ever queued, so that those of one moment keep their order.
    queued: u64,
    closed: bool,
}

/// One effect that is still to come.
pub(super) enum LateEffect {
    /// A write whose token was good when it arrived.
    Write { call: Call, token: Token },
    /// The end of a campaign's transition, if it still is in it.
    TransitionEnds {
        seen: RequestSeen,
        campaign: String,
        /// The status that becomes true.
        status: String,
        by: Actor,
        /// The number of the transition.
        number: u64,
    },
}

impl LateEffects {
    /// Adds an effect that comes at `at`.
    pub(super) fn push(&mut self, at: SimTime, effect: LateEffect) {
        if self.closed {
            return;
        }
        self.queued += 1;
        self.coming.insert((at, self.queued), effect);
    }

    /// Takes out the next effect that is due at `now`, with its time.
    pub(super) fn next_due(&mut self, now: SimTime) -> Option<(SimTime, LateEffect)> {
        let first = self.coming.first_entry()?;
        let (at, _) = *first.key();
        (at <= now).then(|| (at, first.remove()))
    }

    /// How many were ever queued.
    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    /// Drops those that were queued after the first `queued`.
    pub(super) fn drop_after(&mut self, queued: u64) {
        self.coming.retain(|(_, number), _| *number <= queued);
    }

    /// Drops what is still to come, and whatever would be added.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.coming.clear();
    }
}
