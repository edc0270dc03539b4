//! What is remembered of a campaign's pace, and how readings and results move it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::conclusion::Conclusion;
use crate::domain::delivery::Delivery;
use crate::domain::dials_by::StagedResume;
use crate::domain::ids::DecisionId;
use crate::domain::time::Timestamp;

use super::change::{PaceChange, PaceFinding, PaceNotice, PaceReading, PaceResult, PaceStep};
use super::dial_ratio::DialRatio;
use super::setting::{Lever, PaceSetting};

/// The span over which writes are counted.
const SPAN: Duration = Duration::from_secs(3_600);

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The wait after a change that failed; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// A pace of ours in force: fewer dials for each idle agent, or an idle reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SteppedDown {
    /// What was there before, and is put back.
    pub original: PaceSetting,
    /// What we set.
    pub ours: PaceSetting,
    /// When it was confirmed.
    pub at: Timestamp,
    /// Until when the platform usually needs to act on it; of the stage of a resume, until when that lasts.
    pub settles_until: Timestamp,
    /// It is the stage of a resume, and is over by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub staged: bool,
}

impl SteppedDown {
    /// Whether it is the stage of a resume that is not over. A clock that was set back must not prolong it.
    pub(crate) fn is_staging(&self, now: Timestamp) -> bool {
        self.staged && self.at <= now && now < self.settles_until
    }
}

/// A change whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPace {
    /// The direction.
    pub step: PaceStep,
    /// The decision that sent it.
    pub decision: DecisionId,
    /// What was set before it.
    pub before: PaceSetting,
    /// What it sets.
    pub to: PaceSetting,
    /// What was there before ours.
    pub original: PaceSetting,
    /// When it was authorised.
    pub sent_at: Timestamp,
    /// The longest that it can be on its way.
    pub longest: Duration,
}

impl OpenPace {
    /// Whether it may still arrive.
    #[must_use]
    pub fn on_its_way(&self, now: Timestamp) -> bool {
        now < self.sent_at.min(now).plus(self.longest)
    }
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PaceFailures {
    times: u32,
    last: Timestamp,
}

impl PaceFailures {
    fn count(failures: &mut Option<Self>, now: Timestamp) {
        let times = failures.map_or(0, |failures| failures.times);
        *failures = Some(Self {
            times: times.saturating_add(1),
            last: now,
        });
    }

    /// Until when nothing is tried again.
    fn until(self, now: Timestamp) -> Timestamp {
        let doublings = self.times.saturating_sub(1).min(16);
        let wait = FIRST_WAIT.saturating_mul(1_u32.wrapping_shl(doublings));
        self.last.min(now).plus(wait.min(LONGEST_WAIT))
    }
}

/// Everything that is remembered of a campaign's pace; of bounded size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThrottleState {
    /// The pace of ours that is in force.
    pub stepped: Option<SteppedDown>,
    /// A change whose outcome is not known.
    pub open: Option<OpenPace>,
    /// When changes of the last hour were sent.
    pub writes: Vec<Timestamp>,
    /// Since when nothing is changed for a while, because somebody else changed the pace.
    pub left_alone_from: Option<Timestamp>,
    /// The last reading.
    pub last: Option<PaceReading>,
    /// When it was last asked for, whatever came back.
    pub asked_at: Option<Timestamp>,
    /// Changes that failed.
    failures: Option<PaceFailures>,
    /// Readings that failed.
    unreadable: Option<PaceFailures>,
    told_no_effect: bool,
}

impl ThrottleState {
    /// Until when the pace is left alone, where it is.
    #[must_use]
    pub fn left_alone_until(&self, grace: Duration, now: Timestamp) -> Option<Timestamp> {
        let until = self.left_alone_from?.min(now).plus(grace);
        (now < until).then_some(until)
    }

    /// Since when the pace is left alone, if that was within a day.
    #[must_use]
    pub fn left_alone_recently(&self, now: Timestamp) -> Option<Timestamp> {
        let since = self.left_alone_from;
        since.filter(|since| now.since(*since) < DAY)
    }

    /// Returns how many changes were sent within the last hour.
    #[must_use]
    pub fn changes_this_hour(&self, now: Timestamp) -> u32 {
        u32::try_from(self.recent(now).count()).unwrap_or(u32::MAX)
    }

