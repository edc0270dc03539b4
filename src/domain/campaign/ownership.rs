//! One campaign's state machine: how readings and reports move the belief ([`Belief`] has the diagram).
//!
//! *Decides* whose a change was. A status that differs from the belief is a person's change unless an unresolved
//! command of ours explains it; a pause that cannot be shown to be ours is a person's.
//!
//! *Remaining race.* On a platform without conditional writes a person can act between our status read and our
//! command. A command with a lost reply is taken for ours only if the status read just before was the opposite one
//! and the platform's time of the change lies within the time that our request can have been on its way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::belief::{Belief, PauseOwner, Transition, Unresolved};
use crate::domain::cause::Cause;
use crate::domain::command::{CommandResult, Conclusion, Delivery};
use crate::domain::confirmation::Window;
use crate::domain::flapping;
use crate::domain::ids::DecisionId;
use crate::domain::notice::Notice;
use crate::domain::policy::{OnManualChange, Policy};
use crate::domain::status::{Direction, PlatformStatus, StatusFinding, StatusReading};
use crate::domain::thresholds::Thresholds;
use crate::domain::time::Timestamp;

use super::state::CampaignState;

/// How long an acknowledged command may take to show in the status before it counts as not applied.
const SETTLE: Duration = Duration::from_secs(60);

/// Allowed difference between our clock and the platform's where its answers do not tell its time.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// The resolution of the `Date` header.
const DATE_RESOLUTION: Duration = Duration::from_secs(1);

/// A campaign that the platform does not know is asked for again after this long.
const MISSING_RECHECK: Duration = Duration::from_secs(15 * 60);

enum Resolution {
    Ours,
    /// Ours, and somebody has changed the campaign back since.
    Overtaken,
    NotOurs,
    NotApplied,
    Pending,
}

/// One campaign under control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    pub(crate) policy: Policy,
    pub(crate) state: CampaignState,
    pub(crate) selector: usize,
    pub(crate) below_pause: Window,
    pub(crate) at_resume: Window,
    pub(crate) in_flight: Option<Direction>,
    pub(crate) budget_alerted: bool,
    /// How often in a row the platform refused a command, and when last.
    pub(crate) refusals: Option<(u32, Timestamp)>,
    /// When its status was last asked for, whatever came back.
    pub(crate) asked_at: Option<Timestamp>,
    /// Whether its status was read in this run.
    read_in_run: bool,
}

impl Campaign {
    pub(crate) fn new(policy: Policy, selector: usize, state: CampaignState) -> Self {
        Self {
            policy,
            state,
            selector,
            below_pause: Window::default(),
            at_resume: Window::default(),
            in_flight: None,
            budget_alerted: false,
            refusals: None,
            asked_at: None,
            read_in_run: false,
        }
    }

    /// Its rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The lines in force: an operator's, or those of its rules.
    #[must_use]
    pub fn thresholds(&self, now: Timestamp) -> Thresholds {
        let set = self.state.lines.as_ref().filter(|set| set.active(now));
        set.map_or(self.policy.thresholds, |set| set.thresholds)
    }

    /// What is known of it.
    #[must_use]
    pub fn state(&self) -> &CampaignState {
        &self.state
    }

    /// Whether its status has to be read before it can be commanded at all.
    pub(crate) fn needs_reading(&self, now: Timestamp) -> bool {
        match &self.state.belief {
            Belief::Missing { recheck_at, .. } => now >= *recheck_at || !self.read_in_run,
            Belief::Unread | Belief::Running | Belief::Paused(_) | Belief::Other { .. } => {
                !self.read_in_run || self.state.unresolved.is_some()
            }
        }
    }

    /// Takes in what a status read found.
    pub(crate) fn observe(&mut self, finding: &StatusFinding, now: Timestamp) -> Vec<Notice> {
        self.take_in(finding, false, now)
    }

