//! One decision for people: what each stage said, what would change it, and until when.
//!
//! Prints the verdicts that the decision left behind ([`Stages`](super::stages::Stages)) and derives none: what a stage
//! did not say is left out. The words that no verdict carries (an author, the platform's word for a status) come from the
//! campaign's state.

use crate::domain::aim::AimReading;
use crate::domain::belief::{Belief, HoldKind};
use crate::domain::cause::Cause;
use crate::domain::status::Direction;
use crate::domain::time::Timestamp;

use super::outcome::{Outcome, Suppression};
use super::stages::{
    Asked, BackOffVerdict, BelievedStatus, BudgetVerdict, CalendarVerdict, ChangingVerdict,
    ConfirmationVerdict, DwellVerdict, Finding, HoldVerdict, PeopleVerdict, Relation,
    SampleVerdict, SignalVerdict, Stage, StageVerdict, ThresholdsVerdict, ThrottleVerdict,
    TurnVerdict,
};
use super::state::CampaignState;
use super::verdict::Reason;

/// One stage of a decision, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedStage {
    /// The stage.
    pub stage: Stage,
    /// Whether it was reached, and whether it decided.
    pub asked: Asked,
    /// The verdict in words.
    pub says: String,
    /// Until when that holds, where a time ends it.
    pub until: Option<Timestamp>,
}

/// A decision in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// In one sentence.
    pub summary: String,
    /// What the decision came to, without the state and the numbers.
    pub verdict: String,
    /// Every stage, in the order in which they are asked; none before the first decision.
    pub stages: Vec<ExplainedStage>,
    /// The events that would change it.
    pub would_change: Vec<String>,
}

/// Explains the last decision on a campaign.
#[must_use]
pub fn explain(state: &CampaignState, reason: Option<&Reason>) -> Explanation {
    let Some(reason) = reason else {
        return Explanation {
            summary: format!("{}; nothing was decided yet", believed(state)),
            verdict: "nothing was decided yet".to_owned(),
            stages: Vec::new(),
            would_change: vec!["the first complete poll".to_owned()],
        };
    };
    let verdicts = reason.stages.list();
    Explanation {
        summary: summary(state, reason),
        verdict: match reason.outcome {
            // The status, which stands beside it in the summary, says more than that it holds back.
            Outcome::Suppressed {
                by: Suppression::NotCommandable,
                ..
            } => believed(state),
            Outcome::Command { .. } | Outcome::NothingToDo | Outcome::Suppressed { .. } => {
                verdict(state, reason)
            }
        },
        stages: verdicts
            .map(|verdict| explained(verdict, state, reason.aim.as_deref()))
            .into(),
        would_change: would_change(reason),
    }
}

fn explained(
    verdict: StageVerdict,
    state: &CampaignState,
    aim: Option<&AimReading>,
) -> ExplainedStage {
    let StageVerdict {
        stage,
        asked,
        finding,
        until,
    } = verdict;
    let says = match (asked, finding) {
        (_, Some(Finding::Thresholds(thresholds))) => thresholds_in_words(thresholds, aim),
        (_, Some(finding)) => found(finding, asked, state),
        (Asked::NotAsked, None) => "not asked".to_owned(),
        (Asked::Passed | Asked::Decided, None) => nothing_found(stage).to_owned(),
    };
    ExplainedStage {
        stage,
        asked,
        says,
        until,
    }
}

fn found(finding: Finding, asked: Asked, state: &CampaignState) -> String {
    match finding {
        Finding::Status(status) => status_in_words(status, &state.belief),
        Finding::InFlight(direction) => format!("a {direction} is on its way"),
        Finding::Changing(ChangingVerdict { to: Some(to) }) => {
            format!("on its way to be {}", to.label())
        }
        Finding::Changing(ChangingVerdict { to: None }) => {
            "on its way, the target is not reported".to_owned()
        }
        Finding::Calendar(calendar) => calendar_in_words(calendar),
        Finding::Hold(hold) => hold_in_words(hold, state),
        Finding::Sample(sample) => sample_in_words(sample, asked),
        Finding::Signal(signal) => signal_in_words(signal),
        Finding::Thresholds(thresholds) => thresholds_in_words(thresholds, None),
        Finding::People(people) => people_in_words(people),
        Finding::Confirmation(ConfirmationVerdict {
            seen,
            needed,
            of_last,
        }) => format!("{seen} of the last {of_last} samples agree, {needed} needed"),
        Finding::Dwell(DwellVerdict { until: None }) => "over".to_owned(),
        Finding::Dwell(DwellVerdict { until: Some(_) }) => {
            "has not lasted for long enough".to_owned()
        }
        Finding::ResumeBudget(BudgetVerdict { used, limit, .. }) => {
            format!("{used} of {limit} resumes used this hour")
        }
        Finding::BackOff(back_off) => back_off_in_words(back_off),
        Finding::Turn(TurnVerdict { taken: true }) => {
            "another campaign of its group is resumed first".to_owned()
        }
        Finding::Turn(TurnVerdict { taken: false }) => {
            "no other campaign of its group is being resumed".to_owned()
        }
        Finding::Throttle(throttle) => throttle_in_words(throttle),
    }
}

