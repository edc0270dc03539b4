//! Whose figures are whose, when they move, and when not.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "minutes and calls of a test are small"
)]

use std::time::Duration;

use crate::domain::belief::{Hold, HoldKind};
use crate::domain::conclusion::Conclusion;
use crate::domain::ids::DecisionId;
use crate::domain::replay::{Divergence, Input, Replayed, replay};
use crate::domain::time::Timestamp;

use super::*;

const DECISION: DecisionId = DecisionId { run: 1, tick: 1 };

fn at(minute: u64) -> Timestamp {
    Timestamp::from_unix_millis(0).plus(Duration::from_secs(minute * 60))
}

/// A queue with these figures; the service level is the classic one of a calm queue.
fn queue(wait_s: u64, waiters: i64) -> Members {
    Members::from([
        (Member::MaxWait, Setting::Time(Duration::from_secs(wait_s))),
        (Member::MaxWaiters, Setting::Count(waiters)),
        (
            Member::ServiceLevel,
            Setting::ServiceLevel(ServiceLevel {
                percent: 85,
                within: Duration::from_secs(96),
            }),
        ),
    ])
}

/// Ten calls a minute since the start, so many interactions of fifty under way.
fn shown(minute: u64, active: u64) -> QueueStatistics {
    let calls = minute * 10;
    QueueStatistics {
        counters: QueueCounters {
            at: at(minute),
            waiting: 6,
            arrived: calls,
            answered: calls,
            abandoned: minute,
            overflowed: 0,
            waited_s: minute * 300,
            served_s: calls * 180,
        },
        active: Some(active),
        capacity: Some(50),
        agents: Some(36),
    }
}

/// A calibrator that has seen ten minutes of a calm queue.
fn measured(policy: CalibrationPolicy, members: &Members) -> QueueCalibrator {
    let mut calibrator = QueueCalibrator::new(policy, QueueMemory::default());
    for minute in 0..=10 {
        calibrator.observe(members, at(minute));
        calibrator.measure(Some(shown(minute, 20)));
    }
    calibrator
}

fn classic(members: &Members) -> QueueCalibrator {
    measured(CalibrationPolicy::default(), members)
}

/// Writes what is judged at this minute, and tells what it was.
fn write(
    calibrator: &mut QueueCalibrator,
    members: &mut Members,
    minute: u64,
) -> CalibrationDecision {
    let judged = calibrator.decide(at(minute));
    if let Some(change) = &judged.change {
        calibrator.sending(&change.members, at(minute));
        *members = overlaid(members, &change.members);
        let applied = Conclusion::Confirmed;
        calibrator.report(applied, members, DECISION, at(minute));
    }
    judged
}

#[test]
fn a_queue_that_is_off_is_moved_once_and_then_steady() {
    let mut members = queue(120, 20);
    let mut calibrator = classic(&members);
    let judged = write(&mut calibrator, &mut members, 10);
    assert_eq!(judged.standing, QueueStanding::Changed);
    assert_eq!(
        judged.why,
        "max_wait from 120 s to 160 s, max_waiters from 20 to 40"
    );
    calibrator.observe(&members, at(11));
    calibrator.measure(Some(shown(11, 20)));
    let judged = calibrator.decide(at(11));
    assert_eq!(
        (judged.standing, judged.change),
        (QueueStanding::Steady, None)
    );
    assert_eq!(judged.why, "its figures are as advised");
    assert_eq!(calibrator.memory().last_change, Some((at(10), DECISION)));
}

#[test]
fn a_load_that_swings_around_a_line_moves_it_once() {
    let mut members = queue(160, 40);
    let mut calibrator = classic(&members);
    let mut moves = 0;
    for minute in 11..60 {
        calibrator.observe(&members, at(minute));
        let active = if minute % 2 == 0 { 42 } else { 43 };
        calibrator.measure(Some(shown(minute, active)));
        let judged = write(&mut calibrator, &mut members, minute);
        moves += u32::from(judged.change.is_some());
    }
    assert_eq!(moves, 1, "0.86 is busy, and 0.84 is not calm yet");
}

