//! Who is available in queues, and what became of campaigns' calls.

use std::collections::BTreeSet;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::super::agent_state::AgentState;
use super::super::super::answer::Answer;
use super::super::super::refusal::Refused;
use super::super::super::work::Work;
use super::answers::{RequestContext, json_answer, texts, whole};
use super::refusals::invalid_parameter;
use super::settings::ConnectSettings;

/// The most queues or campaigns that one request may name.
const MOST_NAMED: usize = 100;

/// How long a page's token is good.
const TOKEN_LIFE: Duration = Duration::from_secs(5 * 60);

const METRICS: [&str; 8] = [
    "AGENTS_AVAILABLE",
    "AGENTS_ONLINE",
    "AGENTS_STAFFED",
    "AGENTS_ON_CONTACT",
    "AGENTS_AFTER_CONTACT_WORK",
    "AGENTS_NON_PRODUCTIVE",
    "AGENTS_ERROR",
    "SLOTS_AVAILABLE",
];

impl RequestContext<'_> {
    fn instance(&self, id: &str) -> Result<(), Refused> {
        let instance = &self.connect.settings.instance;
        if id == instance {
            return Ok(());
        }
        Err(Refused::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            "Instance not found",
        ))
    }

    pub(super) fn current_metrics(&self, instance: &str) -> Result<Answer, Refused> {
        self.instance(instance)?;
        let body = self.body()?;
        let filters = body.get("Filters");
        let filter = |name: &str| texts(filters.and_then(|filters| filters.get(name)));
        let asked = filter("Queues").filter(|queues| (1..=MOST_NAMED).contains(&queues.len()));
        let asked = asked.ok_or_else(|| invalid_parameter("Queues must have 1 to 100 members"))?;
        if filter("Channels").is_none_or(|channels| channels != ["VOICE"]) {
            return Err(invalid_parameter("only the channel VOICE is simulated"));
        }
        if texts(body.get("Groupings")).is_none_or(|grouped| grouped != ["QUEUE"]) {
            return Err(invalid_parameter("only the grouping QUEUE is simulated"));
        }
        let metrics = body.get("CurrentMetrics").and_then(Value::as_array);
        let metrics = metrics.into_iter().flatten().map(|metric| {
            let name = metric.get("Name").and_then(Value::as_str)?;
            let counted = metric.get("Unit").and_then(Value::as_str) == Some("COUNT");
            (counted && METRICS.contains(&name)).then_some(name)
        });
        let metrics: Option<Vec<&str>> = metrics.collect();
        let metrics = metrics.filter(|metrics| !metrics.is_empty());
        let metrics = metrics.ok_or_else(|| invalid_parameter("CurrentMetrics is wrong"))?;
        let settings = &self.connect.settings;
        let mut queues = BTreeSet::new();
        for queue in asked {
            let queue = queue.rsplit('/').next().unwrap_or(queue);
            if settings.has_queue(queue) {
                queues.insert(queue);
            } else if settings.unknown_queue_refused {
                return Err(invalid_parameter("Invalid queue"));
            }
        }
        let rows: Vec<Value> = queues
            .into_iter()
            .filter(|queue| !settings.missing_queues.contains(*queue))
            .map(|queue| self.row(queue, &metrics))
            .collect();
        let from = self.page_begins(&body)?;
        let most = body.get("MaxResults").and_then(whole).unwrap_or(MOST_NAMED);
        let most = most.min(settings.rows_a_page).max(1);
        let snapshot = self.now.minus(settings.snapshot_age).as_unix_millis();
        // Seconds with a fraction, as a number.
        let at = in_seconds(snapshot);
        let page: Vec<&Value> = rows.iter().skip(from).take(most).collect();
        let mut answer = json!({
            "MetricResults": page,
            "DataSnapshotTime": at,
            "ApproximateTotalCount": rows.len(),
        });
        let until = from.saturating_add(most);
        if until < rows.len()
            && let Some(answer) = answer.as_object_mut()
        {
            let token = format!("{until}:{}:{}", self.now.as_unix_millis(), asked_for(&body));
            answer.insert("NextToken".to_owned(), json!(token));
        }
        Ok(json_answer(&answer))
    }

    /// A token is good for a while, and for the same question.
    fn page_begins(&self, body: &Value) -> Result<usize, Refused> {
        let Some(token) = body.get("NextToken") else {
            return Ok(0);
        };
        let wrong = || invalid_parameter("NextToken is not valid");
        let mut parts = token.as_str().unwrap_or_default().splitn(3, ':');
        let from = parts.next().and_then(|from| from.parse().ok());
        let made: Option<i64> = parts.next().and_then(|made| made.parse().ok());
        let (from, made) = from.zip(made).ok_or_else(wrong)?;
        let age = self.now.as_unix_millis().saturating_sub(made);
        let good = u128::try_from(age).is_ok_and(|age| age <= TOKEN_LIFE.as_millis());
        let same = parts.next() == Some(&asked_for(body));
        if good && same { Ok(from) } else { Err(wrong()) }
    }

    fn row(&self, queue: &str, metrics: &[&str]) -> Value {
        let settings = &self.connect.settings;
        let collections: Vec<Value> = metrics
            .iter()
            .map(|name| {
                let metric = json!({"Name": name, "Unit": "COUNT"});
                if settings.valueless_queues.contains(queue) {
                    json!({ "Metric": metric })
                } else if settings.null_queues.contains(queue) {
                    json!({"Metric": metric, "Value": null})
                } else {
                    let count = u32::try_from(self.count(queue, name)).unwrap_or(u32::MAX);
                    json!({"Metric": metric, "Value": f64::from(count)})
                }
            })
            .collect();
        let ConnectSettings {
            region, instance, ..
        } = settings;
        let arn =
            format!("arn:aws:connect:{region}:111122223333:instance/{instance}/queue/{queue}");
        json!({
            "Dimensions": {"Queue": {"Id": queue, "Arn": arn}, "Channel": "VOICE"},
            "Collections": collections,
        })
    }

    fn count(&self, queue: &str, metric: &str) -> usize {
        let skill = self.connect.settings.members.get(queue);
        let agents = self.world.agents().filter(|(_, agent)| {
            agent.state != AgentState::Offline
                && skill.is_none_or(|skill| agent.skills.contains(skill))
        });
        agents
            .filter(|(id, agent)| {
                let resting = self.world.work(id) == Some(&Work::Break);
                match metric {
                    "AGENTS_ONLINE" => true,
                    "AGENTS_NON_PRODUCTIVE" => resting,
                    _ if resting => false,
                    "AGENTS_AVAILABLE" | "SLOTS_AVAILABLE" => agent.state == AgentState::Available,
                    "AGENTS_ON_CONTACT" => agent.state == AgentState::Busy,
                    "AGENTS_AFTER_CONTACT_WORK" => agent.state == AgentState::WrapUp,
                    "AGENTS_STAFFED" => true,
                    _ => false,
                }
            })
            .count()
    }

    /// Counted since the beginning of the day: the centre keeps no intervals.
    pub(super) fn metric_data(&mut self) -> Result<Answer, Refused> {
        let body = self.body()?;
        let arn = body
            .get("ResourceArn")
            .and_then(Value::as_str)
            .unwrap_or_default();
        self.instance(arn.rsplit('/').next().unwrap_or_default())?;
        let filters = body.get("Filters").and_then(Value::as_array);
        let campaigns = filters.into_iter().flatten().find_map(|filter| {
            let of_campaigns = filter.get("FilterKey").and_then(Value::as_str) == Some("CAMPAIGN");
            texts(filter.get("FilterValues").filter(|_| of_campaigns))
        });
        let campaigns = campaigns.filter(|ids| (1..=MOST_NAMED).contains(&ids.len()));
        let campaigns = campaigns.ok_or_else(|| invalid_parameter("Filters needs CAMPAIGN"))?;
        if texts(body.get("Groupings")).is_none_or(|grouped| grouped != ["CAMPAIGN"]) {
            return Err(invalid_parameter("only the grouping CAMPAIGN is simulated"));
        }
        let time = |name: &str| body.get(name).and_then(Value::as_f64);
        let span = time("StartTime").zip(time("EndTime"));
        let span = span.filter(|(start, end)| start < end);
        let (start, end) = span.ok_or_else(|| invalid_parameter("the times are wrong"))?;
        let metrics = body.get("Metrics").and_then(Value::as_array);
        let metrics = metrics.ok_or_else(|| invalid_parameter("Metrics is required"))?;
        let figures = self.performance.figures();
        let mut results = Vec::new();
        for figures in figures.into_iter().flat_map(|figures| figures.campaigns) {
            if !campaigns.contains(&figures.id.as_str()) || figures.dials == 0 {
                continue;
            }
            let mut collections = Vec::new();
            for metric in metrics {
                let name = metric
                    .get("Name")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let value = match name {
                    "CAMPAIGN_CONTACTS_ABANDONED_AFTER_X" if threshold(metric) => {
                        Some(figures.abandoned)
                    }
                    "HUMAN_ANSWERED_CALLS" => {
                        Some(figures.answered).filter(|_| self.connect.settings.humans_counted)
                    }
                    "DELIVERY_ATTEMPTS" => Some(figures.dials),
                    _ => return Err(invalid_parameter("a metric is wrong")),
                };
                let value = value
                    .and_then(|value| u32::try_from(value).ok())
                    .map(f64::from);
                collections.push(match value {
                    Some(value) => json!({"Metric": metric, "Value": value}),
                    None => json!({ "Metric": metric }),
                });
            }
            results.push(json!({
                "Dimensions": {"CAMPAIGN": figures.id},
                "MetricInterval": {"Interval": "TOTAL", "StartTime": start, "EndTime": end},
                "Collections": collections,
            }));
        }
        Ok(json_answer(&json!({ "MetricResults": results })))
    }
}

/// Whether a metric has the threshold that it needs.
fn threshold(metric: &Value) -> bool {
    let thresholds = metric.get("Threshold").and_then(Value::as_array);
    thresholds.is_some_and(|thresholds| {
        thresholds.len() == 1
            && thresholds.iter().all(|threshold| {
                threshold.get("Comparison").and_then(Value::as_str) == Some("GT")
                    && threshold
                        .get("ThresholdValue")
                        .is_some_and(Value::is_number)
            })
    })
}

/// A question without its place in the pages.
fn asked_for(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("NextToken");
    }
    body.to_string()
}

/// Milliseconds as seconds with a fraction.
fn in_seconds(millis: i64) -> Value {
    let text = format!(
        "{}.{:03}",
        millis.div_euclid(1_000),
        millis.rem_euclid(1_000)
    );
    text.parse()
        .map_or(Value::Null, |seconds: f64| json!(seconds))
}