    /// `reading_back` says that the status was read right after the command that it may show.
    fn take_in(
        &mut self,
        finding: &StatusFinding,
        reading_back: bool,
        now: Timestamp,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.asked_at = Some(now);
        match finding {
            StatusFinding::Unreadable => {}
            StatusFinding::Missing => {
                let known = !matches!(self.state.belief, Belief::Missing { .. });
                let recheck_at = now.plus(MISSING_RECHECK);
                let ours = match self.state.belief {
                    Belief::Missing { ours, .. } => ours,
                    Belief::Unread | Belief::Running | Belief::Paused(_) | Belief::Other { .. } => {
                        self.state.belief.paused_by_us()
                    }
                };
                self.believe(Belief::Missing { recheck_at, ours }, now);
                if known || !self.read_in_run {
                    notices.push(Notice::Missing);
                }
                self.read_in_run = true;
            }
            StatusFinding::Found(reading) => {
                self.settle_unresolved(reading, reading_back, now, &mut notices);
                self.observe_status(reading, now, &mut notices);
                self.state.last_reading = Some(reading.clone());
                self.read_in_run = true;
            }
        }
        notices
    }

    /// Marks a command as on its way; the state now carries what a restart needs to resolve it.
    pub(crate) fn start(
        &mut self,
        direction: Direction,
        cause: Cause,
        decision: DecisionId,
        longest: Duration,
        now: Timestamp,
    ) -> Option<StatusReading> {
        let before = self.state.last_reading.clone()?;
        self.in_flight = Some(direction);
        let earlier = self
            .state
            .unresolved
            .as_ref()
            .filter(|earlier| earlier.to == direction);
        let from = earlier.map_or(before.clock(), |earlier| earlier.from);
        self.state.unresolved = Some(Unresolved {
            from,
            decision,
            to: direction,
            cause,
            before: before.clone(),
            sent_at: now,
            longest,
            acknowledged: false,
        });
        Some(before)
    }

    /// Takes in what became of the command on its way.
    pub(crate) fn finish(
        &mut self,
        result: &CommandResult,
        now: Timestamp,
    ) -> (Conclusion, Vec<Notice>) {
        self.in_flight = None;
        match &result.delivery {
            Delivery::Refused { .. } => {
                self.state.unresolved = None;
                let times = self.refusals.map_or(0, |(times, _)| times);
                self.refusals = Some((times.saturating_add(1), now));
                return (Conclusion::Refused, self.observe(&result.after, now));
            }
            Delivery::NotSent { .. } => {
                self.state.unresolved = None;
                return (Conclusion::NotSent, self.observe(&result.after, now));
            }
            Delivery::Acknowledged => {
                if let Some(unresolved) = &mut self.state.unresolved {
                    unresolved.acknowledged = true;
                }
            }
            Delivery::Lost { .. } => {}
        }
        let mut notices = self.take_in(&result.after, true, now);
        let resolved = notices
            .iter()
            .position(|notice| matches!(notice, Notice::Resolved { .. }));
        match resolved.map(|at| notices.remove(at)) {
            Some(Notice::Resolved { conclusion, .. }) => (conclusion, notices),
            Some(_) | None => (Conclusion::Unknown, notices),
        }
    }

    fn settle_unresolved(
        &mut self,
        reading: &StatusReading,
        reading_back: bool,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        let Some(unresolved) = self.state.unresolved.clone() else {
            return;
        };
        let mut swings = None;
        let conclusion = match self.resolve(&unresolved, reading, reading_back) {
            Resolution::Pending => return,
            Resolution::Ours | Resolution::Overtaken => {
                self.confirm(&unresolved, reading, now);
                if unresolved.to == Direction::Resume {
                    swings = flapping::resumed(&mut self.state, self.policy.flap_limit, now);
                }
                Conclusion::Confirmed
            }
            Resolution::NotOurs => Conclusion::NotOurs,
            Resolution::NotApplied => Conclusion::NotApplied,
        };
        self.state.unresolved = None;
        notices.push(Notice::Resolved {
            decision: unresolved.decision,
            to: unresolved.to,
            conclusion,
        });
        notices.extend(swings);
    }