#[test]
fn what_somebody_changed_is_left_alone_until_it_is_given_back() {
    let mut members = queue(160, 40);
    let mut calibrator = classic(&members);
    members.insert(Member::MaxWaiters, Setting::Count(7));
    calibrator.observe(&members, at(11));
    let judged = calibrator.decide(at(11));
    assert_eq!(judged.standing, QueueStanding::Conflict);
    assert!(
        judged.why.contains("max_waiters from 40 to 7"),
        "{}",
        judged.why
    );
    assert!(judged.advised.is_some(), "it is advised all the same");
    // A restart remembers.
    let memory = calibrator.memory().clone();
    let mut calibrator = QueueCalibrator::new(CalibrationPolicy::default(), memory);
    calibrator.observe(&members, at(12));
    calibrator.measure(Some(shown(12, 20)));
    assert_eq!(calibrator.decide(at(12)).standing, QueueStanding::Conflict);
    assert!(calibrator.release_manual_change());
    let judged = calibrator.decide(at(12));
    assert_eq!(judged.why, "max_waiters from 7 to 40");
}

#[test]
fn a_change_that_is_taken_back_is_none() {
    let members = queue(160, 40);
    let mut calibrator = classic(&members);
    for wait_s in [300, 200] {
        calibrator.observe(&queue(wait_s, 40), at(11));
        assert!(calibrator.has_manual_change());
    }
    calibrator.observe(&members, at(13));
    assert!(!calibrator.has_manual_change());
}

#[test]
fn a_write_whose_outcome_was_lost_is_ours_when_it_shows_and_nothing_else_is() {
    let mut members = queue(120, 40);
    let mut calibrator = classic(&members);
    let change = calibrator.decide(at(10)).change.unwrap();
    calibrator.sending(&change.members, at(10));
    let unknown = Conclusion::Unknown;
    calibrator.report(unknown, &members, DECISION, at(10));
    let memory = calibrator.memory().clone();
    let mut later = QueueCalibrator::new(CalibrationPolicy::default(), memory);
    later.observe(&members, at(11));
    assert!(!later.has_manual_change(), "it has not arrived yet");
    members = overlaid(&members, &change.members);
    later.observe(&members, at(12));
    assert!(!later.has_manual_change(), "it has");
    assert_eq!(later.memory().written, None);
    calibrator.observe(&queue(130, 40), at(11));
    assert!(
        calibrator.has_manual_change(),
        "130 s are nobody's but a person's"
    );
}

#[test]
fn changes_are_counted_over_an_hour_and_the_clock_may_jump() {
    let policy = CalibrationPolicy {
        max_changes_per_hour: Some(1),
        ..CalibrationPolicy::default()
    };
    let mut members = queue(120, 40);
    let mut calibrator = measured(policy, &members);
    assert!(write(&mut calibrator, &mut members, 10).change.is_some());
    calibrator.measure(Some(shown(11, 44)));
    calibrator.observe(&members, at(11));
    let judged = calibrator.decide(at(11));
    assert_eq!(judged.standing, QueueStanding::Steady);
    assert_eq!(
        judged.why,
        "1 changes within an hour are enough until 1970-01-01T01:10:00.000Z: max_wait from 160 s to 220 s, service_level from 85% within 96 s to 85% within 132 s"
    );
    assert!(calibrator.decide(at(71)).change.is_some());
    // A change that lies in the future counts as now, and not for longer than an hour.
    assert!(calibrator.decide(at(1)).change.is_none());
}

