//! Asks the stages, one after the other, until one decides.

use crate::domain::calendar::CalendarState;
use crate::domain::campaign::outcome::Outcome;
use crate::domain::campaign::ownership::Campaign;
use crate::domain::campaign::verdict::Reason;
use crate::domain::ids::DecisionId;
use crate::domain::sharing::PoolShare;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::back_off::BackOffVerdict;
use super::budget::BudgetVerdict;
use super::calendar::CalendarVerdict;
use super::changing::ChangingVerdict;
use super::confirmation::ConfirmationVerdict;
use super::dwell::DwellVerdict;
use super::hold::HoldVerdict;
use super::in_flight::command_on_its_way;
use super::people::PeopleVerdict;
use super::sample::{SampleVerdict, SampleView};
use super::signal::SignalVerdict;
use super::stage::Stage;
use super::status::BelievedStatus;
use super::thresholds::{Compared, ThresholdsVerdict, crossings};
use super::throttle::ThrottleVerdict;
use super::turn::TurnVerdict;
use super::verdicts::{Stages, Verdict};

impl Campaign {
    /// What is compared by a valid sample.
    pub(crate) fn evaluate_sample(&self, sample: SampleView, now: Timestamp) -> Option<Compared> {
        let (_, count) = SampleVerdict::evaluate(sample, &self.policy, now);
        count.map(|count| self.compared(count, sample.signal(), now))
    }

    /// Remembers which thresholds this valid sample crossed.
    pub(crate) fn count_sample(&mut self, compared: Compared) {
        let Compared { number, thresholds } = compared;
        // When the samples ask for the status that a person gave it, nothing is left to be turned back, and what spoke
        // for turning it back says nothing of the thresholds.
        let agreed = match self.state.enforcing {
            Some(Direction::Resume) => number < thresholds.pause_below,
            Some(Direction::Pause) => number >= thresholds.resume_at,
            None => false,
        };
        if agreed {
            self.state.enforcing = None;
            self.below_pause.clear();
            self.at_resume.clear();
        }
        let (pausing, resuming) = crossings(compared, self.state.enforcing);
        self.below_pause.push(pausing);
        self.at_resume.push(resuming);
    }

    /// One decision, given what its calendar says. Changes nothing.
    pub(crate) fn evaluate(
        &self,
        sample: SampleView,
        calendar: Option<CalendarState>,
        share: PoolShare,
        decision: DecisionId,
        now: Timestamp,
    ) -> Reason {
        // Made in place: copies of ten thousand of them take longer than all the questions.
        let mut reason = Reason {
            decision,
            at: now,
            outcome: Outcome::NothingToDo,
            stages: self.readings(sample, calendar, now),
            aim: None,
        };
        let decided = self.ask(&mut reason.stages, share, now);
        debug_assert_eq!(decided, reason.stages.decided_by(), "the stages say it too");
        reason.outcome = reason.stages.outcome(decided);
        let signal = reason.stages.signal.found.map(|_| sample.signal());
        reason.aim = self.aimed(signal, now);
        reason
    }

    /// What is known whichever stage decides.
    fn readings(
        &self,
        sample: SampleView,
        calendar: Option<CalendarState>,
        now: Timestamp,
    ) -> Stages {
        let (policy, state) = (&self.policy, &self.state);
        let (verdict, count) = SampleVerdict::evaluate(sample, policy, now);
        let thresholds = self.thresholds(now);
        let claimed = match sample {
            SampleView::Complete { claimed, .. } => claimed,
            SampleView::None | SampleView::Invalid { .. } => 0,
        };
        let compared = count.map(|count| {
            let in_agents = thresholds.in_agents(count.staffed);
            (self.compared(count, sample.signal(), now), in_agents)
        });
        let reserve = compared.and_then(|(_, in_agents)| self.aimed_reserve(in_agents, now));
        let status = BelievedStatus::from_state(state);
        let calendar = policy.calendar.as_ref().zip(calendar);
        Stages {
            status: Verdict::not_asked(Some(status)),
            in_flight: Verdict::not_asked(command_on_its_way(self.in_flight, state)),
            changing: Verdict::not_asked(ChangingVerdict::evaluate(state)),
            calendar: Verdict::not_asked(
                calendar
                    .map(|(rule, says)| Box::new(CalendarVerdict::evaluate(rule, says, status))),
            ),
            hold: Verdict::not_asked(HoldVerdict::evaluate(state, now)),
            sample: Verdict::not_asked(Some(verdict)),
            signal: Verdict::not_asked(
                count.map(|count| SignalVerdict::evaluate(count, claimed, thresholds)),
            ),
            thresholds: Verdict::not_asked(compared.map(|(compared, in_agents)| {
                ThresholdsVerdict::evaluate(compared, in_agents, status, state.enforcing)
            })),
            people: Verdict::not_asked(Some(PeopleVerdict::evaluate(state, policy, now))),
            confirmation: Verdict::not_asked(None),
            dwell: Verdict::not_asked(None),
            resume_budget: Verdict::not_asked(None),
            back_off: Verdict::not_asked(self.back_off(status, now)),
            turn: Verdict::not_asked(None),
            throttle: Verdict::not_asked(ThrottleVerdict::evaluate(state, policy, reserve, now)),
        }
    }

