//! A campaign that is stepped down before it is paused, or given an idle reserve: which change of its pace is wanted, and what its
//! readings show.

use std::time::Duration;

use crate::domain::belief::{Belief, HoldKind, PauseOwner};
use crate::domain::conclusion::Conclusion;
use crate::domain::dials_by::StagedResume;
use crate::domain::ids::{CampaignId, DecisionId};
use crate::domain::status::Direction;
use crate::domain::throttle::{
    Lever, PaceChange, PaceFinding, PaceNotice, PaceResult, PaceSetting, PaceStep, ThrottleState,
};
use crate::domain::time::Timestamp;

use super::ownership::Campaign;
use super::stages::{Asked, ConfirmationVerdict, Relation, ThrottleVerdict};
use super::verdict::Reason;

impl Campaign {
    /// The lever that has to be read: the one that is moved, or has still to be put back.
    pub(crate) fn pace_lever(&self) -> Option<Lever> {
        let remembered = self.state.throttle.as_deref();
        let remembered = remembered.and_then(ThrottleState::lever);
        remembered.or_else(|| self.policy.actuator.lever())
    }

    /// Whether our pause stands where its pace was, so that there is none to read or to change.
    pub(crate) fn pace_is_replaced(&self) -> bool {
        let paused = match self.state.belief {
            Belief::Paused(PauseOwner::Autopilot { .. } | PauseOwner::Unproven { .. }) => true,
            Belief::Paused(PauseOwner::Person)
            | Belief::Running
            | Belief::Unread
            | Belief::Other { .. }
            | Belief::Missing { .. } => false,
        };
        paused && self.state.replaced.is_some()
    }

    /// A resume of ours has begun at one dial for each idle agent: what is put back is remembered as that of a step.
    pub(super) fn begin_stage(&mut self, staged: StagedResume, now: Timestamp) {
        self.throttle().begin_stage(staged, now);
    }

    /// The change of its pace that the decision asks for.
    pub(crate) fn wanted_pace(&self, reason: &Reason, now: Timestamp) -> Option<PaceStep> {
        if self.pace_is_replaced() {
            return None;
        }
        let verdict = reason.stages.throttle;
        let steps_down =
            verdict.asked == Asked::Decided && verdict.found == Some(ThrottleVerdict::StepsDown);
        if steps_down {
            return Some(PaceStep::Down);
        }
        if self.may_set_reserve(reason)
            && let Some(step) = self.wanted_reserve(verdict.found, now)
        {
            return Some(step);
        }
        let throttle = self.state.throttle.as_deref()?;
        let stepped = throttle.stepped?;
        let limit = self.policy.pace_changes_per_hour;
        let waits = stepped.is_staging(now)
            || throttle.open.is_some()
            || throttle.backs_off_until(now).is_some()
            || throttle.used_up_until(1, limit, now).is_some();
        if waits {
            return None;
        }
        let lever = stepped.ours.lever();
        // A stage that is over is put back, unless the rule would ask for a step down at once.
        let found = reason.stages.thresholds.found;
        let below = found.is_some_and(|found| found.relation == Relation::BelowPause);
        let steps = self.policy.actuator.lever() == Some(lever);
        let back = (stepped.staged && !(steps && below))
            || self.policy.actuator.lever() != Some(lever)
            || is_held(reason)
            || match &self.state.belief {
                // A reserve protects a campaign as long as it runs.
                Belief::Running => lever == Lever::DialRatio && self.has_recovered(reason),
                Belief::Paused(PauseOwner::Person) => true,
                Belief::Paused(PauseOwner::Autopilot { .. }) => self.state.paused_by_calendar(),
                // Nobody knows whose it is, or what it does: the next reading may tell.
                Belief::Paused(PauseOwner::Unproven { .. })
                | Belief::Unread
                | Belief::Other { .. }
                | Belief::Missing { .. } => false,
            };
        back.then_some(PaceStep::Back)
    }

    /// What is to be done for the reserve that its aim asks for.
    fn wanted_reserve(&self, found: Option<ThrottleVerdict>, now: Timestamp) -> Option<PaceStep> {
        let throttle = self.state.throttle.as_deref();
        if let Some(ThrottleVerdict::SetsReserve { to }) = found {
            let stepped = throttle.and_then(|throttle| throttle.stepped);
            let original = stepped.map(|stepped| stepped.original);
            let back = original == Some(PaceSetting::KeptIdle(to));
            return Some(if back {
                PaceStep::Back
            } else {
                PaceStep::SetReserve
            });
        }
        // A change begins with a reading, which shows whether there is anything to change.
        let waits = throttle.and_then(|throttle| throttle.backs_off_until(now));
        let asked = found == Some(ThrottleVerdict::NeverRead) && waits.is_none();
        asked.then_some(PaceStep::SetReserve)
    }

