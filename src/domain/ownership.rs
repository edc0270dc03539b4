//! Whose change a change was, by the strongest evidence that the platform has.
//!
//! *Asked* when a status reading meets a command of ours that the platform has accepted, or that is on its way. The answer
//! rests on that one request's own window: from the reading before it to the end of the time in which the platform's
//! commands settle. Requests without an answer have windows of their own: [`lost_attempt`](super::lost_attempt).
//!
//! ```text
//!  named author ─▶ version of the command's own answer ─▶ time of the change within the window ─▶ time of the reading
//! ```
//!
//! *In doubt* it is nobody's: it is reported as unproven, and not resumed: a person or an operator's hold does that.
//!
//! *Never here:* a change of belief. [`Campaign`](super::campaign::Campaign) makes those.

use super::belief::{Doubt, Unresolved};
use super::evidence::PlatformTraits;
use super::lost_attempt::LostAttempt;
use super::status::{Author, CampaignActivity, Direction, StatusReading};
use super::time::Timestamp;

/// What a reading says of a command whose outcome was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// The status is ours.
    Ours,
    /// It was ours, and somebody has changed the campaign back since.
    Overtaken,
    /// The status is the one asked for, and not shown to be ours; the doubt says why it may be, if it may.
    NotOurs(Option<Doubt>),
    /// It was seen on its way, or its effect may have come and gone, and what was before is back: the platform gave up, or
    /// somebody turned it back.
    TurnedBack,
    /// It has shown no effect within its window.
    NotShown,
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
    /// The version in an answer has matched what was read after it, at least once.
    pub(super) answers_match: bool,
    pub(super) traits: PlatformTraits,
}

impl Question<'_> {
    /// Answers it.
    pub(super) fn resolve(&self) -> Resolution {
        let Unresolved {
            before,
            acknowledged,
            answer,
            to,
            changing_since,
            ..
        } = self.unresolved;
        let reading = self.reading;
        let now = reading.clock();
        match &reading.activity {
            // Nobody's status yet: it becomes the one that was asked for, or another.
            CampaignActivity::Changing { .. } => {
                if *acknowledged && now > self.window().until {
                    Resolution::Overdue
                } else {
                    Resolution::Pending
                }
            }
            found if *found == to.target() => self.whose(),
            found if *found == before.activity => {
                let versions = before.version.as_ref().zip(reading.version.as_ref());
                let changed = versions.is_some_and(|(a, b)| a != b);
                // The version in the answer was in force, and another one is. What was last seen on its way may never have come
                // through.
                let in_force = self.answers_match && answer.is_some() && changing_since.is_none();
                if *acknowledged && changed && in_force {
                    Resolution::Overtaken
                } else if *acknowledged && (changed || changing_since.is_some()) {
                    Resolution::TurnedBack
                } else if now >= self.window().until {
                    Resolution::NotShown
                } else {
                    Resolution::Pending
                }
            }
            CampaignActivity::Running
            | CampaignActivity::Paused
            | CampaignActivity::NotCommandable { .. }
            | CampaignActivity::Unknown { .. } => Resolution::NotShown,
        }
    }

    /// The status is the one that was asked for: whose doing is it?
    fn whose(&self) -> Resolution {
        let Unresolved {
            acknowledged,
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
        let window = self.window();
        let began = changing_since.is_some_and(|at| window.from <= at && at <= window.until);
        match self.matches_answer() {
            Some(true) => return Resolution::Ours,
            // Where answers and readings never agree, that they differ says nothing; and a platform that names a status in
            // between may stamp the change anew when it is through.
            Some(false) if self.answers_match && !began => {
                return Resolution::NotOurs(self.doubt(Doubt::Unmatched));
            }
            Some(false) | None => {}
        }
        if self.strict && (*to == Direction::Pause || !acknowledged) {
            return Resolution::NotOurs(self.doubt(if *acknowledged {
                Doubt::Unmatched
            } else {
                Doubt::Outcome
            }));
        }
        // Without a time of the change, only a reading within the window shows that the change lies in it.
        if window.made(reading) || began || (*acknowledged && self.reading_back) {
            Resolution::Ours
        } else {
            Resolution::NotOurs(self.doubt(Doubt::Outcome))
        }
    }

    /// Whether the reading shows the version that the platform's answer to the command named; nothing where it named none, or
    /// the one from before the command.
    pub(super) fn matches_answer(&self) -> Option<bool> {
        let answer = self.unresolved.answer.as_deref()?;
        let version = self.reading.version.as_deref()?;
        if self.unresolved.before.version.as_deref() == Some(answer) {
            return None;
        }
        let same_second = || {
            // Answer and reading may have the same time in different precisions.
            let (answered, shown) = (Timestamp::parse_rfc3339(answer)?, self.reading.updated_at?);
            let [answered, shown] = [answered, shown].map(Timestamp::as_unix_millis);
            let whole = answered.rem_euclid(1_000) == 0 || shown.rem_euclid(1_000) == 0;
            Some(whole && answered.div_euclid(1_000) == shown.div_euclid(1_000))
        };
        Some(answer == version || same_second() == Some(true))
    }

    /// The doubt, unless the platform's time of the change lies where no request of ours can have been on its way.
    fn doubt(&self, doubt: Doubt) -> Option<Doubt> {
        let possible = self.window().may_have_made(self.reading.changed_between());
        possible.then_some(doubt)
    }

    /// The window in which a change can be this command's.
    fn window(&self) -> LostAttempt {
        LostAttempt::of_command(self.unresolved, self.traits.settling)
    }
}