    fn resolve(
        &self,
        unresolved: &Unresolved,
        reading: &StatusReading,
        reading_back: bool,
    ) -> Resolution {
        let Unresolved {
            before,
            acknowledged,
            ..
        } = unresolved;
        let (early, late) = if before.platform_now.is_some() {
            (Duration::ZERO, DATE_RESOLUTION)
        } else {
            (CLOCK_SKEW, CLOCK_SKEW)
        };
        let from = unresolved.from.minus(early);
        let settle = if *acknowledged {
            SETTLE
        } else {
            Duration::ZERO
        };
        let until = before
            .clock()
            .plus(unresolved.longest)
            .plus(settle)
            .plus(late);
        if reading.status == unresolved.to.target() {
            // Without a time of the change, only a reading within the window shows that the change lies in it.
            let changed = reading.updated_at.unwrap_or(reading.clock());
            let in_time = from <= changed && changed <= until;
            let ours = if *acknowledged {
                reading_back || in_time
            } else {
                in_time && !self.policy.strict_ownership
            };
            return if ours {
                Resolution::Ours
            } else {
                Resolution::NotOurs
            };
        }
        let versions = before.version.as_ref().zip(reading.version.as_ref());
        if *acknowledged && reading.status == before.status && versions.is_some_and(|(a, b)| a != b)
        {
            return Resolution::Overtaken;
        }
        let may_still_land = reading.status == before.status && reading.clock() < until;
        if may_still_land {
            Resolution::Pending
        } else {
            Resolution::NotApplied
        }
    }

    fn confirm(&mut self, unresolved: &Unresolved, reading: &StatusReading, now: Timestamp) {
        let belief = match unresolved.to {
            Direction::Pause => Belief::Paused(PauseOwner::Autopilot {
                version: reading.version.clone(),
            }),
            Direction::Resume => {
                self.state.resumes.push(now);
                Belief::Running
            }
        };
        self.believe(belief, now);
        self.state.last_transition = Some(Transition {
            to: unresolved.to,
            at: now,
            cause: unresolved.cause,
            decision: unresolved.decision,
        });
        self.state.grace_from = None;
        self.state.enforcing = None;
        self.state.unresolved = None;
        self.refusals = None;
        self.state.last_reading = Some(reading.clone());
    }

    fn observe_status(
        &mut self,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        if let Belief::Missing { ours, .. } = self.state.belief {
            // Nothing says what happened meanwhile; only the version can still show a pause to be ours.
            let belief = match &self.state.last_reading {
                Some(last) if last.version.is_some() && last.version == reading.version => {
                    Self::as_before(reading, ours)
                }
                Some(_) | None => Belief::Unread,
            };
            self.believe(belief, now);
            notices.push(Notice::Back);
        }
        match (self.state.belief.clone(), &reading.status) {
            (Belief::Running, PlatformStatus::Running) => {}
            (Belief::Paused(PauseOwner::Person), PlatformStatus::Paused) => {
                if self.policy.adopt_paused && !self.read_in_run {
                    self.adopt(reading, now, notices);
                }
            }
            (Belief::Running | Belief::Other { .. }, PlatformStatus::Paused) => {
                if self.policy.adopt_paused && !self.read_in_run {
                    self.adopt(reading, now, notices);
                } else {
                    self.person_paused(reading, now, notices);
                }
            }
            (Belief::Paused(PauseOwner::Autopilot { version }), PlatformStatus::Paused) => {
                match (&version, &reading.version) {
                    (Some(ours), Some(found)) if ours != found => {
                        self.person_touched(reading, now, notices);
                    }
                    (None, Some(_)) => self.own(reading, now),
                    (Some(_) | None, _) => {}
                }
            }
            (Belief::Paused(PauseOwner::Autopilot { .. }), PlatformStatus::Running) => {
                self.person_resumed(now, notices);
            }
            (Belief::Paused(PauseOwner::Person), PlatformStatus::Running) => {
                self.believe(Belief::Running, now);
                notices.push(Notice::PersonsPauseEnded);
            }
            (
                Belief::Unread | Belief::Other { .. } | Belief::Missing { .. },
                PlatformStatus::Running,
            ) => {
                self.believe(Belief::Running, now);
            }
            (Belief::Unread | Belief::Missing { .. }, PlatformStatus::Paused) => {
                if self.policy.adopt_paused && !self.read_in_run {
                    self.adopt(reading, now, notices);
                } else {
                    self.believe(Belief::Paused(PauseOwner::Person), now);
                    notices.push(Notice::FoundPaused);
                }
            }
            (Belief::Other { word }, PlatformStatus::Other(found))
                if word == *found && self.read_in_run => {}
            (_, PlatformStatus::Other(found)) => {
                self.believe(
                    Belief::Other {
                        word: found.clone(),
                    },
                    now,
                );
                notices.push(Notice::OtherStatus {
                    word: found.clone(),
                });
            }
        }
    }

