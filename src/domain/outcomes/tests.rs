//! What holds of the counts whatever the counters say, and stories of single readings.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of a few digits")]

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::domain::aim::{AimRule, AimState, CountersRead};
use crate::domain::time::Timestamp;

use super::*;

const START: Timestamp = Timestamp::from_unix_millis(1_700_000_400_000);

fn after(minutes: u64) -> Timestamp {
    START.plus(Duration::from_secs(60 * minutes))
}

/// A reading of counters since the start.
fn reading(minutes: u64, dials: u64, connected: u64, abandoned: u64) -> OutcomeReading {
    OutcomeReading {
        since: START,
        until: after(minutes),
        counters: OutcomeCounters {
            dials,
            answered: connected + abandoned,
            connected: Some(connected),
            abandoned,
        },
        source: OutcomeSource::Platform,
    }
}

fn counts(dials: u64, answered: u64, connected: u64, abandoned: u64) -> OutcomeCounts {
    OutcomeCounts {
        dials,
        answered,
        connected,
        abandoned,
    }
}

/// What a reading counted; none of one that counted nothing.
fn counted_in(read: OutcomesRead) -> Option<OutcomeCounts> {
    match read {
        OutcomesRead::Counted(increment) => Some(increment.counts),
        OutcomesRead::First
        | OutcomesRead::Reset
        | OutcomesRead::Older
        | OutcomesRead::Superseded => None,
    }
}

#[test]
fn two_readings_give_what_was_counted_between_them() {
    let mut memory = OutcomeMemory::default();
    assert_eq!(memory.last(), None);
    assert_eq!(memory.observe(reading(1, 100, 20, 1)), OutcomesRead::First);
    assert_eq!(
        memory.total(),
        OutcomeCounts::default(),
        "a base counts nothing"
    );
    let counted = Some(counts(50, 11, 10, 1));
    assert_eq!(counted_in(memory.observe(reading(2, 150, 30, 2))), counted);
    let nothing = Some(OutcomeCounts::default());
    assert_eq!(
        counted_in(memory.observe(reading(2, 150, 30, 2))),
        nothing,
        "a duplicate"
    );
    assert_eq!(memory.observe(reading(1, 400, 90, 9)), OutcomesRead::Older);
    let counted = Some(counts(50, 10, 10, 0));
    assert_eq!(
        counted_in(memory.observe(reading(9, 200, 40, 2))),
        counted,
        "a gap is covered"
    );
    assert_eq!(memory.total(), counts(100, 21, 20, 1));
    let window = memory.window(after(9));
    assert_eq!(
        (window.known, window.counts),
        (Duration::from_secs(480), memory.total())
    );
}

#[test]
fn a_reset_is_a_new_base_and_what_was_between_is_unknown() {
    let mut memory = OutcomeMemory::default();
    memory.observe(reading(1, 100, 20, 1));
    for (minutes, fallen) in [(2, (9, 30, 2)), (3, (500, 1, 2)), (4, (500, 1, 0))] {
        let (dials, connected, abandoned) = fallen;
        let read = memory.observe(reading(minutes, dials, connected, abandoned));
        assert_eq!(read, OutcomesRead::Reset, "{fallen:?}");
    }
    let other_period = OutcomeReading {
        since: after(4),
        ..reading(5, 600, 50, 3)
    };
    assert_eq!(memory.observe(other_period), OutcomesRead::Reset);
    assert_eq!(memory.total(), OutcomeCounts::default());
    assert_eq!(memory.window(after(5)).known, Duration::ZERO);
    assert_eq!(memory.window(after(5)).counts.abandoned_per_million(), None);
}

#[test]
fn without_a_counter_of_connected_calls_a_call_is_connected_when_the_next_reading_has_come() {
    let counted = |minutes, answered, abandoned| OutcomeReading {
        counters: OutcomeCounters {
            dials: 2 * answered,
            answered,
            connected: None,
            abandoned,
        },
        ..reading(minutes, 0, 0, 0)
    };
    let mut memory = OutcomeMemory::default();
    memory.observe(counted(1, 100, 1));
    let expected = [
        // Ten answered, their fate unknown.
        (counted(2, 110, 1), counts(20, 10, 0, 0)),
        // One was abandoned, of the ten or of the five new ones.
        (counted(3, 115, 2), counts(10, 5, 9, 1)),
        (counted(4, 115, 2), counts(0, 0, 5, 0)),
        (counted(5, 115, 2), counts(0, 0, 0, 0)),
    ];
    for (reading, counts) in expected {
        assert_eq!(counted_in(memory.observe(reading)), Some(counts));
    }
    assert_eq!(memory.total(), counts(30, 15, 14, 1));
    memory.observe(counted(6, 200, 2));
    assert_eq!(memory.observe(reading(7, 400, 198, 2)), OutcomesRead::Reset);
    let read = memory.observe(reading(8, 400, 198, 2));
    assert_eq!(counted_in(read), Some(OutcomeCounts::default()));
}

