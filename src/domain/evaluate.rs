//! The stages of one decision, in their order.
//!
//! ```text
//!  8 status ─▶ 7 hold ─▶ 0 sample ─▶ 1 signal ─▶ 2 lines ─▶ 6 person ─▶ 3 confirmation ─▶ 4 dwell ─▶ 5 budget ─▶ command
//! ```
//!
//! The numbers are those of the documentation; a stage that beats another is asked first here, so that its verdict
//! is the one that is told.

use std::time::Duration;

use super::belief::{Belief, Doubt, HoldKind, PauseOwner};
use super::campaign::Campaign;
use super::ids::DecisionId;
use super::policy::OnStale;
use super::reason::{
    BudgetVerdict, Cause, ConfirmationVerdict, Outcome, Reason, Relation, SampleVerdict,
    Suppression,
};
use super::snapshot::Count;
use super::status::Direction;
use super::thresholds::Lines;
use super::time::Timestamp;

/// The resume budget counts over this span.
pub(crate) const BUDGET_SPAN: Duration = Duration::from_secs(3600);

/// The last poll as the campaigns see it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SampleView {
    None,
    Invalid { streak: u32 },
    Complete { taken_at: Timestamp, count: Count },
}

/// After a second refusal in a row a command is not tried again for this long.
const FIRST_WAIT_AFTER_REFUSALS: Duration = Duration::from_secs(30);

/// However often it was refused, a command is tried again after this long: somebody may have granted the right.
const LONGEST_WAIT_AFTER_REFUSALS: Duration = Duration::from_secs(15 * 60);

impl Campaign {
    /// Whether the sample can be used, and what it says.
    pub(crate) fn weigh(
        &self,
        sample: SampleView,
        now: Timestamp,
    ) -> (SampleVerdict, Option<(Count, Lines)>) {
        let stale_after = self.policy.stale_after;
        match sample {
            SampleView::None => (SampleVerdict::None, None),
            SampleView::Invalid { streak } if streak >= stale_after => {
                (SampleVerdict::Stale { streak }, None)
            }
            SampleView::Invalid { streak } => (SampleVerdict::Invalid { streak }, None),
            SampleView::Complete { taken_at, count } => {
                let age = now.since(taken_at);
                if age > self.policy.max_sample_age {
                    (SampleVerdict::TooOld { age }, None)
                } else {
                    let lines = self.thresholds(now).lines(count.staffed);
                    (SampleVerdict::Valid { age }, Some((count, lines)))
                }
            }
        }
    }

    /// Remembers which lines this valid sample crossed.
    pub(crate) fn count_sample(&mut self, count: Count, lines: Lines) {
        // When the samples ask for the status that a person gave it, nothing is left to be turned back, and what spoke
        // for turning it back says nothing of the lines.
        let agreed = match self.state.enforcing {
            Some(Direction::Resume) => count.available < lines.pause_below,
            Some(Direction::Pause) => count.available >= lines.resume_at,
            None => false,
        };
        if agreed {
            self.state.enforcing = None;
            self.below_pause.clear();
            self.at_resume.clear();
        }
        let (pausing, resuming) = self.crossings(count, lines);
        self.below_pause.push(pausing);
        self.at_resume.push(resuming);
    }

    /// Whether the sample asks for a pause, and for a resume. While a person's change is being turned back, the
    /// campaign is judged by the line of the status that it is to have.
    fn crossings(&self, count: Count, lines: Lines) -> (bool, bool) {
        let x = count.available;
        match self.state.enforcing {
            None => (x < lines.pause_below, x >= lines.resume_at),
            Some(Direction::Pause) => (x < lines.resume_at, x >= lines.resume_at),
            Some(Direction::Resume) => (x < lines.pause_below, x >= lines.pause_below),
        }
    }

