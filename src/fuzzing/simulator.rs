//! What holds for the simulator's readers on any input.

use crate::simulator::{Scenario, Trace, TraceRow};

/// More agents than the readers allow.
const TOO_MANY: u32 = 100_001;

/// A trace that was read is in order, within bounds, and the same when it is printed.
pub(super) fn trace(text: &str) {
    let trace = match Trace::parse(text, "trace") {
        Ok(trace) => trace,
        Err(faults) => {
            assert!(faults.count() > 0, "refused without a fault");
            assert!(faults.to_string().lines().count() <= 22, "{faults}");
            return;
        }
    };
    let rows = trace.rows();
    assert!(!rows.is_empty(), "a trace without rows");
    assert!(rows.is_sorted_by(|a, b| a.at < b.at), "{rows:?}");
    for row in rows {
        assert!(
            row.available <= row.staffed && row.staffed < TOO_MANY,
            "{row:?}"
        );
        assert_eq!(trace.counts_at(row.at), (row.staffed, row.available));
    }
    for day in trace.days() {
        assert!(trace.day(&day).is_ok(), "{day} has rows");
    }
    let said = |row: &TraceRow| (row.at, row.staffed, row.available);
    let lines = rows
        .iter()
        .map(|row| format!("{},{},{}\n", row.at.rfc3339(), row.staffed, row.available));
    let printed = format!("timestamp,staffed,available\n{}", lines.collect::<String>());
    let again = Trace::parse(&printed, "printed");
    let again = again.map(|again| again.rows().iter().map(said).collect::<Vec<_>>());
    assert_eq!(again, Ok(rows.iter().map(said).collect()), "{printed}");
}

/// A scenario that was read has a day with a beginning before its end, and what happens in it is in order of time.
pub(super) fn scenario(text: &str) {
    let scenario = match Scenario::parse(text, "scenario") {
        Ok(scenario) => scenario,
        Err(faults) => {
            assert!(!faults.faults.is_empty(), "refused without a fault");
            assert!(faults.to_string().starts_with("scenario"), "{faults}");
            return;
        }
    };
    assert!(
        (1..TOO_MANY).contains(&scenario.agents()),
        "{}",
        scenario.agents()
    );
    assert!(scenario.start() < scenario.end(), "a day without time");
    assert!(
        scenario
            .scripted_events()
            .is_sorted_by_key(|event| event.at)
    );
    let named = !scenario.telemetry.faults.trim().is_empty();
    assert!(named || scenario.fault_rules().is_empty());
}