#[test]
fn what_is_fed_goes_before_the_platform_for_an_hour() {
    let mut memory = OutcomeMemory::default();
    memory.observe(reading(1, 100, 20, 1));
    let fed = |minutes, dials| OutcomeReading {
        source: OutcomeSource::Fed,
        ..reading(minutes, dials, dials, 0)
    };
    assert_eq!(
        memory.observe(fed(2, 1_000)),
        OutcomesRead::Reset,
        "another source"
    );
    assert!(memory.is_fed(after(3)));
    assert_eq!(
        memory.observe(reading(3, 200, 30, 1)),
        OutcomesRead::Superseded
    );
    assert_eq!(
        counted_in(memory.observe(fed(4, 1_010))),
        Some(counts(10, 10, 10, 0))
    );
    assert!(!memory.is_fed(after(64)));
    assert_eq!(memory.observe(reading(64, 300, 40, 1)), OutcomesRead::Reset);
    assert_eq!(
        memory.observe(fed(65, 2_000)),
        OutcomesRead::Reset,
        "fed again"
    );
}

#[test]
fn fed_counters_may_have_a_period_of_their_own() {
    let fed = |since, until, dials| OutcomeReading {
        since: after(since),
        source: OutcomeSource::Fed,
        ..reading(until, dials, dials, 0)
    };
    let mut memory = OutcomeMemory::default();
    memory.observe(fed(0, 5, 7));
    assert_eq!(
        counted_in(memory.observe(fed(5, 10, 8))),
        Some(counts(8, 8, 8, 0))
    );
    assert_eq!(
        counted_in(memory.observe(fed(15, 20, 9))),
        Some(counts(9, 9, 9, 0))
    );
    assert_eq!(
        memory.window(after(20)).known,
        Duration::from_secs(600),
        "five minutes are unknown"
    );
    assert_eq!(
        memory.observe(fed(19, 25, 9)),
        OutcomesRead::Reset,
        "they overlap"
    );
    assert_eq!(memory.observe(fed(15, 25, 99)), OutcomesRead::Reset);
}

#[test]
fn the_window_forgets_and_says_how_much_of_it_is_known() {
    let mut memory = OutcomeMemory::default();
    memory.observe(reading(0, 0, 0, 0));
    memory.observe(reading(5, 10, 9, 1));
    memory.observe(reading(65, 20, 18, 2));
    let window = memory.window(after(65));
    assert_eq!(
        window.to_string(),
        "2 of 20 calls abandoned in 2h (10.00%), of which 65m are known"
    );
    assert_eq!(memory.newest_slot().unwrap().counts, counts(10, 10, 9, 1));
    assert_eq!(memory.window(after(126)).counts, counts(10, 10, 9, 1));
    assert_eq!(
        memory.window(after(300)).to_string(),
        "no answered call counted in 2h"
    );
    for minute in 66..1_000 {
        memory.observe(reading(minute, 20 + minute, 18, 2));
    }
    let text = serde_json::to_string(&memory).unwrap();
    assert!(text.len() < 3_000, "{} bytes", text.len());
    assert_eq!(
        serde_json::from_str::<OutcomeMemory>(&text).unwrap(),
        memory
    );
    assert_eq!(
        memory.window(after(999)).known,
        Duration::from_secs(110 * 60 + 9 * 60 + 60)
    );
}

#[test]
fn a_clock_that_is_set_back_makes_no_reading_old() {
    let mut memory = OutcomeMemory::default();
    memory.observe(reading(100, 10, 10, 0));
    memory.observe(reading(101, 20, 20, 0));
    memory.shift_clock(-60 * 60_000);
    let read = memory.observe(reading(42, 30, 30, 0));
    assert_eq!(counted_in(read), Some(counts(10, 10, 10, 0)));
    assert_eq!(memory.window(after(42)).counts, counts(10, 10, 10, 0));
    memory.clamp(after(7));
    let read = memory.observe(reading(8, 40, 40, 0));
    assert_eq!(
        counted_in(read),
        Some(counts(10, 10, 10, 0)),
        "clamped at a start"
    );
}

#[test]
fn the_aim_is_told_of_calls_and_of_what_is_unknown() {
    let rule = AimRule::new("0.5%".parse().unwrap());
    let mut aim = AimState::new(&rule);
    let mut memory = OutcomeMemory::default();
    assert_eq!(memory.calls(), None);
    let mut given = |reading| {
        memory.observe(reading);
        aim.observe_counters(&rule, memory.calls().unwrap(), false)
    };
    assert_eq!(given(reading(1, 10, 10, 0)), CountersRead::First);
    assert!(
        matches!(given(reading(2, 20, 19, 1)), CountersRead::Calls(calls) if calls.answered() == 10)
    );
    assert_eq!(given(reading(3, 5, 5, 0)), CountersRead::Reset);
    assert!(
        matches!(given(reading(4, 9, 9, 0)), CountersRead::Calls(calls) if calls.answered() == 4)
    );
}