#[test]
fn a_hold_beats_everything_and_ends_by_itself() {
    let mut calibrator = classic(&queue(300, 3));
    calibrator.set_hold(Some(Hold {
        kind: HoldKind::AsIs,
        since: at(10),
        lasts: Duration::from_secs(60),
        author: "anna".to_owned(),
        reason: "trial".to_owned(),
    }));
    let judged = calibrator.decide(at(10));
    assert_eq!(judged.standing, QueueStanding::Held);
    assert!(judged.why.ends_with("by anna: trial"), "{}", judged.why);
    assert!(judged.advised.is_some() && judged.change.is_none());
    assert!(calibrator.decide(at(11)).change.is_some());
}

#[test]
fn what_cannot_be_measured_moves_nothing_and_says_why() {
    let members = queue(300, 3);
    let why = |statistics: &[Option<QueueStatistics>]| {
        let mut calibrator =
            QueueCalibrator::new(CalibrationPolicy::default(), QueueMemory::default());
        calibrator.observe(&members, at(0));
        for statistics in statistics {
            calibrator.measure(*statistics);
        }
        let judged = calibrator.decide(at(60));
        assert_eq!(judged.standing, QueueStanding::Unmeasured, "{judged:?}");
        assert_eq!((judged.change, judged.advised), (None, None));
        judged.why
    };
    assert_eq!(
        why(&[None]),
        "the platform shows no statistics of this queue"
    );
    assert!(why(&[Some(shown(1, 1))]).contains("it was read once"));
    assert!(why(&[Some(shown(1, 1)), Some(shown(3, 1))]).contains("only 20 calls"));
    let reset = [
        Some(shown(9, 1)),
        Some(shown(10, 1)),
        Some(QueueStatistics {
            counters: QueueCounters {
                arrived: 0,
                at: at(11),
                ..shown(11, 1).counters
            },
            ..shown(11, 1)
        }),
    ];
    assert!(why(&reset).contains("it was read once"));
    let nobody = |minute| {
        Some(QueueStatistics {
            capacity: Some(0),
            agents: None,
            ..shown(minute, 1)
        })
    };
    assert!(why(&[nobody(0), nobody(10)]).contains("nobody serves the queue"));
}

#[test]
fn the_drain_rate_is_of_the_last_two_readings_or_absent() {
    let mut calibrator = classic(&queue(160, 40));
    let flow = calibrator.flow();
    assert_eq!(flow.utilisation, Some(0.4));
    assert!((flow.drain_per_s.unwrap() - 1.0 / 60.0).abs() < 1e-12);
    assert_eq!(flow.time_to_drain, Some(Duration::from_secs(360)));
    calibrator.measure(Some(QueueStatistics {
        counters: QueueCounters {
            answered: 0,
            ..shown(11, 1).counters
        },
        ..shown(11, 1)
    }));
    assert_eq!(calibrator.flow().drain_per_s, None, "a counter fell");
    calibrator.measure(None);
    assert_eq!(calibrator.flow(), QueueFlow::default());
}

#[test]
fn the_queueing_model_takes_rates_agents_and_a_steady_load() {
    let policy = CalibrationPolicy {
        model: QueueModel::ErlangA,
        ..CalibrationPolicy::default()
    };
    let members = queue(160, 40);
    let mut calibrator = measured(policy, &members);
    let judged = calibrator.decide(at(10));
    let offered = Offered {
        arrivals_per_s: 10.0 / 60.0,
        service_s: 180.0,
        patience_s: Some(300.0),
    };
    let expected = erlang_advice(offered, 36, &ServiceTargets::default()).advice;
    assert_eq!(judged.advised, Some(Figures::from(&expected)));
    // The load triples for as long.
    for minute in 11..=20 {
        let mut busy = shown(minute, 20);
        busy.counters.arrived += (minute - 10) * 20;
        calibrator.measure(Some(busy));
    }
    let judged = calibrator.decide(at(20));
    assert_eq!(judged.standing, QueueStanding::Unmeasured);
    assert!(judged.why.contains("the load drifts"), "{}", judged.why);
}

