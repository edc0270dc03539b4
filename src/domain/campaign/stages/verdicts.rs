//! The verdicts of all stages of one decision, and the outcome that follows from them.

use serde::{Deserialize, Serialize};

use crate::domain::belief::HoldKind;
use crate::domain::campaign::outcome::{Outcome, Suppression};
use crate::domain::cause::Cause;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::back_off::BackOffVerdict;
use super::budget::BudgetVerdict;
use super::calendar::CalendarVerdict;
use super::changing::ChangingVerdict;
use super::confirmation::ConfirmationVerdict;
use super::dwell::DwellVerdict;
use super::hold::HoldVerdict;
use super::people::PeopleVerdict;
use super::sample::SampleVerdict;
use super::signal::SignalVerdict;
use super::stage::Stage;
use super::status::BelievedStatus;
use super::thresholds::ThresholdsVerdict;
use super::throttle::ThrottleVerdict;
use super::turn::TurnVerdict;

/// Whether a stage was reached, and whether it decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// It passed the decision on.
    Passed,
    /// It settled the decision.
    Decided,
    /// It was not reached, because a stage before it had decided.
    #[default]
    NotAsked,
}

/// The verdict of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<T> {
    /// Whether it was reached, and whether it decided.
    pub asked: Asked,
    /// What it rests on. Readings are there whether or not the stage was asked.
    pub found: Option<T>,
}

impl<T> Verdict<T> {
    /// The verdict of a stage that has not been asked so far.
    pub(crate) fn not_asked(found: Option<T>) -> Self {
        Self {
            asked: Asked::NotAsked,
            found,
        }
    }

    /// Enters what came of asking it, and returns whether it decided.
    pub(super) fn settle(&mut self, decided: bool) -> bool {
        self.asked = if decided {
            Asked::Decided
        } else {
            Asked::Passed
        };
        decided
    }

    /// Enters what came of asking it and what that rests on, and returns whether it decided.
    pub(super) fn answer(&mut self, found: Option<T>, decided: bool) -> bool {
        self.found = found;
        self.settle(decided)
    }
}

/// The verdicts of all stages of one decision. A field each and not a list, so that each has its own numbers and ten
/// thousand campaigns take little memory; [`Stages::list`] is the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages {
    /// The believed status.
    pub status: Verdict<BelievedStatus>,
    /// The direction of the command on its way.
    pub in_flight: Verdict<Direction>,
    /// Whether it is between two states.
    pub changing: Verdict<ChangingVerdict>,
    /// What its calendar says. Few campaigns have one.
    pub calendar: Verdict<Box<CalendarVerdict>>,
    /// The operator's hold in force.
    pub hold: Verdict<HoldVerdict>,
    /// The validity of the sample.
    pub sample: Verdict<SampleVerdict>,
    /// The agents that count.
    pub signal: Verdict<SignalVerdict>,
    /// Their relation to the thresholds.
    pub thresholds: Verdict<ThresholdsVerdict>,
    /// What people changed.
    pub people: Verdict<PeopleVerdict>,
    /// How many samples agree.
    pub confirmation: Verdict<ConfirmationVerdict>,
    /// Until when it stays as it is.
    pub dwell: Verdict<DwellVerdict>,
    /// The resumes of this hour.
    pub resume_budget: Verdict<BudgetVerdict>,
    /// How often the platform refused.
    pub back_off: Verdict<BackOffVerdict>,
    /// Whether its group resumes another campaign first; nothing is found without a group.
    pub turn: Verdict<TurnVerdict>,
    /// What slows it down before it is paused; nothing is found where it is only paused.
    pub throttle: Verdict<ThrottleVerdict>,
}

/// The numbers behind a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The believed status.
    Status(BelievedStatus),
    /// The direction of the command on its way.
    InFlight(Direction),
    /// That it is between two states.
    Changing(ChangingVerdict),
    /// What its calendar says.
    Calendar(CalendarVerdict),
    /// The operator's hold in force.
    Hold(HoldVerdict),
    /// The validity of the sample.
    Sample(SampleVerdict),
    /// The agents that count.
    Signal(SignalVerdict),
    /// Their relation to the thresholds.
    Thresholds(ThresholdsVerdict),
    /// What people changed.
    People(PeopleVerdict),
    /// How many samples agree.
    Confirmation(ConfirmationVerdict),
    /// Until when it stays as it is.
    Dwell(DwellVerdict),
    /// The resumes of this hour.
    ResumeBudget(BudgetVerdict),
    /// How often the platform refused.
    BackOff(BackOffVerdict),
    /// Whether its group resumes another campaign first.
    Turn(TurnVerdict),
    /// What slows it down before it is paused.
    Throttle(ThrottleVerdict),
}

