//! The form of a [`Reason`] in the audit.
//!
//! The members that version 0.1.0 wrote stay as they are, because programs read them; what came later is added beside
//! them and may be absent. `stages` says what came of asking each stage. A row without it, as 0.1.0 wrote it, reads as one
//! in which no stage is known to have been asked; its numbers are complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::aim::AimReading;
use crate::domain::belief::{Doubt, HoldKind};
use crate::domain::ids::DecisionId;
use crate::domain::status::Direction;
use crate::domain::thresholds::AgentThresholds;
use crate::domain::time::Timestamp;

use super::outcome::Outcome;
use super::stages::{
    Asked, BackOffVerdict, BelievedStatus, BudgetVerdict, CalendarVerdict, ChangingVerdict,
    ConfirmationVerdict, DwellVerdict, HoldVerdict, PeopleVerdict, Relation, SampleVerdict,
    SignalVerdict, Stage, Stages, ThresholdsVerdict, ThrottleVerdict, TurnVerdict, Verdict,
};
use super::verdict::Reason;

#[derive(Serialize, Deserialize)]
struct RecordedReason {
    decision: DecisionId,
    at: Timestamp,
    outcome: Outcome,
    sample: SampleVerdict,
    available: Option<u32>,
    staffed: Option<u32>,
    #[serde(rename = "lines")]
    thresholds: Option<AgentThresholds>,
    relation: Option<Relation>,
    confirmation: Option<ConfirmationVerdict>,
    dwell_until: Option<Timestamp>,
    budget: Option<BudgetVerdict>,
    grace_until: Option<Timestamp>,
    persons_pause: bool,
    refused_until: Option<Timestamp>,
    hold: Option<(HoldKind, Timestamp)>,
    #[serde(default)]
    status: Option<BelievedStatus>,
    #[serde(default)]
    in_flight: Option<Direction>,
    #[serde(default)]
    changing: Option<ChangingVerdict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calendar: Option<Box<CalendarVerdict>>,
    #[serde(default)]
    asks: Option<Direction>,
    #[serde(default)]
    unproven: Option<Doubt>,
    #[serde(default)]
    turned_back: Option<Direction>,
    #[serde(default)]
    refusals: u32,
    #[serde(default, skip_serializing_if = "is_none_claimed")]
    claimed: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<TurnVerdict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aim: Option<Box<AimReading>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    throttle: Option<ThrottleVerdict>,
    #[serde(default)]
    stages: BTreeMap<Stage, Asked>,
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RecordedReason::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RecordedReason::deserialize(deserializer).map(Self::from)
    }
}

impl From<&Reason> for RecordedReason {
    fn from(reason: &Reason) -> Self {
        let Reason {
            decision,
            at,
            outcome,
            stages,
            aim,
        } = reason;
        let people = stages.people.found;
        let back_off = stages.back_off.found;
        Self {
            decision: *decision,
            at: *at,
            outcome: *outcome,
            sample: reason.sample(),
            available: reason.available(),
            staffed: reason.staffed(),
            thresholds: reason.thresholds(),
            relation: reason.relation(),
            confirmation: stages.confirmation.found,
            dwell_until: stages.dwell.found.and_then(|dwell| dwell.until),
            budget: stages.resume_budget.found,
            grace_until: people.and_then(|people| people.grace_until),
            persons_pause: people.is_some_and(PeopleVerdict::not_ours),
            refused_until: back_off.and_then(|back_off| back_off.until),
            hold: reason.hold().map(|hold| (hold.kind, hold.until)),
            status: stages.status.found,
            in_flight: stages.in_flight.found,
            changing: stages.changing.found,
            calendar: stages.calendar.found.clone(),
            asks: stages.thresholds.found.and_then(|found| found.asks),
            unproven: people.and_then(|people| people.unproven),
            turned_back: people.and_then(|people| people.turned_back),
            refusals: back_off.map_or(0, |back_off| back_off.refusals),
            claimed: stages.signal.found.map_or(0, |signal| signal.claimed),
            turn: stages.turn.found,
            aim: aim.clone(),
            throttle: stages.throttle.found,
            stages: stages
                .list()
                .map(|verdict| (verdict.stage, verdict.asked))
                .into(),
        }
    }
}

