//! What a queue has counted, on the wire. This form is an assumption of ours, and the contract says so.

use serde::Deserialize;

use crate::domain::Timestamp;
use crate::domain::queue::{QueueCounters, QueueStatistics};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    waiting: u64,
    arrived: u64,
    answered: u64,
    abandoned: u64,
    overflowed: u64,
    waited_seconds: u64,
    served_seconds: u64,
    active_interactions: Option<u64>,
    max_capacity: Option<u64>,
    agents: Option<u64>,
}

/// Reads the counters, read at `at`.
pub(super) fn reading(body: &[u8], at: Timestamp) -> Result<QueueStatistics, String> {
    let found: Statistics = serde_json::from_slice(body)
        .map_err(|wrong| format!("not the statistics of a queue: {wrong}"))?;
    Ok(QueueStatistics {
        counters: QueueCounters {
            at,
            waiting: found.waiting,
            arrived: found.arrived,
            answered: found.answered,
            abandoned: found.abandoned,
            overflowed: found.overflowed,
            waited_s: found.waited_seconds,
            served_s: found.served_seconds,
        },
        active: found.active_interactions,
        capacity: found.max_capacity,
        agents: found.agents,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"queueId": "a", "waiting": 1, "arrived": 9, "answered": 7, "abandoned": 1, "overflowed": 0,
        "waitedSeconds": 60, "servedSeconds": 900, "agents": 4, "colour": "red"}"#;

    #[test]
    fn what_is_not_shown_is_absent_and_what_is_broken_is_a_fault() {
        let at = Timestamp::from_unix_millis(5);
        let found = reading(BODY.as_bytes(), at).unwrap();
        assert_eq!((found.counters.at, found.counters.served_s), (at, 900));
        assert_eq!(
            (found.active, found.capacity, found.agents),
            (None, None, Some(4))
        );
        for wrong in [
            BODY.replace("\"waiting\": 1", "\"waiting\": -1"),
            BODY.replace("\"answered\": 7,", ""),
            "[]".to_owned(),
        ] {
            assert!(reading(wrong.as_bytes(), at).is_err(), "{wrong}");
        }
    }
}
