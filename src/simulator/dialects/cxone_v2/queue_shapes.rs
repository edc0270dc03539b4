//! The two forms in which a queue is written, as the contract has them.
//!
//! Most members are read only to be held against the contract: what is kept is the object itself.
#![expect(
    dead_code,
    reason = "reading a member is what checks it; most are needed for nothing else"
)]

use serde::Deserialize;
use serde_json::{Map, Value};

use super::wire::there;

/// The members that a change may have; times are milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::simulator) struct QueuePatch {
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) id: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) name: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) channel: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) skills: Option<Vec<SkillLevel>>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) overflow: Option<Overflow>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) wrap_up_timeout: Option<u64>,
    pub(in crate::simulator) version: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct SkillLevel {
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) level: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::simulator) struct Overflow {
    pub(in crate::simulator) max_wait_time: u64,
    pub(in crate::simulator) action: OverflowAction,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) target_queue_id: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::simulator) enum OverflowAction {
    RouteToQueue,
    Drop,
}

/// The named members of a whole queue; times are seconds, and there may be further members.
#[derive(Deserialize)]
pub(in crate::simulator) struct Whole {
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) version: i64,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) name: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) channel: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) skills: Option<Vec<Map<String, Value>>>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) skill_ids: Option<Vec<String>>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) routing: Option<Routing>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) max_wait_time_seconds: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) wrap_up_time_seconds: Option<i64>,
    #[serde(default, rename = "skillRequirements", deserialize_with = "there")]
    pub(in crate::simulator) skill_requirements: Option<Vec<Requirement>>,
    #[serde(default, rename = "serviceLevelTarget", deserialize_with = "there")]
    pub(in crate::simulator) service_level_target: Option<ServiceLevel>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) overflow: Option<Map<String, Value>>,
    #[serde(default, rename = "maxWaitTime", deserialize_with = "there")]
    pub(in crate::simulator) max_wait_time: Option<i64>,
    #[serde(default, rename = "maxWaiters", deserialize_with = "there")]
    pub(in crate::simulator) max_waiters: Option<i64>,
}

#[derive(Deserialize)]
pub(in crate::simulator) struct Routing {
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) strategy: Option<Strategy>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) longest_idle_seconds: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) priority: Option<Priority>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) overflow: Option<Targets>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::simulator) enum Strategy {
    Priority,
    LongestIdle,
    FewestCalls,
    SkillBased,
    Random,
    Weighted,
}

#[derive(Deserialize)]
pub(in crate::simulator) struct Priority {
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) enabled: Option<bool>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) levels: Option<Vec<i64>>,
}

#[derive(Deserialize)]
pub(in crate::simulator) struct Targets {
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) enabled: Option<bool>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) wait_time_seconds: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) target_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(in crate::simulator) struct Requirement {
    pub(in crate::simulator) skill: String,
    pub(in crate::simulator) proficiency: String,
    pub(in crate::simulator) required: bool,
}

#[derive(Deserialize)]
pub(in crate::simulator) struct ServiceLevel {
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) threshold: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(in crate::simulator) time: Option<i64>,
}