/// One stage's verdict, in the form that all stages share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageVerdict {
    /// The stage.
    pub stage: Stage,
    /// Whether it was reached, and whether it decided.
    pub asked: Asked,
    /// What it rests on, where anything is known.
    pub finding: Option<Finding>,
    /// Until when it says so, where a time ends it.
    pub until: Option<Timestamp>,
}

impl Stages {
    /// The verdicts in the order in which the stages are asked.
    #[must_use]
    pub fn list(&self) -> [StageVerdict; Stage::ALL.len()] {
        Stage::ALL.map(|stage| self.verdict(stage))
    }

    /// The verdict of one stage.
    #[must_use]
    pub fn verdict(&self, stage: Stage) -> StageVerdict {
        let (finding, until) = match stage {
            Stage::Status => shared(&self.status, Finding::Status, |_| None),
            Stage::InFlight => shared(&self.in_flight, Finding::InFlight, |_| None),
            Stage::Changing => shared(&self.changing, Finding::Changing, |_| None),
            Stage::Calendar => shared(
                &self.calendar,
                |found| Finding::Calendar(*found),
                |found| found.state.until,
            ),
            Stage::Hold => shared(&self.hold, Finding::Hold, |found| Some(found.until)),
            Stage::Sample => shared(&self.sample, Finding::Sample, |_| None),
            Stage::Signal => shared(&self.signal, Finding::Signal, |_| None),
            Stage::Thresholds => shared(&self.thresholds, Finding::Thresholds, |_| None),
            Stage::People => shared(&self.people, Finding::People, |found| found.grace_until),
            Stage::Confirmation => shared(&self.confirmation, Finding::Confirmation, |_| None),
            Stage::Dwell => shared(&self.dwell, Finding::Dwell, |found| found.until),
            Stage::ResumeBudget => shared(&self.resume_budget, Finding::ResumeBudget, |found| {
                found.free_at
            }),
            Stage::BackOff => shared(&self.back_off, Finding::BackOff, |found| found.until),
            Stage::Turn => shared(&self.turn, Finding::Turn, |_| None),
            Stage::Throttle => shared(&self.throttle, Finding::Throttle, |found| found.until()),
        };
        StageVerdict {
            stage,
            asked: self.asked(stage),
            finding,
            until,
        }
    }

    /// The stage that settled the decision; none if all that were asked passed it on to a command.
    #[must_use]
    pub fn decided_by(&self) -> Option<Stage> {
        let decided = |stage: &Stage| self.asked(*stage) == Asked::Decided;
        Stage::ALL.into_iter().find(decided)
    }

    /// Whether a stage was reached, and whether it decided.
    #[must_use]
    pub fn asked(&self, stage: Stage) -> Asked {
        match stage {
            Stage::Status => self.status.asked,
            Stage::InFlight => self.in_flight.asked,
            Stage::Changing => self.changing.asked,
            Stage::Calendar => self.calendar.asked,
            Stage::Hold => self.hold.asked,
            Stage::Sample => self.sample.asked,
            Stage::Signal => self.signal.asked,
            Stage::Thresholds => self.thresholds.asked,
            Stage::People => self.people.asked,
            Stage::Confirmation => self.confirmation.asked,
            Stage::Dwell => self.dwell.asked,
            Stage::ResumeBudget => self.resume_budget.asked,
            Stage::BackOff => self.back_off.asked,
            Stage::Turn => self.turn.asked,
            Stage::Throttle => self.throttle.asked,
        }
    }

