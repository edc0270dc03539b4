//! Queues and the skills they refer to: what is in force.
//!
//! A queue is one JSON object with a version. A tenant shows the members that it has; those that the
//! contract does not name are kept as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A queue's members.
pub type Queue = Map<String, Value>;

/// What a queue has counted since some moment, and what there is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueStatistics {
    /// Callers waiting now.
    pub waiting: u64,
    /// Callers who arrived.
    pub arrived: u64,
    /// Callers answered.
    pub answered: u64,
    /// Callers who gave up.
    pub abandoned: u64,
    /// Callers who overflowed.
    pub overflowed: u64,
    /// Seconds that all callers have waited.
    pub waited_seconds: u64,
    /// Seconds that answered calls took agents, wrap-up included.
    pub served_seconds: u64,
    /// Interactions under way now, where the platform shows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_interactions: Option<u64>,
    /// The most that can be under way, where the platform shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_capacity: Option<u64>,
    /// Agents who serve the queue now, where the platform shows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<u64>,
}

/// The queues and skills in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    pub(super) by_id: BTreeMap<String, Queue>,
    /// What some of them have counted; a queue without shows no statistics.
    pub(super) statistics: BTreeMap<String, QueueStatistics>,
    /// Names by id.
    pub(super) skills: BTreeMap<String, String>,
}

/// Returns the version of a queue; a queue without one has never been written.
pub(super) fn version(queue: &Queue) -> i64 {
    queue.get("version").and_then(Value::as_i64).unwrap_or(0)
}

/// Returns a queue with every member of the contract, and one that it does not know.
#[must_use]
pub fn example_queue(id: &str, name: &str, overflows_into: &[&str]) -> Queue {
    let members = json!({
        "id": id,
        "name": name,
        "channel": "voice",
        "version": 1,
        "skills": [{"id": "voice", "level": 3}],
        "skill_ids": ["voice"],
        "routing": {
            "strategy": "longest_idle",
            "longest_idle_seconds": 300,
            "priority": {"enabled": false, "levels": []},
            "overflow": {
                "enabled": !overflows_into.is_empty(),
                "wait_time_seconds": 120,
                "target_ids": overflows_into
            }
        },
        "max_wait_time_seconds": 300,
        "wrap_up_time_seconds": 30,
        "wrapUpTimeout": 30_000,
        "skillRequirements": [
            {"skill": "language:en", "proficiency": "advanced", "required": true}
        ],
        "serviceLevelTarget": {"threshold": 80, "time": 20},
        "maxWaitTime": 120,
        "maxWaiters": 40,
        "costCentre": "0815"
    });
    match members {
        Value::Object(queue) => queue,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