    /// Until when no change is tried, after changes or readings that failed.
    #[must_use]
    pub fn backs_off_until(&self, now: Timestamp) -> Option<Timestamp> {
        let failures = [self.failures, self.unreadable].into_iter().flatten();
        let until = failures.map(|failures| failures.until(now)).max();
        until.filter(|until| now < *until)
    }

    /// Until when so many more changes would be beyond the limit of an hour.
    #[must_use]
    pub fn used_up_until(&self, more: u32, limit: u32, now: Timestamp) -> Option<Timestamp> {
        let mut recent: Vec<Timestamp> = self.recent(now).collect();
        recent.sort_unstable();
        let used = u32::try_from(recent.len()).unwrap_or(u32::MAX);
        let over = used.saturating_add(more).checked_sub(limit)?;
        let last_to_go = usize::try_from(over.checked_sub(1)?).ok()?;
        let last_to_go = recent.get(last_to_go).or(recent.last());
        // Without a write there is none to wait for: the limit is below what a step takes.
        Some(last_to_go.map_or(now.plus(SPAN), |at| at.plus(SPAN)))
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let writes = self.writes.iter().map(move |at| (*at).min(now));
        writes.filter(move |at| now.since(*at) < SPAN)
    }

    /// Takes in a reading that is not that behind a change of ours.
    pub(crate) fn observe(&mut self, finding: PaceFinding, now: Timestamp) -> Vec<PaceNotice> {
        self.asked_at = Some(now);
        let PaceFinding::Found(reading) = finding else {
            PaceFailures::count(&mut self.unreadable, now);
            return Vec::new();
        };
        self.last = Some(reading);
        self.unreadable = None;
        let mut notices = Vec::new();
        match (self.open, self.stepped) {
            (Some(open), _) => self.settle_open(open, reading, now, &mut notices),
            (None, Some(stepped)) if reading.setting() != stepped.ours => {
                self.give_up(
                    reading.setting(),
                    stepped.ours,
                    stepped.original,
                    now,
                    &mut notices,
                );
            }
            (None, Some(_)) => {}
            (None, None) => {
                let no_effect = reading.not_ahead();
                if let Some(ratio) = no_effect.filter(|_| !self.told_no_effect) {
                    notices.push(PaceNotice::NothingToStepDown { ratio });
                }
                self.told_no_effect = no_effect.is_some();
            }
        }
        notices
    }

    fn settle_open(
        &mut self,
        open: OpenPace,
        reading: PaceReading,
        now: Timestamp,
        notices: &mut Vec<PaceNotice>,
    ) {
        let conclusion = if reading.setting() == open.to {
            self.confirm(open, now, now);
            Conclusion::Confirmed
        } else if reading.setting() == open.before {
            if open.on_its_way(now) {
                return;
            }
            self.open = None;
            Conclusion::NotApplied
        } else {
            self.open = None;
            Conclusion::NotOurs
        };
        notices.push(PaceNotice::Resolved {
            decision: open.decision,
            step: open.step,
            conclusion,
        });
        if conclusion == Conclusion::NotOurs {
            self.give_up(reading.setting(), open.to, open.original, now, notices);
        }
    }

    /// A person's pace stays, and what was there before ours is nobody's any more.
    fn give_up(
        &mut self,
        found: PaceSetting,
        ours: PaceSetting,
        original: PaceSetting,
        now: Timestamp,
        notices: &mut Vec<PaceNotice>,
    ) {
        self.stepped = None;
        self.left_alone_from = Some(now);
        notices.push(PaceNotice::PersonChanged {
            found,
            ours,
            original,
        });
    }

    fn confirm(&mut self, open: OpenPace, now: Timestamp, settles_until: Timestamp) {
        self.open = None;
        self.failures = None;
        self.stepped = match open.step {
            PaceStep::Down | PaceStep::SetReserve => Some(SteppedDown {
                original: open.original,
                ours: open.to,
                at: now,
                settles_until,
                staged: false,
            }),
            PaceStep::Back => None,
        };
    }

