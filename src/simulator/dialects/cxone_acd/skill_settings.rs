//! Settings of skills: what each has at first, and what a body may say.

use serde_json::{Map, Value, json};

use super::super::super::refusal::Refused;
use super::number::whole;
use super::query::wrong;

/// What a member of a body has to be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Flag,
}

/// Members of a body, as the contract has them.
const MEMBERS: [(&str, Kind); 29] = [
    ("skillName", Kind::Text),
    ("campaignId", Kind::Whole),
    ("isActive", Kind::Flag),
    ("callerIdOverride", Kind::Text),
    ("scriptId", Kind::Whole),
    ("minWFIAgents", Kind::Whole),
    ("minWFIAvailableAgents", Kind::Whole),
    ("interruptible", Kind::Flag),
    ("minWorkingTime", Kind::Whole),
    ("notes", Kind::Text),
    ("acwTypeId", Kind::Whole),
    ("stateIdACW", Kind::Whole),
    ("maxSecondsACW", Kind::Whole),
    ("agentRestTime", Kind::Whole),
    ("priorityBlending", Kind::Flag),
    ("initialPriority", Kind::Whole),
    ("acceleration", Kind::Whole),
    ("maxPriority", Kind::Whole),
    ("serviceLevelThreshold", Kind::Whole),
    ("serviceLevelGoal", Kind::Whole),
    ("enableShortAbandon", Kind::Flag),
    ("shortAbandonThreshold", Kind::Whole),
    ("countShortAbandons", Kind::Flag),
    ("acwPostTimeoutStateId", Kind::Whole),
    ("EquityLevel", Kind::Whole),
    ("FallbackTime", Kind::Whole),
    ("FocusLock", Kind::Whole),
    ("FocusMetric", Kind::Whole),
    ("evaluationCriteria", Kind::Whole),
];

/// Settings beside those of every skill in a listing, as each has them at first.
pub(super) fn at_first() -> Map<String, Value> {
    let mut settings = Map::new();
    for (name, value) in [
        ("notes", json!("")),
        ("acwTypeId", json!(2)),
        ("maxSecondsACW", json!(60)),
        ("initialPriority", json!(0)),
        ("acceleration", json!(1)),
        ("maxPriority", json!(1_000)),
        ("serviceLevelThreshold", json!(30)),
        ("serviceLevelGoal", json!(80)),
    ] {
        settings.insert(name.to_owned(), value);
    }
    settings
}

/// The settings of a body, each within what the contract allows.
pub(super) fn of_body(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong("the body"))?;
    let settings = body.get("skill").and_then(Value::as_object);
    let settings = settings.ok_or_else(|| wrong("skill"))?;
    let mut kept = Map::new();
    for (name, kind) in MEMBERS {
        let Some(value) = settings.get(name) else {
            continue;
        };
        let allowed = match (kind, name) {
            (Kind::Text, "skillName") => value.as_str().is_some_and(|text| !text.is_empty()),
            (Kind::Text, _) => value.is_string(),
            (Kind::Whole, "serviceLevelGoal") => {
                whole(value).is_some_and(|goal| (0..=100).contains(&goal))
            }
            (Kind::Whole, "serviceLevelThreshold" | "maxSecondsACW") => {
                whole(value).is_some_and(|seconds| seconds >= 0)
            }
            (Kind::Whole, _) => whole(value).is_some(),
            (Kind::Flag, _) => value.is_boolean(),
        };
        if !allowed {
            return Err(wrong(name));
        }
        kept.insert(name.to_owned(), value.clone());
    }
    Ok(kept)
}
