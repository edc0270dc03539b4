//! Who is available in queues, as the platform counts them, and what a count that is not there means.
//!
//! *A number is a number, also 0.* One that is null, absent or no whole number is not known, and neither is a queue that is left out. An
//! agent counts in every queue of their routing profile, so that counts of several queues are never added up.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{HeadCount, Timestamp};

use super::account::last_part;

const AVAILABLE: &str = "AGENTS_AVAILABLE";
const ONLINE: &str = "AGENTS_ONLINE";
const STAFFED: &str = "AGENTS_STAFFED";

/// Asked for in one request, so that all are of one moment. Those beyond the ones that are read tell in a trace what agents do.
const METRICS: [&str; 8] = [
    AVAILABLE,
    ONLINE,
    STAFFED,
    "AGENTS_ON_CONTACT",
    "AGENTS_AFTER_CONTACT_WORK",
    "AGENTS_NON_PRODUCTIVE",
    "AGENTS_ERROR",
    "SLOTS_AVAILABLE",
];

/// Rows in a page.
const ROWS: usize = 100;

/// A page of counts.
pub(super) struct CountsPage {
    /// Each queue that is shown, by its id.
    pub(super) queues: BTreeMap<String, Result<HeadCount, String>>,
    /// Where the next page is, where there is one.
    pub(super) next: Option<String>,
    /// The platform's clock when it was counted.
    pub(super) counted_at: Option<Timestamp>,
}

/// The question for a page; a later page wants the same question again.
pub(super) fn question(queues: &[&str], next: Option<&str>) -> Value {
    let metrics = METRICS.map(|name| json!({"Name": name, "Unit": "COUNT"}));
    let mut question = json!({
        "Filters": {"Queues": queues, "Channels": ["VOICE"]},
        "Groupings": ["QUEUE"],
        "CurrentMetrics": metrics,
        "MaxResults": ROWS,
    });
    if let (Some(next), Some(members)) = (next, question.as_object_mut()) {
        members.insert("NextToken".to_owned(), json!(next));
    }
    question
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    metric_results: Option<Vec<Row>>,
    next_token: Option<String>,
    data_snapshot_time: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    dimensions: Option<Dimensions>,
    #[serde(default)]
    collections: Vec<Collection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimensions {
    queue: Option<QueueName>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueName {
    id: Option<String>,
    arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Collection {
    metric: Option<MetricName>,
    value: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricName {
    name: Option<String>,
}

impl CountsPage {
    /// Reads a page.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let answer: Answer = serde_json::from_slice(body)
            .map_err(|wrong| format!("the counts cannot be read: {wrong}"))?;
        let rows = answer.metric_results.ok_or("the answer has no counts")?;
        let mut queues = BTreeMap::new();
        for row in rows {
            let queue = row.dimensions.and_then(|dimensions| dimensions.queue);
            let Some(QueueName { id, arn }) = queue else {
                continue;
            };
            let name = id.or_else(|| Some(last_part(&arn?).to_owned()));
            let Some(name) = name else { continue };
            let counted = head(&row.collections);
            queues.insert(name, counted);
        }
        let seconds = answer.data_snapshot_time.filter(|at| at.is_finite());
        let millis = seconds.and_then(|at| format!("{:.0}", at * 1_000.0).parse().ok());
        Ok(Self {
            queues,
            next: answer.next_token.filter(|token| !token.is_empty()),
            counted_at: millis.map(Timestamp::from_unix_millis),
        })
    }
}

/// Metrics come in any order.
fn head(collections: &[Collection]) -> Result<HeadCount, String> {
    let count = |wanted: &str| {
        let found = collections.iter().find(|one| {
            let name = one
                .metric
                .as_ref()
                .and_then(|metric| metric.name.as_deref());
            name == Some(wanted)
        });
        let value = found.and_then(|found| found.value);
        value
            .ok_or_else(|| format!("{wanted} has no number"))
            .and_then(whole)
    };
    let free = count(AVAILABLE)?;
    let staffed = count(ONLINE).or_else(|_| count(STAFFED))?;
    Ok(HeadCount {
        free,
        serving: 0,
        wrap_up: 0,
        staffed: staffed.max(free),
    })
}

fn whole(value: f64) -> Result<u32, String> {
    let odd = || format!("{value} is no number of agents");
    if value < 0.0 || value.fract() != 0.0 {
        return Err(odd());
    }
    format!("{value:.0}").parse().map_err(|_| odd())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &str) -> CountsPage {
        let text = format!(r#"{{"MetricResults":[{rows}],"DataSnapshotTime":1767323045.123}}"#);
        CountsPage::parse(text.as_bytes()).unwrap()
    }

    fn row(queue: &str, collections: &str) -> String {
        format!(r#"{{"Dimensions":{{"Queue":{queue}}},"Collections":[{collections}]}}"#)
    }

    fn metric(name: &str, value: &str) -> String {
        format!(r#"{{"Metric":{{"Name":"{name}","Unit":"COUNT"}}{value}}}"#)
    }

    #[test]
    fn metrics_are_found_by_name_and_queues_by_id_or_arn() {
        let all = [
            metric(STAFFED, r#","Value":9.0"#),
            metric(AVAILABLE, r#","Value":4.0"#),
            metric(ONLINE, r#","Value":11"#),
        ]
        .join(",");
        let two = [
            row(
                r#"{"Id":"q1","Arn":"arn:aws:connect:x:1:instance/i/queue/q1"}"#,
                &all,
            ),
            row(r#"{"Arn":"arn:aws:connect:x:1:instance/i/queue/q2"}"#, &all),
        ]
        .join(",");
        let found = page(&two);
        let expected = HeadCount {
            free: 4,
            serving: 0,
            wrap_up: 0,
            staffed: 11,
        };
        assert_eq!(found.queues["q1"], Ok(expected));
        assert_eq!(found.queues["q2"], Ok(expected));
        let at = Timestamp::from_unix_millis(1_767_323_045_123);
        assert_eq!((found.counted_at, found.next), (Some(at), None));
    }

    #[test]
    fn null_absent_and_odd_values_are_not_known_and_zero_is() {
        let online = metric(ONLINE, r#","Value":3"#);
        for (value, known) in [
            (r#","Value":0.0"#, true),
            (r#","Value":null"#, false),
            ("", false),
            (r#","Value":2.5"#, false),
            (r#","Value":-1"#, false),
            (r#","Value":1e300"#, false),
        ] {
            let both = [metric(AVAILABLE, value), online.clone()].join(",");
            let found = page(&row(r#"{"Id":"q"}"#, &both));
            assert_eq!(found.queues["q"].is_ok(), known, "{value}");
        }
        assert!(page("").queues.is_empty());
        for wrong in ["", "[]", "{}", r#"{"MetricResults":null}"#] {
            assert!(CountsPage::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_later_page_is_asked_for_by_the_same_question() {
        let first = question(&["a", "b"], None);
        let mut second = question(&["a", "b"], Some("t"));
        assert_eq!(second["NextToken"], "t");
        second.as_object_mut().unwrap().remove("NextToken");
        assert_eq!(first, second);
    }
}