    /// Returns the outcome that follows from the verdicts, of which one settled the decision unless all passed it on.
    pub(super) fn outcome(&self, decided_by: Option<Stage>) -> Outcome {
        let held_back = |direction, by| Outcome::Suppressed { direction, by };
        // Most decisions of a pass end here.
        if matches!(decided_by, Some(Stage::Signal | Stage::Thresholds)) {
            return Outcome::NothingToDo;
        }
        let wanted = self.wanted();
        let Some(stage) = decided_by else {
            return wanted.map_or(Outcome::NothingToDo, |direction| Outcome::Command {
                direction,
                cause: self.cause(direction),
            });
        };
        match stage {
            Stage::Status => held_back(None, Suppression::NotCommandable),
            Stage::InFlight => held_back(self.in_flight.found, Suppression::InFlight),
            Stage::Changing => held_back(None, Suppression::Changing),
            Stage::Calendar => self.closed(),
            Stage::Hold => self.under_hold(),
            Stage::Sample => held_back(None, Suppression::StaleData),
            Stage::Signal | Stage::Thresholds => Outcome::NothingToDo,
            Stage::People if self.people.found.is_some_and(|found| found.persons_pause) => {
                held_back(wanted, Suppression::PersonsPause)
            }
            Stage::People
                if self
                    .people
                    .found
                    .is_some_and(|found| found.unproven.is_some()) =>
            {
                held_back(wanted, Suppression::Unproven)
            }
            Stage::People => held_back(wanted, Suppression::PersonsResume),
            Stage::Confirmation => held_back(wanted, Suppression::Confirming),
            Stage::Dwell => held_back(wanted, Suppression::Cooldown),
            Stage::ResumeBudget => held_back(wanted, Suppression::ResumeBudget),
            Stage::BackOff => held_back(wanted, Suppression::Refused),
            Stage::Turn => held_back(wanted, Suppression::GroupTurn),
            Stage::Throttle => held_back(wanted, Suppression::Throttle),
        }
    }

    /// Whether the data is stale and a pause is wanted for that alone.
    pub(crate) fn stale_failsafe(&self) -> bool {
        self.sample.asked == Asked::Passed
            && matches!(self.sample.found, Some(SampleVerdict::Stale { .. }))
    }

    /// The calendar, where it is the whole rule.
    #[must_use]
    pub fn calendar_alone(&self) -> Option<&CalendarVerdict> {
        self.calendar.found.as_deref().filter(|found| found.alone)
    }

    /// What a hold that passed the decision on, the calendar, the sample or the thresholds ask for.
    fn wanted(&self) -> Option<Direction> {
        if self.hold.asked == Asked::Passed
            && let Some(direction) = self.held_to()
        {
            return Some(direction);
        }
        if let Some(calendar) = self.calendar_alone() {
            return calendar.asks;
        }
        if self.stale_failsafe() {
            return Some(Direction::Pause);
        }
        self.thresholds.found.and_then(|found| found.asks)
    }

    fn cause(&self, direction: Direction) -> Cause {
        if self.calendar_alone().is_some() {
            return Cause::Calendar;
        }
        let turned_back = self.people.found.and_then(|found| found.turned_back);
        if self.stale_failsafe() {
            Cause::StaleFailsafe
        } else if turned_back == Some(direction) {
            Cause::Reconcile
        } else {
            Cause::Threshold
        }
    }

    /// What the hold asks for.
    fn held_to(&self) -> Option<Direction> {
        let status = self.status.found?;
        self.hold.found.and_then(|hold| hold.asks(status))
    }

    /// The calendar is closed: what runs is paused, and what is paused stays so.
    fn closed(&self) -> Outcome {
        let found = self.calendar.found.as_ref();
        match found.and_then(|found| found.asks) {
            Some(direction) => Outcome::Command {
                direction,
                cause: Cause::Calendar,
            },
            None => Outcome::Suppressed {
                direction: found.and_then(|found| {
                    let agents_ask = self.thresholds.found.and_then(|found| found.asks);
                    found.holds_back(self.hold.found, agents_ask)
                }),
                by: Suppression::Calendar,
            },
        }
    }

    fn under_hold(&self) -> Outcome {
        match (self.hold.found.map(|hold| hold.kind), self.held_to()) {
            (_, Some(direction)) => Outcome::Command {
                direction,
                cause: Cause::Hold,
            },
            (Some(HoldKind::Running | HoldKind::Paused), None) => Outcome::NothingToDo,
            (Some(HoldKind::AsIs) | None, None) => Outcome::Suppressed {
                direction: self.thresholds.found.and_then(|found| found.asks),
                by: Suppression::Override,
            },
        }
    }
}

fn shared<T: Clone>(
    verdict: &Verdict<T>,
    finding: fn(T) -> Finding,
    until: fn(&T) -> Option<Timestamp>,
) -> (Option<Finding>, Option<Timestamp>) {
    let found = verdict.found.as_ref();
    (found.cloned().map(finding), found.and_then(until))
}