#[test]
fn figures_that_somebody_brings_along_need_no_measurement() {
    let mut calibrator = QueueCalibrator::new(CalibrationPolicy::default(), QueueMemory::default());
    calibrator.observe(&queue(120, 40), at(0));
    let inputs = ClassicInputs {
        active: 46.0,
        capacity: 50.0,
        coverage: None,
    };
    let judged = calibrator.decide_by_inputs(&inputs, at(0));
    assert_eq!(judged.advised.unwrap().max_wait_s, Some(220));
    assert_eq!(judged.advised.unwrap().service_level.unwrap().percent, 70);
    assert!(judged.change.is_some());
}

#[test]
fn a_window_keeps_its_length_and_not_more_readings_than_it_needs() {
    let policy = CalibrationPolicy {
        window: Duration::from_secs(600),
        ..CalibrationPolicy::default()
    };
    let mut calibrator = QueueCalibrator::new(policy, QueueMemory::default());
    let mut statistics = shown(0, 1);
    for second in 0..3_600_u64 {
        statistics.counters.at = at(0).plus(Duration::from_secs(second));
        statistics.counters.arrived = second;
        calibrator.measure(Some(statistics));
    }
    let readings = &calibrator.memory().readings;
    let (first, last) = (readings.first().unwrap(), readings.last().unwrap());
    let spans = last.at.since(first.at).as_secs();
    assert!((600..=610).contains(&spans), "{spans}");
    assert!(readings.len() <= 125, "{}", readings.len());
    let memory = serde_json::to_string(calibrator.memory()).unwrap();
    let read: QueueMemory = serde_json::from_str(&memory).unwrap();
    assert_eq!(&read, calibrator.memory());
}

/// A calibrator whose inputs are kept as the store keeps them.
struct Recorded {
    calibrator: QueueCalibrator,
    stored: Vec<(Timestamp, String)>,
}

impl Recorded {
    fn new() -> Self {
        let calibrator = measured(CalibrationPolicy::default(), &queue(120, 20));
        let start = CalibrationInput::Start {
            policy: calibrator.policy().clone(),
            memory: calibrator.memory().clone(),
        };
        let mut recorded = Self {
            calibrator,
            stored: Vec::new(),
        };
        recorded.tell(start, at(10));
        recorded
    }

    fn tell(&mut self, input: CalibrationInput, now: Timestamp) {
        input.apply(&mut self.calibrator, now);
        let input = Input::Calibrate {
            queue: "queue-1".parse().unwrap(),
            calibrate: Box::new(input),
        };
        let stored = serde_json::to_string(&input).unwrap();
        self.stored.push((now, stored));
    }

    fn read(&mut self, members: &Members, minute: u64, active: u64) {
        let members = Figures::members_among(members);
        let statistics = Some(shown(minute, active));
        let read = CalibrationInput::Read {
            members,
            statistics,
        };
        self.tell(read, at(minute));
    }

    fn decide(&mut self, given: Option<ClassicInputs>, minute: u64) -> CalibrationDecision {
        let decision = self.calibrator.decide_with(given.as_ref(), at(minute));
        self.tell(CalibrationInput::decided(given, &decision), at(minute));
        decision
    }

    fn replay(&self) -> Result<Replayed, Divergence> {
        let stored = self.stored.iter();
        replay(stored.map(|(at, stored)| (*at, serde_json::from_str(stored).unwrap())))
    }
}