    /// A resume of ours has begun at one dial for each idle agent.
    pub(crate) fn begin_stage(&mut self, staged: StagedResume, now: Timestamp) {
        self.stepped = Some(SteppedDown {
            original: staged.original.into(),
            ours: DialRatio::ONE.into(),
            at: now,
            settles_until: now.plus(staged.lasts),
            staged: true,
        });
    }

    /// A change is about to be sent.
    pub(crate) fn start(&mut self, change: &PaceChange, longest: Duration) {
        self.writes.retain(|at| change.at.since(*at) < SPAN);
        self.writes.push(change.at);
        self.open = Some(OpenPace {
            step: change.step,
            decision: change.decision,
            before: change.before,
            to: change.to,
            original: change.original,
            sent_at: change.at,
            longest,
        });
    }

    /// Takes in what became of the change on its way. What stays open is found out by a later reading.
    pub(crate) fn finish(
        &mut self,
        result: &PaceResult,
        usually_settles: Duration,
        now: Timestamp,
    ) -> (Conclusion, Vec<PaceNotice>) {
        let Some(open) = self.open else {
            return (Conclusion::Unknown, Vec::new());
        };
        let mut notices = Vec::new();
        let refused = match &result.delivery {
            Delivery::Acknowledged { .. } | Delivery::Lost { .. } => None,
            Delivery::Conflict { .. } => Some(Conclusion::Conflict),
            Delivery::Refused { wait: None, .. } => Some(Conclusion::Refused),
            Delivery::Refused { wait: Some(_), .. } | Delivery::NotSent { .. } => {
                Some(Conclusion::NotSent)
            }
        };
        let found = match result.after {
            PaceFinding::Found(reading) => {
                self.asked_at = Some(now);
                self.last = Some(reading);
                Some(reading.setting())
            }
            PaceFinding::Unreadable => None,
        };
        let conclusion = match (refused, found) {
            (None, Some(found)) if found == open.to => {
                self.confirm(open, now, now.plus(usually_settles));
                return (Conclusion::Confirmed, notices);
            }
            (None, Some(found)) if found != open.before => Conclusion::NotOurs,
            (None, _) => Conclusion::Unknown,
            (Some(_), Some(found)) if found != open.before => Conclusion::NotOurs,
            (Some(refused), _) => refused,
        };
        if conclusion != Conclusion::Unknown {
            self.open = None;
        }
        if let (Conclusion::NotOurs, Some(found)) = (conclusion, found) {
            self.give_up(found, open.to, open.original, now, &mut notices);
        } else {
            PaceFailures::count(&mut self.failures, now);
        }
        (conclusion, notices)
    }

    /// What a write has still to put back, or may have.
    #[must_use]
    pub fn original(&self) -> Option<PaceSetting> {
        let stepped = self.stepped.map(|stepped| stepped.original);
        stepped.or_else(|| self.open.map(|open| open.original))
    }

    /// The lever that has still to be put back, or may have.
    #[must_use]
    pub fn lever(&self) -> Option<Lever> {
        self.original().map(PaceSetting::lever)
    }

    /// Moves every time of our clock.
    pub(crate) fn shift_clock(&mut self, milliseconds: i64) {
        let Self {
            stepped,
            open,
            writes,
            left_alone_from,
            last: _,
            asked_at,
            failures,
            unreadable,
            told_no_effect: _,
        } = self;
        let shift = |at: &mut Timestamp| at.shift(milliseconds);
        if let Some(stepped) = stepped {
            shift(&mut stepped.at);
            shift(&mut stepped.settles_until);
        }
        if let Some(open) = open {
            shift(&mut open.sent_at);
        }
        writes.iter_mut().for_each(shift);
        left_alone_from.iter_mut().for_each(shift);
        asked_at.iter_mut().for_each(shift);
        for failures in [failures, unreadable].into_iter().flatten() {
            shift(&mut failures.last);
        }
    }

    /// Pulls remembered times of the future back to now.
    pub(crate) fn clamp(&mut self, now: Timestamp) {
        let pull = |at: &mut Timestamp| *at = (*at).min(now);
        if let Some(stepped) = &mut self.stepped {
            pull(&mut stepped.at);
        }
        if let Some(open) = &mut self.open {
            pull(&mut open.sent_at);
        }
        self.writes.iter_mut().for_each(pull);
        self.left_alone_from.iter_mut().for_each(pull);
    }
}