/// What a stage says that was asked and had nothing to find.
fn nothing_found(stage: Stage) -> &'static str {
    match stage {
        Stage::InFlight => "no command is on its way",
        Stage::Changing => "it is not between two states",
        Stage::Calendar => "it has none",
        Stage::Hold => "nobody holds it",
        Stage::ResumeBudget => "nothing is counted",
        Stage::BackOff => "the platform has refused nothing",
        Stage::Turn => "it is in no group",
        Stage::Throttle => "it is paused and not slowed down",
        Stage::Signal | Stage::Thresholds | Stage::Confirmation => "not needed: no agents count",
        Stage::Status | Stage::Sample | Stage::People | Stage::Dwell => "not known",
    }
}

/// A status in words; the belief has the platform's own.
fn status_in_words(status: BelievedStatus, belief: &Belief) -> String {
    let says = match (status, belief) {
        (BelievedStatus::Unread, _) => "its status was not read yet",
        (BelievedStatus::Running, _) => "running",
        (BelievedStatus::PausedByUs, _) => "paused by the autopilot",
        (BelievedStatus::PausedByCalendar, _) => "paused by the calendar",
        (BelievedStatus::PausedByPerson, _) => "paused by a person",
        (BelievedStatus::PausedUnproven, _) => "paused, by whom is not known",
        (BelievedStatus::Changing, _) => "between two states",
        (BelievedStatus::Other, Belief::Other { word }) => {
            return format!("{word} on the platform");
        }
        (BelievedStatus::Other, _) => "in a state that is not commanded",
        (BelievedStatus::Missing, _) => "not known to the platform",
    };
    says.to_owned()
}

/// What is believed now, which may be newer than the decision.
fn believed(state: &CampaignState) -> String {
    let status = BelievedStatus::from_state(state);
    let held = state.hold.as_ref();
    // The pause is of our making, and somebody's wish.
    if status == BelievedStatus::PausedByUs
        && held.is_some_and(|hold| hold.kind == HoldKind::Paused)
    {
        return "held paused by an operator".to_owned();
    }
    status_in_words(status, &state.belief)
}

fn calendar_in_words(calendar: CalendarVerdict) -> String {
    let alone = if calendar.alone {
        ", and the whole rule"
    } else {
        ""
    };
    match calendar.state.closed_by {
        Some(by) => format!("closed: {}{alone}", by.in_words()),
        None => format!("open{alone}"),
    }
}

fn hold_in_words(hold: HoldVerdict, state: &CampaignState) -> String {
    let kind = match hold.kind {
        HoldKind::Running => "running",
        HoldKind::Paused => "paused",
        HoldKind::AsIs => "as it is",
    };
    let who = state.hold.as_ref().map_or(String::new(), |hold| {
        format!(" by {}: {}", hold.author, hold.reason)
    });
    format!("held {kind}{who}")
}

fn sample_in_words(sample: SampleVerdict, asked: Asked) -> String {
    match (sample, asked) {
        (SampleVerdict::Valid { age }, _) => {
            format!("complete, {} s old at the decision", age.as_secs())
        }
        (SampleVerdict::None, Asked::Passed) => "not needed: no agents count".to_owned(),
        (SampleVerdict::None, _) => "none in this run yet".to_owned(),
        (SampleVerdict::Invalid { streak }, _) => format!("{streak} invalid in a row"),
        (SampleVerdict::TooOld { age }, _) => format!("{} s old", age.as_secs()),
        (SampleVerdict::Stale { streak }, Asked::Passed) => {
            format!("stale: {streak} invalid in a row, which asks for a pause")
        }
        (SampleVerdict::Stale { streak }, Asked::Decided | Asked::NotAsked) => {
            format!("stale: {streak} invalid in a row")
        }
    }
}

