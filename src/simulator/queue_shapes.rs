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
pub(super) struct QueuePatch {
    #[serde(default, deserialize_with = "there")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) channel: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) skills: Option<Vec<SkillLevel>>,
    #[serde(default, deserialize_with = "there")]
    pub(super) overflow: Option<Overflow>,
    #[serde(default, deserialize_with = "there")]
    pub(super) wrap_up_timeout: Option<u64>,
    pub(super) version: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SkillLevel {
    pub(super) id: String,
    pub(super) level: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Overflow {
    pub(super) max_wait_time: u64,
    pub(super) action: OverflowAction,
    #[serde(default, deserialize_with = "there")]
    pub(super) target_queue_id: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OverflowAction {
    RouteToQueue,
    Drop,
}

/// The named members of a whole queue; times are seconds, and others may stand beside them.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) id: String,
    pub(super) version: i64,
    #[serde(default, deserialize_with = "there")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) channel: Option<String>,
    #[serde(default, deserialize_with = "there")]
    pub(super) skills: Option<Vec<Map<String, Value>>>,
    #[serde(default, deserialize_with = "there")]
    pub(super) skill_ids: Option<Vec<String>>,
    #[serde(default, deserialize_with = "there")]
    pub(super) routing: Option<Routing>,
    #[serde(default, deserialize_with = "there")]
    pub(super) max_wait_time_seconds: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(super) wrap_up_time_seconds: Option<i64>,
    #[serde(default, rename = "skillRequirements", deserialize_with = "there")]
    pub(super) skill_requirements: Option<Vec<Requirement>>,
    #[serde(default, rename = "serviceLevelTarget", deserialize_with = "there")]
    pub(super) service_level_target: Option<ServiceLevel>,
    #[serde(default, deserialize_with = "there")]
    pub(super) overflow: Option<Map<String, Value>>,
    #[serde(default, rename = "maxWaitTime", deserialize_with = "there")]
    pub(super) max_wait_time: Option<i64>,
    #[serde(default, rename = "maxWaiters", deserialize_with = "there")]
    pub(super) max_waiters: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Routing {
    #[serde(default, deserialize_with = "there")]
    pub(super) strategy: Option<Strategy>,
    #[serde(default, deserialize_with = "there")]
    pub(super) longest_idle_seconds: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(super) priority: Option<Priority>,
    #[serde(default, deserialize_with = "there")]
    pub(super) overflow: Option<Targets>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Strategy {
    Priority,
    LongestIdle,
    FewestCalls,
    SkillBased,
    Random,
    Weighted,
}

#[derive(Deserialize)]
pub(super) struct Priority {
    #[serde(default, deserialize_with = "there")]
    pub(super) enabled: Option<bool>,
    #[serde(default, deserialize_with = "there")]
    pub(super) levels: Option<Vec<i64>>,
}

#[derive(Deserialize)]
pub(super) struct Targets {
    #[serde(default, deserialize_with = "there")]
    pub(super) enabled: Option<bool>,
    #[serde(default, deserialize_with = "there")]
    pub(super) wait_time_seconds: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(super) target_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct Requirement {
    pub(super) skill: String,
    pub(super) proficiency: String,
    pub(super) required: bool,
}

#[derive(Deserialize)]
pub(super) struct ServiceLevel {
    #[serde(default, deserialize_with = "there")]
    pub(super) threshold: Option<i64>,
    #[serde(default, deserialize_with = "there")]
    pub(super) time: Option<i64>,
}