    /// One decision. Changes nothing.
    pub(crate) fn evaluate(
        &self,
        sample: SampleView,
        decision: DecisionId,
        now: Timestamp,
    ) -> Reason {
        let (verdict, weighed) = self.weigh(sample, now);
        let mut reason = Reason {
            decision,
            at: now,
            outcome: Outcome::NothingToDo,
            sample: verdict,
            available: weighed.map(|(count, _)| count.available),
            staffed: weighed
                .filter(|_| self.thresholds(now).needs_staffed())
                .map(|(count, _)| count.staffed),
            lines: weighed.map(|(_, lines)| lines),
            relation: weighed.map(|(count, lines)| Relation::of(count.available, lines)),
            confirmation: None,
            dwell_until: None,
            budget: None,
            grace_until: self.grace_until(now),
            refused_until: self.refused_until(now),
            persons_pause: self.not_ours().is_some(),
            hold: self
                .state
                .hold
                .as_ref()
                .filter(|hold| hold.active(now))
                .map(|hold| (hold.kind, hold.until(now))),
        };
        reason.outcome = self.outcome(&mut reason, weighed, now);
        reason
    }

    fn outcome(
        &self,
        reason: &mut Reason,
        weighed: Option<(Count, Lines)>,
        now: Timestamp,
    ) -> Outcome {
        let held_back = |direction, by| Outcome::Suppressed { direction, by };
        let running = match &self.state.belief {
            Belief::Running => true,
            Belief::Paused(_) => false,
            Belief::Unread | Belief::Other { .. } | Belief::Missing { .. } => {
                return held_back(None, Suppression::NotCommandable);
            }
        };
        // One that the platform has acknowledged is waited for until it shows, or is known not to.
        let pending = self
            .state
            .unresolved
            .as_ref()
            .filter(|sent| sent.acknowledged)
            .map(|sent| sent.to);
        if let Some(direction) = self.in_flight.or(pending) {
            return held_back(Some(direction), Suppression::InFlight);
        }
        if self.is_changing() {
            return held_back(None, Suppression::Changing);
        }
        if let Some((kind, _)) = reason.hold {
            return match (kind, running) {
                (HoldKind::Running, false) => command(Direction::Resume, Cause::Hold),
                (HoldKind::Paused, true) => command(Direction::Pause, Cause::Hold),
                (HoldKind::Running, true) | (HoldKind::Paused, false) => Outcome::NothingToDo,
                (HoldKind::AsIs, _) => {
                    held_back(self.asked_by_lines(weighed), Suppression::Override)
                }
            };
        }
        let Some(wanted) = weighed.map(|_| self.asked_by_lines(weighed)) else {
            return self.without_sample(reason, running);
        };
        let Some(direction) = wanted else {
            return Outcome::NothingToDo;
        };
        if let Some(by) = self.not_ours() {
            return held_back(Some(direction), by);
        }
        if direction == Direction::Pause && reason.grace_until.is_some() {
            return held_back(Some(direction), Suppression::PersonsResume);
        }
        if !self.confirmed(direction, reason) {
            return held_back(Some(direction), Suppression::Confirming);
        }
        reason.dwell_until = self.dwell_until(direction, now);
        if reason.dwell_until.is_some() {
            return held_back(Some(direction), Suppression::Cooldown);
        }
        if direction == Direction::Resume {
            reason.budget = self.budget(now);
            if reason
                .budget
                .is_some_and(|budget| budget.used >= budget.limit)
            {
                return held_back(Some(direction), Suppression::ResumeBudget);
            }
        }
        if reason.refused_until.is_some() {
            return held_back(Some(direction), Suppression::Refused);
        }
        let cause = if self.state.enforcing == Some(direction) {
            Cause::Reconcile
        } else {
            Cause::Threshold
        };
        command(direction, cause)
    }

    /// What keeps a pause from being shown to be ours, if that alone keeps it in force while agents stand idle.
    pub(crate) fn idles_in_doubt(&self, reason: &Reason) -> Option<Doubt> {
        let wanted = matches!(
            reason.outcome,
            Outcome::Suppressed {
                direction: Some(Direction::Resume),
                by: Suppression::Unproven,
            }
        );
        match &self.state.belief {
            Belief::Paused(PauseOwner::Unproven { doubt }) if wanted => Some(*doubt),
            Belief::Paused(_)
            | Belief::Running
            | Belief::Unread
            | Belief::Other { .. }
            | Belief::Missing { .. } => None,
        }
    }