fn signal_in_words(signal: SignalVerdict) -> String {
    let SignalVerdict {
        available,
        staffed,
        claimed,
    } = signal;
    let of = staffed.map_or(String::new(), |staffed| {
        format!(" of {staffed} that are not offline")
    });
    let more = if claimed > 0 {
        format!(", {claimed} more claimed by campaigns before it in its group")
    } else {
        String::new()
    };
    format!("{available} available{of}{more}")
}

fn thresholds_in_words(thresholds: ThresholdsVerdict, aim: Option<&AimReading>) -> String {
    let ThresholdsVerdict {
        thresholds,
        relation,
        ..
    } = thresholds;
    let position = match relation {
        Relation::BelowPause => "below the pause threshold",
        Relation::Between => "between the thresholds",
        Relation::AtResume => "at the resume threshold or above",
    };
    match aim {
        Some(aim) => format!("{position} ({})", aim.in_full()),
        None => format!(
            "{position} (pause below {}, resume at {})",
            thresholds.pause_below, thresholds.resume_at
        ),
    }
}

fn people_in_words(people: PeopleVerdict) -> String {
    match people {
        PeopleVerdict {
            persons_pause: true,
            ..
        } => "the pause is a person's".to_owned(),
        PeopleVerdict {
            unproven: Some(doubt),
            ..
        } => format!("nobody can say whose the pause is: {}", doubt.explained()),
        PeopleVerdict {
            grace_until: Some(_),
            ..
        } => "a person resumed our pause".to_owned(),
        PeopleVerdict {
            turned_back: Some(direction),
            ..
        } => format!("a person's change is turned back: {direction}"),
        PeopleVerdict { .. } => "nobody has changed it".to_owned(),
    }
}

fn back_off_in_words(back_off: BackOffVerdict) -> String {
    match back_off {
        BackOffVerdict {
            refusals,
            until: Some(_),
        } => format!("the platform refused {refusals} commands in a row"),
        BackOffVerdict {
            refusals: 1,
            until: None,
        } => "the platform refused one command".to_owned(),
        BackOffVerdict {
            refusals,
            until: None,
        } => format!("over, after {refusals} refused commands in a row"),
    }
}

fn throttle_in_words(throttle: ThrottleVerdict) -> String {
    match throttle {
        ThrottleVerdict::StepsDown => "stepped down before it is paused".to_owned(),
        ThrottleVerdict::OnItsWay { .. } => "a change of its pace is on its way".to_owned(),
        ThrottleVerdict::Settles { .. } => "stepped down; the platform acts on it yet".to_owned(),
        ThrottleVerdict::SteppedDown { ours, original } => {
            format!("stepped down to {}, from {original}", ours.in_words())
        }
        ThrottleVerdict::SetsReserve { to } => {
            format!("its dialler is to keep {to} agents idle before each dial")
        }
        ThrottleVerdict::KeepsIdle { reserve } => {
            format!("not paused: its dialler keeps {reserve} agents idle before each dial")
        }
        ThrottleVerdict::NeverRead => {
            "its idle reserve could not be read so far, so that the rule pauses".to_owned()
        }
        ThrottleVerdict::PutsBack => "what another actuator has set is put back first".to_owned(),
        ThrottleVerdict::LeftAlone { .. } => {
            "its pace is left alone: somebody else has set it".to_owned()
        }
        ThrottleVerdict::NothingToStepDown { ratio } => {
            format!("nothing to step down: it dials {ratio} for each idle agent as it is")
        }
        ThrottleVerdict::Failed { .. } => {
            "its pace could not be read or changed, and is not tried again yet".to_owned()
        }
        ThrottleVerdict::UsedUp { .. } => "the hour's changes of its pace are used up".to_owned(),
    }
}

/// Whether the command that was decided on is confirmed: then what was to be is so.
fn carried_out_already(state: &CampaignState, reason: &Reason) -> Option<Direction> {
    let last = state.last_transition.as_ref()?;
    (last.decision == reason.decision && state.belief.label() == last.to.label()).then_some(last.to)
}

