//! The messages about queues, with the members that their receivers know.

use std::time::Duration;

use serde::Serialize;

use crate::domain::ids::{DecisionId, QueueId};
use crate::domain::message::{MessageKind, millis, rfc3339, shown};
use crate::domain::time::Timestamp;

use super::member::{Member, Members, Setting};
use super::record::Compliance;
use super::version::QueueVersion;

/// A body, which becomes a JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum QueueMessage {
    /// The body of `queue.updated`.
    Updated(QueueUpdated),
    /// The body of `queue_routing_updated`.
    Routing(QueueRouting),
    /// The body of `queue.drain_rate`.
    Drain(QueueDrain),
}

/// A queue that we changed, read back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueUpdated {
    event: &'static str,
    queue_id: QueueId,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    configuration: Configuration,
    metrics: UpdateMetrics,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// What is in force; times are seconds, as on the platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    version: QueueVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_wait_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_level_target: Option<Target>,
    overflow_enabled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Target {
    threshold: i64,
    time: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdateMetrics {
    update_latency_ms: u64,
    success_rate: f64,
}

/// A queue whose routing we changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueRouting {
    event: &'static str,
    queue_id: QueueId,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    latency_ms: u64,
    #[serde(rename = "decisionId", serialize_with = "shown")]
    decision_id: DecisionId,
}

/// How fast a queue drains.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueDrain {
    queue_id: QueueId,
    drain_rate: f64,
    latency_ms: u64,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// Members that say how a queue routes: a change of one is announced as `queue_routing_updated` too.
const ROUTING: [Member; 6] = [
    Member::Strategy,
    Member::PriorityLevels,
    Member::LongestIdle,
    Member::OverflowTargets,
    Member::OverflowWait,
    Member::RoutingMaxWait,
];

impl QueueMessage {
    /// Returns the kind of message.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Updated(_) => MessageKind::QueueUpdated,
            Self::Routing(_) => MessageKind::QueueRoutingUpdated,
            Self::Drain(_) => MessageKind::QueueDrainRate,
        }
    }

    /// Creates the messages about a change: `written` of the queue that now has `members`. `success_rate` is the share of this process's
    /// changes that were applied, 0 to 1.
    #[must_use]
    pub fn of_change(
        queue: &QueueId,
        (version, members): (QueueVersion, &Members),
        written: &Members,
        (latency, success_rate): (Duration, f64),
        decision: DecisionId,
        at: Timestamp,
    ) -> Vec<Self> {
        let level = match members.get(&Member::ServiceLevel) {
            Some(Setting::ServiceLevel(level)) => Some(Target {
                threshold: level.percent,
                time: level.within.as_secs_f64(),
            }),
            Some(_) | None => None,
        };
        let wait = match members.get(&Member::MaxWait) {
            Some(Setting::Time(wait)) => Some(wait.as_secs_f64()),
            Some(_) | None => None,
        };
        let updated = Self::Updated(QueueUpdated {
            event: MessageKind::QueueUpdated.name(),
            queue_id: queue.clone(),
            timestamp: at,
            configuration: Configuration {
                version,
                max_wait_time: wait,
                service_level_target: level,
                overflow_enabled: Compliance::from_members(members).overflow_defined,
            },
            metrics: UpdateMetrics {
                update_latency_ms: millis(latency),
                success_rate,
            },
            decision_id: decision,
        });
        let mut messages = vec![updated];
        if ROUTING.iter().any(|member| written.contains_key(member)) {
            let strategy = members.get(&Member::Strategy).map(ToString::to_string);
            let routing = Self::Routing(QueueRouting {
                event: MessageKind::QueueRoutingUpdated.name(),
                queue_id: queue.clone(),
                strategy,
                timestamp: at,
                latency_ms: millis(latency),
                decision_id: decision,
            });
            messages.push(routing);
        }
        messages
    }

    /// `queue.drain_rate`: callers a second by which the queue shrinks. `latency` is the time from the later reading to now.
    #[must_use]
    pub fn of_drain(
        queue: &QueueId,
        drain_per_s: f64,
        latency: Duration,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self::Drain(QueueDrain {
            queue_id: queue.clone(),
            drain_rate: drain_per_s,
            latency_ms: millis(latency),
            timestamp: at,
            decision_id: decision,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_bodies_have_the_documents_members() {
        let queue: QueueId = "queue-1".parse().unwrap();
        let at = Timestamp::from_unix_millis(1_716_215_520_000);
        let decision = DecisionId { run: 3, tick: 1 };
        let read = |member: Member, value| member.read(&value).unwrap();
        let level = json!({"percent": 85, "within": "96s"});
        let members = Members::from([
            (Member::MaxWait, read(Member::MaxWait, json!("160s"))),
            (Member::ServiceLevel, read(Member::ServiceLevel, level)),
            (Member::Strategy, read(Member::Strategy, json!("random"))),
        ]);
        let written = Members::from([(Member::Strategy, members[&Member::Strategy].clone())]);
        let latency = Duration::from_millis(87);
        let told = QueueMessage::of_change(
            &queue,
            (QueueVersion::Numbered(7), &members),
            &written,
            (latency, 1.0),
            decision,
            at,
        );
        let body = |message: &QueueMessage| serde_json::to_value(message).unwrap();
        let expected = json!({
            "event": "queue.updated", "queueId": "queue-1", "timestamp": "2024-05-20T14:32:00.000Z",
            "configuration": {"version": 7, "maxWaitTime": 160.0,
                "serviceLevelTarget": {"threshold": 85, "time": 96.0}, "overflowEnabled": false},
            "metrics": {"updateLatencyMs": 87, "successRate": 1.0}, "decisionId": "3-1",
        });
        assert_eq!(body(&told[0]), expected);
        let expected = json!({
            "event": "queue_routing_updated", "queue_id": "queue-1", "strategy": "random",
            "timestamp": "2024-05-20T14:32:00.000Z", "latency_ms": 87, "decisionId": "3-1",
        });
        assert_eq!(body(&told[1]), expected);
        let drain = QueueMessage::of_drain(&queue, 0.1, latency, decision, at);
        assert_eq!(drain.kind().name(), "queue.drain_rate");
        let expected = json!({
            "queueId": "queue-1", "drainRate": 0.1, "latencyMs": 87,
            "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-1",
        });
        assert_eq!(body(&drain), expected);
    }
}