    /// What keeps the pause in force from being resumed, when it is not ours.
    fn not_ours(&self) -> Option<Suppression> {
        match &self.state.belief {
            Belief::Paused(PauseOwner::Person) => Some(Suppression::PersonsPause),
            Belief::Paused(PauseOwner::Unproven { .. }) => Some(Suppression::Unproven),
            Belief::Paused(PauseOwner::Autopilot { .. })
            | Belief::Running
            | Belief::Unread
            | Belief::Other { .. }
            | Belief::Missing { .. } => None,
        }
    }

    /// The rule itself: what runs and has x < P is paused; what is paused and has x >= R is resumed.
    fn asked_by_lines(&self, weighed: Option<(Count, Lines)>) -> Option<Direction> {
        let (count, lines) = weighed?;
        let (pausing, resuming) = self.crossings(count, lines);
        match self.state.belief {
            Belief::Running => pausing.then_some(Direction::Pause),
            Belief::Paused(_) => resuming.then_some(Direction::Resume),
            Belief::Unread | Belief::Other { .. } | Belief::Missing { .. } => None,
        }
    }

    fn without_sample(&self, reason: &Reason, running: bool) -> Outcome {
        let stale = matches!(reason.sample, SampleVerdict::Stale { .. });
        if !(stale && running && self.policy.on_stale == OnStale::Pause) {
            return Outcome::Suppressed {
                direction: None,
                by: Suppression::StaleData,
            };
        }
        if reason.grace_until.is_some() {
            Outcome::Suppressed {
                direction: Some(Direction::Pause),
                by: Suppression::PersonsResume,
            }
        } else {
            command(Direction::Pause, Cause::StaleFailsafe)
        }
    }

    fn confirmed(&self, direction: Direction, reason: &mut Reason) -> bool {
        let (window, rule) = match direction {
            Direction::Pause => (self.below_pause, self.policy.confirm_pause),
            Direction::Resume => (self.at_resume, self.policy.confirm_resume),
        };
        let seen = window.count(rule);
        reason.confirmation = Some(ConfirmationVerdict {
            seen,
            needed: rule.needed(),
            of_last: rule.of_last(),
        });
        seen >= rule.needed()
    }

    /// When the dwell ends that forbids `direction`, if it has not ended.
    fn dwell_until(&self, direction: Direction, now: Timestamp) -> Option<Timestamp> {
        let last = self
            .state
            .last_transition
            .filter(|last| last.to != direction)?;
        let dwell = match direction {
            Direction::Pause => self.policy.min_running,
            Direction::Resume => self.policy.min_paused,
        };
        let until = last.at.min(now).plus(dwell);
        (now < until).then_some(until)
    }

    fn grace_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self
            .state
            .grace_from?
            .min(now)
            .plus(self.policy.manual_grace);
        (now < until).then_some(until)
    }

    /// When a command may be tried again that the platform keeps refusing. The first refusal may have been chance; from
    /// the second on the wait doubles.
    fn refused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (times, last) = self.refusals?;
        let doublings = times.checked_sub(2)?.min(16);
        let wait = FIRST_WAIT_AFTER_REFUSALS.saturating_mul(1_u32.wrapping_shl(doublings));
        let until = last.min(now).plus(wait.min(LONGEST_WAIT_AFTER_REFUSALS));
        (now < until).then_some(until)
    }

    fn budget(&self, now: Timestamp) -> Option<BudgetVerdict> {
        let limit = self.policy.max_resumes_per_hour?;
        let recent = |at: &&Timestamp| now.since(**at) < BUDGET_SPAN;
        let used =
            u32::try_from(self.state.resumes.iter().filter(recent).count()).unwrap_or(u32::MAX);
        let free_at = (used >= limit)
            .then(|| {
                self.state
                    .resumes
                    .iter()
                    .filter(recent)
                    .min()
                    .map(|oldest| oldest.plus(BUDGET_SPAN))
            })
            .flatten();
        Some(BudgetVerdict {
            used,
            limit,
            free_at,
        })
    }
}

fn command(direction: Direction, cause: Cause) -> Outcome {
    Outcome::Command { direction, cause }
}
