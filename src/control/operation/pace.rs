//! Changing how fast one campaign dials.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::throttle::{PaceChange, PaceFinding, PaceResult};
use crate::domain::{Delivery, Timestamp};
use crate::platform::port::{Pace, PlatformFault, Throttle, ThrottleOrder, Urgency};

use super::engine::{Attempt, Carried, Engine, Seen, Target};

/// How often one change is sent. The write has no version, and a slower campaign does no harm: the next poll tries again.
const MOST_WRITES: u32 = 2;

/// A pace as it was read.
#[derive(Clone, Debug)]
pub(in crate::control) struct PaceSeen {
    pub(in crate::control) pace: Pace,
    pub(in crate::control) read_at: Timestamp,
}

/// One campaign whose pace is changed.
pub(in crate::control) struct PaceOperation<'a> {
    pub(in crate::control) throttle: &'a dyn Throttle,
    pub(in crate::control) clock: &'a dyn Clock,
    pub(in crate::control) change: &'a PaceChange,
    /// The longest that a change can be on its way, everything included.
    pub(in crate::control) longest: Duration,
    /// A pace that was read longer ago is not changed.
    pub(in crate::control) freshest: Duration,
    /// How long the platform usually takes to show a change.
    pub(in crate::control) usually_settles: Duration,
}

impl PaceOperation<'_> {
    /// Sends the change and finds out what came of it.
    pub(in crate::control) async fn deliver(&self, before: PaceSeen) -> PaceResult {
        let engine = Engine {
            clock: self.clock,
            // The last attempt to start may take a further quarter.
            deadline: self.change.at.plus(self.longest * 3 / 4),
            reading: Duration::ZERO,
            most_writes: MOST_WRITES,
            usually_settles: self.usually_settles,
        };
        let Carried {
            delivery, after, ..
        } = engine.carry_out(self, before).await;
        PaceResult {
            delivery,
            after: match after {
                Seen::Found(seen) => PaceFinding::Found(seen.pace.reading),
                Seen::Missing | Seen::Unreadable { .. } => PaceFinding::Unreadable,
            },
        }
    }
}

impl Target for PaceOperation<'_> {
    type Reading = PaceSeen;

    fn read(
        &self,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<Seen<PaceSeen>, PlatformFault>> {
        Box::pin(async move {
            let campaign = &self.change.campaign;
            let pace = self.throttle.read(campaign, urgency, deadline).await?;
            Ok(Seen::Found(PaceSeen {
                pace,
                read_at: self.clock.now(),
            }))
        })
    }

    fn good_until(&self, reading: &PaceSeen) -> Option<Timestamp> {
        Some(reading.read_at.plus(self.freshest))
    }

    /// The other settings count as well, because a write replaces them.
    fn is_untouched(&self, before: &PaceSeen, now: &PaceSeen) -> bool {
        before.pace == now.pace
    }

    fn is_shown(&self, reading: &PaceSeen) -> bool {
        reading.pace.reading.setting() == self.change.to
    }

    fn write<'a>(&'a self, attempt: Attempt<'a, PaceSeen>) -> BoxFuture<'a, Delivery> {
        self.throttle.set(ThrottleOrder {
            campaign: &self.change.campaign,
            before: &attempt.before.pace,
            to: self.change.to,
            decision: self.change.decision,
            leave_by: attempt.leave_by,
            deadline: attempt.deadline,
        })
    }
}
