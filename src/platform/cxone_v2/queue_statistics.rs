//! What a queue has counted, on the wire. This form is an assumption of ours, and the contract says so.

use serde::Deserialize;

use crate::domain::queue::{QueueCounters, QueueStatistics};
use crate::domain::{QueueId, Timestamp};

use super::value::{self, Word};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    #[serde(default, deserialize_with = "value::word")]
    queue_id: Word<'static>,
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

/// Reads the counters of a queue, read at `at`. An answer that names another queue says nothing about this one.
pub(super) fn reading(
    queue: &QueueId,
    body: &[u8],
    at: Timestamp,
) -> Result<QueueStatistics, String> {
    let found: Statistics = serde_json::from_slice(body)
        .map_err(|wrong| format!("not the statistics of a queue: {wrong}"))?;
    value::same_id(queue.as_str(), &found.queue_id).map_err(|other| {
        format!("asked for the statistics of queue {queue}, the platform returned those of {other}")
    })?;
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
    use crate::domain::IdError;

    const BODY: &str = r#"{"queueId": "a", "waiting": 1, "arrived": 9, "answered": 7, "abandoned": 1, "overflowed": 0,
        "waitedSeconds": 60, "servedSeconds": 900, "agents": 4, "colour": "red"}"#;

    fn reading(body: &str, at: Timestamp) -> Result<QueueStatistics, String> {
        let id = "a".parse().map_err(|wrong: IdError| wrong.to_string())?;
        super::reading(&id, body.as_bytes(), at)
    }

    #[test]
    fn another_queue_in_the_answer_is_refused() {
        let named = |id: &str| {
            let body = BODY.replace("\"queueId\": \"a\"", &format!("\"queueId\": {id}"));
            reading(&body, Timestamp::from_unix_millis(5))
        };
        for same in ["\"a\"", "\"A\"", "null"] {
            assert!(named(same).is_ok(), "{same}");
        }
        for other in ["\"b\"", "7", "\"\"", "[\"a\"]"] {
            let refused = named(other).unwrap_err();
            assert!(
                refused.contains("queue a, the platform returned those of"),
                "{refused}"
            );
        }
        let without = BODY.replace("\"queueId\": \"a\", ", "");
        assert!(reading(&without, Timestamp::from_unix_millis(5)).is_ok());
    }

    #[test]
    fn what_is_not_shown_is_absent_and_what_is_broken_is_a_fault() {
        let at = Timestamp::from_unix_millis(5);
        let found = reading(BODY, at).unwrap();
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
            assert!(reading(&wrong, at).is_err(), "{wrong}");
        }
    }
}