/// What a decision came to, without the state and the numbers.
fn verdict(state: &CampaignState, reason: &Reason) -> String {
    if let Some(direction) = carried_out_already(state, reason) {
        return just_done(direction).to_owned();
    }
    match reason.outcome {
        Outcome::Command { direction, .. } => format!("to be {}", direction.label()),
        Outcome::NothingToDo => "as it should be".to_owned(),
        Outcome::Suppressed {
            direction: Some(direction),
            by,
        } => format!("{direction} held back by {}", held_back_by(by)),
        Outcome::Suppressed {
            direction: None,
            by,
        } => format!("left alone: {}", held_back_by(by)),
    }
}

fn just_done(direction: Direction) -> &'static str {
    match direction {
        Direction::Pause => "just paused",
        Direction::Resume => "just resumed",
    }
}

fn summary(state: &CampaignState, reason: &Reason) -> String {
    let done = carried_out_already(state, reason);
    if let Some(direction) = done
        && let Some(why) = numbers_of_command(direction, reason)
    {
        return format!("{}: {why}", just_done(direction));
    }
    let what = verdict(state, reason);
    let numbers = match (reason.available(), reason.thresholds()) {
        (Some(available), Some(_)) if reason.aim.is_some() => {
            let aim = reason.aim.as_ref().map(|aim| aim.in_full());
            format!("; {available} available, {}", aim.unwrap_or_default())
        }
        (Some(available), Some(thresholds)) => format!(
            "; {available} available, pause below {}, resume at {}",
            thresholds.pause_below, thresholds.resume_at
        ),
        (Some(_) | None, _) => String::new(),
    };
    match done {
        // What it is now was just said.
        Some(_) => format!("{what}{numbers}"),
        None => format!("{}, {what}{numbers}", believed(state)),
    }
}

/// The number that a command was decided by, with the one threshold that it is about; of an aim the words are of both.
fn numbers_of_command(direction: Direction, reason: &Reason) -> Option<String> {
    let (available, thresholds) = (reason.available()?, reason.thresholds()?);
    if reason.aim.is_some() {
        return None;
    }
    // A hold, the calendar and stale data command whatever the numbers are.
    let by_numbers = matches!(
        reason.outcome,
        Outcome::Command {
            cause: Cause::Threshold,
            ..
        }
    );
    by_numbers.then(|| match direction {
        Direction::Pause => format!(
            "{available} available, pause below {}",
            thresholds.pause_below
        ),
        Direction::Resume => {
            format!("{available} available, resume at {}", thresholds.resume_at)
        }
    })
}

fn held_back_by(by: Suppression) -> &'static str {
    match by {
        Suppression::StaleData => "no valid reading",
        Suppression::Confirming => "confirmation",
        Suppression::Cooldown => "the dwell",
        Suppression::ResumeBudget => "the resume budget",
        Suppression::PersonsPause => "a person's pause",
        Suppression::Unproven => "a pause of unknown origin",
        Suppression::PersonsResume => "a person's resume",
        Suppression::Calendar => "the calendar",
        Suppression::Override => "an operator's hold",
        Suppression::NotCommandable => "its status",
        Suppression::Changing => "a change under way",
        Suppression::Refused => "the back-off after refusals",
        Suppression::GroupTurn => "its group",
        Suppression::Throttle => "the throttle",
        Suppression::InFlight => "a command on its way",
    }
}

