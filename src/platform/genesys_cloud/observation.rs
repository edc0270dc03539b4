//! Counts of a queue's agents by routing status, as the platform's observations have them.
//!
//! *A status that nobody has is absent.* In a queue of which anything is shown an absent `IDLE` is therefore 0; a queue of which
//! nothing is shown is unknown: its id is wrong, the right is missing, or there is no data **\[I\]**.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::HeadCount;

/// The status of agents who can take a call now.
const IDLE: &str = "IDLE";

/// The status of agents who are in the queue and take no calls, and of users who do not exist.
const OFF_QUEUE: &str = "OFF_QUEUE";

/// Every status that is known.
const STATUSES: [&str; 5] = [
    IDLE,
    "INTERACTING",
    "COMMUNICATING",
    "NOT_RESPONDING",
    OFF_QUEUE,
];

const ON_QUEUE: &str = "oOnQueueUsers";
const MEMBERS: &str = "oMemberUsers";

/// The question for these queues.
pub(super) fn question<'a>(queues: impl IntoIterator<Item = &'a str>) -> Value {
    let predicates: Vec<Value> = queues
        .into_iter()
        .map(|queue| {
            json!({"type": "dimension", "dimension": "queueId", "operator": "matches", "value": queue})
        })
        .collect();
    json!({
        "filter": {"type": "or", "predicates": predicates},
        "metrics": [ON_QUEUE, "oActiveUsers", MEMBERS],
    })
}

#[derive(Deserialize)]
struct Answer {
    /// Absent where nothing is shown of any queue.
    results: Option<Vec<QueueResult>>,
}

#[derive(Deserialize)]
struct QueueResult {
    #[serde(default)]
    group: BTreeMap<String, String>,
    data: Option<Vec<Metric>>,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(rename = "metric")]
    name: Option<String>,
    qualifier: Option<String>,
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct Stats {
    count: Option<Value>,
}

/// What is shown of the queues' agents.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Observed {
    /// Each queue of which anything is shown, or why it cannot be counted.
    pub(super) queues: BTreeMap<String, Result<HeadCount, String>>,
    /// A status that is not known, where there was one.
    pub(super) unknown_status: Option<String>,
}

/// What the rows about one queue add up to.
#[derive(Default)]
struct Counting {
    by_status: BTreeMap<String, u32>,
    members: Option<u32>,
    fault: Option<String>,
}

impl Observed {
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let answer: Answer = serde_json::from_slice(body)
            .map_err(|wrong| format!("the observations cannot be read: {wrong}"))?;
        let mut counting: BTreeMap<String, Counting> = BTreeMap::new();
        for result in answer.results.unwrap_or_default() {
            let queue = result.group.get("queueId");
            let queue = queue.ok_or("a result does not say which queue it is of")?;
            let of_queue = counting.entry(queue.clone()).or_default();
            for row in result.data.unwrap_or_default() {
                of_queue.take(row);
            }
        }
        let mut observed = Self::default();
        let mut unknown: BTreeSet<String> = BTreeSet::new();
        for (queue, counted) in counting {
            let words = counted.by_status.keys();
            unknown.extend(
                words
                    .filter(|word| !STATUSES.contains(&word.as_str()))
                    .cloned(),
            );
            if let Some(count) = counted.count() {
                observed.queues.insert(queue, count);
            }
        }
        observed.unknown_status = unknown.into_iter().next();
        Ok(observed)
    }
}

impl Counting {
    fn take(&mut self, row: Metric) {
        let name = row.name.unwrap_or_default();
        if name != ON_QUEUE && name != MEMBERS {
            return;
        }
        let count = row.stats.and_then(|stats| stats.count);
        let count = count.as_ref().and_then(whole);
        let twice = match (count, row.qualifier) {
            (None, _) => {
                self.fault = Some(format!("a row of {name} has no count"));
                false
            }
            (Some(count), None) if name == MEMBERS => self.members.replace(count).is_some(),
            (Some(0), None) => false,
            (Some(_), None) => {
                self.fault = Some(format!(
                    "a row of {name} does not say which status it counts"
                ));
                false
            }
            (Some(_), Some(_)) if name == MEMBERS => false,
            (Some(count), Some(status)) => self.by_status.insert(status, count).is_some(),
        };
        if twice {
            self.fault = Some(format!("two rows count the same of {name}"));
        }
    }

