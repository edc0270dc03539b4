//! A campaign that is stepped down before it is paused: which change of its pace is wanted, and what its readings show.

use std::time::Duration;

use crate::domain::belief::{Belief, HoldKind, PauseOwner};
use crate::domain::conclusion::Conclusion;
use crate::domain::ids::{CampaignId, DecisionId};
use crate::domain::throttle::{
    PaceChange, PaceFinding, PaceNotice, PaceResult, PaceStep, ThrottleState,
};
use crate::domain::time::Timestamp;

use super::ownership::Campaign;
use super::stages::{Asked, ConfirmationVerdict, Relation, ThrottleVerdict};
use super::verdict::Reason;

impl Campaign {
    /// Whether its pace has to be read: it may be stepped down, is so, or a change of it is open.
    pub(crate) fn reads_pace(&self) -> bool {
        let remembered = self.state.throttle.as_ref();
        self.policy.actuator.steps_down()
            || remembered.is_some_and(|throttle| throttle.original().is_some())
    }

    /// The change of its pace that the decision asks for.
    pub(crate) fn wanted_pace(&self, reason: &Reason, now: Timestamp) -> Option<PaceStep> {
        let verdict = reason.stages.throttle;
        let steps_down =
            verdict.asked == Asked::Decided && verdict.found == Some(ThrottleVerdict::StepsDown);
        if steps_down {
            return Some(PaceStep::Down);
        }
        let throttle = self.state.throttle.as_deref()?;
        throttle.stepped?;
        let limit = self.policy.pace_changes_per_hour;
        let waits = throttle.open.is_some()
            || throttle.backs_off_until(now).is_some()
            || throttle.used_up_until(1, limit, now).is_some();
        if waits {
            return None;
        }
        let back = !self.policy.actuator.steps_down()
            || is_held(reason)
            || match &self.state.belief {
                Belief::Running => self.has_recovered(reason),
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
        let (to, original) = match step {
            PaceStep::Down if reading.dials_ahead() => (reading.stepped_down(), reading.ratio),
            PaceStep::Down => return None,
            PaceStep::Back => {
                let original = throttle.stepped?.original;
                (original, original)
            }
        };
        let change = PaceChange {
            campaign: id.clone(),
            step,
            before: reading.ratio,
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