impl From<RecordedReason> for Reason {
    fn from(recorded: RecordedReason) -> Self {
        let asked = |stage| recorded.stages.get(&stage).copied().unwrap_or_default();
        let dwell_until = recorded.dwell_until;
        let dwell_asked = asked(Stage::Dwell) != Asked::NotAsked || dwell_until.is_some();
        let refused = recorded.refusals > 0 || recorded.refused_until.is_some();
        let stages = Stages {
            status: verdict(asked(Stage::Status), recorded.status),
            in_flight: verdict(asked(Stage::InFlight), recorded.in_flight),
            changing: verdict(asked(Stage::Changing), recorded.changing),
            calendar: verdict(asked(Stage::Calendar), recorded.calendar),
            hold: verdict(
                asked(Stage::Hold),
                recorded
                    .hold
                    .map(|(kind, until)| HoldVerdict { kind, until }),
            ),
            sample: verdict(asked(Stage::Sample), Some(recorded.sample)),
            signal: verdict(
                asked(Stage::Signal),
                recorded.available.map(|available| SignalVerdict {
                    available,
                    staffed: recorded.staffed,
                    claimed: recorded.claimed,
                }),
            ),
            thresholds: verdict(
                asked(Stage::Thresholds),
                recorded
                    .thresholds
                    .zip(recorded.relation)
                    .map(|(thresholds, relation)| ThresholdsVerdict {
                        thresholds,
                        relation,
                        asks: recorded.asks,
                    }),
            ),
            people: verdict(
                asked(Stage::People),
                Some(PeopleVerdict {
                    persons_pause: recorded.persons_pause && recorded.unproven.is_none(),
                    unproven: recorded.unproven,
                    grace_until: recorded.grace_until,
                    turned_back: recorded.turned_back,
                }),
            ),
            confirmation: verdict(asked(Stage::Confirmation), recorded.confirmation),
            dwell: verdict(
                asked(Stage::Dwell),
                dwell_asked.then_some(DwellVerdict { until: dwell_until }),
            ),
            resume_budget: verdict(asked(Stage::ResumeBudget), recorded.budget),
            back_off: verdict(
                asked(Stage::BackOff),
                refused.then_some(BackOffVerdict {
                    refusals: recorded.refusals,
                    until: recorded.refused_until,
                }),
            ),
            turn: verdict(asked(Stage::Turn), recorded.turn),
            throttle: verdict(asked(Stage::Throttle), recorded.throttle),
        };
        Self {
            decision: recorded.decision,
            at: recorded.at,
            outcome: recorded.outcome,
            stages,
            aim: recorded.aim,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_none_claimed(claimed: &u32) -> bool {
    *claimed == 0
}

fn verdict<T>(asked: Asked, found: Option<T>) -> Verdict<T> {
    Verdict { asked, found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::campaign::Suppression;
    use crate::domain::cause::Cause;

    /// A row of the audit as version 0.1.0 wrote it.
    const OF_0_1_0: &str = r#"{"decision":{"run":2,"tick":41},"at":1700000030000,
        "outcome":{"is":"command","direction":"resume","cause":"threshold"},
        "sample":{"verdict":"valid","age":{"secs":0,"nanos":93000000}},"available":9,"staffed":12,
        "lines":{"pause_below":5,"resume_at":8},"relation":"at_resume",
        "confirmation":{"seen":2,"needed":2,"of_last":3},"dwell_until":null,
        "budget":{"used":1,"limit":6,"free_at":null},"grace_until":null,"persons_pause":false,
        "refused_until":null,"hold":null}"#;

    #[test]
    fn a_row_of_0_1_0_reads_with_all_its_numbers() {
        let reason: Reason = serde_json::from_str(OF_0_1_0).unwrap();
        let command = Outcome::Command {
            direction: Direction::Resume,
            cause: Cause::Threshold,
        };
        assert_eq!(reason.outcome, command);
        assert_eq!(
            reason.to_string(),
            "9 available of 12 staffed (pause below 5, resume at 8)"
        );
        assert_eq!(reason.relation(), Some(Relation::AtResume));
        let budget = reason.stages.resume_budget.found.unwrap();
        assert_eq!((budget.used, budget.limit), (1, 6));
        assert_eq!(reason.stages.confirmation.found.unwrap().of_last, 3);
        assert_eq!(reason.stages.decided_by(), None);
    }

    #[test]
    fn a_row_written_today_has_the_members_of_0_1_0_and_each_stage() {
        let old: serde_json::Value = serde_json::from_str(OF_0_1_0).unwrap();
        let reason: Reason = serde_json::from_str(OF_0_1_0).unwrap();
        let written = serde_json::to_value(reason).unwrap();
        for (member, value) in old.as_object().unwrap() {
            assert_eq!(&written[member], value, "{member}");
        }
        let stages = written["stages"].as_object().unwrap();
        assert_eq!(stages.len(), Stage::ALL.len());
        assert_eq!(stages["resume_budget"], "not_asked");
    }

    #[test]
    fn what_an_aim_said_is_kept_with_its_numbers() {
        let plain: Reason = serde_json::from_str(OF_0_1_0).unwrap();
        let written = serde_json::to_string(&plain).unwrap();
        assert!(!written.contains("aim"), "{written}");
        let aim = r#","aim":{"signal":"6.5","pause_below":"4.5","resume_at":"6.5","target":50,
            "calls":{"connected":609,"abandoned":3},"span":{"secs":7200,"nanos":0},"verdict":"steers"}}"#;
        let with_aim = format!("{}{aim}", OF_0_1_0.strip_suffix('}').unwrap());
        let reason: Reason = serde_json::from_str(&with_aim).unwrap();
        assert_eq!(
            reason.to_string(),
            "9 available of 12 staffed (threshold 4.5: 3 of 612 calls abandoned in 2h, aimed at 0.5%; signal 6.5, resume at 6.5)"
        );
        let written = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&written).unwrap(), reason);
    }

    #[test]
    fn the_old_word_for_both_waits_is_still_read() {
        let waits = OF_0_1_0.replace(
            r#""is":"command","direction":"resume","cause":"threshold""#,
            r#""is":"suppressed","direction":"resume","by":"not_commandable""#,
        );
        let reason: Reason = serde_json::from_str(&waits).unwrap();
        let by = Suppression::NotCommandable;
        let direction = Some(Direction::Resume);
        assert_eq!(reason.outcome, Outcome::Suppressed { direction, by });
    }
}