    /// Nothing where nothing is shown of the queue.
    fn count(&self) -> Option<Result<HeadCount, String>> {
        if let Some(why) = &self.fault {
            return Some(Err(why.clone()));
        }
        if self.by_status.is_empty() && self.members.unwrap_or_default() == 0 {
            return None;
        }
        let on_queue = self
            .by_status
            .iter()
            .filter(|(status, _)| *status != OFF_QUEUE);
        Some(Ok(HeadCount {
            free: self.by_status.get(IDLE).copied().unwrap_or_default(),
            serving: 0,
            wrap_up: 0,
            staffed: on_queue.fold(0, |sum, (_, count)| sum.saturating_add(*count)),
        }))
    }
}

/// A number of agents; some releases may write it with a fraction of nothing.
fn whole(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    })?;
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: &str, qualifier: Option<&str>, count: &Value) -> Value {
        let mut row = json!({"metric": metric, "stats": {"count": count}});
        if let Some(qualifier) = qualifier {
            row["qualifier"] = json!(qualifier);
        }
        row
    }

    fn observed(data: &[Value]) -> Observed {
        let body = json!({"results": [{"group": {"queueId": "q"}, "data": data}]});
        Observed::parse(body.to_string().as_bytes()).unwrap()
    }

    fn head(free: u32, staffed: u32) -> HeadCount {
        HeadCount {
            free,
            serving: 0,
            wrap_up: 0,
            staffed,
        }
    }

    #[test]
    fn idle_agents_are_available_and_those_off_queue_are_not_staffed() {
        let one = observed(&[
            row("oMemberUsers", None, &json!(18)),
            row("oActiveUsers", None, &json!(14)),
            row("oOnQueueUsers", Some("IDLE"), &json!(4)),
            row("oOnQueueUsers", Some("INTERACTING"), &json!(7.0)),
            row("oOnQueueUsers", Some("NOT_RESPONDING"), &json!(1)),
            row("oOnQueueUsers", Some("OFF_QUEUE"), &json!(2)),
        ]);
        assert_eq!(one.queues["q"], Ok(head(4, 12)));
        assert_eq!(one.unknown_status, None);
    }

    #[test]
    fn an_absent_status_is_nobody_only_where_anything_is_shown() {
        let members = observed(&[row("oMemberUsers", None, &json!(18))]);
        assert_eq!(members.queues["q"], Ok(head(0, 0)));
        let busy = observed(&[row("oOnQueueUsers", Some("INTERACTING"), &json!(3))]);
        assert_eq!(busy.queues["q"], Ok(head(0, 3)));
        for silent in [
            observed(&[]),
            observed(&[row("oMemberUsers", None, &json!(0))]),
            observed(&[row("oInteracting", None, &json!(3))]),
            Observed::parse(b"{}").unwrap(),
            Observed::parse(br#"{"results":null}"#).unwrap(),
        ] {
            assert_eq!(silent.queues, BTreeMap::new());
        }
    }

    #[test]
    fn what_cannot_be_counted_is_no_number() {
        for bad in [
            row("oOnQueueUsers", Some("IDLE"), &json!(null)),
            row("oOnQueueUsers", Some("IDLE"), &json!(-1)),
            row("oOnQueueUsers", Some("IDLE"), &json!("4")),
            row("oOnQueueUsers", Some("IDLE"), &json!(1.5)),
            row("oOnQueueUsers", None, &json!(4)),
        ] {
            let found = observed(&[row("oMemberUsers", None, &json!(18)), bad.clone()]);
            assert!(found.queues["q"].is_err(), "{bad}");
        }
        let idle = row("oOnQueueUsers", Some("IDLE"), &json!(4));
        assert!(observed(&[idle.clone(), idle]).queues["q"].is_err());
        for wrong in [
            "",
            "[]",
            r#"{"results":[{"data":[]}]}"#,
            r#"{"results":{}}"#,
        ] {
            assert!(Observed::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_status_that_is_not_known_is_staffed_not_free_and_told() {
        let found = observed(&[
            row("oOnQueueUsers", Some("IDLE"), &json!(4)),
            row("oOnQueueUsers", Some("DREAMING"), &json!(2)),
        ]);
        assert_eq!(found.queues["q"], Ok(head(4, 6)));
        assert_eq!(found.unknown_status.as_deref(), Some("DREAMING"));
    }
}