    /// Whether nothing stands around the aim that a reserve would be set for: a calendar that is closed, a hold, people.
    fn may_set_reserve(&self, reason: &Reason) -> bool {
        let stages = &reason.stages;
        let calendar = stages.calendar.found.as_ref();
        let closed = calendar.is_some_and(|calendar| !calendar.state.is_open());
        let people = stages.people.found;
        let forbidden = people.is_some_and(|people| people.forbids(Direction::Pause));
        let ours = match &self.state.belief {
            Belief::Running => true,
            Belief::Paused(PauseOwner::Autopilot { .. }) => !self.state.paused_by_calendar(),
            Belief::Paused(PauseOwner::Person | PauseOwner::Unproven { .. })
            | Belief::Unread
            | Belief::Other { .. }
            | Belief::Missing { .. } => false,
        };
        ours && !closed && !forbidden && reason.hold().is_none()
    }

    /// Whether its dialler begins no dial for the reserve that was last read, while so many agents are idle.
    pub(crate) fn held_back_by_reserve(&self, idle: u32) -> bool {
        let last = self
            .state
            .throttle
            .as_deref()
            .and_then(|throttle| throttle.last);
        let reserve = last.and_then(|reading| reading.setting().kept_idle());
        self.policy.actuator.lever() == Some(Lever::IdleReserve)
            && self.state.belief == Belief::Running
            && reserve.is_some_and(|reserve| reserve.holds_back(idle))
    }

    /// Enough agents are available, as often as a resume wants it confirmed.
    fn has_recovered(&self, reason: &Reason) -> bool {
        let found = reason.stages.thresholds.found;
        let confirmed = ConfirmationVerdict::evaluate(self.at_resume, self.policy.confirm_resume);
        found.is_some_and(|found| found.relation == Relation::AtResume) && confirmed.enough()
    }

    fn throttle(&mut self) -> &mut ThrottleState {
        self.state.throttle.get_or_insert_default()
    }

    /// Takes in a reading of its pace.
    pub(crate) fn observe_pace(&mut self, finding: PaceFinding, now: Timestamp) -> Vec<PaceNotice> {
        let before = self.stepped_down();
        let notices = self.throttle().observe(finding, now);
        self.forget_samples_of(before);
        notices
    }

    /// Marks a change of its pace as on its way, unless the last reading leaves nothing to change.
    pub(crate) fn start_pace(
        &mut self,
        id: &CampaignId,
        step: PaceStep,
        reason: &Reason,
        longest: Duration,
        now: Timestamp,
    ) -> Option<PaceChange> {
        let why = reason.to_string();
        let decision: DecisionId = reason.decision;
        let throttle = self.throttle();
        let reading = throttle.last?;
        let before = reading.setting();
        let stepped = throttle.stepped;
        let (to, original) = match step {
            PaceStep::Down => (reading.stepped_down()?.into(), before),
            PaceStep::SetReserve => {
                let Some(ThrottleVerdict::SetsReserve { to }) = reason.stages.throttle.found else {
                    return None;
                };
                (
                    to.into(),
                    stepped.map_or(before, |stepped| stepped.original),
                )
            }
            PaceStep::Back => {
                let original = stepped?.original;
                (original, original)
            }
        };
        if before == to || before.lever() != to.lever() {
            return None;
        }
        let change = PaceChange {
            campaign: id.clone(),
            step,
            before,
            to,
            original,
            decision,
            at: now,
            why,
        };
        throttle.start(&change, longest);
        Some(change)
    }

    /// Takes in what became of a change of its pace.
    pub(crate) fn finish_pace(
        &mut self,
        result: &PaceResult,
        usually_settles: Duration,
        now: Timestamp,
    ) -> (Conclusion, Vec<PaceNotice>) {
        let before = self.stepped_down();
        let ended = self.throttle().finish(result, usually_settles, now);
        self.forget_samples_of(before);
        ended
    }

    fn stepped_down(&self) -> bool {
        let throttle = self.state.throttle.as_ref();
        throttle.is_some_and(|throttle| throttle.stepped.is_some())
    }

    /// What the samples showed at another pace says nothing about this one.
    fn forget_samples_of(&mut self, stepped_down: bool) {
        if self.stepped_down() != stepped_down {
            self.below_pause.clear();
            self.at_resume.clear();
        }
    }
}

/// Whether an operator decides instead of the rule.
fn is_held(reason: &Reason) -> bool {
    reason.hold().is_some_and(|hold| match hold.kind {
        HoldKind::Running | HoldKind::Paused => true,
        HoldKind::AsIs => false,
    })
}