/// A queue that is moved, that a person changes, and that an operator holds and releases; then an outage and a set clock.
fn eventful() -> Recorded {
    let mut recorded = Recorded::new();
    let mut members = queue(120, 20);
    members.insert(Member::WrapUp, Setting::Unreadable("{}".to_owned()));
    recorded.read(&members, 11, 20);
    let change = recorded.decide(None, 11).change.unwrap().members;
    members = overlaid(&members, &change);
    recorded.tell(CalibrationInput::Sending { change }, at(11));
    let report = CalibrationInput::Report {
        conclusion: Conclusion::Confirmed,
        found: Figures::members_among(&members),
        decision: DECISION,
    };
    recorded.tell(report, at(11));
    let unreadable = Setting::Unreadable("[7]".to_owned());
    members.insert(Member::MaxWaiters, unreadable);
    recorded.read(&members, 12, 20);
    assert_eq!(recorded.decide(None, 12).standing, QueueStanding::Conflict);
    let before = recorded.calibrator.memory().clone();
    let hold = Hold {
        kind: HoldKind::AsIs,
        since: at(12),
        lasts: Duration::from_secs(600),
        author: "anna".to_owned(),
        reason: "look".to_owned(),
    };
    recorded.tell(CalibrationInput::Hold { hold: Some(hold) }, at(12));
    assert_eq!(recorded.decide(None, 12).standing, QueueStanding::Held);
    recorded.tell(CalibrationInput::Restored { memory: before }, at(12));
    recorded.tell(CalibrationInput::ManualChangeReleased, at(13));
    recorded.tell(CalibrationInput::Unread, at(13));
    assert_eq!(
        recorded.decide(None, 13).standing,
        QueueStanding::Unmeasured
    );
    let hour = CalibrationInput::ClockStepped {
        milliseconds: 3_600_000,
    };
    recorded.tell(hour, at(73));
    recorded.read(&members, 74, 44);
    let given = ClassicInputs {
        active: 44.0,
        capacity: 50.0,
        coverage: Some(0.7),
    };
    let change = recorded.decide(Some(given), 74).change.unwrap().members;
    recorded.tell(CalibrationInput::Sending { change }, at(74));
    recorded.tell(CalibrationInput::SentNothing, at(74));
    recorded.read(&queue(160, 40), 75, 20);
    recorded.decide(None, 75);
    recorded
}

#[test]
fn what_it_was_told_is_decided_again() {
    let mut recorded = eventful();
    let calibrator = Box::new(recorded.calibrator.clone());
    recorded.tell(CalibrationInput::Checkpoint { calibrator }, at(75));
    let found = recorded.replay().unwrap();
    assert_eq!(found.inputs, 21);
    assert_eq!(found.compared, 6, "none but the questions");
    // Where the beginning is gone a checkpoint is one.
    recorded.stored.drain(..20);
    recorded.decide(None, 75);
    assert_eq!(recorded.replay().unwrap().compared, 1);
}

#[test]
fn a_decision_or_a_state_that_was_changed_is_told() {
    let mut recorded = eventful();
    for (_, stored) in &mut recorded.stored {
        *stored = stored.replace("\"held\"", "\"steady\"");
    }
    let told = recorded.replay().unwrap_err().to_string();
    assert!(
        told.ends_with("recorded: steady; decided again: held"),
        "{told}"
    );

    let mut recorded = eventful();
    for (_, stored) in &mut recorded.stored {
        *stored = stored.replace("2m 40s", "2m 41s");
    }
    let told = recorded.replay().unwrap_err().to_string();
    assert!(
        told.contains("recorded: changed, max_wait to 2m 41s")
            && told.contains("decided again: changed, max_wait to 2m 40s"),
        "{told}"
    );

    let mut recorded = eventful();
    let calibrator = Box::new(classic(&queue(120, 20)));
    recorded.tell(CalibrationInput::Checkpoint { calibrator }, at(75));
    let told = recorded.replay().unwrap_err().to_string();
    assert!(told.contains("decided again: another state"), "{told}");
}

#[test]
fn behind_a_gap_nothing_is_compared_before_a_checkpoint() {
    let mut recorded = eventful();
    let before = recorded.replay().unwrap().compared;
    recorded.tell(CalibrationInput::Gap, at(76));
    recorded.decide(None, 76);
    assert_eq!(recorded.replay().unwrap().compared, before);
    let calibrator = Box::new(recorded.calibrator.clone());
    recorded.tell(CalibrationInput::Checkpoint { calibrator }, at(76));
    recorded.decide(None, 76);
    assert_eq!(recorded.replay().unwrap().compared, before + 1);
}