#[test]
fn an_increment_says_between_which_times_it_lies() {
    let mut memory = OutcomeMemory::default();
    memory.observe(reading(1, 100, 20, 1));
    memory.observe(reading(2, 200, 40, 2));
    let OutcomesRead::Counted(increment) = memory.observe(reading(9, 300, 60, 3)) else {
        panic!("nothing was counted");
    };
    assert_eq!((increment.from, increment.until), (after(2), after(9)));
    let own = OutcomeReading {
        since: after(12),
        source: OutcomeSource::Fed,
        ..reading(15, 7, 7, 0)
    };
    assert_eq!(memory.observe(own), OutcomesRead::Reset, "another source");
    let later = OutcomeReading {
        since: after(20),
        until: after(25),
        ..own
    };
    let OutcomesRead::Counted(increment) = memory.observe(later) else {
        panic!("nothing was counted");
    };
    assert_eq!((increment.from, increment.until), (after(20), after(25)));
}

/// What happens between two readings.
#[derive(Clone, Debug)]
enum Event {
    /// So many dials, answered, and of these abandoned.
    Calls(u64, u64, u64),
    /// The counters begin again, since the same or another moment.
    Reset { told: bool },
    /// A reading comes.
    Read,
    /// A reading of before comes once more.
    Again(usize),
    /// The counters are read and nobody gets the answer.
    Lost,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u64..50, 0_u64..40, 0_u64..30).prop_map(|(dials, answered, abandoned)| {
            let answered = answered.min(dials);
            Event::Calls(dials, answered, abandoned.min(answered))
        }),
        1 => any::<bool>().prop_map(|told| Event::Reset { told }),
        4 => Just(Event::Read),
        1 => any::<usize>().prop_map(Event::Again),
        1 => Just(Event::Lost),
    ]
}

proptest! {
    #[test]
    fn increments_never_exceed_what_happened(
        events in vec(event(), 0..60),
        counts_connected in any::<bool>(),
        fed in any::<bool>(),
    ) {
        let mut memory = OutcomeMemory::default();
        let (mut now, mut since) = (START, START);
        let mut counters = OutcomeCounters {
            connected: counts_connected.then_some(0),
            ..OutcomeCounters::default()
        };
        // What happened since the first reading, or at all.
        let mut truth = OutcomeCounts::default();
        let mut earlier: Vec<OutcomeReading> = Vec::new();
        for event in events {
            now = now.plus(Duration::from_secs(60));
            let read = match event {
                Event::Calls(dials, answered, abandoned) => {
                    let connected = answered - abandoned;
                    truth = truth.plus(OutcomeCounts { dials, answered, connected, abandoned });
                    counters.dials += dials;
                    counters.answered += answered;
                    counters.abandoned += abandoned;
                    counters.connected = counters.connected.map(|before| before + connected);
                    continue;
                }
                Event::Reset { told } => {
                    counters = OutcomeCounters {
                        connected: counts_connected.then_some(0),
                        ..OutcomeCounters::default()
                    };
                    since = if told { now } else { since };
                    continue;
                }
                Event::Read => OutcomeReading {
                    since,
                    until: now,
                    counters,
                    source: if fed { OutcomeSource::Fed } else { OutcomeSource::Platform },
                },
                Event::Again(which) if !earlier.is_empty() => earlier[which % earlier.len()],
                Event::Again(_) | Event::Lost => continue,
            };
            earlier.push(read);
            let before = memory.total();
            let counted = match memory.observe(read) {
                OutcomesRead::Counted(increment) => increment.counts,
                OutcomesRead::First | OutcomesRead::Reset | OutcomesRead::Older
                | OutcomesRead::Superseded => OutcomeCounts::default(),
            };
            prop_assert_eq!(memory.total(), before.plus(counted));
            let total = memory.total();
            for (counted, happened) in total.numbers().into_iter().zip(truth.numbers()) {
                prop_assert!(counted <= happened, "{:?} of {:?}", total, truth);
            }
            let window = memory.window(now);
            prop_assert!(window.known <= window.span);
        }
    }

    #[test]
    fn nothing_is_lost_while_counters_are_neither_reset_nor_late(
        steps in vec((0_u64..50, 0_u64..40, 0_u64..30, any::<bool>()), 1..40),
    ) {
        let mut memory = OutcomeMemory::default();
        memory.observe(reading(0, 0, 0, 0));
        let mut truth = OutcomeCounts::default();
        let mut minute = 0;
        for (dials, connected, abandoned, read) in steps {
            minute += 1;
            let answered = connected + abandoned;
            truth = truth.plus(OutcomeCounts { dials, answered, connected, abandoned });
            if read {
                memory.observe(reading(minute, truth.dials, truth.connected, truth.abandoned));
            }
        }
        memory.observe(reading(minute + 1, truth.dials, truth.connected, truth.abandoned));
        prop_assert_eq!(memory.total(), truth);
    }
}
