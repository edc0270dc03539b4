//! Whose change a change was, by the strongest evidence that the platform has.
//!
//! *Asked* when a status reading meets a command of ours whose outcome is not known. The answer rests on that one
//! request's own window: from the reading before it to its answer or its time-out and the moment that the platform
//! usually takes; where the platform said yes, to the end of the time in which its commands settle.
//!
//! ```text
//!  named author ─▶ version of the command's own answer ─▶ time of the change within the window ─▶ time of the reading
//! ```
//!
//! *In doubt* it is nobody's: it is told as unproven, and not resumed: a person or an operator's hold does that.
//!
//! *Never here:* a change of belief. [`Campaign`](super::campaign::Campaign) makes those.

use std::time::Duration;

use super::belief::{Doubt, Unresolved};
use super::evidence::PlatformTraits;
use super::status::{Author, CampaignActivity, Direction, StatusReading};
use super::time::Timestamp;

/// Allowed difference between our clock and the platform's where its answers do not tell its time.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// The resolution of a platform's clock.
const DATE_RESOLUTION: Duration = Duration::from_secs(1);

/// What a reading says of a command whose outcome was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// The status is ours.
    Ours,
    /// It was ours, and somebody has changed the campaign back since.
    Overtaken,
    /// The status is the one asked for, and not shown to be ours; the doubt says why it may be, if it may.
    NotOurs(Option<Doubt>),
    /// It was seen on its way and what was before is back: the platform gave up, or somebody turned it back.
    TurnedBack,
    /// It had no effect within its window.
    NotApplied,
    /// Nothing yet.
    Pending,
    /// Still on its way, for longer than commands settle there.
    Overdue,
}

/// A command with an open outcome and a reading that may settle it.
pub(super) struct Question<'a> {
    pub(super) unresolved: &'a Unresolved,
    pub(super) reading: &'a StatusReading,
    /// The status was read right after the command.
    pub(super) reading_back: bool,
    pub(super) strict: bool,
    pub(super) traits: PlatformTraits,
}

impl Question<'_> {
    /// Answers it.
    pub(super) fn resolve(&self) -> Resolution {
        let Unresolved {
            before,
            acknowledged,
            to,
            changing_since,
            ..
        } = self.unresolved;
        let reading = self.reading;
        let now = reading.clock();
        match &reading.activity {
            // Nobody's status yet: it becomes the one that was asked for, or another.
            CampaignActivity::Changing { .. } => {
                if *acknowledged && now > self.until() {
                    Resolution::Overdue
                } else {
                    Resolution::Pending
                }
            }
            found if *found == to.target() => self.whose(),
            found if *found == before.activity => {
                let versions = before.version.as_ref().zip(reading.version.as_ref());
                if *acknowledged && versions.is_some_and(|(a, b)| a != b) {
                    return Resolution::Overtaken;
                }
                if *acknowledged && changing_since.is_some() {
                    Resolution::TurnedBack
                } else if now >= self.until() {
                    Resolution::NotApplied
                } else {
                    Resolution::Pending
                }
            }
            CampaignActivity::Running
            | CampaignActivity::Paused
            | CampaignActivity::NotCommandable { .. } => Resolution::NotApplied,
        }
    }

    /// The status is the one that was asked for: whose doing is it?
    fn whose(&self) -> Resolution {
        let Unresolved {
            acknowledged,
            answer,
            to,
            changing_since,
            ..
        } = self.unresolved;
        let reading = self.reading;
        match &reading.changed_by {
            Some(Author::Ours) => return Resolution::Ours,
            Some(Author::Somebody { .. }) => return Resolution::NotOurs(None),
            None => {}
        }
        let answered = answer.as_ref().zip(reading.version.as_ref());
        if *acknowledged && answered.is_some_and(|(a, b)| a == b) {
            return Resolution::Ours;
        }
        if self.strict && (*to == Direction::Pause || !acknowledged) {
            return Resolution::NotOurs(self.doubt(if *acknowledged {
                Doubt::Unmatched
            } else {
                Doubt::Outcome
            }));
        }
        // Without a time of the change, only a reading within the window shows that the change lies in it.
        let changed = reading.updated_at.unwrap_or(reading.clock());
        let within = |at: Timestamp| self.from() <= at && at <= self.until();
        let began = changing_since.is_some_and(within);
        if within(changed) || began || (*acknowledged && self.reading_back) {
            Resolution::Ours
        } else {
            Resolution::NotOurs(self.doubt(Doubt::Outcome))
        }
    }

    /// The doubt, unless the platform's time of the change lies where no request of ours can have been on its way.
    fn doubt(&self, doubt: Doubt) -> Option<Doubt> {
        let possible = |at: Timestamp| self.from() <= at && at <= self.doubtful_until();
        self.reading
            .updated_at
            .is_none_or(possible)
            .then_some(doubt)
    }

    fn slack(&self) -> (Duration, Duration) {
        if self.unresolved.before.platform_now.is_some() {
            (Duration::ZERO, DATE_RESOLUTION)
        } else {
            (CLOCK_SKEW, CLOCK_SKEW)
        }
    }

    /// From when on a change can be this command's, on the platform's clock.
    fn from(&self) -> Timestamp {
        self.unresolved.from.minus(self.slack().0)
    }

    /// Until when a change can be this command's, on the platform's clock.
    fn until(&self) -> Timestamp {
        let Unresolved {
            before,
            longest,
            ended_after,
            ..
        } = self.unresolved;
        before
            .clock()
            .plus(ended_after.unwrap_or(*longest))
            .plus(self.settles())
            .plus(self.slack().1)
    }

    fn settles(&self) -> Duration {
        let Unresolved {
            ended_after,
            acknowledged,
            ..
        } = self.unresolved;
        match (acknowledged, ended_after) {
            (true, _) => self.traits.settling.longest,
            // A request that broke off may be carried out all the same, and then about as soon as any other.
            (false, Some(_)) => self.traits.settling.usual,
            (false, None) => Duration::ZERO,
        }
    }

    /// Until when the command may still land, though nothing of that would be proof any more.
    pub(super) fn doubtful_until(&self) -> Timestamp {
        let Unresolved {
            before, longest, ..
        } = self.unresolved;
        let arrives = before.clock().plus(*longest);
        arrives.plus(self.settles()).plus(self.slack().1)
    }
}