fn would_change(reason: &Reason) -> Vec<String> {
    let stages = &reason.stages;
    let mut changes = Vec::new();
    // A hold matters even where an earlier stage decides: it takes over when that one lets go.
    if let Some(hold) = reason.hold() {
        changes.push(format!("the hold ends at {}, or is released", hold.until));
    }
    let opens = stages
        .calendar
        .found
        .as_ref()
        .filter(|calendar| calendar.state.is_open());
    if let Some(until) = opens.and_then(|calendar| calendar.state.until) {
        changes.push(format!("the calendar closes at {until}"));
    }
    let Some(decided) = stages.decided_by() else {
        if let Outcome::Command { direction, .. } = reason.outcome {
            changes.push(carried_out(direction));
        }
        return changes;
    };
    let verdict = stages.verdict(decided);
    let at = verdict
        .until
        .map_or(String::new(), |until| format!(" at {until}"));
    let change = match decided {
        Stage::Status | Stage::Changing => "the platform shows it running or paused".to_owned(),
        Stage::InFlight => "the command's outcome".to_owned(),
        Stage::Calendar => match reason.outcome {
            Outcome::Command { direction, .. } => carried_out(direction),
            Outcome::NothingToDo | Outcome::Suppressed { .. } => {
                format!("the calendar opens{at}")
            }
        },
        Stage::Hold => match reason.outcome {
            Outcome::Command { direction, .. } => carried_out(direction),
            Outcome::NothingToDo | Outcome::Suppressed { .. } => return changes,
        },
        Stage::Sample => "a complete and fresh poll".to_owned(),
        Stage::Signal | Stage::Thresholds => match (stages.thresholds.found, &reason.aim) {
            (Some(_), Some(aim)) if stages.status.found == Some(BelievedStatus::Running) => {
                format!("a signal below {}", aim.pause_below)
            }
            (Some(_), Some(aim)) => format!("a signal of at least {}", aim.resume_at),
            (Some(found), None) if stages.status.found == Some(BelievedStatus::Running) => {
                format!(
                    "fewer than {} available agents",
                    found.thresholds.pause_below
                )
            }
            (Some(found), None) => {
                format!("at least {} available agents", found.thresholds.resume_at)
            }
            (None, _) => return changes,
        },
        Stage::People if verdict.until.is_some() => format!("the grace ends{at}"),
        Stage::People => {
            "a person resumes it, an operator claims it, or it is held running".to_owned()
        }
        Stage::Confirmation => "further samples that agree".to_owned(),
        Stage::Dwell => format!("the dwell ends{at}"),
        Stage::ResumeBudget => format!("a resume becomes free{at}"),
        Stage::BackOff => format!("it is tried again{at}"),
        Stage::Turn => "the poll after the other campaign's resume".to_owned(),
        Stage::Throttle => format!("the step is read back, or enough agents are available{at}"),
    };
    changes.push(change);
    changes
}

fn carried_out(direction: Direction) -> String {
    match direction {
        Direction::Pause => "it is paused".to_owned(),
        Direction::Resume => "it is resumed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::domain::belief::{PauseOwner, Transition};
    use crate::domain::{
        Autopilot, CampaignActivity, CampaignId, GroupCount, HeadCount, Policy, Sample,
        StatusFinding, StatusReading,
    };

    const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

    /// The state and the reason of the first decision that commands a pause, of a campaign that runs while four agents are free.
    fn pausing() -> (CampaignState, Reason) {
        let id: CampaignId = "a".parse().unwrap();
        let policies = BTreeMap::from([(id.clone(), Policy::default())]);
        let poll = Duration::from_secs(30);
        let mut now = START;
        let mut pilot = Autopilot::new(1, policies, BTreeMap::new(), poll, START);
        let word = "WORD".to_owned();
        let reading = StatusReading::without_evidence(CampaignActivity::Running, word, START);
        pilot.observe_status(&id, &StatusFinding::Found(reading), START);
        for _ in 0..10 {
            now = now.plus(poll);
            let count = HeadCount {
                free: 4,
                serving: 0,
                wrap_up: 0,
                staffed: 20,
            };
            let sample = Sample::Complete {
                taken_at: now,
                heads: vec![GroupCount::Known(count)],
            };
            pilot.observe_sample(sample, now);
            let plan = pilot.decide(now);
            if let ([_], [(_, reason)]) = (plan.commands.as_slice(), plan.reasons.as_slice()) {
                let state = pilot.campaign(&id).unwrap().state().clone();
                return (state, reason.clone());
            }
        }
        panic!("four agents pause nothing");
    }

    #[test]
    fn a_confirmed_command_is_told_as_done_and_by_its_number() {
        let (mut state, reason) = pausing();
        let before = explain(&state, Some(&reason));
        assert_eq!(
            before.summary,
            "running, to be paused; 4 available, pause below 5, resume at 8"
        );
        assert_eq!(before.verdict, "to be paused");
        state.belief = Belief::Paused(PauseOwner::Autopilot { version: None });
        let confirmed = Transition {
            to: Direction::Pause,
            at: START,
            cause: Cause::Threshold,
            decision: reason.decision,
        };
        state.last_transition = Some(confirmed);
        let after = explain(&state, Some(&reason));
        assert_eq!(after.summary, "just paused: 4 available, pause below 5");
        assert_eq!(after.verdict, "just paused");
        // Somebody resumed it meanwhile: what was done is not so any more.
        state.belief = Belief::Running;
        let undone = explain(&state, Some(&reason));
        assert_eq!(undone.verdict, "to be paused");
    }
}
