//! The two writes of a queue: what each may say, and the queue after it.
//!
//! The two forms have two units for one quantity: a change of some members has milliseconds, the whole object has
//! seconds. Where a queue has both members of such a pair, a write of one moves the other, so that both always say the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::queue_shapes::{OverflowAction, QueuePatch, SkillLevel, Whole};
use crate::simulator::queues::{Queue, Queues};

/// The highest number of skills of a queue, in the form with levels.
const MOST_SKILLS: usize = 100;

/// The highest number of skill requirements of a queue.
const MOST_REQUIREMENTS: usize = 10;

/// Members that say the same: milliseconds, and the path to the seconds.
const SAME_TIMES: [SameTime; 2] = [
    (&["wrapUpTimeout"], &["wrap_up_time_seconds"]),
    (
        &["overflow", "maxWaitTime"],
        &["routing", "overflow", "wait_time_seconds"],
    ),
];

type SameTime = (&'static [&'static str], &'static [&'static str]);

/// Returns the faults of a change of queue `id`.
pub(super) fn patch_faults(queues: &Queues, id: &str, patch: &QueuePatch) -> Vec<String> {
    let mut faults = Vec::new();
    faults.extend(other_id(id, patch.id.as_deref()));
    let skills = patch.skills.as_deref().unwrap_or_default();
    if skills.len() > MOST_SKILLS {
        faults.push(format!(
            "skills has {}, expected at most {MOST_SKILLS}",
            skills.len()
        ));
    }
    let mut seen = BTreeSet::new();
    for SkillLevel { id, level } in skills {
        if !seen.insert(id) {
            faults.push(format!("skill {id} is in the list more than once"));
        }
        if !queues.skills.contains_key(id) {
            faults.push(format!("there is no skill {id}"));
        }
        faults.extend(outside(
            &format!("the level of skill {id}"),
            Some(*level),
            1,
            5,
        ));
    }
    if let Some(overflow) = &patch.overflow {
        match overflow.target_queue_id.as_deref() {
            Some(target) => faults.extend(target_fault(queues, id, target)),
            None if overflow.action == OverflowAction::RouteToQueue => {
                faults.push("overflow.targetQueueId is required for routeToQueue".to_owned());
            }
            None => {}
        }
    }
    faults
}

/// Returns the faults of `queue` as the whole of queue `id`.
pub(super) fn whole_faults(queues: &Queues, id: &str, queue: &Queue) -> Vec<String> {
    let whole = match serde_json::from_value::<Whole>(Value::Object(queue.clone())) {
        Ok(whole) => whole,
        Err(wrong) => return vec![wrong.to_string()],
    };
    let mut faults = Vec::new();
    faults.extend(other_id(id, Some(&whole.id)));
    let requirements = whole.skill_requirements.map_or(0, |list| list.len());
    if requirements > MOST_REQUIREMENTS {
        faults.push(format!(
            "skillRequirements has {requirements}, expected at most {MOST_REQUIREMENTS}"
        ));
    }
    if let Some(level) = whole.service_level_target {
        faults.extend(outside(
            "serviceLevelTarget.threshold",
            level.threshold,
            0,
            100,
        ));
        faults.extend(outside("serviceLevelTarget.time", level.time, 1, 300));
    }
    faults.extend(outside("maxWaitTime", whole.max_wait_time, 10, 600));
    faults.extend(outside("maxWaiters", whole.max_waiters, 1, 100));
    let overflow = whole.routing.and_then(|routing| routing.overflow);
    let targets = overflow.and_then(|overflow| overflow.target_ids);
    for target in targets.unwrap_or_default() {
        faults.extend(target_fault(queues, id, &target));
    }
    faults
}

fn target_fault(queues: &Queues, id: &str, target: &str) -> Option<String> {
    if target == id {
        return Some(format!("queue {id} cannot overflow into itself"));
    }
    let known = queues.by_id.contains_key(target);
    (!known).then(|| format!("there is no queue {target} to overflow into"))
}

fn other_id(id: &str, given: Option<&str>) -> Option<String> {
    let other = given.filter(|given| *given != id)?;
    Some(format!("id is {other:?}, and the path says {id:?}"))
}

fn outside(name: &str, value: Option<i64>, least: i64, most: i64) -> Option<String> {
    let value = value.filter(|value| !(least..=most).contains(value))?;
    Some(format!("{name} is {value}, expected {least} to {most}"))
}

/// Returns `queue` with the members of `change` in place of its own; times in the change are milliseconds.
pub(super) fn patched(queue: &Queue, change: &Queue) -> Queue {
    let mut after = queue.clone();
    after.extend(change.clone());
    for (millis, seconds) in SAME_TIMES {
        let changed = value_at(change, millis).and_then(Value::as_u64);
        if let (Some(value), Some(place)) = (changed, value_at_mut(&mut after, seconds)) {
            *place = json!(value.div_ceil(1_000));
        }
    }
    after
}

/// Returns `whole` in place of the queue `before`; times are seconds.
pub(super) fn replaced(before: &Queue, whole: &Queue) -> Queue {
    let mut after = whole.clone();
    for (millis, seconds) in SAME_TIMES {
        let given = value_at(whole, seconds);
        if given == value_at(before, seconds) {
            continue;
        }
        let value = given.and_then(Value::as_u64);
        if let (Some(value), Some(place)) = (value, value_at_mut(&mut after, millis)) {
            *place = json!(value.saturating_mul(1_000));
        }
    }
    after
}

fn value_at<'a>(queue: &'a Queue, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(queue.get(*first)?, |value, name| value.get(name))
}