    /// The refusals that count for the one direction that a command can have now.
    fn back_off(&self, status: BelievedStatus, now: Timestamp) -> Option<BackOffVerdict> {
        let refusals = self.refusals?;
        let running = status.running()?;
        let direction = if running {
            Direction::Pause
        } else {
            Direction::Resume
        };
        BackOffVerdict::evaluate(refusals, direction, now)
    }

    /// Whether the resume that a hold asks for has to wait, since the platform refused it: a resume is tried again slowly whoever
    /// asks for it. What was refused before the hold holds it back no more, and a pause never waits.
    fn refused_under(&self, hold: HoldVerdict, stages: &Stages) -> bool {
        let asked = self.state.hold.as_ref().zip(self.refusals);
        hold.asks(BelievedStatus::from_state(&self.state)) == Some(Direction::Resume)
            && asked.is_some_and(|(hold, refusals)| refusals.last >= hold.since)
            && stages
                .back_off
                .found
                .is_some_and(|found| found.until.is_some())
    }

    /// Enters the verdict of every stage that is reached, and returns the one that settled the decision.
    fn ask(&self, stages: &mut Stages, share: PoolShare, now: Timestamp) -> Option<Stage> {
        let policy = &self.policy;
        let status = BelievedStatus::from_state(&self.state);
        if stages.status.settle(status.not_commandable()) {
            return Some(Stage::Status);
        }
        if stages.in_flight.settle(stages.in_flight.found.is_some()) {
            return Some(Stage::InFlight);
        }
        if stages.changing.settle(stages.changing.found.is_some()) {
            return Some(Stage::Changing);
        }
        let calendar = stages.calendar.found.as_ref();
        let closed = calendar.is_some_and(|calendar| !calendar.state.is_open());
        if stages.calendar.settle(closed) {
            return Some(Stage::Calendar);
        }
        if let Some(hold) = stages.hold.found {
            let waits = self.refused_under(hold, stages);
            if stages.hold.settle(!waits) {
                return Some(Stage::Hold);
            }
            stages.back_off.settle(true);
            return Some(Stage::BackOff);
        }
        stages.hold.settle(false);
        let people = stages.people.found;
        let forbids = |direction| people.is_some_and(|people| people.forbids(direction));
        if let Some(asks) = stages.calendar_alone().map(|calendar| calendar.asks) {
            stages.sample.settle(false);
            stages.signal.settle(false);
            stages.thresholds.settle(asks.is_none());
            let Some(direction) = asks else {
                return Some(Stage::Thresholds);
            };
            if stages.people.settle(forbids(direction)) {
                return Some(Stage::People);
            }
            stages.confirmation.settle(false);
            return self.ask_limits(stages, direction, share, now);
        }
        let Some(thresholds) = stages.thresholds.found else {
            let sample = stages.sample.found;
            let running = status == BelievedStatus::Running;
            let pause = sample.is_some_and(|sample| sample.asks_for_pause(running, policy));
            if stages.sample.settle(!pause) {
                return Some(Stage::Sample);
            }
            let forbidden = stages.people.settle(forbids(Direction::Pause));
            return forbidden.then_some(Stage::People);
        };
        stages.sample.settle(false);
        stages.signal.settle(false);
        stages.thresholds.settle(thresholds.asks.is_none());
        let Some(direction) = thresholds.asks else {
            return Some(Stage::Thresholds);
        };
        if stages.people.settle(forbids(direction)) {
            return Some(Stage::People);
        }
        let (window, rule) = match direction {
            Direction::Pause => (self.below_pause, policy.confirm_pause),
            Direction::Resume => (self.at_resume, policy.confirm_resume),
        };
        let confirmation = ConfirmationVerdict::evaluate(window, rule);
        let unconfirmed = !confirmation.enough();
        if stages.confirmation.answer(Some(confirmation), unconfirmed) {
            return Some(Stage::Confirmation);
        }
        self.ask_limits(stages, direction, share, now)
    }

    /// Asks those stages that limit how often a command may be sent, and returns the one that settled the decision.
    fn ask_limits(
        &self,
        stages: &mut Stages,
        direction: Direction,
        share: PoolShare,
        now: Timestamp,
    ) -> Option<Stage> {
        let (policy, state) = (&self.policy, &self.state);
        let dwell = DwellVerdict::evaluate(direction, state, policy, now);
        if stages.dwell.answer(Some(dwell), dwell.until.is_some()) {
            return Some(Stage::Dwell);
        }
        let limit = policy.max_resumes_per_hour;
        let budget = limit
            .filter(|_| direction == Direction::Resume && !state.paused_by_calendar())
            .map(|limit| BudgetVerdict::evaluate(limit, state, now));
        let used_up = budget.is_some_and(BudgetVerdict::used_up);
        if stages.resume_budget.answer(budget, used_up) {
            return Some(Stage::ResumeBudget);
        }
        let waiting = stages
            .back_off
            .found
            .is_some_and(|found| found.until.is_some());
        if stages.back_off.settle(waiting) {
            return Some(Stage::BackOff);
        }
        let waits = direction == Direction::Resume && share.resuming;
        let turn = share.grouped.then_some(TurnVerdict { taken: waits });
        if stages.turn.answer(turn, waits) {
            return Some(Stage::Turn);
        }
        let found = stages.throttle.found;
        let held_back = found.is_some_and(|found| found.holds_back(policy));
        let held_back = stages
            .throttle
            .settle(held_back && direction == Direction::Pause);
        held_back.then_some(Stage::Throttle)
    }
}