    /// The belief in a campaign that was away and is back in the version that it had.
    fn as_before(reading: &StatusReading, ours: bool) -> Belief {
        match reading.status {
            PlatformStatus::Running => Belief::Running,
            PlatformStatus::Paused if ours => Belief::Paused(PauseOwner::Autopilot {
                version: reading.version.clone(),
            }),
            PlatformStatus::Paused | PlatformStatus::Other(_) => Belief::Unread,
        }
    }

    fn person_paused(
        &mut self,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        notices.push(Notice::PersonPaused);
        match self.policy.on_manual_change {
            OnManualChange::Respect => self.believe(Belief::Paused(PauseOwner::Person), now),
            OnManualChange::Adopt => self.adopt(reading, now, notices),
            OnManualChange::Enforce => {
                self.own(reading, now);
                self.state.enforcing = Some(Direction::Resume);
            }
        }
    }

    fn person_touched(
        &mut self,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        match self.policy.on_manual_change {
            OnManualChange::Respect => {
                self.believe(Belief::Paused(PauseOwner::Person), now);
                notices.push(Notice::PersonPaused);
            }
            OnManualChange::Adopt | OnManualChange::Enforce => self.own(reading, now),
        }
    }

    fn person_resumed(&mut self, now: Timestamp, notices: &mut Vec<Notice>) {
        self.believe(Belief::Running, now);
        let mut grace_until = None;
        match self.policy.on_manual_change {
            OnManualChange::Respect => {
                self.state.grace_from = Some(now);
                grace_until = Some(now.plus(self.policy.manual_grace));
            }
            OnManualChange::Adopt => {}
            OnManualChange::Enforce => self.state.enforcing = Some(Direction::Pause),
        }
        notices.push(Notice::PersonResumed { grace_until });
    }

    fn adopt(&mut self, reading: &StatusReading, now: Timestamp, notices: &mut Vec<Notice>) {
        self.own(reading, now);
        notices.push(Notice::Adopted);
    }

    fn own(&mut self, reading: &StatusReading, now: Timestamp) {
        self.believe(
            Belief::Paused(PauseOwner::Autopilot {
                version: reading.version.clone(),
            }),
            now,
        );
    }

    /// The one place where the belief changes. What was seen of the samples counts from here again, unless nothing
    /// was known before.
    fn believe(&mut self, belief: Belief, now: Timestamp) {
        if !belief.alike(&self.state.belief) {
            if !matches!(self.state.belief, Belief::Unread | Belief::Missing { .. }) {
                self.below_pause.clear();
                self.at_resume.clear();
            }
            self.state.since = now;
            self.state.enforcing = None;
            // A campaign that is only away for a while comes back to the same grace.
            if matches!(belief, Belief::Paused(_) | Belief::Other { .. }) {
                self.state.grace_from = None;
            }
        }
        self.state.belief = belief;
    }
}
