//! Attempts at a command that had no usable answer: when each can have taken effect, and how a change is held against that.
//!
//! *Why each attempt by itself.* A platform whose commands fail for an hour is asked again and again. Between two attempts
//! nothing of ours is on its way, and what changes there is somebody's. Only a change within an attempt's own window can be
//! shown to be its doing: from the reading before it to its answer, its break-off or its time-out.
//!
//! *Why so long afterwards.* A request without an answer may wait in a gateway and be carried out minutes later. A change at
//! such a time may be its doing and cannot be shown to be: it is reported as unproven, and a pause is not resumed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::belief::Unresolved;
use super::cause::Cause;
use super::evidence::Settling;
use super::ids::DecisionId;
use super::status::{Direction, StatusReading};
use super::time::Timestamp;

/// Allowed difference between our clock and the platform's where its answers do not show its time.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// The resolution of the clock in a platform's answers, where nothing closer is known.
const DATE_RESOLUTION: Duration = Duration::from_secs(1);

/// How long a request without an answer may wait in a gateway before it is carried out: an assumption, as no platform states it.
pub(super) const LONGEST_ON_ITS_WAY: Duration = Duration::from_secs(5 * 60);

/// At most so many are kept for a campaign; the oldest go first.
pub(super) const MOST_KEPT: usize = 32;

/// An attempt at a command that had no usable answer. It may have taken effect, and may do so yet.
///
/// All times are the platform's, widened by what is not known of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostAttempt {
    /// The decision that sent it.
    pub decision: DecisionId,
    /// The direction of the command.
    pub to: Direction,
    /// The cause of the command.
    pub cause: Cause,
    /// When the campaign was read before it: it cannot have taken effect earlier.
    pub from: Timestamp,
    /// When it broke off or was given up. A change from `from` to here is shown to be its doing.
    pub until: Timestamp,
    /// A later change than this is another one: the stamp showed that the effect may have come and gone by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_at: Option<Timestamp>,
    /// After this it cannot take effect any more.
    pub lands_by: Timestamp,
    /// Nothing more is reported of it: another attempt of the same command took effect, or nobody can say any more whether it had
    /// one.
    #[serde(default)]
    pub closed: bool,
    /// A reading within its window showed the campaign on its way to what was asked for, and none since has shown otherwise.
    #[serde(default)]
    pub changing: bool,
}

impl LostAttempt {
    /// Returns the attempt of `command` that rested on `before`, left after it and ended at `ended_at` by our clock. It may have
    /// been carried out about as soon as any other.
    pub(super) fn new(
        command: &Unresolved,
        before: &StatusReading,
        ended_at: Timestamp,
        settling: Settling,
    ) -> Self {
        let lasted = ended_at
            .since(before.read_at)
            .saturating_add(settling.usual);
        Self::within(command, before, before.clock(), lasted, settling)
    }

    /// Ends the window with a reading that shows the campaign untouched after the attempt had ended: what comes after it is
    /// another change, unless the request was held up on its way.
    #[must_use]
    pub(super) fn ended_by(mut self, untouched: &StatusReading) -> Self {
        let latest = untouched.clock().plus(slack(untouched).1);
        self.until = self.until.min(latest);
        self
    }

    /// Takes back that any change can be shown to be its doing: what the platform tells of it says otherwise. It may yet take
    /// effect.
    #[must_use]
    pub(super) fn disproved(mut self) -> Self {
        // Earlier than any change that a time in whole seconds can stand for.
        self.until = self.from.minus(CLOCK_SKEW);
        self.closed = true;
        self.changing = false;
        self
    }

    /// Returns the command as one attempt, where a crash took the answers, or the platform said yes and showed nothing for
    /// as long as its commands settle.
    pub(super) fn of_command(command: &Unresolved, settling: Settling) -> Self {
        let Unresolved {
            before,
            from,
            longest,
            acknowledged,
            ended_after,
            ..
        } = command;
        let mut lasted = ended_after.unwrap_or(*longest);
        if *acknowledged {
            lasted = lasted.saturating_add(settling.longest_to(command.to));
        }
        Self::within(command, before, *from, lasted, settling)
    }

    fn within(
        command: &Unresolved,
        before: &StatusReading,
        from: Timestamp,
        lasted: Duration,
        settling: Settling,
    ) -> Self {
        let (earlier, later) = slack(before);
        let shows_after = settling.longest_to(command.to);
        let until = before.clock().plus(lasted).plus(later);
        let attempt = Self {
            decision: command.decision,
            to: command.to,
            cause: command.cause,
            from: from.minus(earlier),
            until,
            lands_by: until.plus(LONGEST_ON_ITS_WAY.saturating_add(shows_after)),
            hidden_at: None,
            closed: false,
            changing: false,
        };
        if command.undated {
            return attempt.disproved();
        }
        attempt
    }

    /// Returns whether the change that `reading` shows is shown to be its doing. Without a time of the change only a reading
    /// within the window shows that the change lies in it.
    pub(super) fn made(&self, reading: &StatusReading) -> bool {
        let (earliest, latest) = reading.changed_between();
        let until = self.hidden_at.map_or(self.until, |at| at.min(self.until));
        self.changing || (self.from <= latest && earliest <= until)
    }

    /// Returns whether the change would be shown to be its doing if nothing were given for stamps: by the time of the reading.
    pub(super) fn made_but_for_stamps(&self, reading: &StatusReading) -> bool {
        let now = reading.clock();
        self.changing || (self.from <= now && now <= self.until)
    }

    /// Returns whether a change between these times of the platform's clock may be its doing.
    pub(super) fn may_have_made(&self, (earliest, latest): (Timestamp, Timestamp)) -> bool {
        self.from <= latest && earliest <= self.lands_by
    }
}

/// How far the platform's clock may be from what is computed of it, to either side.
fn slack(before: &StatusReading) -> (Duration, Duration) {
    if before.platform_now.is_some() {
        (
            Duration::ZERO,
            before.platform_error.unwrap_or(DATE_RESOLUTION),
        )
    } else if before.updated_at.is_none() {
        // Our clock alone dates what is read.
        (Duration::ZERO, Duration::ZERO)
    } else {
        (CLOCK_SKEW, CLOCK_SKEW)
    }
}