fn value_at_mut<'a>(queue: &'a mut Queue, path: &[&str]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(queue.get_mut(*first)?, |value, name| value.get_mut(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::simulator::queues::example_queue;

    fn queue(value: Value) -> Queue {
        serde_json::from_value(value).unwrap()
    }

    fn queues() -> Queues {
        let skill = ("voice".to_owned(), "Voice".to_owned());
        Queues {
            by_id: BTreeMap::from([
                ("a".to_owned(), example_queue("a", "A", &["b"])),
                ("b".to_owned(), example_queue("b", "B", &[])),
            ]),
            skills: BTreeMap::from([skill]),
            ..Queues::default()
        }
    }

    #[test]
    fn every_fault_of_a_change_is_reported() {
        let patch = json!({"version": 1, "id": "b", "skills": [
            {"id": "voice", "level": 0}, {"id": "voice", "level": 5}, {"id": "chess", "level": 6}
        ], "overflow": {"maxWaitTime": 1, "action": "routeToQueue"}});
        let patch = serde_json::from_value(patch).unwrap();
        assert_eq!(
            patch_faults(&queues(), "a", &patch),
            [
                "id is \"b\", and the path says \"a\"",
                "the level of skill voice is 0, expected 1 to 5",
                "skill voice is in the list more than once",
                "there is no skill chess",
                "the level of skill chess is 6, expected 1 to 5",
                "overflow.targetQueueId is required for routeToQueue",
            ]
        );
        for (overflow, fault) in [
            (json!({"maxWaitTime": 0, "action": "drop"}), None),
            (
                json!({"maxWaitTime": 0, "action": "routeToQueue", "targetQueueId": "b"}),
                None,
            ),
            (
                json!({"maxWaitTime": 0, "action": "routeToQueue", "targetQueueId": "a"}),
                Some("queue a cannot overflow into itself"),
            ),
            (
                json!({"maxWaitTime": 0, "action": "drop", "targetQueueId": "x"}),
                Some("there is no queue x to overflow into"),
            ),
        ] {
            let patch = serde_json::from_value(json!({"version": 1, "overflow": overflow}));
            let found = patch_faults(&queues(), "a", &patch.unwrap());
            assert_eq!(found, Vec::from_iter(fault));
        }
    }

    #[test]
    fn a_change_has_the_contracts_members_and_no_null() {
        for wrong in [
            json!({}),
            json!({"version": 1, "maxWaiters": 3}),
            json!({"version": 1, "name": null}),
            json!({"version": 1, "wrapUpTimeout": -1}),
            json!({"version": 1, "wrapUpTimeout": 1.5}),
            json!({"version": 1, "skills": [{"id": "voice"}]}),
            json!({"version": 1, "skills": [{"id": "voice", "level": 1, "x": 1}]}),
            json!({"version": 1, "overflow": {"maxWaitTime": 1, "action": "hang up"}}),
            json!({"version": 1, "overflow": {"action": "drop"}}),
        ] {
            assert!(
                serde_json::from_value::<QueuePatch>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_whole_is_held_against_the_contract_and_its_bounds() {
        assert_eq!(
            whole_faults(&queues(), "a", &example_queue("a", "A", &["b"])),
            [""; 0]
        );
        for (name, value) in [
            ("id", json!("b")),
            ("version", json!("1")),
            ("name", Value::Null),
            ("skills", json!(["voice"])),
            ("skill_ids", json!([1])),
            ("routing", json!({"strategy": "loudest"})),
            ("routing", json!({"priority": {"levels": ["x"]}})),
            ("routing", json!({"overflow": {"target_ids": ["a"]}})),
            ("routing", json!({"overflow": {"target_ids": ["x"]}})),
            ("wrap_up_time_seconds", json!("30")),
            ("skillRequirements", json!([{"skill": "x"}])),
            ("serviceLevelTarget", json!({"threshold": 101})),
            ("serviceLevelTarget", json!({"time": 0})),
            ("overflow", json!([])),
            ("maxWaitTime", json!(9)),
            ("maxWaiters", json!(101)),
        ] {
            let mut whole = example_queue("a", "A", &["b"]);
            whole.insert(name.to_owned(), value.clone());
            assert_eq!(
                whole_faults(&queues(), "a", &whole).len(),
                1,
                "{name}: {value}"
            );
        }
        let one = json!({"skill": "x", "proficiency": "y", "required": true});
        let mut many = example_queue("a", "A", &[]);
        many.insert("skillRequirements".to_owned(), Value::from(vec![one; 11]));
        assert_eq!(whole_faults(&queues(), "a", &many).len(), 1);
    }

    #[test]
    fn both_units_always_say_the_same() {
        let before = example_queue("a", "A", &[]);
        let change = queue(json!({
            "wrapUpTimeout": 12_001,
            "overflow": {"maxWaitTime": 90_000, "action": "drop"}
        }));
        let after = patched(&before, &change);
        assert_eq!(after["wrap_up_time_seconds"], 13);
        assert_eq!(after["routing"]["overflow"]["wait_time_seconds"], 90);
        assert_eq!(after["costCentre"], "0815");
        let mut whole = after.clone();
        whole.insert("wrap_up_time_seconds".to_owned(), json!(40));
        whole["routing"]["overflow"]["wait_time_seconds"] = json!(60);
        let after = replaced(&after, &whole);
        assert_eq!(after["wrapUpTimeout"], 40_000);
        assert_eq!(after["overflow"]["maxWaitTime"], 60_000);
        let same = replaced(&after, &after);
        assert_eq!(same, after, "what goes back unchanged changes nothing");
        let lone = queue(json!({"id": "a", "version": 1, "wrap_up_time_seconds": 5}));
        assert_eq!(
            replaced(&before, &lone),
            lone,
            "no member appears by itself"
        );
    }
}
